//! A stack at a glance: the numbers that say most about it, and its files by
//! directory. The questions end with it, and so does `new`.

use crate::cli::layout::table;
use crate::cli::report;
use crate::plan::{Decided, Plan};

/// The numbers that say most about a stack.
const NUMBERS: [&str; 12] = [
    "web.workers",
    "web.threads",
    "web.memory",
    "web.pool-size",
    "web.model-threads",
    "worker.concurrency",
    "worker.memory",
    "db.max-connections",
    "db.memory",
    "db.shared-buffers",
    "redis.maxmemory",
    "cache.maxmemory",
];

/// Those of what a cluster runs.
const OF_PODS: [&str; 7] = [
    "web.replicas",
    "web.pod-cpus",
    "web.pod-memory",
    "web.database-connections",
    "worker.replicas",
    "worker.pod-memory",
    "migrate.pod-memory",
];

/// The main numbers and the pinned ones, each with its reason; and how many
/// numbers there are beside them.
#[must_use]
pub fn numbers(plan: &Plan, width: usize) -> (String, usize) {
    // Without Compose nothing has the numbers of a host.
    let of_host = NUMBERS.iter().filter(|_| plan.flags.is("compose"));
    let names: Vec<&str> = of_host.chain(&OF_PODS).copied().collect();
    let main =
        |decision: &&Decided| names.contains(&decision.key.name().as_str()) || decision.is_pinned();
    let mut decisions: Vec<&Decided> = plan.decisions.iter().filter(main).collect();
    let place = |decision: &&Decided| {
        let name = decision.key.name();
        names.iter().position(|number| *number == name).unwrap_or(names.len())
    };
    decisions.sort_by_key(place);
    let rows: Vec<[String; 3]> = decisions
        .iter()
        .map(|decision| [decision.key.name(), decision.value.to_string(), decision.reason()])
        .collect();
    (table(&rows, width, "  "), plan.decisions.len() - rows.len())
}

/// The files at the top by name, the others by their directory.
#[must_use]
pub fn files(paths: &[&str], width: usize) -> String {
    let mut names: Vec<String> = Vec::new();
    let mut directories: Vec<(&str, usize)> = Vec::new();
    for path in paths {
        match path.split_once('/') {
            None => names.push((*path).to_owned()),
            Some((directory, _)) => {
                match directories.iter_mut().find(|(name, _)| *name == directory) {
                    Some((_, count)) => *count += 1,
                    None => directories.push((directory, 1)),
                }
            }
        }
    }
    names.extend(directories.into_iter().map(|(name, count)| format!("{name}/ ({count})")));
    report::columns_within(&names, width)
}
