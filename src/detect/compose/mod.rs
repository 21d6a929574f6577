//! What an existing compose file already runs: which file it is, the name of
//! its project, and what each of its services is for.

pub mod files;
pub mod role;
pub mod words;

#[cfg(test)]
mod role_tests;
