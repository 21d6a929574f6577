//! Which compose files are one project, and what it is there for.

use super::Purpose;
use crate::detect::compose::files::{self, directory_of, file_name};
use crate::detect::scope;
use crate::detect::tree::Tree;
use crate::environments;
use crate::source::compose::is_compose;

/// Files of a project, and what it is there for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Group {
    pub directory: String,
    pub paths: Vec<String>,
    pub purpose: Purpose,
    pub by_itself: bool,
}

/// Words in a file's name that say it is for who works on the service, beside
/// those of development.
const DEVELOPMENT: [&str; 9] = [
    "override",
    "sample",
    "template",
    "devcontainer",
    "codespaces",
    "tools",
    "tilt",
    "github",
    "ipynb",
];
/// Words that say it runs for users, beside those of production.
const PRODUCTION: [&str; 2] = ["release", "staging"];

/// Directories of what nobody runs any more, whatever else a path says.
const PUT_AWAY: [&str; 6] = ["archive", "archives", "archived", "old", "legacy", "deprecated"];

/// The words of a path: `docker/web.prod.Dockerfile` has `docker`, `web`, `prod`.
fn words(path: &str) -> Vec<String> {
    path.to_ascii_lowercase()
        .split(['/', '.', '-', '_', ' '])
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Whether a file is in a directory of what is out of use.
pub(in crate::lint) fn is_put_away(path: &str) -> bool {
    path.rsplit_once('/').is_some_and(|(above, _)| {
        above.to_ascii_lowercase().split('/').any(|part| PUT_AWAY.contains(&part))
    })
}

/// What a file is there for, by its path alone; `None` where that does not say.
/// The file's own name is nearer to it than its directories'.
pub(super) fn stated(path: &str) -> Option<Purpose> {
    if is_put_away(path) {
        return Some(Purpose::Development);
    }
    let of = |text: &str| {
        let words = words(text);
        let mut own = words.iter().map(String::as_str);
        if own.clone().any(|word| environments::is_production(word) || PRODUCTION.contains(&word)) {
            return Some(Purpose::Production);
        }
        own.any(|word| environments::is_development(word) || DEVELOPMENT.contains(&word))
            .then_some(Purpose::Development)
    };
    of(file_name(path))
        .or_else(|| of(path))
        .or_else(|| (!scope::counts(path)).then_some(Purpose::Development))
}

/// Whether the comment at the head of a file says that it is for production:
/// `# Production stack`.
fn is_headed_for_production(tree: &Tree, path: &str) -> bool {
    let text = tree.text(path).unwrap_or_default().to_ascii_lowercase();
    let head: Vec<&str> =
        text.lines().take_while(|line| line.trim().is_empty() || line.starts_with('#')).collect();
    let head = head.join(" ");
    let others = ["dev", "local", "not ", "test", "override", "prod."];
    head.contains("production") && !others.iter().any(|word| head.contains(word))
}

/// Whether the name of a service says that users have nothing to do with it.
pub(super) fn is_for_developers(service: &str) -> bool {
    words(service).iter().any(|word| environments::is_for_developers(word))
}

/// The projects of a repository. `complete` tells whether every service of a
/// file says what it runs, so that it stands by itself.
pub(super) fn find(tree: &Tree, complete: &dyn Fn(&str) -> bool) -> Vec<Group> {
    let mut directories: Vec<&str> =
        tree.paths().filter(|path| is_compose(path)).map(directory_of).collect();
    directories.sort_unstable();
    directories.dedup();
    let chains = chains(tree);
    let mut groups = Vec::new();
    for directory in directories {
        of_directory(tree, directory, complete, &chains, &mut groups);
    }
    groups
}

fn of_directory(
    tree: &Tree,
    directory: &str,
    complete: &dyn Fn(&str) -> bool,
    chains: &[Vec<String>],
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
        .filter(|path| is_compose(path))
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
    // Laid over a file of another directory: paths count from there.
    let below = |path: &String| {
        let chain = chains.iter().find(|chain| chain[1..].contains(path))?;
        let end = chain.iter().position(|own| own == path)?;
        (directory_of(&chain[0]) != directory).then(|| chain[..=end].to_vec())
    };
    if let Some((base, chain)) = base.and_then(|base| Some((base, below(base)?))) {
        let purpose = stated(base).unwrap_or(Purpose::Production);
        let of_first = directory_of(&chain[0]).to_owned();
        groups.push(Group { directory: of_first, paths: chain, purpose, by_itself: false });
        for path in others {
            let purpose = stated(&path).unwrap_or(Purpose::Production);
            let (directory, paths) = match below(&path) {
                Some(chain) => (directory_of(&chain[0]).to_owned(), chain),
                None => (directory.to_owned(), vec![path]),
            };
            groups.push(Group { directory, paths, purpose, by_itself: false });
        }
        return;
    }
    let mut group = |paths: Vec<String>, purpose: Purpose, by_itself: bool| {
        groups.push(Group { directory: directory.to_owned(), paths, purpose, by_itself });
    };
    if let Some(base) = base {
        let said = stated(base);
        let purpose = match said {
            Some(said) => said,
            None if has_production && !is_headed_for_production(tree, base) => Purpose::Development,
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
        if let Some(chain) = below(&path) {
            let directory = directory_of(&chain[0]).to_owned();
            groups.push(Group { directory, paths: chain, purpose, by_itself: false });
            continue;
        }
        let paths = match base {
            Some(base) if !complete(&path) => vec![base.clone(), path],
            _ => vec![path],
        };
        groups.push(Group { directory: directory.to_owned(), paths, purpose, by_itself: false });
    }
}

/// Files that a text for people, a script or a workflow lays one over the other:
/// `docker compose -f compose.yaml -f deploy/compose.yaml up`.
fn chains(tree: &Tree) -> Vec<Vec<String>> {
    let mut found: Vec<Vec<String>> = Vec::new();
    for path in tree.paths().filter(|path| tells(path)) {
        let Some(text) = tree.text(path).filter(|text| text.len() < 1 << 20) else { continue };
        if !text.contains("-f ") && !text.contains("--file ") {
            continue;
        }
        let text = text.replace("\\\n", " ");
        for line in text.lines().filter(|line| line.contains("compose")) {
            let words: Vec<&str> = line.split_whitespace().collect();
            let named = words.windows(2).filter(|pair| matches!(pair[0], "-f" | "--file"));
            let named: Vec<&str> = named
                .map(|pair| pair[1].trim_matches(['"', '\'', '`']).trim_start_matches("./"))
                .collect();
            let at = |base: &str| -> Option<Vec<String>> {
                let join = |own: &&str| crate::relpath::join(base, own);
                let paths: Option<Vec<String>> = named.iter().map(join).collect();
                paths.filter(|paths| paths.iter().all(|own| tree.has(own)))
            };
            let chain = at(".").or_else(|| at(directory_of(path)));
            found.extend(chain.filter(|own| own.len() > 1 && !found.contains(own)));
        }
    }
    found
}

/// Whether a file tells people or programs how to start something.
fn tells(path: &str) -> bool {
    let name = file_name(path).to_ascii_lowercase();
    [".md", ".rst", ".txt", ".sh", ".mk"].iter().any(|end| name.ends_with(end))
        || matches!(name.as_str(), "makefile" | "justfile" | "taskfile.yml" | ".gitlab-ci.yml")
        || path.starts_with(".github/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_who_something_is_for() {
        assert_eq!(stated("archives/2020/prod/compose.yaml"), Some(Purpose::Development));
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
