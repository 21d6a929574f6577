//! `deploy.hardening`, on Dockerfiles: what is run does not run as root.

use crate::check::disk::scene::{Built, Scene};
use crate::check::finding::Finding;
use crate::policy::Requirement;

/// The stages that become images: the last, and those a compose file builds.
pub fn judge(requirement: &Requirement, scene: &Scene<'_>) -> Vec<Finding> {
    scene.built().iter().filter_map(|own| of_image(requirement, scene, own)).collect()
}

fn of_image(requirement: &Requirement, scene: &Scene<'_>, own: &Built<'_>) -> Option<Finding> {
    let file = &scene.now.recipes[own.recipe].file;
    let stage = &file.stages[own.stage];
    let name = stage.name.clone().unwrap_or_else(|| own.stage.to_string());
    let Some(user) = &own.image.user else {
        // Of a file that cannot be read whole, that is said already.
        if !file.faults.is_empty() {
            return None;
        }
        let line = scene.line(own, stage.first);
        let message = format!("stage {name} sets no USER, and may run as root");
        let help = "USER with a numeric user that is not 0, as the stage's last";
        return Some(Finding::of(requirement, own.path, Some(line), &message).help(help));
    };
    let line = Some(scene.line(own, user.at));
    let text = &user.value.text;
    if user.value.known().is_none() {
        let message = format!("who `USER {text}` is cannot be told");
        return Some(Finding::unknown(requirement, own.path, line, &message));
    }
    is_root(text).then(|| {
        let message = format!("USER {text}: stage {name} runs as root");
        let help = "run what needs root before the last USER, which is not root";
        Finding::of(requirement, own.path, line, &message).help(help)
    })
}

/// Whether `user[:group]` is root. An empty one is the base image's, which may be.
#[must_use]
pub fn is_root(user: &str) -> bool {
    let name = user.split(':').next().unwrap_or(user).trim().trim_matches(['"', '\'']);
    name.is_empty() || name == "root" || name.parse::<u64>() == Ok(0)
}

#[cfg(test)]
mod tests {
    use super::is_root;

    #[test]
    fn root_is_known_by_name_and_number_and_a_group_is_no_user() {
        for user in ["root", "0", "0:0", "00", "root:app", "\"root\"", "", ":0"] {
            assert!(is_root(user), "{user}");
        }
        for user in ["app", "10001:0", "1000", "rooty", "$USER"] {
            assert!(!is_root(user), "{user}");
        }
    }
}
