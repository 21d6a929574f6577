//! `deploy.hardening`, on compose files: no service has more privileges than it
//! would be written with, and none that would hold it back is gone.

use crate::lint::diagnostic::{Diagnostic, Severity};
use crate::lint::rule::Rule;
use crate::lint::rules::policy::root::is_root;
use crate::lint::rules::policy::{SOURCE, by_each};
use crate::lint::subject::{Comparison, Container, Deployment};
use crate::policy::Requirement;
use crate::source::compose::{Item, Service};
use crate::source::text::is_true;

pub static RULE: Rule = Rule {
    code: "PO102",
    name: "standard-privileges",
    severity: Severity::Error,
    summary: "no service has more privileges than the standard would write it with",
    why: "A container that is privileged, shares a namespace of the host or keeps its capabilities is as good as a login on the host: what the image does about users no longer counts.",
    example: "cap_drop: [ALL]\nsecurity_opt: [\"no-new-privileges:true\"]\nread_only: true",
    source: SOURCE,
    fix: None,
    check: |subject, findings| by_each(subject, findings, judge),
};

fn judge(requirement: &Requirement, compared: Comparison<'_>) -> Vec<Diagnostic> {
    each_service(requirement, compared, |service, findings| {
        service.shared(findings);
        service.loosened(findings);
        service.lost(findings);
    })
}

/// Judges every service of every project that is deployed.
pub fn each_service(
    requirement: &Requirement,
    compared: Comparison<'_>,
    judge: impl Fn(&Hardened<'_>, &mut Vec<Diagnostic>),
) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    if requirement.key != "deploy.hardening" {
        return findings;
    }
    for container in compared.containers() {
        let Some((deployment, service)) = compared.now.composed(container) else { continue };
        let written = compared.written_as(&service.name);
        judge(&Hardened { compared, container, deployment, service, written }, &mut findings);
    }
    findings
}

/// One service, and what it would be written as.
pub struct Hardened<'a> {
    /// Everything that can be judged.
    pub compared: Comparison<'a>,
    /// The service as a container.
    pub container: &'a Container,
    /// Its project.
    pub deployment: &'a Deployment,
    /// The service.
    pub service: &'a Service,
    /// What it would be written as.
    pub written: Option<&'a Service>,
}

