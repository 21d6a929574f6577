//! What a container starts: its command followed through shells and scripts,
//! and the options of the server at its end.

use std::collections::BTreeMap;

use super::container::Variable;
use super::gunicorn::{Config, Value};
use crate::detect::commands::unwrap;
use crate::lint::diagnostic::At;
use crate::source::compose::interpolate;
use crate::source::dockerfile::Command;
use crate::source::shell;
use crate::source::text::{Span, Text};

/// One command that a container runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Program and arguments, wrappers taken off.
    pub argv: Vec<String>,
    /// Where it stands.
    pub at: At,
    /// What it is.
    pub program: Program,
    /// The number of the script it stands in; `None` for the command itself.
    pub script: Option<usize>,
    /// Whether it takes the place of the process before it: `exec`, or the
    /// exec form without a shell.
    pub replaces: bool,
    /// Whether it is left running while the next one starts.
    pub in_background: bool,
}

/// What a command is, as far as rules ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the program of its name")]
pub enum Program {
    Gunicorn,
    Uvicorn,
    Hypercorn,
    Daphne,
    Granian,
    Waitress,
    Uwsgi,
    DjangoDevelopment,
    FlaskDevelopment,
    FastapiRun,
    FastapiDevelopment,
    CeleryWorker,
    CeleryBeat,
    Flower,
    Migrate,
    Collectstatic,
    /// `python something.py`, `python -m something`.
    Python,
    /// Anything else.
    Other,
}

impl Program {
    /// What a command is.
    #[must_use]
    pub fn of(argv: &[String]) -> Self {
        let name = |word: &String| {
            word.rsplit('/').next().unwrap_or(word).trim_end_matches(".exe").to_ascii_lowercase()
        };
        let Some(first) = argv.first().map(name) else { return Self::Other };
        let has = |word: &str| argv.iter().any(|own| own == word);
        match first.as_str() {
            "gunicorn" => Self::Gunicorn,
            "uvicorn" => Self::Uvicorn,
            "hypercorn" => Self::Hypercorn,
            "daphne" => Self::Daphne,
            "granian" => Self::Granian,
            "waitress-serve" => Self::Waitress,
            "uwsgi" => Self::Uwsgi,
            "flask" if has("run") => Self::FlaskDevelopment,
            "flask" if has("upgrade") => Self::Migrate,
            "fastapi" if has("dev") => Self::FastapiDevelopment,
            "fastapi" if has("run") => Self::FastapiRun,
            "celery" if has("flower") => Self::Flower,
            "celery" if has("worker") => Self::CeleryWorker,
            "celery" if has("beat") => Self::CeleryBeat,
            "alembic" | "aerich" if has("upgrade") => Self::Migrate,
            "manage.py" | "django-admin" => Self::of_django(argv.get(1)),
            _ if first.starts_with("python") || first == "pypy3" => {
                let mut rest = argv[1..].iter().skip_while(|word| {
                    word.starts_with('-')
                        && word.len() == 2
                        && word.as_str() != "-m"
                        && word.as_str() != "-c"
                });
                match rest.next() {
                    Some(script) if name(script) == "manage.py" => Self::of_django(rest.next()),
                    Some(_) => Self::Python,
                    None => Self::Other,
                }
            }
            _ => Self::Other,
        }
    }

    fn of_django(command: Option<&String>) -> Self {
        match command.map(String::as_str) {
            Some("runserver" | "runserver_plus") => Self::DjangoDevelopment,
            Some("migrate") => Self::Migrate,
            Some("collectstatic") => Self::Collectstatic,
            _ => Self::Python,
        }
    }

    /// Whether it serves HTTP.
    #[must_use]
    pub const fn serves(self) -> bool {
        matches!(
            self,
            Self::Gunicorn
                | Self::Uvicorn
                | Self::Hypercorn
                | Self::Daphne
                | Self::Granian
                | Self::Waitress
                | Self::Uwsgi
                | Self::DjangoDevelopment
                | Self::FlaskDevelopment
                | Self::FastapiRun
                | Self::FastapiDevelopment
        )
    }

    /// Whether it is a server that is not for production.
    #[must_use]
    pub const fn is_development(self) -> bool {
        matches!(self, Self::DjangoDevelopment | Self::FlaskDevelopment | Self::FastapiDevelopment)
    }

