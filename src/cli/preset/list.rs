//! `dockwright preset list`: the built-in presets, and the one of the
//! repository it runs in.

use std::path::Path;

use serde_json::json;

use crate::apply::bookkeeping::Lock;
use crate::cli::{Format, report};
use crate::error::Error;
use crate::preset::{self, Preset};
use crate::project;

/// Lists the presets. JSON: `builtin[{name, version, description}]`, and
/// `repository{reference, name, version, description}` or `null`.
///
/// # Errors
/// A `dockwright.toml` or a lock that cannot be read; standard output that
/// cannot be written.
pub fn run(format: Format) -> Result<(), Error> {
    let presets = preset::builtin();
    let here = Path::new(".");
    let own = match project::document(here)? {
        Some((_, entries)) => project::named_preset(&entries, here, Lock::read(here)?.as_ref())?,
        None => None,
    };
    if format == Format::Json {
        let repository = own.as_ref().map(|preset| {
            let mut value = described(preset);
            value["reference"] = json!(preset.reference.to_string());
            value
        });
        let builtin: Vec<_> = presets.iter().map(described).collect();
        return report::json(&json!({ "builtin": builtin, "repository": repository }));
    }
    let rows = presets
        .iter()
        .map(|preset| [preset.name().to_owned(), version(preset), preset.description().to_owned()]);
    let mut text = report::table(["preset", "version", "what it is"], rows);
    if let Some(own) = own {
        text.push_str(&format!("\nthis repository has {} {}", own.name(), version(&own)));
        let reference = own.reference.to_string();
        if reference != own.name() {
            text.push_str(&format!(": {reference}"));
        }
        text.push('\n');
    }
    report::print(&text)
}

fn version(preset: &Preset) -> String {
    preset.top().manifest.version.to_string()
}

fn described(preset: &Preset) -> serde_json::Value {
    json!({
        "name": preset.name(),
        "version": version(preset),
        "description": preset.description(),
    })
}
