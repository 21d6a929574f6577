//! An image that says nothing of its health.

use crate::catalog::Framework;
use crate::detect::scope;
use crate::lint::diagnostic::{Fix, Grade, Severity};
use crate::lint::edit;
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::{launched, support};
use crate::lint::subject::{Build, Container, Kind, Program, Subject, Value, listed};

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
        // Where a platform says the port, it asks as well.
        if container.service.is_none() && (of_platform(container) || probes(subject, build)) {
            continue;
        }
        // On a socket a proxy asks, and no port is there to ask.
        let is_socket = is_socket(subject, build, container);
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
        let port = port(subject, container);
        match &asked {
            _ if is_socket => {}
            asked if !others.is_empty() => {
                let probe = asked.as_ref().map_or_else(
                    || unasked(subject, build, container),
                    |own| match own.probe.is_route() {
                        true => own.probe.clone(),
                        false => unasked(subject, build, container),
                    },
                );
                finding.help(of_service(container, port.as_deref(), &probe, &others));
            }
            Some(asked) => {
                finding.help(format!("{}{}", asked.line, asked.probe.more(subject)));
            }
            None => {
                let probe = unasked(subject, build, container);
                let open = open(port.as_deref(), &probe);
                let line = check_line(port.as_deref().unwrap_or("PORT"), &probe);
                finding.help(format!("{line}{open}{}", probe.more(subject)));
            }
        }
        if let Some(fix) = asked.and_then(|asked| fix(subject, build, &asked)) {
            finding.fix(fix);
        }
    }
}

/// How a server is asked whether it is well.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Probe {
    /// A route that the code has for it answers 2xx.
    Route(String),
    /// The page that every address has does no more than answer: it may be a
    /// redirect, behind a login or not there at all.
    Page,
    /// A route that somebody has to name.
    Open,
    /// It takes connections. The framework refuses a Host that it does not know,
    /// and writes that down each time; or nobody knows what the server speaks.
    Socket,
}

impl Probe {
    const fn is_route(&self) -> bool {
        matches!(self, Self::Route(_))
    }

    /// What Python runs for it; `port` is an expression.
    fn program(&self, port: &str) -> String {
        let (path, fails) = match self {
            Self::Route(path) => (path.as_str(), "not 200 <= c.getresponse().status < 300"),
            Self::Open => ("PATH", "not 200 <= c.getresponse().status < 300"),
            Self::Page => ("/", "c.getresponse().status >= 500"),
            Self::Socket => {
                let os = if port.contains("os.") { "os, " } else { "" };
                return format!(
                    "import {os}socket; socket.create_connection(('127.0.0.1', {port}), timeout=5).close()"
                );
            }
        };
        let os = if port.contains("os.") { "os, " } else { "" };
        format!(
            "import http.client, {os}sys; c = http.client.HTTPConnection('127.0.0.1', {port}, timeout=5); c.request('GET', '{path}'); sys.exit({fails})"
        )
    }

    /// What would say more.
    fn more(&self, subject: &Subject) -> String {
        match self {
            Self::Route(_) | Self::Open => String::new(),
            Self::Page => {
                "\n(a route that answers 2xx without a login, and asks what it needs, says more)"
                    .to_owned()
            }
            Self::Socket => match subject.facts.health.value() {
                Some(path) => format!(
                    "\n(it says that the server takes connections; where ALLOWED_HOSTS holds 127.0.0.1, GET {path} says more)"
                ),
                None => "\n(it says that the server takes connections; a route that answers 2xx without a login, and asks what it needs, says more)".to_owned(),
            },
        }
    }
}

fn check_line(port: &str, probe: &Probe) -> String {
    format!(
        "HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \\\n    CMD [\"python\", \"-c\", \"{}\"]",
        probe.program(port)
    )
}

/// What somebody has to fill in.
fn open(port: Option<&str>, probe: &Probe) -> String {
    let mut open = Vec::new();
    if port.is_none() {
        open.push("PORT: what the server listens on");
    }
    if *probe == Probe::Open {
        open.push("PATH: a route that answers 2xx without a login");
    }
    if open.is_empty() { String::new() } else { format!("\n({})", open.join("; ")) }
}

/// The port as Python has it: a number, or the variable that says it.
fn port(subject: &Subject, container: &Container) -> Option<String> {
    let known = launched::port(subject, container);
    let Some(name) = of_variable(container) else { return known.map(|port| port.to_string()) };
    Some(match known {
        Some(port) => format!("int(os.environ.get('{name}', {port}))"),
        None => format!("int(os.environ['{name}'])"),
    })
}

