//! An image that says nothing of its health.

use crate::catalog::Framework;
use crate::lint::diagnostic::{Fix, Grade, Severity};
use crate::lint::edit;
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::{launched, support};
use crate::lint::subject::{Build, Container, Kind, Program, Subject, listed};

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
        let asked = asked(subject, build, container);
        // A check of the image asks every container of it, and a worker has no port.
        let others: Vec<&str> = support::runs_as(subject, build)
            .filter(|own| own.kind != Kind::Web)
            .map(|own| own.name.as_str())
            .collect();
        let message =
            format!("there is no HEALTHCHECK: nobody notices when {server} no longer answers");
        let finding = findings.add(at, message);
        finding.about(base);
        if is_worked_on(subject, build) {
            finding.severity(Severity::Style);
        }
        let hosts = hosts(subject);
        match &asked {
            _ if is_socket => {}
            asked if !others.is_empty() => {
                let port = launched::port(subject, container);
                let path = asked.as_ref().filter(|own| own.is_route).map(|own| &own.path);
                finding.help(of_service(subject, container, port, path, &others));
            }
            Some(asked) if asked.is_route => {
                finding.help(format!("{}{hosts}", asked.line));
            }
            Some(asked) => {
                finding.help(format!(
                    "{}\n(a route that answers 2xx without a login, and asks what it needs, says more){hosts}",
                    asked.line
                ));
            }
            None => {
                let port = launched::port(subject, container);
                let unknown = if port.is_some() {
                    "PATH: a route that answers 2xx without a login"
                } else {
                    "PORT: what the server listens on; PATH: a route that answers 2xx without a login"
                };
                let port = port.map_or("PORT".to_owned(), |port| port.to_string());
                let line = check_line(&port, "PATH", SUCCEEDS);
                finding.help(format!("{line}\n({unknown}){hosts}"));
            }
        }
        if let Some(fix) = asked.and_then(|asked| fix(subject, build, &asked)) {
            finding.fix(fix);
        }
    }
}

/// What of an answer says that it is none: of a route that is there for it, and of
/// a page that may be a redirect, behind a login or not there at all.
const SUCCEEDS: &str = "not 200 <= c.getresponse().status < 300";
const ANSWERS: &str = "c.getresponse().status >= 500";

fn check_line(port: &str, path: &str, fails: &str) -> String {
    format!(
        "HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \\\n    CMD [\"python\", \"-c\", \"{}\"]",
        program(port, path, fails)
    )
}

fn program(port: &str, path: &str, fails: &str) -> String {
    format!(
        "import http.client, sys; c = http.client.HTTPConnection('127.0.0.1', {port}, timeout=5); c.request('GET', '{path}'); sys.exit({fails})"
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
    let program = program(&port, path.map_or("PATH", String::as_str), SUCCEEDS);
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

/// What is asked.
struct Asked {
    port: u16,
    path: String,
    /// Whether the code has a route for it.
    is_route: bool,
    line: String,
}

/// The check, where the port is known: of the route that the code has for it, else
/// of the page that every address has, where that does no more than answer.
fn asked(subject: &Subject, build: &Build, container: &Container) -> Option<Asked> {
    let server = container.server.as_ref()?;
    let is_fixed = ["bind", "port"].iter().all(|name| {
        server.get(name).is_none_or(|(value, at)| {
            !matches!(value, crate::lint::subject::Value::Variable { .. })
                && value.text().is_some_and(|text| !text.contains("unix:"))
                // Whoever starts it may set the variable to another one.
                && container.env.values().all(|own| own.at != at)
        })
    });
    let argv = &container.steps.get(server.step)?.argv;
    let encrypted = argv
        .iter()
        .any(|word| word.contains("cert") || word.contains("ssl") || word.contains("uds"));
    // Another server may run, on another port.
    if !is_fixed || encrypted || launched::is_choice(container) {
        return None;
    }
    let port = launched::port(subject, container)?;
    support::is_the_only(subject, build).then_some(())?;
    let asked = |path: &str, is_route: bool| {
        let fails = if is_route { SUCCEEDS } else { ANSWERS };
        let line = check_line(&port.to_string(), path, fails);
        Asked { port, path: path.to_owned(), is_route, line }
    };
    if let Some(path) = subject.facts.health.value() {
        return Some(asked(path, true));
    }
    let by_http = server.program != Program::Uwsgi && subject.facts.ml.value().is_none();
    (by_http && !refuses(subject)).then(|| asked("/", false))
}

/// Whether the framework refuses a Host that it does not know, and writes that
/// down each time; of others nobody knows.
fn refuses(subject: &Subject) -> bool {
    let framework = subject.facts.framework.value().and_then(|name| Framework::find(name));
    framework.is_none_or(|own| own.allowed_hosts)
}

fn fix(subject: &Subject, build: &Build, asked: &Asked) -> Option<Fix> {
    let python = support::python(build.image.base.known()?)?;
    let known = support::is_the_only(subject, build) && support::is_seen_whole(subject, build);
    if !python.is_official || refuses(subject) || !known {
        return None;
    }
    let start = build.image.entrypoint.as_ref().map(|own| own.at);
    let cmd = build.image.cmd.as_ref().map(|own| own.at);
    let first = start.into_iter().chain(cmd).min()?;
    let own_stage = *build.image.stages.last()?;
    if subject.file(build).stage_of(first) != Some(own_stage) {
        return None;
    }
    // Every container of the image is checked with it, those of development too.
    let with = subject
        .builds
        .iter()
        .filter(|own| own.recipe == build.recipe && own.image.stages.contains(&own_stage));
    let has_own = |own: &Container| {
        subject.composed(own).is_some_and(|(_, own)| own.item.get("healthcheck").is_some())
    };
    let is_asked = |own: &Container| {
        own.kind == Kind::Web
            && own.server.is_some()
            && launched::port(subject, own) == Some(asked.port)
    };
    let mut all = with.flat_map(|own| subject.containers_with(own)).filter(|own| !has_own(own));
    if !all.all(|own| is_asked(own) && !launched::chooses(subject, own)) {
        return None;
    }
    let edit = edit::dockerfile::before(subject, build, first, &asked.line);
    let what = "asks the application itself, with the Python of the image";
    let condition = if asked.is_route {
        format!("the code has the route {}, and every container of the image serves", asked.path)
    } else {
        format!(
            "any answer below 500 is one, every container of the image serves on port {}",
            asked.port
        )
    };
    Some(Fix::new(Grade::Checked, what).condition(condition).edit(edit.at, edit.text))
}
