//! Makefile, justfile, Taskfile, package.json and the scripts of
//! pyproject.toml and Pipfile; gunicorn's and FastAPI's own configuration.

use std::collections::BTreeMap;

use serde_json::Value;

use super::paths::{expand, join, name, parent};
use super::value::{locate, yaml};
use super::walker::{Setting, Task, Walker};
use super::{Command, Place};
use crate::detect::fact::Evidence;
use crate::detect::gunicorn;
use crate::detect::tree::Tree;
use crate::source::text::Text;

/// Every task by its name; of several with one name, that nearest to the top.
pub fn named(tree: &Tree) -> BTreeMap<String, Task> {
    let mut named: BTreeMap<String, Task> = BTreeMap::new();
    for (name, task) in all(tree) {
        match named.get_mut(&name) {
            Some(known) if known.evidence.path == task.evidence.path => {
                known.text.push('\n');
                known.text.push_str(&task.text);
            }
            Some(_) => {}
            None => {
                named.insert(name, task);
            }
        }
    }
    named
}

/// Reads them all as commands.
pub fn read(walker: &mut Walker<'_>) {
    for (process, task) in all(walker.tree) {
        let setting =
            Setting { process, directory: Some(task.directory.clone()), ..Setting::default() };
        walker.text(Place::Makefile, &setting, &task.text, &task.evidence);
    }
    stated(walker);
}

fn all(tree: &Tree) -> Vec<(String, Task)> {
    let mut found = Vec::new();
    let mut paths: Vec<&str> = tree.counted().collect();
    paths.sort_by_key(|path| path.matches('/').count());
    for path in paths {
        match name(path) {
            "Makefile" | "makefile" | "GNUmakefile" => makefile(tree, path, &mut found),
            "justfile" | "Justfile" | ".justfile" => makefile(tree, path, &mut found),
            "Taskfile.yml" | "Taskfile.yaml" => taskfile(tree, path, &mut found),
            "package.json" => {
                let value = tree.text(path).and_then(|text| serde_json::from_str(text).ok());
                scripts(tree, path, value.as_ref(), &["/scripts"], &mut found);
            }
            "pyproject.toml" => {
                let value = tree.text(path).and_then(|text| toml::from_str(text).ok());
                let tables = [
                    "/tool/poe/tasks",
                    "/tool/taskipy/tasks",
                    "/tool/pdm/scripts",
                    "/tool/rye/scripts",
                    "/tool/hatch/envs/default/scripts",
                    "/tool/pixi/tasks",
                ];
                scripts(tree, path, value.as_ref(), &tables, &mut found);
            }
            "Pipfile" => {
                let value = tree.text(path).and_then(|text| toml::from_str(text).ok());
                scripts(tree, path, value.as_ref(), &["/scripts"], &mut found);
            }
            _ => {}
        }
    }
    found
}

fn task(text: String, path: &str, evidence: Evidence) -> Task {
    Task { text, directory: parent(path).to_owned(), evidence }
}

/// Scripts in tables: a line, or a table with `cmd`, `shell` or `composite`.
fn scripts(
    tree: &Tree,
    path: &str,
    value: Option<&Value>,
    tables: &[&str],
    found: &mut Vec<(String, Task)>,
) {
    for table in tables {
        let Some(Value::Object(entries)) = value.and_then(|value| value.pointer(table)) else {
            continue;
        };
        for (name, entry) in entries {
            let inner = ["cmd", "shell"].iter().find_map(|key| entry.get(key)).unwrap_or(entry);
            let text = match inner {
                Value::String(text) => text.clone(),
                Value::Array(words) => {
                    let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
                    // Poe's lists are tasks in sequence, PDM's are words.
                    if entry.is_array() { words.join("\n") } else { shell_words::join(words) }
                }
                _ => continue,
            };
            let evidence = locate(tree, path, name, &text);
            found.push((name.clone(), task(text, path, evidence)));
        }
    }
}

fn taskfile(tree: &Tree, path: &str, found: &mut Vec<(String, Task)>) {
    let Some(value) = yaml(tree, path) else { return };
    let Some(Value::Object(tasks)) = value.get("tasks") else { return };
    for (name, entry) in tasks {
        let lines = match entry.get("cmds").or_else(|| entry.get("cmd")).unwrap_or(entry) {
            Value::String(line) => vec![line.as_str()],
            Value::Array(lines) => lines
                .iter()
                .filter_map(|line| line.as_str().or_else(|| line.get("cmd")?.as_str()))
                .collect(),
            _ => Vec::new(),
        };
        let to = entry.get("dir").and_then(Value::as_str).unwrap_or(".");
        for line in lines {
            let evidence = locate(tree, path, name, line);
            let mut task = task(line.to_owned(), path, evidence);
            task.directory = join(parent(path), to).unwrap_or(task.directory);
            found.push((name.clone(), task));
        }
    }
}

