//! What pods run: one process, by the words of the compose file.

use crate::plan::Plan;
use crate::plan::topology::{Command, Service, Word};
use crate::plan::workloads::{Workload, label};
use crate::schema::Role;
use crate::schema::numbers::rows;
use crate::source::compose::interpolate;
use crate::units::KiB;

/// A word of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Argument {
    /// As it is.
    Literal(String),
    /// With a setting at its end.
    Setting {
        /// What stands before the value.
        prefix: String,
        /// The setting.
        name: String,
        /// Its value as planned.
        value: String,
    },
}

impl Argument {
    /// The word with the planned value in it, for who puts nothing in.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Literal(text) => text.clone(),
            Self::Setting { prefix, value, .. } => format!("{prefix}{value}"),
        }
    }
}

/// What a pod runs: one process, whatever the compose file runs.
pub(super) fn command(plan: &Plan, service: &Service, role: Role) -> Vec<Argument> {
    let words = service.command.as_ref().map(arguments).unwrap_or_default();
    let one = |word: Argument| match &word {
        Argument::Literal(text) if role == Role::Worker && text.starts_with("--concurrency=") => {
            Argument::Literal("--concurrency=1".to_owned())
        }
        Argument::Literal(text) if text.starts_with("--max-memory-per-child=") => {
            let KiB(child) = plan.decisions.get(rows::POD_CHILD_MEMORY, role);
            Argument::Literal(format!("--max-memory-per-child={child}"))
        }
        _ => word,
    };
    words.into_iter().map(one).collect()
}

pub(super) fn arguments(command: &Command) -> Vec<Argument> {
    let argument = |word: &Word| match word {
        Word::Literal(text) => Argument::Literal(text.clone()),
        Word::Setting { prefix, name, default } => Argument::Setting {
            prefix: (*prefix).to_owned(),
            name: name.clone(),
            value: default.clone(),
        },
        Word::Kept(text) => Argument::Literal(interpolate::defaults(text)),
    };
    command.0.iter().flatten().map(argument).collect()
}

/// One worker for each queue, where its command names several.
pub(super) fn by_queue(workload: &Workload) -> Vec<Workload> {
    const FLAG: &str = "--queues=";
    let of_word = |word: &Argument| match word {
        Argument::Literal(word) => word.strip_prefix(FLAG).map(str::to_owned),
        Argument::Setting { .. } => None,
    };
    let Some((at, queues)) =
        workload.command.iter().enumerate().find_map(|(at, word)| Some((at, of_word(word)?)))
    else {
        return vec![workload.clone()];
    };
    let queues: Vec<&str> = queues.split(',').map(str::trim).filter(|it| !it.is_empty()).collect();
    if queues.len() < 2 {
        let queue = queues.first().copied().unwrap_or(&workload.queue).to_owned();
        return vec![Workload { queue, ..workload.clone() }];
    }
    let one = |queue: &&str| {
        let mut own = workload.clone();
        (*queue).clone_into(&mut own.queue);
        own.id = format!("{}-{}", workload.id, label(queue));
        own.about = format!("Takes the queue `{queue}` alone, and scales by its length.");
        own.command[at] = Argument::Literal(format!("{FLAG}{queue}"));
        own
    };
    queues.iter().map(one).collect()
}
