//! The report as JSON, and its JSON Schema.

use serde_json::{Value, json};

use crate::json_schema;
use crate::verify::Report;
use crate::verify::arm::Armed;
use crate::verify::check::Step;

/// Changes when a key goes away or means something else.
const VERSION: u32 = 1;

/// The report.
#[must_use]
pub fn of(report: &Report) -> Value {
    let mut value = serde_json::to_value(report).unwrap_or_default();
    value["version"] = json!(VERSION);
    value["cut"] = json!(report.cut.as_ref().map(ToString::to_string));
    value
}

/// The checks that were armed.
#[must_use]
pub fn of_armed(armed: &[Armed]) -> Value {
    json!({ "version": VERSION, "armed": armed })
}

/// What the report holds.
#[must_use]
pub fn schema() -> Value {
    let text = json!({ "type": "string" });
    let texts = json!({ "type": "array", "items": text });
    let number = json!({ "type": "number" });
    let nothing_or = |kind: &str| json!({ "type": [kind, "null"] });
    let object = |required: &[&str], properties: Value| {
        json!({
            "type": "object",
            "additionalProperties": false,
            "required": required,
            "properties": properties,
        })
    };
    let measure = object(
        &["name", "value", "unit"],
        json!({
            "name": text,
            "value": number,
            "unit": { "enum": ["seconds", "milliseconds", "bytes", "percent", "count", "per-second"] },
        }),
    );
    let limit =
        object(&["key", "value", "why"], json!({ "key": text, "value": text, "why": text }));
    let finding = object(
        &["check", "of", "verdict", "said", "at"],
        json!({
            "check": { "type": "string", "description": "STEP.NAME; `dockwright verify --list` has them all." },
            "of": { "type": ["string", "null"], "description": "The service or image; null for the stack." },
            "verdict": { "enum": ["passed", "failed", "skipped"] },
            "said": { "type": "string", "description": "What was seen; of a skipped check, why." },
            "measures": { "type": "array", "items": measure },
            "limit": limit,
            "help": text,
            "log": texts,
            "at": { "type": "number", "description": "Seconds since the step began." },
        }),
    );
    let steps: Vec<&str> = Step::ALL.iter().map(|step| step.name()).collect();
    let step = object(
        &["step", "took", "findings"],
        json!({ "step": { "enum": steps }, "took": number, "findings": { "type": "array", "items": finding } }),
    );
    let proposal = object(
        &["key", "from", "to", "why"],
        json!({ "key": text, "from": text, "to": text, "why": text }),
    );
    let kept = object(
        &["project", "url", "remove"],
        json!({ "project": text, "url": nothing_or("string"), "remove": text }),
    );
    let schema = object(
        &[
            "version",
            "project",
            "files",
            "planned",
            "quick",
            "engine",
            "notes",
            "steps",
            "proposals",
            "evidence",
            "kept",
            "cut",
        ],
        json!({
            "version": { "const": VERSION },
            "project": text,
            "files": texts,
            "planned": { "type": "boolean", "description": "Whether dockwright planned the files; else what rests on a plan is skipped." },
            "quick": { "type": "boolean" },
            "engine": text,
            "notes": { "type": "array", "items": text, "description": "What was guessed, replaced or left out." },
            "steps": { "type": "array", "items": step },
            "proposals": { "type": "array", "items": proposal },
            "evidence": { "type": ["string", "null"], "description": "The directory with logs, inspections and events." },
            "kept": { "oneOf": [kept, { "type": "null" }] },
            "cut": { "type": ["string", "null"], "description": "Why the run ended before everything was judged; null where it did not." },
        }),
    );
    json_schema::named(schema, "verify", "dockwright verify --format json")
}

#[cfg(test)]
pub(super) mod tests {
    use std::time::Duration;

    use super::*;
    use crate::cli::schema::Name;
    use crate::verify::arm::Alarm;
    use crate::verify::limits::Limits;
    use crate::verify::record::{Finding, Proposal, StepRecord, Unit};

    /// A report with one result of each kind.
    pub fn report() -> Report {
        let limits = Limits::of_entries(&[], &[]).unwrap();
        Report {
            project: "shop".into(),
            files: vec!["compose.yaml".into()],
            planned: true,
            quick: false,
            engine: "28.5".into(),
            notes: vec![".env is not there".into()],
            steps: vec![StepRecord {
                step: Step::Load,
                took: Duration::from_millis(1500),
                findings: vec![
                    Finding::passed("load.errors", "all were answered").measured(
                        "requests",
                        100.0,
                        Unit::Count,
                    ),
                    Finding::failed("load.latency", "p99 was 2500 ms")
                        .of("web")
                        .by(limits.limit("verify.p99"))
                        .help("fewer clients")
                        .log(vec!["slow".into()]),
                    Finding::skipped("load.connections", "no database"),
                ],
            }],
            proposals: vec![Proposal {
                key: "tune.web.workers".into(),
                from: "5".into(),
                to: "3".into(),
                why: "3 give 98 %".into(),
            }],
            evidence: Some("/tmp/evidence".into()),
            kept: None,
            cut: None,
        }
    }

    /// Whether a value is what a schema says: the keywords that this one uses.
    fn fits(value: &Value, schema: &Value, at: &str) {
        if let Some(all) = schema["oneOf"].as_array() {
            let own = all
                .iter()
                .find(|one| one["type"] == "null")
                .filter(|_| value.is_null())
                .or(all.first());
            return fits(value, own.unwrap(), at);
        }
        if let Some(words) = schema["enum"].as_array() {
            assert!(words.contains(value), "{at}: {value} is none of {words:?}");
        }
        if let Some(constant) = schema.get("const") {
            assert_eq!(value, constant, "{at}");
        }
        let kind = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        match &schema["type"] {
            Value::Null => {}
            Value::String(wanted) => assert_eq!(kind, wanted, "{at}"),
            wanted => assert!(wanted.as_array().unwrap().contains(&json!(kind)), "{at}: {kind}"),
        }
        for (number, item) in value.as_array().into_iter().flatten().enumerate() {
            fits(item, &schema["items"], &format!("{at}/{number}"));
        }
        let Some(object) = value.as_object() else { return };
        let properties = schema["properties"].as_object().unwrap();
        for (key, own) in object {
            let schema =
                properties.get(key).unwrap_or_else(|| panic!("{at}: no {key} in the schema"));
            fits(own, schema, &format!("{at}/{key}"));
        }
        for key in schema["required"].as_array().unwrap() {
            assert!(object.contains_key(key.as_str().unwrap()), "{at}: {key} is missing");
        }
    }

    #[test]
    fn what_was_armed_is_what_its_schema_says() {
        let alarms = [Alarm::Red, Alarm::Silent, Alarm::NotApplicable, Alarm::Unarmed];
        let armed = alarms.map(|alarm| Armed {
            check: "load.latency",
            breaks: "the limit",
            alarm,
            said: "p99 was 2500 ms".into(),
        });
        fits(&of_armed(&armed), &Name::VerifyArm.schema(), "");
    }

    #[test]
    fn a_report_is_what_its_schema_says() {
        fits(&of(&report()), &schema(), "");
    }
}
