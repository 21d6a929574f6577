//! Why something is not as it was, where dockwright does otherwise by design, and
//! what is lost with it: the rows stand in `data/reasons.toml`. What the plan's own
//! tables give a reason for has it from there.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::inventory::Weight;
use crate::lint::subject::Program;
use crate::plan::code::proxy;
use crate::plan::topology::existing;
use crate::schema::Role;

use Weight::{Behaviour, Form, Operation};

/// Rows by what they are about.
#[derive(Debug, Deserialize)]
struct Tables {
    variable: Vec<Row>,
    option: Vec<Row>,
    system: Vec<Row>,
    python: Vec<Row>,
    key: Vec<Row>,
    directive: Vec<Row>,
    step: Vec<Row>,
    run: Vec<Row>,
}

/// Names that share a reason.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Row {
    names: Vec<String>,
    /// How other names begin, or end.
    begins: Vec<String>,
    ends: Vec<String>,
    /// Text of which one is in the command.
    with: Vec<String>,
    /// Why; empty where the plan's tables say it.
    reason: String,
    weight: Option<Weight>,
    /// What has the effect now, of a row that is of no loss.
    merged: String,
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    toml::from_str(include_str!("data/reasons.toml")).expect("a unit test reads it")
});

/// What becomes of a line of shell that is none of the application's.
pub(super) enum Glue {
    /// Its effect is had in another way.
    Merged(&'static str),
    /// It is not had any more, or there is nothing to be had.
    Dropped(&'static str, Weight),
}

type Reason = (&'static str, Weight);

fn find(rows: &'static [Row], name: &str) -> Option<&'static Row> {
    let is = |own: &&Row| {
        own.names.iter().any(|own| own == name)
            || own.begins.iter().any(|own| name.starts_with(own.as_str()))
            || own.ends.iter().any(|own| name.ends_with(own.as_str()))
    };
    rows.iter().find(is)
}

fn reason(rows: &'static [Row], name: &str) -> Option<Reason> {
    let row = find(rows, name)?;
    Some((&row.reason, row.weight.unwrap_or(Operation)))
}

/// The first row that fits a command.
fn glue_of(rows: &'static [Row], words: &[&str]) -> Option<Glue> {
    let first = words.first()?.rsplit('/').next().unwrap_or_default();
    // `python3.12` is Python.
    let bare = match first.starts_with(['p', 'P']) {
        true => first.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.'),
        false => first,
    };
    let line = format!("{} ", words.join(" ").to_ascii_lowercase());
    let row = rows.iter().find(|own| {
        (own.names.is_empty() || own.names.iter().any(|own| own == bare))
            && (own.with.is_empty() || own.with.iter().any(|own| line.contains(own.as_str())))
    })?;
    Some(match row.merged.is_empty() {
        true => Glue::Dropped(&row.reason, row.weight.unwrap_or(Operation)),
        false => Glue::Merged(&row.merged),
    })
}

/// Why a variable of an image or of a service is not there, or has another value.
pub(super) fn variable(name: &str) -> Option<Reason> {
    reason(&TABLES.variable, name)
}

/// Why a start command or gunicorn's settings have no such option, or another value.
pub(super) fn option(name: &str) -> Option<Reason> {
    reason(&TABLES.option, name)
}

/// Lines of entry scripts and start commands that prepare, wait or talk.
pub(super) fn glue(words: &[&str]) -> Option<Glue> {
    let first = words.first()?.rsplit('/').next().unwrap_or_default();
    if matches!(words, ["exec", "$@" | "$*" | "${@}"] | ["$@" | "$*" | "${@}"]) {
        return Some(Glue::Merged(
            "the command itself: nothing has to hand over to it, or dockwright's script does",
        ));
    }
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '$' | '[' | ':');
    if !first.contains(is_word) && first != "." {
        return Some(Glue::Dropped("a part of the text around it", Form));
    }
    let is_set = first.contains('=');
    glue_of(&TABLES.step, words).or_else(|| {
        is_set.then_some(Glue::Dropped("a variable of a script that is not there", Operation))
    })
}

/// Commands of a RUN that prepare or tidy up.
pub(super) fn run(words: &[&str]) -> Option<Glue> {
    let words = match without_assignments(words) {
        [] => {
            let reason = "it is a variable of the commands behind it, which are told one by one";
            return Some(Glue::Dropped(reason, Form));
        }
        words => words,
    };
    match words.join(" ").contains("SECRET") {
        true => None,
        false => glue_of(&TABLES.run, words),
    }
}

/// Why a package is not installed.
pub(super) fn package(name: &str, is_system: bool) -> Option<Reason> {
    reason(if is_system { &TABLES.system } else { &TABLES.python }, name)
}

/// Why a service has no such key, or another value; the weight where it is not that
/// of every key.
pub(super) fn key(name: &str) -> Option<(&'static str, Option<Weight>)> {
    let group = name.split('.').next().unwrap_or(name);
    let row = find(&TABLES.key, name).or_else(|| find(&TABLES.key, group));
    let own = row.map(|own| own.reason.as_str()).filter(|own| !own.is_empty());
    // Of `deploy` it speaks of limits alone, which are numbers of the plan.
    let planned = || {
        let own = existing::REPLACED.iter().find(|(own, _)| *own == group && group != "deploy");
        own.map(|own| own.1)
    };
    Some((own.or_else(planned)?, row.and_then(|own| own.weight)))
}

/// Why nginx's configuration says otherwise, or nothing; the weight where it is not
/// that of every directive.
pub(super) fn directive(name: &str) -> Option<(&'static str, Option<Weight>)> {
    let row = find(&TABLES.directive, name);
    let own = row.map(|own| own.reason.as_str()).filter(|own| !own.is_empty());
    Some((proxy::ours(name).or(own)?, row.and_then(|own| own.weight)))
}

/// What is lost with an option that a planned number stands for: how long something
/// may take is seen by who uses it, how many processes there are is not.
pub(super) fn weight_of_number(name: &str) -> Weight {
    let is_seen = name.contains("timeout") && name != "graceful_timeout"
        || name.contains("time_limit")
        || name.contains("body");
    if is_seen { Behaviour } else { Operation }
}

/// Which planned number an option is.
pub(super) fn row_of_option(name: &str) -> Option<&'static str> {
    Some(match name {
        "workers" => "workers",
        "threads" => "threads",
        "worker_class" => "worker-class",
        "timeout" => "gunicorn-timeout",
        "graceful_timeout" => "graceful-timeout",
        "keepalive" | "timeout_keep_alive" => "keepalive",
        "max_requests" => "max-requests",
        "max_requests_jitter" => "max-requests-jitter",
        "worker_connections" => "worker-connections",
        "backlog" => "backlog",
        "limit_concurrency" => "limit-concurrency",
        "concurrency" => "concurrency",
        "max_tasks_per_child" => "max-tasks-per-child",
        "max_memory_per_child" => "max-memory-per-child",
        "time_limit" => "time-limit",
        "soft_time_limit" => "soft-time-limit",
        "prefetch" => "prefetch-multiplier",
        _ => return None,
    })
}

/// Why another server serves.
pub(super) fn server(old: Program, new: Program) -> String {
    match (old.is_development(), old, new) {
        (true, ..) => format!("{} is for development alone", old.word()),
        (_, _, Program::Gunicorn) => {
            "gunicorn is the server that is planned: it supervises its processes".to_owned()
        }
        _ => format!("{} is the server that is planned", new.word()),
    }
}

/// Whether a file says what is to be installed.
pub(super) fn is_of_install(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let names = [
        "pyproject.toml",
        "poetry.lock",
        "uv.lock",
        "pdm.lock",
        "pipfile",
        "pipfile.lock",
        "setup.py",
        "setup.cfg",
        "environment.yml",
        "environment.yaml",
        ".python-version",
    ];
    let is_list = (name.contains("require") || name.contains("constraint"))
        && (name.ends_with(".txt") || name.ends_with(".in") || name.ends_with('*'));
    names.contains(&name.trim_end_matches('*'))
        || is_list
        || path.contains("requirements/")
        || name == "requirements"
}

/// Whether a command installs Python packages.
pub(super) fn installs(words: &[&str]) -> bool {
    let words = without_assignments(words);
    let Some(first) = words.first().map(|word| word.rsplit('/').next().unwrap_or(word)) else {
        return false;
    };
    let has = |word: &str| words.contains(&word);
    match first {
        "pip" | "pip3" | "poetry" | "pdm" | "pipenv" | "conda" | "mamba" | "uv" => {
            ["install", "sync", "wheel", "export", "add", "create"].iter().any(|verb| has(verb))
        }
        name if name.starts_with("python") => {
            has("pip") && (has("install") || has("wheel")) || has("setup.py")
        }
        "easy_install" => true,
        _ => false,
    }
}

/// A directory that a command of pip installs as a package, beside the project's own.
pub(super) fn local_package<'t>(words: &[&'t str]) -> Option<&'t str> {
    const WITH_VALUE: [&str; 10] = [
        "-r",
        "--requirement",
        "-c",
        "--constraint",
        "-t",
        "--target",
        "--prefix",
        "-f",
        "--find-links",
        "--cache-dir",
    ];
    let start = words.iter().position(|word| *word == "install")? + 1;
    let pip = words[..start].iter().any(|word| word.contains("pip"));
    let mut before = "";
    words[start..].iter().filter(|_| pip).find_map(|word| {
        let is_value = WITH_VALUE.contains(&std::mem::replace(&mut before, word));
        let path = word.split('[').next().unwrap_or(word);
        let is_directory = path.starts_with(['/', '.'])
            && path.contains(|c: char| c.is_alphanumeric())
            && !path.rsplit('/').next().is_some_and(|name| name.contains('.') || name == "app")
            && !path.starts_with("/tmp/");
        (is_directory && !is_value && *word != ".").then_some(*word)
    })
}

