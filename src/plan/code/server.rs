//! What serves adopted code: the packages that its server needs, and the
//! command of code that brings a server of its own.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::answers::adopted::Adopted;
use crate::catalog::Manager;
use crate::catalog::servers::lacks_for_websockets;
use crate::error::Problem;
use crate::plan::code::in_image;
use crate::plan::shape::Shape;

/// How code that brings its own server is started; empty for other code.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Own {
    /// What people call it.
    pub title: String,
    /// The words of the command.
    pub command: Vec<String>,
    /// Variables that tell it where to listen.
    pub environment: BTreeMap<String, String>,
}

impl Own {
    /// With the port still to be put in.
    pub(super) fn of(shape: &Shape, adopted: &Adopted) -> Self {
        let server = shape.application().server;
        let own = adopted.derived.own_server.as_ref().filter(|_| server.manager == Manager::Own);
        let Some(own) = own else { return Self::default() };
        let file = in_image(adopted.top(), adopted.within(&own.file).unwrap_or(&own.file));
        Self {
            title: own.title.clone(),
            command: own.command.iter().map(|word| word.replace("{file}", &file)).collect(),
            environment: own.environment.clone(),
        }
    }

    /// The same, listening on a port.
    pub(in crate::plan) fn listening_on(self, port: u16) -> Self {
        let told = |text: String| text.replace("{port}", &port.to_string());
        Self {
            command: self.command.into_iter().map(told).collect(),
            environment: self
                .environment
                .into_iter()
                .map(|(name, value)| (name, told(value)))
                .collect(),
            ..self
        }
    }
}

/// The port that code with a server of its own listens on, whatever it is
/// told.
#[must_use]
pub fn port(shape: &Shape) -> Option<u16> {
    let adopted = shape.answers.adopted.as_ref()?;
    let is_own = shape.application().server.manager == Manager::Own;
    adopted.derived.own_server.as_ref().filter(|_| is_own)?.port
}

/// Packages of the server that the project does not install itself.
pub(super) fn packages(shape: &Shape, adopted: &Adopted) -> Vec<&'static str> {
    let derived = &adopted.derived;
    let packages = &shape.application().server.row().packages;
    let wanted = packages.iter().map(String::as_str);
    let mut missing: Vec<&str> = wanted.filter(|name| !derived.installs(name)).collect();
    if packages.iter().any(|it| it == "uvicorn") && shape.has_websockets() {
        missing.extend(lacks_for_websockets(&derived.packages));
    }
    missing
}

/// A server that cannot run the code.
pub(super) fn problems(shape: &Shape, adopted: &Adopted) -> Vec<Problem> {
    let server = shape.application().server;
    let framework = adopted.derived.framework.as_deref().unwrap_or_default();
    let own = adopted.derived.own_server.as_ref();
    if !server.serves.is_empty() && server.serves != framework {
        let message = format!("{}, and the code is not of it", server.speaks);
        let usual = shape.application().framework.default_server();
        return vec![Problem::new(message).help(format!("--set stack.server={usual}"))];
    }
    match (server.manager, own) {
        (Manager::Own, None) => {
            let message = "stack.server = own, and nothing says how the code starts a server";
            let help = "--set project.app=MODULE:__main__ names the file that does";
            vec![Problem::new(message).help(help)]
        }
        (Manager::Uvicorn | Manager::Gunicorn, Some(own)) if server.serves.is_empty() => {
            let message = format!("{} is started by its own server, not by {server}", own.title);
            vec![Problem::new(message).help("--set stack.server=own")]
        }
        _ => Vec::new(),
    }
}
