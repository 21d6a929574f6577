//! The module graph: which file of the repository a module's name stands for,
//! and which class or function a name of one leads to.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use ruff_python_ast::{Stmt, StmtClassDef, StmtFunctionDef};

use super::names::{Definitions, Names, names};
use super::syntax::{Imports, Module};
use crate::detect::path::{join, parent, upwards};
use crate::detect::tree::Tree;

/// How many imports of a class or function are followed.
const DEEPEST: u8 = 6;

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
    /// The directory that is on `sys.path`, where that is known.
    root: Option<String>,
    imports: RefCell<BTreeMap<&'a str, Rc<Imports>>>,
    names: RefCell<BTreeMap<&'a str, Rc<Names<'a>>>>,
    definitions: RefCell<BTreeMap<&'a str, Rc<Definitions<'a>>>>,
    /// Files of production by the last part of the module's name.
    by_name: OnceCell<HashMap<&'a str, Vec<&'a str>>>,
    /// Files that may import the application, in order.
    importers: OnceCell<Vec<&'a str>>,
    installed: OnceCell<Vec<String>>,
}

impl<'a> Modules<'a> {
    /// The modules of a repository, of which nobody knows where they run.
    #[must_use]
    pub fn new(tree: &'a Tree) -> Self {
        Self {
            tree,
            root: None,
            imports: RefCell::default(),
            names: RefCell::default(),
            definitions: RefCell::default(),
            by_name: OnceCell::new(),
            importers: OnceCell::new(),
            installed: OnceCell::new(),
        }
    }

    /// The modules of a repository that are imported from `root`.
    #[must_use]
    pub fn rooted(tree: &'a Tree, root: &str) -> Self {
        Self { root: Some(root.to_owned()), ..Self::new(tree) }
    }

    /// The directory that is on `sys.path`; the top where nobody knows.
    #[must_use]
    pub fn root(&self) -> &str {
        self.root.as_deref().unwrap_or(".")
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
    #[must_use]
    pub fn module(&self, path: &str) -> Option<&'a Module> {
        self.tree.python(path)
    }

    /// The imports of a module.
    #[must_use]
    pub fn imports(&self, module: &'a Module) -> Rc<Imports> {
        let mut cache = self.imports.borrow_mut();
        Rc::clone(cache.entry(&module.path).or_insert_with(|| Rc::new(module.imports())))
    }

    /// The imports of a file; none where it is no module.
    #[must_use]
    pub fn imports_of(&self, path: &str) -> Rc<Imports> {
        self.module(path).map_or_else(Rc::default, |module| self.imports(module))
    }

