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
    /// Whether the name that is asked for may be none that Django answers to,
    /// so that 400 says nothing.
    pub unknown_host: bool,
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
        let host = match domain.is_empty() {
            false => Some(domain.clone()),
            true => answered(&adopted.derived.allowed_hosts),
        };
        // Django answers 400 to a name it does not know, whoever asks.
        let unknown_host = checks_host && hosts.is_none() && host.is_none();
        Self {
            // The usual name, so that the check becomes a real one when
            // somebody adds the route.
            path: if adopted.health.is_empty() { "/health".into() } else { adopted.health.clone() },
            weak: adopted.health.is_empty() || unknown_host,
            unknown_host,
            hosts: hosts.map(|known| known.name.clone()).unwrap_or_default(),
            host: host.unwrap_or_else(|| "localhost".into()),
        }
    }

    /// What a person should know of a weak one.
    pub(super) fn notice(&self, has_route: bool) -> Option<String> {
        let why = match has_route {
            true => "no name that ALLOWED_HOSTS accepts is known",
            false => "no route for health checks that answers everybody was found",
        };
        let but = match has_route {
            true => "even one that refuses the name",
            false => "even one that says it is not there",
        };
        self.weak.then(|| {
            format!("{why}: any answer below 500 to {} counts as healthy, {but}", self.path)
        })
    }
}

/// A name that a list of Django's answers to; the usual one where it takes
/// every name.
fn answered(allowed: &[String]) -> Option<String> {
    let local = |name: &String| matches!(name.as_str(), "*" | "localhost" | ".localhost");
    if allowed.iter().any(local) {
        return Some("localhost".into());
    }
    let name = allowed.iter().find(|name| !name.contains(['[', '*', '{', '$', '/']));
    name.map(|name| name.trim_start_matches('.').to_owned())
}
