//! Several services in one container.

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Program, Subject};

pub static RULE: Rule = Rule {
    code: "DF140",
    name: "many-processes",
    severity: Severity::Advice,
    summary: "a container runs one service",
    why: "Docker watches one process: another one that dies in the background is missed by nobody but its users. They share one memory limit, are restarted and scaled together, and a stop reaches one of them only.",
    example: "services:\n  web:\n    command: gunicorn shop.wsgi\n  worker:\n    command: celery --app shop worker",
    source: "Docker, Run multiple processes in a container",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for container in subject.production_containers().filter(|own| own.build.is_some()) {
        let runs = |program: Program| {
            program.serves()
                || matches!(program, Program::CeleryWorker | Program::CeleryBeat | Program::Flower)
        };
        let supervised = container.steps.iter().find(|step| {
            step.argv.first().is_some_and(|word| word.rsplit('/').next() == Some("supervisord"))
        });
        if let Some(step) = supervised {
            findings
                .add(step.at, "supervisord runs several services in one container")
                .about(&container.name)
                .help("a service of its own for each of them, from the same image with another command");
            continue;
        }
        let beside = container.steps.iter().find(|step| step.in_background && runs(step.program));
        let mut others =
            container.steps.iter().filter(|step| !step.in_background && runs(step.program));
        let (Some(beside), Some(main)) = (beside, others.next_back()) else { continue };
        let (one, other) = (beside.program.word(), main.program.word());
        findings
            .add(
                beside.at,
                format!("{one} runs in the background of {other}: nobody notices when it dies"),
            )
            .about(&container.name)
            .related(main.at, format!("{other}, the process that Docker watches"))
            .help(format!(
                "a service of its own: command: {}",
                beside.argv.join(" ").trim_end_matches('&').trim()
            ));
    }
}
