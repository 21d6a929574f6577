//! The database that production uses.
//!
//! Settings say it where they name one outright. Often they only name
//! SQLite, as a default behind a switch; then drivers, variables and
//! containers say which one the switch is for.

use std::collections::BTreeMap;

use crate::detect::fact::{Evidence, Fact};
use crate::detect::python::Value;
use crate::detect::python::When;
use crate::detect::services::Evidences;
use crate::detect::services::binding::Binding;
use crate::detect::services::tables::TABLES;
use crate::environments::is_for_another;
use crate::source::compose::is_compose;

/// What is a database and not a cache or broker.
pub(super) const DATABASES: [&str; 9] = [
    "postgres",
    "mysql",
    "mssql",
    "oracle",
    "mongodb",
    "sqlite",
    "neo4j",
    "cassandra",
    "clickhouse",
];

/// Databases that another one is rarely beside; these come first among equals.
const RELATIONAL: [&str; 4] = ["postgres", "mysql", "mssql", "oracle"];

/// How sure each kind of evidence makes, in percent; kinds add up.
mod weight {
    /// The settings name it, whatever else is the case.
    pub const NAMED: u32 = 100;
    /// The settings name it in a branch, or an address in the code does.
    pub const ADDRESS: u32 = 70;
    /// A feature that only this database has.
    pub const FEATURE: u32 = 40;
    /// A variable the code reads.
    pub const VARIABLE: u32 = 35;
    /// The code imports the driver.
    pub const IMPORTED: u32 = 20;
    /// The driver is installed.
    pub const DRIVER: u32 = 30;
    /// The address that a service of the deployment is given, which the code reads.
    pub const GIVEN: u32 = 100;
    /// A value in an env file.
    pub const ENV_FILE: u32 = 35;
    /// Less than this says nothing.
    pub const LEAST: u32 = 30;
}

#[derive(Default)]
struct Scores {
    found: BTreeMap<&'static str, BTreeMap<&'static str, (u32, Vec<Evidence>)>>,
    /// Whether a variable can choose another database than the default.
    switch: bool,
}

impl Scores {
    /// Notes evidence; of one kind the strongest counts.
    fn add(&mut self, service: &'static str, kind: &'static str, weight: u32, evidence: &Evidence) {
        let kinds = self.found.entry(service).or_default();
        let (most, lines) = kinds.entry(kind).or_default();
        *most = (*most).max(weight);
        if !lines.contains(evidence) && lines.len() < 4 {
            lines.push(evidence.clone());
        }
    }

    fn score(&self, service: &str) -> u32 {
        self.found.get(service).map_or(0, |kinds| kinds.values().map(|(weight, _)| weight).sum())
    }

    fn evidence(&self, service: &str) -> Vec<Evidence> {
        let kinds = self.found.get(service).into_iter().flat_map(BTreeMap::values);
        let mut kinds: Vec<&(u32, Vec<Evidence>)> = kinds.collect();
        kinds.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
        kinds.into_iter().flat_map(|(_, lines)| lines.iter().cloned()).take(6).collect()
    }
}

/// The database, and the package that talks to it.
pub(super) fn find(evidences: &Evidences<'_, '_>) -> (Fact<String>, Fact<String>) {
    let mut scores = Scores::default();
    settings(evidences, &mut scores);
    addresses(evidences, &mut scores);
    features(evidences, &mut scores);
    variables(evidences, &mut scores);
    packages(evidences, &mut scores);
    containers(evidences, &mut scores);
    let database = decide(&scores);
    let driver = database.value().map_or(Fact::Unknown, |service| driver(evidences, service));
    // Without a driver the code reaches no server: what it does by default is what it can.
    let has_packages = !evidences.context.dependencies.declared.is_empty();
    let reaches = |service: &String| {
        let kinds = &scores.found[service.as_str()];
        let is_named = kinds.get("settings").is_some_and(|(weight, _)| *weight >= weight::NAMED);
        driver.is_known() || is_named || kinds.contains_key("import") || kinds.contains_key("given")
    };
    let falls_back =
        database.value().is_some_and(|service| service != "sqlite" && !reaches(service));
    if has_packages && falls_back && scores.score("sqlite") >= weight::ADDRESS {
        return (Fact::Known("sqlite".to_owned(), scores.evidence("sqlite")), Fact::Unknown);
    }
    (database, driver)
}

