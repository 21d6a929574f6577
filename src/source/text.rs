//! A file as text, with the lines and columns of its bytes.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// Bytes of a text: from `start`, up to and without `end`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

impl Span {
    /// The bytes from `start` up to `end`.
    #[must_use]
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }
}

/// Opens a file to read it. This is the one place that does: what is no plain file is
/// an error, as a pipe would be waited for, and a device has no end.
///
/// # Errors
/// Those of the system, and of what is no plain file.
pub fn open(path: &Path) -> io::Result<File> {
    if opens(path) {
        return File::open(path);
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no plain file"))
}

/// What a plain file holds.
///
/// # Errors
/// See [`open`].
pub fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = open(path)?;
    // Its size is known in most cases, so that it is read at once.
    let size = file.metadata().map_or(0, |found| found.len());
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A file's text; `None` where there is none, and of what is no plain file or no UTF-8.
#[must_use]
pub fn of_file(path: &Path) -> Option<String> {
    String::from_utf8(bytes(path).ok()?).ok()
}

/// Whether a path can be opened without waiting for anybody: it is no pipe, socket
/// or device.
#[must_use]
pub fn opens(path: &Path) -> bool {
    path.metadata().map_or(true, |found| found.is_file() || found.is_dir())
}

/// Whether git's lists of a directory can be opened.
#[must_use]
pub fn lists_open(directory: &Path) -> bool {
    [".gitignore", ".ignore", ".git/info/exclude"].iter().all(|name| opens(&directory.join(name)))
}

/// Whether a value turns a switch on, as programs and Python read one.
#[must_use]
pub fn is_true(value: &str) -> bool {
    ["1", "true", "yes", "on", "y"].iter().any(|word| word.eq_ignore_ascii_case(value.trim()))
}

/// A file that was read.
#[derive(Clone, Debug, Default)]
pub struct Text {
    /// Its path, relative to the directory that is read, with `/`.
    pub path: String,
    /// What it holds, line ends as they are.
    pub text: String,
    /// The first byte of each line.
    starts: Vec<usize>,
}

impl Text {
    /// A file of this path with this text.
    #[must_use]
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        let text = text.into();
        let starts = std::iter::once(0)
            .chain(text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(at, _)| at + 1))
            .collect();
        Self { path: path.into(), text, starts }
    }

    /// The line of a byte, from 1.
    #[must_use]
    pub fn line(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset).max(1)
    }

    /// The column of a byte in characters, from 1.
    #[must_use]
    pub fn column(&self, offset: usize) -> usize {
        let start = self.starts.get(self.line(offset) - 1).copied().unwrap_or(0);
        self.text.get(start..offset).map_or(1, |before| before.chars().count() + 1)
    }

    /// The bytes of a line, without its line end; nothing of a line that is not there.
    #[must_use]
    pub fn line_span(&self, line: usize) -> Span {
        let Some(&start) = line.checked_sub(1).and_then(|line| self.starts.get(line)) else {
            return Span::new(self.text.len(), self.text.len());
        };
        let end = self.starts.get(line).map_or(self.text.len(), |next| next - 1);
        let end = end - usize::from(self.text[start..end].ends_with('\r'));
        Span::new(start, end)
    }

    /// The text of a line, without its line end.
    #[must_use]
    pub fn line_text(&self, line: usize) -> &str {
        self.slice(self.line_span(line))
    }

    /// How many lines there are; the empty one after a last line end counts.
    #[must_use]
    pub fn lines(&self) -> usize {
        self.starts.len()
    }

    /// The text of a span.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.start..span.end).unwrap_or_default()
    }

    /// Where a line may follow what ends at a byte: behind the comment that stands
    /// on the same line, which is about it.
    #[must_use]
    pub fn behind(&self, end: usize) -> usize {
        let line = self.line_span(self.line(end));
        let rest = self.text.get(end..line.end).unwrap_or_default().trim_start();
        if rest.is_empty() || rest.starts_with('#') { line.end.max(end) } else { end }
    }

    /// What ends its lines.
    #[must_use]
    pub fn line_end(&self) -> &'static str {
        if self.text.contains("\r\n") { "\r\n" } else { "\n" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_follows_behind_a_comment_and_never_in_another_word() {
        let text = Text::new("f", "a; # one\nb;  \nc; d;\n");
        assert_eq!((text.behind(2), text.behind(11), text.behind(16)), (8, 13, 16));
    }

    #[test]
    fn bytes_have_lines_and_columns_in_characters() {
        let text = Text::new("f", "é: 1\r\nb\n");
        assert_eq!((text.line(0), text.column(0)), (1, 1));
        assert_eq!((text.line(3), text.column(3)), (1, 3));
        assert_eq!(text.line(7), 2);
        assert_eq!((text.line_text(1), text.line_text(2), text.line_text(3)), ("é: 1", "b", ""));
        assert_eq!(text.line_text(9), "");
        assert_eq!(Text::new("f", "").line(0), 1);
    }
}
