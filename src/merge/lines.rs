//! Merging by line.

use diffy::{ConflictStyle, MergeOptions};

use super::markers::{BASE, MIDDLE, NAMES, OURS, THEIRS};
use super::segments::{self, Segment};

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

/// How much may be compared, in pairs of lines. Finding out which edit is which takes as
/// long as the lines of a part that both sides changed, squared.
const MOST: usize = 10_000_000;

/// How many pairs of lines the parts have that both sides changed.
fn work(segments: &[Segment]) -> usize {
    let changed = segments
        .iter()
        .filter(|Segment { base, disk, new }| disk != new && new != base && disk != base);
    let lines = |part: &Segment| {
        [part.base, part.disk, part.new].map(|text| text.lines().count()).into_iter().max()
    };
    changed
        .filter_map(lines)
        .map(|lines| lines.saturating_mul(lines))
        .fold(0, usize::saturating_add)
}

/// Merges by line.
pub(super) fn merge(base: &str, disk: &str, new: &str) -> Result<String, Conflict> {
    // Longer than whatever looks like a marker in the texts, so that these
    // are never taken for one.
    let length = [base, disk, new].into_iter().flat_map(str::lines).map(run).max().unwrap_or(0);
    let length = (length + 1).max(MIDDLE.len());
    let mut options = MergeOptions::new();
    options.set_conflict_style(ConflictStyle::Diff3).set_conflict_marker_length(length);
    let mut is_clean = true;
    let mut merged = String::with_capacity(disk.len().max(new.len()));
    let segments = segments::cut(base, disk, new);
    if work(&segments) > MOST {
        let why = "both sides moved or changed too many lines to tell which edit is which";
        return Err(Conflict {
            hunks: vec![Hunk::whole_file(disk, why.to_owned())],
            marked: around_everything(base, disk, new),
        });
    }
    for Segment { base, disk, new } in segments {
        if disk == new || new == base {
            merged.push_str(disk);
        } else if disk == base {
            merged.push_str(new);
        } else {
            let segment = options
                .merge(base, disk, new)
                .or_else(|marked| upwards(&options, base, disk, new).ok_or(marked));
            is_clean &= segment.is_ok();
            merged.push_str(&segment.unwrap_or_else(|marked| marked));
        }
    }
    if is_clean { Ok(merged) } else { Err(conflict(&merged, length)) }
}

/// Merges from the last line to the first. Among lines that stand there more
/// than once, such as blank ones, an edit can be seen in more than one place:
/// seen from above it may touch the other side's, and from below not.
fn upwards(options: &MergeOptions, base: &str, disk: &str, new: &str) -> Option<String> {
    let turned = |text: &str| text.split_inclusive('\n').rev().collect::<String>();
    let merged = options.merge(&turned(base), &turned(disk), &turned(new)).ok()?;
    Some(turned(&merged))
}

/// How many of the characters of which markers are made a line begins with.
fn run(line: &str) -> usize {
    let first = line.bytes().next().filter(|byte| b"<|=>".contains(byte));
    first.map_or(0, |first| line.bytes().take_while(|byte| *byte == first).count())
}

/// The whole file as one conflict.
pub(super) fn around_everything(base: &str, disk: &str, new: &str) -> String {
    let (ours, original, theirs) = NAMES;
    let line =
        |text: &str| if text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") };
    format!(
        "{OURS} {ours}\n{}{BASE} {original}\n{}{MIDDLE}\n{}{THEIRS} {theirs}\n",
        line(disk),
        line(base),
        line(new)
    )
}

/// Which part of a marked text a line is in.
#[derive(Clone, Copy)]
enum Side {
    Both,
    Disk,
    Base,
    New,
}

/// The conflicts of a text marked by markers of this length, with the line
/// each has on disk, and the text with usual markers.
fn conflict(marked: &str, length: usize) -> Conflict {
    let (ours, original, theirs) = NAMES;
    let mut side = Side::Both;
    let mut disk_line = 1;
    let mut conflict = Conflict { hunks: Vec::new(), marked: String::with_capacity(marked.len()) };
    for line in marked.lines() {
        if run(line) == length {
            let (next, marker) = match side {
                Side::Both => (Side::Disk, format!("{OURS} {ours}")),
                Side::Disk => (Side::Base, format!("{BASE} {original}")),
                Side::Base => (Side::New, MIDDLE.to_owned()),
                Side::New => (Side::Both, format!("{THEIRS} {theirs}")),
            };
            if matches!(next, Side::Disk) {
                let (disk, new) = (String::new(), String::new());
                conflict.hunks.push(Hunk { line: disk_line, disk, new, why: None });
            }
            side = next;
            conflict.marked.push_str(&marker);
        } else {
            let hunk = conflict.hunks.last_mut();
            match (side, hunk) {
                (Side::Disk, Some(hunk)) => hunk.disk.extend([line, "\n"]),
                (Side::New, Some(hunk)) => hunk.new.extend([line, "\n"]),
                _ => {}
            }
            disk_line += usize::from(matches!(side, Side::Both | Side::Disk));
            conflict.marked.push_str(line);
        }
        conflict.marked.push('\n');
    }
    conflict
}