fn decide(scores: &Scores) -> Fact<String> {
    let known = |service: &str| Fact::Known(service.to_owned(), scores.evidence(service));
    let sqlite = scores.score("sqlite");
    let mut servers: Vec<(u32, &str)> = scores
        .found
        .keys()
        .filter(|service| **service != "sqlite")
        .map(|service| (scores.score(service), *service))
        .filter(|(score, _)| *score >= weight::LEAST)
        .collect();
    servers
        .sort_by_key(|(score, service)| (std::cmp::Reverse(*score), !RELATIONAL.contains(service)));
    let Some(&(best, service)) = servers.first() else {
        return if sqlite >= weight::DRIVER { known("sqlite") } else { Fact::Unknown };
    };
    if sqlite >= weight::ADDRESS && !scores.switch && best < weight::ADDRESS {
        return known("sqlite");
    }
    if sqlite >= weight::NAMED && !scores.switch && best < weight::NAMED + weight::DRIVER {
        return known("sqlite");
    }
    let equals: Vec<&str> = servers
        .iter()
        .filter(|(score, other)| {
            *score == best && RELATIONAL.contains(other) == RELATIONAL.contains(&service)
        })
        .map(|(_, service)| *service)
        .collect();
    match (equals.len(), sqlite >= weight::ADDRESS) {
        (1, _) => known(service),
        // Where the choice is open, the code's own default stands.
        (_, true) => known("sqlite"),
        _ => Fact::Ambiguous(
            equals.iter().map(|it| ((*it).to_owned(), scores.evidence(it))).collect(),
        ),
    }
}

/// Django's `DATABASES`.
fn settings(evidences: &Evidences<'_, '_>, scores: &mut Scores) {
    for binding in evidences.live().filter(|it| it.in_settings && it.first() == "DATABASES") {
        let alias = binding.path.get(1).map_or("default", String::as_str);
        if alias != "default" {
            continue;
        }
        let engine = binding.last() == "ENGINE" || binding.last() == "default";
        if !engine {
            continue;
        }
        let strength = if binding.when == When::Always { weight::NAMED } else { weight::ADDRESS };
        if binding.last() == "ENGINE" {
            scores.switch |= binding.value.read().is_some();
            for name in binding.value.beginnings() {
                if let Some(service) = TABLES.service_of_engine(&name) {
                    let switched = binding.value.read().is_some();
                    let strength = if switched { weight::ADDRESS } else { strength };
                    scores.add(service, "settings", strength, &binding.evidence);
                }
            }
        } else if let Some(read) = binding.value.read() {
            scores.switch = true;
            let addresses = read.default.iter().flat_map(|it| it.beginnings());
            for address in addresses {
                if let Some(service) = TABLES.service_of_url(&address) {
                    scores.add(service, "settings", weight::ADDRESS, &binding.evidence);
                }
            }
        }
        scores.switch |= binding.when == When::Maybe;
    }
}

/// Addresses in the code: `postgresql+asyncpg://…`, and types of addresses.
fn addresses(evidences: &Evidences<'_, '_>, scores: &mut Scores) {
    for binding in evidences.live() {
        if is_about_text(binding) {
            continue;
        }
        for text in binding.value.beginnings().iter().filter(|text| text.contains(":/")) {
            if let Some(service) = database_of(text) {
                scores.switch |= binding.value.read().is_some();
                scores.add(service, "address", weight::ADDRESS, &binding.evidence);
            }
        }
        address_parts(binding, scores);
    }
    for (module, class) in evidences.evaluator.settings_classes() {
        for field in evidences.evaluator.fields(module, class) {
            let service = match field.annotation.as_str() {
                it if it.contains("PostgresDsn") => "postgres",
                it if it.contains("MySQLDsn") || it.contains("MariaDBDsn") => "mysql",
                it if it.contains("MongoDsn") => "mongodb",
                _ => continue,
            };
            let evidence = field.module.evidence(field.statement);
            scores.add(service, "address", weight::ADDRESS, &evidence);
        }
    }
}

