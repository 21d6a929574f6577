//! Kubernetes' Pod Security Standards: what of a pod each profile refuses.

use crate::lint::subject::cluster::{Pod, Spot};
use crate::source::compose::Node;

/// A profile; each refuses what those before it refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// No known way to more rights.
    Baseline,
    /// Hardened.
    Restricted,
}

/// Volumes that are taken in the restricted profile.
const VOLUMES: [&str; 8] = [
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
];
/// Kernel settings that belong to a pod alone.
const SYSCTLS: [&str; 12] = [
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_wmem",
];
/// Capabilities that the baseline takes: those that engines give by default.
const CAPABILITIES: [&str; 13] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];
/// What the kubelet asks or calls, for which it may be sent to another host.
const HANDLERS: [&[&str]; 5] = [
    &["livenessProbe"],
    &["readinessProbe"],
    &["startupProbe"],
    &["lifecycle", "preStop"],
    &["lifecycle", "postStart"],
];
/// Types of SELinux that are no way out.
const SELINUX: [&str; 5] =
    ["", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"];

/// What a profile refuses.
struct Fault<'c> {
    place: Spot<'c>,
    /// The container; `None` of the pod.
    container: Option<String>,
    what: String,
}

impl<'c> Fault<'c> {
    fn new(place: Spot<'c>, container: Option<&str>, what: &str) -> Self {
        Self { place, container: container.map(str::to_owned), what: what.to_owned() }
    }
}

/// What of a pod a profile refuses and none before it does, in one sentence, and where
/// the first of it stands; `None` where it is taken.
pub fn refused<'c>(pod: &Pod<'c>, profile: Profile) -> Option<(Spot<'c>, String)> {
    let mut found = Vec::new();
    match profile {
        Profile::Baseline => baseline(pod, &mut found),
        Profile::Restricted => restricted(pod, &mut found),
    }
    let all = pod.containers().len();
    let mut said: Vec<(&str, Vec<&str>)> = Vec::new();
    for own in &found {
        let names = match said.iter_mut().find(|(what, _)| *what == own.what) {
            Some((_, names)) => names,
            None => {
                said.push((&own.what, Vec::new()));
                &mut said.last_mut()?.1
            }
        };
        names.extend(own.container.as_deref());
    }
    let part = |(what, names): &(&str, Vec<&str>)| match names.len() {
        0 => (*what).to_owned(),
        count if count == all => (*what).to_owned(),
        1 => format!("container {}: {what}", names[0]),
        _ => format!("containers {}: {what}", names.join(", ")),
    };
    let parts: Vec<String> = said.iter().map(part).collect();
    found.first().map(|first| (first.place, parts.join("; ")))
}

fn baseline<'c>(pod: &Pod<'c>, found: &mut Vec<Fault<'c>>) {
    let spec = pod.spec;
    for (key, what) in [
        ("hostNetwork", "it has the node's network"),
        ("hostPID", "it sees the node's processes"),
        ("hostIPC", "it shares the node's memory segments"),
    ] {
        if let Some(own) = spec.get(key).filter(|_| spec.is(&[key])) {
            found.push(Fault::new(own, None, &format!("{what} ({key})")));
        }
    }
    for volume in spec.list(&["volumes"]) {
        if let Some(path) = volume.text(&["hostPath", "path"]) {
            found.push(Fault::new(
                volume.near(&["hostPath", "path"]),
                None,
                &format!("it mounts {path} of the node"),
            ));
        }
    }
    for sysctl in spec.list(&["securityContext", "sysctls"]) {
        let name = sysctl.text(&["name"]).unwrap_or_default();
        if !SYSCTLS.contains(&name.as_str()) {
            found.push(Fault::new(sysctl, None, &format!("it sets {name} of the node's kernel")));
        }
    }
    if let Some(context) = spec.get("securityContext") {
        contexts(context, None, found);
    }
    for own in pod.containers() {
        for port in own.spot.list(&["ports"]) {
            if let Some(number) = port.int(&["hostPort"]).filter(|number| *number != 0) {
                let place = port.near(&["hostPort"]);
                found.push(Fault::new(
                    place,
                    Some(&own.name),
                    &format!("it takes port {number} of the node"),
                ));
            }
        }
        for handler in HANDLERS {
            for action in ["httpGet", "tcpSocket"] {
                let keys: Vec<&str> = handler.iter().copied().chain([action, "host"]).collect();
                if let Some(host) = own.spot.text(&keys).filter(|own| !own.is_empty()) {
                    let what = format!("a probe asks {host} from the node");
                    found.push(Fault::new(own.spot.near(&keys), Some(&own.name), &what));
                }
            }
        }
        let Some(context) = own.spot.get("securityContext") else { continue };
        if let Some(place) = context.get("privileged").filter(|_| context.is(&["privileged"])) {
            found.push(Fault::new(place, Some(&own.name), "it is privileged"));
        }
        for capability in context.words(&["capabilities", "add"]) {
            let bare = capability.trim_start_matches("CAP_");
            if !CAPABILITIES.contains(&bare) {
                let place = context.near(&["capabilities", "add"]);
                found.push(Fault::new(place, Some(&own.name), &format!("it adds {capability}")));
            }
        }
        if context.text(&["procMount"]).is_some_and(|own| own != "Default") {
            found.push(Fault::new(
                context.near(&["procMount"]),
                Some(&own.name),
                "it sees all of /proc",
            ));
        }
        contexts(context, Some(&own.name), found);
    }
}

