//! What an audit found, for people.

use console::style;

use super::{FailOn, Outcome};
use crate::cli::many::Done;
use crate::cli::{layout, report};
use crate::lint::{Diagnostic, Severity, rule};

/// Findings by file, each with its line, then how many there are.
#[must_use]
pub fn text(done: &[Done<Outcome>], fail_on: FailOn) -> String {
    let mut text = String::new();
    let several = done.len() > 1;
    for own in done {
        let Ok(outcome) = &own.result else { continue };
        if several {
            text.push_str(&format!("{}\n", style(own.dir.display()).bold()));
        }
        text.push_str(&one(outcome));
        text.push_str(&summary(outcome, fail_on));
    }
    text
}

fn one(outcome: &Outcome) -> String {
    let mut text = String::new();
    for own in &outcome.unread {
        text.push_str(&format!(
            "{}:{}: {} not judged: {}\n\n",
            own.path,
            own.line,
            style("unread").yellow(),
            own.why
        ));
    }
    for own in &outcome.found {
        text.push_str(&finding(outcome, own));
    }
    text
}

fn finding(outcome: &Outcome, own: &Diagnostic) -> String {
    let width = usize::from(report::width());
    let file = &outcome.texts[own.at.text];
    let (line, column) = (file.line(own.at.span.start), file.column(own.at.span.start));
    let word = match own.severity {
        Severity::Error => style(own.severity.word()).red().bold(),
        Severity::Warning => style(own.severity.word()).yellow().bold(),
        Severity::Advice | Severity::Style => style(own.severity.word()).cyan(),
    };
    let name = rule::find(own.code).map_or("", |rule| rule.name);
    let mut text =
        format!("{}:{line}:{column}: {word} {} {name}\n", file.path, style(own.code).bold());
    text.push_str(&layout::paragraph(&own.message, width, "  "));
    if own.at.span.end > own.at.span.start {
        let said = file.line_text(line).trim_end();
        let shown: String = said.chars().take(width.saturating_sub(10)).collect();
        text.push_str(&format!("  {:>4} | {shown}\n", style(line).dim()));
    }
    for (at, what) in &own.related {
        let other = &outcome.texts[at.text];
        let place = format!("{}:{}: {what}", other.path, other.line(at.span.start));
        text.push_str(&layout::paragraph(&place, width, "  "));
    }
    if let Some(help) = &own.help {
        for (number, line) in help.lines().enumerate() {
            let lead = if number == 0 { "→ " } else { "  " };
            text.push_str(&format!("  {lead}{line}\n"));
        }
    }
    text.push('\n');
    text
}

fn summary(outcome: &Outcome, fail_on: FailOn) -> String {
    let count =
        |severity: Severity| outcome.found.iter().filter(|own| own.severity == severity).count();
    if outcome.found.is_empty() {
        return match outcome.files {
            0 => "There are no container files here. `dockwright init` would write them.\n"
                .to_owned(),
            _ => "No finding.\n".to_owned(),
        };
    }
    let parts: Vec<String> = Severity::ALL
        .into_iter()
        .rev()
        .filter(|severity| count(*severity) > 0)
        .map(|severity| format!("{} {}", count(severity), severity.word()))
        .collect();
    let failing = outcome.found.iter().filter(|own| fail_on.fails(own.severity)).count();
    let tail = if failing > 0 { format!("; {failing} fail") } else { String::new() };
    format!("{}{tail}\n", parts.join(", "))
}
