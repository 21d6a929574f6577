//! Code that was there before dockwright came: what the files need to know of
//! it. Made by `init` from facts and flags.

use pep508_rs::pep440_rs::Version;
use serde::{Deserialize, Serialize};

use crate::answers::own_image::OwnImage;
use crate::answers::own_project::OwnProject;
use crate::answers::stack::PackageManager;
use crate::detect::Evidence;
use crate::detect::compose::carried::Carried;
use crate::detect::facts::{
    Connection, Facts, FrontEnd, InProcess, Installs, Meaning, OldStage, OwnServer, RequiredEnv,
    Static, SystemPackages, Uploads,
};
use crate::detect::previous::Previous;
use crate::error::Problem;
use crate::relpath::RelPath;
use crate::schema::Role;
use crate::schema::value::Value;
pub use crate::schema::writable::Writable;

/// Where the build context stands in an image of ours.
pub const TOP: &str = "/app";

/// Facts that no person decides. They are stored in the lock, as its table
/// `derived`, so that later commands need not detect again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Derived {
    /// The framework by its own name: `starlette` is served like `fastapi`.
    pub framework: Option<String>,
    /// Names of the packages the image will hold, normalised, perhaps with
    /// extras.
    pub packages: Vec<String>,
    /// `postgres`, `mysql`, `sqlite`, …
    pub database: Option<String>,
    /// The driver's package name.
    pub database_driver: Option<String>,
    /// What kind of broker there is: `redis`, `rabbitmq`, `sqs`.
    pub broker: Option<String>,
    /// Task queues other than Celery.
    pub queues: Vec<String>,
    /// `manage.py`, relative to the repository.
    pub manage: Option<String>,
    /// `alembic.ini` or the file that configures migrations, relative to the
    /// repository.
    pub migrations_file: Option<String>,
    /// How packages get installed.
    pub installs: Installs,
    /// Debian packages.
    pub system_packages: SystemPackages,
    /// Static files of a Django project.
    pub static_files: Option<Static>,
    /// Files that requests bring along.
    pub uploads: Option<Uploads>,
    /// Hubs from which models and data are fetched by name.
    pub hubs: Vec<String>,
    /// What builds the front end that the code serves, relative to the repository.
    pub front_end: Option<FrontEnd>,
    /// Stages of the Dockerfile that was there, in other languages.
    pub old_stages: Vec<OldStage>,
    /// Variables without which the code does not start.
    pub required_env: Vec<RequiredEnv>,
    /// The scheme of the address that the migrations alone know of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub migrations_stated: Option<String>,
    /// Variables that tell the code where its database, cache and broker are.
    pub connections: Vec<Connection>,
    /// Host names that Django's settings answer to, as they stand there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allowed_hosts: Vec<String>,
    /// How it is started where it brings a server of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own_server: Option<OwnServer>,
    /// What its processes keep to themselves: there can be only one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub in_process: Vec<KeptInProcess>,
    /// Whether it holds WebSockets open.
    #[serde(skip_serializing_if = "is_false")]
    pub websockets: bool,
    /// Whether the cache also carries the messages of Channels.
    #[serde(skip_serializing_if = "is_false")]
    pub layer_in_redis: bool,
    /// What an existing compose file runs.
    pub carried: Option<Carried>,
    /// What started the application before.
    #[serde(skip_serializing_if = "Previous::is_empty")]
    pub previous: Previous,
    /// The image of the repository's own Dockerfile, where that stays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<OwnImage>,
    /// The compose project of the repository's own that runs the application, where it stays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<OwnProject>,
    /// The default branch, as git names it; empty where it does not.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub branch: String,
    /// Variables that the image of the Dockerfile that was there gave a value.
    pub image_env: Vec<String>,
    /// Variables that `.env` already gives a value; this machine's, so it is
    /// never stored.
    #[serde(skip)]
    pub given: Vec<String>,
}

fn is_false(value: &bool) -> bool {
    !value
}

/// What a process keeps to itself, and where the code says so.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct KeptInProcess {
    /// What it is.
    pub state: InProcess,
    /// `app/main.py:5`.
    pub place: String,
}

