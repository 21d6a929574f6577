//! Fixes into texts.

use std::collections::BTreeMap;

use crate::lint::diagnostic::{Edit, Fix};
use crate::source::text::Text;

/// What became of some fixes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// The new text of every file that changes or comes into being, by path.
    pub texts: BTreeMap<String, String>,
    /// For each fix whether it was made. One that touches what another has
    /// touched is not: it is found again in the new text.
    pub made: Vec<bool>,
}

/// Makes fixes, in their order; each wholly or not at all.
#[must_use]
pub fn apply(texts: &[Text], fixes: &[&Fix]) -> Applied {
    let mut taken: BTreeMap<usize, Vec<&Edit>> = BTreeMap::new();
    let mut applied = Applied::default();
    for fix in fixes {
        let fits = !(fix.edits.is_empty() && fix.files.is_empty())
            && fix.edits.iter().all(|edit| {
                let own = texts.get(edit.at.text).is_some_and(|text| {
                    text.text.get(edit.at.span.start..edit.at.span.end).is_some()
                });
                let others = taken.get(&edit.at.text);
                own && others.is_none_or(|others| others.iter().all(|other| apart(edit, other)))
            })
            && fix.files.iter().all(|file| {
                !applied.texts.contains_key(&file.path)
                    && texts.iter().all(|text| text.path != file.path)
            });
        applied.made.push(fits);
        if fits {
            for edit in &fix.edits {
                taken.entry(edit.at.text).or_default().push(edit);
            }
            for file in &fix.files {
                applied.texts.insert(file.path.clone(), file.text.clone());
            }
        }
    }
    for (number, mut edits) in taken {
        let text = &texts[number];
        edits.sort_by_key(|edit| edit.at.span);
        applied.texts.insert(text.path.clone(), edited(text, &edits));
    }
    applied
}

/// Whether two edits do not touch. Two insertions at one place would be in an
/// order that nobody chose, and one at the edge of what goes may belong to it.
fn apart(one: &Edit, other: &Edit) -> bool {
    let (one, other) = (one.at.span, other.at.span);
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
    for edit in edits {
        out.push_str(&text.text[at..edit.at.span.start]);
        out.push_str(&edit.text.replace('\n', text.line_end()));
        at = edit.at.span.end;
    }
    out.push_str(&text.text[at..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::diagnostic::{At, Grade};
    use crate::source::text::Span;

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