/// The variable that says the port, where nothing in the image does.
fn of_variable(container: &Container) -> Option<&str> {
    let server = container.server.as_ref()?;
    ["port", "bind"].iter().find_map(|name| match server.get(name)?.0 {
        Value::Variable { name, .. } => Some(name.as_str()).filter(|name| name.ends_with("PORT")),
        _ => None,
    })
}

/// Whether only who runs the image says the port, as platforms do.
fn of_platform(container: &Container) -> bool {
    let Some(server) = &container.server else { return false };
    ["port", "bind"].iter().any(|option| {
        matches!(server.get(option), Some((Value::Variable { name, default: None }, _)) if name == "PORT")
    })
}

/// Whether what runs an image has probes of its own and reads no HEALTHCHECK:
/// Kubernetes, Cloud Run, App Engine, Fly.io.
fn probes(subject: &Subject, build: &Build) -> bool {
    const FILES: [&str; 6] =
        ["cloudbuild", "fly.toml", "skaffold.yaml", "app.yaml", "Chart.yaml", "service.yaml"];
    let says = |text: &str| {
        ["kind: Deployment", "kind: StatefulSet", "gcloud run deploy", "kubectl set image"]
            .iter()
            .any(|word| text.contains(word))
    };
    let recipe = subject.texts[subject.recipes[build.recipe].text].text.to_ascii_lowercase();
    let of_comment = ["kubernetes", "k8s", "livenessprobe", "cloud run"]
        .iter()
        .any(|word| recipe.contains(word));
    of_comment
        || subject.tree.paths().any(|path| {
            let name = path.rsplit('/').next().unwrap_or(path);
            let is_text = [".yml", ".yaml", ".sh"].iter().any(|end| name.ends_with(end));
            FILES.iter().any(|own| name.starts_with(own))
                || is_text && subject.tree.text(path).is_some_and(says)
        })
}

/// Whether a server listens on a socket that is a file, by its words or its settings.
fn is_socket(subject: &Subject, build: &Build, container: &Container) -> bool {
    let Some(server) = &container.server else { return false };
    let bind = server.get("bind").and_then(|(value, _)| value.text()).unwrap_or_default();
    let is_file = |word: &str| word.contains("unix:") || word.ends_with(".sock");
    server.get("uds").is_some()
        || bind.contains("unix:")
        || container.steps.iter().any(|step| step.argv.iter().any(|word| is_file(word)))
        || settings_of_uwsgi(subject, build, container).iter().any(|text| {
            text.lines().any(|line| {
                let is_socket = line
                    .split_once('=')
                    .is_some_and(|(name, _)| matches!(name.trim(), "socket" | "uwsgi-socket"));
                is_socket && line.contains('/')
            })
        })
}

/// The files that uWSGI is started with.
fn settings_of_uwsgi<'s>(
    subject: &'s Subject,
    build: &Build,
    container: &Container,
) -> Vec<&'s str> {
    let server = container.server.as_ref().filter(|own| own.program == Program::Uwsgi);
    let step = server.and_then(|own| container.steps.get(own.step));
    let words = step.map_or(&[][..], |step| step.argv.as_slice());
    let is_settings = |word: &&String| {
        [".ini", ".xml", ".yaml", ".yml"].iter().any(|ending| word.ends_with(ending))
    };
    words
        .iter()
        .filter(is_settings)
        .filter_map(|word| {
            let path = word.rsplit('=').next().unwrap_or(word);
            let copied = subject.source_of(build, path);
            let beside = || crate::relpath::join(&build.context, path);
            subject.tree.text(&copied.or_else(beside)?)
        })
        .collect()
}

/// Whether a server answers HTTP: uWSGI has a protocol of its own, unless it is told.
fn speaks_http(subject: &Subject, build: &Build, container: &Container) -> bool {
    let Some(server) = &container.server else { return false };
    let says = |text: &str| text.trim_start_matches('-').starts_with("http");
    let words = container.steps.get(server.step).map_or(&[][..], |step| step.argv.as_slice());
    server.program != Program::Uwsgi
        || words.iter().any(|word| says(word))
        || settings_of_uwsgi(subject, build, container)
            .iter()
            .any(|text| text.lines().any(|line| says(line.trim_start())))
}

