//! Which compose files are one project, and what it is there for.

use super::Purpose;
use crate::detect::compose::files::{self, directory_of, file_name};
use crate::detect::scope;
use crate::detect::tree::Tree;

/// Files of a project, and what it is there for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Group {
    pub directory: String,
    pub paths: Vec<String>,
    pub purpose: Purpose,
    pub by_itself: bool,
}

/// Words in a file's name that say it is for who works on the service.
const DEVELOPMENT: [&str; 20] = [
    "dev",
    "develop",
    "development",
    "local",
    "test",
    "tests",
    "testing",
    "ci",
    "debug",
    "override",
    "e2e",
    "example",
    "sample",
    "template",
    "devcontainer",
    "tools",
    "tilt",
    "docs",
    "github",
    "ipynb",
];
/// Words that say it runs for users.
const PRODUCTION: [&str; 6] = ["prod", "production", "deploy", "live", "release", "staging"];

/// The words of a path: `docker/web.prod.Dockerfile` has `docker`, `web`, `prod`.
fn words(path: &str) -> Vec<String> {
    path.to_ascii_lowercase()
        .split(['/', '.', '-', '_', ' '])
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// What a file is there for, by its path alone; `None` where that does not say.
/// The file's own name is nearer to it than its directories'.
pub(super) fn stated(path: &str) -> Option<Purpose> {
    let of = |text: &str| {
        let words = words(text);
        let is = |known: &[&str]| words.iter().any(|word| known.contains(&word.as_str()));
        if is(&PRODUCTION) {
            Some(Purpose::Production)
        } else {
            is(&DEVELOPMENT).then_some(Purpose::Development)
        }
    };
    of(file_name(path))
        .or_else(|| of(path))
        .or_else(|| (!scope::counts(path)).then_some(Purpose::Development))
}

/// Whether the name of a service says that users have nothing to do with it.
pub(super) fn is_for_developers(service: &str) -> bool {
    words(service)
        .iter()
        .any(|word| matches!(word.as_str(), "dev" | "development" | "test" | "tests"))
}

/// The projects of a repository. `complete` tells whether every service of a
/// file says what it runs, so that it stands by itself.
pub(super) fn find(tree: &Tree, complete: &dyn Fn(&str) -> bool) -> Vec<Group> {
    let mut directories: Vec<&str> =
        tree.paths().filter(|path| files::is_compose(file_name(path))).map(directory_of).collect();
    directories.sort_unstable();
    directories.dedup();
    let mut groups = Vec::new();
    for directory in directories {
        of_directory(tree, directory, complete, &mut groups);
    }
    groups
}

fn of_directory(
    tree: &Tree,
    directory: &str,
    complete: &dyn Fn(&str) -> bool,
    groups: &mut Vec<Group>,
) {
    let default = files::default_in(tree, directory);
    let of_default: Vec<String> = default
        .iter()
        .flat_map(|found| std::iter::once(&found.path).chain(&found.overlays))
        .cloned()
        .collect();
    let mut others: Vec<String> = tree
        .in_directory(directory)
        .filter(|path| files::is_compose(file_name(path)))
        .map(str::to_owned)
        .filter(|path| !of_default.contains(path))
        .collect();
    others.sort();
    // What is laid over the default by itself is for who works on it, unless it is stated.
    let overrides = of_default.len() > 1
        && of_default[1..].iter().all(|path| file_name(path).contains("override"));
    let is_prod = |path: &String| stated(file_name(path)) == Some(Purpose::Production);
    let has_production = others.iter().any(is_prod);
    let base: Option<&String> = of_default.first();
    let mut group = |paths: Vec<String>, purpose: Purpose, by_itself: bool| {
        groups.push(Group { directory: directory.to_owned(), paths, purpose, by_itself });
    };
    if let Some(base) = base {
        let said = stated(base);
        let purpose = match said {
            Some(said) => said,
            None if has_production => Purpose::Development,
            None => Purpose::Production,
        };
        if overrides && purpose == Purpose::Production {
            // Alone it is what is deployed; together it is what is worked with.
            group(vec![base.clone()], purpose, true);
            group(of_default.clone(), Purpose::Development, true);
        } else {
            group(of_default.clone(), purpose, true);
        }
    }
    for path in others {
        let purpose = stated(&path).unwrap_or(Purpose::Production);
        let paths = match base {
            Some(base) if !complete(&path) => vec![base.clone(), path],
            _ => vec![path],
        };
        group(paths, purpose, false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_who_something_is_for() {
        for path in
            ["compose/local/django/Dockerfile", ".github/Dockerfile", "docker-compose.docs.yml"]
        {
            assert_eq!(stated(path), Some(Purpose::Development), "{path}");
        }
        assert_eq!(stated("docker/web/Dockerfile"), None);
        assert_eq!(stated("docker/prod/Dockerfile"), Some(Purpose::Production));
        assert_eq!(stated("tools/deploy/docker/Dockerfile.dev"), Some(Purpose::Development));
        assert_eq!(stated("dev/Dockerfile.prod"), Some(Purpose::Production));
        assert!(is_for_developers("web-dev") && is_for_developers("tests"));
        assert!(!is_for_developers("web") && !is_for_developers("latest"));
    }
}
