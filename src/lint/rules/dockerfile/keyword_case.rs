//! Instructions in capitals and in small letters.

use crate::lint::diagnostic::{At, Fix, Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Purpose, Recipe, Subject};
use crate::source::dockerfile::Keyword;

pub static RULE: Rule = Rule {
    code: "DF155",
    name: "keyword-case",
    severity: Severity::Style,
    summary: "instructions, and AS of FROM, are written in one case",
    why: "BuildKit warns about every one that is written otherwise, at every build, and warnings that are always there hide those that count.",
    example: "FROM python:3.14-slim-trixie AS builder",
    source: "BuildKit checks ConsistentInstructionCasing, FromAsCasing",
    fix: Some(Grade::Safe),
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for recipe in subject.recipes.iter().filter(|own| own.purpose == Purpose::Production) {
        let odd = odd(subject, recipe);
        let Some((first, better)) = odd.first() else { continue };
        let written = subject.slice(*first);
        let message = match odd.len() {
            1 => format!("{written} is written in another case than the others"),
            count => format!("{written} and {} more are written in another case", count - 1),
        };
        let finding = findings.add(*first, message);
        finding.about("case").help(format!("{better}   (instead of {written})"));
        let fix = Fix::new(Grade::Safe, "writes them in one case");
        let fix = odd.iter().fold(fix, |fix, (at, text)| fix.edit(*at, text.as_str()));
        finding.fix(fix);
    }
}

/// Words that are in another case than most, and how these would be written.
fn odd(subject: &Subject, recipe: &Recipe) -> Vec<(At, String)> {
    let words: Vec<At> =
        recipe.file.instructions.iter().map(|own| At::new(recipe.text, own.word)).collect();
    let is_small = |at: &&At| subject.slice(**at).chars().all(|c| !c.is_ascii_uppercase());
    let small = words.iter().filter(is_small).count();
    let cased = |text: &str| {
        if small * 2 > words.len() { text.to_ascii_lowercase() } else { text.to_ascii_uppercase() }
    };
    let mut found = Vec::new();
    for (own, at) in recipe.file.instructions.iter().zip(&words) {
        let mut take = |at: At| {
            let better = cased(subject.slice(at));
            if better != subject.slice(at) {
                found.push((at, better));
            }
        };
        take(*at);
        if own.keyword == Keyword::From {
            let parts = own.arguments.words(recipe.file.escape);
            if let Some((start, end)) = parts.get(1)
                && own.arguments.text[*start..*end].eq_ignore_ascii_case("as")
            {
                take(At::new(recipe.text, own.arguments.span(*start, *end)));
            }
        }
    }
    found
}
