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
}

/// gunicorn's worker class, and why this one.
#[derive(Debug, Deserialize)]
#[allow(missing_docs)]
pub struct WorkerClass {
    pub name: String,
    pub why: String,
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
