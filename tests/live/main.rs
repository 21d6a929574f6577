//! Generated stacks on a real Docker engine: built, used, hurt and stopped.
//!
//! `tests/live/run.sh` brings an engine up and runs these; `tests/live/README.md` says more.

mod combinations;
mod hardening;
mod memory;
mod presets;
mod support;
mod work;
