//! Services and their keys, and what stands beside them.

use std::collections::BTreeSet;

use super::variables::no_service;
use super::{Found, Judge, usual};
use crate::inventory::reasons;
use crate::inventory::{Fate, Item, Kind, Weight};
use crate::lint::subject::amount;
use crate::lint::subject::{Container, Kind as Of};
use crate::plan::carry::HOLDS_CODE;
use crate::source::compose::{Mount, mount};
use crate::units;

impl Judge<'_, '_> {
    pub(super) fn compose(&self, item: &Item) -> Found {
        if item.kind == Kind::Project {
            return self.project(item);
        }
        let Some(other) = self.other(&item.subject) else {
            return match item.kind {
                Kind::Service if self.is_developers(item) => {
                    let reason = "it is for who works on the code";
                    (Fate::dropped(reason), Some(Weight::Operation))
                }
                _ => usual(Fate::dropped(no_service(&item.subject))),
            };
        };
        match item.kind {
            Kind::Service => match other.name == item.name {
                true => usual(Fate::Kept),
                false => usual(Fate::merged(format!("the service {}", other.name))),
            },
            Kind::Image => self.pulled(item, other),
            Kind::Build => self.built(item, other),
            Kind::BuildArgument => {
                usual(Fate::dropped("dockwright's Dockerfile has no such argument"))
            }
            Kind::Port => self.port(item, other),
            Kind::Volume => self.volume(item, other),
            Kind::Network => self.network(item, other),
            Kind::Label => {
                let weight = match item.name.contains("traefik") || item.name.contains("caddy") {
                    true => Weight::Behaviour,
                    false => Weight::Form,
                };
                let reason = format!("dockwright's compose file gives {} no labels", other.name);
                (Fate::dropped(reason), Some(weight))
            }
            Kind::HealthCheck => self.health(item, other),
            Kind::Dependency => self.dependency(item, other),
            _ => self.key(item, other),
        }
    }

    fn is_developers(&self, item: &Item) -> bool {
        let own = self.old.container(&item.name);
        own.and_then(|own| self.old.subject.member(own)).is_some_and(|own| own.is_for_developers())
    }

    fn pulled(&self, item: &Item, other: &Container) -> Found {
        let new = self.at_place(Kind::Image, &item.subject, "image");
        let by = match (new, other.build.is_some()) {
            (Some(own), _) => own.written.clone(),
            (None, true) => "an image that is built".to_owned(),
            (None, false) => "no image".to_owned(),
        };
        let reason = match other.kind.is_application() {
            true => "the application's image is named after the project, and built here",
            false => "the image that dockwright plans for it",
        };
        usual(Fate::replaced(by, reason))
    }

    fn built(&self, item: &Item, other: &Container) -> Found {
        if let Some(new) = self.at_place(Kind::Build, &item.subject, "build") {
            return usual(Fate::merged(format!("build: {}", new.value)));
        }
        match (&other.image, other.build) {
            (_, Some(_)) => usual(Fate::merged("the image that another service builds")),
            (Some(image), None) => {
                let reason = "the image that dockwright plans for it";
                (Fate::replaced(image.clone(), reason), Some(Weight::Behaviour))
            }
            (None, None) => {
                let by = self.at_place(Kind::Image, &item.subject, "image");
                let by = by.map_or_else(|| "nothing".to_owned(), |own| own.written.clone());
                usual(Fate::merged(format!("the image {by}, which another service builds")))
            }
        }
    }

    fn port(&self, item: &Item, other: &Container) -> Found {
        let parts = |item: &Item| {
            let (host, rest) = item.value.split_once('>').unwrap_or((&item.value, ""));
            let container = rest.split('/').next().unwrap_or_default().to_owned();
            (host.to_owned(), container)
        };
        let last = |host: &str| host.rsplit(':').next().unwrap_or_default().to_owned();
        let (host, container) = parts(item);
        let new = || self.new_of(Kind::Port);
        if let Some(own) = new().find(|own| own.subject == other.name && parts(own).0 == host) {
            let (_, inside) = parts(own);
            return match inside == container {
                true => usual(Fate::Kept),
                false => usual(Fate::merged(format!(
                    "{}: it listens on {inside} in its container",
                    own.written
                ))),
            };
        }
        if let Some(own) = new().find(|own| last(&parts(own).0) == last(&host) && !host.is_empty())
        {
            let is_same_address = !host.contains(':') && !parts(own).0.contains(':');
            return match (own.subject == other.name, is_same_address) {
                (false, true) => {
                    usual(Fate::merged(format!("{} publishes it: {}", own.subject, own.written)))
                }
                _ => usual(Fate::replaced(
                    own.written.clone(),
                    match other.kind.is_application() || self.is_serving(&own.subject) {
                        true => "deploy.bind: the address that it is published on",
                        false => {
                            "this machine alone reaches it there: services do by its name, without a port"
                        }
                    },
                )),
            };
        }
        if other.kind.is_store() || other.kind.is_open_index() {
            let reason = "a data store is not published: services reach it by its name";
            return (Fate::dropped(reason), Some(Weight::Operation));
        }
        let published: Vec<&Item> = new().filter(|own| self.is_serving(&own.subject)).collect();
        match (other.kind, published.as_slice()) {
            (Of::Web | Of::Nginx, [own, ..]) => (
                Fate::replaced(
                    format!("{} of {}", own.written, own.subject),
                    "the stack is published in one place",
                ),
                Some(Weight::Behaviour),
            ),
            _ => (
                Fate::dropped(format!(
                    "{} publishes no port in dockwright's compose file",
                    other.name
                )),
                Some(Weight::Behaviour),
            ),
        }
    }

