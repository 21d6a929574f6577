//! The figures of `src/catalog/data/{memory,frameworks}.toml`, measured again: `tests/live/measure.sh`.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use crate::memory;
use crate::support::docker;
use crate::support::stack::{Stack, read};
use crate::support::usage::{self, Usage};

const SECONDS: u64 = 20;

type Settings = &'static [(&'static str, &'static str)];

const DB: (&str, &str) = ("stack.database", "postgres");
const NO_DB: (&str, &str) = ("stack.database", "none");
const CACHE: (&str, &str) = ("stack.cache", "redis");
const NGINX: (&str, &str) = ("stack.proxy", "nginx");
const BEAT: (&str, &str) = ("stack.beat", "true");
const ONE: (&str, &str) = ("tune.web.workers", "1");
const TWO: (&str, &str) = ("tune.web.workers", "2");
const STARLETTE: (&str, &str) = ("stack.framework", "starlette");
const LITESTAR: (&str, &str) = ("stack.framework", "litestar");
const FLASK: (&str, &str) = ("stack.framework", "flask");
const DJANGO: (&str, &str) = ("stack.framework", "django");
const GUNICORN: (&str, &str) = ("stack.server", "gunicorn");

/// What is started and loaded: a name, the preset, what is set.
const SUBJECTS: &[(&str, &str, Settings)] = &[
    ("fastapi", "fastapi-uvicorn", &[ONE]),
    ("fastapi, two processes", "fastapi-uvicorn", &[TWO]),
    ("fastapi, database", "fastapi-uvicorn", &[ONE, DB]),
    ("fastapi, cache", "fastapi-uvicorn", &[ONE, CACHE]),
    ("fastapi, celery", "celery-postgres-redis", &[ONE, NO_DB, BEAT]),
    ("fastapi, celery, database, cache", "celery-postgres-redis", &[ONE, CACHE]),
    ("fastapi, database, gunicorn", "fastapi-gunicorn", &[TWO, DB]),
    ("starlette", "fastapi-uvicorn", &[ONE, STARLETTE]),
    ("starlette, database", "fastapi-uvicorn", &[ONE, STARLETTE, DB]),
    ("starlette, celery, database, cache", "celery-postgres-redis", &[ONE, STARLETTE, CACHE]),
    ("litestar", "fastapi-uvicorn", &[ONE, LITESTAR]),
    ("litestar, database", "fastapi-uvicorn", &[ONE, LITESTAR, DB]),
    ("litestar, celery, database, cache", "celery-postgres-redis", &[ONE, LITESTAR, CACHE]),
    ("flask", "fastapi-gunicorn", &[ONE, FLASK, GUNICORN]),
    ("flask, database", "fastapi-gunicorn", &[ONE, FLASK, GUNICORN, DB]),
    ("flask, database, two processes", "fastapi-gunicorn", &[TWO, FLASK, GUNICORN, DB]),
    ("flask, cache", "fastapi-gunicorn", &[ONE, FLASK, GUNICORN, CACHE]),
    ("flask, celery", "celery-postgres-redis", &[ONE, FLASK, GUNICORN, NO_DB, BEAT]),
    ("django, database", "django-nginx", &[ONE]),
    ("django, database, two processes", "django-nginx", &[TWO]),
    ("django, database, cache", "django-nginx", &[ONE, CACHE]),
    ("django, database, celery", "celery-postgres-redis", &[ONE, DJANGO, GUNICORN, NGINX]),
    ("onnxruntime", "ml-server", &[ONE]),
    ("scikit-learn", "ml-server", &[ONE, ("model.runtime", "scikit-learn")]),
];

/// In place of a kind of process: all that the container takes.
const CONTAINER: &str = "container";

