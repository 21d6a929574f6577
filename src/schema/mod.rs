//! The one table of keys. It drives `--set`, `dockwright.toml`, the questions
//! and their validation, `dockwright schema`, and the documentation.

pub mod address;
pub mod entries;
pub mod numbers;
pub mod ownership;
pub mod quantity;
pub mod role;
pub mod thresholds;
pub mod value;
pub mod writable;

use std::sync::LazyLock;

use crate::catalog::{Framework, Server};
use crate::error::Problem;
use address::Use;
pub use ownership::Ownership;
pub use role::Role;
use value::Kind;

/// A key of `dockwright.toml` and `--set`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Full name, `table.key`.
    pub name: String,
    /// How its value is read.
    pub kind: Kind,
    /// The built-in default as text; empty where the default is derived.
    pub default: &'static str,
    /// What it is and why one would change it, in one line.
    pub doc: &'static str,
    /// Whether it keeps its first value until somebody asks for another.
    pub sticky: bool,
}

struct Row(&'static str, Kind, &'static str, &'static str);

/// Python versions the package data holds a resolution for.
pub const PYTHONS: [&str; 4] = ["3.11", "3.12", "3.13", "3.14"];

/// Python versions that adopted code may run on: the skeleton's, and older
/// ones that a repository may still need.
pub const ADOPTED_PYTHONS: [&str; 9] =
    ["3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14"];

/// Model runtimes.
pub const RUNTIMES: [&str; 6] =
    ["none", "onnxruntime", "scikit-learn", "torch", "transformers", "ultralytics"];

static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let mut rows = vec![
        Row(
            "project.name",
            Kind::Label,
            "",
            "Names the Compose project, the image and the database.",
        ),
        Row(
            "project.python",
            Kind::Choice(&ADOPTED_PYTHONS),
            "3.14",
            "Python's minor version: base image and locked packages follow it.",
        ),
        Row(
            "project.package-manager",
            Kind::Choice(&[
                "pip",
                "uv",
                "poetry",
                "pdm",
                "pipenv",
                "pyproject",
                "setuptools",
                "conda",
            ]),
            "pip",
            "What owns the lock file; pip means requirements files, and the last three are for code without a lock.",
        ),
        Row(
            "project.app",
            Kind::Object,
            "",
            "Code that is already there: the object that is served, or `__main__` for a file that starts its own server. Without it a new service is written.",
        ),
        Row(
            "project.factory",
            Kind::Bool,
            "false",
            "Whether project.app is a function that makes the application.",
        ),
        Row("project.root", Kind::Directory, ".", "The directory that modules are imported from."),
        Row(
            "project.build-context",
            Kind::Directory,
            ".",
            "The directory an image is built from: it holds project.root and the lock file.",
        ),
        Row("project.settings", Kind::Module, "", "Django's settings module for production."),
        Row(
            "project.dependency-files",
            Kind::Paths,
            "",
            "What packages are installed from, the lock first.",
        ),
        Row(
            "project.packages-until",
            Kind::Moment,
            "",
            "Packages that no lock pins are taken as they were then: the day the pinned ones were written down; empty for the newest.",
        ),
        Row(
            "project.health",
            Kind::Route,
            "",
            "Route that answers while the process is alive; empty for a weaker probe.",
        ),
        Row(
            "project.ready",
            Kind::Route,
            "",
            "Route that answers 503 while something the service needs is not there.",
        ),
        Row(
            "project.tests",
            Kind::CommandLine,
            "",
            "Code that is already there: the command that runs its tests in the pipeline, like `uv run pytest`, in a shell at the top of the repository.",
        ),
        Row(
            "project.writable",
            Kind::Writable,
            "",
            "Paths the code writes to, below the build context or absolute: each gets a volume, or with :tmpfs behind it, memory.",
        ),
        Row(
            "project.port",
            Kind::Count(1, 65535),
            "8000",
            "Port on the host where the service is published.",
        ),
        Row(
            "stack.framework",
            Kind::Choice(Framework::words()),
            Framework::words()[0],
            "The web framework.",
        ),
        Row(
            "stack.server",
            Kind::Choice(Server::words()),
            Server::words()[0],
            "What runs the application: uvicorn alone, gunicorn supervising uvicorn workers, gunicorn (WSGI), or for code that is already there gunicorn with aiohttp's workers, or the server that it starts itself.",
        ),
        Row(
            "stack.proxy",
            Kind::Choice(&["none", "nginx"]),
            "none",
            "nginx in front buffers slow clients and serves static files.",
        ),
        Row(
            "stack.database",
            Kind::Choice(&["none", "postgres", "external", "container"]),
            "none",
            "A PostgreSQL container, a database that is managed elsewhere, for code that is already there a container of the other kind that it speaks, or none.",
        ),
        Row(
            "stack.cache",
            Kind::Choice(&["none", "redis"]),
            "none",
            "A Redis that may forget; separate from the broker, which must not.",
        ),
        Row(
            "stack.broker",
            Kind::Choice(&["none", "redis", "external", "container"]),
            "none",
            "A Redis that keeps queued tasks: it never evicts, and it persists. external is managed elsewhere; container is a RabbitMQ, for code that is already there.",
        ),
        Row(
            "stack.worker",
            Kind::Choice(&["none", "celery"]),
            "none",
            "Celery runs tasks outside the request.",
        ),
        Row(
            "stack.beat",
            Kind::Bool,
            "false",
            "Celery's scheduler for periodic tasks; runs exactly once.",
        ),
        Row(
            "stack.celery-app",
            Kind::Module,
            "",
            "Code that is already there: what celery's --app takes, like shop.celery:app.",
        ),
        Row(
            "stack.migrations",
            Kind::Choice(&["none", "django", "alembic", "flask-migrate", "aerich"]),
            "none",
            "Code that is already there: what brings the database's schema up to date.",
        ),
        Row("model.runtime", Kind::Choice(&RUNTIMES), "none", "What loads and runs the model."),
        Row(
            "model.path",
            Kind::Path,
            "",
            "The model in the repository; empty means the runtime's usual name in models/.",
        ),
        Row(
            "model.delivery",
            Kind::Choice(&["mount", "bake"]),
            "mount",
            "Mounted read-only (large or often changed), or baked into the image with its checksum.",
        ),
        Row(
            "deploy.target",
            Kind::Words(&["compose", "kubernetes", "ecs"]),
            "compose",
            "Where it runs: Compose on a host, Kubernetes (Kustomize), ECS on Fargate, or several of them: Compose is for development then.",
        ),
        Row(
            "deploy.load",
            Kind::Count(1, 1_000_000),
            "50",
            "Requests a second at the busiest time; the number of pods or tasks follows from it.",
        ),
        Row(
            "deploy.pod-cpus",
            Kind::Cpus,
            "0.5",
            "CPU that one pod or task of the application is guaranteed; one that loads a model has at least 1.",
        ),
        Row(
            "deploy.pod-memory",
            Kind::Memory,
            "1GiB",
            "Memory that one pod or task of the application has at most; less where more would not help it.",
        ),
        Row(
            "deploy.architecture",
            Kind::Choice(&["amd64", "arm64"]),
            "amd64",
            "Processor of the tasks on ECS; the image has to be built for it.",
        ),
        Row("deploy.cpus", Kind::Cpus, "2", "CPUs of the machine or task that everything shares."),
        Row(
            "deploy.memory",
            Kind::Memory,
            "4GiB",
            "Memory of the machine or task that everything shares.",
        ),
        Row(
            "deploy.budget",
            Kind::Choice(&["host", "task"]),
            "host",
            "A host keeps a reserve for its system; a task's memory is all yours.",
        ),
        Row(
            "deploy.domain",
            Kind::Hostname,
            "",
            "The public host name; nginx and Django answer to it and refuse others.",
        ),
        Row(
            "deploy.bind",
            Kind::Address,
            "127.0.0.1",
            "Where the port is published; a published port bypasses the host's firewall.",
        ),
        Row(
            "deploy.trusted-proxies",
            Kind::Proxies,
            "",
            "Whose X-Forwarded-* headers are believed: none, host (a proxy on this host ends TLS; what a loopback bind has by default), or the networks of proxies.",
        ),
        Row(
            "deploy.hardening",
            Kind::Choice(&["strict", "safe"]),
            "strict",
            "strict makes the root file system of the application read-only; safe does not.",
        ),
        Row(
            "deploy.ci",
            Kind::Choice(&["none", "github", "gitlab"]),
            "none",
            "A pipeline that tests, builds, scans, signs and deploys, in files of its own; it pushes to images.repository.",
        ),
        Row(
            "images.registry",
            Kind::Registry,
            "",
            "Prefix for every image, for a mirror or a private registry.",
        ),
        Row(
            "images.repository",
            Kind::Repository,
            "",
            "Where the application's image is pushed and pulled, like registry.example.com/team/shop; nginx's own stands beside it with -nginx behind the name. Empty builds on the host, and asks no registry.",
        ),
        Row(
            "images.digests",
            Kind::Bool,
            "false",
            "Writes every image as image:tag@sha256:…, by the digest that `dockwright update --fetch` asked its registry for: nothing moves by itself, and a bot raises tag and digest together.",
        ),
        Row(
            "images.python",
            Kind::Image,
            "",
            "Base image of the application; empty means the one that fits project.python.",
        ),
        Row("images.uv", Kind::Image, "", "Image the uv binary is copied from."),
        Row(
            "images.postgres",
            Kind::Image,
            "",
            "PostgreSQL; its major version stays until you change it.",
        ),
        Row("images.redis", Kind::Image, "", "Redis for broker and cache."),
        Row("images.nginx", Kind::Image, "", "nginx."),
        Row(
            "images.dockerfile-syntax",
            Kind::Frontend,
            "",
            "Adds a `# syntax=` line; empty saves a pull and keeps air-gapped builds working.",
        ),
        Row(
            "network.index",
            Kind::Url(Use::Index),
            "",
            "Where Python packages come from in place of PyPI, like https://pypi.example.com/simple; only the build sees it.",
        ),
        Row(
            "network.extra-index",
            Kind::Urls(Use::Index),
            "",
            "Indexes asked before network.index: a package that one of them has is taken from nowhere else.",
        ),
        Row(
            "network.index-auth",
            Kind::Choice(&["none", "secret"]),
            "none",
            "secret mounts a netrc file, outside of the repository, while packages are fetched: it is in no layer.",
        ),
        Row(
            "network.http-proxy",
            Kind::Url(Use::Proxy),
            "",
            "Proxy for http:// of builds and of the application; its health checks and databases go past it.",
        ),
        Row("network.https-proxy", Kind::Url(Use::Proxy), "", "The same for https://."),
        Row(
            "network.no-proxy",
            Kind::Hosts,
            "",
            "Hosts that are reached without the proxy, beside localhost and this stack's own services.",
        ),
        Row(
            "network.ca",
            Kind::File,
            "",
            "PEM bundle of your certificate authorities in the repository: builds and the application trust it beside the usual ones.",
        ),
        Row(
            "network.apt-mirror",
            Kind::Url(Use::Mirror),
            "",
            "Host of Debian packages in place of the base image's own: it has debian/ and debian-security/.",
        ),
    ];
    let thresholds = thresholds::THRESHOLDS.iter();
    rows.extend(thresholds.map(|row| Row(row.key, row.kind, row.default, row.why)));
    rows
});

