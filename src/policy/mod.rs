//! What a preset requires, evaluated: locks on the answers, floors and rules
//! on the plan that follows from them. What the files on disk say is held
//! against the same requirements by `check`.

mod requirement;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::answers::{Draft, Origin};
use crate::catalog::VERSIONS;
use crate::error::{Place, Problem};
use crate::plan::{self, Bundle, Plan};
use crate::preset::Preset;
use crate::schema;
use crate::source::compose::image;
pub use requirement::{Constraint, Requirement, matches};

/// Everything a preset requires: locks by key, then floors, then rules.
#[derive(Clone, Debug, Default)]
pub struct Policy(pub Vec<Requirement>);

/// A requirement that does not hold.
#[derive(Clone, Debug)]
pub struct Violation {
    /// What is required.
    pub requirement: Requirement,
    /// The key or subject it is about.
    pub subject: String,
    /// What is wrong.
    pub what: String,
    /// Who set the value, if somebody did.
    pub set_by: Option<String>,
    /// Where in `dockwright.toml` that is.
    pub at: Option<Place>,
}

impl Violation {
    /// What is wrong, for people.
    #[must_use]
    pub fn message(&self) -> String {
        self.requirement.say(&self.what)
    }

    /// Whether it is only a warning yet.
    #[must_use]
    pub const fn only_warns(&self) -> bool {
        self.requirement.warn_until.is_some()
    }

    /// As a problem of the input.
    #[must_use]
    pub fn problem(&self) -> Problem {
        let Requirement { layer, place, .. } = &self.requirement;
        Problem::new(format!("{} ({layer}, {place})", self.message())).at(self
            .set_by
            .as_ref()
            .unwrap_or(&self.subject)
            .clone())
    }
}

impl Policy {
    /// What a preset requires on a day, `YYYY-MM-DD`.
    #[must_use]
    pub fn of(preset: &Preset, today: &str) -> Self {
        let mut locks: BTreeMap<&str, Requirement> = BTreeMap::new();
        let (mut floors, mut rules) = (Vec::new(), Vec::new());
        for layer in &preset.layers {
            let manifest = &layer.manifest;
            for entry in &manifest.locked {
                if let Some(lock) = Requirement::lock(entry, layer) {
                    // A later layer can only have repeated it.
                    locks.entry(&entry.key).or_insert(lock);
                }
            }
            floors.extend(manifest.floors.iter().map(|floor| Requirement::floor(floor, layer)));
            rules.extend(manifest.rules.iter().map(|rule| Requirement::rule(rule, layer, today)));
        }
        Self(locks.into_values().chain(floors).chain(rules).collect())
    }

    /// What waivers may name: locked keys, subjects of floors, ids of rules.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|requirement| requirement.id.as_str())
    }

    /// Locked keys that a later source has changed.
    #[must_use]
    pub fn locks(&self, draft: &Draft) -> Vec<Violation> {
        let broken = |requirement: &Requirement| {
            let Constraint::Equals(lock) = &requirement.constraint else { return None };
            let key = &requirement.id;
            let sourced = draft.sourced(key);
            let value = match sourced {
                Some(sourced) => sourced.value.clone(),
                // A preset from outside may lock what nobody has set.
                None => schema::find(key)?.kind.read(&draft.text(key)).ok()?,
            };
            let set_by = sourced.map(|sourced| match &sourced.origin {
                Origin::Flag => format!("--set {key}={value}"),
                origin => origin.to_string(),
            });
            let what = format!("{key} = {value}: it is locked to {lock}");
            (value != *lock).then(|| violation(requirement, key, what, set_by, draft))
        };
        self.0.iter().filter_map(broken).collect()
    }

    /// Floors and rules on answers and numbers that do not hold. Rules on
    /// files are judged where the files are.
    #[must_use]
    pub fn demands(&self, draft: &Draft, plan: &Plan) -> Vec<Violation> {
        let broken = |requirement: &Requirement| {
            let (subject, (text, set_by)) = match &requirement.constraint {
                Constraint::AtLeast(_) => (&requirement.id, version_of(requirement, draft, plan)?),
                Constraint::Within { .. } => {
                    (&requirement.key, value_of(requirement, draft, plan)?)
                }
                Constraint::Equals(_) | Constraint::Lines { .. } => return None,
            };
            let fault = requirement.fault(&text)?;
            let what = format!("{subject} is {text}, {fault}");
            Some(violation(requirement, subject, what, set_by, draft))
        };
        self.0.iter().filter_map(broken).collect()
    }
}

fn violation(
    requirement: &Requirement,
    subject: &str,
    what: String,
    set_by: Option<String>,
    draft: &Draft,
) -> Violation {
    let place = |key: &str| match &draft.sourced(key)?.origin {
        Origin::File(place) => Some(place.clone()),
        _ => None,
    };
    let key = &requirement.key;
    Violation {
        requirement: requirement.clone(),
        subject: subject.to_owned(),
        what,
        set_by,
        at: place(key).or_else(|| place(&format!("tune.{key}"))),
    }
}

/// A value as it is now, and who set it.
type Current = (String, Option<String>);

fn origin_of(key: &str, draft: &Draft) -> Option<String> {
    draft.sourced(key).map(|sourced| sourced.origin.to_string())
}

