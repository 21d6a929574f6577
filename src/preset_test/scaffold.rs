//! A starting point for a team's preset: every section of `preset.toml` as a
//! working or a commented example, an overlay, an output and a golden case.

use include_dir::{Dir, include_dir};

use crate::error::{Error, Problem};
use crate::json_schema;
use crate::preset::files::Files;
use crate::preset::{Layer, MANIFEST, PARTS, Preset, Reference, Source, manifest};
use crate::schema::value::Kind;
use crate::source::path;

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/src/preset_test/scaffold");

/// What editors read `preset.toml` by, beside it. It is no part of the preset, and no
/// repository gets it.
const SCHEMA: &str = "preset.schema.json";

/// The files of a starting point, by path, but the golden files.
///
/// # Errors
/// A name that is none for a preset.
///
/// # Panics
/// Never: the files are text.
pub fn files(name: &str, extends: &Reference) -> Result<Vec<(String, String)>, Problem> {
    Kind::Label.read(name).map_err(|message| {
        Problem::new(message).help("--name NAME, with small letters, digits and hyphens")
    })?;
    let fill = |text: &str| {
        text.replace("@NAME@", name)
            .replace("@EXTENDS@", &extends.to_string())
            .replace("@VERSION@", env!("CARGO_PKG_VERSION"))
    };
    let mut files = Vec::new();
    let mut open = vec![&FILES];
    while let Some(directory) = open.pop() {
        open.extend(directory.dirs());
        for file in directory.files() {
            let path = path::portable(file.path());
            files.push((path, fill(file.contents_utf8().expect("the files are text"))));
        }
    }
    files.push((SCHEMA.to_owned(), format!("{:#}\n", json_schema::preset())));
    files.sort();
    Ok(files)
}

/// The preset that these files are, on top of what they extend.
///
/// # Errors
/// Never for files that were made here.
pub fn preset(files: &[(String, String)], below: &Preset) -> Result<Preset, Error> {
    let mut own = Files::default();
    let is_part = |path: &str| {
        path == MANIFEST || PARTS.iter().any(|part| path.starts_with(&format!("{part}/")))
    };
    for (path, text) in files.iter().filter(|(path, _)| is_part(path)) {
        own.add(path, text.clone().into_bytes()).map_err(Error::input)?;
    }
    let text = own.text(MANIFEST).map_err(Error::input)?;
    let manifest = manifest::read(MANIFEST, text).map_err(Error::Input)?;
    let hash = own.hash();
    let source = Source::Path(".".to_owned());
    let mut layers = below.layers.clone();
    layers.push(Layer { manifest, source, files: own, hash });
    Ok(Preset { reference: Reference::Path(".".to_owned()), layers })
}
