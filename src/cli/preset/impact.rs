//! `dockwright preset impact`: what a version of a preset would do to
//! repositories, before it is released.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use crate::apply::bookkeeping::{LOCK, Lock};
use crate::apply::written_by;
use crate::cli::many::{self, Done};
use crate::cli::{Format, report};
use crate::error::{Error, Problem};
use crate::policy::Violation;
use crate::preset::Reference;
use crate::update::{self, FileUpdate, Options, Update, Wanted, What};

/// Examples for `--help`.
pub const EXAMPLES: &str = "Examples:
  dockwright preset impact . ../services/*
  dockwright preset impact git+ssh://git@example.com/platform/presets#next:web services/* --format json

Each repository is one of: clean, merged, conflict (both sides changed the same place), policy
(a lock, a floor or a rule of the preset does not hold), failed, not dockwright's. A demand that
only warns yet is told, and is no policy until its day.
Exit code 1 where one is conflict or policy, 3 where one failed.";

/// What `dockwright preset impact` takes.
#[derive(Debug, Args)]
pub struct Impact {
    /// Built-in name, directory, or git+URL#REV[:DIRECTORY]
    #[arg(value_name = "REF")]
    reference: String,
    /// Repositories
    #[arg(required = true, value_name = "DIR")]
    dirs: Vec<PathBuf>,
    /// How to report
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What would come of one repository.
enum Effect {
    /// It takes the version; demands that only warn yet do not hold.
    Taken(Box<Update>, Vec<Violation>),
    /// Demands that do not hold.
    Policy(Vec<Violation>),
    /// There is no lock.
    Foreign,
}

impl Effect {
    fn word(&self) -> &'static str {
        match self {
            Self::Policy(_) => "policy",
            Self::Foreign => "not dockwright's",
            Self::Taken(update, _) if update.conflicts().next().is_some() => "conflict",
            Self::Taken(update, _) if update.files.iter().any(|f| f.what == What::Merged) => {
                "merged"
            }
            Self::Taken(..) => "clean",
        }
    }
}

/// Says what the version would do.
///
/// # Errors
/// A reference that is none; repositories that conflict, break the policy, or
/// cannot be judged.
pub fn run(impact: &Impact) -> Result<(), Error> {
    let reference = Reference::parse(&impact.reference).map_err(Error::input)?;
    let done = many::each(&impact.dirs, "judging", |dir| of(dir, &reference));
    match impact.format {
        Format::Human => report::print(&human(&done))?,
        Format::Json => report::json(&json_of(&impact.reference, &done))?,
    }
    verdict(&done)
}

fn of(dir: &Path, reference: &Reference) -> Result<Effect, Error> {
    if !dir.is_dir() {
        return Err(Error::input(Problem::new(format!("{} is no directory", dir.display()))));
    }
    if Lock::read(dir)?.is_none() {
        return Ok(Effect::Foreign);
    }
    let wanted = Wanted::Other(reference.clone().seen_from(dir));
    let options = Options { wanted, ..Options::default() };
    let (soft, hard): (Vec<Violation>, Vec<Violation>) =
        update::violations(dir, &options)?.into_iter().partition(Violation::only_warns);
    if !hard.is_empty() {
        return Ok(Effect::Policy(hard));
    }
    Ok(Effect::Taken(Box::new(Update::of(dir, &options)?), soft))
}

fn human(done: &[Done<Effect>]) -> String {
    let rows = done.iter().map(|done| {
        let dir = done.dir.display().to_string();
        match &done.result {
            Err(error) => [dir, "failed".to_owned(), error.to_string()],
            Ok(effect) => [dir, effect.word().to_owned(), details(effect)],
        }
    });
    let mut text = report::table(["repository", "result", "what"], rows);
    let words = ["clean", "merged", "conflict", "policy", "failed", "not dockwright's"];
    let count = |word: &str| done.iter().filter(|done| self::word(done) == word).count();
    let counts: Vec<String> = words
        .iter()
        .filter(|word| count(word) > 0)
        .map(|word| format!("{} {word}", count(word)))
        .collect();
    text.push_str(&format!("\n{}\n", counts.join(", ")));
    text
}

fn word(done: &Done<Effect>) -> &'static str {
    done.result.as_ref().map_or("failed", Effect::word)
}

/// Which files, or which demands; a line each.
fn details(effect: &Effect) -> String {
    match effect {
        Effect::Foreign => format!("there is no {LOCK}"),
        Effect::Policy(violations) => {
            let lines: Vec<String> = violations.iter().map(in_words).collect();
            lines.join("\n")
        }
        Effect::Taken(update, soft) => {
            let mut words: Vec<&str> = Vec::new();
            for file in told(update) {
                if !words.contains(&file.what.word()) {
                    words.push(file.what.word());
                }
            }
            let mut lines: Vec<String> = words
                .iter()
                .map(|word| {
                    let files = told(update).filter(|file| file.what.word() == *word);
                    let paths: Vec<&str> = files.map(|file| file.path.as_str()).collect();
                    format!("{word}: {}", paths.join(", "))
                })
                .collect();
            lines.extend(update.files.iter().flat_map(FileUpdate::decisions));
            lines.extend(soft.iter().map(|violation| {
                let until = violation.requirement.warn_until.as_deref().unwrap_or_default();
                format!("warns until {until}: {}", in_words(violation))
            }));
            if lines.is_empty() { "nothing would change".to_owned() } else { lines.join("\n") }
        }
    }
}

fn in_words(violation: &Violation) -> String {
    format!("{} ({})", violation.message(), violation.requirement.layer)
}

/// Files that there is something to say of: that `dockwright.toml` names what wrote it is
/// no effect of a preset.
fn told(update: &Update) -> impl Iterator<Item = &FileUpdate> {
    let files = update.files.iter().filter(|file| file.why != written_by::WHY);
    files.filter(|file| !file.what.is_quiet() || !file.values.is_empty())
}

/// `preset`, `repositories[{directory, result, files[{path, what, why, values}],
/// breaches[{key, message, layer, place, said, warn_until}], notes[], error}]`.
fn json_of(reference: &str, done: &[Done<Effect>]) -> Value {
    let repositories: Vec<Value> = done
        .iter()
        .map(|done| {
            let mut value = json!({
                "directory": done.dir,
                "result": word(done),
                "files": [],
                "breaches": [],
                "notes": [],
                "error": null,
            });
            match &done.result {
                Err(error) => value["error"] = json!(error.to_string()),
                Ok(Effect::Foreign) => {}
                Ok(Effect::Policy(violations)) => {
                    value["breaches"] = violations.iter().map(violation).collect();
                }
                Ok(Effect::Taken(update, soft)) => {
                    value["breaches"] = soft.iter().map(violation).collect();
                    value["files"] = told(update)
                        .map(|file| {
                            json!({
                                "path": file.path,
                                "what": file.what.word(),
                                "why": file.why,
                                "values": file.values(),
                            })
                        })
                        .collect();
                    value["notes"] = json!(update.notes);
                }
            }
            value
        })
        .collect();
    json!({ "preset": reference, "repositories": repositories })
}

fn violation(violation: &Violation) -> Value {
    json!({
        "key": violation.subject,
        "message": violation.message(),
        "layer": violation.requirement.layer,
        "place": violation.requirement.place.to_string(),
        "said": violation.set_by,
        "warn_until": violation.requirement.warn_until,
    })
}

fn verdict(done: &[Done<Effect>]) -> Result<(), Error> {
    let code = |effect: &Effect| u8::from(matches!(effect.word(), "conflict" | "policy"));
    let worst = many::worst(done, code);
    if worst == 0 {
        return Ok(());
    }
    let count = |word: &str| done.iter().filter(|done| self::word(done) == word).count();
    let message = format!(
        "of {} repositories, {} would conflict, {} would break the policy and {} failed",
        done.len(),
        count("conflict"),
        count("policy"),
        count("failed"),
    );
    Err(Error::Ended { code: worst, message })
}
