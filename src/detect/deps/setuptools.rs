//! setup.py and setup.cfg, read without running them.

use std::collections::BTreeMap;

use configparser::ini::Ini;
use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{Expr, ExprCall, Stmt};
use ruff_text_size::Ranged;

use super::name::normalised;
use super::requirements::Listing;
use super::{Requirement, line, path};
use crate::detect::fact::Evidence;
use crate::detect::python::{Module, assignments, dotted, string};
use crate::detect::tree::Tree;

/// What setup.py and setup.cfg of a directory declare.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// The files that are an installer, setup.cfg before setup.py.
    pub files: Vec<String>,
    /// `install_requires`.
    pub requirements: Vec<Requirement>,
    /// `extras_require` by name.
    pub extras: Vec<(String, Vec<Requirement>)>,
    /// `python_requires`.
    pub python: Option<(String, Evidence)>,
    /// Minor versions of the classifiers.
    pub classifiers: Vec<(u64, Evidence)>,
}

impl Setup {
    /// Reads what a directory has; `None` where neither file installs
    /// anything: some are named `setup.py` and are none, and many setup.cfg
    /// only configure tools.
    #[must_use]
    pub fn read(tree: &Tree, directory: &str) -> Option<Self> {
        let mut setup = Self::default();
        let config = path::join(directory, "setup.cfg")?;
        let script = path::join(directory, "setup.py")?;
        setup.config(tree, &config);
        if let Some(module) = tree.python(&script) {
            let mut reader = Reader::new(tree, directory, module);
            reader.visit_body(&module.ast.body);
            if reader.found {
                setup.files.push(script);
                setup.requirements.extend(reader.requirements);
                setup.extras.extend(reader.extras);
                setup.python = setup.python.or(reader.python);
                setup.classifiers.extend(reader.classifiers);
                let named = reader.listings.into_iter();
                setup.files.extend(named);
            }
        }
        (!setup.files.is_empty()).then_some(setup)
    }

    fn config(&mut self, tree: &Tree, file: &str) {
        let mut ini = Ini::new();
        ini.set_multiline(true);
        let Some(text) = tree.text(file) else { return };
        if ini.read(text.to_owned()).is_err() {
            return;
        }
        let metadata = ini.get("metadata", "name").is_some();
        let requires = ini.get("options", "install_requires");
        if !metadata && requires.is_none() {
            return;
        }
        self.files.push(file.to_owned());
        self.requirements = ini_list(tree, file, &requires.unwrap_or_default());
        if let Some(text) = ini.get("options", "python_requires") {
            let evidence = tree.find_line(file, |line| line.contains("python_requires"));
            self.python = evidence.map(|evidence| (text.trim().to_owned(), evidence));
        }
        let extras = ini.get_map_ref().get("options.extras_require");
        for (name, text) in extras.into_iter().flatten() {
            let list = ini_list(tree, file, text.as_deref().unwrap_or_default());
            self.extras.push((normalised(name), list));
        }
        for text in ini.get("metadata", "classifiers").unwrap_or_default().lines() {
            self.classifiers.extend(classifier(text.trim(), || evidence_of(tree, file, text)));
        }
    }
}

fn ini_list(tree: &Tree, file: &str, text: &str) -> Vec<Requirement> {
    let lines = text.lines().map(str::trim).filter(|text| !text.is_empty());
    lines.filter_map(|text| line::requirement(text, evidence_of(tree, file, text))).collect()
}

fn evidence_of(tree: &Tree, file: &str, text: &str) -> Evidence {
    let text = text.trim();
    tree.find_line(file, |line| line.contains(text)).unwrap_or_else(|| Evidence::file(file))
}

fn classifier(text: &str, evidence: impl FnOnce() -> Evidence) -> Option<(u64, Evidence)> {
    let minor = text.strip_prefix("Programming Language :: Python :: 3.")?;
    Some((minor.parse().ok()?, evidence()))
}

/// Follows names of setup.py to what `setup()` is called with.
struct Reader<'a> {
    tree: &'a Tree,
    directory: &'a str,
    module: &'a Module,
    /// What names and files opened by `with` stand for.
    names: BTreeMap<&'a str, Vec<&'a Expr>>,
    functions: BTreeMap<&'a str, &'a [Stmt]>,
    found: bool,
    requirements: Vec<Requirement>,
    extras: Vec<(String, Vec<Requirement>)>,
    listings: Vec<String>,
    python: Option<(String, Evidence)>,
    classifiers: Vec<(u64, Evidence)>,
}

