//! The standard that a repository is held against: what is required of it, and
//! the stack that would be written now. What the repository keeps of earlier
//! writes is not asked: whoever edits a file can edit that as well.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::{Comparison, Subject, Unread};
use crate::answers::Draft;
use crate::apply::disk::{self, DiskState};
use crate::error::Error;
use crate::plan::Plan;
use crate::plan::outputs::Syntax;
use crate::policy::{Constraint, Requirement};
use crate::relpath::RelPath;
use crate::render::Rendered;
use crate::source::compose::{FILE_NAMES, OVERRIDES};
use crate::source::text::Text;

/// What a repository is held against.
#[derive(Debug)]
pub struct Standard {
    /// What has to hold; rules name one by its number.
    pub requirements: Vec<Requirement>,
    /// The answers.
    pub draft: Draft,
    /// The plan that follows from them.
    pub plan: Plan,
    /// Whether the repository takes only some of the files.
    pub is_partial: bool,
    /// Whether it is one from outside: what cannot be judged fails it, and what
    /// would not be written has to be told to be harmless.
    pub is_outside: bool,
    /// What would be written now.
    pub written: Subject,
    /// The files that are judged as text.
    pub counted: Vec<Counted>,
    /// What of these could not be read.
    pub unread: Vec<Unread>,
}

/// What is demanded of a repository, and what would be written there now.
#[derive(Debug)]
pub struct Held {
    /// What has to hold.
    pub requirements: Vec<Requirement>,
    /// The answers.
    pub draft: Draft,
    /// The plan that follows from them.
    pub plan: Plan,
    /// The files that follow.
    pub renders: Vec<Rendered>,
    /// Whether the repository takes only some of the files.
    pub is_partial: bool,
    /// Whether it comes from outside.
    pub is_outside: bool,
}

/// A file that is judged as text: a Dockerfile, a compose file, one that a
/// requirement names.
#[derive(Debug)]
pub struct Counted {
    /// The number of its text; an empty one stands for a file that is not there.
    pub text: usize,
    /// Whether it is there, as text.
    pub is_there: bool,
    /// As it would be written now, with LF line ends, where it would.
    pub pristine: Option<String>,
}

impl Subject {
    /// Reads the container files of a repository, to be held against
    /// requirements.
    ///
    /// # Errors
    /// Files that are there and cannot be read.
    pub fn against(directory: &Path, held: Held) -> Result<Self, Error> {
        let Held { requirements, draft, plan, renders, is_partial, is_outside } = held;
        let mut now = if is_outside {
            let planned = renders.iter().map(|own| own.output.path.as_str());
            Self::all_files(directory, &planned.collect::<Vec<_>>())?
        } else {
            Self::files(directory, BTreeMap::new())?
        };
        let nothing = tempfile::tempdir().map_err(|source| Error::Io {
            action: "create",
            path: std::env::temp_dir(),
            source,
        })?;
        let fresh = renders
            .iter()
            .filter_map(|render| Some((render.output.path.to_string(), lf(&render.bytes)?)));
        let written = Self::files(nothing.path(), fresh.collect())?;
        let mut standard = Standard {
            requirements,
            draft,
            plan,
            is_partial,
            is_outside,
            written,
            counted: Vec::new(),
            unread: Vec::new(),
        };
        standard.count(directory, &mut now, &renders)?;
        now.standard = Some(Box::new(standard));
        Ok(now)
    }

    /// The stack beside the one that would be written, where it is held against
    /// a standard.
    #[must_use]
    pub fn compared(&self) -> Option<Comparison<'_>> {
        self.standard.as_deref().map(|standard| Comparison { now: self, standard })
    }
}