/// `URL.create("postgresql+psycopg2", …)`, `PostgresDsn.build(scheme=…)`.
fn address_parts(binding: &Binding, scores: &mut Scores) {
    let called = binding.called();
    let named = matches!(binding.last(), "drivername" | "scheme")
        || (binding.last() == "0"
            && (called.ends_with("URL.create")
                || called.ends_with("engine.url.URL")
                || called.ends_with("sqlalchemy.URL")));
    if !named {
        return;
    }
    for scheme in binding.value.beginnings() {
        if let Some(service) = database_of(&format!("{scheme}:")) {
            scores.add(service, "address", weight::ADDRESS, &binding.evidence);
        }
    }
}

/// Imports and calls that only one database has.
fn features(evidences: &Evidences<'_, '_>, scores: &mut Scores) {
    for module in &evidences.project.modules {
        let imports = evidences.project.graph.imports(module);
        for (_, import) in imports.iter() {
            let name = import.module.as_str();
            let first = name.split('.').next().unwrap_or(name);
            let found = if name.starts_with("django.contrib.postgres")
                || name.starts_with("sqlalchemy.dialects.postgresql")
                || name.starts_with("playhouse.postgres_ext")
            {
                Some(("postgres", "feature", weight::FEATURE))
            } else if name.starts_with("sqlalchemy.dialects.mysql") {
                Some(("mysql", "feature", weight::FEATURE))
            } else {
                imported_driver(first).map(|service| (service, "import", weight::IMPORTED))
            };
            let Some((service, kind, weight)) = found else { continue };
            let line = evidences
                .context
                .tree
                .find_line(&module.path, |line| line.contains("import") && line.contains(name));
            scores.add(
                service,
                kind,
                weight,
                &line.unwrap_or_else(|| Evidence::file(&module.path)),
            );
        }
    }
    for binding in evidences.live() {
        let called = binding.called();
        let service = match called {
            "sqlite3.connect" | "aiosqlite.connect" | "peewee.SqliteDatabase" => "sqlite",
            "peewee.PostgresqlDatabase" | "playhouse.pool.PooledPostgresqlDatabase" => "postgres",
            "peewee.MySQLDatabase" | "playhouse.pool.PooledMySQLDatabase" => "mysql",
            _ if binding.in_settings && binding.first().ends_with("APPS") => {
                let texts = binding.value.parts();
                let holds =
                    texts.iter().any(|it| **it == Value::Text("django.contrib.postgres".into()));
                if !holds {
                    continue;
                }
                "postgres"
            }
            _ => continue,
        };
        scores.add(service, "feature", weight::ADDRESS, &binding.evidence);
    }
}

/// The database whose driver has that module.
fn imported_driver(module: &str) -> Option<&'static str> {
    Some(match module {
        "psycopg2" | "psycopg" | "asyncpg" | "aiopg" | "pg8000" | "psycopg_pool" => "postgres",
        "MySQLdb" | "pymysql" | "aiomysql" | "asyncmy" | "flask_mysqldb" => "mysql",
        "pymssql" => "mssql",
        "pymongo" | "motor" | "beanie" | "mongoengine" | "flask_pymongo" | "flask_mongoengine"
        | "odmantic" => "mongodb",
        "neo4j" | "neomodel" => "neo4j",
        "cassandra" => "cassandra",
        "clickhouse_driver" => "clickhouse",
        _ => return None,
    })
}

/// Names of variables the code reads, and values that env files give them.
fn variables(evidences: &Evidences<'_, '_>, scores: &mut Scores) {
    let mut names: Vec<String> = Vec::new();
    for binding in evidences.live() {
        for read in binding.value.reads() {
            let service = TABLES.service_of_variable(&read.name);
            if let Some(service) = service.filter(|it| DATABASES.contains(it)) {
                scores.add(service, "variable", weight::VARIABLE, &binding.evidence);
            }
            scores.switch |= is_database_url(&read.name);
            names.push(read.name.clone());
        }
    }
    for setting in &evidences.containers.settings {
        if !names.contains(&setting.name) && !is_database_url(&setting.name) {
            continue;
        }
        let service = database_of(&setting.value).or_else(|| {
            TABLES.service_of_engine(&setting.value).filter(|_| setting.name.contains("ENGINE"))
        });
        let Some(service) = service else { continue };
        let path = setting.evidence.path.as_str();
        let is_deployed = is_compose(path) && !is_for_another(path);
        if is_deployed && is_database_url(&setting.name) && reads(evidences, &setting.name) {
            scores.switch = true;
            scores.add(service, "given", weight::GIVEN, &setting.evidence);
        } else {
            scores.add(service, "env file", weight::ENV_FILE, &setting.evidence);
        }
    }
}

