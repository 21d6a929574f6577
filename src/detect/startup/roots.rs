//! From which directory a module's imports resolve: the one that goes on
//! `sys.path`.

use std::collections::{BTreeSet, VecDeque};

use crate::detect::path::{parent, upwards};
use crate::detect::python::Import;
use crate::detect::python::modules::{Found, Modules, dotted};

/// Most files that are followed from one module.
const MOST: usize = 300;
/// Most files elsewhere that are asked how they import a module.
const ASKED: usize = 120;

/// Names of the standard library that projects like to give their own modules:
/// importing them says nothing about the root.
const STANDARD: [&str; 60] = [
    "abc",
    "argparse",
    "ast",
    "asyncio",
    "base64",
    "calendar",
    "cgi",
    "cmd",
    "code",
    "codecs",
    "collections",
    "concurrent",
    "contextlib",
    "copy",
    "csv",
    "dataclasses",
    "datetime",
    "decimal",
    "email",
    "enum",
    "functools",
    "glob",
    "hashlib",
    "html",
    "http",
    "inspect",
    "io",
    "itertools",
    "json",
    "logging",
    "math",
    "multiprocessing",
    "operator",
    "os",
    "pathlib",
    "pickle",
    "platform",
    "queue",
    "random",
    "re",
    "secrets",
    "select",
    "shutil",
    "signal",
    "site",
    "socket",
    "ssl",
    "statistics",
    "string",
    "subprocess",
    "sys",
    "tempfile",
    "test",
    "threading",
    "time",
    "token",
    "types",
    "typing",
    "urllib",
    "uuid",
];

/// Files that mark a directory as a project of its own.
const PROJECT: [&str; 7] = [
    "requirements.txt",
    "pyproject.toml",
    "Pipfile",
    "setup.py",
    "environment.yml",
    "manage.py",
    "uv.lock",
];

/// The best root for a file, and how many imports do not resolve from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    /// The directory.
    pub directory: String,
    /// Imports of this repository's modules that do not resolve from it.
    pub unresolved: usize,
}

/// The root of a file. Of several from which every import resolves, one of
/// `preferred` is taken, then what other files import it as, then the
/// project's directory.
#[must_use]
pub fn of(modules: &Modules<'_>, file: &str, preferred: &[String]) -> Root {
    let candidates: Vec<&str> = upwards(parent(file)).collect();
    let scored: Vec<(usize, &str)> = candidates
        .iter()
        .filter(|root| dotted(root, file).is_some_and(|name| is_name(&name)))
        .map(|root| (unresolved(modules, root, &candidates, file), *root))
        .collect();
    let least = scored.iter().map(|(count, _)| *count).min().unwrap_or(0);
    let best: Vec<&str> =
        scored.iter().filter(|(count, _)| *count == least).map(|(_, root)| *root).collect();
    let directory = preferred
        .iter()
        .find(|root| best.contains(&root.as_str()))
        .cloned()
        .or_else(|| imported_as(modules, &best, file))
        .unwrap_or_else(|| conventional(modules, &best, file));
    Root { directory, unresolved: least }
}

/// Whether every part of a dotted name can be imported.
fn is_name(dotted: &str) -> bool {
    dotted.split('.').all(|part| {
        let first = part.chars().next();
        first.is_some_and(|c| c.is_alphabetic() || c == '_')
            && part.chars().all(|c| c.is_alphanumeric() || c == '_')
    })
}

/// How many imports of this repository's modules fail when `root` is on
/// `sys.path`, in `file` and in what it imports.
fn unresolved(modules: &Modules<'_>, root: &str, others: &[&str], file: &str) -> usize {
    let mut failed = 0;
    let mut seen = BTreeSet::from([file.to_owned()]);
    let mut queue = VecDeque::from([file.to_owned()]);
    while let Some(path) = queue.pop_front() {
        let imports = modules.imports_of(&path);
        let every = imports.iter().map(|(_, import)| import).chain(&imports.stars);
        for import in every {
            match target(modules, root, others, &path, import) {
                Target::Here(files) => {
                    for found in files {
                        if seen.len() < MOST && seen.insert(found.clone()) {
                            queue.push_back(found);
                        }
                    }
                }
                Target::Elsewhere => failed += 1,
                Target::Foreign => {}
            }
        }
    }
    failed
}

