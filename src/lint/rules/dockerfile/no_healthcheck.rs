//! An image that says nothing of its health.

use crate::catalog::Framework;
use crate::lint::diagnostic::{Fix, Grade, Severity};
use crate::lint::edit;
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::{launched, support};
use crate::lint::subject::{Build, Container, Kind, Subject, listed};

pub static RULE: Rule = Rule {
    code: "DF102",
    name: "no-healthcheck",
    severity: Severity::Advice,
    summary: "the image of a web application has a HEALTHCHECK, or its service has one",
    why: "Without a check a container counts as well as long as its process lives. A server that hangs keeps its traffic, and `depends_on` cannot wait until it answers.",
    example: "HEALTHCHECK CMD [\"python\", \"-c\", \"import http.client, sys; c = http.client.HTTPConnection('127.0.0.1', 8000, timeout=5); c.request('GET', '/health'); sys.exit(c.getresponse().status != 200)\"]",
    source: "Docker, Dockerfile reference: HEALTHCHECK; checkov CKV_DOCKER_2",
    fix: Some(Grade::Checked),
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for build in support::python_images(subject) {
        if build.image.healthcheck.is_some() {
            continue;
        }
        // One that nobody here knows may have a check.
        let Some(base) = build.image.base.known().filter(|base| support::is_plain(base)) else {
            continue;
        };
        let unseen = |own: &&Container| {
            let of_service =
                subject.composed(own).is_some_and(|(_, own)| own.item.get("healthcheck").is_some());
            own.kind == Kind::Web && own.server.is_some() && !of_service
        };
        // The image's own server before the one that somebody works with.
        let is_developed = |own: &&Container| launched::is_for_developers(subject, own);
        let Some(container) = support::runs_as(subject, build)
            .filter(unseen)
            .find(|own| !is_developed(own))
            .or_else(|| support::runs_as(subject, build).find(unseen))
        else {
            continue;
        };
        let server = container.server.as_ref().map_or("the server", |own| own.program.word());
        let start = build.image.cmd.as_ref().or(build.image.entrypoint.as_ref());
        let at = start.map_or(subject.from_of(build), |own| subject.instruction(build, own.at));
        // On a socket a proxy asks, and no port is there to ask.
        let is_socket = container.server.as_ref().is_some_and(|own| {
            own.get("uds").is_some()
                || own
                    .get("bind")
                    .and_then(|(value, _)| value.text())
                    .is_some_and(|text| text.contains("unix:"))
        }) || container.steps.iter().any(|step| {
            step.argv.iter().any(|word| word.contains("unix:") || word.ends_with(".sock"))
        });
        // A check of the image asks every container of it, and a worker has no port.
        let others: Vec<&str> = support::runs_as(subject, build)
            .filter(|own| own.kind != Kind::Web)
            .map(|own| own.name.as_str())
            .collect();
        let line = line(subject, build, container);
        let message =
            format!("there is no HEALTHCHECK: nobody notices when {server} no longer answers");
        let finding = findings.add(at, message);
        finding.about(base);
        if is_worked_on(subject, build) {
            finding.severity(Severity::Style);
        }
        if !others.is_empty() && !is_socket {
            let port = launched::port(subject, container);
            let path = line.as_ref().and(subject.facts.health.value());
            finding.help(of_service(subject, container, port, path, &others));
        } else if let Some(line) = &line {
            finding.help(format!("{line}{}", hosts(subject)));
        } else if !is_socket {
            let port = launched::port(subject, container);
            let unknown = if port.is_some() {
                "PATH: a route that answers 2xx without a login"
            } else {
                "PORT: what the server listens on; PATH: a route that answers 2xx without a login"
            };
            let port = port.map_or("PORT".to_owned(), |port| port.to_string());
            finding.help(format!("{}\n({unknown}){}", check_line(&port, "PATH"), hosts(subject)));
        }
        if let Some(fix) = line.and_then(|line| fix(subject, build, &line)) {
            finding.fix(fix);
        }
    }
}

fn check_line(port: &str, path: &str) -> String {
    format!(
        "HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \\\n    CMD [\"python\", \"-c\", \"{}\"]",
        program(port, path)
    )
}

