//! Options of servers and workers on a command line, by one name whatever they
//! are called, and what stands for each of them in a command of ours.

use super::program::Program;

/// What becomes of an option in a command that is written anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Becomes {
    /// It is written again.
    Option,
    /// It is a number of the plan, by its key: `web.workers`.
    Number(&'static str),
    /// The plan decides it by itself, for this reason.
    Planned(&'static str),
}

/// An option of programs, by every name it has.
#[derive(Debug, PartialEq, Eq)]
pub struct Row {
    /// Its name here.
    pub name: &'static str,
    /// Its names on a command line, the long one first.
    pub flags: &'static [&'static str],
    /// Whether no value follows it.
    pub is_switch: bool,
    /// What becomes of it.
    pub becomes: Becomes,
}

impl Row {
    const fn number(self, key: &'static str) -> Self {
        Self { becomes: Becomes::Number(key), ..self }
    }

    const fn planned(self, why: &'static str) -> Self {
        Self { becomes: Becomes::Planned(why), ..self }
    }
}

const fn value(name: &'static str, flags: &'static [&'static str]) -> Row {
    Row { name, flags, is_switch: false, becomes: Becomes::Option }
}

const fn switch(name: &'static str, flags: &'static [&'static str]) -> Row {
    Row { name, flags, is_switch: true, becomes: Becomes::Option }
}

const LISTENS: &str =
    "it listens on every address of its container, at the port that is told to the others";
const DEVELOPMENT: &str =
    "starting over when a file changes is for development, whose overlay does";
const OUTPUT: &str = "logs go to the container's output, where the engine keeps and rotates them";
const USER: &str = "the image says its user";
const FOREGROUND: &str =
    "a container is one process in the foreground, and needs no file to find it";
const DIRECTORY: &str = "the image's working directory and PYTHONPATH say where the code is";

/// gunicorn's.
pub const GUNICORN: &[Row] = &[
    value("workers", &["--workers", "-w"]).number("web.workers"),
    value("threads", &["--threads"]).number("web.threads"),
    value("worker_class", &["--worker-class", "-k"]).number("web.worker-class"),
    value("timeout", &["--timeout", "-t"]).number("web.gunicorn-timeout"),
    value("graceful_timeout", &["--graceful-timeout"]).number("web.graceful-timeout"),
    value("keepalive", &["--keep-alive"]).number("web.keepalive"),
    value("max_requests", &["--max-requests"]).number("web.max-requests"),
    value("max_requests_jitter", &["--max-requests-jitter"]).number("web.max-requests-jitter"),
    value("bind", &["--bind", "-b"]).planned(LISTENS),
    value("worker_tmp_dir", &["--worker-tmp-dir"])
        .planned("the heartbeat file is in memory, in /dev/shm"),
    value("worker_connections", &["--worker-connections"]).number("web.worker-connections"),
    value("forwarded_allow_ips", &["--forwarded-allow-ips"]),
    value("loglevel", &["--log-level"]),
    value("accesslog", &["--access-logfile"]).planned(OUTPUT),
    value("config", &["--config", "-c"]).planned("each of its settings is told by itself"),
    value("user", &["--user", "-u"]).planned(USER),
    value("chdir", &["--chdir"]).planned(DIRECTORY),
    value("pythonpath", &["--pythonpath"]).planned(DIRECTORY),
    value("name", &["--name", "-n"]),
    value("env", &["--env", "-e"]),
    value("errorlog", &["--error-logfile", "--log-file"]).planned(OUTPUT),
    value("log_config", &["--log-config"]),
    value("log_config_json", &["--log-config-json"]),
    value("logger_class", &["--logger-class"]),
    value("access_log_format", &["--access-logformat"]),
    value("pid", &["--pid", "-p"]).planned(FOREGROUND),
    value("group", &["--group", "-g"]).planned(USER),
    value("backlog", &["--backlog"]).number("web.backlog"),
    value("limit_request_line", &["--limit-request-line"]),
    value("limit_request_fields", &["--limit-request-fields"]),
    value("limit_request_field_size", &["--limit-request-field_size"]),
    value("proxy_allow_ips", &["--proxy-allow-from"]),
    value("statsd_host", &["--statsd-host"]),
    value("statsd_prefix", &["--statsd-prefix"]),
    value("umask", &["--umask", "-m"]),
    value("certfile", &["--certfile"]),
    value("keyfile", &["--keyfile"]),
    switch("preload", &["--preload"]),
    switch("capture_output", &["--capture-output"]),
    switch("stdio_inheritance", &["--enable-stdio-inheritance", "-R"]),
    switch("proxy_protocol", &["--proxy-protocol"]),
    switch("reuse_port", &["--reuse-port"]),
    switch("no_sendfile", &["--no-sendfile"]),
    switch("reload", &["--reload"]).planned(DEVELOPMENT),
    switch("daemon", &["--daemon", "-D"]).planned(FOREGROUND),
];
/// uvicorn's, and those that `fastapi run` has of them.
pub const UVICORN: &[Row] = &[
    value("workers", &["--workers"]).number("web.workers"),
    value("host", &["--host"]).planned(LISTENS),
    value("port", &["--port"]).planned(LISTENS),
    value("uds", &["--uds"]).planned(LISTENS),
    value("fd", &["--fd"]).planned(LISTENS),
    value("app_dir", &["--app-dir"]).planned(DIRECTORY),
    value("timeout_keep_alive", &["--timeout-keep-alive"]).number("web.keepalive"),
    value("graceful_timeout", &["--timeout-graceful-shutdown"]).number("web.graceful-timeout"),
    value("limit_concurrency", &["--limit-concurrency"]).number("web.limit-concurrency"),
    value("backlog", &["--backlog"]).number("web.backlog"),
    value("max_requests", &["--limit-max-requests"]),
    value("max_requests_jitter", &["--limit-max-requests-jitter"]),
    value("forwarded_allow_ips", &["--forwarded-allow-ips"]),
    value("loglevel", &["--log-level"]),
    value("log_config", &["--log-config"]),
    value("root_path", &["--root-path"]),
    value("env_file", &["--env-file"])
        .planned("a file of variables is not in the image: they are the service's environment"),
    value("loop", &["--loop"]),
    value("http", &["--http"]),
    value("ws", &["--ws"]),
    value("ws_max_size", &["--ws-max-size"]),
    value("ws_max_queue", &["--ws-max-queue"]),
    value("ws_ping_interval", &["--ws-ping-interval"]),
    value("ws_ping_timeout", &["--ws-ping-timeout"]),
    value("ws_per_message_deflate", &["--ws-per-message-deflate"]),
    value("h11_max_incomplete_event_size", &["--h11-max-incomplete-event-size"]),
    value("header", &["--header"]),
    value("worker_healthcheck", &["--timeout-worker-healthcheck"]),
    value("certfile", &["--ssl-certfile"]),
    value("keyfile", &["--ssl-keyfile"]),
    value("keyfile_password", &["--ssl-keyfile-password"]),
    value("ca_certs", &["--ssl-ca-certs"]),
    value("ciphers", &["--ssl-ciphers"]),
    value("lifespan", &["--lifespan"]),
    value("interface", &["--interface"]),
    value("reload_dir", &["--reload-dir"]).planned(DEVELOPMENT),
    value("reload_include", &["--reload-include"]).planned(DEVELOPMENT),
    value("reload_exclude", &["--reload-exclude"]).planned(DEVELOPMENT),
    value("reload_delay", &["--reload-delay"]).planned(DEVELOPMENT),
    switch("proxy_headers", &["--proxy-headers"]),
    switch("no_proxy_headers", &["--no-proxy-headers"]),
    switch("access_log", &["--access-log"]),
    switch("no_access_log", &["--no-access-log"]),
    switch("use_colors", &["--use-colors"]),
    switch("no_use_colors", &["--no-use-colors"]),
    switch("server_header", &["--server-header"]),
    switch("no_server_header", &["--no-server-header"]),
    switch("date_header", &["--date-header"]),
    switch("no_date_header", &["--no-date-header"]),
    switch("reload", &["--reload"]).planned(DEVELOPMENT),
    switch("factory", &["--factory"]).planned("whether the object is called is known"),
];
/// Celery's, of its worker and its beat.
pub const CELERY: &[Row] = &[
    value("app", &["--app", "-A"]).planned("the application is known"),
    value("concurrency", &["--concurrency", "-c"]).number("worker.concurrency"),
    value("pool", &["--pool", "-P"]),
    value("autoscale", &["--autoscale"]),
    value("prefetch", &["--prefetch-multiplier"]).number("worker.prefetch-multiplier"),
    value("time_limit", &["--time-limit"]).number("worker.time-limit"),
    value("soft_time_limit", &["--soft-time-limit"]).number("worker.soft-time-limit"),
    value("max_tasks_per_child", &["--max-tasks-per-child"]).number("worker.max-tasks-per-child"),
    value("max_memory_per_child", &["--max-memory-per-child"]),
    value("queues", &["--queues", "-Q"]),
    value("exclude_queues", &["--exclude-queues", "-X"]),
    value("include", &["--include", "-I"]),
    value("optimization", &["--optimization", "-O"]),
    value("hostname", &["--hostname", "-n"]),
    value("loglevel", &["--loglevel", "-l", "--log-level"]),
    value("heartbeat_interval", &["--heartbeat-interval"]),
    value("max_interval", &["--max-interval"]).number("beat.max-loop-interval"),
    value("schedule", &["--schedule", "-s"]).planned("the schedule is on a volume of its own"),
    value("scheduler", &["--scheduler", "-S"]),
    value("pidfile", &["--pidfile"]).planned(FOREGROUND),
    value("logfile", &["--logfile", "-f"]).planned(OUTPUT),
    value("statedb", &["--statedb"]).planned("a file in the container is gone with it"),
    value("workdir", &["--workdir"]).planned(DIRECTORY),
    value("uid", &["--uid"]).planned(USER),
    value("gid", &["--gid"]).planned(USER),
    switch("task_events", &["--task-events", "--events", "-E"]),
    switch("purge", &["--purge", "--discard"]),
    switch("without_gossip", &["--without-gossip"]),
    switch("without_mingle", &["--without-mingle"]),
    switch("without_heartbeat", &["--without-heartbeat"]),
    switch("beat", &["--beat", "-B"]).planned("what is scheduled has a service of its own, beat"),
    switch("detach", &["--detach"]).planned(FOREGROUND),
];
/// Those of all other servers: hypercorn, daphne, granian, waitress.
pub const OTHERS: &[Row] = &[
    value("workers", &["--workers", "-w"]).number("web.workers"),
    value("threads", &["--threads", "--runtime-threads"]).number("web.threads"),
    value("bind", &["--bind", "-b", "--listen"]).planned(LISTENS),
    value("host", &["--host", "-h"]).planned(LISTENS),
    value("port", &["--port", "-p"]).planned(LISTENS),
    value("interface", &["--interface"]),
    value("app", &["--app", "-A"]).planned("the application is known"),
    value("root_path", &["--root-path"]),
    value("timeout_keep_alive", &["--keep-alive"]).number("web.keepalive"),
    value("graceful_timeout", &["--graceful-timeout"]).number("web.graceful-timeout"),
    value("backlog", &["--backlog"]).number("web.backlog"),
    value("loglevel", &["--log-level"]),
    value("log_config", &["--log-config"]),
    value("accesslog", &["--access-logfile", "--access-log"]).planned(OUTPUT),
    value("errorlog", &["--error-logfile"]).planned(OUTPUT),
    value("websocket_timeout", &["--websocket_timeout"]),
    value("websocket_connect_timeout", &["--websocket_connect_timeout"]),
    value("websocket_ping_interval", &["--websocket-ping-interval", "--ping-interval"]),
    value("ping_timeout", &["--ping-timeout"]),
    value("http_timeout", &["--http-timeout", "-t"]),
    value("application_close_timeout", &["--application-close-timeout"]),
    switch("reload", &["--reload"]).planned(DEVELOPMENT),
    switch("debug", &["--debug"]).planned("it is for development"),
    switch("no_reload", &["--no-reload", "--noreload"])
        .planned("nothing starts over when a file changes"),
    switch("proxy_headers", &["--proxy-headers"]),
];

/// Whether some program has an option of a name.
#[must_use]
pub fn is_known(name: &str) -> bool {
    [GUNICORN, UVICORN, CELERY, OTHERS].into_iter().flatten().any(|row| row.name == name)
}

/// The options of a program.
#[must_use]
pub const fn of(program: Program) -> &'static [Row] {
    match program {
        Program::Gunicorn => GUNICORN,
        Program::Uvicorn | Program::FastapiRun | Program::FastapiDevelopment => UVICORN,
        Program::CeleryWorker | Program::CeleryBeat => CELERY,
        _ => OTHERS,
    }
}

/// An option that a command names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said<'a> {
    /// What it is, where it is known.
    pub row: Option<&'a Row>,
    /// As the command has it.
    pub flag: String,
    /// Its value; of a switch only what stands behind `=`.
    pub value: Option<String>,
}

