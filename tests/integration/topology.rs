//! What runs holds together: every name that a service says is there, and
//! whoever is told an address can reach it. Over every combination.

use std::collections::BTreeSet;

use dockwright::plan::topology::{
    Condition, EnvValue, Image, Mount, Service, Test, Topology, Word,
};
use dockwright::plan::{self, Plan, Role};

use crate::combinations::combinations;

fn plans() -> impl Iterator<Item = Plan> {
    combinations().into_iter().map(|mut draft| {
        draft.set("deploy.cpus", "4", dockwright::answers::Origin::Flag).unwrap();
        draft.set("deploy.memory", "16GiB", dockwright::answers::Origin::Flag).unwrap();
        plan::plan(&draft.resolve().unwrap(), &BTreeSet::new()).unwrap()
    })
}

fn find<'a>(topology: &'a Topology, id: &str) -> &'a Service {
    let found = topology.services.iter().find(|service| service.id == id);
    found.unwrap_or_else(|| panic!("{id} is no service"))
}

/// Names of `.env` that a service reads.
fn read(service: &Service) -> Vec<&str> {
    fn of_value(value: &EnvValue) -> Option<&str> {
        match value {
            EnvValue::Variable { name, .. }
            | EnvValue::List { name, .. }
            | EnvValue::Secret(name) => Some(name),
            EnvValue::Url { secret, .. } => *secret,
            EnvValue::Literal(_) | EnvValue::Kept(_) => None,
        }
    }
    fn of_word(word: &Word) -> Option<&str> {
        match word {
            Word::Setting { name, .. } => Some(name),
            Word::Literal(_) | Word::Kept(_) => None,
        }
    }
    let words = service.command.iter().flat_map(|command| command.0.iter().flatten());
    let values = service.env.iter().map(|variable| &variable.value);
    values.filter_map(of_value).chain(words.filter_map(of_word)).collect()
}

#[test]
fn every_name_that_a_service_says_is_there() {
    for plan in plans() {
        let topology = &plan.topology;
        let names: BTreeSet<&str> = topology.services.iter().map(|one| one.id.as_str()).collect();
        assert_eq!(names.len(), topology.services.len(), "two services have one name");
        for service in &topology.services {
            let id = &service.id;
            for network in &service.networks {
                assert!(
                    topology.networks.iter().any(|one| one.name == *network),
                    "{id}: {network}"
                );
            }
            for mount in &service.mounts {
                if let Mount::Volume { name, .. } = mount {
                    assert!(topology.volumes.iter().any(|one| one.name == *name), "{id}: {name}");
                }
            }
            let variables: BTreeSet<&str> =
                service.env.iter().map(|variable| variable.name.as_str()).collect();
            assert_eq!(variables.len(), service.env.len(), "{id} is told something twice");
            // A number of the plan, which .env may say otherwise, is not in it by itself.
            for name in read(service).into_iter().filter(|name| *name != "WEB_CONCURRENCY") {
                assert!(plan.env.iter().any(|known| known.name == name), "{id}: {name}");
            }
            if let Image::Own { build: Some(build), .. } = &service.image
                && build.index_secret
            {
                assert!(!topology.secrets.is_empty(), "{id}");
            }
        }
    }
}

#[test]
fn whoever_is_told_an_address_can_reach_it() {
    for plan in plans() {
        let topology = &plan.topology;
        let reach = |one: &Service, other: &Service| {
            assert!(
                one.networks.iter().any(|name| other.networks.contains(name)),
                "{} cannot reach {}",
                one.id,
                other.id
            );
        };
        for service in &topology.services {
            for variable in &service.env {
                if let EnvValue::Url { host, .. } = &variable.value {
                    reach(service, find(topology, host));
                }
            }
        }
        if let (Some(proxy), Some(web)) =
            (topology.of_kind(Role::Nginx), topology.of_kind(Role::Web))
        {
            reach(proxy, web);
            assert!(web.ports.is_empty(), "the proxy is the only way in");
        }
        let edge = topology.services.iter().filter(|service| !service.ports.is_empty());
        assert_eq!(edge.count(), 1, "one service is reached from outside");
    }
}

#[test]
fn a_service_waits_for_what_can_be_waited_for() {
    for plan in plans() {
        let topology = &plan.topology;
        for service in &topology.services {
            for dependency in &service.depends_on {
                let other = find(topology, &dependency.service);
                match dependency.condition {
                    Condition::Completed => assert!(other.one_shot, "{}", other.id),
                    Condition::Healthy => {
                        assert!(
                            !other.one_shot && other.probe.test != Test::Disabled,
                            "{}",
                            other.id
                        );
                    }
                    _ => panic!("{} waits for less than {} can give", service.id, other.id),
                }
            }
        }
    }
}

#[test]
fn data_stores_are_reached_from_inside_alone() {
    for plan in plans() {
        let topology = &plan.topology;
        for role in [Role::Db, Role::Redis, Role::Cache] {
            let Some(store) = topology.of_kind(role) else { continue };
            assert!(store.ports.is_empty(), "{} is published", store.id);
            for name in &store.networks {
                let network = topology.networks.iter().find(|one| one.name == *name).unwrap();
                assert!(network.internal, "{} is in {name}, which leads out", store.id);
            }
            assert!(store.security.user.is_some(), "{} starts as root", store.id);
        }
    }
}

#[test]
fn each_image_of_the_repository_is_built_by_one_service() {
    for plan in plans() {
        let mut names = BTreeSet::new();
        let mut built = Vec::new();
        for service in &plan.topology.services {
            if let Image::Own { name, build, .. } = &service.image {
                names.insert(name);
                built.extend(build.as_ref().map(|_| name));
            }
        }
        built.sort();
        assert_eq!(built, names.into_iter().collect::<Vec<_>>());
    }
}

#[test]
fn development_changes_services_that_are_there() {
    for plan in plans() {
        let development = &plan.topology.development;
        let known = |id: &str| {
            let own = development.services.iter().any(|service| service.id == id);
            own || plan.topology.services.iter().any(|service| service.id == id)
        };
        for change in &development.overrides {
            assert!(known(&change.id), "{}", change.id);
            for dependency in &change.depends_on {
                assert!(known(&dependency.service), "{}", dependency.service);
            }
        }
    }
}
