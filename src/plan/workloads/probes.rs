//! How the life of pods is seen.

use crate::plan::Plan;
use crate::plan::topology::{Service, Test};
use crate::plan::workloads::words::{Argument, arguments};
use crate::schema::Role;

/// How the life of a pod is seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Probe {
    /// By routes of the application.
    Http {
        /// Answers once it has started: a model is loaded by then.
        start: String,
        /// Answers while the process is alive.
        live: String,
        /// Answers 503 while something that it needs is not there.
        ready: String,
        /// The host that is asked for; empty for the pod's own address.
        host: String,
    },
    /// By connecting: the application has no route that says more.
    Connect,
    /// By a command.
    Command(Vec<String>),
    /// Not at all: what ends by itself, or nothing shows more than that it runs.
    None,
}

pub(super) fn probe(plan: &Plan, service: &Service, role: Role) -> Probe {
    match role {
        Role::Web => of_web(plan),
        Role::Migrate => Probe::None,
        _ => match &service.probe.test {
            Test::Command(words) if !words.0.is_empty() => {
                let words: Vec<String> = arguments(words).iter().map(Argument::text).collect();
                // That it runs, the platform sees by itself.
                if words == ["true"] { Probe::None } else { Probe::Command(words) }
            }
            // Asking all workers by the broker fails where the broker does, and would
            // restart workers that are well.
            _ => Probe::None,
        },
    }
}

/// Whether requests for a container's own address are answered: by new code for the paths
/// that are asked for so, by code that was there where nothing looks at the host.
pub(super) fn by_address(plan: &Plan) -> bool {
    let probe = &plan.code.probe;
    let looks = plan.answers.stack.application().framework.allowed_hosts
        || !probe.host.is_empty()
        || !probe.hosts.is_empty()
        || probe.unknown_host;
    plan.answers.adopted.is_none() || !looks
}

fn of_web(plan: &Plan) -> Probe {
    let Some(adopted) = &plan.answers.adopted else {
        let checks_hosts = plan.answers.stack.application().framework.allowed_hosts;
        let has_model = plan.flags.is("model");
        return Probe::Http {
            start: if has_model { "/ready" } else { "/health" }.to_owned(),
            live: "/health".to_owned(),
            ready: "/ready".to_owned(),
            host: if checks_hosts { "127.0.0.1".to_owned() } else { String::new() },
        };
    };
    let probe = &plan.code.probe;
    let told = |name: &str| {
        let variable = plan.env.iter().find(|variable| variable.name == name)?;
        let value = variable.kind.example();
        value.split(',').next().map(|host| host.trim_matches([' ', '*', '.']).to_owned())
    };
    let host = match probe.hosts.as_str() {
        "" => Some(probe.host.clone()),
        name => told(name).filter(|host| !host.is_empty()),
    };
    match host {
        Some(host) if !probe.weak && !probe.unknown_host => Probe::Http {
            start: probe.path.clone(),
            live: probe.path.clone(),
            ready: match adopted.ready.as_str() {
                "" => probe.path.clone(),
                ready => ready.to_owned(),
            },
            host,
        },
        _ => Probe::Connect,
    }
}
