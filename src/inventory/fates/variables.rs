//! Variables: of a service, of its env files, of its image.

use std::collections::BTreeSet;

use super::{Found, Judge, usual};
use crate::inventory::reasons;
use crate::inventory::{Fate, Item, Kind, Weight, shown, without_name};
use crate::lint::subject::{Container, Variable};
use crate::plan::carry;
use crate::source::compose::interpolate;

impl Judge<'_, '_> {
    pub(super) fn variable(&self, item: &Item) -> Found {
        if item.kind == Kind::EnvFile {
            return self.env_file(item);
        }
        if self.is_of_recipe(item) {
            return self.of_image(item);
        }
        let Some(other) = self.other(&item.subject) else {
            return usual(Fate::dropped(no_service(&item.subject)));
        };
        self.compared(item, other)
    }

    /// A variable against that of a container.
    fn compared(&self, item: &Item, other: &Container) -> Found {
        let Some(own) = other.env.get(&item.name) else { return self.gone(item, other) };
        let written = self.written(&item.name, own);
        let value = own.value.clone().unwrap_or_default();
        let path = self.new.subject.path(own.at.text);
        let is_same = match (has(&item.written), has(&written)) {
            // `${A}` is what the variable of that name is, whatever it is today.
            (true, true) => names(&item.written) == names(&written),
            (true, false) => item.value == value && !value.is_empty(),
            (false, _) => item.value == value,
        };
        let place = || format!("{} of {}, in {path}", item.name, other.name);
        match is_same {
            true if written == item.written && path == item.path => usual(Fate::Kept),
            true => usual(Fate::merged(place())),
            false => {
                let by = format!("{}={}", item.name, shown(&item.name, &written));
                let reason = reasons::variable(&item.name).map_or_else(
                    || match path != item.path && !path.contains("compose") {
                        true => (format!("its value is that of {path}"), None),
                        false => self.decided(item, other),
                    },
                    |(reason, weight)| (reason.to_owned(), Some(weight)),
                );
                (Fate::replaced(by, reason.0), reason.1)
            }
        }
    }

    fn decided(&self, item: &Item, other: &Container) -> (String, Option<Weight>) {
        let planned = self.known.plan.topology.services.iter().find(|own| own.id == other.name);
        let variable = planned
            .and_then(|own| own.env.iter().find(|own| own.name == item.name))
            .map(|own| own.why.clone())
            .filter(|why| !why.is_empty());
        if item.name == "DJANGO_SETTINGS_MODULE" {
            let reason = "project.settings: the settings that production was found to have";
            return (reason.to_owned(), None);
        }
        let why = variable.map(|why| why.trim_end_matches('.').to_owned());
        (why.unwrap_or_else(|| "dockwright's files give it their own value".to_owned()), None)
    }

    /// A variable that the container does not get any more.
    fn gone(&self, item: &Item, other: &Container) -> Found {
        if carry::is_development(&item.name, &item.value) {
            let reason = "it turns development on; the development overlay does that";
            return (Fate::dropped(reason), Some(Weight::Operation));
        }
        if item.value.is_empty() && item.written.is_empty() {
            let reason = "it had no value of its own: the shell's was handed through";
            return usual(Fate::dropped(reason));
        }
        let is_argument = |own: &&str| {
            let of = self.old.items.iter().filter(|arg| arg.path == item.path);
            of.into_iter().any(|arg| arg.kind == Kind::BuildArgument && arg.name == **own)
        };
        let of_arguments = names(&item.value);
        if self.is_of_recipe(item) && of_arguments.iter().any(|own| is_argument(&own.as_str())) {
            let reason = "it took its value from an argument of the build";
            return (Fate::dropped(reason), Some(Weight::Operation));
        }
        match reasons::variable(&item.name) {
            Some((reason, weight)) => (Fate::dropped(reason), Some(weight)),
            None => usual(Fate::dropped(format!(
                "{} is not given it in dockwright's files",
                other.name
            ))),
        }
    }

