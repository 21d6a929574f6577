//! What was answered so far. Any answer can change, the preset included, so
//! the draft is made anew from its layers whenever it is looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::answers::{Draft, Origin, Sources};
use crate::cli::init::layers::Layers;
use crate::cli::{Choices, input};
use crate::error::{Error, Problem};
use crate::plan::Plan;
use crate::preset::Preset;
use crate::project;
use crate::schema;

/// A draft, and what it leads to.
#[derive(Debug)]
pub struct Outcome {
    /// The answers.
    pub draft: Draft,
    /// The plan, or everything that stands against one.
    pub plan: Result<Plan, Vec<Problem>>,
    /// Numbers that were found and do not fit, so that they are not taken.
    pub unfitting: Vec<String>,
}

/// The answers of one run.
#[derive(Clone, Debug)]
pub struct Session {
    directory: PathBuf,
    choices: Choices,
    preset: Preset,
    preset_origin: Origin,
    answers: BTreeMap<String, String>,
    flagged: BTreeSet<String>,
    /// What was read of code that is already there.
    layers: Option<Layers>,
    /// Whether CPUs and memory are asked one by one.
    pub own_size: bool,
}

impl Session {
    /// Starts from the flags.
    ///
    /// # Errors
    /// Every problem of the flags themselves.
    pub fn new(directory: &Path, choices: &Choices) -> Result<Self, Error> {
        let preset_origin = match choices.preset {
            Some(_) => Origin::Flag,
            None => Origin::Builtin,
        };
        let reference = choices.preset.as_deref().unwrap_or(input::DEFAULT_PRESET);
        Self::with(directory, choices, input::preset(reference, directory, None)?, preset_origin)
    }

    fn with(
        directory: &Path,
        choices: &Choices,
        preset: Preset,
        preset_origin: Origin,
    ) -> Result<Self, Error> {
        let mut session = Self {
            directory: directory.to_owned(),
            choices: choices.clone(),
            preset,
            preset_origin,
            answers: BTreeMap::new(),
            flagged: BTreeSet::new(),
            layers: None,
            own_size: false,
        };
        session.draft()?;
        session.flagged = session.choices.set.iter().map(|flag| key_of(flag).to_owned()).collect();
        Ok(session)
    }

    /// Starts from what was found in a repository.
    ///
    /// # Errors
    /// Every problem of the flags and of `dockwright.toml`.
    pub fn of_layers(layers: &Layers) -> Result<Self, Error> {
        let origin = match layers.choices.preset {
            Some(_) => Origin::Flag,
            None => Origin::Found("fits what was found".into()),
        };
        let mut session = Self::with(&layers.dir, &layers.choices, layers.preset()?, origin)?;
        session.layers = Some(layers.clone());
        Ok(session)
    }

    /// The directory that will be written.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The preset.
    #[must_use]
    pub const fn preset(&self) -> &Preset {
        &self.preset
    }

    /// Who chose the preset.
    #[must_use]
    pub const fn preset_origin(&self) -> &Origin {
        &self.preset_origin
    }

    /// Takes another preset.
    pub fn choose_preset(&mut self, preset: Preset) {
        if preset != self.preset {
            self.preset = preset;
            self.preset_origin = Origin::Prompt;
        }
    }

    /// Whether a flag gave this key.
    #[must_use]
    pub fn is_flagged(&self, key: &str) -> bool {
        self.flagged.contains(key)
    }

    /// Takes an answer that the key's type has accepted.
    pub fn answer(&mut self, key: &str, text: &str) {
        self.answers.insert(key.to_owned(), text.to_owned());
    }

    /// Takes back what a flag or an answer said of a key.
    pub fn withdraw(&mut self, key: &str) {
        self.answers.remove(key);
        self.choices.set.retain(|flag| key_of(flag) != key);
    }

    /// The draft: of the answers, those that say something else than all the
    /// other sources.
    ///
    /// # Errors
    /// Problems of the flags.
    pub fn draft(&self) -> Result<Draft, Error> {
        let sources = match &self.layers {
            Some(layers) => layers.sources(&self.preset),
            None => {
                let name = input::name_source(&self.directory);
                Sources { name, ..Sources::of(&self.preset) }
            }
        };
        let mut prompts = sources.prompts.to_vec();
        prompts.extend(self.answers.clone());
        let sources = Sources { set: &self.choices.set, prompts: &prompts, ..sources };
        let mut draft = sources.assemble().map_err(Error::Input)?.draft;
        // Defaults follow from answers, so all of them are there before any
        // is compared with its default.
        for key in self.answers.keys() {
            draft.drop_echo(key);
        }
        Ok(draft)
    }

