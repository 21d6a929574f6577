//! Programs of packages that the shell does not find.

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::support;
use crate::lint::subject::Subject;
use crate::source::dockerfile::Transfer;
use crate::source::dockerfile::{Command, Keyword};

pub static RULE: Rule = Rule {
    code: "DF129",
    name: "scripts-not-on-path",
    severity: Severity::Error,
    summary: "what CMD starts is on the PATH of the image",
    why: "pip install --target, --prefix and --user put programs into a bin directory of their own. Where that is not on PATH, CMD gunicorn ends with `executable file not found`.",
    example: "COPY --from=builder /opt/venv /opt/venv\nENV PATH=/opt/venv/bin:$PATH",
    source: "pip, pip install: --target, --prefix, --user",
    fix: None,
    check,
};

/// Programs that come with Python packages.
const SCRIPTS: [&str; 9] = [
    "gunicorn",
    "uvicorn",
    "celery",
    "daphne",
    "hypercorn",
    "granian",
    "flask",
    "fastapi",
    "waitress-serve",
];

fn check(subject: &Subject, findings: &mut Findings) {
    for build in support::python_images(subject) {
        let start = build.image.cmd.as_ref().or(build.image.entrypoint.as_ref());
        let Some(start) = start else { continue };
        let words = build.image.words();
        let Some(program) = words.first().filter(|own| SCRIPTS.contains(&own.as_str())) else {
            continue;
        };
        let file = subject.file(build);
        let own = subject.runs(build);
        // Installed in the usual place as well.
        let usual = own.iter().any(|run| {
            run.commands.iter().any(|command| {
                let pip = support::pip_install(command)
                    .is_some_and(|words| place(words, command).is_none());
                pip || matches!(
                    support::program(support::bare(command)),
                    "uv" | "poetry" | "pipenv" | "pdm"
                )
            })
        });
        if usual {
            continue;
        }
        let path = build.image.env.get("PATH").map_or("", |own| own.value.text.as_str());
        let runs = subject.built_runs(build);
        let places: Vec<(usize, String)> = runs
            .iter()
            .flat_map(|run| run.commands.iter().map(move |command| (run.at, command)))
            .filter_map(|(at, command)| Some((at, place(support::pip_install(command)?, command)?)))
            .collect();
        // Each place that is copied, and where to.
        let copied = subject
            .instructions(build)
            .filter(|(_, own)| own.keyword == Keyword::Copy && own.flag("from").is_some());
        let copied: Vec<(usize, Transfer)> =
            copied.filter_map(|(at, own)| Some((at, Transfer::of(own, file.escape)?))).collect();
        let lands: Vec<(usize, String)> = places
            .iter()
            .filter_map(|(run, from)| {
                let (at, to) = copied.iter().find(|(_, own)| {
                    own.sources.iter().any(|source| source.trim_end_matches('/') == from)
                })?;
                let _ = run;
                Some((*at, to.target.trim_end_matches('/').to_owned()))
            })
            .collect();
        let [(at, target)] = lands.as_slice() else { continue };
        if matches!(target.as_str(), "/usr/local" | "/usr" | "")
            || target.contains('$')
            || path.contains("$") && path.contains(&format!("{target}/bin"))
        {
            continue;
        }
        if path.split(':').any(|own| own.trim_end_matches('/') == format!("{target}/bin"))
            || path.contains("/bin:") && path.contains(target.as_str())
        {
            continue;
        }
        // Also copied from elsewhere: a bin directory by itself.
        let bin = copied.iter().any(|(_, own)| {
            own.sources.iter().any(|source| source.contains("/bin")) || own.target.contains("/bin")
        });
        // Home directories have a shell that may add it; without one there is none.
        let through_shell = matches!(start.value, Command::Shell(_)) && target.contains("/home");
        if bin || through_shell {
            continue;
        }
        findings
            .add(
                subject.instruction(build, start.at),
                format!("{program} lies in {target}/bin, which is not on PATH: the container does not start"),
            )
            .about(program.as_str())
            .related(subject.instruction(build, *at), "copied here")
            .help(format!("ENV PATH={target}/bin:$PATH   (better: a virtual environment, copied whole to the path it was made at)"));
    }
}

/// Where `pip install` puts packages, when that is not the usual place.
fn place(words: &[String], _command: &crate::source::shell::Simple) -> Option<String> {
    let mut words = words.iter();
    while let Some(word) = words.next() {
        for flag in ["--target", "-t", "--prefix", "--root"] {
            if word == flag {
                return words.next().map(|own| own.trim_end_matches('/').to_owned());
            }
            if let Some(value) = word.strip_prefix(&format!("{flag}=")) {
                return Some(value.trim_end_matches('/').to_owned());
            }
        }
        if word == "--user" {
            return Some("/root/.local".to_owned());
        }
    }
    None
}
