//! A change as a unified diff.

use console::style;
use diffy::DiffOptions;

use crate::apply::change::{Action, Change};
use crate::cli::layout;
use crate::digest::normalised;

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

/// The lines of a diff alone, without its headings.
#[must_use]
pub fn lines(there: &str, after: &str) -> String {
    let whole = |text: &str| format!("{}\n", text.trim_end_matches(['\r', '\n']));
    let diff = between("", whole(there).as_bytes(), whole(after).as_bytes());
    let is_line = |line: &&str| {
        !line.starts_with("--- ") && !line.starts_with("+++ ") && !line.starts_with(['@', '\\'])
    };
    diff.lines().filter(is_line).map(|line| format!("{line}\n")).collect()
}

/// A diff in colours, where there are any.
#[must_use]
pub fn coloured(diff: &str, on_stderr: bool) -> String {
    let mut text = String::new();
    for line in diff.lines() {
        let shown = layout::visible(line);
        let styled = style(shown.as_ref());
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
    let hide = |line: &str| {
        let told = line.starts_with("--- ") || line.starts_with("+++ ") || line.starts_with("@@");
        let text = line.get(1..).unwrap_or_default().trim_start();
        match line.split_once('=') {
            _ if told || text.is_empty() || text.starts_with('#') => format!("{line}\n"),
            Some((name, "")) => format!("{name}=\n"),
            Some((name, _)) => format!("{name}=…\n"),
            // The lines of a value that goes over several.
            None => format!("{}…\n", &line[..1]),
        }
    };
    diff.lines().map(hide).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diff_of_an_environment_file_shows_names_alone() {
        let diff = between(
            ".env",
            b"A=a#1\nKEY=\"BEGIN\nabc\"\n# doc=x\n",
            b"A=a#1\nKEY=\"BEGIN\nabc\"\n# doc=x\nB=b\nC=\n",
        );
        let shown = without_values(&diff);
        for secret in ["a#1", "BEGIN", "abc", "=b"] {
            assert!(!shown.contains(secret), "{shown}");
        }
        assert!(shown.contains("\n # doc=x\n+B=…\n+C=\n"), "{shown}");
        assert!(shown.starts_with("--- a/.env\n+++ b/.env\n@@"), "{shown}");
    }

    #[test]
    fn line_ends_are_no_difference() {
        assert_eq!(between("a", b"x\r\n", b"x\n"), "");
        assert!(between("a", b"", b"x\n").starts_with("--- /dev/null\n+++ b/a\n"));
    }
}
