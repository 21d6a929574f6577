//! The engine, over its API: what containers are, what runs in them, and what
//! is done to them.

mod container;
mod usage;

use std::collections::HashMap;
use std::time::Duration;

use bollard::Docker;
use bollard::container::LogOutput;
use bollard::exec::{CreateExecOptions, StartExecResults};
use bollard::models::{
    ContainerStatsResponse, EndpointSettings, NetworkConnectRequest, NetworkDisconnectRequest,
};
use bollard::query_parameters as query;
use futures_util::StreamExt as _;
use serde_json::Value;
use tokio::process::Command;
use tokio::time::timeout;

pub use container::{Container, Process};
pub use usage::{Peak, Usage, Watch, memory_in_use};

use super::trouble::{Outcome, Trouble};
use crate::error::Error;

/// Longest wait for an answer of the engine that is not about waiting.
const ANSWER: Duration = Duration::from_secs(60);

/// The label that Compose gives every container of a project.
const PROJECT: &str = "com.docker.compose.project";

/// A connection to the engine that the `docker` command talks to.
#[derive(Clone, Debug)]
pub struct Engine {
    docker: Docker,
    /// The address of its host, where published ports are reached.
    pub host: String,
    /// Its version.
    pub version: String,
}

/// What a command in a container left behind.
#[derive(Clone, Debug)]
pub struct Ran {
    /// Its exit code; `None` where it was given up.
    pub code: Option<i64>,
    /// Both its outputs.
    pub output: String,
}

impl Ran {
    /// Whether it ended, with 0.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.code == Some(0)
    }
}

impl Engine {
    /// Connects to the engine of `DOCKER_HOST`, or of the context that `docker` uses.
    ///
    /// # Errors
    /// No engine that answers, or one that is reached in a way that is not supported.
    pub async fn connect() -> Result<Self, Error> {
        let address = address().await?;
        let missing = |message: String| Error::Tool {
            message: format!("no Docker engine answers at {address}: {message}"),
            help: "start it (`docker version` shows both sides), or name another with DOCKER_HOST"
                .into(),
        };
        let docker = Docker::connect_with_host(&address).map_err(|error| match address.split_once("://") {
            Some(("ssh" | "https", _)) => Error::Tool {
                message: format!("an engine at {address} cannot be reached by `verify`"),
                help: "run it on the engine's own machine, or name a socket or tcp:// address with DOCKER_HOST".into(),
            },
            _ => missing(error.to_string()),
        })?;
        let docker = docker.with_timeout(ANSWER);
        let version = match timeout(Duration::from_secs(10), docker.version()).await {
            Ok(Ok(version)) => version.version.unwrap_or_default(),
            Ok(Err(error)) => return Err(missing(error.to_string())),
            Err(_) => return Err(missing("no answer in 10 s".into())),
        };
        let remote = ["tcp://", "http://"].iter().find_map(|own| address.strip_prefix(own));
        let host =
            remote.map_or("127.0.0.1", |rest| rest.rsplit_once(':').map_or(rest, |(host, _)| host));
        let docker =
            docker.negotiate_version().await.map_err(|error| missing(error.to_string()))?;
        Ok(Self { docker, host: host.to_owned(), version })
    }

    /// Whether it runs on another machine, so that its ports have to be open to be reached.
    #[must_use]
    pub fn is_remote(&self) -> bool {
        self.host != "127.0.0.1"
    }

