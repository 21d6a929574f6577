//! What pods run: one process, by the words of the compose file.

use crate::plan::Plan;
use crate::plan::topology::commands;
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

/// What the compose file has an image that stays start with, in place of the image's own.
pub(super) fn entrypoint(plan: &Plan, role: Role) -> Vec<Argument> {
    let kept = plan.carry.as_ref().and_then(|carry| carry.services.get(&role));
    let own = kept.filter(|_| plan.answers.own_image().is_some());
    let words = own.and_then(|own| commands::of_service(own, "entrypoint"));
    words.as_ref().map(arguments).unwrap_or_default()
}

/// What a pod runs: one process, whatever the compose file runs.
pub(super) fn command(plan: &Plan, service: &Service, role: Role) -> Vec<Argument> {
    let words = service.command.as_ref().map(arguments).unwrap_or_default();
    let words = if role == Role::Worker { long(words) } else { words };
    // Threads and greenlets are in one process already.
    let is_process = |word: &Argument| match word {
        Argument::Literal(text) => match text.strip_prefix("--pool=") {
            Some(pool) => matches!(pool, "prefork" | "processes"),
            None => true,
        },
        Argument::Setting { .. } => true,
    };
    let of_processes = role == Role::Worker && words.iter().all(is_process);
    let one = |word: Argument| match &word {
        Argument::Literal(text) if of_processes && text.starts_with("--concurrency=") => {
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

/// Options of a worker that decisions depend on, each in one word with its value.
fn long(words: Vec<Argument>) -> Vec<Argument> {
    const OPTIONS: [(&str, &str); 3] =
        [("-Q", "--queues"), ("-c", "--concurrency"), ("-P", "--pool")];
    // A shell's `-c` is another one.
    let Some(at) = words.iter().position(|word| word.text() == "worker") else { return words };
    let mut words = words.into_iter();
    let mut long: Vec<Argument> = words.by_ref().take(at + 1).collect();
    while let Some(word) = words.next() {
        let text = word.text();
        let found = OPTIONS.iter().find(|(short, name)| text == *name || text.starts_with(short));
        let Some((short, name)) = found else {
            long.push(word);
            continue;
        };
        let attached = text.strip_prefix(short).filter(|rest| !rest.is_empty());
        let attached = attached.map(|rest| rest.trim_start_matches('=').to_owned());
        let value = attached.or_else(|| words.next().map(|next| next.text()));
        long.extend(value.map(|value| Argument::Literal(format!("{name}={value}"))));
    }
    long
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
