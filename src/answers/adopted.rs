//! Code that was there before dockwright came: what the files need to know of
//! it. Made by `init` from facts and flags.

use crate::detect::facts::{Connection, RequiredEnv, Static, SystemPackages, Writable};
use crate::relpath::RelPath;

/// Facts that no person decides. They are stored in the lock, so that later
/// commands need not detect again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Derived {
    /// Debian packages.
    pub system_packages: SystemPackages,
    /// Variables without which the code does not start.
    pub required_env: Vec<RequiredEnv>,
    /// Variables that tell the code where its database, cache and broker are.
    pub connections: Vec<Connection>,
    /// Static files of a Django project.
    pub static_files: Option<Static>,
    /// Normalised names of the packages the image will hold.
    pub packages: Vec<String>,
    /// `postgres`, `mysql`, `sqlite`, …, and the driver's package.
    pub database: Option<String>,
    /// The driver's package name.
    pub database_driver: Option<String>,
}

/// Code that was there before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adopted {
    /// The directory that goes on `sys.path`, relative to the repository;
    /// `None` for the top.
    pub root: Option<RelPath>,
    /// The directory an image is built from; `None` for the top.
    pub context: Option<RelPath>,
    /// `shop.wsgi:application`; a factory has no parentheses here.
    pub app: String,
    /// Whether `app` is called to make the application.
    pub factory: bool,
    /// Django's settings module; empty for none.
    pub settings: String,
    /// What is installed from, the lock first.
    pub dependency_files: Vec<RelPath>,
    /// What celery's `--app` takes; empty for none.
    pub celery_app: String,
    /// `none`, `django`, `alembic`, `flask-migrate`, `aerich`.
    pub migrations: String,
    /// Path of a liveness route; empty for none, which gets a weaker probe.
    pub health: String,
    /// Path of a readiness route; empty for none.
    pub ready: String,
    /// Paths the code writes to.
    pub writable: Vec<Writable>,
    /// What no person decides.
    pub derived: Derived,
}
