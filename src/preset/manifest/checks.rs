//! What a manifest says, held against the schema and against itself.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use crate::catalog::VERSIONS;
use crate::error::{Place, Problem, nearest};
use crate::preset::manifest::{Floor, Manifest, Migration, Step};
use crate::preset::rule::{Constraint, Rule};
use crate::schema::entries::Entry;
use crate::schema::value::Kind;
use crate::schema::{self, Field, numbers};
use crate::version;

/// Everything that contradicts the schema or itself.
#[must_use]
pub fn problems(manifest: &Manifest) -> Vec<Problem> {
    let mut problems: Vec<Problem> = Vec::new();
    problems.extend(manifest.defaults.iter().chain(&manifest.locked).filter_map(value));
    problems.extend(manifest.defaults.iter().filter_map(|entry| unlocked(entry, manifest)));
    problems.extend(manifest.floors.iter().filter_map(floor));
    for (index, rule) in manifest.rules.iter().enumerate() {
        problems.extend(bounds(rule));
        let before = &manifest.rules[..index];
        if let Some(same) = before.iter().find(|other| is_same(other, rule)) {
            problems.push(
                Problem::new(format!("it tests what the rule at line {} tests", same.place.line))
                    .at(rule.place.to_string())
                    .help("make one rule of the two"),
            );
        }
        let name = rule.name.as_ref();
        if let Some(same) = before.iter().find(|other| name.is_some() && other.name == rule.name) {
            problems.push(
                Problem::new(format!("the rule at line {} has this id", same.place.line))
                    .at(rule.place.to_string())
                    .help("a waiver names one rule by its id"),
            );
        }
    }
    problems.extend(migrations(manifest));
    problems
}

/// Whether a key is there and takes the value.
fn value(entry: &Entry) -> Option<Problem> {
    let at = |problem: Problem| Some(problem.at(entry.place.to_string()));
    let Some(field) = schema::find(&entry.key) else {
        return at(schema::unknown(&entry.key));
    };
    let message = field.kind.read(&entry.text).err()?;
    at(Problem::new(format!("{}: {message}", entry.key)))
}

/// A default that a lock of the same file contradicts.
fn unlocked(entry: &Entry, manifest: &Manifest) -> Option<Problem> {
    let lock = manifest.locked.iter().find(|lock| lock.key == entry.key)?;
    let kind = schema::find(&entry.key)?.kind;
    let (one, other) = (kind.read(&entry.text).ok()?, kind.read(&lock.text).ok()?);
    (one != other).then(|| {
        Problem::new(format!("{} = {one}: it is locked to {other} at {}", entry.key, lock.place))
            .at(entry.place.to_string())
            .help("a locked value is its own default: leave this line out")
    })
}

/// The subjects that a floor may have.
fn subjects() -> Vec<String> {
    let images = VERSIONS.images.keys().map(|name| format!("images.{name}"));
    let tools = VERSIONS.tools.keys().map(|name| format!("tools.{name}"));
    ["python".to_owned(), "dockwright".to_owned()].into_iter().chain(images).chain(tools).collect()
}

fn floor(floor: &Floor) -> Option<Problem> {
    let Floor { subject, least, place } = floor;
    let subjects = subjects();
    let problem = if !subjects.contains(subject) {
        let problem = Problem::new(format!("no floor is known for `{subject}`"));
        match nearest(subject, subjects.iter().map(String::as_str)) {
            Some(near) => problem.help(format!("did you mean `{near}`?")),
            None => problem.help(format!("there are {}", subjects.join(", "))),
        }
    } else if version::compare(least, least) != Some(Ordering::Equal) {
        Problem::new(format!("{subject}: `{least}` is no version")).help("like 3.12, or 17")
    } else {
        return None;
    };
    Some(problem.at(place.to_string()))
}

/// The field by which a rule's values are read.
fn ruled(key: &str) -> Option<Field> {
    let number = key.strip_prefix("tune.").unwrap_or(key);
    schema::find(&format!("tune.{number}")).or_else(|| schema::find(key))
}

fn bounds(rule: &Rule) -> Vec<Problem> {
    let Constraint::Within { min, max, one_of } = &rule.constraint else { return Vec::new() };
    let key = &rule.key;
    let at = |problem: Problem| problem.at(rule.place.to_string());
    let Some(field) = ruled(key) else {
        let numbers: Vec<String> = numbers::all().map(|key| key.name()).collect();
        let answers = schema::fields().chain(schema::service_fields()).map(|field| field.name);
        let names: Vec<String> = answers.chain(numbers).collect();
        let problem = Problem::new(format!("a rule on `{key}`, which is no answer and no number"));
        let near = nearest(key, names.iter().map(String::as_str)).map(str::to_owned);
        return vec![at(match near.or_else(|| schema::nearest(key)) {
            Some(near) => problem.help(format!("did you mean `{near}`?")),
            None => {
                problem.help("`dockwright schema config` lists answers, `dockwright plan` numbers")
            }
        })];
    };
    let mut problems = Vec::new();
    let given = [("min", min), ("max", max)];
    for (name, bound) in given.iter().filter_map(|(name, bound)| Some((*name, bound.as_ref()?))) {
        if !has_order(&field) {
            problems
                .push(at(Problem::new(format!("{key} is no amount, so that it has no {name}"))
                    .help("equals or one-of")));
        } else if let Err(message) = field.kind.read(bound) {
            problems.push(at(Problem::new(format!("{name}: {message}"))));
        }
    }
    for one in one_of {
        if let Err(message) = field.kind.read(one) {
            problems.push(at(Problem::new(format!("{key}: {message}"))));
        }
    }
    if let (Some(min), Some(max), true) = (min, max, problems.is_empty())
        && order(&field, min, max) == Some(Ordering::Greater)
    {
        problems.push(at(Problem::new(format!("nothing is at least {min} and at most {max}"))));
    }
    problems
}