/// A command without what is set for it alone: `CC=gcc pip install x`.
fn without_assignments<'w, 't>(words: &'w [&'t str]) -> &'w [&'t str] {
    let is_set = |word: &&&str| word.contains('=') && !word.starts_with('-');
    &words[words.iter().take_while(is_set).count()..]
}

/// Whether an installer is one of the system's.
pub(super) fn is_of_system(program: &str) -> bool {
    let program = program.rsplit('/').next().unwrap_or(program);
    matches!(program, "apt-get" | "apt" | "apk" | "dnf" | "yum" | "microdnf")
}

/// The other spelling of a key of a service.
pub(super) fn same_key(name: &str) -> Option<&'static str> {
    Some(match name {
        "mem_limit" => "deploy.resources.limits.memory",
        "mem_reservation" => "deploy.resources.reservations.memory",
        "cpus" => "deploy.resources.limits.cpus",
        "pids_limit" => "deploy.resources.limits.pids",
        "deploy.resources.limits.cpus" => "cpus",
        "deploy.restart_policy.condition" => "restart",
        "deploy.replicas" => "scale",
        _ => return None,
    })
}

/// Which planned number a key is.
pub(super) fn row_of_key(name: &str) -> Option<&'static str> {
    Some(match name {
        "mem_limit" | "deploy.resources.limits.memory" => "memory",
        "mem_reservation" | "deploy.resources.reservations.memory" => "memory-reservation",
        "cpus" | "deploy.resources.limits.cpus" => "cpus",
        "cpu_shares" => "cpu-shares",
        "pids_limit" | "deploy.resources.limits.pids" => "pids",
        "stop_grace_period" => "stop-grace-period",
        "shm_size" => "shm",
        "tmpfs" => "tmpfs",
        _ => return None,
    })
}