impl<'a> Reader<'a> {
    fn new(tree: &'a Tree, directory: &'a str, module: &'a Module) -> Self {
        let mut reader = Self {
            tree,
            directory,
            module,
            names: BTreeMap::new(),
            functions: BTreeMap::new(),
            found: false,
            requirements: Vec::new(),
            extras: Vec::new(),
            listings: Vec::new(),
            python: None,
            classifiers: Vec::new(),
        };
        for statement in module.top_level() {
            for (name, value) in assignments(statement) {
                reader.names.entry(name).or_default().push(value);
            }
            match statement {
                Stmt::With(with) => {
                    for item in &with.items {
                        if let Some(Expr::Name(name)) = item.optional_vars.as_deref() {
                            let values = reader.names.entry(name.id.as_str()).or_default();
                            values.push(&item.context_expr);
                        }
                    }
                }
                Stmt::FunctionDef(function) => {
                    reader.functions.insert(function.name.as_str(), &function.body);
                }
                _ => {}
            }
        }
        reader
    }

    fn setup(&mut self, call: &'a ExprCall) {
        self.found = true;
        for keyword in &call.arguments.keywords {
            match keyword.arg.as_ref().map(|name| name.as_str()) {
                Some("install_requires") => {
                    let read = self.list(&keyword.value, 0);
                    self.requirements.extend(read);
                }
                Some("extras_require") => self.extras(&keyword.value),
                Some("python_requires") => {
                    let value = self.follow(&keyword.value);
                    self.python = string(value)
                        .map(|text| (text.to_owned(), self.module.evidence(&keyword.value)));
                }
                Some("classifiers") => {
                    for (text, evidence) in self.strings(&keyword.value) {
                        self.classifiers.extend(classifier(&text, || evidence));
                    }
                }
                // `setup(**options)`: the options are a dictionary.
                None => self.options(&keyword.value),
                _ => {}
            }
        }
    }

    fn options(&mut self, value: &'a Expr) {
        let Expr::Dict(options) = self.follow(value) else { return };
        for item in &options.items {
            if item.key.as_ref().and_then(string) == Some("install_requires") {
                let read = self.list(&item.value, 0);
                self.requirements.extend(read);
            }
        }
    }

    fn extras(&mut self, value: &'a Expr) {
        let Expr::Dict(table) = self.follow(value) else { return };
        for item in &table.items {
            if let Some(name) = item.key.as_ref().and_then(string) {
                let read = self.list(&item.value, 0);
                self.extras.push((normalised(name), read));
            }
        }
    }

    fn follow(&self, value: &'a Expr) -> &'a Expr {
        let Expr::Name(name) = value else { return value };
        self.names.get(name.id.as_str()).and_then(|all| all.last()).copied().unwrap_or(value)
    }

    fn strings(&self, value: &'a Expr) -> Vec<(String, Evidence)> {
        let elements = match self.follow(value) {
            Expr::List(list) => &list.elts,
            Expr::Tuple(tuple) => &tuple.elts,
            _ => return Vec::new(),
        };
        let read =
            |element: &Expr| Some((string(element)?.to_owned(), self.module.evidence(element)));
        elements.iter().filter_map(read).collect()
    }

    /// Requirements an expression stands for: a list, names and sums of
    /// lists, or a file that something in it reads.
    fn list(&mut self, value: &'a Expr, depth: usize) -> Vec<Requirement> {
        /// Names may refer to each other in a circle.
        const DEEPEST: usize = 8;
        if depth > DEEPEST {
            return Vec::new();
        }
        match value {
            Expr::List(_) | Expr::Tuple(_) => {
                let strings = self.strings(value).into_iter();
                let read =
                    strings.filter_map(|(text, evidence)| line::requirement(&text, evidence));
                let mut read: Vec<Requirement> = read.collect();
                if let Expr::List(list) = value {
                    for starred in list.elts.iter().filter_map(Expr::as_starred_expr) {
                        read.extend(self.list(&starred.value, depth + 1));
                    }
                }
                read
            }
            Expr::BinOp(sum) => {
                let mut read = self.list(&sum.left, depth + 1);
                read.extend(self.list(&sum.right, depth + 1));
                read
            }
            Expr::Name(name) => {
                let values = self.names.get(name.id.as_str()).cloned().unwrap_or_default();
                // A name that is filled twice holds its last value that says anything.
                let mut lists = values.into_iter().rev().map(|value| self.list(value, depth + 1));
                lists.find(|list| !list.is_empty()).unwrap_or_default()
            }
            Expr::StringLiteral(text) => {
                let text = text.value.to_str().lines().map(str::trim);
                let evidence = self.module.evidence(value);
                text.filter(|line| !line.is_empty() && !line.starts_with('#'))
                    .filter_map(|line| line::requirement(line, evidence.clone()))
                    .collect()
            }
            other => self.file_in(other, depth),
        }
    }

    /// The requirements file an expression reads.
    fn file_in(&mut self, value: &'a Expr, depth: usize) -> Vec<Requirement> {
        let mut parts = Parts::default();
        parts.visit_expr(value);
        for called in parts.names.clone() {
            if let Some(body) = self.functions.get(called) {
                parts.visit_body(body);
            }
        }
        let named = parts.strings.iter().filter_map(|text| path::join(self.directory, text));
        let named = named.filter(|file| file.ends_with(".txt") || file.ends_with(".in"));
        if let Some(file) = named.into_iter().find(|file| self.tree.has(file)) {
            let listing = Listing::read(self.tree, &file);
            self.listings.extend(listing.files);
            return listing.requirements;
        }
        for name in parts.names {
            for value in self.names.get(name).cloned().unwrap_or_default() {
                if depth < 8 {
                    let read = match value {
                        Expr::Name(_) | Expr::List(_) | Expr::Tuple(_) => {
                            self.list(value, depth + 1)
                        }
                        other => self.file_in(other, depth + 1),
                    };
                    if !read.is_empty() {
                        return read;
                    }
                }
            }
        }
        Vec::new()
    }
}

impl<'a> Visitor<'a> for Reader<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        if let Expr::Call(call) = expr
            && let Some(name) = dotted(&call.func)
            && (name == "setup" || name.ends_with(".setup"))
            && !call.range().is_empty()
        {
            self.setup(call);
        }
        walk_expr(self, expr);
    }
}

