//! What existing commands start: which file and object of the repository a
//! command line names. Only what resolves counts.

use crate::detect::commands::{Command, Place, join};
use crate::detect::path::parent;
use crate::detect::python::modules::{Found, Modules};
use crate::detect::tree::Tree;

/// A module that a command starts.
#[derive(Clone, Debug)]
pub struct Started<'c> {
    /// The command.
    pub command: &'c Command,
    /// The file.
    pub file: String,
    /// The directory from which the command's module name resolves.
    pub root: String,
    /// The object it names: `app`, `create_app`.
    pub name: Option<String>,
}

/// Servers whose positional argument is `module:object`.
const SERVERS: [&str; 13] = [
    "uvicorn",
    "gunicorn",
    "hypercorn",
    "daphne",
    "granian",
    "waitress-serve",
    "sanic",
    "robyn",
    "litestar",
    "quart",
    "flask",
    "fastapi",
    "uwsgi",
];

/// Flags of the servers that take no value.
const SWITCHES: [&str; 12] = [
    "--reload",
    "--preload",
    "--factory",
    "--daemon",
    "-D",
    "--proxy-headers",
    "--no-access-log",
    "--use-colors",
    "--capture-output",
    "--no-server-header",
    "--access-log",
    "--call",
];

/// Processes that are not the service.
const ASIDE: [&str; 10] = [
    "release",
    "worker",
    "beat",
    "test",
    "tests",
    "migrate",
    "flower",
    "scheduler",
    "lint",
    "clean",
];

/// What every command starts, best evidence first.
#[must_use]
pub fn all<'c>(modules: &Modules<'_>, commands: &'c [Command]) -> Vec<Started<'c>> {
    let mut found: Vec<Started<'c>> = Vec::new();
    for command in commands.iter().filter(|command| !is_aside(command)) {
        found.extend(started(modules, command));
    }
    found
}

fn is_aside(command: &Command) -> bool {
    command.place < Place::Script && ASIDE.contains(&command.process.as_str())
}

fn started<'c>(modules: &Modules<'_>, command: &'c Command) -> Vec<Started<'c>> {
    let program = command.program();
    let directories = directories(modules.tree, command);
    if program.starts_with("python") {
        return python(modules, command, &directories).into_iter().collect();
    }
    if !SERVERS.contains(&program) {
        return Vec::new();
    }
    if program == "fastapi" {
        return fastapi(modules, command, &directories).into_iter().collect();
    }
    let mut words: Vec<&str> = Vec::new();
    let flags: &[&str] = match program {
        "flask" | "quart" | "litestar" => &["--app", "-A"],
        "uwsgi" => &["--module", "-w", "--wsgi", "--wsgi-file", "--mount"],
        _ => &["--app"],
    };
    words.extend(command.flag(flags));
    if program == "litestar" {
        words.extend(command.variable("LITESTAR_APP"));
    } else if matches!(program, "flask" | "quart") {
        words.extend(command.variable("FLASK_APP").or_else(|| command.variable("QUART_APP")));
    } else {
        words.extend(command.argv.iter().skip(1).map(String::as_str));
    }
    // What follows a flag is its value, unless it can only be the object.
    let plain: Vec<&str> = words
        .iter()
        .enumerate()
        .filter(|(at, _)| {
            at.checked_sub(1).and_then(|before| words.get(before)).is_none_or(|before| {
                !before.starts_with('-') || before.contains('=') || SWITCHES.contains(before)
            })
        })
        .map(|(_, word)| *word)
        .collect();
    let words = words.iter().copied().filter(|word| word.contains(':')).chain(plain);
    let callable = command.flag(&["--callable"]);
    let mut found = words.filter_map(|word| {
        let (file, root, name) = target(modules, word, &directories)?;
        let name = name.or_else(|| callable.map(str::to_owned));
        Some(Started { command, file, root, name })
    });
    found.next().into_iter().collect()
}

/// Where the command's modules are looked for: what its flags say, then where
/// it runs.
fn directories(tree: &Tree, command: &Command) -> Vec<String> {
    let here = command.directory.clone();
    let base = here.as_deref().unwrap_or(".");
    let flags = ["--app-dir", "--chdir", "--pythonpath", "--working-dir"];
    let told = command.flag(&flags).and_then(|to| join(base, to));
    told.filter(|to| tree.has_directory(to)).into_iter().chain(here).collect()
}

