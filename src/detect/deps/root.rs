//! The project as a package of its own: whether its build can work here, and
//! what the build reads beside the code.

use std::collections::BTreeSet;

use ruff_python_ast::Stmt;
use toml_edit::Item;

use super::name::normalised;
use super::toml::TomlFile;
use super::{Requirement, path};
use crate::detect::fact::Evidence;
use crate::detect::python::Module;
use crate::detect::tree::Tree;

/// What is known of the package that a directory is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Root {
    /// Why its build fails, as the end of a sentence, with the line.
    pub fails: Option<(String, Evidence)>,
    /// Whether setuptools looks for the package among the directories that are there.
    pub searches: bool,
    /// Files that the build reads, relative to the repository.
    pub reads: Vec<String>,
    /// What stands for the version that the build would ask git for: a variable and its
    /// value.
    pub version: Vec<String>,
}

impl Root {
    /// Reads the build's own configuration of a directory, whose code needs these packages.
    #[must_use]
    pub fn read(tree: &Tree, directory: &str, needs: &[Requirement]) -> Self {
        let mut root = Self::default();
        let manifest = path::join(directory, "pyproject.toml").unwrap_or_default();
        let file = TomlFile::read(tree, &manifest).ok().flatten();
        let backend = file.as_ref().and_then(|file| Build::of(tree, directory, file));
        if let Some(build) = &backend {
            root.fails = build.fails();
            root.searches = build.searches();
            root.reads = build.reads();
            root.version = build.version();
        }
        if root.fails.is_none() {
            root.fails = itself(tree, directory, needs, backend.as_ref());
        }
        root.version.extend(file.is_none().then(|| setup_version(tree, directory)).flatten());
        root
    }
}

/// A pyproject.toml that names a build backend.
struct Build<'a> {
    tree: &'a Tree,
    directory: &'a str,
    file: &'a TomlFile<'a>,
    backend: String,
    name: String,
}

impl<'a> Build<'a> {
    fn of(tree: &'a Tree, directory: &'a str, file: &'a TomlFile<'a>) -> Option<Self> {
        file.get(&["build-system"])?;
        let text = |keys: &[&str]| file.string(keys).map(|(text, _)| text);
        let backend = text(&["build-system", "build-backend"]).unwrap_or_default();
        let name = text(&["project", "name"]).or_else(|| text(&["tool", "poetry", "name"]));
        Some(Self { tree, directory, file, backend, name: name.unwrap_or_default() })
    }

    fn join(&self, below: &str) -> String {
        path::join(self.directory, below).unwrap_or_default()
    }

    fn set(&self, keys: &[&str]) -> bool {
        self.file.get(keys).is_some()
    }

    fn place(&self) -> Evidence {
        let line = self.file.get(&["build-system"]).and_then(Item::span);
        self.file.evidence(line)
    }

    /// Whether a module or package of this name is here or below `src`.
    fn has_module(&self, name: &str) -> bool {
        ["", "src/"].iter().any(|above| {
            let at = |ending: &str| self.join(&format!("{above}{name}{ending}"));
            self.tree.has(&at(".py")) || self.tree.has_directory(&at(""))
        })
    }

    /// The backends that look for a package by its name stop where there is none;
    /// setuptools stops at several.
    fn fails(&self) -> Option<(String, Evidence)> {
        let module = self.name.replace(['-', '.', ' '], "_");
        let known = |tool: &str| match tool {
            "hatchling" => {
                ["packages", "include", "only-include", "force-include", "sources"].iter().any(
                    |key| {
                        self.set(&["tool", "hatch", "build", "targets", "wheel", key])
                            || self.set(&["tool", "hatch", "build", key])
                    },
                ) || self.set(&["tool", "hatch", "build", "targets", "wheel", "bypass-selection"])
            }
            "poetry" => {
                self.set(&["tool", "poetry", "packages"])
                    || self.set(&["tool", "poetry", "include"])
            }
            "flit" => self.set(&["tool", "flit"]),
            _ => self.set(&["tool", "uv", "build-backend"]),
        };
        let by_name = ["hatchling", "poetry", "flit", "uv_build"];
        if let Some(tool) = by_name.iter().find(|tool| self.backend.starts_with(**tool)) {
            let spelt = [module.clone(), module.to_ascii_lowercase(), self.name.clone()];
            let is_there = known(tool) || spelt.iter().any(|name| self.has_module(name));
            return (!is_there).then(|| {
                let why = format!("there is no package {module} for {tool} to build");
                (why, self.place())
            });
        }
        self.several()
    }

