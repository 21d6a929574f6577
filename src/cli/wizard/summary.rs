//! What was chosen and what follows from it, as text that fits the terminal.

use console::{measure_text_width, style};

use crate::answers::{Draft, Origin};
use crate::cli::report;
use crate::cli::wizard::layout::{table, wrap};
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

/// Columns a reason has at least.
const REASON: usize = 20;

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
            origin => short(origin),
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
        rows.push((key.to_owned(), sourced.value.to_string(), short(&sourced.origin)));
    }
    let mut text = heading("Choices");
    let origin = rows.iter().map(|row| measure_text_width(&row.2)).max().unwrap_or(0);
    text.push_str(&table(&rows, origin, width));
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
        let origin = short(&origin);
        if !origins.contains(&origin) {
            origins.push(origin);
        }
    }
    // A default beside something that was said is not worth the room.
    if origins.len() > 1 {
        origins.retain(|origin| *origin != short(&Origin::Builtin));
    }
    origins.join(", ")
}

/// An origin in a word or two; which preset it is stands in a row of its own.
fn short(origin: &Origin) -> String {
    match origin {
        Origin::Preset(_) => "preset".into(),
        origin => origin.to_string(),
    }
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
        .map(|decision| (decision.key.name(), decision.value.to_string(), decision.reason.clone()))
        .collect();
    let mut text = heading("Numbers that follow from them");
    text.push_str(&table(&rows, REASON, width));
    let more = format!(
        "and {} more, with their reasons: dockwright plan",
        plan.decisions.len() - rows.len()
    );
    text.push_str(&format!("  {}\n", style(more).for_stderr().dim()));
    for warning in &plan.warnings {
        text.push_str(&format!(
            "  note: {}\n",
            wrap(warning, width.saturating_sub(9)).join("\n        ")
        ));
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
            Some((directory, _)) => {
                match directories.iter_mut().find(|(name, _)| name == directory) {
                    Some((_, count)) => *count += 1,
                    None => directories.push((directory.to_owned(), 1)),
                }
            }
        }
    }
    names.extend(directories.into_iter().map(|(name, count)| format!("{name}/ ({count})")));
    let directory = session.directory().display();
    let mut text = heading(&format!("{} files in {directory}", plan.outputs.len()));
    text.push_str(&report::columns_within(&names, width));
    text
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::cli::{Choices, Format};

    fn summary(preset: &str, set: &[&str], width: usize) -> String {
        let choices = Choices {
            preset: Some(preset.to_owned()),
            set: set.iter().map(|flag| (*flag).to_owned()).collect(),
            only: Vec::new(),
            format: Format::Human,
        };
        let session = Session::new(Path::new("shop"), &choices).unwrap();
        let text = text(&session, &session.outcome().unwrap(), width);
        console::strip_ansi_codes(&text).into_owned()
    }

    #[test]
    fn every_line_fits_the_terminal() {
        let long = "images.registry=registry.example.com/a/mirror/with/a/rather/long/path";
        for preset in crate::preset::NAMES {
            for width in [60, 80] {
                let set = [long, "deploy.domain=shop.example.com", "deploy.bind=0.0.0.0"];
                for line in summary(preset, &set, width).lines() {
                    assert!(measure_text_width(line) < width, "{preset}, {width}: {line}");
                }
                let small = summary(preset, &["deploy.memory=64MiB"], width);
                assert!(small.contains("cannot hold this stack"), "{small}");
                for line in small.lines() {
                    assert!(measure_text_width(line) < width, "{preset}, {width}: {line}");
                }
            }
        }
    }

    #[test]
    fn every_choice_says_where_it_came_from() {
        let text = summary("django-nginx", &["stack.cache=redis", "tune.web.workers=2"], 80);
        for (label, value, origin) in [
            ("name", "shop", "the directory's name"),
            ("stack", "django-nginx", "--preset"),
            ("Python", "3.14, pip", "default"),
            ("database", "postgres", "preset"),
            ("cache", "redis", "--set"),
            ("tune.web.workers", "2", "--set"),
        ] {
            let row = text.lines().find(|line| line.trim_start().starts_with(label)).unwrap();
            assert!(row.contains(value) && row.ends_with(origin), "{row}");
        }
        assert!(text.contains("without tasks, model"), "{text}");
    }

    #[test]
    fn a_pinned_number_is_always_shown() {
        let text = summary("django-nginx", &["tune.nginx.gzip-min-length=512"], 80);
        assert!(text.contains("nginx.gzip-min-length"), "{text}");
    }
}
