//! What a repository is that has no web application.

use crate::detect::scope;
use crate::detect::tree::Tree;

/// Files by which projects of other languages are known.
const LANGUAGES: [(&str, &str); 9] = [
    ("package.json", "JavaScript"),
    ("go.mod", "Go"),
    ("Cargo.toml", "Rust"),
    ("pom.xml", "Java"),
    ("build.gradle", "Java"),
    ("build.gradle.kts", "Kotlin"),
    ("Gemfile", "Ruby"),
    ("composer.json", "PHP"),
    ("mix.exs", "Elixir"),
];

/// Packages whose programs bring a server of their own, and what they make.
const OTHERS: [(&str, &str); 3] =
    [("scrapy", "a crawler"), ("telegram", "a bot"), ("discord", "a bot")];

/// What it is, for a sentence: `a command-line tool`.
#[must_use]
pub fn of(tree: &Tree) -> String {
    if tree.paths().next().is_none() {
        return "an empty directory".to_owned();
    }
    let counted: Vec<&str> = tree.counted().filter(|path| path.ends_with(".py")).collect();
    if tree.paths().any(is_of_a_template) {
        return "a project template".to_owned();
    }
    let scripts = counted.iter().any(|path| !path.ends_with("setup.py"));
    if !scripts {
        let other = LANGUAGES.iter().find(|(file, _)| tree.has(file));
        return other.map_or_else(
            || "a repository without Python code".to_owned(),
            |(_, language)| format!("a {language} repository without Python code"),
        );
    }
    if is_program(tree) {
        return "a command-line tool".to_owned();
    }
    if let Some(kind) = other(tree, &counted) {
        return kind.to_owned();
    }
    if is_library(tree) {
        return "a library".to_owned();
    }
    "Python code without a web application".to_owned()
}

/// Whether a file is one that a project template makes others from; tests of
/// a program that reads templates hold such files as well.
fn is_of_a_template(path: &str) -> bool {
    let Some(at) = path.find("{{") else { return false };
    let above = path[..at].rsplit_once('/').map_or("", |(above, _)| above);
    path.ends_with(".py") && (above.is_empty() || scope::counts(&format!("{above}/x.py")))
}

/// Whether its packaging installs a program.
fn is_program(tree: &Tree) -> bool {
    let holds = |path: &str, words: &[&str]| {
        tree.text(path).is_some_and(|text| words.iter().any(|word| text.contains(word)))
    };
    let project: Option<toml::Value> =
        tree.text("pyproject.toml").and_then(|text| toml::from_str(text).ok());
    let scripts = |path: &[&str]| {
        let found = path.iter().try_fold(project.as_ref()?, |value, key| value.get(key))?;
        found.as_table().filter(|table| !table.is_empty()).map(|_| ())
    };
    scripts(&["project", "scripts"]).is_some()
        || scripts(&["tool", "poetry", "scripts"]).is_some()
        || holds("setup.cfg", &["console_scripts"])
        || holds("setup.py", &["console_scripts", "scripts="])
        || tree.counted().any(|path| path.ends_with("/__main__.py"))
}

fn is_library(tree: &Tree) -> bool {
    let packaged = tree
        .text("pyproject.toml")
        .is_some_and(|text| text.contains("[build-system]") || text.contains("[tool.poetry]"));
    packaged || tree.has("setup.py") || tree.has("setup.cfg")
}

/// A kind of program that its imports give away.
fn other(tree: &Tree, paths: &[&str]) -> Option<&'static str> {
    paths.iter().take(200).find_map(|path| {
        let imports = tree.python(path)?.imports();
        OTHERS.iter().find_map(|(package, kind)| {
            let uses = imports.iter().any(|(_, import)| {
                import.level == 0 && import.module.split('.').next() == Some(package)
            });
            uses.then_some(*kind)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::is_of_a_template;

    #[test]
    fn templates_in_tests_make_no_project_template() {
        assert!(is_of_a_template("{{cookiecutter.slug}}/app/main.py"));
        assert!(is_of_a_template("src/{{ name }}.py"));
        assert!(!is_of_a_template("tests/fake/{{cookiecutter.slug}}/main.py"));
        assert!(!is_of_a_template("app/main.py"));
    }
}
