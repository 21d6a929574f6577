//! Ports that are published, checked or exposed, and listened on by nobody.

use crate::lint::diagnostic::{At, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Container, Program, Server, Subject};
use crate::source::compose::Item;
use crate::source::dockerfile::Healthcheck;

pub static RULE: Rule = Rule {
    code: "XF104",
    name: "ports-apart",
    severity: Severity::Error,
    summary: "what is published and checked is the port that the server listens on",
    why: "Docker forwards a published port to where nobody listens: every request is refused, while the container looks as if it ran. A health check of another port never succeeds, and what waits for it never starts.",
    example: "CMD [\"gunicorn\", \"--bind\", \"0.0.0.0:8000\", \"shop.wsgi\"]\n# compose.yaml: ports: [\"127.0.0.1:80:8000\"]",
    source: "Compose specification: ports; Dockerfile reference: EXPOSE",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for container in subject.production_containers() {
        let Some(server) = only_server(container) else { continue };
        let Some(port) = server.port() else { continue };
        let listens = server.get("bind").or_else(|| server.get("port")).map_or(server.at, |o| o.1);
        let said = format!("{} listens on {port}", server.program.word());
        let published = published(subject, container, port, listens, &said, findings);
        let checked = checked(subject, container, port, listens, &said, findings);
        if !published && !checked {
            exposed(subject, container, port, listens, &said, findings);
        }
    }
}

/// The server, where it is the only thing that can listen.
fn only_server(container: &Container) -> Option<&Server> {
    let server = container.server.as_ref().filter(|own| own.program.serves())?;
    // Variables that nobody sees here may say another port.
    let hidden = !container.missing_env_files.is_empty()
        || ["FLASK_RUN_PORT", "GUNICORN_CMD_ARGS"].iter().any(|name| {
            container
                .env
                .get(*name)
                .is_some_and(|own| own.value.is_none() || *name == "FLASK_RUN_PORT")
        });
    if hidden {
        return None;
    }
    let last = container.steps.len() - 1;
    let alone = server.step == last
        && container.steps.iter().filter(|own| own.program.serves()).count() == 1
        && container.steps.iter().all(|own| !own.in_background)
        && !container.steps.iter().any(|own| {
            let name = own.argv.first().map_or("", |word| word.rsplit('/').next().unwrap_or(word));
            matches!(
                name,
                "nginx" | "service" | "supervisord" | "supervisorctl" | "caddy" | "honcho"
            )
        });
    // gunicorn listens on every address that it is given.
    let binds = container.steps[server.step]
        .argv
        .iter()
        .filter(|word| *word == "-b" || word.starts_with("--bind") || word.starts_with("-b="))
        .count();
    (alone && binds < 2 && server.program != Program::Uwsgi).then_some(server)
}

fn published(
    subject: &Subject,
    container: &Container,
    port: u16,
    listens: At,
    said: &str,
    findings: &mut Findings,
) -> bool {
    let Some((deployment, service)) = subject.composed(container) else { return false };
    let ports: Vec<_> = service.ports().into_iter().filter(|own| own.protocol != "udp").collect();
    let numbers: Option<Vec<u16>> = ports.iter().map(|own| own.container_number()).collect();
    let Some(numbers) = numbers.filter(|own| !own.is_empty()) else { return false };
    if numbers.contains(&port) {
        return false;
    }
    let items = service.item.get("ports").map_or(&[][..], Item::items);
    let at = items.first().map_or_else(
        || subject.service(deployment, service),
        |item| subject.item(deployment, item),
    );
    findings
        .add(
            at,
            format!(
                "{}: port {} of the container is published, and {said}",
                container.name, numbers[0]
            ),
        )
        .about(&container.name)
        .related(listens, said)
        .help(format!("\"{}\"", ports[0].to(&port.to_string())));
    true
}

fn checked(
    subject: &Subject,
    container: &Container,
    port: u16,
    listens: At,
    said: &str,
    findings: &mut Findings,
) -> bool {
    let mut is_shared = false;
    let (text, at) = match subject.key(container, &["healthcheck", "test"]) {
        Some((item, at)) => (item.scalars().join(" "), at),
        None if subject.key(container, &["healthcheck"]).is_some() => return false,
        None => {
            let Some(build) = subject.build_of(container) else { return false };
            let Some(set) = &build.image.healthcheck else { return false };
            let Healthcheck::Test(command) = &set.value else { return false };
            // Another service of the image may listen where its check asks.
            is_shared = subject.containers_with(build).count() > 1;
            (command.line(), subject.instruction(build, set.at))
        }
    };
    let asked = ports_of(&text);
    if asked.is_empty() || asked.contains(&port) {
        return false;
    }
    let message =
        format!("{}: the health check asks port {}, and {said}", container.name, asked[0]);
    let finding = match is_shared {
        true => findings.add(subject.container_at(container), message),
        false => findings.add(at, message),
    };
    finding.about(format!("{} health", container.name)).related(listens, said);
    if is_shared {
        let wanted = text.replace(&format!(":{}", asked[0]), &format!(":{port}"));
        finding.severity(Severity::Warning).related(at, "the image's check").help(format!(
            "healthcheck:\n  test: {wanted}\n(of this service: the image's is right for others)"
        ));
    } else {
        finding.help(format!("http://127.0.0.1:{port}"));
    }
    true
}

/// The ports of this container that a health check asks.
fn ports_of(text: &str) -> Vec<u16> {
    ["localhost:", "127.0.0.1:", "0.0.0.0:"]
        .iter()
        .flat_map(|host| text.match_indices(host).map(|(at, _)| &text[at + host.len()..]))
        .filter_map(|rest| {
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            rest[..end].parse::<u16>().ok()
        })
        .collect()
}

fn exposed(
    subject: &Subject,
    container: &Container,
    port: u16,
    listens: At,
    said: &str,
    findings: &mut Findings,
) {
    // What a compose file changes about it is not the image's, and gunicorn may
    // be told by PORT.
    let is_said = container
        .server
        .as_ref()
        .is_some_and(|own| own.program != Program::Gunicorn || own.get("bind").is_some());
    if subject.key(container, &["command"]).is_some() || !is_said {
        return;
    }
    let Some(build) = subject.build_of(container) else { return };
    let numbers: Option<Vec<u16>> = build
        .image
        .ports
        .iter()
        .map(|set| set.value.known()?.split('/').next()?.parse::<u16>().ok())
        .collect();
    let Some(numbers) = numbers.filter(|own| !own.is_empty() && !own.contains(&port)) else {
        return;
    };
    findings
        .add(
            subject.instruction(build, build.image.ports[0].at),
            format!("EXPOSE names port {}, and {said}", numbers[0]),
        )
        .about(format!("EXPOSE {}", numbers[0]))
        .severity(Severity::Advice)
        .related(listens, said)
        .help(format!("EXPOSE {port}"));
}
