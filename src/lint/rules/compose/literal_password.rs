//! Passwords that are written into a compose file.

use std::collections::BTreeMap;

use regex::Regex;
use std::sync::LazyLock;

use crate::environments::{is_for_developers, words};
use crate::lint::diagnostic::{At, Fix, Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Member, Subject};
use crate::source::compose::interpolate;
use crate::source::ignores;
use crate::source::text::Span;

pub static RULE: Rule = Rule {
    code: "CO109",
    name: "literal-password",
    severity: Severity::Warning,
    summary: "compose files hold no passwords and keys",
    why: "The file is in git: everybody who may read the repository, now or from its history, has the password, every installation has the same, and it cannot be changed without a commit.",
    example: "POSTGRES_PASSWORD: ${POSTGRES_PASSWORD:?set it in .env}",
    source: "OWASP Docker Security Cheat Sheet, rule 12; Docker, Secrets in Compose",
    fix: Some(Grade::Suggested),
    check,
};

static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^[a-zA-Z][a-zA-Z0-9+.-]*://[^:/@\s]*:([^@/\s]+)@").expect("it is constant")
});

/// A variable whose default is written out, with the operator before it.
static DEFAULT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(:?-([^${}]+))\}").expect("it is constant")
});

const NAMES: [&str; 12] = [
    "PASSWORD",
    "PASSWD",
    "_PASS",
    "_PWD",
    "SECRET",
    "SECRET_KEY",
    "SECRETKEY",
    "API_KEY",
    "APIKEY",
    "ACCESS_TOKEN",
    "AUTH_TOKEN",
    "PRIVATE_KEY",
];

/// One secret of a project, and every place that has it.
struct Found<'s> {
    member: Member<'s>,
    name: String,
    places: Vec<(At, String)>,
    is_open: bool,
}

fn check(subject: &Subject, findings: &mut Findings) {
    for members in subject.production_members() {
        let mut by_value: BTreeMap<String, Found<'_>> = BTreeMap::new();
        for own in &members {
            for (name, secret, at) in secrets(own) {
                let is_open = own.kind().is_store() && !own.open_ports().is_empty();
                let found = by_value.entry(secret).or_insert_with(|| Found {
                    member: *own,
                    name: name.clone(),
                    places: Vec::new(),
                    is_open: false,
                });
                found.is_open |= is_open;
                let here = name.clone();
                if is_secret(&name) && !is_secret(&found.name) {
                    (found.name, found.member) = (name, *own);
                }
                if found.places.iter().all(|(place, _)| *place != at) {
                    found.places.push((at, here));
                }
            }
        }
        for (secret, mut found) in by_value {
            found.places.sort();
            let name = &found.name;
            let (first, here) = &found.places[0];
            let what = if here == name { name.clone() } else { format!("{name}, here in {here},") };
            let defaults: Vec<Option<(At, &str)>> =
                found.places.iter().map(|(at, _)| default(subject, *at)).collect();
            let is_default = defaults.iter().all(Option::is_some);
            let how = if is_default {
                "has a default in the file, the same for everybody who sets none"
            } else {
                "is written into the file"
            };
            let message = match found.places.len() {
                1 => format!("{what} {how}"),
                count => format!("{what} {how}, in {count} places"),
            };
            let finding = findings.add(*first, message);
            if is_default {
                let fix = Fix::new(Grade::Suggested, format!("asks for {name}"));
                finding.fix(
                    defaults
                        .iter()
                        .flatten()
                        .fold(fix, |fix, (at, _)| fix.edit(*at, ":?set it in .env")),
                );
            }
            finding.about(format!("{} {name}", found.member.name()));
            let variable = match defaults[0] {
                Some((_, own)) if is_default => own.to_owned(),
                _ => variable(subject, *first, name),
            };
            // It is asked for its password when it is made, and never again.
            let old = if found.member.kind().is_database() {
                "; a database that is there keeps its old one until it is changed in it as well"
            } else {
                ""
            };
            finding.help(format!(
                "{}  # and a new value {}{old}",
                asked(subject, *first, here, &secret, &variable),
                kept(subject, &found.member),
            ));
            for (place, _) in &found.places[1..] {
                finding.related(*place, "the same value");
            }
            let lower = secret.to_ascii_lowercase();
            let says = ["unsafe", "insecure"].iter().any(|word| lower.contains(word))
                || words(&secret).iter().any(|word| is_for_developers(word));
            if says && subject.is_developed(first.text) {
                finding.severity(Severity::Style);
            } else if found.is_open || is_real(&secret) {
                finding.severity(match subject.is_developed(first.text) {
                    true => Severity::Warning,
                    false => Severity::Error,
                });
            }
        }
    }
}