/// What to ask where port or path are not known.
fn unasked(subject: &Subject, build: &Build, container: &Container) -> Probe {
    let route = known_route(subject, build).filter(|_| !refuses(subject) || answers_here(subject));
    match route {
        _ if !speaks_http(subject, build, container) => Probe::Socket,
        route if stands_before(subject, build, route.is_none()) => Probe::Socket,
        Some(path) => Probe::Route(path.clone()),
        None if refuses_hosts(subject) => Probe::Socket,
        None => Probe::Open,
    }
}

/// The route that the code of an image has for it.
fn known_route<'s>(subject: &'s Subject, build: &Build) -> Option<&'s String> {
    let is_its = support::is_the_only(subject, build) || support::shares_code(subject, build);
    subject.facts.health.value().filter(|_| is_its)
}

/// Whether the framework answers nobody who calls it by a name that it does not know.
fn refuses_hosts(subject: &Subject) -> bool {
    let framework = subject.facts.framework.value().and_then(|name| Framework::find(name));
    framework.is_some_and(|own| own.allowed_hosts)
}

/// Whether the settings are known to let 127.0.0.1 in, and to redirect nobody.
fn answers_here(subject: &Subject) -> bool {
    let written = |name: &str| subject.setting(name).map(|(_, at)| subject.slice(at));
    let lets_in = written("ALLOWED_HOSTS").is_some_and(|text| {
        let is_literal = !text.contains("env") && !text.contains("config");
        is_literal && ["\"*\"", "'*'", "127.0.0.1"].iter().any(|host| text.contains(host))
    });
    // Tenants are known by their domains.
    lets_in && written("SECURE_SSL_REDIRECT").is_none() && !subject.facts.installs("django-tenants")
}

/// The check of a service, where other services run from its image.
fn of_service(container: &Container, port: Option<&str>, probe: &Probe, others: &[&str]) -> String {
    format!(
        "healthcheck:   (of the service {}: {} from the same image, without HTTP)\n  test: [CMD, python, -c, \"{}\"]\n  interval: 30s\n  timeout: 5s\n  start_period: 30s{}",
        container.name,
        if others.len() == 1 {
            format!("{} runs", others[0])
        } else {
            format!("{} run", listed(others))
        },
        probe.program(port.unwrap_or("PORT")),
        open(port, probe),
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
    probe: Probe,
    line: String,
}

/// The check, where the port is known: of the route that the code has for it, else
/// of the page that every address has, else of the port alone.
fn asked(subject: &Subject, build: &Build, container: &Container) -> Option<Asked> {
    let server = container.server.as_ref()?;
    let is_fixed = ["bind", "port"].iter().all(|name| {
        server.get(name).is_none_or(|(value, at)| {
            !matches!(value, Value::Variable { .. })
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
    let probe = match subject.facts.health.value() {
        _ if !speaks_http(subject, build, container) => Probe::Socket,
        // Whoever asks without what it wants may get any answer.
        health if stands_before(subject, build, health.is_none()) => Probe::Socket,
        Some(path) if !refuses_hosts(subject) || answers_here(subject) => {
            Probe::Route(path.clone())
        }
        _ if refuses(subject) => Probe::Socket,
        // A model may take long until the first answer.
        _ if subject.facts.ml.value().is_some() => return None,
        _ => Probe::Page,
    };
    let line = check_line(&port.to_string(), &probe);
    Some(Asked { port, probe, line })
}

/// Whether the code refuses a request before it is at its route: by a name of this
/// machine that it does not know, or, of a page, by whatever stands before all of them.
fn stands_before(subject: &Subject, build: &Build, is_page: bool) -> bool {
    const BEFORE: [&str; 4] = [".middleware(", "Middleware)", "before_request", "dependencies="];
    subject.tree.below(&build.context).filter(|path| path.ends_with(".py")).any(|path| {
        let text = || subject.tree.text(path).unwrap_or_default();
        let by_name = || {
            text().contains("TrustedHostMiddleware")
                && !["\"*\"", "'*'", "127.0.0.1"].iter().any(|host| text().contains(host))
        };
        scope::counts(path)
            && (by_name() || is_page && BEFORE.iter().any(|own| text().contains(own)))
    })
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
    if !python.is_official || !known {
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
    let port = asked.port;
    let condition = match &asked.probe {
        Probe::Route(path) => {
            format!("the code has the route {path}, and every container of the image serves")
        }
        Probe::Socket => {
            format!(
                "a connection is all it asks for, and every container of the image takes them on port {port}"
            )
        }
        Probe::Page | Probe::Open => format!(
            "any answer below 500 is one, every container of the image serves on port {port}"
        ),
    };
    Some(Fix::new(Grade::Checked, what).condition(condition).edit(edit.at, edit.text))
}
