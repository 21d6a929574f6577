//! An application that is reached past its proxy.

use super::database_published::close;
use crate::lint::diagnostic::{Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Kind, Member, Subject};

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
        let proxy = members.iter().find(|own| is_proxy(own.kind()) && !own.open_ports().is_empty());
        let Some(proxy) = proxy else { continue };
        for own in members.iter().filter(|own| own.kind() == Kind::Web && is_behind(own)) {
            for (port, item) in own.open_ports() {
                let message = format!(
                    "{} is reached on every address of the host, past {}",
                    own.name(),
                    proxy.name()
                );
                let finding = findings.add(own.place(item), message);
                finding.about(own.name());
                finding.related(proxy.at(), "the proxy");
                close(finding, own, &port, item);
            }
        }
    }
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
