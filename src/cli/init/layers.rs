//! Where the answers come from: preset, facts, `dockwright.toml`, flags.

use std::path::{Path, PathBuf};

use crate::answers::adopted::Derived;
use crate::answers::document::{self, Entry};
use crate::answers::{Draft, Origin};
use crate::apply::bookkeeping::{FileEntry, FileState, LOCK, Lock, has_base};
use crate::cli::init::safe::Additions;
use crate::cli::{Choices, input};
use crate::detect::facts::Connection;
use crate::detect::readiness::Lack;
use crate::detect::{self, Evidence, Fact, Facts, Wishes};
use crate::error::Error;
use crate::preset::Preset;
use crate::project;
use crate::schema::value::label_near;
use crate::update::sticky;

/// Everything that was read before anything is decided.
#[derive(Clone, Debug)]
pub struct Layers {
    /// The directory.
    pub dir: PathBuf,
    /// The flags.
    pub choices: Choices,
    /// What the repository is.
    pub facts: Facts,
    /// `dockwright.toml`, where there is one.
    pub entries: Option<Vec<Entry>>,
    /// The lock, where there is one.
    pub lock: Option<Lock>,
    /// Answers to what was ambiguous, as keys and values.
    pub answers: Vec<(String, String)>,
    /// The additions of the checklist that are made.
    pub additions: Additions,
}

impl Layers {
    /// Reads the directory.
    ///
    /// # Errors
    /// Flags that are malformed, a `dockwright.toml` or a lock that is wrong,
    /// a directory that cannot be read.
    pub fn read(dir: &Path, choices: &Choices) -> Result<Self, Error> {
        let entries = input::document(dir)?;
        let mut layers = Self {
            dir: dir.to_owned(),
            choices: choices.clone(),
            facts: Facts::default(),
            entries,
            lock: Lock::read(dir)?,
            answers: Vec::new(),
            additions: Additions::default(),
        };
        // Wrong flags are worth saying before a large repository is read.
        layers.draft()?;
        layers.detect()?;
        Ok(layers)
    }

    /// Takes an answer, and looks again with it.
    ///
    /// # Errors
    /// A directory that cannot be read.
    pub fn answer(&mut self, key: &str, text: &str) -> Result<(), Error> {
        self.answers.push((key.to_owned(), text.to_owned()));
        self.detect()
    }

    /// Makes the safe additions of the checklist, and looks again with them:
    /// what is a dependency by then needs no layer of its own.
    ///
    /// # Errors
    /// A directory or a file that cannot be read.
    pub fn add_what_is_safe(&mut self) -> Result<(), Error> {
        self.additions = Additions::of(&self.dir, &self.facts.readiness)?;
        self.detect()
    }

    /// The checklist: each lack, and whether it is mended in this run.
    pub fn checklist(&self) -> impl Iterator<Item = (&Lack, bool)> {
        let mended = self.additions.lacks.iter().map(|lack| (lack, true));
        let same = |lack: &Lack| {
            self.additions
                .lacks
                .iter()
                .any(|other| other.kind == lack.kind && other.path == lack.path)
        };
        mended.chain(
            self.facts.readiness.iter().filter(move |lack| !same(lack)).map(|lack| (lack, false)),
        )
    }

    /// Takes the last answer back; false where there is none.
    ///
    /// # Errors
    /// A directory that cannot be read.
    pub fn forget(&mut self) -> Result<bool, Error> {
        let forgot = self.answers.pop().is_some();
        if forgot {
            self.detect()?;
        }
        Ok(forgot)
    }

    /// Whether `dockwright new` wrote the code: then there is nothing to find
    /// out about it.
    #[must_use]
    pub fn made_by_new(&self) -> bool {
        let derived = self.lock.as_ref().map(|lock| lock.derived.is_some());
        derived == Some(false) && self.said("project.app").is_none()
    }

