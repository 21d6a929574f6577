//! A script that stays above the server it starts.

use crate::detect::commands::unwrap;
use crate::lint::diagnostic::{At, Fix, Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::support;
use crate::lint::subject::{Container, Program, Subject};
use crate::source::shell;
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
        let mut help = with_exec(line.trim_end_matches('\\').trim(), text);
        if goes_on {
            help.push_str(" \\   (exec before it, the rest as it stands)");
        }
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

/// A command with exec: before the last of a chain, which is the one that stays, in
/// place of words of the shell, and again in a text that is given to a shell of its own.
fn with_exec(command: &str, script: &str) -> String {
    let signs = ["&& ", "|| ", "; "].iter();
    let ends = signs.filter_map(|sign| command.rfind(sign).map(|at| at + sign.len()));
    let start = ends.max().filter(|at| !is_quoted(&command[..*at])).unwrap_or_default();
    let (before, mut last) = command.split_at(start);
    while let Some((word, rest)) = last.split_once(' ') {
        if !word.is_empty() && !shell::is_own_word(word, script) {
            break;
        }
        last = rest;
    }
    let words = shell_words::split(last).unwrap_or_default();
    let inner = unwrap(&words).shell.filter(|inner| last.contains(inner.as_str()));
    let last = match inner {
        Some(inner) => last.replacen(&inner, &with_exec(&inner, script), 1),
        None => last.to_owned(),
    };
    format!("{before}exec {}", last.trim())
}

/// Whether what comes behind a text is in quotes that begin in it.
fn is_quoted(text: &str) -> bool {
    ['"', '\''].iter().any(|quote| text.matches(*quote).count() % 2 == 1)
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

/// What a script is given, as a command.
const ARGUMENTS: [&str; 3] = ["\"$@\"", "$@", "\"${@}\""];

/// The line of a script that is `"$@"`.
fn arguments_line(subject: &Subject, script: usize) -> Option<At> {
    let file = &subject.texts[script];
    (1..=file.lines())
        .rev()
        .find(|line| ARGUMENTS.contains(&file.line_text(*line).trim()))
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
    let end = file.line_span(line).end;
    let command = file.slice(Span::new(at.span.start, end));
    let after = (line + 1..=file.lines()).all(|own| {
        file.line_text(own).trim().is_empty() || file.line_text(own).trim().starts_with('#')
    });
    after
        && !command.contains(['|', '&', ';', '<', '`', '(', '{'])
        && is_program(command, &file.text)
}

/// Whether a command begins with a program that takes the place of the shell with exec
/// before it: no word of the shell, no variable of its own, and no shell that is given
/// a text, which would stay in turn.
fn is_program(command: &str, script: &str) -> bool {
    if ARGUMENTS.contains(&command.trim()) {
        return true;
    }
    let commands = shell::split(command);
    let [only] = commands.as_slice() else { return false };
    let word = &only.words[0];
    // What is taken off the words, an operator or quotes, stands before the program.
    command.starts_with(word.as_str())
        && !word.contains(['=', '$'])
        && !shell::is_own_word(word, script)
        && unwrap(&only.words).shell.is_none()
}
