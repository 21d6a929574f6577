//! Whether what is written in a container outlives it.

use crate::lint::subject::{Container, Subject};

/// What becomes of a path.
pub enum Place {
    /// A mount has it, or the image says that one should.
    Kept,
    /// It goes with the container; its path there.
    Lost(String),
    /// Nobody can tell where it is.
    Unknown,
}

/// What becomes of a path of the repository that the code writes to.
pub fn place(subject: &Subject, container: &Container, path: &str) -> Place {
    let (Some(build), Some((_, service))) =
        (subject.build_of(container), subject.composed(container))
    else {
        return Place::Unknown;
    };
    let absolute = match path.strip_prefix('/') {
        Some(_) => Some(path.to_owned()),
        None => subject.in_image(build, path),
    };
    let Some(absolute) = absolute else { return Place::Unknown };
    let covers = |target: &str| {
        let target = target.trim_end_matches('/');
        absolute == target
            || absolute.strip_prefix(target).is_some_and(|rest| rest.starts_with('/'))
            || target.strip_prefix(absolute.as_str()).is_some_and(|rest| rest.starts_with('/'))
    };
    let mounted = service.mounts().iter().any(|own| covers(&own.target));
    let declared = build.image.volumes.iter().any(|own| covers(&own.value.text));
    if mounted || declared || service.item.get("volumes_from").is_some() {
        Place::Kept
    } else {
        Place::Lost(absolute)
    }
}
