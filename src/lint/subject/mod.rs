//! The effective stack of a directory: every container file in it, what each
//! image is made of, what each container runs and with which variables. Rules
//! ask here, and read no file themselves.

mod address;
pub mod amount;
mod branch;
pub mod cluster;
mod comparison;
mod container;
mod copied;
pub(in crate::lint) mod deployment;
mod developed;
mod doubt;
mod ending;
mod ignored;
mod launch;
mod limits;
mod load;
mod member;
mod options;
mod place;
mod server;
mod settings;
mod stages;
mod standard;
mod taken;
pub mod tasks;
#[cfg(test)]
mod tests;
mod upstream;

use std::collections::BTreeMap;
use std::sync::OnceLock;

pub use crate::catalog::Program;
use crate::detect::Facts;
pub use crate::detect::gunicorn::{Value, literal};
use crate::detect::tree::Tree;
use crate::lint::diagnostic::At;
use crate::lint::numbers::Numbers;
use crate::source::compose::project::Project;
use crate::source::compose::{Item, Service};
use crate::source::dockerfile::{Arguments, Dockerfile, Image, Instruction, Keyword};
use crate::source::dotenv;
use crate::source::nginx::Directive;
use crate::source::shell::Simple;
use crate::source::text::{Span, Text};
pub use address::{Address, is_local};
pub use cluster::{Cluster, Kustomization, Made, Manifest, Overlay, Refusal, Spot};
pub use comparison::{Built, Comparison};
pub use container::{Container, Kind, Variable};
pub use copied::{Copied, within};
pub use doubt::doubts;
pub use ignored::Ignored;
pub use launch::Step;
pub(crate) use load::CHART;
pub use member::{Member, listed};
pub use options::given;
pub(in crate::lint) use place::known;
pub use server::Server;
pub use settings::Config;
pub use stages::Outside;
pub use standard::{Counted, Held, Standard};
pub use taken::Taken;
pub use tasks::TaskFile;
pub use upstream::Passed;

/// What a file is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// It runs the service for its users.
    Production,
    /// It is for who works on the service, for tests, or an example.
    Development,
}

/// A Dockerfile.
#[derive(Debug)]
pub struct Recipe {
    /// The number of its text.
    pub text: usize,
    /// What it says.
    pub file: Dockerfile,
    /// What it is there for.
    pub purpose: Purpose,
}

/// An image that is built: a stage of a Dockerfile with a context.
#[derive(Debug)]
pub struct Build {
    /// The number of its Dockerfile.
    pub recipe: usize,
    /// The stage.
    pub stage: usize,
    /// What it adds up to.
    pub image: Image,
    /// The build arguments that it is given.
    pub arguments: Arguments,
    /// The directory it is built from, `.` for the top.
    pub context: String,
    /// What it is there for.
    pub purpose: Purpose,
    /// Whether it runs Python.
    pub is_python: bool,
    /// Whether a compose file builds it; else it is the Dockerfile's last stage.
    pub is_composed: bool,
}

/// One RUN, or the shell text of a RUN's here-document.
#[derive(Clone, Debug)]
pub struct Run {
    /// The number of the instruction.
    pub at: usize,
    /// The stage it stands in.
    pub stage: usize,
    /// Its commands.
    pub commands: Vec<Simple>,
}

/// A compose project.
#[derive(Debug)]
pub struct Deployment {
    /// What Compose loads.
    pub project: Project,
    /// The files that Compose is told, without those that they include or extend.
    pub paths: Vec<String>,
    /// For each of its files, the number of its text.
    pub texts: Vec<usize>,
    /// What it is there for.
    pub purpose: Purpose,
    /// Whether `docker compose up` takes it by itself.
    pub by_itself: bool,
    /// Whether what it starts is worked on: its application reloads, is built
    /// for development, or is told so. It counts as production all the same:
    /// nothing says that it is not what users get.
    pub is_developed: bool,
    /// What shows that it is worked on, for people.
    pub developed: &'static str,
    /// Its services, as they stand after merging.
    pub services: Vec<Service>,
}

/// nginx's configuration.
#[derive(Debug)]
pub struct Proxy {
    /// The number of its text.
    pub text: usize,
    /// Its directives.
    pub directives: Vec<Directive>,
}

/// An environment file.
#[derive(Debug)]
pub struct EnvFile {
    /// The number of its text.
    pub text: usize,
    /// What it assigns.
    pub entries: Vec<dotenv::Entry>,
    /// Whether it is an example that is filled in elsewhere.
    pub is_example: bool,
}

