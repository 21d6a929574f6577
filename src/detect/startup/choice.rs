//! Weighs the applications of a repository: which one the service is, and by
//! which of its names it starts.

use super::application::{Applications, Startable};
use super::candidates::{self, Application, ENTRIES, Target};
use super::framework::Framework;
use super::started::{self, Started};
use super::{Startup, django, roots, runs};
use crate::detect::Wishes;
use crate::detect::commands::{Command, Place};
use crate::detect::fact::{Evidence, Fact};
use crate::detect::facts::Interface;
use crate::detect::path::{parent, upwards};
use crate::detect::python::modules::dotted;

/// Rank of what nothing starts.
const NOTHING: u8 = 50;
/// Rank of what its own code starts: `uvicorn.run`, `app.run`.
pub const OWN_CODE: u8 = 20;

/// Directories whose applications are tools rather than the service.
const ASIDE: [&str; 16] = [
    "scripts",
    "tools",
    "tool",
    "bin",
    "demo",
    "demos",
    "mock",
    "mocks",
    "frontend",
    "client",
    "playground",
    "sandbox",
    "ci",
    "deploy",
    "locust",
    "stubs",
];

/// How well an application is placed; less is better.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank {
    /// The best command that starts it.
    pub evidence: u8,
    /// Whether it stands among tools.
    pub aside: bool,
    /// How deep its root stands.
    pub root: usize,
    /// Place of its file's name in fastapi-cli's and Oryx's order.
    pub order: usize,
    /// How deep it stands.
    pub depth: usize,
}

/// Something that can be started as a web service.
#[derive(Clone, Debug)]
pub struct Service {
    /// The directory that goes on `sys.path`.
    pub root: String,
    /// Its framework.
    pub framework: Framework,
    /// What it speaks.
    pub interface: Option<Interface>,
    /// `module:object`, where one can be named.
    pub app: Option<String>,
    /// Whether the object is called.
    pub factory: bool,
    /// Django's settings module.
    pub settings: Option<(String, Vec<Evidence>)>,
    /// The lines that say so: the commands that start it, then the code.
    pub evidence: Vec<Evidence>,
    /// Where `interface` was read, if not in `evidence`.
    pub interface_evidence: Vec<Evidence>,
    /// How well it is placed.
    pub rank: Rank,
    /// How many commands start it.
    pub lines: usize,
}

impl Service {
    /// The facts of the one service.
    pub fn startup(self) -> Startup {
        let evidence = self.evidence;
        let interface_evidence = if self.interface_evidence.is_empty() {
            evidence.clone()
        } else {
            self.interface_evidence
        };
        let app_known = self.app.is_some();
        let known = |value: Option<String>| {
            value.map_or(Fact::Unknown, |value| Fact::Known(value, evidence.clone()))
        };
        Startup {
            root: known(Some(self.root)),
            framework: known(Some(self.framework.name.to_owned())),
            interface: self
                .interface
                .map_or(Fact::Unknown, |interface| Fact::Known(interface, interface_evidence)),
            app: known(self.app),
            factory: if app_known {
                Fact::Known(self.factory, evidence.clone())
            } else {
                Fact::Unknown
            },
            settings: self
                .settings
                .map_or(Fact::Unknown, |(value, evidence)| Fact::Known(value, evidence)),
            ..Startup::default()
        }
    }

    /// Whether any command or line of code starts it.
    pub fn is_started(&self) -> bool {
        self.rank.evidence < NOTHING
    }
}

/// The outcome.
pub enum Choice {
    /// No web application.
    None,
    /// A clear winner.
    One(Box<Service>),
    /// Several of equal rank.
    Several(Vec<Service>),
}

