//! `--arm`: what a check watches is broken on purpose, on the user's own stack, and
//! the check has to go red.

use std::path::Path;

use serde::Serialize;

use super::case::Case;
use super::check::{self, Check, Step};
use super::model::Model;
use super::record::{Finding, Observer};
use super::{Options, chosen, interrupt, on_threads, passage, start, steps};
use crate::error::Error;

/// A way to break what a check watches.
#[derive(Clone, Copy, Debug)]
pub struct Arm {
    /// The check that has to fail.
    pub check: &'static str,
    /// What is broken, in a few words: `web runs as root`.
    pub breaks: &'static str,
    /// How.
    pub how: How,
    /// Whether it needs a stack of its own, since it would hide what others break.
    pub alone: bool,
}

/// How something is broken.
#[derive(Clone, Copy, Debug)]
pub enum How {
    /// The project is changed before it is built and started; `false` where this
    /// stack has nothing of the kind.
    Project(fn(&Case, &mut Model) -> bool),
    /// The copy that it is built from is changed; `false` as above.
    Copy(fn(&Case, &Model, &Path) -> bool),
    /// What is known of the project is changed; `false` as above.
    Case(fn(&mut Case) -> bool),
    /// A threshold gets a value that nothing can keep, where the number itself cannot
    /// be made worse in a bounded time.
    Threshold(&'static str, &'static str),
}

impl Arm {
    /// Breaks it; `false` where this stack has nothing of the kind.
    fn plant(&self, case: &mut Case, copy: &Path) -> bool {
        match self.how {
            How::Project(change) => {
                let mut model = case.model.clone();
                let is_planted = change(case, &mut model);
                case.model = model;
                is_planted
            }
            How::Copy(change) => change(case, &case.model, copy),
            How::Case(change) => change(case),
            How::Threshold(key, value) => case.limits.put(key, value).is_ok(),
        }
    }
}

/// How a check came out when what it watches was broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Alarm {
    /// It went red.
    Red,
    /// It did not: nothing that it says can be relied on.
    Silent,
    /// This stack has nothing of the kind, or the check does not apply to it.
    NotApplicable,
    /// Nothing is broken for it.
    Unarmed,
}

/// A check that was armed.
#[derive(Debug, Serialize)]
pub struct Armed {
    /// Its id.
    pub check: &'static str,
    /// What was broken.
    pub breaks: &'static str,
    /// How it came out.
    pub alarm: Alarm,
    /// What it said.
    pub said: String,
}

/// Breaks what each check of the chosen steps watches, and sees it go red.
///
/// # Errors
/// Wrong input; an engine that is not there or goes away; an interruption.
pub fn arm(options: &Options, observer: &dyn Observer) -> Result<Vec<Armed>, Error> {
    on_threads(all(options, observer))
}

async fn all(options: &Options, observer: &dyn Observer) -> Result<Vec<Armed>, Error> {
    let _held = interrupt::hold();
    let engine = start(options, observer).await?;
    let mut armed = Vec::new();
    for step in chosen(options) {
        for (number, batch) in batches(step, options.quick).into_iter().enumerate() {
            let suffix = format!("-{step}{number}");
            let passed = passage(options, &engine, observer, &[step], &batch, &suffix).await?;
            if let Some(cut) = passed.cut {
                return Err(cut);
            }
            let findings: Vec<&Finding> =
                passed.steps.iter().flat_map(|own| &own.findings).collect();
            for (arm, is_planted) in batch.iter().zip(&passed.planted) {
                armed.push(judge(arm, *is_planted, &findings));
            }
        }
        let unarmed = step.checks().filter(|check| applies(check, options.quick));
        let unarmed =
            unarmed.filter(|check| steps::arms(step).iter().all(|arm| arm.check != check.id));
        armed.extend(unarmed.map(|check| Armed {
            check: check.id,
            breaks: "",
            alarm: Alarm::Unarmed,
            said: "nothing is broken for it".into(),
        }));
    }
    let place = |own: &Armed| check::CHECKS.iter().position(|check| check.id == own.check);
    armed.sort_by_key(place);
    Ok(armed)
}

const fn applies(check: &Check, quick: bool) -> bool {
    check.quick || !quick
}

