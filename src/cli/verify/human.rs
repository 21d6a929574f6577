//! The final table, `--list`, and what `--arm` found.

use std::fmt::Write as _;

use console::style;

use crate::cli::layout::{paragraph, table, visible};
use crate::schema::thresholds::THRESHOLDS;
use crate::verify::arm::Alarm;
use crate::verify::check::{Check, Step};
use crate::verify::record::{Finding, StepRecord, Verdict};
use crate::verify::{Armed, Report};

/// Every check and every threshold.
#[must_use]
pub fn list(width: usize) -> String {
    let mut text = String::new();
    for step in Step::ALL {
        text.push_str(&paragraph(&format!("{step}: {}", step.proves()), width, ""));
        let rows: Vec<[String; 3]> = step
            .checks()
            .map(|check| {
                let when = if check.quick { "quick" } else { "" };
                [check.id.to_owned(), when.to_owned(), check.proves.to_owned()]
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

/// What came out: a line for each check, and all about those that do not hold.
#[must_use]
pub fn report(report: &Report, width: usize) -> String {
    let mut text = String::new();
    for step in &report.steps {
        let _ = writeln!(text, "{} {:.1} s", style(step.step).bold(), step.took.as_secs_f64());
        text.push_str(&table(&rows(step), width, "  "));
    }
    for step in &report.steps {
        for check in step.step.checks() {
            let own = step.findings.iter().filter(|own| own.is_failed() && own.check == check);
            failures(&mut text, check, &own.collect::<Vec<_>>(), width);
        }
    }
    for own in &report.proposals {
        let set = format!("--set {}={}", own.key, own.to);
        text.push('\n');
        text.push_str(&paragraph(
            &format!("{} is {}: {} (`{set}`, or --tune)", own.key, own.from, own.why),
            width,
            "",
        ));
    }
    if let Some(kept) = &report.kept {
        let at = kept.url.as_ref().map_or_else(String::new, |url| format!(" at {url}"));
        let _ =
            write!(text, "\n{} still runs{at}; to remove it:\n  {}\n", kept.project, kept.remove);
    }
    if let Some(path) = &report.evidence {
        let _ = write!(text, "\nLogs, inspections and events: {}\n", path.display());
    }
    let count = |verdict| report.count(verdict);
    let took: f64 = report.steps.iter().map(|step| step.took.as_secs_f64()).sum();
    let _ = write!(
        text,
        "\n{} passed, {} failed, {} skipped in {took:.0} s\n",
        count(Verdict::Passed),
        count(Verdict::Failed),
        count(Verdict::Skipped)
    );
    text
}

/// A row for each check, in order; the results of several services in one.
fn rows(step: &StepRecord) -> Vec<[String; 3]> {
    let mut checks: Vec<&'static Check> = step.findings.iter().map(|own| own.check).collect();
    checks.dedup();
    checks
        .into_iter()
        .flat_map(|check| {
            let own: Vec<&Finding> =
                step.findings.iter().filter(|own| own.check == check).collect();
            [Verdict::Failed, Verdict::Passed, Verdict::Skipped]
                .into_iter()
                .filter_map(move |verdict| row(check, verdict, &own))
        })
        .collect()
}

/// The results of a check that came out in one way.
fn row(check: &Check, verdict: Verdict, all: &[&Finding]) -> Option<[String; 3]> {
    let own: Vec<&&Finding> = all.iter().filter(|own| own.verdict == verdict).collect();
    let mut said: Vec<(&str, Vec<&str>)> = Vec::new();
    for finding in &own {
        let of = finding.of.as_deref();
        match said.iter_mut().find(|(words, _)| *words == finding.said) {
            Some((_, services)) => services.extend(of),
            None => said.push((&finding.said, of.into_iter().collect())),
        }
    }
    let said: Vec<String> = said
        .into_iter()
        .map(|(words, services)| match services.as_slice() {
            [] => words.to_owned(),
            services => format!("{}: {words}", services.join(", ")),
        })
        .collect();
    let word = style(verdict.word());
    let word = match verdict {
        Verdict::Passed => word.green(),
        Verdict::Failed => word.red().bold(),
        Verdict::Skipped => word.dim(),
    };
    (!own.is_empty())
        .then(|| [word.to_string(), check.id.to_owned(), visible(&said.join("; ")).into_owned()])
}

/// All about a check that does not hold: what of every service is the same, once.
fn failures(text: &mut String, check: &Check, all: &[&Finding], width: usize) {
    let Some(first) = all.first() else { return };
    let _ = write!(text, "\n{} {}: {}\n", style("failed").red().bold(), check.id, check.proves);
    for own in all {
        let of = own.of.as_ref().map_or_else(String::new, |of| format!("{of}: "));
        text.push_str(&paragraph(&format!("{of}{}", visible(&own.said)), width, "  "));
        for line in &own.log {
            let _ = writeln!(text, "  | {}", visible(line));
        }
        if let Some(help) = own.help.as_ref().filter(|_| own.help != first.help) {
            text.push_str(&paragraph(&format!("help: {help}"), width, "  "));
        }
    }
    if let Some(limit) = &first.limit {
        let limit = format!("{} = {}: {}", limit.key, limit.value, limit.why);
        text.push_str(&paragraph(&limit, width, "  "));
    }
    if let Some(help) = &first.help {
        text.push_str(&paragraph(&format!("help: {help}"), width, "  "));
    }
}

/// Which checks went red when what they watch was broken.
#[must_use]
pub fn alarms(armed: &[Armed], width: usize) -> String {
    let rows: Vec<[String; 4]> = armed
        .iter()
        .map(|own| {
            let word = match own.alarm {
                Alarm::Red => style("red").green(),
                Alarm::Silent => style("SILENT").red().bold(),
                Alarm::NotApplicable => style("not here").dim(),
                Alarm::Unarmed => style("unarmed").dim(),
            };
            [
                word.to_string(),
                own.check.to_owned(),
                own.breaks.to_owned(),
                visible(&own.said).into_owned(),
            ]
        })
        .collect();
    let mut text = table(&rows, width, "");
    let count = |alarm| armed.iter().filter(|own| own.alarm == alarm).count();
    let _ = write!(
        text,
        "\n{} went red, {} stayed silent, {} have nothing to break here, {} are not armed\n",
        count(Alarm::Red),
        count(Alarm::Silent),
        count(Alarm::NotApplicable),
        count(Alarm::Unarmed)
    );
    text
}
