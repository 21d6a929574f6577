//! How an application that is new finds stores that were there: a compose file
//! may run the database alone, and then nobody has told it yet. User, password
//! and name are what that container itself is told, as it stands there.

use crate::answers::adopted::Adopted;
use crate::detect::compose::carried::Carried;
use crate::detect::facts::Meaning;
use crate::plan::code::environment::Setting;
use crate::plan::shape::Shape;
use crate::plan::store_ports;
use crate::plan::topology::EnvValue;
use crate::schema::Role;
use crate::source::compose::{Service, interpolate};

/// What an image's container is told of its user, password and name, each by
/// the first of several names.
struct Names {
    kind: &'static str,
    user: &'static [&'static str],
    password: &'static [&'static str],
    name: &'static [&'static str],
    /// Who there is when nobody says; `None` for nobody.
    usual: Option<(&'static str, &'static str)>,
}

const NAMES: [Names; 5] = [
    Names {
        kind: "postgres",
        user: &["POSTGRES_USER", "POSTGRESQL_USERNAME"],
        password: &["POSTGRES_PASSWORD", "POSTGRESQL_PASSWORD"],
        name: &["POSTGRES_DB", "POSTGRESQL_DATABASE"],
        usual: Some(("postgres", "")),
    },
    Names {
        kind: "mysql",
        user: &["MYSQL_USER", "MARIADB_USER"],
        password: &["MYSQL_PASSWORD", "MARIADB_PASSWORD"],
        name: &["MYSQL_DATABASE", "MARIADB_DATABASE"],
        usual: None,
    },
    // Nobody but root, where no user is made.
    Names {
        kind: "mysql",
        user: &[],
        password: &["MYSQL_ROOT_PASSWORD", "MARIADB_ROOT_PASSWORD"],
        name: &["MYSQL_DATABASE", "MARIADB_DATABASE"],
        usual: Some(("root", "")),
    },
    Names {
        kind: "mongodb",
        user: &["MONGO_INITDB_ROOT_USERNAME", "MONGODB_ROOT_USER"],
        password: &["MONGO_INITDB_ROOT_PASSWORD", "MONGODB_ROOT_PASSWORD"],
        name: &["MONGO_INITDB_DATABASE", "MONGODB_DATABASE"],
        usual: Some(("", "")),
    },
    Names {
        kind: "rabbitmq",
        user: &["RABBITMQ_DEFAULT_USER", "RABBITMQ_USERNAME"],
        password: &["RABBITMQ_DEFAULT_PASS", "RABBITMQ_PASSWORD"],
        name: &["RABBITMQ_DEFAULT_VHOST", "RABBITMQ_VHOST"],
        usual: Some(("guest", "guest")),
    },
];

/// A store as its container describes it, in Compose's own syntax.
struct Store {
    host: String,
    port: u16,
    user: String,
    password: String,
    name: String,
}

impl Store {
    /// `None` where what it is told stands in a file: values of files are not
    /// read.
    fn of(carried: &Carried, service: &Service) -> Option<Self> {
        let kind = carried.stores.get(&service.name)?.as_str();
        let host = service.name.clone();
        if matches!(kind, "redis" | "valkey") {
            let (user, name) = (String::new(), String::new());
            return Some(Self {
                host,
                port: store_ports::usual(kind)?,
                user,
                password: redis_password(service)?,
                name,
            });
        }
        let said = |names: &[&str]| names.iter().find_map(|name| service.variable(name));
        let hidden = |names: &[&str]| {
            let told = carried.told.get(&service.name);
            let by_file = |name: &str| {
                let files = service.names("secrets");
                !files.is_empty() && service.variable(&format!("{name}_FILE")).is_some()
            };
            names.iter().any(|name| {
                told.is_some_and(|told| told.names.iter().any(|own| own == name)) || by_file(name)
            }) || told.is_some_and(|told| !told.absent.is_empty())
        };
        let mut rows = NAMES.iter().filter(|row| row.kind == kind);
        let row = rows.find(|row| said(row.user).is_some() || row.usual.is_some())?;
        if [row.user, row.password, row.name]
            .iter()
            .any(|names| said(names).is_none() && hidden(names))
        {
            return None;
        }
        let (user, password) = row.usual.unwrap_or_default();
        let user = said(row.user).unwrap_or_else(|| user.to_owned());
        Some(Self {
            host,
            port: store_ports::usual(kind)?,
            password: said(row.password).unwrap_or_else(|| password.to_owned()),
            name: said(row.name).unwrap_or_else(|| match kind {
                "postgres" => user.clone(),
                _ => String::new(),
            }),
            user,
        })
    }

    fn url(&self, scheme: &str, path: &str) -> String {
        let login = match (self.user.as_str(), self.password.as_str()) {
            ("", "") => String::new(),
            (user, "") => format!("{}@", in_url(user)),
            (user, password) => format!("{}:{}@", in_url(user), in_url(password)),
        };
        format!("{scheme}://{login}{}:{}/{path}", self.host, self.port)
    }

