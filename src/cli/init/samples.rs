//! Environment files that a compose file names and that are not there: each is
//! made from the sample beside it, since Compose starts nothing without.

use crate::apply::change::Change;
use crate::apply::disk::{self, DiskState};
use crate::cli::init::layers::Layers;
use crate::error::Error;
use crate::improve::{Improvement, Sample};
use crate::relpath::RelPath;
use crate::source::ignores::{self, Reader};
use crate::source::{dotenv, text};

/// A file for its owner alone: it holds secrets once it is filled in.
const PRIVATE: u32 = 0o600;

/// The files that are made, each with whether git leaves it out by itself.
///
/// # Errors
/// A place that cannot be looked at.
pub fn changes(
    layers: &Layers,
    improvement: Option<&Improvement>,
) -> Result<Vec<(Change, bool)>, Error> {
    let carried = layers.facts.carried.value();
    let of_carried = carried.iter().flat_map(|carried| {
        carried.samples.iter().map(|(path, from)| Sample {
            path: path.clone(),
            from: from.clone(),
            reader: carried.file.clone(),
        })
    });
    let of_improved = improvement.iter().flat_map(|own| own.samples.iter().cloned());
    let ignored: Vec<String> = text::of_file(&layers.dir.join(".gitignore"))
        .map(|text| ignores::entries(&text).map(str::to_owned).collect())
        .unwrap_or_default();
    let mut made: Vec<(Change, bool)> = Vec::new();
    for Sample { path, from, reader } in of_carried.chain(of_improved) {
        let Ok(place) = RelPath::new(&path) else { continue };
        let Some(text) = text::of_file(&layers.dir.join(&from)) else { continue };
        let expect = disk::look(&layers.dir, &place)?;
        if !matches!(expect, DiskState::Absent) || made.iter().any(|(own, _)| own.path == place) {
            continue;
        }
        let pairs = dotenv::pairs(&text).into_iter();
        let blank: Vec<String> =
            pairs.filter(|(_, value)| value.is_empty()).map(|(name, _)| name).collect();
        let mut why = format!("made from {from}, since {reader} reads it");
        if !blank.is_empty() {
            why.push_str(&format!("; blank in it, to be filled in: {}", blank.join(", ")));
        }
        let change = Change::write(place, expect, text.into_bytes(), PRIVATE).because(why);
        made.push((change, ignores::excludes(Reader::Git, &ignored, &path)));
    }
    Ok(made)
}
