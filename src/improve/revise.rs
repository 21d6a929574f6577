//! Edits that would be others today: what they wrote is taken back where it still
//! stands like that, and they are made again by the numbers and fixes of now.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::apply::bookkeeping::EditEntry;
use crate::error::Error;
use crate::improve::entries_of;
use crate::lint::mend::Made;
use crate::lint::{Subject, numbers};

/// Edits that are to be made anew.
#[derive(Debug, Default)]
pub struct Changed {
    /// What the lock said of them.
    pub entries: Vec<EditEntry>,
    /// The texts of their files without what they wrote.
    pub without: BTreeMap<String, String>,
}

/// Makes edits in texts, but for those that do not stand any more; gives what the lock
/// would say of them.
type Again<'a> =
    dyn FnMut(&BTreeMap<String, String>, &[EditEntry]) -> Result<Vec<EditEntry>, Error> + 'a;

/// Finds the edits that would be others: all that stand as they were written are
/// taken back, and `again` makes them anew, given the texts without them and those
/// edits that do not stand any more.
///
/// # Errors
/// When the stack cannot be read.
pub fn changed(
    known: &[EditEntry],
    subject: &Subject,
    again: &mut Again<'_>,
) -> Result<Changed, Error> {
    let all: Vec<&EditEntry> = known.iter().collect();
    let (without, standing) = taken_back(subject, &all);
    if without.is_empty() {
        return Ok(Changed::default());
    }
    let is_standing = |own: &EditEntry| standing.iter().any(|other| other.is(own));
    let others: Vec<EditEntry> = known.iter().filter(|own| !is_standing(own)).cloned().collect();
    let again = again(&without, &others)?;
    let is_another = |own: &&EditEntry| {
        let now = again.iter().find(|other| other.is(own));
        // One that no rule asks for any more does no harm where it is.
        is_standing(own) && now.is_some_and(|now| !now.wrote.is_empty() && now.wrote != own.wrote)
    };
    let (without, entries) =
        taken_back(subject, &known.iter().filter(is_another).collect::<Vec<_>>());
    Ok(Changed { entries, without })
}

/// The texts without what these edits wrote, and those that stood.
fn taken_back(
    subject: &Subject,
    entries: &[&EditEntry],
) -> (BTreeMap<String, String>, Vec<EditEntry>) {
    let (mut texts, mut standing) = (BTreeMap::new(), Vec::new());
    // The last one first: a later one may stand inside of an earlier one.
    for entry in entries.iter().rev().filter(|own| !own.wrote.is_empty()) {
        let there = || Some(subject.texts.iter().find(|own| own.path == entry.path)?.text.clone());
        let Some(text) = texts.get(&entry.path).cloned().or_else(there) else { continue };
        if let Some(without) = without(&text, entry) {
            texts.insert(entry.path.clone(), without);
            standing.push((*entry).clone());
        }
    }
    (texts, standing)
}

/// A text without what an edit put in; `None` where it does not stand there as it
/// was written, once.
fn without(text: &str, entry: &EditEntry) -> Option<String> {
    let mut text = text.to_owned();
    for piece in &entry.wrote {
        let piece = if text.contains("\r\n") { piece.replace('\n', "\r\n") } else { piece.clone() };
        let block = block(&text, &entry.subject);
        let at = block.and_then(|block| only(&text, block, &piece));
        let at = at.or_else(|| only(&text, 0..text.len(), &piece))?;
        text.replace_range(at..at + piece.len(), "");
    }
    Some(text)
}

/// Where a piece of text stands, if it does so once.
fn only(text: &str, within: Range<usize>, piece: &str) -> Option<usize> {
    let is_whole = |at: &usize| {
        let (before, behind) = (&text[..*at], &text[at + piece.len()..]);
        let is_line_behind = !piece.starts_with(['\n', '\r'])
            || behind.is_empty()
            || behind.starts_with(['\n', '\r']);
        is_line_behind && (!piece.ends_with('\n') || before.is_empty() || before.ends_with('\n'))
    };
    let found = text.get(within.clone())?.match_indices(piece);
    let mut found = found.map(|(at, _)| at + within.start).filter(is_whole);
    found.next().filter(|_| found.next().is_none())
}

/// The lines of a key and of what is below it.
fn block(text: &str, key: &str) -> Option<Range<usize>> {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let (mut at, mut block) = (0, None);
    for line in text.split_inclusive('\n') {
        let bare = line.trim();
        match &block {
            Some((_, own))
                if !bare.is_empty() && !bare.starts_with('#') && indent(line) <= *own =>
            {
                break;
            }
            None if !key.is_empty()
                && bare.strip_prefix(key).is_some_and(|own| own.starts_with(':')) =>
            {
                block = Some((at, indent(line)));
            }
            _ => {}
        }
        at += line.len();
    }
    block.map(|(start, _)| start..at)
}

/// Texts over others.
pub fn over(
    under: &BTreeMap<String, String>,
    texts: BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let mut all = under.clone();
    all.extend(texts);
    all
}

/// What the lock says of edits, in the order in which they were made.
pub fn recorded(known: &[EditEntry], left: &[EditEntry], made: &[Made]) -> Vec<EditEntry> {
    let mut entries: Vec<EditEntry> = known.to_vec();
    entries.extend(left.iter().filter(|own| !known.iter().any(|other| other.is(own))).cloned());
    let before = entries.len();
    for own in made.iter().flat_map(entries_of) {
        match entries.iter().position(|other| other.is(&own)) {
            Some(at) if at >= before => entries[at].wrote.extend(own.wrote),
            Some(at) => entries[at] = own,
            None => entries.push(own),
        }
    }
    entries
}

/// Edits whose numbers may be others now, and which do not stand as they were
/// written: they stay, and somebody has to know.
pub fn changed_since(
    known: &[EditEntry],
    changed: &[EditEntry],
    said: &[String],
    subject: &Subject,
    taken_out: &BTreeSet<EditEntry>,
) -> Vec<EditEntry> {
    let all: Vec<&EditEntry> = known.iter().filter(|own| !own.wrote.is_empty()).collect();
    let (_, standing) = taken_back(subject, &all);
    let is_about = |own: &EditEntry| {
        let is_planned = !said.is_empty() && numbers::PLANNED.contains(&own.rule.as_str());
        is_planned || changed.iter().any(|other| other.rule == own.rule)
    };
    let is_there = |own: &EditEntry| standing.iter().chain(taken_out).any(|other| other.is(own));
    all.into_iter().filter(|own| is_about(own) && !is_there(own)).cloned().collect()
}
