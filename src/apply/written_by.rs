//! That `dockwright.toml` names the version and the command that wrote it, as
//! one of the changes of a run.

use crate::answers::{document, header};
use crate::apply::change::{Action, Change};

/// Names the command where a run changes anything: a run that changes nothing
/// else leaves the line of the run before it. `is_first` is a directory that
/// was never written to; later, the line is renewed where it still stands.
/// Returns whether `dockwright.toml` is another one by that alone.
pub fn name(changes: &mut [Change], command: &str, is_first: bool) -> bool {
    if !changes.iter().any(|own| own.action.writes()) {
        return false;
    }
    let Some(own) = changes.iter_mut().find(|own| own.path.as_str() == document::FILE) else {
        return false;
    };
    let was_written = own.action.writes();
    let there = match own.action {
        Action::Create | Action::Replace | Action::Extend => Some(own.bytes.as_slice()),
        Action::Unchanged => own.expect.bytes(),
        Action::Improve | Action::Remove | Action::Keep | Action::Hold => None,
    };
    let Some(Ok(text)) = there.map(std::str::from_utf8) else { return false };
    let named = match is_first {
        true => header::begun(text, command),
        false => header::renewed(text, command),
    };
    if named == text {
        return false;
    }
    own.bytes = named.into_bytes();
    if !was_written {
        own.action = Action::Extend;
        own.why = WHY.to_owned();
    }
    !was_written
}

/// Why the file is another one where nothing else in it is.
pub const WHY: &str = "names what wrote it";
