//! Headers that are not passed on: found per file, mended where others are set.

use super::pass::Pass;
use crate::lint::diagnostic::{At, Edit, Fix, Grade};
use crate::lint::rule::Findings;
use crate::lint::subject::Subject;
use crate::source::nginx::Directive;
use crate::source::text::Span;

/// Says once per file that a header is missing, for all of these. `None` as a
/// grade for no fix.
pub(super) fn missing<'f>(
    subject: &Subject,
    findings: &'f mut Findings,
    passes: &[Pass<'_>],
    message: &str,
    line: &str,
    grade: Option<Grade>,
) -> Option<&'f mut crate::lint::Diagnostic> {
    let first = passes.first()?;
    let finding = findings.add(first.at(), message);
    finding.about(first.location()).help(line);
    for other in &passes[1..] {
        finding.related(other.at(), format!("location {} as well", other.location()));
    }
    if let Some(grade) = grade {
        let mut edits: Vec<Edit> = Vec::new();
        for pass in passes {
            let edit = insertion(subject, pass, &[line]);
            if !edits.iter().any(|own| own.at == edit.at) {
                edits.push(edit);
            }
        }
        let name = line.split_whitespace().nth(1).unwrap_or_default();
        let fix = Fix::new(grade, format!("passes {name} on"));
        finding.fix(edits.into_iter().fold(fix, |fix, edit| fix.edit(edit.at, edit.text)));
    }
    Some(finding)
}

/// After the last header of the level whose headers hold, else after the
/// `proxy_pass`: a level of its own would take the others away.
pub(super) fn insertion(subject: &Subject, pass: &Pass<'_>, lines: &[&str]) -> Edit {
    let has = |level: &&&[Directive]| level.iter().any(|own| own.name == "proxy_set_header");
    let level = pass.levels.iter().rfind(has);
    let last = level.and_then(|level| level.iter().rfind(|own| own.name == "proxy_set_header"));
    let after = last.unwrap_or(pass.directive);
    let file = &subject.texts[pass.proxy.text];
    let text = file.line_text(file.line(after.span.start));
    let indent = &text[..text.len() - text.trim_start().len()];
    let end = file.behind(after.span.end);
    // A block on one line stays on it.
    let is_inline = text.contains('{') && file.line(after.span.start) == file.line(end);
    let before = if is_inline { " ".to_owned() } else { format!("\n{indent}") };
    Edit {
        at: At::new(pass.proxy.text, Span::new(end, end)),
        text: lines.iter().map(|own| format!("{before}{own}")).collect(),
    }
}

/// Those that reach the application and lack a header, file by file.
pub(super) fn lacking<'s>(
    subject: &'s Subject,
    lacks: impl Fn(&Pass<'s>) -> Result<bool, ()>,
) -> Vec<Vec<Pass<'s>>> {
    let mut files: Vec<Vec<Pass<'s>>> = Vec::new();
    for pass in super::pass::passes(subject) {
        // Who asks whether it lives needs no address of a client.
        let is_probe = ["health", "ping", "status", "ready", "live", "metrics"]
            .iter()
            .any(|word| pass.location().trim_matches(['/', '=', ' ']).starts_with(word));
        if is_probe || pass.application(subject).is_none() || lacks(&pass) != Ok(true) {
            continue;
        }
        match files.iter_mut().find(|file| file[0].proxy.text == pass.proxy.text) {
            Some(file) => file.push(pass),
            None => files.push(vec![pass]),
        }
    }
    files
}
