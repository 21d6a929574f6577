//! What is reached from inside a network: looked at by a container of the
//! application's image that is in no other.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::future::join_all;

use crate::lint::subject::Kind;
use crate::verify::beside::Beside;
use crate::verify::engine::Container;
use crate::verify::run::Run;
use crate::verify::trouble::{Outcome, Trouble};

/// Longest that a look takes, the start of its container included.
const LOOK: Duration = Duration::from_secs(30);
/// Addresses that are nobody's (RFC 5737): only a way to them is looked for.
const NOWHERE: &str = "192.0.2.1:443";
/// Says for each target what a connection came to, and whether there is a way to
/// everywhere.
const SCRIPT: &str = "\
import socket, sys, threading
def look(target):
    host, port = target.rsplit(':', 1)
    try:
        socket.create_connection((host, int(port)), timeout=3).close()
        said = 'open'
    except ConnectionRefusedError:
        said = 'refused'
    except socket.timeout:
        said = 'silent'
    except OSError as error:
        said = 'none'
    print('target', target, said, flush=True)
threads = [threading.Thread(target=look, args=(own,)) for own in sys.argv[1:]]
[own.start() for own in threads]
[own.join() for own in threads]
for line in open('/proc/net/route'):
    words = line.split()
    if len(words) > 2 and words[1] == '00000000' and words[0] != 'Iface':
        print('target everywhere open')
print('target end open')
";

/// What a connection came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// It was accepted.
    Open,
    /// It reached something that refused it.
    Refused,
    /// Nothing came back.
    Silent,
    /// There is no way, or no such name.
    None,
}

/// What was looked at from a network: by target.
#[derive(Clone, Debug, Default)]
pub struct Seen(BTreeMap<String, Said>);

impl Seen {
    /// Whether a connection to a target was accepted.
    pub fn is_open(&self, target: &str) -> bool {
        self.0.get(target) == Some(&Said::Open)
    }

    /// Whether there is a way to addresses of no network.
    pub fn leads_everywhere(&self) -> bool {
        self.0.contains_key("everywhere")
            || matches!(self.0.get(NOWHERE), Some(Said::Open | Said::Refused | Said::Silent))
    }
}

/// A store that others should not reach.
#[derive(Clone, Debug)]
pub struct Store {
    /// Its service.
    pub service: String,
    /// Its container.
    pub id: String,
    /// The networks that it is in, as the engine names them.
    pub networks: Vec<String>,
    /// Where it would be reached: address or name, and port.
    pub targets: Vec<String>,
}

/// What was found out about networks.
#[derive(Clone, Debug)]
pub struct Reach {
    /// The stores that run.
    pub stores: Vec<Store>,
    /// The networks that are reached from outside.
    pub edge: BTreeSet<String>,
    /// What was seen from each network; nothing where no image has a Python to look
    /// with.
    pub seen: BTreeMap<String, Seen>,
}

impl Reach {
    /// Looks from the networks of stores, where they have to answer, and from those
    /// that are reached from outside, where they must not.
    pub async fn read(run: &Run<'_>, containers: &[Container]) -> Outcome<Self> {
        let stores = stores(run, containers);
        let edge = edge(run);
        let own = stores.iter().flat_map(|own| own.networks.iter().cloned());
        let networks: BTreeSet<String> = own.chain(edge.iter().cloned()).collect();
        let mut targets: Vec<String> =
            stores.iter().flat_map(|own| own.targets.iter().cloned()).collect();
        targets.push(NOWHERE.to_owned());
        let seen = match stores.is_empty() {
            true => BTreeMap::new(),
            false => look(run, &networks, &targets).await?,
        };
        Ok(Self { stores, edge, seen })
    }
}

/// The networks that are reached from outside: those of what publishes the way in,
/// or of the application, as the engine names them. Nothing is published through an
/// internal one.
fn edge(run: &Run<'_>) -> BTreeSet<String> {
    let model = &run.stack.model;
    let service = run
        .case
        .edge()
        .map(|own| own.service.clone())
        .or_else(|| run.case.web().map(|own| own.name.clone()));
    let Some(service) = service else { return BTreeSet::new() };
    model
        .networks(&service)
        .into_iter()
        .filter(|own| model.0["networks"][*own]["internal"] != true)
        .map(|own| model.network(own))
        .collect()
}

