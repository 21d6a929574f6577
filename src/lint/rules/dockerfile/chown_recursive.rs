//! A second copy of the code in a layer of its own.

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::support;
use crate::lint::subject::Subject;
use crate::source::dockerfile::Transfer;

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
        let workdir = build.image.workdir.as_ref().and_then(|own| own.value.known()).unwrap_or("/");
        let absolute = |path: &str| {
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
            for command in &run.commands {
                let words = support::bare(command);
                let recursive = words.iter().any(|word| {
                    word == "--recursive"
                        || (word.starts_with('-') && !word.starts_with("--") && word.contains('R'))
                });
                if support::program(words) != "chown" || !recursive {
                    continue;
                }
                let paths = words[1..].iter().filter(|word| !word.starts_with('-')).skip(1);
                let hit = paths.filter(|word| !word.contains('$')).find_map(|word| {
                    let path = absolute(word);
                    let below = |own: &str| own == path || own.starts_with(&format!("{path}/"));
                    // One small file does not double anything.
                    copies
                        .iter()
                        .find(|(at, own)| {
                            *at < run.at
                                && below(&absolute(&own.target))
                                && (own.takes_all()
                                    || own.sources.iter().any(|source| !source.contains('.')))
                        })
                        .map(|(at, _)| (word, *at))
                });
                let Some((path, copy)) = hit else { continue };
                findings
                    .add(
                        subject.within(build, run.at, "chown"),
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
