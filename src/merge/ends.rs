//! Line ends: a merge compares lines without them, and what it writes ends
//! its lines as the file on disk does.

/// The byte order mark that some editors write first.
const MARK: char = '\u{feff}';

/// With LF line ends, and one at the end, without a byte order mark: what is
/// compared.
pub(super) fn plain(text: &str) -> String {
    let mut text = text.strip_prefix(MARK).unwrap_or(text).replace("\r\n", "\n");
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

/// How far a line is looked for that ends in another way than most.
const NEAR: usize = 500;

/// How the lines of a file on disk end.
pub(super) struct Ends<'a> {
    disk: &'a str,
    crlf: usize,
    lf: usize,
}

impl<'a> Ends<'a> {
    pub(super) fn of(disk: &'a str) -> Self {
        let crlf = disk.matches("\r\n").count();
        Self { disk, crlf, lf: disk.matches('\n').count() - crlf }
    }

    /// A text with LF line ends, with those of the disk.
    pub(super) fn restore(&self, text: &str) -> Vec<u8> {
        let mut restored = String::with_capacity(text.len() + MARK.len_utf8());
        restored.extend(self.disk.chars().next().filter(|first| *first == MARK));
        match (self.crlf, self.lf) {
            (0, _) => restored.push_str(text),
            (_, 0) => restored.push_str(&text.replace('\n', "\r\n")),
            _ => self.restore_mixed(text, &mut restored),
        }
        if !self.disk.is_empty() && !self.disk.ends_with('\n') && restored.ends_with('\n') {
            restored.pop();
            restored.truncate(restored.strip_suffix('\r').unwrap_or(&restored).len());
        }
        restored.into_bytes()
    }

    /// Each line ends as it does on disk; a new one as most of them.
    fn restore_mixed(&self, text: &str, restored: &mut String) {
        let mut left = self.disk.strip_prefix(MARK).unwrap_or(self.disk).split_inclusive('\n');
        for line in text.lines() {
            let same = |there: &&str| there.trim_end_matches(['\r', '\n']) == line;
            let found = left.clone().take(NEAR).position(|there| same(&there));
            let is_crlf = match found.and_then(|at| left.nth(at)) {
                Some(there) if there.ends_with('\n') => there.ends_with("\r\n"),
                _ => self.crlf > self.lf,
            };
            restored.push_str(line);
            restored.push_str(if is_crlf { "\r\n" } else { "\n" });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_a_mixed_file_ends_as_it_did() {
        let disk = "a\r\nb\nc\r\n\r\nd\n";
        assert_eq!(Ends::of(disk).restore(&plain(disk)), disk.as_bytes());
        let restored = Ends::of(disk).restore("a\nb\nnew\nc\n\nd\n");
        assert_eq!(restored, b"a\r\nb\nnew\r\nc\r\n\r\nd\n");
    }

    #[test]
    fn a_byte_order_mark_and_a_missing_last_line_end_stay() {
        for disk in ["\u{feff}a\r\nb", "\u{feff}a\n", "", "a", "a\n\n", "\n"] {
            assert_eq!(Ends::of(disk).restore(&plain(disk)), disk.as_bytes(), "{disk:?}");
        }
        // Only the last line end goes, blank lines above it stay.
        assert_eq!(Ends::of("a").restore("a\n\n"), b"a\n");
    }
}
