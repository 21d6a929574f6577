//! Names of packages in PEP 503's spelling.

use crate::environments;

/// `Flask_SQLAlchemy` as `flask-sqlalchemy`.
#[must_use]
pub fn normalised(name: &str) -> String {
    let mut result = String::with_capacity(name.len());
    for part in name.trim().split(['-', '_', '.']).filter(|part| !part.is_empty()) {
        if !result.is_empty() {
            result.push('-');
        }
        result.push_str(&part.to_ascii_lowercase());
    }
    result
}

/// Names of groups, extras and files that production installs.
#[must_use]
pub fn is_production(name: &str) -> bool {
    const WORDS: [&str; 6] = ["server", "web", "main", "runtime", "docker", "heroku"];
    words(name).any(|word| environments::is_production(word) || WORDS.contains(&word))
}

/// Names of groups, extras and files that production never installs.
#[must_use]
pub fn is_development(name: &str) -> bool {
    const WORDS: [&str; 14] = [
        "lint",
        "linting",
        "qa",
        "doc",
        "build",
        "optional",
        "typing",
        "types",
        "style",
        "format",
        "notebook",
        "notebooks",
        "benchmark",
        "vagrant",
    ];
    words(name).any(|word| environments::is_development(word) || WORDS.contains(&word))
}

fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split(|letter: char| !letter.is_ascii_alphabetic()).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_pep_503() {
        assert_eq!(normalised("Flask_SQLAlchemy"), "flask-sqlalchemy");
        assert_eq!(normalised(" zope.interface "), "zope-interface");
        assert_eq!(normalised("a-_.b"), "a-b");
    }

    #[test]
    fn groups_are_told_apart_by_whole_words() {
        assert!(is_production("requirements-prod.txt") && !is_production("products"));
        assert!(is_development("dev_requirements") && !is_development("devices"));
    }
}