/// One kind of process of a subject: its name, the service, the kind.
type Process = (&'static str, &'static str, &'static str);

/// A figure of the table `[process]`: a process, less another one.
const FIGURES: &[(&str, Process, Option<Process>)] = &[
    ("fastapi", FASTAPI, None),
    ("flask", FLASK_CHILD, None),
    ("database-fastapi", ("fastapi, database", "web", "uvicorn"), Some(FASTAPI)),
    ("database-flask", ("flask, database", "web", "gunicorn child"), Some(FLASK_CHILD)),
    ("starlette", ("starlette", "web", "uvicorn"), None),
    ("litestar", ("litestar", "web", "uvicorn"), None),
    (
        "database-starlette",
        ("starlette, database", "web", "uvicorn"),
        Some(("starlette", "web", "uvicorn")),
    ),
    (
        "database-litestar",
        ("litestar, database", "web", "uvicorn"),
        Some(("litestar", "web", "uvicorn")),
    ),
    ("redis", ("fastapi, cache", "web", "uvicorn"), Some(FASTAPI)),
    ("redis", ("flask, cache", "web", "gunicorn child"), Some(FLASK_CHILD)),
    ("redis", ("django, database, cache", "web", "gunicorn child"), Some(DJANGO_CHILD)),
    ("celery", ("fastapi, celery", "web", "uvicorn"), Some(FASTAPI)),
    ("celery", ("flask, celery", "web", "gunicorn child"), Some(FLASK_CHILD)),
    ("celery", ("django, database, celery", "web", "gunicorn child"), Some(DJANGO_CHILD)),
    ("onnxruntime", ("onnxruntime", "web", "uvicorn"), Some(FASTAPI)),
    ("scikit-learn", ("scikit-learn", "web", "uvicorn"), Some(FASTAPI)),
    ("gunicorn", ("fastapi, database, gunicorn", "web", "gunicorn"), None),
    // What the container takes beside one worker as it is counted.
    (
        "gunicorn-preload",
        ("flask, database", "web", CONTAINER),
        Some(("flask, database", "web", "gunicorn child")),
    ),
    (
        "gunicorn-preload",
        ("django, database, celery", "web", CONTAINER),
        Some(("django, database, celery", "web", "gunicorn child")),
    ),
    ("uvicorn", ("fastapi, two processes", "web", "uvicorn"), None),
    ("celery-main-fastapi", ("fastapi, celery, database, cache", "worker", "celery"), None),
    ("celery-child-fastapi", ("fastapi, celery, database, cache", "worker", "celery child"), None),
    ("celery-beat-fastapi", ("fastapi, celery, database, cache", "beat", "celery"), None),
    ("celery-main-starlette", ("starlette, celery, database, cache", "worker", "celery"), None),
    (
        "celery-child-starlette",
        ("starlette, celery, database, cache", "worker", "celery child"),
        None,
    ),
    ("celery-beat-starlette", ("starlette, celery, database, cache", "beat", "celery"), None),
    ("celery-main-litestar", ("litestar, celery, database, cache", "worker", "celery"), None),
    (
        "celery-child-litestar",
        ("litestar, celery, database, cache", "worker", "celery child"),
        None,
    ),
    ("celery-beat-litestar", ("litestar, celery, database, cache", "beat", "celery"), None),
    ("celery-main-flask", ("flask, celery", "worker", "celery"), None),
    ("celery-child-flask", ("flask, celery", "worker", "celery child"), None),
    ("celery-beat-flask", ("flask, celery", "beat", "celery"), None),
    ("celery-main-django", ("django, database, celery", "worker", "celery"), None),
    ("celery-child-django", ("django, database, celery", "worker", "celery child"), None),
    ("celery-beat-django", ("django, database, celery", "beat", "celery"), None),
];
const FASTAPI: Process = ("fastapi", "web", "uvicorn");
const FLASK_CHILD: Process = ("flask", "web", "gunicorn child");
const DJANGO_CHILD: Process = ("django, database", "web", "gunicorn child");

#[test]
#[ignore = "takes a quarter of an hour and is a report: tests/live/measure.sh runs it"]
fn measure() {
    let only = std::env::var("DOCKWRIGHT_LIVE_MEASURE").unwrap_or_default();
    let mut measured = BTreeMap::new();
    for (name, preset, settings) in SUBJECTS.iter().filter(|subject| subject.0.contains(&only)) {
        let blueprint = settings
            .iter()
            .fold(Stack::of(preset), |blueprint, (key, value)| blueprint.set(key, value));
        let stack = blueprint.start();
        let usage = memory::load(&stack, SECONDS);
        report(name, &stack, &usage);
        measured.insert(*name, usage);
    }
    compare(&measured);
}

fn report(name: &str, stack: &Stack, usage: &Usage) {
    println!("\n{name}");
    for ((service, kind), (resident, count)) in &usage.resident {
        println!("  {service:8} {kind:24} {resident:6.1} MiB resident, {count} at once");
    }
    for container in stack.containers() {
        let service = container.service.as_str();
        let limit = stack.planned(&format!("{service}.memory"));
        if let Some(used) = usage.working_set.get(service) {
            let high = usage::high_water(&container);
            let own = usage::anonymous(&container);
            println!(
                "  {service:8} working set {used:.1} MiB, anonymous {own:.1}, with page cache {high:.1}, limit {limit}"
            );
        } else {
            println!(
                "  {service:8} at most {:.1} MiB with page cache, limit {limit}",
                migration(stack)
            );
        }
    }
}

/// The most that the one-shot container takes: it is run once more, and tells before it ends.
fn migration(stack: &Stack) -> f64 {
    let container = stack.container("migrate");
    let words = container.fact("/Config/Cmd").as_array().expect("it has a command");
    let words: Vec<&str> = words.iter().filter_map(|word| word.as_str()).collect();
    let script = format!("{} >&2; {}", words.join(" "), usage::READ_HIGH_WATER);
    let arguments = ["run", "--rm", "--no-deps", "migrate", "sh", "-c", &script];
    let output = docker::run(&mut stack.compose_command(&arguments), Duration::from_secs(60));
    usage::parse_high_water(&output.expect_success())
}

fn compare(measured: &BTreeMap<&str, Usage>) {
    let table = |name: &str| -> toml::Table {
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/catalog/data").join(name);
        read(&data).parse().expect("the table is TOML")
    };
    let mut known = table("memory.toml")["process"].as_table().expect("a table").clone();
    for framework in table("frameworks.toml")["framework"].as_array().expect("rows") {
        let word = framework["word"].as_str().expect("a word");
        for (figure, value) in framework["memory"].as_table().expect("a table") {
            let name = match figure.as_str() {
                "process" => word.to_owned(),
                figure => format!("{figure}-{word}"),
            };
            known.insert(name, value.clone());
        }
    }
    let resident = |(name, service, kind): Process| {
        let usage: &Usage = measured.get(name)?;
        if kind == CONTAINER {
            return usage.working_set.get(service).copied();
        }
        Some(usage.resident.get(&(service.to_owned(), kind.to_owned()))?.0)
    };
    println!("\n{:18} {:>8} {:>8}", "[process]", "measured", "table");
    for (figure, process, less) in FIGURES {
        let base = less.map_or(Some(0.0), resident);
        let (Some(value), Some(base)) = (resident(*process), base) else {
            println!("{figure:18} {:>8}  {} {}: not seen", "-", process.0, process.1);
            continue;
        };
        let value = value - base;
        let table = known[*figure].as_integer().expect("a number");
        let note = if value > table as f64 { "  more than the table says" } else { "" };
        println!("{figure:18} {value:8.1} {table:8}  {} {}{note}", process.0, process.1);
    }
}
