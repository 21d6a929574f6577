//! `deploy.hardening`, on a Dockerfile: what is run does not run as root.

use crate::check::disk::dockerfile::Dockerfile;
use crate::check::disk::scene::Scene;
use crate::check::finding::Finding;
use crate::policy::Requirement;

/// The stages that become images: the last, and those a compose file builds.
pub fn judge(requirement: &Requirement, scene: &Scene<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in &scene.dockerfiles {
        for stage in built(file, scene) {
            findings.extend(of_stage(requirement, file, stage));
        }
    }
    findings
}

/// The positions of the stages that are run.
pub fn built(file: &Dockerfile, scene: &Scene<'_>) -> Vec<usize> {
    let services = scene.composes.iter().flat_map(|compose| &compose.services);
    let targets = services.filter_map(|service| service.build());
    let targets = targets.filter(|build| names(&build.dockerfile, &file.path));
    let mut stages: Vec<usize> =
        targets.filter_map(|build| file.stage(&build.target)).chain(file.stage("")).collect();
    stages.sort_unstable();
    stages.dedup();
    stages
}

/// Whether a build's `dockerfile` is this file; it is relative to its context.
fn names(dockerfile: &str, path: &str) -> bool {
    let name = if dockerfile.is_empty() { "Dockerfile" } else { dockerfile };
    let name = name.trim_start_matches("./");
    path == name || path.ends_with(&format!("/{name}"))
}

fn of_stage(requirement: &Requirement, file: &Dockerfile, stage: usize) -> Option<Finding> {
    let name = &file.stages[stage].name;
    match file.user(stage) {
        None => {
            let line = file.stages[stage].line;
            let message = format!("stage {name} sets no USER, and may run as root");
            let help = "USER with a numeric user that is not 0, as the stage's last";
            Some(Finding::of(requirement, &file.path, Some(line), &message).help(help))
        }
        Some((user, line)) if is_root(user) => {
            let message = format!("USER {user}: stage {name} runs as root");
            let help = "run what needs root before the last USER, which is not root";
            Some(Finding::of(requirement, &file.path, Some(*line), &message).help(help))
        }
        Some((user, line)) if user.contains('$') => {
            let message = format!("who `USER {user}` is cannot be told");
            Some(Finding::unknown(requirement, &file.path, Some(*line), &message))
        }
        Some(_) => None,
    }
}

/// Whether `user[:group]` is root.
#[must_use]
pub fn is_root(user: &str) -> bool {
    let name = user.split(':').next().unwrap_or(user).trim().trim_matches(['"', '\'']);
    name == "root" || name.parse::<u32>() == Ok(0)
}

#[cfg(test)]
mod tests {
    use super::is_root;

    #[test]
    fn root_is_known_by_name_and_number_and_a_group_is_no_user() {
        for user in ["root", "0", "0:0", "00", "root:app", "\"root\""] {
            assert!(is_root(user), "{user}");
        }
        for user in ["app", "10001:0", "1000", "rooty", "$USER", ""] {
            assert!(!is_root(user), "{user}");
        }
    }
}