    fn is_serving(&self, name: &str) -> bool {
        self.new
            .container(name)
            .is_some_and(|own| matches!(own.kind, Of::Web | Of::Nginx | Of::Proxy))
    }

    fn mounts(&self, scope: &super::Scope<'_>, name: &str) -> Vec<Mount> {
        let service =
            scope.deployment.and_then(|own| own.services.iter().find(|own| own.name == name));
        service.map(|own| own.mounts()).unwrap_or_default()
    }

    fn volume(&self, item: &Item, other: &Container) -> Found {
        let old = self.mounts(self.old, &item.subject);
        let Some(mount) = old.iter().find(|own| own.target == item.name) else {
            return usual(Fate::dropped("it could not be read as a mount"));
        };
        let carry = self.known.plan.carry.as_ref();
        let target = carry.map_or_else(|| mount.target.clone(), |own| own.moved(&mount.target));
        let bare = |source: &mount::Source| match source {
            mount::Source::Bind(path) => {
                mount::Source::Bind(path.trim_start_matches("./").trim_end_matches('/').to_owned())
            }
            own => own.clone(),
        };
        let new = self.mounts(self.new, &other.name);
        let there = new.iter().find(|own| own.target == target || own.target == mount.target);
        let same_source = new.iter().find(|own| bare(&own.source) == bare(&mount.source));
        let shown = |own: &Mount| {
            let source = match &own.source {
                mount::Source::Volume(name) => name.as_str(),
                mount::Source::Bind(path) => path.as_str(),
                _ => "",
            };
            format!("{source}:{}", own.target)
        };
        if let Some(own) = there {
            if bare(&own.source) == bare(&mount.source) {
                return match own.target == mount.target && own.options == mount.options {
                    true => usual(Fate::Kept),
                    false => usual(Fate::merged(shown(own))),
                };
            }
            return usual(Fate::replaced(shown(own), "dockwright's own mount at this place"));
        }
        if let Some(own) = same_source.filter(|own| bare(&own.source) != mount::Source::Anonymous) {
            return usual(Fate::replaced(shown(own), "where the new image has it"));
        }
        if other.kind.is_application() && carry.is_some_and(|own| own.is_code(mount)) {
            let overlay = &self.known.plan.topology.development.overrides;
            let reason = match overlay.iter().any(|own| own.id == other.name && own.mounted) {
                true => format!("{HOLDS_CODE}; the development overlay mounts it"),
                false => HOLDS_CODE.to_owned(),
            };
            return (Fate::dropped(reason), Some(Weight::Operation));
        }
        let text = format!("{} {}", item.written, item.name).to_ascii_lowercase();
        let of_nginx = other.kind == Of::Nginx && other.build.is_some();
        if of_nginx && (text.contains("/etc/nginx") || text.contains(".conf")) {
            let is_read = self.old.items.iter().any(|own| own.kind.is_of_proxy());
            let reason = match is_read {
                true => {
                    "nginx's image holds its configuration; what the old one said is told line by line"
                }
                false => "nginx's image holds its configuration",
            };
            return (
                Fate::replaced("the configuration in nginx's image", reason),
                Some(Weight::Operation),
            );
        }
        let holds_static = || {
            let build = self.new.subject.build_of(other);
            build.is_some_and(|build| {
                self.new
                    .subject
                    .instructions(build)
                    .any(|(_, own)| own.arguments.text.contains("/srv/static"))
            })
        };
        if of_nginx && text.contains("static") && holds_static() {
            let reason = "nginx's image holds the static files: a volume over them would hide those of a new version";
            return (
                Fate::replaced("/srv/static in nginx's image", reason),
                Some(Weight::Operation),
            );
        }
        if matches!(mount.source, mount::Source::Anonymous | mount::Source::Nothing) {
            let reason = "it kept nothing: what is there lasts as long as the container";
            return (Fate::dropped(reason), Some(Weight::Operation));
        }
        usual(Fate::dropped(format!(
            "{} does not mount it in dockwright's compose file",
            other.name
        )))
    }