impl Standard {
    /// Reads what counts as text, and says what of it cannot be judged.
    fn count(
        &mut self,
        directory: &Path,
        now: &mut Subject,
        renders: &[Rendered],
    ) -> Result<(), Error> {
        let mut paths: BTreeSet<String> = renders
            .iter()
            .filter(|render| matches!(render.output.syntax, Syntax::Dockerfile | Syntax::Yaml))
            .map(|render| render.output.path.to_string())
            .collect();
        let compared = Comparison { now, standard: &*self };
        for deployment in compared.deployed() {
            paths.extend(deployment.project.files.iter().map(|file| file.path.clone()));
        }
        let emptied = emptied(compared);
        if self.is_outside {
            paths.extend(ignores(compared, directory));
        }
        paths.extend(
            compared
                .recipes()
                .into_iter()
                .map(|recipe| now.path(now.recipes[recipe].text).to_owned()),
        );
        // A name that Compose takes by itself counts, whatever stands there.
        let counts = |path: &String| {
            let by_itself =
                FILE_NAMES.iter().chain(&OVERRIDES).any(|name| name.eq_ignore_ascii_case(path));
            paths.contains(path) || by_itself || path == ".env"
        };
        self.unread = now.unread.iter().filter(|own| counts(&own.path)).cloned().collect();
        self.unread.extend(emptied);
        let named: Vec<String> = self
            .requirements
            .iter()
            .filter_map(|own| match &own.constraint {
                Constraint::Lines { path, .. } => Some(self.on_disk(path)),
                _ => None,
            })
            .collect();
        paths.extend(named);
        for path in paths {
            let fresh = renders.iter().find(|render| render.output.path.as_str() == path);
            let pristine = fresh.and_then(|render| lf(&render.bytes));
            let read = self.text(directory, &path)?;
            let is_there = read.is_some();
            let text = now.text_of(&path).unwrap_or_else(|| {
                now.texts.push(Text::new(&*path, read.unwrap_or_default()));
                now.texts.len() - 1
            });
            self.counted.push(Counted { text, is_there, pristine });
        }
        Ok(())
    }

    /// A file, if it is there and is text.
    fn text(&mut self, directory: &Path, path: &str) -> Result<Option<String>, Error> {
        let why = match RelPath::new(path) {
            Err(_) => "its path cannot be looked at".to_owned(),
            Ok(at) => match disk::look(directory, &at)? {
                DiskState::Absent => return Ok(None),
                DiskState::Obstructed(obstacle) => format!("it {obstacle}"),
                DiskState::File { bytes, .. } => match lf(&bytes) {
                    Some(text) => return Ok(Some(text)),
                    None => "it is not UTF-8".to_owned(),
                },
            },
        };
        self.unread.push(Unread { path: path.to_owned(), line: 0, why });
        Ok(None)
    }

    /// Where the output that a preset calls by this path is.
    #[must_use]
    pub fn on_disk(&self, path: &RelPath) -> String {
        let output = self.plan.outputs.iter().find(|output| output.is(path));
        output.map_or(path, |output| &output.path).to_string()
    }
}

/// Every `.dockerignore` that something is built with.
fn ignores(compared: Comparison<'_>, directory: &Path) -> Vec<String> {
    let builds = compared.containers().filter_map(|own| compared.now.build_of(own));
    let named = builds.flat_map(|own| {
        let path = compared.now.path(compared.now.recipes[own.recipe].text);
        let of_context = crate::relpath::join(&own.context, ".dockerignore");
        [Some(format!("{path}.dockerignore")), of_context].into_iter().flatten()
    });
    named.filter(|path| directory.join(path).symlink_metadata().is_ok()).collect()
}

/// A compose file that would be written with services, and has none.
fn emptied(compared: Comparison<'_>) -> Option<Unread> {
    let is_deployed = compared.containers().next().is_some();
    if !compared.standard.is_outside || is_deployed || compared.written().next().is_none() {
        return None;
    }
    let path = FILE_NAMES.iter().chain(&OVERRIDES).find(|name| compared.now.tree.has(name))?;
    let why = "it has no services, and would be written with some".to_owned();
    Some(Unread { path: (*path).to_owned(), line: 0, why })
}

fn lf(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?;
    Some(text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n"))
}
