//! Keys of a service that give it nothing of the host: every other one has to be
//! what would be written, or nobody can tell what it means.

use crate::lint::diagnostic::{Diagnostic, Severity};
use crate::lint::rules::policy::privileges::{Hardened, entries};
use crate::lint::subject::Comparison;
use crate::source::compose::{Item, interpolate};

/// Keys that are harmless, whatever they say, and those that another judge of
/// the standard reads.
const KNOWN: &[&str] = &[
    "annotations",
    "attach",
    "blkio_config",
    "build",
    "cap_add",
    "cap_drop",
    "cgroup",
    "cgroup_parent",
    "command",
    "configs",
    "container_name",
    "cpu_count",
    "cpu_percent",
    "cpu_period",
    "cpu_quota",
    "cpu_rt_period",
    "cpu_rt_runtime",
    "cpu_shares",
    "cpus",
    "cpuset",
    "credential_spec",
    "depends_on",
    "deploy",
    "develop",
    "device_cgroup_rules",
    "devices",
    "dns",
    "dns_opt",
    "dns_search",
    "domainname",
    "entrypoint",
    "env_file",
    "environment",
    "expose",
    "extends",
    "external_links",
    "extra_hosts",
    "gpus",
    "group_add",
    "healthcheck",
    "hostname",
    "image",
    "init",
    "ipc",
    "label_file",
    "labels",
    "links",
    "logging",
    "mac_address",
    "mem_limit",
    "mem_reservation",
    "mem_swappiness",
    "memswap_limit",
    "network_mode",
    "networks",
    "oom_score_adj",
    "pid",
    "pids_limit",
    "platform",
    "ports",
    "post_start",
    "pre_stop",
    "privileged",
    "profiles",
    "pull_policy",
    "read_only",
    "restart",
    "runtime",
    "scale",
    "secrets",
    "security_opt",
    "shm_size",
    "stdin_open",
    "stop_grace_period",
    "stop_signal",
    "sysctls",
    "tmpfs",
    "tty",
    "ulimits",
    "use_api_socket",
    "user",
    "userns_mode",
    "uts",
    "volumes",
    "volumes_from",
    "working_dir",
];

pub fn judge(service: &Hardened<'_>, findings: &mut Vec<Diagnostic>) {
    for (key, value) in service.service.item.entries() {
        let Some(key) = key.scalar() else { continue };
        if KNOWN.contains(&key.as_str()) || key.starts_with("x-") {
            continue;
        }
        let same =
            service.written.and_then(|own| own.item.get(&key)).is_some_and(|own| same(own, value));
        let is_off = value.scalar().is_some_and(|text| matches!(text.as_str(), "false" | ""));
        if !same && !is_off {
            findings.push(service.unknown(value, &format!("what `{key}` gives it is not known")));
        }
    }
    options(service, findings);
    reserved(service, findings);
}

/// A note about a value that is the default of a variable: as Compose reads it
/// without the variable it is judged, and whoever starts it may say another.
pub fn defaulted(service: &Hardened<'_>, key: &str, item: &Item) -> Option<Diagnostic> {
    let at = service.compared.at(service.container, Some(item));
    let raw = service.compared.now.slice(at);
    let mut unset = None;
    interpolate::replace(raw, &mut |variable| {
        let set = service.deployment.project.env.get(variable.name).cloned();
        if set.is_none() {
            unset.get_or_insert_with(|| variable.name.to_owned());
        }
        set
    });
    let message = format!(
        "{}: `{key}` is the default of {}, which the shell that starts it may set",
        service.service.name, unset?
    );
    let mut found = Diagnostic::new(at, message);
    found.severity(Severity::Advice);
    Some(found)
}

/// Whether two values say the same, wherever they stand.
#[must_use]
pub fn same(one: &Item, other: &Item) -> bool {
    let both = one.entries().zip(other.entries());
    one.scalar() == other.scalar()
        && one.items().len() == other.items().len()
        && one.entries().count() == other.entries().count()
        && one.items().iter().zip(other.items()).all(|(one, other)| same(one, other))
        && both.into_iter().all(|(one, other)| same(one.0, other.0) && same(one.1, other.1))
}

/// Whether an option of `security_opt` keeps what is run from gaining anything.
#[must_use]
pub fn holds(option: &str) -> bool {
    let (name, value) = option.split_once([':', '=']).unwrap_or((option, "true"));
    // What the engine takes for true.
    name == "no-new-privileges" && matches!(value, "1" | "t" | "T" | "true" | "TRUE" | "True")
}

/// `security_opt`: each option holds back, or is the engine's own default.
fn options(service: &Hardened<'_>, findings: &mut Vec<Diagnostic>) {
    const DEFAULTS: [&str; 2] = ["apparmor:docker-default", "seccomp:builtin"];
    let Some(list) = service.service.item.get("security_opt") else { return };
    for (item, option) in entries(list) {
        let is_open = Comparison::is_open(service.deployment, item);
        let is_default = DEFAULTS.contains(&option.replace('=', ":").as_str());
        let is_harmless = option.is_empty() || holds(&option) || is_default;
        if (is_open || !is_harmless) && !service.was("security_opt", &option) {
            findings.push(service.finding(item, &format!("security_opt: {option}")));
        }
    }
}

/// Devices that are reserved for it.
fn reserved(service: &Hardened<'_>, findings: &mut Vec<Diagnostic>) {
    let at = |item: &Item| -> Option<Item> {
        let reserved = item.get("deploy")?.get("resources")?.get("reservations")?;
        reserved.get("devices").or_else(|| reserved.get("generic_resources")).cloned()
    };
    let Some(devices) = at(&service.service.item) else { return };
    let was = service.written.and_then(|own| at(&own.item));
    if was.is_none_or(|was| !same(&was, &devices)) {
        findings.push(service.finding(&devices, "devices of the host are reserved for it"));
    }
}

/// Commands that run beside it, as somebody else.
pub fn is_privileged(hook: &Item, is_root: impl Fn(&str) -> bool) -> bool {
    let of = |name: &str| hook.get(name).and_then(Item::scalar);
    hook.get("privileged").and_then(Item::truth) == Some(true)
        || of("user").is_some_and(|own| is_root(&own))
}

#[cfg(test)]
mod tests {
    use super::holds;

    #[test]
    fn an_option_holds_as_the_engine_reads_it() {
        for option in ["no-new-privileges", "no-new-privileges:true", "no-new-privileges=1"] {
            assert!(holds(option), "{option}");
        }
        for option in ["no-new-privileges:false", "no-new-privileges=f", "no-new-privileges:0"] {
            assert!(!holds(option), "{option}");
        }
    }
}
