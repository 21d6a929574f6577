//! `.dockerignore`: which files of a context a build does not see, by the
//! rules of Docker's own matcher.

use regex::Regex;

use crate::source::text::Text;

/// A pattern.
#[derive(Clone, Debug)]
struct Pattern {
    expression: Regex,
    negated: bool,
}

/// The patterns of a `.dockerignore`.
#[derive(Clone, Debug)]
pub struct Ignored {
    /// The number of its text.
    pub text: usize,
    patterns: Vec<Pattern>,
}

impl Ignored {
    /// Reads the patterns. One that is malformed matches nothing, as one that
    /// Docker refuses would.
    #[must_use]
    pub fn read(number: usize, text: &Text) -> Self {
        let lines = text.text.lines().map(|line| line.trim_matches(['\u{feff}', ' ', '\t', '\r']));
        let patterns = lines
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .filter_map(|line| {
                let (negated, pattern) = match line.strip_prefix('!') {
                    Some(rest) => (true, rest.trim()),
                    None => (false, line),
                };
                let pattern = pattern.trim_start_matches("./").trim_matches('/');
                let expression = Regex::new(&expression(pattern)).ok()?;
                Some(Pattern { expression, negated })
            })
            .collect();
        Self { text: number, patterns }
    }

    /// Whether a file, relative to the context, is left out: the last pattern
    /// that matches it or a directory above it decides.
    #[must_use]
    pub fn leaves_out(&self, path: &str) -> bool {
        let mut out = false;
        for pattern in &self.patterns {
            if pattern.negated == out && matches_or_parent(&pattern.expression, path) {
                out = !pattern.negated;
            }
        }
        out
    }
}

fn matches_or_parent(expression: &Regex, path: &str) -> bool {
    let mut part = path;
    loop {
        if expression.is_match(part) {
            return true;
        }
        match part.rsplit_once('/') {
            Some((parent, _)) => part = parent,
            None => return false,
        }
    }
}

/// A pattern of Go's `filepath.Match`, with `**`, as an expression.
fn expression(pattern: &str) -> String {
    let mut out = String::from("^");
    let mut rest = pattern.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '*' if rest.peek() == Some(&'*') => {
                rest.next();
                if rest.peek() == Some(&'/') {
                    rest.next();
                    out.push_str("(.*/)?");
                } else {
                    out.push_str(".*");
                }
            }
            '*' => out.push_str("[^/]*"),
            '?' => out.push_str("[^/]"),
            '[' => {
                out.push('[');
                for c in rest.by_ref() {
                    out.push(c);
                    if c == ']' {
                        break;
                    }
                }
            }
            '\\' => {
                if let Some(next) = rest.next() {
                    out.push_str(&regex::escape(&next.to_string()));
                }
            }
            c => out.push_str(&regex::escape(&c.to_string())),
        }
    }
    out.push('$');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_pattern_that_matches_a_file_or_its_directory_decides() {
        let text = Text::new(
            ".dockerignore",
            "# c\n**/.git\n*.md\n!README.md\n/build/\n**/*.pyc\nsecret?\ndocs/*\n!docs/keep\n",
        );
        let ignored = Ignored::read(0, &text);
        for out in [
            ".git/HEAD",
            "a/.git/x",
            "CHANGES.md",
            "build/x/y",
            "a/b.pyc",
            "b.pyc",
            "secret1",
            "docs/a",
        ] {
            assert!(ignored.leaves_out(out), "{out}");
        }
        for kept in
            ["README.md", "a/CHANGES.md", "gitx", "a/build", "secret12", "docs/keep", ".env"]
        {
            assert!(!ignored.leaves_out(kept), "{kept}");
        }
    }
}
