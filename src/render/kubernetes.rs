//! Kubernetes' words for what a cluster runs: what the templates below
//! `templates/kubernetes` read as `kubernetes`.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::answers::own_image::OwnImage;
use crate::answers::stack::Target;
use crate::plan::Plan;
use crate::plan::workloads::{
    Argument, Claim, Given, Kind, Probe, Store, Value as Told, Volume, Workload, Workloads,
};
use crate::render::scalars::{indented, scalar};
use crate::schema::Role;

/// The registry of an image that nobody has named one for.
const NO_REGISTRY: &str = "registry.example.com/team";

/// What the templates read.
#[must_use]
pub fn context(plan: &Plan) -> Value {
    let name = &plan.answers.name;
    let model = plan.answers.stack.application().model.as_ref();
    let own = &plan.workloads;
    let all = &Workloads {
        workloads: own.by_queue(),
        settings: own.settings_on(Target::Kubernetes, name),
        local_settings: own.settings_beside_stores(name),
        ..own.clone()
    };
    let roles = Role::ALL.into_iter().filter(|role| role.runs_application());
    let workloads: Vec<Value> = all.workloads.iter().map(|own| workload(plan, all, own)).collect();
    let local = all.local.iter().map(|(name, value)| (name.as_str(), Some(value.as_str())));
    let development = all
        .secrets
        .iter()
        .filter(|secret| !secret.optional)
        .filter(|secret| all.local.iter().all(|(name, _)| *name != secret.name))
        .map(|secret| (secret.name.as_str(), secret.development.as_deref()));
    json!({
        "name": name,
        "image": all.image_name(name),
        "repository": match plan.answers.repository() {
            "" => format!("{NO_REGISTRY}/{name}"),
            repository => repository.to_owned(),
        },
        "has_repository": !plan.answers.repository().is_empty(),
        "domain": plan.answers.deploy.public_name(name),
        "config": if all.settings.is_empty() { String::new() } else { format!("{name}-config") },
        "job_config": format!("{name}-migrate"),
        "restricted": all.workloads.iter().all(|own| own.unprivileged)
            && !plan.answers.own_image().is_some_and(OwnImage::may_be_root),
        "read_only": all.workloads.iter().any(|own| own.writable.is_none()),
        // By name, where that is what nobody knows the number of.
        "unnumbered": plan.answers.own_image()
            .filter(|image| image.uid.is_none() && image.is_unprivileged)
            .map_or("", |image| &image.user),
        "settings": all.settings.iter().map(literal).collect::<Vec<_>>(),
        "workloads": workloads,
        "by_role": roles
            .map(|role| {
                let of_role = workloads.iter().filter(|own| own["role"] == role.name());
                let own: Vec<Value> = of_role.cloned().collect();
                (role.name().to_owned(), json!(own))
            })
            .collect::<Map<_, _>>(),
        "job": all.of_role(Role::Migrate).map(|job| job_settings(all, job)).unwrap_or_default(),
        "told": all.settings.iter().map(|(name, value)| {
            let variable = plan.env.iter().find(|variable| variable.name == *name);
            json!({
                "name": name,
                "value": value,
                "doc": variable.map_or("", |variable| variable.doc.as_str()),
            })
        }).collect::<Vec<_>>(),
        "local_settings": all.local_settings.iter().map(literal).collect::<Vec<_>>(),
        // One node has no storage that several mount.
        "shared_claims": all.claims.iter().filter(|claim| mode(claim) != "ReadWriteOnce")
            .map(|claim| &claim.name).collect::<Vec<_>>(),
        "secrets": all.secrets.iter().map(|secret| json!({
            "name": secret.name,
            "doc": secret.doc,
            "optional": secret.optional,
        })).collect::<Vec<_>>(),
        "development": local.chain(development).map(|(name, value)| json!({
            "name": name,
            "text": scalar(&format!("{name}={}", value.unwrap_or_default())),
            "unknown": value.is_none(),
        })).collect::<Vec<_>>(),
        "stores": all.stores.iter().map(|own| store(all, own)).collect::<Vec<_>>(),
        "filled": all.claims.iter().filter(|claim| claim.read_only).map(|claim| json!({
            "name": claim.name,
            "target": claim.target,
            "source": model.map_or("FILE", |model| model.path.as_str()),
            "file": model.and_then(|model| model.path.as_str().rsplit('/').next())
                .unwrap_or("FILE"),
            // What a release changes of them is where they find it.
            "readers": all.workloads.iter()
                .filter(|own| own.volumes.iter().any(|volume| volume.name == claim.name))
                .filter(|own| own.env.iter().any(|given| given.name == "MODEL_PATH"))
                .map(|own| &own.id).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "left_out": all.left_out,
        "ports": all.workloads.iter().flat_map(|own| &own.ports.known).collect::<BTreeSet<_>>(),
        "unknown": all.workloads.iter().flat_map(|own| &own.ports.unknown)
            .collect::<BTreeSet<_>>(),
    })
}

/// An entry of a generator: `NAME=value`.
fn literal((name, value): &(String, String)) -> String {
    scalar(&format!("{name}={value}"))
}

/// Everything that a job is told and that is known: a change of it is another job.
fn job_settings(all: &Workloads, job: &Workload) -> Vec<String> {
    let own = job.env.iter().filter_map(|given| match &given.value {
        Told::Literal(value) => Some((given.name.clone(), value.clone())),
        Told::Secret { .. } => None,
    });
    let own: Vec<(String, String)> = own.collect();
    let is_other = |(name, _): &&(String, String)| own.iter().all(|(own, _)| own != name);
    all.settings.iter().filter(is_other).chain(&own).map(literal).collect()
}

fn workload(plan: &Plan, all: &Workloads, own: &Workload) -> Value {
    let n = |field: &str| {
        let decided = plan.decisions.iter();
        let mut of_role = decided.filter(|decided| decided.key.role == own.role);
        let found = of_role.find(|decided| decided.key.row.field == field);
        found.map_or(Value::Null, |decided| decided.value.in_template())
    };
    let claims = own.volumes.iter().filter(|volume| matches!(volume.kind, Kind::Claim { .. }));
    let first = |volume: &&Volume| {
        // A claim stands in the file of the first that mounts it.
        let users = all
            .workloads
            .iter()
            .filter(|other| other.volumes.iter().any(|one| one.name == volume.name));
        users.map(|other| &other.id).next() == Some(&own.id)
    };
    let claim = |volume: &Volume| {
        let claim = all.claims.iter().find(|claim| claim.name == volume.name)?;
        Some(json!({
            "name": claim.name,
            "target": claim.target,
            "mode": mode(claim),
            "read_only": claim.read_only,
        }))
    };
    json!({
        "role": own.role.name(),
        "id": own.id,
        "queue": own.queue,
        "about": own.about.lines().collect::<Vec<_>>(),
        "command": arguments(&own.entrypoint, 12),
        "args": arguments(&own.command, 12),
        "working_dir": own.working_dir,
        "env": own.env.iter().map(given).collect::<Vec<_>>(),
        "secrets": own.env.iter().filter(|one| matches!(one.value, Told::Secret { .. }))
            .map(given).collect::<Vec<_>>(),
        "volumes": own.volumes.iter().map(volume).collect::<Vec<_>>(),
        "claims": claims.filter(first).filter_map(claim).collect::<Vec<_>>(),
        "probe": probe(&own.probe),
        "by_address": own.by_address,
        "startup_interval": n("startup_interval"),
        "startup_failures": n("startup_failures"),
        "readiness_interval": n("readiness_interval"),
        "liveness_interval": n("liveness_interval"),
        "liveness_failures": n("liveness_failures"),
        "timeout": n("timeout"),
        "retries": n("retries"),
        "replicas": own.replicas.map(|replicas| json!({
            "count": replicas.count,
            "most": replicas.most,
            "overlap": replicas.overlap,
        })),
        "memory": own.memory.0,
        "cpus": own.cpus.0,
        "disk": own.disk.0,
        "grace": own.grace.0,
        "pre_stop": own.pre_stop.map(|seconds| seconds.0),
        "user": own.user,
        "group": own.group,
        "read_only": own.writable.is_none(),
        "writable": own.writable,
        "unprivileged": own.unprivileged,
        "init": own.init,
        "leads_out": own.leads_out,
        "ports": own.ports.known,
        "told_by": own.ports.secrets,
        "unknown": own.ports.unknown,
    })
}

/// Who may mount a claim. One that pods only read is written by whoever fills it, while
/// they run: `ReadOnlyMany` is for volumes that were full before, and few drivers make one.
const fn mode(claim: &Claim) -> &'static str {
    match (claim.read_only, claim.pods) {
        (false, 0 | 1) => "ReadWriteOnce",
        _ => "ReadWriteMany",
    }
}

fn store(all: &Workloads, own: &Store) -> Value {
    let clients = all.workloads.iter().filter(|workload| workload.stores.contains(&own.id));
    json!({
        "id": own.id,
        "role": own.role.name(),
        "about": match own.role {
            Role::Redis => "The broker: full, it refuses writes, since an evicted key is a lost task.",
            Role::Cache => "The cache: it keeps nothing, and full, drops what was used longest ago.",
            _ => "The database.",
        },
        "image": own.image,
        "port": own.port,
        "args": arguments(&own.command, 12),
        "env": own.env.iter().map(given).collect::<Vec<_>>(),
        "volumes": own.volumes.iter().map(volume).collect::<Vec<_>>(),
        "keeps": own.volumes.iter().any(|volume| matches!(volume.kind, Kind::Claim { .. })),
        "probe": probe(&Probe::Command(own.probe.clone())),
        "scratch": own.volumes.iter().any(|volume| matches!(volume.kind, Kind::Scratch(_) | Kind::Memory(_))),
        "memory": own.memory.0,
        "cpus": 100,
        "disk": 256,
        "read_only": true,
        "unprivileged": true,
        "grace": own.grace.0,
        "user": own.user,
        "group": own.user,
        "clients": clients.map(|workload| workload.id.clone()).collect::<Vec<_>>(),
    })
}

/// A variable: its value as YAML, or the key of the secret that has it.
fn given(given: &Given) -> Value {
    let (value, key, optional) = match &given.value {
        Told::Literal(value) => (Some(scalar(&escaped(value))), None, false),
        Told::Secret { key, optional } => (None, Some(key), *optional),
    };
    json!({
        "name": given.name,
        "value": value,
        "key": key,
        "optional": optional,
        "why": given.why,
    })
}

/// Text that Kubernetes takes as it is: `$(NAME)` would be a variable.
fn escaped(text: &str) -> String {
    text.replace("$(", "$$(")
}

/// Words, each as an item of a list that is so far indented and begun with a line break.
fn arguments(words: &[Argument], indent: usize) -> String {
    let word = |word: &Argument| match word {
        Argument::Literal(text) => escaped(text),
        Argument::Setting { prefix, name, .. } => format!("{prefix}$({name})"),
    };
    words.iter().map(|own| item(&word(own), indent)).collect()
}

/// One item of a list: text of several lines as a block.
fn item(text: &str, indent: usize) -> String {
    let space = " ".repeat(indent);
    match text.strip_suffix('\n').filter(|lines| lines.contains('\n')) {
        Some(lines) => format!("\n{space}- |{}", indented(lines, indent + 2)),
        None => format!("\n{space}- {}", scalar(text)),
    }
}

fn volume(volume: &Volume) -> Value {
    let (size, memory, claim, read_only) = match volume.kind {
        Kind::Scratch(size) => (size.0, false, false, false),
        Kind::Memory(size) => (size.0, true, false, false),
        Kind::Claim { read_only } => (0, false, true, read_only),
    };
    json!({
        "name": volume.name,
        "target": volume.target,
        "size": size,
        "memory": memory,
        "claim": claim,
        "read_only": read_only,
    })
}

fn probe(probe: &Probe) -> Value {
    // Every name is there, whatever the kind.
    let of_kind = |kind: &str, [start, live, ready, host, command]: [&str; 5]| {
        json!({
            "kind": kind, "start": start, "live": live, "ready": ready, "host": host,
            "command": command,
        })
    };
    match probe {
        Probe::Http { start, live, ready, host } => of_kind("http", [start, live, ready, host, ""]),
        Probe::Connect => of_kind("connect", [""; 5]),
        Probe::Command(words) => {
            let words: String = words.iter().map(|word| item(word, 16)).collect();
            of_kind("command", ["", "", "", "", &words])
        }
        Probe::None => of_kind("none", [""; 5]),
    }
}
