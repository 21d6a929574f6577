//! What each service of a compose file is: the application's own processes,
//! its data stores, its proxy, or something else.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;

use crate::detect::compose::files::{directory_of, join};
use crate::detect::compose::front::Front;
use crate::detect::compose::words::{self, Work};
use crate::detect::tree::Tree;
use crate::schema::Role;
use crate::source::compose::image::{self, Kind};
use crate::source::compose::interpolate;
use crate::source::compose::service::Build;
use crate::source::compose::{Document, Service};
use crate::source::dockerfile::{Arguments, Dockerfile, Image, Instruction};

/// Names that a web service usually has.
const WEB_NAMES: [&str; 16] = [
    "web",
    "app",
    "api",
    "backend",
    "server",
    "django",
    "flask",
    "fastapi",
    "application",
    "site",
    "wsgi",
    "asgi",
    "uwsgi",
    "gunicorn",
    "uvicorn",
    "webapp",
];
/// Parts of names of services that run the application's code for something else.
const OTHER_NAMES: [&str; 14] = [
    "worker",
    "celery",
    "beat",
    "flower",
    "test",
    "migrat",
    "shell",
    "docs",
    "debug",
    "jupyter",
    "cron",
    "scheduler",
    "frontend",
    "prestart",
];

/// Variables that only Python applications read.
const MARKS: [&str; 4] = ["PYTHONPATH", "PYTHONUNBUFFERED", "FLASK_APP", "FLASK_ENV"];

/// What the services are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roles {
    /// The services with a role, by role.
    pub by_role: BTreeMap<Role, String>,
    /// Services that run the image of the application, whatever they do.
    pub own: Vec<String>,
    /// Services of equal rank for the web's role, where there are several.
    pub web_candidates: Vec<String>,
    /// A proxy in front of the web service that does more than one of ours: it ends TLS,
    /// serves a front end, or is another program. Empty for none.
    pub front: String,
}

impl Roles {
    fn first(&mut self, role: Role, service: &Service) {
        self.by_role.entry(role).or_insert_with(|| service.name.clone());
    }
}

/// Sorts the services of a file into roles. `context` is the directory the
/// application's image is built from, where that is known.
#[must_use]
pub fn sort(tree: &Tree, document: &Document, directory: &str, context: Option<&str>) -> Roles {
    let services = document.services();
    let mut roles = Roles::default();
    let built = services.iter().filter(|own| own.build().is_some());
    let sorter = Sorter {
        tree,
        directory,
        context,
        services: &services,
        named: built.filter_map(Service::image).collect(),
        images: RefCell::default(),
    };
    sorter.application(&mut roles);
    sorter.stores(&mut roles);
    sorter.proxy(&mut roles);
    roles
}

struct Sorter<'a> {
    tree: &'a Tree,
    directory: &'a str,
    context: Option<&'a str>,
    services: &'a [Service],
    /// What services call the images that they build.
    named: HashSet<String>,
    /// What was built already, by its build: many services share one.
    images: RefCell<HashMap<Build, Option<Rc<Built>>>>,
}

/// A Dockerfile, and the image of one of its stages.
type Built = (Dockerfile, Image);

