//! Why something is not as it was, where dockwright does otherwise by design, and
//! what is lost with it. A row has to be true wherever it applies: what depends on
//! the stack is asked of the plan instead.

use crate::inventory::Weight;
use crate::lint::subject::Program;
use crate::schema::Role;

use Weight::{Behaviour, Form, Operation};

type Row = (&'static str, Weight);

/// What becomes of a line of shell that is none of the application's.
pub(super) enum Glue {
    /// Its effect is had in another way.
    Merged(&'static str),
    /// It is not had any more, or there is nothing to be had.
    Dropped(&'static str, Weight),
}

fn find(table: &[(&[&str], Row)], name: &str) -> Option<Row> {
    table.iter().find(|(names, _)| names.contains(&name)).map(|(_, row)| *row)
}

/// Why a variable of an image or of a service is not there.
pub(super) fn variable(name: &str) -> Option<Row> {
    const TABLE: &[(&[&str], Row)] = &[
        (
            &["PATH", "VIRTUAL_ENV", "PYTHONPATH", "VENV_PATH", "VIRTUALENV"],
            ("the virtual environment and the code are where dockwright's image has them", Form),
        ),
        (
            &["PYTHONDONTWRITEBYTECODE"],
            ("bytecode is compiled while the image is built, and the code is not written to", Form),
        ),
        (
            &["PYTHONUNBUFFERED", "PYTHONIOENCODING", "LANG", "LC_ALL", "LANGUAGE"],
            ("Python's own image and dockwright's Dockerfile set what is needed of it", Form),
        ),
        (&["PYTHONFAULTHANDLER", "PYTHONHASHSEED"], ("a default of Python's holds", Form)),
        (
            &[
                "DEBIAN_FRONTEND",
                "DEBCONF_NONINTERACTIVE_SEEN",
                "TERM",
                "APT_KEY_DONT_WARN_ON_DANGEROUS_USAGE",
            ],
            ("it was for the build: apt is told to ask nothing", Form),
        ),
        (
            &["WEB_CONCURRENCY", "GUNICORN_CMD_ARGS"],
            ("the number of processes is the plan's, in gunicorn.conf.py", Operation),
        ),
    ];
    const PREFIXES: &[&str] =
        &["PIP_", "POETRY_", "UV_", "PDM_", "PIPENV_", "PYTHON_VERSION", "PYSETUP", "CONDA_"];
    if let Some(row) = find(TABLE, name) {
        return Some(row);
    }
    PREFIXES
        .iter()
        .any(|prefix| name.starts_with(prefix))
        .then_some(("it was for the installer: uv installs, with settings of its own", Form))
}

/// Why a variable has another value.
pub(super) fn other_value(name: &str, written: &str) -> Option<(String, Option<Weight>)> {
    let row = variable(name)?;
    let _ = written;
    Some((row.0.to_owned(), Some(row.1)))
}

/// Why a start command or gunicorn's settings have no such option, or another value.
pub(super) fn option(name: &str) -> Option<Row> {
    const TABLE: &[(&[&str], Row)] = &[
        (
            &["reload", "reload_dir", "--reload-include", "--reload-exclude", "debug"],
            ("reloading is for development: its overlay does that", Operation),
        ),
        (&["no_reload"], ("the server of development is not what is started", Form)),
        (&["daemon"], ("in a container the server stays in the foreground", Form)),
        (&["user", "group", "--uid", "--gid"], ("the container has a user of its own", Operation)),
        (&["pid", "pidfile"], ("a container needs no file with the process's number", Form)),
        (&["name", "hostname"], ("it names the process alone", Form)),
        (
            &["chdir", "app_dir", "--workdir"],
            ("the application is found in /app, which is on Python's path", Form),
        ),
        (
            &["accesslog", "errorlog", "logfile"],
            ("logs go to the container's output, and the engine rotates them", Operation),
        ),
        (&["worker_tmp_dir"], ("the heartbeat file is in memory: /dev/shm", Form)),
        (
            &["worker_class"],
            ("the worker class that fits the application's interface and its threads", Operation),
        ),
        (
            &["forwarded_allow_ips", "proxy_headers", "no_proxy_headers"],
            ("whose forwarded headers are believed follows from the proxy in front", Operation),
        ),
        (&["loglevel"], ("LOG_LEVEL in .env says it", Operation)),
        (&["config"], ("dockwright's gunicorn.conf.py stands in its place", Operation)),
    ];
    find(TABLE, name)
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

/// Lines of entry scripts and start commands that prepare, wait or talk.
pub(super) fn glue(words: &[&str]) -> Option<Glue> {
    let first = words.first()?.rsplit('/').next().unwrap_or_default();
    let joined = words.join(" ").to_ascii_lowercase();
    if matches!(words, ["exec", "$@" | "$*" | "${@}"] | ["$@" | "$*" | "${@}"]) {
        return Some(Glue::Merged(
            "the command itself: nothing has to hand over to it, or dockwright's script does",
        ));
    }
    if !first.contains(|c: char| c.is_ascii_alphanumeric() || matches!(c, '$' | '[' | ':')) {
        return Some(Glue::Dropped("a part of the text around it", Form));
    }
    let waits = [
        "wait-for",
        "wait_for",
        "waitfor",
        "dockerize",
        "pg_isready",
        "nc -z",
        "wait4",
        "inspect ping",
        "-c \\q",
        "redis-cli ping",
    ];
    if waits.iter().any(|word| joined.contains(word)) {
        return Some(Glue::Merged("the conditions of depends_on, which wait for health"));
    }
    if joined.contains("makemigrations") {
        let reason =
            "migrations belong into the repository: they are made where the code is changed";
        return Some(Glue::Dropped(reason, Operation));
    }
    Some(match first {
        "sleep" | "nc" | "until" | "while" | "wait" => {
            Glue::Merged("the conditions of depends_on, which wait for health")
        }
        "set" | "exit" | "true" | ":" | "return" | "shift" | "trap" | "fi" | "done" | "esac"
        | "local" | "case" => Glue::Dropped(
            "the script it belongs to is not there: dockwright's own handles its errors",
            Form,
        ),
        "rm" => Glue::Dropped("there is nothing of it to remove", Form),
        "tail" if joined.contains("/dev/null") => {
            Glue::Dropped("it kept the container up, and did nothing", Form)
        }
        "supervisord" => Glue::Dropped(
            "each process has a container of its own; what its configuration starts is not read",
            Behaviour,
        ),
        "black" | "isort" | "flake8" | "ruff" | "mypy" | "pytest" => {
            Glue::Dropped("checks of the code are not part of a start", Operation)
        }
        "python" | "python3" if joined.contains("-m unittest") || joined.contains("-m pytest") => {
            Glue::Dropped("checks of the code are not part of a start", Operation)
        }
        name if name.contains('=') => {
            Glue::Dropped("a variable of a script that is not there", Operation)
        }
        "echo" | "printf" | "date" | "shopt" => Glue::Dropped("it only says something", Form),
        "[" | "[[" | "test" => {
            Glue::Dropped("the condition goes with what hung on it, which is told by itself", Form)
        }
        "cd" | "pwd" => Glue::Dropped("everything starts in the directory of the code", Form),
        "chown" | "chmod" | "mkdir" | "install" => Glue::Dropped(
            "only directories that the code is seen to write to are made in the image",
            Operation,
        ),
        "gosu" | "su-exec" | "su" | "usermod" | "groupmod" => {
            Glue::Dropped("the container starts as the application's user", Operation)
        }
        "source" | "." => Glue::Dropped(
            "the virtual environment is on PATH; variables come from the compose file",
            Operation,
        ),
        _ => return None,
    })
}

/// Commands of a RUN that prepare or tidy up.
pub(super) fn run(words: &[&str]) -> Option<Glue> {
    let words = without_assignments(words);
    let first = words.first()?.rsplit('/').next().unwrap_or_default();
    let joined = words.join(" ");
    Some(match first {
        "apt-get" | "apt" | "apk" | "dnf" | "yum" | "microdnf" => match () {
            () if words.contains(&"install") || words.contains(&"add") => Glue::Merged(
                "the install of dockwright's Dockerfile; its packages are told one by one",
            ),
            () => {
                Glue::Dropped("dockwright's Dockerfile updates and cleans where it installs", Form)
            }
        },
        "rm" => Glue::Dropped("there is nothing of it to remove", Form),
        "groupadd" | "useradd" | "adduser" | "addgroup" => {
            Glue::Merged("the user that dockwright's Dockerfile makes")
        }
        "chown" | "chmod" | "mkdir" | "install" | "touch" => Glue::Dropped(
            "only directories that the code is seen to write to are made in the image",
            Operation,
        ),
        name if name.starts_with("python") && joined.contains("-m venv") => {
            Glue::Merged("the virtual environment that uv makes")
        }
        "virtualenv" | "uv" if joined.contains("venv") => {
            Glue::Merged("the virtual environment that uv makes")
        }
        "poetry" | "pip" | "pip3" | "uv" | "pdm" | "pipenv" if words.contains(&"config") => {
            Glue::Dropped("it set up an installer that is not used", Form)
        }
        "set" | "true" | ":" | "echo" | "cd" | "pwd" | "ls" | "find" | "export"
            if !joined.contains("SECRET") =>
        {
            Glue::Dropped("it served the commands around it, which are told one by one", Form)
        }
        "dos2unix" | "sed" if joined.contains("\\r") || first == "dos2unix" => {
            Glue::Merged(".gitattributes, which keeps the line ends of scripts")
        }
        "ln" if joined.contains("/dev/stdout") || joined.contains("/dev/stderr") => {
            Glue::Dropped("logs go to the container's output by themselves", Form)
        }
        "python" | "python3" if joined.contains("compileall") => {
            Glue::Merged("the compilation of dockwright's Dockerfile")
        }
        "curl" | "wget" if joined.contains("poetry") || joined.contains("astral.sh/uv") => {
            Glue::Dropped("it was there to install: uv does that", Form)
        }
        "for" | "printf" | "grep" | "[" | "[[" | "test" | "fi" | "done" | "esac" | "if"
        | "else" | "exit" | "case" => {
            Glue::Dropped("it goes with the commands around it, which are told one by one", Form)
        }
        _ => return None,
    })
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

/// Why a package is not installed.
pub(super) fn package(name: &str, is_system: bool) -> Option<Row> {
    const SYSTEM: &[(&[&str], Row)] = &[
        (
            &[
                "gcc",
                "g++",
                "make",
                "build-essential",
                "build-base",
                "musl-dev",
                "cmake",
                "pkg-config",
                "python3-dev",
                "python-dev-is-python3",
                "libc-dev",
                "libc6-dev",
                "linux-headers",
                "cargo",
                "rustc",
                "autoconf",
                "automake",
                "clang",
                "cpp",
            ],
            ("a compiler is only in the stage that installs, where something needs it", Form),
        ),
        (
            &[
                "netcat",
                "netcat-openbsd",
                "netcat-traditional",
                "wait-for-it",
                "postgresql-client",
                "curl",
                "wget",
                "iputils-ping",
                "dnsutils",
                "telnet",
            ],
            ("waiting and health checks do without it; code that calls it misses it", Operation),
        ),
        (
            &["vim", "nano", "less", "htop", "procps", "tree", "vim-tiny", "iproute2"],
            ("a tool for people", Form),
        ),
        (
            &[
                "python3",
                "python3-pip",
                "python3-venv",
                "python3-setuptools",
                "python3-wheel",
                "py3-pip",
                "python-pip",
            ],
            ("Python is the image's own", Form),
        ),
        (
            &["git", "openssh-client"],
            ("an install from git brings it where a dependency needs it", Operation),
        ),
        (
            &[
                "apt-transport-https",
                "software-properties-common",
                "gnupg",
                "gnupg2",
                "lsb-release",
                "ca-certificates",
            ],
            ("it was for other package sources, or is in the image already", Form),
        ),
        (&["dos2unix"], (".gitattributes keeps the line ends of scripts", Form)),
        (
            &["gosu", "su-exec", "tini", "dumb-init", "sudo"],
            ("the container starts as the application's user, with init: true", Form),
        ),
        (&["supervisor"], ("each process has a container of its own", Operation)),
    ];
    const PYTHON: &[(&[&str], Row)] = &[
        (
            &[
                "pip",
                "setuptools",
                "wheel",
                "uv",
                "poetry",
                "pipenv",
                "pdm",
                "poetry-core",
                "virtualenv",
                "pip-tools",
                "poetry-plugin-export",
                "build",
            ],
            ("it was there to install: uv does that", Form),
        ),
        (
            &["debugpy", "ipdb", "ipython", "watchdog"],
            ("a tool for who works on the code", Operation),
        ),
    ];
    let is_headers = is_system && (name.ends_with("-dev") || name.ends_with("-devel"));
    find(if is_system { SYSTEM } else { PYTHON }, name).or_else(|| {
        is_headers.then_some((
            "headers are only in the stage that installs, where a package is compiled",
            Form,
        ))
    })
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

/// Why a service has no such key, or another value.
pub(super) fn key(name: &str) -> Option<Row> {
    let group = name.split('.').next().unwrap_or(name);
    const TABLE: &[(&[&str], Row)] = &[
        (
            &["container_name"],
            (
                "Compose names containers after the project: a fixed name stands in the way of a second one",
                Operation,
            ),
        ),
        (&["links"], ("services find each other by name in the networks they share", Form)),
        (&["expose"], ("services in one network reach every port of each other", Form)),
        (
            &["restart"],
            (
                "what is to stay up is restarted unless it is stopped, what runs to its end is not",
                Operation,
            ),
        ),
        (&["logging"], ("logs of every service are rotated, and kept by the engine", Operation)),
        (&["tty", "stdin_open"], ("it is for a terminal: the development overlay's", Form)),
        (&["working_dir"], ("everything starts in the directory of the code", Form)),
        (&["user"], ("the container has a user of its own", Operation)),
        (&["init"], ("init is true where a process needs it", Form)),
        (
            &["cpus", "deploy.resources.limits.cpus", "cpu_quota", "cpu_period", "cpuset"],
            ("CPU is shared and not limited: cpu_shares says who goes first", Operation),
        ),
        (
            &["deploy.resources.reservations.cpus"],
            ("CPU is shared and not set aside: cpu_shares says who goes first", Operation),
        ),
        (&["develop"], ("watching files is for development", Operation)),
        (&["pull_policy", "platform"], ("an image that is built here is not pulled", Operation)),
    ];
    find(TABLE, name).or_else(|| find(TABLE, group)).or_else(|| {
        let behaves = [
            "extra_hosts",
            "secrets",
            "configs",
            "devices",
            "cap_add",
            "privileged",
            "network_mode",
            "pid",
            "ipc",
            "sysctls",
            "dns",
            "volumes_from",
            "hostname",
            "runtime",
            "gpus",
            "profiles",
        ];
        behaves
            .contains(&group)
            .then_some(("dockwright's compose file does not say it for this service", Behaviour))
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

/// Why nginx's configuration says otherwise, or nothing.
pub(super) fn directive(name: &str) -> Option<Row> {
    const TABLE: &[(&[&str], Row)] = &[
        (
            &["http", "events", "server", "upstream"],
            ("blocks of dockwright's own configuration", Form),
        ),
        (
            &["user", "pid", "daemon"],
            ("nginx runs as a user without rights, in its container", Form),
        ),
        (
            &["listen"],
            (
                "in its container nginx listens above 1024, and the compose file publishes that port",
                Operation,
            ),
        ),
        (
            &["server_name"],
            ("deploy.domain says the name; without one nginx answers to every name", Operation),
        ),
        (
            &["access_log", "error_log", "log_format"],
            ("logs go to the container's output, in a format of dockwright's", Operation),
        ),
        (
            &["proxy_pass", "uwsgi_pass", "upstream_server"],
            (
                "requests go to the application's service, whose address is asked for again",
                Operation,
            ),
        ),
        (
            &["proxy_redirect"],
            ("the application is told the address that was asked for", Operation),
        ),
        (
            &[
                "sendfile",
                "tcp_nopush",
                "tcp_nodelay",
                "multi_accept",
                "use",
                "types_hash_max_size",
                "default_type",
                "include",
                "charset",
            ],
            ("nginx's own settings, of which dockwright writes what it needs", Form),
        ),
        (
            &[
                "gzip",
                "gzip_types",
                "gzip_disable",
                "gzip_vary",
                "gzip_proxied",
                "gzip_comp_level",
                "gzip_http_version",
                "gzip_buffers",
                "log_not_found",
                "server_tokens",
                "proxy_buffering",
                "proxy_buffers",
                "proxy_buffer_size",
                "client_body_buffer_size",
                "worker_processes",
                "worker_connections",
                "keepalive_requests",
                "open_file_cache",
                "accept_mutex",
                "resolver",
            ],
            (
                "how nginx does it, not what it answers: dockwright's configuration says what it needs of it",
                Operation,
            ),
        ),
        (&["alias", "root"], ("files are where nginx's image has them", Operation)),
        (
            &["proxy_set_header", "proxy_http_version"],
            ("the headers that dockwright's configuration sets", Operation),
        ),
    ];
    find(TABLE, name)
}
