//! Bytes of a file as text: UTF-8 with and without a byte order mark, UTF-16
//! as PowerShell writes it, and Latin-1 where it is neither.

/// The text of `bytes`; `None` for a binary file.
#[must_use]
pub fn text(bytes: Vec<u8>) -> Option<String> {
    match bytes.as_slice() {
        [0xEF, 0xBB, 0xBF, rest @ ..] => Some(String::from_utf8_lossy(rest).into_owned()),
        [0xFF, 0xFE, rest @ ..] => Some(utf16(rest, u16::from_le_bytes)),
        [0xFE, 0xFF, rest @ ..] => Some(utf16(rest, u16::from_be_bytes)),
        _ => match String::from_utf8(bytes) {
            Ok(text) if text.contains('\0') => None,
            Ok(text) => Some(text),
            Err(error) => {
                let bytes = error.into_bytes();
                // Latin-1 maps every byte to the character of that number.
                (!bytes.contains(&0)).then(|| bytes.into_iter().map(char::from).collect())
            }
        },
    }
}

fn utf16(bytes: &[u8], join: fn([u8; 2]) -> u16) -> String {
    let units = bytes.chunks_exact(2).map(|pair| join([pair[0], pair[1]]));
    char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn the_encodings_people_save_requirements_in_are_read() {
        let utf16: Vec<u8> = [0xFF, 0xFE]
            .into_iter()
            .chain("flask\r\n".encode_utf16().flat_map(u16::to_le_bytes))
            .collect();
        assert_eq!(text(utf16).as_deref(), Some("flask\r\n"));
        assert_eq!(text(b"\xEF\xBB\xBFflask".to_vec()).as_deref(), Some("flask"));
        assert_eq!(text(b"caf\xE9".to_vec()).as_deref(), Some("café"));
        assert_eq!(text(b"PNG\0\xFF".to_vec()), None);
    }
}
