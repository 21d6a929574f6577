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
const HELP: [(&str, &str, &str, &str); 32] = [
    ("CO103", "fails-mounts", "no-new-privileges", "cap_drop"),
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
    ("CO113", "mild-explained", "cap_add", "Take the line out"),
    ("CO114", "fails-passes-on", "passes everything on", "Put a filter"),
    ("CO115", "mild-proxy", "host.docker.internal", "Take the line out"),
    ("CO118", "fails-moved", ":/database", "/var/lib"),
    ("CO126", "fails-path", "8001, timeout=3); c.request('GET', '/admin/')", "8000"),
    ("CO119", "fails", "pg_dumpall", "dump first"),
    ("CO129", "fails-mysql", "SYS_NICE", "name a profile"),
    ("CO129", "fails-profiler", "a compose file of its own", "needs none of them"),
    ("DF101", "fails-known-user", "USER 65534:65534", "10001"),
    ("DF101", "fails-writes-beside", "install -d -o 10001 -g 10001 /app/media", "DIRECTORY"),
    ("DF101", "fails-writes-beside", "/dev/null /app/error.log", "-d -o 10001 -g 10001 /app/error"),
    ("DF101", "fails-writes-beside", "CMD without uv run", "poetry run"),
    ("DF102", "fails-uwsgi", "create_connection", "HTTPConnection"),
    ("DF103", "fails-bash", "[\"/bin/bash\", \"-c\"", "CMD ."),
    ("DF105", "fails-digest", "@sha256:", ":VERSION"),
    ("DF109", "fails-alpine", "libpq for postgresql-dev", "libpq5"),
    ("DF109", "fails-virtual", "A stage before", "removes it"),
    ("DF113", "fails-repository", "compile requirements/prod.in -o", "--generate-hashes"),
    ("DF114", "fails-needed", "one RUN with the install below", "at the end of this RUN"),
    ("DF121", "fails-own-user", "chown whale /app.log", "10001"),
    ("DF133", "fails-included", "RUN pip install -r requirements/base.txt", "dev.txt"),
    ("DF133", "fails-twice", "in the uv sync before it", "Makefile"),
    ("DF133", "fails-tested", "Makefile runs its tests in the image", "RUN pip"),
    ("PY102", "fails-decided", "threads = 4", "workers"),
    ("PY102", "fails", "--workers 3 --threads 2: ", "workers = 3"),
    ("DF121", "fails-own-user", "chmod 644 /app.log", "chmod 755"),
];

#[test]
fn help_has_lines_that_fit_the_files() {
    let mut problems = Vec::new();
    for (code, name, has, lacks) in HELP {
        let rule = rules::ALL.iter().find(|rule| rule.code == code).unwrap();
        let case = cases(rule, name).remove(0);
        let copy = copied(&case);
        let (_, found) = found(rule, copy.path());
        let help = found.first().and_then(|own| own.help.clone()).unwrap_or_default();
        if !help.contains(has) || help.contains(lacks) {
            problems.push(format!("{code}/{name}: {help}"));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
