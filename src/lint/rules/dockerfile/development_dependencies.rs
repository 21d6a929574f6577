//! Test and development packages in production.

use std::sync::LazyLock;

use regex::Regex;

use crate::environments::is_for_developers;
use crate::lint::diagnostic::{Fix, Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::support;
use crate::lint::subject::{Build, Container, Subject};
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
    LazyLock::new(|| support::regex(r#"(?i)\bpoetry[=~]=(\d+)\.(\d+)"#));
static POETRY_VARIABLE: LazyLock<Regex> =
    LazyLock::new(|| support::regex(r#"POETRY_VERSION[= ]"?(\d+)\.(\d+)"#));
static POETRY_LOCK: LazyLock<Regex> =
    LazyLock::new(|| support::regex(r"generated by Poetry (\d+)\.(\d+)"));

/// Whether the Poetry of an image has no `--only` and no `--without`: before 1.2.
fn is_old_poetry(subject: &Subject, build: &Build) -> bool {
    let text = &subject.texts[subject.recipes[build.recipe].text].text;
    // pip does not ask the variable.
    let asks = ["install.python-poetry.org", "get-poetry", "poetry==$", "poetry~=$"];
    let of_variable = || {
        let asked = asks.iter().any(|own| text.contains(own)) || !text.contains("install poetry");
        POETRY_VARIABLE.captures(text).filter(|_| asked)
    };
    let lock = crate::detect::path::join(&build.context, "poetry.lock")
        .and_then(|path| subject.tree.text(&path));
    let of_lock = || POETRY_LOCK.captures(lock.unwrap_or_default());
    POETRY_VERSION.captures(text).or_else(of_variable).or_else(of_lock).is_some_and(|found| {
        let number = |at: usize| found[at].parse::<u32>().unwrap_or(u32::MAX);
        (number(1), number(2)) < (1, 2)
    })
}

/// Words of a command, without those that ask for what an option leaves out.
fn without(words: &[String], option: &str) -> String {
    let mut kept = String::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let asks = |groups: &str| groups.split(',').any(is_development);
        let leaves = option.contains("--without") || option.contains("--no-dev");
        if leaves && word == "--with" && words.clone().next().is_some_and(|own| asks(own)) {
            words.next();
        } else if !(leaves && word.strip_prefix("--with=").is_some_and(asks)) {
            kept.push(' ');
            kept.push_str(word);
        }
    }
    kept
}

/// Whether an image starts with `uv run`, which installs what the project asks
/// for before it starts.
fn runs_uv(build: &Build) -> bool {
    let words = build.image.words().join(" ");
    let set = ["UV_NO_SYNC", "UV_NO_DEV", "UV_FROZEN"];
    words.contains("uv run")
        && !["--no-sync", "--no-dev"].iter().any(|own| words.contains(own))
        && !set.iter().any(|name| build.image.env.contains_key(*name))
}

/// Whether an image is for development or tests: its stage or its Dockerfile
/// says so, or another Dockerfile of the same code leaves the group out.
fn is_for_tests(subject: &Subject, build: &Build) -> bool {
    let path = subject.path(subject.recipes[build.recipe].text);
    let name = path.rsplit('/').next().unwrap_or(path);
    let stage = subject.file(build).stages[build.stage].name.as_deref();
    let leaves_out = |text: &str| {
        text.contains("--no-dev") || text.contains("--only main") || text.contains("--without dev")
    };
    let sibling = || {
        let own = &subject.texts[subject.recipes[build.recipe].text].text;
        !leaves_out(own)
            && subject.builds.iter().any(|other| {
                other.recipe != build.recipe
                    && other.context == build.context
                    && leaves_out(&subject.texts[subject.recipes[other.recipe].text].text)
            })
    };
    names_development(name) || stage.is_some_and(names_development) || sibling()
}

/// Whether nobody but who works on the code runs an image: each service replaces what
/// it starts and mounts the source, and one of them is a server for development.
fn runs_for_developers(subject: &Subject, build: &Build) -> bool {
    let is_server = |own: &Container| {
        own.server.as_ref().is_some_and(|own| own.program.is_development() || own.reloads())
    };
    let mut all = support::runs_as(subject, build).peekable();
    let is_developed = |own: &Container| {
        subject.composed(own).is_some_and(|(deployment, _)| deployment.is_developed)
    };
    let any = support::runs_as(subject, build).any(|own| is_server(own) || is_developed(own));
    all.peek().is_some()
        && any
        && all.all(|own| {
            let Some((deployment, service)) = subject.composed(own) else { return false };
            let is_code = |path: &str| {
                deployment.project.path(path).is_some_and(|path| path == build.context)
            };
            let replaces =
                ["command", "entrypoint"].iter().any(|key| service.item.get(key).is_some());
            replaces && service.mounts().iter().any(|own| own.bind().is_some_and(is_code))
        })
}

/// The script, the Makefile or the workflow that runs tests or linters in an image.
fn tested_in(subject: &Subject) -> Option<&str> {
    let runs = |line: &str| {
        let line = line.to_ascii_lowercase();
        let words: Vec<&str> =
            line.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).collect();
        let starts = line.contains("docker") && words.iter().any(|w| matches!(*w, "run" | "exec"));
        starts
            && words.iter().any(|word| {
                matches!(
                    *word,
                    "pytest" | "test" | "tests" | "lint" | "coverage" | "flake8" | "mypy"
                )
            })
    };
    let is_script = |path: &&str| {
        let name = path.rsplit('/').next().unwrap_or(path);
        name.ends_with(".sh")
            || matches!(name, "Makefile" | "justfile" | ".gitlab-ci.yml")
            || path.starts_with(".github/workflows/")
    };
    subject
        .tree
        .paths()
        .filter(is_script)
        .find(|path| subject.tree.text(path).is_some_and(|text| text.lines().any(runs)))
}

/// The command that installs what production needs: from the lock, or from the
/// file that the one for development takes in, or that stands beside it.
fn for_production(subject: &Subject, build: &Build, command: &Simple) -> Option<String> {
    let words = support::bare(command);
    if support::program(words) == "pipenv" {
        let kept = words.iter().filter(|word| !matches!(word.as_str(), "--dev" | "-d"));
        let line = kept.cloned().collect::<Vec<_>>().join(" ");
        let is_checked = words.iter().any(|word| word == "sync" || word == "--deploy");
        return Some(if is_checked { line } else { format!("{line} --deploy") });
    }
    let at = words.windows(2).position(|pair| {
        matches!(pair[0].as_str(), "-r" | "--requirement")
            && pair[1].split(['/', '-', '_', '.']).any(is_development)
    })?;
    let written = &words[at + 1];
    let source = subject
        .source_of(build, written)
        .or_else(|| crate::relpath::join(&build.context, written))?;
    let text = subject.tree.text(&source)?;
    let (above, name) = written.rsplit_once('/').unwrap_or(("", written));
    let taken = text.lines().find_map(|line| {
        let line = line.trim();
        line.strip_prefix("-r").or_else(|| line.strip_prefix("--requirement")).map(str::trim)
    });
    let beside = || {
        let directory = source.rsplit_once('/').map_or(".", |(above, _)| above);
        ["requirements.txt", "base.txt", "prod.txt", "production.txt"].into_iter().find(|own| {
            *own != name
                && crate::relpath::join(directory, own).is_some_and(|path| subject.tree.has(&path))
        })
    };
    let base = taken.or_else(beside)?;
    let base = if above.is_empty() { base.to_owned() } else { format!("{above}/{base}") };
    let mut words = words.to_vec();
    words[at + 1] = base;
    Some(format!("RUN {}", words.join(" ")))
}

fn names_development(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    lower.split(['.', '-', '_']).any(|word| is_development(word) || word.ends_with("dev"))
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
        if is_for_tests(subject, build) || runs_for_developers(subject, build) {
            continue;
        }
        for stage in subject.stages(build) {
            if file.stages[stage].name.as_deref().is_some_and(names_development) {
                continue;
            }
            let runs = subject.built_runs(build);
            let own = runs.iter().filter(|run| run.stage == stage);
            let mut found: Option<(usize, String, String, &Simple)> = None;
            let mut earlier: Vec<usize> = Vec::new();
            for run in own {
                for command in &run.commands {
                    // The last one decides: uv sync takes away what does not belong.
                    if support::program(support::bare(command)) == "uv"
                        && command.words.iter().any(|word| word == "sync")
                    {
                        earlier.extend(found.take().map(|(at, ..)| at));
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
            // Who tests in the image needs them there until it has a stage for that.
            let tested = tested_in(subject);
            let apart = match &tested {
                Some(path) => format!(
                    "\n({path} runs its tests in the image: a stage of its own for them, FROM this one, installs the rest)"
                ),
                None => String::new(),
            };
            if option.is_empty() {
                let line = for_production(subject, build, command).unwrap_or_else(|| {
                    "install what production needs, and nothing else".to_owned()
                });
                finding.help(format!("{line}{apart}"));
                continue;
            }
            // The command as it is written, with the option in it.
            let verb = words.iter().position(|word| matches!(word.as_str(), "sync" | "install"));
            let (before, after) = words.split_at(verb.map_or(words.len(), |at| at + 1));
            let after = without(after, &option);
            let again = if runs_uv(build) {
                "\n(and uv run --no-sync in CMD: else it installs the group at every start)"
            } else {
                ""
            };
            let others = match earlier.len() {
                0 => "",
                _ => "\n(and in the uv sync before it, whose layer keeps what this one takes away)",
            };
            finding.help(format!("{}{option}{after}{again}{others}{apart}", before.join(" ")));
            if !support::is_service(subject, build) {
                finding.severity(Severity::Style);
            }
            let expression = if support::program(words) == "uv" { &UV } else { &POETRY };
            let edits: Option<Vec<_>> = earlier
                .iter()
                .chain([&at])
                .map(|at| support::insert(subject, build, *at, expression, &[true], &option))
                .collect();
            if let Some(edits) = edits.map(|own| own.concat()).filter(|_| tested.is_none()) {
                let fix = Fix::new(Grade::Suggested, format!("leaves {what} out"));
                finding.fix(edits.into_iter().fold(fix, |fix, own| fix.edit(own.at, own.text)));
            }
        }
    }
}
