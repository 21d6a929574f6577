//! What a path means: a directory, or a file, which is judged as a part of the
//! repository that it belongs to.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::answers::document;
use crate::detect::tree::Tree;
use crate::error::{Error, Problem};
use crate::lint::Subject;
use crate::source::compose::is_compose;
use crate::source::dockerfile::is_dockerfile;
use crate::source::path;

/// More files than this around a single one that nothing says to be of a
/// repository are not of one: a folder of downloads, a home.
const FEW: usize = 20_000;
/// More names than this are not looked through for one that tells a repository.
const NAMES: usize = 10_000;

/// What is judged.
#[derive(Clone, Debug)]
pub struct Target {
    /// As it was named; of several files the directory that they are of.
    pub name: PathBuf,
    /// The directory that is read.
    pub root: PathBuf,
    /// The files that were named, below it.
    pub files: Vec<String>,
    /// Whether these alone are meant.
    pub is_part: bool,
    reach: Reach,
    /// The root of the repository, where git has one.
    git: Option<PathBuf>,
}

/// How much is read around a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// Everything: it is a repository.
    All,
    /// Everything, unless that is too much.
    Near,
    /// What stands beside it.
    Flat,
}

impl Target {
    fn directory(path: &Path) -> Self {
        let (name, root) = (path.to_owned(), path.to_owned());
        Self { name, root, files: Vec::new(), is_part: false, reach: Reach::All, git: None }
    }

    /// A file, which need not be there yet.
    fn file(path: &Path) -> Self {
        let parent = path.parent().filter(|own| !own.as_os_str().is_empty());
        let parent = parent.unwrap_or(Path::new("."));
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let Ok(real) = path::canonical(parent) else { return Self::directory(parent) };
        let git = real.ancestors().find(|own| own.join(".git").exists()).map(Path::to_owned);
        let here =
            std::env::current_dir().and_then(|own| path::canonical(&own)).unwrap_or_default();
        // No further than the repository, or where the command was typed.
        let top = match &git {
            Some(git) => git,
            None if real.starts_with(&here) => &here,
            None => &real,
        };
        let within: Vec<&Path> = real.ancestors().take_while(|own| own.starts_with(top)).collect();
        let composed = |own: &&&Path| {
            own.join(document::FILE).is_file()
                || has(own, is_compose)
                || (**own == real && is_compose(&name))
        };
        let built =
            |own: &&&Path| has(own, is_dockerfile) || (**own == real && is_dockerfile(&name));
        let (root, reach) = if let Some(found) = within.iter().find(composed) {
            (*found, Reach::All)
        } else if let Some(found) = within.iter().find(built) {
            (*found, if git.is_some() { Reach::All } else { Reach::Near })
        } else if let Some(git) = &git {
            (git.as_path(), Reach::All)
        } else {
            (real.as_path(), Reach::Flat)
        };
        let below = real.strip_prefix(root).unwrap_or(Path::new("")).join(&name);
        // What a link leads to is the same file.
        let linked = path::canonical(path).ok();
        let linked = linked.as_deref().and_then(|own| own.strip_prefix(root).ok());
        let mut files = vec![slashed(&below)];
        files.extend(linked.filter(|own| *own != below).map(slashed));
        Self {
            name: path.to_owned(),
            root: named(parent, &real, root),
            files,
            is_part: true,
            reach,
            git: git.clone(),
        }
    }

    /// The whole repository, where a file builds what is out of its directory's
    /// reach.
    fn wider(&self) -> Option<Self> {
        let git = self.git.as_ref().filter(|_| self.is_part)?;
        let real = path::canonical(&self.root).ok()?;
        let between = real.strip_prefix(git).ok().filter(|own| own.components().count() > 0)?;
        let below = |file: &String| slashed(&between.join(file));
        Some(Self {
            root: named(&self.root, &real, git),
            files: self.files.iter().map(below).collect(),
            ..self.clone()
        })
    }

    /// Whether a finding in this file is asked for.
    #[must_use]
    pub fn shows(&self, path: &str) -> bool {
        !self.is_part || self.files.iter().any(|own| own == path)
    }

