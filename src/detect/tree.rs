//! The files of a repository: walked once, read in parallel, parsed only
//! where a marker occurs. Git-ignored files, virtual environments and
//! installed packages are not among them. Nothing is executed.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, OnceLock};
use std::time::{Duration, Instant};

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use ignore::{DirEntry, WalkBuilder, WalkState};

use crate::detect::fact::Evidence;
use crate::detect::python::Module;
use crate::detect::{decode, scope};
use crate::error::{Error, Problem};
use crate::source::compose::{FILE_NAMES, is_compose};
use crate::source::dockerfile::is_dockerfile;
use crate::source::{path, text};

/// More files than this are no repository: somebody named a disk, or a directory
/// of many. The walk stops, and says so.
const MOST_FILES: usize = 250_000;

/// Largest Python file that is read, in bytes: generated ones are larger.
const PYTHON_CAP: u64 = 1 << 20;
/// Largest other file that is read; lock files of large projects have
/// several megabytes.
const OTHER_CAP: u64 = 32 << 20;

/// Directories that are never entered, whatever git says of them.
const CLOSED: [&str; 15] = [
    ".git",
    ".hg",
    ".svn",
    ".venv",
    ".tox",
    ".nox",
    ".eggs",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".dockwright",
    "__pycache__",
    "__pypackages__",
    "node_modules",
    "site-packages",
];

/// Text that makes a Python file worth parsing. A file without any of them
/// is parsed only when another one imports it.
const MARKERS: [&str; 37] = [
    "FastAPI",
    "Flask(",
    "Starlette",
    "Litestar",
    "Quart",
    "Sanic",
    "aiohttp",
    "Bottle",
    "falcon",
    "tornado",
    "Dash(",
    "Robyn(",
    "shiny",
    "ASGIApp",
    "get_wsgi_application",
    "get_asgi_application",
    "DJANGO_SETTINGS_MODULE",
    "INSTALLED_APPS",
    "DATABASES",
    "STATIC_ROOT",
    "create_app",
    "application",
    "Celery(",
    "beat_schedule",
    "BEAT_SCHEDULE",
    "environ",
    "getenv",
    "BaseSettings",
    "decouple",
    "Migrate(",
    "uvicorn",
    "gunicorn",
    "health",
    "create_engine",
    "create_async_engine",
    "redis",
    "BackgroundScheduler",
];

static FINDER: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::builder()
        // Which of them is met does not matter, and this kind may skip ahead.
        .match_kind(MatchKind::LeftmostFirst)
        .kind(Some(AhoCorasickKind::DFA))
        .build(MARKERS)
        .expect("the markers are plain text")
});

/// A file or directory that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Unreadable {
    /// Where, relative to the directory that was read.
    pub path: String,
    /// What the system said.
    pub why: String,
}

/// How long the steps of reading took.
#[derive(Clone, Copy, Debug, Default)]
pub struct Timings {
    /// Listing the files.
    pub walk: Duration,
    /// Reading Python files and looking for markers.
    pub read: Duration,
    /// Parsing those with one.
    pub parse: Duration,
}

#[derive(Debug, Default)]
struct Entry {
    size: OnceLock<u64>,
    /// Whether it says something about production.
    counts: bool,
    marked: bool,
    text: OnceLock<Option<Arc<str>>>,
    /// Offsets at which the lines of the text begin.
    lines: OnceLock<Vec<usize>>,
    /// Apart, so that a walk over all entries stays short.
    module: OnceLock<Option<Box<Module>>>,
}

/// The files of a directory.
#[derive(Debug)]
pub struct Tree {
    base: PathBuf,
    entries: BTreeMap<String, Entry>,
    /// Last parts of the names of modules and packages.
    names: OnceLock<HashSet<String>>,
    unreadable: Vec<Unreadable>,
    timings: Timings,
}

impl Tree {
    /// Walks, reads and parses a directory.
    ///
    /// # Errors
    /// When the directory itself cannot be read, or holds more files than any
    /// repository. Anything unreadable below it is noted and left out.
    pub fn read(directory: &Path) -> Result<Self, Error> {
        Self::within(directory, MOST_FILES)?.ok_or_else(|| too_many(directory))
    }

    /// The same of a directory with at most so many files in it; `None` where there
    /// are more.
    ///
    /// # Errors
    /// When the directory itself cannot be read.
    pub fn within(directory: &Path, most: usize) -> Result<Option<Self>, Error> {
        Ok(Self::walked(directory, None, most)?.map(Self::parsed))
    }

