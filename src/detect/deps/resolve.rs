//! From the files of a repository to what production installs.

use std::collections::BTreeSet;

use super::installs::{self, Install, Rank};
use super::lock::is_ssh;
use super::lock::{self, Locked};
use super::name::{is_development, is_production, normalised};
use super::offer::{Offers, relative};
use super::pyproject::Pyproject;
use super::requirements::{self, Listing};
use super::{
    Dependencies, PythonStatement, Requirement, Root, Source, manager, marker, path, specifier,
};
use crate::detect::facts::Doubt;
use crate::detect::scope;
use crate::detect::tree::Tree;
use crate::source::dockerfile::is_dockerfile;

/// Extras of frameworks that bring a server: the package, the extra, and the server.
const BROUGHT: [(&str, &str, &str); 7] = [
    ("fastapi", "standard", "uvicorn[standard]"),
    ("fastapi", "all", "uvicorn[standard]"),
    ("fastapi-cli", "standard", "uvicorn[standard]"),
    ("litestar", "standard", "uvicorn[standard]"),
    ("litestar", "full", "uvicorn[standard]"),
    ("channels", "daphne", "daphne"),
    ("connexion", "uvicorn", "uvicorn[standard]"),
];

/// The managers that read extras and groups of pyproject.toml.
const MANIFEST: [&str; 4] = ["uv", "poetry", "pdm", "pyproject"];

/// Reads what an application in `root` needs.
pub fn resolve(tree: &Tree, root: &str, wish: Option<&str>) -> Dependencies {
    let installs = installs::find(tree);
    let Some(mut offers) = nearest(tree, root, &installs) else {
        return nothing(tree, root, installs);
    };
    let manager = manager::decide(&offers, &installs, wish);
    let mut found = Dependencies {
        directory: offers.directory.clone(),
        doubts: std::mem::take(&mut offers.doubts),
        ..Dependencies::default()
    };
    let chosen = manager.value().map(String::as_str);
    let chosen = chosen.or_else(|| manager.candidates().first().map(|(name, _)| name.as_str()));
    found.fill(tree, &offers, &installs, chosen.unwrap_or_default());
    let project = offers.pyproject.as_ref();
    found.package = offers.setup.is_some() || project.is_some_and(|project| project.package);
    if found.package {
        found.root = Root::read(tree, &found.directory, &found.declared);
        found.package = found.root.fails.is_none();
    }
    found.statements(&offers, chosen.unwrap_or_default());
    found.manager = manager;
    found.installs = installs;
    found.misspellings(tree, root);
    found.follow_paths(tree);
    found.brought();
    found
}

/// The offers of `root` or the nearest directory above it that has any;
/// otherwise of the shallowest directory that deploy files install from, or
/// that is there at all.
fn nearest(tree: &Tree, root: &str, installs: &[Install]) -> Option<Offers> {
    let above = path::upwards(root).map(|directory| Offers::read(tree, directory, installs));
    if let Some(found) = above.into_iter().find(|offers| !offers.is_empty()) {
        return Some(found);
    }
    let deployed = installs.iter().filter(|one| one.rank == Rank::Deploy);
    let deployed = deployed.filter_map(|one| one.file.as_deref()).map(path::parent);
    let mut elsewhere: Vec<&str> = tree
        .paths()
        .filter(|file| scope::counts(file) && is_manifest(path::file_name(file)))
        .map(path::parent)
        .collect();
    elsewhere.sort_by_key(|directory| {
        (!path::is_below(directory, root), directory.matches('/').count())
    });
    let named: Vec<String> = deployed
        .chain(elsewhere)
        .map(|directory| {
            // The files of a `requirements` folder belong to the one above.
            if path::file_name(directory) == "requirements" {
                path::parent(directory).to_owned()
            } else {
                directory.to_owned()
            }
        })
        .collect();
    let mut seen = BTreeSet::new();
    named
        .into_iter()
        .filter(|directory| seen.insert(directory.clone()))
        .map(|directory| Offers::read(tree, &directory, installs))
        .find(|offers| !offers.is_empty())
}

