//! A process is killed as the kernel or the host would do it.
//!
//! `docker kill` counts as somebody's wish: no restart policy applies to it. And from
//! inside, a container's first process takes no SIGKILL. So a helper with an image of
//! the stack sends it from the namespace of the host; it can do nothing else.

use std::time::Duration;

use super::compose;
use super::engine::Container;
use super::leftovers;
use super::run::Run;
use super::trouble::Outcome;

const LIMIT: Duration = Duration::from_secs(30);

/// Numbers of processes are given out again: it is killed only in its own container.
const SCRIPT: &str = "grep -q \"$1\" \"/proc/$2/cgroup\" || exit 3; kill -9 \"$2\"";

/// Kills a process, by its number on the engine's host; why that cannot be done.
///
/// # Errors
/// When `docker` cannot be started.
pub async fn process(
    run: &Run<'_>,
    container: &Container,
    pid: u32,
) -> Outcome<Result<(), String>> {
    let mut images = vec![container.text("/Config/Image").to_owned()];
    let others = run.stack.model.services().into_iter().map(|own| run.stack.model.image(own));
    images.extend(others.map(str::to_owned));
    images.dedup();
    let mut why = "no image of the stack has a shell".to_owned();
    for image in images.iter().take(4) {
        let mut command = leftovers::helper(&run.stack.compose.name);
        command.args(["--rm", "--pid", "host", "--read-only"]);
        command.args(["--cap-drop", "ALL", "--cap-add", "KILL"]);
        command.args(["--entrypoint", "sh", image, "-c", SCRIPT, "sh", &container.id]);
        command.arg(pid.to_string());
        let output = compose::run(&mut command, LIMIT).await?;
        match output.code {
            Some(0) => return Ok(Ok(())),
            Some(3) => return Ok(Err("the process had ended before".into())),
            _ => why = output.tail(1).pop().unwrap_or(why),
        }
    }
    Ok(Err(format!("no process can be killed from the host: {why}")))
}

/// Kills a container's first process: the engine takes it for a crash.
///
/// # Errors
/// When `docker` cannot be started.
pub async fn container(run: &Run<'_>, container: &Container) -> Outcome<Result<(), String>> {
    let pid = container.fact("/State/Pid").as_u64().and_then(|own| u32::try_from(own).ok());
    match pid.filter(|pid| *pid > 0) {
        Some(pid) => process(run, container, pid).await,
        None => Ok(Err("it does not run".into())),
    }
}
