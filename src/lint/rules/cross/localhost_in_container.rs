//! An address of localhost for what runs in another container.

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Container, Subject, is_local};

pub static RULE: Rule = Rule {
    code: "XF128",
    name: "localhost-in-container",
    severity: Severity::Error,
    summary: "a container names another service by its name, not by localhost",
    why: "In a container localhost is the container itself, where no database listens: `connection refused`, and the application does not start.",
    example: "DATABASE_URL: postgresql://app:${POSTGRES_PASSWORD}@db:5432/app",
    source: "Docker, Networking overview; Compose, Networking in Compose",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for container in subject.containers.iter().filter(|own| own.kind.is_application()) {
        let Some((deployment, _)) = subject.composed(container) else { continue };
        // With the host's network, or another's, localhost is somebody else.
        if subject.networks(container).is_none() {
            continue;
        }
        for address in container.addresses().into_iter().filter(|own| own.is_local()) {
            let there =
                subject.containers_of(deployment).find(|own| address.kinds.contains(&own.kind));
            let Some(there) = there else { continue };
            // A process of the same container may be it.
            let starts = container.steps.iter().any(|step| {
                step.argv
                    .iter()
                    .any(|word| word.contains("redis-server") || word.contains("supervisord"))
            });
            if starts || is_overruled(container, &address.variable) {
                continue;
            }
            let mut help = if is_local(&there.name) {
                // Its name is that of every container for itself.
                let name = there.kind.word().to_ascii_lowercase();
                format!("the service {} renamed, and its new name here: {name}", there.name)
            } else {
                format!("{} in place of {}", there.name, address.host)
            };
            // An env file is read on the host as well.
            if subject.env_files.iter().any(|file| file.text == address.at.text) {
                help.push_str(&format!(
                    ", in `environment:` of {}: the file may be read outside of containers too",
                    container.name
                ));
            }
            findings
                .add(
                    address.at,
                    format!(
                        "{}: {} is {} in its own container, and {} runs in {}",
                        container.name,
                        address.variable,
                        address.host,
                        there.kind.word(),
                        there.name
                    ),
                )
                .about(&address.variable)
                .related(subject.container_at(there), format!("{} is here", there.kind.word()))
                .help(help);
        }
    }
}

/// Whether an option of Celery's command says another thing than a variable of
/// its broker or its results does.
fn is_overruled(container: &Container, variable: &str) -> bool {
    let mut words = container
        .steps
        .iter()
        .filter(|step| step.argv.first().is_some_and(|word| word.ends_with("celery")))
        .flat_map(|step| &step.argv);
    let options: &[&str] = if variable.contains("RESULT") {
        &["--result-backend"]
    } else if variable.contains("BROKER") || variable.starts_with("CELERY_") {
        &["-b", "--broker"]
    } else {
        return false;
    };
    words.any(|word| {
        let name = word.split('=').next().unwrap_or(word);
        options.contains(&name)
    })
}
