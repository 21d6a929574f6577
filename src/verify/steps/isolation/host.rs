//! What containers share with the host, as the user's own project says it: this
//! run's leaves some of it out.

use serde_json::Value;

use crate::lint::rules::SYSTEM_DIRECTORIES;
use crate::verify::model::Model;
use crate::verify::record::{Finding, counted};
use crate::verify::run::Run;

/// Judges every service.
pub fn judge(run: &mut Run<'_>) {
    let model = &run.case.model;
    let mut failed = false;
    let names: Vec<String> = model.services().into_iter().map(str::to_owned).collect();
    for name in &names {
        for (said, help) in shared(model, name) {
            failed = true;
            run.record(Finding::failed("isolation.host", said).of(name).help(help));
        }
    }
    if !failed {
        let said = format!("nothing of the host is shared by {}", counted(names.len(), "service"));
        run.record(Finding::passed("isolation.host", said));
    }
}

/// What a service shares with the host, and what to do.
fn shared(model: &Model, name: &str) -> Vec<(String, &'static str)> {
    let service = model.service(name);
    let mut found = Vec::new();
    for (key, what) in [
        ("network_mode", "network: every port that it opens is open on the host"),
        ("pid", "processes: it sees and signals all of them"),
        ("ipc", "shared memory: it reads what others put there"),
        ("uts", "name: it can change it"),
        ("userns_mode", "user numbers: root in it is root of the host"),
        ("cgroup", "control groups: it sees and changes the limits of others"),
    ] {
        if service[key] == "host" {
            found.push((
                format!("it has the host's {what}"),
                "take the line out, and call services by their names (CO115)",
            ));
        }
    }
    for mount in model.mounts(name).into_iter().filter(|own| own.kind == "bind") {
        let path = match mount.source.trim_end_matches('/') {
            "" => "/",
            path => path,
        };
        if path.ends_with(".sock") {
            found.push((
                format!("{path} is mounted: who reaches it can do what the host's service does"),
                "take the mount out; a proxy of the socket lets single calls through (CO114)",
            ));
        } else if SYSTEM_DIRECTORIES.contains(&path) {
            let how = if mount.read_only { "read" } else { "written to" };
            found.push((
                format!("{path} of the host is mounted at {}, and can be {how}", mount.target),
                "mount the one file that is needed, read-only (CO128)",
            ));
        }
    }
    for key in ["devices", "device_cgroup_rules"] {
        for device in service[key].as_array().into_iter().flatten() {
            let own = device["source"].as_str().or_else(|| device.as_str());
            found.push((
                format!("the host's device {} is given to it", own.unwrap_or("that is named")),
                "take it out, or see that the service cannot do without it",
            ));
        }
    }
    if let Value::Array(secret) = &service["volumes_from"]
        && secret.iter().filter_map(Value::as_str).any(|own| own.starts_with("container:"))
    {
        found.push((
            "volumes of a container outside of the stack are mounted".to_owned(),
            "name the volumes",
        ));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_shared_is_found_and_own_files_are_not() {
        let bind = |source: &str| json!({ "type": "bind", "source": source, "target": "/x" });
        let model = Model(json!({ "services": {
            "bad": { "pid": "host", "network_mode": "host", "devices": [{ "source": "/dev/kvm" }],
                     "volumes": [bind("/var/run/docker.sock"), bind("/"), bind("/etc/")] },
            "good": { "pid": "service:bad", "volumes": [bind("/srv/app/nginx.conf"), bind("/etc/localtime")] },
        } }));
        assert_eq!(shared(&model, "bad").len(), 6, "{:?}", shared(&model, "bad"));
        assert!(shared(&model, "good").is_empty());
    }
}
