//! Mounts of a service: what they show, and what of its image they hide.

use crate::lint::diagnostic::Diagnostic;
use crate::lint::rules::policy::disguise::ACCOUNTS;
use crate::lint::rules::policy::privileges::Hardened;
use crate::lint::rules::policy::source;
use crate::lint::subject::Comparison;
use crate::source::compose::{Item, Mount, Service};

/// Directories of an image whose files are run.
const PROGRAMS: [&str; 16] = [
    "/",
    "/etc",
    "/opt",
    "/bin",
    "/sbin",
    "/lib",
    "/lib64",
    "/usr",
    "/usr/bin",
    "/usr/sbin",
    "/usr/lib",
    "/usr/local",
    "/usr/local/bin",
    "/usr/local/sbin",
    "/usr/local/lib",
    "/opt/venv",
];

pub fn judge(service: &Hardened<'_>, findings: &mut Vec<Diagnostic>) {
    let before: Vec<Mount> = service.written.map(Service::mounts).unwrap_or_default();
    for item in service.service.item.get("volumes").map_or(&[][..], Item::items) {
        let Some(mount) = Mount::read(item) else {
            findings.push(service.unknown(item, "what it mounts cannot be told"));
            continue;
        };
        let is = |own: &&Mount| own.source == mount.source && own.target == mount.target;
        if let Some(was) = before.iter().find(is) {
            if is_read_only(was) && !is_read_only(&mount) {
                let what = format!("{} is no longer mounted read-only", mount.target);
                findings.push(service.finding(item, &what));
            }
            volume(service, &mount, findings);
            continue;
        }
        let kind = item.get("type").and_then(Item::scalar).unwrap_or_default();
        let open = Comparison::is_open(service.deployment, item)
            || item.entries().any(|(_, value)| Comparison::is_open(service.deployment, value));
        let is_known = matches!(kind.as_str(), "" | "bind" | "volume" | "tmpfs");
        if open || !is_known || !mount.target.starts_with('/') {
            findings.push(service.unknown(item, "what it mounts cannot be told"));
        } else if let Some(path) = mount.bind() {
            source::path(service, item, path, findings);
        }
        volume(service, &mount, findings);
        hidden(service, item, &mount.target, findings);
    }
    tmpfs(service, findings);
}

fn is_read_only(mount: &Mount) -> bool {
    mount.options.split([',', ':']).any(|option| option == "ro")
}

/// A named volume is the engine's own, or shows what is known to be harmless.
fn volume(service: &Hardened<'_>, mount: &Mount, findings: &mut Vec<Diagnostic>) {
    let top = service.deployment.project.root.get("volumes");
    let Some(volume) = mount.volume().and_then(|name| top?.get(name)) else { return };
    let driver = volume.get("driver").and_then(Item::scalar).unwrap_or_default();
    if !matches!(driver.as_str(), "" | "local") {
        let what = format!("what a volume of the driver {driver} shows is not known");
        findings.push(service.unknown(volume, &what));
        return;
    }
    // What another project keeps, this one has no business with.
    if volume.get("external").is_some_and(|own| own.truth() != Some(false)) {
        findings.push(service.unknown(volume, "what a volume of others holds is not known"));
        return;
    }
    let Some(options) = volume.get("driver_opts") else { return };
    let text = |key: &str| options.get(key).and_then(Item::scalar).unwrap_or_default();
    let open = options.entries().any(|(_, own)| Comparison::is_open(service.deployment, own));
    let (kind, device, own) = (text("type"), text("device"), text("o"));
    let has = |words: &[&str]| own.split(',').any(|option| words.contains(&option.trim()));
    // A mount that binds asks for no kind: it shows its device, whatever stands there.
    let binds = has(&["bind", "rbind"]);
    if has(&["exec", "suid", "dev"]) {
        findings.push(service.finding(options, &format!("a volume with the options {own}")));
        return;
    }
    if kind == "tmpfs" && !open && !binds {
        return;
    }
    if open || !binds || !matches!(kind.as_str(), "" | "none" | "tmpfs") {
        findings.push(service.unknown(options, "what its volume shows cannot be told"));
        return;
    }
    source::path(service, options.get("device").unwrap_or(options), &device, findings);
}

/// What of the image a mount hides that is run.
pub fn hidden(service: &Hardened<'_>, item: &Item, target: &str, findings: &mut Vec<Diagnostic>) {
    let target = source::normalised(target);
    let target = target.as_str();
    let build = service.compared.now.build_of(service.container);
    let workdir =
        build.and_then(|own| own.image.workdir.as_ref()).and_then(|own| own.value.known());
    let holds = |own: &str| own == target || own.starts_with(&format!("{target}/"));
    let is_inside = service.compared.standard.is_outside
        && (is_program(target) || workdir.is_some_and(|own| is_code(service, own, target)));
    if PROGRAMS.contains(&target) || workdir.is_some_and(holds) || is_inside {
        findings.push(service.finding(item, &format!("{target} of its image is mounted over")));
    }
}

/// Whether a path lies where programs are, or says who somebody is.
fn is_program(target: &str) -> bool {
    let below = |own: &str| {
        !["/usr", "/etc", "/opt"].contains(&own) && target.starts_with(&format!("{own}/"))
    };
    ACCOUNTS.iter().any(|own| target.starts_with(own)) || PROGRAMS[1..].iter().any(|own| below(own))
}

/// Whether the image has code of the repository there.
fn is_code(service: &Hardened<'_>, workdir: &str, target: &str) -> bool {
    let Some(inside) = target.strip_prefix(workdir).and_then(|own| own.strip_prefix('/')) else {
        return false;
    };
    let is_run = |path: &str| path.ends_with(".py") || path.ends_with(".sh");
    let tree = &service.compared.now.tree;
    tree.has(inside) && is_run(inside) || tree.below(inside).any(is_run)
}

fn tmpfs(service: &Hardened<'_>, findings: &mut Vec<Diagnostic>) {
    let Some(list) = service.service.item.get("tmpfs") else { return };
    let items = if list.items().is_empty() { std::slice::from_ref(list) } else { list.items() };
    for item in items {
        let Some(text) = item.scalar().filter(|text| !service.was("tmpfs", text)) else { continue };
        let (target, options) = text.split_once(':').unwrap_or((&text, ""));
        if options.split(',').any(|option| matches!(option, "exec" | "suid" | "dev")) {
            findings.push(service.finding(item, &format!("tmpfs: {text}")));
        }
        let target = target.trim_end_matches('/');
        hidden(service, item, if target.is_empty() { "/" } else { target }, findings);
    }
}
