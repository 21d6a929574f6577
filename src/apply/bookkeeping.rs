//! `.dockwright/`: what was written, so that a later version can be merged
//! with the user's edits. No secrets, no absolute paths, no timestamps.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::answers::adopted::Derived;
use crate::apply::change::Change;
use crate::apply::disk::{self, DiskState};
use crate::catalog::{AGES, Ages};
use crate::digest::hash;
use crate::error::{Error, Problem};
use crate::plan::{Bundle, Output, Ownership, Plan, images};
use crate::preset::{self, Kept, Places, Preset, Reference, Source};
use crate::relpath::RelPath;
use crate::remote::registry::is_digest;
use crate::render::Rendered;
use crate::source::compose::{FILE_NAMES, is_compose};
use crate::source::dockerfile::is_dockerfile;

/// The directory of the bookkeeping.
pub const DIRECTORY: &str = ".dockwright";

/// The development overlay, as it is called beside `compose.yaml`.
const DEV_OVERLAY: &str = "compose.dev.yaml";

/// The lock, relative to the repository.
pub const LOCK: &str = ".dockwright/lock.toml";

/// `.dockwright/lock.toml`.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Lock {
    /// Version of this file's format.
    pub version: u32,
    /// The version that wrote it.
    pub dockwright: String,
    /// The preset's layers.
    pub preset: Vec<Layer>,
    /// Values that stay until somebody asks for others.
    pub sticky: BTreeMap<String, String>,
    /// The days on which the tables were read that the pins in the files come from. They
    /// are of the version that wrote them: two runs of it write the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<Ages>,
    /// Digests of images by their complete reference, as their registries said when
    /// somebody asked, where `images.digests` wants them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub digest: BTreeMap<String, String>,
    /// The bundles that were written, where not all were.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub only: BTreeSet<Bundle>,
    /// Facts about code that was there before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub derived: Option<Derived>,
    /// Every file and what became of it.
    #[serde(default)]
    pub file: Vec<FileEntry>,
    /// Edits by rule in the user's own files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edit: Vec<EditEntry>,
}

/// An edit by rule: one that is found to be wanted again was taken out by the user.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct EditEntry {
    /// The code of the rule.
    pub rule: String,
    /// The file that breaks it.
    pub path: String,
    /// What the edit is about, by name: a service, a stage, a variable.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub subject: String,
    /// What was put into that file, piece by piece, where nothing had to go for it:
    /// what stands there like this can be taken back, and be made another way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wrote: Vec<String>,
}

impl EditEntry {
    /// Whether both are the edit of one rule about the same thing.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        (&self.rule, &self.path, &self.subject) == (&other.rule, &other.path, &other.subject)
    }

    /// That what it wrote was changed since.
    #[must_use]
    pub fn changed_since(&self) -> String {
        let about = if self.subject.is_empty() { &self.path } else { &self.subject };
        format!(
            "{} of {about} in {}: what that edit wrote was changed since, so it stays as it is",
            self.rule, self.path
        )
    }

    /// That the user took it out.
    #[must_use]
    pub fn taken_out(&self) -> String {
        let about = if self.subject.is_empty() { &self.path } else { &self.subject };
        format!(
            "{} of {about} in {}: you took that edit out, so it stays out; `dockwright audit \
             --fix={}` makes it again",
            self.rule, self.path, self.rule
        )
    }
}

/// A layer of the preset.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub struct Layer {
    /// Its name.
    pub name: String,
    /// Where it comes from: `builtin`, a path from the repository, or a place
    /// in git.
    pub source: String,
    /// Its version.
    pub version: String,
    /// The commit it was taken from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// SHA-256 of its files together. Layers that are not built in are kept
    /// in `.dockwright/preset/` under it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hash: String,
    /// SHA-256 of each file.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, String>,
}

impl Layer {
    fn of(layer: &preset::Layer) -> Self {
        let own = Self {
            name: layer.manifest.name.clone(),
            source: layer.source.to_string(),
            version: layer.manifest.version.to_string(),
            ..Self::default()
        };
        match &layer.source {
            Source::Builtin => own,
            Source::Path(_) => {
                Self { hash: layer.hash.clone(), files: layer.files.hashes(), ..own }
            }
            Source::Git { commit, .. } => Self {
                commit: Some(commit.clone()),
                hash: layer.hash.clone(),
                files: layer.files.hashes(),
                ..own
            },
        }
    }
}

/// What became of an output.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub enum FileState {
    /// It was written, or was there as it would have been written.
    #[serde(rename = "clean")]
    Clean,
    /// The user's own file stands there, and stays out of every update.
    #[serde(rename = "kept, not adopted")]
    Kept,
    /// The user removed it.
    #[serde(rename = "deleted")]
    Deleted,
    /// It was not written, because it belongs with files that were kept.
    #[serde(rename = "left out")]
    LeftOut,
    /// What a preset changed in it did not merge, and waits for a person.
    #[serde(rename = "conflict")]
    Conflict,
    /// It was written with conflict markers: whoever takes them out has resolved it.
    #[serde(rename = "markers")]
    Marked,
}

