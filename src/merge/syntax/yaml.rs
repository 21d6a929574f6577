//! YAML: compose files, and manifests, of which a file holds several.

use std::collections::BTreeSet;

use serde_json::Value;

use super::twice;

/// Lists of `NAME=value` that set a name twice; a mapping that does is a
/// mistake.
pub fn examine(text: &str) -> Result<BTreeSet<String>, String> {
    let documents: Vec<Value> =
        serde_saphyr::from_multiple(text).map_err(|error| error.to_string())?;
    let mut repeats = BTreeSet::new();
    for document in &documents {
        walk(document, "", &mut repeats);
    }
    Ok(repeats)
}

fn walk(value: &Value, path: &str, repeats: &mut BTreeSet<String>) {
    let Value::Object(entries) = value else { return };
    for (key, value) in entries {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        match value {
            Value::Array(list) if matches!(key.as_str(), "environment" | "args" | "labels") => {
                let words = list.iter().filter_map(Value::as_str);
                let names = words.map(|word| word.split('=').next().unwrap_or(word));
                repeats.extend(twice(names).map(|name| format!("{path} sets {name} twice")));
            }
            value => walk(value, &path, repeats),
        }
    }
}
