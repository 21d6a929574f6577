//! One container, as the engine describes it.

use bollard::models::{ContainerInspectResponse, ContainerTopResponse};
use serde_json::Value;

use super::value;

/// A container; what it says is of the moment at which it was inspected.
#[derive(Clone, Debug)]
pub struct Container {
    /// Its service.
    pub service: String,
    /// Which of its service's containers, from 1.
    pub number: u32,
    /// Its id.
    pub id: String,
    facts: Value,
}

impl Container {
    pub(super) fn of(facts: &ContainerInspectResponse) -> Self {
        let facts = value(facts);
        let label = |name: &str| facts["Config"]["Labels"][name].as_str().unwrap_or_default();
        Self {
            service: label("com.docker.compose.service").to_owned(),
            number: label("com.docker.compose.container-number").parse().unwrap_or(1),
            id: facts["Id"].as_str().unwrap_or_default().to_owned(),
            facts,
        }
    }

    /// A fact by its path in `docker inspect`, such as `/HostConfig/Memory`; null
    /// where there is none.
    #[must_use]
    pub fn fact(&self, pointer: &str) -> &Value {
        self.facts.pointer(pointer).unwrap_or(&Value::Null)
    }

    /// A text by its path; empty where there is none.
    #[must_use]
    pub fn text(&self, pointer: &str) -> &str {
        self.fact(pointer).as_str().unwrap_or_default()
    }

    /// Everything that the engine says of it.
    #[must_use]
    pub const fn facts(&self) -> &Value {
        &self.facts
    }

    /// Whether `docker compose run` made it.
    #[must_use]
    pub(super) fn is_one_off(&self) -> bool {
        self.fact("/Config/Labels")["com.docker.compose.oneoff"] == "True"
    }

    /// Whether it runs now.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.fact("/State/Running") == true
    }

    /// `starting`, `healthy`, `unhealthy`, or empty without a health check.
    #[must_use]
    pub fn health(&self) -> &str {
        match self.text("/State/Health/Status") {
            "none" => "",
            health => health,
        }
    }

    /// The code it ended with.
    #[must_use]
    pub fn exit_code(&self) -> i64 {
        self.fact("/State/ExitCode").as_i64().unwrap_or_default()
    }

    /// How often the engine has restarted it.
    #[must_use]
    pub fn restarts(&self) -> i64 {
        self.fact("/RestartCount").as_i64().unwrap_or_default()
    }

    /// Its memory limit in bytes; `None` without one.
    #[must_use]
    pub fn memory_limit(&self) -> Option<u64> {
        self.fact("/HostConfig/Memory").as_u64().filter(|limit| *limit > 0)
    }

    /// The networks it is in, by name.
    #[must_use]
    pub fn networks(&self) -> Vec<&str> {
        let networks = self.fact("/NetworkSettings/Networks").as_object();
        networks.into_iter().flat_map(|networks| networks.keys().map(String::as_str)).collect()
    }

    /// When it was started, as seconds of Unix time; `None` before.
    #[must_use]
    pub fn started(&self) -> Option<f64> {
        moment(self.text("/State/StartedAt"))
    }

    /// When it ended, as seconds of Unix time; `None` before.
    #[must_use]
    pub fn finished(&self) -> Option<f64> {
        moment(self.text("/State/FinishedAt"))
    }

    /// What changes when it is restarted or replaced.
    #[must_use]
    pub fn life(&self) -> (String, String, i64) {
        (self.id.clone(), self.text("/State/StartedAt").to_owned(), self.restarts())
    }
}

/// A moment of the engine's; its zero is no moment.
fn moment(text: &str) -> Option<f64> {
    let moment: jiff::Timestamp = text.parse().ok()?;
    let seconds = moment.as_millisecond() as f64 / 1000.0;
    (seconds > 0.0).then_some(seconds)
}

/// A process of a container.
#[derive(Clone, Debug, PartialEq)]
pub struct Process {
    /// Its number on the engine's host.
    pub pid: u32,
    /// The number of its parent there.
    pub parent: u32,
    /// Its resident set in bytes.
    pub resident: u64,
    /// Its command line.
    pub command: String,
}

impl Process {
    pub(super) fn of(top: &ContainerTopResponse) -> Vec<Self> {
        let rows = top.processes.iter().flatten();
        rows.filter_map(|row| {
            // Titles say PID, PPID, RSS in KiB and COMMAND.
            let number = |at: usize| row.get(at)?.trim().parse::<u64>().ok();
            Some(Self {
                pid: u32::try_from(number(0)?).ok()?,
                parent: u32::try_from(number(1)?).ok()?,
                resident: number(2)? << 10,
                command: row.get(3)?.clone(),
            })
        })
        .collect()
    }

    /// Whether it is the init that the engine puts before a container's own command.
    #[must_use]
    pub fn is_init(&self) -> bool {
        self.command.contains("docker-init") || self.command.contains("tini")
    }

    /// Those of a container that answer requests: what is below the one that supervises
    /// them, or the only one.
    #[must_use]
    pub fn servers(all: &[Self]) -> Vec<&Self> {
        let own: Vec<&Self> = all
            .iter()
            .filter(|own| !own.is_init() && !own.command.contains("resource_tracker"))
            .collect();
        let parents: Vec<u32> = own.iter().map(|own| own.parent).collect();
        let pids: Vec<u32> = own.iter().map(|own| own.pid).collect();
        // A shell may stand before the supervisor: what is last in the line answers.
        let last: Vec<&Self> = own
            .iter()
            .copied()
            .filter(|own| pids.contains(&own.parent) && !parents.contains(&own.pid))
            .collect();
        if last.is_empty() { own.into_iter().take(1).collect() } else { last }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_below_a_supervisor_serves_else_the_only_one() {
        let process = |pid, parent, command: &str| Process {
            pid,
            parent,
            resident: 0,
            command: command.into(),
        };
        let several = [
            process(1, 0, "/sbin/docker-init -- gunicorn"),
            process(2, 1, "gunicorn: master"),
            process(3, 2, "gunicorn: worker"),
            process(4, 2, "gunicorn: worker"),
        ];
        assert_eq!(
            Process::servers(&several).iter().map(|own| own.pid).collect::<Vec<_>>(),
            [3, 4]
        );
        let shell = [process(1, 0, "sh"), process(2, 1, "gunicorn"), process(3, 2, "gunicorn")];
        assert_eq!(Process::servers(&shell).iter().map(|own| own.pid).collect::<Vec<_>>(), [3]);
        assert_eq!(Process::servers(&[process(7, 0, "uvicorn")]).len(), 1);
        assert!(Process::servers(&[]).is_empty());
    }
}
