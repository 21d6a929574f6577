//! The port the application listens on.

use std::collections::BTreeMap;

use crate::detect::commands::{Command, Place};
use crate::detect::fact::{Evidence, Fact};
use crate::detect::services::Evidences;
use crate::relpath;
use crate::source::compose::interpolate;
use crate::source::dockerfile::{Arguments, Dockerfile, is_dockerfile};
use crate::source::text::Text;

/// Programs that serve the application, with the port each takes when none is
/// stated; 0 where that says nothing.
const SERVERS: [&str; 11] = [
    "uvicorn",
    "gunicorn",
    "hypercorn",
    "daphne",
    "granian",
    "fastapi",
    "flask",
    "waitress-serve",
    "uwsgi",
    "sanic",
    "litestar",
];

/// The port, of the best kind of evidence that names one: a command that
/// starts a server, `EXPOSE`, then a call in the code.
pub(super) fn find(evidences: &Evidences<'_, '_>) -> Fact<u16> {
    let commands = evidences.context.commands.iter();
    let root = evidences.context.startup.root();
    let relevant = commands
        .filter(|command| command.place != Place::Readme && concerns(command, root))
        .filter_map(|command| Some((stated(command)?, command.evidence.clone())));
    if let Some(fact) = most(relevant.collect()) {
        return fact;
    }
    if let Some(fact) = most(exposed(evidences, root)) {
        return fact;
    }
    for binding in &evidences.bindings {
        let called = binding.called();
        let serves = matches!(
            called,
            "aiohttp.web.run_app"
                | "uvicorn.run"
                | "uvicorn.Config"
                | "waitress.serve"
                | "hypercorn.run"
        ) || (called.ends_with(".run")
            && called != "asyncio.run"
            && called != "subprocess.run");
        // Tornado's and Gradio's.
        let listens = called.ends_with(".listen") && binding.last() == "0"
            || called.ends_with(".launch") && binding.last() == "server_port";
        if (serves && binding.last() == "port" || listens)
            && let Some(port) = binding.value.text().and_then(|text| text.parse().ok())
        {
            return Fact::known(port, binding.evidence.clone());
        }
    }
    let readme = evidences.context.commands.iter().filter(|it| it.place == Place::Readme);
    let ports = readme.filter_map(|command| Some((stated(command)?, command.evidence.clone())));
    most(ports.collect()).unwrap_or_default()
}

fn concerns(command: &Command, root: &str) -> bool {
    let Some(directory) = &command.directory else { return true };
    directory == root || directory == "." || root.starts_with(&format!("{directory}/"))
}

/// The port that most of the lines name; of equals the first.
fn most(found: Vec<(u16, Evidence)>) -> Option<Fact<u16>> {
    let mut counts: BTreeMap<u16, usize> = BTreeMap::new();
    for (port, _) in &found {
        *counts.entry(*port).or_default() += 1;
    }
    let best = counts.values().copied().max()?;
    let port = found.iter().find(|(port, _)| counts[port] == best)?.0;
    let lines = found.into_iter().filter(|(other, _)| *other == port).map(|(_, line)| line);
    Some(Fact::Known(port, lines.take(4).collect()))
}

/// The port that a server's command states.
fn stated(command: &Command) -> Option<u16> {
    let program = command.program();
    let managed = program.ends_with("manage.py") && command.argv.iter().any(|it| it == "runserver");
    if !SERVERS.contains(&program) && !managed {
        return None;
    }
    let mut arguments = command.argv.iter().skip(1).peekable();
    while let Some(argument) = arguments.next() {
        let (name, own) = match argument.split_once('=') {
            Some((name, value)) if name.starts_with('-') => (name, Some(value)),
            _ => (argument.as_str(), None),
        };
        let takes_port = matches!(
            name,
            "--port" | "-p" | "--bind" | "-b" | "--listen" | "--http" | "--http-socket" | "-P"
        );
        if takes_port {
            let value = own.or_else(|| arguments.peek().map(|it| it.as_str()));
            if let Some(port) = value.and_then(port_of) {
                return Some(port);
            }
        } else if let Some(value) = name.strip_prefix("-b").or_else(|| name.strip_prefix("-p"))
            && let Some(port) = port_of(value)
        {
            return Some(port);
        } else if managed && let Some(port) = port_of(argument) {
            return Some(port);
        }
    }
    None
}

