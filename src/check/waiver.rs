//! What `[[waiver]]` of `dockwright.toml` does to the findings of a check.

use std::collections::BTreeSet;

use crate::answers::document;
use crate::check::Options;
use crate::check::finding::{Finding, Kind, Waived};
use crate::check::report::Report;
use crate::error::{Problem, nearest};
use crate::lint::rule;
use crate::lint::waiver::Waiver;

/// Marks the findings that waivers allow; says which waivers are over.
///
/// # Errors
/// Waivers of what the repository's preset has no rule for.
pub fn apply(
    waivers: &[Waiver],
    known: &BTreeSet<String>,
    options: &Options,
    report: &mut Report,
) -> Result<(), Vec<Problem>> {
    let unknown: Vec<Problem> =
        waivers.iter().filter(|w| !is_known(w, known)).map(|w| stranger(w, known)).collect();
    if !unknown.is_empty() {
        return Err(unknown);
    }
    if options.policy.is_some() {
        // A repository cannot loosen what it is checked against.
        if let Some(first) = waivers.first() {
            let message = "waivers do not count under --policy";
            report.add([Finding::note("waiver", message)
                .in_file(document::FILE)
                .on_line(Some(first.place.line))]);
        }
        return Ok(());
    }
    for waiver in waivers {
        if waiver.until < options.today {
            let message = format!(
                "the waiver of {} ended on {}, and no longer counts",
                waiver.rule, waiver.until
            );
            report.add([Finding::warning("waiver", message)
                .in_file(document::FILE)
                .on_line(Some(waiver.place.line))
                .help("follow the rule, or agree on another day")]);
            continue;
        }
        let code = rule::find(&waiver.rule).map(|rule| rule.code);
        let allowed = |found: &&mut Finding| {
            let is_named = found.rule == waiver.rule || (code.is_some() && found.code == code);
            let may_be = matches!(found.kind, Kind::Policy | Kind::Manifests) || found.warns;
            may_be && is_named
        };
        for finding in report.findings.iter_mut().filter(allowed) {
            finding.waived = Some(Waived {
                reason: waiver.reason.clone(),
                until: waiver.until.clone(),
                place: waiver.place.clone(),
            });
        }
    }
    Ok(())
}

/// Whether a rule of the preset, or one of the audit, has the waiver's name.
fn is_known(waiver: &Waiver, known: &BTreeSet<String>) -> bool {
    known.contains(&waiver.rule) || rule::find(&waiver.rule).is_some()
}

fn stranger(waiver: &Waiver, known: &BTreeSet<String>) -> Problem {
    let message = format!("the preset has no rule `{}` to waive", waiver.rule);
    let help = match nearest(&waiver.rule, known.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => "remove it: the preset demands nothing".to_owned(),
        None => {
            let names: Vec<&str> = known.iter().map(String::as_str).collect();
            format!("there are {}", names.join(", "))
        }
    };
    Problem::new(message).at(waiver.place.to_string()).help(help)
}