fn is_manifest(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    ["pyproject.toml", "Pipfile", "setup.py", "environment.yml", "env.yaml"].contains(&name)
        || (lower.contains("requirements") && lower.ends_with(".txt"))
}

/// No dependencies: misspelt files and broken ones are still named.
fn nothing(tree: &Tree, root: &str, installs: Vec<Install>) -> Dependencies {
    let mut found =
        Dependencies { directory: root.to_owned(), installs, ..Dependencies::default() };
    for directory in path::upwards(root) {
        found.doubts.extend(Offers::read(tree, directory, &[]).doubts);
    }
    found.misspellings(tree, root);
    found
}

impl Dependencies {
    /// Declared and locked requirements by the manager that was chosen.
    fn fill(&mut self, tree: &Tree, offers: &Offers, installs: &[Install], chosen: &str) {
        let asked = asked(offers, installs);
        let project = offers.pyproject.as_ref();
        let lock = offers.locks.iter().find(|(name, _)| *name == chosen).map(|(_, path)| path);
        match chosen {
            "uv" => self.take_uv(offers, &asked),
            "poetry" | "pdm" => {
                let Some(project) = project else { return };
                self.declared = project.production(&asked);
                self.files.extend(lock.cloned());
                self.files.push(project.path.clone());
                let read = lock.map(|path| locked(tree, chosen, path, &self.declared));
                match read {
                    Some(Ok(locked)) => self.take_lock(locked),
                    Some(Err(doubt)) => self.doubts.push(doubt),
                    None => {}
                }
            }
            "pipenv" => {
                self.declared = offers
                    .pipfile
                    .as_ref()
                    .map(|file| file.requirements.clone())
                    .unwrap_or_default();
                self.files.extend(lock.cloned());
                self.files.extend(path::join(&self.directory, "Pipfile"));
                match lock.map(|path| super::pipfile::lock(tree, path)) {
                    Some(Ok(versions)) => self.locked = versions,
                    Some(Err(doubt)) => self.doubts.push(doubt),
                    None => {}
                }
            }
            "pip" => {
                if let Some(listing) = &offers.listing {
                    self.take_listing(listing);
                }
            }
            "pyproject" => {
                if let Some(project) = project {
                    self.declared = project.production(&asked);
                    self.files.push(project.path.clone());
                }
            }
            "setuptools" => self.take_setup(offers, &asked),
            "conda" => {
                if let Some(environment) = &offers.conda {
                    self.declared.clone_from(&environment.requirements);
                    self.files.push(environment.path.clone());
                }
            }
            _ => {}
        }
        self.options(offers, &asked, chosen);
        self.pinned();
    }

    /// Which of the extras and groups are installed, by the manager's own names.
    fn options(&mut self, offers: &Offers, asked: &[String], chosen: &str) {
        if let Some(project) = offers.pyproject.as_ref().filter(|_| MANIFEST.contains(&chosen)) {
            let group = |name: &String| {
                project.named_groups.iter().find(|(group, _)| normalised(group) == *name)
            };
            for (name, _) in project.extras.iter().filter(|(name, _)| asked.contains(name)) {
                match group(name) {
                    Some((group, _)) => self.groups.push(group.clone()),
                    None => self.extras.push(name.clone()),
                }
            }
            let alone = project.requirements.is_empty() && self.extras.is_empty();
            if alone && self.groups.is_empty() {
                self.groups.clone_from(&project.group_names);
            }
            self.groups_alone = alone && !self.groups.is_empty();
        }
        if let Some(setup) = offers.setup.as_ref().filter(|_| chosen == "setuptools") {
            let names = setup.extras.iter().map(|(name, _)| name);
            self.extras.extend(names.filter(|name| asked.contains(name)).cloned());
        }
        self.extras.dedup();
        self.groups.dedup();
    }

