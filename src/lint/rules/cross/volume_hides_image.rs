//! Volumes over what the image has there.

use crate::detect::path;
use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Container, Kind, Subject, within};
use crate::source::compose::{Item, Mount, Source};

pub static RULE: Rule = Rule {
    code: "XF115",
    name: "volume-hides-image",
    severity: Severity::Warning,
    summary: "no volume lies over the code or the packages of the image",
    why: "Docker fills an empty volume from the image once. From then on the volume hides what the image has there: a new image is started with the old code, or the old packages, and nothing says so.",
    example: "volumes:\n  - media:/app/media",
    source: "Docker, Volumes: Populate a volume using a container",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for container in subject.production_containers().filter(|own| own.kind.is_application()) {
        let (Some((deployment, service)), Some(build)) =
            (subject.composed(container), subject.build_of(container))
        else {
            continue;
        };
        let code = code(subject, container);
        let items = service.item.get("volumes").map_or(&[][..], Item::items);
        for item in items {
            let Some(mount) = Mount::read(item) else { continue };
            let name = match &mount.source {
                Source::Volume(name) => format!("the volume {name}"),
                // One of a development mount, which keeps what the image has.
                _ => continue,
            };
            let target = mount.target.trim_end_matches('/');
            // It keeps what a directory of the host would hide above it.
            let keeps = service.mounts().iter().any(|own| {
                own.bind().is_some() && path::is_below(target, own.target.trim_end_matches('/'))
            });
            if keeps {
                continue;
            }
            let env = |name: &str| build.image.variable(name);
            let packages = [env("VIRTUAL_ENV"), env("UV_PROJECT_ENVIRONMENT")];
            let what = if code.iter().any(|own| own == target) {
                "the code"
            } else if packages.into_iter().flatten().any(|own| own.trim_end_matches('/') == target)
                || target.ends_with("/.venv")
                || target.ends_with("/node_modules")
                || target.ends_with("/site-packages")
            {
                "the packages"
            } else {
                continue;
            };
            // A volume that a proxy reads as well is XF122's.
            let shared = subject.containers_of(deployment).any(|other| {
                other.kind == Kind::Nginx
                    && subject.composed(other).is_some_and(|(_, own)| {
                        own.mounts().iter().any(|own| own.volume() == mount.volume())
                    })
            });
            if shared {
                continue;
            }
            findings
                .add(
                    subject.item(deployment, item),
                    format!(
                        "{}: {name} hides {what} that the image has in {target}",
                        container.name
                    ),
                )
                .about(target)
                .related(subject.from_of(build), "the image that fills it")
                .help("no volume there: the image has it; data in a directory of its own");
        }
    }
}

/// Where the code is in the image.
fn code(subject: &Subject, container: &Container) -> Vec<String> {
    let Some(build) = subject.build_of(container) else { return Vec::new() };
    let mut places: Vec<String> = Vec::new();
    let root = subject.facts.root.value().filter(|_| subject.is_detected(build));
    let file = root.and_then(|root| {
        subject.tree.in_directory(root).find(|path| path.ends_with(".py")).map(str::to_owned)
    });
    let detected = file.and_then(|path| subject.in_image(build, &path));
    if let Some((directory, _)) = detected.as_deref().and_then(|path| path.rsplit_once('/')) {
        places.push(directory.to_owned());
    }
    // The context itself, where all of it is copied.
    let whole = subject.in_image(build, &within(build, "*"));
    if let Some((directory, _)) = whole.as_deref().and_then(|path| path.rsplit_once('/')) {
        places.push(directory.to_owned());
    }
    places.retain(|own| !own.is_empty());
    places
}
