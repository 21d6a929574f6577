//! A proxy that looks for the application in its own container.

use super::owner::owners;
use super::pass::{is_loopback, passes};
use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Kind, Subject};
use crate::source::nginx::Directive;

pub static RULE: Rule = Rule {
    code: "NG108",
    name: "proxies-to-itself",
    severity: Severity::Error,
    summary: "a proxy in a container reaches the application by its service's name",
    why: "127.0.0.1 is the proxy's own container, where nothing listens on that port: every request is answered with 502.",
    example: "proxy_pass http://web:8000;",
    source: "Docker, Networking in Compose: services reach each other by their names",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for pass in passes(subject) {
        let owners = owners(subject, pass.proxy);
        let own_network =
            |key: &str| owners.iter().any(|(own, _)| own.service.item.get(key).is_some());
        let Some((owner, _)) = owners.first().filter(|_| !own_network("network_mode")) else {
            continue;
        };
        for target in pass.targets(subject) {
            let port = target.port.unwrap_or(80);
            if !is_loopback(&target.host) || listens(&pass.proxy.directives, port) {
                continue;
            }
            // Another program of the same image is not known here.
            let is_plain = owner.container.build.is_none()
                || owner
                    .container
                    .steps
                    .iter()
                    .all(|step| step.argv.iter().any(|word| word.contains("nginx")));
            let others = subject.members(owner.deployment);
            let web = others.iter().find(|own| own.kind() == Kind::Web);
            let Some(web) = web.filter(|_| is_plain) else { continue };
            let message = format!(
                "{} looks for the application in its own container: every request is a 502",
                owner.name()
            );
            let finding = findings.add(target.at, message);
            finding.about(&target.host).help(format!("http://{}:{port}", web.name()));
            finding.related(web.at(), "the application");
        }
    }
}

/// Whether the configuration itself listens on a port.
fn listens(directives: &[Directive], port: u16) -> bool {
    directives.iter().any(|own| {
        let number = own.first().rsplit(':').next().and_then(|text| text.parse::<u16>().ok());
        own.name == "listen" && number == Some(port) || listens(own.inside(), port)
    })
}
