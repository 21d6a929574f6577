//! WebSockets that end at the proxy.

use super::header;
use super::pass::{Pass, passes};
use crate::lint::diagnostic::{At, Edit, Fix, Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::Subject;
use crate::source::nginx::Directive;
use crate::source::text::Span;

pub static RULE: Rule = Rule {
    code: "NG105",
    name: "websocket-not-upgraded",
    severity: Severity::Error,
    summary: "where the application has WebSockets, the proxy passes Upgrade on",
    why: "Upgrade is a header between two neighbours: nginx drops it. The application answers 404 or 426, and no WebSocket ever opens.",
    example: "proxy_http_version 1.1;\nproxy_set_header Upgrade $http_upgrade;\nproxy_set_header Connection $connection_upgrade;",
    source: "nginx, WebSocket proxying",
    fix: Some(Grade::Checked),
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
    let finding = findings.add(first.at(), message);
    finding.about(first.location()).help(format!("{MAP}  # in http\n{}", LINES.join("\n")));
    // Of several ways to it one is for WebSockets, and nobody here knows which one.
    if let (1, Some(map)) = (all.len(), map(subject, first)) {
        let edit = header::insertion(subject, first, &missing(subject, first));
        let fix = Fix::new(Grade::Checked, "passes Upgrade on")
            .condition("this is the only way to the application, and nothing is said of Connection")
            .edit(edit.at, edit.text);
        finding.fix(map.into_iter().fold(fix, |fix, own| fix.edit(own.at, own.text)));
    }
}

const MAP: &str = "map $http_upgrade $connection_upgrade { default upgrade; \"\" close; }";
const LINES: [&str; 3] = [
    "proxy_http_version 1.1;",
    "proxy_set_header Upgrade $http_upgrade;",
    "proxy_set_header Connection $connection_upgrade;",
];

/// The lines that a location has not got yet.
fn missing(subject: &Subject, pass: &Pass<'_>) -> Vec<&'static str> {
    let is_said = pass.inherited(subject, "proxy_http_version").is_ok_and(|own| !own.is_empty());
    LINES.into_iter().skip(usize::from(is_said)).collect()
}

/// The map that says what Connection is, as an edit where it is not there yet; `None`
/// where it has no place that is known, or something else is said of the connection.
fn map(subject: &Subject, pass: &Pass<'_>) -> Option<Option<Edit>> {
    let version = pass.inherited(subject, "proxy_http_version").ok()?;
    let speaks = version.last().is_none_or(|own| own.first() == "1.1");
    if !speaks || pass.header(subject, "Connection").ok()?.is_some() {
        return None;
    }
    let is_map = |own: &Directive| {
        own.name == "map" && own.arguments.get(1).is_some_and(|own| own == "$connection_upgrade")
    };
    let is_there = |level: &[Directive]| {
        level.iter().any(|own| is_map(own) || own.name == "http" && own.inside().iter().any(is_map))
    };
    if subject.proxies.iter().any(|own| is_there(&own.directives)) {
        return Some(None);
    }
    // Beside the server, which is in `http`, or in a file that it takes in.
    let server = pass.server()?;
    let file = &subject.texts[pass.proxy.text];
    let line = file.line_span(file.line(server.span.start));
    let text = file.slice(line);
    let indent = &text[..text.len() - text.trim_start().len()];
    if !text.trim_start().starts_with("server") {
        return None;
    }
    let at = At::new(pass.proxy.text, Span::new(line.start, line.start));
    Some(Some(Edit { at, text: format!("{indent}{MAP}\n\n") }))
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
