//! A server or a worker with its options, wherever they are set: gunicorn's
//! settings, its variables, a command line.

use std::collections::BTreeMap;

use super::container::Variable;
use super::launch::Step;
use super::options::{options, resolved};
use super::{Config, Value};
use crate::catalog::Program;
use crate::catalog::options::{CELERY, GUNICORN, OTHERS, UVICORN, is_known};
use crate::lint::diagnostic::At;
use crate::source::text::Text;

/// A server or a worker with its options.
#[derive(Clone, Debug)]
pub struct Server {
    /// What it is.
    pub program: Program,
    /// Where its command stands.
    pub at: At,
    /// The number of its step.
    pub step: usize,
    /// The application it is given: `shop.wsgi:application`.
    pub app: Option<String>,
    /// Its options by one name, whatever they are called where they are set: that
    /// of their row in `options`.
    options: BTreeMap<&'static str, (Value, At)>,
    /// gunicorn's settings, by their number.
    pub config: Option<usize>,
}

impl Server {
    /// An option's value and where it is set.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<(&Value, At)> {
        // A name that no program has would be an option that nobody ever sets.
        debug_assert!(is_known(name), "{name}: no server has such an option");
        self.options.get(name).map(|(value, at)| (value, *at))
    }

    /// Every option by its one name, with its value and where it is set.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, &Value, At)> {
        self.options.iter().map(|(name, (value, at))| (*name, value, *at))
    }

    /// Whether an option is set.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// An option that is a number.
    #[must_use]
    pub fn int(&self, name: &str) -> Option<i64> {
        self.get(name)?.0.int()
    }

    /// Whether it starts over when a file changes: it is for development.
    #[must_use]
    pub fn reloads(&self) -> bool {
        self.get("reload").is_some_and(|(value, _)| value.truth() == Some(true))
    }

    /// The port it listens on, where that is known.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        let bind = self.get("bind").and_then(|(value, _)| value.text());
        let of_bind = bind.and_then(|bind| bind.rsplit_once(':')?.1.parse().ok());
        // What is said and not known is not the default.
        let is_said = ["bind", "port", "uds"].iter().any(|name| self.has(name));
        let is_hidden = self.has("config") && self.config.is_none();
        let default = (!is_said && !is_hidden).then_some(self.program);
        of_bind.or_else(|| u16::try_from(self.int("port")?).ok()).or_else(|| match default? {
            Program::Gunicorn
            | Program::Uvicorn
            | Program::Hypercorn
            | Program::Daphne
            | Program::Granian
            | Program::DjangoDevelopment
            | Program::FastapiRun
            | Program::FastapiDevelopment => Some(8000),
            Program::FlaskDevelopment => Some(5000),
            Program::Waitress => Some(8080),
            _ => None,
        })
    }

    /// The address it listens on, where that is known.
    #[must_use]
    pub fn address(&self) -> Option<String> {
        if let Some((value, _)) = self.get("bind") {
            let bind = value.text()?;
            return Some(bind.rsplit_once(':').map_or(bind.clone(), |(host, _)| host.to_owned()));
        }
        match self.get("host") {
            Some((value, _)) => value.text(),
            None => match self.program {
                Program::FastapiRun | Program::Waitress => Some("0.0.0.0".to_owned()),
                Program::Uwsgi => None,
                _ => Some("127.0.0.1".to_owned()),
            },
        }
    }

    /// Whether it runs an event loop: uvicorn's worker, or a server of ASGI.
    #[must_use]
    pub fn is_asgi(&self) -> bool {
        match self.program {
            Program::Gunicorn => {
                self.get("worker_class").and_then(|(value, _)| value.text()).is_some_and(|class| {
                    class.to_ascii_lowercase().contains("uvicorn") || class == "asgi"
                })
            }
            Program::Uvicorn
            | Program::Hypercorn
            | Program::Daphne
            | Program::FastapiRun
            | Program::FastapiDevelopment => true,
            Program::Granian => self
                .get("interface")
                .and_then(|(value, _)| value.text())
                .is_none_or(|interface| interface.starts_with("asgi")),
            _ => false,
        }
    }
}

