//! What a command line does, by its words. Compose files wrap commands in
//! shells, scripts and waits, so that words are surer than positions.

/// What a command does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Serves the web application.
    Web,
    /// A Celery worker.
    Worker,
    /// Celery's scheduler.
    Beat,
    /// Migrates the database and ends.
    Migrate,
    /// Something else of the application: another queue, flower, a shell.
    Else,
    /// Nothing can be told.
    Unknown,
}

const SERVERS: [&str; 12] = [
    "gunicorn",
    "uvicorn",
    "hypercorn",
    "daphne",
    "granian",
    "waitress-serve",
    "uwsgi",
    "runserver",
    "runserver_plus",
    "mod_wsgi-express",
    "cheroot",
    "gunicorn.conf.py",
];
/// Programs that end by themselves or serve something else.
const OTHERS: [&str; 21] = [
    "flower",
    "rq",
    "rqworker",
    "rqscheduler",
    "arq",
    "dramatiq",
    "huey",
    "run_huey",
    "qcluster",
    "taskiq",
    "procrastinate",
    "pytest",
    "jupyter",
    "mkdocs",
    "sphinx",
    "streamlit",
    "cron",
    "supercronic",
    "collectstatic",
    "shell",
    "locust",
];

/// What a command line does.
#[must_use]
pub fn work(command: &str) -> Work {
    let words = words(command);
    let has = |word: &str| words.iter().any(|own| own == word);
    let pair = |one: &str, two: &str| {
        words.iter().zip(words.iter().skip(1)).any(|(first, second)| first == one && second == two)
    };
    let celery = words.iter().any(|word| word.contains("celery"));
    let part = |name: &str| words.iter().any(|word| word.contains(name));
    if celery && part("flower") || has("flower") {
        Work::Else
    } else if celery && part("beat") && (has("beat") || !has("worker")) {
        Work::Beat
    } else if celery && part("worker") {
        Work::Worker
    } else if words.iter().any(|word| SERVERS.contains(&word.as_str()))
        || pair("flask", "run")
        || pair("fastapi", "run")
        || pair("fastapi", "dev")
        || pair("litestar", "run")
        || pair("sanic", "server")
    {
        Work::Web
    } else if has("migrate")
        || pair("alembic", "upgrade")
        || pair("db", "upgrade")
        || pair("aerich", "upgrade")
    {
        Work::Migrate
    } else if words.iter().any(|word| OTHERS.contains(&word.as_str())) {
        Work::Else
    } else {
        Work::Unknown
    }
}

/// The words of a command line: programs without their directory, shell
/// syntax taken off.
#[must_use]
pub fn words(command: &str) -> Vec<String> {
    command
        .split(|c: char| c.is_whitespace() || "&|;()'\"\\`,[]".contains(c))
        .filter(|word| !word.is_empty())
        .map(|word| {
            let name =
                if word.contains("://") { word } else { word.rsplit('/').next().unwrap_or(word) };
            name.to_ascii_lowercase()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_told_apart_by_what_they_do() {
        for (command, expected) in [
            ("gunicorn shop.wsgi -b 0.0.0.0:8000", Work::Web),
            (
                "sh -c 'python manage.py migrate && python manage.py runserver 0.0.0.0:8000'",
                Work::Web,
            ),
            ("bash -c \"alembic upgrade head && uvicorn app.main:app --reload\"", Work::Web),
            ("flask --debug run", Work::Unknown),
            ("flask run --host 0.0.0.0", Work::Web),
            ("fastapi dev --port 80", Work::Web),
            ("celery -A proj worker -l info", Work::Worker),
            ("celery --app=proj.celery worker -B", Work::Worker),
            ("celery -A proj beat --schedule /tmp/worker-beat", Work::Beat),
            ("celery -A proj --broker=redis://redis/0 flower", Work::Else),
            ("/start-celeryworker", Work::Worker),
            ("/start-celerybeat", Work::Beat),
            ("/start-flower", Work::Unknown),
            ("python manage.py migrate --noinput", Work::Migrate),
            ("alembic upgrade head", Work::Migrate),
            ("rq worker --url redis://redis:6379", Work::Else),
            ("python manage.py qcluster", Work::Else),
            ("/start", Work::Unknown),
            ("", Work::Unknown),
        ] {
            assert_eq!(work(command), expected, "{command}");
        }
    }
}
