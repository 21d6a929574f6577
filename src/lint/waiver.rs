//! `[[waiver]]` of `dockwright.toml`: a finding that is allowed for a while,
//! with a reason and a last day.

use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use crate::answers::document;
use crate::error::{Place, Problem};
use crate::preset::rule;

/// One waiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiver {
    /// The key, the subject, or the id of the rule it is about.
    pub rule: String,
    /// Why.
    pub reason: String,
    /// The last day on which it counts.
    pub until: String,
    /// Where it stands.
    pub place: Place,
}

#[derive(Deserialize)]
struct Raw {
    #[serde(default)]
    waiver: Vec<Spanned<toml::Table>>,
}

const SHAPE: &str =
    "[[waiver]] has rule = \"KEY\", reason = \"why\" and until = \"2027-03-01\", and nothing else";

/// Reads the waivers of a `dockwright.toml`.
///
/// # Errors
/// All that are malformed, each with its place.
pub fn read(text: &str) -> Result<Vec<Waiver>, Vec<Problem>> {
    let raw: Raw = toml::from_str(text).map_err(|error| {
        let place = place(text, &error.span().unwrap_or_default());
        vec![Problem::new(error.message().trim().to_owned()).at(place.to_string()).help(SHAPE)]
    })?;
    let mut problems = Vec::new();
    let mut waivers = Vec::new();
    for item in &raw.waiver {
        let place = place(text, &item.span());
        match one(item.get_ref(), &place) {
            Ok(waiver) => waivers.push(waiver),
            Err(problem) => problems.push(problem.at(place.to_string())),
        }
    }
    if problems.is_empty() { Ok(waivers) } else { Err(problems) }
}

fn place(text: &str, span: &Range<usize>) -> Place {
    Place::of_offset(document::FILE, text, span.start)
}

fn one(table: &toml::Table, place: &Place) -> Result<Waiver, Problem> {
    let known = ["rule", "reason", "until"];
    if let Some(key) = table.keys().find(|key| !known.contains(&key.as_str())) {
        return Err(Problem::new(format!("a waiver has no `{key}`")).help(SHAPE));
    }
    let text = |key: &str| match table.get(key) {
        Some(toml::Value::String(text)) if !text.trim().is_empty() => Ok(text.trim().to_owned()),
        // A date may be written without quotes.
        Some(toml::Value::Datetime(day)) if key == "until" => Ok(day.to_string()),
        Some(_) => Err(Problem::new(format!("the waiver's `{key}` is no text")).help(SHAPE)),
        None => Err(Problem::new(format!("the waiver has no `{key}`")).help(SHAPE)),
    };
    let until = rule::date(&text("until")?)?;
    Ok(Waiver { rule: text("rule")?, reason: text("reason")?, until, place: place.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_waiver_without_reason_or_day_is_refused_with_its_place() {
        for (text, said) in [
            ("rule = \"a\"\nuntil = \"2027-01-01\"\n", "no `reason`"),
            ("rule = \"a\"\nreason = \"x\"\n", "no `until`"),
            ("reason = \"x\"\nuntil = \"2027-01-01\"\n", "no `rule`"),
            ("rule = \"a\"\nreason = \"x\"\nuntil = \"2100-02-29\"\n", "no day"),
            ("rule = \"a\"\nreason = \"x\"\nuntil = \"2027-04-31\"\n", "no day"),
            ("rule = \"a\"\nreason = \" \"\nuntil = \"2027-01-01\"\n", "`reason` is no text"),
            ("rule = \"a\"\nreason = \"x\"\nuntil = \"soon\"\n", "no day"),
            ("rule = \"a\"\nreason = \"x\"\nuntil = \"2027-01-01\"\nby = \"me\"\n", "no `by`"),
        ] {
            let problems = read(&format!("preset = \"p\"\n[[waiver]]\n{text}")).unwrap_err();
            assert_eq!(problems.len(), 1, "{text}");
            assert!(problems[0].message.contains(said), "{text}: {problems:?}");
            assert!(problems[0].at.as_deref().unwrap().starts_with("dockwright.toml:2"), "{text}");
        }
    }

    #[test]
    fn a_whole_waiver_is_read_and_a_bare_date_is_one() {
        let text = "[[waiver]]\nrule = \"a\"\nreason = \"x\"\nuntil = 2027-01-01\n";
        let waivers = read(text).unwrap();
        assert_eq!((waivers[0].rule.as_str(), waivers[0].until.as_str()), ("a", "2027-01-01"));
    }
}
