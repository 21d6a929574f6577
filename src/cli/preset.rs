//! `dockwright preset`: what the built-in presets are.

use std::path::Path;

use serde_json::json;

use crate::answers::Draft;
use crate::cli::{Format, input, report};
use crate::error::Error;
use crate::preset;

/// Lists the presets.
///
/// # Errors
/// When standard output cannot be written.
pub fn list(format: Format) -> Result<(), Error> {
    let presets = preset::builtin();
    if format == Format::Json {
        return report::json(&json!(
            presets
                .iter()
                .map(|preset| json!({
                    "name": preset.name(),
                    "version": preset.top().manifest.version.to_string(),
                    "description": preset.description(),
                }))
                .collect::<Vec<_>>()
        ));
    }
    let rows = presets.iter().map(|preset| {
        let version = preset.top().manifest.version.to_string();
        [preset.name().to_owned(), version, preset.description().to_owned()]
    });
    report::print(&report::table(["preset", "version", "what it is"], rows))
}

/// Shows one preset's values.
///
/// # Errors
/// An unknown preset.
pub fn show(reference: &str, format: Format) -> Result<(), Error> {
    let preset = input::preset(reference, Path::new("."), None)?;
    let version = preset.top().manifest.version.to_string();
    let draft = Draft::of_preset(&preset).map_err(Error::Input)?;
    if format == Format::Json {
        let defaults: serde_json::Map<String, serde_json::Value> = draft
            .all_said()
            .map(|(key, said)| (key.to_owned(), json!(said.value.to_string())))
            .collect();
        return report::json(&json!({
            "name": preset.name(),
            "version": version,
            "description": preset.description(),
            "defaults": defaults,
        }));
    }
    let rows = draft.all_said().map(|(key, said)| [key.to_owned(), said.value.to_string()]);
    let mut text = format!("{} {}: {}\n", preset.name(), version, preset.description());
    text.push_str(&report::table(["key", "value"], rows));
    report::print(&text)
}