/// The version that a floor is about.
fn version_of(floor: &Requirement, draft: &Draft, plan: &Plan) -> Option<Current> {
    let set_by = origin_of(&floor.key, draft);
    match floor.id.as_str() {
        "dockwright" => Some((env!("CARGO_PKG_VERSION").to_owned(), None)),
        "python" => Some((plan.answers.python.clone(), set_by)),
        subject => match subject.strip_prefix("tools.") {
            Some(tool) => Some((VERSIONS.tools.get(tool)?.clone(), None)),
            None => {
                let reference = plan.images.get(subject.strip_prefix("images.")?)?;
                Some((image::tag(reference)?.to_owned(), set_by))
            }
        },
    }
}

/// The answer or the number that a rule is about.
fn value_of(rule: &Requirement, draft: &Draft, plan: &Plan) -> Option<Current> {
    let key = &rule.key;
    match plan.decision(key) {
        Some(decision) => {
            let set_by = decision.is_pinned().then(|| decision.origin.clone());
            Some((decision.value.to_string(), set_by))
        }
        // A number of a service that this stack does not have.
        None if schema::find(key).is_none() => None,
        None => Some((draft.text(key), origin_of(key, draft))),
    }
}

/// Answers and their plan, held against what is required of them.
#[derive(Debug)]
pub struct Judged<'a> {
    /// The answers, with what is locked as it should be: the rest can be
    /// judged all the same.
    pub draft: Cow<'a, Draft>,
    /// The plan that follows.
    pub plan: Plan,
    /// What does not hold.
    pub violations: Vec<Violation>,
}

/// Plans, and holds answers and plan against the policy of their preset and
/// against others.
///
/// # Errors
/// Answers that make no plan, with the locks that they break.
pub fn judge<'a>(
    draft: &'a Draft,
    only: &BTreeSet<Bundle>,
    own: &Policy,
    others: &[Policy],
) -> Result<Judged<'a>, Vec<Problem>> {
    let broken = own.locks(draft);
    let restored = match broken.is_empty() {
        true => Cow::Borrowed(draft),
        false => Cow::Owned(draft.of_preset_alone(broken.iter().map(|lock| lock.subject.as_str()))),
    };
    let mut violations: Vec<Violation> =
        others.iter().flat_map(|policy| policy.locks(draft)).chain(broken).collect();
    let planned = restored.resolve().and_then(|answers| plan::plan(&answers, only));
    let plan = planned.map_err(|problems| {
        violations.iter().map(Violation::problem).chain(problems).collect::<Vec<Problem>>()
    })?;
    for policy in others.iter().chain([own]) {
        violations.extend(policy.demands(&restored, &plan));
    }
    Ok(Judged { draft: restored, plan, violations })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answers::Sources;
    use crate::detect::facts::Python;
    use crate::detect::{Evidence, Fact, Facts};
    use crate::preset::manifest;
    use crate::preset::{Layer, Reference, Source};

    /// A preset that locks Python on top of a built-in one.
    fn locking() -> Preset {
        let text = "name = \"team\"\nversion = \"1.0.0\"\n[locked]\nproject.python = \"3.13\"\n";
        let mut preset = crate::preset::find("fastapi-uvicorn").unwrap();
        preset.layers.push(Layer {
            manifest: manifest::read("team/preset.toml", text).unwrap(),
            source: Source::Path("team".into()),
            files: Default::default(),
            hash: String::new(),
        });
        preset.reference = Reference::Path("team".into());
        preset
    }

    #[test]
    fn a_locked_key_that_any_later_source_changes_is_an_error_that_names_both_places() {
        let preset = locking();
        let text = "[project]\npython = \"3.12\"\n";
        let entries = crate::answers::document::read("dockwright.toml", text).unwrap();
        let python = Python { version: "3.12".into(), constraint: None, source: "file".into() };
        let facts = Facts {
            python: Fact::known(python, Evidence::line(".python-version", 1, "3.12")),
            ..Facts::default()
        };
        let set = ["project.python=3.12".to_owned()];
        let prompts = [("project.python".to_owned(), "3.12".to_owned())];
        let name = Some(("shop".to_owned(), Origin::Builtin));
        let of = Sources { name, ..Sources::of(&preset) };
        for (sources, place) in [
            (Sources { entries: &entries, ..of.clone() }, "dockwright.toml:2:10"),
            (Sources { set: &set, ..of.clone() }, "--set project.python=3.12"),
            (Sources { prompts: &prompts, ..of.clone() }, "answered"),
            (Sources { facts: Some(&facts), ..of.clone() }, "found in .python-version:1"),
        ] {
            let draft = sources.assemble().unwrap().draft;
            let judged =
                judge(&draft, &BTreeSet::new(), &Policy::of(&preset, "2026-01-01"), &[]).unwrap();
            let problems: Vec<Problem> = judged.violations.iter().map(Violation::problem).collect();
            assert_eq!(problems.len(), 1, "{problems:?}");
            assert_eq!(problems[0].at.as_deref(), Some(place));
            assert!(
                problems[0].message.contains("locked to 3.13 (team 1.0.0, team/preset.toml:4:18)"),
                "{problems:?}"
            );
            // The rest is judged by what the lock says.
            assert_eq!(judged.plan.answers.python, "3.13");
        }
        let draft = of.assemble().unwrap().draft;
        let own = Policy::of(&preset, "2026-01-01");
        assert!(judge(&draft, &BTreeSet::new(), &own, &[]).unwrap().violations.is_empty());
    }
}