impl FileState {
    /// Whether dockwright wrote what is there, edits of the user aside.
    #[must_use]
    pub const fn is_written(self) -> bool {
        matches!(self, Self::Clean | Self::Conflict | Self::Marked)
    }
}

/// One output.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct FileEntry {
    /// Where.
    pub path: String,
    /// Whose it is.
    pub ownership: Ownership,
    /// Permission bits it was made with, in octal.
    pub mode: String,
    /// What became of it.
    pub state: FileState,
    /// Hash of the pristine render.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// The user's file that this one stands beside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beside: Option<String>,
}

impl FileEntry {
    /// An output in this state, without a base.
    #[must_use]
    pub fn of(output: &Output, state: FileState) -> Self {
        Self {
            path: output.path.to_string(),
            ownership: output.ownership,
            mode: format!("{:04o}", output.mode),
            state,
            base: None,
            beside: None,
        }
    }

    /// A file of the user's own that got edits by rule.
    #[must_use]
    pub fn improved(change: &Change) -> Self {
        Self {
            path: change.path.to_string(),
            ownership: Ownership::Improved,
            mode: format!("{:04o}", change.mode),
            state: FileState::Kept,
            base: None,
            beside: None,
        }
    }

    /// A rendered file that stands as it was rendered.
    #[must_use]
    pub fn clean(file: &Rendered) -> Self {
        let base = has_base(file.output.ownership).then(|| hash(&file.bytes));
        Self { base, ..Self::of(&file.output, FileState::Clean) }
    }
}

/// Whether the pristine render of such a file is stored.
#[must_use]
pub const fn has_base(ownership: Ownership) -> bool {
    matches!(ownership, Ownership::Merge | Ownership::Managed)
}

impl Lock {
    /// The lock of a plan with these files.
    #[must_use]
    pub fn of(plan: &Plan, preset: &Preset, file: Vec<FileEntry>) -> Self {
        let answers = &plan.answers;
        let mut sticky = BTreeMap::from([
            ("project.name".to_owned(), answers.name.clone()),
            ("project.python".to_owned(), answers.python.clone()),
        ]);
        for (flag, name) in [("db", "postgres"), ("redis", "redis")] {
            if plan.flags.is(flag) {
                sticky.insert(format!("images.{name}"), images::without_registry(answers, name));
            }
        }
        Self {
            version: 1,
            dockwright: env!("CARGO_PKG_VERSION").to_owned(),
            preset: preset.layers.iter().map(Layer::of).collect(),
            sticky,
            read: Some(AGES.clone()),
            digest: images::known(plan),
            only: plan.only.clone(),
            derived: answers.adopted.as_ref().map(|adopted| adopted.derived.clone()),
            file,
            edit: Vec::new(),
        }
    }

    /// The lock of a directory; `None` where there is none.
    ///
    /// # Errors
    /// A lock that cannot be read, or that is none of this version's.
    pub fn read(root: &Path) -> Result<Option<Self>, Error> {
        let path = RelPath::new(LOCK).expect("a constant");
        let bytes = match disk::look(root, &path)? {
            DiskState::Absent => return Ok(None),
            DiskState::File { bytes, .. } => bytes,
            DiskState::Obstructed(obstacle) => {
                let problem = Problem::new(format!("`{LOCK}` {obstacle}"));
                return Err(Error::input(problem.help("move it away")));
            }
        };
        let broken = |message: String| {
            let help = "restore it from version control, or remove .dockwright to start over";
            Error::input(Problem::new(message).at(LOCK).help(help))
        };
        let text = String::from_utf8(bytes).map_err(|_| broken("the file is not UTF-8".into()))?;
        if text.lines().any(|line| line.starts_with("<<<<<<< ")) {
            let problem = Problem::new("two updates met in it, and git left its markers").at(LOCK);
            return Err(Error::input(problem.help(
                "settle dockwright.toml by hand; then `git checkout --ours -- $(git diff \
                 --name-only --diff-filter=U | grep -v dockwright.toml)` takes this branch's side \
                 of the files, and `dockwright update` brings what both chose",
            )));
        }
        let lock: Self = toml::from_str(&text)
            .map_err(|error| broken(error.message().trim().replace('\n', "; ")))?;
        if lock.version != 1 {
            return Err(broken(format!(
                "the lock has version {}, which this dockwright does not know",
                lock.version
            )));
        }
        lock.check().map_err(broken)?;
        Ok(Some(lock))
    }

