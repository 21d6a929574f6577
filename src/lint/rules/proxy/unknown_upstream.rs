//! A proxy that passes to a name that nobody has.

use super::owner::owners;
use super::pass::{is_loopback, passes};
use crate::detect::path;
use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Member, Subject, listed};
use crate::source::compose::Item;

pub static RULE: Rule = Rule {
    code: "NG109",
    name: "unknown-upstream",
    severity: Severity::Error,
    summary: "the names that nginx passes to are services of its project",
    why: "nginx looks a name up when it starts: \"host not found in upstream\", and it ends. The whole site is away, not that one location.",
    example: "upstream application { server web:8000; }",
    source: "nginx, ngx_http_upstream_module: server; Docker, Networking in Compose",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    let mut said: Vec<(usize, String)> = Vec::new();
    for pass in passes(subject) {
        let owners = owners(subject, pass.proxy);
        // A template's variables are filled in at the start; a resolver looks
        // names up later; another project's names may be on a shared network.
        let text = &subject.texts[pass.proxy.text].text;
        let is_late = pass.directive.first().contains('$') && text.contains("resolver ");
        let Some((owner, _)) = owners.first().filter(|_| !is_late) else { continue };
        let is_shared = owners.iter().any(|(own, _)| {
            let root = &own.deployment.project.root;
            let networks = root.get("networks").into_iter().flat_map(Item::entries);
            let item = &own.service.item;
            networks.into_iter().any(|(_, network)| {
                network.get("external").is_some_and(|own| own.truth() != Some(false))
            }) || ["network_mode", "extra_hosts", "links", "external_links"]
                .iter()
                .any(|key| item.get(key).is_some())
                || !own.deployment.project.faults.is_empty()
        });
        for target in pass.targets(subject) {
            let host = &target.host;
            let known = (pass.proxy.text, host.clone());
            let is_elsewhere =
                host.contains('.') || is_loopback(host) || host.contains(['$', '[', '{']);
            let is_there = owners.iter().any(|(own, _)| {
                let project = own.deployment;
                project.services.iter().any(|service| service.name == *host)
                    || subject.members(project).iter().any(|other| other.answers_to(host))
                    // In another file of the same directory.
                    || !project.by_itself && subject.deployments.iter().any(|other| {
                        other.services.iter().any(|service| service.name == *host)
                    })
            });
            if is_shared || is_elsewhere || is_there || said.contains(&known) {
                continue;
            }
            said.push(known);
            let names: Vec<&str> =
                owner.deployment.services.iter().map(|own| own.name.as_str()).collect();
            let message = format!("{host} is no service of the project: nginx does not start");
            let finding = findings.add(target.at, message);
            let mut help = format!("one of {}", listed(&names));
            if let Some(stack) = stack_with(subject, owner, host) {
                help.push_str(&format!("; {stack} has {host}: a configuration of its own for it"));
            }
            finding.about(host).help(help);
            finding.related(owner.at(), "the nginx that reads it");
        }
    }
}

/// A file of Swarm's beside the project that has the service.
fn stack_with<'s>(subject: &'s Subject, owner: &Member<'s>, host: &str) -> Option<&'s str> {
    let line = format!("  {host}:");
    subject.tree.in_directory(&owner.deployment.project.directory).find(|path| {
        path::file_name(path).contains("stack")
            && (path.ends_with(".yml") || path.ends_with(".yaml"))
            && subject.tree.text(path).is_some_and(|text| text.lines().any(|own| own == line))
    })
}
