//! Edits of instructions.

use crate::lint::diagnostic::{At, Edit};
use crate::lint::subject::{Build, Subject};
use crate::source::dockerfile::Keyword;
use crate::source::text::Span;

/// Lines before an instruction, and before the comments right above it, which
/// are about it. `text` ends without a line end.
#[must_use]
pub fn before(subject: &Subject, build: &Build, instruction: usize, text: &str) -> Edit {
    let own = subject.instruction(build, instruction);
    let file = &subject.texts[own.text];
    let mut line = file.line(own.span.start);
    while line > 1 && file.line_text(line - 1).trim_start().starts_with('#') {
        line -= 1;
    }
    // Directives of the parser stay first.
    if line == 1 && file.line_text(1).trim_start().starts_with('#') {
        line = file.line(own.span.start);
    }
    let start = file.line_span(line).start;
    Edit { at: At::new(own.text, Span::new(start, start)), text: format!("{text}\n") }
}

/// Lines after an instruction.
#[must_use]
pub fn after(subject: &Subject, build: &Build, instruction: usize, text: &str) -> Edit {
    let own = subject.instruction(build, instruction);
    let end = own.span.end;
    let file = &subject.texts[own.text];
    // FROM that stands by itself goes on doing so.
    let line = file.line(end.max(own.span.start + 1) - 1);
    let is_from = subject.file(build).instructions[instruction].keyword == Keyword::From;
    let is_apart = line < file.lines() && file.line_text(line + 1).trim().is_empty();
    let gap = if is_from && is_apart { "\n" } else { "" };
    Edit { at: At::new(own.text, Span::new(end, end)), text: format!("{gap}\n{text}") }
}

/// Other text for the whole of an instruction.
#[must_use]
pub fn replace(subject: &Subject, build: &Build, instruction: usize, text: &str) -> Edit {
    Edit { at: subject.instruction(build, instruction), text: text.to_owned() }
}

/// Takes an instruction away, its lines with it, and of the empty ones around it
/// those after it.
#[must_use]
pub fn remove(subject: &Subject, build: &Build, instruction: usize) -> Edit {
    let own = subject.instruction(build, instruction);
    let file = &subject.texts[own.text];
    let first = file.line(own.span.start);
    let start = file.line_span(first).start;
    let rest = &file.text[own.span.end..];
    let mut end = own.span.end + rest.find('\n').map_or(rest.len(), |at| at + 1);
    if first > 1 && file.line_text(first - 1).trim().is_empty() {
        let rest = &file.text[end..];
        let next = rest.find('\n').map_or(rest.len(), |at| at + 1);
        if rest[..next].trim().is_empty() {
            end += next;
        }
    }
    Edit { at: At::new(own.text, Span::new(start, end)), text: String::new() }
}
