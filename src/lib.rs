//! dockwright gives a Python web service its container set-up, tuned to the
//! stack and to the machine it runs on.
//!
//! Data flows one way, and each module does one step:
//!
//! ```text
//! repository ──detect──▶ Facts ────┐
//! preset chain ──preset──▶ Layers ─┼─answers─▶ Answers ─plan─▶ Plan ─render─▶ Rendered ─apply─▶ disk
//! dockwright.toml, --set, prompts ─┘
//! ```
//!
//! `catalog` holds what there is to choose from, as tables, and `environments`
//! the words that say whom something is for; `detect` reads and parses, and
//! never runs anything of a repository;
//! `answers` decides which of two values of a key holds; `plan` takes every
//! decision and chooses every number, and is pure; `policy` holds both against
//! what the preset requires; `remote` asks the index of packages and registries of
//! images, where somebody asks for that;
//! templates in `render` only print what the plan holds; `apply` is the only
//! module that writes; `cli` turns arguments into calls and results into
//! reports and exit codes.

pub mod answers;
pub mod apply;
pub mod catalog;
pub mod check;
pub mod cli;
pub mod detect;
pub mod digest;
pub mod environments;
pub mod error;
pub mod improve;
pub mod inventory;
pub mod json_schema;
pub mod lint;
pub mod merge;
pub mod parallel;
pub mod plan;
pub mod policy;
pub mod preset;
pub mod preset_test;
pub mod project;
pub mod relpath;
pub mod remote;
pub mod render;
pub mod schema;
pub mod source;
pub mod units;
pub mod update;
pub mod verify;
pub mod version;
