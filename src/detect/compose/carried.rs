//! What an existing compose file already runs, as far as it is carried on:
//! part of what is derived, so that later commands need not read it again.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::schema::Role;
use crate::source::compose::{Document, FILE_NAMES, OVERRIDES};

/// An existing compose file. It is stored as text with its secrets taken
/// out, so that the lock holds none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Carried {
    /// The file, relative to the repository.
    pub file: String,
    /// Whether `docker compose` finds it without `-f`.
    pub by_itself: bool,
    /// Where the development overlay goes: a name that nothing has.
    pub overlay: String,
    /// The Compose project's name: with it begin the names of its volumes.
    pub project: String,
    /// Services that run the application's image, whatever they do.
    pub own: Vec<String>,
    /// Where the code was in the old image, `/code`; empty where that cannot
    /// be told.
    pub code: String,
    /// The directory of the repository that stood there; empty where that cannot be
    /// told.
    pub code_from: String,
    /// Names in `.env` that hold what stood in the file.
    pub moved: Vec<String>,
    /// What these names hold; known while the repository is read, and never
    /// stored.
    #[serde(skip)]
    pub secrets: Secrets,
    /// The services with a role.
    pub roles: BTreeMap<Role, String>,
    /// A proxy in front of the application that stays as it is; empty for none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub front: String,
    /// What images that are built here are made from, by service.
    pub bases: BTreeMap<String, String>,
    /// Data stores and brokers, by service: `mysql`, `rabbitmq`.
    pub stores: BTreeMap<String, String>,
    /// What services are told beside their `environment`.
    pub told: BTreeMap<String, Told>,
    /// Environment files that are not there, with the sample that each is made
    /// from. Once made they are there.
    #[serde(skip)]
    pub samples: BTreeMap<String, String>,
    /// Whether no file said so: stores that the code wants and nothing ran.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub brought: bool,
    /// The file, with its secrets taken out.
    pub text: String,
}

/// What a service is told beside its `environment`, by names alone: values are
/// secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Told {
    /// Names that its environment files and the ENV of its image give.
    pub names: Vec<String>,
    /// Environment files that are not there: nobody knows what they say.
    pub absent: Vec<String>,
    /// Names among those of files that turn development on.
    pub development: Vec<String>,
    /// Names that the project's own `.env` gives it, or the sample of that: Compose
    /// reads that file anyway, and a cluster does not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub by_project: Vec<String>,
    /// Those of them that it leaves without a value.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<String>,
}

impl Carried {
    /// The file as a model. Text that was read before reads again.
    #[must_use]
    pub fn document(&self) -> Document {
        Document::read(&self.text).unwrap_or_default()
    }

    /// The directory of the file, relative to the repository, `.` for the top:
    /// Compose reads `.env` there, and relative paths start there.
    #[must_use]
    pub fn directory(&self) -> &str {
        self.file.rsplit_once('/').map_or(".", |(directory, _)| directory)
    }

    /// The file's name in its directory.
    #[must_use]
    pub fn name(&self) -> &str {
        self.file.rsplit('/').next().unwrap_or(&self.file)
    }

    /// Names for the roles that no service has, where another service has the
    /// usual name.
    #[must_use]
    pub fn free_names(&self) -> Vec<(Role, String)> {
        let taken: Vec<String> =
            self.document().services().into_iter().map(|service| service.name).collect();
        let mut free = Vec::new();
        for role in Role::ALL.into_iter().filter(|role| !self.roles.contains_key(role)) {
            let usual = role.name();
            if taken.iter().any(|name| name == usual) {
                let mut others = (2..).map(|count| format!("{usual}-{count}"));
                let other = others.find(|name| !taken.contains(name));
                free.extend(other.map(|name| (role, name)));
            }
        }
        free
    }

    /// Names that must not be created beside the file: Compose would take
    /// them in its stead, or lay them over it.
    #[must_use]
    pub fn forbidden_beside(&self) -> Vec<String> {
        let name = self.name();
        let prefix = self.file.strip_suffix(name).unwrap_or_default();
        let taken = FILE_NAMES.iter().chain(&OVERRIDES);
        taken.filter(|taken| **taken != name).map(|taken| format!("{prefix}{taken}")).collect()
    }

