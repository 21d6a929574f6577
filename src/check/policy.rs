//! Locks, floors and rules, held against what was chosen and planned; the
//! judges in `disk` then hold them against the files.

use std::collections::BTreeSet;

use crate::answers::{Draft, document};
use crate::check::Options;
use crate::check::disk;
use crate::check::finding::{Finding, Kind};
use crate::error::Error;
use crate::lint::subject::Held;
use crate::plan::{self, Plan};
use crate::policy::{self, Policy, Violation};
use crate::preset::Preset;
use crate::project::{self, Project};
use crate::render::{self, Rendered};
use crate::schema;

/// What was judged, and what it was judged by.
#[derive(Debug)]
pub struct Judged {
    /// The plan that follows from the answers, with locks as they should be.
    pub plan: Plan,
    /// The files that follow.
    pub renders: Vec<Rendered>,
    /// What does not hold.
    pub findings: Vec<Finding>,
    /// What a waiver of the repository may name.
    pub own_rules: BTreeSet<String>,
}

/// Judges a repository by its own preset, and by one from outside.
///
/// # Errors
/// Answers that are wrong in themselves, whatever a policy says.
pub fn judge(project: &Project, preset: &Preset, options: &Options) -> Result<Judged, Error> {
    let sources = project::sources(preset, Some(&project.lock), &project.entries);
    let draft = sources.assemble().map_err(Error::Input)?.draft;
    let own = Policy::of(preset, &options.today);
    let outside = options.policy.iter().map(|preset| Policy::of(preset, &options.today));
    let outside: Vec<Policy> = outside.collect();
    let judged = policy::judge(&draft, &project.lock.only, &own, &outside);
    let policy::Judged { draft: restored, plan, violations } = judged.map_err(Error::Input)?;
    let mut findings: Vec<Finding> = violations.iter().map(of_answers).collect();
    let renders = render::render(&plan, &restored)?;
    let mut held = Vec::new();
    for (preset_outside, policy) in options.policy.iter().zip(&outside) {
        match under(policy, preset_outside.over(preset), &draft) {
            Ok(one) => held.push(one),
            Err(error) => findings.push(unwritten(&error, preset_outside)),
        }
    }
    held.push(Held {
        requirements: own.0.clone(),
        draft: restored.into_owned(),
        plan: plan.clone(),
        renders: renders.clone(),
        is_partial: !project.lock.only.is_empty(),
        is_outside: false,
    });
    findings.extend(disk::judge(project, held)?);
    Ok(Judged { plan, renders, findings, own_rules: own.ids().map(str::to_owned).collect() })
}

/// What would be written under a policy from outside: with the answers of the
/// repository, and nothing of its own preset's or lock's but those.
fn under(policy: &Policy, standard: Preset, draft: &Draft) -> Result<Held, Error> {
    let draft = draft.under(standard);
    let planned = draft.resolve().and_then(|answers| plan::plan(&answers, &BTreeSet::new()));
    let plan = planned.map_err(Error::Input)?;
    let renders = render::render(&plan, &draft)?;
    let requirements = policy.0.clone();
    Ok(Held { requirements, draft, plan, renders, is_partial: false, is_outside: true })
}

/// What cannot be written cannot be compared with.
fn unwritten(error: &Error, preset: &Preset) -> Finding {
    let text = error.to_string();
    let first = text.lines().next().unwrap_or_default();
    let message = format!("what {} would write cannot be told: {first}", preset.name());
    Finding::new(Kind::Policy, "preset", message).in_file(document::FILE)
}

fn of_answers(violation: &Violation) -> Finding {
    let Violation { requirement, what, at, .. } = violation;
    let line = at.as_ref().map(|place| place.line);
    Finding::of(requirement, document::FILE, line, what).help(match (at, &*requirement.key) {
        (Some(_), _) => "change it, then `dockwright update`".to_owned(),
        (None, "dockwright") => "install a newer dockwright".to_owned(),
        (None, key) => {
            let table = if schema::find(key).is_some() { "" } else { "tune." };
            format!("set {table}{key} there, then `dockwright update`")
        }
    })
}
