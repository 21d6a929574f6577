//! A server that is not for production.

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::launched;
use crate::lint::subject::{Program, Subject};

pub static RULE: Rule = Rule {
    code: "DF138",
    name: "development-server",
    severity: Severity::Error,
    summary: "production runs a server that is made for it",
    why: "runserver, flask run and fastapi dev are one process without limits, time-outs or a supervisor, reload at changes of files and show code and variables in error pages where debugging is on. Their own documentation says not to use them in production.",
    example: "CMD [\"gunicorn\", \"--bind\", \"0.0.0.0:8000\", \"shop.wsgi\"]",
    source: "Django, django-admin: runserver; Flask, Deploying to production; FastAPI CLI",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for container in subject.production_containers() {
        let Some(server) = container.server.as_ref().filter(|own| own.program.is_development())
        else {
            continue;
        };
        if launched::is_for_developers(subject, container) || launched::is_choice(container) {
            continue;
        }
        let name = server.program.word();
        let port = server.port().unwrap_or(8000);
        let app = subject.facts.app.value();
        let help = match server.program {
            Program::DjangoDevelopment => {
                format!(
                    "gunicorn --bind 0.0.0.0:{port} {}",
                    app.map_or("PROJECT.wsgi", String::as_str)
                )
            }
            Program::FlaskDevelopment => {
                let app = app.map_or("PACKAGE:app".to_owned(), |own| {
                    if subject.facts.factory.value() == Some(&true) {
                        format!("'{own}()'")
                    } else {
                        own.clone()
                    }
                });
                format!("gunicorn --bind 0.0.0.0:{port} {app}")
            }
            _ => {
                format!(
                    "uvicorn {} --host 0.0.0.0 --port {port}",
                    app.map_or("PACKAGE.main:app", String::as_str)
                )
            }
        };
        let finding = findings.add(server.at, format!("{name} is a development server"));
        finding.about(&container.name).help(help);
        // Somebody may work with it as it is.
        if launched::mounts_source(subject, container) {
            finding.severity(Severity::Warning);
        }
    }
}