impl KeptInProcess {
    fn of((state, line): &(InProcess, Evidence)) -> Self {
        Self { state: *state, place: line.place() }
    }
}

impl Derived {
    /// What facts say that no key of `dockwright.toml` holds.
    #[must_use]
    pub fn of(facts: &Facts) -> Self {
        let own = Self {
            framework: facts.framework.value().cloned(),
            packages: facts.packages.clone(),
            database: facts.database.value().cloned(),
            database_driver: facts.database_driver.value().cloned(),
            broker: facts.broker.value().cloned(),
            queues: facts.queues.value().cloned().unwrap_or_default(),
            manage: file_in_evidence(facts, "manage.py"),
            migrations_file: file_in_evidence(facts, "alembic.ini"),
            installs: facts.installs.clone(),
            system_packages: facts.system_packages.value().cloned().unwrap_or_default(),
            static_files: facts.static_files.value().cloned(),
            uploads: facts.uploads.value().cloned(),
            hubs: facts.hubs.value().cloned().unwrap_or_default(),
            front_end: facts.front_end.value().cloned(),
            old_stages: facts.old_stages.clone(),
            required_env: facts.required_env.iter().map(|(required, _)| required.clone()).collect(),
            connections: facts.connections.iter().map(|(known, _)| known.clone()).collect(),
            migrations_stated: facts.migrations_stated.clone(),
            allowed_hosts: facts.allowed_hosts.clone(),
            own_server: facts.own_server.value().cloned(),
            in_process: facts.in_process.iter().map(KeptInProcess::of).collect(),
            websockets: facts.websockets.value() == Some(&true),
            layer_in_redis: facts.layer_in_redis,
            carried: facts.carried.value().cloned(),
            previous: facts.previous.clone(),
            image: None,
            project: None,
            branch: String::new(),
            image_env: facts.image_env.clone(),
            given: facts.given.clone(),
        };
        own.with_packages_of_the_image()
    }

    /// What packages need that the old image installed by name is needed still.
    fn with_packages_of_the_image(mut self) -> Self {
        let Some(image) = &self.previous.image else { return self };
        let own = &mut self.system_packages;
        for (known, more) in
            [(&mut own.build, &image.system.build), (&mut own.runtime, &image.system.runtime)]
        {
            known.extend(more.iter().cloned());
            known.sort();
            known.dedup();
        }
        self
    }

    /// What is found now, with what only files said that ours have replaced
    /// since.
    pub(super) fn remembering(mut self, stored: &Self) -> Self {
        let now = std::mem::take(&mut self.connections);
        // One name may have several meanings.
        for old in &stored.connections {
            let again = now.iter().filter(|new| new.name == old.name).cloned();
            let known = self.connections.iter().any(|own| own.name == old.name);
            match again.clone().next() {
                Some(_) if known => {}
                Some(_) => self.connections.extend(again),
                None => self.connections.push(old.clone()),
            }
        }
        let known = |new: &&Connection| stored.connections.iter().any(|old| old.name == new.name);
        self.connections.extend(now.iter().filter(|new| !known(new)).cloned());
        // Ours are no evidence: what stood in their place is what was found first.
        if stored.previous.image.is_some() {
            self.previous = stored.previous.clone();
            self = self.with_packages_of_the_image();
        }
        self.broker = self.broker.or_else(|| stored.broker.clone());
        self.database = self.database.or_else(|| stored.database.clone());
        self.database_driver = self.database_driver.or_else(|| stored.database_driver.clone());
        self.image = self.image.or_else(|| stored.image.clone());
        // Ours takes the place of the Dockerfile that said so.
        self.image_env = stored.image_env.clone();
        if self.old_stages.is_empty() {
            self.old_stages.clone_from(&stored.old_stages);
        }
        self
    }

    /// Whether the image will hold a package.
    #[must_use]
    pub fn installs(&self, name: &str) -> bool {
        self.packages.iter().any(|package| package.split('[').next() == Some(name))
    }

