//! Variables that tell the code where its database, cache and broker are, and
//! what they mean to it: by what the code does with them, then by their names.

use std::collections::BTreeMap;

use ruff_python_ast::{CmpOp, Expr, Stmt};

use crate::detect::fact::{Evidence, Fact};
use crate::detect::facts::{Connection, Meaning};
use crate::detect::python::Scope;
use crate::detect::python::When;
use crate::detect::python::reached;
use crate::detect::python::string;
use crate::detect::python::{Form, Read, Value};
use crate::detect::services::Evidences;
use crate::detect::services::binding::Binding;
use crate::detect::services::database::DATABASES;
use crate::detect::services::known_names::{Role, role_of_name};
use crate::detect::services::required::is_signing_key;
use crate::detect::services::scheme::Schemes;
use crate::detect::services::tables::TABLES;

/// What is known of the services when variables are classified.
pub(super) struct Known<'k> {
    pub(super) database: &'k Fact<String>,
    pub(super) driver: &'k Fact<String>,
    pub(super) cache: &'k Fact<String>,
    pub(super) broker: &'k Fact<String>,
}

/// Every such variable, by name.
pub(super) fn find(
    evidences: &Evidences<'_, '_>,
    known: &Known<'_>,
) -> Vec<(Connection, Vec<Evidence>)> {
    let schemes = Schemes::of(evidences, known);
    let mut found = Found { known, schemes: &schemes, meanings: BTreeMap::new() };
    for binding in evidences.live() {
        by_use(binding, &mut found);
    }
    by_type(evidences, &mut found);
    engine_switches(evidences, &mut found);
    configurations(evidences, &mut found);
    for binding in evidences.live() {
        for read in binding.value.reads() {
            by_name(read, &binding.evidence, &mut found);
        }
    }
    for place in &evidences.reads {
        if place.when != When::Never {
            by_name(&place.read, &place.evidence, &mut found);
        }
    }
    let named = |(name, meanings): (String, Vec<Noted>)| {
        let of_one = move |(meaning, lines)| (Connection { name: name.clone(), meaning }, lines);
        meanings.into_iter().map(of_one)
    };
    found.meanings.into_iter().flat_map(named).collect()
}

struct Found<'f> {
    known: &'f Known<'f>,
    schemes: &'f Schemes,
    meanings: BTreeMap<String, Vec<Noted>>,
}

/// A meaning and its lines.
type Noted = (Meaning, Vec<Evidence>);

impl Found<'_> {
    /// Notes what a variable means; what was noted first stays. One Redis may
    /// be both cache and broker, under one name.
    fn note(&mut self, read: &Read, role: Role, evidence: &Evidence) {
        if read.name.to_ascii_uppercase().split('_').any(|word| word == "TEST") {
            return;
        }
        let Some(meaning) = self.meaning(read, role) else { return };
        let noted = self.meanings.entry(read.name.clone()).or_default();
        let apart = |(known, _): &Noted| {
            known.is_of_cache() && meaning.is_of_broker()
                || known.is_of_broker() && meaning.is_of_cache()
        };
        if noted.iter().all(apart) {
            noted.push((meaning.clone(), Vec::new()));
        }
        let lines = noted.iter_mut().find(|(known, _)| *known == meaning).map(|(_, lines)| lines);
        if let Some(lines) = lines.filter(|own| !own.contains(evidence) && own.len() < 4) {
            lines.push(evidence.clone());
        }
    }

    fn meaning(&self, read: &Read, role: Role) -> Option<Meaning> {
        let database = self.known.database.value().map(String::as_str);
        let server = database.is_some_and(|it| it != "sqlite");
        // `MYSQL_HOST` beside a Postgres is of another choice.
        let other = TABLES.service_of_variable(&read.name).is_some_and(|service| {
            DATABASES.contains(&service) && database.is_some_and(|it| it != service)
        });
        if other && role.is_of_database() {
            return None;
        }
        // Where only the tasks use it, it is the broker.
        let queued = self.known.broker.is_known() && !self.known.cache.is_known();
        let role = if queued { role.for_tasks() } else { role };
        Some(match role {
            Role::DatabaseUrl if server => {
                Meaning::DatabaseUrl { scheme: self.schemes.of_read(read) }
            }
            Role::DatabaseHost if server => Meaning::DatabaseHost,
            Role::DatabasePort if server => Meaning::DatabasePort,
            Role::DatabaseName if server => Meaning::DatabaseName,
            Role::DatabaseUser if server => Meaning::DatabaseUser,
            Role::DatabasePassword if server => Meaning::DatabasePassword,
            Role::Engine if server => Meaning::Constant { value: engine(read, database?)? },
            Role::CacheUrl if self.known.cache.is_known() => Meaning::CacheUrl,
            Role::CacheHost if self.known.cache.is_known() => Meaning::CacheHost,
            Role::CachePort if self.known.cache.is_known() => Meaning::CachePort,
            Role::CachePassword if self.known.cache.is_known() => Meaning::CachePassword,
            Role::BrokerUrl if self.known.broker.is_known() => Meaning::BrokerUrl,
            Role::BrokerHost if self.known.broker.is_known() => Meaning::BrokerHost,
            Role::BrokerPort if self.known.broker.is_known() => Meaning::BrokerPort,
            Role::BrokerPassword if self.known.broker.is_known() => Meaning::BrokerPassword,
            Role::ResultUrl if self.known.broker.is_known() => Meaning::ResultUrl,
            Role::SecretKey => Meaning::SecretKey,
            Role::AllowedHosts => Meaning::AllowedHosts { separator: separator(read)? },
            Role::TrustedOrigins => Meaning::TrustedOrigins { separator: separator(read)? },
            Role::Debug => Meaning::Debug { off: off(read) },
            Role::HttpsAlone => Meaning::HttpsAlone { off: off(read) },
            _ => return None,
        })
    }
}

