//! A server below a shell.

use crate::lint::diagnostic::{Fix, Grade, Severity};
use crate::lint::edit;
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::support;
use crate::lint::subject::{Build, Subject};
use crate::source::dockerfile::{Command, Keyword, Setting};
use crate::source::shell;

pub static RULE: Rule = Rule {
    code: "DF103",
    name: "shell-form-command",
    severity: Severity::Warning,
    summary: "CMD and ENTRYPOINT of a server are in exec form, or begin with exec",
    why: "In shell form /bin/sh is process 1 and does not pass SIGTERM on: `docker stop` waits for all of the grace period and kills, and requests and tasks under way are lost at every deployment.",
    example: "CMD [\"gunicorn\", \"--bind\", \"0.0.0.0:8000\", \"shop.wsgi\"]",
    source: "Docker, Dockerfile reference: shell and exec form; BuildKit check JSONArgsRecommended; hadolint DL3025",
    fix: Some(Grade::Checked),
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for build in support::python_images(subject) {
        // Alpine's sh, and bash, hand their place to the last command by themselves.
        let alpine = build.image.base.known().is_some_and(|own| own.contains("alpine"));
        let shell = subject.instructions(build).filter(|(_, own)| own.keyword == Keyword::Shell);
        if alpine || shell.last().is_some_and(|(_, own)| own.arguments.text.contains("bash")) {
            continue;
        }
        // What a service replaces is not run.
        let is_run = |entrypoint: bool| {
            support::runs_as(subject, build).any(|own| {
                own.server.is_some()
                    && subject.composed(own).is_none_or(|(_, own)| {
                        own.item.get("entrypoint").is_none()
                            && (entrypoint || own.item.get("command").is_none())
                    })
            })
        };
        if let Some(set) = &build.image.entrypoint
            && is_run(true)
        {
            of(subject, build, set, "ENTRYPOINT", findings);
        }
        // Of a CMD below a shell's ENTRYPOINT nothing is left.
        let shell_above =
            matches!(&build.image.entrypoint, Some(own) if matches!(own.value, Command::Shell(_)));
        if let (Some(set), false) = (&build.image.cmd, shell_above) {
            // It is handed to a script, which decides.
            if is_run(false) && build.image.entrypoint.is_none() {
                of(subject, build, set, "CMD", findings);
            }
        }
    }
}

fn of(
    subject: &Subject,
    build: &Build,
    set: &Setting<Command>,
    word: &str,
    findings: &mut Findings,
) {
    let Command::Shell(written) = &set.value else { return };
    // A shell in a shell: what it is given is what runs.
    let split = shell::split(written);
    let inner = match split.as_slice() {
        [only] => match only.words.as_slice() {
            [shell, option, text] if shell.ends_with("sh") && option == "-c" => Some(text.clone()),
            _ => None,
        },
        _ => None,
    };
    let is_nested = inner.is_some();
    let text = inner.as_ref().unwrap_or(written);
    let commands = shell::split(text);
    let Some(last) = commands.last() else { return };
    if last.words.first().is_some_and(|first| first == "exec" || first == "[") {
        return;
    }
    let name = support::program(support::bare(last)).to_owned();
    // A JSON array that is none: it says something else than was meant.
    if text.starts_with('[') {
        return;
    }
    let at = subject.instruction(build, set.at);
    let finding = findings.add(
        at,
        format!("{word} is in shell form: {name} runs below /bin/sh and never gets SIGTERM"),
    );
    finding.about(word);
    let plain = commands.len() == 1
        && !text.contains([
            '$', '`', '*', '?', '~', '|', '&', ';', '<', '>', '(', ')', '{', '\n', '#', '\\', '[',
            '!',
        ])
        && last.words.first().is_some_and(|first| !first.contains('='));
    if plain {
        let words: Vec<String> = last
            .words
            .iter()
            .map(|own| serde_json::Value::from(own.as_str()).to_string())
            .collect();
        let line = format!("{word} [{}]", words.join(", "));
        finding.help(line.clone());
        // A script without its `#!` line runs below a shell only.
        let script = last.words[0].contains('/') || last.words[0].ends_with(".sh");
        let multiline = subject.slice(at).contains('\n');
        let builtin = ["cd", "source", ".", "export", "set", "eval", "ulimit"]
            .contains(&last.words[0].as_str());
        // ENTRYPOINT in exec form is given CMD, which it was not before.
        let commanded = subject.containers_with(build).any(|own| {
            subject.composed(own).is_some_and(|(_, own)| own.item.get("command").is_some())
        });
        let takes_more = word == "ENTRYPOINT" && (build.image.cmd.is_some() || commanded);
        let own_stage = build.image.stages.last().copied();
        if !multiline
            && !script
            && !is_nested
            && !builtin
            && !takes_more
            && subject.file(build).stage_of(set.at) == own_stage
        {
            let edit = edit::dockerfile::replace(subject, build, set.at, &line);
            finding.fix(
                Fix::new(Grade::Checked, "writes it in exec form")
                    .condition("its text has no variable and nothing else that a shell would do")
                    .edit(edit.at, edit.text),
            );
        }
    } else if commands.len() == 1 {
        finding.help(format!("{word} exec {text}"));
    } else {
        let rest = text
            .rfind(&last.words[0])
            .map(|at| format!("{word} {}exec {}", &text[..at], &text[at..]));
        finding.help(rest.unwrap_or_else(|| format!("exec {}", last.words.join(" "))));
    }
}
