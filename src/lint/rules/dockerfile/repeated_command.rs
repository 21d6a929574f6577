//! Instructions that do not count.

use crate::lint::diagnostic::{Fix, Grade, Severity};
use crate::lint::edit;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::Subject;
use crate::source::dockerfile::Keyword;

pub static RULE: Rule = Rule {
    code: "DF134",
    name: "repeated-command",
    severity: Severity::Warning,
    summary: "a stage has one CMD, one ENTRYPOINT and one HEALTHCHECK",
    why: "Only the last one counts. Two CMD look as if the first, often a migration, ran before the second: it never runs.",
    example: "CMD [\"gunicorn\", \"shop.wsgi\"]",
    source: "Docker, Dockerfile reference: CMD; BuildKit check MultipleInstructionsDisallowed; hadolint DL4003, DL4004",
    fix: Some(Grade::Safe),
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for build in subject.production_builds() {
        let file = subject.file(build);
        for stage in subject.stages(build) {
            for keyword in [Keyword::Cmd, Keyword::Entrypoint, Keyword::Healthcheck] {
                let all: Vec<usize> = file
                    .of_stage(stage)
                    .filter(|(_, own)| own.keyword == keyword)
                    .map(|(at, _)| at)
                    .collect();
                let Some((last, earlier)) = all.split_last() else { continue };
                let place = |at: &usize| subject.instruction(build, *at);
                for earlier in findings.apart(subject, earlier.to_vec(), place) {
                    let Some((first, others)) = earlier.split_first() else { continue };
                    let word = keyword.word();
                    let fix = Fix::new(Grade::Safe, format!("takes the {word} without effect out"));
                    let fix = earlier.iter().fold(fix, |fix, at| {
                        let edit = edit::dockerfile::remove(subject, build, *at);
                        fix.edit(edit.at, edit.text)
                    });
                    let finding = findings.add(
                        place(first),
                        format!("this {word} does not count: a later one replaces it"),
                    );
                    finding.about(word).members(earlier.iter().map(place));
                    for at in others {
                        finding.related(place(at), "nor does this one");
                    }
                    finding
                    .related(place(last), "the one that counts")
                    .help("take it out; where both are to run, an entry point script runs them one after the other")
                    .fix(fix);
                }
            }
        }
    }
}
