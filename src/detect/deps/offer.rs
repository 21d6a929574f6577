//! What a directory offers to install from: one offer for each package
//! manager that could.

use super::conda::Environment;
use super::installs::Install;
use super::pipfile::Pipfile;
use super::pyproject::Pyproject;
use super::requirements::{self, Listing};
use super::setuptools::Setup;
use super::{lock, path};
use crate::detect::fact::Evidence;
use crate::detect::facts::Doubt;
use crate::detect::tree::Tree;

/// Everything one directory declares.
#[derive(Default)]
pub struct Offers {
    /// The directory.
    pub directory: String,
    /// pyproject.toml.
    pub pyproject: Option<Pyproject>,
    /// Pipfile.
    pub pipfile: Option<Pipfile>,
    /// Requirements files.
    pub listing: Option<Listing>,
    /// setup.py and setup.cfg.
    pub setup: Option<Setup>,
    /// environment.yml.
    pub conda: Option<Environment>,
    /// uv.lock that covers the directory: its path.
    pub uv: Option<(String, lock::uv::Lock)>,
    /// Other lock files that are there: manager and path.
    pub locks: Vec<(&'static str, String)>,
    /// What could not be read.
    pub doubts: Vec<Doubt>,
}

/// One way to install.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The package manager.
    pub manager: &'static str,
    /// Whether a lock makes it exact.
    pub locked: bool,
    /// The file that says so.
    pub evidence: Evidence,
}

impl Offers {
    /// Reads a directory.
    #[must_use]
    pub fn read(tree: &Tree, directory: &str, installs: &[Install]) -> Self {
        let mut offers = Self { directory: directory.to_owned(), ..Self::default() };
        offers.pyproject = offers.noted(Pyproject::read(tree, directory));
        offers.pipfile = offers.noted(Pipfile::read(tree, directory));
        offers.conda = offers.noted(Environment::read(tree, directory));
        offers.setup = Setup::read(tree, directory);
        offers.listing = listing(tree, directory, installs);
        offers.uv = offers.workspace_lock(tree);
        for (manager, name) in
            [("poetry", "poetry.lock"), ("pdm", "pdm.lock"), ("pipenv", "Pipfile.lock")]
        {
            let found = path::join(directory, name).filter(|path| tree.has(path));
            offers.locks.extend(found.map(|path| (manager, path)));
        }
        offers
    }

    /// Whether there is anything to install.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list().is_empty()
    }

    /// The ways to install, in the order in which they are taken when nothing
    /// else decides: locks, then requirements files, then the rest.
    #[must_use]
    pub fn list(&self) -> Vec<Offer> {
        let mut offers = Vec::new();
        let mut add = |manager, locked, path: &str| {
            offers.push(Offer { manager, locked, evidence: Evidence::file(path) });
        };
        if let Some((path, _)) = &self.uv {
            add("uv", true, path);
        }
        for (manager, path) in &self.locks {
            let manifest = match *manager {
                "pipenv" => self.pipfile.is_some(),
                _ => self.pyproject.is_some(),
            };
            // Without what it was made from a lock cannot be installed.
            if manifest {
                add(manager, true, path);
            }
        }
        let named = |offers: &[Offer], manager| offers.iter().any(|one| one.manager == manager);
        let mut rest: Vec<(&'static str, String)> = Vec::new();
        if let Some(listing) = &self.listing {
            rest.push(("pip", listing.files[0].clone()));
        }
        if self.pipfile.is_some() {
            rest.extend(path::join(&self.directory, "Pipfile").map(|path| ("pipenv", path)));
        }
        if let Some(project) = &self.pyproject {
            let tool = ["pdm"].into_iter().find(|tool| project.tools.contains(tool));
            if project.poetry {
                rest.push(("poetry", project.path.clone()));
            } else if let Some(tool) = tool.filter(|_| project.declares()) {
                rest.push((tool, project.path.clone()));
            } else if project.declares() {
                rest.push(("pyproject", project.path.clone()));
            }
        }
        let declaring = self.setup.as_ref().filter(|setup| !setup.requirements.is_empty());
        let last = self.setup.as_ref().filter(|_| declaring.is_none());
        rest.extend(declaring.map(|setup| ("setuptools", setup.files[0].clone())));
        rest.extend(self.conda.as_ref().map(|conda| ("conda", conda.path.clone())));
        rest.extend(last.map(|setup| ("setuptools", setup.files[0].clone())));
        for (manager, path) in rest {
            if !named(&offers, manager) {
                offers.push(Offer { manager, locked: false, evidence: Evidence::file(&path) });
            }
        }
        offers
    }

    /// The nearest uv.lock, here or above, that has this directory among its
    /// members.
    fn workspace_lock(&mut self, tree: &Tree) -> Option<(String, lock::uv::Lock)> {
        self.pyproject.as_ref()?;
        for above in path::upwards(&self.directory.clone()) {
            let Some(path) = path::join(above, "uv.lock").filter(|path| tree.has(path)) else {
                continue;
            };
            let lock = self.noted(lock::uv::Lock::read(tree, &path).map(Some))?;
            let here = relative(&self.directory, above);
            let is_member = lock.members().any(|member| member == here);
            return (above == self.directory || is_member).then_some((path, lock));
        }
        None
    }

    fn noted<T>(&mut self, read: Result<Option<T>, Doubt>) -> Option<T> {
        read.unwrap_or_else(|doubt| {
            self.doubts.push(doubt);
            None
        })
    }
}

/// A directory as seen from one above it.
#[must_use]
pub fn relative(directory: &str, above: &str) -> String {
    if above == "." {
        return directory.to_owned();
    }
    let rest = directory.strip_prefix(above).unwrap_or(directory).trim_start_matches('/');
    if rest.is_empty() { ".".to_owned() } else { rest.to_owned() }
}

/// The requirements file that production installs from: the one a deploy file
/// names, otherwise the best by name.
fn listing(tree: &Tree, directory: &str, installs: &[Install]) -> Option<Listing> {
    let candidates = requirements::candidates(tree, directory);
    let deployed = installs
        .iter()
        .filter(|one| one.rank == super::installs::Rank::Deploy && one.manager == "pip")
        .filter_map(|one| one.file.clone())
        .find(|file| candidates.contains(file));
    let best = deployed.or_else(|| best_by_name(tree, &candidates))?;
    let listing = Listing::read(tree, &best);
    let says = !listing.requirements.is_empty() || listing.files.len() > 1;
    says.then_some(listing)
}

/// `requirements.txt`, unless production has a file that builds on it, or it
/// only leads to what is for development.
fn best_by_name(tree: &Tree, candidates: &[String]) -> Option<String> {
    let first = candidates.first()?;
    let plain = Listing::read(tree, first);
    let developing =
        plain.files[1..].iter().any(|file| super::name::is_development(path::file_name(file)));
    let others = candidates[1..].iter().filter(|file| {
        super::name::is_production(path::file_name(file)) && !plain.files.contains(file)
    });
    for other in others {
        let names = Listing::read(tree, other);
        let holds_all = plain
            .requirements
            .iter()
            .all(|one| names.requirements.iter().any(|other| other.name == one.name));
        if developing || holds_all {
            return Some(other.clone());
        }
    }
    Some(first.clone())
}
