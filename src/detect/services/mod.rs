//! What the application depends on and does: database, cache, broker, task
//! queues, start-up work, variables, ports, routes and the paths it writes.
//!
//! Takes the code that production imports (`project`), evaluates where values
//! go (`evaluate`, `binding`), and reads each fact off those bindings, the
//! dependencies, the commands and the container files. What starts the
//! application and what it installs is found elsewhere.

mod binding;
mod broker;
mod celery;
mod connections;
mod containers;
mod database;
pub mod front_end;
mod hubs;
mod in_process;
mod instances;
mod known_names;
mod migrations;
mod port;
mod project;
mod queues;
mod reads;
mod required;
mod routes;
mod scheme;
mod static_files;
pub(in crate::detect) mod tables;
mod uploads;
mod writable;

#[cfg(test)]
mod fixture;

use crate::detect::commands::Command;
use crate::detect::deps::Dependencies;
use crate::detect::facts::{Facts, Static};
use crate::detect::path;
use crate::detect::startup::Startup;
use crate::detect::tree::Tree;

use crate::detect::python::{Evaluator, Modules, Project};
use binding::Binding;
use containers::Containers;
use reads::Place;

/// What the services are found out from.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The files.
    pub tree: &'a Tree,
    /// What starts the application today.
    pub commands: &'a [Command],
    /// What production installs.
    pub dependencies: &'a Dependencies,
    /// What starts.
    pub startup: &'a Startup,
}

impl Context<'_> {
    /// The directory that processes run in, from which relative paths are.
    #[must_use]
    pub fn working_directory(&self) -> &str {
        let root = self.startup.root();
        let manager = self.dependencies.manager.value().map_or("", String::as_str);
        let manage = path::join(root, "manage.py").filter(|path| self.tree.has(path));
        path::working_directory(root, manager, manage.as_ref().map(|_| root))
    }
}

impl Facts {
    /// Makes the paths that the code writes relative to the build context.
    pub(super) fn in_context(&mut self) {
        let context = self.build_context.value().map_or(".", String::as_str);
        self.static_files = self.static_files.clone().map(|found| Static {
            root: found.root.as_deref().and_then(|path| inside(context, path)),
            ..found
        });
        self.writable.retain_mut(|(found, _)| match inside(context, &found.path) {
            Some(path) => {
                found.path = path;
                true
            }
            None => false,
        });
    }
}

/// A path relative to the build context, or an absolute one of the container;
/// `None` for one of the repository outside of the context.
fn inside(context: &str, path: &str) -> Option<String> {
    match context {
        _ if path.starts_with('/') => Some(path.to_owned()),
        "." => Some(path.to_owned()),
        context => Some(path.strip_prefix(context)?.strip_prefix('/')?.to_owned()),
    }
}

/// What each fact is read off.
struct Evidences<'p, 'a> {
    context: Context<'a>,
    project: &'p Project<'p, 'a>,
    evaluator: &'p Evaluator<'p, 'a>,
    bindings: Vec<Binding>,
    reads: Vec<Place>,
    containers: Containers,
}

impl Evidences<'_, '_> {
    /// Bindings that production reaches.
    fn live(&self) -> impl Iterator<Item = &Binding> {
        self.bindings.iter().filter(|binding| binding.live)
    }
}

/// Finds out what the application depends on and does: those of the facts, and no others.
#[must_use]
pub fn find(context: Context<'_>) -> Facts {
    if context.startup.instead.is_some() {
        return Facts::default();
    }
    with_evidences(context, of)
}

/// Paths that `GET` reaches without a parameter, as far as the code says.
#[must_use]
pub fn get_routes(context: Context<'_>) -> Vec<String> {
    if context.startup.instead.is_some() {
        return Vec::new();
    }
    with_evidences(context, routes::paths)
}

/// Reads the code, and gives what is found in it.
fn with_evidences<T>(context: Context<'_>, find: impl FnOnce(&Evidences<'_, '_>) -> T) -> T {
    let graph = Modules::rooted(context.tree, context.startup.root());
    let project = project::of(context, &graph);
    let evaluator = Evaluator::new(&project);
    let bindings = binding::collect(&evaluator);
    let reads = reads::collect(&evaluator);
    let containers = Containers::read(context.tree, context.startup.root());
    let evidences = Evidences {
        context,
        project: &project,
        evaluator: &evaluator,
        bindings,
        reads,
        containers,
    };
    find(&evidences)
}

fn of(evidences: &Evidences<'_, '_>) -> Facts {
    let (database, database_driver) = database::find(evidences);
    let celery = celery::find(evidences);
    let queues = queues::find(evidences);
    let (cache, broker) = broker::find(evidences, &celery, &queues);
    let known = connections::Known {
        database: &database,
        driver: &database_driver,
        cache: &cache,
        broker: &broker,
    };
    let connections = connections::find(evidences, &known);
    let static_files = static_files::find(evidences);
    let writable = writable::find(evidences, &database, &static_files);
    let (health, ready) = routes::find(evidences);
    let kind_of_migrations = migrations::find(evidences, &database);
    Facts {
        migrations_absent: migrations::are_absent(evidences, &kind_of_migrations),
        migrations: kind_of_migrations,
        migrations_stated: migrations::stated(evidences),
        static_files,
        connections,
        health,
        ready,
        writable,
        uploads: uploads::find(evidences),
        hubs: hubs::find(evidences),
        front_end: front_end::find(evidences),
        port: port::find(evidences),
        allowed_hosts: routes::allowed_hosts(evidences),
        in_process: in_process::find(evidences),
        websockets: in_process::websockets(evidences),
        layer_in_redis: in_process::layer_in_redis(evidences),
        required_env: required::find(evidences),
        database,
        database_driver,
        cache,
        broker,
        celery,
        queues,
        ..Facts::default()
    }
}

#[cfg(test)]
mod tests {
    use super::fixture::Repository;
    use crate::detect::fact::{Evidence, Fact};

    #[test]
    fn paths_in_the_facts_are_relative_to_the_build_context() {
        let main = "from flask import Flask\napp = Flask(__name__)\napp.config['UPLOAD_FOLDER'] = 'uploads'\n";
        let repository = Repository::new(&[("web/main.py", main)]).root("web");
        let mut facts = repository.starts("flask", "main:app").find();
        facts.build_context = Fact::known("web".to_owned(), Evidence::file("web/main.py"));
        facts.in_context();
        assert_eq!(facts.writable[0].0.path, "uploads");
    }
}