/// Whether a line of the code names a variable: also to a library that reads it.
fn reads(evidences: &Evidences<'_, '_>, name: &str) -> bool {
    let tree = evidences.context.tree;
    let quoted = [format!("\"{name}\""), format!("'{name}'")];
    let by_default = ["dj_database_url.config(", "env.db(", ".db_url("];
    evidences.project.modules.iter().any(|module| {
        let text = tree.text(&module.path).unwrap_or_default();
        quoted.iter().any(|own| text.contains(own))
            || name == "DATABASE_URL" && by_default.iter().any(|own| text.contains(own))
    })
}

fn is_database_url(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    (name.contains("DATABASE") || name.contains("DB_") || name.starts_with("SQLALCHEMY"))
        && ["URL", "URI", "DSN"].iter().any(|end| name.ends_with(end))
}

fn packages(evidences: &Evidences<'_, '_>, scores: &mut Scores) {
    for requirement in &evidences.context.dependencies.declared {
        if let Some(driver) = TABLES.driver(&requirement.name) {
            scores.add(&driver.service, "driver", weight::DRIVER, &requirement.evidence);
        }
        if matches!(requirement.name.as_str(), "databases" | "tortoise-orm" | "sqlalchemy" | "gino")
        {
            for extra in &requirement.extras {
                let package = extra.trim_start_matches("postgresql-").trim_start_matches("mysql-");
                let service = TABLES.driver(package).map(|it| it.service.as_str());
                if let Some(service) = service.or_else(|| database_of(&format!("{extra}:"))) {
                    scores.add(service, "driver", weight::DRIVER, &requirement.evidence);
                }
            }
        }
    }
    for (package, evidence) in &evidences.containers.installed {
        if let Some(driver) = TABLES.driver(package) {
            scores.add(&driver.service, "driver", weight::DRIVER, evidence);
        }
    }
}

fn containers(evidences: &Evidences<'_, '_>, scores: &mut Scores) {
    for beside in evidences.containers.strongest(|service| DATABASES.contains(&service)) {
        scores.add(beside.service, "container", beside.weight, &beside.evidence);
    }
}

/// The database an address is of.
fn database_of(address: &str) -> Option<&'static str> {
    TABLES.service_of_url(address).filter(|service| DATABASES.contains(service))
}

/// Arguments of `replace` and `startswith` are text to compare, not addresses.
fn is_about_text(binding: &Binding) -> bool {
    let method = binding.called().rsplit('.').next().unwrap_or_default();
    matches!(
        method,
        "replace"
            | "startswith"
            | "endswith"
            | "split"
            | "sub"
            | "match"
            | "removeprefix"
            | "register"
            | "print"
            | "info"
            | "debug"
            | "warning"
            | "error"
    )
}

/// The package that talks to the database: the one an address in the code
/// names, otherwise the first that is declared.
fn driver(evidences: &Evidences<'_, '_>, service: &str) -> Fact<String> {
    let declared: Vec<(&str, &str, &Evidence)> = evidences
        .context
        .dependencies
        .declared
        .iter()
        .map(|it| (it.name.as_str(), &it.evidence))
        .chain(
            evidences.containers.installed.iter().map(|(name, evidence)| (name.as_str(), evidence)),
        )
        .filter_map(|(name, evidence)| {
            let driver = TABLES.driver(name).filter(|driver| driver.service == service)?;
            Some((driver.package.as_str(), driver.scheme.as_str(), evidence))
        })
        .collect();
    let schemes: Vec<String> = evidences
        .live()
        .flat_map(|binding| binding.value.beginnings())
        .filter_map(|text| text.split_once(':').map(|(scheme, _)| scheme.to_owned()))
        .collect();
    let named = declared.iter().find(|(_, scheme, _)| schemes.iter().any(|it| it == scheme));
    named.or(declared.first()).map_or(Fact::Unknown, |(package, _, evidence)| {
        Fact::known((*package).to_owned(), (*evidence).clone())
    })
}

#[cfg(test)]
mod tests {
    use crate::detect::services::fixture::{Repository, value};

    const SQLITE: &str = "DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': BASE_DIR / 'db.sqlite3'}}\n";

