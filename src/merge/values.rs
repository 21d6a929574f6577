//! Values that bots bump: image tags, digests, pinned versions. Each is
//! merged by its order before the lines are: the higher one wins, so that a
//! bump on one side never conflicts with one on the other, nor with a change
//! on the line beside it.

use std::cmp::Ordering;
use std::collections::HashMap;

/// The three texts with every value that could be agreed on, agreed.
pub(super) struct Agreed {
    pub base: String,
    pub disk: String,
    pub new: String,
}

/// A value in a text: its bytes, and the line it stands in without it, with
/// how many such lines came before.
struct Spot<'a> {
    start: usize,
    text: &'a str,
    identity: (String, usize),
}

/// Agrees on every value that all three texts have in the same line.
pub(super) fn agree(base: &str, disk: &str, new: &str) -> Agreed {
    let [of_base, of_disk, of_new] = [spots(base), spots(disk), spots(new)];
    let by_identity = |spots: &[Spot]| -> HashMap<(String, usize), String> {
        spots.iter().map(|spot| (spot.identity.clone(), spot.text.to_owned())).collect()
    };
    let [in_base, in_disk, in_new] = [&of_base, &of_disk, &of_new].map(|spots| by_identity(spots));
    let chosen: HashMap<(String, usize), String> = in_base
        .iter()
        .filter_map(|(identity, base)| {
            let (disk, new) = (in_disk.get(identity)?, in_new.get(identity)?);
            Some((identity.clone(), choose(base, disk, new)?.to_owned()))
        })
        .collect();
    Agreed {
        base: replace(base, &of_base, &chosen),
        disk: replace(disk, &of_disk, &chosen),
        new: replace(new, &of_new, &chosen),
    }
}

/// The value that holds; `None` where neither is higher.
fn choose<'a>(base: &str, disk: &'a str, new: &'a str) -> Option<&'a str> {
    if disk == new || new == base {
        return Some(disk);
    }
    if disk == base {
        return Some(new);
    }
    match compare(disk, new)? {
        Ordering::Less => Some(new),
        Ordering::Greater => Some(disk),
        // The same version under two digests: the disk's was resolved last,
        // by whoever bumped it.
        Ordering::Equal if disk.contains('@') || new.contains('@') => Some(disk),
        Ordering::Equal => None,
    }
}

/// Compares by the numbers a version begins with; `None` where one has none.
#[must_use]
pub fn compare(one: &str, other: &str) -> Option<Ordering> {
    let numbers = |text: &str| -> Option<Vec<u64>> {
        let version = text.split('@').next().unwrap_or(text);
        let version = version.strip_prefix('v').unwrap_or(version);
        let end = version.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(version.len());
        let numbers: Result<Vec<u64>, _> =
            version[..end].trim_end_matches('.').split('.').map(str::parse).collect();
        numbers.ok().filter(|numbers| !numbers.is_empty())
    };
    Some(numbers(one)?.cmp(&numbers(other)?))
}

fn replace(text: &str, spots: &[Spot], chosen: &HashMap<(String, usize), String>) -> String {
    let mut replaced = String::with_capacity(text.len());
    let mut done = 0;
    for spot in spots {
        if let Some(value) = chosen.get(&spot.identity) {
            replaced.push_str(&text[done..spot.start]);
            replaced.push_str(value);
            done = spot.start + spot.text.len();
        }
    }
    replaced.push_str(&text[done..]);
    replaced
}

fn spots(text: &str) -> Vec<Spot<'_>> {
    let mut spots = Vec::new();
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        if let Some((start, value)) = value(line) {
            let rest = format!("{}\0{}", &line[..start], line[start + value.len()..].trim_end());
            let number = seen.entry(rest.clone()).or_default();
            spots.push(Spot { start: offset + start, text: value, identity: (rest, *number) });
            *number += 1;
        }
        offset += line.len();
    }
    spots
}

/// The value of a line and where it starts in it: at most one, so that the
/// rest of the line identifies it.
fn value(line: &str) -> Option<(usize, &str)> {
    image_tag(line).or_else(|| after(line, "==")).or_else(|| action_version(line))
}

/// The tag, with its digest, of `FROM image:tag`, `image: image:tag` and
/// `COPY --from=image:tag`.
fn image_tag(line: &str) -> Option<(usize, &str)> {
    let content = line.trim_start();
    let indent = line.len() - content.len();
    let skip = ["FROM ", "image: ", "- image: "]
        .into_iter()
        .find_map(|word| content.strip_prefix(word).map(|rest| line.len() - rest.len()));
    let start = match skip {
        Some(start) => start,
        None => line.find("--from=").map(|at| at + "--from=".len())?,
    };
    let start = start.max(indent);
    let reference = line[start..].trim_start_matches(['"', '\'']);
    let start = line.len() - reference.len();
    let end = reference
        .find(|c: char| c.is_whitespace() || c == '"' || c == '\'')
        .unwrap_or(reference.len());
    let reference = &reference[..end];
    let name_end = reference.split('@').next().map_or(0, |name| match name.rfind('/') {
        Some(slash) => name[slash..].find(':').map_or(name.len(), |colon| slash + colon),
        None => name.find(':').unwrap_or(name.len()),
    });
    let value = reference.get(name_end + 1..)?;
    (!value.is_empty()).then_some((start + name_end + 1, value))
}

/// The version after `==`.
fn after<'a>(line: &'a str, operator: &str) -> Option<(usize, &'a str)> {
    let start = line.find(operator)? + operator.len();
    version(line, start)
}

/// The version of `uses: owner/action@v4`.
fn action_version(line: &str) -> Option<(usize, &str)> {
    let uses = line.find("uses:")?;
    let at = line[uses..].find('@')? + uses + 1;
    version(line, at)
}

fn version(line: &str, start: usize) -> Option<(usize, &str)> {
    let rest = &line[start..];
    let end = rest
        .find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '+' | '!' | '-'))
        .unwrap_or(rest.len());
    let value = &rest[..end];
    value.chars().any(|c| c.is_ascii_digit()).then_some((start, value))
}