    /// The files of a directory alone, and none below it.
    ///
    /// # Errors
    /// See [`Self::read`].
    pub fn flat(directory: &Path) -> Result<Self, Error> {
        let tree = Self::walked(directory, Some(1), MOST_FILES)?;
        tree.map(Self::parsed).ok_or_else(|| too_many(directory))
    }

    fn parsed(mut self) -> Self {
        let start = Instant::now();
        self.mark();
        self.timings.read = start.elapsed();
        let start = Instant::now();
        let marked: Vec<&str> = self.marked_paths().collect();
        in_parallel(&marked, |path| {
            let _ = self.python(path);
        });
        let parse = start.elapsed();
        self.timings.parse = parse;
        self
    }

    /// Walks a directory, and reads nothing yet.
    ///
    /// # Errors
    /// See [`Self::read`].
    pub fn list(directory: &Path) -> Result<Self, Error> {
        Self::walked(directory, None, MOST_FILES)?.ok_or_else(|| too_many(directory))
    }

    fn walked(directory: &Path, depth: Option<usize>, most: usize) -> Result<Option<Self>, Error> {
        let failed = |source| Error::Io { action: "read", path: directory.to_owned(), source };
        fs::read_dir(directory).map_err(failed)?;
        let base = path::canonical(directory).map_err(failed)?;
        let mut timings = Timings::default();
        let start = Instant::now();
        let Some((mut entries, unreadable)) = walk(&base, depth, most) else { return Ok(None) };
        // They deploy what is here, also where git is told to leave them alone.
        for name in FILE_NAMES.into_iter().chain(["Dockerfile", ".dockerignore"]) {
            // Where case does not count, `dockerfile` is there by both names.
            let is_other = || path::IGNORES_CASE && path::other_case(&base, name).is_some();
            if base.join(name).symlink_metadata().is_ok_and(|own| own.is_file()) && !is_other() {
                let own = || Entry { counts: true, ..Entry::default() };
                entries.entry(name.to_owned()).or_insert_with(own);
            }
        }
        timings.walk = start.elapsed();
        Ok(Some(Self { base, entries, names: OnceLock::new(), unreadable, timings }))
    }

    /// The directory that was read, absolute.
    #[must_use]
    pub fn base(&self) -> &Path {
        &self.base
    }

    /// Reads a file as if it held this text. It is no Python file.
    pub fn put(&mut self, path: &str, text: &str) {
        let entry = self.entries.entry(path.to_owned()).or_default();
        entry.size = OnceLock::from(text.len() as u64);
        entry.text = OnceLock::from(Some(Arc::from(text)));
        entry.lines = OnceLock::new();
    }

    /// Counts a file that is there as one of them, whatever git is told of it.
    pub fn add(&mut self, path: &str) {
        self.entries.entry(path.to_owned()).or_default();
    }

    /// Leaves files out, as if they were not there.
    pub fn forget(&mut self, paths: &[String]) {
        self.entries.retain(|path, _| !paths.contains(path));
    }

    /// How long reading took.
    #[must_use]
    pub const fn timings(&self) -> Timings {
        self.timings
    }

    /// What could not be read.
    #[must_use]
    pub fn unreadable(&self) -> &[Unreadable] {
        &self.unreadable
    }

    /// Every file, sorted by path.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// The files that say something about production, sorted by path; see
    /// [`scope::counts`].
    pub fn counted(&self) -> impl Iterator<Item = &str> {
        let counted = self.entries.iter().filter(|(_, entry)| entry.counts);
        counted.map(|(path, _)| path.as_str())
    }

    /// The files directly in a directory; `.` is the top.
    pub fn in_directory<'a>(&'a self, directory: &'a str) -> impl Iterator<Item = &'a str> {
        self.below(directory).filter(move |path| {
            let rest = if directory == "." { path } else { &path[directory.len() + 1..] };
            !rest.contains('/')
        })
    }

    /// The files anywhere below a directory; `.` is the top.
    pub fn below<'a>(&'a self, directory: &'a str) -> impl Iterator<Item = &'a str> {
        let prefix = if directory == "." { String::new() } else { format!("{directory}/") };
        self.entries
            .range::<str, _>((
                std::ops::Bound::Included(prefix.as_str()),
                std::ops::Bound::Unbounded,
            ))
            .map(|(path, _)| path.as_str())
            .take_while(move |path| path.starts_with(&prefix))
    }

    /// Whether a file is there.
    #[must_use]
    pub fn has(&self, path: &str) -> bool {
        self.entries.contains_key(path)
    }

