//! `deploy.hardening`: what of the host a service reaches, through mounts,
//! volumes, secrets and networks.

use crate::lint::diagnostic::{Diagnostic, Severity};
use crate::lint::rule::Rule;
use crate::lint::rules::policy::privileges::{Hardened, each_service};
use crate::lint::rules::policy::{SOURCE, by_each};
use crate::lint::subject::Comparison;
use crate::policy::Requirement;
use crate::source::compose::{Item, Mount};
use crate::source::text::is_true;

pub static RULE: Rule = Rule {
    code: "PO103",
    name: "standard-reach",
    severity: Severity::Error,
    summary: "no service reaches files or networks of the host that the standard would not give it",
    why: "A mount of the engine's socket, of /etc or of a home directory undoes every other limit: the container writes to the host.",
    example: "volumes: [\"media:/app/media\"]",
    source: SOURCE,
    fix: None,
    check: |subject, findings| by_each(subject, findings, judge),
};

/// Directories of the host that a service has no business in; what is below
/// them as well.
const HOST: [&str; 14] = [
    "/etc",
    "/proc",
    "/sys",
    "/dev",
    "/root",
    "/run",
    "/var/run",
    "/boot",
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/var/lib/docker",
    "/home",
];

/// Judges what every service mounts and joins.
fn judge(requirement: &Requirement, compared: Comparison<'_>) -> Vec<Diagnostic> {
    each_service(requirement, compared, |service, findings| {
        mounts(service, findings);
        volumes(service, findings);
        files(service, findings);
        networks(service, findings);
    })
}

/// What of a path of the host is reached; `None` where it is harmless.
fn danger(path: &str) -> Option<String> {
    let path = path.trim();
    let whole = normalised(path);
    if ["docker.sock", "containerd.sock", "podman.sock", "crio.sock"]
        .iter()
        .any(|name| whole.ends_with(name))
    {
        return Some(format!("{path} is mounted, which is root on the host"));
    }
    if whole.starts_with('~') || whole.starts_with("$HOME") || whole.starts_with("${HOME") {
        return Some(format!("{path} is mounted, which is somebody's home directory"));
    }
    if whole == "/" {
        return Some(format!("{path} is mounted, which is the whole host"));
    }
    if whole.starts_with("..") {
        return Some(format!("{path} is mounted, which is outside of the project"));
    }
    // A directory that holds one of them holds it, too.
    let host = HOST.iter().any(|own| {
        whole == *own
            || whole.starts_with(&format!("{own}/"))
            || own.starts_with(&format!("{whole}/")) && whole.starts_with('/')
    });
    host.then(|| format!("{path} is mounted, which is the host's"))
}

/// A path without `.`, `..` and doubled slashes.
fn normalised(path: &str) -> String {
    let absolute = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if absolute || parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    if absolute { format!("/{joined}") } else { joined }
}

fn mounts(judge: &Hardened<'_>, findings: &mut Vec<Diagnostic>) {
    let before: Vec<Mount> = judge.written.map(|own| own.mounts()).unwrap_or_default();
    let items = judge.service.item.get("volumes").map_or(&[][..], Item::items);
    for item in items {
        let Some(mount) = Mount::read(item) else { continue };
        if before.iter().any(|own| own.source == mount.source && own.target == mount.target) {
            continue;
        }
        let open = Comparison::is_open(judge.deployment, item)
            || item.entries().any(|(_, value)| Comparison::is_open(judge.deployment, value));
        if open {
            findings.push(judge.unknown(item, "what it mounts cannot be told"));
        } else if let Some(what) = mount.bind().and_then(danger) {
            findings.push(judge.finding(item, &what));
        }
    }
}

/// Named volumes whose driver shows a directory of the host.
fn volumes(judge: &Hardened<'_>, findings: &mut Vec<Diagnostic>) {
    let top = judge.deployment.project.root.get("volumes");
    for mount in judge.service.mounts() {
        let Some(volume) = mount.volume().and_then(|name| top?.get(name)) else { continue };
        let device = volume.get("driver_opts").and_then(|options| options.get("device"));
        let Some(device) = device else { continue };
        match device.scalar() {
            Some(_) if Comparison::is_open(judge.deployment, device) => {
                findings.push(judge.unknown(device, "what its volume shows cannot be told"));
            }
            Some(path) => {
                if let Some(what) = danger(&path) {
                    findings.push(judge.finding(device, &what));
                }
            }
            None => {}
        }
    }
}

/// Secrets and configurations that are files of the host.
fn files(judge: &Hardened<'_>, findings: &mut Vec<Diagnostic>) {
    for key in ["secrets", "configs"] {
        let top = judge.deployment.project.root.get(key);
        for item in judge.service.item.get(key).map_or(&[][..], Item::items) {
            let name = item.scalar().or_else(|| item.get("source")?.scalar());
            let file = name.and_then(|name| top?.get(&name)?.get("file"));
            if let Some((file, what)) = file.and_then(|f| Some((f, danger(&f.scalar()?)?))) {
                findings.push(judge.finding(file, &what));
            }
        }
    }
}

/// Networks that are the host's own.
fn networks(judge: &Hardened<'_>, findings: &mut Vec<Diagnostic>) {
    let top = judge.deployment.project.root.get("networks");
    for name in judge.service.names("networks") {
        let Some(network) = top.and_then(|top| top.get(&name)) else { continue };
        let text = |key: &str| network.get(key).and_then(Item::scalar).unwrap_or_default();
        let external = network
            .get("external")
            .is_some_and(|item| item.scalar().is_none_or(|text| is_true(&text)));
        let called = match text("name") {
            own if own.is_empty() => name.clone(),
            own => own,
        };
        let of_host =
            (external && matches!(called.as_str(), "host" | "bridge")) || text("driver") == "host";
        if of_host {
            findings.push(judge.finding(network, &format!("its network {name} is the host's")));
        } else if network.get("name").is_some_and(|own| Comparison::is_open(judge.deployment, own))
        {
            findings
                .push(judge.unknown(network, &format!("what network {name} is cannot be told")));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::danger;

    #[test]
    fn what_is_the_hosts_is_known_however_it_is_written() {
        for path in [
            "/",
            "//",
            "/etc",
            "/etc/",
            "/etc/../etc/passwd",
            "/proc",
            "/var/run/docker.sock",
            "/run",
            "~",
            "~/.ssh",
            "${HOME}",
            "/var",
            "..",
            "../..",
            "./../x",
            "/srv/../etc",
            "a/../../b",
        ] {
            assert!(danger(path).is_some(), "{path}");
        }
        for path in ["./data", "data", ".", "/srv/media", "/data", "/mnt/x", "/etcetera", "a/../b"]
        {
            assert!(danger(path).is_none(), "{path}");
        }
    }
}
