//! What rules about a container's server ask of its service.

use crate::environments;
use crate::lint::diagnostic::{At, Edit};
use crate::lint::subject::{Container, Program, Subject};
use crate::source::text::{Span, is_true};

/// Whether a service looks like one that people develop with: it replaces the
/// image's own server, which is for production, and mounts the source over it.
pub(super) fn is_for_developers(subject: &Subject, container: &Container) -> bool {
    let Some((deployment, service)) = subject.composed(container) else { return false };
    // A file that is called production's is not for them, whatever it mounts.
    if deployment.texts.iter().any(|text| subject.is_for_production(*text)) {
        return false;
    }
    let overrides =
        service.item.get("command").is_some() || service.item.get("entrypoint").is_some();
    let mounts = mounts_source(subject, container);
    if mounts && says_development(subject, container) {
        return true;
    }
    if overrides && says_development(subject, container) && serves_by_itself(subject, container) {
        return true;
    }
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

/// Whether the image of a service starts a server for production where nothing
/// replaces it, its scripts followed.
fn serves_by_itself(subject: &Subject, container: &Container) -> bool {
    const SERVERS: [&str; 7] =
        ["gunicorn", "uvicorn", "daphne", "hypercorn", "uwsgi", "granian", "waitress"];
    let Some(build) = subject.build_of(container) else { return false };
    let serves = |text: &str| SERVERS.iter().any(|name| text.contains(name));
    let words = build.image.words();
    let scripts = words.iter().filter_map(|word| {
        subject.source_of(build, word).and_then(|path| subject.tree.text(&path))
    });
    serves(&words.join(" ")) || scripts.into_iter().any(serves)
}

/// Whether what a service is started with says that it is for development: the
/// words of its command, files and build arguments, debugging that is on, or a
/// Procfile that has another server for production.
fn says_development(subject: &Subject, container: &Container) -> bool {
    let says = |text: &str| {
        let lower = text.to_ascii_lowercase();
        lower.split(|c: char| !c.is_ascii_alphanumeric()).any(environments::is_for_developers)
    };
    let Some((deployment, service)) = subject.composed(container) else { return false };
    let written = ["command", "entrypoint", "env_file"].iter().any(|key| {
        service.item.get(key).is_some_and(|item| {
            let own = item.scalar().is_some_and(|text| says(&text));
            let listed = item.scalars().iter().any(|text| says(text));
            own || listed || says(subject.slice(subject.item(deployment, item)))
        })
    });
    let arguments = subject
        .build_of(container)
        .is_some_and(|build| build.arguments.values().flatten().any(|value| says(value)));
    let debugs = container.env.iter().any(|(name, own)| {
        let is_debug = name == "DEBUG" || name.ends_with("_DEBUG") || name == "DEVEL";
        is_debug && own.value.as_deref().is_some_and(is_true)
    });
    written || arguments || debugs || has_other_server(subject, container)
}

/// Whether a Procfile starts the web process with a server that is not this one.
fn has_other_server(subject: &Subject, container: &Container) -> bool {
    let Some(server) = &container.server else { return false };
    let context = subject.build_of(container).map_or(".", |build| build.context.as_str());
    let path = crate::relpath::join(context, "Procfile");
    let text = path.and_then(|path| subject.tree.text(&path)).or(subject.tree.text("Procfile"));
    text.into_iter().flat_map(str::lines).any(|line| {
        line.strip_prefix("web:").is_some_and(|command| {
            let known = ["gunicorn", "uvicorn", "daphne", "hypercorn", "uwsgi", "waitress"];
            let other = known.iter().any(|name| command.contains(name));
            other && (server.program.is_development() || !command.contains("--reload"))
        })
    })
}

/// The port that a service's server listens on: the server's own, that of a
/// variable, or the only one that is published.
pub(super) fn port(subject: &Subject, container: &Container) -> Option<u16> {
    let server = container.server.as_ref()?;
    let by_name = match server.program {
        Program::FlaskDevelopment if !server.has("port") => {
            container.variable("FLASK_RUN_PORT").and_then(|value| value.parse().ok())
        }
        _ => None,
    };
    let published = || {
        let (_, service) = subject.composed(container)?;
        let mut ports: Vec<u16> =
            service.ports().iter().filter_map(|own| own.container.parse::<u16>().ok()).collect();
        ports.dedup();
        match ports.as_slice() {
            [only] => Some(*only),
            _ => None,
        }
    };
    let is_said = ["bind", "port", "uds"].iter().any(|name| server.has(name));
    let first = if is_said { server.port() } else { None };
    let exposed = || exposed(subject, container);
    by_name.or(first).or_else(published).or_else(exposed).or_else(|| server.port())
}

/// The only port that the image of a container exposes.
pub(super) fn exposed(subject: &Subject, container: &Container) -> Option<u16> {
    let build = subject.build_of(container)?;
    let [only] = build.image.ports.as_slice() else { return None };
    only.value.known()?.split('/').next()?.parse().ok()
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

/// Whether a script looks at what it is given first, and does one thing or another:
/// the image is started in more ways than one.
pub(super) fn chooses(subject: &Subject, container: &Container) -> bool {
    let looks = |line: &str| {
        let line = line.trim_start();
        let is_condition =
            ["case ", "if ", "elif ", "[ ", "[[ "].iter().any(|w| line.starts_with(w));
        is_condition && ["$1", "${1", "$@", "$*"].iter().any(|own| line.contains(own))
    };
    container.scripts().iter().any(|script| subject.texts[*script].text.lines().any(looks))
}

/// Whether a service mounts a directory of the repository over its code.
pub(super) fn mounts_source(subject: &Subject, container: &Container) -> bool {
    subject.composed(container).is_some_and(|(deployment, service)| {
        let is_file = |path: &str| {
            let name = path.rsplit('/').next().unwrap_or(path);
            let known = deployment.project.path(path);
            name.starts_with(".env") || known.is_some_and(|path| subject.tree.has(&path))
        };
        let mounts = service.mounts();
        mounts
            .iter()
            .filter_map(|own| own.bind())
            .any(|path| path.starts_with('.') && !is_file(path))
    })
}
