//! Stores reach nothing outside of the stack.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::lacking;
use super::reach::{Reach, Seen, short};
use crate::verify::record::Finding;
use crate::verify::run::Run;
use crate::verify::trouble::Outcome;

const ID: &str = "isolation.way-out";
const READ: Duration = Duration::from_secs(10);

/// Judges every store: by its networks, by the routes that it has, and by a
/// connection that is tried from beside it. None of it needs a machine that reaches
/// the internet.
pub async fn judge(run: &mut Run<'_>, reach: &Reach) -> Outcome {
    let Reach { stores, seen, .. } = reach;
    if stores.is_empty() {
        run.record(Finding::skipped(ID, "no service keeps data"));
        return Ok(());
    }
    let networks: BTreeSet<String> =
        stores.iter().flat_map(|own| own.networks.iter().cloned()).collect();
    let mut internal: BTreeMap<String, bool> = BTreeMap::new();
    for network in &networks {
        let options: Option<bollard::query_parameters::InspectNetworkOptions> = None;
        let facts = run.engine.api().inspect_network(network, options).await?;
        internal.insert(network.clone(), facts.internal == Some(true));
    }
    for store in stores {
        let words = ["cat", "/proc/net/route"];
        let routes = run.engine.exec(&store.id, None, &words, READ).await?;
        let has_route = routes.is_ok() && leads_everywhere(&routes.output);
        let open: Vec<String> = store
            .networks
            .iter()
            .filter(|own| !internal[*own])
            .map(|own| short(run, own))
            .collect();
        let tried = store.networks.iter().filter_map(|own| seen.get(own));
        let leads = tried.clone().any(Seen::leads_everywhere);
        let finding = if has_route || leads || !open.is_empty() {
            let how = match (has_route, open.as_slice()) {
                (true, []) => "it has a route to everywhere".to_owned(),
                (true, open) => {
                    format!("it has a route to everywhere, through {}", open.join(" and "))
                }
                (false, []) => "a connection to outside left its network".to_owned(),
                (false, open) => format!("its network {} is not internal", open.join(" and ")),
            };
            let said = format!("{how}: what breaks into it can take the data away");
            lacking(run.case, ID, said, "`internal: true` for the networks that stores are in")
        } else {
            let mut proofs = vec!["its networks are internal"];
            if routes.is_ok() {
                proofs.push("it has no route to outside");
            }
            if tried.count() > 0 {
                proofs.push("a connection from beside it found no way");
            }
            Finding::passed(ID, proofs.join(", "))
        };
        run.record(finding.of(&store.service));
    }
    Ok(())
}

/// Whether a table of routes has one for all addresses.
fn leads_everywhere(table: &str) -> bool {
    table.lines().skip(1).any(|line| line.split_whitespace().nth(1) == Some("00000000"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_default_route_is_told_from_that_of_a_network() {
        let title = "Iface\tDestination\tGateway \tFlags\n";
        assert!(!leads_everywhere(&format!("{title}eth0\t000012AC\t00000000\t0001\n")));
        assert!(leads_everywhere(&format!("{title}eth0\t00000000\t010012AC\t0003\n")));
        assert!(!leads_everywhere(""));
    }
}
