//! What the layers of a preset demand together: locks, floors and rules, each
//! with the layer that says so.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use crate::answers::{Draft, Origin};
use crate::catalog::VERSIONS;
use crate::error::{Place, Problem};
use crate::plan::Plan;
use crate::preset::Preset;
use crate::preset::manifest::Floor;
use crate::preset::rule::{Rule, Test};
use crate::schema;
use crate::schema::value::Value;
use crate::version;

/// A value that no later source may change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Locked {
    /// The value.
    pub value: Value,
    /// The layer that locks it.
    pub layer: String,
    /// Where.
    pub place: Place,
}

/// A floor or a rule, and the layer it comes from.
#[derive(Clone, Debug)]
pub struct Demand<T> {
    /// What is demanded.
    pub what: T,
    /// By which layer.
    pub layer: String,
}

/// Everything a preset demands.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Locked values by key.
    pub locks: BTreeMap<String, Locked>,
    /// Least versions.
    pub floors: Vec<Demand<Floor>>,
    /// Rules.
    pub rules: Vec<Demand<Rule>>,
}

/// A demand that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// What a waiver names it by.
    pub rule: String,
    /// The key or subject it is about.
    pub subject: String,
    /// What is wrong, for people.
    pub message: String,
    /// The layer that demands it.
    pub layer: String,
    /// Where the demand stands.
    pub place: Place,
    /// Where the value was said, if somebody said it.
    pub said: Option<String>,
    /// Where in `dockwright.toml` that is.
    pub at: Option<Place>,
    /// The last day on which it is only a warning, where that is not over.
    pub warn_until: Option<String>,
}

impl Breach {
    /// As a problem of the input.
    #[must_use]
    pub fn problem(&self) -> Problem {
        let problem = Problem::new(format!("{} ({}, {})", self.message, self.layer, self.place));
        match &self.said {
            Some(said) => problem.at(said.clone()),
            None => problem.at(self.subject.clone()),
        }
    }
}

impl Policy {
    /// The demands of a preset.
    ///
    /// # Errors
    /// A lock that a later layer changes, with both places.
    pub fn of(preset: &Preset) -> Result<Self, Vec<Problem>> {
        let mut policy = Self::default();
        let mut problems = Vec::new();
        for layer in &preset.layers {
            let label = layer.label();
            let manifest = &layer.manifest;
            for (entry, locks) in manifest
                .defaults
                .iter()
                .map(|entry| (entry, false))
                .chain(manifest.locked.iter().map(|entry| (entry, true)))
            {
                let field = schema::find(&entry.key);
                let Some(Ok(value)) = field.map(|field| field.kind.read(&entry.text)) else {
                    // Reading the manifest has refused it.
                    continue;
                };
                match policy.locks.get(&entry.key) {
                    Some(lock) if lock.value != value => problems.push(
                        Problem::new(format!(
                            "{} is locked to {} by {} ({})",
                            entry.key, lock.value, lock.layer, lock.place
                        ))
                        .at(format!("{label}, {}", entry.place))
                        .help("a layer may repeat the lock of one it extends, not change it"),
                    ),
                    Some(_) => {}
                    None if locks => {
                        let (layer, place) = (label.clone(), entry.place.clone());
                        policy.locks.insert(entry.key.clone(), Locked { value, layer, place });
                    }
                    None => {}
                }
            }
            let floors = manifest.floors.iter().cloned();
            policy.floors.extend(floors.map(|what| Demand { what, layer: label.clone() }));
            let rules = manifest.rules.iter().cloned();
            policy.rules.extend(rules.map(|what| Demand { what, layer: label.clone() }));
        }
        if problems.is_empty() { Ok(policy) } else { Err(problems) }
    }

    /// Locked keys that a later source has changed.
    #[must_use]
    pub fn broken_locks(&self, draft: &Draft) -> Vec<Breach> {
        let broken = |(key, lock): (&String, &Locked)| {
            let sourced = draft.said(key);
            let value = match sourced {
                Some(sourced) => sourced.value.clone(),
                // A preset from outside may lock what nobody has spoken of.
                None => schema::find(key)?.kind.read(&draft.text(key)).ok()?,
            };
            (value != lock.value).then(|| Breach {
                rule: key.clone(),
                subject: key.clone(),
                message: format!("{key} = {value}: it is locked to {}", lock.value),
                layer: lock.layer.clone(),
                place: lock.place.clone(),
                said: sourced.map(|sourced| match &sourced.origin {
                    Origin::Flag => format!("--set {key}={value}"),
                    origin => origin.to_string(),
                }),
                at: place_of(key, draft),
                warn_until: None,
            })
        };
        self.locks.iter().filter_map(broken).collect()
    }

