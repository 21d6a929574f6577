//! Fixes into texts.

use std::collections::BTreeMap;

use crate::lint::diagnostic::{Edit, Fix};
use crate::source::text::{Span, Text};

/// What became of some fixes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// The new text of every file that changes or comes into being, by path.
    pub texts: BTreeMap<String, String>,
    /// For each fix whether it was made. One that touches what another has
    /// touched is not: it is found again in the new text.
    pub made: Vec<bool>,
}

/// New text for a part of a file, by lines and columns in characters, from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The file.
    pub path: String,
    /// The line and the column of the first character that goes.
    pub start: (usize, usize),
    /// Those behind the last one.
    pub end: (usize, usize),
    /// What comes in their place, with the line ends of the file.
    pub text: String,
    /// Whether the file is not there yet.
    pub is_new: bool,
    /// The lines that it touches, as they are and as they become.
    pub lines: (String, String),
}

/// What a fix writes, and where.
#[must_use]
pub fn placed(texts: &[Text], fix: &Fix) -> Vec<Placed> {
    let edits = fix.edits.iter().map(|edit| {
        let (text, span) = (&texts[edit.at.text], edit.at.span);
        let (from, to) = (
            text.line_span(text.line(span.start)).start,
            text.line_span(text.line(span.end)).end.max(span.end),
        );
        let part = |from: usize, to: usize| text.text.get(from..to).unwrap_or_default();
        let place = |offset: usize| (text.line(offset), text.column(offset));
        Placed {
            path: text.path.clone(),
            start: place(span.start),
            end: place(span.end),
            text: match edit.text.contains('\n') {
                true => edit.text.replace('\n', text.line_end()),
                false => edit.text.clone(),
            },
            is_new: false,
            lines: (
                part(from, to).to_owned(),
                format!("{}{}{}", part(from, span.start), edit.text, part(span.end, to)),
            ),
        }
    });
    let files = fix.files.iter().map(|file| Placed {
        path: file.path.clone(),
        start: (1, 1),
        end: (1, 1),
        text: file.text.clone(),
        is_new: true,
        lines: (String::new(), file.text.clone()),
    });
    edits.chain(files).collect()
}

/// Edits of one file by their places, so that one more is held against its
/// neighbours alone.
type Taken<'f> = BTreeMap<Span, Vec<&'f Edit>>;

/// Makes fixes, in their order; each wholly or not at all.
#[must_use]
pub fn apply(texts: &[Text], fixes: &[&Fix]) -> Applied {
    let mut taken: BTreeMap<usize, Taken<'_>> = BTreeMap::new();
    let mut applied = Applied::default();
    for fix in fixes {
        let fits = !(fix.edits.is_empty() && fix.files.is_empty())
            && fix.edits.iter().all(|edit| {
                let own = texts.get(edit.at.text).is_some_and(|text| {
                    text.text.get(edit.at.span.start..edit.at.span.end).is_some()
                });
                own && taken.get(&edit.at.text).is_none_or(|others| fits(edit.at.span, others))
            })
            && fix.files.iter().all(|file| {
                !applied.texts.contains_key(&file.path)
                    && texts.iter().all(|text| text.path != file.path)
            });
        applied.made.push(fits);
        if fits {
            for edit in &fix.edits {
                let of_file = taken.entry(edit.at.text).or_default();
                of_file.entry(edit.at.span).or_default().push(edit);
            }
            for file in &fix.files {
                applied.texts.insert(file.path.clone(), file.text.clone());
            }
        }
    }
    for (number, edits) in taken {
        let text = &texts[number];
        let edits: Vec<&Edit> = edits.into_values().flatten().collect();
        applied.texts.insert(text.path.clone(), edited(text, &edits));
    }
    applied
}

/// Whether bytes touch none of those that are taken, which touch each other
/// inside of one fix alone.
fn fits(own: Span, taken: &Taken<'_>) -> bool {
    let mut before = taken.range(..=own).rev().take(2);
    let mut after = taken.range(own..).take(2);
    before.all(|(other, _)| apart(own, *other)) && after.all(|(other, _)| apart(own, *other))
}

/// Whether two edits do not touch. Two insertions at one place would be in an
/// order that nobody chose, and one at the edge of what goes may belong to it.
fn apart(one: Span, other: Span) -> bool {
    let is_insertion = one.start == one.end || other.start == other.end;
    if is_insertion {
        one.end < other.start || other.end < one.start
    } else {
        one.end <= other.start || other.end <= one.start
    }
}

fn edited(text: &Text, edits: &[&Edit]) -> String {
    let mut out = String::with_capacity(text.text.len());
    let mut at = 0;
    let line_end = text.line_end();
    for edit in edits {
        out.push_str(&text.text[at..edit.at.span.start]);
        out.push_str(&edit.text.replace('\n', line_end));
        at = edit.at.span.end;
    }
    out.push_str(&text.text[at..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::diagnostic::{At, Grade};
    fn fix(start: usize, end: usize, text: &str) -> Fix {
        Fix::new(Grade::Safe, "x").edit(At::new(0, Span::new(start, end)), text)
    }

    #[test]
    fn edits_are_made_with_the_files_line_ends_and_never_over_each_other() {
        let texts = [Text::new("f", "a\r\nb\r\n")];
        let (one, two, over) = (fix(3, 3, "x\n"), fix(0, 1, "A"), fix(0, 4, "no"));
        let applied = apply(&texts, &[&one, &two, &over]);
        assert_eq!(applied.made, [true, true, false]);
        assert_eq!(applied.texts["f"], "A\r\nx\r\nb\r\n");
        let twice = apply(&texts, &[&one, &one]);
        assert_eq!(twice.made, [true, false]);
        assert_eq!(apply(&texts, &[&fix(0, 99, "")]).made, [false]);
        // What is put in at the end of a line that another fix takes away.
        let (gone, behind) = (fix(0, 3, ""), fix(3, 3, " && x"));
        assert_eq!(apply(&texts, &[&gone, &behind]).made, [true, false]);
    }
}
