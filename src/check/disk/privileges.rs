//! `deploy.hardening`, on compose files: no service has more privileges than
//! it was written with.

use crate::check::disk::compose::{Compose, words};
use crate::check::disk::scene::Scene;
use crate::check::disk::user::is_root;
use crate::check::finding::Finding;
use crate::policy::Requirement;
use crate::source::compose::{Service, interpolate};

/// Judges every service of every file that is deployed.
pub fn judge(requirement: &Requirement, scene: &Scene<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for compose in scene.composes.iter().filter(|compose| !compose.development) {
        for (what, line) in &compose.elsewhere {
            let message = format!("{what} names another file, which is not judged");
            findings.push(Finding::unknown(requirement, &compose.path, Some(*line), &message));
        }
        for service in &compose.services {
            let judge =
                Judge { requirement, compose, service, written: compose.written(&service.name) };
            findings.extend(judge.gained());
            findings.extend(judge.lost());
        }
    }
    findings
}

struct Judge<'a> {
    requirement: &'a Requirement,
    compose: &'a Compose,
    service: &'a Service,
    written: Option<&'a Service>,
}

impl Judge<'_> {
    fn finding(&self, key: &str, what: &str) -> Finding {
        let line = self.service.line_of(key);
        let message = format!("{}: {what}", self.service.name);
        Finding::of(self.requirement, &self.compose.path, Some(line), &message)
    }

    /// Whether the service was written with the same.
    fn was(&self, key: &str, text: &str) -> bool {
        self.written.is_some_and(|written| words(written, key).iter().any(|own| own == text))
    }

    /// What a service may do that it was not written with.
    fn gained(&self) -> Vec<Finding> {
        let mut found = Vec::new();
        let text = |key: &str| self.service.text(key).map(|text| interpolate::defaults(&text));
        if text("privileged").as_deref() == Some("true") && !self.was("privileged", "true") {
            found.push(self.finding("privileged", "privileged: true is root on the host"));
        }
        if let Some(user) = text("user").filter(|user| is_root(user))
            && !self.was("user", &user)
        {
            found.push(self.finding("user", &format!("user: {user} is root")));
        }
        for key in ["network_mode", "pid", "ipc", "userns_mode", "uts", "cgroup"] {
            if text(key).as_deref() == Some("host") && !self.was(key, "host") {
                found.push(self.finding(key, &format!("{key}: host shares the host's")));
            }
        }
        for capability in words(self.service, "cap_add") {
            if !self.was("cap_add", &capability) {
                found.push(self.finding("cap_add", &format!("cap_add: {capability}")));
            }
        }
        for option in words(self.service, "security_opt") {
            let loose = option.replace('=', ":").ends_with(":unconfined")
                || option.replace('=', ":") == "no-new-privileges:false";
            if loose && !self.was("security_opt", &option) {
                found.push(self.finding("security_opt", &format!("security_opt: {option}")));
            }
        }
        found.extend(self.sockets());
        found
    }

    /// Sockets of engines: who writes to one is root on the host.
    fn sockets(&self) -> Vec<Finding> {
        let of = |service: &Service| -> Vec<(String, usize)> {
            let mounts = service.mounts();
            let bound = mounts.iter().filter_map(|mount| Some((mount.bind()?, mount.line)));
            bound
                .map(|(path, line)| (interpolate::defaults(path), line))
                .filter(|(path, _)| {
                    ["docker.sock", "containerd.sock", "podman.sock"]
                        .iter()
                        .any(|name| path.ends_with(name))
                })
                .collect()
        };
        let before = self.written.map(of).unwrap_or_default();
        of(self.service)
            .into_iter()
            .filter(|(path, _)| !before.iter().any(|(own, _)| own == path))
            .map(|(path, line)| {
                let message =
                    format!("{}: {path} is mounted, which is root on the host", self.service.name);
                Finding::of(self.requirement, &self.compose.path, Some(line), &message)
            })
            .collect()
    }

    /// What a service was written with to hold it back, and no longer has.
    fn lost(&self) -> Vec<Finding> {
        let Some(written) = self.written else { return Vec::new() };
        let mut found = Vec::new();
        let on = |service: &Service, key: &str| service.text(key).as_deref() == Some("true");
        if on(written, "read_only") && !on(self.service, "read_only") {
            let what = "its root file system is no longer read_only";
            found.push(self.finding("read_only", what));
        }
        let all = |service: &Service| {
            words(service, "cap_drop").iter().any(|word| word.eq_ignore_ascii_case("all"))
        };
        if all(written) && !all(self.service) {
            found.push(self.finding("cap_drop", "cap_drop: [ALL] is gone"));
        }
        let held = |service: &Service| {
            let options = words(service, "security_opt");
            options.iter().any(|o| {
                matches!(
                    o.replace('=', ":").as_str(),
                    "no-new-privileges:true" | "no-new-privileges"
                )
            })
        };
        if held(written) && !held(self.service) {
            found.push(self.finding("security_opt", "no-new-privileges:true is gone"));
        }
        if written.text("user").is_some() && self.service.text("user").is_none() {
            found.push(self.finding("user", "its user is gone, and the image's own may be root"));
        }
        found
    }
}
