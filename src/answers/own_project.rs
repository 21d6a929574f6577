//! A compose project of the repository's own that runs the application, where it stays:
//! what a pipeline has to know of it.

use serde::{Deserialize, Serialize};

/// A project, as its files have it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct OwnProject {
    /// The first of its files, relative to the repository.
    pub file: String,
    /// What it builds.
    pub builds: Vec<OwnBuild>,
}

/// An image that one of its services builds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct OwnBuild {
    /// The service.
    pub service: String,
    /// What the service calls the image, with its variables; empty where it does not.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub image: String,
    /// The directory it is built from, relative to the repository; `.` for the top.
    pub context: String,
    /// The Dockerfile, relative to the repository.
    pub dockerfile: String,
    /// The stage; empty for the last one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub target: String,
    /// `NAME=value` with its variables, or `NAME` alone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<String>,
}