/// Every service of the repository.
pub fn services(
    apps: &Applications<'_, '_>,
    commands: &[Command],
    started: &[Started<'_>],
    wishes: &Wishes,
) -> Vec<Service> {
    let files: Vec<String> = started.iter().map(|each| each.file.clone()).collect();
    let applications = candidates::find(apps, &files);
    let (django, others): (Vec<_>, Vec<_>) =
        applications.into_iter().partition(|each| each.app.framework.name == "django");
    let hints = hints(apps, started, &others);
    let mut found: Vec<Service> =
        others.iter().filter_map(|each| service(apps, each, &hints, wishes)).collect();
    found.extend(django::projects(apps, &django, commands, started, wishes));
    if let Some(root) = &wishes.root {
        found.retain(|service| service.root == root.trim_matches('/'));
    }
    found
}

/// Picks the service.
pub fn choose(mut services: Vec<Service>, wishes: &Wishes) -> Choice {
    if let Some(app) = &wishes.app {
        let app = app.trim_end_matches("()");
        services.retain(|service| service.app.as_deref() == Some(app));
    }
    services.sort_by(|one, other| one.rank.cmp(&other.rank));
    let best = services.first().map(|service| service.rank.clone());
    services.retain(|service| Some(&service.rank) == best.as_ref());
    // Of several in one place, the one that more lines start.
    let most = services.iter().map(|service| service.lines).max().unwrap_or(0);
    if services.iter().all(|service| service.root == services[0].root) {
        services.retain(|service| service.lines == most);
    }
    match services.len() {
        0 => Choice::None,
        1 => Choice::One(Box::new(services.swap_remove(0))),
        _ => Choice::Several(services),
    }
}

/// The facts where several services are of equal rank: what they agree on is
/// known.
pub fn ambiguous(services: &[Service]) -> Startup {
    fn fact<T: PartialEq + Clone>(
        services: &[Service],
        get: impl Fn(&Service) -> Option<T>,
    ) -> Fact<T> {
        let values: Vec<(T, Vec<Evidence>)> = services
            .iter()
            .filter_map(|service| Some((get(service)?, service.evidence.clone())))
            .collect();
        match values.first() {
            None => Fact::Unknown,
            Some((first, evidence)) if values.iter().all(|(value, _)| value == first) => {
                Fact::Known(first.clone(), evidence.clone())
            }
            Some(_) => Fact::Ambiguous(values),
        }
    }
    Startup {
        root: fact(services, |service| Some(service.root.clone())),
        framework: fact(services, |service| Some(service.framework.name.to_owned())),
        interface: fact(services, |service| service.interface),
        app: fact(services, |service| service.app.clone()),
        factory: fact(services, |service| service.app.as_ref().map(|_| service.factory)),
        settings: fact(services, |service| service.settings.clone().map(|(value, _)| value)),
        ..Startup::default()
    }
}

/// A command, or a line of code, that starts an application.
struct Hint {
    site: (String, u32),
    file: String,
    name: Option<String>,
    root: Option<String>,
    rank: u8,
    /// Whether a server is given the object, rather than a script run.
    exact: bool,
    evidence: Evidence,
}

fn hints(
    apps: &Applications<'_, '_>,
    started: &[Started<'_>],
    applications: &[Application],
) -> Vec<Hint> {
    let mut hints = Vec::new();
    for each in started {
        let rank = place_rank(each.command.place);
        let exact = !each.command.program().starts_with("python");
        let hint = |site, file: String, name: Option<String>| Hint {
            site,
            file,
            exact: exact || name.is_some(),
            name,
            root: Some(each.root.clone()),
            rank,
            evidence: each.command.evidence.clone(),
        };
        let own = if exact { Vec::new() } else { runs::of(apps, &each.file) };
        if own.is_empty()
            && let Some((site, name)) = named(apps, applications, &each.file, each.name.as_deref())
        {
            hints.push(hint(site, each.file.clone(), exact.then_some(name)));
        }
        hints.extend(own.into_iter().map(|run| hint(run.site, run.file, run.name)));
    }
    for module in apps.modules.tree.modules() {
        hints.extend(runs::of(apps, &module.path).into_iter().map(|run| Hint {
            site: run.site,
            exact: run.name.is_some(),
            file: run.file,
            name: run.name,
            root: None,
            rank: OWN_CODE,
            evidence: run.evidence,
        }));
    }
    hints.sort_by_key(|hint| hint.rank);
    hints
}

/// Ranks that say the same of two applications: what scripts, units, tasks and
/// a README start is how people run it, not which one is deployed.
fn class(rank: u8) -> u8 {
    let people = place_rank(Place::Script);
    if (people..OWN_CODE).contains(&rank) { people } else { rank }
}

/// How deep a directory is; the top is 0.
pub fn depth(directory: &str) -> usize {
    if directory == "." { 0 } else { directory.matches('/').count() + 1 }
}

const fn place_rank(place: Place) -> u8 {
    match place {
        Place::Procfile => 0,
        Place::Dockerfile => 1,
        Place::Compose => 2,
        Place::Platform => 3,
        Place::Stated => 4,
        Place::Script => 5,
        Place::Unit => 6,
        Place::Makefile => 7,
        Place::Readme => 8,
    }
}

/// The application a command means by a file and perhaps an object, and the
/// object's name.
fn named(
    apps: &Applications<'_, '_>,
    applications: &[Application],
    file: &str,
    name: Option<&str>,
) -> Option<((String, u32), String)> {
    const DEFAULTS: [&str; 6] = ["application", "app", "create_app", "make_app", "api", "server"];
    let names: Vec<&str> = name.map_or_else(|| DEFAULTS.to_vec(), |name| vec![name]);
    for name in names {
        if let Some(Startable::App(app) | Startable::Factory(app, true)) = apps.of(file, name) {
            return Some((app.site, name.to_owned()));
        }
    }
    if name.is_some() {
        return None;
    }
    let mut targets = applications.iter().flat_map(|application| {
        application.targets.iter().map(move |target| (application, target))
    });
    let (application, target) =
        targets.find(|(_, target)| target.file == file && !target.imported)?;
    Some((application.app.site.clone(), target.name.clone()))
}

fn service(
    apps: &Applications<'_, '_>,
    application: &Application,
    hints: &[Hint],
    wishes: &Wishes,
) -> Option<Service> {
    let site = &application.app.site;
    let hints: Vec<&Hint> = hints.iter().filter(|hint| hint.site == *site).collect();
    let wished = wishes.app.as_deref().map(|app| app.trim_end_matches("()"));
    let target = application.targets.iter().min_by_key(|target| {
        let is_wished = wished.is_some_and(|app| names(target, app));
        (!is_wished, preference(target, &hints, application))
    })?;
    let preferred: Vec<String> = wishes
        .root
        .iter()
        .map(|root| root.trim_matches('/').to_owned())
        .chain(hints.iter().filter(|hint| hint.file == target.file).filter_map(|h| h.root.clone()))
        .collect();
    let root = match (&wishes.root, wished.and_then(|app| wished_root(target, app))) {
        (None, Some(root)) => root,
        _ => roots::of(apps.modules, &target.file, &preferred).directory,
    };
    let module = dotted(&root, &target.file)?;
    let mut evidence: Vec<Evidence> =
        hints.iter().take(3).map(|hint| hint.evidence.clone()).collect();
    evidence.push(application.app.evidence.clone());
    evidence.dedup();
    Some(Service {
        framework: application.app.framework,
        interface: application.app.interface,
        app: Some(format!("{module}:{}", target.name)),
        factory: target.factory,
        settings: None,
        evidence,
        interface_evidence: Vec::new(),
        rank: Rank {
            evidence: hints.first().map_or(NOTHING, |hint| class(hint.rank)),
            aside: is_aside(&target.file),
            root: depth(&root),
            order: file_order(&root, &target.file),
            depth: target.file.matches('/').count(),
        },
        root,
        lines: hints.len(),
    })
}

/// Whether `app`, with any root, means this target.
fn names(target: &Target, app: &str) -> bool {
    wished_root(target, app).is_some()
}

/// The root from which `module:name` is this target.
fn wished_root(target: &Target, app: &str) -> Option<String> {
    let (module, name) = app.split_once(':')?;
    if name != target.name {
        return None;
    }
    let relative = module.replace('.', "/");
    [format!("{relative}.py"), format!("{relative}/__init__.py")].iter().find_map(
        |end| match target.file.strip_suffix(end.as_str())? {
            "" => Some(".".to_owned()),
            root => root.strip_suffix('/').map(str::to_owned),
        },
    )
}

/// Order of the names of one application; less is better.
fn preference(
    target: &Target,
    hints: &[&Hint],
    application: &Application,
) -> (usize, bool, bool, bool, bool, bool, usize, usize, usize, usize) {
    let told = |exact: bool| {
        let by = |hint: &&Hint| {
            hint.file == target.file
                && hint.exact == exact
                && hint.name.as_ref().is_none_or(|name| *name == target.name)
        };
        hints.iter().position(by).unwrap_or(usize::MAX)
    };
    let stem = stem(&target.file);
    // Dash itself is no WSGI application in every release, its `server` is.
    let inner = application.app.framework.name == "dash" && target.name == "app";
    let flask = application.app.framework.interface == Some(Interface::Wsgi);
    let worker = matches!(stem, "manage" | "tasks" | "cli" | "env" | "conftest" | "shell")
        || stem.contains("celery")
        || stem.contains("worker");
    (
        told(true),
        worker || is_aside(&target.file),
        target.factory,
        target.imported,
        inner,
        flask && stem != "wsgi",
        told(false),
        order(stem),
        target.file.matches('/').count(),
        object_order(&target.name),
    )
}

fn stem(file: &str) -> &str {
    let name = file.rsplit('/').next().unwrap_or(file);
    name.strip_suffix(".py").unwrap_or(name)
}

/// fastapi-cli's order, then Oryx's.
fn order(stem: &str) -> usize {
    ENTRIES.iter().position(|entry| *entry == stem).unwrap_or(ENTRIES.len())
}

/// As `order`; a file at the root or in `app/` comes before others.
fn file_order(root: &str, file: &str) -> usize {
    let inside = if root == "." { file } else { file.strip_prefix(root).unwrap_or(file) };
    let inside = inside.trim_start_matches('/');
    let near = !inside.contains('/') || inside.starts_with("app/");
    order(stem(file)) + if near { 0 } else { ENTRIES.len() }
}

fn object_order(name: &str) -> usize {
    const NAMES: [&str; 6] = ["app", "application", "api", "server", "create_app", "make_app"];
    NAMES.iter().position(|each| *each == name).unwrap_or(NAMES.len())
}

/// Whether a file stands among tools, examples or clients.
pub fn is_aside(file: &str) -> bool {
    let directories = file.rsplit_once('/').map_or("", |(directories, _)| directories);
    directories.split('/').any(|part| {
        ASIDE.contains(&part) || part.starts_with("example") || part.starts_with("test")
    })
}

/// The best rank among commands that start one of `files`, and their lines.
pub fn evidence_of(started: &[Started<'_>], is_it: impl Fn(&str) -> bool) -> (u8, Vec<Evidence>) {
    let mut found: Vec<(u8, Evidence)> = started
        .iter()
        .filter(|each| is_it(&each.file))
        .map(|each| (place_rank(each.command.place), each.command.evidence.clone()))
        .collect();
    found.sort_by_key(|(rank, _)| *rank);
    let rank = found.first().map_or(NOTHING, |(rank, _)| class(*rank));
    (rank, found.into_iter().take(3).map(|(_, evidence)| evidence).collect())
}

/// A target text resolved as a started file, for whoever reads code.
pub fn resolve(apps: &Applications<'_, '_>, text: &str, from: &str) -> Option<(String, String)> {
    let (module, name) = text.split_once(':')?;
    let above: Vec<String> = upwards(parent(from)).map(str::to_owned).collect();
    let (file, _) = started::resolve(apps.modules, module, &above)?;
    Some((file, name.to_owned()))
}