    fn network(&self, item: &Item, other: &Container) -> Found {
        let networks = |name: &str| -> Vec<String> {
            self.new_of(Kind::Network)
                .filter(|own| own.subject == name)
                .map(|own| own.name.clone())
                .collect()
        };
        let new = networks(&other.name);
        if !item.value.is_empty() {
            let reason = "what it was called there, or its address, is not carried on";
            return (Fate::dropped(reason), Some(Weight::Behaviour));
        }
        let by = match new.is_empty() {
            true => "the project's default network".to_owned(),
            false => new.join(", "),
        };
        // Who shared the network has to share one still.
        let shared = self.old.items.iter().filter(|own| {
            own.kind == Kind::Network && own.name == item.name && own.subject != item.subject
        });
        let apart: Vec<&str> = shared
            .filter_map(|own| {
                let theirs = networks(self.counterpart(&own.subject)?);
                let apart = match (new.is_empty(), theirs.is_empty()) {
                    (true, true) => false,
                    _ => !theirs.iter().any(|name| new.contains(name)),
                };
                apart.then_some(own.subject.as_str())
            })
            .collect();
        let is_outside = self.old.items.iter().any(|own| {
            own.kind == Kind::Project
                && own.name == format!("networks.{}", item.name)
                && own.value.contains("external")
        });
        match (is_outside, apart.as_slice()) {
            (true, _) => (
                Fate::replaced(by, "the network outside of the project is not joined"),
                Some(Weight::Behaviour),
            ),
            (false, []) => (
                Fate::replaced(
                    by,
                    "dockwright's own networks; every service is found by its name as before",
                ),
                Some(Weight::Form),
            ),
            (false, names) => (
                Fate::replaced(
                    by,
                    format!(
                        "each service is in the networks it needs: {} is not in one with it",
                        names.join(", ")
                    ),
                ),
                Some(Weight::Operation),
            ),
        }
    }

    fn health(&self, item: &Item, other: &Container) -> Found {
        let new = self.new_of(Kind::HealthCheck).filter(|own| own.subject == other.name);
        let new: Vec<&Item> = new.collect();
        let planned =
            reasons::row_of_health(&item.name).and_then(|row| self.number(&other.name, row));
        let of_image =
            self.new.subject.build_of(other).is_some_and(|own| own.image.healthcheck.is_some());
        if let Some(own) = new.iter().find(|own| own.name == item.name) {
            let times = (amount::seconds(&own.value), amount::seconds(&item.value));
            if times.0.is_some() && times.0 == times.1 {
                return usual(Fate::merged(format!("{}: {}", own.name, own.value)));
            }
            let by = own.value.clone();
            let reason = planned
                .map_or_else(|| "the probe that was planned for it".to_owned(), |own| own.reason());
            return usual(Fate::replaced(by, reason));
        }
        if new.iter().any(|own| own.name == "disable") {
            return usual(Fate::dropped("it runs to its end, and is asked for no health"));
        }
        if of_image || new.iter().any(|own| own.name == "test") {
            let by = if of_image { "the image's own HEALTHCHECK" } else { "dockwright's probe" };
            let reason = planned
                .map_or_else(|| "the probe that was planned for it".to_owned(), |own| own.reason());
            return usual(Fate::replaced(by, reason));
        }
        usual(Fate::dropped(format!(
            "{} has no health check in dockwright's compose file",
            other.name
        )))
    }

    fn dependency(&self, item: &Item, other: &Container) -> Found {
        let waits = |service: &str| -> Vec<&Item> {
            self.new_of(Kind::Dependency).filter(|own| own.subject == service).collect()
        };
        let wanted = self.counterpart(&item.name);
        let Some(wanted) = wanted else {
            return usual(Fate::dropped(no_service(&item.name)));
        };
        if let Some(own) = waits(&other.name).into_iter().find(|own| own.name == wanted) {
            let now = match own.value.is_empty() {
                true => "it waits for its start".to_owned(),
                false => own.value.clone(),
            };
            let is_weaker = item.value.contains("service_healthy")
                && !own.value.contains("service_healthy")
                || item.value.contains("completed") && !own.value.contains("completed");
            let restarts = |own: &str| own.contains("restart") && own.contains("true");
            if restarts(&item.value) && !restarts(&own.value) {
                let reason =
                    "it is not started again where the other one is: restart of depends_on goes";
                return (Fate::replaced(now, reason), Some(Weight::Operation));
            }
            return match is_weaker {
                true => {
                    usual(Fate::replaced(now, "how it waits for it in dockwright's compose file"))
                }
                false => usual(Fate::merged(now)),
            };
        }
        // By way of another one that it waits for.
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        let mut open: Vec<&str> = vec![other.name.as_str()];
        while let Some(name) = open.pop() {
            for own in waits(name) {
                if own.name == wanted {
                    return usual(Fate::merged(format!("it waits for {name}, which waits for it")));
                }
                if seen.insert(own.name.as_str()) {
                    open.push(own.name.as_str());
                }
            }
        }
        usual(Fate::dropped("it starts without waiting for it"))
    }

