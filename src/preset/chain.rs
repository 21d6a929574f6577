//! The layers a preset is made of: what it extends, in order, then itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};

use crate::error::{Error, Problem};
use crate::preset::files::Files;
use crate::preset::manifest::{self, Manifest};
use crate::preset::reference::Reference;
use crate::preset::{BUILTIN, MANIFEST, git, locks};
use crate::relpath::{self, RelPath};
use crate::source::path;

/// Where a layer came from, in a form that the lock stores: no absolute path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// Of the program itself.
    Builtin,
    /// A directory, as it was named.
    Path(String),
    /// A directory of a git repository.
    Git {
        /// Its address.
        url: String,
        /// The tag, branch or commit that was asked for.
        revision: String,
        /// The commit it named.
        commit: String,
        /// The directory; `None` for the top.
        directory: Option<RelPath>,
    },
}

impl Source {
    /// How a preset names it; `builtin` where the name is the layer's own.
    fn reference(&self) -> Option<Reference> {
        match self {
            Self::Builtin => None,
            Self::Path(path) => Some(Reference::Path(path.clone())),
            Self::Git { url, revision, directory, .. } => Some(Reference::Git {
                url: url.clone(),
                revision: revision.clone(),
                directory: directory.clone(),
            }),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reference() {
            Some(reference) => write!(f, "{reference}"),
            None => f.write_str("builtin"),
        }
    }
}

/// One layer of a chain.
#[derive(Clone, Debug)]
pub struct Layer {
    /// What it says.
    pub manifest: Manifest,
    /// Where it came from.
    pub source: Source,
    /// Its files.
    pub files: Files,
    /// SHA-256 of them.
    pub hash: String,
}

impl Layer {
    /// `name version`, for people; a built-in layer has the program's version.
    #[must_use]
    pub fn label(&self) -> String {
        match self.source {
            Source::Builtin => self.manifest.name.clone(),
            _ => format!("{} {}", self.manifest.name, self.manifest.version),
        }
    }

    /// Its templates, by their path below `templates/`.
    pub fn templates(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files
            .iter()
            .filter_map(|(path, bytes)| Some((path.as_str().strip_prefix("templates/")?, bytes)))
    }
}

/// Where presets are looked for.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// The directory that relative paths start from.
    pub base: PathBuf,
    /// Where fetched presets are kept.
    pub cache: PathBuf,
    /// Commits that are taken instead of asking the network, by the git
    /// reference without its directory.
    pub pins: BTreeMap<(String, String), String>,
    /// Layers that a repository keeps beside its lock, by their source as
    /// the lock names it.
    pub kept: BTreeMap<String, Kept>,
    /// Whether layers are only taken from what the repository keeps: a
    /// directory that is there is not looked at, and git is not asked.
    pub only_kept: bool,
}

/// A layer that a repository keeps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Its directory.
    pub directory: PathBuf,
    /// The commit it was taken from, if it was taken from one.
    pub commit: Option<String>,
    /// SHA-256 of each file, by path.
    pub files: BTreeMap<String, String>,
}

impl Kept {
    /// Its files, which have to be those of the lock.
    fn read(&self) -> Result<Files, Error> {
        let files = Files::of_directory(&self.directory)?;
        self.compare(&files, &self.directory.display().to_string())?;
        Ok(files)
    }

    /// Whether these are the files that the lock names.
    fn compare(&self, files: &Files, shown: &str) -> Result<(), Error> {
        let there = files.hashes();
        let mut problems: Vec<Problem> = Vec::new();
        let paths: BTreeSet<&String> = there.keys().chain(self.files.keys()).collect();
        for path in paths {
            let message = match (there.get(path), self.files.get(path)) {
                (Some(one), Some(other)) if one == other => continue,
                (Some(_), Some(_)) => format!("{path} is not what the lock pins: its hash differs"),
                (Some(_), None) => format!("{path} is not in the lock"),
                (None, _) => format!("{path} is missing, and the lock has it"),
            };
            problems.push(Problem::new(message).at(shown).help(
                "restore it from version control; if the preset is meant to be another one, `dockwright update --fetch`",
            ));
        }
        if problems.is_empty() { Ok(()) } else { Err(Error::Input(problems)) }
    }
}

/// Where a layer was found, so that its relative references can be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Spot {
    Builtin(String),
    Directory { path: PathBuf, named: String },
    Git { url: String, revision: String, commit: String, directory: Option<RelPath> },
}