    /// A lock may come from anywhere: what it names stays in its directory.
    fn check(&self) -> Result<(), String> {
        for entry in &self.file {
            for path in [Some(&entry.path), entry.beside.as_ref()].into_iter().flatten() {
                RelPath::new(path)?;
            }
        }
        if let Some(wrong) = self.digest.values().find(|own| !is_digest(own)) {
            return Err(format!("`{wrong}` is no digest"));
        }
        let hex = |text: &String| text.len() == 64 && text.chars().all(|c| c.is_ascii_hexdigit());
        let hashes = self.preset.iter().map(|layer| &layer.hash).filter(|hash| !hash.is_empty());
        let bases = self.file.iter().filter_map(|entry| entry.base.as_ref());
        match hashes.chain(bases).find(|hash| !hex(hash)) {
            Some(hash) => Err(format!("`{hash}` is no hash")),
            None => Ok(()),
        }
    }

    /// Where a preset is looked for from a repository with this lock: pinned
    /// commits are not asked for again, and what the repository keeps is
    /// taken from there.
    #[must_use]
    pub fn places(&self, root: &Path, cache: PathBuf) -> Places {
        let mut places = Places { base: root.to_owned(), cache, ..Places::default() };
        for layer in self.preset.iter().filter(|layer| !layer.hash.is_empty()) {
            if let Some(commit) = &layer.commit
                && let Ok(Reference::Git { url, revision, .. }) = Reference::parse(&layer.source)
            {
                places.pins.insert((url, revision), commit.clone());
            }
            let below = format!("{DIRECTORY}/preset/{}", layer.hash);
            let manifest = RelPath::new(&format!("{below}/{}", preset::MANIFEST));
            // Nothing is read through a link: it might lead out of here, and
            // what is read is written into the repository again.
            let plain = manifest
                .is_ok_and(|path| matches!(disk::look(root, &path), Ok(DiskState::File { .. })));
            let kept = Kept {
                directory: if plain { root.join(below) } else { PathBuf::new() },
                commit: layer.commit.clone(),
                files: layer.files.clone(),
            };
            places.kept.insert(layer.source.clone(), kept);
        }
        places
    }

    /// The entry of a path.
    #[must_use]
    pub fn entry(&self, path: &str) -> Option<&FileEntry> {
        self.file.iter().find(|entry| entry.path == path)
    }

    /// Whether the user's own container files run the application, with edits by rule:
    /// no container file of ours is there.
    #[must_use]
    pub fn is_improved(&self) -> bool {
        let is_ours = |own: &FileEntry| {
            own.state.is_written()
                && own.ownership != Ownership::Improved
                && (is_compose(&own.path) || is_dockerfile(&own.path))
        };
        self.file.iter().any(|own| own.ownership == Ownership::Improved)
            && !self.file.iter().any(is_ours)
    }

    /// Whether one of ours stands beside a file of this path.
    #[must_use]
    pub fn is_beside(&self, path: &str) -> bool {
        self.file.iter().any(|entry| entry.beside.as_deref() == Some(path))
    }

    /// Where outputs went whose own path somebody else's file has, by that
    /// path. The compose file may have another of Compose's names.
    #[must_use]
    pub fn alternates(&self) -> BTreeMap<RelPath, RelPath> {
        let path = |text: &str| RelPath::new(text).expect("reading the lock has checked its paths");
        let mut alternates: BTreeMap<RelPath, RelPath> = self
            .file
            .iter()
            .filter_map(|entry| Some((path(entry.beside.as_ref()?), path(&entry.path))))
            .collect();
        let [first, ..] = FILE_NAMES;
        let is_improved = |own: &&FileEntry| {
            own.ownership == Ownership::Improved
                && is_compose(&own.path)
                && !own.path.contains(".dev.")
        };
        let improved = self.file.iter().find(is_improved).map(|own| own.path.as_str());
        if let Some(name) =
            FILE_NAMES.into_iter().find(|name| self.entry(name).is_some()).or(improved)
        {
            let other = alternates.get(&path(name)).cloned().unwrap_or_else(|| path(name));
            alternates.insert(path(first), other);
        }
        // One that was left out is called as it was when it was.
        let is_overlay = |own: &&FileEntry| {
            own.state == FileState::LeftOut && is_compose(&own.path) && own.path.contains(".dev.")
        };
        if let Some(overlay) = self.file.iter().find(is_overlay) {
            alternates.entry(path(DEV_OVERLAY)).or_insert_with(|| path(&overlay.path));
        }
        alternates
    }

    /// The file's text.
    #[must_use]
    pub fn text(&self) -> String {
        let body = toml::to_string(self).expect("the lock has only strings and tables");
        format!("# Written by dockwright; not for editing.\n{body}")
    }
}
