//! What every container may do: as little as its work needs.

use crate::support::container::Container;
use crate::support::docker;
use crate::support::stack::Stack;
use serde_json::json;
use std::process::Command;
use std::time::Duration;

/// Services that nothing outside the stack may reach.
const STORES: [&str; 3] = ["db", "redis", "cache"];

/// The UID in generated files; the servers' images bring their own.
const APPLICATION: &str = "10001:10001";

/// Holds each container against the rules and against the plan; all breaches are told together.
#[track_caller]
pub fn holds(stack: &Stack, edge: &str) {
    let containers = stack.containers();
    let mut breaches = Breaches::default();
    for container in &containers {
        settings(container, &mut breaches);
        limits(stack, container, &mut breaches);
        ports(stack, container, edge, &mut breaches);
        if container.is_running() {
            processes(container, &mut breaches);
        }
        if STORES.contains(&container.service.as_str()) {
            isolation(container, &mut breaches);
        }
    }
    application_cannot_be_changed(stack, &mut breaches);
    every_worker_runs(stack, &mut breaches);
    assert!(containers.iter().any(|container| container.service == edge), "no {edge} is running");
    assert!(breaches.0.is_empty(), "{}", breaches.0.join("\n"));
}

#[derive(Default)]
struct Breaches(Vec<String>);

impl Breaches {
    fn unless(&mut self, holds: bool, container: &Container, what: impl std::fmt::Display) {
        if !holds {
            self.0.push(format!("{}: {what}", container.service));
        }
    }
}

fn settings(container: &Container, breaches: &mut Breaches) {
    let user = container.fact("/Config/User").as_str().unwrap_or_default();
    let numeric = user.split(':').all(|id| id.parse::<u32>().is_ok_and(|id| id > 0));
    breaches.unless(numeric, container, format!("its user is {user:?}, not a number above 0"));
    if ["web", "migrate", "worker", "beat"].contains(&container.service.as_str()) {
        breaches.unless(user == APPLICATION, container, format!("its user is {user}"));
    }
    for (pointer, wanted) in [
        ("/HostConfig/ReadonlyRootfs", json!(true)),
        ("/HostConfig/Privileged", json!(false)),
        ("/HostConfig/CapDrop", json!(["ALL"])),
        ("/HostConfig/CapAdd", json!(null)),
        ("/HostConfig/SecurityOpt", json!(["no-new-privileges:true"])),
        ("/HostConfig/LogConfig/Type", json!("local")),
    ] {
        let found = container.fact(pointer);
        breaches.unless(*found == wanted, container, format!("{pointer} is {found}, not {wanted}"));
    }
}

fn limits(stack: &Stack, container: &Container, breaches: &mut Breaches) {
    const MIB: f64 = 1024.0 * 1024.0;
    for (pointer, number, unit) in [
        ("/HostConfig/Memory", "memory", MIB),
        ("/HostConfig/MemoryReservation", "memory-reservation", MIB),
        ("/HostConfig/CpuShares", "cpu-shares", 1.0),
        ("/HostConfig/PidsLimit", "pids", 1.0),
        ("/Config/StopTimeout", "stop-grace-period", 1.0),
    ] {
        let planned = stack.planned(&format!("{}.{number}", container.service)) * unit;
        let found = container.fact(pointer).as_f64().unwrap_or(0.0);
        let same = found > 0.0 && found == planned;
        breaches.unless(same, container, format!("{pointer} is {found}, the plan says {planned}"));
    }
}

fn ports(stack: &Stack, container: &Container, edge: &str, breaches: &mut Breaches) {
    let published = container.published();
    let wanted = if container.service == edge {
        vec![format!("127.0.0.1:{}", stack.port)]
    } else {
        Vec::new()
    };
    breaches.unless(
        published == wanted,
        container,
        format!("publishes {published:?}, not {wanted:?}"),
    );
}

fn processes(container: &Container, breaches: &mut Breaches) {
    let processes = container.processes();
    breaches.unless(!processes.is_empty(), container, "none of its processes could be read");
    for process in processes {
        let name = process.value("Name").to_owned();
        let ids = process.value("Uid").split_whitespace();
        let root = ids.chain(process.value("Gid").split_whitespace()).any(|id| id == "0");
        breaches.unless(
            !root,
            container,
            format!("{name} runs as root: Uid {}", process.value("Uid")),
        );
        for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
            let none = u64::from_str_radix(process.value(set), 16) == Ok(0);
            breaches.unless(none, container, format!("{name} has {set} {}", process.value(set)));
        }
        breaches.unless(
            process.value("NoNewPrivs") == "1",
            container,
            format!("{name} may gain privileges"),
        );
    }
}

/// The server runs as many processes as are planned, below the one that supervises them.
fn every_worker_runs(stack: &Stack, breaches: &mut Breaches) {
    let web = stack.container("web");
    let planned = stack.planned("web.workers");
    let each = "for process in /proc/[0-9]*; do tr '\\0' ' ' < $process/cmdline; echo; done";
    let lines = docker::docker(&["exec", &web.id, "sh", "-c", each]);
    let server = |line: &&str| {
        let own = ["spawn_main", "/opt/venv/bin/gunicorn"];
        own.iter().any(|word| line.contains(word))
    };
    let found = lines.lines().filter(server).count();
    // gunicorn's supervisor has the same command line as its workers; a lone process of
    // uvicorn's has none.
    let workers = match lines.contains("/opt/venv/bin/gunicorn") {
        true => found - 1,
        false => found.max(1),
    } as f64;
    let same = (workers - planned).abs() < 0.5;
    breaches.unless(same, &web, format!("{workers} server processes, {planned} planned:\n{lines}"));
}

fn isolation(container: &Container, breaches: &mut Breaches) {
    let networks = container.networks();
    breaches.unless(!networks.is_empty(), container, "is in no network");
    for network in networks {
        let internal =
            docker::docker(&["network", "inspect", "--format", "{{.Internal}}", network]);
        breaches.unless(
            internal == "true",
            container,
            format!("its network {network} is not internal"),
        );
    }
}

/// A caller who can run a command as the application cannot change its code or what it imports.
fn application_cannot_be_changed(stack: &Stack, breaches: &mut Breaches) {
    let web = stack.container("web");
    for place in ["/app", "/opt/venv/bin", "/etc", "/usr/local/bin"] {
        let mut touch = Command::new("docker");
        touch.args(["exec", &web.id, "touch", &format!("{place}/planted")]);
        let output = docker::run(&mut touch, Duration::from_secs(30));
        breaches.unless(!output.status.success(), &web, format!("can write to {place}"));
    }
    // A volume that it saves uploads in is no code.
    let mounts = web.fact("/Mounts").as_array().into_iter().flatten();
    let mounts = mounts.filter_map(|mount| mount["Destination"].as_str());
    let passed: Vec<&str> = mounts.flat_map(|mount| ["-path", mount, "-prune", "-o"]).collect();
    let code = |tests: &[&str]| {
        let find = ["exec", &web.id, "find", "/app", "/opt/venv"];
        docker::docker(&[&find[..], &passed, tests, &["-print"]].concat())
    };
    let owners = code(&["-not", "-user", "0"]);
    breaches.unless(owners.is_empty(), &web, format!("owns part of its code:\n{owners}"));
    let writable = code(&["-type", "f", "-perm", "/022"]);
    breaches.unless(writable.is_empty(), &web, format!("may write to its code:\n{writable}"));
}