    /// Whether it answers, now or within a limit.
    pub async fn is_back(&self, limit: Duration) -> bool {
        let end = tokio::time::Instant::now() + limit;
        loop {
            let ping = timeout(Duration::from_secs(5), self.docker.ping()).await;
            if matches!(ping, Ok(Ok(_))) {
                return true;
            }
            if tokio::time::Instant::now() > end {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    /// The API itself, for what has no method here.
    #[must_use]
    pub const fn api(&self) -> &Docker {
        &self.docker
    }

    /// The containers of a project, those that have ended included, by service and number.
    ///
    /// # Errors
    /// When the engine does not answer.
    pub async fn containers(&self, project: &str) -> Outcome<Vec<Container>> {
        let filters = HashMap::from([("label".to_owned(), vec![format!("{PROJECT}={project}")])]);
        let options = query::ListContainersOptions {
            all: true,
            filters: Some(filters),
            ..Default::default()
        };
        let listed = self.docker.list_containers(Some(options)).await?;
        let mut containers = Vec::new();
        for id in listed.into_iter().filter_map(|own| own.id) {
            match self.docker.inspect_container(&id, None).await {
                Ok(facts) => containers.push(Container::of(&facts)),
                // It ended, and was removed, in between.
                Err(error) if is_missing(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
        containers.retain(|own| !own.is_one_off());
        containers.sort_by(|a, b| (&a.service, a.number).cmp(&(&b.service, b.number)));
        Ok(containers)
    }

    /// A container as it is now.
    ///
    /// # Errors
    /// When there is none, or the engine does not answer.
    pub async fn inspect(&self, id: &str) -> Outcome<Container> {
        Ok(Container::of(&self.docker.inspect_container(id, None).await?))
    }

    /// An image, as `docker image inspect` describes it.
    ///
    /// # Errors
    /// When there is none, or the engine does not answer.
    pub async fn image(&self, name: &str) -> Outcome<Value> {
        Ok(value(&self.docker.inspect_image(name).await?))
    }

    /// Runs a command in a container, as its user or another one.
    ///
    /// # Errors
    /// When the engine does not answer; a command that cannot be started has the
    /// exit code that a shell would give it.
    pub async fn exec(
        &self,
        id: &str,
        user: Option<&str>,
        words: &[&str],
        limit: Duration,
    ) -> Outcome<Ran> {
        let options = CreateExecOptions {
            cmd: Some(words.to_vec()),
            user,
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            ..Default::default()
        };
        let exec = self.docker.create_exec(id, options).await?.id;
        let mut output = Vec::new();
        let reading = async {
            if let StartExecResults::Attached { output: mut stream, .. } =
                self.docker.start_exec(&exec, None).await?
            {
                while let Some(part) = stream.next().await {
                    output.extend_from_slice(&part?.into_bytes());
                }
            }
            Ok::<_, bollard::errors::Error>(())
        };
        let read = timeout(limit, reading).await;
        let output_of = |output: &[u8]| String::from_utf8_lossy(output).into_owned();
        match read {
            Err(_) => return Ok(Ran { code: None, output: output_of(&output) }),
            // What cannot be started is the command's fault, not the engine's.
            Ok(Err(bollard::errors::Error::DockerResponseServerError { message, .. })) => {
                return Ok(Ran { code: Some(127), output: message });
            }
            Ok(Err(error)) => return Err(error.into()),
            Ok(Ok(())) => {}
        }
        // The output ends a moment before the exit code is known.
        for _ in 0..50 {
            if let Some(code) = self.docker.inspect_exec(&exec).await?.exit_code {
                return Ok(Ran { code: Some(code), output: output_of(&output) });
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(Ran { code: None, output: output_of(&output) })
    }

    /// The last lines that a container has written.
    ///
    /// # Errors
    /// When the engine does not answer.
    pub async fn logs(&self, id: &str, lines: usize) -> Outcome<Vec<String>> {
        let options = query::LogsOptions {
            stdout: true,
            stderr: true,
            tail: lines.to_string(),
            ..Default::default()
        };
        self.read_logs(id, options).await
    }

    /// What a container has written since a moment, in seconds of Unix time.
    ///
    /// # Errors
    /// When the engine does not answer.
    pub async fn logs_since(&self, id: &str, since: i64) -> Outcome<Vec<String>> {
        let since = i32::try_from(since).unwrap_or(i32::MAX);
        let options =
            query::LogsOptions { stdout: true, stderr: true, since, ..Default::default() };
        self.read_logs(id, options).await
    }

    async fn read_logs(&self, id: &str, options: query::LogsOptions) -> Outcome<Vec<String>> {
        let mut stream = self.docker.logs(id, Some(options));
        let mut text = Vec::new();
        while let Some(part) = timeout(ANSWER, stream.next()).await.map_err(|_| Trouble::TooLong)? {
            match part {
                Ok(
                    LogOutput::StdErr { message }
                    | LogOutput::StdOut { message }
                    | LogOutput::Console { message }
                    | LogOutput::StdIn { message },
                ) => {
                    text.extend_from_slice(&message);
                }
                // Its container was removed meanwhile.
                Err(error) if is_missing(&error) => break,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(String::from_utf8_lossy(&text).lines().map(str::to_owned).collect())
    }

    /// The processes of a container, as the engine's host sees them.
    ///
    /// # Errors
    /// When the engine does not answer; a container that has ended has none.
    pub async fn processes(&self, id: &str) -> Outcome<Vec<Process>> {
        let options = query::TopOptions { ps_args: "-eo pid,ppid,rss,args".into() };
        match self.docker.top_processes(id, Some(options)).await {
            Ok(top) => Ok(Process::of(&top)),
            Err(bollard::errors::Error::DockerResponseServerError { .. }) => Ok(Vec::new()),
            Err(error) => Err(error.into()),
        }
    }

    /// What a running container takes at this moment; `None` of one that has ended.
    pub async fn stats(&self, id: &str) -> Option<ContainerStatsResponse> {
        let options = query::StatsOptions { stream: false, one_shot: true };
        self.docker.stats(id, Some(options)).next().await?.ok()
    }

    /// Removes a container, running or not, with the volumes that have no name. One
    /// that is not there is no fault.
    pub async fn remove(&self, id: &str) {
        let options = query::RemoveContainerOptions { force: true, v: true, ..Default::default() };
        let _ = self.docker.remove_container(id, Some(options)).await;
    }

    /// Sends a signal to a container's first process.
    ///
    /// # Errors
    /// When it does not run, or the engine does not answer.
    pub async fn kill(&self, id: &str, signal: &str) -> Outcome {
        let options = query::KillContainerOptions { signal: signal.to_owned() };
        Ok(self.docker.kill_container(id, Some(options)).await?)
    }

    /// Takes a container out of a network.
    ///
    /// # Errors
    /// When it is not in it, or the engine does not answer.
    pub async fn disconnect(&self, network: &str, id: &str) -> Outcome {
        let request = NetworkDisconnectRequest { container: id.to_owned(), force: Some(true) };
        Ok(self.docker.disconnect_network(network, request).await?)
    }

    /// Puts a container into a network again, under these names.
    ///
    /// # Errors
    /// When the engine refuses or does not answer.
    pub async fn reconnect(&self, network: &str, id: &str, aliases: Vec<String>) -> Outcome {
        let endpoint = EndpointSettings { aliases: Some(aliases), ..Default::default() };
        let request =
            NetworkConnectRequest { container: id.to_owned(), endpoint_config: Some(endpoint) };
        Ok(self.docker.connect_network(network, request).await?)
    }
}

/// Any answer as plain JSON.
fn value(answer: &impl serde::Serialize) -> Value {
    serde_json::to_value(answer).unwrap_or_default()
}

/// Whether the engine says that there is no such thing.
pub(super) fn is_missing(error: &bollard::errors::Error) -> bool {
    matches!(
        error,
        bollard::errors::Error::DockerResponseServerError { status_code: 404 | 409, .. }
    )
}

/// Where an engine listens unless it is told otherwise.
const USUAL: &str = match cfg!(windows) {
    true => "npipe:////./pipe/docker_engine",
    false => "unix:///var/run/docker.sock",
};

/// Where the engine is that `docker` talks to: Compose has to talk to the same one.
async fn address() -> Result<String, Error> {
    if let Some(host) = std::env::var("DOCKER_HOST").ok().filter(|host| !host.is_empty()) {
        return Ok(host);
    }
    let mut command = Command::new("docker");
    command
        .args(["context", "inspect", "--format", "{{.Endpoints.docker.Host}}"])
        .kill_on_drop(true);
    match timeout(Duration::from_secs(20), command.output()).await {
        Ok(Ok(output)) if output.status.success() => Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned()),
        Ok(Err(error)) if error.kind() == std::io::ErrorKind::NotFound => Err(Error::Tool {
            message: "there is no `docker` command".into(),
            help: "`verify` runs a stack with Docker and its Compose plugin: install both, or put them on PATH".into(),
        }),
        // Older clients have no contexts.
        _ => Ok(USUAL.to_owned()),
    }
}
