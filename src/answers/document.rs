//! `dockwright.toml`: read with the place of every value, and written with
//! only what was chosen.

use toml_edit::{DocumentMut, Item, Table, Value as Toml};

use crate::answers::draft::Draft;
use crate::answers::source::{Origin, Sourced};
use crate::error::Problem;
use crate::preset::Reference;
use crate::relpath::RelPath;
use crate::schema;
pub use crate::schema::entries::{Entry, read};
use crate::schema::value::Value;

/// Its name in a repository.
pub const FILE: &str = "dockwright.toml";

/// The document for a new service: the preset and what was chosen, never a
/// copy of a default.
#[must_use]
pub fn write(draft: &Draft) -> String {
    let mut document = DocumentMut::new();
    document["preset"] = toml_edit::value(draft.reference());
    for (key, sourced) in chosen(draft) {
        let (table, name) = split(key);
        let table = table_of(&mut document, table);
        table[name] = Item::Value(toml_of(&sourced.value));
    }
    format!(
        "# What was chosen for this service. Edit it, then see what it means: dockwright plan\n\
         # Everything that is not here has its default: dockwright schema config\n{document}"
    )
}

/// What was chosen or found, in the order of the schema. That nothing was found
/// is only worth a line where a default says otherwise.
fn chosen(draft: &Draft) -> Vec<(&str, &Sourced)> {
    let mut chosen: Vec<_> = draft
        .all_sourced()
        .filter(|(key, sourced)| sourced.origin.is_chosen() && !draft.is_absence(key, sourced))
        .collect();
    chosen.sort_by_key(|(key, _)| schema::position(key));
    chosen
}

/// What a person said in this run, by a flag or an answer: keys and values, in
/// the order of the schema.
#[must_use]
pub fn said(draft: &Draft) -> Vec<(&str, String)> {
    let chosen = chosen(draft).into_iter();
    let said = chosen.filter(|(_, sourced)| sourced.origin.is_said());
    said.map(|(key, sourced)| (key, sourced.value.to_string())).collect()
}

/// A document that is there, with what it lacks: what was found out is added
/// where nothing is said, what a flag or an answer says replaces what is
/// there, and every comment stays.
///
/// # Errors
/// A document that is no TOML; reading it has said so before.
pub fn extend(source: &str, draft: &Draft) -> Result<String, toml_edit::TomlError> {
    let mut document: DocumentMut = source.parse()?;
    if !document.contains_key("preset") {
        document["preset"] = toml_edit::value(draft.reference());
    }
    for (key, sourced) in chosen(draft) {
        let (table, name) = split(key);
        let insists = sourced.origin.is_said();
        if matches!(sourced.origin, Origin::File(_)) {
            continue;
        }
        let table = table_of(&mut document, table);
        let name = spelt(table, key, name);
        let value = toml_of(&sourced.value);
        match table.get_mut(name).and_then(Item::as_value_mut) {
            Some(there) if insists => {
                let decor = there.decor().clone();
                *there = value;
                *there.decor_mut() = decor;
            }
            Some(_) => {}
            None => table[name] = Item::Value(value),
        }
    }
    Ok(in_line_ends_of(source, document.to_string()))
}

/// `tune.web.workers` is `workers` in `[tune.web]`; `files.a/b.conf` is
/// `"a/b.conf"` in `[files]`.
fn split(key: &str) -> (&str, &str) {
    match key.strip_prefix("files.") {
        Some(path) => ("files", path),
        None => key.rsplit_once('.').unwrap_or(("", key)),
    }
}

/// The name of a key in its table, or the other spelling that stands there.
fn spelt<'a>(table: &toml_edit::Table, key: &str, name: &'a str) -> &'a str {
    let other = schema::other_spelling(key).map(|other| split(other).1);
    other.filter(|other| table.contains_key(other)).unwrap_or(name)
}

/// A document that names another preset; a table stays a table while the
/// preset stays in its repository.
///
/// # Errors
/// A document that is no TOML; reading it has said so before.
pub fn with_preset(source: &str, reference: &Reference) -> Result<String, toml_edit::TomlError> {
    let mut document: DocumentMut = source.parse()?;
    let there = document.get_mut("preset");
    match (there.and_then(Item::as_table_like_mut), reference) {
        (Some(table), Reference::Git { url, revision, directory })
            if table.get("git").and_then(Item::as_str) == Some(url)
                && table.get("path").and_then(Item::as_str)
                    == directory.as_ref().map(RelPath::as_str) =>
        {
            replace(table.get_mut("rev"), revision);
        }
        _ => {
            let text = reference.to_string();
            if document.get("preset").is_some_and(Item::is_value) {
                replace(document.get_mut("preset"), &text);
            } else {
                document.remove("preset");
                document["preset"] = toml_edit::value(text);
            }
        }
    }
    Ok(in_line_ends_of(source, document.to_string()))
}

