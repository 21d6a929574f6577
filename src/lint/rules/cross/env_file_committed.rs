//! An env file with real secrets that git takes.

use crate::lint::diagnostic::{At, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::cross::secret::holds_secret;
use crate::lint::subject::{EnvFile, Subject};

pub static RULE: Rule = Rule {
    code: "EN101",
    name: "env-file-committed",
    severity: Severity::Error,
    summary: "env files with secrets are kept out of git",
    why: "Whoever can read the repository, now or in any clone of its past, has the password. Taking the file out later takes nothing back: the secret has to be changed.",
    example: "# .gitignore\n.env",
    source: "The Twelve-Factor App: Config; GitHub, Removing sensitive data from a repository",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    // Without a repository around it nothing is committed.
    let is_repository = subject.tree.base().join(".git").exists() || subject.tree.has(".gitignore");
    for file in subject.env_files.iter().filter(|own| !own.is_example && is_repository) {
        let path = subject.path(file.text);
        let lower = path.to_ascii_lowercase();
        let words = ["test", "tests", "testing", "integration", "dev", "local", "ci", "demo"];
        let parts: Vec<&str> = lower.split(['/', '.', '-', '_']).collect();
        let is_other = words.iter().any(|word| parts.contains(word));
        // What git ignores is not among the files that were walked.
        if is_other || !subject.tree.has(path) || !crate::detect::scope::counts(path) {
            continue;
        }
        let Some(entry) = file.entries.iter().find(|own| holds_secret(&own.name, &own.value))
        else {
            continue;
        };
        let names: Vec<&str> = file
            .entries
            .iter()
            .filter(|own| holds_secret(&own.name, &own.value))
            .map(|own| own.name.as_str())
            .collect();
        let also = names.len() - 1;
        let is_mild = overridden(subject, path) || only_inside(subject, &names);
        let is_worked_with =
            parts.contains(&"development") || is_of_development(subject, file, &names);
        let severity = match (is_worked_with, is_mild) {
            (true, _) => Severity::Advice,
            (_, true) => Severity::Warning,
            _ => Severity::Error,
        };
        let more = if also > 0 { format!(", and {also} more") } else { String::new() };
        findings
            .add(At::new(file.text, entry.span), format!("nothing keeps {path} out of git, and {} stands in it{more}", entry.name))
            .about(&entry.name)
            .severity(severity)
            .help(format!("{path} into .gitignore, `git rm --cached {path}`, other secrets, and an example without values"));
    }
}

/// Whether these are passwords alone, of stores that nobody outside reaches:
/// signing keys and tokens are worth something anywhere.
fn only_inside(subject: &Subject, names: &[&str]) -> bool {
    let is_password = |name: &str| {
        let upper = name.to_ascii_uppercase();
        upper.contains("PASS") || upper.contains("PWD")
    };
    let mut stores = subject.containers.iter().filter(|own| own.kind.is_store()).peekable();
    names.iter().all(|name| is_password(name))
        && stores.peek().is_some()
        && stores
            .all(|own| subject.composed(own).is_some_and(|(_, service)| service.ports().is_empty()))
}

/// Whether only projects that are worked on take it, and nothing in it opens what
/// somebody else runs.
fn is_of_development(subject: &Subject, file: &EnvFile, names: &[&str]) -> bool {
    let is_foreign = |name: &&str| {
        let upper = name.to_ascii_uppercase();
        ["API_KEY", "APIKEY", "PRIVATE_KEY", "TOKEN"].iter().any(|own| upper.contains(own))
    };
    let mut takers = subject
        .containers
        .iter()
        .filter(|own| own.env.values().any(|variable| variable.at.text == file.text))
        .filter_map(|own| subject.composed(own))
        .peekable();
    !names.iter().any(is_foreign)
        && takers.peek().is_some()
        && takers.all(|(deployment, _)| deployment.is_developed)
}

/// Whether git ignores files of the same kind: this one holds the defaults, and
/// those what is really used.
fn overridden(subject: &Subject, path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let text = subject.tree.text(".gitignore").unwrap_or_default();
    text.lines().map(str::trim).any(|line| {
        let own = line.rsplit('/').next().unwrap_or(line);
        own.len() > ".env".len()
            && own.ends_with(".env")
            && !own.starts_with(['#', '!', '*'])
            && own != name
    })
}
