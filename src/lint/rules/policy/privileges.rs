//! `deploy.hardening`, on compose files: no service has more privileges than it
//! would be written with, and none that would hold it back is gone.

use crate::lint::diagnostic::{Diagnostic, Severity};
use crate::lint::rule::Rule;
use crate::lint::rules::policy::root::is_root;
use crate::lint::rules::policy::{SOURCE, build, by_each, keys};
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
    let mut findings = each_service(requirement, compared, |service, findings| {
        service.runs_as(findings);
        service.shared(findings);
        service.loosened(findings);
        service.lost(findings);
        keys::judge(service, findings);
        build::judge(service, findings);
    });
    if requirement.key == "deploy.hardening" && compared.standard.is_outside {
        for container in compared.developed() {
            let Some((deployment, service)) = compared.now.composed(container) else { continue };
            let written = compared.developed_as(&service.name);
            let own = Hardened { compared, container, deployment, service, written };
            own.shared(&mut findings);
            own.loosened(&mut findings);
        }
    }
    findings
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
        let written = compared.written_as(container);
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
    pub fn word(&self, key: &str, findings: &mut Vec<Diagnostic>) -> Option<(&Item, String)> {
        let item = self.service.item.get(key)?;
        let text = item.scalar()?;
        if self.was(key, &text) {
            return None;
        }
        if Comparison::is_open(self.deployment, item) {
            findings.push(self.unknown(item, &format!("what `{key}` is cannot be told")));
            return None;
        }
        findings.extend(keys::defaulted(self, key, item));
        Some((item, text))
    }

    /// Who it runs as.
    fn runs_as(&self, findings: &mut Vec<Diagnostic>) {
        if let Some((item, user)) = self.word("user", findings) {
            let group = user.split_once(':').map_or("", |(_, group)| group);
            if is_root(&user) {
                findings.push(self.finding(item, &format!("user: {user} is root")));
            } else if !group.is_empty() && is_root(group) {
                findings.push(self.finding(item, &format!("user: {user} has the group of root")));
            }
        }
    }

    /// What a service shares with the host.
    fn shared(&self, findings: &mut Vec<Diagnostic>) {
        if let Some((item, text)) = self.word("privileged", findings)
            && !is_false(&text)
        {
            findings.push(if is_true(&text) {
                self.finding(item, &format!("privileged: {text} is root on the host"))
            } else {
                self.unknown(item, &format!("privileged: {text}"))
            });
        }
        for key in ["network_mode", "pid", "ipc", "userns_mode", "uts", "cgroup"] {
            let Some((item, text)) = self.word(key, findings) else { continue };
            if text == "host" {
                findings.push(self.finding(item, &format!("{key}: host shares the host's")));
            } else if text.starts_with("container:") || text.starts_with("service:") {
                let what = format!("{key}: {text} shares another container's");
                findings.push(self.finding(item, &what));
            } else if !matches!(text.as_str(), "" | "none" | "private" | "bridge" | "shareable") {
                findings.push(self.unknown(item, &format!("{key}: {text}")));
            }
        }
        for key in ["cgroup_parent", "runtime", "use_api_socket", "credential_spec"] {
            if let Some((item, text)) = self.word(key, findings)
                && text != "false"
            {
                findings.push(self.finding(item, &format!("{key}: {text}")));
            }
        }
        if let Some((item, text)) = self.word("oom_score_adj", findings)
            && text.trim().starts_with('-')
        {
            let what = format!("oom_score_adj: {text} keeps it alive where others are ended");
            findings.push(self.finding(item, &what));
        }
        // What is no word cannot be one that is known.
        if let Some(item) =
            self.service.item.get("credential_spec").filter(|own| own.scalar().is_none())
        {
            findings.push(self.finding(item, "credential_spec"));
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
        let sysctls = self.service.item.get("sysctls");
        for (item, name) in sysctls.into_iter().flat_map(named) {
            if !NAMESPACED.iter().any(|own| name.starts_with(own)) {
                findings.push(self.finding(item, &format!("sysctls: {name} is the host's")));
            }
        }
        for key in ["post_start", "pre_stop"] {
            for hook in self.service.item.get(key).map_or(&[][..], Item::items) {
                if keys::is_privileged(hook, is_root) {
                    findings.push(self.finding(hook, &format!("{key} runs as root")));
                }
            }
        }
    }

    /// What a service would be written with to hold it back, and does not have.
    /// One that would not be written has what all that would be have.
    fn lost(&self, findings: &mut Vec<Diagnostic>) {
        let wants = |has: &dyn Fn(&Service) -> bool| match self.written {
            Some(written) => has(written),
            None if !self.compared.standard.is_outside => false,
            None => self.compared.written().next().is_some() && self.compared.written().all(has),
        };
        let misses = |has: &dyn Fn(&Service) -> bool| wants(has) && !has(self.service);
        if misses(&|own| own.text("read_only").is_some_and(|text| is_true(&text))) {
            let what = "its root file system is no longer read_only";
            findings.push(self.gone("read_only", what));
        }
        if misses(&|own| words(own, "cap_drop").iter().any(|word| word.eq_ignore_ascii_case("all")))
        {
            findings.push(self.gone("cap_drop", "cap_drop: [ALL] is gone"));
        }
        if misses(&|own| words(own, "security_opt").iter().any(|own| keys::holds(own))) {
            findings.push(self.gone("security_opt", "no-new-privileges:true is gone"));
        }
        // What is built here is judged by its own USER.
        let is_told = self.container.build.is_some() && self.written.is_none();
        if !is_told && misses(&|own| own.text("user").is_some()) {
            let what = "its user is gone, and the image's own may be root";
            findings.push(self.gone("user", what));
        }
        let always = self.service.text("pull_policy").is_some_and(|own| {
            matches!(own.as_str(), "always" | "daily" | "weekly") || own.starts_with("every_")
        });
        let pulled = self.service.item.get("build").is_none() && self.container.build.is_none()
            || always && self.compared.standard.is_outside;
        let builds =
            self.compared.counterpart(self.container).is_some_and(|own| own.build.is_some());
        if let Some(image) = self.service.item.get("image").filter(|_| pulled && builds) {
            let reference = image.scalar().unwrap_or_default();
            let help = "build it here, as it would be written; or a [[waiver]] in dockwright.toml, \
                        which counts for the repository's own preset and not for --policy; or have \
                        the team's preset write a service of its own for it";
            let what = format!(
                "{reference} is pulled and not built here: who it runs as, and what it holds"
            );
            findings.push(self.unknown(image, &what).with_help(help));
        }
    }
}

/// Settings of the kernel that are a container's own.
const NAMESPACED: [&str; 5] = ["net.", "fs.mqueue.", "kernel.msg", "kernel.sem", "kernel.shm"];

/// The entries of a mapping, or of a list of `name=value`, by their names.
fn named(item: &Item) -> Vec<(&Item, String)> {
    let listed = item.items().iter().filter_map(|own| {
        let text = own.scalar()?;
        Some((own, text.split('=').next().unwrap_or_default().to_owned()))
    });
    let keyed = item.entries().filter_map(|(key, value)| Some((value, key.scalar()?)));
    listed.chain(keyed).collect()
}

/// Whether a word means that something is off, or nothing.
fn is_false(text: &str) -> bool {
    let words = ["", "false", "no", "off", "n", "null", "~"];
    words.iter().any(|word| word.eq_ignore_ascii_case(text.trim()))
}

/// The scalars below a key of a service.
pub fn words(service: &Service, key: &str) -> Vec<String> {
    service.item.get(key).map(Item::scalars).unwrap_or_default()
}

/// The entries of a list, or the one that stands in its place, each as a word.
pub fn entries(item: &Item) -> Vec<(&Item, String)> {
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