/// A document in which a key has this value; every comment stays.
///
/// # Errors
/// A document that is no TOML, a key that is none, a value that its type refuses.
pub fn with_value(source: &str, key: &str, text: &str) -> Result<String, Problem> {
    let mut document: DocumentMut = source
        .parse()
        .map_err(|error: toml_edit::TomlError| Problem::new(error.message().trim().to_owned()))?;
    let field = schema::find(key).ok_or_else(|| schema::unknown(key))?;
    let value =
        field.kind.read(text).map_err(|message| Problem::new(format!("{key}: {message}")))?;
    let (table, name) = split(key);
    let table = table_of(&mut document, table);
    let name = spelt(table, key, name);
    let item = table.entry(name).or_insert(Item::None);
    let decor = item.as_value().map(|there| there.decor().clone());
    *item = Item::Value(toml_of(&value));
    if let (Some(decor), Some(value)) = (decor, item.as_value_mut()) {
        *value.decor_mut() = decor;
    }
    Ok(in_line_ends_of(source, document.to_string()))
}

/// Another text for a value, its comments kept.
fn replace(item: Option<&mut Item>, text: &str) {
    if let Some(value) = item.and_then(Item::as_value_mut) {
        let decor = value.decor().clone();
        *value = text.into();
        *value.decor_mut() = decor;
    }
}

/// A parsed document loses the line ends it had.
pub(super) fn in_line_ends_of(source: &str, text: String) -> String {
    if source.contains("\r\n") { text.replace("\r\n", "\n").replace('\n', "\r\n") } else { text }
}

fn table_of<'a>(document: &'a mut DocumentMut, path: &str) -> &'a mut Table {
    let mut table = document.as_table_mut();
    for part in path.split('.') {
        let mut fresh = Table::new();
        fresh.set_implicit(true);
        table = table
            .entry(part)
            .or_insert(Item::Table(fresh))
            .as_table_mut()
            .expect("keys and tables do not share names");
    }
    table.set_implicit(false);
    table
}

fn toml_of(value: &Value) -> Toml {
    match value {
        Value::Bool(switch) => (*switch).into(),
        Value::Count(count) => i64::try_from(*count).unwrap_or(i64::MAX).into(),
        Value::Cpus(cpus) if cpus.0.is_multiple_of(1000) => i64::from(cpus.0 / 1000).into(),
        Value::Cpus(cpus) => (f64::from(cpus.0) / 1000.0).into(),
        Value::List(items) => Toml::Array(items.iter().collect()),
        other => other.to_string().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answers::Sources;
    use crate::preset;

    fn assemble(entries: &[Entry], set: &[String]) -> Result<Draft, Vec<Problem>> {
        let preset = preset::find("fastapi-uvicorn").unwrap();
        let sources = Sources { entries, set, ..Sources::of(&preset) };
        Ok(sources.assemble()?.draft)
    }

    #[test]
    fn all_problems_of_a_file_come_together_with_their_places() {
        let source = "[stack]\ndatabse = \"postgres\"\n[deploy]\nmemory = 12\n";
        let entries = read("dockwright.toml", source).unwrap();
        let problems = assemble(&entries, &[]).unwrap_err();
        assert_eq!(problems.len(), 2);
        assert_eq!(problems[0].at.as_deref(), Some("dockwright.toml:2:11"));
        assert!(problems[0].help.as_deref().unwrap().contains("stack.database"));
        assert_eq!(problems[1].at.as_deref(), Some("dockwright.toml:4:10"));
    }

    #[test]
    fn what_is_written_reads_back_the_same() {
        let mut draft = Draft::default();
        for (key, text) in [
            ("project.name", "shop"),
            ("deploy.cpus", "0.5"),
            ("deploy.memory", "1GiB"),
            ("stack.beat", "true"),
            ("tune.web.workers", "3"),
            ("tune.db.memory", "512MiB"),
            ("files.nginx/nginx.conf", "managed"),
            ("project.writable", "media,var/cache:tmpfs"),
        ] {
            draft.set(key, text, Origin::Flag).unwrap();
        }
        let text = write(&draft);
        let again = assemble(&read("f", &text).unwrap(), &[]).unwrap();
        for (key, sourced) in draft.all_sourced() {
            assert_eq!(again.sourced(key).map(|said| &said.value), Some(&sourced.value), "{text}");
        }
        assert!(text.contains("[tune.web]\nworkers = 3"), "{text}");
        let project = text.find("[project]").unwrap();
        assert!(project < text.find("[deploy]").unwrap(), "in the order of the schema: {text}");
    }

    #[test]
    fn a_document_that_is_there_keeps_its_comments_and_its_word() {
        let source =
            "# ours\npreset = \"django-nginx\"\n\n[deploy]\nmemory = \"2GiB\" # small\ncpus = 1\n";
        let entries = read("f", source).unwrap();
        let mut draft = assemble(&entries, &["deploy.memory=8GiB".to_owned()]).unwrap();
        draft.set("project.name", "shop", Origin::Found("the directory".into())).unwrap();
        let text = extend(source, &draft).unwrap();
        assert!(text.contains("# ours\npreset = \"django-nginx\""), "{text}");
        assert!(text.contains("memory = \"8GiB\" # small\ncpus = 1\n"), "{text}");
        assert!(text.contains("[project]\nname = \"shop\""), "{text}");
        assert_eq!(extend(source, &assemble(&entries, &[]).unwrap()).unwrap(), source);
    }

    #[test]
    fn a_default_is_not_written() {
        let mut draft = Draft::default();
        draft
            .set("stack.database", "postgres", Origin::Preset { layer: 0, name: "p".into() })
            .unwrap();
        assert!(!write(&draft).contains("postgres"));
    }
}
