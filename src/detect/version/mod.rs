//! Python's version: what is stated, solved as a range, held against what the
//! pinned packages install on, and against what the repository is tested and
//! deployed with. Never the version of this machine.

mod stated;
pub mod support;
mod tested;

use std::collections::BTreeSet;

use crate::catalog::VERSIONS;
use crate::detect::deps::Dependencies;
use crate::detect::deps::marker::MINORS;
use crate::detect::fact::{Evidence, Fact};
use crate::detect::facts::{Doubt, Python};
use crate::detect::tree::Tree;
pub use stated::{Statement, find as statements, last_release};
use support::{SUPPORT, Support};
pub use tested::continuous_integration;

/// Finds the version, and what is doubtful about it.
#[must_use]
pub fn find(tree: &Tree, dependencies: &Dependencies) -> (Fact<Python>, Vec<Doubt>) {
    let statements = stated::find(tree, dependencies);
    let support = Support::of(dependencies);
    let mut tested = tested::find(tree, dependencies);
    // An old README says what was current then, not what it takes.
    let is_old = |hint: &Statement| {
        hint.source == "README" && hint.minors.iter().all(|minor| SUPPORT.has_ended(*minor))
    };
    if support.fitting(&MINORS.collect()).contains(&SUPPORT.default_minor()) {
        tested.retain(|hint| !is_old(hint));
    }
    let mut decision = Decision { support: &support, doubts: Vec::new() };
    let (minor, source, evidence) = decision.decide(&statements, &tested);
    decision.end_of_life(minor, &source);
    let constraint = statements.first().map(|one| one.text.clone());
    let python = Python { version: format!("3.{minor}"), constraint, source };
    (Fact::Known(python, evidence), decision.doubts)
}

/// The minor version of Python 3 that was found, or the default.
#[must_use]
pub fn minor_of(python: &Fact<Python>) -> u64 {
    let minor = |python: &Python| python.version.strip_prefix("3.")?.parse().ok();
    python.value().and_then(minor).unwrap_or_else(|| SUPPORT.default_minor())
}

type Choice = (u64, String, Vec<Evidence>);

struct Decision<'a> {
    support: &'a Support,
    doubts: Vec<Doubt>,
}

