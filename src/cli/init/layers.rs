//! Where the answers come from: preset, facts, `dockwright.toml`, flags.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::answers::Sources;
use crate::answers::document::Entry;
use crate::answers::own_image::OwnImage;
use crate::answers::sources::Assembled;
use crate::apply::bookkeeping::{EditEntry, FileEntry, FileState, LOCK, Lock, has_base};
use crate::cli::init::safe::Additions;
use crate::cli::init::{beside, git};
use crate::cli::{Choices, input};
use crate::detect::readiness::Lack;
use crate::detect::{self, Evidence, Fact, Facts, Wishes};
use crate::error::{Error, Problem};
use crate::improve::{self, Deployed, Found, Improvement, Repository};
use crate::preset::{self, Preset};
use crate::project;
use crate::schema::value::label_near;
use crate::source::text;

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
    /// Whether the repository's own container files are replaced.
    pub rewrites: bool,
}

impl Layers {
    /// The image that pods run where the user's own container files stay.
    ///
    /// # Errors
    /// Where it is not known which that is, or another compose file says how it runs than
    /// the one that is planned from: pods would run something else.
    pub fn image_in_pods(&self, own: &Improvement) -> Result<OwnImage, Error> {
        const HELP: &str = "--rewrite has dockwright's own image serve; without deploy.target your files are improved as they are";
        let planned = self.facts.carried.value().map(|carried| carried.file.as_str());
        let problem = match (&own.deployed, &own.image) {
            (Deployed::Project(file), Some(image)) => match planned {
                Some(planned) if planned == file => return Ok(image.clone()),
                planned => format!(
                    "{file} runs the application, and a cluster would be planned from {}",
                    planned.unwrap_or("none of its services")
                ),
            },
            _ => "which image of yours serves is not known: not exactly one service that is built here does".to_owned(),
        };
        Err(Error::input(Problem::new(problem).at("deploy.target").help(HELP)))
    }