/// What is broken together: all that leave each other alone, then the others.
fn batches(step: Step, quick: bool) -> Vec<Vec<&'static Arm>> {
    let of_check = |arm: &&Arm| check::find(arm.check).is_some_and(|check| applies(check, quick));
    let (alone, mut together): (Vec<&Arm>, Vec<&Arm>) =
        steps::arms(step).iter().filter(of_check).partition(|arm| arm.alone);
    let mut batches: Vec<Vec<&Arm>> = Vec::new();
    // Two ways to break the same thing would hide each other.
    while !together.is_empty() {
        let mut batch: Vec<&Arm> = Vec::new();
        let mut later = Vec::new();
        for arm in together {
            match batch.iter().any(|own| own.check == arm.check) {
                true => later.push(arm),
                false => batch.push(arm),
            }
        }
        batches.push(batch);
        together = later;
    }
    // What is broken in the same way is broken once, and every check of it looked at.
    for arm in alone {
        match batches.iter_mut().find(|own| own[0].alone && own[0].breaks == arm.breaks) {
            Some(batch) => batch.push(arm),
            None => batches.push(vec![arm]),
        }
    }
    batches
}

/// Breaks what a batch breaks; of each, whether this stack has a place for it.
pub(super) fn plant(arms: &[&Arm], case: &mut Case, copy: &Path) -> Vec<bool> {
    let mut planted: Vec<bool> = Vec::new();
    for arm in arms {
        let is_same = |own: &&Arm| own.alone && own.breaks == arm.breaks;
        let is_broken = arms.iter().zip(&planted).any(|(own, done)| *done && is_same(own));
        planted.push(is_broken || arm.plant(case, copy));
    }
    planted
}

fn judge(arm: &Arm, is_planted: bool, findings: &[&Finding]) -> Armed {
    let own = || findings.iter().filter(|own| own.check.id == arm.check);
    let red = own().find(|own| own.is_failed() && !own.is_blocked);
    let is_skipped = own().all(|own| own.verdict == super::record::Verdict::Skipped);
    let said = |own: Option<&&Finding>| own.map_or_else(String::new, |own| own.said.clone());
    let (alarm, said) = match (is_planted, red) {
        (false, _) => (Alarm::NotApplicable, "this stack has nothing of the kind".to_owned()),
        (true, Some(red)) => {
            let of = red.of.as_ref().map_or_else(String::new, |of| format!("{of}: "));
            (Alarm::Red, format!("{of}{}", red.said))
        }
        (true, None) if own().any(|own| own.is_blocked) => (Alarm::Silent, said(own().next())),
        (true, None)
            if is_skipped && own().next().is_some_and(|own| own.said != super::run::LEFT) =>
        {
            (Alarm::NotApplicable, said(own().next()))
        }
        (true, None) => (Alarm::Silent, said(own().next())),
    };
    Armed { check: arm.check, breaks: arm.breaks, alarm, said }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARM: Arm = Arm {
        check: "isolation.user",
        breaks: "web runs as root",
        how: How::Threshold("verify.p99", "1"),
        alone: false,
    };

    #[test]
    fn red_is_only_what_the_check_itself_has_seen() {
        let failed = Finding::failed("isolation.user", "web: process 1 runs as root");
        assert_eq!(judge(&ARM, true, &[&failed]).alarm, Alarm::Red);
        let blocked = Finding::failed("isolation.user", "web was never started").blocked(true);
        assert_eq!(judge(&ARM, true, &[&blocked]).alarm, Alarm::Silent);
        let other = Finding::failed("isolation.host", "web: shares the host's processes");
        assert_eq!(judge(&ARM, true, &[&other]).alarm, Alarm::Silent);
        let skipped = Finding::skipped("isolation.user", "nothing runs");
        assert_eq!(judge(&ARM, true, &[&skipped]).alarm, Alarm::NotApplicable);
        assert_eq!(judge(&ARM, false, &[&failed]).alarm, Alarm::NotApplicable);
    }

    #[test]
    fn what_is_broken_in_the_same_way_is_broken_once() {
        let batches = batches(Step::Break, false);
        let with =
            |check: &str| batches.iter().position(|own| own.iter().any(|own| own.check == check));
        assert_eq!(with("break.database-stop"), with("break.dns"));
        assert_ne!(with("break.database-stop"), with("break.worker"));
        for batch in &batches {
            let mut checks: Vec<&str> = batch.iter().map(|own| own.check).collect();
            checks.sort_unstable();
            checks.dedup();
            assert_eq!(checks.len(), batch.len());
        }
    }

    #[test]
    fn every_arm_is_of_its_step() {
        for step in Step::ALL {
            for arm in steps::arms(step) {
                assert!(
                    step.checks().any(|check| check.id == arm.check),
                    "{} in {step}",
                    arm.check
                );
            }
        }
    }
}