/// A file that could not be read as what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// Its path.
    pub path: String,
    /// The line.
    pub line: usize,
    /// What is wrong.
    pub why: String,
}

/// Everything that rules look at.
#[derive(Debug)]
pub struct Subject {
    /// The files of the directory.
    pub tree: Tree,
    /// The files that were read.
    pub texts: Vec<Text>,
    /// Dockerfiles.
    pub recipes: Vec<Recipe>,
    /// Images, each once.
    pub builds: Vec<Build>,
    /// Compose projects.
    pub deployments: Vec<Deployment>,
    /// What runs: the services of compose projects, and the images that no
    /// project builds.
    pub containers: Vec<Container>,
    /// What a Procfile starts. No rule judges it: a platform runs it.
    pub processes: Vec<Container>,
    /// nginx's configurations.
    pub proxies: Vec<Proxy>,
    /// Environment files.
    pub env_files: Vec<EnvFile>,
    /// `.dockerignore` by the context it is for.
    pub ignored: BTreeMap<String, Ignored>,
    /// gunicorn's settings.
    pub gunicorn: Vec<Config>,
    /// Django's settings: the module that production names, then those that it
    /// takes everything from.
    pub settings: Vec<Config>,
    /// Celery's settings, by the names that Celery has for them.
    pub celery: Vec<(String, Value, At)>,
    /// What the repository is, where it is a Python service.
    pub facts: Facts,
    /// Files of Kubernetes' objects.
    pub manifests: Vec<Manifest>,
    /// What kustomize reads.
    pub kustomizations: Vec<Kustomization>,
    /// What ECS is told to run.
    pub task_files: Vec<TaskFile>,
    /// What could not be judged.
    pub unread: Vec<Unread>,
    /// The machine it runs on, as far as who asks says it: `deploy.memory=8GiB`.
    pub machine: Vec<String>,
    /// The plan's numbers, made when a rule asks for them first.
    numbers: OnceLock<Option<Numbers>>,
    /// For each of nginx's configurations the containers that read it, by their
    /// numbers, and the path that it has there; looked up by a rule first.
    pub(in crate::lint) owners: OnceLock<Vec<Vec<(usize, String)>>>,
    /// What clusters are told to run; built when a rule asks for them first.
    clusters: OnceLock<Vec<Cluster>>,
    /// What it is held against, by a check.
    pub standard: Option<Box<Standard>>,
}

impl Subject {
    /// The plan's numbers for it, where it can be planned.
    pub fn numbers(&self) -> Option<&Numbers> {
        self.numbers.get_or_init(|| Numbers::of(self)).as_ref()
    }

    /// The path of a file.
    #[must_use]
    pub fn path(&self, text: usize) -> &str {
        &self.texts[text].path
    }

    /// The number of a file that was read, by its path.
    #[must_use]
    pub fn text_of(&self, path: &str) -> Option<usize> {
        self.texts.iter().position(|text| text.path == path)
    }

    /// The text of a place.
    #[must_use]
    pub fn slice(&self, at: At) -> &str {
        self.texts[at.text].slice(at.span)
    }

    /// The line of a place, from 1.
    #[must_use]
    pub fn line(&self, at: At) -> usize {
        self.texts[at.text].line(at.span.start)
    }

    /// Images that run for users.
    pub fn production_builds(&self) -> impl Iterator<Item = &Build> {
        self.builds.iter().filter(|build| build.purpose == Purpose::Production)
    }

    /// Projects that run for users.
    pub fn production_deployments(&self) -> impl Iterator<Item = &Deployment> {
        self.deployments.iter().filter(|own| own.purpose == Purpose::Production)
    }

    /// Containers that run for users.
    pub fn production_containers(&self) -> impl Iterator<Item = &Container> {
        self.containers.iter().filter(|own| own.purpose == Purpose::Production)
    }

    /// The image that a container is built as.
    #[must_use]
    pub fn build_of(&self, container: &Container) -> Option<&Build> {
        container.build.map(|build| &self.builds[build])
    }

    /// The Dockerfile of an image.
    #[must_use]
    pub fn file(&self, build: &Build) -> &Dockerfile {
        &self.recipes[build.recipe].file
    }

    /// The place of an instruction of an image.
    #[must_use]
    pub fn instruction(&self, build: &Build, number: usize) -> At {
        let recipe = &self.recipes[build.recipe];
        At::new(recipe.text, recipe.file.instructions[number].span)
    }