/// Keys that keep their first value until asked otherwise.
const STICKY: &[&str] =
    &["project.name", "project.python", "images.postgres", "images.redis", "images.python"];

/// Keys that only adopted code has.
const ADOPTED: &[&str] = &[
    "project.app",
    "project.factory",
    "project.root",
    "project.build-context",
    "project.settings",
    "project.dependency-files",
    "project.packages-until",
    "project.health",
    "project.ready",
    "project.tests",
    "stack.celery-app",
    "stack.migrations",
];

/// Whether a key is about code that was there before; a new service has its
/// own.
#[must_use]
pub fn is_for_adopted(key: &str) -> bool {
    ADOPTED.contains(&key)
}

/// The words of a choice that a new service takes.
#[must_use]
pub fn new_words(key: &str) -> Vec<&'static str> {
    match find(key).map(|field| field.kind) {
        Some(Kind::Choice(words)) => {
            words.iter().copied().filter(|word| !is_word_for_adopted(key, word)).collect()
        }
        _ => Vec::new(),
    }
}

/// Whether a word of a choice is for adopted code alone.
#[must_use]
pub fn is_word_for_adopted(key: &str, word: &str) -> bool {
    match key {
        "project.python" => !PYTHONS.contains(&word),
        "project.package-manager" => matches!(word, "pyproject" | "setuptools" | "conda"),
        "stack.broker" => matches!(word, "external" | "container"),
        "stack.database" => word == "container",
        "stack.server" => Server::find(word).is_some_and(|server| server.is_for_adopted()),
        _ => false,
    }
}

