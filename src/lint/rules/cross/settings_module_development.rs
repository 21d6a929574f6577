//! A production server with the settings of development.

use crate::detect::path;
use crate::environments::is_for_another;
use crate::lint::diagnostic::{At, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Container, Subject};

pub static RULE: Rule = Rule {
    code: "XF123",
    name: "settings-module-development",
    severity: Severity::Warning,
    summary: "what serves users runs with the settings that are meant for it",
    why: "Settings of development have DEBUG on, a key that everybody knows, mail that goes to the terminal, and no HTTPS: an error page shows the settings to who caused it.",
    example: "DJANGO_SETTINGS_MODULE: config.settings.production",
    source: "Django, Deployment checklist",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for container in subject.production_containers().filter(|own| own.kind.is_application()) {
        // With a development server all of it is for development.
        let serves = container.server.as_ref().is_some_and(|own| !own.program.is_development());
        if !serves {
            continue;
        }
        let Some((module, at)) = module(container) else { continue };
        if !is_for_another(&module) {
            continue;
        }
        if is_rehearsed(subject, container, &module) {
            continue;
        }
        let server = container.server.as_ref().map_or(at, |own| own.at);
        findings
            .add(at, format!("{}: {module} are not the settings of production", container.name))
            .about(&module)
            .related(server, "what serves with them")
            .help(other(subject, &module).map_or_else(
                || "DJANGO_SETTINGS_MODULE of production".to_owned(),
                |own| format!("DJANGO_SETTINGS_MODULE: {own}"),
            ));
    }
}

fn module(container: &Container) -> Option<(String, At)> {
    let variable = container.env.get("DJANGO_SETTINGS_MODULE")?;
    let value = variable.value.clone().filter(|own| !own.is_empty() && !own.contains('$'))?;
    Some((value, variable.at))
}

/// Settings beside them whose name says that they are production's.
fn other(subject: &Subject, module: &str) -> Option<String> {
    let (package, _) = module.rsplit_once('.')?;
    let root = subject.facts.root.value()?;
    ["production", "prod", "live"]
        .iter()
        .map(|name| format!("{package}.{name}"))
        .find(|own| subject.tree.module_path(root, own).is_some())
}

/// Whether the image says otherwise, and the source is mounted over it: the
/// compose file is for who works on it.
fn is_rehearsed(subject: &Subject, container: &Container, module: &str) -> bool {
    let (Some(build), Some((deployment, service))) =
        (subject.build_of(container), subject.composed(container))
    else {
        return false;
    };
    let of_image = build.image.variable("DJANGO_SETTINGS_MODULE");
    let root = subject.facts.root.value().map_or(build.context.as_str(), String::as_str);
    let mounted = service.mounts().iter().any(|mount| {
        mount.bind().and_then(|own| deployment.project.path(own)).is_some_and(|own| {
            own == build.context
                || own == root
                || own == "."
                // The package alone.
                || path::is_below(&own, root)
                    && subject.tree.in_directory(&own).any(|path| path.ends_with(".py"))
        })
    });
    mounted && of_image.is_some_and(|own| own != module)
}
