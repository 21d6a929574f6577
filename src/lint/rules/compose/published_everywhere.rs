//! An application that is reached past its proxy.

use super::database_published::close;
use crate::lint::diagnostic::{Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Kind, Member, Subject};
use crate::source::compose::{Item, Port};

pub static RULE: Rule = Rule {
    code: "CO120",
    name: "published-everywhere",
    severity: Severity::Warning,
    summary: "behind a proxy the application publishes no port to every address",
    why: "Who calls the port directly passes by the proxy: no TLS, no limits of it, and the application believes whatever X-Forwarded-For says.",
    example: "ports:\n  - \"127.0.0.1:8000:8000\"",
    source: "Docker, Packet filtering and firewalls; Compose Specification: ports, expose",
    fix: Some(Grade::Checked),
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for members in subject.production_members() {
        let is_proxy = |kind: Kind| matches!(kind, Kind::Nginx | Kind::Proxy);
        let proxies: Vec<&Member<'_>> = members
            .iter()
            .filter(|own| is_proxy(own.kind()) && !own.open_ports().is_empty() && loads(own))
            .collect();
        let Some(first) = proxies.first() else { continue };
        for own in members.iter().filter(|own| own.kind() == Kind::Web && is_behind(own)) {
            // The one whose configuration names it, or that is started after it.
            let passes = |proxy: &&&Member<'_>| configures(proxy, own);
            let needs =
                |proxy: &&&Member<'_>| proxy.service.needs().iter().any(|n| n == own.name());
            let has_labels = own.service.names("labels").iter().any(|l| l.starts_with("traefik."));
            let is_traefik = |proxy: &&&Member<'_>| has_labels && proxy.image_name() == "traefik";
            let proxy = proxies
                .iter()
                .find(is_traefik)
                .or_else(|| proxies.iter().find(passes))
                .or_else(|| proxies.iter().find(needs));
            // Of several, nobody knows which one.
            let Some(proxy) = proxy.or_else(|| (proxies.len() == 1).then_some(first)) else {
                continue;
            };
            for (port, item) in own.open_ports() {
                if leads_nowhere(own, &port, item) {
                    continue;
                }
                let message = format!(
                    "{} is reached on every address of the host, past {}",
                    own.name(),
                    proxy.name()
                );
                let finding = findings.add(own.place(item), message);
                finding.about(own.name());
                finding.related(proxy.at(), "the proxy");
                if port.host.is_empty() {
                    finding.help(format!(
                        "Take it out: {} reaches {}:{} without any port of the host.",
                        proxy.name(),
                        own.name(),
                        port.container
                    ));
                    continue;
                }
                close(finding, own, &port, item);
            }
        }
    }
}

/// Whether a port that it has from the service it extends is not one that it
/// listens on.
fn leads_nowhere(own: &Member<'_>, port: &Port, item: &Item) -> bool {
    let listens = own.container.server.as_ref().and_then(|server| server.port());
    let is_inherited = item.file == own.service.file && item.line < own.service.line;
    is_inherited && listens.is_some_and(|listens| listens.to_string() != port.container)
}

/// Whether nginx has a configuration where it looks for one: what it is given
/// elsewhere it never reads, and serves its own page.
fn loads(proxy: &Member<'_>) -> bool {
    let is_configuration = |path: &str| path.ends_with(".conf") || path.ends_with(".conf.template");
    let mut targets: Vec<String> = proxy
        .service
        .mounts()
        .iter()
        .filter(|own| own.target.contains("/etc/nginx") || own.bind().is_some_and(is_configuration))
        .map(|own| own.target.clone())
        .collect();
    if let Some(build) = proxy.subject.build_of(proxy.container) {
        for own in proxy.subject.copied(build) {
            let is_there = own.target.contains("/etc/nginx");
            if is_there || own.sources.iter().any(|source| is_configuration(source)) {
                targets.push(own.target.clone());
            }
        }
    }
    let command = proxy.service.command();
    proxy.kind() != Kind::Nginx
        || targets.is_empty()
        || targets.iter().any(|own| own.contains("/etc/") || command.contains(own.as_str()))
}

/// Whether a configuration that a proxy mounts, or is built with, names a service.
fn configures(proxy: &Member<'_>, own: &Member<'_>) -> bool {
    let subject = own.subject;
    let mounted: Vec<String> = proxy
        .service
        .mounts()
        .iter()
        .filter_map(|mount| proxy.deployment.project.path(mount.bind()?))
        .chain(subject.build_of(proxy.container).map(|build| build.context.clone()))
        .filter(|path| path != ".")
        .collect();
    let names = [format!("//{}", own.name()), format!("server {}", own.name())];
    subject.proxies.iter().any(|one| {
        let path = subject.path(one.text);
        let is_its = mounted.iter().any(|at| {
            path == at || path.strip_prefix(at.as_str()).is_some_and(|rest| rest.starts_with('/'))
        });
        is_its && names.iter().any(|name| subject.texts[one.text].text.contains(name))
    })
}

/// Whether a proxy's configuration names it: an nginx that serves files beside
/// it is no way to it.
fn is_behind(own: &Member<'_>) -> bool {
    let name = own.name();
    let names = |text: &str| {
        [format!("//{name}"), format!("server {name}:"), format!(" {name}:")]
            .iter()
            .any(|needle| text.contains(needle))
    };
    let subject = own.subject;
    let is_configuration = |path: &str| {
        let file = path.rsplit('/').next().unwrap_or(path);
        file.starts_with("Caddyfile") || file == "haproxy.cfg" || file.ends_with(".conf.template")
    };
    subject.proxies.iter().any(|proxy| names(&subject.texts[proxy.text].text))
        || subject
            .tree
            .paths()
            .filter(|path| is_configuration(path))
            .any(|path| subject.tree.text(path).is_some_and(names))
        || own.service.names("labels").iter().any(|label| label.starts_with("traefik."))
}
