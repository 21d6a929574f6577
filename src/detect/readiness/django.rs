//! What Django's settings lack behind a proxy in a container.

use ruff_python_ast::Expr;
use ruff_text_size::Ranged;

use crate::detect::facts::Facts;
use crate::detect::python::{Module, assignments, string};
use crate::detect::readiness::{Lack, root};
use crate::detect::tree::Tree;

/// The production settings module and those it takes everything from, in the
/// order in which a name is looked up.
pub fn chain<'a>(tree: &'a Tree, facts: &Facts) -> Vec<&'a Module> {
    let mut modules = Vec::new();
    if let Some(settings) = facts.settings.value() {
        follow(tree, root(facts), settings, &mut modules);
    }
    modules
}

fn follow<'a>(tree: &'a Tree, root: &str, dotted: &str, into: &mut Vec<&'a Module>) {
    let Some(module) = tree.module_path(root, dotted).and_then(|path| tree.python(&path)) else {
        return;
    };
    if into.iter().any(|seen| seen.path == module.path) {
        return;
    }
    into.push(module);
    let package = module.path.ends_with("/__init__.py");
    for star in module.imports().stars.iter().rev() {
        let mut parts: Vec<&str> = dotted.split('.').collect();
        let up = (star.level as usize).saturating_sub(usize::from(package));
        parts.truncate(parts.len().saturating_sub(up));
        let above = if star.level == 0 { String::new() } else { parts.join(".") };
        let full = [above.as_str(), star.module.as_str()]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(".");
        follow(tree, root, &full, into);
    }
}

/// The last assignment of a name along the chain: its module and value.
pub fn setting<'a>(chain: &[&'a Module], wanted: &str) -> Option<(&'a Module, &'a Expr)> {
    chain.iter().find_map(|module| {
        let all = module.top_level().into_iter().flat_map(assignments);
        let (_, value) = all.filter(|(name, _)| *name == wanted).last()?;
        Some((*module, value))
    })
}

/// What the settings lack.
pub fn settings(tree: &Tree, facts: &Facts) -> Vec<Lack> {
    if facts.framework.value().is_none_or(|framework| framework != "django") {
        return Vec::new();
    }
    let chain = chain(tree, facts);
    let mut lacks = Vec::new();
    lacks.extend(allowed_hosts(&chain));
    let collects = facts
        .static_files
        .value()
        .is_some_and(|files| files.collectstatic || !files.uncollected.is_empty());
    if !collects {
        lacks.extend(static_root(&chain));
    }
    lacks
}

fn allowed_hosts(chain: &[&Module]) -> Option<Lack> {
    let (module, value) = setting(chain, "ALLOWED_HOSTS")?;
    let Expr::List(list) = value else { return None };
    if !list.elts.iter().all(|item| string(item).is_some()) {
        return None;
    }
    let any = list.elts.iter().any(|item| string(item) == Some("*"));
    let message = if any {
        "ALLOWED_HOSTS accepts every host name; from the environment it can be the public one"
    } else {
        "ALLOWED_HOSTS is fixed in the code: requests to any other host name get 400"
    };
    let mut lines = import_os(module);
    lines.push(
        "ALLOWED_HOSTS = os.environ.get(\"ALLOWED_HOSTS\", \"localhost,127.0.0.1\").split(\",\")"
            .into(),
    );
    let line = module.line(value.end());
    Some(Lack::new("allowed-hosts", &module.path, line, message).adding(lines))
}

fn static_root(chain: &[&Module]) -> Option<Lack> {
    let module = chain.last()?;
    let (_, base) = setting(chain, "BASE_DIR")?;
    let pathlib = chain.iter().any(|module| module.text().contains("Path(__file__)"))
        && matches!(base, Expr::Attribute(_) | Expr::Subscript(_) | Expr::Call(_))
        && !chain.iter().any(|module| module.text().contains("BASE_DIR = os.path"));
    let value = if pathlib {
        "BASE_DIR / \"staticfiles\""
    } else {
        "os.path.join(BASE_DIR, \"staticfiles\")"
    };
    let message = "STATIC_ROOT is not set: collectstatic has nowhere to collect to, and no static files are served";
    let mut lines = if pathlib { Vec::new() } else { import_os(module) };
    lines.push(format!("STATIC_ROOT = {value}"));
    Some(Lack::new("static-root", &module.path, 0, message).adding(lines))
}

/// `import os`, where the file has none.
pub fn import_os(module: &Module) -> Vec<String> {
    if module.imports().get("os").is_some() { Vec::new() } else { vec!["import os".into()] }
}
