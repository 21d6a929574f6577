//! What rules about a container's server ask of its service.

use crate::lint::diagnostic::{At, Edit};
use crate::lint::subject::{Container, Subject};
use crate::source::text::Span;

/// Whether a service looks like one that people develop with: it replaces the
/// image's own server, which is for production, and mounts the source over it.
pub(super) fn is_for_developers(subject: &Subject, container: &Container) -> bool {
    let Some((_, service)) = subject.composed(container) else { return false };
    let overrides =
        service.item.get("command").is_some() || service.item.get("entrypoint").is_some();
    let mounts = mounts_source(subject, container);
    let Some(build) = subject.build_of(container) else { return mounts && overrides };
    let own = build.image.words().join(" ");
    let serves = [
        "gunicorn",
        "uvicorn",
        "daphne",
        "hypercorn",
        "uwsgi",
        "granian",
        "waitress",
        "fastapi run",
    ]
    .iter()
    .any(|name| own.contains(name));
    overrides && mounts && serves && !own.contains("--reload")
}

/// An edit of text that stands once at a place.
pub(super) fn replaced(subject: &Subject, at: At, written: &str, text: &str) -> Option<Edit> {
    let own = subject.slice(at);
    let found = own.find(written)?;
    if own[found + written.len()..].contains(written) {
        return None;
    }
    let start = at.span.start + found;
    Some(Edit {
        at: At::new(at.text, Span::new(start, start + written.len())),
        text: text.to_owned(),
    })
}

/// Whether a script chooses between servers: which one runs is not known.
pub(super) fn is_choice(container: &Container) -> bool {
    container.steps.iter().filter(|step| step.program.serves() && !step.in_background).count() > 1
}

/// Whether a service mounts a directory of the repository over its code.
pub(super) fn mounts_source(subject: &Subject, container: &Container) -> bool {
    subject.composed(container).is_some_and(|(_, service)| {
        service.mounts().iter().any(|own| own.bind().is_some_and(|path| path.starts_with('.')))
    })
}
