//! Networks of a service: bridges of the engine's own, or those that somebody
//! else made under a name that is not the host's.

use crate::lint::diagnostic::Diagnostic;
use crate::lint::rules::policy::keys;
use crate::lint::rules::policy::privileges::Hardened;
use crate::lint::subject::Comparison;
use crate::source::compose::Item;

/// Networks that every engine has.
const OF_HOST: [&str; 3] = ["host", "bridge", "docker_gwbridge"];
/// Options of a bridge that open nothing.
const OPTIONS: [&str; 2] =
    ["com.docker.network.driver.mtu", "com.docker.network.bridge.enable_icc"];

pub fn judge(service: &Hardened<'_>, findings: &mut Vec<Diagnostic>) {
    let top = service.deployment.project.root.get("networks");
    for name in service.service.names("networks") {
        let Some(network) = top.and_then(|top| top.get(&name)) else { continue };
        let mut fresh = service.compared.standard.written.deployments.iter();
        let is = |root: &Item| root.get("networks")?.get(&name).map(|own| keys::same(own, network));
        if fresh.any(|own| is(&own.project.root) == Some(true)) {
            continue;
        }
        definition(service, &name, network, findings);
    }
    outward(service, findings);
}

fn definition(service: &Hardened<'_>, name: &str, network: &Item, findings: &mut Vec<Diagnostic>) {
    let text = |key: &str| network.get(key).and_then(Item::scalar).unwrap_or_default();
    let external = network.get("external");
    // An old form has the name below `external`.
    let older = external.and_then(|own| own.get("name"));
    let is_external = external.is_some_and(|own| own.truth() != Some(false));
    let called = older.and_then(Item::scalar).unwrap_or_else(|| text("name"));
    let called = if called.is_empty() { name.to_owned() } else { called };
    let of_host = is_external && OF_HOST.contains(&called.as_str()) || text("driver") == "host";
    let parts = network.entries().map(|(_, value)| value).chain(older);
    if of_host {
        findings.push(service.finding(network, &format!("its network {name} is the host's")));
        return;
    }
    let options = network.get("driver_opts");
    let mut options = options.into_iter().flat_map(Item::entries);
    let driver = text("driver");
    let is_unknown = !matches!(driver.as_str(), "" | "bridge" | "overlay" | "default")
        || options.any(|(key, _)| !key.scalar().is_some_and(|key| OPTIONS.contains(&key.as_str())))
        || parts.into_iter().any(|own| Comparison::is_open(service.deployment, own));
    if is_unknown {
        let what = format!("what network {name} is cannot be told");
        findings.push(service.unknown(network, &what));
    }
}

/// A network that would be written without a way out, and has one; and one that
/// a service would not be in. A port on loopback needs one.
fn outward(service: &Hardened<'_>, findings: &mut Vec<Diagnostic>) {
    let Some(written) = service.written else { return };
    let fresh = service.compared.standard.written.deployments.iter();
    let fresh = fresh.filter(|own| own.services.iter().any(|own| std::ptr::eq(own, written)));
    let internal = |root: &Item, name: &str| {
        let network = root.get("networks").and_then(|own| own.get(name));
        network
            .and_then(|own| own.get("internal"))
            .and_then(Item::truth)
            .is_some_and(|is_internal| is_internal)
    };
    let names = written.names("networks");
    let was = |name: &str| fresh.clone().any(|own| internal(&own.project.root, name));
    let was_inside = !names.is_empty() && names.iter().all(|name| was(name));
    let has_none = service.service.item.get("network_mode").is_some();
    if !was_inside || has_none || !service.service.ports().is_empty() {
        return;
    }
    let root = &service.deployment.project.root;
    let names = service.service.names("networks");
    let names = if names.is_empty() { vec!["default".to_owned()] } else { names };
    for name in names {
        if !internal(root, &name) {
            let at = service.service.item.get("networks").unwrap_or(&service.service.item);
            let what =
                format!("its network {name} leads outside, and it would be in none that does");
            findings.push(service.finding(at, &what));
        }
    }
}
