//! Who starts before what.

use std::collections::BTreeSet;

use super::ready;
use crate::verify::case::Case;
use crate::verify::engine::Container;
use crate::verify::events::Event;
use crate::verify::model::Model;
use crate::verify::record::Finding;
use crate::verify::run::Run;

const ID: &str = "start.order";

/// Judges the waits that the project names, and those that it lacks.
pub fn judge(run: &mut Run<'_>, containers: &[Container]) {
    let events = run.events.all();
    let mut wrong = Vec::new();
    let mut count = 0;
    for container in containers {
        for wait in run.stack.model.waits(&container.service) {
            for other in containers.iter().filter(|own| own.service == wait.service) {
                let there = match wait.condition.as_str() {
                    "service_healthy" => ready(&events, other),
                    "service_completed_successfully" => other.finished(),
                    _ => other.started(),
                };
                count += 1;
                if let (Some(there), Some(started)) = (there, container.started())
                    && started + 0.05 < there
                {
                    wrong.push(format!(
                        "{} started {:.1} s before {} was there",
                        container.service,
                        there - started,
                        wait.service
                    ));
                }
            }
        }
        let lacked = needs(run.case, &run.stack.model, &container.service);
        let waited = waited(&run.stack.model, &container.service);
        for store in lacked.difference(&waited) {
            let other = containers.iter().find(|own| &own.service == store);
            let there = other.and_then(|own| ready(&events, own));
            count += 1;
            // It may have been restarted until its store was there.
            if let (Some(there), Some(started)) = (there, first_start(&events, container))
                && started + 0.05 < there
            {
                wrong.push(format!(
                    "{} started {:.1} s before {store} was there, which it is told to use, and waits for nothing",
                    container.service,
                    there - started,
                ));
            }
        }
    }
    run.record(match (count, wrong.is_empty()) {
        (0, _) => Finding::skipped(ID, "no service waits for another, or needs one"),
        (_, true) => Finding::passed(ID, format!("{count} of {count} waits were kept")),
        (_, false) => Finding::failed(ID, wrong.join("; ")).help(
            "depends_on, with condition: service_healthy, for what a service cannot start without",
        ),
    });
}

fn first_start(events: &[Event], container: &Container) -> Option<f64> {
    let own = events.iter().find(|own| own.container == container.id && own.action == "start");
    own.map(|own| own.time)
}

/// The stores whose names stand in addresses that a service is told.
pub fn needs(case: &Case, model: &Model, service: &str) -> BTreeSet<String> {
    if !case.service(service).is_some_and(|own| own.is_application()) {
        return BTreeSet::new();
    }
    let hosts: BTreeSet<&str> = model
        .environment(service)
        .into_iter()
        .filter_map(|(name, value)| host(name, value?))
        .collect();
    case.of(|own| own.kind.is_store() && hosts.contains(own.name.as_str()))
        .map(|own| own.name.clone())
        .collect()
}

/// The host of an address, or what a variable says that is one.
fn host<'v>(name: &str, value: &'v str) -> Option<&'v str> {
    let Some((_, rest)) = value.split_once("://") else {
        return name.to_ascii_uppercase().ends_with("HOST").then_some(value);
    };
    let authority = rest.split(['/', '?']).next().unwrap_or(rest);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    Some(host.split(':').next().unwrap_or(host))
}

/// What a service waits for, by itself or through others.
fn waited(model: &Model, service: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![service.to_owned()];
    while let Some(name) = open.pop() {
        for wait in model.waits(&name) {
            if found.insert(wait.service.clone()) {
                open.push(wait.service);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn hosts_of_addresses_are_read() {
        assert_eq!(host("DATABASE_URL", "postgresql://app:x@db:5432/app"), Some("db"));
        assert_eq!(host("BROKER", "redis://redis/0"), Some("redis"));
        assert_eq!(host("DB_HOST", "db"), Some("db"));
        assert_eq!(host("DB_NAME", "db"), None);
    }

    #[test]
    fn waits_go_through_others() {
        let model = Model(json!({ "services": {
            "web": { "depends_on": { "migrate": { "condition": "service_completed_successfully" } } },
            "migrate": { "depends_on": { "db": { "condition": "service_healthy" } } },
            "db": {},
        } }));
        assert!(waited(&model, "web").contains("db"));
        assert!(waited(&model, "db").is_empty());
    }
}