impl Decision<'_> {
    fn decide(&mut self, statements: &[Statement], tested: &[Statement]) -> Choice {
        let Some(first) = statements.first() else { return self.unstated(tested) };
        // An older one would not do, whatever else is said.
        let coming = |one: &&Statement| one.minors.first() > Some(MINORS.end());
        if let Some(coming) = statements.iter().find(coming)
            && let Some(minor) = coming.minors.first()
        {
            return (*minor, coming.source.clone(), vec![coming.evidence.clone()]);
        }
        let mut stated = first.minors.clone();
        // A later statement narrows an earlier one that leaves a choice.
        for other in &statements[1..] {
            let both: BTreeSet<u64> = stated.intersection(&other.minors).copied().collect();
            if both.is_empty() {
                self.contradiction(first, other);
            } else {
                stated = both;
            }
        }
        let fits = self.support.fitting(&stated);
        if fits.is_empty() {
            return self.refused(first, &stated);
        }
        let evidence = vec![first.evidence.clone()];
        if let Some((minor, hint)) = newest_tested(tested, &fits)
            && fits.len() > 1
        {
            return (minor, first.source.clone(), [evidence, vec![hint.evidence.clone()]].concat());
        }
        let newest = self.support.tested(&fits).last().copied().expect("it is not empty");
        let limited = stated.last().is_some_and(|last| *last > newest);
        let why = limited.then(|| self.why_no_newer(newest)).into_iter().flatten();
        (newest, first.source.clone(), evidence.into_iter().chain(why).collect())
    }

    /// Nothing says: what it is deployed or tested with, then what its pins
    /// allow, then the default.
    fn unstated(&mut self, tested: &[Statement]) -> Choice {
        let every: BTreeSet<u64> = MINORS.collect();
        let fits = self.support.fitting(&every);
        if fits.is_empty() {
            let minor = self.support.least_refused(&every);
            self.doubt_pins(minor, "no Python version");
            return (minor, "pinned packages".into(), self.support.limiting(minor).collect());
        }
        if let Some((minor, hint)) = newest_tested(tested, &fits) {
            return (minor, hint.source.clone(), vec![hint.evidence.clone()]);
        }
        if let Some(hint) = tested.first() {
            let last = hint.minors.last().copied().unwrap_or_default();
            self.doubt_pins(
                last,
                &format!("{} names Python 3.{last}, which", hint.evidence.place()),
            );
        }
        let default = SUPPORT.default_minor();
        let tested = self.support.tested(&fits);
        let minor = if tested.contains(&default) {
            default
        } else {
            let below = tested.range(..default).next_back();
            *below.or_else(|| tested.first()).expect("it is not empty")
        };
        let limits =
            if minor <= default { self.why_no_newer(minor) } else { self.why_no_older(minor) };
        let source =
            if limits.is_empty() && minor == default { "default" } else { "pinned packages" };
        (minor, source.into(), limits)
    }

    fn why_no_newer(&self, minor: u64) -> Vec<Evidence> {
        let mut lines: Vec<Evidence> = self.support.limiting(minor + 1).collect();
        if lines.is_empty() {
            lines.extend(self.support.untested(minor + 1));
        }
        lines
    }

    fn why_no_older(&self, minor: u64) -> Vec<Evidence> {
        self.support.limiting(minor - 1).collect()
    }

    /// What is stated cannot install the pins.
    fn refused(&mut self, first: &Statement, stated: &BTreeSet<u64>) -> Choice {
        let wanted = stated.last().copied().unwrap_or_else(|| SUPPORT.default_minor());
        let fits = self.support.fitting(&MINORS.collect());
        // One that still gets fixes comes first: an older one is kept where it is what
        // is stated, not where it is a guess.
        let near = fits
            .iter()
            .copied()
            .min_by_key(|minor| (SUPPORT.has_ended(*minor), minor.abs_diff(wanted), *minor));
        let place = first.evidence.place();
        self.doubt_pins(wanted, &format!("{place} states Python {}, which", first.text.trim()));
        match near {
            Some(minor) => {
                let evidence = self.support.limiting(wanted).collect();
                (minor, "pinned packages".into(), evidence)
            }
            None => {
                let minor = self.support.least_refused(stated);
                (minor, first.source.clone(), vec![first.evidence.clone()])
            }
        }
    }

    fn doubt_pins(&mut self, minor: u64, subject: &str) {
        let refusing: BTreeSet<&str> = self.support.refusing(minor).collect();
        let refusing: Vec<&str> = refusing.into_iter().collect();
        if refusing.is_empty() {
            return;
        }
        self.doubts.push(Doubt {
            key: "python".into(),
            message: format!("{subject} cannot install {}", refusing.join(", ")),
            help:
                "newer versions of those packages install on it; `--set project.python=3.…` decides"
                    .into(),
        });
    }

    fn contradiction(&mut self, first: &Statement, other: &Statement) {
        self.doubts.push(Doubt {
            key: "python".into(),
            message: format!(
                "{} states Python {}, {} states {}: the first counts",
                first.evidence.place(),
                first.text.trim(),
                other.evidence.place(),
                other.text.trim(),
            ),
            help: "make them agree".into(),
        });
    }

    fn end_of_life(&mut self, minor: u64, source: &str) {
        let version = format!("3.{minor}");
        let Some(ended) = VERSIONS.ended(&version) else { return };
        self.doubts.push(Doubt {
            key: "python".into(),
            message: format!("Python {version} ({source}) gets no security fixes since {ended}"),
            help: "plan the step to a newer one; `--set project.python=3.…` takes it".into(),
        });
    }
}

/// The newest fitting version that the best hint names.
fn newest_tested<'a>(
    tested: &'a [Statement],
    fits: &BTreeSet<u64>,
) -> Option<(u64, &'a Statement)> {
    tested.iter().find_map(|hint| Some((*hint.minors.intersection(fits).max()?, hint)))
}

#[cfg(test)]
mod tests;
