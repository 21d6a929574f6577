//! Packages that are installed again at every change of the code.

use crate::lint::diagnostic::{Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::{install_first, support};
use crate::lint::subject::{Build, Run, Subject};
use crate::source::dockerfile::Transfer;
use crate::source::shell::Simple;

pub static RULE: Rule = Rule {
    code: "DF112",
    name: "code-before-dependencies",
    severity: Severity::Warning,
    summary: "dependencies are installed before the code is copied",
    why: "Every change of a file makes a new layer out of COPY and of all that follows it: with the code first, one changed line downloads and installs every package again, minutes instead of seconds at each build.",
    example: "COPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .",
    source: "Docker, Building best practices: leverage build cache",
    fix: Some(Grade::Checked),
    check,
};

/// The file or the manager that a command installs dependencies from.
pub(super) fn installs(command: &Simple) -> Option<String> {
    let of_file = |words: &[String]| {
        let at = words.iter().position(|word| matches!(word.as_str(), "-r" | "--requirement"))?;
        words.get(at + 1).cloned()
    };
    let attached = |words: &[String]| {
        let found = words.iter().find_map(|word| {
            word.strip_prefix("--requirement=")
                .or_else(|| word.strip_prefix("-r").filter(|w| !w.is_empty()))
        });
        found.map(str::to_owned)
    };
    if let Some(words) = support::pip_install(command).or_else(|| support::uv_pip_install(command))
    {
        return of_file(words).or_else(|| attached(words));
    }
    let words = support::bare(command);
    let second =
        words.iter().skip(1).find(|word| !word.starts_with('-')).map_or("", String::as_str);
    match (support::program(words), second) {
        ("poetry" | "pdm", "install") | ("uv" | "pdm", "sync") | ("pipenv", "install" | "sync") => {
            Some(support::program(words).to_owned())
        }
        _ => None,
    }
}

fn check(subject: &Subject, findings: &mut Findings) {
    for build in support::python_images(subject) {
        let file = subject.file(build);
        let runs = subject.built_runs(build);
        // Requirements that are directories of the repository need the code.
        if subject.facts.installs.local && support::is_the_only(subject, build) {
            continue;
        }
        for stage in subject.stages(build) {
            let copy = file.of_stage(stage).find(|(_, own)| {
                own.flag("from").is_none()
                    && Transfer::of(own, file.escape).is_some_and(|copied| copied.takes_all())
            });
            let Some((copy, _)) = copy else { continue };
            let first = |run: &&Run| run.commands.iter().any(|own| installs(own).is_some());
            let chain = file.chain(stage, &crate::source::dockerfile::Arguments::new()).stages;
            // A first installation before the code: the second adds the project itself.
            if runs
                .iter()
                .filter(|run| chain.contains(&run.stage) && run.at < copy)
                .any(|run| first(&run))
            {
                continue;
            }
            let later = runs.iter().filter(|run| run.stage == stage && run.at > copy).find(first);
            let Some(run) = later else { continue };
            // They come from a stage before it, which is judged by itself.
            let taken = file.of_stage(stage).any(|(at, own)| {
                own.flag("from").and_then(|name| file.stage_named(name, stage)).is_some_and(
                    |from| at < run.at && runs.iter().any(|run| run.stage == from && first(&run)),
                )
            });
            if taken {
                continue;
            }
            let what = run.commands.iter().find_map(installs).unwrap_or_default();
            let step = if what.contains('.') {
                format!("{what} is installed")
            } else {
                format!("{what} installs the dependencies")
            };
            let finding = findings.add(
                subject.instruction(build, copy),
                format!("the code is copied before {step}: each change of a file installs everything again"),
            );
            finding
                .about(&what)
                .related(subject.instruction(build, run.at), "installed here")
                .help(help(subject, build, &what));
            if let Some(fix) = install_first::fix(subject, build, copy, run) {
                finding.fix(fix);
            }
        }
    }
}

/// The lines for what is installed: a file that stands by itself, or a project.
fn help(subject: &Subject, build: &Build, what: &str) -> String {
    match what {
        "pipenv" => {
            return "COPY Pipfile Pipfile.lock ./\nRUN pipenv …   (as it is)\nCOPY . .".to_owned();
        }
        "poetry" | "uv" | "pdm" => {
            return "COPY pyproject.toml and the lock first, install without the project (uv sync --no-install-project, poetry install --no-root, pdm sync --no-self), then COPY . .".to_owned();
        }
        _ => {}
    }
    let words =
        "COPY the file and all that it names (-r, -c) first, install from it, then COPY . ."
            .to_owned();
    let bare = what.trim_start_matches("./");
    let exact = Some(bare.to_owned()).filter(|own| {
        let path = crate::relpath::join(&build.context, own);
        !own.starts_with('/') && path.is_some_and(|path| subject.tree.has(&path))
    });
    // An absolute path ends in the file's path of the context.
    let relative = exact.or_else(|| {
        let mut fits = subject.tree.below(&build.context).filter_map(|own| {
            let own = match build.context.as_str() {
                "." => own,
                context => own.strip_prefix(context)?.trim_start_matches('/'),
            };
            what.ends_with(&format!("/{own}")).then(|| own.to_owned())
        });
        fits.next().filter(|_| what.starts_with('/') && fits.next().is_none())
    });
    let Some(relative) = relative else { return words };
    let text = crate::relpath::join(&build.context, &relative)
        .and_then(|path| subject.tree.text(&path))
        .unwrap_or_default();
    let alone = text.lines().map(str::trim).all(|line| {
        let names = ["-r", "-c", "--requirement", "--constraint", "-e", "--editable"];
        !names.iter().any(|name| line.starts_with(name)) && !line.starts_with(['.', '/'])
    });
    if !alone {
        return words;
    }
    let directory = relative.rsplit_once('/').map_or(String::new(), |(own, _)| format!("{own}/"));
    let target = match what.strip_suffix(&relative).filter(|own| own.starts_with('/')) {
        Some(above) => format!("{above}{directory}"),
        None => format!("./{directory}"),
    };
    format!("COPY {relative} {target}\nRUN pip install -r {what}\nCOPY . .")
}
