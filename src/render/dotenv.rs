//! `.env` before its secrets exist: every secret is a marker that only
//! `apply` replaces, so that no secret byte is ever in a plan or a render.

use crate::plan::Plan;
use crate::plan::env::EnvKind;

/// Stands for `length` random letters and digits.
#[must_use]
pub fn secret_marker(length: usize) -> String {
    format!("\u{0}secret {length}\u{0}")
}

/// Stands for the id of the user that writes the files.
pub const USER_MARKER: &str = "\u{0}uid\u{0}";
/// Stands for the id of that user's group.
pub const GROUP_MARKER: &str = "\u{0}gid\u{0}";

/// The file with markers.
#[must_use]
pub fn template(plan: &Plan) -> String {
    let mut text = String::from(
        "# Values of this machine, secrets among them: never commit this file.\n\
         # What each one is for stands in .env.example.\n",
    );
    for variable in &plan.env {
        let value = match &variable.kind {
            EnvKind::Secret(length) => secret_marker(*length),
            EnvKind::Default(value) => value.clone(),
            EnvKind::Required => String::new(),
            EnvKind::HostUser => USER_MARKER.to_owned(),
            EnvKind::HostGroup => GROUP_MARKER.to_owned(),
        };
        text.push_str(&format!("{}={value}\n", variable.name));
    }
    text
}