    fn take_uv(&mut self, offers: &Offers, asked: &[String]) {
        let Some(project) = &offers.pyproject else { return };
        self.declared = project.production(asked);
        if let Some((path, lock)) = &offers.uv {
            let above = path::parent(path);
            self.files.push(path.clone());
            let top = path::join(above, "pyproject.toml").unwrap_or_default();
            if top != project.path {
                self.files.push(top);
                self.member.clone_from(&project.name);
            }
            let mut locked = lock.production(&relative(&self.directory, above), asked);
            for directory in &mut locked.paths {
                *directory = path::join(above, directory).unwrap_or_else(|| directory.clone());
            }
            self.take_lock(locked);
        }
        self.files.push(project.path.clone());
    }

    fn take_listing(&mut self, listing: &Listing) {
        self.declared.clone_from(&listing.requirements);
        self.files.clone_from(&listing.files);
        self.hashed = listing.hashed;
        self.compiled = listing.compiled;
        self.own_index = !listing.indexes.is_empty();
        for (named, evidence) in &listing.missing {
            self.doubts.push(Doubt {
                key: "dependency_files".into(),
                message: format!("{} names {named}, which is not there", evidence.place()),
                help: format!("add {named}, or take the line out"),
            });
        }
        for evidence in &listing.unread {
            self.doubts.push(Doubt {
                key: "dependency_files".into(),
                message: format!("{} is no requirement: {}", evidence.place(), evidence.text),
                help: "mend the line: pip will stop at it".into(),
            });
        }
    }

    fn take_setup(&mut self, offers: &Offers, asked: &[String]) {
        let Some(setup) = &offers.setup else { return };
        self.declared.clone_from(&setup.requirements);
        let extras = setup.extras.iter().filter(|(name, _)| asked.contains(name));
        self.declared.extend(extras.flat_map(|(_, list)| list.clone()));
        self.files.clone_from(&setup.files);
    }

    fn take_lock(&mut self, locked: Locked) {
        self.locked = locked.versions;
        self.several = locked.several;
        self.wheels = locked.wheels;
        self.package_pythons = locked.pythons;
        self.version_control = locked.version_control;
        self.ssh = locked.ssh;
        self.paths = locked.paths;
        for name in locked.missing {
            self.doubts.push(Doubt {
                key: "dependency_files".into(),
                message: format!(
                    "the lock does not hold {name}, which is declared: it is out of date"
                ),
                help: "make the lock again".into(),
            });
        }
    }

    /// Exact pins stand for a lock where there is none.
    pub(in crate::detect) fn pinned(&mut self) {
        if self.locked.is_empty() {
            let exact = |one: &Requirement| Some((one.name.clone(), one.exact()?.clone()));
            self.locked = self.declared.iter().filter_map(exact).collect();
        }
        for one in &self.declared {
            match &one.source {
                Source::Vcs(address) if is_ssh(address) && !self.ssh.contains(&one.name) => {
                    self.ssh.push(one.name.clone());
                    if !self.version_control.contains(&one.name) {
                        self.version_control.push(one.name.clone());
                    }
                }
                Source::Vcs(_) if !self.version_control.contains(&one.name) => {
                    self.version_control.push(one.name.clone());
                }
                Source::Path(directory) if !self.paths.contains(directory) => {
                    self.paths.push(directory.clone());
                }
                _ => {}
            }
        }
    }

