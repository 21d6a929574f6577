//! Packages in whatever version is there at the build.

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::{named_packages, support};
use crate::lint::subject::{Build, Subject};
use crate::source::dockerfile::Keyword;
use crate::source::shell::Simple;

pub static RULE: Rule = Rule {
    code: "DF113",
    name: "no-lock",
    severity: Severity::Warning,
    summary: "packages are installed in versions that are written down",
    why: "A build of today and one of next month install different packages under the same commit. A release that breaks something arrives at whoever builds next, and going back to the last commit does not take it away.",
    example: "RUN pip install --require-hashes -r requirements.txt",
    source: "pip, Repeatable installs; uv, Locking and syncing",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for build in support::python_images(subject) {
        for run in subject.built_runs(build) {
            let found = run.commands.iter().find_map(|own| of(subject, build, own));
            if let Some((what, message, help, severity)) = found {
                findings
                    .add(subject.instruction(build, run.at), message)
                    .about(what)
                    .help(help)
                    .severity(severity);
                // The others have the same cause: nothing is locked.
                break;
            }
        }
        named_packages::find(subject, build, findings);
    }
}

/// What is open, what to say of it, and how much it is.
type Open = (String, String, String, Severity);

fn of(subject: &Subject, build: &Build, command: &Simple) -> Option<Open> {
    let words = support::bare(command);
    let there = |name: &str| {
        crate::relpath::join(&build.context, name).is_some_and(|path| subject.tree.has(&path))
            // The lock of a workspace is at its top.
            || subject.tree.has(name)
    };
    let second =
        words.iter().skip(1).find(|word| !word.starts_with('-')).map_or("", String::as_str);
    let lock = match (support::program(words), second) {
        ("poetry", "install") => Some("poetry.lock"),
        ("uv", "sync") => Some("uv.lock"),
        ("pdm", "install" | "sync") => Some("pdm.lock"),
        ("pipenv", "install" | "sync") if !words.iter().any(|word| word == "-r") => {
            Some("Pipfile.lock")
        }
        _ => None,
    };
    if let Some(lock) = lock {
        let program = support::program(words);
        let names_project = there("pyproject.toml") || there("Pipfile");
        // It fails without one: the lock is made elsewhere.
        if words.iter().any(|word| matches!(word.as_str(), "--locked" | "--frozen" | "--deploy")) {
            return None;
        }
        return (!there(lock) && names_project).then(|| {
            let help = format!("{program} lock   (and commit {lock})");
            (
                lock.to_owned(),
                format!("{program} installs without {lock}: every build resolves anew"),
                help,
                Severity::Warning,
            )
        });
    }
    let words = support::pip_install(command).or_else(|| support::uv_pip_install(command))?;
    if words.iter().any(|word| word == "-c" || word.starts_with("--constraint")) {
        return None;
    }
    let at = words.iter().position(|word| matches!(word.as_str(), "-r" | "--requirement"))?;
    let name = words.get(at + 1).filter(|name| !name.contains(['$', '*']))?;
    if is_made(subject, build, name) {
        return None;
    }
    let path = found(subject, build, name)?;
    let mut read = Vec::new();
    let (all, open) = unpinned(subject, &path, &mut read)?;
    let first = open.first()?;
    let some = open.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
    let message = if all == open.len() {
        format!("{path} pins none of its {all} packages")
    } else {
        format!("{path} does not pin {} of its {all} packages: {some}", open.len())
    };
    // What comes from a repository has no hash, and pip then refuses the file.
    let has_repository =
        read.iter().any(|own| subject.tree.text(own).is_some_and(|text| text.contains("git+")));
    let hashes = if has_repository { "" } else { " --generate-hashes" };
    // uv resolves for the Python that it runs on, unless it is told another one.
    let python = build.image.base.known().and_then(support::python).and_then(|own| own.version);
    let hashes = match python {
        Some((3, Some(minor))) if minor >= 8 => format!("{hashes} --python-version 3.{minor}"),
        _ => hashes.to_owned(),
    };
    let wanted = format!("{}.in", path.strip_suffix(".txt").unwrap_or(&path));
    let help = if path.ends_with(".txt") {
        format!(
            "uv pip compile {wanted}{hashes} -o {path}   (what is wanted in {wanted}, what is installed in {path})"
        )
    } else {
        let locked = match path.rsplit_once('/') {
            Some((directory, _)) => format!("{directory}/requirements.txt"),
            None => "requirements.txt".to_owned(),
        };
        format!(
            "uv pip compile {path}{hashes} -o {locked}   (and the image installs {locked} first)"
        )
    };
    // A freeze with a few that were added by hand.
    let severity = if open.len() * 10 <= all { Severity::Advice } else { Severity::Warning };
    Some((first.clone(), message, help, severity))
}

