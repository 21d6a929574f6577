//! What a preset declares to have changed since the version a repository has:
//! keys renamed, mapped or removed, and outputs that moved.

use std::collections::BTreeMap;

use semver::Version;
use toml_edit::{Decor, DocumentMut, Item, TableLike, TomlError};

use crate::preset::Layer;
use crate::preset::manifest::{Migration, Step};

/// Migrations from the versions a repository has, oldest first.
#[must_use]
pub fn due<'a>(layers: &'a [Layer], before: &BTreeMap<String, String>) -> Vec<&'a Migration> {
    let mut due: Vec<&Migration> = Vec::new();
    for layer in layers {
        let known = before.get(&layer.manifest.name).and_then(|text| Version::parse(text).ok());
        let Some(known) = known else { continue };
        due.extend(
            layer
                .manifest
                .migrations
                .iter()
                .filter(|step| known < step.before && step.before <= layer.manifest.version),
        );
    }
    due.sort_by(|one, other| one.before.cmp(&other.before));
    due
}

/// Outputs that moved: new paths by old ones.
#[must_use]
pub fn moved(migrations: &[&Migration]) -> BTreeMap<String, String> {
    let mut moved: BTreeMap<String, String> = BTreeMap::new();
    for migration in migrations {
        let Step::Rename { from, to } = &migration.step else { continue };
        let (Some(from), Some(to)) = (from.strip_prefix("files."), to.strip_prefix("files."))
        else {
            continue;
        };
        match moved.iter_mut().find(|(_, now)| *now == from) {
            Some((_, now)) => *now = to.to_owned(),
            None => drop(moved.insert(from.to_owned(), to.to_owned())),
        }
    }
    moved
}

/// A document with every step done, and what was done, for people.
///
/// # Errors
/// A document that is no TOML; reading it has said so before.
pub fn document(
    source: &str,
    migrations: &[&Migration],
) -> Result<(String, Vec<String>), TomlError> {
    let mut document: DocumentMut = source.parse()?;
    let mut notes = Vec::new();
    for migration in migrations {
        notes.extend(apply(document.as_table_mut(), &migration.step));
    }
    match notes.is_empty() {
        true => Ok((source.to_owned(), notes)),
        false => Ok((super::document::in_line_ends_of(source, document.to_string()), notes)),
    }
}

fn apply(document: &mut dyn TableLike, step: &Step) -> Option<String> {
    match step {
        Step::Rename { from, to } => {
            let comments = comments(document, &path(from));
            let item = take(document, &path(from))?;
            // What was said under the new name already is meant.
            if get(document, &path(to)).is_none() {
                put(document, &path(to), item);
                comment(document, &path(to), comments);
            }
            Some(format!("{from} is {to} now"))
        }
        Step::Map { key, values } => {
            let value = get(document, &path(key))?.as_value_mut()?;
            let old =
                value.as_str().map_or_else(|| value.to_string().trim().to_owned(), str::to_owned);
            let new = values.get(&old)?;
            let decor = value.decor().clone();
            *value = new.as_str().into();
            *value.decor_mut() = decor;
            Some(format!("{key} = {old} is {new} now"))
        }
        Step::Remove(key) => {
            take(document, &path(key))?;
            Some(format!("{key} is no more"))
        }
    }
}

/// `files.a/b.conf` is `"a/b.conf"` in `[files]`.
fn path(key: &str) -> Vec<&str> {
    match key.strip_prefix("files.") {
        Some(path) => vec!["files", path],
        None => key.split('.').collect(),
    }
}

fn get<'a>(table: &'a mut dyn TableLike, path: &[&str]) -> Option<&'a mut Item> {
    match path {
        [] => None,
        [name] => table.get_mut(name),
        [name, rest @ ..] => get(table.get_mut(name)?.as_table_like_mut()?, rest),
    }
}

/// Takes an item out, and tables that hold nothing afterwards.
fn take(table: &mut dyn TableLike, path: &[&str]) -> Option<Item> {
    match path {
        [] => None,
        [name] => table.remove(name),
        [name, rest @ ..] => {
            let inner = table.get_mut(name)?.as_table_like_mut()?;
            let item = take(inner, rest)?;
            if inner.is_empty() {
                table.remove(name);
            }
            Some(item)
        }
    }
}

/// What stands before a key.
fn comments(table: &mut dyn TableLike, path: &[&str]) -> Option<Decor> {
    let (name, tables) = path.split_last()?;
    let table = tables.iter().try_fold(table, |at, name| at.get_mut(name)?.as_table_like_mut())?;
    Some(table.key(name)?.leaf_decor().clone())
}

fn comment(table: &mut dyn TableLike, path: &[&str], comments: Option<Decor>) {
    let (Some((name, tables)), Some(comments)) = (path.split_last(), comments) else { return };
    let at = tables.iter().try_fold(table, |at, name| at.get_mut(name)?.as_table_like_mut());
    if let Some(mut key) = at.and_then(|table| table.key_mut(name)) {
        *key.leaf_decor_mut() = comments;
    }
}

fn put(table: &mut dyn TableLike, path: &[&str], item: Item) {
    match path {
        [] => {}
        [name] => drop(table.insert(name, item)),
        [name, rest @ ..] => {
            let inner = table.entry(name).or_insert_with(|| Item::Table(toml_edit::Table::new()));
            if let Some(inner) = inner.as_table_like_mut() {
                put(inner, rest, item);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn migration(before: &str, step: Step) -> Migration {
        let place = crate::error::Place { file: "p".into(), line: 1, column: 1 };
        Migration { before: Version::parse(before).unwrap(), step, place }
    }

    fn rename(before: &str, from: &str, to: &str) -> Migration {
        migration(before, Step::Rename { from: from.into(), to: to.into() })
    }

    #[test]
    fn a_document_keeps_its_comments_through_every_step() {
        let source = "preset = \"t\" # the team's\n\n[stack]\n# Why.\nqueue = \"rabbit\" # ours\nold = 1\n[tune.web]\nworkers = 3\n";
        let steps = [
            rename("2.0.0", "stack.queue", "stack.broker"),
            migration(
                "3.0.0",
                Step::Map {
                    key: "stack.broker".into(),
                    values: [("rabbit".to_owned(), "external".to_owned())].into(),
                },
            ),
            migration("3.0.0", Step::Remove("stack.old".into())),
            migration("3.0.0", Step::Remove("tune.web.workers".into())),
        ];
        let steps: Vec<&Migration> = steps.iter().collect();
        let (text, notes) = document(source, &steps).unwrap();
        assert_eq!(
            text,
            "preset = \"t\" # the team's\n\n[stack]\n# Why.\nbroker = \"external\" # ours\n"
        );
        assert_eq!(notes.len(), 4, "{notes:?}");
    }

    #[test]
    fn what_does_not_apply_changes_not_a_byte() {
        let source = "preset='t'\r\n[stack]\r\ncache  =  \"redis\"\r\n";
        let step = rename("2.0.0", "stack.queue", "stack.broker");
        let (text, notes) = document(source, &[&step]).unwrap();
        assert_eq!((text.as_str(), notes.len()), (source, 0));
    }

    #[test]
    fn an_output_that_moved_twice_is_where_it_went_last() {
        let steps = [
            rename("2.0.0", "files.a.sh", "files.b.sh"),
            rename("3.0.0", "files.b.sh", "files.ops/c.sh"),
            rename("3.0.0", "stack.queue", "stack.broker"),
        ];
        let steps: Vec<&Migration> = steps.iter().collect();
        assert_eq!(moved(&steps), [("a.sh".to_owned(), "ops/c.sh".to_owned())].into());
    }
}