    fn detect(&mut self) -> Result<(), Error> {
        if self.made_by_new() {
            return Ok(());
        }
        let wishes = Wishes {
            root: self.said("project.root"),
            app: self.said("project.app").map(|app| app.trim_end_matches("()").to_owned()),
            package_manager: self.said("project.package-manager"),
            settings: self.said("project.settings"),
            python: self.said("project.python"),
            written: self.written(),
            additions: self.additions.texts(),
        };
        self.facts = detect::detect(&self.dir, &wishes)?;
        self.carry_on();
        Ok(())
    }

    /// Files that were written before, whole: nothing follows from them that
    /// was not known when they were written.
    fn written(&self) -> Vec<String> {
        let whole =
            |entry: &&FileEntry| entry.state == FileState::Clean && has_base(entry.ownership);
        let files = self.lock.iter().flat_map(|lock| &lock.file);
        files.filter(whole).map(|entry| entry.path.clone()).collect()
    }

    /// What a compose file ran before ours took its place goes on.
    fn carry_on(&mut self) {
        let carried = self.lock.as_ref().and_then(|lock| lock.derived.as_ref()?.carried.clone());
        if let Some(carried) = carried
            && self.written().contains(&carried.file)
        {
            self.facts.carried = Fact::known(carried, Evidence::file(LOCK));
        }
    }

    /// The directory's name, in the form a service's name has: the directory
    /// was not named for dockwright.
    fn name(&self, draft: &mut Draft) {
        let directory = input::name_of(&self.dir);
        let near = directory.as_deref().and_then(label_near).or(directory);
        if let Some(name) = near
            && draft.said("project.name").is_none()
        {
            let origin = Origin::Found("the directory's name".into());
            // One without a letter is asked for.
            let _ = draft.set("project.name", &name, origin);
        }
    }

    /// What `dockwright.toml`, a flag or an answer says of a key.
    #[must_use]
    pub fn said(&self, key: &str) -> Option<String> {
        let answered = self.answers.iter().rev().find(|(name, _)| name == key);
        if let Some((_, text)) = answered {
            return Some(text.clone());
        }
        let flags = self.choices.set.iter().rev();
        let flag =
            flags.filter_map(|flag| flag.split_once('=')).find(|(name, _)| name.trim() == key);
        if let Some((_, text)) = flag {
            return Some(text.to_owned());
        }
        let entries = self.entries.iter().flatten();
        entries.filter(|entry| entry.key == key).map(|entry| entry.text.clone()).next()
    }

    /// The preset: the one that was named, or the built-in one whose parts fit
    /// what was found.
    ///
    /// # Errors
    /// An unknown preset.
    pub fn preset(&self) -> Result<Preset, Error> {
        let lock = self.lock.as_ref();
        if let Some(reference) = &self.choices.preset {
            return input::preset(reference, &self.dir, lock);
        }
        let entries = self.entries.as_deref().unwrap_or_default();
        match project::named_preset(entries, &self.dir, lock)? {
            Some(preset) => Ok(preset),
            None => input::preset(fitting(&self.facts), &self.dir, lock),
        }
    }

    /// The answers so far, and what of the facts has no answer.
    ///
    /// # Errors
    /// Problems of flags and `dockwright.toml`.
    pub fn draft(&self) -> Result<(Draft, Vec<String>), Error> {
        self.draft_from(&self.preset()?)
    }

    /// The same with another preset.
    ///
    /// # Errors
    /// Problems of flags and `dockwright.toml`.
    pub fn draft_from(&self, preset: &Preset) -> Result<(Draft, Vec<String>), Error> {
        let mut draft = Draft::of_preset(preset).map_err(Error::Input)?;
        if let Some(lock) = &self.lock {
            let entries = self.entries.as_deref().unwrap_or_default();
            // What an update would offer is its to say.
            let _ = sticky::keep(&mut draft, lock, entries, &self.choices.set);
        }
        let mut notes = match self.made_by_new() {
            true => Vec::new(),
            false => draft.adopt(&self.facts),
        };
        let stored = self.lock.as_ref().and_then(|lock| lock.derived.as_ref());
        if let Some(stored) = stored {
            draft.derive(remembered(draft.derived().clone(), stored));
        }
        if let Some(entries) = &self.entries {
            document::apply(entries, &mut draft).map_err(Error::Input)?;
        }
        input::apply_flags(&self.choices, &mut draft)?;
        for (key, text) in &self.answers {
            draft.set(key, text, Origin::Prompt).map_err(Error::input)?;
        }
        self.name(&mut draft);
        notes.extend(outdated(&draft));
        Ok((draft, notes))
    }
}

