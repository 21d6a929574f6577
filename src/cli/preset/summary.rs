//! What a preset says, flat: every value, lock, floor, rule, output, template
//! and migration with the layer and the place that says it.

use serde::Serialize;

use crate::preset::manifest::{FileRule, Step};
use crate::preset::rule::Constraint;
use crate::preset::{Layer, Preset, Source};
use crate::render;

/// What a preset says. This is also the shape of `preset show --format json`.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// How it was named.
    pub reference: String,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// One line for people.
    pub description: String,
    /// The versions of dockwright that it needs, or `null`.
    pub requires: Option<String>,
    /// Its layers, lowest first.
    pub layers: Vec<LayerSummary>,
    /// Every value that a layer gives, by key.
    pub values: Vec<ValueSummary>,
    /// Least versions.
    pub floors: Vec<FloorSummary>,
    /// What has to hold.
    pub rules: Vec<RuleSummary>,
    /// What is said of outputs.
    pub files: Vec<FileSummary>,
    /// Templates of the layers that are not built in.
    pub templates: Vec<TemplateSummary>,
    /// Changes of answers between versions.
    pub migrations: Vec<MigrationSummary>,
}

/// A layer.
#[derive(Clone, Debug, Serialize)]
pub struct LayerSummary {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// `builtin`, a path, or `git+URL#REV:DIRECTORY`.
    pub source: String,
    /// The commit, of a layer from git.
    pub commit: Option<String>,
    /// SHA-256 of its files; `null` of a built-in layer.
    pub hash: Option<String>,
}

/// Who says something.
#[derive(Clone, Debug, Serialize)]
pub struct Said {
    /// The layer, with its version.
    pub layer: String,
    /// `FILE:LINE:COLUMN`; `null` where it is a whole file.
    pub place: Option<String>,
}

/// A value of a key.
#[derive(Clone, Debug, Serialize)]
pub struct ValueSummary {
    /// The key.
    pub key: String,
    /// The value that holds.
    pub value: String,
    /// Whether no later source may change it.
    pub locked: bool,
    /// Who says so.
    #[serde(flatten)]
    pub said: Said,
    /// What lower layers had said, lowest first.
    pub shadows: Vec<Shadowed>,
}

/// A value that another stands before.
#[derive(Clone, Debug, Serialize)]
pub struct Shadowed {
    /// The value.
    pub value: String,
    /// Who says so.
    #[serde(flatten)]
    pub said: Said,
}

/// A least version.
#[derive(Clone, Debug, Serialize)]
pub struct FloorSummary {
    /// `python`, `dockwright` or `images.NAME`.
    pub subject: String,
    /// The least version.
    pub least: String,
    /// Who says so.
    #[serde(flatten)]
    pub said: Said,
}

/// A rule.
#[derive(Clone, Debug, Serialize)]
pub struct RuleSummary {
    /// The key it is about, or `null`.
    pub key: Option<String>,
    /// The file it is about, or `null`.
    pub file: Option<String>,
    /// What it demands, in words.
    pub demands: String,
    /// What people see where it does not hold.
    pub message: String,
    /// The last day on which it only warns, or `null`.
    pub warn_until: Option<String>,
    /// Who says so.
    #[serde(flatten)]
    pub said: Said,
}

/// What a layer says of an output.
#[derive(Clone, Debug, Serialize)]
pub struct FileSummary {
    /// The output.
    pub path: String,
    /// Its template, where the layer gives one.
    pub template: Option<String>,
    /// Its permission bits in octal, where the layer gives them.
    pub mode: Option<String>,
    /// Its ownership, where the layer gives one.
    pub ownership: Option<String>,
    /// Whether it is left out.
    pub off: bool,
    /// Who says so.
    #[serde(flatten)]
    pub said: Said,
}

/// A template of a layer.
#[derive(Clone, Debug, Serialize)]
pub struct TemplateSummary {
    /// Its path below `templates/`.
    pub path: String,
    /// Blocks of dockwright's template of that name that it overrides; `null`
    /// of a template that is the preset's own.
    pub overrides: Option<Vec<String>>,
    /// Whose it is.
    #[serde(flatten)]
    pub said: Said,
}

/// A change of answers.
#[derive(Clone, Debug, Serialize)]
pub struct MigrationSummary {
    /// It applies when coming from a version below this.
    pub before: String,
    /// What it does, in words.
    pub does: String,
    /// Whose it is.
    #[serde(flatten)]
    pub said: Said,
}