/// Output policies a `files."path"` key takes.
pub const FILE_POLICIES: &[&str] = &["managed", "merge", "seed", "append", "off"];

fn field(row: &Row) -> Field {
    Field {
        name: row.0.to_owned(),
        kind: row.1,
        default: row.2,
        doc: row.3,
        sticky: STICKY.contains(&row.0),
    }
}

/// The fixed keys, in the order documentation shows them.
pub fn fields() -> impl Iterator<Item = Field> {
    ROWS.iter().map(field)
}

/// The keys of `[services]`, one for each role.
pub fn service_fields() -> impl Iterator<Item = Field> {
    Role::ALL.into_iter().map(|role| Field {
        name: format!("services.{}", role.name()),
        kind: Kind::Service,
        default: role.name(),
        doc: "Name of this service in the compose file.",
        sticky: true,
    })
}

/// The keys of `[tune.*]`: every planned number can be pinned.
pub fn tune_fields() -> impl Iterator<Item = Field> {
    numbers::all().map(|key| Field {
        name: format!("tune.{}", key.name()),
        kind: key.row.unit.kind(),
        default: "",
        doc: key.row.doc,
        sticky: false,
    })
}

/// Keys that have a second spelling, and the one that they are known by.
const SPELLINGS: [(&str, &str); 1] = [("deploy.targets", "deploy.target")];

