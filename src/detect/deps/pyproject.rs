//! pyproject.toml: PEP 621, dependency groups, Poetry's own tables.

use toml_edit::{Item, TableLike};

use super::name::{is_development, normalised};
use super::toml::TomlFile;
use super::{Requirement, Source, line, marker, path, specifier};
use crate::detect::fact::Evidence;
use crate::detect::facts::Doubt;
use crate::detect::tree::Tree;

/// What a pyproject.toml says of dependencies.
#[derive(Clone, Debug, Default)]
pub struct Pyproject {
    /// Its path.
    pub path: String,
    /// The project's normalised name.
    pub name: Option<String>,
    /// Whether it has a `[project]` table.
    pub standard: bool,
    /// Whether it names a build system, so that it is a package itself.
    pub package: bool,
    /// Whether dependencies are left to setup.py (`dynamic`).
    pub dynamic: bool,
    /// Whether it has `[tool.poetry.dependencies]`.
    pub poetry: bool,
    /// Whether Poetry, PDM or uv is configured beside a `[project]` table.
    pub tools: Vec<&'static str>,
    /// Production requirements.
    pub requirements: Vec<Requirement>,
    /// Optional requirements by extra or optional group.
    pub extras: Vec<(String, Vec<Requirement>)>,
    /// Which names of `extras` are groups, as they are written; a group that is installed
    /// unless it is left out comes with `true`.
    pub named_groups: Vec<(String, bool)>,
    /// Requirements of `[dependency-groups]` that are not for development.
    pub groups: Vec<Requirement>,
    /// The names of those groups.
    pub group_names: Vec<String>,
    /// `requires-python` or Poetry's `python`, and whether it is Poetry's.
    pub python: Option<(String, Evidence, bool)>,
    /// Minor versions of its classifiers.
    pub classifiers: Vec<(u64, Evidence)>,
    /// Paths of uv workspace members, as written.
    pub members: Vec<String>,
}

impl Pyproject {
    /// Reads the pyproject.toml of a directory; `None` where it has none.
    ///
    /// # Errors
    /// A doubt naming file and line where it is no TOML.
    pub fn read(tree: &Tree, directory: &str) -> Result<Option<Self>, Doubt> {
        let Some(path) = path::join(directory, "pyproject.toml") else { return Ok(None) };
        let Some(file) = TomlFile::read(tree, &path)? else { return Ok(None) };
        let mut read = Self { path: path.clone(), ..Self::default() };
        let mode = file.get(&["tool", "poetry", "package-mode"]).and_then(Item::as_bool);
        read.package = file.get(&["build-system"]).is_some() && mode != Some(false);
        read.standard(&file);
        read.poetry(&file, directory);
        read.groups(&file);
        read.sources(&file, directory);
        Ok(Some(read))
    }

    /// Whether anything is to be installed, so that it does more than
    /// configure tools.
    #[must_use]
    pub fn declares(&self) -> bool {
        self.poetry || (self.standard && !self.dynamic) || !self.groups.is_empty()
    }

    /// Production requirements, with the extras that are asked for.
    #[must_use]
    pub fn production(&self, asked: &[String]) -> Vec<Requirement> {
        let extras = self.extras.iter().filter(|(name, _)| asked.contains(name));
        let mut all: Vec<Requirement> =
            self.requirements.iter().chain(extras.flat_map(|(_, list)| list)).cloned().collect();
        if all.is_empty() {
            all.clone_from(&self.groups);
        }
        all
    }

    fn standard(&mut self, file: &TomlFile<'_>) {
        let Some(project) = file.get(&["project"]) else { return };
        self.standard = true;
        self.name = project.get("name").and_then(Item::as_str).map(normalised);
        let dynamic = project.get("dynamic").map(|item| file.strings(item)).unwrap_or_default();
        self.dynamic = dynamic.iter().any(|(name, _)| name == "dependencies");
        self.requirements =
            project.get("dependencies").map(|item| list(file, item)).unwrap_or_default();
        if let Some(optional) = project.get("optional-dependencies").and_then(Item::as_table_like) {
            self.extras =
                optional.iter().map(|(name, item)| (normalised(name), list(file, item))).collect();
        }
        self.python = file
            .string(&["project", "requires-python"])
            .map(|(text, evidence)| (text, evidence, false));
        self.read_classifiers(file, project);
    }

    fn read_classifiers(&mut self, file: &TomlFile<'_>, project: &Item) {
        let lines = project.get("classifiers").map(|item| file.strings(item)).unwrap_or_default();
        for (text, evidence) in lines {
            let minor = text.strip_prefix("Programming Language :: Python :: 3.");
            if let Some(minor) = minor.and_then(|minor| minor.parse().ok()) {
                self.classifiers.push((minor, evidence));
            }
        }
    }

    fn poetry(&mut self, file: &TomlFile<'_>, directory: &str) {
        for tool in ["poetry", "pdm", "uv"] {
            if file.get(&["tool", tool]).is_some() {
                self.tools.push(tool);
            }
        }
        let Some(poetry) = file.get(&["tool", "poetry"]) else { return };
        if self.name.is_none() {
            self.name = poetry.get("name").and_then(Item::as_str).map(normalised);
        }
        self.read_classifiers(file, poetry);
        let Some(table) = poetry.get("dependencies").and_then(Item::as_table_like) else { return };
        self.poetry = true;
        if let Some(python) = table.get("python").and_then(Item::as_str) {
            let evidence = file.evidence(table.get("python").and_then(Item::span));
            self.python.get_or_insert((python.to_owned(), evidence, true));
        }
        let extras = poetry.get("extras").and_then(Item::as_table_like);
        let (always, optional) = poetry_table(file, table, directory);
        self.requirements.extend(always);
        for (name, item) in extras.into_iter().flat_map(|extras| extras.iter()) {
            let names: Vec<String> =
                file.strings(item).iter().map(|(text, _)| normalised(text)).collect();
            let list = optional.iter().filter(|one| names.contains(&one.name)).cloned().collect();
            self.extras.push((normalised(name), list));
        }
        self.poetry_groups(file, poetry, directory);
    }

