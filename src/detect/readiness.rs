//! Readiness of the code: what the generated files need and the code lacks,
//! each with the exact lines to add. The code itself is never edited.

use serde::Serialize;

/// One thing the code lacks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Lack {
    /// A word for programs: `health-route`, `allowed-hosts`, `static-root`,
    /// `server-missing`, `model-at-import`, `secret-in-settings`, `sqlite`,
    /// `in-process-state`.
    pub kind: String,
    /// What is missing and what follows from it, in one sentence.
    pub message: String,
    /// The file to change.
    pub path: String,
    /// Line after which to add, from 1; 0 for the end of the file.
    pub line: usize,
    /// The exact lines to add; empty where no lines could mend it.
    pub add: Vec<String>,
    /// Whether adding them cannot change what the code does, so that
    /// `--apply-safe` may.
    pub safe: bool,
}
