//! Which of a Django project's settings modules is production's, and what
//! settings say.

use ruff_python_ast::{Expr, Stmt};

use super::lacking::{self, Lacking};
use crate::detect::commands::Command;
use crate::detect::fact::Evidence;
use crate::detect::path::parent;
use crate::detect::python::modules::{Found, Modules};
use crate::detect::python::{self, Module};
use crate::environments::{PRODUCTION, is_development as is_development_word};

/// The variable that names the module.
pub const VARIABLE: &str = "DJANGO_SETTINGS_MODULE";

/// Names of production's settings, the surest first: its words, then where it
/// runs.
fn production_words() -> impl Iterator<Item = &'static str> {
    PRODUCTION.into_iter().chain(["heroku", "docker"])
}

/// A settings module and the lines that name it.
pub type Named = (String, Vec<Evidence>);

/// Whether a settings module is for development or tests, by its last part.
fn is_development(module: &str) -> bool {
    parts(module).any(is_development_word)
}

fn parts(module: &str) -> impl Iterator<Item = &str> {
    module.rsplit('.').next().unwrap_or(module).split(['_', '-'])
}

/// What a file sets `DJANGO_SETTINGS_MODULE` to where it is not set.
#[must_use]
pub fn default_of(module: &Module) -> Option<(String, Evidence)> {
    let mut found: Vec<(String, Evidence)> = Vec::new();
    for call in python::calls(&module.ast.body) {
        let callee = python::dotted(&call.func).unwrap_or_default();
        let names = call.arguments.args.first().and_then(python::string) == Some(VARIABLE);
        if names && callee.ends_with("setdefault") {
            found.extend(
                texts(call.arguments.args.get(1)).map(|text| (text, module.evidence(call))),
            );
        }
    }
    let mut statements = Vec::new();
    python::flatten(&module.ast.body, &mut statements);
    for statement in &module.ast.body {
        if let Stmt::FunctionDef(function) = statement {
            python::flatten(&function.body, &mut statements);
        }
    }
    for statement in statements {
        let Stmt::Assign(assign) = statement else { continue };
        for target in &assign.targets {
            if let Expr::Subscript(subscript) = target
                && python::string(&subscript.slice) == Some(VARIABLE)
            {
                let texts = texts(Some(&assign.value));
                found.extend(texts.map(|text| (text, module.evidence(statement))));
            }
        }
    }
    let first = found.first().cloned();
    found.into_iter().find(|(module, _)| !is_development(module)).or(first)
}

/// A string, or the last one among a call's arguments:
/// `os.getenv("X", "shop.settings")`.
fn texts(value: Option<&Expr>) -> impl Iterator<Item = String> {
    let text = match value {
        Some(Expr::Call(call)) => call.arguments.args.iter().filter_map(python::string).next_back(),
        Some(Expr::If(choice)) => python::string(&choice.body),
        Some(other) => python::string(other),
        None => None,
    };
    text.filter(|text| text.contains('.') || text.contains("settings"))
        .map(str::to_owned)
        .into_iter()
}

