//! What a `preset.toml` may hold: one table, by which it is read strictly and
//! from which its JSON Schema is made.

use toml_edit::{Document, Item, TableLike};

use crate::error::{Place, Problem, nearest};

/// A key of `preset.toml`.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What it takes.
    pub shape: Shape,
    /// Whether it has to be there.
    pub required: bool,
    /// What it is, in one line.
    pub doc: &'static str,
}

/// What a key takes.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// A text.
    Text,
    /// `true` or `false`.
    Switch,
    /// A text, a number or a switch.
    Value,
    /// An array of those.
    Values,
    /// One of these words.
    Word(&'static [&'static str]),
    /// New words by old ones.
    Words,
    /// References to presets, each a text or a table of these keys.
    References(&'static [Field]),
    /// Keys of `dockwright.toml`.
    Keys,
    /// Versions by subject.
    Versions,
    /// A table of these keys.
    Table(&'static [Field]),
    /// An array of such tables.
    Tables(&'static [Field]),
    /// Such tables by the path of an output.
    ByPath(&'static [Field]),
}

const fn field(name: &'static str, shape: Shape, doc: &'static str) -> Field {
    Field { name, shape, required: false, doc }
}

const fn required(name: &'static str, shape: Shape, doc: &'static str) -> Field {
    Field { name, shape, required: true, doc }
}

/// The keys of the file.
pub const MANIFEST: &[Field] = &[
    required("name", Shape::Text, "Names the preset in messages and in locks."),
    required("version", Shape::Text, "Its version, like 1.0.0; migrations count from it."),
    field("description", Shape::Text, "One line for people."),
    field("requires", Shape::Text, "The versions of dockwright it needs, like >=0.2."),
    field(
        "extends",
        Shape::References(REFERENCE),
        "What it builds on, in order; a later one wins. Relative paths in git keep the revision.",
    ),
    field("defaults", Shape::Keys, "What a repository gets unless it says otherwise."),
    field("locked", Shape::Keys, "What no repository and no later layer may change."),
    field(
        "floors",
        Shape::Versions,
        "Least versions: python, dockwright, images.NAME, tools.NAME.",
    ),
    field("rule", Shape::Tables(RULE), "What has to hold of an answer, a number or a file."),
    field(
        "files",
        Shape::ByPath(FILE),
        "Outputs by path: how dockwright's own are treated, and further ones.",
    ),
    field(
        "migration",
        Shape::Tables(MIGRATION),
        "What changed since an older version, oldest first; each does one thing.",
    ),
];

/// A preset in git.
pub const REFERENCE: &[Field] = &[
    required("git", Shape::Text, "The repository: https://…, ssh://… or file://…."),
    required("rev", Shape::Text, "A tag, a branch or a commit."),
    field("path", Shape::Text, "The preset's directory in the repository."),
];

const RULE: &[Field] = &[
    field("id", Shape::Text, "What a waiver names it by; its key or file if it has none."),
    field("key", Shape::Text, "The answer (stack.proxy) or planned number (web.memory) it is on."),
    field("file", Shape::Text, "The file it is on."),
    field("min", Shape::Value, "The least the key's value may be."),
    field("max", Shape::Value, "The most the key's value may be."),
    field("equals", Shape::Value, "What the key's value has to be."),
    field("one-of", Shape::Values, "The only values the key may have."),
    field("require", Shape::Text, "A regular expression that a line of the file has to match."),
    field("forbid", Shape::Text, "A regular expression that no line of the file may match."),
    required("message", Shape::Text, "What people see where it does not hold."),
    field("warn-until", Shape::Text, "The last day, like 2027-03-01, on which it only warns."),
];

const FILE: &[Field] = &[
    field(
        "template",
        Shape::Text,
        "The file below templates/ that makes it; rendered if its name ends in .tera.",
    ),
    field("mode", Shape::Text, "Permission bits in octal, like \"0755\"."),
    field(
        "ownership",
        Shape::Word(&["managed", "merge", "seed", "append"]),
        "managed: edits are drift; merge: edits are kept; seed: written once; append: lines are only added.",
    ),
    field("off", Shape::Switch, "Leaves an output out."),
];

const MIGRATION: &[Field] = &[
    required("before", Shape::Text, "It applies when coming from a version below this."),
    field(
        "rename",
        Shape::Table(RENAME),
        "A key has another name. Of files.PATH to files.PATH: the output moved, edits and all.",
    ),
    field("map", Shape::Table(MAP), "Values of a key have other words."),
    field("remove", Shape::Text, "A key is no more."),
];

const RENAME: &[Field] =
    &[required("from", Shape::Text, "The old name."), required("to", Shape::Text, "The new name.")];

const MAP: &[Field] = &[
    required("key", Shape::Text, "The key."),
    required("values", Shape::Words, "New words by old ones."),
];

/// Keys of a document that no table above has, with the nearest that one has.
/// A document that is no TOML has none: reading it says so.
#[must_use]
pub fn unknown(file: &str, source: &str) -> Vec<Problem> {
    let Ok(document) = Document::parse(source) else { return Vec::new() };
    let mut walk = Walk { file, source, problems: Vec::new() };
    walk.table(document.as_table(), MANIFEST, "");
    walk.problems
}

struct Walk<'a> {
    file: &'a str,
    source: &'a str,
    problems: Vec<Problem>,
}

impl Walk<'_> {
    fn table(&mut self, table: &dyn TableLike, fields: &[Field], of: &str) {
        for (name, item) in table.iter() {
            match fields.iter().find(|field| field.name == name) {
                Some(field) => self.item(item, field),
                None => {
                    let span = table.key(name).and_then(toml_edit::Key::span);
                    let span = span.or_else(|| item.span()).unwrap_or_default();
                    let place = Place::of_offset(self.file, self.source, span.start);
                    let names = fields.iter().map(|field| field.name);
                    let help = match nearest(name, names.clone()) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("there are {}", names.collect::<Vec<_>>().join(", ")),
                    };
                    let problem = Problem::new(format!("unknown key `{of}{name}`"));
                    self.problems.push(problem.at(place.to_string()).help(help));
                }
            }
        }
    }

    fn item(&mut self, item: &Item, field: &Field) {
        let of = format!("{}.", field.name);
        match field.shape {
            Shape::Table(fields) => {
                if let Some(table) = item.as_table_like() {
                    self.table(table, fields, &of);
                }
            }
            Shape::Tables(fields) | Shape::References(fields) => {
                for table in tables(item) {
                    self.table(table, fields, &of);
                }
            }
            Shape::ByPath(fields) => {
                for (path, item) in item.as_table_like().into_iter().flat_map(TableLike::iter) {
                    if let Some(table) = item.as_table_like() {
                        self.table(table, fields, &format!("files.\"{path}\"."));
                    }
                }
            }
            _ => {}
        }
    }
}