/// What turns a switch off.
fn off(read: &Read) -> String {
    match &read.form {
        Form::Switch(off) => off.clone(),
        Form::Number => "0".into(),
        _ => "False".into(),
    }
}

/// Fields of settings whose type is an address.
fn by_type(evidences: &Evidences<'_, '_>, found: &mut Found<'_>) {
    for (module, class) in evidences.evaluator.settings_classes() {
        for field in evidences.evaluator.fields(module, class) {
            let role = match field.annotation.as_str() {
                it if ["PostgresDsn", "MySQLDsn", "MariaDBDsn", "MongoDsn"]
                    .iter()
                    .any(|ty| it.contains(ty)) =>
                {
                    Role::DatabaseUrl
                }
                it if it.contains("RedisDsn")
                    && field.name.to_ascii_lowercase().contains("broker") =>
                {
                    Role::BrokerUrl
                }
                it if it.contains("RedisDsn") => Role::CacheUrl,
                it if it.contains("AmqpDsn") => Role::BrokerUrl,
                _ => continue,
            };
            found.note(&field.read, role, &field.module.evidence(field.statement));
        }
    }
}

/// The separator of a list; one host alone, or JSON, has none.
fn separator(read: &Read) -> Option<String> {
    match &read.form {
        Form::List(separator) if separator == "," || separator == " " => Some(separator.clone()),
        Form::List(separator) if separator.trim() == "," => Some(",".into()),
        _ => None,
    }
}

/// The engine in the words of the default it replaces.
fn engine(read: &Read, database: &str) -> Option<String> {
    let default = read.default.as_ref().and_then(|it| it.text()).unwrap_or_default();
    if TABLES.service_of_engine(&default) == Some(database) {
        return Some(default);
    }
    let last = match database {
        "postgres" => "postgresql",
        "mysql" => "mysql",
        "oracle" => "oracle",
        "mssql" => return Some("mssql".into()),
        _ => return None,
    };
    let short = !default.contains('.') && !default.is_empty();
    Some(if short { last.to_owned() } else { format!("django.db.backends.{last}") })
}

/// What the code does with a variable says what it means.
fn by_use(binding: &Binding, found: &mut Found<'_>) {
    let evidence = &binding.evidence;
    if let Some(role) = role_of_path(binding) {
        match binding.value.read() {
            Some(read) => found.note(read, role, evidence),
            None => parts_of_url(&binding.value, role, evidence, found),
        }
        if role == Role::Engine
            && let Value::Template(values) = &binding.value
        {
            values.iter().filter_map(Value::read).for_each(|it| found.note(it, role, evidence));
        }
        return;
    }
    if binding.passes("hosts") && binding.passes("CHANNEL_LAYERS") {
        hosts(&binding.value, evidence, found);
        return;
    }
    parts_of_url(&binding.value, Role::Other, evidence, found);
}