    /// What waivers may name: locked keys, subjects of floors, ids of rules.
    #[must_use]
    pub fn ids(&self) -> BTreeSet<&str> {
        let locks = self.locks.keys().map(String::as_str);
        let floors = self.floors.iter().map(|floor| floor.what.subject.as_str());
        locks.chain(floors).chain(self.rules.iter().map(|rule| rule.what.id())).collect()
    }

    /// Floors and rules on answers and numbers that do not hold; `today` is
    /// `YYYY-MM-DD`. Rules on files are judged where the files are.
    #[must_use]
    pub fn broken_demands(&self, draft: &Draft, plan: &Plan, today: &str) -> Vec<Breach> {
        let floors = self.floors.iter().filter_map(|floor| below(floor, draft, plan));
        let rules = self.rules.iter().filter_map(|rule| broken(rule, draft, plan, today));
        floors.chain(rules).collect()
    }
}

/// The version a floor is about, and where it was said.
fn version_of(subject: &str, draft: &Draft, plan: &Plan) -> Option<(String, Option<String>)> {
    let said = |key: &str| draft.said(key).map(|sourced| sourced.origin.to_string());
    match subject {
        "dockwright" => Some((env!("CARGO_PKG_VERSION").to_owned(), None)),
        "python" => Some((plan.answers.python.clone(), said("project.python"))),
        tool if tool.starts_with("tools.") => {
            let version = VERSIONS.tools.get(tool.strip_prefix("tools.")?)?;
            Some((version.clone(), None))
        }
        image => {
            let name = image.strip_prefix("images.")?;
            let reference = plan.images.get(name)?;
            Some((tag(reference)?.to_owned(), said(image)))
        }
    }
}

/// The tag of an image reference, with its digest.
#[must_use]
pub fn tag(reference: &str) -> Option<&str> {
    let name = reference.rsplit('/').next().unwrap_or(reference);
    name.split_once(':').map(|(_, tag)| tag)
}

fn below(floor: &Demand<Floor>, draft: &Draft, plan: &Plan) -> Option<Breach> {
    let Floor { subject, least, place } = &floor.what;
    let (version, said) = version_of(subject, draft, plan)?;
    let key = if subject == "python" { "project.python" } else { subject.as_str() };
    (version::compare(&version, least) == Some(Ordering::Less)).then(|| Breach {
        rule: subject.clone(),
        subject: subject.clone(),
        message: format!("{subject} is {version}, and has to be at least {least}"),
        layer: floor.layer.clone(),
        place: place.clone(),
        said,
        at: place_of(key, draft),
        warn_until: None,
    })
}

/// Where `dockwright.toml` says a key.
fn place_of(key: &str, draft: &Draft) -> Option<Place> {
    match &draft.said(key)?.origin {
        Origin::File(place) => Some(place.clone()),
        _ => None,
    }
}

fn broken(demand: &Demand<Rule>, draft: &Draft, plan: &Plan, today: &str) -> Option<Breach> {
    let rule = &demand.what;
    let Test::Value { key, min, max, one_of } = &rule.test else { return None };
    let key = key.strip_prefix("tune.").unwrap_or(key);
    let planned = plan.decision(key);
    let field = schema::find(&format!("tune.{key}")).or_else(|| schema::find(key))?;
    let (text, said) = match planned {
        Some(decision) => {
            (decision.value.to_string(), decision.is_pinned().then(|| decision.source.clone()))
        }
        // A number of a service that this stack does not have.
        None if schema::find(key).is_none() => return None,
        None => (draft.text(key), draft.said(key).map(|sourced| sourced.origin.to_string())),
    };
    let fault = fault(&text, &field, min.as_deref(), max.as_deref(), one_of)?;
    Some(Breach {
        rule: rule.id().to_owned(),
        subject: key.to_owned(),
        message: format!("{}: {key} is {text}, {fault}", rule.message),
        layer: demand.layer.clone(),
        place: rule.place.clone(),
        said,
        at: place_of(key, draft).or_else(|| place_of(&format!("tune.{key}"), draft)),
        warn_until: rule.softened(today),
    })
}

/// What of a rule a value breaks, in words.
#[must_use]
pub fn fault(
    text: &str,
    field: &schema::Field,
    min: Option<&str>,
    max: Option<&str>,
    one_of: &[String],
) -> Option<String> {
    let read = |text: &str| field.kind.read(text).ok();
    let value = read(text)?;
    let order = |bound: &str| match field.name.as_str() {
        // 3.9 is before 3.10.
        "project.python" => version::compare(text, bound),
        _ => read(bound).map(|bound| value.cmp(&bound)),
    };
    if let Some(min) = min
        && order(min) == Some(Ordering::Less)
    {
        return Some(format!("less than {min}"));
    }
    if let Some(max) = max
        && order(max) == Some(Ordering::Greater)
    {
        return Some(format!("more than {max}"));
    }
    let other = !one_of.is_empty() && !one_of.iter().any(|one| read(one) == Some(value.clone()));
    other.then(|| format!("not {}", one_of.join(" or ")))
}
