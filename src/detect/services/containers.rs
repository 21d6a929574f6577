//! Container and platform files as evidence of services: images of compose
//! services and of workflows, add-ons, values in env files, packages that a
//! Dockerfile installs.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value as Json;

use crate::detect::fact::Evidence;
use crate::detect::services::tables::TABLES;
use crate::detect::tree::Tree;
use crate::environments::is_for_another;

/// A service that runs beside the application.
#[derive(Clone, Debug)]
pub struct Beside {
    /// Which.
    pub service: &'static str,
    /// How much it says of production, in percent.
    pub weight: u32,
    /// The line.
    pub evidence: Evidence,
}

/// A variable's value in an env file or a compose service.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Its name.
    pub name: String,
    /// Its value, unexpanded.
    pub value: String,
    /// The line.
    pub evidence: Evidence,
}

/// What container and platform files say.
#[derive(Clone, Debug, Default)]
pub struct Containers {
    /// Services that run beside the application.
    pub beside: Vec<Beside>,
    /// Values of variables.
    pub settings: Vec<Setting>,
    /// Packages that a Dockerfile installs by name.
    pub installed: Vec<(String, Evidence)>,
}

#[derive(Deserialize)]
struct Compose {
    #[serde(default)]
    services: BTreeMap<String, Option<Service>>,
}

#[derive(Deserialize)]
struct Service {
    #[serde(default)]
    image: Option<String>,
    #[serde(default)]
    environment: Option<Json>,
}

impl Containers {
    /// Reads those that concern an application in `root`: theirs, and those
    /// of the directories above and directly below it.
    #[must_use]
    pub fn read(tree: &Tree, root: &str) -> Self {
        let mut found = Self::default();
        let paths: Vec<&str> = tree.paths().filter(|path| concerns(path, root)).collect();
        for path in paths {
            let name = path.rsplit('/').next().unwrap_or(path);
            let lower = name.to_ascii_lowercase();
            let yaml = lower.ends_with(".yml") || lower.ends_with(".yaml");
            if yaml && lower.contains("compose") {
                found.compose(tree, path);
            } else if yaml && path.contains(".github/workflows/") {
                found.images(tree, path, 15);
            } else if matches!(
                lower.as_str(),
                "app.json" | "heroku.yml" | "render.yaml" | "render.yml"
            ) {
                found.add_ons(tree, path);
            } else if is_env_file(&lower) {
                found.env_file(tree, path);
            } else if lower.contains("dockerfile") {
                found.dockerfile(tree, path);
            }
        }
        found
    }

    fn compose(&mut self, tree: &Tree, path: &str) {
        let weight = if is_for_another(path) { 30 } else { 40 };
        let Some(text) = tree.text(path) else { return };
        let Ok(compose) = serde_saphyr::from_str::<Compose>(text) else {
            self.images(tree, path, weight);
            return;
        };
        for service in compose.services.into_values().flatten() {
            if let Some(image) = &service.image
                && let Some(known) = TABLES.service_of_image(&unexpanded(image))
            {
                let evidence = tree
                    .find_line(path, |line| line.contains("image") && line.contains(image.as_str()))
                    .unwrap_or_else(|| Evidence::file(path));
                self.beside.push(Beside { service: known, weight, evidence });
            }
            // Variables of a database's own container are no evidence of the
            // application's.
            if service.image.as_deref().and_then(|it| TABLES.service_of_image(it)).is_none() {
                self.environment(tree, path, service.environment);
            }
        }
    }

    fn environment(&mut self, tree: &Tree, path: &str, environment: Option<Json>) {
        let pairs: Vec<(String, String)> = match environment {
            Some(Json::Object(items)) => items
                .into_iter()
                .map(|(name, value)| {
                    (name, value.as_str().map_or_else(|| value.to_string(), str::to_owned))
                })
                .collect(),
            Some(Json::Array(items)) => items
                .iter()
                .filter_map(|item| item.as_str()?.split_once('='))
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            _ => Vec::new(),
        };
        for (name, value) in pairs {
            let evidence = tree
                .find_line(path, |line| line.contains(&name))
                .unwrap_or_else(|| Evidence::file(path));
            self.settings.push(Setting { name, value, evidence });
        }
    }

    /// `image:` lines of a file whose structure does not matter.
    fn images(&mut self, tree: &Tree, path: &str, weight: u32) {
        for (at, line) in tree.text(path).unwrap_or_default().lines().enumerate() {
            let Some(image) = line.trim().trim_start_matches("- ").strip_prefix("image:") else {
                continue;
            };
            let image = image.trim().trim_matches(['"', '\'']);
            if let Some(service) = TABLES.service_of_image(image) {
                self.beside.push(Beside {
                    service,
                    weight,
                    evidence: Evidence::line(path, at + 1, line),
                });
            }
        }
    }

