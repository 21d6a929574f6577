//! The page of a rule.

use crate::lint::Rule;

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
