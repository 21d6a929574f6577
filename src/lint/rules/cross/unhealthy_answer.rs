//! An answer that says it is unwell, and counts as well.

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::Subject;

pub static RULE: Rule = Rule {
    code: "XF133",
    name: "unhealthy-answer",
    severity: Severity::Warning,
    summary: "a health check's route answers 503 when it is unwell",
    why: "HEALTHCHECK, load balancers and orchestrators look at the status alone. A route that returns 200 with `unhealthy` in the body never fails: the broken container keeps its traffic.",
    example: "response.status_code = 503\nreturn {\"status\": \"unhealthy\"}",
    source: "RFC 9110, 15.6.4: 503 Service Unavailable; Kubernetes, probes: 200 to 399 is success",
    fix: None,
    check,
};

/// Words of a body that say so.
const UNWELL: [&str; 4] = ["unhealthy", "not_ready", "not ready", "unavailable"];
/// Words of a function that say it by the status as well.
const SAYS: [&str; 6] = ["503", "500", "status_code", "HTTPException", "abort(", "raise "];

fn check(subject: &Subject, findings: &mut Findings) {
    let Some(route) = subject.facts.health.value() else { return };
    if subject.production_containers().next().is_none() {
        return;
    }
    let is_code = |path: &&str| path.ends_with(".py") && !path.contains("test");
    for path in subject.tree.counted().filter(is_code) {
        let Some(text) = subject.tree.text(path) else { continue };
        let lines: Vec<&str> = text.lines().collect();
        let Some(start) = lines.iter().position(|line| {
            line.trim_start().starts_with('@')
                && [format!("\"{route}\""), format!("'{route}'")]
                    .iter()
                    .any(|own| line.contains(own))
        }) else {
            continue;
        };
        let indent = |line: &str| line.len() - line.trim_start().len();
        let Some(def) = lines[start..].iter().position(|line| line.contains("def ")) else {
            continue;
        };
        let def = start + def;
        let body: Vec<(usize, &str)> = lines
            .iter()
            .enumerate()
            .skip(def + 1)
            .take_while(|(_, line)| line.trim().is_empty() || indent(line) > indent(lines[def]))
            .map(|(number, line)| (number, *line))
            .collect();
        // A response that is made elsewhere may have any status.
        let says = body.iter().any(|(_, line)| SAYS.iter().any(|own| line.contains(own)));
        let unwell = body.iter().find(|(_, line)| {
            let bare = line.trim();
            bare.starts_with("return {") && UNWELL.iter().any(|own| bare.contains(own))
        });
        let Some((number, _)) = unwell.filter(|_| !says) else { continue };
        let Some(at) = at(subject, path, number + 1) else { continue };
        findings
            .add(at, format!("{route} answers 200 when it is unwell: no check notices"))
            .about(route)
            .help("JSONResponse(…, status_code=503), or the framework's own way to set a status");
        return;
    }
}

/// The line, where the file was read; else the place of the first container.
fn at(subject: &Subject, path: &str, line: usize) -> Option<crate::lint::At> {
    subject.line_of(path, line).or_else(|| {
        let container = subject.production_containers().next()?;
        Some(subject.container_at(container))
    })
}
