//! Procfile and heroku.yml.

use serde_json::Value;

use super::paths::parent;
use super::walker::{Setting, Walker};
use super::{Place, paths};

/// Reads them all; those for development count as scripts.
pub fn read(walker: &mut Walker<'_>) {
    let tree = walker.tree;
    for path in tree.counted() {
        let name = paths::name(path);
        if name == "heroku.yml" {
            heroku(walker, path);
        } else if name == "Procfile" || name.starts_with("Procfile.") {
            let place = if name == "Procfile" { Place::Procfile } else { Place::Script };
            procfile(walker, place, path);
        }
    }
}

fn procfile(walker: &mut Walker<'_>, place: Place, path: &str) {
    let Some(text) = walker.tree.text(path) else { return };
    for (at, line) in text.lines().enumerate() {
        let Some((process, command)) = line.split_once(':') else { continue };
        let process = process.trim();
        if process.starts_with('#') || process.contains(char::is_whitespace) {
            continue;
        }
        let setting = Setting {
            process: process.to_owned(),
            directory: Some(parent(path).to_owned()),
            ..Setting::default()
        };
        let evidence = walker.tree.evidence(path, at + 1);
        walker.text(place, &setting, command.trim(), &evidence);
    }
}

fn heroku(walker: &mut Walker<'_>, path: &str) {
    let Some(value) = super::value::yaml(walker.tree, path) else { return };
    let directory = Some(parent(path).to_owned());
    let mut processes: Vec<(String, String)> = Vec::new();
    if let Some(Value::Object(run)) = value.get("run") {
        for (process, command) in run {
            let command = command.get("command").unwrap_or(command);
            let lines = match command {
                Value::String(line) => vec![line.clone()],
                Value::Array(lines) => {
                    lines.iter().filter_map(|line| line.as_str().map(str::to_owned)).collect()
                }
                _ => Vec::new(),
            };
            processes.extend(lines.into_iter().map(|line| (process.clone(), line)));
        }
    }
    if let Some(Value::Array(lines)) = value.pointer("/release/command") {
        let lines = lines.iter().filter_map(Value::as_str);
        processes.extend(lines.map(|line| ("release".to_owned(), line.to_owned())));
    }
    for (process, line) in processes {
        let evidence = super::value::locate(walker.tree, path, &process, &line);
        let setting = Setting { process, directory: directory.clone(), ..Setting::default() };
        walker.text(Place::Procfile, &setting, &line, &evidence);
    }
}
