//! Container and platform files as evidence of services: images of compose
//! services and of workflows, add-ons, values in env files, packages that a
//! Dockerfile installs.

use crate::detect::deps::installs;
use crate::detect::fact::Evidence;
use crate::detect::services::tables::TABLES;
use crate::detect::tree::Tree;
use crate::environments::is_for_another;
use crate::source::compose::{Document, interpolate, is_compose};
use crate::source::dockerfile::{Dockerfile, Keyword, is_dockerfile};
use crate::source::dotenv::{self, Entry};
use crate::source::text::Text;

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
            if is_compose(path) {
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
            } else if is_dockerfile(path) {
                found.dockerfile(tree, path);
            }
        }
        found
    }

    fn compose(&mut self, tree: &Tree, path: &str) {
        let weight = if is_for_another(path) { 30 } else { 40 };
        let Some(text) = tree.text(path) else { return };
        let services = Document::read(text).map(|own| own.services()).unwrap_or_default();
        // No YAML, or services at the top, as Compose's first version had them.
        if services.is_empty() {
            self.images(tree, path, weight);
        }
        for own in services {
            let image = own.image().map(|image| interpolate::defaults(&image));
            if let Some(service) = image.and_then(|image| TABLES.service_of_image(&image)) {
                let evidence = tree.evidence(path, own.line_of("image"));
                self.beside.push(Beside { service, weight, evidence });
                // Variables of a database's own container are no evidence of
                // the application's.
                continue;
            }
            for (name, value, item) in own.variables() {
                let evidence = tree.evidence(path, item.line);
                self.settings.extend(value.map(|value| Setting { name, value, evidence }));
            }
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
        let text = Text::new(path, tree.text(path).unwrap_or_default());
        for Entry { name, value, span, .. } in dotenv::read(&text.text) {
            let evidence = tree.evidence(path, text.line(span.start));
            self.settings.push(Setting { name, value, evidence });
        }
    }

    fn dockerfile(&mut self, tree: &Tree, path: &str) {
        let text = Text::new(path, tree.text(path).unwrap_or_default());
        let file = Dockerfile::read(&text.text);
        for run in file.instructions.iter().filter(|own| own.keyword == Keyword::Run) {
            for named in installs::named(run, &text.text) {
                if TABLES.driver(&named.name).is_some() {
                    let at = text.slice(run.span).find(&named.name).unwrap_or(0);
                    let evidence = tree.evidence(path, text.line(run.span.start + at));
                    self.installed.push((named.name, evidence));
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
