//! The roles a service can have in a stack.

use serde::{Deserialize, Serialize};

/// What a service is for. Its name is the name in the compose file unless
/// `[services]` says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The web application.
    Web,
    /// The reverse proxy.
    Nginx,
    /// One-shot that migrates the database.
    Migrate,
    /// Celery worker.
    Worker,
    /// Celery beat.
    Beat,
    /// PostgreSQL.
    Db,
    /// Redis as the broker.
    Redis,
    /// Redis as the cache.
    Cache,
}

impl Role {
    /// All roles, in the order reports show them.
    pub const ALL: [Self; 8] = [
        Self::Nginx,
        Self::Web,
        Self::Migrate,
        Self::Worker,
        Self::Beat,
        Self::Db,
        Self::Redis,
        Self::Cache,
    ];

    /// The role's name in keys.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Nginx => "nginx",
            Self::Migrate => "migrate",
            Self::Worker => "worker",
            Self::Beat => "beat",
            Self::Db => "db",
            Self::Redis => "redis",
            Self::Cache => "cache",
        }
    }

    /// The role and the number that a key of the plan names: `web.memory`.
    #[must_use]
    pub fn of_number(key: &str) -> Option<(Self, &str)> {
        let (name, number) = key.split_once('.')?;
        Self::ALL.into_iter().find(|role| role.name() == name).map(|role| (role, number))
    }

    /// Whether the service runs the application's own code.
    #[must_use]
    pub const fn runs_application(self) -> bool {
        matches!(self, Self::Web | Self::Migrate | Self::Worker | Self::Beat)
    }

    /// Whether the service ends by itself.
    #[must_use]
    pub const fn is_one_shot(self) -> bool {
        matches!(self, Self::Migrate)
    }
}
