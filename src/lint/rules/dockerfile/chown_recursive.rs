//! A second copy of the code in a layer of its own.

use std::sync::LazyLock;

use regex::Regex;

use crate::lint::diagnostic::{At, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::support;
use crate::lint::subject::{Build, Subject};
use crate::source::dockerfile::{Keyword, Transfer};

pub static RULE: Rule = Rule {
    code: "DF120",
    name: "chown-recursive",
    severity: Severity::Advice,
    summary: "files that were copied keep their owner",
    why: "A changed owner is a changed file: RUN chown -R writes everything that was copied into the image a second time. The service needs to read its code only; code that it may write to is code that a break-in may change.",
    example: "RUN install --directory --owner=10001 /app/media",
    source: "Docker, Storage drivers: copy-on-write",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for build in support::python_images(subject) {
        let file = subject.file(build);
        let directories = directories(subject, build);
        let absolute = |at: usize, path: &str| {
            let workdir = directories.iter().rfind(|(own, _)| *own < at);
            let workdir = workdir.map_or("/", |(_, own)| own.as_str());
            let path = path.trim_end_matches('/').trim_end_matches("/.");
            match path {
                "" => "/".to_owned(),
                "." => workdir.to_owned(),
                own if own.starts_with('/') => own.to_owned(),
                own => {
                    format!("{}/{}", workdir.trim_end_matches('/'), own.trim_start_matches("./"))
                }
            }
        };
        let copies: Vec<(usize, Transfer)> = subject
            .instructions(build)
            .filter(|(_, own)| own.flag("chown").is_none())
            .filter_map(|(at, own)| Some((at, Transfer::of(own, file.escape)?)))
            .collect();
        for run in subject.runs(build) {
            let mut chowns = 0;
            for command in &run.commands {
                let words = support::bare(command);
                if support::program(words) == "chown" {
                    chowns += 1;
                }
                let recursive = words.iter().any(|word| {
                    word == "--recursive"
                        || (word.starts_with('-') && !word.starts_with("--") && word.contains('R'))
                });
                if support::program(words) != "chown" || !recursive {
                    continue;
                }
                // What is root's already stays one layer's.
                let owner = words[1..].iter().find(|word| !word.starts_with('-'));
                if owner.is_some_and(|own| matches!(own.split(':').next(), Some("root" | "0"))) {
                    continue;
                }
                let paths = words[1..].iter().filter(|word| !word.starts_with('-')).skip(1);
                let hit = paths.filter(|word| !word.contains('$')).find_map(|word| {
                    let path = absolute(run.at, word);
                    let below = |own: &str| own == path || own.starts_with(&format!("{path}/"));
                    // One small file does not double anything.
                    copies
                        .iter()
                        .find(|(at, own)| {
                            *at < run.at
                                && below(&absolute(*at, &own.target))
                                && (own.takes_all()
                                    || own.sources.iter().any(|source| !source.contains('.')))
                        })
                        .map(|(at, _)| (word, *at))
                });
                let Some((path, copy)) = hit else { continue };
                findings
                    .add(
                        nth(subject, build, run.at, chowns),
                        format!("chown -R over {path} stores all that was copied there a second time"),
                    )
                    .about(path)
                    .related(subject.instruction(build, copy), "copied here")
                    .help("leave the code to root, who alone may change it, and give away only the directories that are written to; where it has to be: COPY --chown=USER:GROUP");
                break;
            }
        }
    }
}

static CHOWN: LazyLock<Regex> = LazyLock::new(|| support::regex(r"(?:^|[\s;&|/(])(chown)\s"));

/// Where the command of a number, from 1, stands in a RUN.
fn nth(subject: &Subject, build: &Build, at: usize, number: usize) -> At {
    let recipe = &subject.recipes[build.recipe];
    let own = &recipe.file.instructions[at];
    let found = CHOWN.captures_iter(&own.arguments.text).nth(number.saturating_sub(1));
    match found.and_then(|found| found.get(1)) {
        Some(found) => At::new(recipe.text, own.arguments.span(found.start(), found.end())),
        None => subject.within(build, at, "chown"),
    }
}

/// The working directory from each WORKDIR on, variables replaced.
fn directories(subject: &Subject, build: &Build) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    for (at, own) in subject.instructions(build) {
        if own.keyword != Keyword::Workdir {
            continue;
        }
        let mut path = own.arguments.text.trim().trim_matches(['"', '\'']).to_owned();
        for (name, set) in build.image.env.iter().chain(&build.image.args) {
            if let Some(value) = set.value.known() {
                path = path.replace(&format!("${{{name}}}"), value);
                path = path.replace(&format!("${name}"), value);
            }
        }
        let above = found.last().map_or("", |(_, own)| own.as_str()).trim_end_matches('/');
        let whole = match path.trim_start_matches("./") {
            own if own.starts_with('/') => own.to_owned(),
            "" | "." => format!("{above}/"),
            own => format!("{above}/{own}"),
        };
        let whole = whole.trim_end_matches('/');
        found.push((at, if whole.is_empty() { "/".to_owned() } else { whole.to_owned() }));
    }
    found
}