/// Recipes of a Makefile or justfile: indented lines below a target.
fn makefile(tree: &Tree, path: &str, found: &mut Vec<(String, Task)>) {
    let Some(text) = tree.text(path) else { return };
    let mut target = String::new();
    let mut variables: Vec<(String, String)> = Vec::new();
    let mut recipe: Vec<(usize, String)> = Vec::new();
    let mut flush = |target: &str, recipe: &mut Vec<(usize, String)>| {
        // One shell per line in make: each line begins where the file is.
        for (line, text) in recipe.drain(..) {
            let evidence = tree.evidence(path, line);
            found.push((target.to_owned(), task(text, path, evidence)));
        }
    };
    let mut continued = false;
    for (at, line) in text.lines().enumerate() {
        let body = line.trim();
        if line.starts_with([' ', '\t']) || continued {
            let more = continued && !recipe.is_empty();
            continued = body.ends_with('\\');
            let body = expand(body.trim_end_matches('\\'), &variables).replace("$$", "$");
            if more && let Some(last) = recipe.last_mut() {
                last.1.push(' ');
                last.1.push_str(&body);
            } else if !target.is_empty() && !body.starts_with('#') {
                recipe.push((at + 1, body.trim_start_matches(['@', '-', '+']).to_owned()));
            }
            continue;
        }
        if body.is_empty() || body.starts_with('#') {
            continue;
        }
        flush(&target, &mut recipe);
        if let Some((name, value)) = variable(body) {
            let value = expand(value, &variables);
            variables.push((name.to_owned(), value.trim_matches(['"', '\'']).to_owned()));
        } else if let Some((head, _)) = body.split_once(':') {
            target = head.split_whitespace().next().unwrap_or("").trim_matches('@').to_owned();
        }
    }
    flush(&target, &mut recipe);
}

/// `NAME = value`, `:=`, `?=`.
fn variable(line: &str) -> Option<(&str, &str)> {
    let line = line.strip_prefix("export ").unwrap_or(line);
    let (name, value) = line.split_once('=')?;
    let name = name.trim_end_matches([':', '?', '+', ' ']);
    let plain = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    plain.then(|| (name, value.trim()))
}

/// `[tool.fastapi] entrypoint` as `fastapi run --entrypoint X`, and
/// `wsgi_app` of a gunicorn configuration as `gunicorn X`.
fn stated(walker: &mut Walker<'_>) {
    let tree = walker.tree;
    for path in tree.counted() {
        let argv = match name(path) {
            "pyproject.toml" => {
                let Some(text) = tree.text(path).filter(|text| text.contains("[tool.fastapi]"))
                else {
                    continue;
                };
                let value: Option<Value> = toml::from_str(text).ok();
                let entry = value.as_ref().and_then(|v| v.pointer("/tool/fastapi/entrypoint"));
                let Some(entry) = entry.and_then(Value::as_str) else { continue };
                vec!["fastapi", "run", "--entrypoint", entry].into_iter().map(Into::into).collect()
            }
            file if file.starts_with("gunicorn") && file.ends_with(".py") => {
                let Some(app) = wsgi_app(tree, path) else { continue };
                vec!["gunicorn".to_owned(), app]
            }
            _ => continue,
        };
        let word = argv.last().cloned().unwrap_or_default();
        let evidence = tree.find_line(path, |line| line.contains(&word));
        walker.commands.push(Command {
            place: Place::Stated,
            process: String::new(),
            directory: name(path).ends_with(".toml").then(|| parent(path).to_owned()),
            argv,
            variables: Vec::new(),
            may_fail: false,
            evidence: evidence.unwrap_or_else(|| Evidence::file(path)),
        });
    }
}

fn wsgi_app(tree: &Tree, path: &str) -> Option<String> {
    let settings = gunicorn::read(&Text::new(path, tree.text(path)?));
    settings.iter().rfind(|(name, ..)| name == "wsgi_app")?.1.text()
}
