//! What a killed run leaves at an engine: containers, networks, volumes.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use bollard::query_parameters as query;
use tokio::process::Command;

use super::compose;
use super::engine::Engine;
use super::model::LABEL;
use super::owner;
use super::stack::{COMMAND, Stack};
use super::stage::{self, Stage};

/// Removes what runs of this machine left that no longer live; their projects.
pub async fn sweep(engine: &Engine) -> BTreeSet<String> {
    let mut left = BTreeSet::new();
    let filters = HashMap::from([("label".to_owned(), vec![LABEL.to_owned()])]);
    let options = query::ListContainersOptions {
        all: true,
        filters: Some(filters.clone()),
        ..Default::default()
    };
    let containers = engine.api().list_containers(Some(options)).await.unwrap_or_default();
    for own in containers {
        let labels = own.labels.unwrap_or_default();
        if let (Some(id), true) = (own.id, is_dead(labels.get(LABEL))) {
            left.extend(labels.get("com.docker.compose.project").cloned());
            engine.remove(&id).await;
        }
    }
    let options = query::ListNetworksOptions { filters: Some(filters.clone()) };
    for own in engine.api().list_networks(Some(options)).await.unwrap_or_default() {
        if let (Some(id), true) = (own.id, is_dead(own.labels.unwrap_or_default().get(LABEL))) {
            let _ = engine.api().remove_network(&id).await;
        }
    }
    let options = query::ListVolumesOptions { filters: Some(filters) };
    let volumes = engine.api().list_volumes(Some(options)).await.ok().and_then(|own| own.volumes);
    for own in volumes.unwrap_or_default() {
        if is_dead(own.labels.get(LABEL)) {
            let _ = engine.api().remove_volume(&own.name, None::<query::RemoveVolumeOptions>).await;
        }
    }
    images(engine, is_dead).await;
    directories();
    left
}

/// Images of runs that satisfy something, those without a name as well: a later build
/// of the same run takes it from an earlier one.
async fn images(engine: &Engine, is: impl Fn(Option<&String>) -> bool) {
    let filters = HashMap::from([("label".to_owned(), vec![LABEL.to_owned()])]);
    let options = query::ListImagesOptions { filters: Some(filters), ..Default::default() };
    for own in engine.api().list_images(Some(options)).await.unwrap_or_default() {
        if is(own.labels.get(LABEL)) {
            let options = query::RemoveImageOptions { force: true, ..Default::default() };
            let _ = engine.api().remove_image(&own.id, Some(options), None).await;
        }
    }
}

/// Removes the images of this run.
pub async fn remove_images(engine: &Engine) {
    let own = owner();
    let is_own =
        |label: &String| label.strip_prefix(&own).is_some_and(|rest| matches!(rest, "" | "/kept"));
    images(engine, |label| label.is_some_and(is_own)).await;
}

/// The file by which a directory says that its stack was left on purpose.
pub const KEPT: &str = "kept";

