//! Which of two values holds.

use std::cmp::Ordering;

use super::spots::Kind;
use crate::version::compare;

/// The value that holds; `None` where neither is higher.
pub fn choose(kind: Kind, base: &str, disk: &str, new: &str) -> Option<String> {
    if disk == new || new == base {
        return Some(disk.to_owned());
    }
    if disk == base {
        return Some(new.to_owned());
    }
    match kind {
        Kind::Image => image(base, disk, new),
        Kind::Action => {
            let versions = [disk, new].map(action_version);
            higher(versions[0]?, versions[1]?, disk, new)
        }
        Kind::Pin => pin(base, disk, new),
        Kind::Named => parts(split(base, '-'), split(disk, '-'), split(new, '-')),
    }
}

/// `tag@digest`, either of them alone. A digest belongs to its tag.
fn image(base: &str, disk: &str, new: &str) -> Option<String> {
    let [base, disk, new] = [base, disk, new].map(|value| match value.split_once('@') {
        Some((tag, digest)) => (tag, Some(digest)),
        None => (value, None),
    });
    let tag = if disk.0 == new.0 {
        disk.0.to_owned()
    } else {
        three(base.0, disk.0, new.0, || {
            parts(split(base.0, '-'), split(disk.0, '-'), split(new.0, '-'))
        })?
    };
    let was_removed = base.1.is_some() && disk.1.is_none();
    // Of one tag, the digest on disk was resolved by whoever bumped it.
    let of_disk = disk.1.filter(|_| tag == disk.0);
    let digest = of_disk.or(new.1.filter(|_| tag == new.0 && !was_removed));
    // A digest that somebody pinned is not lost to a bump of the other side.
    let is_pinned = disk.1.is_some() && disk.1 != base.1 || new.1.is_some() && !was_removed;
    if digest.is_none() && is_pinned {
        return None;
    }
    Some(digest.map_or_else(|| tag.clone(), |digest| format!("{tag}@{digest}")))
}

/// A version, with the hashes that belong to it.
fn pin(base: &str, disk: &str, new: &str) -> Option<String> {
    let version = |value: &str| -> usize {
        value.find(|c: char| c.is_whitespace() || matches!(c, ';' | '\\')).unwrap_or(value.len())
    };
    let [of_base, of_disk, of_new] = [base, disk, new].map(|value| &value[..version(value)]);
    let chosen = three(of_base, of_disk, of_new, || {
        parts(split(of_base, '+'), split(of_disk, '+'), split(of_new, '+'))
    })?;
    let have_hashes = [disk, new].iter().any(|value| value.contains("--hash"));
    [(of_disk, disk), (of_new, new)]
        .into_iter()
        .find(|(version, _)| *version == chosen)
        .map(|(_, value)| value.to_owned())
        .or((!have_hashes).then_some(chosen))
}

/// The side that changed it, or what `both` says.
fn three(
    base: &str,
    disk: &str,
    new: &str,
    both: impl FnOnce() -> Option<String>,
) -> Option<String> {
    if disk == new || new == base {
        Some(disk.to_owned())
    } else if disk == base {
        Some(new.to_owned())
    } else {
        both()
    }
}

/// A number and what follows it, such as `-slim-trixie`. Each is looked at for itself,
/// and what holds is one side's whole: what neither of them wrote may not exist.
fn parts(base: (&str, &str), disk: (&str, &str), new: (&str, &str)) -> Option<String> {
    let number = three(base.0, disk.0, new.0, || raised(base.0, disk.0, new.0))?;
    let suffix = three(base.1, disk.1, new.1, || match numbers_in(disk.1, new.1)? {
        Ordering::Less => Some(new.1.to_owned()),
        _ => Some(disk.1.to_owned()),
    })?;
    let chosen = number + &suffix;
    [disk, new]
        .iter()
        .any(|(number, suffix)| chosen == format!("{number}{suffix}"))
        .then_some(chosen)
}

/// A tag that begins with no number is all suffix.
fn split(value: &str, separator: char) -> (&str, &str) {
    if !value.trim_start_matches('v').starts_with(|c: char| c.is_ascii_digit()) {
        return ("", value);
    }
    value.split_at(value.find(separator).unwrap_or(value.len()))
}

/// The value of the higher version; of two names of one version that on disk.
fn higher(of_disk: &str, of_new: &str, disk: &str, new: &str) -> Option<String> {
    Some(match compare(of_disk, of_new)? {
        Ordering::Less => new.to_owned(),
        Ordering::Greater | Ordering::Equal => disk.to_owned(),
    })
}

/// The higher of two versions that both sides raised. Where one of them went
/// down, or to a version that is not released yet, somebody meant it, and has to
/// say what holds.
fn raised(base: &str, disk: &str, new: &str) -> Option<String> {
    let is_up = |side: &str| {
        !is_pre_release(side)
            && matches!(compare(base, side), Some(Ordering::Less | Ordering::Equal))
    };
    if is_up(disk) && is_up(new) { higher(disk, new, disk, new) } else { None }
}

/// Whether a version is of before its release: `3.15.0rc1`, `2.0-beta.1`.
fn is_pre_release(version: &str) -> bool {
    let lower = version.to_ascii_lowercase();
    let words = lower.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| !word.is_empty());
    words.into_iter().any(|word| {
        matches!(word, "a" | "b" | "c" | "rc" | "alpha" | "beta" | "dev" | "pre" | "preview")
    })
}

/// The order of two texts that differ in their numbers alone.
fn numbers_in(one: &str, other: &str) -> Option<Ordering> {
    let words = |text: &str| text.replace(|c: char| c.is_ascii_digit(), "");
    let numbers = |text: &str| -> Vec<u64> {
        text.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect()
    };
    // One number more, as in alpine3.22.1, is no other variant.
    let same = |text: &str| words(text).replace('.', "");
    (same(one) == same(other)).then(|| numbers(one).cmp(&numbers(other)))
}

/// The version of `v4`, and of a commit with `# v4.1.2` behind it.
fn action_version(value: &str) -> Option<&str> {
    let (reference, comment) = value.split_once('#').unwrap_or((value, ""));
    let is_version = |word: &&str| {
        let rest = word.strip_prefix('v').unwrap_or(word);
        rest.starts_with(|c: char| c.is_ascii_digit())
    };
    let reference = reference.trim_end_matches([' ', '\t', '"', '\'']);
    let is_commit = reference.len() == 40 && reference.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_commit {
        comment.split_whitespace().find(is_version)
    } else {
        Some(reference).filter(is_version)
    }
}
