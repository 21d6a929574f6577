//! A server that is not for production.

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::{launched, support};
use crate::lint::subject::{Container, Program, Subject};

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
        let port = launched::port(subject, container).unwrap_or(8000);
        let known =
            subject.build_of(container).is_some_and(|build| support::is_the_only(subject, build));
        let app = subject.facts.app.value().filter(|_| known);
        let help = match server.program {
            Program::DjangoDevelopment => asynchronous(subject, container, app, port)
                .unwrap_or_else(|| {
                    format!(
                        "gunicorn --bind 0.0.0.0:{port} {}",
                        app.map_or("PROJECT.wsgi", String::as_str)
                    )
                }),
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
        let first = help.split(' ').next().unwrap_or_default();
        let help = if subject.facts.installs(first) {
            help
        } else {
            format!("{help}   (with {first} among the packages that are installed)")
        };
        finding.about(&container.name).help(help);
        // Somebody may work with it as it is.
        if launched::mounts_source(subject, container) {
            finding.severity(Severity::Advice);
        }
    }
}

/// The server of a Django project that speaks ASGI: a synchronous worker cannot
/// call its application, or drops its websockets.
fn asynchronous(
    subject: &Subject,
    container: &Container,
    app: Option<&String>,
    port: u16,
) -> Option<String> {
    let installs = |name: &str| subject.facts.installs(name);
    let module = app.map(|app| app.split(':').next().unwrap_or(app));
    let is_asgi = module.is_some_and(|own| own.ends_with("asgi") || own.ends_with("routing"));
    if !is_asgi && !installs("channels") && !installs("daphne") && container.name != "daphne" {
        return None;
    }
    let own = app.filter(|_| is_asgi).map_or("PROJECT.asgi:application", String::as_str);
    Some(if installs("uvicorn") && !installs("daphne") {
        format!("uvicorn {own} --host 0.0.0.0 --port {port}")
    } else {
        format!("daphne -b 0.0.0.0 -p {port} {own}")
    })
}
