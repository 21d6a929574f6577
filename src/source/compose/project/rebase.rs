//! Paths of a file that stands elsewhere. What a file that is included or
//! extended calls `.` is its own directory, and not the project's.

use crate::relpath::join;
use crate::source::compose::Mount;
use crate::source::compose::yaml::{Item, Node};

/// Rewrites every path of a whole file that is written as seen from `from`, so
/// that it is seen from `to`.
pub(super) fn file(root: &mut Item, from: &str, to: &str) {
    for (key, value) in entries(root) {
        match key.as_str() {
            "services" => entries(value).for_each(|(_, own)| service(own, from, to)),
            "secrets" | "configs" => {
                entries(value).filter_map(|(_, own)| own.get_mut("file")).for_each(|own| {
                    text(own, from, to);
                });
            }
            _ => {}
        }
    }
}

/// The same of one service.
pub(super) fn service(own: &mut Item, from: &str, to: &str) {
    if from == to {
        return;
    }
    for (key, value) in entries(own) {
        match key.as_str() {
            "build" => build(value, from, to),
            "env_file" | "label_file" => files(value, from, to),
            "volumes" => items(value).for_each(|mount| mounted(mount, from, to)),
            _ => {}
        }
    }
}

fn build(value: &mut Item, from: &str, to: &str) {
    if matches!(value.node, Node::Text(_)) {
        return text(value, from, to);
    }
    // Without one, the file's own directory is the context.
    let Node::Map(keys) = &mut value.node else { return };
    if !keys.iter().any(|(key, _)| key.scalar().is_some_and(|key| key == "context")) {
        let place = |text: &str| Item { file: value.file, line: value.line, ..Item::text(text) };
        keys.push((place("context"), place(".")));
    }
    for (key, value) in entries(value) {
        match key.as_str() {
            "context" => text(value, from, to),
            "additional_contexts" => entries(value).for_each(|(_, own)| {
                if !own.scalar().is_some_and(|text| text.contains(':')) {
                    text(own, from, to);
                }
            }),
            _ => {}
        }
    }
}

/// A path, a list of paths, or of mappings with one.
fn files(value: &mut Item, from: &str, to: &str) {
    if matches!(value.node, Node::Text(_)) {
        return text(value, from, to);
    }
    for item in items(value) {
        match item.get_mut("path") {
            Some(path) => text(path, from, to),
            None => text(item, from, to),
        }
    }
}

fn mounted(item: &mut Item, from: &str, to: &str) {
    let is_bind = Mount::read(item).is_some_and(|mount| mount.bind().is_some());
    if !is_bind {
        return;
    }
    match item.get_mut("source") {
        Some(source) => text(source, from, to),
        None => text(item, from, to),
    }
}

/// A path, with what may follow it after a colon.
fn text(item: &mut Item, from: &str, to: &str) {
    let Node::Text(own) = &mut item.node else { return };
    let (path, rest) = own.split_at(own.find(':').unwrap_or(own.len()));
    let Some(whole) = join(from, path) else { return };
    *own = format!("{}{rest}", seen_from(to, &whole));
}

/// A path below the directory that is read, as it is written in `directory`.
fn seen_from(directory: &str, path: &str) -> String {
    let parts = |path: &str| -> Vec<String> {
        path.split('/').filter(|part| !matches!(*part, "" | ".")).map(str::to_owned).collect()
    };
    let (directory, path) = (parts(directory), parts(path));
    let shared = directory.iter().zip(&path).take_while(|(one, other)| one == other).count();
    let up = vec!["..".to_owned(); directory.len() - shared];
    let whole = [up, path[shared..].to_vec()].concat().join("/");
    if whole.starts_with("..") { whole } else { format!("./{whole}") }
}

fn entries(item: &mut Item) -> impl Iterator<Item = (String, &mut Item)> {
    let entries = match &mut item.node {
        Node::Map(entries) => entries.as_mut_slice(),
        _ => &mut [],
    };
    entries.iter_mut().map(|(key, value)| (key.scalar().unwrap_or_default(), value))
}

fn items(item: &mut Item) -> impl Iterator<Item = &mut Item> {
    match &mut item.node {
        Node::List(items) => items.iter_mut(),
        _ => [].iter_mut(),
    }
}

#[cfg(test)]
mod tests {
    use super::seen_from;

    #[test]
    fn a_path_is_written_as_seen_from_a_directory() {
        assert_eq!(seen_from(".", "api/x"), "./api/x");
        assert_eq!(seen_from("api", "api"), "./");
        assert_eq!(seen_from("api", "common/x"), "../common/x");
        assert_eq!(seen_from("a/b", "a"), "..");
    }
}
