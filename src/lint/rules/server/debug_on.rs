//! DEBUG in production.

use crate::detect::facts::Meaning;
use crate::lint::diagnostic::{At, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::server::uses_detected_settings;
use crate::lint::subject::{Container, Subject, Value};
use crate::source::text::is_true;

pub static RULE: Rule = Rule {
    code: "PY110",
    name: "debug-on",
    severity: Severity::Error,
    summary: "DEBUG is off where users are served",
    why: "The error page shows the code, the settings and the variables of every frame to who caused it, and Django keeps every query of a process in its memory.",
    example: "DEBUG = os.environ.get(\"DEBUG\") == \"1\"",
    source: "Django, Deployment checklist: DEBUG; Flask, Debug mode",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for container in subject.production_containers() {
        let serves = container.server.as_ref().is_some_and(|own| {
            own.program.serves() && !own.program.is_development() && !own.reloads()
        });
        if !serves || !subject.runs_detected(container) {
            continue;
        }
        let Some((at, what)) = literal(subject, container).or_else(|| variable(subject, container))
        else {
            continue;
        };
        let finding = findings.add(at, format!("{}: {what} while it serves users", container.name));
        finding.about("DEBUG").help("off, and on by a variable in the files for development alone");
        if let Some(server) = &container.server {
            finding.related(server.at, format!("{} serves it", server.program.word()));
        }
    }
}

/// `DEBUG = True` in the settings that the container uses.
fn literal(subject: &Subject, container: &Container) -> Option<(At, String)> {
    if !uses_detected_settings(subject, container, "DEBUG") {
        return None;
    }
    let (value, at) = subject.setting("DEBUG")?;
    (*value == Value::Bool(true)).then(|| (at, "DEBUG is on in its settings".to_owned()))
}

/// A variable that turns it on.
fn variable(subject: &Subject, container: &Container) -> Option<(At, String)> {
    let flask = subject.facts.installs("flask");
    let read = subject.facts.connections.iter().filter_map(|(own, _)| match &own.meaning {
        Meaning::Debug { .. } => Some(own.name.as_str()),
        _ => None,
    });
    let names: Vec<&str> = read.chain(flask.then_some("FLASK_DEBUG")).collect();
    names.into_iter().find_map(|name| {
        let own = container.env.get(name)?;
        let on = own.value.as_deref().is_some_and(is_true);
        on.then(|| (own.at, format!("{name} is on")))
    })
}
