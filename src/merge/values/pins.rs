//! Versions of Python packages and of steps of a workflow.

use super::spots::{Found, Kind, offset};

/// What `==` compares in a marker, not in a requirement.
const MARKERS: [&str; 6] =
    ["python-", "platform-", "implementation-", "sys-platform", "os-name", "extra"];

/// `name[extras]==version`, with all its hashes where it has any. `text`
/// begins with the line.
pub fn in_line(text: &str, line: &str) -> Vec<Found> {
    let mut found = Vec::new();
    for (at, operator) in line.match_indices("==") {
        let Some(name) = name(&line[..at]) else { continue };
        let rest = &line[at + operator.len()..];
        let value = rest.trim_start();
        let is_version = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '+' | '!' | '*');
        let length = value.find(|c| !is_version(c)).unwrap_or(value.len());
        if !value.trim_start_matches('v').starts_with(|c: char| c.is_ascii_digit()) {
            continue;
        }
        let start = offset(value, line);
        let length = hashes(text, line).map_or(length, |end| end - start);
        found.push(Found { kind: Kind::Pin, name: format!("package {name}"), start, length });
    }
    found
}

/// Where the hashes end that belong to a line: on it, or on those that
/// continue it.
fn hashes(text: &str, line: &str) -> Option<usize> {
    let mut end = line.contains(" --hash").then_some(line.len());
    let mut lines = text.split_inclusive('\n');
    let (mut last, mut start) = (line, lines.next()?.len());
    for next in lines {
        let next_line = next.trim_end();
        if !last.ends_with('\\') || !next_line.trim_start().starts_with("--hash") {
            break;
        }
        end = Some(start + next_line.len());
        start += next.len();
        last = next_line;
    }
    end
}

/// The name before `==`, as the index writes it.
fn name(before: &str) -> Option<String> {
    let before = before.trim_end();
    let before = match before.strip_suffix(']') {
        Some(extras) => &before[..extras.rfind('[')?],
        None => before,
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let name = before.rsplit(|c| !is_name(c)).next()?.replace(['.', '_'], "-").to_ascii_lowercase();
    let is_marker = MARKERS.iter().any(|marker| name.starts_with(marker));
    (name.starts_with(|c: char| c.is_ascii_alphanumeric()) && !is_marker).then_some(name)
}

/// `uses: owner/action@v4`, or `@commit # v4.1.2`.
pub fn action(line: &str) -> Option<Found> {
    let content = line.trim_start().trim_start_matches("- ").trim_start();
    let value = content.strip_prefix("uses:")?.trim_start().trim_start_matches(['"', '\'']);
    let (name, reference) = value.split_once('@')?;
    if name.contains(char::is_whitespace) {
        return None;
    }
    let version = reference.find(char::is_whitespace).unwrap_or(reference.len());
    let is_commented = reference[version..].trim_start().starts_with('#');
    let length = if is_commented { reference.len() } else { version };
    let reference = reference[..length].trim_end_matches(['"', '\'']);
    let start = offset(reference, line);
    (!reference.is_empty()).then(|| Found {
        kind: Kind::Action,
        name: format!("action {name}"),
        start,
        length: reference.len(),
    })
}
