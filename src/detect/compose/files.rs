//! Which compose file runs, and under which project name.

use std::fs;

use crate::detect::compose::carried::Carried;
use crate::detect::fact::Evidence;
use crate::detect::scope;
use crate::detect::tree::Tree;
use crate::environments::{TESTS, words};
pub use crate::relpath::{file_name, join, parent as directory_of};
use crate::source::compose::{Document, FILE_NAMES, OVERRIDES, is_compose};
use crate::source::{dotenv, text};

/// Largest `.env` that is read, in bytes.
const ENV_CAP: u64 = 1 << 20;

/// A compose file and what is beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The file.
    pub path: String,
    /// Files Compose lays over it by itself.
    pub overlays: Vec<String>,
    /// Other compose files beside it, which have to be named with `-f`.
    pub variants: Vec<String>,
    /// Its directory, `.` for the top.
    pub directory: String,
    /// Whether `docker compose` finds it without being told.
    pub by_itself: bool,
    /// `.env` beside it.
    pub env: Vec<(String, String)>,
}

/// The compose files that may run the application, the likeliest first: in
/// the directories that matter, in their order, then in any other, the
/// shallowest first.
#[must_use]
pub fn find(tree: &Tree, directories: &[&str]) -> Vec<Found> {
    let mut places: Vec<String> = directories.iter().map(|place| (*place).to_owned()).collect();
    let mut others: Vec<String> = tree
        .paths()
        .filter(|path| scope::counts(path) && is_compose(path) && !is_side(path))
        .map(|path| directory_of(path).to_owned())
        .collect();
    others.sort_by_key(|place| (place.matches('/').count(), place.clone()));
    places.extend(others);
    let mut seen = Vec::new();
    places.retain(|place| {
        let new = !seen.contains(place);
        seen.push(place.clone());
        new
    });
    // A file that `docker compose` takes by itself goes before any variant.
    let mut found: Vec<Found> = places.iter().filter_map(|place| default_in(tree, place)).collect();
    found.extend(places.iter().filter_map(|place| variant_in(tree, place)));
    found
}

/// Whether a stack stands beside what users get: it watches it, or loads it.
fn is_side(path: &str) -> bool {
    const SIDE: [&str; 6] =
        ["monitoring", "observability", "grafana", "prometheus", "loadtest", "load-test"];
    directory_of(path).split('/').any(|part| SIDE.contains(&part))
}

/// The compose files that count and can be read, with what is in each.
pub fn documents(tree: &Tree) -> impl Iterator<Item = (&str, Document)> {
    let paths = tree.counted().filter(|path| is_compose(path));
    paths.filter_map(|path| Some((path, Document::read(tree.text(path)?).ok()?)))
}

/// The file that `docker compose` takes in a directory by itself.
pub fn default_in(tree: &Tree, directory: &str) -> Option<Found> {
    let env = read_env(tree, directory);
    let stated = stated_files(tree, directory, &env);
    let there = |names: [&str; 4]| {
        names.iter().filter_map(|name| join(directory, name)).find(|path| tree.has(path))
    };
    let path = stated.first().cloned().or_else(|| there(FILE_NAMES))?;
    let overlays: Vec<String> = if stated.is_empty() {
        there(OVERRIDES).into_iter().collect()
    } else {
        stated.into_iter().skip(1).collect()
    };
    let mut variants = variants(tree, directory);
    variants.retain(|other| *other != path && !overlays.contains(other));
    let directory = directory.to_owned();
    Some(Found { path, overlays, variants, directory, by_itself: true, env })
}

/// A file that has to be named with `-f`: the one for production, otherwise
/// the only one.
fn variant_in(tree: &Tree, directory: &str) -> Option<Found> {
    // One for tests is nobody's deployment, and neither is it where it stands alone.
    let is_of_tests =
        |path: &String| words(file_name(path)).iter().any(|own| TESTS.contains(&&**own));
    let mut all = variants(tree, directory);
    all.retain(|path| !is_of_tests(path));
    if all.iter().any(|path| FILE_NAMES.contains(&file_name(path))) {
        return None;
    }
    let production = all.iter().find(|path| {
        let name = file_name(path).to_ascii_lowercase();
        name.contains("prod") || name.contains("deploy")
    });
    let path = match (production, all.as_slice()) {
        (Some(path), _) => path.clone(),
        (None, [only]) => only.clone(),
        _ => return None,
    };
    let variants = all.into_iter().filter(|other| *other != path).collect();
    let env = read_env(tree, directory);
    let directory = directory.to_owned();
    Some(Found { path, overlays: Vec::new(), variants, directory, by_itself: false, env })
}

/// Every compose file directly in a directory.
fn variants(tree: &Tree, directory: &str) -> Vec<String> {
    if !tree.has_directory(directory) {
        return Vec::new();
    }
    let files = tree.in_directory(directory).filter(|path| is_compose(path));
    files.map(str::to_owned).collect()
}

/// The files `COMPOSE_FILE` in `.env` names, where the first of them is there.
fn stated_files(tree: &Tree, directory: &str, env: &[(String, String)]) -> Vec<String> {
    let value = |name: &str| env.iter().rfind(|(own, _)| own == name).map(|(_, value)| value);
    let Some(files) = value("COMPOSE_FILE") else { return Vec::new() };
    let separator = value("COMPOSE_PATH_SEPARATOR").map_or(":", String::as_str);
    let paths: Option<Vec<String>> =
        files.split(separator).map(|file| join(directory, file)).collect();
    let paths = paths.unwrap_or_default();
    if paths.first().is_some_and(|path| tree.has(path)) { paths } else { Vec::new() }
}

