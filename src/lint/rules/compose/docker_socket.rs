//! The engine's socket in a container.

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Kind, Subject};
use crate::source::compose::Mount;

pub static RULE: Rule = Rule {
    code: "CO114",
    name: "docker-socket",
    severity: Severity::Error,
    summary: "the engine's socket is not mounted",
    why: "Who can write to the socket starts a container with the host's disk in it: that is root on the host. `:ro` does not help, since it is the file that is read-only and not what is said through it.",
    example: "services:\n  socket-proxy:\n    image: tecnativa/docker-socket-proxy:0.3.0\n    environment: {CONTAINERS: 1}",
    source: "OWASP Docker Security Cheat Sheet, rule 1; Docker, Protect the Docker daemon socket",
    fix: None,
    check,
};

/// Tools that live from talking to the engine.
const TOOLS: [&str; 26] = [
    "traefik",
    "nginx-proxy",
    "docker-gen",
    "acme-companion",
    "letsencrypt-nginx-proxy-companion",
    "watchtower",
    "portainer",
    "portainer-ce",
    "portainer-agent",
    "agent",
    "dozzle",
    "cadvisor",
    "autoheal",
    "promtail",
    "alloy",
    "vector",
    "fluent-bit",
    "filebeat",
    "telegraf",
    "diun",
    "ofelia",
    "dockge",
    "netdata",
    "caddy-docker-proxy",
    "homepage",
    "swarm-cronjob",
];

fn check(subject: &Subject, findings: &mut Findings) {
    for own in subject.production_members().into_iter().flatten() {
        let items = own.service.item.get("volumes").map_or(&[][..], |item| item.items());
        for (mount, item) in items.iter().filter_map(|item| Some((Mount::read(item)?, item))) {
            let is_socket = mount
                .bind()
                .is_some_and(|path| matches!(path, "/var/run/docker.sock" | "/run/docker.sock"));
            let name = own.image_name();
            // It passes on what is harmless: that is the cure.
            if !is_socket || name.contains("socket-proxy") || name.contains("dockerproxy") {
                continue;
            }
            let is_tool = TOOLS.contains(&name);
            if !is_tool && own.kind() == Kind::Other && own.container.build.is_none() {
                continue;
            }
            let message = format!("{} can do with the host what root can", own.name());
            let finding = findings.add(own.place(item), message);
            finding.about(own.name()).help(
                "Put a filter before it (tecnativa/docker-socket-proxy), and give the service DOCKER_HOST: tcp://socket-proxy:2375.",
            );
            if is_tool {
                finding.severity(Severity::Advice);
            }
        }
    }
}
