//! A health check whose program is not in the image.

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Build, Member, Subject};
use crate::source::compose::{Item, image};
use crate::source::dockerfile::Keyword;
use crate::source::shell;

pub static RULE: Rule = Rule {
    code: "CO126",
    name: "health-check-without-program",
    severity: Severity::Error,
    summary: "the program of a health check is in the image",
    why: "The check ends with 127, \"not found\": the service is never healthy, and whatever depends on that never starts. Neither curl nor wget nor nc is in a slim image of Python.",
    example: "test: [CMD, python, -c, \"import http.client as h; c = h.HTTPConnection('127.0.0.1', 8000, timeout=3); c.request('GET', '/health'); exit(c.getresponse().status >= 400)\"]",
    source: "docker-library/python: slim and alpine variants; docker-library/postgres, redis",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for own in subject.production_members().into_iter().flatten() {
        let Some(test) = own.health_test() else { continue };
        let Some(tool) = tool(&test.scalars()) else { continue };
        if !is_away(&own, tool) {
            continue;
        }
        let message = format!("{tool} is not in the image of {}: it is never healthy", own.name());
        let finding = findings.add(own.place(test), message);
        finding.about(own.name());
        // Nobody waits for it, and no engine starts a container anew for its health.
        let is_waited_for = own.needed_by().any(|other| {
            let on = other.item.get("depends_on").and_then(|on| on.get(own.name()));
            on.and_then(|on| on.get("condition")).and_then(Item::scalar).as_deref()
                == Some("service_healthy")
        });
        if !is_waited_for && own.service.item.get("deploy").is_none() {
            finding.severity(Severity::Warning);
        }
        if let Some(build) = subject.build_of(own.container) {
            finding.related(subject.from_of(build), format!("the image has no {tool}"));
            let asked = asked(&test.scalars().join(" "));
            let listens = || own.container.server.as_ref().and_then(|own| own.port());
            let port = asked.as_ref().map(|(port, _)| *port).or_else(listens).unwrap_or(8000);
            let known = || subject.facts.health.value().cloned().unwrap_or_else(|| "/".to_owned());
            let path = asked.map_or_else(known, |(_, path)| path);
            finding.help(format!(
                "test: [CMD, python, -c, \"import http.client as h; c = h.HTTPConnection('127.0.0.1', {port}, timeout=3); c.request('GET', '{path}'); exit(c.getresponse().status >= 400)\"]"
            ));
        } else {
            finding.help(match own.image_name() {
                "redis" | "valkey" => "test: [CMD, redis-cli, ping]",
                _ => "test: [CMD-SHELL, 'pg_isready -h 127.0.0.1']",
            });
        }
    }
}

/// The port and the path that a test asks for already: `curl http://localhost:80/health`.
fn asked(test: &str) -> Option<(u16, String)> {
    let (_, rest) = test.split_once("http://")?;
    let end = rest.find(|c: char| c.is_whitespace() || "'\"|;&<>)$`\\".contains(c));
    // What a variable says is not known here.
    if end.is_some_and(|end| rest[end..].starts_with(['$', '`', '\\'])) {
        return None;
    }
    let (address, path) = match rest[..end.unwrap_or(rest.len())].split_once('/') {
        Some((address, path)) => (address, format!("/{path}")),
        None => (&rest[..end.unwrap_or(rest.len())], "/".to_owned()),
    };
    let port = address.rsplit_once(':').map_or(Some(80), |(_, port)| port.parse().ok())?;
    Some((port, path))
}

/// The program that a test runs, where it is one of those that images lack.
fn tool(test: &[String]) -> Option<&'static str> {
    let words: Vec<String> = match test {
        [text] => shell::split(text).into_iter().next()?.words,
        [kind, words @ ..] if kind == "CMD" => words.to_vec(),
        [kind, text] if kind == "CMD-SHELL" => shell::split(text).into_iter().next()?.words,
        _ => return None,
    };
    // `curl … || wget …` and `[ -x curl ]` know what they do.
    if test.iter().any(|text| text.contains("command -v") || text.contains("which ")) {
        return None;
    }
    let text = test.join(" ");
    let known = ["curl", "wget", "nc"];
    let first = words.first()?;
    let all = known.iter().filter(|tool| text.split([' ', ';', '|', '&']).any(|w| w == **tool));
    (all.count() == 1).then(|| known.into_iter().find(|tool| first == tool))?
}

fn is_away(own: &Member<'_>, tool: &str) -> bool {
    match own.subject.build_of(own.container) {
        Some(build) => is_away_from_build(own.subject, build, tool),
        None => {
            let Some(reference) = own.container.image.as_deref() else { return false };
            let (repository, tag) = image::parts(reference);
            let is_alpine = tag.contains("alpine");
            // Debian's variants of these; alpine has wget and nc of its own.
            matches!(repository, "postgres" | "redis")
                && (tool == "curl" || !is_alpine)
                && tag.chars().any(|c| c.is_ascii_digit())
        }
    }
}

fn is_away_from_build(subject: &Subject, build: &Build, tool: &str) -> bool {
    let Some(base) = build.image.base.known() else { return false };
    let (repository, tag) = image::parts(base);
    let name = repository.rsplit('/').next().unwrap_or(repository);
    let is_python = name == "python"
        && matches!(repository, "python" | "docker.io/library/python" | "library/python");
    let is_slim = tag.contains("slim") && matches!(name, "python" | "debian");
    let is_alpine = is_python && tag.contains("alpine") && tool == "curl";
    let known = (is_python || repository == "debian") && (is_slim || is_alpine);
    known
        && subject.instructions(build).all(|(_, own)| {
            let text = &own.arguments.text;
            let installs = match own.keyword {
                Keyword::Run => {
                    // A script, a list of packages, a download: it may bring anything.
                    text.contains(tool)
                        || !own.heredocs.is_empty()
                        || text.contains(".sh")
                        || text.contains("$(")
                        || text.contains("xargs")
                        || text.contains("${")
                        || text.contains("busybox")
                }
                Keyword::Copy | Keyword::Add => {
                    text.contains(tool) || own.flag("from").is_some() && text.contains("/bin")
                }
                _ => false,
            };
            !installs
        })
}

#[cfg(test)]
mod tests {
    use super::asked;

    #[test]
    fn what_is_asked_is_asked_again() {
        assert_eq!(
            asked("CMD curl -f http://localhost:8000/admin/"),
            Some((8000, "/admin/".to_owned()))
        );
        assert_eq!(asked("CMD-SHELL curl -f 'http://web' || exit 1"), Some((80, "/".to_owned())));
        assert_eq!(asked("curl http://localhost:${PORT}/up"), None);
        assert_eq!(asked("nc -z localhost 8000"), None);
    }
}
