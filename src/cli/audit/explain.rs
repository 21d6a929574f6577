//! The page of a rule.

use crate::cli::report;
use crate::lint::ignores::META;
use crate::lint::{Grade, Rule, rules, weights};

/// What a rule asks for, why, and lines that are right.
#[must_use]
pub fn page(rule: &Rule) -> String {
    let fix = rule.fix.map_or("none: a person has to decide".to_owned(), |grade| {
        format!("yes, at best {}", grade.word())
    });
    let example: String = rule.example.lines().map(|line| format!("    {line}\n")).collect();
    format!(
        "{} {} ({})\n\n{}\n\n{}\n\n{example}\nSeverity: {}\nFix: {fix}\nSource: {}\n",
        rule.code,
        rule.name,
        rule.severity.word(),
        capital(rule.summary),
        rule.why,
        weights::said(rule),
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

/// The page of a rule for `docs/rules`.
#[must_use]
pub fn markdown(rule: &Rule) -> String {
    let fix = rule.fix.map_or("none: a person has to decide", |grade| match grade {
        Grade::Safe => "safe: it cannot change what the application does",
        Grade::Checked => "checked: made where a condition holds that was checked",
        Grade::Suggested => "suggested: made when it is asked for by its code",
    });
    format!(
        "# {} {}\n\n{}\n\n{}\n\n```text\n{}\n```\n\n| | |\n| --- | --- |\n| severity | {} |\n\
         | fix | {fix} |\n| source | {} |\n",
        rule.code,
        rule.name,
        capital(rule.summary),
        rule.why,
        rule.example.trim_end(),
        weights::said(rule),
        rule.source,
    )
}

/// The table of every rule for `docs/rules/README.md`.
#[must_use]
pub fn markdown_index() -> String {
    let mut text = String::from(
        "# The rules of the audit\n\nMade by the tests from the rules themselves. \
         `dockwright audit --explain CODE` prints the same.\n\n| rule | severity | asks that | fix |\n\
         | --- | --- | --- | --- |\n",
    );
    for rule in rules::ALL.iter().chain(META) {
        text.push_str(&format!(
            "| [{} {}]({}.md) | {} | {} | {} |\n",
            rule.code,
            rule.name,
            rule.code,
            rule.severity.word(),
            rule.summary.replace('|', "\\|"),
            rule.fix.map_or("", Grade::word),
        ));
    }
    text
}
