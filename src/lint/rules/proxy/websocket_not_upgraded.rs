//! WebSockets that end at the proxy.

use super::pass::{Pass, passes};
use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::Subject;

pub static RULE: Rule = Rule {
    code: "NG105",
    name: "websocket-not-upgraded",
    severity: Severity::Error,
    summary: "where the application has WebSockets, the proxy passes Upgrade on",
    why: "Upgrade is a header between two neighbours: nginx drops it. The application answers 404 or 426, and no WebSocket ever opens.",
    example: "proxy_http_version 1.1;\nproxy_set_header Upgrade $http_upgrade;\nproxy_set_header Connection $connection_upgrade;",
    source: "nginx, WebSocket proxying",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    let Some(word) = speaks(subject) else { return };
    let all: Vec<Pass<'_>> =
        passes(subject).into_iter().filter(|own| own.application(subject).is_some()).collect();
    // One location with it is the one for WebSockets.
    let upgrades =
        |pass: &Pass<'_>| pass.header(subject, "Upgrade").map_or(true, |own| own.is_some());
    let Some(first) = all.first().filter(|_| !all.iter().any(upgrades)) else { return };
    let message = format!("the application has WebSockets ({word}), and Upgrade is not passed on");
    findings.add(first.at(), message).about(first.location()).help(
        "map $http_upgrade $connection_upgrade { default upgrade; \"\" close; }  # in http\nproxy_http_version 1.1;\nproxy_set_header Upgrade $http_upgrade;\nproxy_set_header Connection $connection_upgrade;",
    );
}

/// What says that the application's code has WebSockets.
fn speaks(subject: &Subject) -> Option<&'static str> {
    let words: &[&str] = if subject.facts.installs("channels") {
        &["AsyncWebsocketConsumer", "WebsocketConsumer", "AsyncJsonWebsocketConsumer"]
    } else if subject.facts.installs("flask-socketio") {
        &["SocketIO("]
    } else if subject.facts.installs("fastapi") || subject.facts.installs("starlette") {
        &[".websocket(\"", ".websocket('", "WebSocketRoute("]
    } else {
        &[]
    };
    let is_code = |path: &&str| path.ends_with(".py") && !path.contains("test");
    subject.tree.counted().filter(is_code).find_map(|path| {
        let text = subject.tree.text(path)?;
        let code = |line: &str| line.split('#').next().unwrap_or_default().to_owned();
        text.lines()
            .map(code)
            .find_map(|line| words.iter().copied().find(|word| line.contains(word)))
    })
}
