//! YAML of tools and platforms, whose keys alone matter, as a value.

use serde_json::Value;

use crate::detect::fact::Evidence;
use crate::detect::tree::Tree;

/// A YAML file as a value; `None` where it cannot be read.
pub fn yaml(tree: &Tree, path: &str) -> Option<Value> {
    serde_saphyr::from_str(tree.text(path)?).ok()
}

/// The line of `text` after the line of a key.
pub fn locate(tree: &Tree, path: &str, key: &str, text: &str) -> Evidence {
    let Some(content) = tree.text(path) else { return Evidence::file(path) };
    let word = text.split_whitespace().max_by_key(|word| word.len()).unwrap_or(text);
    let lines: Vec<&str> = content.lines().collect();
    let is_key = |line: &str| {
        let line = line.trim().trim_start_matches("- ").trim_start_matches(['"', '\'']);
        line.strip_prefix(key).is_some_and(|rest| rest.starts_with([':', '"', '\'', ' ', '=']))
    };
    let start = lines.iter().position(|line| is_key(line)).unwrap_or(0);
    let after = lines[start..].iter().position(|line| line.contains(word));
    let line = after.map(|at| start + at).or_else(|| lines.iter().position(|l| l.contains(word)));
    line.map_or_else(|| Evidence::file(path), |at| tree.evidence(path, at + 1))
}
