//! What judges look at: the effective stack as it stands on disk, and the one
//! that would be written now. What the repository keeps of earlier writes is
//! not asked: whoever edits a file can edit that as well.

use std::collections::{BTreeMap, BTreeSet};

use crate::answers::Draft;
use crate::apply::disk::{self, DiskState};
use crate::check::finding::{Finding, Kind};
use crate::error::Error;
use crate::lint::subject::{Container, Deployment, Kind as ContainerKind, Purpose, Subject};
use crate::plan::Plan;
use crate::plan::outputs::Syntax;
use crate::policy::Requirement;
use crate::project::Project;
use crate::relpath::RelPath;
use crate::render::Rendered;
use crate::schema::Role;
use crate::source::compose::{Item, Service};
use crate::source::dockerfile::{Arguments, Image};

/// A text with LF line ends.
#[derive(Clone, Debug)]
pub struct Text {
    /// Where it is.
    pub path: String,
    /// As it stands on disk.
    pub text: String,
    /// As it would be written now, where it would.
    pub pristine: Option<String>,
}

/// Everything that can be judged.
pub struct Scene<'a> {
    /// The repository.
    pub project: &'a Project,
    /// The answers.
    pub draft: &'a Draft,
    /// The plan.
    pub plan: &'a Plan,
    /// What stands on disk.
    pub now: Subject,
    /// What would be written now.
    pub written: Subject,
    /// The Dockerfiles and compose files as text.
    pub texts: Vec<Text>,
    /// What could not be read.
    pub unread: Vec<Finding>,
}

/// An image that is built and run.
pub struct Built<'s> {
    /// The Dockerfile's path.
    pub path: &'s str,
    /// The number of the Dockerfile.
    pub recipe: usize,
    /// The stage.
    pub stage: usize,
    /// What it adds up to.
    pub image: Image,
}

impl<'a> Scene<'a> {
    /// Reads the files.
    ///
    /// # Errors
    /// Files that are there and cannot be read.
    pub fn read(
        project: &'a Project,
        draft: &'a Draft,
        plan: &'a Plan,
        renders: &[Rendered],
    ) -> Result<Self, Error> {
        let now = Subject::files(&project.dir, BTreeMap::new())?;
        let nothing = tempfile::tempdir().map_err(|source| Error::Io {
            action: "create",
            path: std::env::temp_dir(),
            source,
        })?;
        let fresh = renders
            .iter()
            .filter_map(|render| Some((render.output.path.to_string(), lf(&render.bytes)?)));
        let written = Subject::files(nothing.path(), fresh.collect())?;
        let mut scene =
            Self { project, draft, plan, now, written, texts: Vec::new(), unread: Vec::new() };
        scene.look(renders)?;
        Ok(scene)
    }

    /// Reads what counts as text, and says what of it cannot be judged.
    fn look(&mut self, renders: &[Rendered]) -> Result<(), Error> {
        let mut paths: BTreeSet<String> = renders
            .iter()
            .filter(|render| matches!(render.output.syntax, Syntax::Dockerfile | Syntax::Yaml))
            .map(|render| render.output.path.to_string())
            .collect();
        for deployment in self.deployed() {
            paths.extend(deployment.project.files.iter().map(|file| file.path.clone()));
        }
        for recipe in self.recipes() {
            paths.insert(self.now.path(self.now.recipes[recipe].text).to_owned());
        }
        for path in paths {
            let fresh = renders.iter().find(|render| render.output.path.as_str() == path);
            let pristine = fresh.and_then(|render| lf(&render.bytes));
            let text = self.text(&path, pristine)?;
            self.texts.extend(text);
        }
        let counted: BTreeSet<&str> = self.texts.iter().map(|text| text.path.as_str()).collect();
        let unread: Vec<Finding> = self
            .now
            .unread
            .iter()
            .filter(|own| counted.contains(own.path.as_str()))
            .map(|own| {
                let message = format!("it could not be judged: {}", own.why);
                Finding::note("unread", message).in_file(&own.path).on_line(Some(own.line))
            })
            .collect();
        self.unread.extend(unread);
        Ok(())
    }

