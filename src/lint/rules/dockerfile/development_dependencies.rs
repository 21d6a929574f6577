//! Test and development packages in production.

use std::sync::LazyLock;

use regex::Regex;

use crate::lint::diagnostic::{Fix, Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::support;
use crate::lint::subject::{Build, Subject};
use crate::source::dockerfile::Keyword;
use crate::source::shell::Simple;

pub static RULE: Rule = Rule {
    code: "DF133",
    name: "development-dependencies",
    severity: Severity::Advice,
    summary: "packages of development groups are not installed in the image",
    why: "Test runners, debuggers and linters make the image larger, have to be patched along, and are tools for whoever breaks in.",
    example: "RUN uv sync --locked --no-dev",
    source: "uv, Dependency groups; Poetry, Managing dependencies: installing group dependencies",
    fix: Some(Grade::Suggested),
    check,
};

static UV: LazyLock<Regex> = LazyLock::new(|| support::regex(r"\buv\s+sync\b"));
static POETRY: LazyLock<Regex> = LazyLock::new(|| support::regex(r"\bpoetry\s+install\b"));

/// What a command installs that is for development, and the option against it.
fn of(subject: &Subject, build: &Build, command: &Simple) -> Option<(String, &'static str)> {
    let project = || {
        let path = crate::detect::path::join(&build.context, "pyproject.toml")?;
        let text = subject.tree.text(&path)?;
        text.parse::<toml::Table>().ok()
    };
    let words = support::bare(command);
    // What a variable adds is not known.
    if words.iter().any(|word| word.contains('$')) {
        return None;
    }
    let has =
        |flags: &[&str]| words.iter().any(|word| flags.iter().any(|flag| word.starts_with(flag)));
    let second =
        words.iter().skip(1).find(|word| !word.starts_with('-')).map_or("", String::as_str);
    match (support::program(words), second) {
        ("uv", "sync") if !has(&["--no-dev", "--no-default-groups", "--only", "--no-group"]) => {
            let project = project()?;
            let uv = project.get("tool").and_then(|tool| tool.get("uv"));
            let set = uv.and_then(|uv| uv.get("default-groups"));
            let groups = project.get("dependency-groups").and_then(|own| own.get("dev")).is_some();
            let old = uv.and_then(|uv| uv.get("dev-dependencies")).is_some();
            (set.is_none() && (groups || old)).then(|| ("the group dev".to_owned(), " --no-dev"))
        }
        ("poetry", "install") if !has(&["--only", "--without", "--no-dev"]) => {
            let project = project()?;
            let poetry = project.get("tool")?.get("poetry");
            let old = poetry
                .and_then(|own| own.get("dev-dependencies"))
                .is_some_and(|own| own.as_table().is_some_and(|own| !own.is_empty()));
            let group = poetry
                .and_then(|own| own.get("group"))
                .and_then(toml::Value::as_table)
                .and_then(|groups| {
                    let optional = |own: &toml::Value| {
                        own.get("optional").and_then(toml::Value::as_bool) == Some(true)
                    };
                    groups
                        .iter()
                        .find(|(name, own)| !optional(own) && is_development(name))
                        .map(|(name, _)| name.clone())
                });
            let group = group.or_else(|| old.then(|| "dev".to_owned()))?;
            Some((format!("the group {group}"), " --only main"))
        }
        ("pipenv", "install" | "sync")
            if has(&["--dev"]) || words.iter().any(|word| word == "-d") =>
        {
            Some(("the dev packages of Pipfile".to_owned(), ""))
        }
        _ => {
            let words =
                support::pip_install(command).or_else(|| support::uv_pip_install(command))?;
            let named =
                words.windows(2).filter(|pair| matches!(pair[0].as_str(), "-r" | "--requirement"));
            let name = named.map(|pair| &pair[1]).find(|name| {
                let stem = name
                    .rsplit('/')
                    .next()
                    .unwrap_or(name)
                    .trim_end_matches(".txt")
                    .trim_end_matches(".in");
                stem.split(['-', '_', '.']).any(is_development)
            })?;
            Some((name.clone(), ""))
        }
    }
}

fn is_development(name: &str) -> bool {
    matches!(
        name,
        "dev" | "devel" | "develop" | "development" | "test" | "tests" | "testing" | "lint"
    )
}

fn check(subject: &Subject, findings: &mut Findings) {
    for build in support::python_images(subject) {
        let file = subject.file(build);
        let set = |name: &str| {
            file.instructions.iter().any(|own| {
                matches!(own.keyword, Keyword::Env | Keyword::Arg)
                    && own.arguments.text.contains(name)
            })
        };
        if set("UV_NO_DEV") || set("UV_NO_GROUP") || set("POETRY_WITHOUT") {
            continue;
        }
        for stage in subject.stages(build) {
            let runs = subject.built_runs(build);
            let own = runs.iter().filter(|run| run.stage == stage);
            let mut found: Option<(usize, String, &'static str)> = None;
            for run in own {
                for command in &run.commands {
                    // The last one decides: uv sync takes away what does not belong.
                    if support::program(support::bare(command)) == "uv"
                        && command.words.iter().any(|word| word == "sync")
                    {
                        found = None;
                    }
                    if let Some((what, option)) = of(subject, build, command) {
                        found = found.or(Some((run.at, what, option)));
                    }
                }
            }
            let Some((at, what, option)) = found else { continue };
            // A choice of the one who builds.
            if file.instructions[at].arguments.text.contains("if ") {
                continue;
            }
            let finding =
                findings.add(subject.instruction(build, at), format!("the image installs {what}"));
            finding.about(&what).help(match option {
                " --no-dev" => "uv sync --locked --no-dev",
                " --only main" => "poetry install --only main --no-root",
                _ => "install what production needs, and nothing else",
            });
            let expression = match option {
                " --no-dev" => &UV,
                " --only main" => &POETRY,
                _ => continue,
            };
            if let Some(edits) = support::insert(subject, build, at, expression, &[true], option) {
                let fix = Fix::new(Grade::Suggested, format!("leaves {what} out"));
                finding.fix(edits.into_iter().fold(fix, |fix, own| fix.edit(own.at, own.text)));
            }
        }
    }
}