impl Spot {
    /// Whether two spots are one, however they were named on the way there.
    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Directory { path: one, .. }, Self::Directory { path: two, .. }) => one == two,
            (
                Self::Git { url: one, commit: first, directory: here, .. },
                Self::Git { url: two, commit: second, directory: there, .. },
            ) => (one, first, here) == (two, second, there),
            _ => self == other,
        }
    }
}

/// The layers of a reference, lowest first. A layer that is reached twice
/// stands where it is reached first.
///
/// # Errors
/// An unknown preset, one that cannot be read or fetched, its mistakes, a
/// circle, or a lock that a later layer changes.
pub fn resolve(reference: &Reference, places: &Places) -> Result<Vec<Layer>, Error> {
    let mut resolver = Resolver { places, layers: Vec::new(), done: Vec::new(), open: Vec::new() };
    let spot = resolver.locate(reference, None)?;
    resolver.visit(spot)?;
    let problems = locks::changed(&resolver.layers);
    if problems.is_empty() { Ok(resolver.layers) } else { Err(Error::Input(problems)) }
}

/// Deepest chain of `extends`: teams have three or four.
const DEEPEST: usize = 32;

struct Resolver<'a> {
    places: &'a Places,
    layers: Vec<Layer>,
    done: Vec<Spot>,
    open: Vec<(Spot, String)>,
}

impl Resolver<'_> {
    fn visit(&mut self, spot: Spot) -> Result<(), Error> {
        if self.done.iter().any(|known| known.is(&spot)) {
            return Ok(());
        }
        let files = self.files(&spot)?;
        let shown = shown(&spot);
        let text =
            files.text(MANIFEST).map_err(|problem| Error::input(problem.at(shown.clone())))?;
        // Before the rest: what this version does not know is no mistake then.
        requires(text, &shown)?;
        let manifest =
            manifest::read(&format!("{shown}/{MANIFEST}"), text).map_err(Error::Input)?;
        if self.open.iter().any(|(known, _)| known.is(&spot)) {
            let mut names: Vec<&str> = self.open.iter().map(|(_, name)| name.as_str()).collect();
            names.push(&manifest.name);
            let message = format!("presets extend each other in a circle: {}", names.join(" → "));
            return Err(Error::input(Problem::new(message).at(shown)));
        }
        if self.open.len() >= DEEPEST {
            let message = format!("presets extend each other more than {DEEPEST} deep");
            return Err(Error::input(Problem::new(message).at(shown)));
        }
        self.open.push((spot.clone(), manifest.name.clone()));
        for reference in &manifest.extends {
            let next = self.locate(reference, Some(&spot))?;
            self.visit(next)?;
        }
        self.open.pop();
        let source = source(&spot);
        let hash = files.hash();
        self.layers.push(Layer { manifest, source, files, hash });
        self.done.push(spot);
        Ok(())
    }

    /// Where a reference points, seen from the layer that names it.
    fn locate(&self, reference: &Reference, from: Option<&Spot>) -> Result<Spot, Error> {
        match reference {
            Reference::Builtin(name) => Ok(Spot::Builtin(name.clone())),
            Reference::Git { url, revision, directory } => {
                let key = (url.clone(), revision.clone());
                let commit = match self.places.pins.get(&key) {
                    Some(commit) => commit.clone(),
                    None if self.places.only_kept => return Err(not_kept(&reference.to_string())),
                    None => git::fetch(&self.places.cache, url, revision)?,
                };
                let directory = directory.clone();
                Ok(Spot::Git { url: url.clone(), revision: revision.clone(), commit, directory })
            }
            Reference::Path(path) => match from {
                // A relative reference inherits its parent's revision.
                Some(Spot::Git { url, revision, commit, directory }) => {
                    let inside = join(directory.as_ref(), path).map_err(|problem| {
                        Error::input(problem.at(format!("{url} at {commit}")))
                    })?;
                    Ok(Spot::Git {
                        url: url.clone(),
                        revision: revision.clone(),
                        commit: commit.clone(),
                        directory: inside,
                    })
                }
                Some(Spot::Directory { path: base, named }) => Ok(directory(base, path, named)),
                Some(Spot::Builtin(_)) | None => Ok(directory(&self.places.base, path, "")),
            },
        }
    }

    fn files(&self, spot: &Spot) -> Result<Files, Error> {
        if self.places.only_kept && !matches!(spot, Spot::Builtin(_)) {
            let source = source(spot).to_string();
            let kept = self.places.kept.get(&source).ok_or_else(|| not_kept(&source))?;
            return kept.read();
        }
        match spot {
            Spot::Builtin(name) => builtin(name),
            Spot::Directory { path, .. } => {
                let kept = self.places.kept.get(&source(spot).to_string());
                match kept.filter(|_| !path.join(MANIFEST).exists()) {
                    // A clone without the preset beside it.
                    Some(kept) => kept.read(),
                    None => Files::of_directory(path),
                }
            }
            Spot::Git { url, revision, commit, directory } => {
                let kept = self.places.kept.get(&source(spot).to_string());
                let kept = kept.filter(|kept| kept.commit.as_ref() == Some(commit));
                if let Some(kept) = kept.filter(|kept| kept.directory.is_dir()) {
                    return kept.read();
                }
                let read = || git::files(&self.places.cache, url, commit, directory.as_ref());
                let files = match read()? {
                    Some(files) => Some(files),
                    // Pinned, and not on this machine yet. The revision may name
                    // another commit by now.
                    None => {
                        git::fetch(&self.places.cache, url, commit)
                            .or_else(|_| git::fetch(&self.places.cache, url, revision))?;
                        read()?
                    }
                };
                if let (Some(files), Some(kept)) = (&files, kept) {
                    kept.compare(files, &format!("{url} at {commit}"))?;
                }
                files.ok_or_else(|| {
                    let message = format!("{url}: `{revision}` no longer names commit {commit}");
                    Error::input(Problem::new(message).help(
                        "`dockwright update --fetch` takes what it names now, and shows what changes",
                    ))
                })
            }
        }
    }
}