/// The string literals and names inside an expression.
#[derive(Default)]
struct Parts<'a> {
    strings: Vec<&'a str>,
    names: Vec<&'a str>,
}

impl<'a> Visitor<'a> for Parts<'a> {
    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::StringLiteral(text) => self.strings.push(text.value.to_str()),
            Expr::Name(name) => self.names.push(name.id.as_str()),
            _ => {}
        }
        walk_expr(self, expr);
    }
}

#[cfg(test)]
mod tests {
    use assert_fs::TempDir;
    use assert_fs::prelude::*;

    use super::*;

    fn read(files: &[(&str, &str)]) -> Option<Setup> {
        let directory = TempDir::new().unwrap();
        for (path, text) in files {
            directory.child(path).write_str(text).unwrap();
        }
        Setup::read(&Tree::read(directory.path()).unwrap(), ".")
    }

    fn names(setup: &Setup) -> Vec<&str> {
        setup.requirements.iter().map(|one| one.name.as_str()).collect()
    }

    #[test]
    fn literal_lists_sums_and_names_are_followed() {
        let setup = read(&[(
            "setup.py",
            "import setuptools\nBASE = ['Flask>=2']\nsetuptools.setup(name='x', python_requires='>=3.8',\n  install_requires=BASE + ['redis'], extras_require={'prod': ['gunicorn']})\n",
        )])
        .unwrap();
        assert_eq!(names(&setup), ["flask", "redis"]);
        assert_eq!(setup.python.unwrap().0, ">=3.8");
        assert_eq!(setup.extras[0].0, "prod");
    }

    #[test]
    fn a_requirements_file_that_setup_py_reads_is_read() {
        for script in [
            "from setuptools import setup\nsetup(install_requires=open('reqs.txt').read().splitlines())\n",
            "from setuptools import setup\nwith open('reqs.txt') as f:\n    needed = f.read().splitlines()\nsetup(install_requires=needed)\n",
            "from setuptools import setup\ndef load():\n    with open('reqs.txt') as f:\n        return list(f)\nsetup(install_requires=load())\n",
            "from setuptools import setup\ndef read(p):\n    return open(p).read()\nsetup(install_requires=[l for l in read('reqs.txt').split()])\n",
        ] {
            let setup = read(&[("setup.py", script), ("reqs.txt", "bottle\n")]).unwrap();
            assert_eq!(names(&setup), ["bottle"], "{script}");
            assert_eq!(setup.files, ["setup.py", "reqs.txt"]);
        }
    }

    #[test]
    fn setup_cfg_declares_and_one_that_only_configures_tools_does_not() {
        let text = "[metadata]\nname = x\n[options]\ninstall_requires =\n    Flask>=2\n    redis ; sys_platform == 'linux'\npython_requires = >=3.9\n";
        let setup = read(&[("setup.cfg", text)]).unwrap();
        assert_eq!(names(&setup), ["flask", "redis"]);
        assert_eq!(setup.requirements[0].evidence.line, 5);
        assert!(read(&[("setup.cfg", "[flake8]\nmax-line-length = 100\n")]).is_none());
    }

    #[test]
    fn a_setup_py_that_is_no_installer_is_none() {
        assert!(read(&[("setup.py", "def setup_db():\n    pass\nsetup_db()\n")]).is_none());
    }
}
