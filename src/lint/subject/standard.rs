//! The standard that a repository is held against: what is required of it, and
//! the stack that would be written now. What the repository keeps of earlier
//! writes is not asked: whoever edits a file can edit that as well.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::{Container, Deployment, Kind, Purpose, Subject, Unread};
use crate::answers::Draft;
use crate::apply::disk::{self, DiskState};
use crate::error::Error;
use crate::lint::diagnostic::At;
use crate::plan::Plan;
use crate::plan::outputs::Syntax;
use crate::policy::{Constraint, Requirement};
use crate::relpath::RelPath;
use crate::render::Rendered;
use crate::schema::Role;
use crate::source::compose::{Item, Service};
use crate::source::dockerfile::{Arguments, Image};
use crate::source::text::Text;

/// What a repository is held against.
#[derive(Debug)]
pub struct Standard {
    /// What has to hold; rules name one by its number.
    pub requirements: Vec<Requirement>,
    /// The answers.
    pub draft: Draft,
    /// The plan that follows from them.
    pub plan: Plan,
    /// Whether the repository takes only some of the files.
    pub is_partial: bool,
    /// What would be written now.
    pub written: Subject,
    /// The files that are judged as text.
    pub counted: Vec<Counted>,
    /// What of these could not be read.
    pub unread: Vec<Unread>,
}

/// A file that is judged as text: a Dockerfile, a compose file, one that a
/// requirement names.
#[derive(Debug)]
pub struct Counted {
    /// The number of its text; an empty one stands for a file that is not there.
    pub text: usize,
    /// Whether it is there, as text.
    pub is_there: bool,
    /// As it would be written now, with LF line ends, where it would.
    pub pristine: Option<String>,
}

/// The stack on disk beside the one that would be written.
#[derive(Clone, Copy)]
pub struct Comparison<'a> {
    /// What stands on disk.
    pub now: &'a Subject,
    /// What it is held against.
    pub standard: &'a Standard,
}

/// An image that is built and run.
pub struct Built {
    /// The number of the Dockerfile.
    pub recipe: usize,
    /// The stage.
    pub stage: usize,
    /// What it adds up to.
    pub image: Image,
}

impl Subject {
    /// Reads the container files of a repository, to be held against
    /// requirements.
    ///
    /// # Errors
    /// Files that are there and cannot be read.
    pub fn against(
        directory: &Path,
        requirements: Vec<Requirement>,
        draft: &Draft,
        plan: &Plan,
        is_partial: bool,
        renders: &[Rendered],
    ) -> Result<Self, Error> {
        let mut now = Self::files(directory, BTreeMap::new())?;
        let nothing = tempfile::tempdir().map_err(|source| Error::Io {
            action: "create",
            path: std::env::temp_dir(),
            source,
        })?;
        let fresh = renders
            .iter()
            .filter_map(|render| Some((render.output.path.to_string(), lf(&render.bytes)?)));
        let written = Self::files(nothing.path(), fresh.collect())?;
        let mut standard = Standard {
            requirements,
            draft: draft.clone(),
            plan: plan.clone(),
            is_partial,
            written,
            counted: Vec::new(),
            unread: Vec::new(),
        };
        standard.count(directory, &mut now, renders)?;
        now.standard = Some(Box::new(standard));
        Ok(now)
    }

    /// The stack beside the one that would be written, where it is held against
    /// a standard.
    #[must_use]
    pub fn compared(&self) -> Option<Comparison<'_>> {
        self.standard.as_deref().map(|standard| Comparison { now: self, standard })
    }
}

impl Standard {
    /// Reads what counts as text, and says what of it cannot be judged.
    fn count(
        &mut self,
        directory: &Path,
        now: &mut Subject,
        renders: &[Rendered],
    ) -> Result<(), Error> {
        let mut paths: BTreeSet<String> = renders
            .iter()
            .filter(|render| matches!(render.output.syntax, Syntax::Dockerfile | Syntax::Yaml))
            .map(|render| render.output.path.to_string())
            .collect();
        let compared = Comparison { now, standard: self };
        for deployment in compared.deployed() {
            paths.extend(deployment.project.files.iter().map(|file| file.path.clone()));
        }
        paths.extend(
            compared
                .recipes()
                .into_iter()
                .map(|recipe| now.path(now.recipes[recipe].text).to_owned()),
        );
        self.unread = now.unread.iter().filter(|own| paths.contains(&own.path)).cloned().collect();
        let named: Vec<String> = self
            .requirements
            .iter()
            .filter_map(|own| match &own.constraint {
                Constraint::Lines { path, .. } => Some(self.on_disk(path)),
                _ => None,
            })
            .collect();
        paths.extend(named);
        for path in paths {
            let fresh = renders.iter().find(|render| render.output.path.as_str() == path);
            let pristine = fresh.and_then(|render| lf(&render.bytes));
            let read = self.text(directory, &path)?;
            let is_there = read.is_some();
            let text = now.text_of(&path).unwrap_or_else(|| {
                now.texts.push(Text::new(&*path, read.unwrap_or_default()));
                now.texts.len() - 1
            });
            self.counted.push(Counted { text, is_there, pristine });
        }
        Ok(())
    }

    /// A file, if it is there and is text.
    fn text(&mut self, directory: &Path, path: &str) -> Result<Option<String>, Error> {
        let why = match RelPath::new(path) {
            Err(_) => "its path cannot be looked at".to_owned(),
            Ok(at) => match disk::look(directory, &at)? {
                DiskState::Absent => return Ok(None),
                DiskState::Obstructed(obstacle) => format!("it {obstacle}"),
                DiskState::File { bytes, .. } => match lf(&bytes) {
                    Some(text) => return Ok(Some(text)),
                    None => "it is not UTF-8".to_owned(),
                },
            },
        };
        self.unread.push(Unread { path: path.to_owned(), line: 0, why });
        Ok(None)
    }

