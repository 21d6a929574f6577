//! Values that bots bump: image tags, digests, pinned versions. Each is
//! merged by its order before the lines are: the higher one wins, so that a
//! bump on one side never conflicts with one on the other, nor with a change
//! on the line beside it.

mod choose;
mod images;
mod pins;
mod spots;

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Serialize;

use crate::plan::outputs::Syntax;
pub use spots::{Kind, Spot, find};

/// The three texts with every value that could be agreed on, agreed.
pub(super) struct Agreed {
    pub base: String,
    pub disk: String,
    pub new: String,
    /// Values that both sides changed, and what came of them.
    pub decided: Vec<Decision>,
}

/// A value that both sides changed, each to another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// What has the value: an image, a package, an action.
    pub key: String,
    /// On disk.
    pub disk: String,
    /// In the new render.
    pub new: String,
    /// What holds now.
    pub taken: String,
}

impl Decision {
    /// Why that one, for people.
    #[must_use]
    pub fn why(&self) -> &'static str {
        if self.taken == self.disk {
            "the file's own is the higher one"
        } else if self.taken == self.new {
            "the preset's is the higher one"
        } else {
            "each side changed another part of it"
        }
    }
}

/// Agrees on every value that all three texts have.
pub(super) fn agree(syntax: Syntax, base: &str, disk: &str, new: &str) -> Agreed {
    let [of_base, of_disk, of_new] = [base, disk, new].map(|text| spots::find(syntax, text));
    let mut groups: BTreeMap<&str, Group> = BTreeMap::new();
    for (side, spots) in [&of_base, &of_disk, &of_new].into_iter().enumerate() {
        for spot in spots {
            groups.entry(&spot.name).or_default().sides[side].push(spot);
        }
    }
    let mut chosen: [Chosen; 3] = Default::default();
    let mut decided = Vec::new();
    for (name, group) in &groups {
        group.agree(&mut chosen, &mut |disk, new, taken| {
            let [disk, new] = [disk, new].map(str::to_owned);
            let own = Decision { key: (*name).to_owned(), disk, new, taken: taken.to_owned() };
            if !decided.contains(&own) {
                decided.push(own);
            }
        });
    }
    let [in_base, in_disk, in_new] = &chosen;
    Agreed {
        base: replace(base, &of_base, in_base),
        disk: replace(disk, &of_disk, in_disk),
        new: replace(new, &of_new, in_new),
        decided,
    }
}

/// What is written at which byte of a text.
type Chosen = HashMap<usize, String>;

/// Every place in which one thing has a version: base, disk, new.
#[derive(Default)]
struct Group<'a> {
    sides: [Vec<&'a Spot<'a>>; 3],
}

impl Group<'_> {
    fn agree(&self, chosen: &mut [Chosen; 3], decided: &mut dyn FnMut(&str, &str, &str)) {
        let [base, disk, new] = &self.sides;
        if let [Some(in_base), Some(in_disk), Some(in_new)] =
            [base, disk, new].map(|side| only_value(side))
        {
            let Some(value) = choose::choose(base[0].kind, in_base, in_disk, in_new) else {
                return;
            };
            if in_disk != in_base && in_new != in_base && in_disk != in_new {
                decided(in_disk, in_new, &value);
            }
            // Of what the user added, nothing changes.
            let theirs = if disk.len() > base.len() { like(disk, base) } else { disk.clone() };
            for (side, spots) in [base, &theirs, new].into_iter().enumerate() {
                chosen[side].extend(spots.iter().map(|spot| (spot.start, value.clone())));
            }
            return;
        }
        for [base, disk, new] in self.rows() {
            if let Some(value) = choose::choose(base.kind, base.text, disk.text, new.text) {
                if disk.text != base.text && new.text != base.text && disk.text != new.text {
                    decided(disk.text, new.text, &value);
                }
                for (side, spot) in [base, disk, new].into_iter().enumerate() {
                    chosen[side].insert(spot.start, value.clone());
                }
            }
        }
    }

    /// Which places are the same one: by their order where none came or went,
    /// else by the line around them.
    fn rows(&self) -> Vec<[&Spot<'_>; 3]> {
        let [base, disk, new] = &self.sides;
        if base.len() == disk.len() && base.len() == new.len() {
            return (0..base.len()).map(|at| [base[at], disk[at], new[at]]).collect();
        }
        let at = |spots: &[&Spot<'_>], one: &Spot<'_>| -> Option<usize> {
            spots.iter().position(|spot| spot.around == one.around)
        };
        base.iter()
            .filter_map(|spot| Some([spot, disk[at(disk, spot)?], new[at(new, spot)?]]))
            .collect()
    }
}

/// The value that all places have; `None` where they differ, or are none.
fn only_value<'a>(spots: &[&Spot<'a>]) -> Option<&'a str> {
    let first = spots.first()?.text;
    spots.iter().all(|spot| spot.text == first).then_some(first)
}

/// Those in whose line the others stand as well.
fn like<'a, 'b>(spots: &[&'b Spot<'a>], others: &[&Spot<'_>]) -> Vec<&'b Spot<'a>> {
    let around: HashSet<_> = others.iter().map(|spot| &spot.around).collect();
    spots.iter().copied().filter(|spot| around.contains(&spot.around)).collect()
}

fn replace(text: &str, spots: &[Spot], chosen: &Chosen) -> String {
    let mut replaced = String::with_capacity(text.len());
    let mut done = 0;
    for spot in spots {
        if let Some(value) = chosen.get(&spot.start) {
            replaced.push_str(&text[done..spot.start]);
            replaced.push_str(value);
            done = spot.start + spot.text.len();
        }
    }
    replaced.push_str(&text[done..]);
    replaced
}

#[cfg(test)]
mod tests;