    #[test]
    fn a_driver_alone_does_not_overrule_settings_that_only_know_sqlite() {
        let found = Repository::django(SQLITE, &[]).installs(&["django", "psycopg2"]).find();
        assert_eq!(value(&found.database), Some("sqlite"));
    }

    #[test]
    fn values_without_a_name_are_passed_over() {
        let settings = format!("{SQLITE}vars().update(env.email_url())\n");
        let found = Repository::django(&settings, &[]).installs(&["django"]).find();
        assert_eq!(value(&found.database), Some("sqlite"));
    }

    #[test]
    fn sqlite_behind_a_switch_gives_way_to_the_driver_that_is_installed() {
        let settings = "import os\nDATABASES = {'default': {\n  'ENGINE': os.environ.get('SQL_ENGINE', 'django.db.backends.sqlite3'),\n  'NAME': os.environ.get('SQL_DATABASE', 'db.sqlite3'),\n}}\n";
        let found =
            Repository::django(settings, &[]).installs(&["django", "psycopg[binary]"]).find();
        assert_eq!(value(&found.database), Some("postgres"));
        assert_eq!(value(&found.database_driver), Some("psycopg"));
        let alone = Repository::django(settings, &[]).installs(&["django"]).find();
        assert_eq!(value(&alone.database), Some("sqlite"));
    }

    #[test]
    fn without_a_driver_the_default_of_the_code_stands_whatever_is_beside_it() {
        let settings = "import dj_database_url\nDATABASES = {'default': dj_database_url.config(default='sqlite:///db.sqlite3')}\n";
        let beside = [("docker-compose.yml", "services:\n  db:\n    image: postgres:16\n")];
        let with = |packages: &[&str]| {
            Repository::django(settings, &beside).installs(packages).find().database
        };
        assert_eq!(value(&with(&["django", "dj-database-url"])), Some("sqlite"));
        assert_eq!(value(&with(&["django", "dj-database-url", "psycopg2"])), Some("postgres"));
    }

    #[test]
    fn an_address_from_the_environment_is_a_switch_in_every_idiom() {
        for settings in [
            "import dj_database_url\nDATABASES = {'default': dj_database_url.config(default='sqlite:///db.sqlite3')}\n",
            "import environ\nenv = environ.Env()\nDATABASES = {'default': env.db('DATABASE_URL', default='sqlite:///db.sqlite3')}\n",
            "import environ\nenv = environ.Env(DEBUG=(bool, False))\nDATABASES = {'default': env.db()}\n",
            "import os, dj_database_url\nDATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3'}}\nif 'DATABASE_URL' in os.environ:\n    DATABASES['default'] = dj_database_url.parse(os.environ['DATABASE_URL'])\n",
            "import dj_database_url\nDATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3'}}\nDATABASES['default'].update(dj_database_url.config())\n",
        ] {
            let found = Repository::django(settings, &[]).installs(&["mysqlclient"]).find();
            assert_eq!(value(&found.database), Some("mysql"), "{settings}");
        }
    }

    #[test]
    fn production_takes_the_branch_that_is_not_for_debugging() {
        let settings = "DEBUG = False\nif DEBUG:\n    DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3'}}\nelse:\n    DATABASES = {'default': {'ENGINE': 'django.db.backends.mysql'}}\n";
        let found = Repository::django(settings, &[]).find();
        assert_eq!(value(&found.database), Some("mysql"));
    }

    #[test]
    fn settings_are_followed_through_what_they_take_their_names_from() {
        let found = Repository::new(&[
            ("shop/settings/__init__.py", ""),
            ("shop/settings/base.py", "DATABASES = {'default': {'ENGINE': 'django.contrib.gis.db.backends.postgis'}}\n"),
            ("shop/settings/prod.py", "from .base import *\nDEBUG = False\n"),
            ("shop/settings/local.py", "from .base import *\nDATABASES = {'default': {'ENGINE': 'django.db.backends.mysql'}}\n"),
        ])
        .starts("django", "shop.wsgi:application")
        .settings("shop.settings.prod")
        .find();
        assert_eq!(value(&found.database), Some("postgres"));
    }

    #[test]
    fn an_address_put_together_from_variables_names_database_and_driver() {
        let main = "import os\nfrom fastapi import FastAPI\nfrom sqlalchemy.ext.asyncio import create_async_engine\nuser = os.getenv('PGUSER', 'x')\nengine = create_async_engine(f'postgresql+asyncpg://{user}@db/shop')\napp = FastAPI()\n";
        let found = Repository::fastapi(main, &[]).installs(&["psycopg2-binary", "asyncpg"]).find();
        assert_eq!(value(&found.database), Some("postgres"));
        assert_eq!(value(&found.database_driver), Some("asyncpg"));
    }

