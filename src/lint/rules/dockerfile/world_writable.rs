//! Files that everybody may change.

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::support;
use crate::lint::subject::Subject;

pub static RULE: Rule = Rule {
    code: "DF121",
    name: "world-writable",
    severity: Severity::Warning,
    summary: "no file of the image is writable for everybody",
    why: "With mode 777 every process of the container, whoever it runs as, may replace the code that the next start runs.",
    example: "RUN install --directory --owner=10001 --mode=0750 /app/media",
    source: "CIS Docker Benchmark 4.8 (permissions in images)",
    fix: None,
    check,
};

fn is_for_all(mode: &str) -> bool {
    let octal = mode.trim_start_matches('0');
    (octal.len() == 3
        && octal.chars().all(|c| c.is_digit(8))
        && matches!(octal.as_bytes()[2], b'7' | b'6' | b'3' | b'2'))
        || mode.split(',').any(|part| {
            let who = part.split(['+', '=']).next().unwrap_or_default();
            let what = part.get(who.len()..).unwrap_or_default();
            what.starts_with(['+', '=']) && what.contains('w') && (who.contains(['a', 'o']))
        })
}

fn check(subject: &Subject, findings: &mut Findings) {
    for build in support::python_images(subject) {
        // Where everything runs as root nobody else is there to write.
        let user = build.image.user.as_ref().map(|own| own.value.known().unwrap_or("?"));
        let is_root = user.is_none_or(|own| matches!(own.split(':').next(), Some("root" | "0")));
        let severity = if is_root { Severity::Advice } else { Severity::Warning };
        for run in subject.runs(build) {
            for command in &run.commands {
                let words = support::bare(command);
                if support::program(words) != "chmod" {
                    continue;
                }
                let mut rest = words[1..].iter().filter(|word| {
                    !(word.starts_with("--") || word.starts_with('-') && word.contains('R'))
                });
                let Some(mode) = rest.next().filter(|mode| is_for_all(mode)) else { continue };
                let paths: Vec<&String> = rest
                    .filter(|path| !path.starts_with("/tmp") && !path.starts_with("/var/tmp"))
                    .collect();
                let Some(path) = paths.first() else { continue };
                findings
                    .add(
                        subject.within(build, run.at, "chmod"),
                        format!("chmod {mode} lets everybody in the container write to {path}"),
                    )
                    .about(path.as_str())
                    .severity(severity)
                    .help(format!("chmod 755 {path} where it is run, or give what is written to to the user of the service: chown 10001:10001 {path}"));
            }
        }
        for (at, instruction) in subject.instructions(build) {
            let Some(mode) = instruction.flag("chmod").filter(|mode| is_for_all(mode)) else {
                continue;
            };
            findings
                .add(
                    subject.instruction(build, at),
                    format!("--chmod={mode} lets everybody in the container write to it"),
                )
                .about(instruction.arguments.text.trim())
                .severity(severity)
                .help("--chmod=0755 where it is run, --chmod=0644 where it is read");
        }
    }
}