/// `[(host, port)]`, `[url]` of a channel layer.
fn hosts(value: &Value, evidence: &Evidence, found: &mut Found<'_>) {
    let Value::List(hosts) = value else { return };
    for host in hosts {
        match host {
            Value::List(pair) => {
                let roles = [Role::CacheHost, Role::CachePort];
                for (value, role) in pair.iter().zip(roles) {
                    value.read().into_iter().for_each(|it| found.note(it, role, evidence));
                }
            }
            Value::Template(_) => parts_of_url(host, Role::Other, evidence, found),
            other => {
                other.read().into_iter().for_each(|it| found.note(it, Role::CacheUrl, evidence))
            }
        }
    }
}

/// The role of the place a value goes to.
fn role_of_path(binding: &Binding) -> Option<Role> {
    let last = binding.last();
    if binding.in_settings && binding.first() == "DATABASES" {
        if binding.path.get(1).is_some_and(|alias| alias != "default") {
            return None;
        }
        return Some(match last {
            "ENGINE" => Role::Engine,
            "HOST" => Role::DatabaseHost,
            "PORT" => Role::DatabasePort,
            "NAME" => Role::DatabaseName,
            "USER" => Role::DatabaseUser,
            "PASSWORD" => Role::DatabasePassword,
            "default" => Role::DatabaseUrl,
            _ => return None,
        });
    }
    if binding.passes("CACHES") && (last == "LOCATION" || last == "default") {
        return Some(Role::CacheUrl);
    }
    if let Some(role) = role_of_argument(binding) {
        return Some(role);
    }
    // A field of settings is a variable of that name itself.
    if binding.is_field {
        return None;
    }
    Some(match last.to_ascii_lowercase().as_str() {
        "secret_key" => Role::SecretKey,
        "allowed_hosts" => Role::AllowedHosts,
        "csrf_trusted_origins" => Role::TrustedOrigins,
        "debug" => Role::Debug,
        "secure_ssl_redirect" | "session_cookie_secure" | "csrf_cookie_secure" => Role::HttpsAlone,
        "broker_url" | "celery_broker_url" | "celery_broker" => Role::BrokerUrl,
        "result_backend" | "celery_result_backend" => Role::ResultUrl,
        "sqlalchemy_database_uri" | "sqlalchemy_database_url" | "sqlalchemy_url" => {
            Role::DatabaseUrl
        }
        _ => return None,
    })
}

/// The role of an argument of what connects to something.
fn role_of_argument(binding: &Binding) -> Option<Role> {
    let called = binding.called();
    let argument = binding.last();
    let module = called.split('.').next().unwrap_or_default();
    let class = called.rsplit('.').next().unwrap_or_default();
    let database = matches!(
        module,
        "psycopg2"
            | "psycopg"
            | "asyncpg"
            | "pymysql"
            | "MySQLdb"
            | "aiomysql"
            | "peewee"
            | "aiopg"
            | "psycopg_pool"
    ) || called.ends_with("URL.create")
        || (called.ends_with(".build")
            && ["Postgres", "MySQL", "MariaDB", "MultiHostUrl", "Mongo"]
                .iter()
                .any(|it| called.contains(it)));
    let redis = matches!(module, "redis" | "aioredis" | "flask_redis" | "arq");
    Some(match argument {
        "broker" if class.to_ascii_lowercase().contains("celery") => Role::BrokerUrl,
        "backend" if class.to_ascii_lowercase().contains("celery") => Role::ResultUrl,
        "0" | "url"
            if matches!(
                class,
                "create_engine"
                    | "create_async_engine"
                    | "create_pool"
                    | "Database"
                    | "AsyncIOMotorClient"
                    | "MongoClient"
                    | "AsyncMongoClient"
            ) =>
        {
            Role::DatabaseUrl
        }
        "dsn" | "db_url"
            if database || called.contains("tortoise") || called.contains("Tortoise") =>
        {
            Role::DatabaseUrl
        }
        "0" | "url" if redis && class == "from_url" => Role::CacheUrl,
        "host" if redis => Role::CacheHost,
        "port" if redis => Role::CachePort,
        "password" if redis => Role::CachePassword,
        "host" if database => Role::DatabaseHost,
        "port" if database => Role::DatabasePort,
        "user" | "username" if database => Role::DatabaseUser,
        "password" | "passwd" if database => Role::DatabasePassword,
        "database" | "dbname" | "db" | "path" if database => Role::DatabaseName,
        _ => return None,
    })
}

