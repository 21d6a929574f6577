//! The project of a run: it is built, started, looked at and removed.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::compose::{Compose, Output};
use super::engine::{Container, Engine};
use super::leftovers;
use super::model::Model;
use super::record::Finding;
use super::trouble::Outcome;
use crate::error::Error;

/// Longest that a command takes which neither builds nor waits for health.
pub const COMMAND: Duration = Duration::from_secs(120);
/// Between two looks at what is awaited.
const LOOK: Duration = Duration::from_millis(200);

/// A project of this run's own.
#[derive(Clone, Debug)]
pub struct Stack {
    /// What it consists of.
    pub model: Model,
    /// How Compose is told of it.
    pub compose: Compose,
    /// The engine that it runs on.
    pub engine: Engine,
    top: PathBuf,
}

impl Stack {
    /// Writes the project's file into the run's directory.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(model: Model, top: &Path, copy: &Path, engine: &Engine) -> Result<Self, Error> {
        Self::named(model, top, copy, engine, "compose")
    }

    fn named(
        model: Model,
        top: &Path,
        copy: &Path,
        engine: &Engine,
        name: &str,
    ) -> Result<Self, Error> {
        let file = top.join(format!("{name}.json"));
        let text = serde_json::to_string_pretty(&model.0).expect("JSON can be written");
        private(&file, &text).map_err(|source| Error::Io {
            action: "write",
            path: file.clone(),
            source,
        })?;
        let compose = Compose {
            name: model.name().to_owned(),
            directory: copy.to_owned(),
            files: vec![file],
        };
        Ok(Self { model, compose, engine: engine.clone(), top: top.to_owned() })
    }

    /// The same project with something changed; `name` tells its file from others.
    ///
    /// # Errors
    /// When its file cannot be written.
    pub fn changed(&self, name: &str, change: impl FnOnce(&mut Model)) -> Result<Self, Error> {
        let mut model = self.model.clone();
        change(&mut model);
        Self::named(model, &self.top, &self.compose.directory, &self.engine, name)
    }

    /// The directory of the run.
    #[must_use]
    pub fn top(&self) -> &Path {
        &self.top
    }

    /// The copy that it is built from.
    #[must_use]
    pub fn copy(&self) -> &Path {
        &self.compose.directory
    }

    /// Runs `docker compose` with a limit of its own.
    ///
    /// # Errors
    /// When `docker` cannot be started.
    pub async fn compose(&self, words: &[&str], limit: Duration) -> Outcome<Output> {
        self.compose.run(words, limit).await
    }

    /// Starts what is built, and waits until every service is healthy, or runs, or
    /// has ended as it should. Gives what went wrong.
    ///
    /// # Errors
    /// When the engine does not answer.
    pub async fn up(&self, one_shots: &[String], limit: Duration) -> Outcome<Result<(), NotUp>> {
        let begun = Instant::now();
        let end = begun + limit;
        let output = self.compose(&["up", "--detach", "--no-build", "--quiet-pull"], limit).await?;
        loop {
            let containers = self.containers().await?;
            let waiting: Vec<&Container> = containers
                .iter()
                .filter(|own| !is_up(own, one_shots) && !has_ended_well(own))
                .collect();
            if output.is_ok() && waiting.is_empty() && !containers.is_empty() {
                return Ok(Ok(()));
            }
            let lost = containers.iter().find(|own| is_lost(own, one_shots)).or_else(|| {
                waiting.first().copied().filter(|_| !output.is_ok() || Instant::now() > end)
            });
            if let Some(container) = lost {
                let waited = begun.elapsed();
                return Ok(Err(self.not_up(container, one_shots, waited, output.tail(8)).await?));
            }
            if !output.is_ok() {
                return Ok(Err(NotUp {
                    service: String::new(),
                    said: format!("`{}` failed", output.line),
                    log: output.tail(20),
                    output: Vec::new(),
                }));
            }
            sleep(LOOK).await;
        }
    }

    /// What is lost for good while somebody waits for an answer: a service without a
    /// health check may seem to run between two crashes.
    ///
    /// # Errors
    /// When the engine does not answer.
    pub async fn lost(&self, one_shots: &[String], waited: Duration) -> Outcome<Option<NotUp>> {
        let containers = self.containers().await?;
        match containers.iter().find(|own| is_lost(own, one_shots)) {
            None => Ok(None),
            Some(own) => Ok(Some(self.not_up(own, one_shots, waited, Vec::new()).await?)),
        }
    }

    async fn not_up(
        &self,
        container: &Container,
        one_shots: &[String],
        waited: Duration,
        output: Vec<String>,
    ) -> Outcome<NotUp> {
        Ok(NotUp {
            service: container.service.clone(),
            said: why_not(container, one_shots, waited),
            log: self.engine.logs(&container.id, 20).await?,
            output,
        })
    }

    /// Whether every service is healthy now, or runs, or has ended as it should.
    ///
    /// # Errors
    /// When the engine does not answer.
    pub async fn is_up(&self, one_shots: &[String]) -> Outcome<bool> {
        let containers = self.containers().await?;
        Ok(!containers.is_empty() && containers.iter().all(|own| is_up(own, one_shots)))
    }

    /// Its containers.
    ///
    /// # Errors
    /// When the engine does not answer.
    pub async fn containers(&self) -> Outcome<Vec<Container>> {
        self.engine.containers(&self.compose.name).await
    }

    /// Removes its containers, networks and volumes.
    ///
    /// # Errors
    /// When `docker` cannot be started.
    pub async fn down(&self, volumes: bool) -> Outcome<Output> {
        let mut words = vec!["down", "--remove-orphans", "--timeout", "3"];
        if volumes {
            words.push("--volumes");
        }
        self.compose(&words, COMMAND).await
    }

    /// Removes everything of the run at the engine, its images as well.
    ///
    /// # Errors
    /// When `docker` cannot be started.
    pub async fn remove(&self) -> Outcome<Output> {
        let output = self.down(true).await?;
        leftovers::remove_own(&self.engine, &self.compose.name).await;
        leftovers::remove_images(&self.engine).await;
        Ok(output)
    }
}

