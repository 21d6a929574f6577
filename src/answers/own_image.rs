//! An image that the repository's own Dockerfile makes, where that stays: what
//! whoever runs it has to know.

use serde::{Deserialize, Serialize};

/// What an image promises to whoever runs it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct OwnImage {
    /// The Dockerfile, relative to the context.
    pub dockerfile: String,
    /// The directory it is built from, relative to the repository; `.` for the top.
    pub context: String,
    /// Where the context's top is in the image.
    pub top: String,
    /// Where it starts processes.
    pub workdir: String,
    /// The port that its server listens on.
    pub port: u16,
    /// Whether it says how its health is seen.
    pub has_health_check: bool,
    /// Whether it starts as a user that is not root, who has no capability to lose.
    pub is_unprivileged: bool,
    /// Whether its server believes the proxies that `FORWARDED_ALLOW_IPS` names.
    pub takes_proxies: bool,
    /// The user it starts as; empty for root.
    pub user: String,
    /// The number of that user, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// Directories that it makes for that user: a volume over another one is root's.
    pub owned: Vec<String>,
    /// Whether its start migrates the database.
    pub migrates: bool,
}

impl OwnImage {
    /// Whether a cluster cannot be sure that its processes are not root's, since they are, or
    /// since its user has a name whose number is not known: Kubernetes reads no `/etc/passwd`,
    /// and the Pod Security Standard `restricted` refuses its pods.
    #[must_use]
    pub fn may_be_root(&self) -> bool {
        self.uid.is_none_or(|uid| uid == 0)
    }

    /// Whether its user may write to a volume that is mounted there.
    #[must_use]
    pub fn may_write(&self, directory: &str) -> bool {
        !self.is_unprivileged || self.owned.iter().any(|own| own == directory)
    }
}
