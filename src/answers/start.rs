//! What a command that starts a server or a worker becomes in ours: each of its
//! options is a number of the plan, is written again, or is left for a reason.

use crate::catalog::options::{self, Becomes, Row, Said};
use crate::catalog::{Program, Server};
use crate::detect::previous::{Launch, Previous};
use crate::schema;
use crate::schema::numbers::WORKER_CLASSES;
use crate::source::compose::interpolate;

/// What becomes of one option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is written again: the flag, and its value.
    Option(Vec<String>),
    /// It is a number of the plan.
    Number {
        /// Its key: `web.workers`.
        key: &'static str,
        /// Its value.
        value: String,
    },
    /// It is not: ours says the same in another way, or the plan decides it.
    Replaced(String),
    /// It is lost.
    Dropped(String),
}

/// An option that a command has, and what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fate {
    /// Where the command stands.
    pub place: String,
    /// The option as it is there: `--workers 4`.
    pub said: String,
    /// The option's name in the table; empty for one that is not there.
    pub name: &'static str,
    /// What becomes of it.
    pub taken: Taken,
}

/// Options of the server's command, those of its configuration before them.
#[must_use]
pub fn web(previous: &Previous, server: Server) -> Vec<Fate> {
    let ours = if server.is_gunicorn() { Program::Gunicorn } else { Program::Uvicorn };
    let launches = previous.config.iter().chain(&previous.web);
    let mut fates: Vec<Fate> = launches.flat_map(|own| of(own, ours)).collect();
    keep_last(&mut fates);
    fates
}

/// Options of a worker's or of beat's command.
#[must_use]
pub fn celery(launch: &Launch) -> Vec<Fate> {
    let program = Program::of(&launch.argv);
    let mut fates = of(launch, program);
    let pool = fates.iter().find(|own| own.name == "pool").map(|own| own.said.clone());
    // Only a pool of processes has as many of them.
    let shares =
        pool.is_some_and(|said| !said.ends_with("prefork") && !said.ends_with("processes"));
    if shares {
        for own in &mut fates {
            if let ("concurrency", Taken::Number { value, .. }) = (own.name, &own.taken) {
                own.taken = Taken::Option(vec![format!("--concurrency={value}")]);
            }
        }
    }
    // As the rest of such a command is written.
    for own in &mut fates {
        if let Taken::Option(words) = &mut own.taken
            && let [flag, value] = words.as_slice()
            && flag.starts_with("--")
        {
            *words = vec![format!("{flag}={value}")];
        }
    }
    keep_last(&mut fates);
    fates
}

/// Of an option that is there twice the last one holds, but of those that may be.
fn keep_last(fates: &mut Vec<Fate>) {
    let all = fates.clone();
    let mut at = 0;
    fates.retain(|own| {
        at += 1;
        let again = all[at..].iter().any(|later| later.name == own.name);
        own.name.is_empty() || matches!(own.name, "env" | "header" | "bind") || !again
    });
}

fn of(launch: &Launch, ours: Program) -> Vec<Fate> {
    let theirs = Program::of(&launch.argv);
    let table = options::of(theirs);
    let target = options::of(ours);
    let (said, _) = options::split(&launch.argv[1..], table);
    let fates = said.into_iter().map(|own| Fate {
        place: launch.place.clone(),
        said: match &own.value {
            Some(value) => format!("{} {value}", own.flag),
            None => own.flag.clone(),
        },
        name: own.row.map_or("", |row| row.name),
        taken: taken(&own, launch, (theirs, ours), target),
    });
    fates.collect()
}

/// The option of another program that says the same.
fn same<'a>(own: &Row, target: &'a [Row]) -> Option<&'a Row> {
    let named = target.iter().find(|row| row.name == own.name && row.is_switch == own.is_switch);
    let numbered = || match own.becomes {
        Becomes::Number(_) => target.iter().find(|row| row.becomes == own.becomes),
        _ => None,
    };
    named.or_else(numbered)
}

fn taken(
    said: &Said<'_>,
    launch: &Launch,
    (theirs, ours): (Program, Program),
    target: &[Row],
) -> Taken {
    let is_same = std::ptr::eq(options::of(theirs), target);
    let value = said.value.as_deref().map(with_defaults);
    let written = |flag: &str| -> Taken {
        match &value {
            Some(value) if value.contains('$') || value.contains('`') => Taken::Dropped(
                "its value is a variable's, which the exec form of a command does not read"
                    .to_owned(),
            ),
            Some(value) => Taken::Option(vec![flag.to_owned(), value.clone()]),
            None => Taken::Option(vec![flag.to_owned()]),
        }
    };
    let Some(own) = said.row else {
        return match is_same {
            true => written(&said.flag),
            false => other(theirs, ours),
        };
    };
    let for_asgi = |class: &String| class.contains("vicorn") || class == "asgi";
    if own.name == "worker_class" && value.as_ref().is_some_and(for_asgi) {
        return Taken::Replaced(
            "the class for ASGI is the one of the versions that are installed".to_owned(),
        );
    }
    let Some(row) = same(own, target) else {
        return match own.becomes {
            Becomes::Planned(why) => Taken::Replaced(why.to_owned()),
            _ => other(theirs, ours),
        };
    };
    // Another program's option may mean another thing by a short name.
    let flag = if is_same { said.flag.as_str() } else { row.flags[0] };
    let is_file = matches!(row.name, "log_config" | "log_config_json");
    match row.becomes {
        Becomes::Planned(why) => Taken::Replaced(why.to_owned()),
        Becomes::Number(key) => {
            let Some(value) = &value else { return written(flag) };
            let is_class = row.name == "worker_class";
            let is_known = !is_class || WORKER_CLASSES.contains(&value.as_str());
            let field = schema::find(&format!("tune.{key}"));
            if field.is_some_and(|field| field.kind.read(value).is_ok()) && is_known {
                return Taken::Number { key, value: value.clone() };
            }
            match value.contains(['$', '(', '`']) {
                true => Taken::Replaced(
                    "it follows the host, or what starts it: the plan counts".to_owned(),
                ),
                false => written(flag),
            }
        }
        Becomes::Option
            if is_file && value.as_ref().is_some_and(|path| !launch.files.contains_key(path)) =>
        {
            Taken::Dropped("that file is not in the repository".to_owned())
        }
        Becomes::Option => written(flag),
    }
}

