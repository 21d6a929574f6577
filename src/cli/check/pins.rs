//! What a check says of pins: their age, newer patch releases, and what could not be
//! asked. Nothing of it fails.

use std::collections::BTreeMap;

use crate::check::pins::{Newer, Pins, Place};
use crate::cli::findings::{self, About, Item, seen};
use crate::cli::layout;
use crate::cli::many::Done;
use crate::cli::report as reporting;

/// The rule that its findings have for other programs.
pub const RULE: &str = "note/pins";

/// Names in one line; more would bury the rest.
const SHOWN: usize = 6;

/// For people.
pub fn text<T>(done: &Done<T>, pins: &Pins) -> String {
    let mut text = age(pins);
    if !pins.newer.is_empty() {
        let rows = pins.newer.iter().map(|own| {
            let places = own.places.iter().map(|place| at(done, place)).collect::<Vec<_>>();
            [own.name.clone(), short(&own.pinned), short(&own.newest), places.join(", ")]
        });
        text.push_str(&reporting::table(["newer patch releases", "pinned", "newest", ""], rows));
    }
    if !pins.moving.is_empty() {
        text.push_str(&paragraph(&format!(
            "{}: such a tag moves to its patch releases by itself, and `docker compose build \
             --pull` takes them; images.digests pins it",
            pins.moving.join(", ")
        )));
    }
    for own in &pins.unasked {
        text.push_str(&paragraph(&format!("not asked: {}: {}", several(&own.names), own.why)));
    }
    text
}

fn paragraph(text: &str) -> String {
    layout::paragraph(&layout::visible(text), usize::from(reporting::width()), "")
}

fn several(names: &[String]) -> String {
    let more = names.len().saturating_sub(SHOWN);
    let shown = names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{shown} and {more} more") } else { shown }
}

/// How many there are, how old they are, and whether that is all.
fn age(pins: &Pins) -> String {
    let count = |number: usize, one: &str| match number {
        1 => format!("1 {one}"),
        _ => format!("{number} {one}s"),
    };
    let counted =
        format!("pinned: {}, {}", count(pins.packages, "package"), count(pins.images, "image"));
    let Some(read) = &pins.read else {
        return paragraph(&format!(
            "{counted}; the lock does not say when they were read: `dockwright update` writes \
             what this version has, with the day"
        ));
    };
    // One phrase for each day, not for each table.
    let mut days: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (what, day) in read.each() {
        days.entry(day).or_default().push(what);
    }
    let is_one = days.len() == 1;
    let days = days.into_iter().map(|(day, what)| {
        let what = if is_one { "all".to_owned() } else { what.join(", ") };
        match pins.age(day) {
            Some(1) => format!("{what} read on {day} (1 day ago)"),
            Some(days) => format!("{what} read on {day} ({days} days ago)"),
            None => format!("{what} read on {day}"),
        }
    });
    let mut line = format!("{counted}; {}", days.collect::<Vec<_>>().join("; "));
    if pins.newer.is_empty() && pins.unasked.is_empty() {
        line.push_str("; none has a newer patch release");
    }
    paragraph(&line)
}

fn at<T>(done: &Done<T>, place: &Place) -> String {
    format!("{}:{}", seen(&done.dir, &place.path), place.line)
}

/// A digest is told from another by its first digits.
fn short(text: &str) -> String {
    match text.strip_prefix("sha256:") {
        Some(digits) => format!("sha256:{}…", digits.get(..12).unwrap_or(digits)),
        None => text.to_owned(),
    }
}

/// For other programs: a finding for each place.
pub fn items<'a, T>(done: &'a Done<T>, pins: &'a Pins) -> impl Iterator<Item = Item> + use<'a, T> {
    let places = pins.newer.iter().flat_map(|own| own.places.iter().map(move |at| (own, at)));
    places.map(|(own, place)| item(done, own, place))
}

fn item<T>(done: &Done<T>, own: &Newer, place: &Place) -> Item {
    Item {
        rule: RULE.to_owned(),
        title: "note: pins".to_owned(),
        level: findings::Level::Note,
        message: format!("{} {}; {} is there", own.name, short(&own.pinned), short(&own.newest)),
        help: None,
        place: findings::Place {
            path: seen(&done.dir, &place.path),
            line: Some(place.line),
            ..findings::Place::default()
        },
        identity: own.name.clone(),
        members: Vec::new(),
        suppressed: None,
        related: Vec::new(),
        mend: None,
    }
}

/// What that rule is.
pub fn about() -> About {
    About {
        id: RULE.to_owned(),
        name: "pins".to_owned(),
        short: "note: pins".to_owned(),
        full: "Something that is pinned has a newer patch release. It never fails.".to_owned(),
    }
}
