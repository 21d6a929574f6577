//! A script that is executable for one line only.

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::support;
use crate::lint::subject::Subject;
use crate::source::dockerfile::Transfer;
use crate::source::dockerfile::{Command, Keyword};

pub static RULE: Rule = Rule {
    code: "DF131",
    name: "mode-lost",
    severity: Severity::Error,
    summary: "chmod +x comes after the last COPY of the script",
    why: "COPY . . brings the script once more, with the mode it has in the repository: what chmod did before is gone, and the container ends with `permission denied`.",
    example: "COPY . .\nCOPY --chmod=0555 entrypoint.sh /app/entrypoint.sh",
    source: "Docker, Dockerfile reference: COPY --chmod",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for build in support::python_images(subject) {
        let file = subject.file(build);
        let start = build.image.entrypoint.as_ref().or(build.image.cmd.as_ref());
        let Some(start) = start else { continue };
        let Command::Exec(words) = &start.value else { continue };
        let Some(script) = words.first().filter(|own| own.contains('/') && !own.contains('$'))
        else {
            continue;
        };
        let name = script.rsplit('/').next().unwrap_or(script);
        let changes = |own: &crate::lint::subject::Run| {
            own.commands.iter().any(|command| {
                let words = support::bare(command);
                support::program(words) == "chmod"
                    && words[1..].iter().any(|word| {
                        word.rsplit('/').next() == Some(name)
                            || word.contains('*')
                            || word.starts_with("-R")
                    })
            })
        };
        let runs = subject.runs(build);
        let Some(last) = runs.iter().rfind(|own| changes(own)) else { continue };
        let workdir = build.image.workdir.as_ref().and_then(|own| own.value.known()).unwrap_or("/");
        let over = subject.instructions(build).find(|(at, own)| {
            if *at < last.at || own.flag("from").is_some() || own.flag("chmod").is_some() {
                return false;
            }
            let Some(copied) = Transfer::of(own, file.escape).filter(|copied| copied.takes_all())
            else {
                return false;
            };
            let target = match copied.target.trim_end_matches('/') {
                "." | "" => workdir,
                own => own,
            };
            let whole = match script.strip_prefix("./") {
                Some(rest) => format!("{}/{rest}", workdir.trim_end_matches('/')),
                None => script.clone(),
            };
            // The place it has in the context is the place that it is started at.
            whole.strip_prefix(target).and_then(|own| own.strip_prefix('/')).is_some_and(|own| {
                let ignored =
                    subject.ignored_in(&build.context).is_some_and(|list| list.leaves_out(own));
                let path = crate::relpath::join(&build.context, own);
                path.is_some_and(|path| {
                    subject.tree.has(&path) && !ignored && !is_executable(subject, &path)
                })
            })
        });
        // Set again afterwards, by COPY --chmod.
        let again = |at: usize| {
            subject.instructions(build).any(|(own, instruction)| {
                own > at
                    && instruction.keyword == Keyword::Copy
                    && instruction.flag("chmod").is_some()
            })
        };
        let Some((at, own)) = over.filter(|(at, _)| !again(*at)) else { continue };
        let written = own.arguments.text.trim();
        findings
            .add(
                subject.instruction(build, at),
                format!("COPY {written} brings {name} again, without the mode that chmod gave it: the container does not start"),
            )
            .about(script.as_str())
            .related(subject.instruction(build, last.at), "chmod, before it")
            .help(format!("RUN chmod +x {script}   (after this COPY)"));
    }
}

/// Whether a file may be executed as it lies in the repository.
#[cfg(unix)]
fn is_executable(subject: &Subject, path: &str) -> bool {
    use std::os::unix::fs::PermissionsExt;
    let metadata = std::fs::metadata(subject.tree.base().join(path));
    metadata.is_ok_and(|own| own.permissions().mode() & 0o111 != 0)
}

/// Elsewhere every file of a context is executable in the image.
#[cfg(not(unix))]
fn is_executable(_: &Subject, _: &str) -> bool {
    true
}