    /// Reads the directory.
    ///
    /// # Errors
    /// Flags that are malformed, a `dockwright.toml` or a lock that is wrong,
    /// a directory that cannot be read.
    pub fn read(dir: &Path, choices: &Choices, rewrites: bool) -> Result<Self, Error> {
        let entries = input::document(dir)?;
        let mut layers = Self {
            dir: dir.to_owned(),
            choices: choices.clone(),
            facts: Facts::default(),
            entries,
            lock: Lock::read(dir)?,
            answers: Vec::new(),
            additions: Additions::default(),
            rewrites,
        };
        // Wrong flags are worth saying before a large repository is read.
        layers.assemble(&layers.preset()?)?;
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

    /// The checklist: each lack, and whether it is mended in this run. An image that
    /// stays lacks less.
    pub fn checklist(&self, stays: bool) -> Vec<(Lack, bool)> {
        let mended = &self.additions.lacks;
        let same = |lack: &&Lack| {
            !mended.iter().any(|other| other.kind == lack.kind && other.path == lack.path)
        };
        let open = self.facts.readiness.iter().filter(same).cloned();
        let open = open.filter_map(|lack| if stays { lack.beside_an_image() } else { Some(lack) });
        let mended = mended.iter().cloned().map(|lack| (lack, true));
        mended.chain(open.map(|lack| (lack, false))).collect()
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

    /// Whether the repository has an image or a project of its own that goes on running
    /// the application: its Python is not for us to choose.
    #[must_use]
    pub fn image_stays(&self) -> bool {
        let own = || self.improvement(&BTreeMap::new(), &[]).ok().flatten();
        !self.rewrites && own().is_some()
    }

    /// Whether `dockwright new` wrote the code: then there is nothing to find
    /// out about it.
    #[must_use]
    pub fn made_by_new(&self) -> bool {
        let derived = self.lock.as_ref().map(|lock| lock.derived.is_some());
        derived == Some(false) && self.explicit("project.app").is_none()
    }

    fn detect(&mut self) -> Result<(), Error> {
        if self.made_by_new() {
            return Ok(());
        }
        let wishes = Wishes {
            root: self.explicit("project.root"),
            app: self.explicit("project.app").map(|app| app.trim_end_matches("()").to_owned()),
            package_manager: self.explicit("project.package-manager"),
            settings: self.explicit("project.settings"),
            python: self.explicit("project.python"),
            written: self.written(),
            additions: self.additions.texts(),
        };
        self.facts = detect::detect(&self.dir, &wishes)?;
        self.facts.packages_until = self.last_change_of_pins();
        self.carry_on();
        if self.rewrites {
            self.improve_what_goes_on(&wishes)?;
        }
        Ok(())
    }

    /// Services that go on as they are get the edits that `--adopt` would make of them.
    fn improve_what_goes_on(&mut self, wishes: &Wishes) -> Result<(), Error> {
        let Some(carried) = self.facts.carried.value() else { return Ok(()) };
        let path = carried.file.clone();
        if self.written().contains(&path) {
            return Ok(());
        }
        let improvement = self.improvement(&BTreeMap::new(), &[])?;
        let improved = improvement.as_ref().and_then(|own| own.texts.get(&path));
        let old = text::of_file(&self.dir.join(&path));
        let new = improved.zip(old).and_then(|(new, old)| beside::spliced(&old, new, carried));
        if let Some(text) = new {
            let again = detect::carried_with(&self.dir, wishes, &self.facts, (&path, &text))?;
            self.facts.carried = again;
        }
        Ok(())
    }

    /// When the files of direct pins were last changed, as git knows it: a pin that is not
    /// committed may be newer.
    fn last_change_of_pins(&self) -> Fact<String> {
        let Fact::Known(files, _) = &self.facts.dependency_files else { return Fact::Unknown };
        if !self.facts.installs.direct_pins || self.explicit("project.packages-until").is_some() {
            return Fact::Unknown;
        }
        let pinned = self.additions.texts().iter().any(|(path, _)| files.contains(path));
        let moment = git::last_commit(&self.dir, files).filter(|_| !pinned);
        let evidence = |file: &String| Evidence::file(file);
        moment.map_or(Fact::Unknown, |moment| {
            Fact::Known(moment, files.iter().map(evidence).collect())
        })
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

    /// What people said so far.
    fn people(&self) -> Sources<'_> {
        let entries = self.entries.as_deref().unwrap_or_default();
        let (set, prompts) = (&self.choices.set, &self.answers);
        Sources { entries, set, prompts, ..Sources::default() }
    }

    /// What `dockwright.toml`, a flag or an answer says of a key.
    #[must_use]
    pub fn explicit(&self, key: &str) -> Option<String> {
        self.people().explicit_text(key).map(str::to_owned)
    }

    /// The preset: the one that was named, or the built-in one whose parts fit
    /// what was found.
    ///
    /// # Errors
    /// An unknown preset.
    pub fn preset(&self) -> Result<Preset, Error> {
        let (lock, entries) = (self.lock.as_ref(), self.entries.as_deref().unwrap_or_default());
        match input::named_preset(&self.choices, entries, &self.dir, lock)? {
            Some(preset) => Ok(preset),
            None => input::preset(preset::fitting(&self.facts), &self.dir, lock),
        }
    }

    /// Everything that was read and said so far, on top of a preset.
    #[must_use]
    pub fn sources<'a>(&'a self, preset: &'a Preset) -> Sources<'a> {
        // The directory was not named for dockwright.
        let near = |(name, origin): (String, _)| (label_near(&name).unwrap_or(name), origin);
        let Sources { entries, set, prompts, .. } = self.people();
        Sources {
            name: input::name_source(&self.dir).map(near),
            facts: (!self.made_by_new()).then_some(&self.facts),
            set,
            prompts,
            ..project::sources(preset, self.lock.as_ref(), entries)
        }
    }

    /// What the user's own container files become, where such run the application;
    /// `written` are texts of files that are written anyway, `left` edits that somebody
    /// does not want.
    ///
    /// # Errors
    /// A directory or a file that cannot be read.
    pub fn improvement(
        &self,
        written: &BTreeMap<String, String>,
        left: &[EditEntry],
    ) -> Result<Option<Improvement>, Error> {
        let mut said = self.choices.set.clone();
        said.extend(self.answers.iter().map(|(key, value)| format!("{key}={value}")));
        let (dir, lock) = (self.dir.as_path(), self.lock.as_ref());
        Improvement::of(&Repository { dir, lock, said: &said, written, left })
    }

    /// What is found where some files have other texts.
    ///
    /// # Errors
    /// A directory or a file that cannot be read.
    pub fn found(&self, texts: BTreeMap<String, String>) -> Result<Vec<Found>, Error> {
        let (dir, lock) = (self.dir.as_path(), self.lock.as_ref());
        let (said, written) = (&self.choices.set, &BTreeMap::new());
        improve::found(&Repository { dir, lock, said, written, left: &[] }, texts)
    }

    /// The answers so far, and what a person should know of them.
    ///
    /// # Errors
    /// Problems of flags and `dockwright.toml`.
    pub fn assemble(&self, preset: &Preset) -> Result<Assembled, Error> {
        self.sources(preset).assemble().map_err(Error::Input)
    }
}
