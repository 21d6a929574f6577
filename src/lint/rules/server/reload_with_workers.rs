//! Reload and workers, of which uvicorn takes one.

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Program, Subject};

pub static RULE: Rule = Rule {
    code: "PY114",
    name: "reload-with-workers",
    severity: Severity::Advice,
    summary: "uvicorn is given workers, or reload, not both",
    why: "uvicorn ignores --workers where --reload is given: one process serves where several were meant, and it watches the files all the time.",
    example: "CMD [\"uvicorn\", \"app.main:app\", \"--workers\", \"4\"]",
    source: "uvicorn, Settings: --workers, not valid with --reload",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for container in subject.production_containers() {
        let Some(server) = container.server.as_ref().filter(|own| own.program == Program::Uvicorn)
        else {
            continue;
        };
        let reloads = server.get("reload").is_some_and(|(value, _)| value.truth() == Some(true));
        let Some((workers, at)) =
            server.get("workers").and_then(|(value, at)| Some((value.int()?, at)))
        else {
            continue;
        };
        if reloads && workers > 1 {
            findings
                .add(
                    at,
                    format!(
                        "{}: uvicorn ignores its {workers} workers, since it reloads",
                        container.name
                    ),
                )
                .about(&container.name)
                .help("without --reload");
        }
    }
}
