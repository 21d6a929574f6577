//! Variables without which the code does not start, and that nothing sets.

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Kind, Subject};

pub static RULE: Rule = Rule {
    code: "XF110",
    name: "required-not-set",
    severity: Severity::Error,
    summary: "every variable that the code cannot start without is set",
    why: "`os.environ[\"NAME\"]` without the variable is a KeyError before the first request: the container ends, is restarted, and ends again.",
    example: "environment:\n  SECRET_KEY: ${SECRET_KEY:?set it in .env}",
    source: "Python, os.environ; pydantic-settings: a field without a default is required",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for deployment in subject.production_deployments().filter(|own| own.by_itself) {
        let own = subject.containers_of(deployment).find(|own| {
            own.kind == Kind::Web && own.server.is_some() && subject.runs_detected(own)
        });
        let Some(container) = own.filter(|own| own.missing_env_files.is_empty()) else { continue };
        let missing: Vec<_> = subject
            .facts
            .required_env
            .iter()
            .filter(|(own, _)| own.at_import)
            .filter(|(own, _)| !is_set(subject, container, &own.name))
            .collect();
        let Some((first, lines)) = missing.first() else { continue };
        let names: Vec<&str> = missing.iter().map(|(own, _)| own.name.as_str()).collect();
        let verb = if names.len() == 1 { "is" } else { "are" };
        let finding = findings.add(
            subject.container_at(container),
            format!(
                "{}: {} {verb} set nowhere, and the code does not start without",
                container.name,
                names.join(", ")
            ),
        );
        finding
            .about(names.join(" "))
            .help(format!("environment:\n  {0}: ${{{0}:?set it in .env}}", first.name));
        if let Some(at) = lines.first().and_then(|own| subject.line_of(&own.path, own.line)) {
            finding.related(at, format!("{} is read here", first.name));
        }
    }
}

/// Whether anything sets it: the container, its scripts, or a file that the
/// code may load by itself.
fn is_set(subject: &Subject, container: &crate::lint::subject::Container, name: &str) -> bool {
    let file = format!("{name}_FILE");
    let in_scripts = container
        .steps
        .iter()
        .filter_map(|step| step.script)
        .any(|number| subject.texts[number].text.contains(name));
    let in_steps =
        container.steps.iter().any(|step| step.argv.iter().any(|own| own.contains(name)));
    let in_files =
        subject.env_files.iter().flat_map(|own| &own.entries).any(|own| own.name == name);
    let mounted = subject.composed(container).is_some_and(|(_, service)| {
        service.item.get("secrets").is_some()
            || service.item.get("configs").is_some()
            || service.mounts().iter().any(|own| own.target.ends_with(".env"))
    });
    container.env.contains_key(name)
        || container.env.contains_key(&file)
        || in_scripts
        || in_steps
        || in_files
        || mounted
}