    /// What the files say of Python's version.
    fn statements(&mut self, offers: &Offers, chosen: &str) {
        if let Some((text, evidence)) = offers.pipfile.as_ref().and_then(|file| file.python.clone())
        {
            let ranges = specifier::minor(&text).into_iter().collect();
            self.python.push(PythonStatement { source: "Pipfile", text, ranges, evidence });
        }
        if let Some((text, evidence, _)) =
            offers.pyproject.as_ref().and_then(|one| one.python.clone())
        {
            let ranges = specifier::poetry(&text).unwrap_or_default();
            let source = "requires-python";
            self.python.push(PythonStatement { source, text, ranges, evidence });
        } else if let Some((text, evidence)) =
            offers.setup.as_ref().and_then(|setup| setup.python.clone())
        {
            let ranges = specifier::poetry(&text).unwrap_or_default();
            let source = "python_requires";
            self.python.push(PythonStatement { source, text, ranges, evidence });
        }
        if let Some((ranges, evidence)) = offers.conda.as_ref().and_then(|one| one.python.clone())
            && chosen == "conda"
        {
            let text = ranges.to_string();
            let source = "environment.yml";
            self.python.push(PythonStatement { source, text, ranges: vec![ranges], evidence });
        }
        let listing = offers.listing.as_ref().filter(|_| chosen == "pip");
        let ranges = listing.and_then(|listing| listing.markers.as_deref()).map(marker::ranges);
        if let Some((listing, ranges)) = listing.zip(ranges)
            && let Some(first) = listing.requirements.first()
        {
            let text = first.evidence.text.rsplit(';').next().unwrap_or_default();
            self.python.push(PythonStatement {
                source: "requirements",
                text: text.trim().to_owned(),
                ranges,
                evidence: first.evidence.clone(),
            });
        }
        let own = |one: &&PythonStatement| {
            one.source.ends_with("requires") || one.source.ends_with("python")
        };
        self.requires_python =
            self.python.iter().find(own).map(|one| (one.text.clone(), one.evidence.clone()));
        let project = offers.pyproject.iter().flat_map(|project| project.classifiers.clone());
        let setup = offers.setup.iter().flat_map(|setup| setup.classifiers.clone());
        self.classifiers = project.chain(setup).collect();
    }

    fn misspellings(&mut self, tree: &Tree, root: &str) {
        for directory in path::upwards(root) {
            for file in requirements::misspelt(tree, directory) {
                if self.files.contains(&file) {
                    self.doubts.push(Doubt {
                        key: "dependency_files".into(),
                        message: format!(
                            "{file} is spelt unusually: tools look for requirements.txt"
                        ),
                        help: format!("git mv {file} {}", right_name(&file)),
                    });
                } else {
                    self.doubts.push(Doubt {
                        key: "dependency_files".into(),
                        message: format!(
                            "{file} is not read: it looks like a misspelt requirements.txt"
                        ),
                        help: format!("git mv {file} {}", right_name(&file)),
                    });
                }
            }
        }
    }

    /// Local directories are packages with dependencies of their own.
    fn follow_paths(&mut self, tree: &Tree) {
        let mut at = 0;
        while at < self.paths.len() {
            let directory = self.paths[at].clone();
            at += 1;
            if directory.starts_with('/') || !tree.has_directory(&directory) {
                if !tree.has(&directory) {
                    self.doubts.push(Doubt {
                        key: "dependency_files".into(),
                        message: format!(
                            "{directory} is to be installed, and is not in the repository"
                        ),
                        help: "take the requirement out, or add the directory".into(),
                    });
                }
                continue;
            }
            let offers = Offers::read(tree, &directory, &[]);
            // `-e .[prod]` asks for more than the package itself.
            let of_it = |one: &&Requirement| matches!(&one.source, Source::Path(target) if *target == directory);
            let asked: Vec<String> = self
                .declared
                .iter()
                .filter(of_it)
                .flat_map(|one| one.extras.iter().map(|name| normalised(name)))
                .collect();
            if let Some(project) = offers.pyproject.filter(Pyproject::declares) {
                self.add_package(project.path.clone(), project.production(&asked));
            }
            // What is built beside the project has a version as well.
            let version = Root::read(tree, &directory, &[]).version;
            self.root.version.extend(version);
            if let Some(setup) = offers.setup {
                for file in setup.files {
                    self.add_package(file, Vec::new());
                }
                let extras = setup.extras.iter().filter(|(name, _)| asked.contains(name));
                let extras: Vec<_> = extras.flat_map(|(_, list)| list.clone()).collect();
                self.add_package(String::new(), setup.requirements);
                self.add_package(String::new(), extras);
            }
        }
    }

