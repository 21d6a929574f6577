//! A server that only its own container reaches.

use crate::lint::diagnostic::{Fix, Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::launched;
use crate::lint::subject::{Container, Kind, Program, Server, Subject};

pub static RULE: Rule = Rule {
    code: "DF137",
    name: "bound-to-loopback",
    severity: Severity::Error,
    summary: "the server listens on the container's own address",
    why: "127.0.0.1 is the container itself: neither a published port nor another container reaches a server that listens there. It starts, its own health check may even succeed, and everybody else gets `connection refused`.",
    example: "CMD [\"uvicorn\", \"shop.main:app\", \"--host\", \"0.0.0.0\", \"--port\", \"8000\"]",
    source: "Docker, Port publishing; uvicorn, Settings: --host; gunicorn, Settings: bind",
    fix: Some(Grade::Suggested),
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for container in subject.production_containers().filter(|own| own.kind == Kind::Web) {
        let Some(server) = &container.server else { continue };
        let Some(address) = server.address() else { continue };
        let address = address.trim_matches(['[', ']']).to_owned();
        if !matches!(address.as_str(), "127.0.0.1" | "localhost" | "::1") {
            continue;
        }
        if launched::is_choice(container)
            || is_unknown(container, server)
            || is_told_by_port(subject, container, server)
            || is_shared(subject, container)
        {
            continue;
        }
        let set = server.get("bind").or_else(|| server.get("host"));
        let at = set.map_or(server.at, |(_, at)| at);
        let name = server.program.word();
        let how = if set.is_some() { "" } else { " by default" };
        let finding = findings.add(
            at,
            format!(
                "{name} listens on {address}{how}: nothing outside of the container reaches it"
            ),
        );
        let port = launched::port(subject, container).unwrap_or(8000);
        finding.about(&container.name).help(match server.program {
            Program::Gunicorn => format!("--bind 0.0.0.0:{port}"),
            Program::Hypercorn => format!("--bind 0.0.0.0:{port}"),
            Program::Daphne => format!("-b 0.0.0.0 -p {port}"),
            Program::DjangoDevelopment => format!("0.0.0.0:{port}"),
            _ => format!("--host 0.0.0.0 --port {port}"),
        });
        if set.is_some()
            && let Some(edit) = launched::replaced(subject, at, &address, "0.0.0.0")
        {
            finding.fix(
                Fix::new(Grade::Suggested, "listens on every address of the container")
                    .edit(edit.at, edit.text),
            );
        }
    }
}

/// Whether gunicorn may be told by PORT, which makes it listen everywhere: an
/// env file has it, or the image exposes another port than gunicorn's own.
fn is_told_by_port(subject: &Subject, container: &Container, server: &Server) -> bool {
    let by_file = || {
        let mut entries = subject.env_files.iter().flat_map(|file| &file.entries);
        entries.any(|entry| entry.name == "PORT")
    };
    let exposed = launched::exposed(subject, container);
    server.program == Program::Gunicorn
        && server.get("bind").is_none()
        && (by_file() || exposed.is_some_and(|port| port != 8000))
}

/// Whether the address may be set where it is not seen.
fn is_unknown(container: &Container, server: &Server) -> bool {
    let Some(step) = container.steps.get(server.step) else { return true };
    let argv = &step.argv;
    let with = |names: &[&str]| {
        argv.iter().any(|word| {
            names.iter().any(|name| word == name || word.starts_with(&format!("{name}=")))
        })
    };
    let given = server.get("bind").is_some() || server.get("host").is_some();
    let variables = ["FLASK_RUN_HOST", "GRANIAN_HOST", "GUNICORN_CMD_ARGS", "UVICORN_HOST"];
    let open = argv.iter().any(|word| word.contains('$'))
        || !container.missing_env_files.is_empty()
        || variables.iter().any(|name| container.env.contains_key(*name))
        || with(&[
            "--uds",
            "--fd",
            "-e",
            "--endpoint",
            "-u",
            "--unix_socket",
            "--unix-socket",
            "--call",
            "--listen",
            "--insecure-bind",
            "--quic-bind",
        ]);
    // Settings that were not found.
    let config = match server.program {
        Program::Gunicorn => with(&["-c", "--config"]) && server.config.is_none(),
        Program::Hypercorn => with(&["-c", "--config"]),
        _ => false,
    };
    let settings = server.config.is_some() && !given && with(&["-c", "--config"]);
    // An image that is pulled brings its own variables and configuration.
    let is_pulled = container.build.is_none();
    (!given && (open || is_pulled)) || config || settings
}

/// Whether somebody else is in the same network of the container.
fn is_shared(subject: &Subject, container: &Container) -> bool {
    // A proxy, or a tunnel, beside it.
    let beside = container.steps.iter().any(|step| {
        let name = step.argv.first().map_or("", String::as_str);
        [
            "nginx",
            "caddy",
            "supervisord",
            "haproxy",
            "envoy",
            "service",
            "cloudflared",
            "ngrok",
            "apache2",
            "traefik",
        ]
        .iter()
        .any(|own| name.contains(own))
    });
    let Some((deployment, service)) = subject.composed(container) else { return beside };
    let own = service.text("network_mode").is_some();
    let joined = format!("service:{}", service.name);
    beside
        || own
        || deployment
            .services
            .iter()
            .any(|other| other.text("network_mode").as_deref() == Some(&joined))
}
