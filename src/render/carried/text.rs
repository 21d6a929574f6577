//! YAML text: blocks, their indentation, and the top-level keys of the file
//! that are carried on.

use crate::compose::yaml::{self, Item, Node};
use crate::plan::carry::Carry;

/// A key and its value as a block, each line indented by `indent` spaces and
/// begun with a line break.
#[must_use]
pub fn entry(key: &str, value: &Item, indent: usize) -> String {
    block(&Node::Map(vec![(Item::text(key), value.clone())]), indent)
}

/// A value as a block, each line indented and begun with a line break.
#[must_use]
pub fn block(node: &Node, indent: usize) -> String {
    indented(&yaml::write(node), indent)
}

/// Text, each line indented and begun with a line break.
#[must_use]
pub fn indented(text: &str, indent: usize) -> String {
    let space = " ".repeat(indent);
    let line = |line: &str| match line.is_empty() {
        true => "\n".to_owned(),
        false => format!("\n{space}{line}"),
    };
    text.lines().map(line).collect()
}

/// Text as a YAML scalar in double quotes.
#[must_use]
pub fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

/// The entries below a top-level key, for below ours.
#[must_use]
pub fn entries(carry: &Carry, key: &str) -> String {
    let Some(item) = carry.document.root.get(key) else { return String::new() };
    item.entries()
        .map(|(name, value)| {
            let name = name.scalar().unwrap_or_default();
            match value.node {
                Node::Null => format!("\n  {name}: {{}}"),
                _ => entry(&name, value, 2),
            }
        })
        .collect()
}

/// Top-level keys that have no place of their own in our file, which may have
/// one for secrets.
#[must_use]
pub fn rest(carry: &Carry, own_secrets: bool) -> String {
    let kept: &[&str] = match own_secrets {
        true => &["include", "configs", "models"],
        false => &["include", "secrets", "configs", "models"],
    };
    let lines = carry.document.root.entries().filter_map(|(key, value)| {
        let name = key.scalar().filter(|name| kept.contains(&name.as_str()))?;
        Some(format!("\n{}", entry(&name, value, 0)))
    });
    lines.collect()
}

/// Whether the file says something about the network that services without
/// any are in.
#[must_use]
pub fn has_default_network(carry: &Carry) -> bool {
    let networks = carry.document.root.get("networks");
    networks.and_then(|networks| networks.get("default")).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_indented_line_by_line() {
        let item = yaml::read("a: [x, 'y: z']\nb: {}\n").unwrap();
        let text = entry("key", &item, 4);
        assert!(text.starts_with("\n    key:\n      a:\n"), "{text}");
        let again = yaml::read(&text).unwrap();
        assert_eq!(again.get("key").unwrap().get("a").unwrap().scalars(), ["x", "y: z"]);
    }
}