/// Production's settings of the project in `root`. `server` is the default of
/// its wsgi or asgi module, `manage` that of manage.py.
#[must_use]
pub fn production(
    modules: &Modules<'_>,
    root: &str,
    server: Option<(String, Evidence)>,
    manage: Option<(String, Evidence)>,
    commands: &[Command],
) -> Option<Named> {
    let file = |name: &str| match modules.below(root, name) {
        Some(Found::File(file)) => Some(file),
        _ => None,
    };
    let told = told(modules, root, commands);
    let defaults: Vec<(String, Evidence)> = server.into_iter().chain(told).chain(manage).collect();
    let defaults: Vec<(String, Evidence)> =
        defaults.into_iter().filter(|(name, _)| file(name).is_some()).collect();
    let (first, every) = match defaults.first() {
        Some((name, _)) => (name.clone(), siblings(modules, root, name)),
        None => {
            let found = anywhere(modules, root);
            (found.first()?.clone(), found)
        }
    };
    let known = |name: &str| {
        let lines: Vec<Evidence> = defaults
            .iter()
            .filter(|(each, _)| each == name)
            .map(|(_, line)| line.clone())
            .collect();
        if lines.is_empty() { file(name).map(|f| vec![Evidence::file(&f)]) } else { Some(lines) }
    };
    // A plain default that has a production module beside it gives way to it:
    // `shop.settings` to `shop.settings.production`.
    let named = |name: &str| parts(name).any(|part| production_words().any(|word| word == part));
    let names = || defaults.iter().map(|(name, _)| name);
    let stated =
        names().find(|name| named(name)).or_else(|| names().find(|name| !is_development(name)));
    // A package that takes its settings from a module for development.
    let leans = |name: &str| {
        file(name).filter(|file| file.ends_with("/__init__.py")).is_some_and(|file| {
            modules.imports_of(&file).stars.iter().any(|star| is_development(&star.module))
        })
    };
    let beside = production_words().find_map(|word| {
        every.iter().find(|name| parts(name).any(|part| part == word) && !is_development(name))
    });
    let chosen = match (stated, beside) {
        (Some(name), _) if named(name.as_str()) => name.clone(),
        (Some(name), Some(beside)) if is_base(name) || leans(name) => beside.clone(),
        (Some(name), _) => name.clone(),
        (None, Some(beside)) => beside.clone(),
        (None, None) => every
            .iter()
            .find(|name| !is_development(name) && file(name).is_some())
            .cloned()
            .unwrap_or(first),
    };
    // Settings that serve nobody are not production's: what starts the project today
    // is. A module that is not there may be where the project runs, if what is run there
    // says so.
    let serves = |name: &String| !lacking::of(modules, root, name).serves_nobody();
    let says_so = defaults.iter().any(|(name, _)| *name == chosen);
    let elsewhere = says_so && !lacking::of(modules, root, &chosen).modules.is_empty();
    let chosen = match elsewhere || serves(&chosen) {
        true => chosen,
        false => names().find(|name| serves(name)).cloned().unwrap_or(chosen),
    };
    let evidence = known(&chosen)?;
    Some((chosen, evidence))
}

/// Settings of production beside those that were chosen, which lack something.
pub(super) fn given_up(
    modules: &Modules<'_>,
    root: &str,
    chosen: &str,
) -> Option<(String, Lacking)> {
    let named = |name: &&String| {
        parts(name).any(|part| production_words().any(|word| word == part)) && *name != chosen
    };
    if !is_development(chosen) && !is_base(chosen) {
        return None;
    }
    let every = siblings(modules, root, chosen);
    let lacks = every.iter().filter(named).map(|name| (name, lacking::of(modules, root, name)));
    let (name, lacks) = lacks.into_iter().find(|(_, lacks)| lacks.serves_nobody())?;
    Some((name.clone(), lacks))
}

/// Whether a module holds what all settings share.
fn is_base(module: &str) -> bool {
    parts(module).any(|part| matches!(part, "base" | "common" | "defaults" | "default"))
}

/// Settings that commands set, and env files of the root.
fn told(modules: &Modules<'_>, root: &str, commands: &[Command]) -> Vec<(String, Evidence)> {
    let mut found: Vec<(String, Evidence)> = Vec::new();
    for command in commands {
        if let Some(name) = command.variable(VARIABLE) {
            found.push((name.to_owned(), command.evidence.clone()));
        }
        if let Some(name) = command.flag(&["--settings"]) {
            found.push((name.to_owned(), command.evidence.clone()));
        }
    }
    for directory in [".", root] {
        for path in modules.tree.in_directory(directory) {
            let name = path.rsplit('/').next().unwrap_or(path);
            if !name.starts_with(".env") && !name.ends_with(".env") {
                continue;
            }
            let line = modules.tree.find_line(path, |line| {
                line.trim_start().trim_start_matches("export ").starts_with(VARIABLE)
            });
            if let Some(line) = line
                && let Some((_, value)) = line.text.split_once('=')
            {
                found.push((value.trim().trim_matches(['"', '\'']).to_owned(), line));
            }
        }
    }
    // What is for development comes last, whatever says it.
    found.sort_by_key(|(name, _)| is_development(name));
    found
}

