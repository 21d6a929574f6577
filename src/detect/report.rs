//! Facts as rows: one table that the JSON shape and the report for people
//! are both made from.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::detect::fact::{Evidence, Fact};
use crate::detect::facts::{Facts, InProcess};

/// One fact, its type forgotten.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its key in JSON.
    pub key: &'static str,
    /// Its value; null where nothing is known.
    pub value: Value,
    /// The lines it rests on.
    pub evidence: Vec<Evidence>,
    /// The candidates, where there is no clear winner.
    pub candidates: Vec<(Value, Vec<Evidence>)>,
}

impl Row {
    fn of<T: Serialize>(key: &'static str, fact: &Fact<T>) -> Self {
        let candidates = fact.candidates().iter();
        Self {
            key,
            value: fact.value().map_or(Value::Null, |value| json!(value)),
            evidence: fact.evidence().to_vec(),
            candidates: candidates.map(|(value, lines)| (json!(value), lines.clone())).collect(),
        }
    }

    fn of_list<T: Serialize>(key: &'static str, list: &[(T, Vec<Evidence>)]) -> Self {
        Self {
            key,
            value: list.iter().map(|(value, _)| json!(value)).collect(),
            evidence: list.iter().flat_map(|(_, lines)| lines.clone()).collect(),
            candidates: Vec::new(),
        }
    }
}

/// Every fact, in the order reports show them.
#[must_use]
pub fn rows(facts: &Facts) -> Vec<Row> {
    let existing: Vec<(&str, Vec<Evidence>)> = facts
        .existing_files
        .iter()
        .map(|file| (file.path.as_str(), vec![Evidence::file(&file.path)]))
        .collect();
    let names: Vec<(&str, Vec<Evidence>)> = facts
        .required_env
        .iter()
        .map(|(variable, lines)| (variable.name.as_str(), lines.clone()))
        .collect();
    let writable: Vec<(&str, Vec<Evidence>)> =
        facts.writable.iter().map(|(path, lines)| (path.path.as_str(), lines.clone())).collect();
    let in_process: Vec<(InProcess, Vec<Evidence>)> =
        facts.in_process.iter().map(|(state, line)| (*state, vec![line.clone()])).collect();
    let mut files = Row::of("dependency_files", &facts.dependency_files);
    let mut queues = Row::of("queues", &facts.queues);
    for list in [&mut files, &mut queues] {
        if list.value.is_null() {
            list.value = json!([]);
        }
    }
    vec![
        Row::of("root", &facts.root),
        Row::of("build_context", &facts.build_context),
        Row::of("framework", &facts.framework),
        Row::of("interface", &facts.interface),
        Row::of("app", &facts.app),
        Row::of("factory", &facts.factory),
        Row::of("settings", &facts.settings),
        Row::of("package_manager", &facts.package_manager),
        files,
        Row::of("python", &facts.python),
        Row::of("database", &facts.database),
        Row::of("database_driver", &facts.database_driver),
        Row::of("cache", &facts.cache),
        Row::of("broker", &facts.broker),
        Row::of("celery", &facts.celery),
        queues,
        Row::of("migrations", &facts.migrations),
        Row::of("static", &facts.static_files),
        Row::of("system_packages", &facts.system_packages),
        Row::of("ml", &facts.ml),
        Row::of_list("required_env", &names),
        Row::of_list("connections", &facts.connections),
        Row::of("port", &facts.port),
        Row::of("health", &facts.health),
        Row::of("ready", &facts.ready),
        Row::of("tests", &facts.tests),
        Row::of_list("writable", &writable),
        Row::of("uploads", &facts.uploads),
        Row::of("hubs", &facts.hubs),
        Row::of("front_end", &facts.front_end),
        Row::of("own_server", &facts.own_server),
        Row::of_list("in_process", &in_process),
        Row::of("websockets", &facts.websockets),
        Row::of_list("existing_files", &existing),
    ]
}

/// The documented JSON shape of `detect --format json`.
#[must_use]
pub fn json(facts: &Facts) -> Value {
    let rows = rows(facts);
    let mut object: Map<String, Value> =
        rows.iter().map(|row| (row.key.to_owned(), row.value.clone())).collect();
    let evidence: Map<String, Value> = rows
        .iter()
        .filter(|row| !row.evidence.is_empty())
        .map(|row| (row.key.to_owned(), json!(row.evidence)))
        .collect();
    let candidates: Map<String, Value> = rows
        .iter()
        .filter(|row| !row.candidates.is_empty())
        .map(|row| {
            let list = row.candidates.iter();
            let list: Value =
                list.map(|(value, lines)| json!({ "value": value, "evidence": lines })).collect();
            (row.key.to_owned(), list)
        })
        .collect();
    object.insert("evidence".into(), Value::Object(evidence));
    object.insert("candidates".into(), Value::Object(candidates));
    object.insert("instead".into(), json!(facts.instead));
    object.insert("readiness".into(), json!(facts.readiness));
    object.insert("doubts".into(), json!(facts.doubts));
    object.insert("unreadable".into(), json!(facts.unreadable));
    Value::Object(object)
}
