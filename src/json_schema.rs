//! The files that people write, `dockwright.toml` and `preset.toml`, as JSON
//! Schema, made of the tables that read them.

use serde_json::{Map, Value, json};

use crate::preset::manifest::fields::{self, Shape};
use crate::schema::value::Kind;
use crate::schema::{self, Field};

/// The draft of JSON Schema that all of them follow.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// Changes when a key goes away or means something else; a release changes nothing.
pub const VERSION: u32 = 1;

/// A schema with its dialect, its title, and a name that stays: no address, since
/// what it names is printed by `dockwright schema` and served nowhere.
#[must_use]
pub fn named(mut schema: Value, name: &str, title: &str) -> Value {
    schema["$schema"] = json!(DIALECT);
    schema["$id"] = json!(format!("urn:dockwright:schema:{name}:{VERSION}"));
    schema["title"] = json!(title);
    schema
}

/// The schema of `dockwright.toml`.
#[must_use]
pub fn config() -> Value {
    let mut tables = keys();
    tables.insert(
        "preset".into(),
        json!({
            "description": "What it builds on: built-in name, directory, or a place in git.",
            "oneOf": [
                { "type": "string", "examples": crate::preset::NAMES },
                table(fields::REFERENCE),
            ],
        }),
    );
    tables.insert("waiver".into(), waivers());
    if let Some(verify) = tables.get_mut("verify") {
        verify["properties"]["request"] = requests();
    }
    let schema = json!({ "type": "object", "additionalProperties": false, "properties": tables });
    named(schema, "config", "dockwright.toml")
}

/// The schema of `preset.toml`.
#[must_use]
pub fn preset() -> Value {
    let mut schema = table(fields::MANIFEST);
    schema["$defs"] = json!({
        "keys": { "type": "object", "additionalProperties": false, "properties": keys() },
    });
    named(schema, "preset", "preset.toml")
}

/// The keys that answer something, by table.
fn keys() -> Map<String, Value> {
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
        "files".into(),
        json!({
            "type": "object",
            "description": "Per output: how dockwright treats it, or off.",
            "additionalProperties": { "enum": schema::FILE_POLICIES },
        }),
    );
    tables
}

fn waivers() -> Value {
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
    })
}

fn requests() -> Value {
    let text = |doc: &str| json!({ "type": "string", "description": doc });
    json!({
        "type": "array",
        "items": {
            "type": "object",
            "additionalProperties": false,
            "required": ["path"],
            "properties": {
                "path": text("The path with its query: `/items?page=2`."),
                "method": text("`GET`, or `POST` with a body, unless it says another."),
                "headers": { "type": "object", "additionalProperties": { "type": "string" } },
                "body": { "description": "Text, or a table or list that is sent as JSON." },
                "status": { "type": "integer", "minimum": 100, "maximum": 599, "description": "The expected status; any below 400 without it." },
                "json": { "type": "object", "description": "JSON pointers into the answer, each with the value that has to stand there." },
                "within-ms": { "type": "integer", "minimum": 1, "description": "Longest that the answer may take, in milliseconds." },
            },
        },
        "description": "What `dockwright verify` asks the running stack for, and what it has to be answered.",
    })
}

/// A table with these keys and no others.
fn table(fields: &[fields::Field]) -> Value {
    let properties: Map<String, Value> = fields
        .iter()
        .map(|field| {
            let mut value = shape(field.shape);
            value["description"] = json!(field.doc);
            (field.name.to_owned(), value)
        })
        .collect();
    let required: Vec<&str> = fields.iter().filter(|f| f.required).map(|f| f.name).collect();
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": required,
        "properties": properties,
    })
}

fn shape(shape: Shape) -> Value {
    let value = json!({ "type": ["string", "number", "boolean"] });
    let list = |items: Value| json!({ "type": "array", "items": items });
    let map = |values: Value| json!({ "type": "object", "additionalProperties": values });
    match shape {
        Shape::Text => json!({ "type": "string" }),
        Shape::Switch => json!({ "type": "boolean" }),
        Shape::Value => value,
        Shape::Values => list(value),
        Shape::Word(words) => json!({ "enum": words }),
        Shape::Words => map(json!({ "type": "string" })),
        Shape::References(fields) => {
            list(json!({ "oneOf": [{ "type": "string" }, table(fields)] }))
        }
        Shape::Keys => json!({ "$ref": "#/$defs/keys" }),
        // `images.postgres` is a table in a table.
        Shape::Versions => map(json!({
            "type": ["string", "number", "object"],
            "additionalProperties": { "type": ["string", "number"] },
        })),
        Shape::Table(fields) => table(fields),
        Shape::Tables(fields) => list(table(fields)),
        Shape::ByPath(fields) => map(table(fields)),
    }
}

fn of(field: &Field) -> Value {
    let mut value = match field.kind {
        Kind::Choice(words) => json!({ "enum": words }),
        Kind::Words(words) => json!({
            "oneOf": [
                { "enum": words },
                { "type": "array", "items": { "enum": words }, "minItems": 1 },
            ],
        }),
        Kind::Bool => json!({ "type": "boolean" }),
        Kind::Count(least, most) => json!({ "type": "integer", "minimum": least, "maximum": most }),
        Kind::Paths | Kind::Writable | Kind::Urls(_) | Kind::Hosts => {
            json!({ "type": "array", "items": { "type": "string" } })
        }
        Kind::Proxies => json!({
            "oneOf": [
                { "type": "string" },
                { "type": "array", "items": { "type": "string" } },
            ],
        }),
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
