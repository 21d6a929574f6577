//! The words by which names tell whom something is for: those who work on a
//! service, its tests, or its users. The one list; whoever reads a name adds
//! only what its own field has beside it.

use crate::source::text::is_true;

/// Words of those who work on a service.
pub const DEVELOPMENT: [&str; 7] =
    ["dev", "devel", "develop", "development", "local", "debug", "debugging"];

/// Words of tests.
pub const TESTS: [&str; 6] = ["test", "tests", "testing", "pytest", "e2e", "ci"];

/// Words of what nobody runs a service with.
const ASIDE: [&str; 2] = ["docs", "example"];

/// Words of a service's users, the surest first.
pub const PRODUCTION: [&str; 6] = ["production", "prod", "prd", "deploy", "deployment", "live"];

/// How many of `PRODUCTION` are its name, rather than how it gets there.
const NAMES: usize = 3;

/// Whether a word is of those who work on a service or of its tests.
#[must_use]
pub fn is_for_developers(word: &str) -> bool {
    DEVELOPMENT.contains(&word) || TESTS.contains(&word)
}

/// Whether a word says that no user meets what is named so.
#[must_use]
pub fn is_development(word: &str) -> bool {
    is_for_developers(word) || ASIDE.contains(&word)
}

/// Whether a word says that users meet what is named so.
#[must_use]
pub fn is_production(word: &str) -> bool {
    PRODUCTION.contains(&word)
}

/// Whether a word is the name of production.
#[must_use]
pub fn names_production(word: &str) -> bool {
    PRODUCTION[..NAMES].contains(&word)
}

/// Whether a module, class or value is named after an environment that is not
/// production: `config.settings.dev`, `TestingConfig`.
#[must_use]
pub fn is_for_another(name: &str) -> bool {
    let words = words(name);
    words.iter().any(|word| is_development(word) || word == "localhost")
        && !words.iter().any(|word| is_production(word))
}

/// Whether a variable with this value turns development on.
#[must_use]
pub fn turns_development_on(name: &str, value: &str) -> bool {
    let value = value.to_ascii_lowercase();
    let switch = name == "DEBUG" || name.ends_with("_DEBUG") || name == "FLASK_ENV";
    switch && (is_true(&value) || matches!(value.as_str(), "development" | "dev"))
}

/// The words of `snake_case`, `CamelCase`, `dotted.names` and `some/paths`, in
/// lower case.
#[must_use]
pub fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut previous_lower = false;
    for character in name.chars() {
        let starts = !character.is_alphanumeric() || (character.is_uppercase() && previous_lower);
        if starts && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(String::new());
        }
        if character.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(character.to_lowercase());
        }
        previous_lower = character.is_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_and_classes_are_told_apart_by_whole_words() {
        for name in ["config.settings.dev", "TestingConfig", "local_settings", "settings_test"] {
            assert!(is_for_another(name), "{name}");
        }
        for name in ["config.settings.production", "devices.models", "ContestConfig", "base"] {
            assert!(!is_for_another(name), "{name}");
        }
    }

    #[test]
    fn no_word_is_of_both() {
        assert!(!PRODUCTION.iter().any(|word| is_development(word)));
    }
}