/// What did not come up.
#[derive(Clone, Debug)]
pub struct NotUp {
    /// The service; empty where Compose itself failed.
    pub service: String,
    /// In a sentence.
    pub said: String,
    /// Its last lines.
    pub log: Vec<String>,
    /// What Compose said.
    pub output: Vec<String>,
}

impl NotUp {
    /// As the result of a check.
    #[must_use]
    pub fn finding(self, check: &str) -> Finding {
        let log = if self.log.is_empty() { self.output } else { self.log };
        let finding = Finding::failed(check, self.said).log(log);
        if self.service.is_empty() { finding } else { finding.of(self.service) }
    }
}

fn is_up(container: &Container, one_shots: &[String]) -> bool {
    if one_shots.contains(&container.service) {
        return container.text("/State/Status") == "exited" && container.exit_code() == 0;
    }
    container.is_running() && matches!(container.health(), "" | "healthy")
}

/// A tool that ran, ended well, and is not to be started again.
fn has_ended_well(container: &Container) -> bool {
    let restarts = container.text("/HostConfig/RestartPolicy/Name");
    container.text("/State/Status") == "exited"
        && container.exit_code() == 0
        && matches!(restarts, "" | "no" | "on-failure")
}

/// Whether waiting is in vain.
fn is_lost(container: &Container, one_shots: &[String]) -> bool {
    /// What crashes so often is not waiting for another one to come up.
    const OFTEN: i64 = 8;
    if container.restarts() >= OFTEN {
        return true;
    }
    if container.text("/State/Status") != "exited" {
        return false;
    }
    let restarts = container.text("/HostConfig/RestartPolicy/Name");
    match one_shots.contains(&container.service) {
        true => container.exit_code() != 0,
        // A tool that ran and ended well is no fault.
        false => matches!(restarts, "" | "no") && container.exit_code() != 0,
    }
}

fn why_not(container: &Container, one_shots: &[String], waited: Duration) -> String {
    let oom =
        if container.fact("/State/OOMKilled") == true { ", killed for its memory" } else { "" };
    let restarts = container.restarts();
    match (container.text("/State/Status"), container.health()) {
        ("exited", _) => format!("ended with exit code {}{oom}", container.exit_code()),
        _ if restarts > 0 => format!(
            "was restarted {restarts} times, the last time after exit code {}{oom}",
            container.exit_code()
        ),
        ("running", "unhealthy" | "starting") => {
            let last = container.fact("/State/Health/Log").as_array().and_then(|log| log.last());
            let said = last.and_then(|own| own["Output"].as_str()).unwrap_or_default().trim();
            let said = said.lines().last().unwrap_or_default();
            format!(
                "is {} after {} s; its health check last said: {}",
                container.health(),
                waited.as_secs(),
                if said.is_empty() { "nothing" } else { said }
            )
        }
        ("running", _) if one_shots.contains(&container.service) => {
            format!("had not ended after {} s", waited.as_secs())
        }
        ("created", _) => "was never started: what it waits for did not come".to_owned(),
        (status, _) => format!("is {status}{oom}"),
    }
}

/// A file for its owner alone: it holds what `.env` holds.
fn private(path: &Path, text: &str) -> std::io::Result<()> {
    fs::write(path, text)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    }
    Ok(())
}

/// Ports that nobody listens on now, below those that outgoing connections are given.
#[must_use]
pub fn free_ports(count: usize) -> Vec<u16> {
    let first = 20_000 + (std::process::id() % 1000) as u16 * 10;
    // A range of replicas begins at each: some room is left behind it.
    (0..10_000_u16)
        .step_by(4)
        .map(|step| 20_000 + (first - 20_000 + step) % 10_000)
        .filter(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .take(count)
        .collect()
}