    /// setuptools finds packages by itself, and refuses where there are several beside
    /// each other.
    fn several(&self) -> Option<(String, Evidence)> {
        /// What it leaves out of the search.
        const OTHERS: [&str; 34] = [
            "ci",
            "bin",
            "debian",
            "doc",
            "docs",
            "documentation",
            "manpages",
            "news",
            "newsfragments",
            "changelog",
            "test",
            "tests",
            "unit_test",
            "unit_tests",
            "example",
            "examples",
            "scripts",
            "tools",
            "util",
            "utils",
            "python",
            "build",
            "benchmark",
            "benchmarks",
            "exercise",
            "exercises",
            "htmlcov",
            "tasks",
            "fabfile",
            "site_scons",
            "venv",
            "env",
            "dist",
            "node_modules",
        ];
        if !self.searches() {
            return None;
        }
        let mut found = BTreeSet::new();
        let above = if self.directory == "." { "" } else { self.directory };
        for path in self.tree.paths() {
            let below = match above {
                "" => Some(path),
                above => path.strip_prefix(above).and_then(|rest| rest.strip_prefix('/')),
            };
            let Some((top, _)) = below.and_then(|below| below.split_once('/')) else { continue };
            let letters = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
            if top.chars().all(letters) && !OTHERS.contains(&top) {
                found.insert(top);
            }
        }
        (found.len() > 1).then(|| {
            let found: Vec<&str> = found.into_iter().collect();
            let why = format!(
                "setuptools finds several directories and cannot tell the package among them ({})",
                found.join(", ")
            );
            (why, self.place())
        })
    }

    fn searches(&self) -> bool {
        let is_setuptools = self.backend.starts_with("setuptools") || self.backend.is_empty();
        let told = ["packages", "py-modules", "package-dir", "package_dir"];
        let is_told = told.iter().any(|key| self.set(&["tool", "setuptools", key]));
        let script = ["setup.py", "setup.cfg"].iter().any(|name| {
            let text = self.tree.text(&self.join(name)).unwrap_or_default();
            text.contains("packages") || text.contains("py_modules")
        });
        is_setuptools && !is_told && !script && !self.tree.has_directory(&self.join("src"))
    }

    /// README, licence and files that hold a part of the metadata; what the build is told
    /// to put into the package.
    fn reads(&self) -> Vec<String> {
        let mut named: Vec<String> = Vec::new();
        let mut add = |item: Option<&Item>| {
            let Some(item) = item else { return };
            named.extend(item.as_str().map(str::to_owned));
            named.extend(self.file.strings(item).into_iter().map(|(text, _)| text));
            for key in ["file", "path"] {
                let Some(inner) = item.get(key) else { continue };
                named.extend(inner.as_str().map(str::to_owned));
                named.extend(self.file.strings(inner).into_iter().map(|(text, _)| text));
            }
        };
        add(self.file.get(&["project", "readme"]));
        add(self.file.get(&["project", "license"]));
        add(self.file.get(&["project", "license-files"]));
        add(self.file.get(&["tool", "poetry", "readme"]));
        add(self.file.get(&["tool", "hatch", "version"]));
        let tables: [&[&str]; 2] = [
            &["tool", "setuptools", "dynamic"],
            &["tool", "hatch", "metadata", "hooks", "fancy-pypi-readme", "fragments"],
        ];
        for keys in tables {
            let table = self.file.get(keys).and_then(Item::as_table_like);
            for (_, item) in table.into_iter().flat_map(|table| table.iter()) {
                add(Some(item));
            }
        }
        for keys in [&["include"][..], &["targets", "wheel", "include"]] {
            add(self.file.get(&[&["tool", "hatch", "build"], keys].concat()));
        }
        let forced: [&[&str]; 2] = [
            &["tool", "hatch", "build", "targets", "wheel", "force-include"],
            &["tool", "hatch", "build", "force-include"],
        ];
        for keys in forced {
            let table = self.file.get(keys).and_then(Item::as_table_like);
            named.extend(table.into_iter().flat_map(|table| table.iter()).map(|(at, _)| at.into()));
        }
        let mut found: Vec<String> = Vec::new();
        for name in &named {
            let path = self.join(name.trim_start_matches('/'));
            if self.tree.has(&path) && !found.contains(&path) {
                found.push(path);
            }
        }
        // What build backends take unasked.
        let licence = |path: &&str| {
            let name = path::file_name(path).to_ascii_lowercase();
            name.starts_with("licen") && !named.is_empty()
        };
        let licences: Vec<String> =
            self.tree.in_directory(self.directory).filter(licence).map(str::to_owned).collect();
        found.extend(licences.into_iter().filter(|path| !named.contains(path)));
        found.dedup();
        found
    }

