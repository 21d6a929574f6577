//! Locks, floors and rules, held against what was chosen and planned; the
//! judges in `disk` then hold them against the files.

use std::collections::BTreeSet;

use crate::answers::{Draft, Origin, document};
use crate::check::Options;
use crate::check::disk;
use crate::check::finding::{Finding, Kind};
use crate::error::Error;
use crate::plan::{self, Plan};
use crate::preset::Preset;
use crate::preset::policy::{Breach, Policy};
use crate::project::Project;
use crate::render::{self, Rendered};
use crate::update;

/// What was judged, and what it was judged by.
#[derive(Debug)]
pub struct Judged {
    /// The answers, with locks as they should be.
    pub draft: Draft,
    /// The plan that follows.
    pub plan: Plan,
    /// The files that follow.
    pub renders: Vec<Rendered>,
    /// What does not hold.
    pub findings: Vec<Finding>,
    own: Policy,
}

impl Judged {
    /// What a waiver of the repository may name.
    #[must_use]
    pub fn own_rules(&self) -> BTreeSet<String> {
        self.own.ids().into_iter().map(str::to_owned).collect()
    }
}

/// Judges a repository by its own preset, and by one from outside.
///
/// # Errors
/// Answers that are wrong in themselves, whatever a policy says.
pub fn judge(project: &Project, preset: &Preset, options: &Options) -> Result<Judged, Error> {
    let (said, _) = update::draft(project, preset, &project.entries, &[])?;
    let own = said.policy().clone();
    let outside = options.policy.as_ref().map(Policy::of).transpose().map_err(Error::Input)?;
    let policies: Vec<&Policy> = outside.iter().chain([&own]).collect();
    let mut findings: Vec<Finding> = Vec::new();
    for policy in &policies {
        findings.extend(policy.broken_locks(&said).iter().map(of_answers));
    }
    let draft = with_locks(&said, &own);
    let answers = draft.resolve().map_err(Error::Input)?;
    let plan = plan::plan(&answers, &project.lock.only).map_err(Error::Input)?;
    for policy in &policies {
        let broken = policy.broken_demands(&draft, &plan, &options.today);
        findings.extend(broken.iter().map(of_answers));
    }
    let renders = render::render(&plan, &draft)?;
    findings.extend(disk::judge(project, &policies, &draft, &plan, &renders, &options.today)?);
    Ok(Judged { draft, plan, renders, findings, own })
}

/// The answers as they would be if nobody had changed what is locked: the
/// rest can be judged all the same.
fn with_locks(said: &Draft, policy: &Policy) -> Draft {
    let mut draft = said.clone();
    for breach in policy.broken_locks(said) {
        let lock = &policy.locks[&breach.subject];
        // The preset's own reading of the value took it.
        let _ = draft.set(&breach.subject, &lock.value.to_string(), Origin::Flag);
    }
    draft
}

fn of_answers(breach: &Breach) -> Finding {
    let finding = Finding::new(Kind::Policy, &breach.rule, &breach.message);
    Finding {
        path: Some(document::FILE.to_owned()),
        line: breach.at.as_ref().map(|place| place.line),
        layer: Some(breach.layer.clone()),
        demand: Some(breach.place.clone()),
        warn_until: breach.warn_until.clone(),
        help: Some(match (&breach.at, breach.subject.as_str()) {
            (Some(_), _) => "change it, then `dockwright update`".to_owned(),
            (None, "dockwright") => "install a newer dockwright".to_owned(),
            (None, subject) => format!("set {} there, then `dockwright update`", key_of(subject)),
        }),
        ..finding
    }
}

/// The key of `dockwright.toml` that a subject is about.
fn key_of(subject: &str) -> String {
    match subject {
        "python" => "project.python".to_owned(),
        subject if crate::schema::find(subject).is_some() => subject.to_owned(),
        number => format!("tune.{number}"),
    }
}
