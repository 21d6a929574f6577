//! Forwarded headers that anybody may send.

use crate::lint::diagnostic::{At, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Container, Subject};

pub static RULE: Rule = Rule {
    code: "XF116",
    name: "forwarded-believed-from-everyone",
    severity: Severity::Warning,
    summary: "forwarded headers are believed where only the proxy can send them",
    why: "Whoever reaches the application past the proxy says in X-Forwarded-For who he is and in X-Forwarded-Proto that he came over HTTPS: rate limits, allow lists and audit logs are his to write, and cookies go over plain HTTP.",
    example: "ports:\n  - \"127.0.0.1:8000:8000\"",
    source: "uvicorn, Settings: --forwarded-allow-ips; gunicorn, Settings: forwarded_allow_ips; Django, Settings: SECURE_PROXY_SSL_HEADER",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for container in subject.production_containers() {
        let Some(server) = container.server.as_ref().filter(|own| own.program.serves()) else {
            continue;
        };
        let Some((port, line)) = open(subject, container) else { continue };
        let everyone = server
            .get("forwarded_allow_ips")
            .filter(|(value, _)| {
                value.text().is_some_and(|text| text.split(',').any(|own| own.trim() == "*"))
            })
            .map(|(_, at)| (at, "the server believes forwarded headers of everyone"));
        let django = || {
            let (_, at) = subject.setting("SECURE_PROXY_SSL_HEADER")?;
            let own = subject.runs_detected(container);
            own.then_some((at, "SECURE_PROXY_SSL_HEADER believes X-Forwarded-Proto of everyone"))
        };
        let is_developed = subject.composed(container).is_some_and(|(own, _)| own.is_developed);
        // Settings of production are not what a project that is worked on runs with.
        let django = || django().filter(|_| !is_developed);
        let Some((at, what)) = everyone.or_else(django) else { continue };
        // Who runs it elsewhere, behind a proxy that is always there, says so.
        let is_for_platform = is_for_platform(subject, at);
        // A rehearsal on the own machine.
        let is_local = subject
            .path(port.text)
            .to_ascii_lowercase()
            .split(['/', '.', '-', '_'])
            .any(|word| word == "local");
        findings
            .add(at, format!("{}: {what}, and its port is open to everyone", container.name))
            .about(&container.name)
            .severity(if is_local || is_developed || is_for_platform {
                Severity::Advice
            } else {
                Severity::Warning
            })
            .related(port, "the port is published on all addresses")
            .help(format!("{line}  # or no port at all where the proxy is in this project"));
    }
}

/// The port that is published on every address, and the line that publishes it to
/// this host alone.
fn open(subject: &Subject, container: &Container) -> Option<(At, String)> {
    let own = subject.member(container)?;
    let (port, item) = own.open_ports().into_iter().next()?;
    let line = own.on_loopback(&port, item, &port.container);
    // The long form has the other keys of its item already.
    let key = if line.starts_with('-') { "ports:\n  " } else { "" };
    Some((own.place(item), format!("{key}{line}")))
}

/// Whether the comment above a setting says that a platform's proxy is believed,
/// which nobody gets past there.
fn is_for_platform(subject: &Subject, at: At) -> bool {
    let text = &subject.texts[at.text];
    let line = text.line(at.span.start);
    let above = (1..line).rev().map(|line| text.line_text(line).trim());
    let said: Vec<String> =
        above.take_while(|line| line.starts_with('#')).map(str::to_ascii_lowercase).collect();
    const PLATFORMS: [&str; 8] = [
        "cloud run",
        "app engine",
        "heroku",
        "fly.io",
        "render",
        "railway",
        "fargate",
        "kubernetes",
    ];
    said.iter().any(|line| PLATFORMS.iter().any(|own| line.contains(own)))
}
