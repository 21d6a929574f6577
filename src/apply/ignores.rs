//! Adding entries to an existing `.dockerignore` or `.gitignore`. No line of
//! it is dropped or loses its meaning: what a `!` line lets in is let in again
//! after an entry that would keep it out, or that entry is left out; and what
//! the build reads is let in where the file keeps it out.

use std::path::Path;

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::apply::lines;

/// Which program reads the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// Patterns are anchored at the top.
    Docker,
    /// A pattern without a slash matches at any depth.
    Git,
}

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
            .filter(|path| !entry.starts_with('!') && undone(path))
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

/// Whether the entries keep a path out; the last one that matches decides.
#[must_use]
pub fn excludes(reader: Reader, entries: &[String], path: &str) -> bool {
    let mut excluded = false;
    for entry in entries {
        match entry.strip_prefix('!') {
            Some(entry) if excluded => excluded = !Pattern::new(reader, entry).matches(path),
            None if !excluded => excluded = Pattern::new(reader, entry).matches(path),
            _ => {}
        }
    }
    excluded
}

/// The entries of an ignore file's text.
pub fn entries(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .map(|line| line.trim_start_matches('\u{feff}').trim())
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// An entry in the form in which two that mean the same are equal.
fn normal(reader: Reader, entry: &str) -> String {
    let entry = entry.trim().trim_end_matches('/');
    let entry = entry.strip_prefix("./").unwrap_or(entry);
    match reader {
        Reader::Docker => entry.strip_prefix('/').unwrap_or(entry).to_owned(),
        Reader::Git => entry.strip_prefix("**/").unwrap_or(entry).to_owned(),
    }
}

/// One pattern.
struct Pattern(Option<Gitignore>);

impl Pattern {
    fn new(reader: Reader, entry: &str) -> Self {
        let entry = entry.trim().trim_start_matches('!');
        let entry = match reader {
            Reader::Docker => format!("/{}", normal(reader, entry)),
            Reader::Git => entry.to_owned(),
        };
        let mut builder = GitignoreBuilder::new("");
        let sound = builder.add_line(None, &entry).is_ok();
        Self(if sound { builder.build().ok() } else { None })
    }

    /// Whether it matches a path or a directory above it.
    fn matches(&self, path: &str) -> bool {
        let Some(pattern) = &self.0 else { return false };
        let path = path.trim_start_matches("./").trim_matches('/');
        let mut whole = Path::new(path);
        let mut is_dir = false;
        loop {
            // What ends in a slash in the pattern can be the path itself.
            if pattern.matched(whole, is_dir || whole == Path::new(path)).is_ignore() {
                return true;
            }
            is_dir = true;
            match whole.parent() {
                Some(parent) if !parent.as_os_str().is_empty() => whole = parent,
                _ => return false,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn docker_patterns_are_anchored_and_git_patterns_are_not() {
        let docs = ["docs".to_owned()];
        assert!(!excludes(Reader::Docker, &docs, "app/docs/x.py"));
        assert!(excludes(Reader::Git, &docs, "app/docs/x.py"));
        assert!(excludes(Reader::Docker, &docs, "docs/x.py"));
        let deep = ["**/tests".to_owned(), "!app/tests/data.json".to_owned()];
        assert!(excludes(Reader::Docker, &deep, "app/tests/test_a.py"));
        assert!(!excludes(Reader::Docker, &deep, "app/tests/data.json"));
    }

    #[test]
    fn crlf_stays() {
        let (text, _) = merged("a\r\nb\r\n", "c\n", &[]);
        assert_eq!(text, "a\r\nb\r\n\r\n# Added by dockwright\r\nc\r\n");
    }
}