    /// The word for people.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Gunicorn => "gunicorn",
            Self::Uvicorn => "uvicorn",
            Self::Hypercorn => "hypercorn",
            Self::Daphne => "daphne",
            Self::Granian => "granian",
            Self::Waitress => "waitress",
            Self::Uwsgi => "uwsgi",
            Self::DjangoDevelopment => "manage.py runserver",
            Self::FlaskDevelopment => "flask run",
            Self::FastapiRun => "fastapi run",
            Self::FastapiDevelopment => "fastapi dev",
            Self::CeleryWorker => "celery worker",
            Self::CeleryBeat => "celery beat",
            Self::Flower => "flower",
            Self::Migrate => "a migration",
            Self::Collectstatic => "collectstatic",
            Self::Python => "python",
            Self::Other => "a command",
        }
    }
}

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
    /// Its options by one name, whatever they are called where they are set:
    /// `workers`, `threads`, `worker_class`, `timeout`, `graceful_timeout`,
    /// `keepalive`, `max_requests`, `max_requests_jitter`, `bind`, `host`, `port`,
    /// `reload`, `preload`, `forwarded_allow_ips`, `proxy_headers`, `worker_tmp_dir`,
    /// `limit_concurrency`, `worker_connections`, `concurrency`, `pool`, `beat`,
    /// `prefetch`, `time_limit`, `soft_time_limit`, `max_tasks_per_child`, `loglevel`.
    pub options: BTreeMap<&'static str, (Value, At)>,
    /// gunicorn's settings, by their number.
    pub config: Option<usize>,
}

impl Server {
    /// An option's value and where it is set.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<(&Value, At)> {
        self.options.get(name).map(|(value, at)| (value, *at))
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
        let is_said = ["bind", "port", "uds"].iter().any(|name| self.options.contains_key(name));
        let is_hidden = self.options.contains_key("config") && self.config.is_none();
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

/// An option of programs, by every name it has.
struct Option_ {
    name: &'static str,
    flags: &'static [&'static str],
    is_switch: bool,
}

