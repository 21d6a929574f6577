//! The blocks of the templates that a preset may override: a contract, which
//! stands as data in `templates/blocks.toml`.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

/// What teams need to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Need {
    /// Another base image.
    BaseImage,
    /// Debian packages.
    SystemPackages,
    /// Labels of images and containers.
    Labels,
    /// A certificate authority of the organisation.
    CorporateCa,
    /// Where Python packages come from.
    IndexSettings,
    /// The user that processes run as.
    User,
    /// How health is seen.
    HealthCheck,
    /// Services beside ours.
    ExtraServices,
    /// Where logs go, and in which form.
    Logging,
    /// Headers that nginx sends and passes on.
    NginxHeaders,
}

impl Need {
    /// Every need, in the order documentation shows them.
    pub const ALL: [Self; 10] = [
        Self::BaseImage,
        Self::SystemPackages,
        Self::Labels,
        Self::CorporateCa,
        Self::IndexSettings,
        Self::User,
        Self::HealthCheck,
        Self::ExtraServices,
        Self::Logging,
        Self::NginxHeaders,
    ];
}

/// A block of a template.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Block {
    /// The template, as an overlay names it.
    pub template: String,
    /// The block's name.
    pub name: String,
    /// Which need it serves, where it serves one of those most teams have.
    pub need: Option<Need>,
    /// What stands in it, or where it stands if it is empty.
    pub doc: String,
    /// Whether the file refers to what is in it, so that an override may not
    /// leave it out.
    #[serde(default)]
    pub keep: bool,
}

#[derive(Deserialize)]
struct Table {
    block: Vec<Block>,
}

static BLOCKS: LazyLock<Vec<Block>> = LazyLock::new(|| {
    let table: Table =
        toml::from_str(include_str!("../../templates/blocks.toml")).expect("a unit test reads it");
    table.block
});

/// Every block, template by template, in the order they stand in.
#[must_use]
pub fn blocks() -> &'static [Block] {
    &BLOCKS
}

#[cfg(test)]
mod tests;
