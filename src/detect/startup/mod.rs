//! What starts: the root, the framework, the application object.
//!
//! `application` says which values are applications, `candidates` which
//! applications there are, `started` which of them existing commands start,
//! `roots` from which directory their imports resolve, `django` what a Django
//! project is; `choice` weighs.

mod application;
mod candidates;
mod choice;
mod django;
pub mod framework;
mod instead;
pub mod lacking;
pub mod own;
mod roots;
mod runs;
mod settings;
mod started;

use crate::detect::Wishes;
use crate::detect::commands::Command;
use crate::detect::fact::Fact;
use crate::detect::facts::{Interface, OwnServer};
use crate::detect::python::{Evaluator, Modules, Project};
use crate::detect::tree::Tree;

/// The facts that a container's start command follows from.
#[derive(Clone, Debug, Default)]
pub struct Startup {
    /// The directory that goes on `sys.path`, `.` for the top.
    pub root: Fact<String>,
    /// `fastapi`, `flask`, `django`, or another by its name.
    pub framework: Fact<String>,
    /// ASGI or WSGI.
    pub interface: Fact<Interface>,
    /// `module:object`; a factory without parentheses.
    pub app: Fact<String>,
    /// Whether `app` is called to make the application.
    pub factory: Fact<bool>,
    /// Django's settings module for production.
    pub settings: Fact<String>,
    /// How it is started where it brings its own server.
    pub own_server: Fact<OwnServer>,
    /// Whether that server keeps sessions in its process.
    pub keeps_sessions: bool,
    /// Why there is no application: `a command-line tool`, `a library`, …
    pub instead: Option<String>,
}

impl Startup {
    /// The root where it is known, otherwise the top.
    #[must_use]
    pub fn root(&self) -> &str {
        self.root.value().map_or(".", String::as_str)
    }
}

/// Finds out what starts.
#[must_use]
pub fn find(tree: &Tree, commands: &[Command], wishes: &Wishes) -> Startup {
    let modules = Modules::new(tree);
    let project = Project { graph: &modules, modules: Vec::new(), settings: Vec::new() };
    let evaluator = Evaluator::new(&project);
    let applications = application::Applications::new(&evaluator);
    let started = started::all(&modules, commands);
    let services = choice::services(&applications, commands, &started, wishes);
    let own = |framework: Option<&str>| own::find(&modules, commands, &started, wishes, framework);
    let chosen = choice::choose(services, wishes);
    match chosen {
        choice::Choice::None => {
            let own = own(None).and_then(|own| own.startup(&modules, None));
            let nothing = || Startup { instead: Some(instead::of(tree)), ..Startup::default() };
            own.unwrap_or_else(nothing)
        }
        choice::Choice::One(service) => {
            let name = service.framework.name;
            // Its server is its own; aiohttp's can be gunicorn's as well.
            let brings = service.interface.is_none() && name != "aiohttp";
            let own = match (brings, service.is_started()) {
                (true, _) => own(Some(name)),
                // What is deployed is the other.
                (false, false) => own(None).filter(|own| own.is_started && own.keeps_sessions()),
                _ => None,
            };
            let taken = service.startup();
            match own.and_then(|own| own.startup(&modules, brings.then(|| taken.clone()))) {
                Some(own) => own,
                None => taken,
            }
        }
        choice::Choice::Several(services) => choice::ambiguous(&services),
    }
}