    /// A variable that stands in a Dockerfile.
    fn of_image(&self, item: &Item) -> Found {
        let services: Vec<&Container> = self
            .built_from(&item.path)
            .filter(|own| {
                let image = self.old.subject.build_of(own).map(|build| &build.image);
                image.is_some_and(|image| image.env.contains_key(&item.name))
            })
            .collect();
        if services.is_empty() {
            // Of a stage that only others copy from.
            let there = self.new_of(Kind::Environment).find(|own| {
                own.name == item.name && own.value == item.value && self.is_of_new_recipe(own)
            });
            return match (there, reasons::variable(&item.name)) {
                (Some(_), _) => usual(Fate::Kept),
                (None, Some((reason, weight))) => (Fate::dropped(reason), Some(weight)),
                (None, None) => {
                    let reason = "it was set in a stage that only the build used";
                    (Fate::dropped(reason), Some(Weight::Operation))
                }
            };
        }
        let mut found: Vec<Found> = services
            .iter()
            .filter_map(|own| {
                // What the service itself said wins over its image.
                let own_value = own.env.get(&item.name)?;
                let is_here = self.old.subject.path(own_value.at.text) == item.path;
                let other = self.other(&own.name)?;
                is_here.then(|| self.compared(item, other))
            })
            .collect();
        if found.is_empty() {
            let reason = "every service that had it sets a value of its own";
            return (Fate::merged(reason), None);
        }
        // The worst of them is what is told.
        found.sort_by_key(|(fate, _)| match fate {
            Fate::Dropped { .. } => 0,
            Fate::Replaced { .. } => 1,
            Fate::Merged { .. } => 2,
            Fate::Kept => 3,
        });
        found.swap_remove(0)
    }

    fn is_of_new_recipe(&self, item: &Item) -> bool {
        let own = self.new;
        own.recipes
            .iter()
            .any(|recipe| own.subject.path(own.subject.recipes[*recipe].text) == item.path)
    }

    fn env_file(&self, item: &Item) -> Found {
        let Some(other) = self.other(&item.subject) else {
            return usual(Fate::dropped(no_service(&item.subject)));
        };
        let bare = |path: &str| path.trim_start_matches("./").to_owned();
        let named = |own: &&Item| own.subject == other.name && bare(&own.name) == bare(&item.name);
        if self.new_of(Kind::EnvFile).any(|own| named(&own)) {
            return usual(Fate::Kept);
        }
        let path = self.old.deployment.and_then(|own| own.project.path(&item.name));
        let Some(old) = self.old.container(&item.subject) else {
            return usual(Fate::dropped(no_service(&item.subject)));
        };
        let of_file = old
            .env
            .iter()
            .filter(|(_, own)| Some(self.old.subject.path(own.at.text)) == path.as_deref());
        let of_file: Vec<_> = of_file.collect();
        let lost: Vec<&str> = of_file
            .iter()
            .filter(|(name, own)| {
                let new = other.env.get(*name);
                new.is_none_or(|new| new.value != own.value)
            })
            .map(|(name, _)| name.as_str())
            .collect();
        match (of_file.is_empty(), lost.is_empty()) {
            (false, true) => usual(Fate::merged(format!("variables of {} in .env", other.name))),
            (true, _) => {
                let reason =
                    "it is not there, or empty, and dockwright's compose file does not name it";
                usual(Fate::dropped(reason))
            }
            (false, false) => usual(Fate::dropped(format!(
                "dockwright's compose file does not name it: {} are told one by one",
                lost.len()
            ))),
        }
    }

    /// What stands where a container's variable is set, without its name.
    fn written(&self, name: &str, own: &Variable) -> String {
        let deployment = self.new.deployment;
        match deployment.is_some_and(|deployment| deployment.texts.contains(&own.at.text)) {
            true => without_name(self.new.subject.slice(own.at), name).to_owned(),
            false => own.value.clone().unwrap_or_default(),
        }
    }
}

/// Whether a value holds a variable of Compose's.
pub(super) fn has(text: &str) -> bool {
    interpolate::has_variable(text)
}

/// The variables in a value.
fn names(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    interpolate::replace(text, &mut |variable| {
        found.insert(variable.name.to_owned());
        None
    });
    found
}

/// Why nothing goes on that belonged to a service.
pub(super) fn no_service(name: &str) -> String {
    format!("dockwright's compose file has no service for {name}")
}