    /// Whether the image will hold a package with one of its extras.
    #[must_use]
    pub fn installs_with(&self, name: &str, extra: &str) -> bool {
        self.packages.iter().any(|package| {
            let Some((known, extras)) = package.split_once('[') else { return false };
            known == name && extras.trim_end_matches(']').split(',').any(|one| one.trim() == extra)
        })
    }

    /// Whether a package is at least this version; one whose version is not
    /// fixed is taken for a new one.
    #[must_use]
    pub fn is_at_least(&self, name: &str, least: &str) -> bool {
        let Some(version) = self.installs.versions.get(name) else { return true };
        match (version.parse::<Version>(), least.parse::<Version>()) {
            (Ok(version), Ok(least)) => version >= least,
            _ => true,
        }
    }

    /// Whether an existing compose file lets others than this host connect.
    #[must_use]
    pub fn is_published(&self) -> bool {
        let Some(carried) = &self.carried else { return false };
        let document = carried.document();
        let ours = [Role::Web, Role::Nginx].map(|role| carried.roles.get(&role));
        document
            .services()
            .iter()
            .filter(|service| ours.iter().flatten().any(|name| **name == service.name))
            .flat_map(|service| service.ports())
            .any(|port| !["127.", "[::1]"].iter().any(|own| port.host.starts_with(own)))
    }

    /// Variables that say something the test accepts.
    pub fn told<'a>(
        &'a self,
        accepts: impl Fn(&Meaning) -> bool + 'a,
    ) -> impl Iterator<Item = &'a Connection> {
        self.connections.iter().filter(move |connection| accepts(&connection.meaning))
    }
}

/// A file of this name among the lines that the facts about start-up and
/// migrations rest on.
fn file_in_evidence(facts: &Facts, name: &str) -> Option<String> {
    let lines = [
        facts.migrations.evidence(),
        facts.settings.evidence(),
        facts.framework.evidence(),
        facts.root.evidence(),
        facts.app.evidence(),
    ];
    let mut paths = lines.into_iter().flatten().map(|line| line.path.as_str());
    paths.find(|path| path.rsplit('/').next() == Some(name)).map(str::to_owned)
}

/// Code that was there before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adopted {
    /// The directory that goes on `sys.path`, relative to the repository;
    /// `None` for the top.
    pub root: Option<RelPath>,
    /// The directory an image is built from; `None` for the top.
    pub context: Option<RelPath>,
    /// `shop.wsgi:application`; a factory has no parentheses here.
    pub app: String,
    /// Whether `app` is called to make the application.
    pub factory: bool,
    /// Django's settings module; empty for none.
    pub settings: String,
    /// What is installed from, the lock first, relative to the repository.
    pub dependency_files: Vec<RelPath>,
    /// What celery's `--app` takes; empty for none.
    pub celery_app: String,
    /// `none`, `django`, `alembic`, `flask-migrate`, `aerich`.
    pub migrations: String,
    /// Until when packages that no lock pins may have been published; empty for today.
    pub packages_until: String,
    /// Path of a liveness route; empty for none, which gets a weaker probe.
    pub health: String,
    /// The command that runs its tests; empty where none is known.
    pub tests: String,
    /// Path of a readiness route; empty for none.
    pub ready: String,
    /// What no person decides.
    pub derived: Derived,
}

