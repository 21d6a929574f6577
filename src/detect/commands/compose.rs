//! Compose files: what each service runs, and from which image.

use serde_json::Value;

use super::Place;
use super::dockerfile::{Image, Images};
use super::paths::{self, expand, join, parent};
use super::walker::{Setting, Walker};
use crate::detect::fact::Evidence;
use crate::detect::tree::Tree;
use crate::source::dotenv;

/// A YAML file as a value; `None` where it cannot be read.
pub fn yaml(tree: &Tree, path: &str) -> Option<Value> {
    serde_saphyr::from_str(tree.text(path)?).ok()
}

/// Whether a file is a compose file, by its name.
pub fn is_compose(path: &str) -> bool {
    let name = paths::name(path).to_ascii_lowercase();
    (name.ends_with(".yml") || name.ends_with(".yaml")) && name.contains("compose")
}

/// The paths of the compose files that count.
pub fn files(tree: &Tree) -> impl Iterator<Item = &str> {
    tree.counted().filter(|path| is_compose(path))
}

/// The line of `text` after the line of a key.
pub fn locate(tree: &Tree, path: &str, key: &str, text: &str) -> Evidence {
    let Some(content) = tree.text(path) else { return Evidence::file(path) };
    let word = text.split_whitespace().max_by_key(|word| word.len()).unwrap_or(text);
    let lines: Vec<&str> = content.lines().collect();
    let is_key = |line: &str| {
        let line = line.trim().trim_start_matches("- ").trim_start_matches(['"', '\'']);
        line.strip_prefix(key).is_some_and(|rest| rest.starts_with([':', '"', '\'', ' ', '=']))
    };
    let start = lines.iter().position(|line| is_key(line)).unwrap_or(0);
    let after = lines[start..].iter().position(|line| line.contains(word));
    let line = after.map(|at| start + at).or_else(|| lines.iter().position(|l| l.contains(word)));
    line.map_or_else(|| Evidence::file(path), |at| tree.evidence(path, at + 1))
}

/// A service's `build`.
pub struct Build {
    /// The directory it is built from.
    pub context: String,
    /// The Dockerfile.
    pub dockerfile: String,
    /// The stage it stops at.
    pub target: Option<String>,
}

impl Build {
    /// Reads it, relative to the compose file at `path`.
    pub fn of(path: &str, service: &Value) -> Option<Self> {
        let build = service.get("build")?;
        let text = |key: &str| build.get(key).and_then(Value::as_str);
        let context = build.as_str().or_else(|| text("context")).unwrap_or(".");
        let context = join(parent(path), &expand_defaults(context))?;
        let dockerfile = text("dockerfile").unwrap_or("Dockerfile");
        let dockerfile = join(&context, &expand_defaults(dockerfile))?;
        Some(Self { context, dockerfile, target: text("target").map(str::to_owned) })
    }
}

/// `${NAME:-value}` and `${NAME-value}` as their value.
pub fn expand_defaults(text: &str) -> String {
    let mut out = text.to_owned();
    while let Some(start) = out.find("${") {
        let Some(end) = out[start..].find('}').map(|end| start + end) else { break };
        let inner = &out[start + 2..end];
        let Some((_, value)) = inner.split_once(":-").or_else(|| inner.split_once('-')) else {
            break;
        };
        out = format!("{}{value}{}", &out[..start], &out[end + 1..]);
    }
    out
}

/// Reads every compose file.
pub fn read(walker: &mut Walker<'_>, images: &Images) {
    let tree = walker.tree;
    for path in files(tree) {
        let Some(value) = yaml(tree, path) else { continue };
        let Some(Value::Object(services)) = value.get("services") else { continue };
        for (name, service) in services {
            read_service(walker, images, path, name, service);
        }
    }
}

fn read_service(walker: &mut Walker<'_>, images: &Images, path: &str, name: &str, service: &Value) {
    let build = Build::of(path, service);
    let mut image = build
        .as_ref()
        .and_then(|build| images.get(&build.dockerfile, build.target.as_deref()).cloned())
        .unwrap_or_default();
    mount(&mut image, path, service);
    if let Some(directory) = service.get("working_dir").and_then(Value::as_str) {
        image.workdir = expand_defaults(directory);
    }
    let mut variables = image.env.clone();
    variables.extend(env_files(walker.tree, path, service));
    variables.extend(environment(service.get("environment")));
    let directory = image.directory(&image.workdir, walker.tree);
    let setting = Setting { process: name.into(), directory, variables, image: Some(&image) };
    for key in ["entrypoint", "command"] {
        let Some(value) = service.get(key) else { continue };
        match value {
            Value::String(line) => {
                let evidence = locate(walker.tree, path, name, line);
                walker.text(Place::Compose, &setting, line, &evidence);
            }
            Value::Array(words) => {
                let words: Vec<String> =
                    words.iter().filter_map(|word| word.as_str().map(str::to_owned)).collect();
                let longest = words.iter().max_by_key(|word| word.len()).cloned();
                let evidence = locate(walker.tree, path, name, &longest.unwrap_or_default());
                walker.words(Place::Compose, &setting, &words, &evidence);
            }
            _ => {}
        }
    }
}

/// Bind mounts put directories of the repository into the image.
pub fn mount(image: &mut Image, path: &str, service: &Value) {
    let Some(Value::Array(volumes)) = service.get("volumes") else { return };
    for volume in volumes {
        let (source, target) = match volume {
            Value::String(text) => {
                let text = expand_defaults(text);
                let mut parts = text.split(':').map(str::to_owned);
                (parts.next(), parts.next())
            }
            Value::Object(long) => {
                let text = |key: &str| long.get(key).and_then(Value::as_str).map(str::to_owned);
                (text("source"), text("target"))
            }
            _ => (None, None),
        };
        let (Some(source), Some(target)) = (source, target) else { continue };
        let source = expand(&source, &[("PWD".into(), ".".into())]);
        if !source.starts_with(['.', '/']) && !source.contains('/') {
            continue;
        }
        if let Some(source) = join(parent(path), &source) {
            image.place(&target, &source);
        }
    }
}

/// `environment` as a map or a list.
pub fn environment(value: Option<&Value>) -> Vec<(String, String)> {
    match value {
        Some(Value::Object(map)) => map
            .iter()
            .filter_map(|(name, value)| {
                let value = match value {
                    Value::String(text) => text.clone(),
                    Value::Null => return None,
                    other => other.to_string(),
                };
                Some((name.clone(), value))
            })
            .collect(),
        Some(Value::Array(list)) => list
            .iter()
            .filter_map(|entry| entry.as_str()?.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        _ => Vec::new(),
    }
}

/// Variables of the env files a service names and the repository holds.
fn env_files(tree: &Tree, path: &str, service: &Value) -> Vec<(String, String)> {
    let named: Vec<&str> = match service.get("env_file") {
        Some(Value::String(file)) => vec![file],
        Some(Value::Array(files)) => files
            .iter()
            .filter_map(|file| file.as_str().or_else(|| file.get("path")?.as_str()))
            .collect(),
        _ => Vec::new(),
    };
    let files = named.into_iter().filter_map(|file| join(parent(path), file));
    files.flat_map(|file| dotenv::pairs(tree.text(&file).unwrap_or(""))).collect()
}
