//! A health check that can never be healthy.

use crate::lint::diagnostic::{At, Fix, Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::{healthcheck, support};
use crate::lint::subject::{Build, Subject};
use crate::source::shell::Simple;

pub static RULE: Rule = Rule {
    code: "DF124",
    name: "healthcheck-without-tool",
    severity: Severity::Error,
    summary: "HEALTHCHECK calls what the image has",
    why: "Where the tool is missing every check fails: the container is never healthy, what waits for it with `service_healthy` never starts, and Swarm replaces it over and over.",
    example: "HEALTHCHECK CMD [\"python\", \"-c\", \"import http.client, sys; c = http.client.HTTPConnection('127.0.0.1', 8000, timeout=5); c.request('GET', '/health'); sys.exit(c.getresponse().status != 200)\"]",
    source: "Docker Hub, python: python:slim has neither curl nor wget nor nc; Docker, Dockerfile reference: HEALTHCHECK",
    fix: Some(Grade::Checked),
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for build in subject.production_builds() {
        let Some(check) = healthcheck::of(build) else { continue };
        let Some(tool) = healthcheck::lacks(subject, build, &check) else { continue };
        let base = &build.image.base.text;
        let at = subject.within(build, check.at, tool);
        let finding = findings.add(
            at,
            format!("HEALTHCHECK calls {tool}, which {base} does not have and no RUN installs: it is never healthy"),
        );
        finding.about(tool);
        let seconds = seconds(subject, build, &check);
        match request(&check.commands) {
            Some((host, port, path)) => {
                // As curl --fail and wget do: a redirect is an answer.
                let line = format!(
                    "CMD [\"python\", \"-c\", \"import http.client, sys; c = http.client.HTTPConnection('{host}', {port}, timeout={seconds}); c.request('GET', '{path}'); sys.exit(c.getresponse().status >= 400)\"]"
                );
                finding.help(format!("HEALTHCHECK {line}"));
                // Without --fail any answer was well, and now some would not be.
                let fails = tool == "wget" || healthcheck::fails(&check.commands[0]);
                let at = place(subject, build, check.at).filter(|_| build.is_python && fails);
                if let Some(at) = at {
                    finding.fix(
                        Fix::new(Grade::Checked, format!("asks with Python instead of {tool}"))
                            .condition("the image has Python; the address, what counts as an answer and the time for it are those of today")
                            .edit(at, line),
                    );
                }
            }
            None => {
                finding.help(format!(
                    "ask with what the image has: python -c with http.client, or install {tool}"
                ));
            }
        }
    }
}

/// Host, port and path of a check that is one plain request.
fn request(commands: &[Simple]) -> Option<(String, u16, String)> {
    let rest: Vec<&Simple> = commands[1..]
        .iter()
        .filter(|own| {
            !matches!(
                own.words.iter().map(String::as_str).collect::<Vec<_>>().as_slice(),
                ["exit", "1"] | ["false"]
            )
        })
        .collect();
    let first = commands.first()?;
    let words = support::bare(first);
    if !rest.is_empty() || !matches!(support::program(words), "curl" | "wget") {
        return None;
    }
    let special = |word: &String| {
        [
            "-H",
            "-X",
            "-d",
            "-u",
            "-k",
            "--header",
            "--request",
            "--data",
            "--user",
            "--unix-socket",
            "--post-data",
        ]
        .iter()
        .any(|flag| word == flag || word.starts_with(&format!("{flag}=")))
    };
    if words.iter().any(special) {
        return None;
    }
    let mut urls = words.iter().filter(|word| {
        word.contains("localhost") || word.contains("127.0.0.1") || word.contains("://")
    });
    let url = urls.next()?;
    if urls.next().is_some()
        || url.starts_with("https")
        || url.contains(['$', '\'', '"', '@', '\\'])
    {
        return None;
    }
    let bare = url.strip_prefix("http://").unwrap_or(url);
    let (address, path) = bare.split_once('/').unwrap_or((bare, ""));
    let (host, port) = match address.split_once(':') {
        Some((host, port)) => (host, port.parse().ok()?),
        None => (address, 80),
    };
    Some((host.to_owned(), port, format!("/{path}")))
}

/// How long an answer may take: what the tool is told, else what HEALTHCHECK is, by
/// default 30 s.
fn seconds(subject: &Subject, build: &Build, check: &healthcheck::Check<'_>) -> u64 {
    let words = check.commands.first().map_or(&[][..], support::bare);
    let is_limit = |word: &str| matches!(word, "-m" | "--max-time" | "-T" | "--timeout");
    let by_tool = words.iter().enumerate().find_map(|(at, word)| {
        let (name, value) = word.split_once('=').unwrap_or((word, ""));
        let value = if value.is_empty() { words.get(at + 1)? } else { value };
        is_limit(name).then(|| value.parse::<u64>().ok())?
    });
    let by_flag = || {
        let text = subject.file(build).instructions[check.at].flag("timeout")?;
        match (text.strip_suffix('s'), text.strip_suffix('m')) {
            (Some(seconds), _) => seconds.parse::<u64>().ok(),
            (_, Some(minutes)) => minutes.parse::<u64>().ok().map(|own| own * 60),
            _ => None,
        }
    };
    by_tool.or_else(by_flag).filter(|own| *own > 0).unwrap_or(30)
}

/// Where `CMD …` of a HEALTHCHECK stands.
fn place(subject: &Subject, build: &Build, number: usize) -> Option<At> {
    let recipe = &subject.recipes[build.recipe];
    let own = &recipe.file.instructions[number];
    let text = own.arguments.text.trim_end();
    let start = text.len() - text.trim_start().len();
    text[start..].to_ascii_uppercase().starts_with("CMD").then_some(())?;
    own.heredocs.is_empty().then(|| At::new(recipe.text, own.arguments.span(start, text.len())))
}