fn not_kept(source: &str) -> Error {
    Error::input(
        Problem::new(format!("{source}: the repository keeps no copy of it"))
            .help("`dockwright update` takes it and keeps it"),
    )
}

/// Refuses a preset for other versions of dockwright.
fn requires(manifest: &str, shown: &str) -> Result<(), Error> {
    let own = semver::Version::parse(env!("CARGO_PKG_VERSION")).expect("cargo checks it");
    match manifest::requires(manifest) {
        Some(wanted) if !wanted.matches(&own) => {
            let problem =
                Problem::new(format!("the preset needs dockwright {wanted}, and this is {own}"));
            Err(Error::input(problem.at(shown).help("install that version")))
        }
        _ => Ok(()),
    }
}

fn builtin(name: &str) -> Result<Files, Error> {
    let Some(file) = BUILTIN.get_file(format!("{name}/{MANIFEST}")) else {
        return Err(Error::input(super::unknown(name)));
    };
    let mut files = Files::default();
    files.add(MANIFEST, file.contents().to_vec()).map_err(Error::input)?;
    Ok(files)
}

fn directory(base: &Path, relative: &str, named: &str) -> Spot {
    let own = relative.strip_prefix("~/").and_then(|rest| Some(std::env::home_dir()?.join(rest)));
    let is_own = own.is_some();
    let path = own.unwrap_or_else(|| base.join(relative));
    // Resolved, so that a circle over two spellings is one. A directory that
    // is yet to be made can be left by `..` as well.
    let path = path::canonical(&path).unwrap_or_else(|_| without_dots(&path));
    let named = match Path::new(relative).is_absolute() || is_own || named.is_empty() {
        true => relative.to_owned(),
        false => format!("{named}/{relative}"),
    };
    Spot::Directory { path, named }
}

/// An absolute path without `.` and `..`, whether it is there or not.
fn without_dots(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).components() {
        match part {
            std::path::Component::ParentDir => drop(plain.pop()),
            std::path::Component::CurDir => {}
            part => plain.push(part),
        }
    }
    plain
}

/// A path below the top of a repository, from a directory in it.
fn join(directory: Option<&RelPath>, relative: &str) -> Result<Option<RelPath>, Problem> {
    if relative.starts_with(['/', '~']) || relative.contains(':') {
        return Err(Problem::new(format!("`{relative}` is outside of the repository"))
            .help("a preset in git extends what is in git too: \"../base\", or git+URL#REVISION"));
    }
    let top = directory.map_or(".", RelPath::as_str);
    match relpath::join(top, relative).as_deref() {
        None => Err(Problem::new(format!("`{relative}` leaves the repository"))),
        Some(".") => Ok(None),
        Some(path) => RelPath::new(path).map(Some).map_err(Problem::new),
    }
}

