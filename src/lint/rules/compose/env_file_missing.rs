//! An env file that is not there, and that nobody says how to make.

use crate::lint::diagnostic::{At, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::Subject;

pub static RULE: Rule = Rule {
    code: "CO127",
    name: "env-file-missing",
    severity: Severity::Error,
    summary: "an env_file is there, or an example of it is",
    why: "Compose stops at the first env_file that it does not find: who clones the repository can start nothing, and does not learn which variables would have to be in it.",
    example: "env_file:\n  - path: .env\n    required: false",
    source: "Compose Specification: env_file, required",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for deployment in subject.production_deployments() {
        let mut said: Vec<&str> = Vec::new();
        for container in subject.containers_of(deployment) {
            for (path, at) in &container.missing_env_files {
                let at: At = *at;
                let name = path.rsplit('/').next().unwrap_or(path);
                let has_example = subject.env_files.iter().any(|own| own.is_example)
                    // `.envs/.local/.django` beside `.envs/.production/.django`.
                    || subject.env_files.iter().any(|own| {
                        subject.path(own.text).rsplit('/').next() == Some(name)
                    })
                    || subject.tree.paths().any(|own| {
                        let lower = own.to_ascii_lowercase();
                        lower.contains("env") && ["example", "sample", "template", "dist"]
                            .iter().any(|word| lower.contains(word))
                    });
                let same_named =
                    subject.tree.paths().any(|own| own.rsplit('/').next() == Some(name));
                if has_example
                    || same_named
                    || subject.mentions(name)
                    || said.contains(&path.as_str())
                {
                    continue;
                }
                said.push(path);
                let message =
                    format!("{path} is not there, and no example of it is: nothing starts");
                findings.add(at, message).about(path).help(format!(
                    "Commit {path}.example with every variable and no secret; or\nenv_file:\n  - path: {name}\n    required: false"
                ));
            }
        }
    }
}