/// Whether the build writes a file itself, or takes it from a stage: no file of the
/// context is meant by its name.
fn is_made(subject: &Subject, build: &Build, name: &str) -> bool {
    let recipe = &subject.recipes[build.recipe].file;
    let file = name.rsplit('/').next().unwrap_or(name);
    recipe.instructions.iter().any(|own| {
        let text = &own.arguments.text;
        match own.keyword {
            Keyword::Run => {
                let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
                ["-o ", "--output ", "--output=", "--output-file ", "--output-file=", "> ", ">"]
                    .iter()
                    .any(|flag| {
                        let named = format!("{flag}{name}");
                        words
                            .split(&named)
                            .skip(1)
                            .any(|rest| !rest.starts_with(|c: char| c.is_alphanumeric()))
                    })
            }
            Keyword::Copy if own.flag("from").is_some() => {
                let target = text.split_whitespace().last().unwrap_or_default();
                target.ends_with(&format!("/{file}")) || target == file
            }
            _ => false,
        }
    })
}

/// A requirement file of the context, by its path in the image.
pub(super) fn found(subject: &Subject, build: &Build, name: &str) -> Option<String> {
    let bare = name.trim_start_matches("./").trim_start_matches('/');
    let exact = crate::relpath::join(&build.context, bare).filter(|path| subject.tree.has(path));
    exact.or_else(|| {
        let file = bare.rsplit('/').next()?;
        let mut own =
            subject.tree.below(&build.context).filter(|path| path.rsplit('/').next() == Some(file));
        let only = own.next()?.to_owned();
        own.next().is_none().then_some(only)
    })
}

/// How many packages a file names, and those without an exact version. `None`
/// where it cannot be told. `read` takes the files that were looked at.
fn unpinned(subject: &Subject, path: &str, read: &mut Vec<String>) -> Option<(usize, Vec<String>)> {
    let text = subject.tree.text(path)?;
    read.push(path.to_owned());
    let (mut all, mut open) = (0, Vec::new());
    for line in text.lines() {
        let line = line.split(" #").next().unwrap_or_default().trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(other) =
            line.strip_prefix("-r ").or_else(|| line.strip_prefix("--requirement "))
        {
            if read.len() < 16 {
                let directory = path.rsplit_once('/').map_or(".", |(own, _)| own);
                let other = crate::relpath::join(directory, other.trim())?;
                let (more, others) = unpinned(subject, &other, read)?;
                all += more;
                open.extend(others);
            }
            continue;
        }
        // Constraints pin from outside.
        if line.starts_with("-c") || line.starts_with("--constraint") {
            return None;
        }
        if line.starts_with(['-', '.', '/']) || line.contains("://") {
            continue;
        }
        let end = line.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)));
        let name = &line[..end.unwrap_or(line.len())];
        // What installs the others, and is in the image before them.
        if matches!(name, "pip" | "setuptools" | "wheel") {
            continue;
        }
        all += 1;
        let exact = line.contains("==") && !line.contains(".*")
            || line.contains(" @ ")
            || line.contains("===");
        if !exact {
            open.push(name.to_owned());
        }
    }
    Some((all, open))
}
