//! `dockwright schema`: what the files that people write and the reports that
//! programs read hold, as JSON Schema, each by a name that stays.
//!
//! Those of the files are made of the tables that read them (`json_schema`),
//! those of the reports stand in `reports/`; what several of them share is in
//! `shared.json`, and goes into each that names it.

use std::collections::BTreeSet;

use clap::ValueEnum;
use serde_json::{Map, Value, json};

use crate::cli::{report, verify};
use crate::error::Error;
use crate::json_schema;

/// What there is a schema of. The names are a contract: one is added, and none
/// is renamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Name {
    /// The file dockwright.toml
    Config,
    /// The file preset.toml of a team's preset
    Preset,
    /// The report of `dockwright new`
    New,
    /// The report of `dockwright init`
    Init,
    /// The report of `dockwright detect`
    Detect,
    /// The report of `dockwright plan`
    Plan,
    /// The report of `dockwright plan --explain`
    PlanExplain,
    /// The report of `dockwright update`
    Update,
    /// The report of `dockwright check`
    Check,
    /// The report of `dockwright audit`
    Audit,
    /// The report of `dockwright audit --fix`
    AuditFix,
    /// The report of `dockwright verify`
    Verify,
    /// The report of `dockwright verify --arm`
    VerifyArm,
    /// The report of `dockwright preset list`
    PresetList,
    /// The report of `dockwright preset show`
    PresetShow,
    /// The report of `dockwright preset test`
    PresetTest,
    /// The report of `dockwright preset impact`
    PresetImpact,
    /// The report of `dockwright --version`
    Version,
}

/// What several reports hold.
const SHARED: &str = include_str!("shared.json");

/// Prints one schema, or the names of all.
///
/// # Errors
/// When standard output cannot be written.
pub fn run(name: Option<Name>) -> Result<(), Error> {
    match name {
        Some(name) => report::json(&name.schema()),
        None => report::print(&list()),
    }
}

fn list() -> String {
    let rows = Name::value_variants().iter().map(|name| [name.word(), name.what()]);
    report::table(["dockwright schema", "holds"], rows)
}

impl Name {
    fn word(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// What it is of, in the words of `--help`.
    fn what(self) -> String {
        let value = self.to_possible_value();
        let help = value.and_then(|value| Some(value.get_help()?.to_string()));
        help.unwrap_or_default()
    }

    /// The schema.
    #[must_use]
    pub fn schema(self) -> Value {
        match self {
            Self::Config => json_schema::config(),
            Self::Preset => json_schema::preset(),
            Self::Verify => verify::shape::schema(),
            Self::New => self.report(include_str!("reports/new.json")),
            Self::Init => self.report(include_str!("reports/init.json")),
            Self::Detect => self.report(include_str!("reports/detect.json")),
            Self::Plan => self.report(include_str!("reports/plan.json")),
            Self::PlanExplain => self.report(include_str!("reports/plan-explain.json")),
            Self::Update => self.report(include_str!("reports/update.json")),
            Self::Check => self.report(include_str!("reports/check.json")),
            Self::Audit => self.report(include_str!("reports/audit.json")),
            Self::AuditFix => self.report(include_str!("reports/audit-fix.json")),
            Self::VerifyArm => self.report(include_str!("reports/verify-arm.json")),
            Self::PresetList => self.report(include_str!("reports/preset-list.json")),
            Self::PresetShow => self.report(include_str!("reports/preset-show.json")),
            Self::PresetTest => self.report(include_str!("reports/preset-test.json")),
            Self::PresetImpact => self.report(include_str!("reports/preset-impact.json")),
            Self::Version => self.report(include_str!("reports/version.json")),
        }
    }

    /// A report, with what it names of the shared definitions.
    fn report(self, text: &str) -> Value {
        let mut schema = read(text);
        let shared = read(SHARED);
        let mut named = BTreeSet::new();
        references(&schema, &shared, &mut named);
        if !named.is_empty() {
            let own: Map<String, Value> =
                named.into_iter().map(|name| (name.clone(), shared[&name].clone())).collect();
            schema["$defs"] = json!(own);
        }
        let title = format!("{} --format json", self.what().replace("The report of ", ""));
        json_schema::named(schema, &self.word(), &title.replace('`', ""))
    }
}

fn read(text: &str) -> Value {
    serde_json::from_str(text).expect("the tests read every schema")
}

/// The definitions that a schema names, and those that they name.
fn references(schema: &Value, shared: &Value, named: &mut BTreeSet<String>) {
    match schema {
        Value::Object(object) => {
            let reference = object.get("$ref").and_then(Value::as_str);
            if let Some(name) = reference.and_then(|own| own.strip_prefix("#/$defs/"))
                && named.insert(name.to_owned())
            {
                references(&shared[name], shared, named);
            }
            object.values().for_each(|own| references(own, shared, named));
        }
        Value::Array(items) => items.iter().for_each(|own| references(own, shared, named)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Objects that let anything through would let a report drift from its schema.
    fn closed(schema: &Value, at: &str) {
        match schema {
            Value::Object(object) => {
                if object.contains_key("properties") {
                    assert!(object.contains_key("additionalProperties"), "{at} is open");
                }
                for (key, own) in object {
                    closed(own, &format!("{at}/{key}"));
                }
            }
            Value::Array(items) => items.iter().for_each(|own| closed(own, at)),
            _ => {}
        }
    }

    #[test]
    fn every_schema_has_its_name_and_is_closed_and_whole() {
        let mut ids = BTreeSet::new();
        for name in Name::value_variants() {
            let schema = name.schema();
            let word = name.word();
            assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
            assert_eq!(schema["$id"], format!("urn:dockwright:schema:{word}:1"));
            assert!(!schema["title"].as_str().unwrap().contains('`'), "{word}");
            assert!(ids.insert(schema["$id"].to_string()), "{word}");
            closed(&schema, &word);
            let mut named = BTreeSet::new();
            references(&schema, &schema["$defs"], &mut named);
            for own in named {
                assert!(schema["$defs"][&own].is_object(), "{word} names {own}");
            }
        }
    }

    #[test]
    fn every_shared_definition_is_named_by_a_report() {
        let all: String =
            Name::value_variants().iter().map(|own| own.schema().to_string()).collect();
        for name in read(SHARED).as_object().unwrap().keys() {
            assert!(all.contains(&format!("#/$defs/{name}\"")), "{name}");
        }
    }
}
