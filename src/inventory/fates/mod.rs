//! What became of each item: looked for on the other side by what it is, never by
//! what dockwright means to write.

mod commands;
mod compose;
mod image;
mod left;
mod nginx;
mod variables;

use super::items::containers_of;
use super::scope::Scope;
use super::{Fate, Item, Judged, Kind, Known, Weight};
use crate::lint::subject::{Container, Kind as Of};
use crate::plan::Decided;
use crate::schema::Role;
pub(super) use left::is_of;

/// A fate, with what is lost where the kind alone does not say it.
type Found = (Fate, Option<Weight>);

/// A fate of an item.
pub(super) fn judge(old: &Scope<'_>, new: &Scope<'_>, known: Known<'_>) -> Vec<Judged> {
    let judge = Judge { old, new, known };
    let mut judged: Vec<Judged> = old
        .items
        .iter()
        .map(|item| {
            let missing = judge.missing_program(item);
            let (fate, weight) = match judge.is_kept(item) {
                true if missing.is_some() => usual(Fate::dropped(missing.unwrap_or_default())),
                true if item.kind == Kind::Setting => {
                    judge.with_variables(item, (Fate::Kept, None))
                }
                true => (Fate::Kept, None),
                false => judge.by_the_plan(item, judge.fate(item)),
            };
            let weight = weight.unwrap_or_else(|| item.kind.weight());
            Judged { item: item.clone(), fate, weight, is_implied: false }
        })
        .collect();
    for number in 0..judged.len() {
        let Some(of) = judged[number].item.part_of else { continue };
        let (kind, of) = (judged[number].item.kind, &judged[of]);
        let goes_with = kind.is_of_proxy() || kind.is_of_image() || of.item.kind == Kind::Stage;
        let is_gone = matches!(of.fate, Fate::Dropped { .. });
        if goes_with && is_gone && judged[number].fate != Fate::Kept {
            let reason = format!("it goes with its {}", of.item.kind.word());
            let weight = of.weight.min(judged[number].weight);
            judged[number].fate = Fate::dropped(reason);
            judged[number].weight = weight;
        }
    }
    judge.commands_by_their_steps(&mut judged);
    // What goes with something that is dropped is not told again.
    let is_dropped: Vec<bool> =
        judged.iter().map(|own| matches!(own.fate, Fate::Dropped { .. })).collect();
    for number in 0..judged.len() {
        let of = judged[number].item.part_of.filter(|of| is_dropped[*of]);
        if of.is_some() && is_dropped[number] {
            judged[number].is_implied = true;
        }
    }
    judged
}

struct Judge<'a, 's> {
    old: &'a Scope<'s>,
    new: &'a Scope<'s>,
    known: Known<'a>,
}

