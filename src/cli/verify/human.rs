//! The final table, and `--list`.

use std::fmt::Write as _;

use console::style;

use crate::cli::layout::{paragraph, table};
use crate::schema::thresholds::THRESHOLDS;
use crate::verify::Report;
use crate::verify::check::Step;
use crate::verify::record::{Finding, Verdict};

/// Every check and every threshold.
#[must_use]
pub fn list(width: usize) -> String {
    let mut text = String::new();
    for step in Step::ALL {
        let _ = write!(text, "{}", paragraph(&format!("{step}: {}", step.proves()), width, ""));
        let rows: Vec<[String; 3]> = step
            .checks()
            .map(|check| {
                [
                    check.id.to_owned(),
                    if check.quick { "quick" } else { "" }.into(),
                    check.proves.to_owned(),
                ]
            })
            .collect();
        let _ = writeln!(text, "{}", table(&rows, width, "  "));
    }
    text.push_str("Thresholds, below [verify] of dockwright.toml or with --set:\n");
    let rows: Vec<[String; 3]> = THRESHOLDS
        .iter()
        .map(|own| [own.key.to_owned(), own.default.to_owned(), own.why.to_owned()])
        .collect();
    text.push_str(&table(&rows, width, "  "));
    text
}

/// What came out.
#[must_use]
pub fn report(report: &Report, width: usize) -> String {
    let mut text = String::new();
    for step in &report.steps {
        let _ = writeln!(text, "{} ({:.1} s)", style(step.step).bold(), step.took.as_secs_f64());
        let rows: Vec<[String; 3]> = step.findings.iter().map(row).collect();
        text.push_str(&table(&rows, width, "  "));
        for own in step.findings.iter().filter(|own| own.is_failed()) {
            detail(&mut text, own, width);
        }
    }
    let count = |verdict| report.count(verdict);
    let _ = writeln!(
        text,
        "\n{} passed, {} failed, {} skipped",
        count(Verdict::Passed),
        count(Verdict::Failed),
        count(Verdict::Skipped)
    );
    text
}

fn row(own: &Finding) -> [String; 3] {
    let name = match &own.of {
        Some(of) => format!("{} {of}", own.check.id),
        None => own.check.id.to_owned(),
    };
    [own.verdict.word().to_owned(), name, own.said.clone()]
}

fn detail(text: &mut String, own: &Finding, width: usize) {
    if let Some(limit) = &own.limit {
        text.push_str(&paragraph(
            &format!("{} = {}: {}", limit.key, limit.value, limit.why),
            width,
            "    ",
        ));
    }
    if let Some(help) = &own.help {
        text.push_str(&paragraph(&format!("help: {help}"), width, "    "));
    }
    for line in &own.log {
        let _ = writeln!(text, "    | {}", crate::cli::layout::visible(line));
    }
}