/// What is found now, with what only files said that ours have replaced since.
fn remembered(mut found: Derived, stored: &Derived) -> Derived {
    let now = std::mem::take(&mut found.connections);
    let again =
        |old: &Connection| now.iter().find(|new| new.name == old.name).unwrap_or(old).clone();
    let known = |new: &&Connection| stored.connections.iter().any(|old| old.name == new.name);
    found.connections = stored.connections.iter().map(again).collect();
    found.connections.extend(now.iter().filter(|new| !known(new)).cloned());
    found.broker = found.broker.or_else(|| stored.broker.clone());
    found.database = found.database.or_else(|| stored.database.clone());
    found.database_driver = found.database_driver.or_else(|| stored.database_driver.clone());
    found
}

/// Where `dockwright.toml` says something else than the repository does by
/// now. It is not detected again, so that what people decided stays.
fn outdated(draft: &Draft) -> Vec<String> {
    let mut notes = Vec::new();
    for (key, sourced) in draft.all_said() {
        let Origin::File(place) = &sourced.origin else { continue };
        for (found, origin) in &sourced.shadowed {
            if let Origin::Detected(evidence) = origin
                && let Some(line) = evidence.first()
                && *found != sourced.value
            {
                notes.push(format!(
                    "{place} says {key} = {}, and so it stays; {} says {found}",
                    sourced.value,
                    line.place()
                ));
            }
        }
    }
    notes
}

/// The built-in preset whose parts are found in the repository.
fn fitting(facts: &Facts) -> &'static str {
    let known = |fact: &detect::Fact<String>, word: &str| fact.value().is_some_and(|v| v == word);
    let installs =
        |name: &str| facts.packages.iter().any(|package| package.split('[').next() == Some(name));
    if known(&facts.framework, "django") {
        "django-nginx"
    } else if facts.celery.is_known() {
        "celery-postgres-redis"
    } else if facts.ml.is_known() {
        "ml-server"
    } else if installs("gunicorn") {
        "fastapi-gunicorn"
    } else {
        "fastapi-uvicorn"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::facts::Celery;

    #[test]
    fn what_only_a_replaced_file_said_is_remembered() {
        use crate::detect::facts::Meaning;
        let told = |name: &str, meaning| Connection { name: name.into(), meaning };
        let stored = Derived {
            broker: Some("rabbitmq".into()),
            connections: vec![
                told("BROKER", Meaning::BrokerUrl),
                told("DB", Meaning::DatabaseHost),
            ],
            ..Derived::default()
        };
        let found = Derived {
            connections: vec![told("DB", Meaning::DatabaseName), told("CACHE", Meaning::CacheUrl)],
            ..Derived::default()
        };
        let derived = remembered(found, &stored);
        assert_eq!(derived.broker.as_deref(), Some("rabbitmq"));
        assert_eq!(
            derived.connections,
            [
                told("BROKER", Meaning::BrokerUrl),
                told("DB", Meaning::DatabaseName),
                told("CACHE", Meaning::CacheUrl)
            ]
        );
    }

    #[test]
    fn the_preset_follows_from_what_was_found() {
        let line = Evidence::file("x");
        let mut facts = Facts::default();
        assert_eq!(fitting(&facts), "fastapi-uvicorn");
        facts.packages = vec!["gunicorn[gevent]".into()];
        assert_eq!(fitting(&facts), "fastapi-gunicorn");
        let celery = Celery { app: "jobs:app".into(), beat: false };
        facts.celery = Fact::known(celery, line.clone());
        assert_eq!(fitting(&facts), "celery-postgres-redis");
        facts.framework = Fact::known("django".into(), line);
        assert_eq!(fitting(&facts), "django-nginx");
    }
}
