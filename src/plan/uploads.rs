//! How large a request's body may be and where it waits while it is received: one
//! decision. Frameworks write a large body to `/tmp` before the code sees it, and
//! so does nginx before it passes it on.

use crate::plan::formula::{Formula, amount};
use crate::plan::ledger::Ledger;
use crate::plan::shape::Shape;
use crate::schema::numbers::rows;
use crate::schema::role::Role::{self, Nginx, Web};
use crate::units::MiB;

/// A `/tmp` of memory that no service has more of: beyond it, disk.
pub const MEMORY: MiB = MiB(64);

/// Decides how large a request body may be, for the proxy and the application.
pub fn largest_body(shape: &Shape, ledger: &mut Ledger) {
    let stated = shape.uploads().and_then(|own| Some((own.largest_mib?, own.whole)));
    match stated {
        Some((largest, true)) => {
            let why = "what the repository's own files let through";
            ledger.decide(rows::BODY_SIZE, Web, MiB(largest), why);
        }
        Some((largest, false)) => {
            let file = amount(MiB(largest), "of the largest file") + MiB(1);
            let why = "what the code accepts, and the form around it";
            ledger.decide(rows::BODY_SIZE, Web, file, why);
        }
        None => {
            let why = "enough for a form with a picture; a larger upload is a decision";
            ledger.decide(rows::BODY_SIZE, Web, MiB(10), why);
        }
    }
}

/// Whether bodies wait on disk: two of the largest have to fit into memory,
/// otherwise, or where nothing limits them, the first large one fails with "no
/// space left on device".
pub fn on_disk(shape: &Shape, ledger: &Ledger, role: Role) -> bool {
    let Some(uploads) = shape.uploads() else { return false };
    match role {
        Web => {
            let largest = ledger.find(rows::BODY_SIZE, Web);
            let largest = largest.or_else(|| uploads.largest_mib.map(MiB));
            largest.is_none_or(|largest| largest.0 * 2 > MEMORY.0)
        }
        Nginx => {
            let bodies = ledger.of(rows::UPLOADS, Nginx) * ledger.of(rows::BODY_SIZE, Web);
            bodies.evaluate() > f64::from(MEMORY.0 * 2)
        }
        _ => false,
    }
}

/// Decides the memory of nginx's `/tmp`.
pub fn of_proxy(shape: &Shape, ledger: &mut Ledger) {
    if on_disk(shape, ledger, Nginx) {
        let why = "bodies that wait are on disk: they are too large for memory";
        ledger.decide(rows::TMPFS, Nginx, Formula::from(MiB(0)), why);
        return;
    }
    let bodies = ledger.of(rows::UPLOADS, Nginx) * ledger.of(rows::BODY_SIZE, Web);
    ledger.decide(rows::TMPFS, Nginx, bodies.rounded_up(MiB(8)), "bodies that wait");
}

/// What a person should know of them.
#[must_use]
pub fn notice(shape: &Shape) -> Option<String> {
    let uploads = shape.uploads()?;
    let place = &uploads.place;
    let proxied = shape.has(Nginx);
    match uploads.largest_mib {
        Some(largest) if largest * 2 > MEMORY.0 => Some(format!(
            "uploads of up to {largest} MiB ({place}) wait on disk, and not in memory{}",
            if proxied { "; nginx answers a larger one with 413" } else { "" }
        )),
        None if !proxied => Some(format!(
            "files are uploaded ({place}) and nothing here limits their size: they wait on disk, and not in memory"
        )),
        None => Some(format!(
            "files are uploaded ({place}), and nothing says how large: nginx answers one of more than 10 MiB with 413; tune.web.body-size changes it"
        )),
        Some(_) => None,
    }
}
