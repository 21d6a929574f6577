//! What the image gets beside the project's own packages: the server and what old
//! packages take for granted. It follows what is installed, and never raises it.

use pep508_rs::pep440_rs::Version;

use crate::answers::adopted::Adopted;
use crate::catalog::releases;
use crate::plan::shape::Shape;

/// From this release on uvicorn's worker for gunicorn is a package of its own.
const OWN_WORKER: &str = "0.30";

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
    wanted
        .chain(old)
        .filter_map(|name| Some(format!("{name}<={}", releases::version(name, python)?)))
        .collect()
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
