//! Extending an environment file: names that are missing are added, and
//! nothing that is there changes.

use crate::apply::lines;
use crate::source::dotenv;

/// An existing file with what it lacks of `ours`, and the names that were
/// added. A name's comment comes with it.
#[must_use]
pub fn extend(there: &[u8], ours: &str) -> (Vec<u8>, Vec<String>) {
    let has = dotenv::read(&String::from_utf8_lossy(there));
    let mut added = Vec::new();
    let mut text = String::new();
    let mut done = 0;
    for entry in dotenv::read(ours) {
        // A comment that ends with an empty line is about the file.
        let before = &ours[done..entry.span.start];
        let comment = before.rfind("\n\n").map_or(before, |at| &before[at + 2..]);
        let end = ours[entry.span.end..].find('\n').map_or(ours.len(), |at| entry.span.end + at);
        if has.iter().all(|own| own.name != entry.name) {
            let lines = format!("{comment}{}", &ours[entry.span.start..end]);
            text.push_str(&format!("{}\n", lines.trim_start_matches('\n')));
            added.push(entry.name);
        }
        done = (end + 1).min(ours.len());
    }
    if added.is_empty() {
        return (there.to_vec(), added);
    }
    let spaced = if there.is_empty() { text } else { format!("\n{text}") };
    (lines::append(there, &spaced), added)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str =
        "# About the file.\n\n# Least severe level.\nLOG_LEVEL=info\n\n# Signs.\nSECRET_KEY=new\n";

    #[test]
    fn a_value_that_is_there_never_changes() {
        let (text, added) = extend(b"SECRET_KEY=mine # kept\n", OURS);
        let text = String::from_utf8(text).unwrap();
        assert_eq!(added, ["LOG_LEVEL"]);
        assert_eq!(text, "SECRET_KEY=mine # kept\n\n# Least severe level.\nLOG_LEVEL=info\n");
    }

    #[test]
    fn nothing_missing_leaves_every_byte() {
        let there = b"export LOG_LEVEL = debug\r\nSECRET_KEY=";
        assert_eq!(extend(there, OURS), (there.to_vec(), vec![]));
    }

    #[test]
    fn crlf_and_a_missing_last_newline_are_minded() {
        let (text, _) = extend(b"A=1\r\nSECRET_KEY=x", OURS);
        let text = String::from_utf8(text).unwrap();
        assert!(text.starts_with("A=1\r\nSECRET_KEY=x\r\n\r\n# Least"), "{text:?}");
        assert!(text.ends_with("LOG_LEVEL=info\r\n") && !text.replace("\r\n", "").contains('\n'));
    }

    #[test]
    fn a_line_inside_a_quoted_value_is_no_name_and_stays_with_its_own() {
        let ours = "KEY=\"BEGIN\nLOG_LEVEL=x\nEND\"\nB=1\n";
        let (text, added) = extend(b"KEY=\"-----BEGIN\nB=x\n-----END\"\n", ours);
        assert_eq!(added, ["B"]);
        assert!(text.ends_with(b"-----END\"\n\nB=1\n"));
        assert_eq!(extend(b"", ours).0, ours.as_bytes());
    }

    #[test]
    fn a_commented_name_is_missing() {
        let (_, added) = extend(b"# LOG_LEVEL=debug\n", OURS);
        assert_eq!(added, ["LOG_LEVEL", "SECRET_KEY"]);
    }
}
