//! `poetry export` where Poetry has none.

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::support;
use crate::lint::subject::{Run, Subject};

pub static RULE: Rule = Rule {
    code: "DF146",
    name: "poetry-without-export",
    severity: Severity::Error,
    summary: "where `poetry export` runs, its plugin is installed",
    why: "Since 2.0 Poetry comes without `export`: the command ends with an error, and so does every build from the day on that the image gets a new Poetry.",
    example: "RUN pip install --no-cache-dir poetry==2.5.1 poetry-plugin-export==1.11.0",
    source: "Poetry, Release notes 2.0.0: poetry-plugin-export is no longer a dependency",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for build in support::python_images(subject) {
        let runs = subject.built_runs(build);
        // Plugins that the project asks for, or a script installs.
        let is_named = |text: &str| text.contains("plugin-export");
        let by_project = crate::detect::path::join(&build.context, "pyproject.toml")
            .and_then(|path| subject.tree.text(&path))
            .is_some_and(is_named);
        let words =
            |run: &Run| run.commands.iter().any(|own| own.words.iter().any(|w| is_named(w)));
        if by_project || runs.iter().any(words) {
            continue;
        }
        let Some(version) = runs.iter().flat_map(|run| &run.commands).find_map(installed) else {
            continue;
        };
        let exports = |run: &&Run| {
            run.commands.iter().any(|own| {
                let words = support::bare(own);
                support::program(words) == "poetry" && words.iter().any(|word| word == "export")
            })
        };
        let Some(run) = runs.iter().find(exports).filter(|_| is_without(version)) else { continue };
        let at = subject.within(build, run.at, "export");
        findings
            .add(at, "Poetry has no `export` of its own since 2.0: this build fails")
            .about("poetry export")
            .help("pip install poetry==… poetry-plugin-export==…   (both pinned)");
    }
}

/// What pip is told of Poetry's version: empty for nothing.
fn installed(command: &crate::source::shell::Simple) -> Option<&str> {
    support::pip_install(command)?.iter().find_map(|word| {
        let rest = word.strip_prefix("poetry")?;
        (rest.is_empty() || rest.starts_with(['=', '>', '<', '~', '!'])).then_some(rest)
    })
}

/// Whether the version that a specifier gets has no `export`.
fn is_without(specifier: &str) -> bool {
    let exact = specifier.strip_prefix("==").or_else(|| specifier.strip_prefix("~="));
    match exact {
        Some(version) => {
            let major = version.trim().split('.').next().and_then(|own| own.parse::<u32>().ok());
            major.is_some_and(|own| own >= 2)
        }
        None => !specifier.contains('<') && !specifier.contains('$'),
    }
}