/// A value with its variables at their defaults; as it stands where one has none.
fn with_defaults(text: &str) -> String {
    let mut is_open = false;
    let known = interpolate::replace(text, &mut |variable| {
        is_open |= variable.default.is_none();
        None
    });
    if is_open { text.to_owned() } else { known }
}

fn other(theirs: Program, ours: Program) -> Taken {
    Taken::Dropped(format!(
        "an option of {}, and {} has none that says the same",
        theirs.word(),
        ours.word()
    ))
}

/// The numbers that the commands say: keys of `tune`, their values and places.
#[must_use]
pub fn numbers(previous: &Previous, server: Server) -> Vec<(String, String, String, String)> {
    let celery_of = |own: &Launch| celery(own);
    let fates = web(previous, server)
        .into_iter()
        .chain(previous.workers.first().into_iter().flat_map(celery_of))
        .chain(previous.beat.iter().flat_map(celery_of));
    fates
        .filter_map(|own| match own.taken {
            Taken::Number { key, value } => {
                Some((format!("tune.{key}"), value, own.place, own.said))
            }
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::options::{CELERY, GUNICORN, UVICORN};
    use crate::catalog::{Manager, Protocol};

    fn launch(command: &str) -> Launch {
        let argv = shell_words::split(command).unwrap();
        Launch { argv, place: "Procfile:1".into(), ..Launch::default() }
    }

    fn says(command: &str, manager: Manager, protocol: Protocol) -> Vec<String> {
        let previous = Previous { web: Some(launch(command)), ..Previous::default() };
        let fates = web(&previous, Server::for_protocol(protocol, manager));
        fates
            .into_iter()
            .map(|own| match own.taken {
                Taken::Option(words) => words.join(" "),
                Taken::Number { key, value } => format!("{key}={value}"),
                Taken::Replaced(_) => format!("({})", own.said),
                Taken::Dropped(_) => format!("!{}", own.said),
            })
            .collect()
    }

    #[test]
    fn an_option_is_a_number_of_the_plan_is_written_again_or_is_left() {
        let uvicorn = |command| says(command, Manager::Uvicorn, Protocol::Asgi);
        assert_eq!(
            uvicorn(
                "uvicorn a:b --host 0.0.0.0 --workers=4 --root-path /x --limit-max-requests 9 --reload"
            ),
            [
                "(--host 0.0.0.0)",
                "web.workers=4",
                "--root-path /x",
                "--limit-max-requests 9",
                "(--reload)"
            ]
        );
        assert_eq!(uvicorn("uvicorn a:b --workers ${N:-3}"), ["web.workers=3"]);
        assert_eq!(uvicorn("uvicorn a:b --workers $(nproc)"), ["(--workers $(nproc))"]);
        assert_eq!(uvicorn("uvicorn a:b --new-option 7"), ["--new-option 7"]);
        assert_eq!(uvicorn("uvicorn a:b --log-config gone.yaml"), ["!--log-config gone.yaml"]);
        // Another server's.
        assert_eq!(
            uvicorn("hypercorn a:b --workers 2 --root-path /x --quic-bind :1"),
            ["web.workers=2", "--root-path /x", "!--quic-bind"]
        );
        assert_eq!(
            uvicorn("gunicorn a:b -k uvicorn.workers.UvicornWorker --max-requests 50 --preload"),
            ["(-k uvicorn.workers.UvicornWorker)", "--limit-max-requests 50", "!--preload"]
        );
        let gunicorn = |command| says(command, Manager::Gunicorn, Protocol::Wsgi);
        assert_eq!(
            gunicorn("gunicorn a:b -w 3 --threads 16 --timeout 600 --preload -k gevent -b :80"),
            [
                "web.workers=3",
                "web.threads=16",
                "web.gunicorn-timeout=600",
                "--preload",
                "-k gevent",
                "(-b :80)"
            ]
        );
    }

    #[test]
    fn only_a_pool_of_processes_has_as_many_as_it_runs_tasks() {
        let of = |command: &str| -> Vec<Taken> {
            celery(&launch(command)).into_iter().map(|own| own.taken).collect()
        };
        assert_eq!(
            of("celery -A x worker -c 3")[1],
            Taken::Number { key: "worker.concurrency", value: "3".into() }
        );
        assert_eq!(
            of("celery -A x worker -Q mail,slow -P threads --concurrency=20")[1..],
            [
                Taken::Option(vec!["-Q".into(), "mail,slow".into()]),
                Taken::Option(vec!["-P".into(), "threads".into()]),
                Taken::Option(vec!["--concurrency=20".into()]),
            ]
        );
    }

    #[test]
    fn every_number_is_one_of_the_plan() {
        for row in [GUNICORN, UVICORN, CELERY, options::OTHERS].into_iter().flatten() {
            if let Becomes::Number(key) = row.becomes {
                assert!(schema::find(&format!("tune.{key}")).is_some(), "{key}");
            }
        }
    }
}