/// The variables in `postgresql://{user}:{password}@{host}:{port}/{name}`,
/// which is what the place of this role is given, and in `{address}/1`.
fn parts_of_url(value: &Value, whole: Role, evidence: &Evidence, found: &mut Found<'_>) {
    let tasks = matches!(whole, Role::BrokerUrl | Role::ResultUrl);
    for part in value.parts() {
        let Value::Template(values) = part else { continue };
        let address = values.first().and_then(Value::read);
        if let Some(read) = address.filter(|_| tasks || whole == Role::CacheUrl) {
            found.note(read, whole, evidence);
        }
        let Some(Value::Text(first)) = values.first() else { continue };
        let Some((scheme, _)) = first.split_once("://") else { continue };
        let redis = match TABLES.service_of_url(&format!("{scheme}:")) {
            Some("redis" | "valkey") => Some(true),
            Some("rabbitmq") => None,
            Some("memcached" | "sqs") | None => continue,
            Some(_) => Some(false),
        };
        let mut before = String::new();
        for (at, value) in values.iter().enumerate() {
            let text = match value {
                Value::Text(text) => {
                    before.push_str(text);
                    continue;
                }
                other => other,
            };
            if let Some(read) = text.read() {
                let after = values.get(at + 1).and_then(|it| match it {
                    Value::Text(text) => Some(text.as_str()),
                    _ => None,
                });
                if let Some(role) =
                    role_in_url(&before, after.unwrap_or_default(), &values[at + 1..])
                {
                    let role = role.of(redis);
                    found.note(read, if tasks { role.for_tasks() } else { role }, evidence);
                }
            }
            before.push('x');
        }
    }
}

/// A part of an address.
#[derive(Clone, Copy)]
enum UrlPart {
    User,
    Password,
    Host,
    Port,
    Name,
}

impl UrlPart {
    /// The role it has in an address of a database (`Some(false)`), of Redis
    /// (`Some(true)`) or of RabbitMQ.
    const fn of(self, redis: Option<bool>) -> Role {
        match (self, redis) {
            (Self::User, Some(false)) => Role::DatabaseUser,
            (Self::Password, Some(false)) => Role::DatabasePassword,
            (Self::Host, Some(false)) => Role::DatabaseHost,
            (Self::Port, Some(false)) => Role::DatabasePort,
            (Self::Name, Some(false)) => Role::DatabaseName,
            (Self::Host, Some(true)) => Role::CacheHost,
            (Self::Port, Some(true)) => Role::CachePort,
            (Self::Password, Some(true)) => Role::CachePassword,
            (Self::Host, None) => Role::BrokerHost,
            (Self::Port, None) => Role::BrokerPort,
            (Self::Password, None) => Role::BrokerPassword,
            _ => Role::Other,
        }
    }
}

/// Which part of an address stands between two texts.
fn role_in_url(before: &str, after: &str, rest: &[Value]) -> Option<UrlPart> {
    let authority = before.split_once("://")?.1;
    let later_at = after.starts_with('@')
        || rest.iter().any(|it| matches!(it, Value::Text(text) if text.contains('@')));
    if authority.contains('?') {
        return None;
    }
    if let Some((_, host)) = authority.rsplit_once('@') {
        return Some(after_credentials(host));
    }
    if later_at {
        return Some(if authority.contains(':') { UrlPart::Password } else { UrlPart::User });
    }
    Some(after_credentials(authority))
}

fn after_credentials(host: &str) -> UrlPart {
    if host.contains('/') {
        UrlPart::Name
    } else if host.contains(':') {
        UrlPart::Port
    } else {
        UrlPart::Host
    }
}

/// Names of variables that choose one of the code's configurations.
const CHOOSERS: [&str; 10] = [
    "FLASK_CONFIG",
    "FLASK_ENV",
    "APP_CONFIG",
    "APP_SETTINGS",
    "APP_ENV",
    "CONFIG_NAME",
    "CONFIG_ENV",
    "ENVIRONMENT",
    "FLASK_CONFIGURATION",
    "ENV",
];

