//! `[[verify.request]]` of `dockwright.toml`: what clients ask for, and what they
//! have to be answered.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use toml::Spanned;

use crate::answers::document;
use crate::error::{Place, Problem};

/// A request with what is expected of its answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// `GET`, `POST` and so on.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// Headers.
    pub headers: BTreeMap<String, String>,
    /// The body; JSON where a table or an array was written.
    pub body: Option<String>,
    /// What its answer has to be.
    pub expected: Expected,
}

/// What an answer has to be.
#[derive(Clone, Debug, PartialEq)]
pub struct Expected {
    /// The status; `None` for any below 400.
    pub status: Option<u16>,
    /// Places of a JSON body, as JSON pointers, and what stands there.
    pub json: BTreeMap<String, Value>,
    /// Longest that it may take; `None` for `verify.answer`.
    pub within: Option<Duration>,
}

#[derive(Deserialize)]
struct Raw {
    #[serde(default)]
    verify: Table,
}

#[derive(Default, Deserialize)]
struct Table {
    #[serde(default)]
    request: Vec<Spanned<toml::Table>>,
}

const SHAPE: &str = "[[verify.request]] has path = \"/items\", and may have method, headers = { … }, body (text, or a table that is sent as JSON), status, json = { \"/pointer\" = value }, within-ms";

const KEYS: [&str; 7] = ["path", "method", "headers", "body", "status", "json", "within-ms"];

/// Reads the requests of a `dockwright.toml`.
///
/// # Errors
/// All that are malformed, each with its place.
pub fn read(text: &str) -> Result<Vec<Request>, Vec<Problem>> {
    let raw: Raw = toml::from_str(text).map_err(|error| {
        let place = place(text, &error.span().unwrap_or_default());
        vec![Problem::new(error.message().trim().to_owned()).at(place.to_string()).help(SHAPE)]
    })?;
    let mut problems = Vec::new();
    let mut requests = Vec::new();
    for item in &raw.verify.request {
        match one(item.get_ref()) {
            Ok(request) => requests.push(request),
            Err(message) => {
                let place = place(text, &item.span());
                problems.push(Problem::new(message).at(place.to_string()).help(SHAPE));
            }
        }
    }
    if problems.is_empty() { Ok(requests) } else { Err(problems) }
}

fn place(text: &str, span: &Range<usize>) -> Place {
    Place::of_offset(document::FILE, text, span.start)
}

fn one(table: &toml::Table) -> Result<Request, String> {
    if let Some(key) = table.keys().find(|key| !KEYS.contains(&key.as_str())) {
        return Err(format!("a request has no `{key}`"));
    }
    let text = |key: &str| match table.get(key) {
        None => Ok(None),
        Some(toml::Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(format!("`{key}` of a request is no text")),
    };
    let path = text("path")?.ok_or("a request has no `path`")?;
    if !path.starts_with('/') || path.contains(char::is_whitespace) {
        return Err(format!("`{path}` is no path: it begins with `/` and has no blanks"));
    }
    let method = text("method")?
        .unwrap_or_else(|| if table.contains_key("body") { "POST" } else { "GET" }.into());
    if method.is_empty() || !method.chars().all(|own| own.is_ascii_alphabetic()) {
        return Err(format!("`{method}` is no method"));
    }
    let mut headers = BTreeMap::new();
    match table.get("headers") {
        None => {}
        Some(toml::Value::Table(own)) => {
            for (name, value) in own {
                let value = value.as_str().ok_or(format!("the header `{name}` is no text"))?;
                headers.insert(name.clone(), value.to_owned());
            }
        }
        Some(_) => return Err("`headers` of a request is no table".into()),
    }
    let body = match table.get("body") {
        None => None,
        Some(toml::Value::String(text)) => Some(text.clone()),
        Some(other) => {
            headers.entry("Content-Type".into()).or_insert_with(|| "application/json".into());
            Some(json(other)?.to_string())
        }
    };
    let number = |key: &str, least: i64, most: i64| match table.get(key) {
        None => Ok(None),
        Some(toml::Value::Integer(own)) if (least..=most).contains(own) => Ok(Some(*own)),
        Some(_) => Err(format!("`{key}` of a request is no number from {least} to {most}")),
    };
    let mut expected = BTreeMap::new();
    match table.get("json") {
        None => {}
        Some(toml::Value::Table(own)) => {
            for (pointer, value) in own {
                if !pointer.is_empty() && !pointer.starts_with('/') {
                    return Err(format!("`{pointer}` is no JSON pointer: it begins with `/`"));
                }
                expected.insert(pointer.clone(), json(value)?);
            }
        }
        Some(_) => return Err("`json` of a request is no table of JSON pointers".into()),
    }
    let status = number("status", 100, 599)?.and_then(|own| u16::try_from(own).ok());
    let within = number("within-ms", 1, 600_000)?.and_then(|own| u64::try_from(own).ok());
    let within = within.map(Duration::from_millis);
    Ok(Request {
        method: method.to_ascii_uppercase(),
        path,
        headers,
        body,
        expected: Expected { status, json: expected, within },
    })
}

fn json(value: &toml::Value) -> Result<Value, String> {
    serde_json::to_value(value).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_with_what_it_expects() {
        let text = "[[verify.request]]\npath = \"/items\"\nbody = { name = \"x\" }\nstatus = 201\njson = { \"/name\" = \"x\" }\nwithin-ms = 500\n";
        let request = read(text).unwrap().remove(0);
        assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/items"));
        assert_eq!(request.body.as_deref(), Some("{\"name\":\"x\"}"));
        assert_eq!(request.headers["Content-Type"], "application/json");
        assert_eq!(request.expected.status, Some(201));
        assert_eq!(request.expected.json["/name"], "x");
        assert_eq!(request.expected.within, Some(Duration::from_millis(500)));
    }

    #[test]
    fn what_is_malformed_is_said_with_its_place() {
        let text =
            "[[verify.request]]\npath = \"items\"\n[[verify.request]]\npath = \"/\"\nstaus = 200\n";
        let problems = read(text).unwrap_err();
        assert_eq!(problems.len(), 2, "{problems:?}");
        assert!(problems[1].message.contains("staus"));
        assert!(problems[1].at.as_deref().unwrap().starts_with("dockwright.toml:3:"));
    }
}
