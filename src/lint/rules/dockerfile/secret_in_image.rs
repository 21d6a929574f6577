//! Secrets that are in the image for whoever has it.

use std::sync::LazyLock;

use regex::Regex;

use crate::lint::diagnostic::{At, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::support;
use crate::lint::subject::{Build, Container, Subject};
use crate::source::dockerfile::Keyword;

pub static RULE: Rule = Rule {
    code: "DF117",
    name: "secret-in-image",
    severity: Severity::Error,
    summary: "ENV and ARG hold no secrets",
    why: "What ENV and ARG say stands in the image's configuration and history: `docker inspect` and `docker history` show it to everyone who can pull it, and it cannot be taken back from copies.",
    example: "RUN --mount=type=secret,id=token pip install -r requirements.txt",
    source: "Docker, Build secrets; BuildKit check SecretsUsedInArgOrEnv",
    fix: None,
    check,
};

static NAME: LazyLock<Regex> = LazyLock::new(|| {
    support::regex(
        r"(?i)(?:^|_)(?:secret|secret_?key|password|passwd|pass|token|api_?key|private_?key|access_?key|auth_?key|credentials)$",
    )
});
static LOGIN: LazyLock<Regex> = LazyLock::new(|| support::regex(r"://[^:/@\s]+:([^@/\s]+)@"));
static LOCAL: LazyLock<Regex> =
    LazyLock::new(|| support::regex(r"@(?:localhost|127\.0\.0\.1|\[::1\])(?:[:/?]|$)"));
/// Words of values that only stand in for a secret.
static STANDS_IN: LazyLock<Regex> = LazyLock::new(|| {
    support::regex(
        r"(?i)dummy|placeholder|chang|build|fake|example|todo|xxx|not.?used|unused|not.?(a.?)?(real|secret|needed)|collect|temp|tmp|default|insecure|your|test|none|null|true|false|overrid|replace|set.?me|not.?set|unset|ignore|noop|runtime|^x+$|^-+$|^\*+$|^\.+$|^\.{0,2}/|\.(?:json|pem|key|crt|p12|txt)$|^.{0,2}$",
    )
});

fn check(subject: &Subject, findings: &mut Findings) {
    for build in subject.production_builds() {
        let recipe = &subject.recipes[build.recipe];
        let file = &recipe.file;
        let mut arguments: Vec<String> = Vec::new();
        // Values that are names of users, for a database of who works on it.
        let is_database = subject.containers_with(build).any(|own| own.kind.is_database());
        let is_worked_on = subject
            .containers_with(build)
            .all(|own| subject.composed(own).is_some_and(|(own, _)| own.is_developed));
        let users: Vec<String> = subject
            .instructions(build)
            .filter(|(_, own)| matches!(own.keyword, Keyword::Env | Keyword::Arg))
            .flat_map(|(_, own)| own.pairs(file.escape))
            .filter(|(name, ..)| name.ends_with("USER"))
            .filter_map(|(_, value, _)| Some(value?.trim_matches(['"', '\'']).to_owned()))
            .collect();
        of_runs(subject, build, findings);
        stand_ins(subject, build, findings);
        let mut weak = false;
        for (_, instruction) in subject.instructions(build) {
            let is_argument = instruction.keyword == Keyword::Arg;
            if !is_argument && instruction.keyword != Keyword::Env {
                continue;
            }
            for (name, value, span) in instruction.pairs(file.escape) {
                let at = At::new(recipe.text, span);
                // An argument with a value is a finding, or a stand-in, itself.
                if is_argument && value.is_none() {
                    arguments.push(name.clone());
                }
                // nginx's, by the names of its directives.
                let lower = name.to_ascii_lowercase();
                let is_upstream = ["uwsgi_pass", "proxy_pass", "fastcgi_pass", "grpc_pass"]
                    .iter()
                    .any(|own| lower.ends_with(own));
                if is_upstream {
                    continue;
                }
                let value = value.unwrap_or_default();
                let value = value.trim_matches(['"', '\'']);
                let word = instruction.keyword.word();
                if let Some(argument) = reference(value).filter(|own| {
                    !is_argument
                        && NAME.is_match(&name)
                        && arguments.iter().any(|known| known == own)
                }) {
                    findings
                        .add(at, format!("ENV {name} keeps the build argument {argument} in the image"))
                        .about(&name)
                        .help(format!("{name} comes from the environment of the container; where the build itself needs it: RUN --mount=type=secret,id={},env={name} …", name.to_lowercase()));
                    continue;
                }
                let login = LOGIN.captures(value).and_then(|found| found.get(1));
                let secret = match login {
                    Some(login) => login.as_str(),
                    None if NAME.is_match(&name) => value,
                    None => continue,
                };
                // Its own database, which nobody else reaches.
                if login.is_some() && LOCAL.is_match(value) {
                    continue;
                }
                let is_weak = is_database && users.iter().any(|own| own == secret);
                if is_weak && std::mem::replace(&mut weak, true) {
                    continue;
                }
                if secret.is_empty() || secret.contains('$') || STANDS_IN.is_match(secret) {
                    continue;
                }
                let what = if login.is_some() { "with its password" } else { "in plain text" };
                let finding = findings.add(at, format!("{word} {name} is in the image {what}"));
                if is_weak {
                    finding.severity(Severity::Advice);
                } else if is_database && is_worked_on {
                    finding.severity(Severity::Warning);
                }
                finding
                    .about(&name)
                    .help(format!("{name} comes from the environment of the container, out of a file that git ignores; the value that was here is known and has to be replaced"));
            }
        }
    }
}

/// Build arguments that a RUN of the image uses: its history has their values.
fn of_runs(subject: &Subject, build: &Build, findings: &mut Findings) {
    let recipe = &subject.recipes[build.recipe];
    let file = &recipe.file;
    for stage in &build.image.stages {
        let mut open: Vec<(String, At)> = Vec::new();
        for (number, own) in file.of_stage(*stage) {
            match own.keyword {
                Keyword::Arg => {
                    let pairs = own.pairs(file.escape).into_iter();
                    open.extend(pairs.filter_map(|(name, value, span)| {
                        let value = value.unwrap_or_default();
                        let is_empty = value.trim_matches(['"', '\'']).is_empty();
                        let is_secret = is_empty && NAME.is_match(&name);
                        is_secret.then(|| (name, At::new(recipe.text, span)))
                    }));
                }
                // From there on it is that of ENV, which is a finding itself.
                Keyword::Env => {
                    let set = own.pairs(file.escape);
                    open.retain(|(name, _)| {
                        !set.iter().any(|(own, value, _)| {
                            own == name
                                || value.as_deref().is_some_and(|own| {
                                    reference(own.trim_matches('"')) == Some(name)
                                })
                        })
                    });
                }
                Keyword::Run => {
                    let text = subject.slice(subject.instruction(build, number));
                    let uses = |name: &str| {
                        text.contains(&format!("${{{name}}}"))
                            || text.match_indices(&format!("${name}")).any(|(at, found)| {
                                !text[at + found.len()..]
                                    .starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
                            })
                    };
                    open.retain(|(name, at)| {
                        if !uses(name) {
                            return true;
                        }
                        findings
                            .add(*at, format!("the history of the image has the value of the build argument {name}"))
                            .about(name)
                            .related(subject.instruction(build, number), "used here")
                            .help(format!(
                                "in the RUN that needs it --mount=type=secret,id={},env={name}, and docker build --secret id={0},env={name}",
                                name.to_lowercase()
                            ));
                        false
                    });
                }
                _ => {}
            }
        }
    }
}

/// A key that stands in for one while the image is built, and that nothing sets
/// when it runs.
fn stand_ins(subject: &Subject, build: &Build, findings: &mut Findings) {
    let recipe = &subject.recipes[build.recipe];
    for (name, set) in &build.image.env {
        let Some(value) = set.value.known().filter(|own| !own.is_empty()) else { continue };
        let is_key = name == "SECRET_KEY" || name.ends_with("_SECRET_KEY") || name == "JWT_SECRET";
        if !is_key || !STANDS_IN.is_match(value) {
            continue;
        }
        let running: Vec<&Container> = support::runs_as(subject, build).collect();
        // A file that is not there may set it, and so may who starts a lone image.
        let keeps = running.iter().any(|own| own.service.is_some())
            && running.iter().all(|own| {
                own.missing_env_files.is_empty()
                    && own.env.get(name).is_some_and(|own| own.at.text == recipe.text)
            });
        if !keeps || !support::is_service(subject, build) {
            continue;
        }
        let at = subject.within(build, set.at, name);
        findings
            .add(at, format!("{name} of the build is that of the application as well: nothing sets another"))
            .about(name)
            .severity(Severity::Warning)
            .help(format!(
                "{name}={value} before the one command of RUN that needs it; {name} comes from the environment of the container"
            ));
    }
}

/// The variable that a value is, and nothing else.
pub(super) fn reference(value: &str) -> Option<&str> {
    let name = value.strip_prefix('$')?;
    let name = name.strip_prefix('{').and_then(|own| own.strip_suffix('}')).unwrap_or(name);
    name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_').then_some(name)
}
