//! What objects name, and whether it is there.

use std::collections::{BTreeMap, BTreeSet};

use super::{Cluster, Object, Pod, Spot};

/// A name that nothing answers to.
#[derive(Clone, Debug)]
pub struct Reference<'c> {
    /// Who names it: `Deployment shop-web`.
    pub owner: String,
    /// What it names: `ConfigMap shop-config`.
    pub what: String,
    /// Where.
    pub place: Spot<'c>,
}

/// A Service that a route leads to.
#[derive(Clone, Debug)]
pub struct Backend<'c> {
    /// The route.
    pub owner: &'c Object,
    /// The Service.
    pub name: String,
    /// Its port, a number or a name, where it is said.
    pub port: Option<String>,
    /// Where it stands.
    pub place: Spot<'c>,
}

/// A key of a ConfigMap or a Secret that a pod asks for; no key where it takes all.
struct Asked<'c> {
    kind: &'static str,
    name: String,
    key: Option<String>,
    place: Spot<'c>,
}

/// What a built overlay names and does not have. A Secret that it does not have is made
/// elsewhere: see [`expected`].
#[must_use]
pub fn missing(cluster: &Cluster) -> Vec<Reference<'_>> {
    let mut found = Vec::new();
    for pod in cluster.pods() {
        of_pod(cluster, &pod, &mut found);
    }
    for own in backends(cluster) {
        let service = cluster.find("Service", &own.name);
        let what = match (service, &own.port) {
            (None, _) => format!("Service {}", own.name),
            (Some(service), Some(port)) if !has_port(service, port) => {
                format!("port {port} of Service {}", own.name)
            }
            _ => continue,
        };
        found.push(Reference { owner: own.owner.label(), what, place: own.place });
    }
    for service in cluster.of_kind("Service") {
        of_service(cluster, service, &mut found);
    }
    found
}

/// The Secrets that pods ask for and the overlay does not have, each with its keys: they
/// have to be there before it is applied.
#[must_use]
pub fn expected(cluster: &Cluster) -> BTreeMap<String, BTreeSet<String>> {
    let mut expected: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for pod in cluster.pods() {
        for own in asked(&pod).into_iter().filter(|own| own.kind == "Secret") {
            if secret_keys(cluster, &own.name).is_none() {
                expected.entry(own.name).or_default().extend(own.key);
            }
        }
    }
    expected
}

fn of_pod<'c>(cluster: &'c Cluster, pod: &Pod<'c>, found: &mut Vec<Reference<'c>>) {
    let owner = pod.object.label();
    let mut miss = |what: String, place| {
        found.push(Reference { owner: owner.clone(), what, place });
    };
    for own in asked(pod) {
        let keys = match own.kind {
            "ConfigMap" => {
                cluster.find("ConfigMap", &own.name).map(|own| keys(own, &["data", "binaryData"]))
            }
            _ => secret_keys(cluster, &own.name),
        };
        match (keys, own.key) {
            (None, _) if own.kind == "ConfigMap" => {
                miss(format!("ConfigMap {}", own.name), own.place)
            }
            (Some(Some(keys)), Some(key)) if !keys.contains(&key) => {
                miss(format!("key {key} of {} {}", own.kind, own.name), own.place);
            }
            _ => {}
        }
    }
    if let Some(place) = pod.spec.get("serviceAccountName") {
        let name = place.item.scalar().unwrap_or_default();
        if name != "default" && cluster.find("ServiceAccount", &name).is_none() {
            miss(format!("ServiceAccount {name}"), place);
        }
    }
    let mut volumes: BTreeSet<String> = BTreeSet::new();
    for volume in pod.spec.list(&["volumes"]) {
        volumes.extend(volume.text(&["name"]));
        let keys = ["persistentVolumeClaim", "claimName"];
        let Some(name) = volume.text(&keys) else { continue };
        if cluster.find("PersistentVolumeClaim", &name).is_none() {
            miss(format!("PersistentVolumeClaim {name}"), volume.near(&keys));
        }
    }
    for template in pod.object.spot().list(&["spec", "volumeClaimTemplates"]) {
        volumes.extend(template.text(&["metadata", "name"]));
    }
    for mount in pod.containers().iter().flat_map(|own| own.spot.list(&["volumeMounts"])) {
        let name = mount.text(&["name"]).unwrap_or_default();
        if !volumes.contains(&name) {
            miss(format!("volume {name}"), mount);
        }
    }
}

