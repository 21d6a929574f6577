//! `dockwright schema config`: the one table of keys as JSON Schema.

use serde_json::{Map, Value, json};

use crate::cli::report;
use crate::error::Error;
use crate::schema::value::Kind;
use crate::schema::{self, Field};

/// Prints the schema of `dockwright.toml`.
///
/// # Errors
/// When standard output cannot be written.
pub fn config() -> Result<(), Error> {
    let mut tables: Map<String, Value> = Map::new();
    let fields = schema::fields().chain(schema::service_fields()).chain(schema::tune_fields());
    for field in fields {
        let (path, name) = field.name.rsplit_once('.').expect("every key has a table");
        let mut properties = &mut tables;
        for part in path.split('.') {
            let table = properties.entry(part).or_insert_with(
                || json!({ "type": "object", "additionalProperties": false, "properties": {} }),
            );
            properties = table["properties"].as_object_mut().expect("made above");
        }
        properties.insert(name.to_owned(), of(&field));
    }
    tables.insert(
        "preset".into(),
        json!({ "enum": crate::preset::NAMES, "description": "The built-in preset to start from." }),
    );
    tables.insert(
        "files".into(),
        json!({
            "type": "object",
            "description": "Per output: how dockwright treats it, or off.",
            "additionalProperties": { "enum": schema::FILE_POLICIES },
        }),
    );
    tables.insert(
        "waiver".into(),
        json!({
            "type": "array",
            "description": "Findings of `dockwright check` that are allowed for a while.",
            "items": {
                "type": "object",
                "additionalProperties": false,
                "required": ["rule", "reason", "until"],
                "properties": {
                    "rule": { "type": "string", "description": "What the finding is about: a key, a file, or the id of a rule." },
                    "reason": { "type": "string", "description": "Why." },
                    "until": { "type": "string", "format": "date", "description": "The last day on which it counts." },
                },
            },
        }),
    );
    report::json(&json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "dockwright.toml",
        "type": "object",
        "additionalProperties": false,
        "properties": tables,
    }))
}

fn of(field: &Field) -> Value {
    let mut value = match field.kind {
        Kind::Choice(words) => json!({ "enum": words }),
        Kind::Bool => json!({ "type": "boolean" }),
        Kind::Count(least, most) => json!({ "type": "integer", "minimum": least, "maximum": most }),
        Kind::Paths | Kind::Writable | Kind::Urls(_) | Kind::Hosts => {
            json!({ "type": "array", "items": { "type": "string" } })
        }
        Kind::Seconds => json!({ "type": ["integer", "string"] }),
        Kind::Cpus => json!({ "type": ["number", "string"] }),
        _ => json!({ "type": "string" }),
    };
    value["description"] = json!(format!("{} Expects: {}.", field.doc, field.kind.expects()));
    if !field.default.is_empty() {
        value["default"] = match field.kind {
            Kind::Bool => json!(field.default == "true"),
            Kind::Count(..) => json!(field.default.parse::<u64>().unwrap_or_default()),
            _ => json!(field.default),
        };
    }
    value
}
