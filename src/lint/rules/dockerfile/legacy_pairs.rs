//! `ENV name value`.

use crate::lint::diagnostic::{At, Fix, Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Purpose, Subject};
use crate::source::dockerfile::Keyword;

pub static RULE: Rule = Rule {
    code: "DF153",
    name: "legacy-pairs",
    severity: Severity::Style,
    summary: "ENV and LABEL have an equals sign",
    why: "The form without it takes all of the line as one value, the next name included, and BuildKit warns about it at every build.",
    example: "ENV PYTHONUNBUFFERED=1",
    source: "BuildKit check LegacyKeyValueFormat",
    fix: Some(Grade::Safe),
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for recipe in subject.recipes.iter().filter(|own| own.purpose == Purpose::Production) {
        let escape = recipe.file.escape;
        let mut places = Vec::new();
        let mut fix = Fix::new(Grade::Safe, "puts an equals sign between name and value");
        for own in &recipe.file.instructions {
            let first = own.arguments.text.split_whitespace().next().unwrap_or_default();
            if !matches!(own.keyword, Keyword::Env | Keyword::Label) || first.contains('=') {
                continue;
            }
            let pairs = own.pairs(escape);
            let [(name, Some(value), span)] = pairs.as_slice() else { continue };
            let at = At::new(recipe.text, *span);
            let keyword = if own.keyword == Keyword::Env { "ENV" } else { "LABEL" };
            let line = match written(value) {
                Some(value) => format!("{keyword} {name}={value}"),
                None => format!("{keyword} {name}={value:?}"),
            };
            places.push((at, name.clone(), line));
            // Over several lines it may be meant as several pairs.
            let is_one_line = !subject.slice(at).contains('\n');
            if let Some(value) = written(value).filter(|_| is_one_line) {
                fix = fix.edit(at, format!("{name}={value}"));
            }
        }
        let Some((at, name, line)) = places.first() else { continue };
        let message = match places.len() {
            1 => format!("{name} has no equals sign before its value"),
            count => {
                format!("{name} and {} more have no equals sign before their values", count - 1)
            }
        };
        let finding = findings.add(*at, message);
        finding.about("pairs").help(line);
        for (at, name, _) in &places[1..] {
            finding.related(*at, format!("{name} as well"));
        }
        if !fix.edits.is_empty() {
            finding.fix(fix);
        }
    }
}

/// The value as it is written behind an equals sign; `None` where quotes or
/// escapes would be read in another way.
fn written(value: &str) -> Option<String> {
    let inner = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    if inner.is_some_and(|inner| !inner.contains(['"', '\'', '\\', '`'])) {
        return Some(value.to_owned());
    }
    if value.is_empty() || value.contains(['"', '\'', '\\', '`']) {
        return None;
    }
    Some(if value.contains(char::is_whitespace) {
        format!("\"{value}\"")
    } else {
        value.to_owned()
    })
}
