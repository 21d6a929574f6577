//! `.env` before its secrets exist: every secret that is made is a marker
//! that only `apply` replaces, so that it is never in a plan or a render. What
//! stood in the repository's own compose file is there already, and stays what
//! it was.

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

/// What a name held in the repository's own compose file; blank where it was
/// read by an earlier run, which wrote it down.
fn kept(plan: &Plan, name: &str) -> String {
    let secrets = plan.carry.as_ref().map(|carry| &carry.carried.secrets);
    secrets.and_then(|secrets| secrets.value(name)).map(quoted).unwrap_or_default()
}

/// A value as Compose reads it back unchanged.
fn quoted(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-.,:/@+=%~^*!?&".contains(c);
    if value.chars().all(plain) {
        value.to_owned()
    } else if value.contains('\'') {
        let escaped = value.replace('\\', "\\\\").replace('"', "\\\"").replace('$', "\\$");
        format!("\"{escaped}\"")
    } else {
        format!("'{value}'")
    }
}

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
            EnvKind::Kept => kept(plan, &variable.name),
            EnvKind::HostUser => USER_MARKER.to_owned(),
            EnvKind::HostGroup => GROUP_MARKER.to_owned(),
        };
        text.push_str(&format!("{}={value}\n", variable.name));
    }
    text
}
