//! Reading a manifest strictly: every mistake with its place, all together.

use std::collections::BTreeMap;
use std::ops::Range;

use semver::{Version, VersionReq};
use serde::Deserialize;
use toml::Spanned;

use crate::error::{Place, Problem};
use crate::preset::manifest::{FileRule, Floor, Manifest, Migration, Step, checks, fields};
use crate::preset::reference::Reference;
use crate::preset::rule::{self, Constraint, Rule};
use crate::relpath::RelPath;
use crate::schema::Ownership;
use crate::schema::entries;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    name: Spanned<String>,
    version: Spanned<String>,
    #[serde(default)]
    description: String,
    requires: Option<Spanned<String>>,
    #[serde(default)]
    extends: Vec<Spanned<RawReference>>,
    #[serde(default)]
    #[serde(rename = "defaults")]
    _defaults: toml::Table,
    #[serde(default)]
    #[serde(rename = "locked")]
    _locked: toml::Table,
    #[serde(default)]
    #[serde(rename = "floors")]
    _floors: toml::Table,
    #[serde(default)]
    rule: Vec<Spanned<RawRule>>,
    #[serde(default)]
    files: BTreeMap<String, Spanned<RawFile>>,
    #[serde(default)]
    migration: Vec<Spanned<RawMigration>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum RawReference {
    Text(String),
    Git { git: String, rev: String, path: Option<String> },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawRule {
    id: Option<String>,
    key: Option<String>,
    file: Option<String>,
    min: Option<Spanned<toml::Value>>,
    max: Option<Spanned<toml::Value>>,
    equals: Option<Spanned<toml::Value>>,
    one_of: Option<Vec<Spanned<toml::Value>>>,
    require: Option<String>,
    forbid: Option<String>,
    message: String,
    warn_until: Option<Spanned<toml::Value>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    template: Option<String>,
    mode: Option<String>,
    ownership: Option<Ownership>,
    #[serde(default)]
    off: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMigration {
    before: String,
    rename: Option<RawRename>,
    map: Option<RawMap>,
    remove: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRename {
    from: String,
    to: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMap {
    key: String,
    values: BTreeMap<String, String>,
}

/// Collects problems with the place each stands at.
struct Reader<'a> {
    file: &'a str,
    source: &'a str,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn place(&self, span: &Range<usize>) -> Place {
        Place::of_offset(self.file, self.source, span.start)
    }

    fn take<T>(&mut self, result: Result<T, Problem>, span: &Range<usize>) -> Option<T> {
        result.map_err(|problem| self.problems.push(problem.at(self.place(span).to_string()))).ok()
    }
}

/// Texts that hold characters which control a terminal: they would reach it, and
/// the annotations of a code host, through messages and names.
fn controls(file: &str, source: &str) -> Vec<Problem> {
    fn walk(value: &toml::Spanned<toml::de::DeValue<'_>>, found: &mut Vec<Range<usize>>) {
        use toml::de::DeValue;
        let is_control =
            |text: &str| text.chars().any(|c| c.is_control() && c != '\n' && c != '\t');
        match value.get_ref() {
            DeValue::String(text) if is_control(text) => found.push(value.span()),
            DeValue::Array(items) => items.iter().for_each(|item| walk(item, found)),
            DeValue::Table(table) => {
                for (key, item) in table {
                    if is_control(key.get_ref()) {
                        found.push(key.span());
                    }
                    walk(item, found);
                }
            }
            _ => {}
        }
    }
    // What is no TOML is said by who reads it.
    let Ok(table) = toml::de::DeTable::parse(source) else { return Vec::new() };
    let mut found = Vec::new();
    for (key, item) in table.get_ref() {
        if key.get_ref().chars().any(char::is_control) {
            found.push(key.span());
        }
        walk(item, &mut found);
    }
    let problem = |span: &Range<usize>| {
        Problem::new("this text holds control characters")
            .at(Place::of_offset(file, source, span.start).to_string())
            .help("write it without them: it reaches terminals and logs")
    };
    found.iter().map(problem).collect()
}

/// Reads a manifest; `file` is how messages name it.
///
/// # Errors
/// All of its problems, each with its place.
pub fn read(file: &str, source: &str) -> Result<Manifest, Vec<Problem>> {
    let hidden = controls(file, source);
    if !hidden.is_empty() {
        return Err(hidden);
    }
    let unknown = fields::unknown(file, source);
    if !unknown.is_empty() {
        return Err(unknown);
    }
    let raw: Raw = toml::from_str(source).map_err(|error| {
        let offset = error.span().map_or(0, |span| span.start);
        let message = error.message().trim().replace('\n', "; ");
        vec![Problem::new(message).at(Place::of_offset(file, source, offset).to_string())]
    })?;
    let mut reader = Reader { file, source, problems: Vec::new() };
    let mut table = |name| {
        entries::below(file, source, name).unwrap_or_else(|problems| {
            reader.problems.extend(problems);
            Vec::new()
        })
    };
    let (defaults, locked, floors) = (table("defaults"), table("locked"), table("floors"));
    let named = checks::name(raw.name.get_ref(), &reader.place(&raw.name.span()));
    reader.problems.extend(named.err());
    let manifest = Manifest {
        version: version(&mut reader, &raw.version),
        requires: raw.requires.and_then(|text| {
            let read = VersionReq::parse(text.get_ref())
                .map_err(|error| Problem::new(format!("`{}`: {error}", text.get_ref())));
            reader.take(read, &text.span())
        }),
        extends: raw
            .extends
            .iter()
            .filter_map(|item| {
                let read = match item.get_ref() {
                    RawReference::Text(text) if checks::extends_itself(text) => {
                        Err(Problem::new("the preset extends itself"))
                    }
                    RawReference::Text(text) => Reference::parse(text),
                    RawReference::Git { git, rev, path } => {
                        Reference::git(git, rev, path.as_deref())
                    }
                };
                reader.take(read, &item.span())
            })
            .collect(),
        floors: floors
            .into_iter()
            .map(|entry| Floor { subject: entry.key, least: entry.text, place: entry.place })
            .collect(),
        rules: raw.rule.iter().filter_map(|item| read_rule(&mut reader, item)).collect(),
        files: raw
            .files
            .iter()
            .filter_map(|(path, item)| file_rule(&mut reader, path, item))
            .collect(),
        migrations: raw.migration.iter().filter_map(|item| migration(&mut reader, item)).collect(),
        name: raw.name.into_inner(),
        description: raw.description,
        defaults,
        locked,
    };
    let mut problems = reader.problems;
    problems.extend(checks::problems(&manifest));
    if problems.is_empty() { Ok(manifest) } else { Err(problems) }
}

/// The versions of dockwright that a manifest needs, whatever else it says:
/// one of another version may say what this one does not know.
#[must_use]
pub fn requires(source: &str) -> Option<VersionReq> {
    let document = toml_edit::Document::parse(source).ok()?;
    VersionReq::parse(document.get("requires")?.as_str()?).ok()
}

fn version(reader: &mut Reader, text: &Spanned<String>) -> Version {
    let read = Version::parse(text.get_ref()).map_err(|error| {
        Problem::new(format!("version `{}`: {error}", text.get_ref()))
            .help("three numbers, like 1.0.0")
    });
    // Nothing more is wrong because of it.
    reader.take(read, &text.span()).unwrap_or_else(|| Version::new(u64::MAX, 0, 0))
}

fn read_rule(reader: &mut Reader, item: &Spanned<RawRule>) -> Option<Rule> {
    let read = constraint(item.get_ref(), reader.source);
    let constraint = reader.take(read, &item.span())?;
    let raw = item.get_ref();
    let warn_until = match &raw.warn_until {
        None => None,
        Some(day) => Some(reader.take(rule::date(&text(day, reader.source)), &day.span())?),
    };
    Some(Rule {
        name: raw.id.clone(),
        key: raw.key.clone().unwrap_or_default(),
        constraint,
        message: raw.message.clone(),
        warn_until,
        place: reader.place(&item.span()),
    })
}

/// A value as it is written: 3.10 is a version, not the number 3.1.
fn text(value: &Spanned<toml::Value>, source: &str) -> String {
    match value.get_ref() {
        toml::Value::String(text) => text.clone(),
        _ => source.get(value.span()).unwrap_or_default().trim().to_owned(),
    }
}

/// Whether a raw rule says something of a key's value.
fn tests_value(raw: &RawRule) -> bool {
    let single = [&raw.min, &raw.max, &raw.equals];
    single.iter().any(|bound| bound.is_some()) || raw.one_of.is_some()
}

fn constraint(raw: &RawRule, source: &str) -> Result<Constraint, Problem> {
    let text = |value: &Spanned<toml::Value>| text(value, source);
    match (&raw.key, &raw.file) {
        (Some(_), None) if raw.require.is_none() && raw.forbid.is_none() => {
            if !tests_value(raw) {
                return Err(
                    Problem::new("the rule tests nothing").help("min, max, equals or one-of")
                );
            }
            let mut one_of: Vec<String> = raw.one_of.iter().flatten().map(text).collect();
            one_of.extend(raw.equals.iter().map(text));
            let (min, max) = (raw.min.as_ref().map(text), raw.max.as_ref().map(text));
            Ok(Constraint::Within { min, max, one_of })
        }
        (None, Some(path)) if !tests_value(raw) => {
            let path = RelPath::new(path).map_err(Problem::new)?;
            Constraint::lines(path, raw.require.as_deref(), raw.forbid.as_deref())
        }
        _ => Err(Problem::new(
            "a rule has a key with min, max, equals or one-of, or a file with require or forbid",
        )),
    }
}

fn file_rule(
    reader: &mut Reader,
    path: &str,
    item: &Spanned<RawFile>,
) -> Option<(RelPath, FileRule)> {
    let span = item.span();
    let raw = item.get_ref();
    let path = reader.take(RelPath::new(path).map_err(Problem::new), &span)?;
    let mode = match &raw.mode {
        None => None,
        Some(text) => {
            let read = u32::from_str_radix(text, 8)
                .ok()
                .filter(|mode| *mode <= 0o777)
                .ok_or_else(|| Problem::new(format!("`{text}` is no mode")).help("like \"0755\""));
            Some(reader.take(read, &span)?)
        }
    };
    if raw.off && (raw.template.is_some() || raw.ownership.is_some() || mode.is_some()) {
        let problem = Problem::new(format!("{path} is left out, and is something as well"));
        return reader.take(Err(problem.help("off = true stands alone")), &span);
    }
    let rule =
        FileRule { template: raw.template.clone(), mode, ownership: raw.ownership, off: raw.off };
    Some((path, rule))
}

fn migration(reader: &mut Reader, item: &Spanned<RawMigration>) -> Option<Migration> {
    let span = item.span();
    let raw = item.get_ref();
    let before = Version::parse(&raw.before)
        .map_err(|error| Problem::new(format!("before = `{}`: {error}", raw.before)));
    let before = reader.take(before, &span)?;
    let step = match (&raw.rename, &raw.map, &raw.remove) {
        (Some(rename), None, None) => {
            Ok(Step::Rename { from: rename.from.clone(), to: rename.to.clone() })
        }
        (None, Some(map), None) => {
            Ok(Step::Map { key: map.key.clone(), values: map.values.clone() })
        }
        (None, None, Some(key)) => Ok(Step::Remove(key.clone())),
        _ => Err(Problem::new("a migration does one thing: rename, map or remove")),
    };
    Some(Migration { before, step: reader.take(step, &span)?, place: reader.place(&span) })
}