    /// A path for our compose file beside the one that is kept, which Compose
    /// does not take by itself: `docker-compose.dockwright.yml`.
    #[must_use]
    pub fn beside(&self) -> String {
        with_infix(&self.file, "dockwright")
    }

    /// Where an output goes that belongs with the compose file; `None` for the
    /// others.
    #[must_use]
    pub fn place(&self, path: &str) -> Option<String> {
        let beside = |name: &str| match self.directory() {
            "." => name.to_owned(),
            directory => format!("{directory}/{name}"),
        };
        match path {
            "compose.yaml" => Some(self.file.clone()),
            "compose.dev.yaml" if self.overlay.is_empty() => Some(self.dev_overlay()),
            "compose.dev.yaml" => Some(self.overlay.clone()),
            ".env" | ".env.example" => Some(beside(path)),
            _ => None,
        }
    }

    /// The path of the development overlay: `docker-compose.dev.yml`.
    #[must_use]
    pub fn dev_overlay(&self) -> String {
        let (directory, name) = self.file.rsplit_once('/').unwrap_or(("", &self.file));
        let (stem, end) = name.rsplit_once('.').unwrap_or((name, "yaml"));
        let base = if stem.starts_with("docker-compose") { "docker-compose" } else { "compose" };
        let name = format!("{base}.dev.{end}");
        if directory.is_empty() { name } else { format!("{directory}/{name}") }
    }
}

/// `a/compose.yaml` becomes `a/compose.<infix>.yaml`.
fn with_infix(path: &str, infix: &str) -> String {
    match path.rsplit_once('.') {
        Some((stem, end)) => format!("{stem}.{infix}.{end}"),
        None => format!("{path}.{infix}"),
    }
}

/// Secret values by the name they get in `.env`. Neither shown nor stored.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secrets(BTreeMap<String, String>);

impl Secrets {
    /// Keeps a value under a name.
    pub fn keep(&mut self, name: &str, value: &str) {
        self.0.insert(name.to_owned(), value.to_owned());
    }

    /// The value of a name.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn carried(file: &str) -> Carried {
        Carried { file: file.to_owned(), ..Carried::default() }
    }

    #[test]
    fn nothing_is_created_that_compose_would_take_instead() {
        let carried = carried("deploy/docker-compose.yml");
        let forbidden = carried.forbidden_beside();
        for name in ["compose.yaml", "compose.yml", "docker-compose.yaml", "compose.override.yml"] {
            assert!(forbidden.contains(&format!("deploy/{name}")), "{name}");
        }
        assert!(!forbidden.contains(&carried.file));
        assert_eq!(carried.beside(), "deploy/docker-compose.dockwright.yml");
        assert!(!forbidden.contains(&carried.beside()));
        assert_eq!(carried.dev_overlay(), "deploy/docker-compose.dev.yml");
    }

    #[test]
    fn the_overlay_follows_the_name_of_the_file() {
        assert_eq!(carried("compose.yaml").dev_overlay(), "compose.dev.yaml");
        assert_eq!(carried("docker-compose.prod.yml").dev_overlay(), "docker-compose.dev.yml");
        assert_eq!(carried("compose.yml").dev_overlay(), "compose.dev.yml");
    }

    #[test]
    fn a_lock_holds_no_secret_and_gives_back_the_rest() {
        let mut carried = carried("compose.yaml");
        carried.secrets.keep("PASSWORD", "hunter2");
        carried.text = "services:\n  a:\n    image: b\n".into();
        carried.roles.insert(Role::Db, "a".into());
        let lock = toml::to_string(&carried).unwrap();
        assert!(!lock.contains("hunter2") && !format!("{carried:?}").contains("hunter2"));
        let again: Carried = toml::from_str(&lock).unwrap();
        assert_eq!(again.document(), carried.document());
        assert_eq!(again.roles, carried.roles);
    }
}
