//! A project of its own: nothing that it makes has a name that something else
//! has, and nothing that it mounts is written to by anybody else.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::Model;
use crate::source::path::canonical;

/// The label of everything that a run makes.
pub const LABEL: &str = "dev.dockwright.verify";

/// Where a run takes place.
#[derive(Clone, Debug)]
pub struct Ground {
    /// The project's name.
    pub name: String,
    /// Whose it is: the value of [`LABEL`].
    pub owner: String,
    /// The directory that stands for the user's.
    pub copy: PathBuf,
    /// The address that ports are published on.
    pub address: String,
    /// Free ports, one for each that is published.
    pub ports: Vec<u16>,
    /// Services that keep data: what they are mounted from the host is another
    /// program's, perhaps one that runs.
    pub stores: Vec<String>,
}

/// Directories of the host that hold sockets of engines.
const SOCKETS: [&str; 4] = ["docker.sock", "podman.sock", "containerd.sock", "/var/run/docker"];

/// Changes a resolved project so that it runs for itself alone; gives what was
/// changed that a reader should know of.
pub fn own(model: &mut Model, ground: &Ground) -> Vec<String> {
    let mut notes = Vec::new();
    model.0["name"] = json!(ground.name);
    images(model, ground);
    let mut anonymous = BTreeMap::new();
    let names: Vec<String> = model.services().into_iter().map(str::to_owned).collect();
    let mut ports = ground.ports.iter().copied();
    for name in &names {
        let keeps = ground.stores.contains(name);
        let service = model.service_mut(name);
        let Some(service) = service.as_object_mut() else { continue };
        service.remove("container_name");
        for key in ["external_links", "mac_address"] {
            if service.remove(key).is_some() {
                notes.push(format!(
                    "{name}: {key} is left out: it is about what runs outside of the stack"
                ));
            }
        }
        if service.get("network_mode").and_then(Value::as_str) == Some("host") {
            service.remove("network_mode");
            service.insert("networks".into(), json!({ "default": null }));
            notes.push(format!("{name}: network_mode: host is left out: it would take the host's ports; what rests on it is not judged"));
        }
        published(service, ground, &mut ports);
        addresses(name, service, &mut notes);
        mounts(name, service, ground, keeps, &mut anonymous, &mut notes);
        label(service, ground);
    }
    let used: Vec<String> = names
        .iter()
        .flat_map(|name| model.networks(name).into_iter().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    networks(model, &used, ground, &mut notes);
    volumes(model, anonymous, ground, &mut notes);
    notes
}

/// Images that are built here get names of this run: a tag that somebody runs from
/// is not moved.
fn images(model: &mut Model, ground: &Ground) {
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    for service in model.built() {
        let image = match model.image(service) {
            "" => format!("{}-{service}", ground.name),
            image => image.to_owned(),
        };
        let own = format!("{}-{service}:verify", ground.name);
        names.entry(image).or_insert(own);
    }
    let services: Vec<String> = model.services().into_iter().map(str::to_owned).collect();
    for service in services {
        let image = match model.image(&service) {
            "" if model.is_built(&service) => format!("{}-{service}", ground.name),
            image => image.to_owned(),
        };
        if let Some(own) = names.get(&image) {
            let entry = model.service_mut(&service);
            entry["image"] = json!(own);
            // It is in no registry.
            entry["pull_policy"] = json!("never");
            if let Some(build) = entry.get_mut("build").and_then(Value::as_object_mut) {
                // Caches and tags are for others.
                for key in ["tags", "cache_to"] {
                    build.remove(key);
                }
                build.entry("labels").or_insert_with(|| json!({}))[LABEL] = json!(ground.owner);
            }
        }
    }
}

fn published(
    service: &mut Map<String, Value>,
    ground: &Ground,
    free: &mut impl Iterator<Item = u16>,
) {
    let deployed = service.get("deploy").and_then(|own| own["replicas"].as_u64());
    let replicas = deployed.or_else(|| service.get("scale")?.as_u64()).unwrap_or(1);
    let Some(ports) = service.get_mut("ports").and_then(Value::as_array_mut) else { return };
    for port in ports.iter_mut() {
        port["host_ip"] = json!(ground.address);
        if let Some(free) = free.next() {
            // Each of several containers takes one of a range.
            port["published"] = match replicas {
                0 | 1 => json!(free.to_string()),
                many => json!(format!("{free}-{}", u64::from(free) + many - 1)),
            };
        }
    }
}

/// Fixed addresses would be those of another project on this host.
fn addresses(name: &str, service: &mut Map<String, Value>, notes: &mut Vec<String>) {
    let Some(networks) = service.get_mut("networks").and_then(Value::as_object_mut) else { return };
    for own in networks.values_mut() {
        let Some(own) = own.as_object_mut() else { continue };
        for key in ["ipv4_address", "ipv6_address", "link_local_ips", "mac_address"] {
            if own.remove(key).is_some() {
                notes.push(format!("{name}: {key} is left out: another project may have it"));
            }
        }
    }
}

fn mounts(
    name: &str,
    service: &mut Map<String, Value>,
    ground: &Ground,
    keeps: bool,
    volumes: &mut BTreeMap<String, Value>,
    notes: &mut Vec<String>,
) {
    let Some(mounts) = service.get_mut("volumes").and_then(Value::as_array_mut) else { return };
    let mut kept = Vec::new();
    for mount in mounts.drain(..) {
        if mount["type"] != "bind" {
            kept.push(mount);
            continue;
        }
        let source = mount["source"].as_str().unwrap_or_default().to_owned();
        let target = mount["target"].as_str().unwrap_or_default().to_owned();
        if SOCKETS.iter().any(|socket| source.ends_with(socket)) {
            notes.push(format!(
                "{name}: {source} is not mounted: through it, whatever else runs could be changed"
            ));
            continue;
        }
        let is_ours = is_within(Path::new(&source), &ground.copy);
        let is_file = Path::new(&source).is_file();
        let read_only = mount["read_only"] == true;
        if read_only || (is_ours && !keeps) || is_file && is_ours {
            kept.push(mount);
            continue;
        }
        if is_file {
            let mut mount = mount;
            mount["read_only"] = json!(true);
            notes.push(format!("{name}: {source} is mounted, and cannot be written to"));
            kept.push(mount);
            continue;
        }
        // Somebody else may be writing there.
        let volume = format!("verify-{}-{}", name, volumes.len());
        notes.push(format!(
            "{name}: an empty volume stands for {target}, which is a directory of the host"
        ));
        kept.push(json!({ "type": "volume", "source": volume, "target": target, "volume": {} }));
        volumes.insert(volume, json!({}));
    }
    *mounts = kept;
}

/// Whether a path is in the copy, wherever links on it lead.
fn is_within(path: &Path, copy: &Path) -> bool {
    // What is not there yet is made where its directory is.
    let mut inside = path.ancestors().take_while(|own| own.starts_with(copy));
    match inside.find(|own| own.symlink_metadata().is_ok()).map(canonical) {
        Some(Ok(there)) => canonical(copy).is_ok_and(|copy| there.starts_with(copy)),
        // A link that leads nowhere: the engine would make what it leads to.
        Some(Err(_)) => false,
        None => path.starts_with(copy),
    }
}

fn label(service: &mut Map<String, Value>, ground: &Ground) {
    let labels = service.entry("labels").or_insert_with(|| json!({}));
    labels[LABEL] = json!(ground.owner);
}

fn networks(model: &mut Model, used: &[String], ground: &Ground, notes: &mut Vec<String>) {
    if !model.0["networks"].is_object() {
        model.0["networks"] = json!({});
    }
    let Some(networks) = model.0["networks"].as_object_mut() else { return };
    for name in used {
        networks.entry(name.clone()).or_insert_with(|| json!({}));
    }
    for (name, network) in networks.iter_mut() {
        if network["external"] == true {
            notes.push(format!(
                "network {name} is one of this run's own: others are in the external one"
            ));
        }
        let internal = network["internal"] == true;
        let driver =
            network["driver"].as_str().filter(|driver| *driver == "bridge").map(str::to_owned);
        let mut own = json!({ "labels": { LABEL: ground.owner } });
        if internal {
            own["internal"] = json!(true);
        }
        if let Some(driver) = driver {
            own["driver"] = json!(driver);
        }
        *network = own;
    }
}

fn volumes(
    model: &mut Model,
    more: BTreeMap<String, Value>,
    ground: &Ground,
    notes: &mut Vec<String>,
) {
    if !model.0["volumes"].is_object() {
        model.0["volumes"] = json!({});
    }
    let Some(volumes) = model.0["volumes"].as_object_mut() else { return };
    for (name, volume) in volumes.iter_mut() {
        if volume["external"] == true {
            notes.push(format!("volume {name} is an empty one: the external one is not touched"));
        }
        let options = &volume["driver_opts"];
        // Memory is nobody else's; a share or a path of the host is.
        let is_memory = options["type"] == "tmpfs";
        if options.is_object() && !is_memory {
            notes
                .push(format!("volume {name} is a plain one: its driver leads to what others use"));
        }
        let mut own = json!({ "labels": { LABEL: ground.owner } });
        if is_memory {
            own["driver_opts"] = volume["driver_opts"].clone();
        }
        *volume = own;
    }
    for (name, _) in more {
        volumes.insert(name, json!({ "labels": { LABEL: ground.owner } }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ground() -> Ground {
        Ground {
            name: "dockwright-verify-1".into(),
            owner: "host/1".into(),
            copy: "/tmp/copy".into(),
            address: "127.0.0.1".into(),
            ports: vec![20_001, 20_002],
            stores: vec!["db".into()],
        }
    }

    fn changed(services: Value) -> (Model, Vec<String>) {
        let mut model = Model(json!({ "name": "shop", "services": services,
            "volumes": { "data": { "name": "shop_data", "external": true } },
            "networks": { "front": { "external": true, "name": "proxy" } } }));
        let notes = own(&mut model, &ground());
        (model, notes)
    }

    #[test]
    fn nothing_keeps_a_name_that_another_project_may_have() {
        let (model, notes) = changed(json!({
            "web": { "container_name": "shop", "build": { "context": "/tmp/copy" }, "image": "shop:1",
                     "ports": [{ "target": 8000, "published": "8000", "protocol": "tcp" }],
                     "networks": { "front": { "ipv4_address": "10.0.0.2" } } },
            "worker": { "image": "shop:1" },
            "db": { "image": "postgres:18" },
        }));
        let web = model.service("web");
        assert!(web.get("container_name").is_none());
        assert_eq!(model.image("web"), "dockwright-verify-1-web:verify");
        assert_eq!(model.image("worker"), model.image("web"));
        assert_eq!(model.service("worker")["pull_policy"], "never");
        assert_eq!(model.image("db"), "postgres:18");
        assert_eq!(model.ports("web")[0].port, 20_001);
        assert_eq!(model.ports("web")[0].address, "127.0.0.1");
        assert_eq!(model.volume("data"), "dockwright-verify-1_data");
        assert_eq!(model.network("front"), "dockwright-verify-1_front");
        assert_eq!(notes.len(), 3, "{notes:?}");
    }

    #[test]
    #[cfg(unix)]
    fn a_link_that_leads_out_of_the_copy_is_the_hosts() {
        let copy = tempfile::tempdir().unwrap();
        let host = tempfile::tempdir().unwrap();
        std::fs::create_dir(copy.path().join("inside")).unwrap();
        std::os::unix::fs::symlink(host.path(), copy.path().join("data")).unwrap();
        std::os::unix::fs::symlink("inside", copy.path().join("own")).unwrap();
        let ours = |name: &str| is_within(&copy.path().join(name), copy.path());
        assert!(ours("own") && ours("inside/later") && ours("later"));
        assert!(!ours("data") && !ours("data/below"));
    }

    #[test]
    fn what_the_host_holds_is_not_written_to() {
        let bind = |source: &str, target: &str| json!({ "type": "bind", "source": source, "target": target });
        let (model, notes) = changed(json!({
            "web": { "volumes": [bind("/tmp/copy/app", "/app"), bind("/srv/uploads", "/uploads"),
                                 bind("/var/run/docker.sock", "/var/run/docker.sock")] },
            "db": { "volumes": [bind("/tmp/copy/data", "/var/lib/postgresql")] },
        }));
        let kinds =
            |name: &str| model.mounts(name).into_iter().map(|own| own.kind).collect::<Vec<_>>();
        assert_eq!(kinds("web"), ["bind", "volume"]);
        assert_eq!(kinds("db"), ["volume"]);
        assert!(notes.iter().any(|note| note.contains("docker.sock")), "{notes:?}");
    }
}