/// The name that a key is known by.
#[must_use]
pub fn known_as(name: &str) -> &str {
    SPELLINGS.iter().find(|(other, _)| *other == name).map_or(name, |(_, known)| known)
}

/// The second spelling of a key.
#[must_use]
pub fn other_spelling(key: &str) -> Option<&'static str> {
    SPELLINGS.iter().find(|(_, known)| *known == key).map(|(other, _)| *other)
}

/// The field of a key, whatever table it is in; `None` for an unknown key.
#[must_use]
pub fn find(name: &str) -> Option<Field> {
    if let Some(row) = ROWS.iter().find(|row| row.0 == name) {
        return Some(field(row));
    }
    if name.strip_prefix("files.").is_some_and(|path| !path.is_empty()) {
        return Some(Field {
            name: name.to_owned(),
            kind: Kind::Choice(FILE_POLICIES),
            default: "",
            doc: "How dockwright treats this output, or off to leave it out.",
            sticky: false,
        });
    }
    let mut families = service_fields().chain(tune_fields());
    families.find(|field| field.name == name)
}

/// Where a key stands in documentation and files: fixed keys first, in their
/// order, then the families.
#[must_use]
pub fn position(name: &str) -> (usize, String) {
    let fixed = ROWS.iter().position(|row| row.0 == name);
    let family =
        ["services.", "tune.", "files."].iter().position(|prefix| name.starts_with(prefix));
    (fixed.unwrap_or(ROWS.len() + family.unwrap_or(0)), name.to_owned())
}

/// What to say of a key that is none.
#[must_use]
pub fn unknown(name: &str) -> Problem {
    let help = match nearest(name) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`dockwright schema config` lists every key".into(),
    };
    Problem::new(format!("unknown key `{name}`")).help(help)
}

/// Names near an unknown key, for "did you mean".
#[must_use]
pub fn nearest(name: &str) -> Option<String> {
    let names: Vec<String> =
        fields().chain(service_fields()).chain(tune_fields()).map(|field| field.name).collect();
    if let Some(near) = crate::error::nearest(name, names.iter().map(String::as_str)) {
        return Some(near.to_owned());
    }
    // `database` or `web.workers` alone: the table was left out.
    let suffix = format!(".{name}");
    names.into_iter().find(|full| full.ends_with(&suffix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_valid_for_its_own_key() {
        for field in fields().filter(|field| !field.default.is_empty()) {
            assert!(field.kind.read(field.default).is_ok(), "{}", field.name);
        }
    }

    #[test]
    fn every_key_is_found_by_its_name() {
        for field in fields().chain(service_fields()).chain(tune_fields()) {
            assert_eq!(find(&field.name).map(|found| found.name), Some(field.name));
        }
    }

    #[test]
    fn a_key_without_its_table_is_recognised() {
        assert_eq!(nearest("database").as_deref(), Some("stack.database"));
        assert_eq!(nearest("web.workers").as_deref(), Some("tune.web.workers"));
        assert_eq!(nearest("stack.databse").as_deref(), Some("stack.database"));
    }
}
