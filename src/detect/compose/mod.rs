//! What an existing compose file already runs: which file it is, the name of
//! its project, and what each of its services is for. It is carried on, so
//! that data is never detached.

pub mod carried;
pub mod doubts;
pub mod files;
pub mod front;
mod lock;
pub mod published;
pub mod role;
pub mod secrets;
pub mod told;
pub mod words;

#[cfg(test)]
mod role_tests;
#[cfg(test)]
mod tests;

use crate::detect::Facts;
use crate::detect::commands;
use crate::detect::fact::Fact;
use crate::detect::facts::Doubt;
use crate::detect::tree::Tree;
use crate::schema::Role;
use crate::source::compose::interpolate::defaults;
use crate::source::compose::{Document, Service};
use carried::Carried;
use files::{Found, join};
use role::Roles;

/// A compose file that is carried on, and what is doubtful about it.
#[derive(Clone, Debug, Default)]
pub struct Existing {
    /// What is carried on, with the lines that decided the roles.
    pub carried: Fact<Carried>,
    /// What a person should know.
    pub doubts: Vec<Doubt>,
}

/// Reads the compose file that runs the application of these facts.
#[must_use]
pub fn of(tree: &Tree, facts: &Facts) -> Existing {
    let context = facts.build_context.value().or_else(|| facts.root.value()).map(String::as_str);
    let root = facts.root.value().map_or(".", String::as_str);
    match lock::written(tree) {
        Some(carried) => Existing { carried, doubts: Vec::new() },
        None => find(tree, &[".", context.unwrap_or("."), root], context),
    }
}

/// Reads the compose file that runs the application. `directories` are those
/// where it is looked for first; `context` is what the image is built from,
/// where that is known.
#[must_use]
pub fn find(tree: &Tree, directories: &[&str], context: Option<&str>) -> Existing {
    let mut doubts = Vec::new();
    let mut read: Vec<Read> = Vec::new();
    for found in files::find(tree, directories) {
        let document = match Document::read(tree.text(&found.path).unwrap_or_default()) {
            Ok(document) => document,
            Err(error) => {
                doubts.push(doubts::unreadable(&found, &error));
                continue;
            }
        };
        let services = document.services();
        if services.is_empty() {
            continue;
        }
        let roles = role::sort(tree, &document, &found.directory, context);
        read.push(Read { found, document, services, roles });
    }
    // One that runs the application goes before one that runs its stores
    // alone, which is for development.
    let runs = read.iter().position(|read| read.roles.by_role.contains_key(&Role::Web));
    if read.is_empty() {
        return Existing { doubts, ..Existing::default() };
    }
    let mut existing = carry(tree, read.swap_remove(runs.unwrap_or(0)));
    existing.doubts.splice(0..0, doubts);
    existing
}

/// A compose file, read.
struct Read {
    found: Found,
    document: Document,
    services: Vec<Service>,
    roles: Roles,
}

fn carry(tree: &Tree, read: Read) -> Existing {
    let Read { found, document, services, roles } = read;
    let text = tree.text(&found.path).unwrap_or_default();
    let name = document.root.get("name").and_then(|item| Some((item.scalar()?, item.line)));
    let (project, stated) = files::project(tree, &found, name);
    let dotenv = tree.base().join(&found.directory).join(".env");
    let moved = match dotenv.is_dir() {
        // There is no file that they could move to.
        true => secrets::Moved { text: text.to_owned(), ..Default::default() },
        false => secrets::move_out(text, &document, &found.env),
    };
    let mut doubts = doubts::find(&found, &document, &services, &roles);
    doubts.extend(doubts::moved(&found, &moved));
    let deciding = roles.by_role.values();
    let deciding = deciding.filter_map(|name| services.iter().find(|own| own.name == *name));
    let lines = deciding.map(|service| tree.evidence(&found.path, service.line));
    let (code, code_from) = code_directory(tree, &found, &services, &roles);
    let mut carried = Carried {
        brought: false,
        overlay: String::new(),
        by_itself: found.by_itself,
        project,
        code,
        code_from,
        moved: moved.secrets.names().map(str::to_owned).collect(),
        secrets: moved.secrets,
        bases: bases(tree, &found, &services),
        stores: told::stores(&services),
        told: told::of(tree, &found.directory, &services),
        samples: told::samples(tree, &found.directory, &services),
        own: roles.own.clone(),
        front: roles.front.clone(),
        roles: roles.by_role.clone(),
        text: moved.text,
        file: found.path.clone(),
    };
    let usual = carried.dev_overlay();
    let other = usual.replacen(".dev.", ".dockwright-dev.", 1);
    carried.overlay = if tree.has(&usual) { other } else { usual };
    Existing { carried: Fact::Known(carried, lines.chain(stated).collect()), doubts }
}

/// Where the application's code is in its container: where its source is
/// mounted, else `working_dir`, else the Dockerfile's last WORKDIR; with the directory
/// of the repository that stands there.
fn code_directory(
    tree: &Tree,
    found: &Found,
    services: &[Service],
    roles: &Roles,
) -> (String, String) {
    let web = roles.by_role.get(&Role::Web);
    let Some(web) = web.and_then(|name| services.iter().find(|service| service.name == *name))
    else {
        return Default::default();
    };
    let build = published::build_of(tree, &found.path, services, web).unwrap_or_default();
    let paths = build.paths(&found.directory);
    let context = paths.as_ref().map(|(context, _)| context.clone());
    let mounted = web.mounts().into_iter().find_map(|mount| {
        let path = join(&found.directory, &defaults(mount.bind()?))?;
        (path == "." || Some(&path) == context.as_ref()).then_some((mount.target, path))
    });
    if let Some(mounted) = mounted {
        return mounted;
    }
    let stated = web.text("working_dir");
    let image = role::image_of(tree, &found.directory, &build).map(|(_, image)| image);
    let directory = image.and_then(|image| image.workdir?.value.known().map(str::to_owned));
    let directory = stated.or(directory).unwrap_or_default().trim_end_matches('/').to_owned();
    let images = commands::images(tree);
    let image = paths.and_then(|(_, path)| images.get(&path, &build.target).cloned());
    let source = image.and_then(|image| image.directory(&directory, tree));
    (directory, source.unwrap_or_default())
}

/// What images that are built here are made from.
fn bases(
    tree: &Tree,
    found: &Found,
    services: &[Service],
) -> std::collections::BTreeMap<String, String> {
    let base = |service: &Service| {
        let (_, image) = role::image_of(tree, &found.directory, &service.build()?)?;
        Some((service.name.clone(), image.base.text))
    };
    services.iter().filter_map(base).collect()
}