    /// The names that importing a module gives a value.
    #[must_use]
    pub fn names(&self, module: &'a Module) -> Rc<Names<'a>> {
        let mut cache = self.names.borrow_mut();
        let names = cache.entry(&module.path).or_insert_with(|| Rc::new(names(&module.ast.body)));
        Rc::clone(names)
    }

    /// The classes and functions of a module.
    #[must_use]
    pub fn definitions(&self, module: &'a Module) -> Rc<Definitions<'a>> {
        let mut cache = self.definitions.borrow_mut();
        let definitions = cache.entry(&module.path).or_insert_with(|| {
            let mut found = Definitions::default();
            for statement in module.top_level() {
                match statement {
                    Stmt::ClassDef(class) => {
                        found.classes.entry(&class.name).or_insert(class);
                    }
                    // The last one counts; those before it may be overloads.
                    Stmt::FunctionDef(function) => {
                        found.functions.insert(&function.name, function);
                    }
                    _ => {}
                }
            }
            Rc::new(found)
        });
        Rc::clone(definitions)
    }

    /// A class by the name an expression gives it.
    #[must_use]
    pub fn class(&self, module: &'a Module, name: &str) -> Option<(&'a Module, &'a StmtClassDef)> {
        self.defined(module, name, &|own, name| own.classes.get(name).copied(), DEEPEST)
    }

    /// A function by the name an expression gives it.
    #[must_use]
    pub fn function(
        &self,
        module: &'a Module,
        name: &str,
    ) -> Option<(&'a Module, &'a StmtFunctionDef)> {
        self.defined(module, name, &|own, name| own.functions.get(name).copied(), DEEPEST)
    }

    /// What a name leads to, in whichever module defines it.
    fn defined<T>(
        &self,
        module: &'a Module,
        name: &str,
        own: &dyn Fn(&Definitions<'a>, &str) -> Option<T>,
        depth: u8,
    ) -> Option<(&'a Module, T)> {
        let depth = depth.checked_sub(1)?;
        let (first, rest) = name.split_once('.').unwrap_or((name, ""));
        if rest.is_empty()
            && let Some(found) = own(&self.definitions(module), name)
        {
            return Some((module, found));
        }
        let imports = self.imports(module);
        if let Some(import) = imports.get(first) {
            if rest.is_empty() {
                let source = self.locate(&module.path, import.level, &import.module)?;
                return self.defined(source, &import.name, own, depth);
            }
            let source = self.locate(&module.path, import.level, &import.whole())?;
            return self.defined(source, rest, own, depth);
        }
        imports.stars.iter().find_map(|star| {
            let source = self.locate(&module.path, star.level, &star.module)?;
            self.defined(source, name, own, depth)
        })
    }

    /// A module of the repository by its dotted name, as `from` would import
    /// it, `level` packages up.
    #[must_use]
    pub fn locate(&self, from: &str, level: u32, dotted: &str) -> Option<&'a Module> {
        let last = dotted.rsplit('.').find(|part| !part.is_empty());
        // Most of what is imported is installed.
        if last.is_some_and(|last| !self.tree.names_module(last)) {
            return None;
        }
        match self.resolve(from, level, dotted)? {
            Found::File(path) => self.module(&path),
            Found::Directory(_) => None,
        }
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

    /// What a dotted name means inside the file `from`, `level` packages up.
    /// An absolute one is looked for below the root, then in every directory
    /// above the file, the nearest first, then among installed packages.
    #[must_use]
    pub fn resolve(&self, from: &str, level: u32, dotted: &str) -> Option<Found> {
        if level > 0 {
            let base = upwards(parent(from)).nth(level as usize - 1)?;
            return if dotted.is_empty() { self.package(base) } else { self.below(base, dotted) };
        }
        let mut directory: Option<Found> = None;
        let above = self.root.as_deref().into_iter().chain(upwards(parent(from)));
        for root in above.chain(self.installed().iter().map(String::as_str)) {
            match self.below(root, dotted) {
                Some(Found::File(path)) if path != from => return Some(Found::File(path)),
                Some(found @ Found::Directory(_)) => directory = directory.or(Some(found)),
                _ => {}
            }
        }
        directory
    }

    /// As `resolve`, for a name that begins with the dots of its level.
    #[must_use]
    pub fn resolve_dotted(&self, from: &str, dotted: &str) -> Option<Found> {
        let level = dotted.bytes().take_while(|byte| *byte == b'.').count();
        self.resolve(from, u32::try_from(level).ok()?, &dotted[level..])
    }

    fn package(&self, directory: &str) -> Option<Found> {
        let init = join(directory, "__init__.py")?;
        if self.tree.has(&init) {
            return Some(Found::File(init));
        }
        self.tree.has_directory(directory).then(|| Found::Directory(directory.to_owned()))
    }

    /// Directories in which installed packages of this repository are.
    #[must_use]
    pub fn installed(&self) -> &[String] {
        self.installed.get_or_init(|| {
            let packaged = |path: &&str| {
                let name = path.rsplit('/').next().unwrap_or(path);
                matches!(name, "pyproject.toml" | "setup.py" | "setup.cfg")
            };
            let sources =
                self.tree.paths().filter(packaged).filter_map(|path| join(parent(path), "src"));
            sources.filter(|source| self.tree.has_directory(source)).collect()
        })
    }
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