fn program(port: &str, path: &str) -> String {
    format!(
        "import http.client, sys; c = http.client.HTTPConnection('127.0.0.1', {port}, timeout=5); c.request('GET', '{path}'); sys.exit(not 200 <= c.getresponse().status < 300)"
    )
}

/// What a check of a framework that refuses unknown names needs besides.
fn hosts(subject: &Subject) -> &'static str {
    let framework = subject.facts.framework.value().and_then(|name| Framework::find(name));
    if framework.is_some_and(|own| own.allowed_hosts) {
        "\n(ALLOWED_HOSTS has to hold 127.0.0.1: else the answer is 400)"
    } else {
        ""
    }
}

/// The check of a service, where other services run from its image.
fn of_service(
    subject: &Subject,
    container: &Container,
    port: Option<u16>,
    path: Option<&String>,
    others: &[&str],
) -> String {
    let mut open = Vec::new();
    if port.is_none() {
        open.push("PORT: what the server listens on");
    }
    if path.is_none() {
        open.push("PATH: a route that answers 2xx without a login");
    }
    let port = port.map_or("PORT".to_owned(), |port| port.to_string());
    let program = program(&port, path.map_or("PATH", String::as_str));
    let open = if open.is_empty() { String::new() } else { format!("\n({})", open.join("; ")) };
    format!(
        "healthcheck:   (of the service {}: {} from the same image, without HTTP)\n  test: [CMD, python, -c, \"{program}\"]\n  interval: 30s\n  timeout: 5s\n  start_period: 30s{open}{}",
        container.name,
        if others.len() == 1 {
            format!("{} runs", others[0])
        } else {
            format!("{} run", listed(others))
        },
        hosts(subject)
    )
}

/// Whether nobody but those who work on it runs an image.
fn is_worked_on(subject: &Subject, build: &Build) -> bool {
    support::runs_as(subject, build).all(|own| {
        launched::is_for_developers(subject, own)
            || own.server.as_ref().is_some_and(|own| own.program.is_development())
                && launched::mounts_source(subject, own)
    })
}

/// The check, where port and path are known.
fn line(subject: &Subject, build: &Build, container: &Container) -> Option<String> {
    let server = container.server.as_ref()?;
    let is_fixed = ["bind", "port"].iter().all(|name| {
        server.get(name).is_none_or(|(value, _)| {
            !matches!(value, crate::lint::subject::Value::Variable { .. })
                && value.text().is_some_and(|text| !text.contains("unix:"))
        })
    });
    let path = subject.facts.health.value().filter(|_| support::is_the_only(subject, build))?;
    let argv = &container.steps.get(server.step)?.argv;
    let encrypted = argv
        .iter()
        .any(|word| word.contains("cert") || word.contains("ssl") || word.contains("uds"));
    (is_fixed && !encrypted).then_some(())?;
    Some(check_line(&launched::port(subject, container)?.to_string(), path))
}

fn fix(subject: &Subject, build: &Build, line: &str) -> Option<Fix> {
    let python = support::python(build.image.base.known()?)?;
    // Some frameworks refuse a Host that they do not know; of others nobody knows.
    let framework = subject.facts.framework.value().and_then(|name| Framework::find(name));
    let refuses = framework.is_none_or(|own| own.allowed_hosts);
    let known = support::is_the_only(subject, build) && support::is_seen_whole(subject, build);
    let only_web = support::runs_as(subject, build).all(|own| own.kind == Kind::Web);
    if !python.is_official || refuses || !only_web || !known {
        return None;
    }
    let start = build.image.entrypoint.as_ref().map(|own| own.at);
    let cmd = build.image.cmd.as_ref().map(|own| own.at);
    let first = start.into_iter().chain(cmd).min()?;
    let own_stage = *build.image.stages.last()?;
    if subject.file(build).stage_of(first) != Some(own_stage) {
        return None;
    }
    let edit = edit::dockerfile::before(subject, build, first, line);
    let path = subject.facts.health.value()?;
    Some(
        Fix::new(Grade::Checked, "asks the application itself, with the Python of the image")
            .condition(format!(
                "the code has the route {path}, and every container of the image serves"
            ))
            .edit(edit.at, edit.text),
    )
}