/// A network as the project names it.
pub fn short(run: &Run<'_>, network: &str) -> String {
    let before = format!("{}_", run.stack.compose.name);
    network.strip_prefix(&before).unwrap_or(network).to_owned()
}

/// The stores of a stack that run.
fn stores(run: &Run<'_>, containers: &[Container]) -> Vec<Store> {
    let of = |container: &Container| {
        let kind = run.case.service(&container.service)?.kind;
        if !(kind.is_store() || kind.is_open_index()) || !container.is_running() {
            return None;
        }
        let mut hosts: Vec<String> = container
            .networks()
            .into_iter()
            .filter_map(|name| {
                let networks = container.fact("/NetworkSettings/Networks");
                networks[name]["IPAddress"].as_str().filter(|own| !own.is_empty())
            })
            .map(str::to_owned)
            .collect();
        hosts.push(container.service.clone());
        let exposed = container.fact("/Config/ExposedPorts").as_object();
        let mut ports: BTreeSet<u16> = exposed
            .into_iter()
            .flatten()
            .filter_map(|(name, _)| name.strip_suffix("/tcp")?.parse().ok())
            .collect();
        ports.extend(port(kind));
        let targets = hosts
            .iter()
            .flat_map(|host| ports.iter().map(move |port| format!("{host}:{port}")))
            .collect();
        Some(Store {
            service: container.service.clone(),
            id: container.id.clone(),
            networks: container.networks().into_iter().map(str::to_owned).collect(),
            targets,
        })
    };
    containers.iter().filter_map(of).collect()
}

/// The port of a kind of store, whatever its image says.
const fn port(kind: Kind) -> Option<u16> {
    match kind {
        Kind::Postgres => Some(5432),
        Kind::Mysql => Some(3306),
        Kind::Mongo => Some(27017),
        Kind::Redis => Some(6379),
        Kind::Memcached => Some(11211),
        Kind::Rabbitmq => Some(5672),
        Kind::Search => Some(9200),
        _ => None,
    }
}

/// Looks from each of the networks at all targets. A network without an answer has
/// none: no image of the stack has a Python to look with.
async fn look(
    run: &Run<'_>,
    networks: &BTreeSet<String>,
    targets: &[String],
) -> Outcome<BTreeMap<String, Seen>> {
    let Some(image) = image(run) else { return Ok(BTreeMap::new()) };
    let mut words = vec!["python3", "-c", SCRIPT];
    words.extend(targets.iter().map(String::as_str));
    let words = &words;
    let image = image.as_str();
    let of_one = async |network: &String| {
        let container = Beside::create(run, image, words, Some(network)).await?;
        let ended = container.end(run, LOOK).await;
        container.remove(run).await;
        Ok::<_, Trouble>((network.clone(), read(&ended?.output)))
    };
    let all: Vec<(String, Option<Seen>)> =
        join_all(networks.iter().map(of_one)).await.into_iter().collect::<Outcome<_>>()?;
    Ok(all.into_iter().filter_map(|(network, seen)| Some((network, seen?))).collect())
}

/// An image of the stack that has a Python.
fn image(run: &Run<'_>) -> Option<String> {
    let web = run.case.web().or_else(|| run.case.of(|own| own.is_application()).next())?;
    Some(run.stack.model.image(&web.name).to_owned()).filter(|own| !own.is_empty())
}

fn read(output: &str) -> Option<Seen> {
    let mut seen = BTreeMap::new();
    for line in output.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let ["target", target, said] = words[..] else { continue };
        let said = match said {
            "open" => Said::Open,
            "refused" => Said::Refused,
            "silent" => Said::Silent,
            _ => Said::None,
        };
        seen.insert(target.to_owned(), said);
    }
    // Without its last line it was not looked to the end.
    seen.remove("end").map(|_| Seen(seen))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_that_did_not_end_says_nothing() {
        let text = "target 10.0.0.2:5432 open\ntarget db:5432 none\n";
        assert!(read(text).is_none());
        let seen = read(&format!("{text}target end open\n")).unwrap();
        assert!(seen.is_open("10.0.0.2:5432") && !seen.is_open("db:5432"));
        assert!(!seen.leads_everywhere());
        let seen = read("target 192.0.2.1:443 silent\ntarget end open\n").unwrap();
        assert!(seen.leads_everywhere());
    }
}