/// `8000`, `:8000`, `0.0.0.0:8000`, `${PORT:-8000}`.
fn port_of(text: &str) -> Option<u16> {
    let text = text.trim_matches(['"', '\'']);
    let text = interpolate::defaults(text);
    text.rsplit(':').next()?.parse().ok().filter(|port| *port > 0)
}

/// `EXPOSE` in Dockerfiles that are not for another service.
fn exposed(evidences: &Evidences<'_, '_>, root: &str) -> Vec<(u16, Evidence)> {
    let tree = evidences.context.tree;
    let mut found = Vec::new();
    for path in tree.paths() {
        let directory = relpath::parent(path);
        let near = directory == "."
            || directory == root
            || directory.starts_with("docker")
            || root.starts_with(&format!("{directory}/"));
        if !near || !is_dockerfile(path) {
            continue;
        }
        let text = Text::new(path, tree.text(path).unwrap_or_default());
        if !text.text.contains("python") && !text.text.contains("uv") {
            continue;
        }
        let file = Dockerfile::read(&text.text);
        for stage in 0..file.stages.len() {
            for port in file.image(stage, &Arguments::new()).ports {
                let number = port.value.text.split('/').next().and_then(|own| own.parse().ok());
                // Of a stage below, it is found there.
                if let Some(number) = number.filter(|_| file.stage_of(port.at) == Some(stage)) {
                    let line = text.line(file.instructions[port.at].span.start);
                    found.push((number, tree.evidence(path, line)));
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::detect::services::fixture::Repository;

    const APP: &str = "from fastapi import FastAPI\napp = FastAPI()\n";

    #[test]
    fn a_server_states_its_port_in_every_way() {
        for command in [
            "uvicorn main:app --host 0.0.0.0 --port 8123",
            "uvicorn main:app --port=8123",
            "gunicorn main:app -b :8123",
            "gunicorn main:app --bind 0.0.0.0:8123 -w 4",
            "gunicorn -b0.0.0.0:8123 main:app",
            "uvicorn main:app --port ${PORT:-8123}",
            "python manage.py runserver 0.0.0.0:8123",
            "daphne -b 0.0.0.0 -p 8123 main:app",
        ] {
            let command = command.strip_prefix("python ").unwrap_or(command);
            let found = Repository::fastapi(APP, &[]).runs(command).find();
            assert_eq!(found.port.value(), Some(&8123), "{command}");
        }
    }

    #[test]
    fn a_port_of_another_program_or_an_unexpanded_one_says_nothing() {
        for command in [
            "celery -A x flower --port 5555",
            "uvicorn main:app --port $PORT",
            "redis-server --port 6379",
        ] {
            let found = Repository::fastapi(APP, &[]).runs(command).find();
            assert!(!found.port.is_known(), "{command}");
        }
    }

    #[test]
    fn exposed_and_called_ports_are_taken_where_no_command_states_one() {
        let found =
            Repository::fastapi(APP, &[("Dockerfile", "FROM python:3.13\nEXPOSE 9000\n")]).find();
        assert_eq!(found.port.value(), Some(&9000));
        let by_name = "FROM python:3.13\nENV PORT=9001\nexpose $PORT/tcp\n";
        let found = Repository::fastapi(APP, &[("Dockerfile", by_name)]).find();
        assert_eq!(found.port.value(), Some(&9001));
        let main = format!(
            "{APP}import os, uvicorn\nif __name__ == '__main__':\n    uvicorn.run(app, port=int(os.getenv('PORT', '7000')))\n"
        );
        assert_eq!(Repository::fastapi(&main, &[]).find().port.value(), Some(&7000));
    }
}
