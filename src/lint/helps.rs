//! What a finding says to write, so that it can be pasted: lines of the file as
//! they would be, and what is said about them on lines of their own.

use crate::lint::diagnostic::{Diagnostic, Fix};
use crate::lint::subject::Subject;
use crate::source::text::{Span, Text};

/// More lines than this are not shown for the sake of one.
const MOST: usize = 12;

/// Puts remarks behind the lines they are about, and whole lines in place of those
/// with something left out, where a fix knows them.
pub(super) fn complete(subject: &Subject, own: &mut Diagnostic) {
    let Some(help) = &own.help else { return };
    let (mut lines, mut remarks) = (Vec::new(), Vec::new());
    for line in help.lines() {
        match line.split_once("   (") {
            Some((snippet, remark)) if line.ends_with(')') => {
                lines.push(snippet.to_owned());
                remarks.push(format!("({remark}"));
            }
            _ if line.starts_with('(') => remarks.push(line.to_owned()),
            _ => lines.push(line.to_owned()),
        }
    }
    if lines.iter().any(|line| line.contains('…'))
        && let Some(fixed) = own.fix.as_ref().and_then(|fix| fixed(subject, fix))
    {
        lines = vec![fixed];
    }
    lines.append(&mut remarks);
    own.help = Some(lines.join("\n"));
}

/// The lines that a fix of one file writes, those around them in the same
/// instruction included.
fn fixed(subject: &Subject, fix: &Fix) -> Option<String> {
    let number = fix.edits.first()?.at.text;
    if !fix.files.is_empty() || fix.edits.iter().any(|edit| edit.at.text != number) {
        return None;
    }
    let text = &subject.texts[number];
    let lines =
        fix.edits.iter().map(|edit| edit.at.span).map(|span| touched(subject, number, span));
    let (first, last) =
        lines.reduce(|(one, two), (three, four)| (one.min(three), two.max(four)))?;
    let whole = Span::new(text.line_span(first).start, text.line_span(last).end);
    let written = edited(text, fix, whole)?;
    let lines: Vec<&str> = written.lines().filter(|line| !line.trim().is_empty()).collect();
    let blanks = |line: &&str| line.len() - line.trim_start().len();
    let indent = lines.iter().map(blanks).min()?;
    let lines: Vec<&str> = lines.iter().map(|line| &line[indent..]).collect();
    (lines.len() <= MOST).then(|| lines.join("\n"))
}

/// The lines of an edit, and of the instruction of a Dockerfile that it is in.
fn touched(subject: &Subject, number: usize, span: Span) -> (usize, usize) {
    let text = &subject.texts[number];
    let recipe = subject.recipes.iter().find(|recipe| recipe.text == number);
    let around = recipe.and_then(|recipe| {
        let mut all = recipe.file.instructions.iter();
        all.find(|own| own.span.start <= span.start && span.end <= own.span.end)
    });
    let span = around.map_or(span, |own| own.span);
    (text.line(span.start), text.line(span.end))
}

fn edited(text: &Text, fix: &Fix, whole: Span) -> Option<String> {
    let mut edits: Vec<_> = fix.edits.iter().collect();
    edits.sort_by_key(|edit| edit.at.span);
    let (mut out, mut at) = (String::new(), whole.start);
    for edit in edits {
        out.push_str(text.text.get(at..edit.at.span.start)?);
        out.push_str(&edit.text);
        at = edit.at.span.end;
    }
    out.push_str(text.text.get(at..whole.end.max(at))?);
    Some(out.replace('\r', ""))
}
