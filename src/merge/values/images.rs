//! Tags and digests of images.

use super::spots::{Found, Kind, offset};
use crate::source::compose::interpolate;
use crate::source::dockerfile::{Dockerfile, Keyword};

/// The images that a Dockerfile names: in FROM, `--from=`, `from=` of a mount,
/// and in an ARG that holds one.
pub fn in_dockerfile(text: &str) -> Vec<&str> {
    let file = Dockerfile::read(text);
    let mut references: Vec<&str> = file
        .stages
        .iter()
        .filter_map(|own| text.get(own.from_span.start..own.from_span.end))
        .collect();
    for own in &file.instructions {
        references.extend(own.sources().filter_map(|(name, flag)| {
            let written = text.get(flag.span.start..flag.span.end)?;
            let start = written.rfind(&format!("from={name}"))? + "from=".len();
            Some(&written[start..start + name.len()])
        }));
        let pairs = own.pairs(file.escape).into_iter().filter(|(name, ..)| {
            own.keyword == Keyword::Arg && ["IMAGE", "BASE"].iter().any(|word| name.contains(word))
        });
        references.extend(pairs.filter_map(|(_, value, span)| {
            text.get(span.start..span.end)?
                .split_once('=')
                .map(|(_, own)| own)
                .filter(|_| value.is_some())
        }));
    }
    references
}

/// The tags of those images that a line names.
pub fn in_line(line: &str, references: &[&str]) -> Vec<Found> {
    let here = line.as_bytes().as_ptr_range();
    let of_line = references.iter().filter(|own| here.contains(&own.as_ptr()));
    of_line.filter_map(|reference| tag(line, reference)).collect()
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
        let end = interpolate::closing(rest);
        let after = rest.get(end + 1..)?;
        let is_all = after.is_empty() || after.starts_with(['"', '\'', ' ', '\t', '\r', '\n']);
        interpolate::default_of(&rest[..end]).filter(|_| is_all)
    };
    inner().unwrap_or(text)
}
