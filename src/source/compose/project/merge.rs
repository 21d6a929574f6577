//! Compose's rules for laying one file over another.

use crate::source::compose::yaml::{Item, Mark, Node};
use crate::source::compose::{Mount, Port};

/// Keys of a service that one file says wholly.
const REPLACED: [&str; 3] = ["command", "entrypoint", "test"];
/// Keys of a service that are lists or mappings of names.
const NAMED: [&str; 7] =
    ["environment", "labels", "args", "depends_on", "networks", "sysctls", "extra_hosts"];

/// A whole file over another.
pub(super) fn over(base: Item, own: Item) -> Item {
    laid(base, own, "")
}

/// A service over the one it extends.
pub(super) fn service(base: Item, own: Item) -> Item {
    laid(base, own, "service")
}

fn laid(base: Item, own: Item, key: &str) -> Item {
    let own_place = (own.line, own.file);
    let made = |node: Node| Item { line: own_place.0, file: own_place.1, ..Item::of(node) };
    if NAMED.contains(&key)
        && let (Some(base), Some(own)) = (as_map(&base, key), as_map(&own, key))
    {
        return made(Node::Map(mapping(base, own)));
    }
    match (base.node, own.node) {
        (Node::Map(base), Node::Map(own)) => made(Node::Map(mapping(base, own))),
        (Node::List(base), Node::List(own)) if !REPLACED.contains(&key) => {
            made(Node::List(list(base, own, key)))
        }
        // `build: .` and `build: {…}` are the same thing.
        (Node::Text(context), Node::Map(own)) if key == "build" => {
            let context = (
                Item::text("context"),
                Item { file: base.file, line: base.line, ..Item::text(context) },
            );
            made(Node::Map(mapping(vec![context], own)))
        }
        (Node::Map(base), Node::Text(context)) if key == "build" => {
            let context = (Item::text("context"), made(Node::Text(context)));
            made(Node::Map(mapping(base, vec![context])))
        }
        (base, Node::Null) if !matches!(base, Node::Null) => {
            // A key without a value says nothing.
            made(base)
        }
        (_, node) => {
            untagged(Item { node, line: own.line, span: own.span, file: own.file, mark: own.mark })
        }
    }
}

fn mapping(mut base: Vec<(Item, Item)>, own: Vec<(Item, Item)>) -> Vec<(Item, Item)> {
    for (key, value) in own {
        let there = base.iter().position(|(other, _)| other.node == key.node);
        match (value.mark, there) {
            (Mark::Reset, Some(at)) => {
                base.remove(at);
            }
            (Mark::Reset, None) => {}
            (Mark::Override, Some(at)) => base[at] = (key, untagged(value)),
            (Mark::Merge, Some(at)) => {
                let below = std::mem::take(&mut base[at].1);
                let name = key.scalar().unwrap_or_default();
                base[at].1 = laid(below, value, &name);
            }
            (_, None) => base.push((key, untagged(value))),
        }
    }
    base
}

/// What is marked `!reset` in a part that nothing stands below is not there.
fn untagged(mut item: Item) -> Item {
    let is_kept = |own: &Item| own.mark != Mark::Reset;
    match &mut item.node {
        Node::Map(entries) => {
            entries.retain(|(_, value)| is_kept(value));
            entries.iter_mut().for_each(|(_, value)| *value = untagged(std::mem::take(value)));
        }
        Node::List(items) => {
            items.retain(is_kept);
            items.iter_mut().for_each(|value| *value = untagged(std::mem::take(value)));
        }
        _ => {}
    }
    item
}

/// Lists that Compose puts together as they are, and then refuses where two items are
/// equal.
pub(super) const UNIQUE: [&str; 2] = ["security_opt", "group_add"];

fn list(base: Vec<Item>, own: Vec<Item>, key: &str) -> Vec<Item> {
    let id = |item: &Item| match key {
        _ if UNIQUE.contains(&key) => None,
        "ports" => Port::read(item).map(|p| format!("{}:{}/{}", p.host, p.container, p.protocol)),
        "volumes" => Mount::read(item).map(|mount| mount.target),
        _ => item.scalar(),
    };
    let mut merged = base;
    for item in own.into_iter().filter(|own| own.mark != Mark::Reset) {
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
                    |node: Node| Item { line: item.line, file: item.file, ..Item::of(node) };
                Some((place(Node::Text(name)), place(value)))
            })
            .collect(),
        _ => None,
    }
}
