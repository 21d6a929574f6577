//! Words put into a command of a service.

use crate::lint::diagnostic::{At, Edit};
use crate::lint::subject::Member;
use crate::source::compose::Item;
use crate::source::text::Span;

/// Puts words after one of a command, be it text or a list; `None` where that
/// does not stand in the file as it is.
pub(super) fn after_word(
    own: &Member<'_>,
    command: &Item,
    word: &str,
    more: &[&str],
) -> Option<Edit> {
    let is_shell = command.items().first().and_then(Item::scalar).as_deref() == Some("CMD-SHELL");
    let item = match command.items() {
        [] => command,
        // What follows the text is its `$0` and `$1`.
        [_, text, ..] if is_shell => text,
        items => items.iter().find(|item| item.scalar().is_some_and(|text| text.contains(word)))?,
    };
    item.span?;
    let place = own.place(item);
    let written = own.subject.slice(place);
    let start = written.find(word)?;
    let rest = &written[start + word.len()..];
    let insert = |offset: usize, text: String| {
        let at = place.span.start + offset;
        Some(Edit { at: At::new(place.text, Span::new(at, at)), text })
    };
    if item.scalar()? != word {
        // In the text of a shell.
        let ends = rest.is_empty() || rest.starts_with([' ', '"', '\'', ';', '|', '&']);
        return ends.then(|| insert(start + word.len(), format!(" {}", more.join(" "))))?;
    }
    if command.items().is_empty() || is_shell {
        return insert(start + word.len(), format!(" {}", more.join(" ")));
    }
    // A list: in brackets, or an item on each line.
    let file = &own.subject.texts[place.text];
    let line = file.line(place.span.start);
    let before = file.text.get(file.line_span(line).start..place.span.start)?;
    let quote = written.chars().next().filter(|c| matches!(c, '"' | '\''));
    let quoted: Vec<String> = more
        .iter()
        .map(|own| quote.map_or_else(|| (*own).to_owned(), |q| format!("{q}{own}{q}")))
        .collect();
    if before.trim() == "-" {
        let lines: String = quoted.iter().map(|own| format!("\n{before}{own}")).collect();
        let end = file.behind(place.span.end);
        Some(Edit { at: At::new(place.text, Span::new(end, end)), text: lines })
    } else {
        insert(written.len(), format!(", {}", quoted.join(", ")))
    }
}
