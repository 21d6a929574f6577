//! A script that stays above the server it starts.

use crate::lint::diagnostic::{At, Fix, Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::support;
use crate::lint::subject::{Container, Program, Subject};
use crate::source::text::Span;

pub static RULE: Rule = Rule {
    code: "DF104",
    name: "entrypoint-without-exec",
    severity: Severity::Warning,
    summary: "a start script hands its place to the server with exec",
    why: "Without exec the shell stays process 1 and passes no SIGTERM on: `docker stop` waits for all of the grace period and kills, and requests and tasks under way are lost at every deployment.",
    example: "exec gunicorn --bind 0.0.0.0:8000 shop.wsgi",
    source: "Docker, Building best practices: ENTRYPOINT; POSIX, exec",
    fix: Some(Grade::Checked),
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for container in subject.production_containers().filter(|own| own.kind.is_application()) {
        let Some(server) = &container.server else { continue };
        let Some(step) = container.steps.get(server.step) else { continue };
        let Some(script) = step.script else { continue };
        // The first process of several is not the one to hand over to.
        let is_last = server.step + 1 == container.steps.len();
        // Who works on it stops it with Ctrl-C.
        let is_developed = step.program.is_development()
            || is_worked_on(subject, container)
            || subject.is_for_development(script);
        if step.replaces || step.in_background || !is_last || is_developed {
            continue;
        }
        let file = &subject.texts[script];
        let text = &file.text;
        if text.contains("trap ") || text.contains("supervisord") || text.contains("\nwait") {
            continue;
        }
        // The shell that is told to leave a group of processes to tini.
        let passes_on = container.build.is_some_and(|build| {
            let words = subject.builds[build].image.words();
            words.iter().take(3).any(|word| word == "-g")
        });
        if passes_on {
            continue;
        }
        let at =
            if step.at.text == script { Some(step.at) } else { arguments_line(subject, script) };
        let Some(at) = at else { continue };
        let line = subject.slice(at);
        // exec in a subshell replaces that one alone.
        if is_in_parentheses(subject, at) {
            continue;
        }
        let name = step.program.word();
        let path = &file.path;
        let finding = findings.add(
            at,
            format!("{path} starts {name} without exec: the shell stays process 1, and {name} never gets SIGTERM"),
        );
        let goes_on = line.trim_end().ends_with('\\');
        let command = line.trim_end_matches('\\').trim();
        // The last command of a chain is the one that stays.
        let mut help = match command.rsplit_once("&&").filter(|(_, own)| !own.trim().is_empty()) {
            Some((before, last)) => format!("{}&& exec {}", before, last.trim()),
            None if goes_on => {
                format!("exec {command} \\   (exec before it, the rest as it stands)")
            }
            None => format!("exec {command}"),
        };
        if step.program == Program::Uwsgi {
            help.push_str(support::die_on_term(subject, text));
        }
        finding.about(name).help(help);
        if is_simple(subject, at) {
            finding.fix(
                Fix::new(Grade::Checked, format!("puts exec before {name}"))
                    .condition("it is the last command of the script, and alone on its line")
                    .edit(At::new(at.text, Span::new(at.span.start, at.span.start)), "exec "),
            );
        }
    }
}

/// Whether a container is of a project that is worked on.
fn is_worked_on(subject: &Subject, container: &Container) -> bool {
    subject.composed(container).is_some_and(|(own, _)| own.is_developed)
}

/// Whether a place stands in a subshell: `(` before it is not closed yet.
fn is_in_parentheses(subject: &Subject, at: At) -> bool {
    let file = &subject.texts[at.text];
    let line = file.line(at.span.start);
    let starts = |line: usize| {
        let own = file.line_text(line).trim();
        own.starts_with('(') && !own.contains(')')
    };
    let ends = |line: usize| file.line_text(line).trim().starts_with(')');
    let own = file.line_text(line).trim();
    let before = (1..line).rev().find(|line| starts(*line) || ends(*line));
    own.starts_with('(') || before.is_some_and(starts)
}

/// The line of a script that is `"$@"`.
fn arguments_line(subject: &Subject, script: usize) -> Option<At> {
    let file = &subject.texts[script];
    (1..=file.lines())
        .rev()
        .find(|line| matches!(file.line_text(*line).trim(), "\"$@\"" | "$@" | "\"${@}\""))
        .map(|line| subject.line_at(script, line))
}

/// Whether what begins at a place is one command, not indented, with nothing
/// but comments after it.
fn is_simple(subject: &Subject, at: At) -> bool {
    let file = &subject.texts[at.text];
    let first = file.line(at.span.start);
    if file.line_span(first).start != at.span.start {
        return false;
    }
    let mut line = first;
    while file.line_text(line).trim_end().ends_with('\\') && line < file.lines() {
        line += 1;
    }
    let command: String = (first..=line).map(|own| file.line_text(own)).collect();
    let word = command.split_whitespace().next().unwrap_or_default();
    let after = (line + 1..=file.lines()).all(|own| {
        file.line_text(own).trim().is_empty() || file.line_text(own).trim().starts_with('#')
    });
    after && !command.contains(['|', '&', ';', '<', '`', '(', '{']) && !word.contains('=')
}
