//! Several services in one container.

use crate::lint::diagnostic::{At, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Build, Program, Subject};
use crate::source::dockerfile::Transfer;

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
            // It watches one program only, as an init would.
            if subject.build_of(container).is_some_and(|build| programs(subject, build) == 1)
                || is_in_function(subject, step.at)
            {
                continue;
            }
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
        // The script watches them itself, and ends where one of them has.
        let watches = beside.script.is_some_and(|script| {
            let text = &subject.texts[script].text;
            ["/proc/$", "kill -0", "wait -n"].iter().any(|word| text.contains(word))
        });
        if watches || is_in_function(subject, beside.at) {
            continue;
        }
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

/// How many programs the files that an image copies by name give to supervisord.
fn programs(subject: &Subject, build: &Build) -> usize {
    let escape = subject.file(build).escape;
    let copies = subject.instructions(build).filter(|(_, own)| own.flag("from").is_none());
    let mut paths: Vec<String> = copies
        .filter_map(|(_, own)| Transfer::of(own, escape))
        .flat_map(|own| own.sources)
        .filter_map(|own| crate::relpath::join(&build.context, own.trim_start_matches(['.', '/'])))
        .collect();
    paths.sort();
    paths.dedup();
    let texts = paths.iter().filter_map(|path| subject.tree.text(path));
    texts.flat_map(str::lines).filter(|line| line.trim_start().starts_with("[program:")).count()
}

/// Whether a line of a script stands in a function, which may never be called.
fn is_in_function(subject: &Subject, at: At) -> bool {
    let text = &subject.texts[at.text];
    if !text.text.starts_with("#!") {
        return false;
    }
    let line = text.line(at.span.start);
    for own in (1..line).rev() {
        let own = text.line_text(own).trim_end();
        if own == "}" {
            return false;
        }
        let head = own.trim_end_matches('{').trim_end();
        if head.ends_with("()") && !head.contains(['$', '=']) {
            return true;
        }
    }
    false
}
