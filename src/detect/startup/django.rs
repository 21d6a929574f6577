//! Django projects: where manage.py is, which server module and settings
//! production uses, and whether it speaks ASGI.

use std::collections::BTreeMap;

use super::application::Applications;
use super::candidates::{Application, Target};
use super::choice::{OWN_CODE, Rank, Service, depth, evidence_of, is_aside};
use super::framework::Framework;
use super::settings;
use super::started::Started;
use crate::detect::Wishes;
use crate::detect::commands::{Command, Place};
use crate::detect::fact::Evidence;
use crate::detect::facts::Interface;
use crate::detect::path::file_name;
use crate::detect::path::{parent, upwards};
use crate::detect::python::modules::{Found, Modules, dotted};
use crate::detect::scope;

/// A project as it is being put together.
#[derive(Default)]
struct Project<'a> {
    manage: Option<String>,
    servers: Vec<(&'a Application, &'a Target)>,
}

/// Every Django project as a service.
pub fn projects(
    apps: &Applications<'_, '_>,
    applications: &[Application],
    commands: &[Command],
    started: &[Started<'_>],
    wishes: &Wishes,
) -> Vec<Service> {
    let modules = apps.modules;
    let mut projects: BTreeMap<String, Project<'_>> = BTreeMap::new();
    for manage in manages(modules) {
        let root = root_of(modules, &manage);
        projects.entry(root).or_default().manage.get_or_insert(manage);
    }
    for application in applications {
        for target in application.targets.iter().filter(|target| !target.factory) {
            let above = projects.keys().filter(|root| dotted(root, &target.file).is_some());
            let root = above.max_by_key(|root| root.len()).cloned();
            let root = root.unwrap_or_else(|| root_of(modules, &target.file));
            projects.entry(root).or_default().servers.push((application, target));
        }
    }
    projects
        .into_iter()
        .filter_map(|(root, project)| {
            let found = service(modules, &root, &project, commands, started, wishes);
            // A library's test project has settings among its tests alone.
            let settings = found.settings.as_ref().map(|(name, _)| name.replace('.', "/"));
            let real = settings.is_some_and(|path| scope::counts(&format!("{root}/{path}.py")));
            (real || found.app.is_some()).then_some(found)
        })
        .collect()
}

/// Files that run Django's management commands.
fn manages(modules: &Modules<'_>) -> Vec<String> {
    let mut found: Vec<String> = modules
        .tree
        .paths()
        .filter(|path| file_name(path) == "manage.py")
        .filter(|path| scope::counts(path))
        .filter(|path| {
            modules.module(path).is_some_and(|module| {
                module.text().contains("execute_from_command_line")
                    || module.text().contains("django.core.management")
            })
        })
        .map(str::to_owned)
        .collect();
    found.sort_by_key(|path| path.matches('/').count());
    found
}

/// The directory from which the settings that a file names resolve: its own
/// or one above it; its own where none does.
fn root_of(modules: &Modules<'_>, file: &str) -> String {
    let default = modules.module(file).and_then(settings::default_of);
    if let Some((name, _)) = default {
        let resolves = |root: &&str| matches!(modules.below(root, &name), Some(Found::File(_)));
        if let Some(root) = upwards(parent(file)).find(resolves) {
            return root.to_owned();
        }
        // manage.py may put another directory on the path: `src`.
        if let Some((_, root)) = super::started::resolve(modules, &name, &[]) {
            return root;
        }
    }
    if file_name(file) == "manage.py" {
        return parent(file).to_owned();
    }
    super::roots::of(modules, file, &[]).directory
}

fn service(
    modules: &Modules<'_>,
    root: &str,
    project: &Project<'_>,
    commands: &[Command],
    started: &[Started<'_>],
    wishes: &Wishes,
) -> Service {
    let inside = |file: &str| dotted(root, file).is_some();
    let here: Vec<&Started<'_>> = started.iter().filter(|each| inside(&each.file)).collect();
    let is_server = |file: &str| project.servers.iter().any(|(_, target)| target.file == file);
    let default = |interface: Interface| {
        let server = project.servers.iter().find(|(app, _)| app.app.interface == Some(interface));
        server.and_then(|(_, target)| modules.module(&target.file)).and_then(settings::default_of)
    };
    let manage = project.manage.as_ref();
    let manage_default = manage.and_then(|f| modules.module(f)).and_then(settings::default_of);
    let server_default = default(Interface::Wsgi).or_else(|| default(Interface::Asgi));
    let own: Vec<Command> = commands
        .iter()
        .filter(|command| {
            command.directory.as_deref().is_none_or(|directory| {
                directory == "." || directory == root || root == "." || root.starts_with(directory)
            })
        })
        .cloned()
        .collect();
    let settings = match &wishes.settings {
        Some(name) => Some((name.clone(), Vec::new())),
        None => settings::production(modules, root, server_default, manage_default, &own),
    };
    let files =
        settings.as_ref().map(|(name, _)| settings::files(modules, root, name)).unwrap_or_default();
    let (interface, interface_evidence) = interface(modules, &files, &here, project);
    let key = match interface {
        Interface::Asgi => "ASGI_APPLICATION",
        Interface::Wsgi => "WSGI_APPLICATION",
    };
    let stated = settings::text(modules, &files, key);
    let (app, app_evidence) = server(modules, root, project, interface, &here, stated.as_ref());
    let (rank, mut evidence) =
        evidence_of(started, |file| is_server(file) || Some(file) == manage.map(String::as_str));
    evidence.extend(app_evidence);
    evidence.extend(manage.map(|file| Evidence::file(file)));
    evidence.dedup();
    Service {
        root: root.to_owned(),
        framework: FRAMEWORK,
        interface: Some(interface),
        app,
        factory: false,
        settings,
        evidence,
        interface_evidence,
        lines: 0,
        rank: Rank {
            // manage.py is to a project what `app.run()` is to others.
            evidence: if manage.is_some() { rank.min(OWN_CODE) } else { rank },
            aside: is_aside(&format!("{root}/x")),
            root: depth(root),
            order: 0,
            depth: depth(root),
        },
    }
}

const FRAMEWORK: Framework = Framework { name: "django", interface: Some(Interface::Wsgi) };

/// ASGI where start files run an ASGI server or the settings install one.
fn interface(
    modules: &Modules<'_>,
    files: &[String],
    started: &[&Started<'_>],
    project: &Project<'_>,
) -> (Interface, Vec<Evidence>) {
    let speaks = |file: &str| {
        let server = project.servers.iter().find(|(_, target)| target.file == file);
        server.and_then(|(application, _)| application.app.interface)
    };
    let mut wsgi = None;
    for each in started.iter().filter(|each| each.command.place < Place::Readme) {
        match speaks(&each.file) {
            Some(Interface::Asgi) => {
                return (Interface::Asgi, vec![each.command.evidence.clone()]);
            }
            Some(Interface::Wsgi) => {
                wsgi.get_or_insert(each.command.evidence.clone());
            }
            None => {}
        }
    }
    if let Some(line) = settings::installs(modules, files, &["channels", "daphne"]) {
        return (Interface::Asgi, vec![line]);
    }
    if wsgi.is_none()
        && let Some((_, line)) = settings::text(modules, files, "ASGI_APPLICATION")
        && settings::text(modules, files, "WSGI_APPLICATION").is_none()
    {
        return (Interface::Asgi, vec![line]);
    }
    let of = |wanted: Interface| {
        let mut servers = project.servers.iter().map(|(application, _)| &application.app);
        servers.find(|app| app.interface == Some(wanted))
    };
    // There is no other server module.
    if let (None, None, Some(asgi)) = (&wsgi, of(Interface::Wsgi), of(Interface::Asgi))
        && settings::text(modules, files, "WSGI_APPLICATION").is_none()
    {
        return (Interface::Asgi, vec![asgi.evidence.clone()]);
    }
    (Interface::Wsgi, wsgi.into_iter().collect())
}

/// `module:object` of the server module, and the line that says so.
fn server(
    modules: &Modules<'_>,
    root: &str,
    project: &Project<'_>,
    interface: Interface,
    started: &[&Started<'_>],
    stated: Option<&(String, Evidence)>,
) -> (Option<String>, Vec<Evidence>) {
    let fitting: Vec<&(&Application, &Target)> = project
        .servers
        .iter()
        .filter(|(application, _)| application.app.interface == Some(interface))
        .collect();
    let name = |target: &Target| {
        dotted(root, &target.file).map(|module| format!("{module}:{}", target.name))
    };
    for each in started {
        let of_file = fitting.iter().filter(|(_, target)| target.file == each.file);
        let named = of_file.clone().find(|(_, t)| Some(&t.name) == each.name.as_ref());
        if let Some((application, target)) = named.or_else(|| of_file.clone().next()) {
            return (name(target), vec![application.app.evidence.clone()]);
        }
    }
    if let Some((text, line)) = stated
        && let Some((module, object)) = text.rsplit_once('.')
        && matches!(modules.below(root, module), Some(Found::File(_)))
    {
        return (Some(format!("{module}:{object}")), vec![line.clone()]);
    }
    let best = fitting.iter().min_by_key(|(_, target)| {
        let plain = matches!(file_name(&target.file), "wsgi.py" | "asgi.py");
        (target.imported, !plain, target.file.matches('/').count(), target.name != "application")
    });
    best.map_or((None, Vec::new()), |(application, target)| {
        (name(target), vec![application.app.evidence.clone()])
    })
}
