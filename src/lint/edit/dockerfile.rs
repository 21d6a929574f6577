//! Edits of instructions.

use crate::lint::diagnostic::{At, Edit};
use crate::lint::subject::{Build, Subject};
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
    Edit { at: At::new(own.text, Span::new(end, end)), text: format!("\n{text}") }
}

/// Other text for the whole of an instruction.
#[must_use]
pub fn replace(subject: &Subject, build: &Build, instruction: usize, text: &str) -> Edit {
    Edit { at: subject.instruction(build, instruction), text: text.to_owned() }
}

/// Takes an instruction away, its lines with it.
#[must_use]
pub fn remove(subject: &Subject, build: &Build, instruction: usize) -> Edit {
    let own = subject.instruction(build, instruction);
    let file = &subject.texts[own.text];
    let start = file.line_span(file.line(own.span.start)).start;
    let rest = &file.text[own.span.end..];
    let end = own.span.end + rest.find('\n').map_or(rest.len(), |at| at + 1);
    Edit { at: At::new(own.text, Span::new(start, end)), text: String::new() }
}