    /// Whether any file is below a directory.
    #[must_use]
    pub fn has_directory(&self, path: &str) -> bool {
        path == "." || self.below(path).next().is_some()
    }

    /// Size of a file in bytes.
    #[must_use]
    pub fn size(&self, path: &str) -> Option<u64> {
        let entry = self.entries.get(path)?;
        let size = || fs::metadata(self.base.join(path)).map_or(0, |metadata| metadata.len());
        Some(*entry.size.get_or_init(size))
    }

    /// The text of a file; `None` where it is missing, binary or too large.
    #[must_use]
    pub fn text(&self, path: &str) -> Option<&str> {
        self.shared_text(path).map(|text| &**text)
    }

    fn shared_text(&self, path: &str) -> Option<&Arc<str>> {
        let entry = self.entries.get(path)?;
        entry.text.get_or_init(|| decode::text(self.bytes(path)?).map(Arc::from)).as_ref()
    }

    /// What a file holds, unless it is too large.
    fn bytes(&self, path: &str) -> Option<Vec<u8>> {
        let cap = if path.ends_with(".py") { PYTHON_CAP } else { OTHER_CAP };
        let mut file = text::open(&self.base.join(path)).ok()?;
        let size = file.metadata().ok()?.len();
        if size > cap {
            return None;
        }
        // Its size is known, so that nothing is asked for its end.
        let mut bytes = vec![0; usize::try_from(size).ok()?];
        file.read_exact(&mut bytes).ok()?;
        Some(bytes)
    }

    /// A Python file's syntax tree; parsed when it is first asked for.
    #[must_use]
    pub fn python(&self, path: &str) -> Option<&Module> {
        let entry = self.entries.get(path)?;
        entry
            .module
            .get_or_init(|| {
                let text = self.shared_text(path)?;
                Some(Box::new(Module::parse(path, Arc::clone(text))))
            })
            .as_deref()
    }

    /// Whether any module or package, wherever it is, has this name: most
    /// names that code imports are of installed packages.
    #[must_use]
    pub fn names_module(&self, name: &str) -> bool {
        let names = self.names.get_or_init(|| {
            let mut names = HashSet::new();
            for stem in self.paths().filter_map(|path| path.strip_suffix(".py")) {
                let (directory, name) = stem.rsplit_once('/').unwrap_or(("", stem));
                if name == "__init__" {
                    names.insert(directory.rsplit('/').next().unwrap_or(directory).to_owned());
                }
                names.insert(name.to_owned());
            }
            names
        });
        names.contains(name)
    }

    /// The file a dotted module name stands for, below an import root.
    #[must_use]
    pub fn module_path(&self, root: &str, dotted: &str) -> Option<String> {
        let inside = dotted.replace('.', "/");
        let stem = if root == "." { inside } else { format!("{root}/{inside}") };
        [format!("{stem}.py"), format!("{stem}/__init__.py")]
            .into_iter()
            .find(|path| self.has(path))
    }

    /// The Python files that count and hold a marker, parsed.
    pub fn modules(&self) -> impl Iterator<Item = &Module> {
        self.marked_paths().filter_map(|path| self.python(path))
    }

    /// A line of a file as evidence, by its number from 1.
    #[must_use]
    pub fn evidence(&self, path: &str, line: usize) -> Evidence {
        match line.checked_sub(1).and_then(|at| self.line(path, at)) {
            None => Evidence::file(path),
            Some(text) => Evidence::line(path, line, text),
        }
    }

    /// A line of a file, by its number from 0.
    fn line(&self, path: &str, at: usize) -> Option<&str> {
        let text = self.text(path)?;
        let lines = self.entries.get(path)?.lines.get_or_init(|| {
            let newlines = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
            std::iter::once(0).chain(newlines.map(|(at, _)| at + 1)).collect()
        });
        text[*lines.get(at)?..].lines().next()
    }

    /// The first line of a file that `test` accepts, as evidence.
    #[must_use]
    pub fn find_line(&self, path: &str, test: impl Fn(&str) -> bool) -> Option<Evidence> {
        let (at, text) = self.text(path)?.lines().enumerate().find(|(_, line)| test(line))?;
        Some(Evidence::line(path, at + 1, text))
    }

    fn marked_paths(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().filter(|(_, entry)| entry.marked).map(|(path, _)| path.as_str())
    }

