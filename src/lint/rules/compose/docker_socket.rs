//! The engine's socket in a container.

use std::sync::LazyLock;

use regex::Regex;

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Kind, Member, Subject};
use crate::source::compose::{Mount, image};

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
const TOOLS: [&str; 25] = [
    "traefik",
    "nginx-proxy",
    "docker-gen",
    "acme-companion",
    "letsencrypt-nginx-proxy-companion",
    "watchtower",
    "portainer",
    "portainer-ce",
    "portainer-agent",
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
            let is_tool = TOOLS.contains(&name) || is_agent(&own);
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

const PORTAINER: &str = "Portainer is there to do everything with the engine: publish it to this host alone (127.0.0.1), with a password, or run it elsewhere with -H tcp://HOST:2376 over TLS.";

/// Whether it is Portainer's agent, whose image has a name that many have.
fn is_agent(own: &Member<'_>) -> bool {
    let (repository, _) = image::parts(own.image().unwrap_or_default());
    repository.ends_with("portainer/agent")
}

/// How this one is told of the filter's address.
fn help(own: &Member<'_>) -> &'static str {
    if own.kind() == Kind::Nginx && own.name().contains("socket-proxy") {
        return "It passes everything on: nginx tells no call from another unless its configuration lists them. Let through the paths that are asked for alone (location ~ ^/v[0-9.]+/(containers|events)), and GET alone, or take tecnativa/docker-socket-proxy.";
    }
    match own.image_name() {
        _ if is_agent(own) => PORTAINER,
        "traefik" => {
            "Put a filter before it (tecnativa/docker-socket-proxy, CONTAINERS: 1), and give Traefik --providers.docker.endpoint=tcp://socket-proxy:2375."
        }
        "portainer" | "portainer-ce" | "portainer-agent" => PORTAINER,
        "promtail" | "alloy" | "vector" | "fluent-bit" | "filebeat" | "telegraf" => {
            "Put a filter before it (tecnativa/docker-socket-proxy, CONTAINERS: 1), and name tcp://socket-proxy:2375 as the host in its configuration."
        }
        "cadvisor" => {
            "Put a filter before it (tecnativa/docker-socket-proxy, CONTAINERS: 1, INFO: 1), and give it --docker=tcp://socket-proxy:2375."
        }
        "watchtower" | "autoheal" | "dockge" | "swarm-cronjob" => {
            "It starts and stops containers, and a filter has to let that through: weigh whether it is worth root on the host."
        }
        _ if own.kind() == Kind::Beat => {
            "Take the line out: the scheduler sends tasks and runs none."
        }
        _ if !knows_docker(own) => {
            "Take the line out: nothing in what it is built from names Docker."
        }
        _ if own.service.text("privileged").as_deref() == Some("true") => {
            "Take out privileged: true first, which is root on the host without any socket; then the socket, or a filter before it that lets through what it asks for alone."
        }
        _ if starts_containers(own) => {
            "It starts containers, or programs in them, and a filter that lets this through is no help: make what it starts a service of its own, or weigh whether it is worth root on the host."
        }
        _ => {
            "Put a filter before it (tecnativa/docker-socket-proxy) that lets through what it asks for alone, and point it at tcp://socket-proxy:2375: DOCKER_HOST where it follows it."
        }
    }
}

static STARTS: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r#"\bdocker (?:run|exec) |["']docker["'],\s*["'](?:run|exec|create)["']|\bcontainers\.(?:run|create)\(|\bexec_run\("#;
    Regex::new(pattern).expect("it is constant")
});

/// Whether the code that a service runs starts containers, or programs in them.
fn starts_containers(own: &Member<'_>) -> bool {
    let subject = own.subject;
    let below = subject.build_of(own.container).map_or(".", |build| build.context.as_str());
    subject
        .tree
        .below(below)
        .filter(|path| path.ends_with(".py") && crate::detect::scope::counts(path))
        .any(|path| subject.tree.text(path).is_some_and(|text| STARTS.is_match(text)))
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