fn has_order(field: &Field) -> bool {
    let amount = matches!(field.kind, Kind::Count(..) | Kind::Seconds | Kind::Memory | Kind::Cpus);
    amount || field.name == "project.python"
}

fn order(field: &Field, one: &str, other: &str) -> Option<Ordering> {
    match field.name.as_str() {
        "project.python" => version::compare(one, other),
        _ => Some(field.kind.read(one).ok()?.cmp(&field.kind.read(other).ok()?)),
    }
}

/// Whether two rules test the same, so that one of them is a mistake.
fn is_same(one: &Rule, other: &Rule) -> bool {
    match (&one.constraint, &other.constraint) {
        (
            Constraint::Within { min, max, one_of },
            Constraint::Within { min: least, max: most, one_of: words },
        ) => {
            let plain =
                |rule: &Rule| rule.key.strip_prefix("tune.").unwrap_or(&rule.key).to_owned();
            plain(one) == plain(other)
                && (min.is_some() && least.is_some()
                    || max.is_some() && most.is_some()
                    || !one_of.is_empty() && !words.is_empty())
        }
        (
            Constraint::Lines { path: one, require, forbid },
            Constraint::Lines { path: other, require: required, forbid: forbidden },
        ) => {
            let text = |regex: &Option<regex::Regex>| regex.as_ref().map(ToString::to_string);
            one == other && text(require) == text(required) && text(forbid) == text(forbidden)
        }
        _ => false,
    }
}

fn migrations(manifest: &Manifest) -> Vec<Problem> {
    let mut problems = Vec::new();
    let all = &manifest.migrations;
    for (index, migration) in all.iter().enumerate() {
        let at = |problem: Problem| problem.at(migration.place.to_string());
        if migration.before > manifest.version {
            problems.push(at(Problem::new(format!(
                "before = {}: this is version {}, so that it never applies",
                migration.before, manifest.version
            ))
            .help("before is the first version that has the change")));
        }
        if all[..index].iter().any(|earlier| earlier.before > migration.before) {
            problems.push(at(Problem::new(format!(
                "before = {} stands after a later version",
                migration.before
            ))
            .help("migrations stand in the order of their versions, the oldest first")));
        }
        problems.extend(step(migration, &all[index + 1..]).map(at));
    }
    problems
}

/// What is wrong with what a migration does, unless a later one goes on from
/// there.
fn step(migration: &Migration, later: &[Migration]) -> Option<Problem> {
    let goes_on: BTreeSet<&str> = later
        .iter()
        .map(|later| match &later.step {
            Step::Rename { from, .. } => from.as_str(),
            Step::Map { key, .. } | Step::Remove(key) => key.as_str(),
        })
        .collect();
    match &migration.step {
        Step::Rename { from, to } if from == to => {
            Some(Problem::new(format!("`{from}` is renamed to itself")))
        }
        Step::Rename { from, to } if from.starts_with("files.") != to.starts_with("files.") => {
            Some(Problem::new(format!(
                "`{from}` and `{to}`: of two outputs both begin with files."
            )))
        }
        Step::Rename { to, .. } => (schema::find(to).is_none() && !goes_on.contains(to.as_str()))
            .then(|| schema::unknown(to)),
        Step::Map { key, .. } if goes_on.contains(key.as_str()) => None,
        Step::Map { key, values } => match schema::find(key) {
            None => Some(schema::unknown(key)),
            Some(field) => values.values().find_map(|new| {
                let message = field.kind.read(new).err()?;
                Some(Problem::new(format!("{key}: {message}")))
            }),
        },
        Step::Remove(_) => None,
    }
}

/// A manifest that builds on the directory it is in.
#[must_use]
pub fn extends_itself(path: &str) -> bool {
    path.split('/').all(|part| matches!(part, "" | ".")) && !path.starts_with('/')
}

/// Whether a name can stand in messages and locks.
///
/// # Errors
/// Why not.
pub fn name(name: &str, place: &Place) -> Result<(), Problem> {
    let plain = !name.is_empty()
        && name.len() <= 60
        && name.chars().all(|c| c.is_alphanumeric() || "-_.".contains(c));
    if plain {
        return Ok(());
    }
    Err(Problem::new(format!("`{}` is no name of a preset", name.escape_debug()))
        .at(place.to_string())
        .help("at most 60 letters, digits, hyphens, dots and underscores"))
}
