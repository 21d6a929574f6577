//! Presets: a reference in, an ordered chain of layers out.
//!
//! Built-in presets are compiled in from `presets/`. They hold answers, no
//! code and no templates: a stack is a composition of axes. A team's preset
//! builds on them with defaults, locks, floors, rules and template overlays.

pub mod chain;
pub mod files;
pub mod git;
mod locks;
pub mod manifest;
pub mod reference;
pub mod rule;

use include_dir::{Dir, include_dir};

use crate::catalog::Framework;
use crate::detect::Facts;
use crate::error::{Error, Problem, nearest};
pub use chain::{Kept, Layer, Places, Source};
pub use reference::Reference;

static BUILTIN: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/presets");

/// The file that makes a directory a preset.
pub const MANIFEST: &str = "preset.toml";
/// The directories that are part of a preset.
pub const PARTS: [&str; 1] = ["templates"];

/// The built-in presets, in the order the question offers them.
pub const NAMES: [&str; 5] =
    ["fastapi-uvicorn", "fastapi-gunicorn", "django-nginx", "ml-server", "celery-postgres-redis"];

/// A preset with everything it builds on.
#[derive(Clone, Debug)]
pub struct Preset {
    /// How it is named, in `dockwright.toml` too.
    pub reference: Reference,
    /// Its layers, lowest first; the last is the preset itself.
    pub layers: Vec<Layer>,
}

impl Preset {
    /// The preset's own layer.
    ///
    /// # Panics
    /// Never: a preset that was read has a layer.
    #[must_use]
    pub fn top(&self) -> &Layer {
        self.layers.last().expect("a preset that was read has a layer")
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.top().manifest.name
    }

    /// One line for people.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.top().manifest.description
    }

    /// What a repository of another preset is held against by this one: the
    /// built-in layers that the other builds on, and this one's own. Nothing else
    /// of the other is heard.
    #[must_use]
    pub fn over(&self, other: &Self) -> Self {
        let is_builtin = |layer: &&Layer| layer.source == Source::Builtin;
        let below = other.layers.iter().filter(is_builtin);
        let own = self.layers.iter().filter(|layer| !is_builtin(layer));
        Self { reference: self.reference.clone(), layers: below.chain(own).cloned().collect() }
    }

    /// Whether no later source may change a key.
    #[must_use]
    pub fn locks(&self, key: &str) -> bool {
        self.layers.iter().flat_map(|layer| &layer.manifest.locked).any(|entry| entry.key == key)
    }

    /// What it says of a key; the last layer that speaks of it is heard.
    #[must_use]
    pub fn default(&self, key: &str) -> Option<&str> {
        let said = self
            .layers
            .iter()
            .rev()
            .flat_map(|layer| layer.manifest.locked.iter().chain(&layer.manifest.defaults));
        said.filter(|entry| entry.key == key).map(|entry| entry.text.as_str()).next()
    }
}

impl PartialEq for Preset {
    fn eq(&self, other: &Self) -> bool {
        let hashes = |preset: &Self| -> Vec<String> {
            preset.layers.iter().map(|layer| layer.hash.clone()).collect()
        };
        self.reference == other.reference && hashes(self) == hashes(other)
    }
}

/// Reads a preset and what it builds on.
///
/// # Errors
/// See [`chain::resolve`].
pub fn open(reference: &Reference, places: &Places) -> Result<Preset, Error> {
    let layers = chain::resolve(reference, places)?;
    Ok(Preset { reference: reference.clone(), layers })
}

/// Finds a built-in preset by its name.
///
/// # Errors
/// An unknown name, with the nearest one.
///
/// # Panics
/// When a built-in preset is malformed: a unit test reads them all.
pub fn find(name: &str) -> Result<Preset, Problem> {
    if !NAMES.contains(&name) {
        return Err(unknown(name));
    }
    let reference = Reference::Builtin(name.to_owned());
    Ok(open(&reference, &Places::default()).expect("built-in presets are well-formed"))
}

/// A name that no built-in preset has.
fn unknown(name: &str) -> Problem {
    let help = match nearest(name, NAMES) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}; a directory is ./NAME", NAMES.join(", ")),
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

/// The built-in preset whose parts are found in a repository.
#[must_use]
pub fn fitting(facts: &Facts) -> &'static str {
    let framework = facts.framework.value().and_then(|name| Framework::find(name));
    if let Some(preset) = framework.and_then(Framework::preset) {
        preset
    } else if facts.celery.is_known() {
        "celery-postgres-redis"
    } else if facts.ml.is_known() {
        "ml-server"
    } else if facts.installs("gunicorn") {
        "fastapi-gunicorn"
    } else {
        "fastapi-uvicorn"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answers::Draft;
    use crate::detect::facts::Celery;
    use crate::detect::{Evidence, Fact};

    #[test]
    fn the_preset_follows_from_what_was_found() {
        let line = Evidence::file("x");
        let mut facts = Facts::default();
        assert_eq!(fitting(&facts), "fastapi-uvicorn");
        facts.packages = vec!["gunicorn[gevent]".into()];
        assert_eq!(fitting(&facts), "fastapi-gunicorn");
        let celery = Celery { app: "jobs:app".into(), beat: false };
        facts.celery = Fact::known(celery, line.clone());
        assert_eq!(fitting(&facts), "celery-postgres-redis");
        facts.framework = Fact::known("django".into(), line);
        assert_eq!(fitting(&facts), "django-nginx");
    }

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
