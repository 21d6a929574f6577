//! What runs dockwright for a team: hooks, jobs of hosts, scheduled updates.

mod files;
mod host;
mod installer;
mod requests;
mod runners;