    /// The projects that are deployed: what `docker compose` takes at the top of
    /// the repository, and what has to be named there and is not for development.
    pub fn deployed(&self) -> impl Iterator<Item = &Deployment> {
        let planned: BTreeSet<&str> = self
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
    pub fn containers(&self) -> impl Iterator<Item = &Container> {
        self.deployed().flat_map(|own| self.now.containers_of(own))
    }

    /// The container that does what a role does: the one of its name, else the
    /// one that is of its kind.
    pub fn doing(&self, role: Role) -> Vec<&Container> {
        let name = self.plan.answers.services.get(&role).map_or("", String::as_str);
        let named: Vec<&Container> = self.containers().filter(|own| own.name == name).collect();
        if !named.is_empty() {
            return named;
        }
        let kind = match role {
            Role::Web => ContainerKind::Web,
            Role::Worker => ContainerKind::Worker,
            Role::Beat => ContainerKind::Beat,
            Role::Migrate => ContainerKind::OneShot,
            Role::Db => ContainerKind::Postgres,
            Role::Redis | Role::Cache => ContainerKind::Redis,
            Role::Nginx => ContainerKind::Nginx,
        };
        self.containers().filter(|own| own.kind == kind).collect()
    }

    /// The Dockerfiles that count: those that projects build, those that would
    /// be written, and the one at the top.
    fn recipes(&self) -> Vec<usize> {
        let built = self.containers().filter_map(|own| Some(self.now.build_of(own)?.recipe));
        let mut recipes: BTreeSet<usize> = built.collect();
        for (number, recipe) in self.now.recipes.iter().enumerate() {
            let path = self.now.path(recipe.text);
            let planned = self.plan.outputs.iter().any(|output| output.path.as_str() == path);
            if planned || path == "Dockerfile" {
                recipes.insert(number);
            }
        }
        recipes.into_iter().collect()
    }

    /// The images that are run: those that projects build, and the last stage of
    /// every Dockerfile that counts.
    pub fn built(&self) -> Vec<Built<'_>> {
        let mut built: Vec<Built<'_>> = Vec::new();
        let mut add = |recipe: usize, stage: usize, image: Image| {
            let path = self.now.path(self.now.recipes[recipe].text);
            let same = |own: &Built<'_>| {
                (own.recipe, own.stage) == (recipe, stage) && own.image.user == image.user
            };
            if !built.iter().any(same) {
                built.push(Built { path, recipe, stage, image });
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

    /// The line of an instruction.
    pub fn line(&self, built: &Built<'_>, instruction: usize) -> usize {
        let recipe = &self.now.recipes[built.recipe];
        self.now.texts[recipe.text].line(recipe.file.instructions[instruction].span.start)
    }

    /// Every image that Dockerfiles take from outside, with the path and the line
    /// that names it. What is not known stands as it is written.
    pub fn taken(&self) -> Vec<(String, String, usize)> {
        let mut taken = Vec::new();
        for number in self.recipes() {
            let recipe = &self.now.recipes[number];
            let text = &self.now.texts[recipe.text];
            let composed = self.now.builds.iter().find(|own| own.recipe == number);
            taken.extend(
                recipe
                    .file
                    .taken(composed.map(|own| &own.arguments))
                    .into_iter()
                    .map(|(reference, span)| (reference, text.path.clone(), text.line(span.start))),
            );
        }
        taken
    }

    /// The service that a service would be written as.
    pub fn written_as(&self, name: &str) -> Option<&Service> {
        let fresh =
            self.written.deployments.iter().filter(|own| own.purpose == Purpose::Production);
        fresh.flat_map(|own| &own.services).find(|own| own.name == name)
    }

    /// Where a value of a project stands: its path and its line.
    pub fn place(deployment: &Deployment, item: &Item) -> (String, usize) {
        let file = deployment.project.files.get(item.file).or(deployment.project.files.first());
        (file.map(|file| file.path.clone()).unwrap_or_default(), item.line.max(1))
    }

    /// Whether a value holds a variable that nobody here knows.
    pub fn is_open(deployment: &Deployment, item: &Item) -> bool {
        let unset = &deployment.project.unset;
        unset.iter().any(|own| (own.file, own.line) == (item.file, item.line))
    }

    /// A requirement that a container does not meet, at a key of its service.
    pub fn at(
        &self,
        requirement: &Requirement,
        container: &Container,
        item: Option<&Item>,
        message: &str,
    ) -> Finding {
        let Some((deployment, service)) = self.now.composed(container) else {
            return Finding::of(requirement, "", None, message);
        };
        let (path, line) = match item {
            Some(item) => Self::place(deployment, item),
            None => {
                let file = deployment.project.files.get(service.file);
                (file.map(|file| file.path.clone()).unwrap_or_default(), service.line)
            }
        };
        Finding::of(requirement, &path, Some(line), message)
    }

    /// Where the output that a preset calls by this path is.
    pub fn on_disk(&self, path: &RelPath) -> String {
        let output = self.plan.outputs.iter().find(|output| output.is(path));
        output.map_or(path, |output| &output.path).to_string()
    }

    fn unreadable(&mut self, path: &str, said: &str) {
        let message = format!("it could not be judged: {said}");
        self.unread.push(Finding::note("unread", message).in_file(path));
    }

    /// A file, if it is there and is text.
    pub fn text(&mut self, path: &str, pristine: Option<String>) -> Result<Option<Text>, Error> {
        let Ok(at) = RelPath::new(path) else {
            self.unreadable(path, "its path cannot be looked at");
            return Ok(None);
        };
        match disk::look(&self.project.dir, &at)? {
            DiskState::Absent => {}
            DiskState::Obstructed(obstacle) => self.unreadable(path, &format!("it {obstacle}")),
            DiskState::File { bytes, .. } => match lf(&bytes) {
                Some(text) => return Ok(Some(Text { path: path.to_owned(), text, pristine })),
                None => self.unreadable(path, "it is not UTF-8"),
            },
        }
        Ok(None)
    }
}

/// A finding that could not be judged: under a policy from outside, it fails.
#[must_use]
pub fn failing(finding: Finding) -> Finding {
    let message = match finding.rule.as_str() {
        "unread" => finding.message.clone(),
        _ => format!("it cannot be judged: {}", finding.message),
    };
    Finding { kind: Kind::Policy, message, ..finding }
}

fn lf(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?;
    Some(text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n"))
}