/// `config = {"development": …, "production": …}`, chosen by a variable that has a default.
fn configurations(evidences: &Evidences<'_, '_>, found: &mut Found<'_>) {
    let word = evidences.project.modules.iter().find_map(|module| {
        let assigned = module.ast.body.iter().flat_map(crate::detect::python::assignments);
        assigned.into_iter().find_map(|(name, value)| {
            let Expr::Dict(dict) = value else { return None };
            let keys: Vec<&str> =
                dict.items.iter().filter_map(|item| string(item.key.as_ref()?)).collect();
            let classes = dict.items.iter().all(|item| {
                item.value.is_name_expr()
                    || item.value.is_attribute_expr()
                    || string(&item.value).is_some()
            });
            let develops = keys.iter().any(|key| key.to_lowercase().starts_with("dev"));
            let serves = keys
                .iter()
                .find(|key| matches!(key.to_lowercase().as_str(), "production" | "prod"));
            let is_one = name.to_lowercase().contains("config") && classes && develops;
            serves.filter(|_| is_one).map(|key| ((*key).to_owned(), module.evidence(value)))
        })
    });
    let Some((word, line)) = word else { return };
    let read = evidences.reads.iter().map(|place| &place.read.name);
    for name in read.filter(|name| CHOOSERS.contains(&name.as_str())) {
        let meaning = Meaning::Constant { value: word.clone() };
        found.meanings.entry(name.clone()).or_insert_with(|| vec![(meaning, vec![line.clone()])]);
    }
}

/// `if os.getenv("DB") == "postgres":` before settings of a database.
fn engine_switches(evidences: &Evidences<'_, '_>, found: &mut Found<'_>) {
    let Some(database) = found.known.database.value().cloned() else { return };
    for module in &evidences.project.settings {
        for (_, statement) in reached(&module.ast.body, When::Always) {
            let Stmt::If(block) = statement else { continue };
            let clauses = block.elif_else_clauses.iter().filter_map(|it| it.test.as_ref());
            for test in std::iter::once(&*block.test).chain(clauses) {
                let Expr::Compare(compare) = test else { continue };
                let ([CmpOp::Eq], [right]) = (&*compare.ops, &*compare.comparators) else {
                    continue;
                };
                let Some(text) = string(right) else { continue };
                let same = TABLES.service_of_url(&format!("{}:", text.to_ascii_lowercase()))
                    == Some(database.as_str());
                let value = evidences.evaluator.value(Scope::top(module), &compare.left);
                if let (true, Some(read)) = (same && database != "sqlite", value.read()) {
                    let meaning = Meaning::Constant { value: text.to_owned() };
                    let line = module.evidence(test);
                    found
                        .meanings
                        .entry(read.name.clone())
                        .or_insert_with(|| vec![(meaning, vec![line])]);
                }
            }
        }
    }
}

/// Well-known names decide what the code's use leaves open.
fn by_name(read: &Read, evidence: &Evidence, found: &mut Found<'_>) {
    if found.meanings.contains_key(&read.name) {
        return;
    }
    let role =
        role_of_name(&read.name).or_else(|| is_signing_key(&read.name).then_some(Role::SecretKey));
    if let Some(role) = role {
        found.note(read, role, evidence);
    }
}

#[cfg(test)]
mod tests {
    use crate::detect::facts::Meaning;
    use crate::detect::services::fixture::Repository;

    fn meanings(repository: &Repository) -> Vec<(String, Meaning)> {
        repository.find().connections.into_iter().map(|(it, _)| (it.name, it.meaning)).collect()
    }

    fn url(name: &str, scheme: &str) -> (String, Meaning) {
        (name.to_owned(), Meaning::DatabaseUrl { scheme: scheme.to_owned() })
    }

    fn is(name: &str, meaning: Meaning) -> (String, Meaning) {
        (name.to_owned(), meaning)
    }

