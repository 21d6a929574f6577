//! What a finding may weigh beside what its rule says: the page of a rule tells it to
//! who plans by severities, and a test holds every case of a rule against it.

use super::diagnostic::Severity::{self, Advice, Error, Style, Warning};
use super::rule::Rule;
use super::rules::milder;
use super::{ANYWHERE, softened};

/// Rules that look at what surrounds a finding, by the severities that they give it
/// then: a port that nobody outside reaches, a password that everybody knows.
const BY_SURROUNDINGS: &[(&[Severity], &[&str])] = &[
    (&[Error], &["CO142", "KU103", "PY119"]),
    (&[Error, Warning, Advice], &["XF108"]),
    (&[Error, Advice], &["CO110", "CO129", "CO130", "XF109", "XF111", "XF125"]),
    (&[Error, Style], &["CO109"]),
    (
        &[Warning],
        &[
            "KU116", "KU119", "KU121", "CO113", "CO119", "CO126", "CO128", "DF149", "DF150",
            "PY111", "XF101", "XF117", "XF126",
        ],
    ),
    (&[Warning, Advice], &["DF117", "EN101", "XF104"]),
    (
        &[Advice],
        &[
            "CO104", "CO105", "CO106", "CO107", "CO108", "CO112", "CO114", "CO115", "CO116",
            "CO138", "CO141", "KU102", "DF103", "DF113", "DF121", "DF123", "DF138", "DF139",
            "DF152", "NG102", "NG103", "NG111", "NG112", "NG113", "PO111", "PY101", "PY102",
            "PY105", "PY106", "PY108", "PY116", "XF103", "XF105", "XF116", "XF121", "XF124",
            "XF131",
        ],
    ),
    (&[Advice, Style], &["XF112", "XF113"]),
    (&[Style], &["CO101", "DF102", "DF110", "DF132", "DF133"]),
];

/// The severities that a finding of a rule may have beside the rule's own, the worst
/// first.
#[must_use]
pub fn others(rule: &Rule) -> Vec<Severity> {
    let of_rule = BY_SURROUNDINGS.iter().filter(|(_, codes)| codes.contains(&rule.code));
    let mut all: Vec<Severity> = of_rule.flat_map(|(own, _)| own.iter().copied()).collect();
    // What a cluster for development is told.
    if ["KU", "EC"].iter().any(|family| rule.code.starts_with(family)) {
        let own = all.iter().copied().chain([rule.severity]);
        all.extend(own.map(milder).collect::<Vec<_>>());
    }
    if rule.code.starts_with("CO") && !ANYWHERE.contains(&rule.code) {
        let own = all.iter().copied().chain([rule.severity]);
        all.extend(own.map(|own| softened(rule.code, own)).collect::<Vec<_>>());
    }
    all.retain(|own| *own != rule.severity);
    all.sort_unstable();
    all.dedup();
    all.reverse();
    all
}

/// The severity of a rule for people, and when it is another one.
#[must_use]
pub fn said(rule: &Rule) -> String {
    let others = others(rule);
    let (less, more): (Vec<Severity>, Vec<Severity>) =
        others.into_iter().partition(|own| *own < rule.severity);
    let words =
        |own: &[Severity]| own.iter().map(|own| own.word()).collect::<Vec<_>>().join(" or ");
    let mut said = rule.severity.word().to_owned();
    if !more.is_empty() {
        said.push_str(&format!("; {} where more is at stake", words(&more)));
    }
    if !less.is_empty() {
        said.push_str(&format!(
            "; {} where the files show that less is, or that it is worked on",
            words(&less)
        ));
    }
    said
}
