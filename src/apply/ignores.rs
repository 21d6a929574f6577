//! Adding entries to an existing `.dockerignore` or `.gitignore`. No line of
//! it is dropped or loses its meaning: what a `!` line lets in is let in again
//! after an entry that would keep it out, or that entry is left out; and what
//! the build reads is let in where the file keeps it out. Passwords alone are kept
//! out whatever the file says.

use crate::apply::lines;
use crate::relpath::file_name;
use crate::source::ignores::{Pattern, Reader, entries, excludes, normal};

/// An ignore file with what was added to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    /// The whole file.
    pub bytes: Vec<u8>,
    /// Entries that were added, re-inclusions among them.
    pub added: Vec<String>,
    /// Entries that were left out because of a `!` line of the file.
    pub skipped: Vec<String>,
}

/// Adds the entries of `ours` that `there` lacks. `needed` are paths the
/// build reads.
#[must_use]
pub fn merge(reader: Reader, there: &[u8], ours: &str, needed: &[&str]) -> Merged {
    let text = String::from_utf8_lossy(there);
    let present: Vec<&str> = entries(&text).collect();
    let reincluded: Vec<&str> =
        present.iter().filter_map(|entry| entry.strip_prefix('!')).map(str::trim).collect();
    let theirs: Vec<String> = present.iter().map(|entry| (*entry).to_owned()).collect();
    let (mut added, mut skipped, mut again) = (Vec::new(), Vec::new(), Vec::new());
    for entry in entries(ours) {
        let same = |other: &&str| normal(reader, other) == normal(reader, entry);
        let literal = !entry.contains(['*', '?', '[', '!']);
        let covered = literal && excludes(reader, &theirs, &normal(reader, entry));
        if covered || present.iter().any(same) {
            continue;
        }
        let pattern = Pattern::new(reader, entry);
        let undone = |path: &&str| {
            pattern.matches(path)
                || literal && Pattern::new(reader, path).matches(&normal(reader, entry))
        };
        let undone: Vec<&str> = reincluded
            .iter()
            .copied()
            .filter(|path| !entry.starts_with('!') && !is_secret(path) && undone(path))
            .collect();
        // A file that is let in by name is let in again afterwards; what a
        // pattern lets in, or takes back in part, cannot be told apart.
        let by_name = |path: &&str| {
            let inside = format!("{path}/");
            !path.contains(['*', '?', '['])
                && !present.iter().any(|other| other.starts_with(&inside))
        };
        if undone.iter().all(by_name) {
            added.push(entry.to_owned());
            again.extend(undone.iter().map(|path| format!("!{path}")));
        } else {
            skipped.push(entry.to_owned());
        }
    }
    for entry in again {
        if !added.contains(&entry) {
            added.push(entry);
        }
    }
    let mut all = theirs;
    all.extend(added.iter().cloned());
    let own: Vec<String> = entries(ours).map(str::to_owned).collect();
    for entry in own.iter().filter(|entry| is_secret(entry)) {
        let path = normal(reader, entry).replace("**/", "");
        if excludes(reader, &own, &path) && !excludes(reader, &all, &path) {
            added.push(entry.clone());
            all.push(entry.clone());
        }
    }
    for path in needed {
        if excludes(reader, &all, path) {
            added.push(format!("!{path}"));
            all.push(format!("!{path}"));
        }
    }
    let bytes = if added.is_empty() {
        there.to_vec()
    } else {
        let gap = if there.is_empty() { "" } else { "\n" };
        let block = format!("{gap}# Added by dockwright\n{}\n", added.join("\n"));
        lines::append(there, &block)
    };
    Merged { bytes, added, skipped }
}

/// Whether an entry is about a file of passwords: no line lets one in.
fn is_secret(entry: &str) -> bool {
    !entry.starts_with('!') && file_name(entry.trim_end_matches('/')) == ".env"
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever the file says, passwords are kept out of it in the end.
    #[test]
    fn passwords_are_never_let_in_again() {
        for (reader, ours) in [(Reader::Git, ".env\n*.log\n"), (Reader::Docker, "**/.env\n*.log\n")]
        {
            for there in ["!.env\n", ".env\n!.env\n", ".env\n!.e*\n", "*\n!*\n", "**/.env\n!**\n"] {
                let merged = merge(reader, there.as_bytes(), ours, &[]);
                let text = String::from_utf8(merged.bytes.clone()).unwrap();
                let all: Vec<String> = entries(&text).map(str::to_owned).collect();
                assert!(excludes(reader, &all, ".env"), "{reader:?} {there}: {text}");
                assert!(text.starts_with(there), "{text}");
                assert_eq!(merge(reader, &merged.bytes, ours, &[]).bytes, merged.bytes, "{text}");
            }
        }
    }

    fn merged(there: &str, ours: &str, needed: &[&str]) -> (String, Vec<String>) {
        let merged = merge(Reader::Docker, there.as_bytes(), ours, needed);
        (String::from_utf8(merged.bytes).unwrap(), merged.skipped)
    }

    #[test]
    fn entries_are_added_once_and_none_is_dropped() {
        let (text, skipped) = merged("# mine\n.git/\nnode_modules\n", ".git\n**/.venv\n", &[]);
        assert_eq!(text, "# mine\n.git/\nnode_modules\n\n# Added by dockwright\n**/.venv\n");
        assert!(skipped.is_empty());
        assert_eq!(merged(&text, ".git\n**/.venv\n", &[]).0, text, "a second time adds nothing");
    }

    #[test]
    fn what_was_reincluded_stays_in() {
        let (text, skipped) = merged("docs\n!docs/index.md\n", "docs\n**/*.md\n.git\n", &[]);
        assert!(text.ends_with("# Added by dockwright\n**/*.md\n.git\n!docs/index.md\n"), "{text}");
        assert!(skipped.is_empty());
        assert_eq!(merged(&text, "docs\n**/*.md\n.git\n", &[]).0, text);
        assert_eq!(merged("*.txt\n!*.md\n", "DEPLOY.md\n", &[]).1, ["DEPLOY.md"]);
        assert_eq!(merged("!docs\ndocs/keys\n", "**/docs\n", &[]).1, ["**/docs"]);
    }

    #[test]
    fn what_the_build_reads_is_let_through_an_allow_list() {
        let (text, _) = merged("*\n!src\n", ".git\n", &["src/app.py", "requirements.txt"]);
        assert!(!text.contains(".git\n"), "`*` keeps it out already: {text}");
        assert!(text.contains("\n!requirements.txt\n"), "{text}");
        assert!(!text.contains("!src/app.py"), "{text}");
    }

    #[test]
    fn crlf_stays() {
        let (text, _) = merged("a\r\nb\r\n", "c\n", &[]);
        assert_eq!(text, "a\r\nb\r\n\r\n# Added by dockwright\r\nc\r\n");
    }
}
