//! Edits of keys of a compose file. Where an anchor, a merge key, a variable
//! or flow style stands in the way, there is no edit.

use crate::lint::diagnostic::{At, Edit};
use crate::lint::subject::{Deployment, Subject};
use crate::source::compose::yaml::Node;
use crate::source::compose::{Item, Service};
use crate::source::text::{Span, Text};

/// Sets a key below a service: `put(…, &["deploy", "resources", "limits", "memory"], "512M")`.
/// Keys on the way are made where they are missing. `value` is what follows
/// `key:` on its line, or lines of a block where it begins with a line end:
/// `"\n- ALL"`, each as far in as it is inside of the block, by steps of two blanks.
#[must_use]
pub fn put(
    subject: &Subject,
    deployment: &Deployment,
    service: &Service,
    path: &[&str],
    value: &str,
) -> Option<Edit> {
    let text = *deployment.texts.get(service.file)?;
    let file = &subject.texts[text];
    let mut parent = Block::of_service(file, service)?;
    let mut item = &service.item;
    for (depth, key) in path.iter().enumerate() {
        let Some((name, found)) = entry(item, key) else {
            return Some(parent.insertion(text, file, &path[depth..], value));
        };
        // What comes from an anchor, a merge or another file is not here.
        name.span?;
        if found.file != service.file {
            return None;
        }
        if depth + 1 == path.len() {
            return replace(subject, deployment, found, value);
        }
        match &found.node {
            Node::Map(_) => parent = Block::of_mapping(file, name, found)?,
            Node::Null => return None,
            _ => return None,
        }
        item = found;
    }
    None
}

/// Adds an item to a list below a service that is written as a block.
#[must_use]
pub fn push(
    subject: &Subject,
    deployment: &Deployment,
    service: &Service,
    key: &str,
    value: &str,
) -> Option<Edit> {
    let Some((name, found)) = entry(&service.item, key) else {
        return put(subject, deployment, service, &[key], &format!("\n- {value}"));
    };
    name.span?;
    let text = *deployment.texts.get(found.file)?;
    let file = &subject.texts[text];
    let last = found.items().last()?;
    let (start, _) = last.span?;
    let line = file.line(start);
    let own = file.line_text(line);
    let dash = own.find("- ")?;
    if own[..dash].trim().is_empty() && !matches!(last.node, Node::Map(_) | Node::List(_)) {
        let end = file.line_span(line).end;
        let indent = &own[..dash];
        let at = At::new(text, Span::new(end, end));
        return Some(Edit { at, text: format!("\n{indent}- {value}") });
    }
    None
}

/// Puts words after one of a command, be it text or a list of words, in which each of
/// them is an item of its own; `None` where that does not stand in the file as it is.
#[must_use]
pub fn after_word(
    subject: &Subject,
    deployment: &Deployment,
    command: &Item,
    word: &str,
    more: &[&str],
) -> Option<Edit> {
    let is_shell = command.items().first().and_then(Item::scalar).as_deref() == Some("CMD-SHELL");
    // A program by its path is the program.
    let is_word = |text: &str| {
        text.strip_suffix(word).is_some_and(|before| {
            before.is_empty() || before.ends_with('/') && !before.contains(char::is_whitespace)
        })
    };
    let only = |found: &dyn Fn(&str) -> bool| {
        let mut all =
            command.items().iter().filter(|item| item.scalar().is_some_and(|own| found(&own)));
        all.next().filter(|_| all.next().is_none())
    };
    let item = match command.items() {
        [] => command,
        // What follows the text is its `$0` and `$1`.
        [_, text, ..] if is_shell => text,
        items if items.iter().any(|item| item.scalar().is_some_and(|own| is_word(&own))) => {
            only(&is_word)?
        }
        _ => only(&|text: &str| text.contains(word) && text.contains(char::is_whitespace))?,
    };
    item.span?;
    let place = subject.item(deployment, item);
    let written = subject.slice(place);
    let mut found = written.match_indices(word);
    let (start, _) = found.next().filter(|_| found.next().is_none())?;
    let end = start + word.len();
    let rest = &written[end..];
    let insert = |offset: usize, text: String| {
        let at = place.span.start + offset;
        Some(Edit { at: At::new(place.text, Span::new(at, at)), text })
    };
    if !is_word(&item.scalar()?) {
        // In the text of a shell.
        let begins = written[..start].ends_with([' ', '/', '"', '\'']) || start == 0;
        let ends = rest.is_empty() || rest.starts_with([' ', '"', '\'', ';', '|', '&']);
        return (begins && ends).then(|| insert(end, format!(" {}", more.join(" "))))?;
    }
    if command.items().is_empty() || is_shell {
        return insert(end, format!(" {}", more.join(" ")));
    }
    // A list: in brackets, or an item on each line.
    let file = &subject.texts[place.text];
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
    } else if before.trim_end().ends_with([',', '[']) || before.trim().is_empty() {
        insert(written.len(), format!(", {}", quoted.join(", ")))
    } else {
        None
    }
}

/// Another text for a value that is one scalar in place.
#[must_use]
pub fn replace(
    subject: &Subject,
    deployment: &Deployment,
    item: &Item,
    value: &str,
) -> Option<Edit> {
    let (start, end) = item.span.filter(|(start, end)| end > start)?;
    let text = *deployment.texts.get(item.file)?;
    let written = subject.texts[text].text.get(start..end)?;
    let plain = item.scalar().is_some() && !written.contains(['$', '\n', '&', '*']);
    plain.then(|| Edit { at: At::new(text, Span::new(start, end)), text: value.to_owned() })
}