impl Said {
    fn of(layer: &Layer, place: Option<String>) -> Self {
        Self { layer: layer.label(), place }
    }
}

impl Summary {
    /// What a preset says.
    #[must_use]
    pub fn of(preset: &Preset) -> Self {
        let layers = &preset.layers;
        let top = preset.top();
        Self {
            reference: preset.reference.to_string(),
            name: preset.name().to_owned(),
            version: top.manifest.version.to_string(),
            description: preset.description().to_owned(),
            requires: top.manifest.requires.as_ref().map(ToString::to_string),
            layers: layers.iter().map(LayerSummary::of).collect(),
            values: values(layers),
            floors: layers.iter().flat_map(floors).collect(),
            rules: layers.iter().flat_map(rules).collect(),
            files: layers.iter().flat_map(files).collect(),
            templates: layers.iter().flat_map(overlays).collect(),
            migrations: layers.iter().flat_map(migrations).collect(),
        }
    }
}

impl LayerSummary {
    fn of(layer: &Layer) -> Self {
        let commit = match &layer.source {
            Source::Git { commit, .. } => Some(commit.clone()),
            _ => None,
        };
        let hash = (layer.source != Source::Builtin).then(|| layer.hash.clone());
        Self {
            name: layer.manifest.name.clone(),
            version: layer.manifest.version.to_string(),
            source: layer.source.to_string(),
            commit,
            hash,
        }
    }
}

fn values(layers: &[Layer]) -> Vec<ValueSummary> {
    let mut values: Vec<ValueSummary> = Vec::new();
    for layer in layers {
        let manifest = &layer.manifest;
        let defaults = manifest.defaults.iter().map(|entry| (entry, false));
        let locked = manifest.locked.iter().map(|entry| (entry, true));
        for (entry, locks) in defaults.chain(locked) {
            let said = Said::of(layer, Some(entry.place.to_string()));
            let (key, value) = (entry.key.clone(), entry.text.clone());
            match values.iter_mut().find(|known| known.key == key) {
                Some(known) => {
                    let value = std::mem::replace(&mut known.value, value);
                    let said = std::mem::replace(&mut known.said, said);
                    known.shadows.push(Shadowed { value, said });
                    known.locked |= locks;
                }
                None => values.push(ValueSummary {
                    key,
                    value,
                    locked: locks,
                    said,
                    shadows: Vec::new(),
                }),
            }
        }
    }
    values.sort_by_key(|value| crate::schema::position(&value.key));
    values
}

fn floors(layer: &Layer) -> impl Iterator<Item = FloorSummary> {
    layer.manifest.floors.iter().map(|floor| FloorSummary {
        subject: floor.subject.clone(),
        least: floor.least.clone(),
        said: Said::of(layer, Some(floor.place.to_string())),
    })
}

fn rules(layer: &Layer) -> impl Iterator<Item = RuleSummary> {
    layer.manifest.rules.iter().map(|rule| {
        let (key, file) = match &rule.constraint {
            Constraint::Lines { path, .. } => (None, Some(path.to_string())),
            _ => (Some(rule.key.clone()), None),
        };
        RuleSummary {
            key,
            file,
            demands: demands(&rule.constraint),
            message: rule.message.clone(),
            warn_until: rule.warn_until.clone(),
            said: Said::of(layer, Some(rule.place.to_string())),
        }
    })
}

fn demands(constraint: &Constraint) -> String {
    let parts: Vec<String> = match constraint {
        Constraint::Within { min, max, one_of } => {
            let words = [("at least ", min.clone()), ("at most ", max.clone())];
            let one_of = (!one_of.is_empty()).then(|| one_of.join(" or "));
            let bounds = words.into_iter().chain([("", one_of)]);
            bounds.filter_map(|(word, bound)| Some(format!("{word}{}", bound?))).collect()
        }
        Constraint::Lines { require, forbid, .. } => {
            let words = [("a line matches ", require), ("no line matches ", forbid)];
            let pattern = |(word, pattern): (&str, &Option<regex::Regex>)| {
                pattern.as_ref().map(|pattern| format!("{word}{pattern}"))
            };
            words.into_iter().filter_map(pattern).collect()
        }
        // No layer writes these down as a rule.
        Constraint::Equals(_) | Constraint::AtLeast(_) => Vec::new(),
    };
    parts.join(", ")
}

