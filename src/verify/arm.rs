//! `--arm`: what a check watches is broken on purpose, on the user's own stack, and
//! the check has to go red.

use std::path::Path;

use super::case::Case;
use super::model::Model;

/// A way to break what a check watches.
#[derive(Clone, Copy, Debug)]
pub struct Arm {
    /// The check that has to fail.
    pub check: &'static str,
    /// What is broken, in a few words: `web runs as root`.
    pub breaks: &'static str,
    /// How.
    pub how: How,
    /// Whether it needs a stack of its own, since it would hide what others break.
    pub alone: bool,
}

/// How something is broken.
#[derive(Clone, Copy, Debug)]
pub enum How {
    /// The project is changed before it is built and started; `false` where this
    /// stack has nothing of the kind.
    Project(fn(&Case, &mut Model) -> bool),
    /// The copy that it is built from is changed; `false` as above.
    Copy(fn(&Case, &Model, &Path) -> bool),
    /// A threshold gets a value that nothing can keep, where the number itself cannot
    /// be made worse in a bounded time.
    Threshold(&'static str, &'static str),
}
