//! Options of servers and workers on a command line, by one name whatever they
//! are called, with what the container's variables make of them.

use std::collections::BTreeMap;

use super::Value;
use super::container::Variable;
use super::program::Program;
use crate::lint::diagnostic::At;
use crate::source::compose::interpolate;

/// An option of programs, by every name it has.
pub(super) struct Row {
    pub name: &'static str,
    pub flags: &'static [&'static str],
    pub is_switch: bool,
}

const fn value(name: &'static str, flags: &'static [&'static str]) -> Row {
    Row { name, flags, is_switch: false }
}

const fn switch(name: &'static str, flags: &'static [&'static str]) -> Row {
    Row { name, flags, is_switch: true }
}

pub(super) const GUNICORN: &[Row] = &[
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
pub(super) const UVICORN: &[Row] = &[
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
pub(super) const CELERY: &[Row] = &[
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
    value("logfile", &["--logfile", "-f"]),
    value("statedb", &["--statedb"]),
    switch("beat", &["--beat", "-B"]),
];
pub(super) const OTHERS: &[Row] = &[
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

/// An option as it stands on a command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// The name of its row; its flag where no row has it.
    pub name: String,
    /// The flag as it is written.
    pub flag: String,
    /// Its value; `None` for a switch.
    pub value: Option<String>,
}

/// Every option of a command line, those that no row has among them.
#[must_use]
pub fn given(program: Program, argv: &[String]) -> Vec<Given> {
    let table = match program {
        Program::Gunicorn => GUNICORN,
        Program::Uvicorn | Program::FastapiRun | Program::FastapiDevelopment => UVICORN,
        Program::CeleryWorker | Program::CeleryBeat => CELERY,
        _ => OTHERS,
    };
    let mut found = Vec::new();
    let mut words = argv.iter().skip(1).peekable();
    while let Some(word) = words.next() {
        if !word.starts_with('-') || word.len() < 2 {
            continue;
        }
        let (flag, attached) = match word.split_once('=') {
            Some((flag, value)) => (flag, Some(value)),
            None => (word.as_str(), None),
        };
        let row = |flag: &str| table.iter().find(|row| row.flags.contains(&flag));
        // `-w4`, where the short option takes a value.
        let short = flag
            .get(..2)
            .filter(|own| !flag.starts_with("--") && flag.len() > 2 && row(own).is_some());
        let (flag, attached) = match short {
            Some(own) => (own, Some(word[2..].trim_start_matches('='))),
            None => (flag, attached),
        };
        let takes = match row(flag) {
            Some(row) => !row.is_switch,
            // What follows an option that nobody knows is its value, unless it is the
            // application.
            None => words.peek().is_some_and(|next| {
                !next.starts_with('-') && !next.contains(':') && !next.contains('.')
            }),
        };
        let value = match (attached, takes) {
            (Some(value), _) => Some(value.to_owned()),
            (None, true) => words.next().cloned(),
            (None, false) => None,
        };
        let name = row(flag).map_or(flag, |row| row.name).to_owned();
        found.push(Given { name, flag: flag.to_owned(), value });
    }
    found
}

/// Whether some program has an option of a name.
pub(super) fn is_known(name: &str) -> bool {
    [GUNICORN, UVICORN, CELERY, OTHERS].into_iter().flatten().any(|row| row.name == name)
}

/// Reads options of an argument list; what is neither an option nor its value
/// is returned.
pub(super) fn options(
    argv: &[String],
    table: &[Row],
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
pub(super) fn worth(text: &str, env: &BTreeMap<String, Variable>) -> Value {
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
pub(super) fn resolved(value: &Value, env: &BTreeMap<String, Variable>) -> Value {
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