/// Which planned number a part of a health check is.
pub(super) fn row_of_health(name: &str) -> Option<&'static str> {
    Some(match name {
        "interval" => "health-interval",
        "timeout" => "health-timeout",
        "retries" => "health-retries",
        "start_period" => "start-period",
        "start_interval" => "start-interval",
        _ => return None,
    })
}

/// Which planned number a directive of nginx's is.
pub(super) fn row_of_directive(name: &str) -> Option<(Role, &'static str)> {
    Some(match name {
        "client_max_body_size" => (Role::Web, "body-size"),
        "proxy_read_timeout" | "proxy_send_timeout" | "uwsgi_read_timeout" => {
            (Role::Nginx, "read-timeout")
        }
        "proxy_connect_timeout" => (Role::Nginx, "connect-timeout"),
        "keepalive_timeout" => (Role::Nginx, "keepalive-timeout"),
        "worker_processes" => (Role::Nginx, "worker-processes"),
        "worker_connections" => (Role::Nginx, "worker-connections"),
        "worker_rlimit_nofile" => (Role::Nginx, "rlimit-nofile"),
        "gzip_min_length" => (Role::Nginx, "gzip-min-length"),
        "keepalive" => (Role::Nginx, "upstream-keepalive"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_beside_the_project_is_told_from_files_and_the_project() {
        for (command, expected) in [
            ("pip install --no-cache-dir /srv/libs/common", Some("/srv/libs/common")),
            (
                "uv pip install --system -r requirements.txt ./libs/common[all]",
                Some("./libs/common[all]"),
            ),
            ("pip install -e .", None),
            ("pip install .[prod]", None),
            ("pip install -r /code/requirements.txt", None),
            ("pip install --target /deps flask", None),
            ("pip install ./dist/shop-1.0-py3-none-any.whl", None),
            ("npm install ./local", None),
        ] {
            let words: Vec<&str> = command.split(' ').collect();
            assert_eq!(local_package(&words), expected, "{command}");
        }
    }

    #[test]
    fn every_row_says_why_or_is_of_a_table_of_the_plan() {
        let own = &*TABLES;
        let alone = [&own.variable, &own.option, &own.system, &own.python, &own.step, &own.run];
        for row in alone.into_iter().flatten() {
            assert!(!row.reason.is_empty() || !row.merged.is_empty(), "{row:?}");
        }
        for name in own.key.iter().flat_map(|row| &row.names) {
            assert!(key(name).is_some(), "{name}");
        }
        for name in own.directive.iter().flat_map(|row| &row.names) {
            assert!(directive(name).is_some(), "{name}");
        }
    }
}
