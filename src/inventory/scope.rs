//! Which of a repository's files are its deployment: a compose project with the
//! images it builds, the scripts these start and the configurations its proxies
//! read; without a project an image that runs by itself. A Dockerfile or a
//! configuration that gets another text counts whoever reads it: what it said goes.

use std::collections::{BTreeMap, BTreeSet};

use super::Item;
use super::items;
use crate::lint::Subject;
use crate::lint::rules::owners;
use crate::lint::subject::{Container, Deployment, Kind, Proxy, Purpose};
use crate::plan::Plan;

/// The compose file, by the name it usually has.
const COMPOSE: &str = "compose.yaml";

/// A deployment: the part of a subject that is one.
#[derive(Debug)]
pub struct Scope<'s> {
    /// What was read.
    pub(super) subject: &'s Subject,
    /// The project.
    pub(super) deployment: Option<&'s Deployment>,
    /// What runs.
    pub(super) containers: Vec<&'s Container>,
    /// How many of these are the project's, or run by themselves: those behind are of
    /// other projects, and have the image of a Dockerfile that gets another text.
    own: usize,
    /// Dockerfiles, by their numbers.
    pub(super) recipes: Vec<usize>,
    /// Texts of scripts, by their numbers.
    pub(super) scripts: Vec<usize>,
    /// Configurations of nginx.
    pub(super) proxies: Vec<&'s Proxy>,
    /// Everything it says.
    pub(super) items: Vec<Item>,
}

impl<'s> Scope<'s> {
    /// The deployment that the plan takes the place of: the compose file it goes on
    /// from, else a file that gets another text, else the only image that serves.
    pub(super) fn of_old(
        subject: &'s Subject,
        plan: &Plan,
        texts: &BTreeMap<String, String>,
    ) -> Self {
        // Where no compose file is written, the one that is there goes on as it is.
        let is_composed = plan.outputs.iter().any(|own| own.usual.as_str() == COMPOSE);
        let carry = plan.carry.as_ref().filter(|_| is_composed);
        let carried = carry.map(|own| own.carried.file.as_str());
        let is_first = |own: &&Deployment, path: &str| subject.path(own.texts[0]) == path;
        let of_plan =
            carried.and_then(|path| subject.deployments.iter().find(|own| is_first(own, path)));
        let replaced = || {
            let own =
                |own: &&Deployment| texts.contains_key(subject.path(own.texts[0])) && own.by_itself;
            subject.deployments.iter().find(own)
        };
        Self::new(subject, of_plan.or_else(replaced), &|path| texts.contains_key(path))
    }

    /// The deployment that the plan's files are.
    pub(super) fn of_new(
        subject: &'s Subject,
        plan: &Plan,
        texts: &BTreeMap<String, String>,
    ) -> Self {
        let output = plan.outputs.iter().find(|own| own.usual.as_str() == COMPOSE);
        let is_ours = |own: &&Deployment| {
            output.is_some_and(|output| subject.path(own.texts[0]) == output.path.as_str())
        };
        let deployment = subject.deployments.iter().find(is_ours);
        // What is written as it was, beside the new files, is no part of these.
        let is_planned = |path: &str| {
            texts.contains_key(path) && plan.outputs.iter().any(|own| own.path.as_str() == path)
        };
        Self::new(subject, deployment, &is_planned)
    }

    fn new(
        subject: &'s Subject,
        deployment: Option<&'s Deployment>,
        is_written: &dyn Fn(&str) -> bool,
    ) -> Self {
        let containers: Vec<&Container> = match deployment {
            Some(own) => subject.containers_of(own).collect(),
            None => lone(subject, is_written),
        };
        let mut containers = containers;
        let recipe = |own: &&Container| subject.build_of(own).map(|build| build.recipe);
        let mut recipes: BTreeSet<usize> = containers.iter().filter_map(recipe).collect();
        let mut scripts = BTreeSet::new();
        containers.iter().for_each(|own| scripts.extend(own.scripts()));
        let own = containers.len();
        let written = |recipe: &usize| is_written(subject.path(subject.recipes[*recipe].text));
        for number in (0..subject.recipes.len()).filter(written) {
            if recipes.insert(number) {
                let built = subject.containers.iter();
                containers.extend(built.filter(|own| recipe(own) == Some(number)));
            }
        }
        // What the image starts is its own, what a project lets it start is not.
        for beside in &containers[own..] {
            let first = beside.steps.iter().find(|step| step.script.is_none());
            let is_its_own = beside.service.is_none()
                || first.is_some_and(|step| recipe_text(subject, beside) == Some(step.at.text));
            if is_its_own {
                scripts.extend(beside.scripts());
            }
        }
        let reads = |proxy: &&Proxy| {
            owners(subject, proxy).iter().any(|(member, _)| {
                containers[..own].iter().any(|container| std::ptr::eq(*container, member.container))
            }) || is_written(subject.path(proxy.text))
        };
        let proxies: Vec<&Proxy> = subject.proxies.iter().filter(reads).collect();
        let mut scope = Self {
            subject,
            deployment,
            containers,
            own,
            recipes: recipes.into_iter().collect(),
            scripts: scripts.into_iter().collect(),
            proxies,
            items: Vec::new(),
        };
        scope.items = items::of(&scope);
        scope
    }

    /// Whether nothing is deployed.
    pub(super) fn is_empty(&self) -> bool {
        self.deployment.is_none()
            && self.containers.is_empty()
            && self.recipes.is_empty()
            && self.proxies.is_empty()
    }

    /// The containers of the deployment itself.
    pub(super) fn own(&self) -> &[&'s Container] {
        &self.containers[..self.own]
    }

    /// Whether a container is a service of the project.
    pub(super) fn is_composed(&self, container: &Container) -> bool {
        self.deployment.is_some() && self.own().iter().any(|own| std::ptr::eq(*own, container))
    }

    /// A container by the name of its service.
    pub(super) fn container(&self, name: &str) -> Option<&'s Container> {
        self.containers.iter().copied().find(|own| own.name == name)
    }

    /// The one that serves the application.
    pub(super) fn web(&self) -> Option<&'s Container> {
        self.containers.iter().copied().find(|own| own.kind == crate::lint::subject::Kind::Web)
    }
}

/// The Dockerfile that a container's image is built from.
fn recipe_text(subject: &Subject, container: &Container) -> Option<usize> {
    subject.build_of(container).map(|build| subject.recipes[build.recipe].text)
}

/// Images that no project runs, of a Dockerfile that gets another text where there is
/// such, else of the one that serves; without any, what a Procfile starts.
fn lone<'s>(subject: &'s Subject, is_written: &dyn Fn(&str) -> bool) -> Vec<&'s Container> {
    let alone = subject.containers.iter().filter(|own| own.service.is_none());
    let recipe = |own: &&Container| {
        let build = subject.build_of(own);
        build.is_some_and(|build| is_written(subject.path(subject.recipes[build.recipe].text)))
    };
    let written: Vec<&Container> = alone.clone().filter(recipe).collect();
    if !written.is_empty() {
        return written;
    }
    let serves = |own: &&Container| own.kind == Kind::Web && own.purpose == Purpose::Production;
    let serving: Vec<&Container> = alone.filter(serves).take(1).collect();
    match serving.is_empty() {
        true => subject.processes.iter().collect(),
        false => serving,
    }
}