/// `.env` beside a compose file, git-ignored as it usually is.
fn read_env(tree: &Tree, directory: &str) -> Vec<(String, String)> {
    let path = tree.base().join(directory).join(".env");
    let small = fs::metadata(&path).is_ok_and(|file| file.is_file() && file.len() <= ENV_CAP);
    let text = small.then(|| text::of_file(&path)).flatten();
    text.map(|text| dotenv::pairs(&text)).unwrap_or_default()
}

/// Examples of environment files, in the order they are looked for.
pub const EXAMPLES: [&str; 12] = [
    ".env.example",
    ".env.sample",
    ".env.dist",
    ".env.template",
    "env.example",
    "example.env",
    "env.sample",
    "sample.env",
    "env-example",
    "env_example",
    ".env-example",
    ".env_example",
];

/// The variables that the `.env` beside the compose file gives a value, or,
/// where there is none, the example it will start from.
#[must_use]
pub fn given(tree: &Tree, carried: Option<&Carried>) -> Vec<String> {
    let directory = carried.map_or(".", Carried::directory);
    let own = tree.base().join(directory).join(".env");
    let values = if own.symlink_metadata().is_ok() {
        read_env(tree, directory)
    } else {
        let paths = EXAMPLES.into_iter().filter_map(|name| join(directory, name));
        let texts = paths.filter_map(|path| tree.text(&path));
        texts.map(dotenv::pairs).find(|values| !values.is_empty()).unwrap_or_default()
    };
    let values = values.into_iter();
    values.filter(|(_, value)| !value.is_empty()).map(|(name, _)| name).collect()
}

/// The project's name and where it stands: `COMPOSE_PROJECT_NAME` in `.env`,
/// `name:`, otherwise the directory's, which nothing in the repository says.
#[must_use]
pub fn project(
    tree: &Tree,
    found: &Found,
    name: Option<(String, usize)>,
) -> (String, Option<Evidence>) {
    let env = found.env.iter().find(|(name, _)| name == "COMPOSE_PROJECT_NAME");
    if let Some((_, value)) = env.filter(|(_, value)| !value.is_empty()) {
        let path = join(&found.directory, ".env");
        return (value.clone(), path.map(|path| Evidence::file(&path)));
    }
    if let Some((name, line)) = name {
        return (name, Some(tree.evidence(&found.path, line)));
    }
    let directory = tree.base().join(if found.directory == "." { "" } else { &found.directory });
    let name = directory.file_name().unwrap_or_default().to_string_lossy().into_owned();
    (normalised(&name), None)
}

/// A directory's name as Compose makes a project's name of it.
#[must_use]
pub fn normalised(name: &str) -> String {
    let kept: String = name
        .to_lowercase()
        .chars()
        .filter(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-'))
        .collect();
    kept.trim_start_matches(['_', '-']).to_owned()
}

#[cfg(test)]
mod tests {
    use assert_fs::TempDir;
    use assert_fs::prelude::*;

    use super::*;

    fn found(files: &[(&str, &str)], directories: &[&str]) -> Option<Found> {
        let directory = TempDir::new().unwrap();
        for (path, text) in files {
            directory.child(path).write_str(text).unwrap();
        }
        find(&Tree::read(directory.path()).unwrap(), directories).into_iter().next()
    }

    #[test]
    fn the_file_compose_itself_takes_wins() {
        let all = [("docker-compose.yml", ""), ("compose.yml", ""), ("docker-compose.yaml", "")];
        assert_eq!(found(&all, &["."]).unwrap().path, "compose.yml");
        let one = [("docker-compose.yml", ""), ("docker-compose.prod.yml", ""), ("ci.yml", "")];
        let one = found(&one, &["."]).unwrap();
        assert_eq!(one.path, "docker-compose.yml");
        assert_eq!(one.variants, ["docker-compose.prod.yml"]);
        assert!(one.overlays.is_empty());
        assert!(one.by_itself);
    }

    #[test]
    fn a_file_named_in_env_wins_and_the_env_may_be_ignored_by_git() {
        let files = [
            ("compose.yaml", ""),
            ("deploy/stack.yml", ""),
            ("deploy/more.yml", ""),
            (".gitignore", ".env\n"),
            (".env", "COMPOSE_FILE=deploy/stack.yml:deploy/more.yml\nexport A='b c' # d\n"),
        ];
        let found = found(&files, &["."]).unwrap();
        assert_eq!(found.path, "deploy/stack.yml");
        assert_eq!(found.overlays, ["deploy/more.yml"]);
        assert_eq!(found.variants, ["compose.yaml"]);
        assert_eq!(found.env[1], ("A".to_owned(), "b c".to_owned()));
    }

    #[test]
    fn a_default_file_below_goes_before_a_variant_at_the_top() {
        let files = [("compose.test.yaml", ""), ("docker/docker-compose.yml", "")];
        assert_eq!(found(&files, &["."]).unwrap().path, "docker/docker-compose.yml");
        let files = [("docker-compose.local.yml", ""), ("docker-compose.production.yml", "")];
        let production = found(&files, &["."]).unwrap();
        assert_eq!(production.path, "docker-compose.production.yml");
        assert!(!production.by_itself);
        let files = [("examples/compose.yaml", ""), ("app/main.py", "")];
        assert_eq!(found(&files, &["."]), None);
    }

    #[test]
    fn a_directory_gives_its_name_as_compose_reads_it() {
        assert_eq!(normalised("My App_2.0"), "myapp_20");
        assert_eq!(normalised("_-x"), "x");
    }
}