impl Hardened<'_> {
    /// Something that does not hold, at a value.
    pub fn finding(&self, item: &Item, what: &str) -> Diagnostic {
        let at = self.compared.at(self.container, Some(item));
        Diagnostic::new(at, format!("{}: {what}", self.service.name))
    }

    /// Something that cannot be told, at a value.
    pub fn unknown(&self, item: &Item, what: &str) -> Diagnostic {
        let at = self.compared.at(self.container, Some(item));
        Diagnostic::unknown(at, format!("{}: {what}", self.service.name))
    }

    /// Something that is gone.
    fn gone(&self, key: &str, what: &str) -> Diagnostic {
        let at = self.compared.at(self.container, self.service.item.get(key));
        Diagnostic::new(at, format!("{}: {what}", self.service.name))
    }

    /// Whether the service would be written with the same.
    pub fn was(&self, key: &str, text: &str) -> bool {
        self.written.is_some_and(|written| words(written, key).iter().any(|own| own == text))
    }

    /// A value of one word, unless it would be written as it is; one that is only
    /// known later is said.
    fn word(&self, key: &str, findings: &mut Vec<Diagnostic>) -> Option<(&Item, String)> {
        let item = self.service.item.get(key)?;
        let text = item.scalar()?;
        if self.was(key, &text) {
            return None;
        }
        if Comparison::is_open(self.deployment, item) {
            findings.push(self.unknown(item, &format!("what `{key}` is cannot be told")));
            return None;
        }
        Some((item, text))
    }

    /// What a service shares with the host, and who it runs as.
    fn shared(&self, findings: &mut Vec<Diagnostic>) {
        if let Some((item, text)) = self.word("privileged", findings)
            && is_true(&text)
        {
            findings.push(self.finding(item, &format!("privileged: {text} is root on the host")));
        }
        if let Some((item, user)) = self.word("user", findings)
            && is_root(&user)
        {
            findings.push(self.finding(item, &format!("user: {user} is root")));
        }
        for key in ["network_mode", "pid", "ipc", "userns_mode", "uts", "cgroup"] {
            let Some((item, text)) = self.word(key, findings) else { continue };
            if text == "host" {
                findings.push(self.finding(item, &format!("{key}: host shares the host's")));
            } else if text.starts_with("container:") {
                let what = format!("{key}: {text} shares another container's");
                findings.push(self.finding(item, &what));
            }
        }
        for key in ["cgroup_parent", "runtime", "use_api_socket", "credential_spec"] {
            if let Some((item, text)) = self.word(key, findings)
                && text != "false"
            {
                findings.push(self.finding(item, &format!("{key}: {text}")));
            }
        }
    }

    /// Lists that loosen something.
    fn loosened(&self, findings: &mut Vec<Diagnostic>) {
        for key in
            ["cap_add", "group_add", "devices", "device_cgroup_rules", "volumes_from", "gpus"]
        {
            let Some(list) = self.service.item.get(key) else { continue };
            for (item, word) in entries(list) {
                if !self.was(key, &word) {
                    findings.push(self.finding(item, &format!("{key}: {word}")));
                }
            }
        }
        if let Some(list) = self.service.item.get("security_opt") {
            for (item, option) in entries(list) {
                let plain = option.replace('=', ":").to_ascii_lowercase();
                let loose = plain.ends_with(":unconfined")
                    || plain == "no-new-privileges:false"
                    || plain == "label:disable"
                    || plain.starts_with("seccomp:")
                    || Comparison::is_open(self.deployment, item);
                if loose && !self.was("security_opt", &option) {
                    findings.push(self.finding(item, &format!("security_opt: {option}")));
                }
            }
        }
        for key in ["post_start", "pre_stop"] {
            for hook in self.service.item.get(key).map_or(&[][..], Item::items) {
                let of = |name: &str| hook.get(name).and_then(Item::scalar).unwrap_or_default();
                let user = hook.get("user").and_then(Item::scalar);
                if is_true(&of("privileged")) || user.is_some_and(|user| is_root(&user)) {
                    findings.push(self.finding(hook, &format!("{key} runs as root")));
                }
            }
        }
        if let Some(build) = self.service.item.get("build") {
            for (key, item) in build.entries() {
                let key = key.scalar().unwrap_or_default();
                let text = item.scalars().join(", ");
                let loose = match key.as_str() {
                    "privileged" => is_true(&text),
                    "network" => text == "host",
                    "entitlements" => !text.is_empty(),
                    _ => false,
                };
                if loose {
                    findings.push(self.finding(item, &format!("build.{key}: {text}")));
                }
            }
        }
    }

    /// What a service would be written with to hold it back, and does not have.
    fn lost(&self, findings: &mut Vec<Diagnostic>) {
        let Some(written) = self.written else { return };
        let on =
            |service: &Service, key: &str| service.text(key).is_some_and(|text| is_true(&text));
        if on(written, "read_only") && !on(self.service, "read_only") {
            let what = "its root file system is no longer read_only";
            findings.push(self.gone("read_only", what));
        }
        let all = |service: &Service| {
            words(service, "cap_drop").iter().any(|word| word.eq_ignore_ascii_case("all"))
        };
        if all(written) && !all(self.service) {
            findings.push(self.gone("cap_drop", "cap_drop: [ALL] is gone"));
        }
        let held = |service: &Service| {
            let options = words(service, "security_opt");
            options.iter().any(|option| {
                let plain = option.replace('=', ":");
                matches!(plain.as_str(), "no-new-privileges:true" | "no-new-privileges")
            })
        };
        if held(written) && !held(self.service) {
            findings.push(self.gone("security_opt", "no-new-privileges:true is gone"));
        }
        if written.text("user").is_some() && self.service.text("user").is_none() {
            let what = "its user is gone, and the image's own may be root";
            findings.push(self.gone("user", what));
        }
    }
}

/// The scalars below a key of a service.
fn words(service: &Service, key: &str) -> Vec<String> {
    service.item.get(key).map(Item::scalars).unwrap_or_default()
}

/// The entries of a list, or the one that stands in its place, each as a word.
fn entries(item: &Item) -> Vec<(&Item, String)> {
    let word = |item: &Item| match item.scalar() {
        Some(text) => text,
        None => {
            let parts = item.entries().filter_map(|(_, value)| value.scalar());
            parts.collect::<Vec<_>>().join(" ")
        }
    };
    match item.items() {
        [] => vec![(item, word(item))],
        items => items.iter().map(|item| (item, word(item))).collect(),
    }
}
