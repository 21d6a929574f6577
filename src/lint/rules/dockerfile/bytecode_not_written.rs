//! An image that compiles its code at every start.

use crate::lint::diagnostic::{At, Fix, Grade, Severity};
use crate::lint::edit;
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::support;
use crate::lint::subject::{Build, Subject};
use crate::source::dockerfile::Keyword;
use crate::source::text::Span;

pub static RULE: Rule = Rule {
    code: "DF147",
    name: "bytecode-not-written",
    severity: Severity::Style,
    summary: "the image holds bytecode, and does not forbid it",
    why: "With PYTHONDONTWRITEBYTECODE each process compiles every module of the application again when it starts. Bytecode that is compiled once at the build is there for all of them.",
    example: "RUN python -m compileall -q /app",
    source: "Python, Command line and environment: PYTHONDONTWRITEBYTECODE",
    fix: Some(Grade::Safe),
    check,
};

const NAME: &str = "PYTHONDONTWRITEBYTECODE";

fn check(subject: &Subject, findings: &mut Findings) {
    for build in support::python_images(subject).filter(|own| support::is_service(subject, own)) {
        let file = subject.file(build);
        let set = subject.instructions(build).find(|(_, own)| {
            own.keyword == Keyword::Env
                && own.pairs(file.escape).iter().any(|(name, value, _)| {
                    name == NAME && value.as_deref().is_some_and(|own| !own.is_empty())
                })
        });
        let compiles = subject.built_runs(build).iter().any(|run| {
            run.commands.iter().any(|own| own.words.iter().any(|word| word == "compileall"))
        });
        let Some((at, _)) = set.filter(|_| !compiles) else { continue };
        let message = "the code is compiled again at every start: PYTHONDONTWRITEBYTECODE is set";
        let finding = findings.add(subject.within(build, at, NAME), message);
        finding
            .about(NAME)
            .help("take it out; RUN python -m compileall -q /app compiles at the build");
        if let Some(fix) = without(subject, build, at) {
            finding.fix(fix);
        }
    }
}

/// The edit that takes the variable away: its instruction, or the pair among others.
fn without(subject: &Subject, build: &Build, at: usize) -> Option<Fix> {
    let recipe = &subject.recipes[build.recipe];
    let own = &recipe.file.instructions[at];
    let fix = Fix::new(Grade::Safe, format!("takes {NAME} out"));
    let pairs = own.pairs(recipe.file.escape);
    if pairs.len() == 1 {
        let edit = edit::dockerfile::remove(subject, build, at);
        return Some(fix.edit(edit.at, edit.text));
    }
    let number = pairs.iter().position(|(name, ..)| name == NAME)?;
    let span = match number {
        0 => Span::new(pairs[0].2.start, pairs[1].2.start),
        number => Span::new(pairs[number - 1].2.end, pairs[number].2.end),
    };
    let is_commented = subject.texts[recipe.text].slice(span).contains('#');
    (!is_commented).then(|| fix.edit(At::new(recipe.text, span), ""))
}