/// Settings modules beside one, and inside of it where it is a package.
fn siblings(modules: &Modules<'_>, root: &str, name: &str) -> Vec<String> {
    let Some(Found::File(file)) = modules.below(root, name) else { return Vec::new() };
    let (directory, prefix) = match file.strip_suffix("/__init__.py") {
        Some(directory) => (directory, name),
        None => (parent(&file), name.rsplit_once('.').map_or("", |(package, _)| package)),
    };
    let package = directory.rsplit('/').next().unwrap_or(directory);
    // In a directory of settings every module is one; in one of configuration
    // those with a settings' name are.
    let whole = package.contains("settings");
    let inside = whole || package.contains("config");
    let mut found: Vec<String> = Vec::new();
    for path in modules.tree.in_directory(directory) {
        let Some(stem) = path.rsplit('/').next().and_then(|name| name.strip_suffix(".py")) else {
            continue;
        };
        let settings = whole
            || stem.contains("settings")
            || (inside
                && parts(stem).any(|part| {
                    production_words().any(|word| word == part)
                        || is_development_word(part)
                        || part == "base"
                }));
        if stem != "__init__" && settings {
            found.push(if prefix.is_empty() { stem.into() } else { format!("{prefix}.{stem}") });
        }
    }
    found
}

/// Settings modules below a root, for a project that names none.
fn anywhere(modules: &Modules<'_>, root: &str) -> Vec<String> {
    let mut found: Vec<String> = modules
        .tree
        .modules()
        .filter(|module| {
            module.top_level().iter().any(|statement| {
                python::assignments(statement).iter().any(|(name, _)| *name == "INSTALLED_APPS")
            })
        })
        .filter_map(|module| crate::detect::python::modules::dotted(root, &module.path))
        .collect();
    found.sort_by_key(|name| name.matches('.').count());
    let more: Vec<String> =
        found.first().map(|first| siblings(modules, root, first)).unwrap_or_default();
    found.extend(more);
    found
}

/// The files a settings module is made of: itself and what it imports whole.
pub fn files(modules: &Modules<'_>, root: &str, name: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let Some(Found::File(file)) = modules.below(root, name) else { return found };
    let mut queue = vec![file];
    while let Some(file) = queue.pop() {
        if found.contains(&file) || found.len() > 40 {
            continue;
        }
        for star in &modules.imports_of(&file).stars {
            let dots = ".".repeat(star.level as usize);
            if let Some(Found::File(next)) =
                modules.resolve_dotted(&file, &format!("{dots}{}", star.module))
            {
                queue.push(next);
            }
        }
        found.push(file);
    }
    found
}

/// A string setting of a settings module.
pub fn text(modules: &Modules<'_>, files: &[String], name: &str) -> Option<(String, Evidence)> {
    files.iter().find_map(|file| {
        let module = modules.module(file)?;
        module.top_level().into_iter().rev().find_map(|statement| {
            let (_, value) =
                python::assignments(statement).into_iter().find(|(each, _)| *each == name)?;
            Some((python::string(value)?.to_owned(), module.evidence(statement)))
        })
    })
}

/// The line on which one of `names` stands in `INSTALLED_APPS` or its parts.
pub fn installs(modules: &Modules<'_>, files: &[String], names: &[&str]) -> Option<Evidence> {
    files.iter().find_map(|file| {
        let module = modules.module(file)?;
        module.top_level().into_iter().find_map(|statement| {
            let value = match statement {
                Stmt::AugAssign(assign) => match &*assign.target {
                    Expr::Name(name) if name.id.contains("APPS") => &*assign.value,
                    _ => return None,
                },
                _ => {
                    let set = python::assignments(statement);
                    set.into_iter().find(|(name, _)| name.contains("APPS"))?.1
                }
            };
            listed(value, names).map(|found| module.evidence(found))
        })
    })
}

fn listed<'e>(value: &'e Expr, names: &[&str]) -> Option<&'e Expr> {
    match value {
        Expr::List(list) => list.elts.iter().find_map(|each| listed(each, names)),
        Expr::Tuple(tuple) => tuple.elts.iter().find_map(|each| listed(each, names)),
        Expr::BinOp(sum) => listed(&sum.left, names).or_else(|| listed(&sum.right, names)),
        Expr::StringLiteral(_) => {
            python::string(value).filter(|text| names.contains(text)).map(|_| value)
        }
        _ => None,
    }
}
