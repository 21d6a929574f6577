//! An installer in whatever version is there at the build.

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::support;
use crate::lint::subject::{Build, Subject};

pub static RULE: Rule = Rule {
    code: "DF128",
    name: "installer-unpinned",
    severity: Severity::Advice,
    summary: "poetry, uv, pipenv and pdm are installed in a version",
    why: "A lock pins the packages, not what reads it: a new major version of the installer refuses the lock, or no longer knows an option (Poetry 2 has no `export`, and `--no-dev` is gone), and the build breaks without a change.",
    example: "RUN pip install --no-cache-dir poetry==2.5.1",
    source: "Poetry, Installation: CI recommendations; hadolint DL3013",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    const INSTALLERS: [&str; 6] = ["poetry", "uv", "pipenv", "pdm", "hatch", "poetry-core"];
    for build in support::python_images(subject) {
        for run in subject.built_runs(build) {
            let words = run.commands.iter().filter_map(support::pip_install).flatten();
            let Some(name) = words.into_iter().find(|word| INSTALLERS.contains(&word.as_str()))
            else {
                continue;
            };
            let version = version(subject, build, run.stage, name);
            let why = if version == "VERSION" {
                "   (the one that works today: with the lock, and with the Python of the image)"
            } else {
                ""
            };
            findings
                .add(
                    subject.within(build, run.at, name),
                    format!("{name} is installed in whatever version is the newest"),
                )
                .about(name.as_str())
                .help(format!("pip install {name}=={version}{why}"));
        }
    }
}

/// The version to install: the one that made the lock, else the newest where the
/// image has a Python that it runs on and nothing asks for what it has dropped.
fn version(subject: &Subject, build: &Build, stage: usize, name: &str) -> String {
    let lock = crate::relpath::join(&build.context, "poetry.lock");
    let first = lock.and_then(|path| subject.tree.text(&path)?.lines().next());
    let made = first.filter(|_| name == "poetry").and_then(|line| {
        let version = line.split("Poetry ").nth(1)?.split(' ').next()?;
        version.starts_with(|c: char| c.is_ascii_digit()).then(|| version.to_owned())
    });
    if let Some(made) = made {
        return made;
    }
    let file = subject.file(build);
    let base = file.chain(stage, &build.arguments).base;
    let python = base.known().and_then(support::python).and_then(|own| own.version);
    let is_new = matches!(python, Some((3, Some(minor))) if minor >= 10);
    let dropped = subject.built_runs(build).iter().flat_map(|run| &run.commands).any(|own| {
        let words = support::bare(own);
        let has = |word: &str| words.iter().any(|own| own == word);
        match support::program(words) {
            "pipenv" => has("lock") && (has("-r") || has("--requirements")),
            "poetry" => has("export") || has("--no-dev"),
            _ => false,
        }
    });
    let newest = crate::catalog::VERSIONS.tools.get(name).filter(|_| is_new && !dropped);
    newest.cloned().unwrap_or_else(|| "VERSION".to_owned())
}
