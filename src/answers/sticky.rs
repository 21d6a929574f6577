//! Values that stay what they were until somebody asks for others: the
//! project's name, Python's minor version, the major versions of images that
//! hold data.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use crate::answers::draft::Draft;
use crate::answers::source::Origin;
use crate::catalog::VERSIONS;
use crate::source::compose::image::tag;
use crate::version::{self, major};

/// What an update offers and does not take by itself, by key.
pub type Offers = Vec<(String, String)>;

/// Puts what stays into a draft of preset answers, and says what is offered
/// instead.
pub(super) fn keep(draft: &mut Draft, sticky: &BTreeMap<String, String>) -> Offers {
    let mut offers = Vec::new();
    for (key, kept) in sticky {
        if let Some(name) = key.strip_prefix("images.") {
            offers.extend(keep_image(draft, name, kept).map(|offer| (key.clone(), offer)));
            continue;
        }
        // A lock asks for another value in so many words.
        if draft.preset().is_some_and(|preset| preset.locks(key)) {
            continue;
        }
        let offered = draft.text(key);
        if key == "project.python" && !offered.is_empty() && offered != *kept {
            let offer = format!(
                "{key} stays {kept}; {offered} is offered: `dockwright update --set {key}={offered}`"
            );
            offers.push((key.clone(), offer));
        }
        // What was written before was valid.
        let _ = draft.set(key, kept, Origin::Sticky);
    }
    offers
}

/// An image that holds data keeps its major version; the rest of its tag
/// follows the preset.
fn keep_image(draft: &mut Draft, name: &str, kept: &str) -> Option<String> {
    let key = format!("images.{name}");
    let set = draft.text(&key);
    let usual = VERSIONS.images.get(name)?;
    let offered = if set.is_empty() { usual.clone() } else { set };
    let (old, new) = (tag(kept)?, tag(&offered)?);
    if major(old) == major(new) {
        return None;
    }
    let reference = format!("{}:{old}", offered.strip_suffix(&format!(":{new}"))?);
    draft.set(&key, &reference, Origin::Sticky).ok()?;
    (version::compare(new, old) == Some(Ordering::Greater)).then(|| {
        format!(
            "{key} stays {reference}, under data of that version; {offered} is offered: `dockwright update --set {key}={offered}` takes it and names the steps"
        )
    })
}
