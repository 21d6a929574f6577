//! Tags and digests of images.

use super::spots::{Found, Kind, offset};

/// `FROM`, `--from=`, `from=` of a mount, and `ARG` that holds an image.
pub fn in_instruction(line: &str) -> Vec<Found> {
    let content = line.trim_start();
    let mut references = Vec::new();
    if keyword(content, "FROM") {
        let words = content.split_whitespace().skip(1);
        references.extend(words.into_iter().find(|word| !word.starts_with("--")));
    } else {
        for (at, word) in content.match_indices("from=") {
            if content[..at].ends_with(['-', ',', '=']) {
                let reference = &content[at + word.len()..];
                let end = reference.find(|c: char| c.is_whitespace() || c == ',');
                references.push(&reference[..end.unwrap_or(reference.len())]);
            }
        }
    }
    if keyword(content, "ARG")
        && let Some((name, value)) = content[3..].split_once('=')
        && ["IMAGE", "BASE"].iter().any(|word| name.contains(word))
    {
        references.extend(value.split_whitespace().next());
    }
    references.into_iter().filter_map(|reference| tag(line, reference)).collect()
}

fn keyword(line: &str, word: &str) -> bool {
    line.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
        && line[word.len()..].starts_with(char::is_whitespace)
}

/// `image: name:tag`.
pub fn in_mapping(line: &str) -> Vec<Found> {
    let content = line.trim_start().trim_start_matches("- ").trim_start();
    let value = content.strip_prefix("image:").filter(|value| value.starts_with(' '));
    let reference = value.and_then(|value| value.split_whitespace().next());
    reference.and_then(|reference| tag(line, reference)).into_iter().collect()
}

/// What follows the name of an image. The name is its last part alone, so
/// that an image that now comes from another registry is still the same.
fn tag(line: &str, reference: &str) -> Option<Found> {
    let reference = reference.trim_matches(['"', '\'']);
    let reference = default_of(reference);
    let mut depth = 0_usize;
    let (mut name, mut value) = (0, None);
    for (at, character) in reference.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            '/' => (name, value) = (at + 1, None),
            ':' if value.is_none() => value = Some((at, at + 1)),
            '@' => {
                value = value.or(Some((at, at)));
                break;
            }
            _ => {}
        }
    }
    let (end, start) = value?;
    let value = default_of(&reference[start..]);
    let start = offset(value, line);
    let name = format!("image {}", &reference[name..end]);
    (!value.is_empty()).then_some(Found { kind: Kind::Image, name, start, length: value.len() })
}

/// The default of `${NAME:-default}`, where that is all there is; anything
/// else as it is.
pub fn default_of(text: &str) -> &str {
    let inner = || {
        let rest = text.strip_prefix("${")?;
        let name = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')?;
        let rest = rest[name..].strip_prefix(":-").or_else(|| rest[name..].strip_prefix('-'))?;
        let mut depth = 1;
        let end = rest.find(|c: char| {
            depth += i32::from(c == '{') - i32::from(c == '}');
            depth == 0
        })?;
        let after = &rest[end + 1..];
        let is_all = after.is_empty() || after.starts_with(['"', '\'', ' ', '\t', '\r', '\n']);
        is_all.then_some(&rest[..end])
    };
    inner().unwrap_or(text)
}
