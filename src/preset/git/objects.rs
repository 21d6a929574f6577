//! The files of a preset, read from the objects of a store: as they were
//! committed, whatever attributes or filters the repository asks for.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{ChildStdin, ChildStdout, Stdio};

use super::command::{git, missing};
use super::store::Store;
use crate::error::{Error, Problem};
use crate::preset::files::{Files, check_size};
use crate::preset::{MANIFEST, PARTS};
use crate::relpath::RelPath;

/// How a file begins whose content Git LFS keeps elsewhere.
const LFS: &[u8] = b"version https://git-lfs.github.com/spec/";

/// Why files could not be read.
pub enum Unread {
    /// The commit was not fetched, or not whole.
    Absent,
    /// What was committed is no preset.
    Wrong(Error),
}

impl From<Problem> for Unread {
    fn from(problem: Problem) -> Self {
        Self::Wrong(Error::input(problem))
    }
}

/// A file of a tree.
struct Listed {
    mode: String,
    object: String,
    size: u64,
    path: String,
}

/// The files of a preset at a commit.
///
/// # Errors
/// See [`Unread`].
pub fn read(
    store: &Store,
    url: &str,
    commit: &str,
    directory: Option<&RelPath>,
) -> Result<Files, Unread> {
    let prefix = directory.map_or(String::new(), |directory| format!("{directory}/"));
    let at = |problem: Problem| Unread::from(problem.at(format!("{url} at {commit}")));
    let mut wanted: Vec<Listed> = Vec::new();
    let parts: Vec<String> =
        [MANIFEST].iter().chain(&PARTS).map(|part| format!("{prefix}{part}")).collect();
    for listed in list(store, commit, &parts)? {
        let inside = listed.path.strip_prefix(&prefix).unwrap_or(&listed.path).to_owned();
        if let Some(what) = strange(&listed.mode) {
            let problem = Problem::new(format!("{inside} is {what}"));
            return Err(at(problem.help("a preset holds plain files alone")));
        }
        check_size(&inside, listed.size).map_err(at)?;
        wanted.push(Listed { path: inside, ..listed });
    }
    if !wanted.iter().any(|listed| listed.path == MANIFEST) {
        return Err(Unread::from(
            absent(store, url, commit, directory)?.at(format!("commit {commit}")),
        ));
    }
    let mut files = Files::default();
    let mut batch = Batch::start(store).map_err(Unread::Wrong)?;
    for Listed { path, object, size, .. } in wanted {
        let bytes = batch.object(&object, size).ok_or(Unread::Absent)?;
        if bytes.starts_with(LFS) {
            let problem =
                Problem::new(format!("{path} is kept by Git LFS, and only a pointer here"));
            return Err(at(problem.help("a preset is small: commit the file itself")));
        }
        files.add(&path, bytes).map_err(at)?;
    }
    Ok(files)
}

/// Why there is no manifest.
fn absent(
    store: &Store,
    url: &str,
    commit: &str,
    directory: Option<&RelPath>,
) -> Result<Problem, Unread> {
    let Some(directory) = directory else {
        let problem = Problem::new(format!("{url} has no {MANIFEST} at its top"));
        return Ok(problem.help("name its directory: git+URL#REVISION:DIRECTORY"));
    };
    let listed = list(store, commit, &[directory.to_string()])?;
    let own = listed.iter().find(|listed| listed.path == directory.as_str());
    Ok(match own.and_then(|listed| strange(&listed.mode)) {
        Some(what) => Problem::new(format!("{directory} in {url} is {what}"))
            .help("name the repository and directory that it really is in"),
        None => Problem::new(format!("{url} has no {MANIFEST} in {directory}")),
    })
}

/// What a mode is, if it is no plain file.
fn strange(mode: &str) -> Option<&'static str> {
    match mode {
        "120000" => Some("a symbolic link"),
        "160000" => Some("a submodule"),
        mode if mode.starts_with("100") => None,
        _ => Some("no plain file"),
    }
}

fn list(store: &Store, commit: &str, paths: &[String]) -> Result<Vec<Listed>, Unread> {
    let mut arguments = vec!["ls-tree", "-r", "-z", "-l", "--full-tree", commit, "--"];
    arguments.extend(paths.iter().map(String::as_str));
    let listing = store.git(&arguments).map_err(|_| Unread::Absent)?;
    let mut listed = Vec::new();
    for line in listing.split(|byte| *byte == 0).filter(|line| !line.is_empty()) {
        let Ok(line) = std::str::from_utf8(line) else {
            return Err(Problem::new("a name in it is not UTF-8").at(commit.to_owned()).into());
        };
        let Some((kind, path)) = line.split_once('\t') else { continue };
        let mut words = kind.split_whitespace();
        let mut next = || words.next().unwrap_or_default().to_owned();
        let (mode, _, object, size) = (next(), next(), next(), next());
        listed.push(Listed {
            mode,
            object,
            size: size.parse().unwrap_or(0),
            path: path.to_owned(),
        });
    }
    Ok(listed)
}

/// One process that gives object after object.
struct Batch {
    child: std::process::Child,
    wants: Option<ChildStdin>,
    gives: BufReader<ChildStdout>,
}

impl Batch {
    fn start(store: &Store) -> Result<Self, Error> {
        let mut command = git(Some(store.path()));
        command.args(["cat-file", "--batch"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::null()).spawn().map_err(|error| missing(&error))?;
        let wants = child.stdin.take();
        let gives = BufReader::new(child.stdout.take().expect("it was asked for"));
        Ok(Self { child, wants, gives })
    }

    /// The bytes of an object; `None` where it is missing or damaged.
    fn object(&mut self, object: &str, size: u64) -> Option<Vec<u8>> {
        let wants = self.wants.as_mut()?;
        writeln!(wants, "{object}").ok()?;
        wants.flush().ok()?;
        let mut header = String::new();
        self.gives.read_line(&mut header).ok()?;
        if header.trim_end() != format!("{object} blob {size}") {
            return None;
        }
        let mut bytes = vec![0; usize::try_from(size).ok()?];
        self.gives.read_exact(&mut bytes).ok()?;
        self.gives.read_exact(&mut [0]).ok()?;
        Some(bytes)
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        // The end of its input is the end of it.
        self.wants = None;
        let _ = self.child.wait();
    }
}
