//! Reads everything that a subject holds.

mod files;
mod hidden;
mod images;
mod manifests;
mod published;
mod services;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

pub(crate) use manifests::CHART;

use super::{Config, Subject, Unread, settings};
use crate::detect::tree::Tree;
use crate::detect::{self, Facts, Wishes};
use crate::error::Error;
use crate::source::compose::is_compose;
use crate::source::dockerfile::is_dockerfile;
use crate::source::path;
use crate::source::text::{self, Text};

/// Largest container file that is read, in bytes.
const CAP: u64 = 4 << 20;

impl Subject {
    /// Reads a directory.
    ///
    /// # Errors
    /// When the directory itself cannot be read.
    pub fn read(directory: &Path) -> Result<Self, Error> {
        Self::with(directory, BTreeMap::new())
    }

    /// Reads the container files of a directory alone, as if some of its files held
    /// other texts; what the code in it is stays open.
    ///
    /// # Errors
    /// When the directory itself cannot be read.
    pub fn files(directory: &Path, overlay: BTreeMap<String, String>) -> Result<Self, Error> {
        let mut tree = Tree::list(directory)?;
        for (path, text) in &overlay {
            tree.put(path, text);
        }
        Ok(Loader::new(tree, Facts::default(), overlay).load())
    }

    /// Reads a directory as if some of its files held other texts.
    ///
    /// # Errors
    /// When the directory itself cannot be read.
    pub fn with(directory: &Path, overlay: BTreeMap<String, String>) -> Result<Self, Error> {
        Ok(Self::of(Tree::read(directory)?, overlay))
    }

    /// The same, with environment files as if they were there: git leaves them out, so
    /// that none of them is among the files.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn given(
        directory: &Path,
        overlay: BTreeMap<String, String>,
        environment: &BTreeMap<String, String>,
    ) -> Result<Self, Error> {
        Ok(Self::laid(Tree::read(directory)?, overlay, environment))
    }

    /// Reads files that were walked, as if some of them held other texts.
    #[must_use]
    pub fn of(tree: Tree, overlay: BTreeMap<String, String>) -> Self {
        Self::laid(tree, overlay, &BTreeMap::new())
    }

    fn laid(
        mut tree: Tree,
        mut overlay: BTreeMap<String, String>,
        environment: &BTreeMap<String, String>,
    ) -> Self {
        for (path, text) in &overlay {
            tree.put(path, text);
        }
        let facts = detect::of_tree(&tree, &Wishes::default());
        for (path, text) in environment {
            overlay.entry(path.clone()).or_insert_with(|| text.clone());
        }
        Loader::new(tree, facts, overlay).load()
    }
}

struct Loader {
    subject: Subject,
    /// Texts that stand for those on disk.
    overlay: BTreeMap<String, String>,
    /// Compose files that no name tells.
    stacks: Vec<String>,
}

impl Loader {
    fn new(tree: Tree, facts: Facts, overlay: BTreeMap<String, String>) -> Self {
        Self {
            overlay,
            stacks: Vec::new(),
            subject: Subject {
                tree,
                texts: Vec::new(),
                recipes: Vec::new(),
                builds: Vec::new(),
                deployments: Vec::new(),
                containers: Vec::new(),
                processes: Vec::new(),
                proxies: Vec::new(),
                env_files: Vec::new(),
                ignored: BTreeMap::new(),
                gunicorn: Vec::new(),
                settings: Vec::new(),
                celery: Vec::new(),
                facts,
                manifests: Vec::new(),
                kustomizations: Vec::new(),
                task_files: Vec::new(),
                unread: Vec::new(),
                machine: Vec::new(),
                numbers: OnceLock::new(),
                owners: OnceLock::new(),
                clusters: OnceLock::new(),
                standard: None,
            },
        }
    }

    fn load(mut self) -> Subject {
        let paths: Vec<String> = self.subject.tree.paths().map(str::to_owned).collect();
        for path in &paths {
            self.file(path);
        }
        let closed = self.subject.tree.unreadable().iter();
        let closed = closed.filter(|own| is_dockerfile(&own.path) || is_compose(&own.path));
        let closed: Vec<Unread> = closed
            .map(|own| Unread { path: own.path.clone(), line: 1, why: own.why.clone() })
            .collect();
        for own in closed {
            if !self.subject.unread.iter().any(|other| other.path == own.path) {
                self.subject.unread.push(own);
            }
        }
        self.templates(&paths);
        self.env_file(".env");
        self.examples(&paths);
        self.deployments();
        for number in 0..self.subject.deployments.len() {
            self.services(number);
        }
        for number in 0..self.subject.deployments.len() {
            let why = self.subject.finds_developed(number);
            let own = &mut self.subject.deployments[number];
            (own.is_developed, own.developed) = (why.is_some(), why.unwrap_or_default());
        }
        self.subject.include_developed();
        self.lone_images();
        self.processes();
        self.contexts();
        self.code();
        // What is no text is said of its file, which then has none.
        let unread: Vec<String> = self.subject.unread.iter().map(|own| own.path.clone()).collect();
        for path in unread {
            if self.subject.text_of(&path).is_none() {
                self.subject.texts.push(Text::new(path, ""));
            }
        }
        self.subject
    }