fn files(layer: &Layer) -> impl Iterator<Item = FileSummary> {
    layer.manifest.files.iter().map(|(path, rule)| {
        let FileRule { template, mode, ownership, off } = rule;
        FileSummary {
            path: path.to_string(),
            template: template.clone(),
            mode: mode.map(|mode| format!("{mode:04o}")),
            ownership: ownership.map(|ownership| ownership.word().to_owned()),
            off: *off,
            said: Said::of(layer, None),
        }
    })
}

fn overlays(layer: &Layer) -> impl Iterator<Item = TemplateSummary> {
    layer.templates().map(|(path, bytes)| TemplateSummary {
        path: path.to_owned(),
        overrides: render::has_template(path).then(|| blocks(bytes)),
        said: Said::of(layer, None),
    })
}

/// The blocks of a template, in the order they stand in.
fn blocks(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let mut blocks: Vec<String> = Vec::new();
    for tag in text.split("{%").skip(1) {
        let mut words = tag.trim_start_matches('-').split(|c: char| c.is_whitespace() || c == '%');
        let mut words = words.by_ref().filter(|word| !word.is_empty());
        if words.next() == Some("block")
            && let Some(name) = words.next()
            && !blocks.iter().any(|known| known == name)
        {
            blocks.push(name.trim_end_matches('-').to_owned());
        }
    }
    blocks
}

fn migrations(layer: &Layer) -> impl Iterator<Item = MigrationSummary> {
    layer.manifest.migrations.iter().map(|migration| MigrationSummary {
        before: migration.before.to_string(),
        does: match &migration.step {
            Step::Rename { from, to } => format!("{from} becomes {to}"),
            Step::Map { key, values } => {
                let pairs: Vec<String> =
                    values.iter().map(|(old, new)| format!("{old} becomes {new}")).collect();
                format!("{key}: {}", pairs.join(", "))
            }
            Step::Remove(key) => format!("{key} is removed"),
        },
        said: Said::of(layer, Some(migration.place.to_string())),
    })
}

#[cfg(test)]
mod tests {
    use assert_fs::TempDir;
    use assert_fs::prelude::*;

    use super::*;
    use crate::preset::{Places, Reference, open};

    #[test]
    fn a_value_names_its_layer_and_what_it_stands_before() {
        let directory = TempDir::new().unwrap();
        directory
            .child("team/preset.toml")
            .write_str(
                "name = \"team\"\nversion = \"1.2.0\"\nextends = [\"django-nginx\"]\n\
                 [defaults]\nstack.database = \"external\"\n[locked]\nstack.proxy = \"nginx\"\n",
            )
            .unwrap();
        directory
            .child("team/templates/Dockerfile.tera")
            .write_str(
                "{% block labels %}LABEL a=b{% endblock %}\n{%- block user -%}{% endblock %}",
            )
            .unwrap();
        directory.child("team/templates/own.tera").write_str("x").unwrap();
        let places = Places { base: directory.path().to_owned(), ..Places::default() };
        let preset = open(&Reference::Path("./team".into()), &places).unwrap();
        let summary = Summary::of(&preset);
        let database = summary.values.iter().find(|v| v.key == "stack.database").unwrap();
        assert_eq!((database.value.as_str(), database.locked), ("external", false));
        assert_eq!(database.said.layer, "team 1.2.0");
        assert_eq!(database.said.place.as_deref(), Some("./team/preset.toml:5:18"));
        assert_eq!(database.shadows[0].value, "postgres");
        assert_eq!(database.shadows[0].said.layer, "django-nginx");
        assert!(summary.values.iter().any(|v| v.key == "stack.proxy" && v.locked));
        let overrides: Vec<_> = summary.templates.iter().map(|t| t.overrides.clone()).collect();
        assert_eq!(overrides, [Some(vec!["labels".to_owned(), "user".to_owned()]), None]);
        assert_eq!(summary.layers[0].hash, None);
        assert_eq!(summary.layers[1].hash.as_ref().map(String::len), Some(64));
    }

    #[test]
    fn blocks_are_found_however_their_tags_are_spaced() {
        let text = b"{% block one %}{% endblock one %}\n{%- block two -%}{%block three%}{% if x %}";
        assert_eq!(blocks(text), ["one", "two", "three"]);
    }
}
