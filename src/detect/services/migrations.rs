//! What migrates the database.

use crate::detect::fact::{Evidence, Fact};
use crate::detect::path::{join, parent};
use crate::detect::python::Value;
use crate::detect::services::Evidences;

/// The migration tool.
pub(super) fn find(evidences: &Evidences<'_, '_>, database: &Fact<String>) -> Fact<String> {
    django(evidences)
        .or_else(|| flask_migrate(evidences))
        .or_else(|| aerich(evidences))
        .or_else(|| alembic(evidences, database))
        .unwrap_or_default()
}

fn django(evidences: &Evidences<'_, '_>) -> Option<Fact<String>> {
    let startup = evidences.context.startup;
    if startup.framework.value().map(String::as_str) != Some("django") {
        return None;
    }
    let databases = evidences.live().filter(|it| it.in_settings && it.path == ["DATABASES"]).last();
    if databases.is_some_and(|it| matches!(&it.value, Value::Dict(items) if items.is_empty())) {
        return Some(Fact::Unknown);
    }
    let evidence = databases.map_or_else(
        || startup.framework.evidence().first().cloned(),
        |binding| Some(binding.evidence.clone()),
    );
    Some(Fact::Known("django".into(), evidence.into_iter().collect()))
}

fn flask_migrate(evidences: &Evidences<'_, '_>) -> Option<Fact<String>> {
    evidences.project.modules.iter().find_map(|module| {
        let imports = evidences.project.graph.imports(module);
        let used = imports
            .iter()
            .any(|(_, import)| import.module.split('.').next() == Some("flask_migrate"));
        let line = used.then(|| {
            let tree = evidences.context.tree;
            tree.find_line(&module.path, |line| line.contains("Migrate("))
                .or_else(|| tree.find_line(&module.path, |line| line.contains("flask_migrate")))
        })??;
        Some(Fact::known("flask-migrate".into(), line))
    })
}

/// Whether what `flask db init` makes is not there, so that there is nothing to upgrade by.
pub(super) fn are_absent(evidences: &Evidences<'_, '_>, found: &Fact<String>) -> bool {
    found.value().is_some_and(|own| own == "flask-migrate")
        && files(evidences, |name| name == "env.py" || name == "alembic.ini").next().is_none()
}

fn aerich(evidences: &Evidences<'_, '_>) -> Option<Fact<String>> {
    let configured =
        files(evidences, |name| name == "aerich.ini").next().map(|path| Evidence::file(&path));
    let table = || section(evidences, "[tool.aerich]");
    let models = || {
        let holds = |value: &Value| value.text().as_deref() == Some("aerich.models");
        let binding = evidences.live().find(|it| it.value.parts().into_iter().any(holds))?;
        Some(binding.evidence.clone())
    };
    let line = configured.or_else(table).or_else(models)?;
    Some(Fact::known("aerich".into(), line))
}

fn alembic(evidences: &Evidences<'_, '_>, _database: &Fact<String>) -> Option<Fact<String>> {
    let ini = files(evidences, |name| name == "alembic.ini").next().map(|path| {
        let tree = evidences.context.tree;
        tree.find_line(&path, |line| line.starts_with("script_location"))
            .unwrap_or_else(|| Evidence::file(&path))
    });
    let table = || section(evidences, "[tool.alembic]");
    let environment = || {
        let path = files(evidences, |name| name == "env.py").find(|path| {
            let text = evidences.context.tree.text(path).unwrap_or_default();
            text.contains("alembic") && text.contains("context")
        })?;
        let line = |line: &str| line.contains("alembic") && line.contains("import");
        evidences.context.tree.find_line(&path, line)
    };
    let line = ini.or_else(table).or_else(environment)?;
    Some(Fact::known("alembic".into(), line))
}