/// What the contexts of pods and of containers have in common.
fn contexts<'c>(context: Spot<'c>, container: Option<&str>, found: &mut Vec<Fault<'c>>) {
    for (key, what) in [("seccompProfile", "seccomp"), ("appArmorProfile", "AppArmor")] {
        if context.text(&[key, "type"]).is_some_and(|own| own == "Unconfined") {
            found.push(Fault::new(
                context.near(&[key, "type"]),
                container,
                &format!("{what} is switched off"),
            ));
        }
    }
    let of = |key: &str| context.text(&["seLinuxOptions", key]).unwrap_or_default();
    let kind = of("type");
    if !SELINUX.contains(&kind.as_str()) || !of("user").is_empty() || !of("role").is_empty() {
        found.push(Fault::new(
            context.near(&["seLinuxOptions"]),
            container,
            "it leaves SELinux' type",
        ));
    }
    if context.is(&["windowsOptions", "hostProcess"]) {
        let place = context.near(&["windowsOptions", "hostProcess"]);
        found.push(Fault::new(place, container, "it is a process of its node"));
    }
}

fn restricted<'c>(pod: &Pod<'c>, found: &mut Vec<Fault<'c>>) {
    let whole = pod.spec.near(&["securityContext"]);
    let of_pod = |keys: &[&str]| {
        let path: Vec<&str> =
            std::iter::once("securityContext").chain(keys.iter().copied()).collect();
        pod.spec.at(&path)
    };
    for volume in pod.spec.list(&["volumes"]) {
        for (key, _) in volume.item.entries() {
            let kind = key.scalar().unwrap_or_default();
            if kind != "name" && kind != "hostPath" && !VOLUMES.contains(&kind.as_str()) {
                found.push(Fault::new(
                    volume,
                    None,
                    &format!("it mounts a volume of the kind {kind}"),
                ));
            }
        }
    }
    for own in pod.containers() {
        let context = own.spot.near(&["securityContext"]);
        // Its own, else the pod's.
        let effective = |keys: &[&str]| {
            let path: Vec<&str> =
                std::iter::once("securityContext").chain(keys.iter().copied()).collect();
            own.spot.at(&path).or_else(|| of_pod(keys))
        };
        let is_root = effective(&["runAsUser"]).is_some_and(|own| own.item.node == Node::Int(0));
        let non_root = effective(&["runAsNonRoot"]);
        if is_root {
            let place = effective(&["runAsUser"]).unwrap_or(whole);
            found.push(Fault::new(place, Some(&own.name), "it runs as root"));
        } else if non_root.is_none_or(|own| own.item.node != Node::Bool(true)) {
            let place = non_root.unwrap_or(whole);
            found.push(Fault::new(place, Some(&own.name), "runAsNonRoot is not true"));
        }
        if effective(&["seccompProfile"]).is_none() {
            found.push(Fault::new(whole, Some(&own.name), "it has no seccompProfile"));
        }
        if own.spot.truth(&["securityContext", "allowPrivilegeEscalation"]) != Some(false) {
            let place = own.spot.near(&["securityContext", "allowPrivilegeEscalation"]);
            found.push(Fault::new(place, Some(&own.name), "allowPrivilegeEscalation is not false"));
        }
        let dropped = own.spot.words(&["securityContext", "capabilities", "drop"]);
        if !dropped.iter().any(|own| own == "ALL") {
            let place = context.near(&["capabilities", "drop"]);
            found.push(Fault::new(place, Some(&own.name), "it keeps capabilities"));
        }
        for capability in own.spot.words(&["securityContext", "capabilities", "add"]) {
            if capability != "NET_BIND_SERVICE" && CAPABILITIES.contains(&capability.as_str()) {
                let place = context.near(&["capabilities", "add"]);
                found.push(Fault::new(place, Some(&own.name), &format!("it adds {capability}")));
            }
        }
    }
}
