//! What the repository says in two ways: the candidates, each with its
//! evidence, and the key that decides.

use std::collections::BTreeMap;

use crate::answers::adopt::python_for;
use crate::answers::brought;
use crate::cli::init::layers::Layers;
use crate::detect::report::rows;
use crate::detect::{Evidence, Fact};
use crate::error::{Error, Problem};
use crate::schema::ADOPTED_PYTHONS;

/// A fact with several answers of equal rank, or with one that no key takes.
#[derive(Clone, Debug)]
pub struct Ambiguity {
    /// The key that decides.
    pub key: &'static str,
    /// What is asked.
    pub question: &'static str,
    /// Why the repository does not decide it.
    pub why: String,
    /// The values of the key, each with its evidence.
    pub candidates: Vec<(String, Vec<Evidence>)>,
}

/// Facts whose ambiguity matters: the fact, the key that decides, the
/// question.
const DECIDED_BY: [(&str, &str, &str); 12] = [
    ("root", "project.root", "Which application"),
    ("app", "project.app", "Which application object"),
    ("framework", "stack.framework", "Which framework"),
    ("settings", "project.settings", "Which settings"),
    ("package_manager", "project.package-manager", "Which package manager"),
    ("python", "project.python", "Which Python"),
    ("build_context", "project.build-context", "Which build context"),
    ("database", "stack.database", "Which database"),
    ("cache", "stack.cache", "Which cache"),
    ("broker", "stack.broker", "Which broker"),
    ("celery", "stack.celery-app", "Which Celery application"),
    ("migrations", "stack.migrations", "Which migrations"),
];

/// What is left open. An application is only asked for once it is clear where
/// it lives: another root has other ones.
#[must_use]
pub fn open(layers: &Layers) -> Vec<Ambiguity> {
    let rows = rows(&layers.facts);
    let mut open: Vec<Ambiguity> = Vec::new();
    for (fact, key, question) in DECIDED_BY {
        let Some(row) = rows.iter().find(|row| row.key == fact) else { continue };
        let follows = matches!(fact, "app" | "settings" | "framework" | "celery");
        let moot = follows && open.iter().any(|other| other.key == "project.root");
        if row.candidates.is_empty() || moot || layers.explicit(key).is_some() {
            continue;
        }
        let mut candidates: Vec<(String, Vec<Evidence>)> = Vec::new();
        for (value, evidence) in &row.candidates {
            let value = value_of(fact, value);
            match candidates.iter_mut().find(|(known, _)| *known == value) {
                Some((_, known)) => known.extend(evidence.iter().cloned()),
                None => candidates.push((value, evidence.clone())),
            }
        }
        if fact == "python" && !candidates.iter().any(|(version, _)| is_supported(version)) {
            candidates = every_python();
        }
        let why = match key {
            "project.root" => "there are several applications of equal rank".to_owned(),
            key => format!("it is not clear what {key} is"),
        };
        open.push(Ambiguity { key, question, why, candidates });
    }
    open.extend(too_old(layers));
    open
}

fn is_supported(python: &str) -> bool {
    ADOPTED_PYTHONS.contains(&python)
}

fn every_python() -> Vec<(String, Vec<Evidence>)> {
    ADOPTED_PYTHONS.iter().map(|version| ((*version).to_owned(), Vec::new())).collect()
}

/// A Python that nobody publishes a supported image for. On a much newer one
/// the pinned packages would not install, so nothing is taken in its place
/// without being asked.
fn too_old(layers: &Layers) -> Option<Ambiguity> {
    const KEY: &str = "project.python";
    let Fact::Known(python, evidence) = &layers.facts.python else { return None };
    let is_settled = python_for(python).is_some() || layers.explicit(KEY).is_some();
    if is_settled || layers.image_stays() {
        return None;
    }
    let place = match evidence.first() {
        Some(line) if line.text.is_empty() => format!(" ({})", line.place()),
        Some(line) => format!(" ({}: {})", line.place(), line.text),
        None => String::new(),
    };
    Some(Ambiguity {
        key: KEY,
        question: "Which Python",
        why: format!(
            "the code wants Python {}{place}, for which there is no supported base image: name a version that the code and its packages run on",
            python.version
        ),
        candidates: every_python(),
    })
}

/// A fact's value as its key takes it.
fn value_of(fact: &str, value: &serde_json::Value) -> String {
    let inner = match fact {
        "python" => &value["version"],
        "celery" => &value["app"],
        _ => value,
    };
    let text = inner.as_str().map_or_else(|| inner.to_string(), str::to_owned);
    match (fact, text.as_str()) {
        ("database", "postgres" | "none" | "external") => text,
        ("database", "sqlite") => "none".into(),
        ("database", other) => match brought::database(other) {
            Some(_) => "container".into(),
            None => "external".into(),
        },
        ("broker", "valkey") | ("cache", "valkey") => "redis".into(),
        ("broker", "rabbitmq") => "container".into(),
        ("broker", "sqs") => "external".into(),
        _ => text,
    }
}

/// Refuses what nobody answered, all of it together. Where the image stays, with
/// `adopts`, its Python does.
///
/// # Errors
/// The candidates with their evidence, and the flag that decides; a directory that
/// cannot be read.
pub fn check(layers: &Layers, adopts: bool) -> Result<(), Error> {
    let mut open = open(layers);
    let is_of_python = |own: &Ambiguity| own.key == "project.python";
    if adopts
        && open.iter().any(is_of_python)
        && layers.improvement(&BTreeMap::new(), &[])?.is_some()
    {
        open.retain(|own| !is_of_python(own));
    }
    let problems: Vec<Problem> = open.iter().map(problem).collect();
    if problems.is_empty() { Ok(()) } else { Err(Error::Input(problems)) }
}

fn problem(ambiguity: &Ambiguity) -> Problem {
    let mut message = ambiguity.why.clone();
    for (value, evidence) in &ambiguity.candidates {
        if evidence.is_empty() {
            continue;
        }
        message.push_str(&format!("\n  {value}"));
        if let Some(line) = evidence.first() {
            message.push_str(&format!("  ({}", line.place()));
            if !line.text.is_empty() {
                message.push_str(&format!(": {}", line.text));
            }
            message.push(')');
        }
    }
    let flags: Vec<String> = ambiguity
        .candidates
        .iter()
        .map(|(value, _)| format!("--set {}={value}", ambiguity.key))
        .collect();
    Problem::new(message).help(flags.join(", or "))
}
