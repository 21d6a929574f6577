//! How the address of the database begins, as the code's driver wants it.

use crate::detect::python::Read;
use crate::detect::services::Evidences;
use crate::detect::services::connections::Known;
use crate::detect::services::tables::TABLES;

/// What decides the scheme of an address.
pub(super) struct Schemes {
    database: String,
    /// What every variable without a default of its own gets.
    usual: String,
    /// What env files give variables.
    given: Vec<(String, String)>,
}

impl Schemes {
    /// Finds out what the code does with addresses.
    pub(super) fn of(evidences: &Evidences<'_, '_>, known: &Known<'_>) -> Self {
        let database = known.database.value().cloned().unwrap_or_default();
        let settings = evidences.containers.settings.iter();
        let given = settings
            .filter(|it| TABLES.service_of_url(&it.value) == Some(database.as_str()))
            .filter_map(|it| Some((it.name.clone(), it.value.split_once(':')?.0.to_owned())))
            .collect();
        let usual = usual(evidences, known, &database);
        Self { database, usual, given }
    }

    /// The scheme a variable's address begins with.
    pub(super) fn of_read(&self, read: &Read) -> String {
        let defaults = read.default.iter().flat_map(|it| it.beginnings());
        for address in defaults {
            if TABLES.service_of_url(&address) == Some(self.database.as_str())
                && let Some((scheme, _)) = address.split_once(':')
            {
                return scheme.to_owned();
            }
        }
        let given = self.given.iter().find(|(name, _)| *name == read.name);
        given.map_or_else(|| self.usual.clone(), |(_, scheme)| scheme.clone())
    }
}

fn plain(database: &str) -> &str {
    match database {
        "postgres" => "postgresql",
        other => other,
    }
}

fn usual(evidences: &Evidences<'_, '_>, known: &Known<'_>, database: &str) -> String {
    if !evidences.project.settings.is_empty() {
        return if database == "postgres" { "postgres".into() } else { plain(database).into() };
    }
    let uses = |module: &str| {
        evidences.project.modules.iter().any(|it| {
            let imports = evidences.project.graph.imports(it);
            imports.iter().any(|(_, import)| import.module.split('.').next() == Some(module))
        })
    };
    if uses("tortoise") {
        return if database == "postgres" { "postgres".into() } else { plain(database).into() };
    }
    let alchemy = ["sqlalchemy", "sqlmodel", "flask_sqlalchemy"].into_iter().any(uses);
    // Code that rewrites an address expects it in its plain form.
    let rewrites = evidences.bindings.iter().any(|binding| {
        let method = binding.called().rsplit('.').next().unwrap_or_default();
        let text = binding.value.text().unwrap_or_default();
        matches!(method, "replace" | "startswith" | "removeprefix")
            && text.ends_with("://")
            && TABLES.service_of_url(&text) == Some(database)
    });
    let pool = evidences.bindings.iter().any(|it| {
        let called = it.called();
        called.starts_with("asyncpg.") || called.starts_with("databases.")
    });
    if !alchemy || rewrites || pool {
        return plain(database).to_owned();
    }
    // An address elsewhere in the code shows what its engine takes.
    let shown = evidences.live().flat_map(|it| it.value.beginnings()).find_map(|text| {
        let same = TABLES.service_of_url(&text) == Some(database) && text.contains("://");
        same.then(|| text.split_once(':').map(|(scheme, _)| scheme.to_owned())).flatten()
    });
    if let Some(scheme) = shown {
        return scheme;
    }
    let asynchronous =
        evidences.bindings.iter().any(|it| it.called().ends_with("create_async_engine"));
    let declared = evidences.context.dependencies.declared.iter();
    let mut drivers = declared.filter_map(|it| TABLES.driver(&it.name)).filter(|it| {
        let fits = ["asyncpg", "+psycopg", "aiomysql", "asyncmy"]
            .iter()
            .any(|end| it.scheme.ends_with(end));
        it.service == database && !it.scheme.is_empty() && (!asynchronous || fits)
    });
    let chosen = known
        .driver
        .value()
        .and_then(|name| TABLES.driver(name))
        .filter(|it| !it.scheme.is_empty());
    let scheme = if asynchronous { drivers.next() } else { chosen.or_else(|| drivers.next()) };
    scheme.map_or_else(|| plain(database).to_owned(), |it| it.scheme.clone())
}
