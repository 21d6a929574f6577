//! Variables that nobody gives a value.

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Subject, listed};
use crate::source::compose::project::Unset;

pub static RULE: Rule = Rule {
    code: "CO112",
    name: "unset-variable",
    severity: Severity::Warning,
    summary: "every variable of a compose file has a value, a default, or a line in .env.example",
    why: "Compose puts nothing in its place, with a warning that scrolls by: an empty password, an image without a tag, a port that is another one. In a command, `$NAME` is Compose's and not the container's, which is `$$NAME`.",
    example: "SECRET_KEY: ${SECRET_KEY:?set it in .env}",
    source: "Compose Specification: interpolation",
    fix: None,
    check,
};

/// What shells and CI systems set by themselves.
const SHELL: [&str; 14] = [
    "HOME",
    "USER",
    "PWD",
    "UID",
    "GID",
    "PATH",
    "HOSTNAME",
    "SHELL",
    "LANG",
    "TERM",
    "DISPLAY",
    "SSH_AUTH_SOCK",
    "TMPDIR",
    "LOGNAME",
];

fn check(subject: &Subject, findings: &mut Findings) {
    for deployment in subject.production_deployments() {
        let known = |name: &str| {
            SHELL.contains(&name)
                || ["CI_", "GITHUB_", "COMPOSE_"].iter().any(|start| name.starts_with(start))
                || subject
                    .env_files
                    .iter()
                    .any(|file| file.entries.iter().any(|entry| entry.name == name))
                // An example often has it commented out.
                || subject.env_files.iter().any(|file| {
                    subject.texts[file.text].text.contains(&format!("{name}="))
                })
                || subject.mentions(name)
        };
        let mut open: Vec<&Unset> = Vec::new();
        for unset in &deployment.project.unset {
            let is_new = open.iter().all(|own| own.name != unset.name);
            if !unset.required && is_new && !known(&unset.name) {
                open.push(unset);
            }
        }
        let Some(first) = open.first() else { continue };
        let names: Vec<&str> = open.iter().map(|own| own.name.as_str()).collect();
        let text = deployment.texts.get(first.file).copied().unwrap_or(deployment.texts[0]);
        let (verb, becomes) =
            if names.len() == 1 { ("has", "it becomes") } else { ("have", "they become") };
        let at = subject.line_at(text, first.line);
        let message = format!("{} {verb} no value anywhere: {becomes} empty", listed(&names));
        // In a command or a check, the container's own variable may be meant.
        let line = subject.slice(at);
        let is_bare = line.contains(&format!("${}", first.name)) && !line.contains("${");
        // Text that sets it itself means its own.
        let sets = format!("{}=", first.name);
        let file = &subject.texts[at.text];
        let start = file.line(at.span.start);
        let indent = |line: &str| line.len() - line.trim_start().len();
        let own = indent(file.line_text(start));
        let is_own = (start..=file.lines())
            .map(|line| file.line_text(line))
            .take_while(|line| line.trim().is_empty() || indent(line) >= own)
            .any(|line| line.trim_start().trim_start_matches("export ").starts_with(&sets));
        // Handed on under its own name: the code may do without it.
        let is_handed = |own: &Unset| {
            let text = deployment.texts.get(own.file).copied().unwrap_or(text);
            let line = subject.slice(subject.line_at(text, own.line));
            let line = line.trim_start_matches(['-', ' ', '"', '\'']);
            [": ", "="].iter().any(|mark| {
                line.strip_prefix(own.name.as_str()).is_some_and(|rest| rest.starts_with(mark))
            })
        };
        let handed = is_handed(first);
        let help = if is_own {
            format!("$${}, which is the variable that the text sets itself", first.name)
        } else if handed {
            format!(
                "${{{0}:?set it in .env}} where it is needed, ${{{0}:-}} where it may be empty; and a line for each in .env.example",
                first.name
            )
        } else if is_bare {
            format!(
                "$${0}, where the container's variable is meant; else ${{{0}:?set it in .env}}",
                first.name
            )
        } else {
            format!("${{{}:?set it in .env}}, and a line for each in .env.example", first.name)
        };
        let finding = findings.add(at, message);
        finding.about("variables").help(help);
        let is_required =
            |own: &Unset| subject.facts.required_env.iter().any(|(name, _)| name.name == own.name);
        if open.iter().all(|own| is_handed(own) && !is_required(own)) {
            finding.severity(Severity::Advice);
        }
        for other in &open[1..] {
            let text = deployment.texts.get(other.file).copied().unwrap_or(text);
            finding.related(subject.line_at(text, other.line), other.name.clone());
        }
    }
}
