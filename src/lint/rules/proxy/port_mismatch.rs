//! A proxy that knocks at a port where nobody listens.

use super::owner::owners;
use super::pass::{Pass, passes};
use crate::lint::diagnostic::{At, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Kind, Member, Program, Subject};
use crate::source::nginx::Directive;

pub static RULE: Rule = Rule {
    code: "NG113",
    name: "port-mismatch",
    severity: Severity::Error,
    summary: "the proxy and the application agree on the port",
    why: "Nobody listens where nginx connects to: every request is answered with 502. Where the published port is not the one that nginx listens on, not even that.",
    example: "proxy_pass http://web:8000;  # gunicorn --bind 0.0.0.0:8000",
    source: "Docker, Networking in Compose: the container's port counts between services",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    let all = passes(subject);
    let mut said: Vec<At> = Vec::new();
    for pass in &all {
        // Only where a project has this nginx are names its services.
        if owners(subject, pass.proxy).is_empty() {
            continue;
        }
        for target in pass.targets(subject) {
            let Some(web) = service(subject, pass, &target.host) else { continue };
            let (Some(listens), at) = (port(&web), target.at) else { continue };
            let asked = target.port.unwrap_or(80);
            if asked == listens || said.contains(&at) {
                continue;
            }
            said.push(at);
            let message = format!(
                "nginx connects to {}:{asked}, where {} listens on {listens}",
                target.host,
                web.name()
            );
            let finding = findings.add(at, message);
            finding.about(&target.host).help(format!("{}:{listens}", target.host));
            if let Some(server) = &web.container.server {
                finding.related(server.at, format!("listens on {listens}"));
            }
        }
    }
    published(subject, findings);
}

fn service<'s>(subject: &'s Subject, pass: &Pass<'_>, host: &str) -> Option<Member<'s>> {
    let (owner, _) = owners(subject, pass.proxy).into_iter().next()?;
    let members = subject.members(owner.deployment);
    members.into_iter().find(|own| own.kind() == Kind::Web && own.answers_to(host))
}

/// The port that a service surely listens on.
fn port(web: &Member<'_>) -> Option<u16> {
    let server = web.container.server.as_ref()?;
    let serving = web.container.steps.iter().filter(|step| step.program.serves()).count();
    let is_known = ["bind", "port", "uds"].iter().all(|name| {
        server
            .get(name)
            .is_none_or(|(value, _)| value.text().is_some_and(|text| !text.contains('$')))
    });
    let is_socket = server.get("uds").is_some()
        || server.get("bind").and_then(|(value, _)| value.text()).is_some_and(|bind| {
            bind.starts_with("unix:") || bind.starts_with("fd:") || bind.starts_with('[')
        });
    let argv = &web.container.steps.get(server.step)?.argv;
    let binds =
        argv.iter().filter(|word| word.starts_with("-b") || word.starts_with("--bind")).count();
    let lost_config = server.program == Program::Gunicorn
        && server.config.is_none()
        && server.get("config").is_some();
    let known = matches!(
        server.program,
        Program::Gunicorn | Program::Uvicorn | Program::Daphne | Program::Hypercorn
    );
    let told = server.get("bind").is_some() || server.get("port").is_some();
    if serving != 1 || !is_known || is_socket || binds > 1 || lost_config || !known || !told {
        return None;
    }
    server.port()
}

/// Ports that a compose file publishes and no configuration listens on.
fn published(subject: &Subject, findings: &mut Findings) {
    for own in subject.production_members().into_iter().flatten() {
        // On the host's network nothing is published.
        if own.kind() != Kind::Nginx || own.is_on_host() {
            continue;
        }
        let mut listens: Vec<u16> = Vec::new();
        let (mut replaces, mut includes) = (false, false);
        for proxy in &subject.proxies {
            for (owner, target) in owners(subject, proxy) {
                if owner.at() != own.at() {
                    continue;
                }
                ports(&proxy.directives, &mut listens);
                includes |= has_servers_elsewhere(&proxy.directives);
                replaces |=
                    target.ends_with("nginx/nginx.conf") || target.ends_with("conf.d/default.conf");
            }
        }
        // One configuration of several may not have been read.
        let is_whole = replaces && !includes && !listens.is_empty() && subject.unread.is_empty();
        for (port, item) in own.ports() {
            let Some(number) = port.container_number().filter(|_| is_whole && own.is_literal(item))
            else {
                continue;
            };
            if listens.contains(&number) || port.protocol == "udp" {
                continue;
            }
            let message = format!("{} publishes {number}, where nginx does not listen", own.name());
            let finding = findings.add(own.place(item), message);
            finding.about(own.name()).help(format!("the container's port is {}", listens[0]));
            // One that works beside it: this one is of no use.
            let works = own.ports().iter().any(|(port, _)| {
                port.container_number().is_some_and(|number| listens.contains(&number))
            });
            if works {
                let tls = if number == 443 { " ssl" } else { "" };
                finding.severity(Severity::Advice).help(format!(
                    "take {number} out of ports, or `listen {number}{tls};` in the configuration"
                ));
            }
        }
    }
}

fn ports(directives: &[Directive], into: &mut Vec<u16>) {
    for own in directives {
        if own.name == "listen" {
            let text = own.first().rsplit(':').next().unwrap_or_default();
            into.push(text.trim_end_matches(']').parse().unwrap_or(80));
        }
        ports(own.inside(), into);
    }
}

/// Whether servers of other files are included.
fn has_servers_elsewhere(directives: &[Directive]) -> bool {
    directives.iter().any(|own| {
        let is_include = own.name == "include" && !own.first().ends_with("mime.types");
        is_include || own.name != "server" && has_servers_elsewhere(own.inside())
    })
}
