//! Detection: what a repository is, read and parsed, never imported or run.
//!
//! ```text
//! directory ──tree──▶ files ──commands──▶ what starts it today ─┐
//!                       ├─────deps──▶ what it installs ─────────┼─app─▶ what starts ─services─▶ Facts
//!                       └─────python──▶ syntax trees ───────────┘
//! ```

pub mod commands;
pub mod compose;
mod context;
pub mod decode;
pub mod deps;
pub mod existing;
pub mod fact;
pub mod facts;
pub mod gunicorn;
mod ml;
mod own_tests;
pub mod path;
pub mod previous;
pub mod python;
pub mod readiness;
pub mod redact;
pub mod report;
pub mod scope;
pub mod secret;
pub mod services;
mod stages;
pub mod startup;
mod system;
pub mod tree;
pub mod version;
pub mod writes;

use std::path::Path;

use crate::error::Error;
use deps::Dependencies;
pub use fact::{Evidence, Fact};
pub use facts::Facts;
use tree::Tree;

/// What a person already decided, so that it is not detected.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// `project.root`.
    pub root: Option<String>,
    /// `project.app`.
    pub app: Option<String>,
    /// `project.package-manager`.
    pub package_manager: Option<String>,
    /// `project.settings`.
    pub settings: Option<String>,
    /// `project.python`: what has to be built depends on it.
    pub python: Option<String>,
    /// Files that dockwright wrote itself: they are no evidence.
    pub written: Vec<String>,
    /// Files that are going to hold another text, with it.
    pub additions: Vec<(String, String)>,
}

/// Reads a directory.
///
/// # Errors
/// When the directory cannot be read at all. Files that cannot be read or
/// parsed are noted in the facts.
pub fn detect(directory: &Path, wishes: &Wishes) -> Result<Facts, Error> {
    let mut tree = Tree::read(directory)?;
    tree.forget(&wishes.written);
    for (path, text) in &wishes.additions {
        tree.put(path, text);
    }
    Ok(of_tree(&tree, wishes))
}

/// What goes on of a compose file where it had another text.
///
/// # Errors
/// When the directory cannot be read at all.
pub fn carried_with(
    directory: &Path,
    wishes: &Wishes,
    facts: &Facts,
    (path, text): (&str, &str),
) -> Result<Fact<compose::carried::Carried>, Error> {
    let mut tree = Tree::read(directory)?;
    tree.forget(&wishes.written);
    tree.put(path, text);
    Ok(compose::of(&tree, facts).carried)
}

/// Paths that `GET` reaches without a parameter, as far as the code says. They are no
/// fact: nothing that is written depends on them.
#[must_use]
pub fn get_routes(tree: &Tree) -> Vec<String> {
    let commands = commands::find(tree);
    let startup = startup::find(tree, &commands, &Wishes::default());
    let dependencies = Dependencies::with_manager(tree, startup.root(), None);
    let (commands, dependencies, startup) = (&commands, &dependencies, &startup);
    services::get_routes(services::Context { tree, commands, dependencies, startup })
}

/// Reads the files of a directory that were listed already.
#[must_use]
pub fn of_tree(tree: &Tree, wishes: &Wishes) -> Facts {
    let commands = commands::find(tree);
    let startup = startup::find(tree, &commands, wishes);
    let dependencies =
        Dependencies::with_manager(tree, startup.root(), wishes.package_manager.as_deref());
    let (python, doubts) = version::find(tree, &dependencies);
    let ml = ml::find(tree, &dependencies, startup.root());
    let build_context = match startup.root.value() {
        Some(root) => context::find(tree, root, &dependencies),
        None => Fact::Unknown,
    };
    let wished =
        wishes.python.as_deref().and_then(|python| python.strip_prefix("3.")?.parse().ok());
    let minor = wished.unwrap_or_else(|| version::minor_of(&python));
    let context = services::Context {
        tree,
        commands: &commands,
        dependencies: &dependencies,
        startup: &startup,
    };
    let services = services::find(context);
    let build_context = match services.front_end.value() {
        Some(own) => build_context.map(|context| services::front_end::context(&context, own)),
        None => build_context,
    };
    let keeps_sessions = startup.keeps_sessions;
    let mut installs = dependencies.install_facts();
    installs.python = version::last_release(&dependencies, minor);
    let mut facts = Facts {
        root: startup.root,
        framework: startup.framework,
        interface: startup.interface,
        app: startup.app,
        factory: startup.factory,
        settings: startup.settings,
        instead: startup.instead,
        own_server: startup.own_server,
        package_manager: dependencies.manager.clone(),
        dependency_files: dependencies.files_fact(),
        build_context,
        installs,
        system_packages: system::find(tree, &dependencies, minor),
        python,
        ml,
        packages: dependencies.packages(),
        tests: own_tests::find(tree, &dependencies),
        doubts: dependencies.doubts.into_iter().chain(doubts).collect(),
        existing_files: existing::find(tree),
        unreadable: tree.unreadable().to_vec(),
        ..services
    };
    let existing = compose::of(tree, &facts);
    facts.carried = existing.carried;
    facts.given = compose::files::given(tree, facts.carried.value());
    facts.image_env = compose::told::by_image(tree, &facts);
    facts.doubts.extend(existing.doubts);
    if let (Some(root), Some(settings)) = (facts.root.value(), facts.settings.value()) {
        let doubts = startup::lacking::doubts(tree, root, settings);
        facts.doubts.extend(doubts);
    }
    let context = facts.build_context.value().map_or(".", String::as_str);
    let front_end = facts.front_end.value().and_then(|own| own.directory.as_deref());
    let root = facts.root.value().map_or(".", String::as_str);
    let old = stages::find(tree, context, root, front_end);
    facts.old_stages = old.kept;
    facts.doubts.extend(old.doubts);
    facts.in_context();
    facts.front_end =
        facts.front_end.map(|own| facts::FrontEnd { arguments: old.arguments.clone(), ..own });
    facts.previous = previous::find(tree, &commands, &facts);
    if let Some(image) = &mut facts.previous.image {
        image.system = system::of_named(tree, &image.packages, minor);
    }
    facts.serve_themselves(keeps_sessions);
    facts.readiness = readiness::find(tree, &facts);
    facts
}