    /// A version that comes from git's history, which is not in the build context.
    fn version(&self) -> Vec<String> {
        let needs = self.file.get(&["build-system", "requires"]);
        let needs = needs.map(|item| self.file.strings(item)).unwrap_or_default();
        let has = |name: &str| needs.iter().any(|(text, _)| normalised(text).starts_with(name));
        let source = |keys: &[&str]| self.file.string(keys).map(|(text, _)| text);
        let hatch = source(&["tool", "hatch", "version", "source"]).unwrap_or_default();
        let mut found = Vec::new();
        if has("setuptools-scm") || has("hatch-vcs") || hatch == "vcs" {
            found.push(scm(&self.name));
        }
        if has("uv-dynamic-versioning") || hatch == "uv-dynamic-versioning" {
            found.push("UV_DYNAMIC_VERSIONING_BYPASS=0.0.0".into());
        }
        if has("poetry-dynamic-versioning") {
            found.push("POETRY_DYNAMIC_VERSIONING_BYPASS=0.0.0".into());
        }
        if source(&["tool", "pdm", "version", "source"]).as_deref() == Some("scm") {
            found.push("PDM_BUILD_SCM_VERSION=0.0.0".into());
        }
        found.extend(has("pbr").then(|| "PBR_VERSION=0.0.0".to_owned()));
        found
    }
}

/// The variable of setuptools-scm for one package alone.
fn scm(name: &str) -> String {
    match name {
        "" => "SETUPTOOLS_SCM_PRETEND_VERSION=0.0.0".into(),
        name => {
            let name = normalised(name).replace('-', "_").to_ascii_uppercase();
            format!("SETUPTOOLS_SCM_PRETEND_VERSION_FOR_{name}=0.0.0")
        }
    }
}

fn setup_version(tree: &Tree, directory: &str) -> Option<String> {
    let text = tree.text(&path::join(directory, "setup.py")?)?;
    if text.contains("pbr=") {
        return Some("PBR_VERSION=0.0.0".into());
    }
    text.contains("use_scm_version").then(|| scm(""))
}

/// A setup.py that imports the project it is about to install: its packages are not there
/// while it is built.
fn itself(
    tree: &Tree,
    directory: &str,
    needs: &[Requirement],
    build: Option<&Build<'_>>,
) -> Option<(String, Evidence)> {
    let script = path::join(directory, "setup.py")?;
    let module = tree.python(&script)?;
    // Backends that are named do not put the directory on the path.
    let strict = build.is_some_and(|build| {
        build.backend == "setuptools.build_meta" && !build.set(&["build-system", "backend-path"])
    });
    imports(module).into_iter().find_map(|(name, evidence)| {
        let top = name.split('.').next().unwrap_or(&name);
        let source = tree.module_path(directory, top).filter(|source| *source != script)?;
        if strict {
            return Some((format!("setup.py imports {top}, which no build finds"), evidence));
        }
        let third = foreign(tree, directory, &source, needs, &mut BTreeSet::new())?;
        let why = format!("setup.py imports {top}, which needs {third} before it is installed");
        Some((why, evidence))
    })
}

/// What a file imports in any case, as absolute names, with the lines.
fn imports(module: &Module) -> Vec<(String, Evidence)> {
    let mut found = Vec::new();
    for statement in &module.ast.body {
        match statement {
            Stmt::Import(import) => {
                let names = import.names.iter().map(|alias| alias.name.to_string());
                found.extend(names.map(|name| (name, module.evidence(import))));
            }
            Stmt::ImportFrom(import) => {
                let above = match import.level {
                    0 => String::new(),
                    level => {
                        let directory = path::parent(&module.path);
                        let up = (1..level).fold(directory, |at, _| path::parent(at));
                        format!("{up}/")
                    }
                };
                let name = import.module.as_ref().map(ToString::to_string).unwrap_or_default();
                let text = match (above.as_str(), name.as_str()) {
                    ("", name) => name.to_owned(),
                    (above, "") => import
                        .names
                        .first()
                        .map(|alias| format!("{above}{}", alias.name))
                        .unwrap_or_default(),
                    (above, name) => format!("{above}{name}"),
                };
                found.push((text, module.evidence(import)));
            }
            _ => {}
        }
    }
    found
}

/// The first package among `needs` that importing a file of the repository imports.
fn foreign(
    tree: &Tree,
    directory: &str,
    file: &str,
    needs: &[Requirement],
    seen: &mut BTreeSet<String>,
) -> Option<String> {
    if !seen.insert(file.to_owned()) {
        return None;
    }
    for (name, _) in imports(tree.python(file)?) {
        if let Some((above, name)) = name.rsplit_once('/') {
            let source = tree.module_path(above, name);
            let found = source.and_then(|file| foreign(tree, directory, &file, needs, seen));
            if found.is_some() {
                return found;
            }
            continue;
        }
        let top = name.split('.').next().unwrap_or(&name);
        if needs.iter().any(|one| one.name == normalised(top)) {
            return Some(top.to_owned());
        }
        let source = tree.module_path(directory, &name);
        let source = source.or_else(|| tree.module_path(directory, top));
        let found = source.and_then(|file| foreign(tree, directory, &file, needs, seen));
        if found.is_some() {
            return found;
        }
    }
    None
}