/// What the containers and volumes of a pod cannot do without.
fn asked<'c>(pod: &Pod<'c>) -> Vec<Asked<'c>> {
    let mut found = Vec::new();
    let mut ask = |kind, place: Option<Spot<'c>>, name_key: &str| {
        let Some(place) = place.filter(|own| !own.is(&["optional"])) else { return };
        let Some(name) = place.text(&[name_key]) else { return };
        let key = place.text(&["key"]);
        let near = place.near(&[if key.is_some() { "key" } else { name_key }]);
        found.push(Asked { kind, name, key, place: near });
    };
    for own in pod.containers() {
        for env in own.spot.list(&["env"]) {
            ask("ConfigMap", env.at(&["valueFrom", "configMapKeyRef"]), "name");
            ask("Secret", env.at(&["valueFrom", "secretKeyRef"]), "name");
        }
        for source in own.spot.list(&["envFrom"]) {
            ask("ConfigMap", source.get("configMapRef"), "name");
            ask("Secret", source.get("secretRef"), "name");
        }
    }
    for volume in pod.spec.list(&["volumes"]) {
        ask("ConfigMap", volume.get("configMap"), "name");
        ask("Secret", volume.get("secret"), "secretName");
    }
    found
}

/// The keys of an object; `None` inside where it takes whatever is there.
fn keys(own: &Object, lists: &[&str]) -> Option<BTreeSet<String>> {
    let spot = own.spot();
    let entries = lists.iter().filter_map(|key| spot.get(key)).flat_map(|own| own.item.entries());
    Some(entries.filter_map(|(name, _)| name.scalar()).collect())
}

/// The keys of a Secret, whoever makes it; the outer `None` where nobody here does.
#[allow(clippy::option_option, reason = "no Secret, and one with keys that nobody knows")]
fn secret_keys(cluster: &Cluster, name: &str) -> Option<Option<BTreeSet<String>>> {
    if let Some(own) = cluster.find("Secret", name) {
        return Some(keys(own, &["data", "stringData"]));
    }
    if let Some(own) = cluster.find("SealedSecret", name) {
        let sealed = own.spot().at(&["spec", "encryptedData"])?;
        return Some(Some(sealed.item.entries().filter_map(|(name, _)| name.scalar()).collect()));
    }
    let external = cluster.of_kind("ExternalSecret").find(|own| {
        let target = own.spot().text(&["spec", "target", "name"]);
        target.unwrap_or_else(|| own.name.clone()) == name
    })?;
    let spot = external.spot();
    let takes_all = spot.has(&["spec", "dataFrom"]) || spot.has(&["spec", "target", "template"]);
    let data = spot.list(&["spec", "data"]);
    Some((!takes_all).then(|| data.iter().filter_map(|own| own.text(&["secretKey"])).collect()))
}

/// The Services that routes lead to.
#[must_use]
pub fn backends(cluster: &Cluster) -> Vec<Backend<'_>> {
    let mut found = Vec::new();
    for owner in cluster.of_kind("Ingress") {
        let spot = owner.spot();
        let paths = spot.list(&["spec", "rules"]).into_iter();
        let paths = paths.flat_map(|rule| rule.list(&["http", "paths"]));
        let services = paths.filter_map(|path| path.at(&["backend", "service"]));
        for own in services.chain(spot.at(&["spec", "defaultBackend", "service"])) {
            let Some(name) = own.text(&["name"]) else { continue };
            let port = own.text(&["port", "number"]).or_else(|| own.text(&["port", "name"]));
            found.push(Backend { owner, name, port, place: own.near(&["name"]) });
        }
    }
    for owner in cluster.of_kind("HTTPRoute") {
        let rules = owner.spot().list(&["spec", "rules"]).into_iter();
        for own in rules.flat_map(|rule| rule.list(&["backendRefs"])) {
            let is_other = own.has(&["namespace"])
                || own.text(&["kind"]).is_some_and(|kind| kind != "Service");
            let Some(name) = own.text(&["name"]).filter(|_| !is_other) else { continue };
            found.push(Backend { owner, name, port: own.text(&["port"]), place: own });
        }
    }
    found
}

fn has_port(service: &Object, port: &str) -> bool {
    let spot = service.spot();
    let is_external = spot.text(&["spec", "type"]).as_deref() == Some("ExternalName");
    is_external
        || spot.list(&["spec", "ports"]).iter().any(|own| {
            [own.text(&["name"]), own.text(&["port"])].iter().flatten().any(|own| own == port)
        })
}

/// Names of ports that no container of the pods has.
fn of_service<'c>(cluster: &'c Cluster, service: &'c Object, found: &mut Vec<Reference<'c>>) {
    let selector = service.spot().pairs(&["spec", "selector"]);
    if selector.is_empty() {
        return;
    }
    let pods: Vec<Pod<'_>> = cluster
        .pods()
        .filter(|own| own.object.namespace == service.namespace)
        .filter(|own| selector.iter().all(|pair| own.labels.contains(pair)))
        .collect();
    let names: BTreeSet<String> = pods
        .iter()
        .flat_map(Pod::containers)
        .flat_map(|own| own.spot.list(&["ports"]))
        .filter_map(|own| own.text(&["name"]))
        .collect();
    for port in service.spot().list(&["spec", "ports"]) {
        let Some(target) = port.text(&["targetPort"]) else { continue };
        let is_number = target.parse::<u16>().is_ok();
        if !is_number && !pods.is_empty() && !names.contains(&target) {
            let place = port.near(&["targetPort"]);
            let what = format!("port {target} of its pods");
            found.push(Reference { owner: service.label(), what, place });
        }
    }
}
