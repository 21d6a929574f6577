//! What the plan says itself of what it does not carry on: its reason is the one that
//! is told.

use super::{Found, Judge};
use crate::inventory::{Fate, Item, Kind, Weight, reasons};
use crate::plan::code::previous::Left;

impl Judge<'_, '_> {
    /// A fate with the reason that the plan has for it.
    pub(super) fn by_the_plan(&self, item: &Item, (fate, weight): Found) -> Found {
        // What is of every build has a reason that says more.
        let is_of_builds =
            item.kind == Kind::Environment && reasons::variable(&item.name).is_some();
        let code = &self.known.plan.code;
        let mut all = code.kept.left.iter().chain(&code.proxy.left);
        let Some(left) = all.find(|own| is_of(own, item)).filter(|_| !is_of_builds) else {
            return (fate, weight);
        };
        let reason = left.why.clone();
        // Something does it still.
        let usual = weight.unwrap_or_else(|| item.kind.weight());
        let at_most = if left.is_lost { usual } else { usual.min(Weight::Operation) };
        match fate {
            Fate::Replaced { by, .. } => (Fate::Replaced { by, reason }, Some(at_most)),
            Fate::Dropped { .. } => (Fate::Dropped { reason }, Some(at_most)),
            same => (same, weight),
        }
    }
}

/// Whether the plan speaks of this item.
pub(in crate::inventory) fn is_of(left: &Left, item: &Item) -> bool {
    let (path, line) = match left.place.rsplit_once(':') {
        Some((path, line)) => (path, line.parse::<usize>().ok()),
        None => (left.place.as_str(), None),
    };
    if path != item.path {
        return false;
    }
    let is_here = line.is_none_or(|line| line == item.line);
    let what = words(&left.what);
    let begins = |text: &str| {
        let rest = what.strip_prefix(words(text).as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    };
    match item.kind {
        Kind::Environment => begins(&format!("ENV {}", item.name)),
        // A command goes on over lines.
        Kind::Option | Kind::Setting => {
            what == words(&item.written)
                || what == words(&format!("{} {}", item.name, item.written))
        }
        Kind::Step | Kind::Run => what == words(&item.value),
        Kind::Copy => is_here && begins("COPY"),
        Kind::Location => is_here && begins(&format!("location {}", item.name)),
        Kind::Directive => is_here && begins(&item.name),
        _ => false,
    }
}

/// Words without what tells spellings apart: `--a=b` of `--a b`.
fn words(text: &str) -> String {
    let text = text.replace(['=', '"', '\''], " ");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
