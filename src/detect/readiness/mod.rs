//! Readiness of the code: what the generated files need and the code lacks,
//! each with the exact lines to add. The code itself is never edited.

mod django;
mod packages;
mod routes;
mod state;
#[cfg(test)]
mod tests;

pub use django::chain as settings_chain;
use serde::Serialize;

use crate::detect::facts::Facts;
use crate::detect::tree::Tree;

/// One thing the code lacks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Lack {
    /// A word for programs: `health-route`, `allowed-hosts`, `static-root`,
    /// `server-missing`, `model-at-import`, `secret-in-settings`, `sqlite`,
    /// `tables-not-made`, `in-process-state`.
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

impl Lack {
    /// Something only a person can add.
    fn new(kind: &str, path: &str, line: usize, message: impl Into<String>) -> Self {
        Self {
            kind: kind.to_owned(),
            message: message.into(),
            path: path.to_owned(),
            line,
            add: Vec::new(),
            safe: false,
        }
    }

    /// What of it holds where an image that is there stays: that brings its own server,
    /// and nothing is planned for it.
    #[must_use]
    pub fn beside_an_image(mut self) -> Option<Self> {
        let of_ours = [
            ": the compose file gives it one",
            ": the health check takes any answer below 500 for a sign of life",
            "; one process is planned",
        ];
        for part in of_ours {
            self.message = self.message.replace(part, "");
        }
        (self.kind != "server-missing").then_some(self)
    }

    /// The lines to add.
    fn adding<S: Into<String>>(mut self, lines: impl IntoIterator<Item = S>) -> Self {
        self.add = lines.into_iter().map(Into::into).collect();
        self
    }
}

/// What the code of a repository lacks, most pressing first.
#[must_use]
pub fn find(tree: &Tree, facts: &Facts) -> Vec<Lack> {
    if facts.framework.value().is_none() {
        return Vec::new();
    }
    let mut lacks = Vec::new();
    lacks.extend(packages::server(tree, facts));
    lacks.extend(routes::health(tree, facts));
    lacks.extend(django::settings(tree, facts));
    lacks.extend(state::secrets(tree, facts));
    lacks.extend(state::sqlite(facts));
    lacks.extend(state::tables(tree, facts));
    lacks.extend(state::models(tree));
    lacks.extend(state::in_process(facts));
    lacks
}

/// The import root of the application.
fn root(facts: &Facts) -> &str {
    facts.root.value().map_or(".", String::as_str)
}

/// `pkg.module:name` taken apart, with the file it stands in.
fn application<'a>(tree: &Tree, facts: &'a Facts) -> Option<(String, &'a str)> {
    let (module, name) = facts.app.value()?.split_once(':')?;
    Some((tree.module_path(root(facts), module)?, name))
}