enum Target {
    /// Files of this repository.
    Here(Vec<String>),
    /// A module of this repository that this root does not reach.
    Elsewhere,
    /// Not of this repository.
    Foreign,
}

fn target(
    modules: &Modules<'_>,
    root: &str,
    others: &[&str],
    path: &str,
    import: &Import,
) -> Target {
    if import.level > 0 {
        let depth = match root {
            "." => path.matches('/').count(),
            root => path.strip_prefix(root).map_or(0, |rest| rest.matches('/').count() - 1),
        };
        if depth < import.level as usize {
            return Target::Elsewhere;
        }
        let dots = ".".repeat(import.level as usize);
        let module = format!("{dots}{}", import.module);
        return Target::Here(files(modules, modules.resolve_dotted(path, &module), &import.name));
    }
    let first = import.module.split('.').next().unwrap_or_default();
    if STANDARD.contains(&first) {
        return Target::Foreign;
    }
    let reach = |root: &str| {
        let found = files(modules, modules.below(root, &import.module), &import.name);
        // A file that imports a package of its own name means the package.
        (!found.is_empty() && found != [path.to_owned()]).then_some(found)
    };
    if let Some(found) = reach(root) {
        return Target::Here(found);
    }
    if let Some(found) = modules.installed().iter().find_map(|root| reach(root)) {
        return Target::Here(found);
    }
    if others.iter().any(|other| *other != root && reach(other).is_some()) {
        return Target::Elsewhere;
    }
    Target::Foreign
}

/// The files an import reads: the module's, and that of a module taken from
/// the package.
fn files(modules: &Modules<'_>, found: Option<Found>, name: &str) -> Vec<String> {
    let directory = match &found {
        Some(Found::File(file)) => match file.strip_suffix("/__init__.py") {
            Some(directory) => directory,
            None => return vec![file.clone()],
        },
        Some(Found::Directory(directory)) => directory,
        None => return Vec::new(),
    };
    let mut files = Vec::new();
    if let Some(Found::File(file)) = &found {
        files.push(file.clone());
    }
    if let Some(Found::File(file)) = modules.below(directory, name) {
        files.push(file);
    }
    files
}

/// The root under whose name another file imports this one: tests, migrations
/// and scripts do.
fn imported_as(modules: &Modules<'_>, roots: &[&str], file: &str) -> Option<String> {
    if roots.len() < 2 {
        return None;
    }
    let names: Vec<(&str, String)> =
        roots.iter().filter_map(|root| Some((*root, dotted(root, file)?))).collect();
    // Whoever imports the file writes the last part of its name.
    let ends: BTreeSet<&str> =
        names.iter().map(|(_, name)| name.rsplit('.').next().unwrap_or(name)).collect();
    let writes = |path: &&&str| {
        let text = modules.tree.text(path).unwrap_or_default();
        ends.iter().any(|end| text.contains(end))
    };
    // One more than are asked: the file itself may be among them.
    let others = modules.importers(ASKED + 1).iter().filter(|path| **path != file);
    for path in others.take(ASKED).filter(writes) {
        let imports = modules.imports_of(path);
        for (_, import) in imports.iter().filter(|(_, import)| import.level == 0) {
            let whole = format!("{}.{}", import.module, import.name);
            let hit = names.iter().find(|(_, name)| import.module == *name || whole == *name);
            if let Some((root, _)) = hit {
                return Some((*root).to_owned());
            }
        }
    }
    None
}

/// The directory that holds the project's files; a plain `src` is never part
/// of a module's name; otherwise the first directory that is no package.
fn conventional(modules: &Modules<'_>, roots: &[&str], file: &str) -> String {
    let tree = modules.tree;
    let is_package = |directory: &str| tree.has(&format!("{directory}/__init__.py"));
    let mut last = parent(file);
    for root in roots {
        let source = root.rsplit('/').next() == Some("src") && !is_package(root);
        let project = PROJECT.iter().any(|name| {
            tree.has(&if *root == "." { (*name).to_owned() } else { format!("{root}/{name}") })
        });
        last = root;
        if source || project {
            return (*root).to_owned();
        }
    }
    roots.iter().find(|root| !is_package(root)).map_or_else(|| last.to_owned(), |r| (*r).to_owned())
}
