//! One lock, floor or rule, in the form that judges of files take.

use std::cmp::Ordering;

use crate::check::finding::{Finding, Kind};
use crate::error::Place;
use crate::preset::policy::{Policy, fault};
use crate::preset::rule::Test;
use crate::schema;
use crate::schema::value::Value;
use crate::version;

/// What a value has to be.
#[derive(Clone, Debug)]
pub enum Holds {
    /// This one.
    Equals(Value),
    /// At least this version.
    AtLeast(String),
    /// Within bounds.
    Within {
        /// The least.
        min: Option<String>,
        /// The most.
        max: Option<String>,
        /// The only ones; empty for no such bound.
        one_of: Vec<String>,
    },
}

/// A demand on the value of a key.
#[derive(Clone, Debug)]
pub struct Demand {
    /// What a waiver names it by.
    pub id: String,
    /// The key: `project.python`, `images.postgres`, `web.memory`.
    pub key: String,
    /// What its value has to be.
    pub holds: Holds,
    /// What the rule says to people.
    pub message: Option<String>,
    /// The layer that demands it.
    pub layer: String,
    /// Where.
    pub place: Place,
    /// The last day on which it only warns, where that is not over.
    pub warn_until: Option<String>,
}

impl Demand {
    /// Every demand of a policy that is about a value.
    pub fn all(policy: &Policy, today: &str) -> Vec<Self> {
        let locks = policy.locks.iter().map(|(key, lock)| Self {
            id: key.clone(),
            key: bare(key).to_owned(),
            holds: Holds::Equals(lock.value.clone()),
            message: None,
            layer: lock.layer.clone(),
            place: lock.place.clone(),
            warn_until: None,
        });
        let floors = policy.floors.iter().map(|floor| Self {
            id: floor.what.subject.clone(),
            key: match floor.what.subject.as_str() {
                "python" => "project.python".to_owned(),
                subject => subject.to_owned(),
            },
            holds: Holds::AtLeast(floor.what.least.clone()),
            message: None,
            layer: floor.layer.clone(),
            place: floor.what.place.clone(),
            warn_until: None,
        });
        let rules = policy.rules.iter().filter_map(|rule| {
            let Test::Value { key, min, max, one_of } = &rule.what.test else { return None };
            Some(Self {
                id: rule.what.id().to_owned(),
                key: bare(key).to_owned(),
                holds: Holds::Within { min: min.clone(), max: max.clone(), one_of: one_of.clone() },
                message: Some(rule.what.message.clone()),
                layer: rule.layer.clone(),
                place: rule.what.place.clone(),
                warn_until: rule.what.softened(today),
            })
        });
        locks.chain(floors).chain(rules).collect()
    }

    /// What of the demand a value breaks, in words: `more than 1GiB`.
    #[must_use]
    pub fn fault(&self, text: &str) -> Option<String> {
        let field = schema::find(&format!("tune.{}", self.key)).or_else(|| schema::find(&self.key));
        match &self.holds {
            Holds::Equals(value) => {
                let same = match field.and_then(|field| field.kind.read(text).ok()) {
                    Some(read) => read == *value,
                    None => text == value.to_string(),
                };
                (!same).then(|| format!("and it is locked to {value}"))
            }
            Holds::AtLeast(least) => (version::compare(text, least) == Some(Ordering::Less))
                .then(|| format!("and has to be at least {least}")),
            Holds::Within { min, max, one_of } => {
                fault(text, &field?, min.as_deref(), max.as_deref(), one_of)
            }
        }
    }

    /// What does not hold, in a file.
    #[must_use]
    pub fn finding(&self, path: &str, line: Option<usize>, message: &str) -> Finding {
        let message = match &self.message {
            Some(own) => format!("{own}: {message}"),
            None => message.to_owned(),
        };
        Finding {
            layer: Some(self.layer.clone()),
            demand: Some(self.place.clone()),
            warn_until: self.warn_until.clone(),
            ..Finding::new(Kind::Policy, &self.id, message).in_file(path).on_line(line)
        }
    }

    /// What could not be told, in a file.
    #[must_use]
    pub fn unknown(&self, path: &str, line: Option<usize>, message: &str) -> Finding {
        Finding {
            layer: Some(self.layer.clone()),
            demand: Some(self.place.clone()),
            ..Finding::note(&self.id, message).in_file(path).on_line(line)
        }
    }
}

/// A number's key without the table that pins it.
fn bare(key: &str) -> &str {
    key.strip_prefix("tune.").unwrap_or(key)
}
