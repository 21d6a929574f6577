//! Compose's rules for laying one file over another.

use crate::source::compose::yaml::{Item, Node};
use crate::source::compose::{Mount, Port};
use crate::source::text::Text;

/// Keys of a service that one file says wholly.
const REPLACED: [&str; 3] = ["command", "entrypoint", "test"];
/// Keys of a service that are lists or mappings of names.
const NAMED: [&str; 7] =
    ["environment", "labels", "args", "depends_on", "networks", "sysctls", "extra_hosts"];

/// A whole file over another.
pub(super) fn over(base: Item, own: Item, files: &[Text]) -> Item {
    laid(base, own, files, "")
}

/// A service over the one it extends.
pub(super) fn service(base: Item, own: Item, files: &[Text]) -> Item {
    laid(base, own, files, "service")
}

/// What stands between a key and its value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tag {
    Nothing,
    Reset,
    Override,
}

fn tag(key: &Item, value: &Item, files: &[Text]) -> Tag {
    let (Some((_, start)), Some((end, _)), Some(text)) =
        (key.span, value.span, files.get(value.file))
    else {
        return Tag::Nothing;
    };
    let between = text.text.get(start..end.max(start)).unwrap_or_default();
    let has = |tag: &str| between.split_whitespace().any(|word| word == tag);
    match (has("!reset"), has("!override")) {
        (true, _) => Tag::Reset,
        (_, true) => Tag::Override,
        _ => Tag::Nothing,
    }
}

fn laid(base: Item, own: Item, files: &[Text], key: &str) -> Item {
    let own_place = (own.line, own.file);
    let made = |node: Node| Item { node, line: own_place.0, span: None, file: own_place.1 };
    if NAMED.contains(&key)
        && let (Some(base), Some(own)) = (as_map(&base, key), as_map(&own, key))
    {
        return made(Node::Map(mapping(base, own, files)));
    }
    match (base.node, own.node) {
        (Node::Map(base), Node::Map(own)) => made(Node::Map(mapping(base, own, files))),
        (Node::List(base), Node::List(own)) if !REPLACED.contains(&key) => {
            made(Node::List(list(base, own, key)))
        }
        // `build: .` and `build: {…}` are the same thing.
        (Node::Text(context), Node::Map(own)) if key == "build" => {
            let context = (
                Item::text("context"),
                Item { file: base.file, line: base.line, ..Item::text(context) },
            );
            made(Node::Map(mapping(vec![context], own, files)))
        }
        (Node::Map(base), Node::Text(context)) if key == "build" => {
            let context = (Item::text("context"), made(Node::Text(context)));
            made(Node::Map(mapping(base, vec![context], files)))
        }
        (base, Node::Null) if !matches!(base, Node::Null) => {
            // A key without a value says nothing.
            made(base)
        }
        (_, node) => Item { node, line: own.line, span: own.span, file: own.file },
    }
}

fn mapping(
    mut base: Vec<(Item, Item)>,
    own: Vec<(Item, Item)>,
    files: &[Text],
) -> Vec<(Item, Item)> {
    for (key, value) in own {
        let tag = tag(&key, &value, files);
        let there = base.iter().position(|(other, _)| other.node == key.node);
        match (tag, there) {
            (Tag::Reset, Some(at)) => {
                base.remove(at);
            }
            (Tag::Reset, None) => {}
            (Tag::Override, Some(at)) => base[at] = (key, value),
            (Tag::Nothing, Some(at)) => {
                let below = std::mem::take(&mut base[at].1);
                let name = key.scalar().unwrap_or_default();
                base[at].1 = laid(below, value, files, &name);
            }
            (_, None) => base.push((key, untagged(value, files))),
        }
    }
    base
}

/// What is marked `!reset` in a part that nothing stands below is not there.
fn untagged(item: Item, files: &[Text]) -> Item {
    let Node::Map(entries) = item.node else { return item };
    let kept = entries
        .into_iter()
        .filter(|(key, value)| tag(key, value, files) != Tag::Reset)
        .map(|(key, value)| (key, untagged(value, files)))
        .collect();
    Item { node: Node::Map(kept), ..item }
}

fn list(base: Vec<Item>, own: Vec<Item>, key: &str) -> Vec<Item> {
    let id = |item: &Item| match key {
        "ports" => Port::read(item).map(|p| format!("{}:{}/{}", p.host, p.container, p.protocol)),
        "volumes" => Mount::read(item).map(|mount| mount.target),
        _ => item.scalar(),
    };
    let mut merged = base;
    for item in own {
        let same = id(&item)
            .and_then(|own| merged.iter().position(|other| id(other).as_ref() == Some(&own)));
        match same {
            Some(at) => merged[at] = item,
            None => merged.push(item),
        }
    }
    merged
}

/// A list of names, or of `NAME=value`, as a mapping.
fn as_map(item: &Item, key: &str) -> Option<Vec<(Item, Item)>> {
    match &item.node {
        Node::Map(entries) => Some(entries.clone()),
        Node::List(items) => items
            .iter()
            .map(|item| {
                let text = item.scalar()?;
                let separator = if key == "extra_hosts" { [':', '='] } else { ['=', '='] };
                let (name, value) = match text.split_once(separator) {
                    Some((name, value)) => (name.to_owned(), Node::Text(value.to_owned())),
                    None => (text, Node::Null),
                };
                let place =
                    |node: Node| Item { node, line: item.line, span: None, file: item.file };
                Some((place(Node::Text(name)), place(value)))
            })
            .collect(),
        _ => None,
    }
}