    /// Reads every Python file that counts, once, and keeps the text of those
    /// with a marker.
    fn mark(&mut self) {
        let candidates: Vec<&str> = self.counted().filter(|path| path.ends_with(".py")).collect();
        let found = Mutex::new(Vec::new());
        in_parallel(&candidates, |path| {
            if let Some(bytes) = self.bytes(path)
                && FINDER.is_match(&bytes)
            {
                let text = decode::text(bytes).map(Arc::from);
                found.lock().expect("no reader panics").push(((*path).to_string(), text));
            }
        });
        for (path, text) in found.into_inner().expect("no reader panics") {
            if let Some(entry) = self.entries.get_mut(&path) {
                entry.marked = text.is_some();
                let _ = entry.text.set(text);
            }
        }
    }
}

/// Runs `work` on every item, on all cores.
fn in_parallel<T: Sync>(items: &[T], work: impl Fn(&T) + Sync) {
    /// Items a thread takes at once; fewer than this are not worth a thread.
    const BATCH: usize = 16;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    if items.len() <= BATCH || threads == 1 {
        items.iter().for_each(work);
        return;
    }
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let start = next.fetch_add(BATCH, Ordering::Relaxed);
                    if start >= items.len() {
                        break;
                    }
                    items[start..items.len().min(start + BATCH)].iter().for_each(&work);
                }
            });
        }
    });
}

fn too_many(directory: &Path) -> Error {
    let message = format!("there are more than {MOST_FILES} files in {}", directory.display());
    let help = "name the directory of one repository; what .gitignore names is not walked";
    Error::input(Problem::new(message).help(help))
}

/// Every file and what could not be read; `None` where there are more than `most`.
fn walk(
    base: &Path,
    depth: Option<usize>,
    most: usize,
) -> Option<(BTreeMap<String, Entry>, Vec<Unreadable>)> {
    let entries = Mutex::new(Vec::new());
    let unreadable = Mutex::new(Vec::new());
    let seen = AtomicUsize::new(0);
    // What cannot be opened ignores nothing.
    let has_lists = text::lists_open(base);
    let walker = WalkBuilder::new(base)
        .hidden(false)
        .ignore(false)
        .git_ignore(has_lists)
        .git_exclude(has_lists)
        .git_global(false)
        .require_git(false)
        .follow_links(false)
        .max_depth(depth)
        .filter_entry(is_open)
        .threads(std::thread::available_parallelism().map_or(1, usize::from))
        .build_parallel();
    walker.run(|| {
        Box::new(|found| {
            if seen.fetch_add(1, Ordering::Relaxed) > most {
                return WalkState::Quit;
            }
            match found {
                Ok(found) => {
                    if let Some(entry) = file(base, &found) {
                        entries.lock().expect("no walker panics").push(entry);
                    } else if let Some(own) = closed(base, &found) {
                        unreadable.lock().expect("no walker panics").push(own);
                    }
                }
                Err(error) => {
                    unreadable.lock().expect("no walker panics").push(refusal(base, &error))
                }
            }
            WalkState::Continue
        })
    });
    if seen.into_inner() > most {
        return None;
    }
    let mut unreadable = unreadable.into_inner().expect("no walker panics");
    unreadable.sort_by(|one: &Unreadable, other| one.path.cmp(&other.path));
    Some((entries.into_inner().expect("no walker panics").into_iter().collect(), unreadable))
}

/// Whether a directory is entered; files always are.
fn is_open(entry: &DirEntry) -> bool {
    if entry.depth() == 0 || !entry.file_type().is_some_and(|kind| kind.is_dir()) {
        return true;
    }
    let name = entry.file_name().to_string_lossy();
    !CLOSED.contains(&name.as_ref())
        && !name.ends_with(".egg-info")
        && !entry.path().join("pyvenv.cfg").exists()
        && text::lists_open(entry.path())
}

/// A file by its path; a link to a file inside the directory counts as one.
fn file(base: &Path, found: &DirEntry) -> Option<(String, Entry)> {
    let kind = found.file_type()?;
    let linked = || {
        let target = path::canonical(found.path()).ok()?;
        Some(target.starts_with(base) && fs::metadata(&target).ok()?.is_file())
    };
    let counts = kind.is_file() || (kind.is_symlink() && linked()?);
    if !counts {
        return None;
    }
    let relative = found.path().strip_prefix(base).ok()?;
    let parts: Option<Vec<&str>> =
        relative.components().map(|part| part.as_os_str().to_str()).collect();
    let path = parts?.join("/");
    let counts = scope::counts(&path);
    Some((path, Entry { counts, ..Entry::default() }))
}

