//! The code of one application.

use super::modules::Modules;
use super::syntax::Module;

/// What production imports.
pub struct Project<'p, 'a> {
    /// Every module of the repository.
    pub graph: &'p Modules<'a>,
    /// Those that are imported, in the order they were reached.
    pub modules: Vec<&'a Module>,
    /// The settings module and those that it takes its names from.
    pub settings: Vec<&'a Module>,
}