    /// The target that is read for it, and what was read; with `text` for its file,
    /// where that is given.
    ///
    /// # Errors
    /// What is not there or cannot be read; a directory of too many files.
    pub fn widened(self, text: Option<&str>) -> Result<(Self, Subject), Error> {
        let subject = self.read(self.overlay(text))?;
        let is_cut_off = subject.unread.iter().any(|own| own.why.contains("out of reach"));
        match self.wider().filter(|_| is_cut_off) {
            Some(wider) => {
                let subject = wider.read(wider.overlay(text))?;
                Ok((wider, subject))
            }
            None => Ok((self, subject)),
        }
    }

    fn overlay(&self, text: Option<&str>) -> BTreeMap<String, String> {
        self.files.iter().zip(text).map(|(file, text)| (file.clone(), text.to_owned())).collect()
    }

    /// Reads it, as if some files held other texts.
    ///
    /// # Errors
    /// See [`Self::widened`].
    pub fn read(&self, overlay: BTreeMap<String, String>) -> Result<Subject, Error> {
        let root = &self.root;
        if !root.is_dir() {
            let shown = root.display();
            let message = match root.symlink_metadata() {
                Ok(_) => format!("{shown} is neither a directory nor a plain file"),
                Err(_) => format!("there is no {shown}"),
            };
            return Err(Error::input(Problem::new(message).help("name a directory or a file")));
        }
        let mut tree = match self.reach {
            Reach::All => Tree::read(root)?,
            Reach::Near => Tree::within(root, FEW)?.map_or_else(|| Tree::flat(root), Ok)?,
            Reach::Flat => Tree::flat(root)?,
        };
        // What is named counts, whatever git is told of it.
        for file in self.files.iter().filter(|file| root.join(file).is_file()) {
            if !tree.has(file) {
                tree.add(file);
            }
        }
        Ok(Subject::of(tree, overlay))
    }
}

fn slashed(path: &Path) -> String {
    path::portable(path)
}

/// A directory above, named as the one below it was where that is possible.
fn named(below: &Path, real: &Path, above: &Path) -> PathBuf {
    let between = real.strip_prefix(above).map_or(0, |own| own.components().count());
    let plain: Vec<Component<'_>> =
        below.components().filter(|part| *part != Component::CurDir).collect();
    let last = plain.iter().rev().take(between);
    let is_plain = last.clone().all(|part| matches!(part, Component::Normal(_)));
    if last.count() < between || !is_plain {
        return above.to_owned();
    }
    match plain[..plain.len() - between] {
        [] => PathBuf::from("."),
        ref parts => parts.iter().collect(),
    }
}

fn has(directory: &Path, test: fn(&str) -> bool) -> bool {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten().take(NAMES);
    entries.into_iter().any(|entry| {
        entry.file_name().to_str().is_some_and(test)
            && entry.file_type().is_ok_and(|kind| !kind.is_dir())
    })
}

/// What paths mean, each directory once, and the files of one repository together.
#[must_use]
pub fn all(paths: &[PathBuf], stdin: Option<&Path>) -> Vec<Target> {
    let mut targets: Vec<Target> = Vec::new();
    let mut known: BTreeMap<PathBuf, usize> = BTreeMap::new();
    let each = paths
        .iter()
        .map(|path| if path.is_file() { Target::file(path) } else { Target::directory(path) });
    for target in each.chain(stdin.map(Target::file)) {
        let real = path::canonical(&target.root).unwrap_or_else(|_| target.root.clone());
        let Some(number) = known.get(&real) else {
            known.insert(real, targets.len());
            targets.push(target);
            continue;
        };
        let own = &mut targets[*number];
        if !target.is_part && own.is_part {
            (own.name, own.root) = (target.name, target.root);
        } else if target.is_part && own.is_part && own.files != target.files {
            own.name.clone_from(&own.root);
        }
        own.is_part &= target.is_part;
        own.reach = if own.is_part { own.reach } else { Reach::All };
        own.files.extend(target.files);
        own.files.sort();
        own.files.dedup();
    }
    targets
}
