//! Which file of the repository a module's name stands for.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use crate::detect::commands::join;
pub use crate::detect::path::parent;
use crate::detect::python::{Imports, Module};
use crate::detect::tree::Tree;

/// What a dotted name leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A file: a module, or a package's `__init__.py`.
    File(String),
    /// A directory without `__init__.py`.
    Directory(String),
}

/// The repository's modules.
pub struct Modules<'a> {
    /// Its files.
    pub tree: &'a Tree,
    imports: RefCell<HashMap<String, Rc<Imports>>>,
    /// Files of production by the last part of the module's name.
    by_name: OnceCell<HashMap<&'a str, Vec<&'a str>>>,
    /// Files that may import the application, in order.
    importers: OnceCell<Vec<&'a str>>,
    /// Directories that installed packages of this repository are in.
    installed: Vec<String>,
}

impl<'a> Modules<'a> {
    /// The modules of a repository.
    pub fn new(tree: &'a Tree) -> Self {
        let mut installed: Vec<String> = Vec::new();
        for path in tree.paths() {
            let name = path.rsplit('/').next().unwrap_or(path);
            if matches!(name, "pyproject.toml" | "setup.py" | "setup.cfg") {
                let source = join(parent(path), "src").unwrap_or_default();
                if tree.has_directory(&source) {
                    installed.push(source);
                }
            }
        }
        Self {
            tree,
            imports: RefCell::default(),
            by_name: OnceCell::new(),
            importers: OnceCell::new(),
            installed,
        }
    }

    /// Files of production whose module's name ends in `name`, sorted by path.
    pub fn named(&self, name: &str) -> &[&'a str] {
        let by_name = self.by_name.get_or_init(|| {
            let mut by_name: HashMap<&'a str, Vec<&'a str>> = HashMap::new();
            for path in self.tree.counted() {
                let Some(stem) = path.strip_suffix(".py") else { continue };
                let (directory, name) = stem.rsplit_once('/').unwrap_or(("", stem));
                by_name.entry(name).or_default().push(path);
                if name == "__init__" {
                    let package = directory.rsplit('/').next().unwrap_or(directory);
                    by_name.entry(package).or_default().push(path);
                }
            }
            by_name
        });
        by_name.get(name).map_or(&[], Vec::as_slice)
    }

    /// Tests, migrations and scripts: files that import the application under
    /// the name it has; the first `most` of them.
    pub fn importers(&self, most: usize) -> &[&'a str] {
        self.importers.get_or_init(|| {
            let tells = |path: &&str| {
                path.ends_with(".py")
                    && (path.contains("test")
                        || path.ends_with("env.py")
                        || path.contains("alembic"))
            };
            self.tree.paths().filter(tells).take(most).collect()
        })
    }

    /// A file's syntax tree.
    pub fn module(&self, path: &str) -> Option<&'a Module> {
        self.tree.python(path)
    }

    /// A file's imports.
    pub fn imports(&self, path: &str) -> Rc<Imports> {
        if let Some(known) = self.imports.borrow().get(path) {
            return Rc::clone(known);
        }
        let imports = Rc::new(self.module(path).map(Module::imports).unwrap_or_default());
        self.imports.borrow_mut().insert(path.to_owned(), Rc::clone(&imports));
        imports
    }

    /// What `dotted` is below `root`.
    pub fn below(&self, root: &str, dotted: &str) -> Option<Found> {
        if dotted.is_empty() || dotted.contains(['/', '\\']) {
            return None;
        }
        let path = join(root, &dotted.replace('.', "/"))?;
        [format!("{path}/__init__.py"), format!("{path}.py")]
            .into_iter()
            .find(|path| self.tree.has(path))
            .map(Found::File)
            .or_else(|| self.tree.has_directory(&path).then_some(Found::Directory(path)))
    }

    /// What a dotted name with leading dots means inside the file `from`. An
    /// absolute one is looked for in every directory above the file, the
    /// nearest first, then among installed packages.
    pub fn resolve(&self, from: &str, dotted: &str) -> Option<Found> {
        let level = dotted.bytes().take_while(|byte| *byte == b'.').count();
        if level > 0 {
            let mut base = parent(from);
            for _ in 1..level {
                if base == "." {
                    return None;
                }
                base = parent(base);
            }
            let rest = &dotted[level..];
            if rest.is_empty() {
                return self.package(base);
            }
            return self.below(base, rest);
        }
        let mut directory: Option<Found> = None;
        for root in ancestors(from).into_iter().chain(self.installed.iter().map(String::as_str)) {
            match self.below(root, dotted) {
                Some(Found::File(path)) if path != from => return Some(Found::File(path)),
                Some(Found::Directory(path)) => {
                    directory = directory.or(Some(Found::Directory(path)))
                }
                _ => {}
            }
        }
        directory
    }

    fn package(&self, directory: &str) -> Option<Found> {
        let init = join(directory, "__init__.py")?;
        if self.tree.has(&init) {
            return Some(Found::File(init));
        }
        self.tree.has_directory(directory).then(|| Found::Directory(directory.to_owned()))
    }

    /// Directories in which installed packages of this repository are.
    pub fn installed(&self) -> &[String] {
        &self.installed
    }
}

/// The directories above a file, the nearest first, the top last.
pub fn ancestors(path: &str) -> Vec<&str> {
    let mut found = vec![parent(path)];
    while let Some(last) = found.last()
        && *last != "."
    {
        found.push(parent(last));
    }
    found
}

/// The dotted name of a file below a root.
pub fn dotted(root: &str, path: &str) -> Option<String> {
    let inside = match root {
        "." => path,
        root => path.strip_prefix(root)?.strip_prefix('/')?,
    };
    let inside = inside.strip_suffix(".py")?;
    let inside = match inside.strip_suffix("__init__") {
        Some("") => return None,
        Some(package) => package.trim_end_matches('/'),
        None => inside,
    };
    Some(inside.replace('/', "."))
}