    /// Servers that an extra of a framework brings along, where no lock says so.
    fn brought(&mut self) {
        for (package, extra, server) in BROUGHT {
            let asked = self.get(package).filter(|one| one.extras.iter().any(|own| own == extra));
            let Some(evidence) = asked.map(|one| one.evidence.clone()) else { continue };
            if let Some(one) = super::line::requirement(server, evidence)
                && !self.installs(&one.name)
            {
                self.declared.push(one);
            }
        }
    }

    fn add_package(&mut self, file: String, requirements: Vec<Requirement>) {
        if !file.is_empty() && !self.files.contains(&file) {
            self.files.push(file);
        }
        for one in requirements {
            if let Source::Path(directory) = &one.source
                && !self.paths.contains(directory)
            {
                self.paths.push(directory.clone());
            }
            if self.get(&one.name).is_none() {
                if let Some(version) = one.exact() {
                    self.locked.entry(one.name.clone()).or_insert_with(|| version.clone());
                }
                self.declared.push(one);
            }
        }
    }
}

fn right_name(file: &str) -> String {
    path::join(path::parent(file), "requirements.txt").unwrap_or_default()
}

fn locked(
    tree: &Tree,
    manager: &str,
    path: &str,
    declared: &[Requirement],
) -> Result<Locked, Doubt> {
    let mut locked = match manager {
        "poetry" => lock::poetry::Lock::read(tree, path)?.production(declared),
        _ => lock::pdm::Lock::read(tree, path)?.production(declared),
    };
    for directory in &mut locked.paths {
        *directory = path::join(path::parent(path), directory).unwrap_or_else(|| directory.clone());
    }
    Ok(locked)
}

/// Extras and groups of production: those deploy files install, where they
/// are not for development.
fn asked(offers: &Offers, installs: &[Install]) -> Vec<String> {
    let groups = offers.pyproject.iter().flat_map(|project| &project.named_groups);
    let unasked = groups.filter(|(_, unasked)| *unasked).map(|(name, _)| normalised(name));
    let deployed = installs.iter().filter(|one| one.rank == Rank::Deploy && !one.asked.is_empty());
    // Two images with options of their own are two builds, and may exclude each other: the
    // one that is built by its name comes first.
    let files = deployed.clone().map(|one| one.evidence.path.as_str());
    let file = files.min_by_key(|file| path::file_name(file) != "Dockerfile");
    let deployed = deployed.filter(|one| {
        !is_dockerfile(&one.evidence.path) || file == Some(one.evidence.path.as_str())
    });
    let mut asked: BTreeSet<String> =
        deployed.flat_map(|one| one.asked.clone()).filter(|name| !is_development(name)).collect();
    if let Some(project) = &offers.pyproject {
        let [extras, groups] = installs::ALL.map(|all| asked.contains(all));
        let is_group =
            |name: &str| project.named_groups.iter().any(|(own, _)| normalised(own) == name);
        let names = project.extras.iter().map(|(name, _)| name.clone());
        let wanted = names.filter(|name| if is_group(name) { groups } else { extras });
        asked.extend(wanted.collect::<Vec<_>>());
    }
    let named = offers.pyproject.iter().flat_map(|project| &project.extras);
    let named = named.chain(offers.setup.iter().flat_map(|setup| &setup.extras));
    if asked.is_empty() {
        asked.extend(named.map(|(name, _)| name.clone()).filter(|name| is_production(name)));
    }
    // What `--only` names begins with Poetry's main group.
    if !asked.contains("main") {
        asked.extend(unasked);
    }
    asked.into_iter().collect()
}
