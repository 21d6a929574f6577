//! Whether the code of an image reads an env file by itself.

use crate::detect::scope;
use crate::lint::subject::{Build, Subject};

/// Packages that read one.
const PACKAGES: [&str; 7] = [
    "python-dotenv",
    "pydantic-settings",
    "django-environ",
    "environs",
    "python-decouple",
    "dynaconf",
    "starlette",
];

/// What says in code that one is read: a package that comes with another one is
/// imported, and stands in no list of requirements.
const IMPORTS: [&str; 7] = [
    "dotenv",
    "pydantic_settings",
    "environ",
    "environs",
    "decouple",
    "dynaconf",
    "starlette.config",
];
/// Names of such a file in code, and in a script that sources it.
const IN_CODE: [&str; 4] = ["env_file=", "\".env", "'.env", "/.env"];
const IN_SCRIPT: [&str; 2] = ["/.env", " .env"];

/// Whether something below the context of an image may read an env file: a
/// package that is installed, code, or a script.
pub fn may_read(subject: &Subject, build: &Build) -> bool {
    let is_code = |path: &&str| {
        (path.ends_with(".py") || path.ends_with(".sh"))
            && scope::counts(path)
            && subject.tree.size(path).is_some_and(|size| size < 1 << 20)
    };
    let says = |path: &str| {
        let Some(text) = subject.tree.text(path) else { return false };
        let names = |words: &[&str]| words.iter().any(|word| text.contains(word));
        if path.ends_with(".sh") { names(&IN_SCRIPT) } else { names(&IN_CODE) || imports(text) }
    };
    PACKAGES.iter().any(|name| subject.facts.installs(name))
        || subject.tree.below(&build.context).filter(is_code).any(says)
}

/// Whether a module imports what reads one: `from dotenv import …`, and not
/// `from os import environ`.
fn imports(text: &str) -> bool {
    text.lines().any(|line| {
        let mut words = line.split_whitespace();
        let is_import = matches!(words.next(), Some("from" | "import"));
        let module = words.next().unwrap_or_default().trim_end_matches(',');
        is_import
            && IMPORTS.iter().any(|own| module == *own || module.starts_with(&format!("{own}.")))
    })
}
