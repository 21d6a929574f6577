//! Adding lines to a text a person wrote: its line ends stay as they are.

/// `text` with `added` after it, in the line ends of `text`, on a line of its
/// own.
#[must_use]
pub fn append(text: &[u8], added: &str) -> Vec<u8> {
    let mut result = text.to_vec();
    let end: &[u8] = if ends_in_crlf(text) { b"\r\n" } else { b"\n" };
    if !text.is_empty() && !text.ends_with(b"\n") {
        result.extend_from_slice(end);
    }
    for line in added.lines() {
        result.extend_from_slice(line.as_bytes());
        result.extend_from_slice(end);
    }
    result
}

/// Whether the first line ends in CRLF.
#[must_use]
pub fn ends_in_crlf(text: &[u8]) -> bool {
    let first = text.iter().position(|byte| *byte == b'\n');
    first.is_some_and(|at| at > 0 && text[at - 1] == b'\r')
}

/// `text`, which has LF line ends, in the line ends of `like`.
#[must_use]
pub fn in_line_ends_of(like: &[u8], text: &[u8]) -> Vec<u8> {
    match std::str::from_utf8(text) {
        Ok(text) if ends_in_crlf(like) => text.replace('\n', "\r\n").into_bytes(),
        _ => text.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn added_lines_end_like_the_others() {
        assert_eq!(append(b"a\r\nb\r\n", "c\n"), b"a\r\nb\r\nc\r\n");
        assert_eq!(append(b"a\nb", "c"), b"a\nb\nc\n");
        assert_eq!(append(b"", "c\n"), b"c\n");
        assert_eq!(append(b"a\r\nb", "c"), b"a\r\nb\r\nc\r\n");
    }
}
