//! Output that arrives late, or not at all.

use crate::lint::diagnostic::{Fix, Grade, Severity};
use crate::lint::edit;
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::support;
use crate::lint::subject::{Container, Kind, Subject};
use crate::source::dockerfile::Keyword;

pub static RULE: Rule = Rule {
    code: "DF111",
    name: "no-unbuffered",
    severity: Severity::Advice,
    summary: "PYTHONUNBUFFERED is set",
    why: "Without a terminal Python keeps up to 8 KiB of standard output to itself: what is printed shows in `docker logs` minutes later, and the last lines before a crash or a kill, which are those that matter, never.",
    example: "ENV PYTHONUNBUFFERED=1",
    source: "Python, Command line and environment: PYTHONUNBUFFERED",
    fix: Some(Grade::Safe),
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for build in support::python_images(subject) {
        let Some(base) = build.image.base.known().filter(|base| support::is_plain(base)) else {
            continue;
        };
        // Images that set it themselves.
        if base.starts_with("tiangolo/") || build.image.env.contains_key("PYTHONUNBUFFERED") {
            continue;
        }
        let words = build.image.words();
        let lacks = |own: &Container| {
            let runs = matches!(own.kind, Kind::Web | Kind::Worker | Kind::Beat)
                && (own.server.is_some()
                    || own
                        .steps
                        .iter()
                        .any(|step| step.program == crate::lint::subject::Program::Python));
            let set = own.env.contains_key("PYTHONUNBUFFERED")
                || own.steps.iter().any(|step| {
                    let option = words.first().is_some_and(|word| word.contains("python"))
                        && words.iter().take(3).any(|word| word == "-u")
                        || step.argv.iter().take(3).any(|word| word == "-u");
                    let script = step.script.is_some_and(|script| {
                        subject.texts[script].text.contains("PYTHONUNBUFFERED")
                    });
                    option || script
                });
            runs && !set && own.missing_env_files.is_empty()
        };
        if !support::runs_as(subject, build).any(lacks) {
            continue;
        }
        let file = subject.file(build);
        let Some(stage) = build.image.stages.last() else { continue };
        let finding = findings.add(
            subject.from_of(build),
            "PYTHONUNBUFFERED is not set: what is printed last is lost when the process is killed",
        );
        finding.about("PYTHONUNBUFFERED").help("ENV PYTHONUNBUFFERED=1");
        let beside = file
            .of_stage(*stage)
            .find(|(_, own)| own.keyword == Keyword::Env && own.arguments.text.contains("PYTHON"));
        let after = beside.map_or(file.stages[*stage].first, |(at, _)| at);
        let edit = edit::dockerfile::after(subject, build, after, "ENV PYTHONUNBUFFERED=1");
        finding.fix(Fix::new(Grade::Safe, "sets PYTHONUNBUFFERED").edit(edit.at, edit.text));
    }
}