impl Sorter<'_> {
    fn application(&self, roles: &mut Roles) {
        let application: Vec<&Service> =
            self.services.iter().filter(|service| self.runs_python(service)).collect();
        let fronts = self.fronts();
        let is_proxied = |own: &&&Service| fronts.iter().any(|front| front.stands_before(own));
        let proxied: HashSet<String> =
            application.iter().filter(is_proxied).map(|own| own.name.clone()).collect();
        let mut candidates: Vec<(i32, &Service)> = Vec::new();
        for service in &application {
            match self.work(service) {
                Work::Worker => roles.first(Role::Worker, service),
                Work::Beat => roles.first(Role::Beat, service),
                Work::Migrate if service.ports().is_empty() => {
                    roles.first(Role::Migrate, service);
                }
                Work::Else => {}
                work @ (Work::Web | Work::Migrate | Work::Unknown) => {
                    let score = self.web_score(service, work, &proxied);
                    if score > 0 {
                        candidates.push((score, service));
                    }
                }
            }
        }
        let Some(best) = candidates.iter().map(|(score, _)| *score).max() else { return };
        let equals: Vec<&Service> =
            candidates.iter().filter(|(score, _)| *score == best).map(|(_, own)| *own).collect();
        let web = equals[0];
        roles.by_role.insert(Role::Web, web.name.clone());
        if equals.len() > 1 {
            roles.web_candidates = equals.iter().map(|service| service.name.clone()).collect();
        }
        for service in application {
            if service.name == web.name || self.same_image(service, web) {
                roles.own.push(service.name.clone());
            }
        }
        // A worker of another application's image is none of this one's.
        let own = roles.own.clone();
        roles.by_role.retain(|_, name| own.contains(name));
    }

    /// How likely a service is the web's. `proxied` are those behind a proxy.
    fn web_score(&self, service: &Service, work: Work, proxied: &HashSet<String>) -> i32 {
        let name = service.name.to_ascii_lowercase();
        let parts: Vec<&str> = name.split(['-', '_']).collect();
        let mut score = match (work, self.image_work(service)) {
            (Work::Web, _) => 4,
            (_, Work::Web) => 3,
            _ => 0,
        };
        score += i32::from(!service.ports().is_empty()) * 3;
        score += i32::from(service.item.get("expose").is_some());
        score += i32::from(parts.iter().any(|part| WEB_NAMES.contains(part))) * 2;
        score += i32::from(service.build().is_some());
        let built_there =
            self.context.is_some_and(|context| is_built_in(service, self.directory, context));
        score += i32::from(built_there) * 3;
        score += i32::from(proxied.contains(&service.name)) * 2;
        score -= i32::from(OTHER_NAMES.iter().any(|part| name.contains(part))) * 5;
        score
    }

    /// What a service's command does; without one, or where the command does
    /// not tell, what its image's does.
    fn work(&self, service: &Service) -> Work {
        let command = service.command();
        if command.is_empty() {
            let name = service.name.to_ascii_lowercase();
            return match self.image_work(service) {
                Work::Unknown if name.contains("celery") && name.contains("beat") => Work::Beat,
                Work::Unknown if name.contains("celery") => Work::Worker,
                work => work,
            };
        }
        match words::work(&command) {
            Work::Unknown => self.script_work(&command),
            work => work,
        }
    }

    /// What the script that a command names does. A script with arguments is
    /// a runner of many tasks, of which the command picks one.
    fn script_work(&self, command: &str) -> Work {
        let words = words::words(command);
        let mut names = words.iter().filter(|word| !word.starts_with('-') && *word != "exec");
        let script =
            names.find(|word| !["sh", "bash", "cmd", "entrypoint"].contains(&word.as_str()));
        let (Some(script), None) = (script, names.next()) else { return Work::Unknown };
        let named = |path: &&str| path.rsplit('/').next() == Some(script.as_str());
        let mut paths = self.tree.counted().filter(named);
        let (Some(path), None) = (paths.next(), paths.next()) else { return Work::Unknown };
        if path.ends_with(".py") {
            return Work::Unknown;
        }
        let text = self.tree.text(path).unwrap_or_default();
        let lines: Vec<&str> =
            text.lines().filter(|line| !line.trim_start().starts_with('#')).collect();
        words::work(&lines.join("\n"))
    }

    /// What the image's own command does.
    fn image_work(&self, service: &Service) -> Work {
        let Some(built) = self.built(service) else { return Work::Unknown };
        let command = built.1.words().join(" ");
        match words::work(&command) {
            Work::Unknown => self.script_work(&command),
            work => work,
        }
    }

    /// The Dockerfile that a service is built by, and the image that it makes.
    fn built(&self, service: &Service) -> Option<Rc<Built>> {
        let build = service.build()?;
        let mut images = self.images.borrow_mut();
        let known = images
            .entry(build)
            .or_insert_with_key(|build| image_of(self.tree, self.directory, build).map(Rc::new));
        known.clone()
    }

    /// Whether a service runs Python code of this repository.
    fn runs_python(&self, service: &Service) -> bool {
        if let Some(build) = service.build() {
            if let Some(built) = self.built(service) {
                return speaks_python(&built.0, &built.1);
            }
            let Some((context, _)) = build.paths(self.directory) else { return false };
            return self.tree.below(&context).any(|path| path.ends_with(".py"))
                && !self.has_scripts(&build);
        }
        let Some(reference) = service.image() else { return false };
        let (repository, _) = image::parts(&reference);
        let built = self.named.contains(&reference);
        let python = repository == "python" || repository.ends_with("/python");
        let told = matches!(words::work(&service.command()), Work::Web | Work::Worker | Work::Beat);
        let marked = service.environment().iter().any(|(name, _)| {
            MARKS.contains(&name.as_str())
                || name.starts_with("DJANGO_")
                || name.starts_with("CELERY_")
        });
        image::known(&reference).is_none() && (built || python || told || marked)
    }

    /// Whether two services run one image.
    fn same_image(&self, one: &Service, other: &Service) -> bool {
        let built = |service: &Service| service.build()?.paths(self.directory);
        match (built(one), built(other)) {
            (Some(one), Some(other)) => one == other,
            _ => one.image().is_some() && one.image() == other.image(),
        }
    }

    /// PostgreSQL and Redis.
    fn stores(&self, roles: &mut Roles) {
        let databases = self.of_kind(Kind::Postgres);
        if let Some(database) = self.most_needed(&databases, roles) {
            roles.by_role.insert(Role::Db, database.name.clone());
        }
        let redises = self.of_kind(Kind::Redis);
        let broker = redises.iter().find(|service| self.is_broker(service)).copied();
        let cache = redises
            .iter()
            .find(|service| {
                service.name.contains("cache") && broker.is_none_or(|own| own.name != service.name)
            })
            .copied();
        let rest: Vec<&Service> = redises
            .iter()
            .filter(|service| cache.is_none_or(|cache| cache.name != service.name))
            .copied()
            .collect();
        if let Some(redis) = broker.or_else(|| self.most_needed(&rest, roles)) {
            roles.by_role.insert(Role::Redis, redis.name.clone());
        }
        if let Some(cache) = cache {
            roles.by_role.insert(Role::Cache, cache.name.clone());
        }
    }

    fn of_kind(&self, kind: Kind) -> Vec<&Service> {
        self.services.iter().filter(|service| self.kind(service) == Some(kind)).collect()
    }

    /// What a service's image runs; where it is built here, what it is built from.
    fn kind(&self, service: &Service) -> Option<Kind> {
        image::known(&self.base(service)?).map(|known| known.kind)
    }

    /// A service's image; where it is built here, what it is built from.
    fn base(&self, service: &Service) -> Option<String> {
        match service.build() {
            Some(_) => Some(self.built(service)?.1.base.text.clone()),
            None => service.image().map(|image| interpolate::defaults(&image)),
        }
    }

    /// The services that pass requests on to others.
    fn fronts(&self) -> Vec<Front<'_>> {
        let services = self.services.iter();
        let fronts = services.filter_map(|service| {
            Front::of(self.tree, self.directory, service, &self.base(service)?)
        });
        fronts.collect()
    }

    /// The store the application names first: in what it needs, then in its
    /// environment; otherwise the first in the file.
    fn most_needed<'s>(&self, stores: &[&'s Service], roles: &Roles) -> Option<&'s Service> {
        let web = roles.by_role.get(&Role::Web);
        let web = web.and_then(|name| self.services.iter().find(|service| service.name == *name));
        let by_need = web.and_then(|web| {
            let needs = web.needs();
            stores.iter().find(|store| needs.contains(&store.name))
        });
        let by_name = web.and_then(|web| {
            let values: Vec<String> =
                web.environment().into_iter().filter_map(|(_, value)| value).collect();
            stores.iter().find(|store| values.iter().any(|value| names_host(value, &store.name)))
        });
        by_need.or(by_name).or_else(|| stores.first()).copied()
    }

    fn is_broker(&self, redis: &Service) -> bool {
        let told = self.services.iter().flat_map(Service::environment).any(|(name, value)| {
            name.to_ascii_uppercase().contains("BROKER")
                && value.is_some_and(|value| names_host(&value, &redis.name))
        });
        told || ["broker", "queue", "celery"].iter().any(|part| redis.name.contains(part))
    }

    /// An nginx that does nothing but stand in front of the web service, or else what
    /// stands there and stays as it is.
    fn proxy(&self, roles: &mut Roles) {
        let Some(web) = roles.by_role.get(&Role::Web) else { return };
        let Some(web) = self.services.iter().find(|own| own.name == *web) else { return };
        let mut fronts = self.fronts();
        let mounts = web.mounts();
        // One that a router in front of it sends requests for files to publishes nothing.
        let serves_files = |own: &Front<'_>| {
            let served = own.service.mounts();
            served.iter().any(|own| mounts.iter().any(|other| own.shares(other)))
        };
        let is_reached = |own: &Front<'_>| !own.service.ports().is_empty() || serves_files(own);
        fronts.retain(|own| own.stands_before(web) && is_reached(own));
        let is_plain = |own: &&Front<'_>| {
            self.kind(own.service) == Some(Kind::Nginx)
                && !own.service.ports().is_empty()
                && !own.serves_front_end
                && own.service.ports().iter().all(|port| port.container_number() != Some(443))
                && self.is_plain_proxy(own.service)
        };
        match (fronts.iter().find(is_plain), fronts.first()) {
            (Some(proxy), _) => {
                roles.by_role.insert(Role::Nginx, proxy.service.name.clone());
            }
            (None, Some(front)) => roles.front.clone_from(&front.service.name),
            (None, None) => {}
        }
    }

    /// Whether a frontend is in the directory that is built.
    fn has_scripts(&self, build: &Build) -> bool {
        let context = build.paths(self.directory).map(|(context, _)| context);
        let path = context.and_then(|context| join(&context, "package.json"));
        path.is_some_and(|path| self.tree.has(&path))
    }

    /// Not one that serves a frontend built beside it.
    fn is_plain_proxy(&self, service: &Service) -> bool {
        let Some(build) = service.build() else { return true };
        let stages = self.built(service).map_or(0, |own| own.0.stages.len());
        stages < 2 && !self.has_scripts(&build)
    }
}

