//! An env file that is not there, and that nobody says how to make.

use crate::lint::diagnostic::{At, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Subject, listed};
use crate::source::ignores::{self, Pattern, Reader};

pub static RULE: Rule = Rule {
    code: "CO127",
    name: "env-file-missing",
    severity: Severity::Warning,
    summary: "an env_file is there, or an example of it is",
    why: "Compose stops at the first env_file that it does not find: who clones the repository can start nothing, and does not learn which variables would have to be in it.",
    example: "env_file:\n  - path: .env\n    required: false",
    source: "Compose Specification: env_file, required",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for deployment in subject.production_deployments() {
        let mut open: Vec<(&str, At)> = Vec::new();
        for container in subject.containers_of(deployment) {
            for (path, at) in &container.missing_env_files {
                if open.iter().all(|(own, _)| own != path) && !is_explained(subject, path) {
                    open.push((path, *at));
                }
            }
        }
        let Some((path, at)) = open.first() else { continue };
        let name = written(subject, path, *at);
        let names: Vec<&str> = open.iter().map(|(path, _)| *path).collect();
        let (verb, it) = if names.len() == 1 { ("is", "it") } else { ("are", "them") };
        let message =
            format!("{} {verb} not there, and no example of {it}: nothing starts", listed(&names));
        let finding = findings.add(*at, message);
        let example = if is_sample(path) { (*path).to_owned() } else { format!("{path}.example") };
        // What git leaves out is committed by nobody.
        let kept = match ignoring(subject, &example) {
            Some(line) => format!(" (git add -f, since .gitignore has {line})"),
            None => String::new(),
        };
        finding.about(*path).help(format!(
            "Commit {example}{kept} with every variable and no secret; or\nenv_file:\n  - path: {name}\n    required: false"
        ));
        for (path, at) in &open[1..] {
            finding.related(*at, *path);
        }
    }
}

/// The path as the compose file has it: Compose reads it from the project's directory.
fn written<'s>(subject: &'s Subject, path: &'s str, at: At) -> &'s str {
    let base = path.rsplit('/').next().unwrap_or(path);
    let is_path = |word: &&str| word.rsplit('/').next() == Some(base);
    let words = subject.slice(at).split(|c: char| c.is_whitespace() || "\"',[]{}".contains(c));
    words.into_iter().find(is_path).unwrap_or(path)
}

/// The words by which a file says that it is an example.
const EXAMPLES: [&str; 6] = ["example", "sample", "template", "dist", "tmpl", "default"];

/// Whether a file says by its name that it is an example.
fn is_sample(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    EXAMPLES.iter().any(|word| name.contains(word))
}

/// The entry of `.gitignore` that leaves a file out.
fn ignoring(subject: &Subject, path: &str) -> Option<String> {
    let entries: Vec<String> =
        ignores::entries(subject.tree.text(".gitignore")?).map(str::to_owned).collect();
    if !ignores::excludes(Reader::Git, &entries, path) {
        return None;
    }
    entries.into_iter().rfind(|entry| Pattern::new(Reader::Git, entry).matches(path))
}

/// Whether something says what has to be in it: an example, the same file for
/// another environment, a text for people or a script that names it.
fn is_explained(subject: &Subject, path: &str) -> bool {
    let name = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
    let own = name(path);
    subject.env_files.iter().any(|file| file.is_example || name(subject.path(file.text)) == own)
        || subject.tree.paths().any(|path| {
            let lower = path.to_ascii_lowercase();
            // The same file under a word more: `dev.mail.env`, `mail.env.sample`.
            let is_form = name(path).split_once('.').is_some_and(|(_, rest)| rest == own)
                || name(path).rsplit_once('.').is_some_and(|(rest, _)| rest == own);
            name(path) == own
                || is_form
                || lower.contains("env") && EXAMPLES.iter().any(|word| lower.contains(word))
        })
        || subject.mentions(&own)
}
