//! Python code as it is read, never run: syntax trees, the module graph, and
//! what an expression is worth.
//!
//! `syntax` is one file, `modules` which file a name leads to, `names` what a
//! body gives a value, `branch` which statements production reaches,
//! `evaluate` what an expression stands for, and the others one kind of
//! expression each. What a value means for a
//! container, that it is a database or an application, is said in `detect`.

mod attributes;
mod branch;
mod calls;
mod environment;
mod evaluate;
mod lookup;
pub mod modules;
mod names;
mod operators;
mod paths;
mod project;
mod pydantic;
mod scope;
mod syntax;
#[cfg(test)]
mod tests;
mod text;
mod value;

pub use branch::{When, branches};
pub use calls::{raises, returns};
pub use evaluate::Evaluator;
pub use modules::Modules;
pub use names::{Definitions, Names, names, reached};
pub use project::Project;
pub use pydantic::Field;
pub use scope::{Defined, Scope};
pub use syntax::{
    Import, Imports, Module, assignments, calls, dotted, flatten, is_comment, join, string,
};
pub use value::{Call, Definition, Form, Read, Value, below};