    fn value(&self, meaning: &Meaning) -> Option<String> {
        Some(match meaning {
            Meaning::DatabaseUrl { scheme }
                if scheme.starts_with("mongo") && !self.user.is_empty() =>
            {
                format!("{}?authSource=admin", self.url(scheme, &in_url(&self.name)))
            }
            Meaning::DatabaseUrl { scheme } => self.url(scheme, &in_url(&self.name)),
            Meaning::DatabaseHost | Meaning::CacheHost | Meaning::BrokerHost => self.host.clone(),
            Meaning::DatabasePort | Meaning::CachePort | Meaning::BrokerPort => {
                self.port.to_string()
            }
            Meaning::DatabaseUser => self.user.clone(),
            Meaning::DatabasePassword | Meaning::CachePassword | Meaning::BrokerPassword => {
                self.password.clone()
            }
            Meaning::DatabaseName => self.name.clone(),
            Meaning::BrokerUrl if self.port == 5672 => match self.name.as_str() {
                "" => self.url("amqp", "/"),
                name => self.url("amqp", &in_url(name)),
            },
            Meaning::CacheUrl | Meaning::BrokerUrl => self.url("redis", "0"),
            Meaning::ResultUrl if self.port == 6379 => self.url("redis", "1"),
            _ => return None,
        })
    }
}

/// The password that a Redis is started with, empty for none; `None` where it
/// is in a file.
fn redis_password(service: &Service) -> Option<String> {
    let command = service.command();
    let words = interpolate::words(&command)?;
    let at = words.iter().position(|word| word == "--requirepass");
    if at.is_none() && words.iter().any(|word| word.ends_with(".conf")) {
        return None;
    }
    Some(at.and_then(|at| words.get(at + 1).cloned()).unwrap_or_default())
}

/// A word as an address has it; a variable stands as it is.
fn in_url(word: &str) -> String {
    if word.contains("${") || word.starts_with('$') {
        return word.to_owned();
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    word.bytes()
        .map(|byte| match plain(byte) {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02X}"),
        })
        .collect()
}

/// The service of an existing compose file that is the application's database
/// (`Role::Db`), its cache or its broker, whatever dockwright plans of it.
#[must_use]
pub fn service(adopted: &Adopted, role: Role) -> Option<String> {
    let carried = adopted.derived.carried.as_ref()?;
    if let Some(name) = carried.roles.get(&role) {
        return Some(name.clone());
    }
    let kind = match role {
        Role::Db => adopted.derived.database.as_deref(),
        Role::Redis => adopted.derived.broker.as_deref(),
        _ => None,
    };
    let kind = match kind? {
        "mariadb" => "mysql",
        "postgresql" => "postgres",
        kind => kind,
    };
    carried.stores.iter().find(|(_, own)| *own == kind).map(|(name, _)| name.clone())
}

/// Variables that lead to a store that was there, where nothing of the
/// application was: whatever ran there had them already.
#[must_use]
pub fn settings(shape: &Shape, role: Role) -> Vec<Setting> {
    let Some(adopted) = &shape.answers.adopted else { return Vec::new() };
    let Some(carried) = &adopted.derived.carried else { return Vec::new() };
    if carried.roles.contains_key(&Role::Web) {
        return Vec::new();
    }
    let Some(name) = service(adopted, role) else { return Vec::new() };
    let services = carried.document().services();
    let Some(store) = services.iter().find(|service| service.name == name) else {
        return Vec::new();
    };
    let Some(store) = Store::of(carried, store) else { return Vec::new() };
    let shared = !shape.has(Role::Cache);
    let about = |meaning: &Meaning| match role {
        Role::Db => !meaning.is_of_cache() && !meaning.is_of_broker(),
        Role::Cache => meaning.is_of_cache(),
        _ => meaning.is_of_broker() || shared && meaning.is_of_cache(),
    };
    let mut settings: Vec<Setting> = Vec::new();
    for known in adopted.derived.told(about) {
        if let Some(value) = store.value(&known.meaning) {
            settings.push((known.name.clone(), EnvValue::Kept(Some(value))));
        }
    }
    let usual = match role {
        Role::Db => ("DATABASE_URL", Meaning::DatabaseUrl { scheme: scheme(store.port).into() }),
        Role::Cache => ("CACHE_URL", Meaning::CacheUrl),
        _ => ("CELERY_BROKER_URL", Meaning::BrokerUrl),
    };
    if settings.is_empty() {
        let value =
            store.value(&usual.1).map(|value| (usual.0.to_owned(), EnvValue::Kept(Some(value))));
        settings.extend(value);
    }
    settings
}

fn scheme(port: u16) -> &'static str {
    match port {
        3306 => "mysql",
        27017 => "mongodb",
        _ => "postgresql",
    }
}
