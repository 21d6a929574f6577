//! What a finding says where only that, and not whether there is one, is in
//! question: cases `mild-…` of a rule are found, and weigh less than the rule does;
//! some cases have lines to write that fit their files.

use dockwright::lint::{Grade, rules, weights};

use super::rules::{cases, copied, found};

#[test]
fn mild_cases_weigh_less_than_their_rule() {
    let mut problems = Vec::new();
    for rule in rules::ALL.iter() {
        for case in cases(rule, "mild") {
            let copy = copied(&case);
            let (_, found) = found(rule, copy.path());
            if found.is_empty() || found.iter().any(|own| own.severity >= rule.severity) {
                let said: Vec<_> = found.iter().map(|own| (own.severity, &own.message)).collect();
                problems.push(format!("{}: {said:?}", case.display()));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// What a page says of a rule's severity is what its cases have, all of them.
#[test]
fn a_finding_weighs_as_the_page_of_its_rule_says() {
    let mut problems = Vec::new();
    for rule in rules::ALL.iter() {
        let all = [vec![rule.severity], weights::others(rule)].concat();
        for case in cases(rule, "fails").into_iter().chain(cases(rule, "mild")) {
            let copy = copied(&case);
            let (_, found) = found(rule, copy.path());
            for own in found.iter().filter(|own| !all.contains(&own.severity)) {
                problems.push(format!("{}: {:?}", case.display(), own.severity));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// Code, case, what its help says, and what it does not say.
const HELP: &[(&str, &str, &str, &str)] = &[
    ("CO103", "fails-mounts", "no-new-privileges", "cap_drop"),
    ("CO103", "fails-swarm", "cap_drop", "privileges"),
    ("CO105", "fails-bitnami", "mongosh", "pg_isready"),
    ("CO105", "fails-library", "rabbitmq-diagnostics", "pg_isready"),
    ("CO106", "fails-alone", "127.0.0.1:5432", "services of the project"),
    ("CO106", "fails-localhost", "127.0.0.1:5432", "services of the project"),
    ("CO106", "fails-deployed", "127.0.0.1:${DB_PORT:-5432}:5432", "127.0.0.1:5432"),
    ("CO106", "fails-gateway", "172.17.0.1", "services of the project"),
    (
        "CO109",
        "fails-listed",
        "- DATABASE_URL=postgres://shop:${POSTGRES_PASSWORD:?set it in .env}@db:5432/shop",
        "DATABASE_URL: ",
    ),
    ("CO109", "fails-listed", "and .env into .gitignore", "which git ignores"),
    ("CO109", "fails-directory", "--env-file", "in .env,"),
    (
        "CO109",
        "fails-ignored",
        "in .env, which git ignores; a database that is there",
        ".gitignore",
    ),
    ("CO107", "fails-no-check", "and in db", "fails"),
    ("CO108", "fails-sqlite", "SQLite", "First COPY"),
    ("CO110", "fails-below", "postgres:17", "image: postgres:18"),
    ("CO110", "fails-once", ".RepoDigests", "exec"),
    ("CO110", "fails-proxy", "exec edge nginx -v", "--version"),
    ("CO113", "mild-explained", "cap_add", "Take the line out"),
    ("CO114", "fails-passes-on", "passes everything on", "Put a filter"),
    ("CO114", "fails-privileged", "privileged: true", "starts containers"),
    ("CO114", "fails-scheduler", "Take the line out", "filter"),
    ("CO114", "fails-starts", "a service of its own", "tecnativa"),
    ("CO115", "mild-proxy", "host.docker.internal", "Take the line out"),
    ("CO116", "fails-undeclared", "below the top-level volumes", "at the end of"),
    ("CO116", "fails-variable", "at the end of", "changeme"),
    ("CO118", "fails-moved", ":/database", "/var/lib"),
    ("CO118", "fails-other-path", ":/bitnami/postgresql", "/var/lib"),
    ("CO126", "fails-path", "8001, timeout=3); c.request('GET', '/admin/')", "8000"),
    ("CO119", "fails", "pg_dumpall", "dump first"),
    ("CO129", "fails-mysql", "SYS_NICE", "name a profile"),
    ("CO129", "fails-profiler", "a compose file of its own", "needs none of them"),
    ("DF101", "fails-known-user", "USER 65534:65534", "10001"),
    ("DF101", "fails-mounted", "chown -R 10001 .", "install -d"),
    ("DF101", "fails-writes-beside", "install -d -o 10001 -g 10001 /app/media", "DIRECTORY"),
    ("DF101", "fails-writes-beside", "/dev/null /app/error.log", "-d -o 10001 -g 10001 /app/error"),
    ("DF101", "fails-writes-beside", "CMD without uv run", "poetry run"),
    ("DF101", "fails-doubt-browser", "PLAYWRIGHT_BROWSERS_PATH=", "may write"),
    ("DF101", "fails-directory-outside", "install -d -o 10001 -g 10001 /data", "may write"),
    ("DF101", "fails-doubt-server", "/run/shop.pid", "may write"),
    ("DF104", "fails-builtin", "exec gunicorn", "command"),
    ("DF104", "fails-function", "exec gunicorn", "start"),
    ("DF104", "fails-half", "exec su app -c \"exec gunicorn", "exec exec"),
    ("DF104", "fails-keyword", "exec gunicorn", "time"),
    ("DF104", "fails-negated", "exec gunicorn", "!"),
    ("DF104", "fails-user", "exec su app -c \"exec gunicorn", "exec exec"),
    ("NG110", "fails-both", "Take this location out", "{"),
    ("DF102", "fails-uwsgi", "create_connection", "HTTPConnection"),
    ("CO127", "fails-ignored", "git add -f", "fails"),
    ("CO127", "fails-sample", "Commit .envs/.shop-sample with", "example"),
    ("DF103", "fails-bash", "[\"/bin/bash\", \"-c\"", "CMD ."),
    ("DF103", "fails-left-over", "ENTRYPOINT [\"/app/start.sh\"]", "bash"),
    ("DF103", "fails-reloads", "--die-on-term", "exec"),
    ("DF105", "fails-digest", "@sha256:", ":VERSION"),
    ("DF105", "fails-named", "FROM --platform=linux/arm64 python:3.14-slim AS web", "fails"),
    ("DF105", "fails-without-tags", "@sha256:", ":VERSION"),
    ("DF106", "fails-argument", "ARG PYTHON_VERSION=3.14-slim", "FROM"),
    ("DF109", "fails-alpine", "libpq for postgresql-dev", "libpq5"),
    ("DF109", "fails-builder", "The stage builder builds already", "/opt/venv"),
    ("DF109", "fails-virtual", "A stage before", "removes it"),
    ("DF113", "fails-python", "--python-version 3.9", "3.14"),
    (
        "DF113",
        "fails-repository",
        "compile requirements/prod.in --python-version 3.14 -o",
        "--generate-hashes",
    ),
    ("DF114", "fails-needed", "one RUN with the install below", "at the end of this RUN"),
    ("DF114", "fails-update-late", "one RUN with the install below", "at the end of this RUN"),
    ("DF119", "fails-version", "--checksum", "another file"),
    ("DF121", "fails-own-user", "chown whale /app.log", "10001"),
    ("DF133", "fails-included", "RUN pip install -r requirements/base.txt", "dev.txt"),
    ("DF133", "fails-twice", "in the uv sync before it", "Makefile"),
    ("DF133", "fails-tested", "Makefile runs its tests in the image", "RUN pip"),
    ("PY102", "fails-decided", "threads = 4", "workers"),
    ("PY102", "fails", "--workers 3 --threads 2  # for 1 CPU", "workers = 3"),
    ("DF121", "fails-own-user", "chmod 644 /app.log", "chmod 755"),
    ("CO105", "fails-mirror", "rabbitmq-diagnostics", "mysqladmin"),
    ("CO108", "fails-above", "Take this line out", "First COPY"),
    ("CO108", "fails-carried", "env_file: .env", "Take this line out"),
    ("CO108", "fails-carried", "a volume for media, which nginx reads", "Take this line out"),
    ("CO108", "mild-profile", "Give web volumes of its own", "compose file"),
    ("CO131", "fails-variable", "127.0.0.1:${", "5555:5555"),
    ("DF139", "fails-script", "take --reload out", "reload = False"),
    ("DF158", "fails-moved", "deploy/start.sh in place of start.sh", "Take"),
    ("NG102", "fails-django", "SECURE_PROXY_SSL_HEADER", "Referer"),
    ("PY103", "fails", "--max-requests 10000 --max-requests-jitter 1000", "max_requests ="),
    ("PY105", "fails-list", "--max-requests-jitter", "max_requests_jitter ="),
    ("PY107", "fails", "--worker-tmp-dir /dev/shm", "worker_tmp_dir ="),
    ("PY107", "fails-config", "worker_tmp_dir = \"/dev/shm\"", "--worker-tmp-dir"),
    ("PY108", "fails", "--timeout 60", "timeout ="),
    ("PY108", "fails-long", "timeout = 60", "--timeout"),
    ("PY111", "fails-named", "os.environ[\"DJANGO_SECRET_KEY\"]", "os.environ[\"SECRET_KEY\"]"),
    ("PY111", "fails-named", "RUN DJANGO_SECRET_KEY=build python manage.py", "export"),
    ("XF105", "fails-flag", "gunicorn: --timeout 50", "timeout ="),
    ("XF105", "mild-long", "proxy_read_timeout 610s", "gunicorn"),
    ("XF108", "mild-rehearsal", "**/idp.key", "certificates/local/idp.key\n"),
    ("XF108", "fails-folder", ".envs/web", "**/.env"),
    ("XF109", "fails-env-directory", "**/.env", "zzz"),
    ("XF128", "fails-named-so", "renamed", "in place of"),
    ("XF132", "fails-localhost", "renamed to postgres", "in place of"),
    ("XF109", "fails-plain-example", "**/.env", "env-example"),
    ("XF116", "fails-other-port", "127.0.0.1:${PUBLIC_PORT:-8080}:8000", ":8000:8000"),
    ("XF120", "fails-variable", "PYTHON_VERSION: \"3.13\"", "python-version"),
    ("DF132", "fails-not-copied", "COPY uv.lock", "uv sync --locked"),
    ("DF138", "fails-without-server", "gunicorn among the packages", "PROJECT"),
    ("DF145", "fails-environment", "POETRY_CACHE_DIR=/var/cache", "/root"),
    ("XF105", "fails-meant-elsewhere", "proxy_read_timeout 610s", "290"),
    ("XF109", "fails-sample", "**/.env", "zzz"),
    ("XF116", "fails-own-port", "127.0.0.1:8002:8080", "8000"),
    ("XF120", "fails-other-key", "image: cimg/python:3.13", "python-version"),
];

#[test]
fn help_has_lines_that_fit_the_files() {
    let mut problems = Vec::new();
    for &(code, name, has, lacks) in HELP {
        let rule = rules::ALL.iter().find(|rule| rule.code == code).unwrap();
        let of_name = |own: &std::path::PathBuf| own.file_name().is_some_and(|own| own == name);
        let case = cases(rule, name).into_iter().find(of_name).expect(name);
        let copy = copied(&case);
        let (_, found) = found(rule, copy.path());
        let help = found.first().and_then(|own| own.help.clone()).unwrap_or_default();
        if !help.contains(has) || help.contains(lacks) {
            problems.push(format!("{code}/{name}: {help}"));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// Code, cases, and what a fix of theirs is at most: where something speaks against
/// it, it is one to look at.
const GRADES: &[(&str, &str, Grade)] = &[
    ("DF101", "fails-doubt", Grade::Suggested),
    ("DF101", "fails-with-app", Grade::Checked),
    ("DF101", "fails-that-writes", Grade::Checked),
    ("DF101", "fails-directory-outside", Grade::Checked),
];

#[test]
fn fixes_weigh_as_much_as_is_known() {
    for &(code, name, grade) in GRADES {
        let rule = rules::ALL.iter().find(|rule| rule.code == code).unwrap();
        let all = cases(rule, name);
        assert!(!all.is_empty(), "{code}/{name}");
        for case in all {
            let copy = copied(&case);
            let (_, found) = found(rule, copy.path());
            let own: Vec<Grade> =
                found.iter().filter_map(|own| own.fix.as_ref()).map(|own| own.grade).collect();
            assert_eq!(own, [grade], "{}: {:?}", case.display(), found[0].help);
        }
    }
}
