//! The engine's socket in a container.

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Kind, Member, Subject};
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
            finding.about(own.name()).help(help(&own));
            if is_tool {
                finding.severity(Severity::Advice);
            }
        }
    }
}

/// How this one is told of the filter's address.
fn help(own: &Member<'_>) -> &'static str {
    match own.image_name() {
        "traefik" => {
            "Put a filter before it (tecnativa/docker-socket-proxy, CONTAINERS: 1), and give Traefik --providers.docker.endpoint=tcp://socket-proxy:2375."
        }
        "portainer" | "portainer-ce" | "portainer-agent" | "agent" => {
            "Portainer is there to do everything with the engine: publish it to this host alone (127.0.0.1), with a password, or run it elsewhere with -H tcp://HOST:2376 over TLS."
        }
        "promtail" | "alloy" | "vector" | "fluent-bit" | "filebeat" | "telegraf" => {
            "Put a filter before it (tecnativa/docker-socket-proxy, CONTAINERS: 1), and name tcp://socket-proxy:2375 as the host in its configuration."
        }
        "cadvisor" => {
            "Put a filter before it (tecnativa/docker-socket-proxy, CONTAINERS: 1, INFO: 1), and give it --docker=tcp://socket-proxy:2375."
        }
        "watchtower" | "autoheal" | "dockge" | "swarm-cronjob" => {
            "It starts and stops containers, and a filter has to let that through: weigh whether it is worth root on the host."
        }
        _ if !knows_docker(own) => {
            "Take the line out: nothing in what it is built from names Docker."
        }
        _ => {
            "Put a filter before it (tecnativa/docker-socket-proxy) that lets through what it asks for alone, and point it at tcp://socket-proxy:2375: DOCKER_HOST where it follows it."
        }
    }
}

/// Whether the code that a service is built from names Docker; an image that is
/// pulled may do so.
fn knows_docker(own: &Member<'_>) -> bool {
    let subject = own.subject;
    let Some(build) = subject.build_of(own.container) else { return true };
    let is_code = |path: &&str| {
        let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
        let is_container_file = name.contains("dockerfile") || name.contains("compose");
        !is_container_file && !name.ends_with(".md") && !name.ends_with(".dockerignore")
    };
    let names = |path: &str| {
        subject.tree.text(path).is_some_and(|text| text.to_ascii_lowercase().contains("docker"))
    };
    subject.tree.below(&build.context).filter(is_code).any(names)
        || subject.slice(subject.from_of(build)).contains("docker")
}
