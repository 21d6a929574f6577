//! A change as a unified diff.

use console::style;
use diffy::DiffOptions;

use crate::apply::bookkeeping::normalised;
use crate::apply::change::{Action, Change};

/// The diff of a change; empty for a file that is the same afterwards.
#[must_use]
pub fn of(change: &Change) -> String {
    if !change.action.writes() {
        return String::new();
    }
    let there = change.expect.bytes().unwrap_or_default();
    let after = if change.action == Action::Remove { &[][..] } else { &change.bytes };
    between(change.path.as_str(), there, after)
}

/// The diff between what is there and what would be.
#[must_use]
pub fn between(path: &str, there: &[u8], after: &[u8]) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(&normalised(bytes)).into_owned();
    let (there, after) = (text(there), text(after));
    if there == after {
        return String::new();
    }
    let name = |side: char, text: &str| match text {
        "" => "/dev/null".to_owned(),
        _ => format!("{side}/{path}"),
    };
    let mut options = DiffOptions::new();
    options.set_original_filename(name('a', &there)).set_modified_filename(name('b', &after));
    options.create_patch(&there, &after).to_string()
}

/// A diff in colours, where there are any.
#[must_use]
pub fn coloured(diff: &str, on_stderr: bool) -> String {
    let mut text = String::new();
    for line in diff.lines() {
        let styled = style(line);
        let styled = if on_stderr { styled.for_stderr() } else { styled };
        let styled = match line.as_bytes().first() {
            _ if line.starts_with("--- ") || line.starts_with("+++ ") => styled.bold(),
            Some(b'@') => styled.cyan(),
            Some(b'+') => styled.green(),
            Some(b'-') => styled.red(),
            _ => styled,
        };
        text.push_str(&format!("{styled}\n"));
    }
    text
}

/// A diff without the values of an environment file: secrets stay in the
/// file.
#[must_use]
pub fn without_values(diff: &str) -> String {
    let hide = |line: &str| match line.split_once('=') {
        Some((name, value)) if !value.is_empty() && !line.contains('#') => format!("{name}=…\n"),
        _ => format!("{line}\n"),
    };
    diff.lines().map(hide).collect()
}
