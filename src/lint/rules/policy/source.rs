//! Paths of the host that a service reaches: which of them are the project's.

use std::fs;

use crate::lint::diagnostic::Diagnostic;
use crate::lint::rules::policy::keys;
use crate::lint::rules::policy::mounts;
use crate::lint::rules::policy::privileges::Hardened;
use crate::lint::rules::policy::root::is_root;
use crate::lint::subject::Comparison;
use crate::source::compose::Item;
use crate::source::path;

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
    // A directory that holds one of them holds it, too.
    let host = HOST.iter().any(|own| {
        whole == *own
            || whole.starts_with(&format!("{own}/"))
            || own.starts_with(&format!("{whole}/")) && whole.starts_with('/')
    });
    host.then(|| format!("{path} is mounted, which is the host's"))
}

/// A path without `.`, `..` and doubled slashes.
#[must_use]
pub fn normalised(path: &str) -> String {
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

/// Says of a path that is mounted, read or copied what of it is no project's.
pub fn path(service: &Hardened<'_>, item: &Item, path: &str, findings: &mut Vec<Diagnostic>) {
    if let Some(what) = danger(path) {
        findings.push(service.finding(item, &what));
        return;
    }
    let Some(inside) = service.deployment.project.path(path) else {
        let what = format!("{path} is mounted, which is outside of the project");
        // Who may write there is not known of a directory of the host.
        let is_above = !path.starts_with('/');
        findings.push(if is_above {
            service.finding(item, &what)
        } else {
            service.unknown(item, &what)
        });
        return;
    };
    let name = inside.rsplit('/').next().unwrap_or(&inside);
    let is_secret = name == ".env" || inside.split('/').any(|part| part == ".git");
    if is_secret {
        findings.push(service.finding(item, &format!("{path} is mounted, which holds secrets")));
    } else if inside == "." {
        let what = "the whole project is mounted, with what git ignores in it";
        findings.push(service.unknown(item, what));
    } else if let Some(what) = linked(service.compared, &inside) {
        findings.push(service.finding(item, &format!("{path} {what}")));
    }
}

/// Where a path of the project leads out of it, through a link.
fn linked(compared: Comparison<'_>, inside: &str) -> Option<&'static str> {
    let base = compared.now.tree.base();
    let mut at = base.to_owned();
    for part in inside.split('/') {
        at.push(part);
        if !fs::symlink_metadata(&at).is_ok_and(|found| found.is_symlink()) {
            continue;
        }
        return match path::canonical(&at) {
            Ok(real) if real.starts_with(base) && real != base => continue,
            Ok(_) => Some("is a link out of the project"),
            Err(_) => Some("is a link to what is not there"),
        };
    }
    None
}

/// Secrets, configurations, env files and what is watched.
pub fn judge(service: &Hardened<'_>, findings: &mut Vec<Diagnostic>) {
    for key in ["secrets", "configs"] {
        if let Some(list) = service.service.item.get(key) {
            secrets(service, key, list, findings);
        }
    }
    for files in ["env_file", "label_file"].iter().filter_map(|key| service.service.item.get(key)) {
        let items =
            if files.items().is_empty() { std::slice::from_ref(files) } else { files.items() };
        for item in items {
            let named = item.get("path").unwrap_or(item);
            let Some(text) = named.scalar() else { continue };
            if Comparison::is_open(service.deployment, named) {
                findings.push(service.unknown(named, "which file it reads cannot be told"));
            } else if service.deployment.project.path(&text).is_none() {
                findings.push(service.unknown(named, &format!("{text} is outside of the project")));
            }
        }
    }
    let watch = service.service.item.get("develop").and_then(|own| own.get("watch"));
    for item in watch.map_or(&[][..], Item::items) {
        if let Some(own) = item.get("path") {
            let text = own.scalar().unwrap_or_default();
            if service.deployment.project.path(&text).is_none() {
                findings.push(service.finding(own, &format!("{text} is outside of the project")));
            }
        }
        if item.get("exec").is_some_and(|hook| keys::is_privileged(hook, is_root)) {
            findings.push(service.finding(item, "develop.watch runs as root"));
        }
    }
}

/// Secrets or configurations that are files of the host.
pub fn secrets(service: &Hardened<'_>, key: &str, list: &Item, findings: &mut Vec<Diagnostic>) {
    let top = service.deployment.project.root.get(key);
    for item in list.items() {
        if let Some(target) = item.get("target").and_then(Item::scalar) {
            // A secret without a directory is among the others, a configuration at the top.
            let directory = if key == "secrets" { "/run/secrets/" } else { "/" };
            let target =
                if target.starts_with('/') { target } else { directory.to_owned() + &target };
            mounts::hidden(service, item, &target, findings);
        }
        let name = item.scalar().or_else(|| item.get("source")?.scalar());
        let Some(file) = name.and_then(|name| top?.get(&name)?.get("file")) else { continue };
        if Comparison::is_open(service.deployment, file) {
            findings.push(
                service.unknown(file, &format!("which file of {key} it reads cannot be told")),
            );
        } else if let Some(text) = file.scalar() {
            path(service, file, &text, findings);
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
            "/srv/../etc",
        ] {
            assert!(danger(path).is_some(), "{path}");
        }
        for path in ["./data", "data", ".", "/srv/media", "/data", "/mnt/x", "/etcetera", "a/../b"]
        {
            assert!(danger(path).is_none(), "{path}");
        }
    }
}