    /// The draft, resolved and planned.
    ///
    /// # Errors
    /// Problems of the flags, which no answer can mend.
    pub fn outcome(&self) -> Result<Outcome, Error> {
        let mut draft = self.draft()?;
        let only = self.choices.only.iter().copied().collect();
        let unfitting = project::fit_found(&mut draft, &only);
        let plan = match input::plan(&draft, &self.choices) {
            Ok(plan) => Ok(plan),
            Err(Error::Input(problems)) => Err(problems),
            Err(error) => return Err(error),
        };
        Ok(Outcome { draft, plan, unfitting })
    }

    /// The problems these answers would bring that the present ones do not
    /// have.
    #[must_use]
    pub fn objections(&self, answers: &[(&str, &str)]) -> Vec<Problem> {
        let problems = |session: &Self| match session.outcome() {
            Ok(Outcome { plan: Err(problems), .. }) => problems,
            _ => Vec::new(),
        };
        let mut other = self.clone();
        for (key, text) in answers {
            other.answer(key, text);
        }
        let present = problems(self);
        problems(&other).into_iter().filter(|problem| !present.contains(problem)).collect()
    }
}

/// The key of `KEY=VALUE`.
fn key_of(flag: &str) -> &str {
    flag.split_once('=').map_or("", |(key, _)| key.trim())
}

/// The changes a problem's help names as flags, such as `--set
/// stack.broker=redis`: each can be offered at once.
#[must_use]
pub fn remedies(problems: &[Problem]) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for help in problems.iter().filter_map(|problem| problem.help.as_deref()) {
        for part in help.split("--set ").skip(1) {
            let flag = part.split([' ', ',', ';']).next().unwrap_or_default();
            let Some((key, text)) = flag.split_once('=') else { continue };
            let sound = schema::find(key).is_some_and(|field| field.kind.read(text).is_ok());
            let remedy = (key.to_owned(), text.to_owned());
            if sound && !found.contains(&remedy) {
                found.push(remedy);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Format;

    fn session(preset: Option<&str>, set: &[&str]) -> Session {
        let choices = Choices {
            preset: preset.map(str::to_owned),
            set: set.iter().map(|flag| (*flag).to_owned()).collect(),
            only: Vec::new(),
            format: Format::Human,
        };
        Session::new(Path::new("shop"), &choices).unwrap()
    }

    fn origin(session: &Session, key: &str) -> Option<Origin> {
        session.draft().unwrap().sourced(key).map(|sourced| sourced.origin.clone())
    }

    #[test]
    fn an_answer_that_equals_the_default_is_not_written() {
        let mut session = session(Some("django-nginx"), &[]);
        session.answer("deploy.memory", "4GB");
        session.answer("stack.database", "postgres");
        session.answer("project.name", "shop");
        assert_eq!(origin(&session, "deploy.memory"), None);
        assert_eq!(
            origin(&session, "stack.database"),
            Some(Origin::Preset { layer: 0, name: "django-nginx".into() })
        );
        assert!(matches!(origin(&session, "project.name"), Some(Origin::Found(_))));
        session.answer("deploy.memory", "8GB");
        assert_eq!(origin(&session, "deploy.memory"), Some(Origin::Prompt));
    }

    #[test]
    fn a_default_that_follows_from_another_answer_is_not_written() {
        let mut session = session(Some("ml-server"), &[]);
        session.answer("stack.framework", "django");
        session.answer("stack.database", "postgres");
        assert_eq!(origin(&session, "stack.database"), None);
    }

    #[test]
    fn an_answer_wins_over_a_flag_and_a_flag_can_be_taken_back() {
        let mut session = session(None, &["tune.web.workers=9", "deploy.cpus=1"]);
        session.answer("deploy.cpus", "4");
        assert_eq!(origin(&session, "deploy.cpus"), Some(Origin::Prompt));
        session.withdraw("tune.web.workers");
        assert_eq!(origin(&session, "tune.web.workers"), None);
    }

    #[test]
    fn an_objection_names_only_what_the_answer_brings() {
        let session = session(None, &["stack.broker=redis"]);
        let problems =
            session.objections(&[("stack.framework", "flask"), ("stack.server", "uvicorn")]);
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].message.contains("WSGI"));
    }

    #[test]
    fn the_flags_in_a_help_text_are_remedies() {
        let help = "the smallest budget that fits: --set deploy.memory=816MiB; the smallest change \
                    that fits: leave out beat and cache: --set stack.beat=false --set stack.cache=none";
        let remedies =
            remedies(&[Problem::new("").help(help), Problem::new("").help("--set a.b=NAME")]);
        let flags: Vec<String> =
            remedies.iter().map(|(key, text)| format!("{key}={text}")).collect();
        assert_eq!(flags, ["deploy.memory=816MiB", "stack.beat=false", "stack.cache=none"]);
    }
}
