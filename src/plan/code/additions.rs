//! What the image gets beside the project's own packages: the server and what old
//! packages take for granted. It follows what is installed, and never raises it.

use pep508_rs::pep440_rs::Version;

use crate::answers::adopted::Adopted;
use crate::catalog::releases;
use crate::plan::shape::Shape;

/// From this release on uvicorn's worker for gunicorn is a package of its own.
const OWN_WORKER: &str = "0.30";

/// Servers, of which one is planned.
const SERVERS: [&str; 7] =
    ["gunicorn", "uvicorn", "hypercorn", "daphne", "granian", "waitress", "uwsgi"];

/// The worker class of an uvicorn that still brings its own, and why.
#[must_use]
pub fn old_worker_class(shape: &Shape) -> Option<(&'static str, &'static str)> {
    let adopted = shape.answers.adopted.as_ref()?;
    let asgi = shape.application().server.is_asgi();
    (asgi && brings_worker(adopted)).then_some((
        "uvicorn.workers.UvicornWorker",
        "the locked uvicorn is older than 0.30 and brings its worker along",
    ))
}

fn brings_worker(adopted: &Adopted) -> bool {
    let derived = &adopted.derived;
    derived.installs.versions.contains_key("uvicorn")
        && !derived.is_at_least("uvicorn", OWN_WORKER)
        && !derived.installs("uvicorn-worker")
}

/// Packages of the server that the project does not install itself. Each is at most the
/// newest release that is known here: what is installed decides which one fits.
pub fn of(shape: &Shape, adopted: &Adopted) -> Vec<String> {
    let python = &shape.answers.python;
    let wanted = super::server::packages(shape, adopted);
    let wanted =
        wanted.into_iter().filter(|name| *name != "uvicorn-worker" || !brings_worker(adopted));
    let is_beside = !super::install::beside(shape, adopted).is_empty();
    let old = super::install::lacks_setuptools(shape, adopted) && !is_beside;
    let old = old.then_some("setuptools");
    let named = named(adopted);
    let is_named = |name: &str| named.iter().any(|own| bare(own) == name);
    let driver = lacks_driver(adopted).then_some("psycopg2-binary");
    let added = wanted
        .chain(old)
        .chain(driver)
        .filter(|name| !is_named(name))
        .filter_map(|name| Some(format!("{name}<={}", releases::version(name, python)?)));
    added.chain(named.iter().cloned()).collect()
}

/// What the old image installed by name, beside the project's own packages.
fn named(adopted: &Adopted) -> Vec<String> {
    let image = adopted.derived.previous.image.as_ref().filter(|_| adopted.image().is_none());
    let all = image.map_or(&[][..], |own| own.packages.as_slice());
    let is_installed = |name: &str| adopted.derived.installs(name);
    let mut found: Vec<String> = Vec::new();
    for own in all.iter().filter(|own| !is_installed(bare(own))) {
        // The server that is planned comes with its own bound.
        let is_server = SERVERS.contains(&bare(own)) && !own.contains("==");
        if !is_server && !found.iter().any(|known| bare(known) == bare(own)) {
            found.push(own.clone());
        }
    }
    found
}

/// Whether a database is reached through a driver that nothing installs.
fn lacks_driver(adopted: &Adopted) -> bool {
    let derived = &adopted.derived;
    derived.database.as_deref() == Some("postgres")
        && derived.database_driver.is_none()
        && derived.installs("django")
        && !derived.packages.iter().any(|own| own.starts_with("psycopg") || own == "asyncpg")
        && !named(adopted).iter().any(|own| own.starts_with("psycopg"))
}

fn bare(requirement: &str) -> &str {
    let end = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    requirement.split(end).next().unwrap_or_default()
}

/// Whether the server that will be there is at least this release: the locked one, or the
/// one that is added for an old Python.
#[must_use]
pub fn server_is_at_least(adopted: &Adopted, python: &str, name: &str, least: &str) -> bool {
    let derived = &adopted.derived;
    if derived.installs(name) {
        return derived.is_at_least(name, least);
    }
    let version = |text: &str| text.parse::<Version>().ok();
    let added = releases::version(name, python).and_then(version);
    added.zip(version(least)).is_none_or(|(added, least)| added >= least)
}
