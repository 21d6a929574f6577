//! A COPY of everything without a `.dockerignore`.

use crate::lint::diagnostic::{Fix, Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::cross::context::{self, Secret};
use crate::lint::rules::cross::guessed;
use crate::lint::subject::{Subject, within};

pub static RULE: Rule = Rule {
    code: "XF109",
    name: "no-dockerignore",
    severity: Severity::Warning,
    summary: "a context that is copied whole has a .dockerignore",
    why: "`COPY . .` takes everything: the history in `.git`, virtual environments of another system, caches, local databases, `.env`. The image is larger, whoever pulls it reads all that, and each commit makes the layer and all after it anew. 30 % of public Python services have none.",
    example: ".git\n**/__pycache__\n**/.venv\n**/.env",
    source: "Docker, Build context: .dockerignore files; counted over 129 public repositories",
    fix: Some(Grade::Checked),
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    let mut seen: Vec<&str> = Vec::new();
    for build in subject.production_builds().filter(|build| build.is_python) {
        let has = subject.ignored_in(&build.context).is_some() || subject.has_own_ignore(build);
        if has || seen.contains(&build.context.as_str()) {
            continue;
        }
        let Some(copied) = context::everything(subject, build) else { continue };
        if guessed::is_wrong(subject, build) {
            continue;
        }
        seen.push(&build.context);
        let secrets = context::secrets(subject, build);
        let worst = secrets.iter().max_by_key(|own| own.severity);
        let message = match worst {
            Some(own) => format!(
                "everything is copied, and no .dockerignore is there: {} as well, {}",
                own.path, own.what
            ),
            None => "everything is copied, and no .dockerignore is there".to_owned(),
        };
        let kept: Vec<_> = secrets
            .iter()
            .filter(|own| !context::may_be_read(subject, build, own))
            .cloned()
            .collect();
        let mut lines: Vec<String> = [
            ".idea",
            ".vscode",
            "**/__pycache__",
            "**/*.py[co]",
            "**/.pytest_cache",
            "**/.mypy_cache",
            "**/.ruff_cache",
            "**/.venv",
            "**/venv",
        ]
        .map(str::to_owned)
        .to_vec();
        if !context::reads_history(subject, build) {
            lines.insert(0, ".git".to_owned());
        }
        for pattern in context::patterns(&kept) {
            if !lines.contains(&pattern) {
                lines.push(pattern);
            }
        }
        // A directory of env files: what is filled in there is beside the examples.
        let directory = Secret {
            path: ".env".to_owned(),
            what: "the directory of env files",
            severity: Severity::Warning,
        };
        let is_there = subject.tree.has_directory(&within(build, ".env"));
        let is_listed = lines.iter().any(|own| own == "**/.env");
        if is_there && !is_listed && !context::may_be_read(subject, build, &directory) {
            lines.push("**/.env".to_owned());
        }
        // A directory that is really called like this is code.
        lines.retain(|line| {
            let name = line.trim_start_matches("**/");
            name.contains('*')
                || name != "venv"
                || !subject.tree.has_directory(&within(build, "venv"))
        });
        let text = format!("{}\n", lines.join("\n"));
        let path = within(build, ".dockerignore");
        let mut help = format!("{path}:\n{}", text.trim_end());
        if let Some(instead) = context::instead(subject, build, &secrets) {
            help.push_str(&format!("\n{instead}, and then a line of its own here"));
        }
        findings
            .add(subject.instruction(build, copied), message)
            .about(&path)
            .severity(worst.map_or(Severity::Advice, |own| own.severity))
            .help(help)
            .fix(
                Fix::new(Grade::Checked, format!("writes {path}")).file(path, text).condition(
                    "nothing that the build or the application reads is among its lines",
                ),
            );
    }
}
