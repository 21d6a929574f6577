//! Conflict markers: those that a merge writes, and those that somebody left
//! behind.

/// Begins what is on disk.
pub(super) const OURS: &str = "<<<<<<<";
/// Begins what both come from.
pub(super) const BASE: &str = "|||||||";
/// Begins what is new.
pub(super) const MIDDLE: &str = "=======";
/// Ends what is new.
pub(super) const THEIRS: &str = ">>>>>>>";

/// Names of the sides in markers.
pub(super) const NAMES: (&str, &str, &str) = ("on disk", "as it was written", "new");

/// The first line, from 1, that is a conflict marker, ours or git's. A line of
/// `=======` is one only after another one: alone it underlines a heading.
#[must_use]
pub fn first_marker(text: &str) -> Option<usize> {
    let is_marker = |line: &str| {
        [OURS, BASE, THEIRS].into_iter().any(|marker| {
            line.strip_prefix(marker).is_some_and(|name| name.is_empty() || name.starts_with(' '))
        })
    };
    text.lines().position(is_marker).map(|at| at + 1)
}

/// Whether a text has conflict markers that its pristine text has not.
#[must_use]
pub fn has_markers(text: &str, pristine: &str) -> bool {
    first_marker(text).is_some() && first_marker(pristine).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_of_every_tool_are_found_with_their_line() {
        for (text, line) in [
            ("a\n<<<<<<< on disk\nb\n||||||| as it was written\n=======\n>>>>>>> new\n", 2),
            ("<<<<<<< HEAD\r\nb\r\n=======\r\nc\r\n>>>>>>> 1f2e3d4 (message)\r\n", 1),
            ("a\n<<<<<<<\nb\n=======\nc\n>>>>>>>\n", 2),
            ("half resolved\nb\n>>>>>>> new\n", 3),
            ("half resolved\n||||||| as it was written\nb\n", 2),
        ] {
            assert_eq!(first_marker(text), Some(line), "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_a_marker_is_none() {
        for text in [
            "Heading\n=======\ntext\n",
            "======= \n",
            "<<<<<<<<<<\n",
            "  <<<<<<< indented\n",
            "# <<<<<<< in a comment\n",
            "cat <<<word\n>>>>>>>>> quoted\n",
            "|||||||table|||||||\n",
        ] {
            assert_eq!(first_marker(text), None, "{text}");
        }
        assert!(!has_markers("<<<<<<< shown\n", "<<<<<<< shown\n"));
        assert!(has_markers("<<<<<<< new\n", "text\n"));
    }
}
