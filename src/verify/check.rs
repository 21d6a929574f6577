//! The registry: every step and every check of `verify`, and what each proves.

use std::fmt;

use serde::Serialize;

/// A part of a run, in the order in which they come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// The images build, in time, and hold what they should
    Build,
    /// Everything starts in its order and becomes healthy
    Start,
    /// What clients ask for is answered
    Contract,
    /// Nobody may do, reach or read more than they need
    Isolation,
    /// Bounded load, until latency bends
    Load,
    /// SIGTERM under load, and a replacement
    Stop,
    /// Parts are taken away, and come back
    Break,
    /// What was written is still there
    Data,
}

impl Step {
    /// All of them, in order.
    pub const ALL: [Self; 8] = [
        Self::Build,
        Self::Start,
        Self::Contract,
        Self::Isolation,
        Self::Load,
        Self::Stop,
        Self::Break,
        Self::Data,
    ];

    /// Its name, as `--only` takes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Build => "build",
            Self::Start => "start",
            Self::Contract => "contract",
            Self::Isolation => "isolation",
            Self::Load => "load",
            Self::Stop => "stop",
            Self::Break => "break",
            Self::Data => "data",
        }
    }

    /// What it shows, in a sentence.
    #[must_use]
    pub const fn proves(self) -> &'static str {
        match self {
            Self::Build => "the images build, in time, and hold what they should and nothing else",
            Self::Start => {
                "everything starts in its order, becomes healthy and stays within its limits"
            }
            Self::Contract => {
                "what clients ask for is answered: health, pages, static files, tasks"
            }
            Self::Isolation => "no process may do, reach or read more than its work needs",
            Self::Load => {
                "bounded load through the edge, ramped until latency bends; the plan's numbers are judged by it"
            }
            Self::Stop => {
                "SIGTERM under load loses no request, and the application can be replaced"
            }
            Self::Break => {
                "processes, containers, networks, memory and disks are taken away, and the stack recovers by itself"
            }
            Self::Data => "what was written survives restarts, restores and migrations",
        }
    }

    /// The checks of this step, in order.
    pub fn checks(self) -> impl Iterator<Item = &'static Check> {
        CHECKS.iter().filter(move |check| check.step == self)
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One thing that is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Check {
    /// `step.name`.
    pub id: &'static str,
    /// The step that it belongs to.
    pub step: Step,
    /// What a green result means.
    pub proves: &'static str,
    /// Whether `--quick` looks at it too.
    pub quick: bool,
}

const fn check(step: Step, id: &'static str, quick: bool, proves: &'static str) -> Check {
    Check { id, step, proves, quick }
}

const QUICK: bool = true;
const WHOLE: bool = false;