    fn key(&self, item: &Item, other: &Container) -> Found {
        if item.name == "extends" {
            return usual(Fate::merged("what it takes from there is read, and told key by key"));
        }
        let same = |name: &str| self.at_place(Kind::Key, &item.subject, name);
        let other_name = reasons::same_key(&item.name);
        let new = same(&item.name).or_else(|| same(other_name?));
        let planned = reasons::row_of_key(&item.name).and_then(|row| self.number(&other.name, row));
        let why = || match (planned, reasons::key(&item.name)) {
            (Some(own), _) => (own.reason(), None),
            (None, Some((reason, weight))) => (reason.to_owned(), weight),
            (None, None) => {
                (format!("dockwright's compose file has no {} for {}", item.name, other.name), None)
            }
        };
        if let Some(own) = new {
            if is_same_amount(&item.value, &own.value) || is_true_of_both(item, own) {
                return usual(Fate::merged(format!("{}: {}", own.name, own.value)));
            }
            let (reason, weight) = match (planned, reasons::key(&item.name)) {
                (None, None) => ("dockwright's own value".to_owned(), None),
                _ => why(),
            };
            return (Fate::replaced(format!("{}: {}", own.name, own.value), reason), weight);
        }
        // `logging.options` of another driver, a list that has other entries.
        let group = item.name.split('.').next().unwrap_or(&item.name);
        let groups = self.new_of(Kind::Key).find(|own| {
            own.subject == other.name
                && own.name.split('.').next() == Some(group)
                && group != "deploy"
        });
        let (reason, weight) = why();
        match groups {
            Some(own) if group != item.name => {
                (Fate::replaced(format!("{}: {}", own.name, own.value), reason), weight)
            }
            _ => (Fate::dropped(reason), weight),
        }
    }

    fn project(&self, item: &Item) -> Found {
        let name = item.name.as_str();
        let new = self.new_of(Kind::Project).find(|own| own.name == name);
        if let Some(own) = new {
            return match own.value == item.value || own.value == "{}" && item.value.is_empty() {
                true => usual(Fate::Kept),
                false => {
                    let weight =
                        if name.starts_with("x-") { Weight::Form } else { Weight::Operation };
                    (Fate::replaced(own.value.clone(), "dockwright's own"), Some(weight))
                }
            };
        }
        if name == "version" {
            return (Fate::dropped("Compose has no use for it any more"), Some(Weight::Form));
        }
        if name.starts_with("x-") {
            return (Fate::merged("the services that it stood in"), Some(Weight::Form));
        }
        if name.starts_with("networks.") {
            let reason = "dockwright's services have networks of their own";
            let weight = match item.value.contains("external") {
                true => Weight::Behaviour,
                false => Weight::Form,
            };
            return (Fate::dropped(reason), Some(weight));
        }
        if let Some(volume) = name.strip_prefix("volumes.") {
            let mounted =
                self.old.items.iter().any(|own| {
                    own.kind == Kind::Volume && own.value.split(':').next() == Some(volume)
                });
            let reason = match mounted {
                true => {
                    "no service of dockwright's compose file mounts it; what is in it stays on the host"
                }
                false => "no service mounted it",
            };
            return (
                Fate::dropped(reason),
                Some(if mounted { Weight::Behaviour } else { Weight::Form }),
            );
        }
        usual(Fate::dropped("dockwright's compose file does not say it"))
    }
}

fn is_same_amount(one: &str, other: &str) -> bool {
    let both = |read: fn(&str) -> Option<u64>| {
        let (one, other) = (read(one), read(other));
        one.is_some() && one == other
    };
    one == other || both(units::bytes) || both(amount::seconds)
}

/// Lists of words in another order, or in quotes.
fn is_true_of_both(item: &Item, own: &Item) -> bool {
    let words = |text: &str| -> BTreeSet<String> {
        text.split(',').map(|word| word.trim().to_owned()).collect()
    };
    let (one, other) = (words(&item.value), words(&own.value));
    one.is_subset(&other)
}
