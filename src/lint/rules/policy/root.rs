//! `deploy.hardening`, on Dockerfiles: what is run does not run as root.

use crate::lint::diagnostic::{Diagnostic, Severity};
use crate::lint::rule::Rule;
use crate::lint::rules::policy::{SOURCE, by_each, disguise, setuid};
use crate::lint::subject::{Built, Comparison};
use crate::policy::Requirement;

pub static RULE: Rule = Rule {
    code: "PO101",
    name: "standard-root",
    severity: Severity::Error,
    summary: "an image that is run does not run as root, where the standard demands hardening",
    why: "Whoever breaks into the process is root in the container. A standard that says deploy.hardening = \"strict\" promises that nobody is, whatever a Dockerfile is edited to.",
    example: "USER 10001:10001",
    source: SOURCE,
    fix: None,
    check: |subject, findings| by_each(subject, findings, judge),
};

/// The stages that become images: the last, and those a compose file builds.
fn judge(requirement: &Requirement, compared: Comparison<'_>) -> Vec<Diagnostic> {
    if requirement.key != "deploy.hardening" {
        return Vec::new();
    }
    let mut findings: Vec<Diagnostic> = Vec::new();
    for own in compared.built() {
        let found = of_image(compared, &own).into_iter().chain(disguise::judge(compared, &own));
        let found = found.chain(setuid::judge(compared, &own)).chain(doubled(compared, &own));
        for found in found.chain(disguise::front_end(compared, &own)) {
            if !findings.contains(&found) {
                findings.push(found);
            }
        }
    }
    findings
}

fn of_image(compared: Comparison<'_>, own: &Built) -> Option<Diagnostic> {
    let file = &compared.now.recipes[own.recipe].file;
    let stage = &file.stages[own.stage];
    let name = stage.name.clone().unwrap_or_else(|| own.stage.to_string());
    let Some(user) = &own.image.user else {
        // Of a file that cannot be read whole, that is said already.
        if !file.faults.is_empty() {
            return None;
        }
        let at = compared.instruction(own, stage.first);
        let message = format!("stage {name} sets no USER, and may run as root");
        let help = "USER with a numeric user that is not 0, as the stage's last";
        return Some(Diagnostic::new(at, message).with_help(help));
    };
    let at = compared.instruction(own, user.at);
    let text = &user.value.text;
    let is_name = |own: char| own.is_ascii_alphanumeric() || "_-.:+\"'".contains(own);
    if user.value.known().is_none() || !text.trim().chars().all(is_name) {
        let message = format!("who `USER {text}` is cannot be told");
        return Some(Diagnostic::unknown(at, message));
    }
    is_root(text).then(|| {
        let message = format!("USER {text}: stage {name} runs as root");
        let help = "run what needs root before the last USER, which is not root";
        Diagnostic::new(at, message).with_help(help)
    })
}

/// Two stages of one name: which of them is built depends on who builds.
fn doubled(compared: Comparison<'_>, own: &Built) -> Option<Diagnostic> {
    let file = &compared.now.recipes[own.recipe].file;
    let stage = &file.stages[own.stage];
    let name = stage.name.as_ref()?;
    let same = |other: &&crate::source::dockerfile::Stage| {
        other.name.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(name))
    };
    let is_doubled = file.stages.iter().filter(same).count() > 1;
    let message = format!("several stages are called {name}");
    is_doubled.then(|| Diagnostic::unknown(compared.instruction(own, stage.first), message))
}

/// Whether `user[:group]` is root. An empty one is the base image's, which may be.
#[must_use]
pub fn is_root(user: &str) -> bool {
    let name = user.split(':').next().unwrap_or(user).trim().trim_matches(['"', '\'']);
    let digits = name.trim_start_matches(['+', '-']);
    let is_zero = !digits.is_empty() && digits.bytes().all(|own| own == b'0');
    name.is_empty() || name == "root" || is_zero
}

#[cfg(test)]
mod tests {
    use super::is_root;

    #[test]
    fn root_is_known_by_name_and_number_and_a_group_is_no_user() {
        for user in ["root", "0", "0:0", "00", "root:app", "\"root\"", "", ":0", "-0", "+0"] {
            assert!(is_root(user), "{user}");
        }
        for user in ["app", "10001:0", "1000", "rooty", "$USER"] {
            assert!(!is_root(user), "{user}");
        }
    }
}
