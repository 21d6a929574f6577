//! What a finding says where only that, and not whether there is one, is in
//! question: cases `mild-…` of a rule are found, and weigh less than the rule does;
//! some cases have lines to write that fit their files.

use dockwright::lint::rules;

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

/// Code, case, what its help says, and what it does not say.
const HELP: &[(&str, &str, &str, &str)] = &[
    ("CO103", "fails-mounts", "no-new-privileges", "cap_drop"),
    ("CO106", "fails-gateway", "172.17.0.1", "services of the project"),
    ("CO113", "mild-explained", "cap_add", "Take the line out"),
    ("CO114", "fails-passes-on", "passes everything on", "Put a filter"),
    ("CO115", "mild-proxy", "host.docker.internal", "Take the line out"),
    ("CO118", "fails-moved", ":/database", "/var/lib"),
    ("CO126", "fails-path", "8001, timeout=3); c.request('GET', '/admin/')", "8000"),
    ("DF103", "fails-bash", "[\"/bin/bash\", \"-c\"", "CMD ."),
    ("DF105", "fails-digest", "@sha256:", ":VERSION"),
    ("DF109", "fails-alpine", "libpq for postgresql-dev", "libpq5"),
    ("DF109", "fails-virtual", "A stage before", "removes it"),
    ("DF113", "fails-repository", "compile requirements/prod.in -o", "--generate-hashes"),
    ("DF114", "fails-needed", "one RUN with the install below", "at the end of this RUN"),
    ("DF121", "fails-own-user", "chown whale /app.log", "10001"),
    ("DF121", "fails-own-user", "chmod 644 /app.log", "chmod 755"),
    ("CO105", "fails-mirror", "rabbitmq-diagnostics", "mysqladmin"),
    ("CO108", "fails-above", "Take this line out", "First COPY"),
    ("CO108", "fails-carried", "env_file: .env", "Take this line out"),
    ("CO108", "fails-carried", "a volume for media, which nginx reads", "Take this line out"),
    ("CO108", "mild-profile", "Give web volumes of its own", "compose file"),
    ("CO131", "fails-variable", "127.0.0.1:${", "5555:5555"),
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
    ("XF109", "fails-plain-example", "**/.env", "env-example"),
    ("XF116", "fails-other-port", "127.0.0.1:${PUBLIC_PORT:-8080}:8000", ":8000:8000"),
    ("XF120", "fails-variable", "PYTHON_VERSION: \"3.13\"", "python-version"),
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