/// Where the new value is kept, as far as git leaves it there.
fn kept(subject: &Subject, own: &Member<'_>) -> &'static str {
    let Some(path) = crate::relpath::join(&own.deployment.project.directory, ".env") else {
        return "in .env";
    };
    if subject.tree.has_directory(&path) {
        return "in a file that git ignores, named by --env-file: .env is a directory here";
    }
    let text = subject.tree.text(".gitignore").unwrap_or_default();
    let entries: Vec<String> = ignores::entries(text).map(str::to_owned).collect();
    // What git ignores is not among the files that were walked.
    let is_kept_out = !subject.tree.has(&path)
        && (subject.tree.base().join(&path).exists()
            || ignores::excludes(ignores::Reader::Git, &entries, &path));
    if is_kept_out { "in .env, which git ignores" } else { "in .env, and .env into .gitignore" }
}

/// What the variable is called that has a secret which stood in a file: by the name
/// that it has there, or by what it opens where it is a part of an address.
fn variable(subject: &Subject, at: At, name: &str) -> String {
    if is_secret(name) {
        return name.to_owned();
    }
    let scheme = subject.slice(at).split_once("://").map_or("", |(before, _)| before);
    let known = [
        ("postgres", "POSTGRES_PASSWORD"),
        ("psql", "POSTGRES_PASSWORD"),
        ("redis", "REDIS_PASSWORD"),
        ("mysql", "MYSQL_PASSWORD"),
        ("mariadb", "MARIADB_PASSWORD"),
        ("amqp", "RABBITMQ_DEFAULT_PASS"),
        ("mongodb", "MONGO_INITDB_ROOT_PASSWORD"),
    ];
    known
        .iter()
        .find(|(word, _)| scheme.contains(word))
        .map_or_else(|| format!("{name}_PASSWORD"), |(_, own)| (*own).to_owned())
}

/// A place as it is written, with the variable where the secret or its default was.
fn asked(subject: &Subject, at: At, name: &str, secret: &str, variable: &str) -> String {
    let asked = format!("${{{variable}:?set it in .env}}");
    let written = subject.slice(at).trim();
    let replaced = match DEFAULT.find(written) {
        Some(own) => written.replacen(own.as_str(), &asked, 1),
        // The name of the user is often the same word: the password is the last one.
        None => match written.rfind(secret) {
            Some(start) => {
                format!("{}{asked}{}", &written[..start], &written[start + secret.len()..])
            }
            None => asked,
        },
    };
    let starts = |end: char| {
        replaced
            .trim_start_matches(['"', '\''])
            .strip_prefix(name)
            .is_some_and(|rest| rest.trim_start().starts_with(end))
    };
    let line = subject.texts[at.text].line_text(subject.line(at)).trim_start();
    if replaced.contains('\n') {
        format!("{name}: ${{{variable}:?set it in .env}}")
    } else if line.starts_with("- ") || starts('=') {
        format!("- {replaced}")
    } else if starts(':') {
        replaced
    } else if replaced.contains("--requirepass") {
        format!("command: {replaced}")
    } else if line.contains("--requirepass") {
        format!("--requirepass, {replaced}")
    } else {
        format!("{name}: {replaced}")
    }
}

/// Secrets that stand in the project's own files: name, value, place.
fn secrets(own: &Member<'_>) -> Vec<(String, String, At)> {
    let mut found = Vec::new();
    for (name, variable) in &own.container.env {
        let Some(value) = variable.value.as_deref().filter(|value| !value.is_empty()) else {
            continue;
        };
        let is_here = own.deployment.texts.contains(&variable.at.text);
        let text = own.subject.slice(variable.at);
        let line = own.subject.texts[variable.at.text].line_text(own.subject.line(variable.at));
        // A merged value has the place of its line, and may go on below.
        let is_line = text.trim() == line.trim();
        let written = if is_line { own.subject.lines_of(variable.at) } else { text };
        if !is_here || value.contains('$') || is_marked(line) {
            continue;
        }
        if interpolate::has_variable(written) {
            found
                .extend(defaulted(name, written).map(|secret| (name.clone(), secret, variable.at)));
            continue;
        }
        if let Some(secret) = ADDRESS.captures(value).and_then(|all| all.get(1)) {
            if secret.as_str() != "guest" {
                let secret = secret.as_str().to_owned();
                found.push((name.clone(), secret, variable.at));
            }
        } else if is_secret(name) && is_value(value) {
            found.push((name.clone(), value.to_owned(), variable.at));
        }
    }
    // What a password is for says more than an address that holds it.
    found.sort_by_key(|(name, ..)| !is_secret(name));
    if let Some(item) = own.service.item.get("command") {
        let words = match item.scalar() {
            Some(text) => shell_words::split(&text).unwrap_or_default(),
            None => item.scalars(),
        };
        let after = words.iter().skip_while(|word| *word != "--requirepass").nth(1);
        if let Some(word) = after.filter(|word| own.is_literal(item) && !word.contains('$')) {
            let whole = item.items().iter().find(|one| one.scalar().as_ref() == Some(word));
            if whole.is_none_or(|one| own.is_literal(one)) {
                let at = own.place(whole.unwrap_or(item));
                found.push(("REDIS_PASSWORD".to_owned(), word.clone(), at));
            }
        }
    }
    found
}

/// Whether a line says to another scanner that what stands there is meant to.
fn is_marked(line: &str) -> bool {
    ["allowlist secret", "gitleaks:allow", "nosec", "trufflehog:ignore", "noqa: S10"]
        .iter()
        .any(|mark| line.contains(mark))
}

/// The secret that a variable of the shell has where nobody sets it:
/// `${PASSWORD:-postgres}`, alone or in an address.
fn defaulted(name: &str, written: &str) -> Option<String> {
    let bare = written.trim().trim_matches(['"', '\'']);
    let bare = bare.strip_prefix(name).and_then(|own| own.strip_prefix('=')).unwrap_or(bare);
    let found = DEFAULT.captures(bare)?;
    let whole = found.get(0)?;
    let is_only = DEFAULT.find_iter(bare).count() == 1 && bare.matches('$').count() == 1;
    let before = &bare[..whole.start()];
    let rest = &bare[whole.end()..];
    let is_alone = before.is_empty() && rest.is_empty() && is_secret(name);
    let in_address = before.contains("://")
        && before.rsplit("//").next()?.contains(':')
        && rest.starts_with('@');
    let secret = found[3].trim_matches(['"', '\'']).to_owned();
    (is_only && (is_alone || in_address) && is_value(&secret)).then_some(secret)
}

/// Where the default of a place stands, operator included, and the variable that
/// it is for; `None` where the place has none.
fn default(subject: &Subject, at: At) -> Option<(At, &str)> {
    let all = DEFAULT.captures(subject.slice(at))?;
    let (name, found) = (all.get(1)?, all.get(2)?);
    let span = Span::new(at.span.start + found.start(), at.span.start + found.end());
    Some((At::new(at.text, span), name.as_str()))
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    NAMES.iter().any(|end| name.ends_with(end)) && !name.contains("PUBLIC")
}

/// Keys that the maker of a service gives to everybody for tests, or shows in its
/// documentation: reCAPTCHA's, AWS's.
const PUBLIC: [&str; 3] = [
    "6LeIxAcTAAAAAJcZVRqyHh71UMIEGNQ_MXjiZKhI",
    "6LeIxAcTAAAAAGG-vFI1TnRWxMZNFuojJ4WifJWe",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
];

/// Whether a text can be a secret: no switch, no number of minutes, no path.
fn is_value(value: &str) -> bool {
    if PUBLIC.contains(&value) {
        return false;
    }
    let lower = value.to_ascii_lowercase();
    let is_switch =
        matches!(lower.as_str(), "true" | "false" | "yes" | "no" | "none" | "null" | "guest");
    let is_number = value.len() < 4 && value.chars().all(|c| c.is_ascii_digit());
    let is_address = value.starts_with(['/', '<', '{']) || value.contains("://");
    !(is_switch || is_number || is_address)
}

/// Whether it looks like one that is used, and not like one that everybody
/// tries first.
fn is_real(secret: &str) -> bool {
    let lower = secret.to_ascii_lowercase();
    let placeholder = [
        "change",
        "your",
        "example",
        "password",
        "secret",
        "insecure",
        "dummy",
        "placeholder",
        "xxx",
        "test",
        "dev",
        "local",
        "replace",
        "postgres",
        "admin",
        "todo",
        "fake",
        "sample",
    ];
    let has = |test: fn(char) -> bool| secret.chars().any(test);
    let classes = [
        has(|c| c.is_ascii_lowercase()),
        has(|c| c.is_ascii_uppercase()),
        has(|c| c.is_ascii_digit()),
        has(|c| c.is_ascii_punctuation() && c != '_' && c != '-'),
    ];
    let kinds = classes.iter().filter(|own| **own).count();
    let is_long = secret.len() >= 32 && kinds >= 2 || secret.len() >= 16 && kinds >= 3;
    is_long && !placeholder.iter().any(|word| lower.contains(word))
}
