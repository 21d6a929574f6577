//! The stack on disk beside the one that would be written: what of it is run,
//! and what a service would be written as.

use std::collections::BTreeSet;

use super::{Container, Deployment, Kind, Purpose, Standard, Subject};
use crate::lint::diagnostic::At;
use crate::relpath::parent;
use crate::schema::Role;
use crate::source::compose::{Item, Service, is_compose};
use crate::source::dockerfile::{Arguments, Image};

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

impl<'a> Comparison<'a> {
    /// The projects that are deployed: what `docker compose` takes at the top of
    /// the repository, and what has to be named there and is not for development.
    /// Under a standard from outside wherever they are.
    pub fn deployed(self) -> impl Iterator<Item = &'a Deployment> {
        let outputs = self.standard.plan.outputs.iter().map(|output| output.path.as_str());
        let planned: BTreeSet<&str> = outputs.filter(|path| is_compose(path)).map(parent).collect();
        let is_outside = self.standard.is_outside;
        self.now.deployments.iter().filter(move |own| {
            let directory = own.project.directory.as_str();
            let here = directory == "." || planned.contains(directory);
            let is_production = own.purpose == Purpose::Production;
            (here && own.by_itself) || (is_production && (here || is_outside))
        })
    }

    /// The containers of the projects that are deployed.
    pub fn containers(self) -> impl Iterator<Item = &'a Container> {
        self.deployed().flat_map(move |own| self.now.containers_of(own))
    }

    /// The containers that do what a role does: the one of its name, and all
    /// that are of its kind, whatever they are called.
    #[must_use]
    pub fn doing(self, role: Role) -> Vec<&'a Container> {
        let services = &self.standard.plan.answers.services;
        let name = services.get(&role).map_or("", String::as_str);
        // Broker and cache are of one kind.
        let of_another = |own: &Container| {
            services.iter().any(|(other, name)| {
                *other != role && kind_of(*other) == kind_of(role) && *name == own.name
            })
        };
        self.containers()
            .filter(|own| own.name == name || (own.kind == kind_of(role) && !of_another(own)))
            .collect()
    }

    /// The Dockerfiles that count: those that projects build, those that would
    /// be written, and the one at the top.
    pub(super) fn recipes(self) -> Vec<usize> {
        let built = self.containers().filter_map(|own| Some(self.now.build_of(own)?.recipe));
        let mut recipes: BTreeSet<usize> = built.collect();
        for (number, recipe) in self.now.recipes.iter().enumerate() {
            let path = self.now.path(recipe.text);
            let outputs = &self.standard.plan.outputs;
            let planned = outputs.iter().any(|output| output.path.as_str() == path);
            if planned || path.eq_ignore_ascii_case("Dockerfile") {
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
            let builds = self.now.builds.iter().filter(|own| own.recipe == number);
            let given = builds.map(|own| Some(&own.arguments));
            for arguments in given.chain([None]) {
                for (reference, span) in recipe.file.taken(arguments) {
                    let image = (reference, At::new(recipe.text, span));
                    if !taken.contains(&image) {
                        taken.push(image);
                    }
                }
            }
        }
        taken
    }

    /// Containers of files for development that would be written: what they share
    /// with the host is the host's wherever they run.
    pub fn developed(self) -> impl Iterator<Item = &'a Container> {
        let is_planned = move |own: &Deployment| {
            let outputs = &self.standard.plan.outputs;
            own.project
                .files
                .iter()
                .any(|file| outputs.iter().any(|output| output.path.as_str() == file.path))
        };
        let deployed: Vec<*const Deployment> = self.deployed().map(std::ptr::from_ref).collect();
        let others = self.now.deployments.iter();
        others
            .filter(move |own| !deployed.contains(&std::ptr::from_ref(*own)) && is_planned(own))
            .flat_map(move |own| self.now.containers_of(own))
    }

    /// What a service of these would be written as.
    #[must_use]
    pub fn developed_as(self, name: &str) -> Option<&'a Service> {
        let written = self.standard.written.deployments.iter();
        let of_development = written.filter(|own| own.purpose == Purpose::Development);
        of_development.flat_map(|own| &own.services).find(|own| own.name == name)
    }

    /// The services that would be written for production.
    pub fn written(self) -> impl Iterator<Item = &'a Service> {
        self.fresh().filter_map(move |own| Some(self.standard.written.composed(own)?.1))
    }

    /// The containers of these.
    fn fresh(self) -> impl Iterator<Item = &'a Container> {
        let written = &self.standard.written;
        let deployments = written.deployments.iter();
        deployments
            .filter(|own| own.purpose == Purpose::Production)
            .flat_map(move |own| written.containers_of(own))
    }

    /// What a container would be written as: what has its name, else what does
    /// the same work.
    #[must_use]
    pub fn counterpart(self, container: &Container) -> Option<&'a Container> {
        let is_known = !matches!(container.kind, Kind::Own | Kind::Tool | Kind::Other);
        let named = self.fresh().find(|own| own.name == container.name);
        named.or_else(|| self.fresh().find(|own| is_known && own.kind == container.kind))
    }

    /// The service that a container would be written as.
    #[must_use]
    pub fn written_as(self, container: &Container) -> Option<&'a Service> {
        let (_, service) = self.standard.written.composed(self.counterpart(container)?)?;
        Some(service)
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

/// What a container is that does a role's work.
const fn kind_of(role: Role) -> Kind {
    match role {
        Role::Web => Kind::Web,
        Role::Worker => Kind::Worker,
        Role::Beat => Kind::Beat,
        Role::Migrate => Kind::OneShot,
        Role::Db => Kind::Postgres,
        Role::Redis | Role::Cache => Kind::Redis,
        Role::Nginx => Kind::Nginx,
    }
}