/// The tables of an array, however it is written.
fn tables(item: &Item) -> Vec<&dyn TableLike> {
    if let Some(tables) = item.as_array_of_tables() {
        return tables.iter().map(|table| table as &dyn TableLike).collect();
    }
    let values = item.as_array().into_iter().flat_map(toml_edit::Array::iter);
    values.filter_map(|value| Some(value.as_inline_table()? as &dyn TableLike)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_keys_are_named_at_every_depth_with_place_and_nearest() {
        let text = "nam = \"a\"\nversion = \"1.0.0\"\nextends = [{ git = \"g\", ref = \"v\" }]\n\
                    [[rule]]\nkey = \"a\"\none_of = [1]\n[files.\"a/b\"]\ntemplat = \"x\"\n\
                    [[migration]]\nbefore = \"1.0.0\"\nrename = { from = \"a\", into = \"b\" }\n\
                    [hooks]\npost = \"x\"\n";
        let said: Vec<String> = unknown("p.toml", text).iter().map(ToString::to_string).collect();
        let starts = [
            "p.toml:1:1: unknown key `nam`\n  help: did you mean `name`?",
            "p.toml:3:25: unknown key `extends.ref`\n  help: did you mean `rev`?",
            "p.toml:6:1: unknown key `rule.one_of`\n  help: did you mean `one-of`?",
            "p.toml:8:1: unknown key `files.\"a/b\".templat`\n  help: did you mean `template`?",
            "p.toml:11:24: unknown key `rename.into`\n  help: there are from, to",
            "p.toml:12:2: unknown key `hooks`\n  help: there are name, version",
        ];
        assert_eq!(said.len(), starts.len(), "{said:#?}");
        for (said, start) in said.iter().zip(starts) {
            assert!(said.starts_with(start), "{said}\n{start}");
        }
    }
}