impl<'s> Judge<'_, 's> {
    /// Whether the same is said at the corresponding place.
    fn is_kept(&self, item: &Item) -> bool {
        let is_image_env = self.is_of_recipe(item) && item.kind == Kind::Environment;
        let is_missed = self.still_asked_for(item).is_some();
        if is_image_env || is_missed || item.kind == Kind::Service {
            return false;
        }
        let counterpart = self.counterpart(&item.subject);
        let is_there = |other: &&Item| {
            let is_same_place = match item.kind {
                kind if kind.is_of_image() || kind.is_of_proxy() => {
                    !kind.is_of_proxy() || other.subject == item.subject
                }
                _ if self.is_of_recipe(item) => true,
                // A line of a script that is followed no further.
                Kind::Step if item.subject == item.path => {
                    (other.path.as_str(), other.line) == (item.path.as_str(), item.line)
                }
                Kind::Setting | Kind::Project => true,
                _ => Some(other.subject.as_str()) == counterpart,
            };
            let is_same_name = other.name == item.name || item.kind == Kind::Stage;
            other.kind == item.kind
                && is_same_name
                && is_same_place
                && (other.written == item.written && variables::has(&item.written)
                    || other.value == item.value
                        && (variables::has(&item.written) == variables::has(&other.written)
                            || other.written == item.written))
        };
        self.new.items.iter().any(|other| is_there(&other))
    }

    /// Why what a service with the application's image starts is not there any more, where
    /// its command stands as it was.
    fn missing_program(&self, item: &Item) -> Option<String> {
        const OF_THE_SYSTEM: [&str; 6] =
            ["/usr/", "/bin/", "/sbin/", "/app/", "/opt/venv/", "/dev/"];
        let carry = self.known.plan.carry.as_ref()?;
        let is_own = carry.carried.own.contains(&item.subject);
        if !is_own
            || !matches!(item.kind, Kind::Step | Kind::Command)
            || self.known.plan.answers.own_image().is_some()
        {
            return None;
        }
        let program = item.value.split_whitespace().next().filter(|own| own.starts_with('/'))?;
        let copied = &self.known.plan.code.kept.copied;
        let is_copied =
            copied.iter().any(|own| program.starts_with(own.target.trim_end_matches('/')));
        let is_there = OF_THE_SYSTEM.iter().any(|own| program.starts_with(own)) || is_copied;
        (!is_there).then(|| {
            format!("nothing in the new image makes {program}: let it hold the file, or name the one among the code")
        })
    }

    fn fate(&self, item: &Item) -> Found {
        match item.kind {
            Kind::Environment | Kind::EnvFile => self.variable(item),
            Kind::Command | Kind::Step | Kind::Option | Kind::Setting => self.command(item),
            Kind::Location | Kind::Directive => self.directive(item),
            _ if item.kind.is_of_image() || self.is_of_recipe(item) => self.image(item),
            _ => self.compose(item),
        }
    }

    /// The service that goes on for one of the old: the one of its name; for an image
    /// that ran by itself the one that serves, for a process the one of its kind.
    fn counterpart<'n>(&'n self, name: &str) -> Option<&'n str> {
        match self.new.container(name) {
            Some(own) => Some(own.name.as_str()),
            None => {
                let own = self.old.container(name).filter(|own| !self.old.is_composed(own))?;
                // An image by itself has no name; a process has the platform's.
                match own.kind == Of::Web || own.build.is_some() {
                    true => self.serving(),
                    false => {
                        let same = self.new.containers.iter().find(|new| new.kind == own.kind);
                        same.map(|own| own.name.as_str())
                    }
                }
            }
        }
    }

    fn serving(&self) -> Option<&str> {
        let planned = self.known.plan.topology.of_kind(Role::Web).map(|own| own.id.as_str());
        let planned = planned.and_then(|id| self.new.container(id));
        planned.or_else(|| self.new.web()).map(|own| own.name.as_str())
    }

    fn other(&self, name: &str) -> Option<&'s Container> {
        self.new.container(self.counterpart(name)?)
    }

    /// What the plan's number of a service is, where it has such a one.
    fn number(&self, service: &str, row: &str) -> Option<&Decided> {
        let planned = self.known.plan.topology.services.iter().find(|own| own.id == service)?;
        self.decision(planned.kind?, row)
    }

    fn decision(&self, role: Role, row: &str) -> Option<&Decided> {
        self.known.plan.decision(&format!("{}.{row}", role.name()))
    }

    /// Whether an item stands in a Dockerfile.
    fn is_of_recipe(&self, item: &Item) -> bool {
        let own = self.old;
        own.recipes
            .iter()
            .any(|recipe| own.subject.path(own.subject.recipes[*recipe].text) == item.path)
    }

    /// The items of the new files of a kind.
    fn new_of(&self, kind: Kind) -> impl Iterator<Item = &Item> {
        self.new.items.iter().filter(move |own| own.kind == kind)
    }

    /// The new item of a kind and a name of the service that goes on.
    fn at_place(&self, kind: Kind, service: &str, name: &str) -> Option<&Item> {
        let service = self.counterpart(service)?;
        self.new_of(kind).find(|own| own.subject == service && own.name == name)
    }

    /// Services of the old deployment that are built from a Dockerfile.
    fn built_from<'b>(&'b self, path: &'b str) -> impl Iterator<Item = &'s Container> + 'b {
        containers_of(self.old, path)
    }

    /// A command is what its steps are: told with them.
    fn commands_by_their_steps(&self, judged: &mut [Judged]) {
        for number in 0..judged.len() {
            let own = &judged[number];
            if own.item.kind != Kind::Command || own.fate == Fate::Kept {
                continue;
            }
            let (path, line, of) = (&own.item.path, own.item.line, &own.item.subject);
            let is_in = |other: &&Judged| {
                matches!(other.item.kind, Kind::Step | Kind::Option)
                    && (other.item.path == *path && other.item.line == line
                        || other.item.subject == *of && !of.is_empty())
            };
            let parts: Vec<&Judged> = judged.iter().filter(is_in).collect();
            if parts.is_empty() {
                continue;
            }
            let is_whole =
                parts.iter().all(|own| matches!(own.fate, Fate::Kept | Fate::Merged { .. }));
            let into = match &own.fate {
                Fate::Merged { into } | Fate::Replaced { by: into, .. } => into.clone(),
                _ => "nothing".to_owned(),
            };
            let fate = match is_whole {
                true => Fate::merged(into),
                false => Fate::replaced(into, "its steps and options are told one by one"),
            };
            judged[number].fate = fate;
            judged[number].is_implied = true;
        }
    }
}

/// A fate whose weight is its kind's.
fn usual(fate: Fate) -> Found {
    (fate, None)
}