/// Copies of dead runs.
fn directories() {
    let entries = std::fs::read_dir(stage::base()).into_iter().flatten().flatten();
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        let pid = name.strip_prefix(stage::PREFIX).and_then(|rest| rest.split('-').next());
        let is_kept = entry.path().join(KEPT).exists();
        if !is_kept && pid.is_some_and(|pid| pid.parse::<u32>().is_ok() && !is_alive(pid)) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

/// The label of what a run makes beside its project, with the project's name.
pub const OF: &str = "dev.dockwright.verify.of";

/// `docker run` of a helper, as root and without a network: an image of the stack is the
/// only program that is certain to be there. What kills this program leaves it to the
/// end of the run, or to the next one.
#[must_use]
pub fn helper(project: &str) -> Command {
    let mut command = Command::new("docker");
    command.args(["run", "--pull", "never", "--network", "none", "--user", "0"]);
    command.args(["--no-healthcheck", "--label", &format!("{LABEL}={}", owner())]);
    command.args(["--label", &format!("{OF}={project}")]);
    command
}

/// Removes what a run made beside what its project's file names now: helpers, and
/// volumes that stood for others for a while.
pub async fn remove_own(engine: &Engine, project: &str) {
    let filter = |label: String| Some(HashMap::from([("label".to_owned(), vec![label])]));
    let options = query::ListContainersOptions {
        all: true,
        filters: filter(format!("{OF}={project}")),
        ..Default::default()
    };
    for own in engine.api().list_containers(Some(options)).await.unwrap_or_default() {
        let Some(id) = own.id else { continue };
        engine.remove(&id).await;
    }
    let label = format!("com.docker.compose.project={project}");
    let options = query::ListVolumesOptions { filters: filter(label) };
    let volumes = engine.api().list_volumes(Some(options)).await.ok().and_then(|own| own.volumes);
    for own in volumes.unwrap_or_default() {
        let _ = engine.api().remove_volume(&own.name, None::<query::RemoveVolumeOptions>).await;
    }
}

/// Whether who made it was a process of this machine that has ended.
fn is_dead(owner_of: Option<&String>) -> bool {
    let own = owner();
    let (Some((machine, pid)), Some((here, _))) =
        (owner_of.and_then(|own| own.rsplit_once('/')), own.rsplit_once('/'))
    else {
        return false;
    };
    // A machine that has no name cannot be told from another one.
    machine == here && !here.is_empty() && !is_alive(pid)
}

#[cfg(unix)]
fn is_alive(pid: &str) -> bool {
    let pid = pid.parse().ok().and_then(rustix::process::Pid::from_raw);
    pid.is_none_or(|pid| {
        !matches!(rustix::process::test_kill_process(pid), Err(rustix::io::Errno::SRCH))
    })
}

/// Windows has a program that says so; where it does not answer, nobody can tell.
#[cfg(not(unix))]
fn is_alive(pid: &str) -> bool {
    let filter = format!("PID eq {pid}");
    let mut command = std::process::Command::new("tasklist");
    let output = command.args(["/NH", "/FO", "CSV", "/FI", &filter]).output();
    output.map_or(true, |own| {
        !own.status.success() || lists(&String::from_utf8_lossy(&own.stdout), pid)
    })
}

/// Whether `tasklist` lists a process: `"dockwright.exe","4321","Console","1","9,984 K"`.
/// What it says where there is none is in the user's language.
#[cfg(any(test, not(unix)))]
fn lists(said: &str, pid: &str) -> bool {
    let is_it = |line: &str| line.split("\",\"").nth(1).is_some_and(|own| own == pid);
    said.lines().any(|line| line.starts_with('"') && is_it(line))
}

/// Removes the run's directory, also what containers wrote there as other users.
pub async fn remove_stage(stage: Stage, stack: &Stack) {
    let top = stage.keep();
    if std::fs::remove_dir_all(&top).is_ok() {
        return;
    }
    let containers = stack.model.services();
    for service in containers {
        let mut command = helper(&stack.compose.name);
        command.args(["--rm", "--volume", &format!("{}:/verify", top.display())]);
        let image = stack.model.image(service);
        command.args(["--entrypoint", "sh", image, "-c", "rm -rf /verify/*"]);
        let ran = compose::run(&mut command, Duration::from_secs(60).min(COMMAND)).await;
        if ran.is_ok_and(|own| own.is_ok()) {
            break;
        }
    }
    let _ = std::fs::remove_dir_all(&top);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_windows_lists_is_alive() {
        let said = "\r\n\"dockwright.exe\",\"4321\",\"Console\",\"1\",\"9,984 K\"\r\n";
        assert!(lists(said, "4321"));
        for (said, pid) in [
            (said, "432"),
            (said, "1"),
            ("INFO: No tasks are running which match the specified criteria.\r\n", "4321"),
            ("INFORMATION: PID 4321\r\n", "4321"),
            ("", "4321"),
        ] {
            assert!(!lists(said, pid), "{said}");
        }
    }

    #[test]
    fn only_what_a_dead_process_of_this_machine_made_is_abandoned() {
        let own = owner();
        let (machine, pid) = own.rsplit_once('/').unwrap();
        assert!(!machine.is_empty() && pid.parse::<u32>().is_ok(), "{own}");
        assert!(!is_dead(Some(&own)), "it is at work");
        // No system gives a process such a number.
        let dead = format!("{machine}/{}", i32::MAX);
        assert!(is_dead(Some(&dead)));
        for other in [format!("{machine}-2/{}", i32::MAX), format!("/{}", i32::MAX)] {
            assert!(!is_dead(Some(&other)), "{other}");
        }
        assert!(!is_dead(None));
        assert!(!is_dead(Some(&format!("{dead}/kept"))), "left on purpose");
    }
}