const fn value(name: &'static str, flags: &'static [&'static str]) -> Option_ {
    Option_ { name, flags, is_switch: false }
}

const fn switch(name: &'static str, flags: &'static [&'static str]) -> Option_ {
    Option_ { name, flags, is_switch: true }
}

const GUNICORN: &[Option_] = &[
    value("workers", &["--workers", "-w"]),
    value("threads", &["--threads"]),
    value("worker_class", &["--worker-class", "-k"]),
    value("timeout", &["--timeout", "-t"]),
    value("graceful_timeout", &["--graceful-timeout"]),
    value("keepalive", &["--keep-alive"]),
    value("max_requests", &["--max-requests"]),
    value("max_requests_jitter", &["--max-requests-jitter"]),
    value("bind", &["--bind", "-b"]),
    value("worker_tmp_dir", &["--worker-tmp-dir"]),
    value("worker_connections", &["--worker-connections"]),
    value("forwarded_allow_ips", &["--forwarded-allow-ips"]),
    value("loglevel", &["--log-level"]),
    value("accesslog", &["--access-logfile"]),
    value("config", &["--config", "-c"]),
    value("user", &["--user", "-u"]),
    value("chdir", &["--chdir"]),
    value("name", &["--name", "-n"]),
    value("env", &["--env", "-e"]),
    value("errorlog", &["--error-logfile", "--log-file"]),
    value("log_config", &["--log-config"]),
    value("pid", &["--pid", "-p"]),
    value("group", &["--group", "-g"]),
    value("backlog", &["--backlog"]),
    switch("preload", &["--preload"]),
    switch("reload", &["--reload"]),
    switch("daemon", &["--daemon", "-D"]),
];
const UVICORN: &[Option_] = &[
    value("workers", &["--workers"]),
    value("host", &["--host"]),
    value("port", &["--port"]),
    value("uds", &["--uds"]),
    value("app_dir", &["--app-dir"]),
    value("timeout_keep_alive", &["--timeout-keep-alive"]),
    value("graceful_timeout", &["--timeout-graceful-shutdown"]),
    value("limit_concurrency", &["--limit-concurrency"]),
    value("max_requests", &["--limit-max-requests"]),
    value("forwarded_allow_ips", &["--forwarded-allow-ips"]),
    value("loglevel", &["--log-level"]),
    value("log_config", &["--log-config"]),
    value("root_path", &["--root-path"]),
    value("env_file", &["--env-file"]),
    value("loop", &["--loop"]),
    value("http", &["--http"]),
    value("ws", &["--ws"]),
    value("lifespan", &["--lifespan"]),
    value("interface", &["--interface"]),
    value("reload_dir", &["--reload-dir"]),
    switch("proxy_headers", &["--proxy-headers"]),
    switch("no_proxy_headers", &["--no-proxy-headers"]),
    switch("reload", &["--reload"]),
    switch("factory", &["--factory"]),
];
const CELERY: &[Option_] = &[
    value("app", &["--app", "-A"]),
    value("concurrency", &["--concurrency", "-c"]),
    value("pool", &["--pool", "-P"]),
    value("autoscale", &["--autoscale"]),
    value("prefetch", &["--prefetch-multiplier"]),
    value("time_limit", &["--time-limit"]),
    value("soft_time_limit", &["--soft-time-limit"]),
    value("max_tasks_per_child", &["--max-tasks-per-child"]),
    value("max_memory_per_child", &["--max-memory-per-child"]),
    value("queues", &["--queues", "-Q"]),
    value("hostname", &["--hostname", "-n"]),
    value("loglevel", &["--loglevel", "-l", "--log-level"]),
    value("schedule", &["--schedule", "-s"]),
    value("scheduler", &["--scheduler", "-S"]),
    value("pidfile", &["--pidfile"]),
    switch("beat", &["--beat", "-B"]),
];
const OTHERS: &[Option_] = &[
    value("workers", &["--workers", "-w"]),
    value("threads", &["--threads", "--runtime-threads"]),
    value("bind", &["--bind", "-b", "--listen"]),
    value("host", &["--host", "-h"]),
    value("port", &["--port", "-p"]),
    value("interface", &["--interface"]),
    value("app", &["--app", "-A"]),
    switch("reload", &["--reload"]),
    switch("debug", &["--debug"]),
    switch("no_reload", &["--no-reload", "--noreload"]),
    switch("proxy_headers", &["--proxy-headers"]),
];

/// Reads options of an argument list; what is neither an option nor its value
/// is returned.
fn options(
    argv: &[String],
    table: &[Option_],
    at: At,
    env: &BTreeMap<String, Variable>,
    into: &mut BTreeMap<&'static str, (Value, At)>,
) -> Vec<String> {
    let mut rest = Vec::new();
    let mut words = argv.iter().peekable();
    while let Some(word) = words.next() {
        let (flag, attached) = match word.split_once('=') {
            Some((flag, value)) if flag.starts_with('-') => (flag, Some(value)),
            _ => (word.as_str(), None),
        };
        if let Some(option) = table.iter().find(|option| option.flags.contains(&flag)) {
            let found = if option.is_switch {
                Value::Bool(attached.is_none_or(|text| text != "false"))
            } else {
                match attached.map(str::to_owned).or_else(|| words.next().cloned()) {
                    Some(text) => worth(&text, env),
                    None => Value::Unknown,
                }
            };
            // gunicorn binds to every address it is given; the first is named.
            if !(option.name == "bind" && into.get("bind").is_some_and(|(_, own)| *own == at)) {
                into.insert(option.name, (found, at));
            }
            continue;
        }
        // `-w4`, `-A=shop`.
        let short = table.iter().filter(|option| !option.is_switch).find_map(|option| {
            let flag =
                option.flags.iter().find(|flag| flag.len() == 2 && word.starts_with(**flag))?;
            (word.len() > 2 && !word.starts_with("--")).then_some((option, &word[flag.len()..]))
        });
        match short {
            Some((option, text)) => {
                into.insert(option.name, (worth(text.trim_start_matches('='), env), at));
            }
            None if word.starts_with('-') => {
                // The value of an option that is not in the table.
                if attached.is_none()
                    && words
                        .peek()
                        .is_some_and(|next| !next.starts_with('-') && !next.contains(':'))
                {
                    let is_app = words.peek().is_some_and(|next| next.contains('.'));
                    if !is_app {
                        words.next();
                    }
                }
            }
            None => rest.push(word.clone()),
        }
    }
    rest
}

/// A word with its variables as the container sets them.
fn worth(text: &str, env: &BTreeMap<String, Variable>) -> Value {
    if text.contains("nproc") || text.contains("cpu_count") || text.contains("getconf") {
        return Value::HostCpus;
    }
    if !text.contains('$') {
        return text.parse().map_or_else(|_| Value::Text(text.to_owned()), Value::Int);
    }
    let mut unknown: Option<String> = None;
    let mut open = false;
    let replaced = interpolate::replace(text, &mut |variable| {
        let set = env.get(variable.name).and_then(|own| own.value.clone());
        if set.is_none() {
            unknown.get_or_insert_with(|| variable.name.to_owned());
            open |= variable.default.is_none();
        }
        set
    });
    let known = replaced.parse().map_or_else(|_| Value::Text(replaced.clone()), Value::Int);
    match unknown {
        None => known,
        Some(name) => Value::Variable {
            name,
            default: (!open && !replaced.is_empty()).then(|| Box::new(known)),
        },
    }
}

/// A setting with its variable as the container sets it.
fn resolved(value: &Value, env: &BTreeMap<String, Variable>) -> Value {
    match value {
        Value::Variable { name, .. } => match env.get(name).and_then(|own| own.value.as_ref()) {
            Some(text) if !text.is_empty() => {
                text.parse().map_or_else(|_| Value::Text(text.clone()), Value::Int)
            }
            _ => value.clone(),
        },
        other => other.clone(),
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
    let name = named.unwrap_or("gunicorn.conf.py").trim_start_matches("file:");
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

/// Finds a script of the repository by the path it has in the image.
pub(super) type Scripts<'a> = &'a mut dyn FnMut(&str) -> Option<(usize, String)>;

/// What a command runs, step by step. `arguments` is what `"$@"` of its script
/// stands for.
pub(super) fn steps(command: &Command, at: At, scripts: Scripts<'_>) -> Vec<Step> {
    let mut found = Vec::new();
    let mut follow = Follow { scripts, depth: 0, found: &mut found };
    match command {
        Command::Exec(words) => follow.words(words, at, None, true),
        Command::Shell(text) => follow.text(text, at, None, &[], 0),
    }
    found
}

struct Follow<'a, 'b> {
    scripts: Scripts<'a>,
    depth: usize,
    found: &'b mut Vec<Step>,
}

impl Follow<'_, '_> {
    fn words(&mut self, words: &[String], at: At, script: Option<usize>, replaces: bool) {
        let own_exec = words.first().is_some_and(|word| word == "exec");
        let unwrapped = unwrap(words);
        if let Some(text) = unwrapped.shell {
            self.text(&text, at, script, &[], 0);
            return;
        }
        let argv = unwrapped.argv;
        let Some(first) = argv.first() else { return };
        let shell = matches!(first.rsplit('/').next(), Some("sh" | "bash" | "ash" | "dash"));
        let (path, rest) = match argv.get(1) {
            Some(second) if shell && !second.starts_with('-') => (second, &argv[2..]),
            _ => (first, &argv[1..]),
        };
        if self.depth < 5 {
            let looks = path.ends_with(".sh") || path.contains('/') || !path.contains('.');
            let program = Program::of(&argv);
            if looks
                && program == Program::Other
                && let Some((number, text)) = (self.scripts)(path)
            {
                let rest = rest.to_vec();
                self.depth += 1;
                self.text(&text, at, Some(number), &rest, 1);
                self.depth -= 1;
                return;
            }
        }
        let program = Program::of(&argv);
        let replaces = replaces || own_exec;
        self.found.push(Step { argv, at, program, script, replaces, in_background: false });
    }

    /// Shell text; `first_line` 1 where it is a whole file, whose lines count.
    fn text(
        &mut self,
        text: &str,
        at: At,
        script: Option<usize>,
        arguments: &[String],
        first_line: usize,
    ) {
        let file = script.filter(|_| first_line == 1).map(|number| (Text::new("", text), number));
        let commands = shell::split(text);
        let only = commands.len() == 1 && first_line == 0;
        for simple in commands {
            let place = match &file {
                Some((own, number)) => {
                    let span = own.line_span(simple.line + 1);
                    let line = own.slice(span);
                    let blank = line.len() - line.trim_start().len();
                    At::new(*number, Span::new(span.start + blank, span.end))
                }
                None => at,
            };
            let bare: Vec<&str> = simple.words.iter().map(String::as_str).collect();
            let passes = bare.iter().any(|word| matches!(*word, "$@" | "$*" | "${@}"));
            if passes {
                let start =
                    bare.iter().position(|word| matches!(*word, "$@" | "$*" | "${@}")).unwrap_or(0);
                let mut words: Vec<String> = simple.words[..start].to_vec();
                words.extend(arguments.iter().cloned());
                let is_exec = bare.first() == Some(&"exec");
                if arguments.is_empty() {
                    continue;
                }
                self.words(&words, at, script, is_exec);
                continue;
            }
            let own_exec = bare.first() == Some(&"exec");
            let before = self.found.len();
            self.words(&simple.words, place, script, only || own_exec);
            let line_end =
                file.as_ref().map(|(own, _)| own.line_text(simple.line + 1).trim_end().to_owned());
            if line_end.is_some_and(|line| line.ends_with('&') && !line.ends_with("&&")) {
                for step in &mut self.found[before..] {
                    step.in_background = true;
                }
            }
        }
    }
}
