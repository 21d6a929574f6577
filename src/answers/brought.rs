//! Stores that the code wants, that no compose file runs, and that dockwright plans none
//! of: a container of the kind that the code speaks runs as a service of that kind runs in
//! anybody's compose file, and is read as one from then on.

use crate::answers::adopted::Derived;
use crate::answers::stack::{Broker, Database, Stack};
use crate::detect::compose::carried::Carried;
use crate::detect::facts::Meaning;

/// A store's service: what it is named, what it is of, and how it runs.
struct Brought {
    name: &'static str,
    kind: &'static str,
    image: &'static str,
    told: &'static [(&'static str, &'static str)],
    data: &'static str,
    memory: &'static str,
}

/// `MARIADB`, because every driver that speaks MySQL can sign in to it: MySQL's own
/// logins need a package more of some.
const MARIADB: Brought = Brought {
    name: "mariadb",
    kind: "mysql",
    image: "mariadb:11.8",
    told: &[
        ("MARIADB_DATABASE", "app"),
        ("MARIADB_USER", "app"),
        ("MARIADB_PASSWORD", "${MARIADB_PASSWORD:?set it in .env}"),
        ("MARIADB_RANDOM_ROOT_PASSWORD", "\"yes\""),
    ],
    data: "/var/lib/mysql",
    memory: "1G",
};
const MONGO: Brought = Brought {
    name: "mongo",
    kind: "mongodb",
    image: "mongo:8.0",
    told: &[
        ("MONGO_INITDB_ROOT_USERNAME", "app"),
        ("MONGO_INITDB_ROOT_PASSWORD", "${MONGO_PASSWORD:?set it in .env}"),
        ("MONGO_INITDB_DATABASE", "app"),
    ],
    data: "/data/db",
    memory: "1G",
};
const RABBITMQ: Brought = Brought {
    name: "rabbitmq",
    kind: "rabbitmq",
    image: "rabbitmq:4.1",
    told: &[
        ("RABBITMQ_DEFAULT_USER", "app"),
        ("RABBITMQ_DEFAULT_PASS", "${RABBITMQ_PASSWORD:?set it in .env}"),
    ],
    data: "/var/lib/rabbitmq",
    memory: "512M",
};

/// The database of a kind of code, as its image is named; `None` where none is brought.
#[must_use]
pub fn database(kind: &str) -> Option<&'static str> {
    of_database(kind).map(|own| own.image)
}

/// The same for a broker.
#[must_use]
pub fn broker(kind: &str) -> Option<&'static str> {
    of_broker(kind).map(|own| own.image)
}

fn of_database(kind: &str) -> Option<&'static Brought> {
    match kind {
        "mysql" | "mariadb" => Some(&MARIADB),
        "mongodb" => Some(&MONGO),
        _ => None,
    }
}

fn of_broker(kind: &str) -> Option<&'static Brought> {
    (kind == "rabbitmq").then_some(&RABBITMQ)
}

/// The stores of a stack, as a compose file that runs them and nothing else; `None` where
/// it brings none, or where there is a compose file.
#[must_use]
pub fn file(stack: &Stack, derived: &Derived) -> Option<Carried> {
    if derived.carried.as_ref().is_some_and(|own| !own.brought) {
        return None;
    }
    let kind = derived.database.as_deref().filter(|_| stack.database == Database::Container);
    let tasks = derived.broker.as_deref().filter(|_| stack.broker == Broker::Container);
    let stores: Vec<&Brought> =
        kind.and_then(of_database).into_iter().chain(tasks.and_then(of_broker)).collect();
    if stores.is_empty() {
        return None;
    }
    let services: String = stores.iter().map(|own| own.text(derived)).collect();
    let volumes: String = stores.iter().map(|own| format!("  {}-data: {{}}\n", own.name)).collect();
    Some(Carried {
        file: "compose.yaml".to_owned(),
        by_itself: true,
        stores: stores.iter().map(|own| (own.name.to_owned(), own.kind.to_owned())).collect(),
        text: format!("services:\n{services}volumes:\n{volumes}"),
        brought: true,
        ..Carried::default()
    })
}

impl Brought {
    fn text(&self, derived: &Derived) -> String {
        let signs_in = |meaning: &Meaning| {
            matches!(meaning, Meaning::DatabaseUrl { .. } | Meaning::DatabasePassword)
        };
        // Code that is told a host alone cannot sign in; its network is the stack's own.
        let told = match self.kind == MONGO.kind && derived.told(signs_in).next().is_none() {
            true => &self.told[2..],
            false => self.told,
        };
        let told: String =
            told.iter().map(|(name, value)| format!("      {name}: {value}\n")).collect();
        let Self { name, image, data, memory, .. } = self;
        // Its files are named by its host's name.
        let host = if self.kind == RABBITMQ.kind { "    hostname: rabbitmq\n" } else { "" };
        format!(
            "  {name}:\n    image: {image}\n    restart: unless-stopped\n    security_opt: [\"no-new-privileges:true\"]\n    logging: {{ driver: local, options: {{ max-size: 10m, max-file: \"5\" }} }}\n{host}    environment:\n{told}    volumes:\n      - {name}-data:{data}\n    stop_grace_period: 60s\n    deploy:\n      resources:\n        limits:\n          memory: {memory}\n"
        )
    }
}
