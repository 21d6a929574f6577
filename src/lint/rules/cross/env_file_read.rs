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
const SAID: [&str; 13] = [
    "dotenv",
    "pydantic_settings",
    "import environ",
    "from environs",
    "decouple",
    "dynaconf",
    "starlette.config",
    "env_file",
    "read_env(",
    "\".env",
    "'.env",
    "/.env",
    " .env",
];

/// Whether something below the context of an image may read an env file: a
/// package that is installed, code, or a script.
pub fn may_read(subject: &Subject, build: &Build) -> bool {
    let is_code = |path: &&str| {
        (path.ends_with(".py") || path.ends_with(".sh"))
            && scope::counts(path)
            && subject.tree.size(path).is_some_and(|size| size < 1 << 20)
    };
    let says = |path: &str| {
        subject.tree.text(path).is_some_and(|text| SAID.iter().any(|word| text.contains(word)))
    };
    PACKAGES.iter().any(|name| subject.facts.installs(name))
        || subject.tree.below(&build.context).filter(is_code).any(says)
}
