//! Database connections that a Django under ASGI keeps, and cannot reuse.

use crate::lint::diagnostic::{At, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Program, Subject};

pub static RULE: Rule = Rule {
    code: "PY119",
    name: "connections-kept",
    severity: Severity::Warning,
    summary: "under ASGI, and with a pool, Django keeps no connections: CONN_MAX_AGE = 0",
    why: "A connection that is kept belongs to one thread. Under ASGI requests run in threads that come and go: connections stay open beside each other until the database refuses more. CONN_MAX_AGE is no pool, and with OPTIONS[\"pool\"] Django refuses to start unless it is 0.",
    example: "\"OPTIONS\": {\"pool\": True}  # and no CONN_MAX_AGE",
    source: "Django, Databases: Persistent connections, Caveats; Connection pool",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    let Some((at, age)) = kept(subject) else { return };
    let pools = subject.settings.iter().any(|own| {
        let text = &subject.texts[own.text].text;
        ["\"pool\":", "'pool':"].iter().any(|word| text.contains(word))
    });
    let asynchronous = subject.production_containers().find_map(|container| {
        let server = container.server.as_ref()?;
        let of_gunicorn = || {
            let class = server.get("worker_class").and_then(|(value, _)| value.text());
            class.is_some_and(|own| own.to_ascii_lowercase().contains("uvicorn") || own == "asgi")
        };
        let is_asynchronous = match server.program {
            Program::Uvicorn | Program::Daphne | Program::Hypercorn => true,
            Program::Gunicorn => of_gunicorn(),
            _ => false,
        };
        (is_asynchronous && subject.runs_detected(container)).then_some(server.at)
    });
    let message = if pools {
        format!("connections are kept for {age} s beside a pool: Django refuses to start")
    } else if asynchronous.is_some() {
        format!("connections are kept for {age} s under ASGI, where no other request reuses them")
    } else {
        return;
    };
    let finding = findings.add(at, message);
    finding
        .about("CONN_MAX_AGE")
        .help("take CONN_MAX_AGE out; \"OPTIONS\": {\"pool\": True} pools (psycopg 3)");
    if pools {
        finding.severity(Severity::Error);
    }
    if let Some(at) = asynchronous {
        finding.related(at, "served by ASGI");
    }
}

/// Where the settings keep connections, and for how long.
fn kept(subject: &Subject) -> Option<(At, u64)> {
    subject.settings.iter().find_map(|own| {
        let text = &subject.texts[own.text];
        (1..=text.lines()).find_map(|number| {
            let line = text.line_text(number).split('#').next().unwrap_or_default();
            let at = line.to_ascii_lowercase().find("conn_max_age")?;
            let rest = line[at + "conn_max_age".len()..]
                .trim_start_matches(['"', '\'', ']', ' ', ':', '=']);
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            let age: u64 = rest[..end].parse().ok().filter(|own| *own > 0)?;
            Some((subject.line_at(own.text, number), age))
        })
    })
}