/// The last step that serves, or works off a queue, with its options.
pub(super) fn server(
    steps: &[Step],
    env: &BTreeMap<String, Variable>,
    configs: &[Config],
    texts: &[Text],
) -> Option<Server> {
    let runs = |step: &Step| {
        step.program.serves() || matches!(step.program, Program::CeleryWorker | Program::CeleryBeat)
    };
    let (number, step) = steps.iter().enumerate().rfind(|(_, step)| runs(step))?;
    let mut found = BTreeMap::new();
    let mut config = None;
    let rest = match step.program {
        Program::Gunicorn => {
            let mut own = BTreeMap::new();
            let rest = options(&step.argv[1..], GUNICORN, step.at, env, &mut own);
            let named = own.get("config").and_then(|(value, _)| value.text());
            config = config_of(named.as_deref(), configs, texts);
            if let Some(config) = config {
                for (name, value, at) in &configs[config].settings {
                    let known = GUNICORN.iter().find(|option| option.name == name);
                    let name = match name.as_str() {
                        "preload_app" => Some("preload"),
                        "keepalive" => Some("keepalive"),
                        _ => known.map(|option| option.name),
                    };
                    if let Some(name) = name {
                        found.insert(name, (resolved(value, env), *at));
                    }
                }
            }
            if let Some(variable) = env.get("GUNICORN_CMD_ARGS") {
                let words = variable.value.as_deref().map(shell_words::split);
                if let Some(Ok(words)) = words {
                    options(&words, GUNICORN, variable.at, env, &mut found);
                }
            }
            found.extend(own);
            if let (false, Some(variable)) =
                (found.contains_key("workers"), env.get("WEB_CONCURRENCY"))
            {
                found.insert("workers", (of_variable(variable), variable.at));
            }
            rest
        }
        Program::Uvicorn => {
            let words = &step.argv[1..];
            for option in UVICORN {
                let name =
                    format!("UVICORN_{}", option.flags[0][2..].replace('-', "_").to_uppercase());
                if let Some(variable) = env.get(&name) {
                    found.insert(option.name, (of_variable(variable), variable.at));
                }
            }
            let rest = options(words, UVICORN, step.at, env, &mut found);
            if let (false, Some(variable)) =
                (found.contains_key("workers"), env.get("WEB_CONCURRENCY"))
            {
                found.insert("workers", (of_variable(variable), variable.at));
            }
            for (ours, theirs) in [("FORWARDED_ALLOW_IPS", "forwarded_allow_ips")] {
                if let (false, Some(variable)) = (found.contains_key(theirs), env.get(ours)) {
                    found.insert(theirs, (of_variable(variable), variable.at));
                }
            }
            rest
        }
        Program::CeleryWorker | Program::CeleryBeat => {
            options(&step.argv[1..], CELERY, step.at, env, &mut found)
        }
        Program::DjangoDevelopment => {
            let rest = options(&step.argv[1..], OTHERS, step.at, env, &mut found);
            let listen =
                rest.iter().rev().find(|word| word.ends_with(|c: char| c.is_ascii_digit()));
            if let Some(listen) = listen {
                let text = if listen.contains(':') {
                    listen.clone()
                } else {
                    format!("127.0.0.1:{listen}")
                };
                found.insert("bind", (Value::Text(text), step.at));
            }
            rest
        }
        Program::FastapiRun | Program::FastapiDevelopment => {
            options(&step.argv[1..], UVICORN, step.at, env, &mut found)
        }
        _ => options(&step.argv[1..], OTHERS, step.at, env, &mut found),
    };
    if step.program == Program::Gunicorn {
        if let (false, Some(variable)) =
            (found.contains_key("forwarded_allow_ips"), env.get("FORWARDED_ALLOW_IPS"))
        {
            found.insert("forwarded_allow_ips", (of_variable(variable), variable.at));
        }
        if let (false, Some(variable)) = (found.contains_key("bind"), env.get("PORT")) {
            let port = variable.value.clone().unwrap_or_default();
            found.insert("bind", (Value::Text(format!("0.0.0.0:{port}")), variable.at));
        }
    }
    let app = rest.into_iter().find(|word| word.contains(':') || word.contains('.'));
    Some(Server { program: step.program, at: step.at, step: number, app, options: found, config })
}

fn of_variable(variable: &Variable) -> Value {
    match &variable.value {
        Some(text) => text.parse().map_or_else(|_| Value::Text(text.clone()), Value::Int),
        None => Value::Unknown,
    }
}

/// The settings that gunicorn reads: those named, else `gunicorn.conf.py`.
fn config_of(named: Option<&str>, configs: &[Config], texts: &[Text]) -> Option<usize> {
    let module = named.and_then(|own| own.strip_prefix("python:"));
    let module = module.map(|own| format!("{}.py", own.replace('.', "/")));
    let name = module.as_deref().or(named).unwrap_or("gunicorn.conf.py");
    let name = name.trim_start_matches("file:");
    let path = name.trim_start_matches("./").trim_start_matches('/');
    let of = |config: &Config| texts[config.text].path.as_str();
    let ends = |config: &Config| {
        let own = of(config);
        own == path || own.ends_with(&format!("/{path}")) || path.ends_with(&format!("/{own}"))
    };
    let file = path.rsplit('/').next().unwrap_or(path);
    let same = |config: &Config| of(config).rsplit('/').next() == Some(file);
    configs.iter().position(ends).or_else(|| {
        let all: Vec<usize> =
            configs.iter().enumerate().filter(|(_, own)| same(own)).map(|(at, _)| at).collect();
        (all.len() == 1).then(|| all[0])
    })
}