/// The options of an argument list, and what is neither an option nor the value
/// of one.
#[must_use]
pub fn split<'a>(argv: &[String], table: &'a [Row]) -> (Vec<Said<'a>>, Vec<String>) {
    let (mut said, mut rest) = (Vec::new(), Vec::new());
    let mut words = argv.iter().peekable();
    while let Some(word) = words.next() {
        let (flag, attached) = match word.split_once('=') {
            Some((flag, value)) if flag.starts_with('-') => (flag, Some(value.to_owned())),
            _ => (word.as_str(), None),
        };
        let own = |row, value| Said { row, flag: flag.to_owned(), value };
        if let Some(row) = table.iter().find(|row| row.flags.contains(&flag)) {
            let value = match row.is_switch {
                true => attached,
                false => attached.or_else(|| words.next().cloned()),
            };
            said.push(own(Some(row), value));
            continue;
        }
        // `-w4`, `-A=shop`.
        let short = table.iter().filter(|row| !row.is_switch).find_map(|row| {
            let flag = row.flags.iter().find(|flag| flag.len() == 2 && word.starts_with(**flag))?;
            (word.len() > 2 && !word.starts_with("--")).then_some((row, *flag))
        });
        match short {
            Some((row, flag)) => {
                let value = word[flag.len()..].trim_start_matches('=').to_owned();
                said.push(Said { row: Some(row), flag: flag.to_owned(), value: Some(value) });
            }
            None if word.starts_with('-') && word.len() > 1 => {
                // The value of an option that is not in the table.
                let is_value = |next: &&String| {
                    !next.starts_with('-') && !next.contains(':') && !next.contains('.')
                };
                let value = attached.or_else(|| {
                    words
                        .peek()
                        .copied()
                        .filter(is_value)
                        .is_some()
                        .then(|| words.next().cloned().unwrap_or_default())
                });
                said.push(own(None, value));
            }
            None => rest.push(word.clone()),
        }
    }
    (said, rest)
}