    /// Where the output that a preset calls by this path is.
    #[must_use]
    pub fn on_disk(&self, path: &RelPath) -> String {
        let output = self.plan.outputs.iter().find(|output| output.is(path));
        output.map_or(path, |output| &output.path).to_string()
    }
}

impl<'a> Comparison<'a> {
    /// The projects that are deployed: what `docker compose` takes at the top of
    /// the repository, and what has to be named there and is not for development.
    pub fn deployed(self) -> impl Iterator<Item = &'a Deployment> {
        let planned: BTreeSet<&str> = self
            .standard
            .plan
            .outputs
            .iter()
            .filter_map(|output| output.path.as_str().rsplit_once('/'))
            .map(|(directory, _)| directory)
            .collect();
        self.now.deployments.iter().filter(move |own| {
            let here = own.project.directory == "." || planned.contains(&*own.project.directory);
            here && (own.by_itself || own.purpose == Purpose::Production)
        })
    }

    /// The containers of the projects that are deployed.
    pub fn containers(self) -> impl Iterator<Item = &'a Container> {
        self.deployed().flat_map(move |own| self.now.containers_of(own))
    }

    /// The container that does what a role does: the one of its name, else the
    /// one that is of its kind.
    #[must_use]
    pub fn doing(self, role: Role) -> Vec<&'a Container> {
        let name = self.standard.plan.answers.services.get(&role).map_or("", String::as_str);
        let named: Vec<&Container> = self.containers().filter(|own| own.name == name).collect();
        if !named.is_empty() {
            return named;
        }
        let kind = match role {
            Role::Web => Kind::Web,
            Role::Worker => Kind::Worker,
            Role::Beat => Kind::Beat,
            Role::Migrate => Kind::OneShot,
            Role::Db => Kind::Postgres,
            Role::Redis | Role::Cache => Kind::Redis,
            Role::Nginx => Kind::Nginx,
        };
        self.containers().filter(|own| own.kind == kind).collect()
    }

    /// The Dockerfiles that count: those that projects build, those that would
    /// be written, and the one at the top.
    fn recipes(self) -> Vec<usize> {
        let built = self.containers().filter_map(|own| Some(self.now.build_of(own)?.recipe));
        let mut recipes: BTreeSet<usize> = built.collect();
        for (number, recipe) in self.now.recipes.iter().enumerate() {
            let path = self.now.path(recipe.text);
            let outputs = &self.standard.plan.outputs;
            let planned = outputs.iter().any(|output| output.path.as_str() == path);
            if planned || path == "Dockerfile" {
                recipes.insert(number);
            }
        }
        recipes.into_iter().collect()
    }

    /// The images that are run: those that projects build, and the last stage of
    /// every Dockerfile that counts.
    #[must_use]
    pub fn built(self) -> Vec<Built> {
        let mut built: Vec<Built> = Vec::new();
        let mut add = |recipe: usize, stage: usize, image: Image| {
            let same = |own: &Built| {
                (own.recipe, own.stage) == (recipe, stage) && own.image.user == image.user
            };
            if !built.iter().any(same) {
                built.push(Built { recipe, stage, image });
            }
        };
        for own in self.containers().filter_map(|own| self.now.build_of(own)) {
            add(own.recipe, own.stage, own.image.clone());
        }
        for recipe in self.recipes() {
            let file = &self.now.recipes[recipe].file;
            if let Some(stage) = file.stage(None) {
                add(recipe, stage, file.image(stage, &Arguments::new()));
            }
        }
        built
    }

    /// The place of an instruction.
    #[must_use]
    pub fn instruction(self, built: &Built, number: usize) -> At {
        let recipe = &self.now.recipes[built.recipe];
        At::new(recipe.text, recipe.file.instructions[number].span)
    }

    /// Every image that Dockerfiles take from outside, with the place that names
    /// it. What is not known stands as it is written.
    #[must_use]
    pub fn taken(self) -> Vec<(String, At)> {
        let mut taken = Vec::new();
        for number in self.recipes() {
            let recipe = &self.now.recipes[number];
            let composed = self.now.builds.iter().find(|own| own.recipe == number);
            let images = recipe.file.taken(composed.map(|own| &own.arguments)).into_iter();
            taken.extend(images.map(|(reference, span)| (reference, At::new(recipe.text, span))));
        }
        taken
    }

    /// The service that a service would be written as.
    #[must_use]
    pub fn written_as(self, name: &str) -> Option<&'a Service> {
        let fresh = self
            .standard
            .written
            .deployments
            .iter()
            .filter(|own| own.purpose == Purpose::Production);
        fresh.flat_map(|own| &own.services).find(|own| own.name == name)
    }

    /// Whether a value holds a variable that nobody here knows.
    #[must_use]
    pub fn is_open(deployment: &Deployment, item: &Item) -> bool {
        let unset = &deployment.project.unset;
        unset.iter().any(|own| (own.file, own.line) == (item.file, item.line))
    }

    /// Where something about a container stands: a value of its service, else
    /// the service.
    #[must_use]
    pub fn at(self, container: &Container, item: Option<&Item>) -> At {
        match (self.now.composed(container), item) {
            (Some((deployment, _)), Some(item)) => self.now.item(deployment, item),
            _ => self.now.container_at(container),
        }
    }
}

fn lf(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?;
    Some(text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n"))
}
