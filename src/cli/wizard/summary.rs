//! What was chosen and what follows from it, as text that fits the terminal.

use console::style;

use crate::answers::{Draft, Origin, Sourced};
use crate::cli::layout::{table, wrap};
use crate::cli::overview;
use crate::cli::wizard::session::{Outcome, Session};
use crate::error::Problem;
use crate::plan::Plan;

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

/// A heading with an empty line above it.
#[must_use]
pub fn heading(text: &str) -> String {
    format!("\n{}\n", style(text).for_stderr().bold())
}

/// What was chosen, and where from.
#[must_use]
pub fn choices(session: &Session, draft: &Draft, width: usize) -> String {
    let mut rows = vec![[
        "stack".to_owned(),
        session.preset().name().to_owned(),
        match session.preset_origin() {
            Origin::Flag => "--preset".to_owned(),
            origin => short(origin),
        },
    ]];
    let mut absent = Vec::new();
    for (label, keys) in LINES {
        match value(draft, label, keys) {
            Some(value) => rows.push([label.to_owned(), value, origins(draft, keys)]),
            None => absent.push(label),
        }
    }
    rows.swap(0, 1);
    let shown = |key: &str| LINES.iter().any(|(_, keys)| keys.contains(&key));
    let worth_a_row =
        |(key, sourced): &(&str, &Sourced)| !shown(key) && !draft.is_absence(key, sourced);
    for (key, sourced) in draft.all_sourced().filter(worth_a_row) {
        rows.push([key.to_owned(), sourced.value.to_string(), short(&sourced.origin)]);
    }
    let mut text = heading("Choices");
    text.push_str(&table(&rows, width, "  "));
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
        let origin = draft.sourced(key).map_or(Origin::Builtin, |sourced| sourced.origin.clone());
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
        Origin::Preset { .. } => "preset".into(),
        origin => origin.to_string(),
    }
}

/// The main numbers of a plan.
#[must_use]
pub fn numbers(plan: &Plan, width: usize) -> String {
    let mut text = heading("Numbers that follow from them");
    let (rows, left) = overview::numbers(plan, width);
    text.push_str(&rows);
    let more = format!("and {left} more, with their reasons: dockwright plan");
    text.push_str(&format!("  {}\n", style(more).for_stderr().dim()));
    for warning in &plan.warnings {
        text.push_str(&format!(
            "  note: {}\n",
            wrap(warning, width.saturating_sub(9)).join("\n        ")
        ));
    }
    text
}

fn files(session: &Session, plan: &Plan, width: usize) -> String {
    let directory = session.directory().display();
    let paths: Vec<&str> = plan.outputs.iter().map(|output| output.path.as_str()).collect();
    let mut text = heading(&format!("{} files in {directory}", paths.len()));
    text.push_str(&overview::files(&paths, width));
    text
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use console::measure_text_width;

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
                    // A path is never cut: one that is longer than its column goes on.
                    let path = line.contains("registry.example.com/");
                    assert!(path || measure_text_width(line) < width, "{preset}, {width}: {line}");
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