/// The scheme of an address that `alembic.ini` states and that its `env.py` takes as it is:
/// no variable changes where such migrations go.
pub(super) fn stated(evidences: &Evidences<'_, '_>) -> Option<String> {
    /// What an `env.py` that takes the address from elsewhere has.
    const ELSEWHERE: [&str; 7] = [
        "set_main_option",
        "set_section_option",
        "environ",
        "getenv",
        "settings",
        "DATABASE",
        "create_engine(",
    ];
    let tree = evidences.context.tree;
    let ini = files(evidences, |name| name == "alembic.ini").next()?;
    let value = |key: &str| {
        tree.text(&ini)?.lines().find_map(|line| {
            let (name, value) = line.split_once('=')?;
            (name.trim() == key).then(|| value.trim().to_owned())
        })
    };
    let (scheme, _) =
        value("sqlalchemy.url")?.split_once("://").map(|(a, b)| (a.to_owned(), b.to_owned()))?;
    let scripts = value("script_location")?.replace("%(here)s/", "");
    let environment = join(&join(parent(&ini), &scripts)?, "env.py")?;
    let takes = tree.text(&environment).is_some_and(|text| {
        text.contains("config.get_section(") && ELSEWHERE.iter().all(|own| !text.contains(own))
    });
    (takes && scheme != "driver").then_some(scheme)
}

/// Files of a name in the root, below it, and directly in a directory above
/// it; nearest to the top first.
fn files<'e>(
    evidences: &'e Evidences<'_, '_>,
    is: impl Fn(&str) -> bool + 'e,
) -> impl Iterator<Item = String> + 'e {
    let root = evidences.context.startup.root();
    let mut found: Vec<&str> = evidences
        .context
        .tree
        .paths()
        .filter(|path| {
            let (directory, name) = path.rsplit_once('/').unwrap_or((".", path));
            let inside =
                root == "." || directory == root || directory.starts_with(&format!("{root}/"));
            let above = directory == "." || root.starts_with(&format!("{directory}/"));
            let example = directory.split('/').any(|part| {
                matches!(part, "tests" | "test" | "examples" | "example" | "docs")
                    || part.contains("{{")
            });
            is(name) && (inside || above) && !example
        })
        .collect();
    found.sort_by_key(|path| path.matches('/').count());
    found.into_iter().map(str::to_owned)
}

fn section(evidences: &Evidences<'_, '_>, header: &str) -> Option<Evidence> {
    let tables = files(evidences, |name| name == "pyproject.toml").collect::<Vec<_>>();
    tables
        .iter()
        .find_map(|path| evidences.context.tree.find_line(path, |line| line.trim() == header))
}

#[cfg(test)]
mod tests {
    use crate::detect::services::fixture::{Repository, value};

    const APP: &str = "from fastapi import FastAPI\napp = FastAPI()\n";

    #[test]
    fn alembic_is_told_by_its_configuration_or_its_environment() {
        for (path, text) in [
            ("alembic.ini", "[alembic]\nscript_location = db\n"),
            ("pyproject.toml", "[tool.alembic]\nscript_location = 'db'\n"),
            ("db/migrations/env.py", "from alembic import context\n"),
        ] {
            let found = Repository::fastapi(APP, &[(path, text)]).find();
            assert_eq!(value(&found.migrations), Some("alembic"), "{path}");
        }
        assert!(!Repository::fastapi(APP, &[]).installs(&["alembic"]).find().migrations.is_known());
    }

    #[test]
    fn flask_migrate_comes_before_the_alembic_it_uses() {
        let main = "from flask import Flask\nfrom flask_migrate import Migrate\napp = Flask(__name__)\nMigrate(app, db)\n";
        let found = Repository::new(&[
            ("main.py", main),
            ("migrations/alembic.ini", "[alembic]\n"),
            ("migrations/env.py", "from alembic import context\n"),
        ])
        .starts("flask", "main:app")
        .find();
        assert_eq!(value(&found.migrations), Some("flask-migrate"));
        assert!(found.migrates());
        let none = Repository::new(&[("main.py", main)]).starts("flask", "main:app").find();
        assert!(none.migrations.is_known() && !none.migrates(), "there is nothing to upgrade by");
    }

    #[test]
    fn aerich_and_django() {
        let found = Repository::fastapi(
            APP,
            &[("pyproject.toml", "[tool.aerich]\ntortoise_orm = 'db.CONFIG'\n")],
        )
        .find();
        assert_eq!(value(&found.migrations), Some("aerich"));
        let found = Repository::django("DATABASES = {'default': {}}\n", &[]).find();
        assert_eq!(value(&found.migrations), Some("django"));
        let found = Repository::django("DATABASES = {}\n", &[]).find();
        assert!(!found.migrations.is_known());
    }
}