fn shown(spot: &Spot) -> String {
    match spot {
        Spot::Builtin(name) => name.clone(),
        Spot::Directory { named, .. } => named.clone(),
        Spot::Git { .. } => source(spot).to_string(),
    }
}

fn source(spot: &Spot) -> Source {
    match spot {
        Spot::Builtin(_) => Source::Builtin,
        Spot::Directory { named, .. } => Source::Path(named.clone()),
        Spot::Git { url, revision, commit, directory } => Source::Git {
            url: url.clone(),
            revision: revision.clone(),
            commit: commit.clone(),
            directory: directory.clone(),
        },
    }
}

#[cfg(test)]
mod tests {
    use assert_fs::TempDir;
    use assert_fs::prelude::*;

    use super::*;

    fn preset(directory: &TempDir, name: &str, extends: &str) {
        let text = format!("name = \"{name}\"\nversion = \"1.0.0\"\nextends = {extends}\n");
        directory.child(format!("{name}/preset.toml")).write_str(&text).unwrap();
    }

    fn names(directory: &TempDir, reference: &str) -> Result<Vec<String>, Error> {
        let places = Places {
            base: directory.path().to_owned(),
            cache: directory.path().join("cache"),
            ..Places::default()
        };
        let layers = resolve(&Reference::parse(reference).unwrap(), &places)?;
        Ok(layers.iter().map(|layer| layer.manifest.name.clone()).collect())
    }

    #[test]
    fn what_is_extended_comes_first_in_its_order_and_once() {
        let directory = TempDir::new().unwrap();
        preset(&directory, "base", "[\"django-nginx\"]");
        preset(&directory, "logs", "[\"../base\"]");
        preset(&directory, "team", "[\"../base\", \"../logs\"]");
        let found = names(&directory, "./team").unwrap();
        assert_eq!(found, ["django-nginx", "base", "logs", "team"]);
    }

    #[test]
    fn a_circle_is_an_error_that_names_it() {
        let directory = TempDir::new().unwrap();
        preset(&directory, "one", "[\"../two\"]");
        preset(&directory, "two", "[\"../one\"]");
        let error = names(&directory, "./one").unwrap_err().to_string();
        assert!(error.contains("one → two → one"), "{error}");
    }

    #[test]
    fn a_missing_preset_and_a_misspelt_builtin_are_named() {
        let directory = TempDir::new().unwrap();
        preset(&directory, "one", "[\"../nowhere\"]");
        assert!(names(&directory, "./one").unwrap_err().to_string().contains("nowhere"));
        preset(&directory, "one", "[\"django-ngnix\"]");
        let error = names(&directory, "./one").unwrap_err().to_string();
        assert!(error.contains("did you mean `django-nginx`?"), "{error}");
    }

    #[test]
    fn in_git_a_relative_reference_stays_in_the_repository() {
        let web = RelPath::new("web/django").unwrap();
        assert_eq!(join(Some(&web), "../base").unwrap(), Some(RelPath::new("web/base").unwrap()));
        assert_eq!(join(Some(&web), "../..").unwrap(), None);
        for out in ["../../../x", "/etc", "~/x", "C:/x", "../../..", "../../con"] {
            assert!(join(Some(&web), out).is_err(), "{out}");
        }
        // Nothing is decoded: this is a name like any other.
        let literal = join(Some(&web), "..%2f..%2f..%2fx").unwrap().unwrap();
        assert_eq!(literal.as_str(), "web/django/..%2f..%2f..%2fx");
    }

    #[test]
    fn a_layer_may_repeat_the_lock_of_one_it_extends_and_not_change_it() {
        let directory = TempDir::new().unwrap();
        preset(&directory, "base", "[\"django-nginx\"]\n[locked]\nstack.proxy = \"nginx\"");
        let extends = |rest: &str| {
            preset(&directory, "team", &format!("[\"../base\"]\n{rest}"));
            names(&directory, "./team")
        };
        extends("[locked]\nstack.proxy = \"nginx\"").unwrap();
        for table in ["locked", "defaults"] {
            let error = extends(&format!("[{table}]\nstack.proxy = \"none\"")).unwrap_err();
            let text = error.to_string();
            let both =
                ["locked to nginx by base 1.0.0 (", "base/preset.toml:5:", "team/preset.toml:5:"];
            assert!(both.iter().all(|part| text.contains(part)), "{text}");
        }
    }
}