/// Takes a key of a service, or of the top of the file, away with all its lines.
#[must_use]
pub fn remove(
    subject: &Subject,
    deployment: &Deployment,
    parent: &Item,
    key: &str,
) -> Option<Edit> {
    let (name, _) = entry(parent, key)?;
    let (start, _) = name.span?;
    let text = *deployment.texts.get(name.file)?;
    let file = &subject.texts[text];
    let line = file.line(start);
    let indent = indentation(file, line)?;
    let start = file.line_span(line).start;
    // A key in a flow mapping, or after another on its line.
    if !file.text.get(start + indent..name.span?.0)?.is_empty() {
        return None;
    }
    let end = block_end(file, line, indent);
    let end = file.line_span(end + 1).start.max(start);
    Some(Edit { at: At::new(text, Span::new(start, end)), text: String::new() })
}

/// Takes an item of a list below a service away, and the list with its last
/// item. Only what stands on one line of its own.
#[must_use]
pub fn pop(
    subject: &Subject,
    deployment: &Deployment,
    service: &Service,
    key: &str,
    item: &Item,
) -> Option<Edit> {
    let (name, list) = entry(&service.item, key)?;
    if list.items().len() == 1 {
        return remove(subject, deployment, &service.item, key);
    }
    let (start, end) = item.span?;
    name.span?;
    let text = *deployment.texts.get(item.file)?;
    let file = &subject.texts[text];
    let (line, last) = (file.line(start), file.line(end.max(start + 1) - 1));
    let before = file.text.get(file.line_span(line).start..start)?;
    if before.trim() != "-" || line != last || matches!(item.node, Node::Map(_) | Node::List(_)) {
        return None;
    }
    let at = Span::new(file.line_span(line).start, file.line_span(line + 1).start);
    Some(Edit { at: At::new(text, at), text: String::new() })
}

fn entry<'i>(item: &'i Item, key: &str) -> Option<(&'i Item, &'i Item)> {
    item.entries().find(|(name, _)| name.scalar().as_deref() == Some(key))
}

/// A mapping in block style: how far in its keys stand, and its last line.
struct Block {
    indent: usize,
    unit: usize,
    last: usize,
}

impl Block {
    fn of_service(file: &Text, service: &Service) -> Option<Self> {
        let first = service
            .item
            .entries()
            .find(|(name, _)| name.span.is_some() && name.file == service.file)?;
        Self::below(file, service.line, first.0)
    }

    fn of_mapping(file: &Text, name: &Item, found: &Item) -> Option<Self> {
        let line = file.line(name.span?.0);
        let first = found.entries().find(|(key, _)| key.span.is_some())?;
        Self::below(file, line, first.0)
    }

    /// The block of a key on `line`, whose first own key is `first`.
    fn below(file: &Text, line: usize, first: &Item) -> Option<Self> {
        let outer = indentation(file, line)?;
        let (start, _) = first.span?;
        let own_line = file.line(start);
        let indent = indentation(file, own_line)?;
        let starts_line = file.line_span(own_line).start + indent == start;
        if own_line == line || !starts_line || indent <= outer {
            return None;
        }
        let mut last = block_end(file, line, outer);
        // Comments as far in as the keys, at the end, are about no key of theirs:
        // what comes behind them would read as what they are about.
        let is_about_all = |line: usize| {
            let text = file.line_text(line);
            let bare = text.trim_start();
            bare.is_empty() || bare.starts_with('#') && text.len() - bare.len() <= indent
        };
        while last > own_line && is_about_all(last) {
            last -= 1;
        }
        Some(Self { indent, unit: indent - outer, last })
    }

    fn insertion(&self, text: usize, file: &Text, path: &[&str], value: &str) -> Edit {
        let mut lines = String::new();
        let mut indent = self.indent;
        for (depth, key) in path.iter().enumerate() {
            let pad = " ".repeat(indent);
            if depth + 1 < path.len() {
                lines.push_str(&format!("\n{pad}{key}:"));
                indent += self.unit;
            } else if let Some(block) = value.strip_prefix('\n') {
                lines.push_str(&format!("\n{pad}{key}:"));
                let inner = " ".repeat(indent + self.unit);
                for line in block.lines() {
                    let bare = line.trim_start_matches(' ');
                    // Two blanks of the value are one step of the file's own.
                    let deeper = " ".repeat((line.len() - bare.len()) / 2 * self.unit);
                    lines.push_str(&format!("\n{inner}{deeper}{bare}"));
                }
            } else {
                lines.push_str(&format!("\n{pad}{key}: {value}"));
            }
        }
        let end = file.line_span(self.last).end;
        Edit { at: At::new(text, Span::new(end, end)), text: lines }
    }
}

/// The blanks before a line's text; `None` for tabs and for lines without text.
fn indentation(file: &Text, line: usize) -> Option<usize> {
    let text = file.line_text(line);
    let bare = text.trim_start_matches(' ');
    (!bare.is_empty() && !bare.starts_with('\t')).then(|| text.len() - bare.len())
}

/// The last line of the block of a key: empty lines after it, and comments that
/// stand no further in, are what stands before the next one.
fn block_end(file: &Text, line: usize, indent: usize) -> usize {
    let mut last = line;
    for number in line + 1..=file.lines() {
        let text = file.line_text(number);
        let bare = text.trim();
        if bare.is_empty() {
            continue;
        }
        let own = text.len() - text.trim_start().len();
        let is_item = own == indent && bare.starts_with("- ");
        if own <= indent && !is_item {
            break;
        }
        // A comment that stands further in is about what is in the block.
        if !bare.starts_with('#') || own > indent {
            last = number;
        }
    }
    last
}
