//! What dockwright promises, from the outside: one file per feature.

mod adopted;
mod bad_input;
mod carried;
mod combinations;
mod detect_startup;
mod distribution;
mod examples;
mod exclusive;
mod init;
mod init_bad_input;
mod init_git;
mod network;
mod new;
mod others;
mod overlays;
mod pages;
mod plan;
mod properties;
mod readme;
mod registry;
mod rendered;
mod support;
mod team;
mod team_example;
mod update;
mod update_git;
