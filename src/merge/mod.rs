//! Three-way merge of one generated file: the pristine render it came from
//! (base), what is on disk, and the new render. Pure: bytes in, an outcome
//! out.
//!
//! Values that bots bump (image tags, digests, pinned versions) are merged
//! first and by their order, so that they never conflict; the rest is merged
//! by line; the result is parsed again in its language.

mod ends;
mod lines;
mod markers;
mod segments;
pub mod syntax;
mod values;

pub use lines::Hunk;
pub use markers::{first_marker, has_markers};
pub use values::{Decision, Kind as ValueKind, Spot, find as values_in};

use crate::plan::outputs::Syntax;
use ends::Ends;

/// What becomes of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing to do: disk and new render are the same, or only the disk
    /// differs from the base.
    Keep,
    /// Nobody edited it: the new render, in the disk's line ends.
    Take(Vec<u8>),
    /// Both sides changed different things.
    Merged(Vec<u8>),
    /// Both sides changed the same thing.
    Conflict {
        /// Where.
        hunks: Vec<Hunk>,
        /// The file with diff3 markers around each.
        marked: Vec<u8>,
    },
}

/// Merges one file.
#[must_use]
pub fn merge(base: &[u8], disk: &[u8], new: &[u8], syntax: Syntax) -> Outcome {
    let texts = [base, disk, new].map(std::str::from_utf8);
    let [Ok(base_text), Ok(disk_text), Ok(new_text)] = texts else {
        return whole(base, disk, new);
    };
    let ends = Ends::of(disk_text);
    let [base, disk, new] = [base_text, disk_text, new_text].map(ends::plain);
    if disk == new || new == base {
        return Outcome::Keep;
    }
    if disk == base {
        return Outcome::Take(ends.restore(&new));
    }
    let values = values::agree(syntax, &base, &disk, &new);
    match lines::merge(&values.base, &values.disk, &values.new) {
        Ok(text) if text == disk => Outcome::Keep,
        Ok(text) => match syntax::problem(syntax, &text, &disk, &new) {
            None => Outcome::Merged(ends.restore(&text)),
            Some(problem) => {
                let hunk = Hunk::whole_file(&disk, problem);
                let marked = lines::around_everything(&base, &disk, &new);
                Outcome::Conflict { hunks: vec![hunk], marked: ends.restore(&marked) }
            }
        },
        Err(conflict) => {
            Outcome::Conflict { hunks: conflict.hunks, marked: ends.restore(&conflict.marked) }
        }
    }
}

/// The values that a merge of these decides, both sides having changed them; to be
/// named wherever the merge is told.
#[must_use]
pub fn decisions(base: &[u8], disk: &[u8], new: &[u8], syntax: Syntax) -> Vec<Decision> {
    let texts = [base, disk, new].map(std::str::from_utf8);
    let [Ok(base), Ok(disk), Ok(new)] = texts.map(|text| text.map(ends::plain)) else {
        return Vec::new();
    };
    if disk == new || new == base || disk == base {
        return Vec::new();
    }
    values::agree(syntax, &base, &disk, &new).decided
}

/// A file that is no text is taken or kept as a whole.
fn whole(base: &[u8], disk: &[u8], new: &[u8]) -> Outcome {
    if disk == new || new == base {
        Outcome::Keep
    } else if disk == base {
        Outcome::Take(new.to_vec())
    } else {
        let message = "both sides changed a file that is no text".to_owned();
        Outcome::Conflict { hunks: vec![Hunk::whole_file("", message)], marked: disk.to_vec() }
    }
}

#[cfg(test)]
mod tests;
