//! Extending an environment file: names that are missing are added, what is blank is
//! filled in, and no value that is there changes.

use crate::apply::lines;
use crate::source::dotenv;

/// An existing file with what it lacks of `ours`, and the names that were
/// added or filled in. A name's comment comes with it.
#[must_use]
pub fn extend(there: &[u8], ours: &str) -> (Vec<u8>, Vec<String>) {
    let mut there = there.to_vec();
    let mut added = filled(&mut there, ours);
    let has = dotenv::read(&String::from_utf8_lossy(&there));
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
    if text.is_empty() {
        return (there, added);
    }
    let spaced = if there.is_empty() { text } else { format!("\n{text}") };
    (lines::append(&there, &spaced), added)
}

/// Gives blank names of a file the values that `ours` has for them: a copied sample is
/// blank where everybody's value is another, and Compose takes a blank one for none.
fn filled(there: &mut Vec<u8>, ours: &str) -> Vec<String> {
    let Ok(mut text) = String::from_utf8(there.clone()) else { return Vec::new() };
    let made = dotenv::read(ours);
    let mut names = Vec::new();
    for entry in dotenv::read(&text).iter().rev().filter(|own| own.value.is_empty()) {
        let own = made.iter().find(|own| own.name == entry.name && !own.value.is_empty());
        let Some(own) = own else { continue };
        let value = &ours[own.value_span.start..own.value_span.end];
        text.replace_range(entry.value_span.start..entry.value_span.end, value);
        names.insert(0, entry.name.clone());
    }
    *there = text.into_bytes();
    names
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
        let there = b"export LOG_LEVEL = debug\r\nSECRET_KEY=mine";
        assert_eq!(extend(there, OURS), (there.to_vec(), vec![]));
    }

    #[test]
    fn what_is_blank_is_filled_in_where_it_stands() {
        let (text, added) = extend(b"A=\nSECRET_KEY=\r\nLOG_LEVEL=\"\" # of the log\nB=1", OURS);
        let text = String::from_utf8(text).unwrap();
        assert_eq!(added, ["SECRET_KEY", "LOG_LEVEL"]);
        assert_eq!(text, "A=\nSECRET_KEY=new\r\nLOG_LEVEL=info # of the log\nB=1");
        // A sample stays blank where ours is.
        assert_eq!(extend(b"SECRET_KEY=\n", "SECRET_KEY=\n").1, [""; 0]);
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
