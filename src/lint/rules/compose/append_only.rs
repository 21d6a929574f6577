//! A Redis that writes every change down, as an edit of its service.

use crate::lint::diagnostic::{At, Edit, Fix, Grade};
use crate::lint::edit;
use crate::lint::subject::Member;
use crate::source::text::{Span, Text};

const VOLUME: &str = "redis-data";

/// Lets Redis append to a file on a volume; `None` where its command is not one
/// plain line, or the file has its volumes in another form.
pub(super) fn fix(own: &Member<'_>, is_kept: bool, appends: bool) -> Option<Fix> {
    let mut edits = Vec::new();
    if !appends {
        edits.push(appending(own)?);
    }
    if !is_kept {
        let target = format!("{VOLUME}:/data");
        edits.push(edit::compose::push(
            own.subject,
            own.deployment,
            own.service,
            "volumes",
            &target,
        )?);
        edits.extend(declared(own)?);
    }
    let fix = Fix::new(Grade::Suggested, "keeps the queue on a volume");
    Some(edits.into_iter().fold(fix, |fix, own| fix.edit(own.at, own.text)))
}

/// The option at the end of what it is started with.
fn appending(own: &Member<'_>) -> Option<Edit> {
    let Some(item) = own.service.item.get("command") else {
        return own.put(&["command"], "[redis-server, --appendonly, \"yes\"]");
    };
    item.scalar().filter(|_| own.is_literal(item))?;
    let written = own.subject.slice(own.place(item));
    let is_plain = !written.contains(['\n', '"', '\'', '#', ';', '&', '|']);
    let is_server = written.split_whitespace().next() == Some("redis-server");
    let text = format!("{written} --appendonly yes");
    (is_plain && is_server && !written.contains("appendonly"))
        .then(|| edit::compose::replace(own.subject, own.deployment, item, &text))?
}

/// The volume below the file's own `volumes`: nothing where it is there already,
/// `None` where they are written in another form than a block.
fn declared(own: &Member<'_>) -> Option<Option<Edit>> {
    let root = &own.deployment.project.root;
    let is_named = root
        .get("volumes")
        .is_some_and(|own| own.entries().any(|(name, _)| name.scalar().as_deref() == Some(VOLUME)));
    if is_named {
        return Some(None);
    }
    let number = *own.deployment.texts.get(own.service.file)?;
    let text = &own.subject.texts[number];
    let key = (1..=text.lines()).find(|line| text.line_text(*line).starts_with("volumes:"));
    let (place, added) = match key {
        Some(line) => {
            let is_block = text.line_text(line).trim_end() == "volumes:";
            let indent = below(text, line).filter(|_| is_block)?;
            (text.line_span(line).end, format!("\n{indent}{VOLUME}:"))
        }
        None => {
            let before = if text.text.ends_with('\n') { "" } else { "\n" };
            (text.text.len(), format!("{before}volumes:\n  {VOLUME}:\n"))
        }
    };
    let at = At::new(number, Span::new(place, place));
    Some(Some(Edit { at, text: added }))
}

/// How far in the lines below a key are.
fn below(text: &Text, line: usize) -> Option<String> {
    let is_content = |own: &&str| !own.trim().is_empty() && !own.trim_start().starts_with('#');
    let own = (line + 1..=text.lines()).map(|line| text.line_text(line)).find(is_content)?;
    let indent = &own[..own.len() - own.trim_start().len()];
    (!indent.is_empty()).then(|| indent.to_owned())
}