    #[test]
    fn keys_of_djangos_database_say_what_variables_mean_whatever_they_are_called() {
        let settings = "import os\nDATABASES = {'default': {\n 'ENGINE': os.environ.get('KIND', 'django.db.backends.sqlite3'),\n 'NAME': os.environ.get('STORE', 'x.sqlite3'),\n 'USER': os.environ.get('WHO'),\n 'PASSWORD': os.environ.get('SESAME'),\n 'HOST': os.environ.get('WHERE', 'localhost'),\n 'PORT': os.environ.get('DOOR', '5432')}}\n";
        let found = meanings(&Repository::django(settings, &[]).installs(&["psycopg2"]));
        assert_eq!(
            found,
            [
                is("DOOR", Meaning::DatabasePort),
                is("KIND", Meaning::Constant { value: "django.db.backends.postgresql".into() }),
                is("SESAME", Meaning::DatabasePassword),
                is("STORE", Meaning::DatabaseName),
                is("WHERE", Meaning::DatabaseHost),
                is("WHO", Meaning::DatabaseUser),
            ]
        );
    }

    #[test]
    fn settings_of_security_keep_their_separator_and_what_turns_them_off() {
        let settings = "import os, environ\nenv = environ.Env()\nSECRET_KEY = env('KEY')\nDEBUG = os.getenv('VERBOSE', '0') == '1'\nALLOWED_HOSTS = os.environ.get('NAMES').split(' ')\nCSRF_TRUSTED_ORIGINS = env.list('ORIGINS', default=[])\n";
        assert_eq!(
            meanings(&Repository::django(settings, &[])),
            [
                is("KEY", Meaning::SecretKey),
                is("NAMES", Meaning::AllowedHosts { separator: " ".into() }),
                is("ORIGINS", Meaning::TrustedOrigins { separator: ",".into() }),
                is("VERBOSE", Meaning::Debug { off: "0".into() }),
            ]
        );
        for (line, off) in [
            ("DEBUG = os.environ.get('D') == 'True'", "False"),
            ("DEBUG = bool(os.environ.get('D', default=0))", ""),
            ("DEBUG = bool(int(os.environ.get('D', 0)))", "0"),
            ("DEBUG = int(os.environ.get('D', 0))", "0"),
            ("DEBUG = os.getenv('D', 'f').lower() in ('true', '1')", "false"),
        ] {
            let found = meanings(&Repository::django(&format!("import os\n{line}\n"), &[]));
            assert_eq!(found, [is("D", Meaning::Debug { off: off.into() })], "{line}");
        }
    }

    #[test]
    fn an_addresss_scheme_is_the_defaults_or_the_drivers() {
        let head = "import os\nfrom fastapi import FastAPI\nfrom sqlalchemy.ext.asyncio import create_async_engine\napp = FastAPI()\n";
        for (line, packages, scheme) in [
            (
                "create_async_engine(os.environ['WHERE'])",
                &["asyncpg", "psycopg2"][..],
                "postgresql+asyncpg",
            ),
            (
                "create_async_engine(os.environ['WHERE'])",
                &["psycopg[binary]"],
                "postgresql+psycopg",
            ),
            (
                "create_async_engine(os.getenv('WHERE', 'postgresql+psycopg://a@b/c'))",
                &["asyncpg"],
                "postgresql+psycopg",
            ),
            (
                "create_async_engine(os.environ['WHERE'].replace('postgresql://', 'postgresql+asyncpg://'))",
                &["asyncpg"],
                "postgresql",
            ),
        ] {
            let repository =
                Repository::fastapi(&format!("{head}e = {line}\n"), &[]).installs(packages);
            assert_eq!(meanings(&repository), [url("WHERE", scheme)], "{line}");
        }
        let django =
            "import environ\nenv = environ.Env()\nDATABASES = {'default': env.db('WHERE')}\n";
        assert_eq!(
            meanings(&Repository::django(django, &[]).installs(&["psycopg"])),
            [url("WHERE", "postgres")]
        );
    }

    #[test]
    fn the_parts_of_an_address_are_told_by_where_they_stand() {
        let main = "import os\nfrom fastapi import FastAPI\nfrom sqlalchemy import create_engine\napp = FastAPI()\nu, p = 1, 2\nu = os.getenv('A')\np = os.getenv('B')\nh = os.getenv('C', 'db')\no = os.getenv('D', '5432')\nn = os.getenv('E')\nengine = create_engine(f'postgresql://{u}:{p}@{h}:{o}/{n}')\ncache = 'redis://{}:{}/0'.format(os.getenv('F'), os.getenv('G'))\n";
        assert_eq!(
            meanings(&Repository::fastapi(main, &[])),
            [
                is("A", Meaning::DatabaseUser),
                is("B", Meaning::DatabasePassword),
                is("C", Meaning::DatabaseHost),
                is("D", Meaning::DatabasePort),
                is("E", Meaning::DatabaseName),
                is("F", Meaning::CacheHost),
                is("G", Meaning::CachePort),
            ]
        );
    }

