//! How the health of adopted code is seen.

use serde::Serialize;

use crate::answers::adopted::Adopted;
use crate::detect::facts::Meaning;
use crate::plan::shape::Shape;

/// The request that tells whether the code is well.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Probe {
    /// What is asked for.
    pub path: String,
    /// Whether any answer below 500 will do, and no answer at all where the
    /// server takes the connection.
    pub weak: bool,
    /// The variable that holds the host names Django answers to; empty for
    /// none.
    pub hosts: String,
    /// The name to ask for where there is no such variable.
    pub host: String,
}

impl Probe {
    pub(super) fn of(shape: &Shape, adopted: &Adopted) -> Self {
        let checks_host = shape.application().framework.allowed_hosts;
        let allowed = |meaning: &Meaning| matches!(meaning, Meaning::AllowedHosts { .. });
        let hosts = adopted.derived.told(allowed).next();
        let domain = &shape.answers.deploy.domain;
        Self {
            // The usual name, so that the check becomes a real one when
            // somebody adds the route.
            path: if adopted.health.is_empty() { "/health".into() } else { adopted.health.clone() },
            // Django answers 400 to a name it does not know, whoever asks.
            weak: adopted.health.is_empty() || checks_host && hosts.is_none() && domain.is_empty(),
            hosts: hosts.map(|known| known.name.clone()).unwrap_or_default(),
            host: if domain.is_empty() { "localhost".into() } else { domain.clone() },
        }
    }
}