    /// A text, read once; its number. One that cannot be read is not judged.
    fn text(&mut self, path: &str) -> Option<usize> {
        self.read(path).unwrap_or_else(|why| {
            self.subject.unread.push(Unread { path: path.to_owned(), line: 1, why });
            None
        })
    }

    /// A text, read once; its number, or why it cannot be read.
    fn read(&mut self, path: &str) -> Result<Option<usize>, String> {
        if let Some(known) = self.subject.text_of(path) {
            return Ok(Some(known));
        }
        let text = read(self.subject.tree.base(), &self.overlay, path)?;
        Ok(text.map(|text| {
            self.subject.texts.push(Text::new(path, text));
            self.subject.texts.len() - 1
        }))
    }

    /// The code that rules ask about: settings, and the lines that facts rest on.
    fn code(&mut self) {
        let facts = &self.subject.facts;
        let chain: Vec<String> = detect::readiness::settings_chain(&self.subject.tree, facts)
            .iter()
            .map(|module| module.path.clone())
            .collect();
        let root = facts.root.value().map_or(".", String::as_str);
        let celery = facts.celery.value().and_then(|own| {
            let module = own.app.split(':').next().unwrap_or(&own.app);
            self.subject.tree.module_path(root, module)
        });
        let lines = facts.writable.iter().map(|(_, lines)| lines);
        let lines = lines.chain(facts.required_env.iter().map(|(_, lines)| lines)).flatten();
        let lines = lines.chain(facts.database.evidence()).chain(facts.python.evidence());
        let mut paths: Vec<String> = lines.map(|own| own.path.clone()).collect();
        let says = |text: &str| {
            ["create_engine(", "create_async_engine(", "MAX_CONTENT_LENGTH"]
                .iter()
                .any(|word| text.contains(word))
        };
        let modules = self.subject.tree.modules().filter(|own| says(own.text()));
        paths.extend(modules.map(|own| own.path.clone()));
        paths.extend(facts.readiness.iter().map(|own| own.path.clone()));
        paths.extend(facts.dependency_files.value().into_iter().flatten().cloned());
        let stated = ["pyproject.toml", ".python-version"];
        paths.extend(stated.iter().filter_map(|name| detect::path::join(root, name)));
        for path in &chain {
            let Some(number) = self.quiet(path) else { continue };
            let text = &self.subject.texts[number];
            let (settings, celery) =
                (Config::of_settings(number, text), settings::celery(number, text));
            self.subject.settings.push(settings);
            // What is nearer is looked up last.
            self.subject.celery.splice(0..0, celery);
        }
        if let Some(number) = celery.as_deref().and_then(|path| self.quiet(path)) {
            let own = settings::celery(number, &self.subject.texts[number]);
            self.subject.celery.extend(own);
        }
        for path in paths {
            self.quiet(&path);
        }
    }

    /// A text that is not judged itself: one that cannot be read is left out.
    fn quiet(&mut self, path: &str) -> Option<usize> {
        self.read(path).ok().flatten()
    }
}

/// A file's text. Only plain files are read, and never through a link out.
fn read(
    base: &Path,
    overlay: &BTreeMap<String, String>,
    path: &str,
) -> Result<Option<String>, String> {
    if let Some(text) = overlay.get(path) {
        return Ok(Some(text.clone()));
    }
    let whole = base.join(path);
    let Ok(metadata) = fs::metadata(&whole) else { return Ok(None) };
    // Compose passes over a directory of env files that is called `.env`.
    if metadata.is_dir() {
        return Ok(None);
    }
    if !metadata.is_file() {
        return Err("it is no plain file".to_owned());
    }
    if metadata.len() > CAP {
        return Err("it is larger than 4 MiB".to_owned());
    }
    let inside = path::canonical(&whole).is_ok_and(|real| real.starts_with(base));
    if !inside {
        return Err("it is a link out of the directory".to_owned());
    }
    let bytes = text::bytes(&whole).map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map(Some).map_err(|_| "it is not UTF-8".to_owned())
}
