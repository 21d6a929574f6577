//! What was chosen and what follows from it, as text that fits the terminal.

use console::{Alignment, measure_text_width, pad_str, style, truncate_str};

use crate::answers::{Draft, Origin};
use crate::cli::report;
use crate::cli::wizard::asker::wrap;
use crate::cli::wizard::session::{Outcome, Session};
use crate::error::Problem;
use crate::plan::{Decision, Plan};

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

/// Keys that are shown together: the label, then `key` or `key=text`, of
/// which the text stands after the value.
const LINES: [(&str, &[&str]); 10] = [
    ("name", &["project.name"]),
    ("Python", &["project.python", "project.package-manager"]),
    ("application", &["stack.framework", "stack.server"]),
    ("proxy", &["stack.proxy"]),
    ("database", &["stack.database"]),
    ("cache", &["stack.cache"]),
    ("tasks", &["stack.worker", "stack.broker", "stack.beat"]),
    ("model", &["model.runtime", "model.path", "model.delivery"]),
    ("runs on", &["deploy.cpus", "deploy.memory", "deploy.budget"]),
    ("reached at", &["deploy.bind", "project.port", "deploy.domain"]),
];

/// The whole summary, `width` columns wide.
#[must_use]
pub fn text(session: &Session, outcome: &Outcome, width: usize) -> String {
    let mut text = choices(session, &outcome.draft, width);
    match &outcome.plan {
        Ok(plan) => {
            text.push_str(&numbers(plan, width));
            text.push_str(&files(session, plan, width));
        }
        Err(found) => text.push_str(&format!("\n{}", problems(found, width))),
    }
    text
}

/// Problems with what to do about them, wrapped.
#[must_use]
pub fn problems(problems: &[Problem], width: usize) -> String {
    let mut text = String::new();
    for problem in problems {
        let message = wrap(&problem.message, width.saturating_sub(9)).join("\n       ");
        text.push_str(&format!("{}: {message}\n", style("error").for_stderr().red().bold()));
        if let Some(help) = &problem.help {
            let help = wrap(help, width.saturating_sub(9)).join("\n        ");
            text.push_str(&format!("  help: {help}\n"));
        }
    }
    text
}

fn heading(text: &str) -> String {
    format!("\n{}\n", style(text).for_stderr().bold())
}

fn choices(session: &Session, draft: &Draft, width: usize) -> String {
    let mut rows = vec![(
        "stack".to_owned(),
        session.preset().name.clone(),
        match session.preset_origin() {
            Origin::Flag => "--preset".to_owned(),
            origin => origin.to_string(),
        },
    )];
    let mut absent = Vec::new();
    for (label, keys) in LINES {
        match value(draft, label, keys) {
            Some(value) => rows.push((label.to_owned(), value, origins(draft, keys))),
            None => absent.push(label),
        }
    }
    rows.swap(0, 1);
    let shown = |key: &str| LINES.iter().any(|(_, keys)| keys.contains(&key));
    for (key, sourced) in draft.all_said().filter(|(key, _)| !shown(key)) {
        rows.push((key.to_owned(), sourced.value.to_string(), sourced.origin.to_string()));
    }
    let mut text = heading("Choices");
    text.push_str(&table(&rows, width));
    if !absent.is_empty() {
        let absent = format!("without {}", absent.join(", "));
        text.push_str(&format!("  {}\n", style(absent).for_stderr().dim()));
    }
    text
}

/// The value of a line; `None` where the stack has no such part.
fn value(draft: &Draft, label: &str, keys: &[&str]) -> Option<String> {
    let of = |key: &str| draft.text(key);
    let first = of(keys[0]);
    let joined = |parts: &[String]| Some(parts.join(", "));
    match label {
        "application" => Some(format!("{first} on {}", of(keys[1]))),
        "tasks" => {
            let parts = [("broker", of(keys[1]) != "none"), ("beat", of(keys[2]) == "true")];
            let there: Vec<&str> =
                parts.into_iter().filter(|(_, there)| *there).map(|(part, _)| part).collect();
            match (first.as_str(), there.is_empty()) {
                ("none", true) => None,
                (_, true) => Some(first),
                (_, false) => Some(format!("{first} with {}", there.join(" and "))),
            }
        }
        "runs on" => {
            let cpus = if first.parse().is_ok_and(|cpus: f64| cpus > 1.0) { "CPUs" } else { "CPU" };
            joined(&[format!("{first} {cpus}"), of(keys[1]), of(keys[2])])
        }
        "reached at" => {
            let domain = of(keys[2]);
            let address = format!("{first}:{}", of(keys[1]));
            joined(&if domain.is_empty() { vec![address] } else { vec![address, domain] })
        }
        _ if first == "none" => None,
        _ => joined(&keys.iter().map(|key| of(key)).collect::<Vec<_>>()),
    }
}