    #[test]
    fn settings_classes_tell_by_type_scheme_or_names_of_variables() {
        for class in [
            "    dsn: PostgresDsn\n",
            "    POSTGRES_SERVER: str\n    POSTGRES_USER: str\n",
            "    db: str\n    @property\n    def url(self):\n        return PostgresDsn.build(scheme='postgresql+psycopg', path=self.db)\n    x = PostgresDsn.build(scheme='postgresql', path='x')\n",
        ] {
            let main = format!(
                "from fastapi import FastAPI\nfrom pydantic import PostgresDsn\nfrom pydantic_settings import BaseSettings\nclass Settings(BaseSettings):\n{class}\nsettings = Settings()\napp = FastAPI()\n"
            );
            let found = Repository::fastapi(&main, &[]).find();
            assert_eq!(value(&found.database), Some("postgres"), "{class}");
        }
    }

    #[test]
    fn documents_of_mongo_and_a_database_that_is_not_there() {
        let main = "from fastapi import FastAPI\nfrom motor.motor_asyncio import AsyncIOMotorClient\nclient = AsyncIOMotorClient('mongodb://mongo:27017')\napp = FastAPI()\n";
        let found = Repository::fastapi(main, &[]).installs(&["motor"]).find();
        assert_eq!(value(&found.database), Some("mongodb"));
        let found =
            Repository::fastapi("from fastapi import FastAPI\napp = FastAPI()\n", &[]).find();
        assert!(!found.database.is_known());
    }

    #[test]
    fn code_that_production_does_not_import_says_nothing() {
        let main = "from fastapi import FastAPI\napp = FastAPI()\n";
        let script = "import os\nfrom sqlalchemy import create_engine\ncreate_engine('mysql+pymysql://root@db/x')\nos.environ['MYSQL_HOST']\n";
        let found =
            Repository::fastapi(main, &[("load_once.py", script), ("tests/test_db.py", script)])
                .find();
        assert!(!found.database.is_known());
    }

    #[test]
    fn an_environment_inside_the_repository_makes_no_database() {
        let backends = "DATABASES = {}\nimport MySQLdb, psycopg2\nx = 'mysql://root@h/d'\n";
        let found = Repository::django(
            SQLITE,
            &[
                ("env/pyvenv.cfg", ""),
                ("env/lib/python3/site-packages/django/db/backends/mysql/base.py", backends),
            ],
        )
        .find();
        assert_eq!(value(&found.database), Some("sqlite"));
    }

    #[test]
    fn a_container_beside_the_application_says_what_the_switch_is_for() {
        let settings = "import os\nDATABASES = {'default': {'ENGINE': os.getenv('DB_ENGINE', 'django.db.backends.sqlite3')}}\n";
        let compose = "services:\n  web:\n    build: .\n  db:\n    image: mariadb:11\n";
        let found = Repository::django(settings, &[("docker-compose.yml", compose)]).find();
        assert_eq!(value(&found.database), Some("mysql"));
        let Some(line) =
            found.database.evidence().iter().find(|it| it.path == "docker-compose.yml")
        else {
            panic!("{:?}", found.database)
        };
        assert_eq!((line.line, line.text.as_str()), (5, "image: mariadb:11"));
    }

    #[test]
    fn two_drivers_of_equal_weight_leave_the_code_its_default_or_the_choice_open() {
        let settings = "import dj_database_url\nDATABASES = {'default': dj_database_url.config(default='sqlite:///x.db')}\n";
        let found = Repository::django(settings, &[]).installs(&["psycopg2", "mysqlclient"]).find();
        assert_eq!(value(&found.database), Some("sqlite"));
        let main = "import os\nfrom fastapi import FastAPI\napp = FastAPI()\nurl = os.environ['DATABASE_URL']\n";
        let found = Repository::fastapi(main, &[]).installs(&["asyncpg", "asyncmy"]).find();
        let candidates: Vec<&str> =
            found.database.candidates().iter().map(|it| it.0.as_str()).collect();
        assert_eq!(candidates, ["mysql", "postgres"]);
    }
}
