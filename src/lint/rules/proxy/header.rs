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
    finding.about(first.location()).help(line).members(passes.iter().map(Pass::at));
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

/// After the last header of the level whose headers hold, else after what passes on in
/// the location: a level of its own would take the others away, and a condition inside
/// of a location, which takes over what that has, may have no such line.
pub(super) fn insertion(subject: &Subject, pass: &Pass<'_>, lines: &[&str]) -> Edit {
    let open = pass.blocks.iter().take_while(|own| !is_condition(own)).count();
    let levels = &pass.levels[..=open];
    let has = |level: &&&[Directive]| level.iter().any(|own| own.name == "proxy_set_header");
    let level = levels.iter().rfind(has);
    let last = level.and_then(|level| level.iter().rfind(|own| own.name == "proxy_set_header"));
    // One place for all that a location passes on, so that a line comes in once.
    let passes = |own: &Directive| own.name == "proxy_pass";
    let own = levels[open].iter();
    let through = |own: &&Directive| is_condition(own) && own.inside().iter().any(passes);
    let passed = own.clone().find(|own| passes(own)).or_else(|| own.clone().find(through));
    let after = last.or(passed).unwrap_or(pass.directive);
    let file = &subject.texts[pass.proxy.text];
    let text = file.line_text(file.line(after.span.start));
    let indent = &text[..text.len() - text.trim_start().len()];
    let end = file.behind(after.end());
    // A block on one line stays on it.
    let start = file.line_span(file.line(after.span.start)).start;
    let before = &file.text[start..after.span.start];
    let is_inline = before.contains('{') && file.line(after.span.start) == file.line(end);
    let before = if is_inline { " ".to_owned() } else { format!("\n{indent}") };
    Edit {
        at: At::new(pass.proxy.text, Span::new(end, end)),
        text: lines.iter().map(|own| format!("{before}{own}")).collect(),
    }
}

/// Whether a block is a condition inside of a location, and no level for most
/// directives.
fn is_condition(own: &Directive) -> bool {
    matches!(own.name.as_str(), "if" | "limit_except")
}

/// Those that reach the application and lack a header, file by file.
pub(super) fn lacking<'s>(
    subject: &'s Subject,
    findings: &Findings,
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
    files.into_iter().flat_map(|own| findings.apart(subject, own, Pass::at)).collect()
}
