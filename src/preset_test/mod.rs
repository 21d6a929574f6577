//! A preset put to the test: golden cases, the preset held against itself, and
//! the starting point that passes both.

pub mod cases;
pub mod scaffold;
pub mod validate;
