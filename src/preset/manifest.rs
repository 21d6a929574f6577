//! `preset.toml`, read: what one layer says.

use std::collections::BTreeMap;
use std::ops::Range;

use semver::{Version, VersionReq};
use serde::Deserialize;
use toml::Spanned;

use crate::error::{Place, Problem};
use crate::preset::reference::Reference;
use crate::preset::rule::{Rule, Test};
use crate::relpath::RelPath;
use crate::schema::entries::{self, Entry};
use crate::schema::{self, Ownership};

/// A least version that the files have to reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Floor {
    /// `python`, `dockwright`, or `images.NAME`.
    pub subject: String,
    /// The least version.
    pub least: String,
    /// Where it stands.
    pub place: Place,
}

/// What a layer says of one output.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileRule {
    /// The template of an output that dockwright itself does not have.
    pub template: Option<String>,
    /// Permission bits.
    pub mode: Option<u32>,
    /// How it is treated.
    pub ownership: Option<Ownership>,
    /// Whether it is left out.
    pub off: bool,
}

/// A change of answers from an older version to this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migration {
    /// It applies when coming from a version below this.
    pub before: Version,
    /// What it does.
    pub step: Step,
}

/// One declarative step of a migration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A key has another name.
    Rename {
        /// The old name.
        from: String,
        /// The new name.
        to: String,
    },
    /// Values of a key have other words.
    Map {
        /// The key.
        key: String,
        /// New words by the old ones.
        values: BTreeMap<String, String>,
    },
    /// A key is no more.
    Remove(String),
}

/// What one layer says.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: Version,
    /// One line for people.
    pub description: String,
    /// Which versions of dockwright it needs.
    pub requires: Option<VersionReq>,
    /// What it builds on; a later one wins over an earlier one.
    pub extends: Vec<Reference>,
    /// Defaults of keys.
    pub defaults: Vec<Entry>,
    /// Values that no later source may change.
    pub locked: Vec<Entry>,
    /// Least versions.
    pub floors: Vec<Floor>,
    /// What has to hold.
    pub rules: Vec<Rule>,
    /// Outputs by path.
    pub files: BTreeMap<RelPath, FileRule>,
    /// Changes of answers.
    pub migrations: Vec<Migration>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    name: String,
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
    min: Option<toml::Value>,
    max: Option<toml::Value>,
    equals: Option<toml::Value>,
    one_of: Option<Vec<toml::Value>>,
    require: Option<String>,
    forbid: Option<String>,
    message: String,
    warn_until: Option<String>,
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

/// Reads a manifest; `file` is how messages name it.
///
/// # Errors
/// All of its problems, each with its place.
pub fn read(file: &str, source: &str) -> Result<Manifest, Vec<Problem>> {
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
    for entry in defaults.iter().chain(&locked) {
        if let Err(problem) = check(entry) {
            reader.problems.push(problem.at(entry.place.to_string()));
        }
    }
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
        rules: raw.rule.iter().filter_map(|item| rule(&mut reader, item)).collect(),
        files: raw
            .files
            .iter()
            .filter_map(|(path, item)| file_rule(&mut reader, path, item))
            .collect(),
        migrations: raw.migration.iter().filter_map(|item| migration(&mut reader, item)).collect(),
        name: raw.name,
        description: raw.description,
        defaults,
        locked,
    };
    if reader.problems.is_empty() { Ok(manifest) } else { Err(reader.problems) }
}

/// Whether a key is there and takes the value.
fn check(entry: &Entry) -> Result<(), Problem> {
    let Some(field) = schema::find(&entry.key) else {
        let problem = Problem::new(format!("unknown key `{}`", entry.key));
        return Err(match schema::nearest(&entry.key) {
            Some(near) => problem.help(format!("did you mean `{near}`?")),
            None => problem.help("`dockwright schema config` lists every key"),
        });
    };
    field
        .kind
        .read(&entry.text)
        .map(drop)
        .map_err(|message| Problem::new(format!("{}: {message}", entry.key)))
}

fn version(reader: &mut Reader, text: &Spanned<String>) -> Version {
    let read = Version::parse(text.get_ref()).map_err(|error| {
        Problem::new(format!("version `{}`: {error}", text.get_ref()))
            .help("three numbers, like 1.0.0")
    });
    reader.take(read, &text.span()).unwrap_or_else(|| Version::new(0, 0, 0))
}

