//! What runs an application: `data/servers.toml`.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::catalog::{Entry, Row, Table};

/// A row of the table.
pub type Server = Entry<ServerRow>;

/// How a server calls an application.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// With `await`, in an event loop.
    Asgi,
    /// One call in one thread.
    Wsgi,
}

impl Protocol {
    /// The word in files and for templates.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Asgi => "asgi",
            Self::Wsgi => "wsgi",
        }
    }

    /// What people call it.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Asgi => "ASGI",
            Self::Wsgi => "WSGI",
        }
    }
}

/// What starts a server's processes, and takes its settings.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Manager {
    /// uvicorn's command line.
    Uvicorn,
    /// `gunicorn.conf.py`.
    Gunicorn,
    /// The application itself.
    Own,
}

/// One server; the data file says what each field means.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[allow(missing_docs)]
pub struct ServerRow {
    pub word: String,
    pub protocol: Protocol,
    pub manager: Manager,
    pub speaks: String,
    pub packages: Vec<String>,
    pub worker_class: Option<WorkerClass>,
    /// The only framework, by its own name, that it serves; `detect` knows it.
    #[serde(default)]
    pub serves: String,
}

/// gunicorn's worker class, and why this one.
#[derive(Debug, Deserialize)]
#[allow(missing_docs)]
pub struct WorkerClass {
    pub name: String,
    pub why: String,
}

/// Packages with which uvicorn speaks WebSockets, and those that bring one.
const SPEAK_WEBSOCKETS: [&str; 5] = ["gradio", "nicegui", "sanic", "websockets", "wsproto"];
/// Packages that bring one with an extra.
const WITH_EXTRA: [&str; 3] = ["fastapi[all", "fastapi[standard", "uvicorn[standard"];

/// What uvicorn lacks among these packages, perhaps with extras, to answer a
/// request for a WebSocket with anything but an error.
#[must_use]
pub fn lacks_for_websockets(packages: &[String]) -> Option<&'static str> {
    let brings = |package: &String| {
        let (name, extras) = package.split_once('[').unwrap_or((package, ""));
        let extras = extras.trim_end_matches(']').split(',').map(str::trim);
        SPEAK_WEBSOCKETS.contains(&name)
            || extras
                .map(|extra| format!("{name}[{extra}"))
                .any(|it| WITH_EXTRA.contains(&it.as_str()))
    };
    (!packages.iter().any(brings)).then_some("websockets")
}

impl Row for ServerRow {
    fn table() -> &'static Table<Self> {
        static TABLE: LazyLock<Table<ServerRow>> =
            LazyLock::new(|| Table::read("server", include_str!("data/servers.toml")));
        &TABLE
    }

    fn word(&self) -> &str {
        &self.word
    }
}

impl ServerRow {
    /// Whether the server speaks ASGI (otherwise WSGI).
    #[must_use]
    pub fn is_asgi(&self) -> bool {
        self.protocol == Protocol::Asgi
    }

    /// Whether it is for code that is already there alone: the application
    /// brings it, or a framework that no new service has.
    #[must_use]
    pub fn is_for_adopted(&self) -> bool {
        self.manager == Manager::Own || !self.serves.is_empty()
    }

    /// Whether gunicorn starts the processes.
    #[must_use]
    pub fn is_gunicorn(&self) -> bool {
        self.manager == Manager::Gunicorn
    }
}

impl Server {
    /// The server that speaks a protocol and is started in this way.
    ///
    /// # Panics
    /// On a pair that no row has.
    #[must_use]
    pub fn for_protocol(protocol: Protocol, manager: Manager) -> Self {
        let mut rows = Self::all();
        let row = rows.find(|row| row.protocol == protocol && row.manager == manager);
        row.unwrap_or_else(|| panic!("no {manager:?} speaks {protocol:?}"))
    }
}
