//! What the repository says in two ways: the candidates, each with its
//! evidence, and the key that decides.

use crate::cli::init::layers::Layers;
use crate::detect::Evidence;
use crate::detect::report::rows;
use crate::error::{Error, Problem};

/// A fact with several answers of equal rank.
#[derive(Clone, Debug)]
pub struct Ambiguity {
    /// The key that decides.
    pub key: &'static str,
    /// What is asked.
    pub question: &'static str,
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
        if row.candidates.is_empty() || moot || layers.said(key).is_some() {
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
        open.push(Ambiguity { key, question, candidates });
    }
    open
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
        ("database", _) => "external".into(),
        ("broker", "valkey") | ("cache", "valkey") => "redis".into(),
        ("broker", "rabbitmq" | "sqs") => "external".into(),
        _ => text,
    }
}

/// Refuses what nobody answered, all of it together.
///
/// # Errors
/// The candidates with their evidence, and the flag that decides.
pub fn check(layers: &Layers) -> Result<(), Error> {
    let problems: Vec<Problem> = open(layers).iter().map(problem).collect();
    if problems.is_empty() { Ok(()) } else { Err(Error::Input(problems)) }
}

fn problem(ambiguity: &Ambiguity) -> Problem {
    let mut message = match ambiguity.key {
        "project.root" => "there are several applications of equal rank".to_owned(),
        key => format!("it is not clear what {key} is"),
    };
    for (value, evidence) in &ambiguity.candidates {
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
