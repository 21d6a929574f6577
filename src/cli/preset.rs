//! `dockwright preset`: what the built-in presets are.

use serde_json::json;

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
                    "name": preset.name,
                    "version": preset.version,
                    "description": preset.description,
                }))
                .collect::<Vec<_>>()
        ));
    }
    let rows =
        presets.iter().map(|preset| [preset.name.as_str(), &preset.version, &preset.description]);
    report::print(&report::table(["preset", "version", "what it is"], rows))
}

/// Shows one preset's values.
///
/// # Errors
/// An unknown preset.
pub fn show(reference: &str, format: Format) -> Result<(), Error> {
    let preset = input::preset(reference)?;
    if format == Format::Json {
        let defaults: serde_json::Map<String, serde_json::Value> =
            preset.defaults.iter().map(|(key, text)| (key.clone(), json!(text))).collect();
        return report::json(&json!({
            "name": preset.name,
            "version": preset.version,
            "description": preset.description,
            "defaults": defaults,
        }));
    }
    let rows = preset.defaults.iter().map(|(key, value)| [key.as_str(), value]);
    let mut text = format!("{} {}: {}\n", preset.name, preset.version, preset.description);
    text.push_str(&report::table(["key", "value"], rows));
    report::print(&text)
}