/// Every check there is, in the order of a report.
pub const CHECKS: &[Check] = &[
    check(Step::Build, "build.cold", WHOLE, "without a cached layer the images build in time"),
    check(Step::Build, "build.warm", QUICK, "with every layer cached a build takes moments"),
    check(
        Step::Build,
        "build.change",
        WHOLE,
        "after a change of one line of code the packages come from the cache",
    ),
    check(Step::Build, "build.context", QUICK, "what is sent to the builder is small"),
    check(Step::Build, "build.size", QUICK, "the image is no larger than it has to be"),
    check(
        Step::Build,
        "build.clean",
        QUICK,
        "no compiler, package cache, .git, tests, env file, key or dump is in the image",
    ),
    check(Step::Build, "build.platform", QUICK, "the image is of the architecture that it runs on"),
    check(Step::Build, "build.same", WHOLE, "two builds give the same list of files"),
    check(Step::Start, "start.healthy", QUICK, "every service becomes healthy in time"),
    check(Step::Start, "start.probe", WHOLE, "the health check of a frozen service fails"),
    check(
        Step::Start,
        "start.order",
        QUICK,
        "nobody starts before what they wait for, or cannot do without",
    ),
    check(Step::Start, "start.one-shots", QUICK, "what runs to its end ends without an error"),
    check(Step::Start, "start.restarts", QUICK, "nothing was restarted on the way"),
    check(Step::Start, "start.memory", QUICK, "at rest memory is well below its limit"),
    check(
        Step::Start,
        "start.processes",
        QUICK,
        "processes are as many as are planned, below their limit",
    ),
    check(Step::Start, "start.ports", QUICK, "ports are published where the files say, and answer"),
    check(Step::Start, "start.mounts", QUICK, "no volume hides what the image brings"),
    check(Step::Contract, "contract.live", QUICK, "liveness answers"),
    check(Step::Contract, "contract.ready", QUICK, "readiness answers that all is there"),
    check(Step::Contract, "contract.model", QUICK, "the model is loaded"),
    check(
        Step::Contract,
        "contract.requests",
        QUICK,
        "every [[verify.request]] is answered as it says",
    ),
    check(Step::Contract, "contract.routes", QUICK, "routes without parameters answer below 500"),
    check(
        Step::Contract,
        "contract.static",
        QUICK,
        "static files are served, with headers that let them be cached",
    ),
    check(
        Step::Contract,
        "contract.task",
        QUICK,
        "a queued task is run, and its result comes back",
    ),
    check(
        Step::Isolation,
        "isolation.user",
        QUICK,
        "processes run as a numeric user that is not root",
    ),
    check(
        Step::Isolation,
        "isolation.root",
        QUICK,
        "root file systems are read-only, and code cannot be changed",
    ),
    check(Step::Isolation, "isolation.capabilities", QUICK, "processes have no capability"),
    check(Step::Isolation, "isolation.privileges", QUICK, "processes can gain no privilege"),
    check(
        Step::Isolation,
        "isolation.host",
        QUICK,
        "no namespace, socket or device of the host is shared",
    ),
    check(
        Step::Isolation,
        "isolation.stores",
        QUICK,
        "stores cannot be reached from the edge network, nor from the host",
    ),
    check(Step::Isolation, "isolation.way-out", QUICK, "stores reach nothing outside"),
    check(
        Step::Isolation,
        "isolation.secrets",
        QUICK,
        "no secret is in an image's history, configuration or labels, or given to a service that does not need it",
    ),
    check(Step::Load, "load.errors", WHOLE, "under load every request is answered"),
    check(Step::Load, "load.latency", WHOLE, "under load answers are in time"),
    check(
        Step::Load,
        "load.memory",
        WHOLE,
        "under load memory stays below its limit, and nothing is killed for it",
    ),
    check(Step::Load, "load.cpu", WHOLE, "no service is throttled below the machine"),
    check(Step::Load, "load.connections", WHOLE, "the database has connections left"),
    check(Step::Load, "load.hang", WHOLE, "a slow request does not keep others waiting"),
    check(
        Step::Load,
        "load.workers",
        WHOLE,
        "the planned number of processes is the one that load asks for",
    ),
    check(Step::Stop, "stop.in-flight", QUICK, "what had been asked before SIGTERM is answered"),
    check(Step::Stop, "stop.exit", QUICK, "everything ends by itself, with exit code 0"),
    check(
        Step::Stop,
        "stop.grace",
        QUICK,
        "everything ends inside its grace period, which is longer than the server's own",
    ),
    check(
        Step::Stop,
        "stop.rolling",
        WHOLE,
        "the application is replaced behind its proxy, and no more requests fail than verify.replacement",
    ),
    check(
        Step::Break,
        "break.worker",
        WHOLE,
        "a killed process is replaced, and others go on answering",
    ),
    check(
        Step::Break,
        "break.container",
        WHOLE,
        "a killed container comes back, and the stack with it",
    ),
    check(
        Step::Break,
        "break.database-stop",
        WHOLE,
        "without its database readiness fails, liveness stays; both recover",
    ),
    check(
        Step::Break,
        "break.database-pause",
        WHOLE,
        "with a hanging database the same holds, in time",
    ),
    check(
        Step::Break,
        "break.broker",
        WHOLE,
        "a broker that is killed with tasks queued loses none",
    ),
    check(
        Step::Break,
        "break.eviction",
        WHOLE,
        "a broker that is full refuses, and evicts nothing",
    ),
    check(Step::Break, "break.task", WHOLE, "a task whose process is killed is run again, once"),
    check(
        Step::Break,
        "break.memory",
        WHOLE,
        "a process that hits the memory limit is seen, and replaced",
    ),
    check(
        Step::Break,
        "break.disk",
        WHOLE,
        "a full disk fails requests, and nothing else; space brings them back",
    ),
    check(Step::Break, "break.dns", WHOLE, "a name that does not resolve for a while is survived"),
    check(
        Step::Break,
        "break.migrations",
        WHOLE,
        "two migrations at once leave a whole schema, and no replica migrates",
    ),
    check(Step::Break, "break.forwarded", WHOLE, "a forged X-Forwarded-For is not believed"),
    check(Step::Data, "data.restart", WHOLE, "rows survive down and up"),
    check(Step::Data, "data.kill", WHOLE, "rows survive a kill"),
    check(
        Step::Data,
        "data.backup",
        WHOLE,
        "the run-book's backup can be restored into an empty volume",
    ),
    check(Step::Data, "data.migrate", WHOLE, "migrations that run twice change nothing"),
    check(
        Step::Data,
        "data.previous",
        WHOLE,
        "the previous image works after the new migrations (with --previous)",
    ),
];

/// The check of an id.
#[must_use]
pub fn find(id: &str) -> Option<&'static Check> {
    CHECKS.iter().find(|check| check.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_stands_once_below_its_step() {
        for (number, check) in CHECKS.iter().enumerate() {
            assert!(check.id.starts_with(&format!("{}.", check.step)), "{}", check.id);
            assert!(CHECKS[..number].iter().all(|other| other.id != check.id), "{}", check.id);
        }
        assert!(Step::ALL.iter().all(|step| step.checks().next().is_some()));
    }
}
