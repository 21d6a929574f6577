//! `dockwright preset show`: what a preset says, with who says it.

use std::path::Path;

use serde_json::json;

use crate::cli::preset::summary::{Said, Summary, ValueSummary};
use crate::cli::{Format, input, report};
use crate::error::Error;

/// How many digits of a hash or commit people see.
const SHORT: usize = 12;

/// Shows a preset. JSON: the fields of [`Summary`].
///
/// # Errors
/// An unknown preset, or one that cannot be read or fetched.
pub fn run(reference: &str, format: Format) -> Result<(), Error> {
    let preset = input::preset(reference, Path::new("."), None)?;
    let summary = Summary::of(&preset);
    match format {
        Format::Json => report::json(&json!(summary)),
        Format::Human => report::print(&human(&summary)),
    }
}

fn human(summary: &Summary) -> String {
    let mut text = format!("{} {}: {}\n", summary.name, summary.version, summary.description);
    if summary.reference != summary.name {
        text.push_str(&format!("{}\n", summary.reference));
    }
    if let Some(requires) = &summary.requires {
        text.push_str(&format!("needs dockwright {requires}\n"));
    }
    let short =
        |text: &Option<String>| text.as_deref().unwrap_or("")[..].chars().take(SHORT).collect();
    let layers = summary.layers.iter().map(|layer| {
        let name = format!("{} {}", layer.name, layer.version);
        [name, layer.source.clone(), short(&layer.commit), short(&layer.hash)]
    });
    section(&mut text, ["layer, later wins", "source", "commit", "hash"], layers);
    let values = summary.values.iter().map(|value| {
        let lock = if value.locked { "locked" } else { "" };
        [value.key.clone(), value.value.clone(), lock.to_owned(), said(&value.said), instead(value)]
    });
    section(&mut text, ["key", "value", "", "said by", "instead of"], values);
    let floors = summary.floors.iter().map(|f| [f.subject.clone(), f.least.clone(), said(&f.said)]);
    section(&mut text, ["floor", "at least", "said by"], floors);
    let rules = summary.rules.iter().map(|rule| {
        let about = rule.key.as_ref().or(rule.file.as_ref()).cloned().unwrap_or_default();
        let until = rule.warn_until.as_ref().map(|day| format!(" (warns until {day})"));
        let message = format!("{}{}", rule.message, until.unwrap_or_default());
        [about, rule.demands.clone(), message, said(&rule.said)]
    });
    section(&mut text, ["rule on", "demands", "message", "said by"], rules);
    let files = summary.files.iter().map(|file| {
        let off = file.off.then(|| "left out".to_owned());
        let template = file.template.as_ref().map(|name| format!("from {name}"));
        let parts = [off, template, file.ownership.clone(), file.mode.clone()];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        [file.path.clone(), parts.join(", "), said(&file.said)]
    });
    section(&mut text, ["output", "is", "said by"], files);
    let templates = summary.templates.iter().map(|template| {
        let what = match &template.overrides {
            Some(blocks) => format!("overrides {}", blocks.join(", ")),
            None => "its own".to_owned(),
        };
        [template.path.clone(), what, said(&template.said)]
    });
    section(&mut text, ["template", "what it does", "of"], templates);
    let migrations = summary
        .migrations
        .iter()
        .map(|step| [format!("before {}", step.before), step.does.clone(), said(&step.said)]);
    section(&mut text, ["migration", "what it does", "of"], migrations);
    text
}

fn section<const N: usize>(
    text: &mut String,
    header: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
) {
    let mut rows = rows.peekable();
    if rows.peek().is_some() {
        text.push_str(&format!("\n{}", report::table(header, rows)));
    }
}

/// The layer and the line in its `preset.toml`.
fn said(said: &Said) -> String {
    let line = said.place.as_deref().and_then(|place| place.rsplit(':').nth(1));
    match line {
        Some(line) => format!("{}, line {line}", said.layer),
        None => said.layer.clone(),
    }
}

fn instead(value: &ValueSummary) -> String {
    let shadows = value.shadows.iter().rev();
    let shadows: Vec<String> =
        shadows.map(|old| format!("{} ({})", old.value, old.said.layer)).collect();
    shadows.join(", ")
}
