//! Environment files: `NAME=value`, quotes, comments, as Compose reads them.

use crate::source::text::Span;

/// One assignment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name.
    pub name: String,
    /// The value, without quotes; variables in it stay as they are written.
    pub value: String,
    /// Where the assignment stands, without its line end.
    pub span: Span,
    /// Where the value stands, quotes included.
    pub value_span: Span,
}

/// Every assignment, in order. Lines that are none are left out.
#[must_use]
pub fn read(text: &str) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let line_end = text[at..].find('\n').map_or(text.len(), |length| at + length);
        let line = text[at..line_end].trim_end_matches('\r');
        let bare = line.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
        let start = at + (line.len() - bare.len());
        at = line_end + 1;
        if bare.starts_with('#') {
            continue;
        }
        let body = bare.strip_prefix("export ").map_or(bare, str::trim_start);
        let Some(sign) = body.find(['=', ':']) else { continue };
        let name = body[..sign].trim();
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        if name.is_empty() || !name.chars().all(plain) {
            continue;
        }
        let after = start + (bare.len() - body.len()) + sign + 1;
        let blank = text[after..].len() - text[after..].trim_start_matches([' ', '\t']).len();
        let value_at = after + blank;
        let (value, end) = value(text, value_at, start + bare.len());
        at = at.max(text[end..].find('\n').map_or(text.len(), |length| end + length + 1));
        entries.push(Entry {
            name: name.to_owned(),
            value,
            span: Span::new(start, end),
            value_span: Span::new(value_at.min(end), end),
        });
    }
    entries
}

/// Names and values of every assignment, in order.
#[must_use]
pub fn pairs(text: &str) -> Vec<(String, String)> {
    read(text).into_iter().map(|entry| (entry.name, entry.value)).collect()
}

/// The value at a place of the text, and where it ends.
fn value(text: &str, at: usize, line_end: usize) -> (String, usize) {
    let quote = text[at..].chars().next().filter(|c| matches!(c, '"' | '\''));
    if let Some(quote) = quote {
        let mut value = String::new();
        let mut characters = text[at + 1..].char_indices();
        while let Some((offset, c)) = characters.next() {
            match c {
                c if c == quote => return (value, at + 1 + offset + 1),
                '\\' if quote == '"' => match characters.next() {
                    Some((_, 'n')) => value.push('\n'),
                    Some((_, 't')) => value.push('\t'),
                    Some((_, other)) => value.push(other),
                    None => value.push('\\'),
                },
                c => value.push(c),
            }
        }
    }
    let at = at.min(line_end);
    let line = &text[at..line_end];
    let end = if line.starts_with('#') { 0 } else { line.find(" #").unwrap_or(line.len()) };
    let value = line[..end].trim_end();
    (value.to_owned(), at + value.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_with_quotes_comments_and_several_lines() {
        let text = "\u{feff}# c\nexport A=1 # one\nB='x # y'\r\nC=\"two\nlines\" # c\nD=\nE = e\nno line\nF=#\nG: yaml\nP=a#b=c\n";
        let read = read(text);
        let pairs: Vec<(&str, &str)> =
            read.iter().map(|entry| (entry.name.as_str(), entry.value.as_str())).collect();
        assert_eq!(
            pairs,
            [
                ("A", "1"),
                ("B", "x # y"),
                ("C", "two\nlines"),
                ("D", ""),
                ("E", "e"),
                ("F", ""),
                ("G", "yaml"),
                ("P", "a#b=c")
            ]
        );
        assert_eq!(&text[read[1].value_span.start..read[1].value_span.end], "'x # y'");
        assert_eq!(&text[read[0].span.start..read[0].span.end], "export A=1");
    }

    #[test]
    fn nothing_makes_it_panic() {
        for text in ["A=\"", "A='é", "=", "A", "A=\\", "é=1", "A=\"x\\", "\r\nA=\r"] {
            let _ = read(text);
        }
    }
}
