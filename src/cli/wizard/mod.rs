//! The questions of `dockwright new`.

use std::path::Path;

use crate::answers::Draft;
use crate::cli::Choices;
use crate::error::Error;
use crate::preset::Preset;

/// Asks.
///
/// # Errors
/// Interrupted, or wrong flags.
pub fn run(_dir: &Path, _choices: &Choices) -> Result<(Preset, Draft), Error> {
    Err(Error::Interrupted)
}