/// A container file, by its name, that is none of the directory's files: who builds
/// or starts it there reads it all the same.
fn closed(base: &Path, found: &DirEntry) -> Option<Unreadable> {
    let kind = found.file_type()?;
    let path = path::portable(found.path().strip_prefix(base).ok()?);
    let is_one = is_dockerfile(&path) || is_compose(&path);
    if kind.is_dir() || kind.is_file() || !is_one {
        return None;
    }
    let why = match path::canonical(found.path()) {
        Err(_) => "it is a link to nothing",
        Ok(target) if target.is_dir() => return None,
        Ok(target) if !target.starts_with(base) => "it is a link out of the directory",
        Ok(_) => "it is no plain file",
    };
    Some(Unreadable { path, why: why.to_owned() })
}

fn refusal(base: &Path, error: &ignore::Error) -> Unreadable {
    fn path_of(error: &ignore::Error) -> Option<&Path> {
        match error {
            ignore::Error::WithPath { path, .. } => Some(path),
            ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => {
                path_of(err)
            }
            ignore::Error::Loop { child, .. } => Some(child),
            _ => None,
        }
    }
    let path = path_of(error)
        .map_or_else(|| ".".into(), |path| path::portable(path.strip_prefix(base).unwrap_or(path)));
    let why = error.io_error().map_or_else(
        || error.to_string(),
        |error| match error.kind() {
            std::io::ErrorKind::PermissionDenied => "no permission to read it".to_owned(),
            _ => error.to_string(),
        },
    );
    Unreadable { path, why }
}

#[cfg(test)]
mod tests {
    use assert_fs::TempDir;
    use assert_fs::prelude::*;

    use super::*;

    fn tree(files: &[(&str, &str)]) -> (TempDir, Tree) {
        let directory = TempDir::new().unwrap();
        for (path, text) in files {
            directory.child(path).write_str(text).unwrap();
        }
        let tree = Tree::read(directory.path()).unwrap();
        (directory, tree)
    }

    #[test]
    fn environments_ignored_files_and_installed_packages_are_not_read() {
        let (_directory, tree) = tree(&[
            (".gitignore", "local/\n"),
            ("local/app.py", "FastAPI"),
            ("env-of-mine/pyvenv.cfg", ""),
            ("env-of-mine/lib/django.py", "DATABASES"),
            ("lib/site-packages/x.py", "FastAPI"),
            (".python-version", "3.12"),
            ("app/main.py", "app = FastAPI()"),
        ]);
        let paths: Vec<&str> = tree.paths().collect();
        assert_eq!(paths, [".gitignore", ".python-version", "app/main.py"]);
    }

    #[test]
    fn only_files_with_a_marker_are_parsed_ahead_and_any_on_demand() {
        let (_directory, tree) = tree(&[
            ("app/main.py", "app = FastAPI()"),
            ("app/__init__.py", "x = 1"),
            ("tests/a.py", "FastAPI"),
        ]);
        let ahead: Vec<&str> = tree.modules().map(|module| module.path.as_str()).collect();
        assert_eq!(ahead, ["app/main.py"]);
        assert!(tree.python("app/__init__.py").is_some());
    }

    #[test]
    fn directories_are_told_apart_from_names_that_begin_like_them() {
        let (_directory, tree) = tree(&[("app/a.py", ""), ("app/b/c.py", ""), ("apple/d.py", "")]);
        assert_eq!(tree.in_directory("app").collect::<Vec<_>>(), ["app/a.py"]);
        assert_eq!(tree.below("app").collect::<Vec<_>>(), ["app/a.py", "app/b/c.py"]);
        assert!(tree.has_directory("app/b") && !tree.has_directory("ap"));
    }

    #[test]
    fn a_walk_over_too_many_files_stops_and_the_directory_alone_is_still_read() {
        let (directory, _) = tree(&[("a.py", ""), ("b/c.py", ""), ("b/d/e.py", "")]);
        assert!(Tree::within(directory.path(), 3).unwrap().is_none());
        // The directories count as well: they are what a walk goes over.
        assert!(Tree::within(directory.path(), 6).unwrap().is_some());
        let flat = Tree::flat(directory.path()).unwrap();
        assert_eq!(flat.paths().collect::<Vec<_>>(), ["a.py"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_loop_of_links_and_a_link_out_of_the_repository_are_left_alone() {
        let (directory, _) = tree(&[("app/a.py", "")]);
        std::os::unix::fs::symlink(directory.path(), directory.path().join("app/loop")).unwrap();
        std::os::unix::fs::symlink("/etc/hostname", directory.path().join("host.py")).unwrap();
        let tree = Tree::read(directory.path()).unwrap();
        assert_eq!(tree.paths().collect::<Vec<_>>(), ["app/a.py"]);
    }
}
