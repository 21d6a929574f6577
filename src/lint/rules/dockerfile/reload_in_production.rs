//! A server that watches its files.

use crate::lint::diagnostic::{At, Fix, Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::launched;
use crate::lint::subject::{Container, Subject, Value};
use crate::source::text::Span;

pub static RULE: Rule = Rule {
    code: "DF139",
    name: "reload-in-production",
    severity: Severity::Warning,
    summary: "no server of production reloads at changes of files",
    why: "The watcher keeps a processor busy, uvicorn runs one process only whatever --workers says, and a file that is written beside the code restarts the server under its users.",
    example: "CMD [\"uvicorn\", \"shop.main:app\", \"--host\", \"0.0.0.0\"]",
    source: "uvicorn, Settings: --reload; gunicorn, Settings: reload",
    fix: Some(Grade::Safe),
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for container in subject.production_containers() {
        let Some(server) = &container.server else { continue };
        // A development server is another rule's.
        if launched::is_choice(container)
            || server.program.is_development()
            || launched::is_for_developers(subject, container)
        {
            continue;
        }
        let Some((Value::Bool(true), at)) = server.get("reload") else { continue };
        let name = server.program.word();
        let place = line(subject, container, at).unwrap_or(at);
        let finding = findings.add(place, format!("{name} reloads at changes of files"));
        let is_setting = server.config.is_some_and(|own| subject.gunicorn[own].text == at.text);
        let variable = ["UVICORN_RELOAD", "GUNICORN_CMD_ARGS"]
            .into_iter()
            .find(|own| container.env.get(*own).is_some_and(|variable| variable.at == at));
        finding.about(&container.name).help(match variable {
            Some(variable @ "UVICORN_RELOAD") => format!("take {variable} out"),
            _ if is_setting => "reload = False".to_owned(),
            _ => "take --reload out; for development it belongs into a compose file of its own"
                .to_owned(),
        });
        // Where the source is mounted somebody may work with it.
        let mounted = launched::mounts_source(subject, container);
        if mounted {
            finding.severity(Severity::Advice);
        }
        if let Some(place) = option(subject, at).or_else(|| option(subject, place)) {
            let grade = if mounted { Grade::Suggested } else { Grade::Safe };
            finding.fix(Fix::new(grade, "takes --reload out").edit(place, ""));
        }
    }
}

/// The line of a service that `--reload` is in, where that is one alone: a script in a
/// list stands below where the list begins.
fn line(subject: &Subject, container: &Container, at: At) -> Option<At> {
    let (deployment, service) = subject.composed(container)?;
    let own = subject.service(deployment, service);
    let text = &subject.texts[own.text];
    let (first, count) = (text.line(own.span.start), subject.lines_of(own).lines().count());
    let mut lines = (first..first + count)
        .skip_while(|line| *line < subject.line(at))
        .filter(|line| text.line_text(*line).contains("--reload"));
    let line = lines.next().filter(|_| lines.next().is_none() && at.text == own.text)?;
    (line != subject.line(at)).then(|| subject.line_at(own.text, line))
}

/// `--reload` with the blank or the comma before it.
fn option(subject: &Subject, at: At) -> Option<At> {
    let text = subject.slice(at);
    let plain = text.match_indices("--reload").filter(|(found, _)| {
        !text[found + 8..].starts_with(['-', '='])
            && !text[found + 8..].starts_with(|c: char| c.is_alphanumeric())
    });
    let all: Vec<usize> = plain.map(|(found, _)| found).collect();
    let [found] = all.as_slice() else { return None };
    let (mut start, mut end) = (*found, found + 8);
    let quote = text[..start].chars().last().filter(|c| matches!(c, '"' | '\''));
    match quote {
        Some(quote) if text[end..].starts_with(quote) => {
            let before = text[..start - 1].trim_end();
            start = before.strip_suffix(',')?.len();
            end += 1;
        }
        Some(_) => return None,
        None => {
            let before = text[..start].trim_end_matches([' ', '\t']);
            // The item of a list on a line of its own, or the only word of a continued line.
            match before.strip_suffix('-').map(|own| own.trim_end_matches(' ')) {
                Some(own) if own.ends_with('\n') && text[end..].starts_with(['\n', '\r']) => {
                    start = own.len() - 1
                }
                Some(own) if own.ends_with('\n') && text[end..].is_empty() => start = own.len() - 1,
                Some(_) => return None,
                None if before.ends_with('\n') => return None,
                None => start = before.len(),
            }
        }
    }
    Some(At::new(at.text, Span::new(at.span.start + start, at.span.start + end)))
}