impl Adopted {
    /// Types the answers about adopted code; `None` where a new service is
    /// written, since no `project.app` was said.
    pub(super) fn of(
        value: &dyn Fn(&str) -> Value,
        manager: PackageManager,
        derived: &Derived,
        problems: &mut Vec<Problem>,
    ) -> Option<Self> {
        let text = |key: &str| value(key).to_string();
        let said = text("project.app");
        if said.is_empty() {
            return None;
        }
        let context = directory(&text("project.build-context"));
        let root = match text("project.root").as_str() {
            // The application is in what the image is built from.
            "." => context.clone(),
            root => directory(root),
        };
        let inside = |path: &str| within(context.as_ref(), path).is_some();
        if let Some(root) = &root
            && !inside(root.as_str())
        {
            problems.push(
                Problem::new(format!(
                    "project.root = {root} is not inside project.build-context = {}",
                    text("project.build-context")
                ))
                .help("the image holds the build context: --set project.build-context=."),
            );
        }
        let dependency_files = match paths(&value("project.dependency-files")) {
            files if files.is_empty() => usual_files(manager, context.as_ref()),
            files => files,
        };
        for file in dependency_files.iter().filter(|file| !inside(file.as_str())) {
            problems.push(
                Problem::new(format!("{file} is not inside project.build-context")).help(
                    "the image is built from that directory alone: --set project.build-context=.",
                ),
            );
        }
        Some(Self {
            root,
            context,
            factory: text("project.factory") == "true" || said.ends_with("()"),
            app: said.trim_end_matches("()").to_owned(),
            settings: text("project.settings"),
            dependency_files,
            celery_app: text("stack.celery-app"),
            migrations: text("stack.migrations"),
            packages_until: text("project.packages-until"),
            health: text("project.health"),
            tests: text("project.tests"),
            ready: text("project.ready"),
            derived: derived.clone(),
        })
    }

    /// A path of the repository as seen from the build context; `None` for one
    /// outside of it, an empty text for the context itself.
    #[must_use]
    pub fn within<'a>(&self, path: &'a str) -> Option<&'a str> {
        within(self.context.as_ref(), path)
    }

    /// The image of the repository's own Dockerfile, where that stays.
    #[must_use]
    pub const fn image(&self) -> Option<&OwnImage> {
        self.derived.image.as_ref()
    }

    /// Where the build context stands in the image.
    #[must_use]
    pub fn top(&self) -> &str {
        self.image().map_or(TOP, |image| &image.top)
    }

    /// The root as seen from the build context; empty for the context itself.
    #[must_use]
    pub fn root_within(&self) -> &str {
        self.root.as_ref().and_then(|root| self.within(root.as_str())).unwrap_or_default()
    }
}

fn within<'a>(context: Option<&RelPath>, path: &'a str) -> Option<&'a str> {
    match context {
        None => Some(path),
        Some(context) if path == context.as_str() => Some(""),
        Some(context) => path.strip_prefix(context.as_str())?.strip_prefix('/'),
    }
}

fn directory(text: &str) -> Option<RelPath> {
    RelPath::new(text).ok()
}

fn paths(value: &Value) -> Vec<RelPath> {
    match value {
        Value::List(items) => items.iter().filter_map(|item| RelPath::new(item).ok()).collect(),
        _ => Vec::new(),
    }
}

pub(super) fn writable(value: &Value) -> Vec<Writable> {
    let Value::List(items) = value else { return Vec::new() };
    items.iter().filter_map(|item| Writable::read(item).ok()).collect()
}

/// Where a package manager's files are when nobody says otherwise.
fn usual_files(manager: PackageManager, context: Option<&RelPath>) -> Vec<RelPath> {
    let names: &[&str] = match manager {
        PackageManager::Pip => &["requirements.txt"],
        PackageManager::Uv => &["uv.lock", "pyproject.toml"],
        PackageManager::Poetry => &["poetry.lock", "pyproject.toml"],
        PackageManager::Pdm => &["pdm.lock", "pyproject.toml"],
        PackageManager::Pipenv => &["Pipfile.lock", "Pipfile"],
        PackageManager::Pyproject => &["pyproject.toml"],
        PackageManager::Setuptools => &["setup.py"],
        PackageManager::Conda => &["environment.yml"],
    };
    let below = |name: &&str| match context {
        Some(context) => format!("{context}/{name}"),
        None => (*name).to_owned(),
    };
    names.iter().filter_map(|name| RelPath::new(&below(name)).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_versions_and_an_open_one_is_new() {
        let mut derived = Derived::default();
        assert!(derived.is_at_least("uvicorn", "0.22"));
        for (version, expected) in
            [("0.9.1", false), ("0.21.1", false), ("0.22.0", true), ("0.54.0", true)]
        {
            derived.installs.versions.insert("uvicorn".into(), version.into());
            assert_eq!(derived.is_at_least("uvicorn", "0.22"), expected, "{version}");
        }
    }
}
