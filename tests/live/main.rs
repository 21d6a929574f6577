//! Generated stacks on a real Docker engine: built, used, hurt and stopped.
//!
//! `tests/live/run.sh` brings an engine up and runs these; `tests/live/README.md` says more.

mod adopted;
mod carried;
mod combinations;
mod dev_overlay;
mod faults;
mod image_only;
mod measure;
mod memory;
mod network;
mod odd;
mod outage;
mod package_managers;
mod page;
mod pipeline;
mod pods;
mod presets;
mod shutdown;
mod support;
mod verified;
mod whole;
mod work;
