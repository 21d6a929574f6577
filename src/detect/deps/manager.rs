//! Which package manager owns the dependencies, where several could.

use super::installs::{Install, Rank};
use super::offer::{Offer, Offers};
use crate::detect::fact::{Evidence, Fact};

/// Decides among the offers of a directory. A wish comes first; then a lock
/// beats anything without one, unless what is deployed installs from another
/// file. Two locks that nothing decides between are ambiguous.
#[must_use]
pub fn decide(offers: &Offers, installs: &[Install], wish: Option<&str>) -> Fact<String> {
    let list = offers.list();
    if let Some(wish) = wish {
        let offer = list.iter().find(|offer| offer.manager == wish);
        let evidence = offer.map(|offer| offer.evidence.clone()).into_iter().collect();
        return Fact::Known(wish.to_owned(), evidence);
    }
    let locks: Vec<&Offer> = list.iter().filter(|offer| offer.locked).collect();
    let Some(first) = list.first() else { return Fact::Unknown };
    let known = |offer: &Offer, evidence: Option<Evidence>| {
        let evidence = std::iter::once(offer.evidence.clone()).chain(evidence).collect();
        Fact::Known(offer.manager.to_owned(), evidence)
    };
    if list.len() == 1 {
        return known(first, None);
    }
    let said = said(&list, installs);
    match locks.as_slice() {
        [] => match said {
            Some((offer, install)) if install.rank <= Rank::Script => {
                known(offer, Some(install.evidence.clone()))
            }
            _ => known(first, None),
        },
        [lock] => match said {
            Some((offer, install))
                if !offer.locked && overrules(offers, lock, offer, install, installs) =>
            {
                known(offer, Some(install.evidence.clone()))
            }
            _ => known(lock, None),
        },
        locks => match said {
            Some((offer, install)) if offer.locked || install.rank == Rank::Deploy => {
                known(offer, Some(install.evidence.clone()))
            }
            _ => Fact::Ambiguous(
                locks
                    .iter()
                    .map(|lock| (lock.manager.to_owned(), vec![lock.evidence.clone()]))
                    .collect(),
            ),
        },
    }
}

/// The offer that the best evidence installs from, where it names one.
fn said<'a>(list: &'a [Offer], installs: &'a [Install]) -> Option<(&'a Offer, &'a Install)> {
    for rank in [Rank::Deploy, Rank::Script, Rank::Ci, Rank::Readme] {
        let mut named: Vec<(&Offer, &Install)> = Vec::new();
        for install in installs.iter().filter(|install| install.rank == rank) {
            let Some(offer) = list.iter().find(|offer| means(install, offer, list)) else {
                continue;
            };
            if named.iter().all(|(seen, _)| seen.manager != offer.manager) {
                named.push((offer, install));
            }
        }
        // A tool that exports its lock for pip is the one that decides.
        if let Some(tool) = named.iter().find(|(offer, _)| offer.locked) {
            let locks = named.iter().filter(|(offer, _)| offer.locked).count();
            return (locks == 1).then_some(*tool);
        }
        if let [only] = named.as_slice() {
            return Some(*only);
        }
    }
    None
}

fn means(install: &Install, offer: &Offer, list: &[Offer]) -> bool {
    match install.manager {
        "project" => match offer.manager {
            "pyproject" | "setuptools" => true,
            // Any builder installs the directory of an unlocked project.
            "poetry" | "pdm" => !offer.locked && !list.iter().any(|one| one.manager == "pyproject"),
            _ => false,
        },
        "pip" | "conda" => offer.manager == install.manager && install.file.is_some(),
        manager => offer.manager == manager,
    }
}

/// Whether an installation without the lock shows that the lock is not used.
fn overrules(
    offers: &Offers,
    lock: &Offer,
    offer: &Offer,
    install: &Install,
    installs: &[Install],
) -> bool {
    let exported = offers.listing.as_ref().and_then(|listing| listing.exported_by);
    if offer.manager == "pip" && exported == Some(lock.manager) {
        return false;
    }
    // The directory itself is what the lock is made from.
    if install.manager == "project" {
        return false;
    }
    match install.rank {
        Rank::Deploy => true,
        // Weaker evidence counts where nothing at all uses the lock.
        _ => installs.iter().all(|one| one.manager != lock.manager),
    }
}
