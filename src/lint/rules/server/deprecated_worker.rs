//! uvicorn's own worker for gunicorn, which is deprecated.

use crate::lint::diagnostic::{At, Fix, Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Program, Subject};
use crate::source::text::Span;

pub static RULE: Rule = Rule {
    code: "PY104",
    name: "deprecated-worker",
    severity: Severity::Advice,
    summary: "uvicorn's worker for gunicorn comes from the package uvicorn-worker",
    why: "uvicorn.workers is deprecated since uvicorn 0.30 and will go: an update then ends every start with an ImportError.",
    example: "worker_class = \"uvicorn_worker.UvicornWorker\"  # package uvicorn-worker",
    source: "uvicorn, Release notes 0.30.0: Deprecate the uvicorn.workers module",
    fix: Some(Grade::Checked),
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    let installed = subject.facts.installs.versions.get("uvicorn");
    let is_old = installed.is_some_and(|version| {
        let mut parts = version.split('.').filter_map(|own| own.parse::<u32>().ok());
        parts.next() == Some(0) && parts.next().is_some_and(|minor| minor < 30)
    });
    for container in subject.production_containers() {
        let Some(server) = container.server.as_ref().filter(|own| own.program == Program::Gunicorn)
        else {
            continue;
        };
        let Some((value, at)) = server.get("worker_class") else { continue };
        let Some(class) = value.text().filter(|own| own.starts_with("uvicorn.workers.")) else {
            continue;
        };
        if is_old {
            continue;
        }
        let new = class.replacen("uvicorn.workers.", "uvicorn_worker.", 1);
        let finding = findings.add(at, format!("{class} is deprecated since uvicorn 0.30"));
        finding.about(&class).help(format!("{new}, from the package uvicorn-worker"));
        let written = subject.slice(at);
        if let Some(start) = written.find(&class).filter(|_| written.matches(&class).count() == 1) {
            let start = at.span.start + start;
            let place = At::new(at.text, Span::new(start, start + class.len()));
            let is_there = subject.facts.installs("uvicorn-worker");
            let grade = if is_there { Grade::Checked } else { Grade::Suggested };
            let mut fix = Fix::new(grade, format!("takes {new}")).edit(place, &new);
            if is_there {
                fix = fix.condition("the package uvicorn-worker is among the dependencies");
            }
            finding.fix(fix);
        }
    }
}