    fn poetry_groups(&mut self, file: &TomlFile<'_>, poetry: &Item, directory: &str) {
        let Some(groups) = poetry.get("group").and_then(Item::as_table_like) else { return };
        for (name, group) in groups.iter() {
            let Some(table) = group.get("dependencies").and_then(Item::as_table_like) else {
                continue;
            };
            if !is_development(name) {
                let (always, _) = poetry_table(file, table, directory);
                let optional = group.get("optional").and_then(Item::as_bool).unwrap_or(false);
                self.named_groups.push((name.to_owned(), !optional));
                self.extras.push((normalised(name), always));
            }
        }
    }

    fn groups(&mut self, file: &TomlFile<'_>) {
        let tables = [&["dependency-groups"][..], &["tool", "pdm", "dev-dependencies"]];
        for (at, table) in tables.into_iter().enumerate() {
            let groups = file.get(table).and_then(Item::as_table_like);
            for (name, item) in groups.into_iter().flat_map(|groups| groups.iter()) {
                if is_development(name) {
                    continue;
                }
                let requirements = list(file, item);
                self.named_groups.push((name.to_owned(), false));
                self.extras.push((normalised(name), requirements.clone()));
                // PDM's own groups are never a project's only dependencies.
                if at == 0 {
                    self.group_names.push(name.to_owned());
                    self.groups.extend(requirements);
                }
            }
        }
    }

    /// uv's sources say where a name comes from; its workspace, which
    /// directories belong together.
    fn sources(&mut self, file: &TomlFile<'_>, directory: &str) {
        if let Some(members) = file.get(&["tool", "uv", "workspace", "members"]) {
            self.members = file.strings(members).into_iter().map(|(text, _)| text).collect();
        }
        let Some(sources) = file.get(&["tool", "uv", "sources"]).and_then(Item::as_table_like)
        else {
            return;
        };
        for (name, item) in sources.iter() {
            let name = normalised(name);
            let text = |key: &str| item.get(key).and_then(Item::as_str);
            let source = if let Some(address) = text("git") {
                Source::Vcs(format!("git+{address}"))
            } else if let Some(address) = text("url") {
                Source::Url(address.to_owned())
            } else if let Some(target) = text("path").and_then(|at| path::join(directory, at)) {
                Source::Path(target)
            } else {
                continue;
            };
            let every = self.requirements.iter_mut().chain(&mut self.groups);
            let every = every.chain(self.extras.iter_mut().flat_map(|(_, list)| list));
            every.filter(|one| one.name == name).for_each(|one| one.source = source.clone());
        }
    }
}

fn list(file: &TomlFile<'_>, item: &Item) -> Vec<Requirement> {
    let strings = file.strings(item).into_iter();
    strings.filter_map(|(text, evidence)| line::requirement(&text, evidence)).collect()
}

/// A table of Poetry's: those always installed, and the optional ones.
fn poetry_table(
    file: &TomlFile<'_>,
    table: &dyn TableLike,
    directory: &str,
) -> (Vec<Requirement>, Vec<Requirement>) {
    let (mut always, mut optional) = (Vec::new(), Vec::new());
    for (name, item) in table.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("python")) {
        let evidence = file.evidence(table.get_key_value(name).and_then(|(key, _)| key.span()));
        // A list holds one entry for each environment; the first that applies.
        let entry = match item.as_array() {
            Some(entries) => entries.iter().find_map(|entry| {
                let entry = Item::Value(entry.clone());
                applies(&entry).then_some(entry)
            }),
            None => Some(item.clone()).filter(applies),
        };
        let Some(entry) = entry else { continue };
        let is_optional = entry.get("optional").and_then(Item::as_bool).unwrap_or(false);
        let requirement = poetry_entry(name, &entry, directory, evidence);
        if is_optional { &mut optional } else { &mut always }.push(requirement);
    }
    (always, optional)
}

fn applies(entry: &Item) -> bool {
    let markers = entry.get("markers").and_then(Item::as_str);
    let platform = entry.get("platform").and_then(Item::as_str);
    markers.is_none_or(|text| marker::text_holds(text, &[]))
        && platform.is_none_or(|name| name == "linux")
}

fn poetry_entry(name: &str, entry: &Item, directory: &str, evidence: Evidence) -> Requirement {
    let text = |key: &str| entry.get(key).and_then(Item::as_str);
    let version = entry.as_str().or_else(|| text("version"));
    let source = if let Some(address) = text("git") {
        Source::Vcs(format!("git+{address}"))
    } else if let Some(address) = text("url") {
        Source::Url(address.to_owned())
    } else if let Some(at) = text("path").or_else(|| text("file")) {
        Source::Path(path::join(directory, at).unwrap_or_else(|| at.to_owned()))
    } else {
        Source::Index
    };
    let extras = entry.get("extras").and_then(Item::as_array);
    let extras = extras.into_iter().flatten().filter_map(|extra| extra.as_str().map(normalised));
    Requirement {
        name: normalised(name),
        extras: extras.collect(),
        specifiers: version
            .and_then(specifier::poetry)
            .and_then(|mut all| all.pop())
            .filter(|specifiers| !specifiers.is_empty()),
        source,
        evidence,
    }
}
