//! A lock that is made anew where it does not fit.

use std::sync::LazyLock;

use regex::Regex;

use crate::lint::diagnostic::{Fix, Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::support;
use crate::lint::subject::{Build, Subject};
use crate::source::dockerfile::{Arguments, Instruction, Keyword, Transfer};
use crate::source::shell::Simple;

pub static RULE: Rule = Rule {
    code: "DF132",
    name: "lock-not-enforced",
    severity: Severity::Warning,
    summary: "the build fails where the lock does not fit the project",
    why: "uv sync and pipenv install resolve again where the lock is outdated, inside of the build and without a word: the image holds versions that nobody committed or tested.",
    example: "RUN uv sync --locked --no-dev",
    source: "uv, Locking and syncing: --locked; pipenv, install --deploy",
    fix: Some(Grade::Suggested),
    check,
};

static UV: LazyLock<Regex> = LazyLock::new(|| support::regex(r"\buv\s+sync\b"));
static PIPENV: LazyLock<Regex> = LazyLock::new(|| support::regex(r"\bpipenv\s+install\b"));

fn check(subject: &Subject, findings: &mut Findings) {
    for build in support::python_images(subject) {
        let there = |name: &str| {
            subject.tree.has(name)
                || crate::relpath::join(&build.context, name)
                    .is_some_and(|path| subject.tree.has(&path))
        };
        let set = |name: &str| {
            subject.recipes[build.recipe].file.instructions.iter().any(|own| {
                matches!(
                    own.keyword,
                    crate::source::dockerfile::Keyword::Env
                        | crate::source::dockerfile::Keyword::Arg
                ) && own.arguments.text.contains(name)
            })
        };
        frozen(
            subject,
            build,
            there("uv.lock") && !set("UV_LOCKED") && !set("UV_FROZEN"),
            findings,
        );
        for run in subject.built_runs(build) {
            let of = |name: &str, second: &str, enforced: &[&str]| -> Vec<&Simple> {
                run.commands
                    .iter()
                    .filter(|own| {
                        let words = support::bare(own);
                        support::program(words) == name
                            && words.get(1).is_some_and(|word| word == second)
                        // What a variable adds is not known.
                        && !words.iter().any(|word| word.contains('$'))
                            && !words.iter().any(|word| enforced.contains(&word.as_str()))
                            && !own.words.iter().any(|word| {
                                word.starts_with("UV_LOCKED=") || word.starts_with("UV_FROZEN=")
                            })
                    })
                    .collect()
            };
            let (all, expression, option, lock) =
                if there("uv.lock") && !set("UV_LOCKED") && !set("UV_FROZEN") {
                    (
                        of("uv", "sync", &["--locked", "--frozen", "--check"]),
                        &UV,
                        " --locked",
                        "uv.lock",
                    )
                } else if there("Pipfile.lock") && !set("PIPENV_DEPLOY") {
                    let mut all = of("pipenv", "install", &["--deploy", "--ignore-pipfile"]);
                    // With packages named it is no installation of the lock.
                    let named = all.iter().any(|own| {
                        support::bare(own)[1..].iter().skip(1).any(|word| !word.starts_with('-'))
                    });
                    if named {
                        all.clear();
                    }
                    (all, &PIPENV, " --deploy", "Pipfile.lock")
                } else {
                    (Vec::new(), &UV, "", "")
                };
            let Some(first) = all.first() else { continue };
            if !is_brought(subject, build, run.at, lock) {
                findings
                    .add(
                        support::place(subject, build, run.at, expression),
                        format!("{lock} is not copied before it: what is installed is resolved at every build"),
                    )
                    .about(lock)
                    .help(format!("COPY {lock} to where pyproject.toml is, and then{option} behind {}", support::bare(first)[..2].join(" ")));
                break;
            }
            let finding = findings.add(
                support::place(subject, build, run.at, expression),
                format!("{lock} is resolved again where it is outdated, and the build goes on with other versions"),
            );
            // With these the lock is not meant to be kept to.
            let against =
                |word: &String| matches!(word.as_str(), "-U" | "--upgrade" | "--skip-lock");
            let ignores = all.iter().any(|own| support::bare(own).iter().any(against));
            let words = support::bare(first);
            let rest = words[2..].iter().filter(|word| !against(word));
            let rest: String = rest.map(|word| format!(" {word}")).collect();
            finding.about(lock).help(format!("{} {}{option}{rest}", words[0], words[1]));
            if ignores {
                finding.message =
                    format!("the build does not keep to {lock}: it takes the newest versions");
                break;
            }
            if let Some(edits) =
                support::insert(subject, build, run.at, expression, &vec![true; all.len()], option)
            {
                let fix = Fix::new(Grade::Suggested, format!("fails where {lock} is outdated"));
                finding.fix(edits.into_iter().fold(fix, |fix, own| fix.edit(own.at, own.text)));
            }
            // The others have the same cause.
            break;
        }
    }
}

/// Whether a lock is there for a RUN: copied before it, or mounted.
fn is_brought(subject: &Subject, build: &Build, at: usize, lock: &str) -> bool {
    let file = subject.file(build);
    let Some(stage) = file.stage_of(at) else { return true };
    let run = &file.instructions[at];
    let is_mounted = run.flags.iter().any(|own| {
        own.value.as_deref().is_some_and(|value| {
            value.contains("type=bind") && (value.contains(lock) || !value.contains("source="))
        })
    });
    let image = file.image(stage, &Arguments::new());
    let copies = |own: &Instruction| {
        let Some(transfer) = Transfer::of(own, file.escape) else { return true };
        let is_bringing = |source: &String| {
            let bare = source.trim_start_matches("./").trim_matches('/');
            let name = bare.rsplit('/').next().unwrap_or(bare);
            // Everything, a pattern, a variable: the lock may be among it.
            matches!(bare, "" | ".") || name == lock || source.contains(['*', '$', '?', '['])
        };
        // From another stage: what it has nobody follows here.
        own.flag("from").is_some_and(|from| file.stage_named(from, stage).is_some())
            || own.flag("from").is_none() && transfer.sources.iter().any(is_bringing)
    };
    is_mounted
        || run.arguments.text.contains("uv lock")
        || image.stages.iter().flat_map(|below| file.of_stage(*below)).any(|(number, own)| {
            number < at && matches!(own.keyword, Keyword::Copy | Keyword::Add) && copies(own)
        })
}

/// `--frozen` takes the lock as it is, which some take for a check.
fn frozen(subject: &Subject, build: &Build, is_locked: bool, findings: &mut Findings) {
    let workspace = crate::relpath::join(&build.context, "pyproject.toml")
        .and_then(|path| subject.tree.text(&path))
        .is_none_or(|text| {
            text.contains("[tool.uv.workspace]") || text.contains("workspace = true")
        });
    let runs = subject.built_runs(build);
    let syncs = |option: &'static str| {
        runs.iter().find(|run| {
            run.commands.iter().any(|own| {
                let words = support::bare(own);
                support::program(words) == "uv" && words.iter().any(|word| word == option)
            })
        })
    };
    // Of a workspace only a part is there when its packages are installed.
    if workspace || !is_locked || syncs("--locked").is_some() {
        return;
    }
    let Some(run) = syncs("--frozen") else { return };
    findings
        .add(
            subject.within(build, run.at, "--frozen"),
            "--frozen does not look whether uv.lock still fits pyproject.toml",
        )
        .severity(Severity::Style)
        .about("--frozen")
        .help("uv sync --locked");
}