    fn add_ons(&mut self, tree: &Tree, path: &str) {
        const ADD_ONS: [(&str, &str); 10] = [
            ("heroku-postgresql", "postgres"),
            ("heroku-redis", "redis"),
            ("rediscloud", "redis"),
            ("redistogo", "redis"),
            ("cloudamqp", "rabbitmq"),
            ("jawsdb", "mysql"),
            ("cleardb", "mysql"),
            ("type: redis", "redis"),
            ("type: keyvalue", "redis"),
            ("mongolab", "mongodb"),
        ];
        for (at, line) in tree.text(path).unwrap_or_default().lines().enumerate() {
            for (name, service) in ADD_ONS {
                if line.contains(name) {
                    let evidence = Evidence::line(path, at + 1, line);
                    self.beside.push(Beside { service, weight: 40, evidence });
                }
            }
            if line.starts_with("databases:") && path.ends_with("ml") {
                let evidence = Evidence::line(path, at + 1, line);
                self.beside.push(Beside { service: "postgres", weight: 40, evidence });
            }
        }
    }

    fn env_file(&mut self, tree: &Tree, path: &str) {
        for (at, line) in tree.text(path).unwrap_or_default().lines().enumerate() {
            let line = line.trim();
            // A commented example still shows what the code understands, but
            // not what production takes.
            let Some((name, value)) = line.trim_start_matches("export ").split_once('=') else {
                continue;
            };
            let name = name.trim();
            if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
                continue;
            }
            self.settings.push(Setting {
                name: name.to_owned(),
                value: value.trim().trim_matches(['"', '\'']).to_owned(),
                evidence: Evidence::line(path, at + 1, line),
            });
        }
    }

    fn dockerfile(&mut self, tree: &Tree, path: &str) {
        for (at, line) in tree.text(path).unwrap_or_default().lines().enumerate() {
            let Some((_, packages)) = line.split_once("pip install") else { continue };
            for word in
                packages.split_whitespace().take_while(|word| !matches!(*word, "&&" | ";" | "\\"))
            {
                let name: String = word
                    .trim_matches(['"', '\''])
                    .chars()
                    .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
                    .collect();
                let name = name.to_ascii_lowercase().replace(['_', '.'], "-");
                if TABLES.driver(&name).is_some() {
                    self.installed.push((name, Evidence::line(path, at + 1, line)));
                }
            }
        }
    }

    /// Services beside the application of which `is` holds, strongest first.
    pub fn strongest(&self, is: impl Fn(&str) -> bool) -> Vec<&Beside> {
        let mut found: Vec<&Beside> = self.beside.iter().filter(|it| is(it.service)).collect();
        found.sort_by_key(|it| std::cmp::Reverse(it.weight));
        found
    }
}

/// `${IMAGE:-postgres:16}` is `postgres:16`.
fn unexpanded(image: &str) -> String {
    image.split_once(":-").map_or(image, |(_, default)| default.trim_end_matches('}')).to_owned()
}

/// Whether a file lies in a directory that concerns an application in `root`.
fn concerns(path: &str, root: &str) -> bool {
    let directory = path.rsplit_once('/').map_or(".", |(directory, _)| directory);
    let above = directory == "."
        || root == directory
        || root.strip_prefix(directory).is_some_and(|rest| rest.starts_with('/'));
    let inside = root == "." || directory.starts_with(&format!("{root}/"));
    let parts: Vec<String> = directory.split('/').map(str::to_ascii_lowercase).collect();
    let deployment = parts.iter().all(|part| {
        let part = part.as_str();
        [
            ".github",
            "workflows",
            "docker",
            "compose",
            "deploy",
            "deployment",
            "deployments",
            "infra",
            "envs",
            ".envs",
            "env",
            ".docker",
            "etc",
            "config",
            "ops",
            "local",
            ".local",
            ".production",
        ]
        .contains(&part)
            || part.starts_with("docker")
            || root.split('/').any(|own| own.eq_ignore_ascii_case(part))
    });
    let excluded = parts.iter().any(|part| {
        matches!(
            part.as_str(),
            "tests" | "test" | "docs" | "doc" | "examples" | "example" | "node_modules"
        )
    });
    (above || deployment || (inside && parts.len() <= 3)) && !excluded
}

fn is_env_file(name: &str) -> bool {
    name == ".env"
        || name.starts_with(".env.")
        || name.ends_with(".env")
        || name.starts_with("env.") && !name.ends_with(".py") && !name.ends_with("ml")
        || name.starts_with(".env-")
        || name.starts_with("env-")
        || name == "env_example"
        || name == ".env_example"
}
