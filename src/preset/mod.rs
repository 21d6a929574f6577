//! Presets: a reference in, a preset's defaults out.
//!
//! Built-in presets are compiled in from `presets/`. They hold answers, no
//! code and no templates: a stack is a composition of axes.

pub mod chain;
pub mod files;
pub mod git;
pub mod manifest;
pub mod reference;
pub mod rule;

use include_dir::{Dir, include_dir};

use crate::error::{Problem, nearest};
use crate::schema::entries;

static BUILTIN: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/presets");

/// The file that makes a directory a preset.
pub const MANIFEST: &str = "preset.toml";
/// The directories of a preset.
pub const PARTS: [&str; 2] = ["templates", "cases"];

/// The built-in presets, in the order the question offers them.
pub const NAMES: [&str; 5] =
    ["fastapi-uvicorn", "fastapi-gunicorn", "django-nginx", "ml-server", "celery-postgres-redis"];

/// A preset, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preset {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// One line for people.
    pub description: String,
    /// Defaults of keys, as text.
    pub defaults: Vec<(String, String)>,
}

/// Finds a preset by its reference.
///
/// # Errors
/// An unknown name, with the nearest one.
pub fn find(reference: &str) -> Result<Preset, Problem> {
    let source = NAMES
        .contains(&reference)
        .then(|| BUILTIN.get_file(format!("{reference}/preset.toml")))
        .flatten()
        .and_then(include_dir::File::contents_utf8);
    let Some(source) = source else {
        return Err(unknown(reference));
    };
    read(reference, source)
}

/// A name that no built-in preset has.
fn unknown(name: &str) -> Problem {
    let help = match nearest(name, NAMES) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}", NAMES.join(", ")),
    };
    Problem::new(format!("unknown preset `{name}`")).help(help)
}

/// The built-in presets.
///
/// # Panics
/// When a built-in preset is malformed: a unit test reads them all.
#[must_use]
pub fn builtin() -> Vec<Preset> {
    NAMES.iter().map(|name| find(name).expect("built-in presets are well-formed")).collect()
}

fn read(reference: &str, source: &str) -> Result<Preset, Problem> {
    let file = format!("{reference}/preset.toml");
    let entries = entries::read(&file, source).map_err(|mut problems| problems.remove(0))?;
    let top = |key: &str| {
        entries
            .iter()
            .find(|entry| entry.key == key)
            .map(|entry| entry.text.clone())
            .ok_or_else(|| Problem::new(format!("{key} is missing")).at(file.clone()))
    };
    Ok(Preset {
        name: top("name")?,
        version: top("version")?,
        description: top("description")?,
        defaults: entries
            .iter()
            .filter_map(|entry| {
                let key = entry.key.strip_prefix("defaults.")?;
                Some((key.to_owned(), entry.text.clone()))
            })
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answers::Draft;

    #[test]
    fn every_builtin_preset_is_well_formed_and_builds_a_stack() {
        for preset in builtin() {
            let mut draft = Draft::of_preset(&preset).unwrap();
            draft.set("project.name", "shop", crate::answers::Origin::Flag).unwrap();
            draft.resolve().unwrap();
        }
    }

    #[test]
    fn an_unknown_preset_names_the_nearest() {
        let problem = find("django-ngnix").unwrap_err();
        assert_eq!(problem.help.as_deref(), Some("did you mean `django-nginx`?"));
    }
}
