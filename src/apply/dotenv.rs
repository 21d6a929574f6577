//! Extending an environment file: names that are missing are added, and
//! nothing that is there changes.

use std::collections::BTreeSet;

use crate::apply::lines;

/// The names an environment file assigns.
#[must_use]
pub fn names(text: &str) -> BTreeSet<String> {
    assigned(text).into_iter().map(str::to_owned).collect()
}

/// The name of every assignment of an environment file, in their order.
#[must_use]
pub fn assigned(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some((name, value)) = assignment(line) else { continue };
        names.push(name);
        let Some(quote) = open_quote(value) else { continue };
        // The lines of a quoted value assign nothing.
        for line in lines.by_ref() {
            if line.contains(quote) {
                break;
            }
        }
    }
    names
}

/// `NAME=value` of a line, whether exported or not.
#[must_use]
pub fn assignment(line: &str) -> Option<(&str, &str)> {
    let line = line.trim_start().trim_start_matches('\u{feff}');
    let line = line.strip_prefix("export ").unwrap_or(line);
    let (name, value) = line.split_once('=')?;
    let name = name.trim();
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.' || c == '-';
    (!name.is_empty() && name.chars().all(plain)).then_some((name, value.trim()))
}

/// The quote a value opens and does not close.
fn open_quote(value: &str) -> Option<char> {
    let quote = value.chars().next().filter(|first| matches!(first, '"' | '\''))?;
    (!value[1..].contains(quote)).then_some(quote)
}

/// An existing file with what it lacks of `ours`, and the names that were
/// added. A name's comment comes with it.
#[must_use]
pub fn extend(there: &[u8], ours: &str) -> (Vec<u8>, Vec<String>) {
    let has = names(&String::from_utf8_lossy(there));
    let mut added = Vec::new();
    let mut text = String::new();
    let mut comment = String::new();
    for line in ours.lines() {
        match assignment(line) {
            Some((name, _)) if !line.starts_with('#') => {
                if !has.contains(name) {
                    text.push_str(&format!("{comment}{line}\n"));
                    added.push(name.to_owned());
                }
                comment.clear();
            }
            // A comment that ends with an empty line is about the file.
            _ if line.trim().is_empty() => comment.clear(),
            _ => comment.push_str(&format!("{line}\n")),
        }
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
    fn a_line_inside_a_quoted_value_is_no_name() {
        let names = names("KEY=\"-----BEGIN\nLOG_LEVEL=x\n-----END\"\nB=1\n");
        assert_eq!(names.into_iter().collect::<Vec<_>>(), ["B", "KEY"]);
    }

    #[test]
    fn a_commented_name_is_missing() {
        let (_, added) = extend(b"# LOG_LEVEL=debug\n", OURS);
        assert_eq!(added, ["LOG_LEVEL", "SECRET_KEY"]);
    }
}
