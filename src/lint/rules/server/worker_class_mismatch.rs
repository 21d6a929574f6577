//! An application of one protocol on a server of the other.

use crate::detect::facts::Interface;
use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Program, Server, Subject};

pub static RULE: Rule = Rule {
    code: "PY113",
    name: "worker-class-mismatch",
    severity: Severity::Error,
    summary: "the server speaks the protocol of the application",
    why: "A WSGI worker calls an ASGI application with two arguments where it takes three: every request ends in 500, `__call__() missing 1 required positional argument: 'send'`. A WSGI application under uvicorn fails the other way round.",
    example: "gunicorn -k uvicorn_worker.UvicornWorker shop.asgi:application",
    source: "PEP 3333; ASGI specification",
    fix: None,
    check,
};

/// Words of code that turns one protocol into the other.
const ADAPTERS: [&str; 7] = [
    "a2wsgi",
    "WsgiToAsgi",
    "AsgiToWsgi",
    "WSGIMiddleware",
    "ASGIMiddleware",
    "asgiref.wsgi",
    "WSGIResponder",
];

fn check(subject: &Subject, findings: &mut Findings) {
    for container in subject.production_containers() {
        let Some(server) = &container.server else { continue };
        let speaks = match server.program {
            Program::Gunicorn => match server.get("worker_class").map(|(value, _)| value.text()) {
                None => Interface::Wsgi,
                Some(Some(class)) => match class.as_str() {
                    "sync" | "gthread" | "gevent" | "eventlet" => Interface::Wsgi,
                    own if own.to_ascii_lowercase().contains("uvicorn") => Interface::Asgi,
                    _ => continue,
                },
                Some(None) => continue,
            },
            Program::Uvicorn if server.get("interface").is_none() => Interface::Asgi,
            Program::Waitress => Interface::Wsgi,
            Program::Daphne => Interface::Asgi,
            _ => continue,
        };
        let hidden = server.has("config") && server.config.is_none();
        if hidden || container.env.get("GUNICORN_CMD_ARGS").is_some_and(|own| own.value.is_none()) {
            continue;
        }
        let Some(wanted) = protocol(subject, server) else { continue };
        if wanted == speaks {
            continue;
        }
        let app = server.app.as_deref().unwrap_or("the application");
        let (is, takes) = match wanted {
            Interface::Asgi => ("ASGI", "WSGI"),
            Interface::Wsgi => ("WSGI", "ASGI"),
        };
        let at = server.get("worker_class").map_or(server.at, |(_, at)| at);
        findings
            .add(at, format!("{}: {app} speaks {is}, and {} serves {takes}", container.name, server.program.word()))
            .about(app)
            .help(match wanted {
                Interface::Asgi => "--worker-class uvicorn_worker.UvicornWorker, from the package uvicorn-worker, or uvicorn itself",
                Interface::Wsgi => "gunicorn with its own workers",
            });
    }
}

/// The protocol of what a server is given, where its module shows it.
fn protocol(subject: &Subject, server: &Server) -> Option<Interface> {
    let app = server.app.as_deref()?;
    let (module, name) = app.split_once(':').unwrap_or((app, "application"));
    let root = subject.facts.root.value()?;
    let path = subject.tree.module_path(root, module)?;
    let text = subject.tree.text(&path)?;
    if ADAPTERS.iter().any(|word| text.contains(word)) {
        return None;
    }
    let line = |start: &str| text.lines().any(|own| own.starts_with(&format!("{name} = {start}")));
    if line("get_asgi_application()") || line("FastAPI(") || line("Starlette(") || line("Litestar(")
    {
        // What stands around it later is not seen.
        let last = text.lines().filter(|own| own.starts_with(&format!("{name} = "))).count();
        return (last == 1).then_some(Interface::Asgi);
    }
    if line("get_wsgi_application()") || line("Flask(") {
        let last = text.lines().filter(|own| own.starts_with(&format!("{name} = "))).count();
        return (last == 1).then_some(Interface::Wsgi);
    }
    None
}