fn is(reference: &str, kind: Kind) -> bool {
    image::known(reference).is_some_and(|known| known.kind == kind)
}

/// The Dockerfile of a build, and the image of its target; of the last stage
/// where there is none of that name.
#[must_use]
pub fn image_of(tree: &Tree, directory: &str, build: &Build) -> Option<(Dockerfile, Image)> {
    let (_, path) = build.paths(directory)?;
    let file = Dockerfile::read(tree.text(&path)?);
    let stage = file.stage(Some(&build.target)).or_else(|| file.stage(None))?;
    let given = build.args.iter().map(|(name, value)| (name.clone(), Some(value.clone())));
    let image = file.image(stage, &given.collect::<Arguments>());
    Some((file, image))
}

pub(super) fn speaks_python(file: &Dockerfile, image: &Image) -> bool {
    const MARKS: [&str; 8] =
        ["python", "pip install", "uv sync", "poetry", "pipenv", "conda", "gunicorn", "uvicorn"];
    let (repository, _) = image::parts(&image.base.text);
    let node = repository == "node" || is(&image.base.text, Kind::Nginx);
    let says = |own: &Instruction| {
        let lower = own.arguments.text.to_ascii_lowercase();
        MARKS.iter().any(|mark| lower.contains(mark))
    };
    !node && file.instructions.iter().any(says)
}

/// Whether a value names a service as a host.
#[must_use]
pub fn names_host(value: &str, service: &str) -> bool {
    let mut rest = value;
    while let Some(at) = rest.find(service) {
        let before = rest[..at].chars().next_back();
        let after = rest[at + service.len()..].chars().next();
        let starts = before.is_none_or(|c| matches!(c, '@' | '/' | ',' | ' '));
        let ends = after.is_none_or(|c| matches!(c, ':' | '/' | ',' | ' ' | '?'));
        if starts && ends {
            return true;
        }
        rest = &rest[at + service.len()..];
    }
    false
}

/// Whether a service is built from a directory, or by a Dockerfile in it.
fn is_built_in(service: &Service, directory: &str, context: &str) -> bool {
    let paths = service.build().and_then(|build| build.paths(directory));
    paths.is_some_and(|(own, dockerfile)| own == context || directory_of(&dockerfile) == context)
}
