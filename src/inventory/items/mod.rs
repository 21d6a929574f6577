//! The items of a deployment, read off what was read: nothing here reads a file, and
//! nothing is judged.

mod commands;
mod compose;
mod dockerfile;
mod nginx;

use super::scope::Scope;
use super::{Item, Kind};
use crate::lint::At;
use crate::lint::subject::Container;

/// Every item, those that others are a part of before these.
pub(super) fn of(scope: &Scope<'_>) -> Vec<Item> {
    let mut items = Items { scope, found: Vec::new() };
    items.compose();
    items.commands();
    items.dockerfiles();
    items.proxies();
    items.found
}

struct Items<'a, 's> {
    scope: &'a Scope<'s>,
    found: Vec<Item>,
}

impl Items<'_, '_> {
    /// Notes an item; its number.
    fn push(&mut self, kind: Kind, at: At, subject: &str, name: &str, value: Value) -> usize {
        let own = self.scope.subject;
        // `PASSWORD=x program`: the value is no part of a name.
        let name = match kind {
            Kind::Step | Kind::Run => name.split('=').next().unwrap_or(name),
            _ => name,
        };
        self.found.push(Item {
            kind,
            path: own.path(at.text).to_owned(),
            line: own.line(at),
            subject: subject.to_owned(),
            name: name.to_owned(),
            value: value.known,
            written: value.written,
            part_of: None,
        });
        self.found.len() - 1
    }

    /// Notes an item that is a part of another.
    fn part(
        &mut self,
        of: usize,
        kind: Kind,
        at: At,
        subject: &str,
        name: &str,
        value: Value,
    ) -> usize {
        let own = self.push(kind, at, subject, name, value);
        self.found[own].part_of = Some(of);
        own
    }
}

/// A value: what it is worth, and as it is written.
struct Value {
    known: String,
    written: String,
}

impl Value {
    fn both(known: impl Into<String>, written: impl Into<String>) -> Self {
        Self { known: known.into(), written: written.into() }
    }

    fn of(text: impl Into<String>) -> Self {
        let known = text.into();
        Self { written: known.clone(), known }
    }
}

/// The containers that are built from a Dockerfile.
pub(super) fn containers_of<'b, 's>(
    scope: &'b Scope<'s>,
    path: &'b str,
) -> impl Iterator<Item = &'s Container> + use<'b, 's> {
    scope.containers.iter().copied().filter(move |own| {
        scope.subject.build_of(own).is_some_and(|build| {
            scope.subject.path(scope.subject.recipes[build.recipe].text) == path
        })
    })
}