    /// The place of a part of an instruction: where `needle` stands in its
    /// arguments, else where the whole stands.
    #[must_use]
    pub fn within(&self, build: &Build, number: usize, needle: &str) -> At {
        let recipe = &self.recipes[build.recipe];
        let instruction = &recipe.file.instructions[number];
        match instruction.arguments.text.find(needle).filter(|_| !needle.is_empty()) {
            Some(at) => At::new(recipe.text, instruction.arguments.span(at, at + needle.len())),
            None => At::new(recipe.text, instruction.span),
        }
    }

    /// The FROM of the stage that ends up as an image.
    #[must_use]
    pub fn from_of(&self, build: &Build) -> At {
        let recipe = &self.recipes[build.recipe];
        At::new(recipe.text, recipe.file.instructions[recipe.file.stages[build.stage].first].span)
    }

    /// Every instruction that an image is made of, those of the stages below
    /// first, with its number.
    pub fn instructions<'s>(
        &'s self,
        build: &'s Build,
    ) -> impl Iterator<Item = (usize, &'s Instruction)> {
        let file = self.file(build);
        build.image.stages.iter().flat_map(move |stage| file.of_stage(*stage))
    }

    /// Every RUN that an image is made of, with its commands.
    #[must_use]
    pub fn runs(&self, build: &Build) -> Vec<Run> {
        self.instructions(build).filter_map(|(at, _)| self.run(build, at)).collect()
    }

    /// A RUN of an image's Dockerfile, by its number.
    #[must_use]
    pub fn run(&self, build: &Build, at: usize) -> Option<Run> {
        let recipe = &self.recipes[build.recipe];
        let own = recipe.file.instructions.get(at).filter(|own| own.keyword == Keyword::Run)?;
        let commands = own.commands(&self.texts[recipe.text].text);
        Some(Run { at, stage: recipe.file.stage_of(at).unwrap_or(0), commands })
    }

    /// The place of a value of a compose file: its own text, or its line.
    #[must_use]
    pub fn item(&self, deployment: &Deployment, item: &Item) -> At {
        let text = deployment.texts.get(item.file).copied().unwrap_or(deployment.texts[0]);
        match item.span.filter(|(start, end)| end > start) {
            Some((start, end)) => At::new(text, Span::new(start, end)),
            None => self.line_at(text, item.line),
        }
    }

    /// The place of a service's name.
    #[must_use]
    pub fn service(&self, deployment: &Deployment, service: &Service) -> At {
        let text = deployment.texts.get(service.file).copied().unwrap_or(deployment.texts[0]);
        self.line_at(text, service.line)
    }

    /// A line of a file, without the blanks before it.
    #[must_use]
    pub fn line_at(&self, text: usize, line: usize) -> At {
        let span = self.texts[text].line_span(line);
        let own = self.texts[text].slice(span);
        let blank = own.len() - own.trim_start().len();
        At::new(text, Span::new(span.start + blank, span.end))
    }

    /// The service of a container, with its project.
    #[must_use]
    pub fn composed(&self, container: &Container) -> Option<(&Deployment, &Service)> {
        let (deployment, service) = container.service?;
        let deployment = &self.deployments[deployment];
        Some((deployment, &deployment.services[service]))
    }

    /// Where to say something about a container: its service, or its image.
    #[must_use]
    pub fn container_at(&self, container: &Container) -> At {
        match (self.composed(container), self.build_of(container)) {
            (Some((deployment, service)), _) => self.service(deployment, service),
            (None, Some(build)) => self.from_of(build),
            (None, None) => At::file(0),
        }
    }

    /// The containers of a project.
    pub fn containers_of<'s>(
        &'s self,
        deployment: &'s Deployment,
    ) -> impl Iterator<Item = &'s Container> {
        self.containers.iter().filter(move |own| {
            own.service
                .is_some_and(|(of, _)| std::ptr::eq(&raw const self.deployments[of], deployment))
        })
    }

    /// What the `.dockerignore` of a context leaves out.
    #[must_use]
    pub fn ignored_in(&self, context: &str) -> Option<&Ignored> {
        self.ignored.get(context)
    }

    /// Whether a Dockerfile has a `.dockerignore` of its own name, which then
    /// counts instead of the context's.
    #[must_use]
    pub fn has_own_ignore(&self, build: &Build) -> bool {
        let path = self.path(self.recipes[build.recipe].text);
        self.tree.has(&format!("{path}.dockerignore"))
    }

    /// The `.dockerignore` that an image is built with, where it is the context's.
    #[must_use]
    pub fn ignored_by(&self, build: &Build) -> Option<&Ignored> {
        if self.has_own_ignore(build) { None } else { self.ignored_in(&build.context) }
    }
}
