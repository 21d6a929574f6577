//! Merging by line.

use diffy::{ConflictStyle, MergeOptions};

/// One place where both sides changed the same lines.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Hunk {
    /// First line on disk, from 1.
    pub line: usize,
    /// What is on disk.
    pub disk: String,
    /// What the new render has there.
    pub new: String,
    /// Why it is one, where the lines do not tell.
    pub why: Option<String>,
}

impl Hunk {
    /// The whole file, for a reason of its own.
    #[must_use]
    pub fn whole_file(disk: &str, why: String) -> Self {
        Self { line: 1, disk: disk.to_owned(), new: String::new(), why: Some(why) }
    }
}

/// A merge that needs a person.
pub(super) struct Conflict {
    pub hunks: Vec<Hunk>,
    pub marked: String,
}

const OURS: &str = "<<<<<<< ";
const BASE: &str = "||||||| ";
const MIDDLE: &str = "=======";
const THEIRS: &str = ">>>>>>> ";

/// Names of the sides in markers.
const NAMES: (&str, &str, &str) = ("on disk", "as it was written", "new");

/// Merges by line.
pub(super) fn merge(base: &str, disk: &str, new: &str) -> Result<String, Conflict> {
    let mut options = MergeOptions::new();
    options.set_conflict_style(ConflictStyle::Diff3);
    let named = |text: String| {
        text.lines()
            .map(|line| match line {
                "<<<<<<< ours" => format!("{OURS}{}", NAMES.0),
                "||||||| original" => format!("{BASE}{}", NAMES.1),
                ">>>>>>> theirs" => format!("{THEIRS}{}", NAMES.2),
                other => other.to_owned(),
            })
            .collect::<Vec<_>>()
            .join("\n")
            + "\n"
    };
    options.merge(base, disk, new).map_err(|marked| {
        let marked = named(marked);
        Conflict { hunks: hunks(&marked), marked }
    })
}

/// The whole file as one conflict.
pub(super) fn around_everything(base: &str, disk: &str, new: &str) -> String {
    let (ours, original, theirs) = NAMES;
    let line =
        |text: &str| if text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") };
    format!(
        "{OURS}{ours}\n{}{BASE}{original}\n{}{MIDDLE}\n{}{THEIRS}{theirs}\n",
        line(disk),
        line(base),
        line(new)
    )
}

/// The conflicts of a marked text, with the line each has on disk.
fn hunks(marked: &str) -> Vec<Hunk> {
    enum Side {
        Both,
        Disk,
        Base,
        New,
    }
    let mut side = Side::Both;
    let mut disk_line = 1;
    let mut hunks: Vec<Hunk> = Vec::new();
    for line in marked.lines() {
        match side {
            Side::Both if line.starts_with(OURS) => {
                side = Side::Disk;
                hunks.push(Hunk {
                    line: disk_line,
                    disk: String::new(),
                    new: String::new(),
                    why: None,
                });
                continue;
            }
            Side::Disk if line.starts_with(BASE) => side = Side::Base,
            Side::Base if line == MIDDLE => {
                side = Side::New;
                continue;
            }
            Side::New if line.starts_with(THEIRS) => {
                side = Side::Both;
                continue;
            }
            _ => {}
        }
        let hunk = hunks.last_mut();
        match (&side, hunk) {
            (Side::Both, _) => disk_line += 1,
            (Side::Disk, Some(hunk)) => {
                hunk.disk.push_str(line);
                hunk.disk.push('\n');
                disk_line += 1;
            }
            (Side::New, Some(hunk)) => {
                hunk.new.push_str(line);
                hunk.new.push('\n');
            }
            _ => {}
        }
    }
    hunks
}
