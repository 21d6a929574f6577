//! What a cluster would be told by the files: every overlay as kustomize builds it, the
//! task definitions as they are. The rules are the audit's, `KU…` and `EC…`.

use std::collections::BTreeMap;

use crate::check::finding::{Finding, Kind};
use crate::error::Error;
use crate::lint::ignores;
use crate::lint::rules::CLUSTERS;
use crate::lint::{self, Diagnostic, Severity, Subject};
use crate::plan::Plan;
use crate::project::Project;

/// Judges what is written for Kubernetes and ECS, where the project is deployed to these.
///
/// # Errors
/// A directory that cannot be read.
pub fn find(project: &Project, plan: &Plan, today: &str) -> Result<Vec<Finding>, Error> {
    if !plan.answers.deploy.is_clustered() {
        return Ok(Vec::new());
    }
    let subject = Subject::with(&project.dir, BTreeMap::new())?;
    let rules: &[&lint::Rule] = &CLUSTERS;
    let found = lint::judge(&subject, rules);
    // Comments beside the lines count; waivers are applied to all that a check finds.
    let judged = ignores::apply(&subject, found, rules, &[], today);
    let own = |code: &str| rules.iter().any(|rule| rule.code == code);
    let judged = judged.iter().filter(|one| one.allowed.is_none() && own(one.diagnostic.code));
    let mut findings: Vec<Finding> =
        judged.filter_map(|one| finding(&subject, &one.diagnostic)).collect();
    for overlay in subject.overlays() {
        if let Some(why) = overlay.unbuilt {
            let message = format!("the overlay was not built, so its files were judged: {why}");
            findings.push(Finding::note("not-built", message).in_file(overlay.path));
        }
        for (secret, keys) in overlay.expects {
            let keys: Vec<String> = keys.into_iter().collect();
            let message = format!(
                "the Secret {secret} has to be there before it is applied, with {}",
                keys.join(", ")
            );
            findings.push(Finding::note("precondition", message).in_file(overlay.path));
        }
    }
    Ok(findings)
}

/// What fails an audit fails a check; taste is not said.
fn finding(subject: &Subject, found: &Diagnostic) -> Option<Finding> {
    let name = lint::rule::find(found.code)?.name;
    let message = format!("{} {}", found.code, found.message);
    let finding = match found.severity {
        Severity::Error => Finding::new(Kind::Manifests, name, message),
        Severity::Warning => Finding::warning(name, message),
        Severity::Advice => Finding::note(name, message),
        Severity::Style => return None,
    };
    let line = (found.at.span.end > 0).then(|| subject.line(found.at));
    let finding = finding.in_file(subject.path(found.at.text)).on_line(line);
    Some(Finding { code: Some(found.code), help: found.help.clone(), ..finding })
}
