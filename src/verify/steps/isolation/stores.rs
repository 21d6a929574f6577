//! Stores cannot be reached by what is reached from outside, nor from the host.

use std::collections::BTreeSet;

use super::lacking;
use super::reach::{Reach, Store, short};
use crate::verify::record::Finding;
use crate::verify::run::Run;

const ID: &str = "isolation.stores";

/// Judges every store.
pub fn judge(run: &mut Run<'_>, reach: &Reach) {
    if reach.stores.is_empty() {
        run.record(Finding::skipped(ID, "no service keeps data"));
        return;
    }
    let published = published(run);
    let Reach { stores, edge, seen } = reach;
    let sees = |network: &str, store: &Store| {
        let own = seen.get(network)?;
        store.targets.iter().find(|target| own.is_open(target)).cloned()
    };
    let mut findings = Vec::new();
    let mut held = Vec::new();
    for store in stores {
        if let Some(own) = store.networks.iter().find(|own| edge.contains(*own)) {
            let tried = match sees(own, store) {
                Some(target) => format!(": a connection to {target} was accepted there"),
                None => String::new(),
            };
            let said = format!(
                "it is in the network {}, which is reached from outside{tried}",
                short(run, own)
            );
            let help = "a network of its own for stores and what needs them (`backend: {internal: true}`), and another for what publishes a port";
            findings.push(lacking(run.case, ID, said, help).of(&store.service));
        } else if let Some((own, target)) =
            edge.iter().find_map(|own| Some((own, sees(own, store)?)))
        {
            let said = format!(
                "from the network {} a connection to {target} was accepted",
                short(run, own)
            );
            findings.push(Finding::failed(ID, said).of(&store.service).help(
                "the engine lets networks reach each other: see its `iptables` setting and the host's firewall",
            ));
        } else if edge.is_empty() {
            held.push((store.service.clone(), "nothing is reached from outside"));
        } else if edge.iter().any(|own| !seen.contains_key(own)) {
            held.push((store.service.clone(), "it shares no network with what is reached from outside; no image has a Python to try it with"));
        } else if store.networks.iter().any(|own| sees(own, store).is_some()) {
            held.push((
                store.service.clone(),
                "it answers in its own network, and not from the one that is reached from outside",
            ));
        } else {
            let why = "it answers on no known port in its own network, so that no answer elsewhere shows nothing";
            findings.push(Finding::skipped(ID, why).of(&store.service));
        }
    }
    let open: BTreeSet<String> = published.iter().filter_map(|own| own.of.clone()).collect();
    for finding in findings.into_iter().chain(published) {
        run.record(finding);
    }
    for (service, said) in held.into_iter().filter(|(service, _)| !open.contains(service)) {
        run.record(Finding::passed(ID, format!("{said}; no port of it is published")).of(service));
    }
}

/// Stores that publish a port, in the user's own project.
fn published(run: &Run<'_>) -> Vec<Finding> {
    let model = &run.case.model;
    let mut findings = Vec::new();
    for own in run.case.of(|own| own.kind.is_store() || own.kind.is_open_index()) {
        if model.service(&own.name)["network_mode"] == "host" {
            let said = "it has the host's network: everybody who reaches the host can connect";
            findings.push(Finding::failed(ID, said).of(&own.name).help("take network_mode out"));
        }
        for port in model.ports(&own.name) {
            let said = match port.address.as_str() {
                "" | "0.0.0.0" | "::" => format!(
                    "port {} is published on every address of the host, past its firewall",
                    port.port
                ),
                address => format!("port {} is published on the host's {address}", port.port),
            };
            let help = format!(
                "take the port out: `docker compose exec {}` reaches it without (CO106)",
                own.name
            );
            let is_local =
                port.address.parse().is_ok_and(|own: std::net::IpAddr| own.is_loopback());
            let finding = match is_local {
                true => lacking(run.case, ID, said, &help),
                false => Finding::failed(ID, said).help(help),
            };
            findings.push(finding.of(&own.name));
        }
    }
    findings
}
