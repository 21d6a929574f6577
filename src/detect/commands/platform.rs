//! Files of hosting platforms: fly.toml, render.yaml, app.yaml, railway.json,
//! nixpacks.toml, app.json, `.platform.app.yaml`, …

use serde_json::Value;

use super::paths::{self, join, parent};
use super::value::{locate, yaml};
use super::walker::{Setting, Walker};
use super::{Place, paths::name};
use crate::detect::tree::Tree;

/// Reads them all.
pub fn read(walker: &mut Walker<'_>) {
    let tree = walker.tree;
    for path in tree.counted() {
        let Some(value) = value(tree, path) else { continue };
        match name(path) {
            "fly.toml" => fly(walker, path, &value),
            "render.yaml" | "render.yml" => render(walker, path, &value),
            "railway.json" | "railway.toml" => {
                let deploy = value.get("deploy").unwrap_or(&Value::Null);
                line(walker, path, "", deploy.get("startCommand"));
                lines(walker, path, "release", deploy.get("preDeployCommand"));
                line(walker, path, "release", deploy.get("releaseCommand"));
            }
            "nixpacks.toml" => line(walker, path, "", value.pointer("/start/cmd")),
            "app.json" => {
                for script in ["postdeploy", "release"] {
                    line(walker, path, "release", value.pointer(&format!("/scripts/{script}")));
                }
            }
            "apprunner.yaml" => line(walker, path, "", value.pointer("/run/command")),
            _ => {
                app_engine(walker, path, &value);
                platform_sh(walker, path, &value);
            }
        }
    }
}

/// The content of a platform's file; `None` for every other file.
fn value(tree: &Tree, path: &str) -> Option<Value> {
    match name(path) {
        "fly.toml" | "railway.toml" | "nixpacks.toml" => toml::from_str(tree.text(path)?).ok(),
        "railway.json" | "app.json" => serde_json::from_str(tree.text(path)?).ok(),
        "render.yaml" | "render.yml" | "app.yaml" | "apprunner.yaml" | ".platform.app.yaml"
        | "applications.yaml" => yaml(tree, path),
        _ => None,
    }
}

fn line(walker: &mut Walker<'_>, path: &str, process: &str, command: Option<&Value>) {
    let Some(command) = command.and_then(Value::as_str) else { return };
    let directory = Some(parent(path).to_owned());
    let setting = Setting { process: process.to_owned(), directory, ..Setting::default() };
    let evidence = locate(walker.tree, path, process, command);
    walker.text(Place::Platform, &setting, command, &evidence);
}

/// A command or a list of them.
fn lines(walker: &mut Walker<'_>, path: &str, process: &str, commands: Option<&Value>) {
    match commands {
        Some(Value::Array(commands)) => {
            commands.iter().for_each(|each| line(walker, path, process, Some(each)));
        }
        command => line(walker, path, process, command),
    }
}

fn fly(walker: &mut Walker<'_>, path: &str, value: &Value) {
    if let Some(Value::Object(processes)) = value.get("processes") {
        for (process, command) in processes {
            line(walker, path, process, Some(command));
        }
    }
    line(walker, path, "release", value.pointer("/deploy/release_command"));
    lines(walker, path, "", value.pointer("/experimental/cmd"));
}

/// Render, and DigitalOcean's `services` with `run_command`.
fn render(walker: &mut Walker<'_>, path: &str, value: &Value) {
    let Some(Value::Array(services)) = value.get("services") else { return };
    for service in services {
        let text = |key: &str| service.get(key).and_then(Value::as_str);
        let kind = text("type").unwrap_or("");
        let name = text("name").unwrap_or("");
        let process = if matches!(kind, "web" | "worker") { kind } else { name };
        let root = text("rootDir").and_then(|root| join(parent(path), root));
        let directory = root.or_else(|| Some(parent(path).to_owned()));
        let variables = environment_list(service.get("envVars"), "key");
        for (key, process) in
            [("dockerCommand", process), ("startCommand", process), ("preDeployCommand", "release")]
        {
            let Some(command) = text(key) else { continue };
            let setting = Setting {
                process: process.to_owned(),
                directory: directory.clone(),
                variables: variables.clone(),
                image: None,
                may_fail: false,
            };
            let evidence = locate(walker.tree, path, key, command);
            walker.text(Place::Platform, &setting, command, &evidence);
        }
    }
}

/// `[{key: NAME, value: x}]`.
fn environment_list(list: Option<&Value>, key: &str) -> Vec<(String, String)> {
    let Some(Value::Array(list)) = list else { return Vec::new() };
    list.iter()
        .filter_map(|entry| {
            let text = |key: &str| entry.get(key).and_then(Value::as_str);
            Some((text(key)?.to_owned(), text("value")?.to_owned()))
        })
        .collect()
}

/// App Engine's `entrypoint`, and DigitalOcean's lists of components.
fn app_engine(walker: &mut Walker<'_>, path: &str, value: &Value) {
    if paths::name(path) != "app.yaml" {
        return;
    }
    if let Some(command) = value.get("entrypoint").and_then(Value::as_str) {
        let set = value.get("env_variables").and_then(Value::as_object);
        let set = set.into_iter().flatten();
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let setting = Setting {
            directory: Some(parent(path).to_owned()),
            variables: set.map(|(name, value)| (name.clone(), text(value))).collect(),
            ..Setting::default()
        };
        let evidence = locate(walker.tree, path, "entrypoint", command);
        walker.text(Place::Platform, &setting, command, &evidence);
    }
    for (kind, process) in [("services", "web"), ("workers", "worker"), ("jobs", "release")] {
        let Some(Value::Array(components)) = value.get(kind) else { continue };
        for component in components {
            let text = |key: &str| component.get(key).and_then(Value::as_str);
            let Some(command) = text("run_command") else { continue };
            let setting = Setting {
                process: process.to_owned(),
                directory: join(".", text("source_dir").unwrap_or("").trim_start_matches('/')),
                variables: environment_list(component.get("envs"), "key"),
                image: None,
                may_fail: false,
            };
            let evidence = locate(walker.tree, path, "run_command", command);
            walker.text(Place::Platform, &setting, command, &evidence);
        }
    }
}

fn platform_sh(walker: &mut Walker<'_>, path: &str, value: &Value) {
    let applications = match value {
        Value::Array(list) => list.iter().collect(),
        one => vec![one],
    };
    for application in applications {
        line(walker, path, "", application.pointer("/web/commands/start"));
        line(walker, path, "release", application.pointer("/hooks/deploy"));
        if let Some(Value::Object(workers)) = application.get("workers") {
            for (name, worker) in workers {
                line(walker, path, name, worker.pointer("/commands/start"));
            }
        }
    }
}
