//! Where answers come from, and the one place where they meet.

use std::collections::BTreeMap;

use crate::answers::adopted::Derived;
use crate::answers::draft::Draft;
use crate::answers::source::Origin;
use crate::answers::sticky;
use crate::detect::Facts;
use crate::error::Problem;
use crate::preset::Preset;
use crate::relpath::RelPath;
use crate::schema::entries::Entry;

/// Everything that answers come from. Which of two that speak of one key holds
/// is for the order of [`Origin`] to say, not for the order here.
#[derive(Clone, Debug, Default)]
pub struct Sources<'a> {
    /// The preset, with its layers.
    pub preset: Option<&'a Preset>,
    /// A name for a project that nobody names, and where it is from.
    pub name: Option<(String, Origin)>,
    /// What was written before and stays, by key.
    pub sticky: Option<&'a BTreeMap<String, String>>,
    /// What was known of the code when it was written.
    pub derived: Option<&'a Derived>,
    /// Digests of images that were asked for before, by complete reference.
    pub digests: Option<&'a BTreeMap<String, String>>,
    /// Where outputs went whose own path somebody else's file has.
    pub alternates: BTreeMap<RelPath, RelPath>,
    /// What was found in the repository.
    pub facts: Option<&'a Facts>,
    /// `dockwright.toml`.
    pub entries: &'a [Entry],
    /// `KEY=VALUE`, as `--set` has it.
    pub set: &'a [String],
    /// Keys, and what was answered.
    pub prompts: &'a [(String, String)],
}

/// Answers, and what is to say of how they came together.
#[derive(Clone, Debug)]
pub struct Assembled {
    /// The answers.
    pub draft: Draft,
    /// What a person should know of what was found.
    pub notes: Vec<String>,
    /// What an update offers and does not take by itself.
    pub offers: Vec<String>,
}

impl<'a> Sources<'a> {
    /// A preset, and nobody who says anything else.
    #[must_use]
    pub fn of(preset: &'a Preset) -> Self {
        Self { preset: Some(preset), ..Self::default() }
    }

    /// What people say, whoever is heard in the end; flags are `KEY=VALUE` by
    /// now.
    fn explicit(&self) -> impl Iterator<Item = (&'a str, &'a str, Origin)> + use<'a> {
        // Which preset it is was read before.
        let is_key = |entry: &&Entry| entry.key != "preset" && !entry.key.starts_with("preset.");
        let of_file = self.entries.iter().filter(is_key);
        let of_file =
            of_file.map(|e| (e.key.as_str(), e.text.as_str(), Origin::File(e.place.clone())));
        let flags = self.set.iter().filter_map(|flag| flag.split_once('='));
        let flags = flags.map(|(key, text)| (key.trim(), text, Origin::Flag));
        let prompts = self.prompts.iter();
        let prompts = prompts.map(|(key, text)| (key.as_str(), text.as_str(), Origin::Prompt));
        of_file.chain(flags).chain(prompts)
    }

    /// What people say of a key, as they wrote it.
    #[must_use]
    pub fn explicit_text(&self, key: &str) -> Option<&'a str> {
        let of_key = self.explicit().filter(|(name, ..)| *name == key);
        of_key.max_by_key(|(.., origin)| origin.rank()).map(|(_, text, _)| text)
    }

    /// The answers.
    ///
    /// # Errors
    /// Problems of all sources together, each with its place: unknown keys,
    /// values that a key refuses.
    pub fn assemble(&self) -> Result<Assembled, Vec<Problem>> {
        let preset = self.preset.map(Draft::of_preset).transpose()?;
        let mut draft = preset.unwrap_or_default();
        if let Some((name, origin)) = &self.name {
            // One that is no name is asked for.
            let _ = draft.set("project.name", name, origin.clone());
        }
        let mut offers = self.sticky.map(|kept| sticky::keep(&mut draft, kept)).unwrap_or_default();
        let mut notes = match self.facts {
            // Numbers that were there are taken once: what was edited since may be ours.
            Some(facts) => draft.adopt(facts, self.derived.is_none()),
            None => Vec::new(),
        };
        draft.derived = match (self.facts.map(Derived::of), self.derived) {
            (Some(found), Some(stored)) => found.remembering(stored),
            (found, stored) => found.or_else(|| stored.cloned()).unwrap_or_default(),
        };
        draft.place(self.alternates.clone());
        draft.digests = self.digests.cloned().unwrap_or_default();
        let mut problems = Vec::new();
        for (key, text, origin) in self.explicit() {
            problems.extend(draft.set(key, text, origin).err());
        }
        for flag in self.set.iter().filter(|flag| !flag.contains('=')) {
            problems.push(Problem::new("expected KEY=VALUE").at(format!("--set {flag}")));
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        notes.extend(outdated(&draft));
        offers.retain(|(key, _)| draft.sourced(key).is_some_and(|s| s.origin == Origin::Sticky));
        let offers = offers.into_iter().map(|(_, offer)| offer).collect();
        Ok(Assembled { draft, notes, offers })
    }
}

/// Where `dockwright.toml` says something else than the repository does by
/// now. It is not taken, so that what people decided stays.
fn outdated(draft: &Draft) -> Vec<String> {
    let mut notes = Vec::new();
    for (key, sourced) in draft.all_sourced() {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answers::document;
    use crate::detect::facts::Python;
    use crate::detect::{Evidence, Fact};
    use crate::preset;

    #[test]
    fn each_source_holds_before_the_ones_below_it() {
        let preset = preset::find("django-nginx").unwrap();
        let entries = document::read(document::FILE, "[project]\npython = \"3.12\"\n").unwrap();
        let python = Python { version: "3.11".into(), constraint: None, source: "file".into() };
        let facts = Facts {
            python: Fact::known(python, Evidence::line(".python-version", 1, "3.11")),
            ..Facts::default()
        };
        let sticky = BTreeMap::from([("project.python".to_owned(), "3.10".to_owned())]);
        let set = ["project.python=3.13".to_owned()];
        let prompts = [("project.python".to_owned(), "3.14".to_owned())];
        let python = |sources: &Sources<'_>| {
            let assembled = sources.assemble().unwrap();
            (assembled.draft.text("project.python"), assembled.notes.len(), assembled.offers.len())
        };
        let mut sources = Sources {
            sticky: Some(&sticky),
            facts: Some(&facts),
            entries: &entries,
            set: &set,
            prompts: &prompts,
            ..Sources::of(&preset)
        };
        assert_eq!(python(&sources), ("3.14".to_owned(), 0, 0));
        sources.prompts = &[];
        assert_eq!(python(&sources), ("3.13".to_owned(), 0, 0));
        sources.set = &[];
        // The file says something else than the code does by now.
        assert_eq!(python(&sources), ("3.12".to_owned(), 1, 0));
        sources.entries = &[];
        assert_eq!(python(&sources), ("3.11".to_owned(), 0, 0));
        sources.facts = None;
        assert_eq!(python(&sources), ("3.10".to_owned(), 0, 1));
    }

    #[test]
    fn problems_of_all_sources_come_together() {
        let preset = preset::find("fastapi-uvicorn").unwrap();
        let entries = document::read(document::FILE, "[stack]\ndatabse = \"none\"\n").unwrap();
        let set = ["deploy.cpus=many".to_owned(), "deploy.memory".to_owned()];
        let sources = Sources { entries: &entries, set: &set, ..Sources::of(&preset) };
        assert_eq!(sources.assemble().unwrap_err().len(), 3);
    }
}