    #[test]
    fn settings_classes_that_put_an_address_together_are_understood() {
        let main = "from fastapi import FastAPI\nfrom pydantic import PostgresDsn\nfrom pydantic_settings import BaseSettings\nclass Settings(BaseSettings):\n    PG_SERVER: str\n    login: str\n    word: str\n    base: str = ''\n    @property\n    def url(self):\n        return PostgresDsn.build(scheme='postgresql', username=self.login, password=self.word, host=self.PG_SERVER, path=self.base)\nsettings = Settings()\napp = FastAPI()\n";
        assert_eq!(
            meanings(&Repository::fastapi(main, &[])),
            [
                is("BASE", Meaning::DatabaseName),
                is("LOGIN", Meaning::DatabaseUser),
                is("PG_SERVER", Meaning::DatabaseHost),
                is("WORD", Meaning::DatabasePassword),
            ]
        );
    }

    #[test]
    fn well_known_names_decide_what_the_code_leaves_open() {
        let main = "from fastapi import FastAPI\nfrom pydantic_settings import BaseSettings\nclass Settings(BaseSettings):\n    postgres_host: str = 'x'\n    postgres_password: str\n    redis_url: str = ''\n    secret_key: str\n    test_database_url: str = ''\nsettings = Settings()\napp = FastAPI()\n";
        assert_eq!(
            meanings(&Repository::fastapi(main, &[])),
            [
                is("POSTGRES_HOST", Meaning::DatabaseHost),
                is("POSTGRES_PASSWORD", Meaning::DatabasePassword),
                is("REDIS_URL", Meaning::CacheUrl),
                is("SECRET_KEY", Meaning::SecretKey),
            ]
        );
    }

    #[test]
    fn a_variable_of_a_database_that_was_not_chosen_means_nothing() {
        let main = "import os\nfrom fastapi import FastAPI\napp = FastAPI()\nA = os.getenv('POSTGRES_HOST', 'p')\nB = os.getenv('MYSQL_HOST', 'm')\n";
        let repository = Repository::fastapi(main, &[]).installs(&["asyncpg"]);
        assert_eq!(meanings(&repository), [is("POSTGRES_HOST", Meaning::DatabaseHost)]);
    }

    #[test]
    fn helpers_with_overloads_and_values_taken_in_a_condition_are_followed() {
        let settings = "import os\nfrom typing import overload\n@overload\ndef secret(n: str) -> str: ...\ndef secret(n, default=None):\n    return os.getenv(n, default)\nSECRET_KEY = secret('KEY', '-')\nif names := os.getenv('NAMES'):\n    ALLOWED_HOSTS = names.split(',')\n";
        assert_eq!(
            meanings(&Repository::django(settings, &[])),
            [
                is("KEY", Meaning::SecretKey),
                is("NAMES", Meaning::AllowedHosts { separator: ",".into() })
            ]
        );
    }

    #[test]
    fn celerys_variables_are_the_broker_and_the_results() {
        let worker = "import os\nfrom celery import Celery\napp = Celery('x')\napp.conf.broker_url = os.environ.get('Q', 'redis://localhost')\napp.conf.result_backend = os.environ.get('R', 'redis://localhost')\n";
        assert_eq!(
            meanings(&Repository::new(&[("worker.py", worker)])),
            [is("Q", Meaning::BrokerUrl), is("R", Meaning::ResultUrl)]
        );
    }

    #[test]
    fn a_switch_that_compares_with_the_databases_name_is_set_to_it() {
        let settings = "import os\nDATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3'}}\nif os.getenv('STORE') == 'postgres':\n    DATABASES = {'default': {'ENGINE': 'django.db.backends.postgresql', 'HOST': os.getenv('AT', '')}}\nif os.getenv('STORE') == 'mysql':\n    DATABASES = {'default': {'ENGINE': 'django.db.backends.mysql'}}\n";
        assert_eq!(
            meanings(&Repository::django(settings, &[]).installs(&["psycopg"])),
            [
                is("AT", Meaning::DatabaseHost),
                is("STORE", Meaning::Constant { value: "postgres".into() })
            ]
        );
    }
}
