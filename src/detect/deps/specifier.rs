//! Version ranges in the spellings of Poetry and conda, as PEP 440 specifiers.

use pep508_rs::pep440_rs::{Version, VersionSpecifiers};

/// Alternatives, any of which may hold: `^3.8 || ^3.10`.
pub type Alternatives = Vec<VersionSpecifiers>;

/// A range of PEP 440 or Poetry. `None` where it cannot be read.
#[must_use]
pub fn poetry(text: &str) -> Option<Alternatives> {
    let parts = text.split("||").flat_map(|part| part.split('|')).map(str::trim);
    parts.filter(|part| !part.is_empty()).map(conjunction).collect()
}

/// A conda version: `3.10` after `=`, `>=3.8,<3.11`, `2.0.*`.
#[must_use]
pub fn conda(text: &str) -> Option<VersionSpecifiers> {
    let text = text.trim();
    if let Some(prefix) = text.strip_prefix('=').filter(|rest| !rest.starts_with('=')) {
        let version = prefix.split('=').next().unwrap_or(prefix).trim_end_matches(".*");
        return format!("=={version}.*").parse().ok();
    }
    conjunction(text)
}

/// A bare version as the release line it names: `3.11.4` and `3.11` are both
/// satisfied by any 3.11.
#[must_use]
pub fn minor(text: &str) -> Option<VersionSpecifiers> {
    let version: Version = text.trim().trim_end_matches(".*").parse().ok()?;
    match version.release() {
        [major, minor, ..] => format!("=={major}.{minor}.*").parse().ok(),
        [major] => format!("=={major}.*").parse().ok(),
        [] => None,
    }
}

fn conjunction(text: &str) -> Option<VersionSpecifiers> {
    let mut clauses = Vec::new();
    for clause in clauses_of(text) {
        match clause.as_str() {
            "*" | "" => {}
            clause => clauses.push(one(clause)?),
        }
    }
    clauses.join(",").parse().ok()
}

/// Clauses are separated by commas, or by spaces where an operator follows.
fn clauses_of(text: &str) -> Vec<String> {
    let mut clauses: Vec<String> = Vec::new();
    for word in text.split([',', ' ']).filter(|word| !word.is_empty()) {
        match clauses.last_mut() {
            Some(last) if last.ends_with(['<', '>', '=', '!', '~', '^']) => last.push_str(word),
            _ => clauses.push(word.to_owned()),
        }
    }
    clauses
}

fn one(clause: &str) -> Option<String> {
    if let Some(version) = clause.strip_prefix('^') {
        return bounded(version, caret);
    }
    if clause.starts_with("~=") {
        return Some(clause.to_owned());
    }
    if let Some(version) = clause.strip_prefix('~') {
        return bounded(version, |release| if release.len() < 2 { 0 } else { 1 });
    }
    if clause.starts_with(['<', '>', '=', '!']) {
        // `= 3.10` is Poetry's way of writing an exact version.
        let single = clause.starts_with('=') && !clause.starts_with("==");
        return Some(if single { format!("={clause}") } else { clause.to_owned() });
    }
    Some(format!("=={clause}"))
}

/// `>=version` and below the next one of the part that `at` names.
fn bounded(version: &str, at: fn(&[u64]) -> usize) -> Option<String> {
    let version: Version = version.trim().trim_end_matches(".*").parse().ok()?;
    let release = version.release();
    let at = at(release).min(release.len() - 1);
    let mut upper = release[..=at].to_vec();
    upper[at] += 1;
    let upper: Vec<String> = upper.iter().map(u64::to_string).collect();
    Some(format!(">={version},<{}", upper.join(".")))
}

/// A caret holds the first part that is not zero.
fn caret(release: &[u64]) -> usize {
    release.iter().position(|part| *part != 0).unwrap_or(release.len() - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn poetry_ranges_become_pep_440() {
        for (text, expected) in [
            ("^1.2.3", ">=1.2.3, <2"),
            ("^0.2.3", ">=0.2.3, <0.3"),
            ("^0.0.3", ">=0.0.3, <0.0.4"),
            ("^3", ">=3, <4"),
            ("^3.10,<3.13", ">=3.10, <3.13, <4"),
            ("~1.2", ">=1.2, <1.3"),
            ("~1", ">=1, <2"),
            ("~=3.11", "~=3.11"),
            (">=3.9 <4.0", ">=3.9, <4.0"),
            (">= 3.9, < 4", ">=3.9, <4"),
            ("3.11.*", "==3.11.*"),
            ("2.4.0", "==2.4.0"),
            ("= 2.4", "==2.4"),
            ("*", ""),
        ] {
            let read = poetry(text).unwrap_or_default();
            let read: Vec<String> = read.iter().map(ToString::to_string).collect();
            assert_eq!(read, [expected], "{text}");
        }
        assert_eq!(poetry("^3.8 || ^3.10").map(|all| all.len()), Some(2));
        assert!(poetry("^x").is_none());
    }

    #[test]
    fn one_equals_sign_of_conda_is_a_prefix() {
        let text = |spec| conda(spec).map(|spec| spec.to_string());
        assert_eq!(text("=3.10").as_deref(), Some("==3.10.*"));
        assert_eq!(text("=1.21.2=py39h20f2e39_0").as_deref(), Some("==1.21.2.*"));
        assert_eq!(text("==3.10.4").as_deref(), Some("==3.10.4"));
        assert_eq!(text(">=3.8,<3.11").as_deref(), Some(">=3.8, <3.11"));
    }
}
