//! Secrets that are in the image for whoever has it.

use std::sync::LazyLock;

use regex::Regex;

use crate::lint::diagnostic::{At, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::support;
use crate::lint::subject::Subject;
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
        r"(?i)dummy|placeholder|chang|build|fake|example|todo|xxx|not.?used|unused|not.?(a.?)?(real|secret|needed)|collect|temp|tmp|default|insecure|your|test|none|null|true|false|overrid|replace|set.?me|not.?set|unset|ignore|noop|runtime|^x+$|^-+$|^\*+$|^\.+$|^/|^.{0,2}$",
    )
});

fn check(subject: &Subject, findings: &mut Findings) {
    for build in subject.production_builds() {
        let recipe = &subject.recipes[build.recipe];
        let file = &recipe.file;
        let mut arguments: Vec<String> = Vec::new();
        // Values that are names of users, for a database of who works on it.
        let is_database = subject.containers_with(build).any(|own| own.kind.is_database());
        let users: Vec<String> = subject
            .instructions(build)
            .filter(|(_, own)| matches!(own.keyword, Keyword::Env | Keyword::Arg))
            .flat_map(|(_, own)| own.pairs(file.escape))
            .filter(|(name, ..)| name.ends_with("USER"))
            .filter_map(|(_, value, _)| Some(value?.trim_matches(['"', '\'']).to_owned()))
            .collect();
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
                }
                finding
                    .about(&name)
                    .help(format!("{name} comes from the environment of the container, out of a file that git ignores; the value that was here is known and has to be replaced"));
            }
        }
    }
}

/// The variable that a value is, and nothing else.
fn reference(value: &str) -> Option<&str> {
    let name = value.strip_prefix('$')?;
    let name = name.strip_prefix('{').and_then(|own| own.strip_suffix('}')).unwrap_or(name);
    name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_').then_some(name)
}
