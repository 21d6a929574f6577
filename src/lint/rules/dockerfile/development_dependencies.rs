//! Test and development packages in production.

use std::sync::LazyLock;

use regex::Regex;

use crate::environments::is_for_developers;
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
fn of(subject: &Subject, build: &Build, command: &Simple) -> Option<(String, String)> {
    let project = || {
        let path = crate::relpath::join(&build.context, "pyproject.toml")?;
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
            (set.is_none() && (groups || old))
                .then(|| ("the group dev".to_owned(), " --no-dev".to_owned()))
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
                .map(|groups| {
                    let optional = |own: &toml::Value| {
                        own.get("optional").and_then(toml::Value::as_bool) == Some(true)
                    };
                    let all = groups.iter();
                    all.filter(|(name, own)| !optional(own) && is_development(name))
                        .map(|(name, _)| name.clone())
                        .collect::<Vec<_>>()
                });
            let mut groups = group.unwrap_or_default();
            if groups.is_empty() && old {
                groups.push("dev".to_owned());
            }
            let group = groups.first()?;
            // `--only main` would leave out what is asked for besides it.
            let asks = has(&["--with", "--extras", "--all-extras"])
                || words.iter().any(|word| word.starts_with("-E"));
            let option = if is_old_poetry(subject, build) {
                " --no-dev".to_owned()
            } else if asks {
                format!(" --without {}", groups.join(","))
            } else {
                " --only main".to_owned()
            };
            Some((format!("the group {group}"), option))
        }
        ("pipenv", "install" | "sync")
            if has(&["--dev"]) || words.iter().any(|word| word == "-d") =>
        {
            Some(("the dev packages of Pipfile".to_owned(), String::new()))
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
            Some((name.clone(), String::new()))
        }
    }
}

static POETRY_VERSION: LazyLock<Regex> =
    LazyLock::new(|| support::regex(r#"(?i)poetry(?:[=~]=|_VERSION[= ]"?|==)(\d+)\.(\d+)"#));

/// Whether the Poetry of an image has no `--only` and no `--without`: before 1.2.
fn is_old_poetry(subject: &Subject, build: &Build) -> bool {
    let text = &subject.texts[subject.recipes[build.recipe].text].text;
    POETRY_VERSION.captures(text).is_some_and(|found| {
        let number = |at: usize| found[at].parse::<u32>().unwrap_or(u32::MAX);
        (number(1), number(2)) < (1, 2)
    })
}

fn is_development(name: &str) -> bool {
    is_for_developers(name) || name == "lint"
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
            let mut found: Option<(usize, String, String, &Simple)> = None;
            for run in own {
                for command in &run.commands {
                    // The last one decides: uv sync takes away what does not belong.
                    if support::program(support::bare(command)) == "uv"
                        && command.words.iter().any(|word| word == "sync")
                    {
                        found = None;
                    }
                    if let Some((what, option)) = of(subject, build, command) {
                        found = found.or(Some((run.at, what, option, command)));
                    }
                }
            }
            let Some((at, what, option, command)) = found else { continue };
            // A choice of the one who builds.
            if file.instructions[at].arguments.text.contains("if ") {
                continue;
            }
            let finding =
                findings.add(subject.instruction(build, at), format!("the image installs {what}"));
            let words = support::bare(command);
            finding.about(&what);
            if option.is_empty() {
                finding.help("install what production needs, and nothing else");
                continue;
            }
            // The command as it is written, with the option in it.
            let verb = words.iter().position(|word| matches!(word.as_str(), "sync" | "install"));
            let (before, after) = words.split_at(verb.map_or(words.len(), |at| at + 1));
            let after: String = after.iter().map(|word| format!(" {word}")).collect();
            finding.help(format!("{}{option}{after}", before.join(" ")));
            let expression = if support::program(words) == "uv" { &UV } else { &POETRY };
            if let Some(edits) = support::insert(subject, build, at, expression, &[true], &option) {
                let fix = Fix::new(Grade::Suggested, format!("leaves {what} out"));
                finding.fix(edits.into_iter().fold(fix, |fix, own| fix.edit(own.at, own.text)));
            }
        }
    }
}
