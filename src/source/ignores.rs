//! `.gitignore` and `.dockerignore`: their entries, and what these keep out.

use std::path::Path;

use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// Which program reads the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// Patterns are anchored at the top.
    Docker,
    /// A pattern without a slash matches at any depth.
    Git,
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
#[must_use]
pub fn normal(reader: Reader, entry: &str) -> String {
    let entry = entry.trim().trim_end_matches('/');
    let entry = entry.strip_prefix("./").unwrap_or(entry);
    match reader {
        Reader::Docker => entry.strip_prefix('/').unwrap_or(entry).to_owned(),
        Reader::Git => entry.strip_prefix("**/").unwrap_or(entry).to_owned(),
    }
}

/// One pattern.
pub struct Pattern(Option<Gitignore>);

impl Pattern {
    /// The pattern of an entry; one that is malformed matches nothing.
    #[must_use]
    pub fn new(reader: Reader, entry: &str) -> Self {
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
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
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
}
