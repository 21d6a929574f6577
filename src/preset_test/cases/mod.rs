//! Golden cases of a preset: answers in, files out.
//!
//! `cases/NAME/answers.toml` holds the keys of `dockwright.toml` without
//! `preset`; `cases/NAME/files/` holds every file that the preset renders for
//! them, but `.env` with its secrets and `dockwright.toml`. A case that the
//! preset is to refuse has `cases/NAME/refused.txt` with the message instead.

mod compare;
mod read;

use std::collections::{BTreeMap, BTreeSet};

use crate::answers::{Origin, Sources};
use crate::error::Error;
use crate::plan::outputs::Content;
use crate::preset::Preset;
use crate::project;
use crate::relpath::RelPath;
use crate::render;
use crate::schema::entries::Entry;
pub use compare::{Difference, compare};
pub use read::all;

/// The directory of the cases.
pub const DIRECTORY: &str = "cases";
/// The answers of a case.
pub const ANSWERS: &str = "answers.toml";
/// The directory of its files.
pub const FILES: &str = "files";
/// The message of a case that is refused.
pub const REFUSED: &str = "refused.txt";

/// A case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Case {
    /// Its directory's name.
    pub name: String,
    /// What it answers.
    pub answers: Vec<Entry>,
    /// What is expected.
    pub golden: Outcome,
}

/// A file of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Golden {
    /// Its content.
    pub bytes: Vec<u8>,
    /// Whether it is executable; `None` where the platform does not tell.
    pub executable: Option<bool>,
}

/// What comes of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Files, by path.
    Files(BTreeMap<RelPath, Golden>),
    /// The answers are refused, with this message.
    Refused(String),
}

impl Default for Outcome {
    fn default() -> Self {
        Self::Files(BTreeMap::new())
    }
}

/// What a preset makes of a case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Made {
    /// Its files, or why there are none.
    pub outcome: Outcome,
    /// What a person should know.
    pub notes: Vec<String>,
}

/// Renders a case.
///
/// # Errors
/// A template that cannot be rendered. Answers that the preset refuses are
/// an outcome.
pub fn make(preset: &Preset, case: &Case) -> Result<Made, Error> {
    match render(preset, case) {
        Err(Error::Input(problems)) if matches!(case.golden, Outcome::Refused(_)) => {
            let message: String = problems.iter().map(|problem| format!("{problem}\n")).collect();
            Ok(Made { outcome: Outcome::Refused(message), notes: Vec::new() })
        }
        made => made,
    }
}

fn render(preset: &Preset, case: &Case) -> Result<Made, Error> {
    // Any name does that is the same everywhere; a case may give its own.
    let name = Some((case.name.clone(), Origin::Found("the case's name".into())));
    let sources = Sources { name, entries: &case.answers, ..Sources::of(preset) };
    let draft = sources.assemble().map_err(Error::Input)?.draft;
    let plan = project::plan(&draft, &BTreeSet::new())?;
    let files = render::render(&plan, &draft)?
        .into_iter()
        .filter(|file| !matches!(file.output.content, Content::Secrets | Content::Intent))
        .map(|file| {
            let executable = cfg!(unix).then_some(file.output.mode & 0o100 != 0);
            (file.output.path, Golden { bytes: file.bytes, executable })
        })
        .collect();
    Ok(Made { outcome: Outcome::Files(files), notes: plan.warnings })
}