/// `module:object`, `path/to/file.py:object`, with or without the object:
/// file, root and object.
fn target(
    modules: &Modules<'_>,
    word: &str,
    directories: &[String],
) -> Option<(String, String, Option<String>)> {
    // `/prefix=module:object` of uwsgi's mounts.
    let word = word.rsplit('=').next().unwrap_or(word);
    let word = defaults(word);
    let (module, name) = match word.split_once(':') {
        Some((module, name)) => (module, Some(name)),
        None => (word.as_str(), None),
    };
    let name = name.map(|name| name.split('(').next().unwrap_or(name).to_owned());
    let whole = name.as_deref().is_none_or(is_dotted);
    if !whole {
        return None;
    }
    if module.ends_with(".py") || module.contains('/') {
        let (file, root) = script(modules.tree, module, directories)?;
        return Some((file, root, name));
    }
    if !is_dotted(module) {
        return None;
    }
    let (file, root) = resolve(modules, module, directories)?;
    Some((file, root, name))
}

fn is_dotted(text: &str) -> bool {
    !text.is_empty()
        && text.split('.').all(|part| {
            part.starts_with(|c: char| c.is_alphabetic() || c == '_')
                && part.chars().all(|c| c.is_alphanumeric() || c == '_')
        })
}

/// `${NAME:-value}` as its value.
fn defaults(text: &str) -> String {
    let Some((before, rest)) = text.split_once("${") else { return text.to_owned() };
    let Some((inner, after)) = rest.split_once('}') else { return text.to_owned() };
    let value = inner.split_once('-').map_or("", |(_, value)| value);
    format!("{before}{value}{after}")
}

/// The file of a module and the directory it was found below: one of
/// `directories`, otherwise the shallowest anywhere.
pub fn resolve(
    modules: &Modules<'_>,
    module: &str,
    directories: &[String],
) -> Option<(String, String)> {
    for root in directories {
        if let Some(Found::File(file)) = modules.below(root, module) {
            return Some((file, root.clone()));
        }
    }
    let relative = module.replace('.', "/");
    let ends = [format!("{relative}.py"), format!("{relative}/__init__.py")];
    let mut found: Vec<(String, String)> = Vec::new();
    for path in modules.named(relative.rsplit('/').next().unwrap_or(&relative)) {
        for end in &ends {
            let root = match path.strip_suffix(end.as_str()) {
                Some("") => ".",
                Some(root) if root.ends_with('/') => root.trim_end_matches('/'),
                _ => continue,
            };
            found.push(((*path).to_owned(), root.to_owned()));
        }
    }
    found.into_iter().min_by_key(|(path, _)| path.matches('/').count())
}

/// A Python file by its path.
fn script(tree: &Tree, path: &str, directories: &[String]) -> Option<(String, String)> {
    let path = if path.ends_with(".py") { path.to_owned() } else { format!("{path}.py") };
    let bases = directories.iter().map(String::as_str).chain(["."]);
    for base in bases {
        // A path of an image or machine: the end of it that exists.
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        for at in 0..parts.len() {
            if at > 0 && !path.starts_with('/') {
                break;
            }
            if let Some(file) = join(base, &parts[at..].join("/"))
                && tree.has(&file)
            {
                let root = parent(&file).to_owned();
                return Some((file, root));
            }
        }
    }
    None
}

fn fastapi<'c>(
    modules: &Modules<'_>,
    command: &'c Command,
    directories: &[String],
) -> Option<Started<'c>> {
    if let Some(entry) = command.flag(&["--entrypoint", "-e"]) {
        let (file, root, name) = target(modules, entry, directories)?;
        return Some(Started { command, file, root, name });
    }
    let path = command.argv.iter().skip(2).find(|word| word.ends_with(".py"))?;
    let (file, root) = script(modules.tree, path, directories)?;
    let name = command.flag(&["--app"]).map(str::to_owned);
    Some(Started { command, file, root, name })
}

/// `python file.py` and `python -m module`.
fn python<'c>(
    modules: &Modules<'_>,
    command: &'c Command,
    directories: &[String],
) -> Option<Started<'c>> {
    let first = command.argv.get(1)?;
    if first == "-m" {
        let module = command.argv.get(2)?;
        let main = format!("{module}.__main__");
        let found =
            resolve(modules, &main, directories).or_else(|| resolve(modules, module, directories));
        let (file, root) = found?;
        return Some(Started { command, file, root, name: None });
    }
    if !first.ends_with(".py") {
        return None;
    }
    let (file, root) = script(modules.tree, first, directories)?;
    Some(Started { command, file, root, name: None })
}