/// Where a line's values came from, each source once.
fn origins(draft: &Draft, keys: &[&str]) -> String {
    let mut origins: Vec<String> = Vec::new();
    for key in keys {
        let origin = draft.said(key).map_or(Origin::Builtin, |sourced| sourced.origin.clone());
        let origin = origin.to_string();
        if !origins.contains(&origin) {
            origins.push(origin);
        }
    }
    // A default beside something that was said is not worth the room.
    if origins.len() > 1 {
        origins.retain(|origin| *origin != Origin::Builtin.to_string());
    }
    origins.join(", ")
}

fn numbers(plan: &Plan, width: usize) -> String {
    let main = |decision: &&Decision| {
        NUMBERS.contains(&decision.key.name().as_str()) || decision.is_pinned()
    };
    let mut decisions: Vec<&Decision> = plan.decisions.iter().filter(main).collect();
    let place = |decision: &&Decision| {
        let name = decision.key.name();
        NUMBERS.iter().position(|number| *number == name).unwrap_or(NUMBERS.len())
    };
    decisions.sort_by_key(place);
    let rows: Vec<(String, String, String)> = decisions
        .iter()
        .map(|decision| {
            (decision.key.name(), decision.value.to_string(), decision.reason.clone())
        })
        .collect();
    let mut text = heading("Numbers that follow from them");
    text.push_str(&table(&rows, width));
    let more = format!("and {} more, with their reasons: dockwright plan", plan.decisions.len() - rows.len());
    text.push_str(&format!("  {}\n", style(more).for_stderr().dim()));
    for warning in &plan.warnings {
        text.push_str(&format!("  note: {}\n", wrap(warning, width.saturating_sub(9)).join("\n        ")));
    }
    text
}

/// The files: those at the top by name, the others by their directory.
fn files(session: &Session, plan: &Plan, width: usize) -> String {
    let mut names: Vec<String> = Vec::new();
    let mut directories: Vec<(String, usize)> = Vec::new();
    for output in &plan.outputs {
        match output.path.as_str().split_once('/') {
            None => names.push(output.path.to_string()),
            Some((directory, _)) => match directories.iter_mut().find(|(name, _)| name == directory) {
                Some((_, count)) => *count += 1,
                None => directories.push((directory.to_owned(), 1)),
            },
        }
    }
    names.extend(directories.into_iter().map(|(name, count)| format!("{name}/ ({count})")));
    let directory = session.directory().display();
    let mut text = heading(&format!("{} files in {directory}", plan.outputs.len()));
    text.push_str(&report::columns_within(&names, width));
    text
}

/// Rows of three cells, the last of which is cut where the line ends.
fn table(rows: &[(String, String, String)], width: usize) -> String {
    let widest = |cell: &dyn Fn(&(String, String, String)) -> usize| rows.iter().map(cell).max().unwrap_or(0);
    let first = widest(&|row| measure_text_width(&row.0));
    let second = widest(&|row| measure_text_width(&row.1)).min(width / 2);
    let mut text = String::new();
    for (name, value, why) in rows {
        let line = format!(
            "  {}  {}  {why}",
            pad_str(name, first, Alignment::Left, None),
            pad_str(value, second, Alignment::Left, None),
        );
        text.push_str(&cut(line.trim_end(), width - 1));
        text.push('\n');
    }
    text
}

/// A line that is too long, cut between two words.
fn cut(line: &str, width: usize) -> String {
    if measure_text_width(line) <= width {
        return line.to_owned();
    }
    let cut = truncate_str(line, width.saturating_sub(2), "");
    let cut = cut.rsplit_once(' ').map_or(cut.as_ref(), |(whole, _)| whole);
    format!("{} …", cut.trim_end_matches([',', ';', ':']))
}
