//! The page of a rule.

use crate::cli::report;
use crate::lint::ignores::META;
use crate::lint::{Rule, rules};

/// What a rule asks for, why, and lines that are right.
#[must_use]
pub fn page(rule: &Rule) -> String {
    let fix = rule.fix.map_or("none: a person has to decide".to_owned(), |grade| {
        format!("yes, at best {}", grade.word())
    });
    let example: String = rule.example.lines().map(|line| format!("    {line}\n")).collect();
    format!(
        "{} {} ({})\n\n{}\n\n{}\n\n{example}\nFix: {fix}\nSource: {}\n",
        rule.code,
        rule.name,
        rule.severity.word(),
        capital(rule.summary),
        rule.why,
        rule.source,
    )
}

fn capital(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(characters).collect::<String>() + "."
    })
}

/// Every rule, a line each.
#[must_use]
pub fn list() -> String {
    let rows = rules::ALL.iter().chain(META).map(|rule| {
        let fix = rule.fix.map_or(String::new(), |grade| format!("fix: {}", grade.word()));
        [
            format!("{} {}", rule.code, rule.name),
            rule.severity.word().to_owned(),
            format!("{}\n{fix}", rule.summary).trim_end().to_owned(),
        ]
    });
    report::table(["rule", "severity", "asks that"], rows)
}