fn rule(reader: &mut Reader, item: &Spanned<RawRule>) -> Option<Rule> {
    let read = Test::read(item.get_ref());
    let test = reader.take(read, &item.span())?;
    let raw = item.get_ref();
    let warn_until = match &raw.warn_until {
        None => None,
        Some(date) => Some(reader.take(crate::preset::rule::date(date), &item.span())?),
    };
    Some(Rule {
        name: raw.id.clone(),
        test,
        message: raw.message.clone(),
        warn_until,
        place: reader.place(&item.span()),
    })
}

impl Test {
    fn read(raw: &RawRule) -> Result<Self, Problem> {
        let text = |value: &toml::Value| match value {
            toml::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        match (&raw.key, &raw.file) {
            (Some(key), None) if raw.require.is_none() && raw.forbid.is_none() => {
                if raw.min.is_none()
                    && raw.max.is_none()
                    && raw.equals.is_none()
                    && raw.one_of.is_none()
                {
                    return Err(
                        Problem::new("the rule tests nothing").help("min, max, equals or one-of")
                    );
                }
                let mut one_of: Vec<String> = raw.one_of.iter().flatten().map(text).collect();
                one_of.extend(raw.equals.iter().map(text));
                Ok(Self::Value {
                    key: key.clone(),
                    min: raw.min.as_ref().map(text),
                    max: raw.max.as_ref().map(text),
                    one_of,
                })
            }
            (None, Some(path)) => {
                let path = RelPath::new(path).map_err(Problem::new)?;
                Self::text(path, raw.require.as_deref(), raw.forbid.as_deref())
            }
            _ => Err(Problem::new(
                "a rule has a key with min, max, equals or one-of, or a file with require or forbid",
            )),
        }
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
    Some(Migration { before, step: reader.take(step, &span)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = r#"
name = "acme-django"
version = "3.1.0"
requires = ">=0.1"
extends = ["django-nginx", "../base", { git = "https://example.com/p.git", rev = "v2", path = "web" }]
[defaults]
project.python = 3.13
stack.cache = "redis"
[locked]
deploy.hardening = "strict"
[floors]
python = "3.12"
images.postgres = "17"
[[rule]]
key = "web.memory"
max = "1GiB"
message = "a web container has at most 1 GiB"
warn-until = "2027-03-01"
[[rule]]
file = "Dockerfile"
forbid = '^USER root'
message = "nothing runs as root"
[files."deploy/probe.sh"]
template = "probe.sh.tera"
mode = "0755"
ownership = "managed"
[files."DEPLOY.md"]
off = true
[[migration]]
before = "3.0.0"
rename = { from = "stack.queue", to = "stack.broker" }
"#;

    #[test]
    fn everything_a_layer_may_say_is_read() {
        let manifest = read("acme/preset.toml", WHOLE).unwrap();
        assert_eq!(manifest.version, Version::new(3, 1, 0));
        assert_eq!(manifest.extends.len(), 3);
        assert_eq!(manifest.defaults[0].text, "3.13");
        assert_eq!(manifest.locked[0].place.line, 10);
        assert_eq!(manifest.floors[1].subject, "images.postgres");
        assert_eq!(manifest.rules.len(), 2);
        assert_eq!(manifest.rules[0].warn_until.as_deref(), Some("2027-03-01"));
        let probe = &manifest.files[&RelPath::new("deploy/probe.sh").unwrap()];
        assert_eq!((probe.mode, probe.ownership), (Some(0o755), Some(Ownership::Managed)));
        assert!(
            matches!(&manifest.migrations[0].step, Step::Rename { to, .. } if to == "stack.broker")
        );
    }

    #[test]
    fn all_mistakes_come_together_each_with_its_line() {
        let text = WHOLE
            .replace("stack.cache", "stack.cach")
            .replace("max = \"1GiB\"\n", "")
            .replace("\"0755\"", "\"rwx\"")
            .replace("\"3.1.0\"", "\"3\"");
        let problems = read("p.toml", &text).unwrap_err();
        let places: Vec<&str> =
            problems.iter().map(|problem| problem.at.as_deref().unwrap()).collect();
        assert_eq!(problems.len(), 4, "{problems:?}");
        assert!(places.contains(&"p.toml:8:14"), "{places:?}");
        assert!(problems.iter().any(|p| p.help.as_deref() == Some("did you mean `stack.cache`?")));
    }

    #[test]
    fn an_unknown_table_is_refused() {
        let problems = read("p.toml", "name = \"a\"\nversion = \"1.0.0\"\n[hooks]\npost = \"x\"\n")
            .unwrap_err();
        assert!(problems[0].message.contains("hooks"), "{problems:?}");
    }
}
