//! Adopted code as the files see it: where it stands in the image, how its
//! packages get there, what it is told, where it writes.
//!
//! Paths are decided here and only printed by templates. For a new service
//! all of it is empty.

mod additions;
mod build_values;
pub mod caches;
mod environment;
mod existing_store;
pub mod front_end;
mod install;
pub mod previous;
mod probe;
pub mod proxy;
mod server;
mod storage;
mod usual;

use serde::Serialize;

use crate::answers::adopted::{Adopted, TOP, Writable};
use crate::answers::stack::Hardening;
use crate::detect::facts::Meaning;
use crate::detect::path;
use crate::plan::carry::Carry;
use crate::plan::env;
use crate::plan::shape::Shape;
use crate::plan::uploads;
use crate::schema::role::Role;
use crate::schema::writable::HOME_OF_IMAGE;
pub use additions::{old_worker_class, server_is_at_least};
use caches::Cache;
pub use caches::DIRECTORY as CACHES;
pub use environment::{broker, cache, database, development, has_password, settings, variables};
pub use existing_store::{service as service_of_store, settings as existing_store};
use front_end::{FrontEnd, OldCopy};
use install::Install;
use previous::Kept;
use probe::Probe;
use proxy::Proxy;
use server::Own;
pub use server::port;
use storage::Storage;

/// A command and the directory it runs in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Command {
    /// Its words.
    pub words: Vec<String>,
    /// Where; empty for the image's own working directory.
    pub directory: String,
}

/// What the templates need to know of adopted code.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Code {
    /// The build context as Compose names it: `.` or `./backend`.
    pub context: String,
    /// The directory on `sys.path`.
    pub root: String,
    /// Where processes run.
    pub workdir: String,
    /// What the server is told to serve; for gunicorn a factory is called.
    pub app: String,
    /// The same without a call, as `flask --app` takes it.
    pub object: String,
    /// How packages are installed.
    pub install: Install,
    /// Servers that the project's own packages lack, as requirements.
    pub servers: Vec<String>,
    /// `python manage.py`, or what stands for it.
    pub manage: Vec<String>,
    /// How it is started where it brings its own server.
    pub own: Own,
    /// What migrates the database.
    pub migrate: Command,
    /// How health is seen.
    pub probe: Probe,
    /// Values for `collectstatic` at build time: `NAME=value` as a shell reads
    /// it.
    pub placeholders: Vec<String>,
    /// Where the code writes.
    pub storage: Storage,
    /// The home directory: scratch space, unless the code keeps something there.
    pub home: &'static str,
    /// Where hubs' libraries keep what they fetch.
    pub caches: Vec<Cache>,
    /// How the front end is built that the code serves.
    pub front_end: FrontEnd,
    /// Stages of the Dockerfile that was there, as they stood.
    pub old_stages: Vec<String>,
    /// What the image takes from them.
    pub old_copies: Vec<OldCopy>,
    /// Where `collectstatic` puts files; empty where Django has to be asked.
    pub static_root: String,
    /// Celery beat's scheduler, where it is not the usual one.
    pub scheduler: String,
    /// Whether the usual scheduler writes a file, by which beat is watched.
    pub schedule_file: bool,
    /// The directory of the model that is mounted, on both sides.
    pub model: String,
    /// What goes on of what the replaced files did.
    pub kept: Kept,
    /// What goes on of an nginx that was there.
    pub proxy: Proxy,
}

impl Code {
    /// What follows from the answers; of a new service only where it writes.
    #[must_use]
    pub fn of(shape: &Shape) -> Self {
        let top = shape.answers.adopted.as_ref().map_or(TOP, Adopted::top);
        // A single file is kept by a link, which an image that stays does not have.
        let stays = shape.answers.own_image().is_some();
        let image = shape.answers.own_image();
        let is_mounted = |own: &Writable| {
            image.is_none_or(|image| image.may_write(&storage::place(top, &own.path)))
        };
        let is_kept = |own: &&Writable| !stays || !own.file && is_mounted(own);
        let writable: Vec<Writable> =
            shape.answers.writable.iter().filter(is_kept).cloned().collect();
        let Some(adopted) = &shape.answers.adopted else {
            return Self {
                storage: Storage::of(top, &writable, Vec::new()),
                home: home(&writable),
                ..Self::default()
            };
        };
        let place = Place::of(shape, adopted);
        let mut storage = Storage::of(top, &writable, place.open(shape));
        if shape.answers.own_image().is_none() {
            storage.caches(&caches::of(adopted));
        }
        let manage = place.manage(adopted);
        let kept = Kept::of(shape, adopted, &place.workdir);
        let scheduler = match kept.scheduler.as_str() {
            "" => scheduler(adopted).to_owned(),
            named => named.to_owned(),
        };
        let (old_stages, old_copies) = front_end::old(adopted);
        Self {
            old_stages,
            old_copies,
            context: match &adopted.context {
                Some(context) => format!("./{context}"),
                None => ".".into(),
            },
            app: match adopted.factory && shape.application().server.is_gunicorn() {
                true => format!("{}()", adopted.app),
                false => adopted.app.clone(),
            },
            object: adopted.app.clone(),
            install: Install::of(shape, adopted),
            servers: additions::of(shape, adopted),
            own: Own::of(shape, adopted),
            migrate: previous::once(&kept, place.migrate(adopted, &manage)),
            manage,
            probe: Probe::of(shape, adopted),
            placeholders: environment::placeholders(shape, adopted),
            storage,
            home: home(&writable),
            caches: caches::of(adopted),
            front_end: FrontEnd::of(adopted),
            static_root: static_root(adopted),
            // Celery's own writes a file.
            schedule_file: scheduler.is_empty() || scheduler.ends_with("PersistentScheduler"),
            scheduler,
            kept,
            proxy: match shape.has(Role::Nginx) {
                true => Proxy::of(adopted, static_url(adopted)),
                false => Proxy::default(),
            },
            model: shape
                .application()
                .model
                .as_ref()
                .map(|model| model.path.to_string())
                .unwrap_or_default(),
            root: place.root,
            workdir: place.workdir,
        }
    }
}

impl Code {
    /// The same, beside what an existing compose file runs.
    #[must_use]
    pub fn beside(shape: &Shape, carry: Option<&Carry>) -> Self {
        let mut code = Self::of(shape);
        if let Some(carry) = carry {
            // Paths of an overlay start where the compose file is.
            code.context = match carry.context.as_str() {
                own if own.starts_with('.') => own.to_owned(),
                own => format!("./{own}"),
            };
            let web = carry.source(Role::Web).into_iter();
            let mounted: Vec<String> =
                web.flat_map(|web| carry.data_mounts(web)).map(|mount| mount.target).collect();
            let names: Vec<String> = carry.document.names("volumes").collect();
            code.storage.beside(&mounted, &names);
        }
        code
    }
}

fn home(writable: &[Writable]) -> &'static str {
    let is_kept = writable.iter().any(|own| own.path == HOME_OF_IMAGE);
    if is_kept { HOME_OF_IMAGE } else { "/tmp" }
}

/// A path of the build context in the image.
fn in_image(top: &str, path: &str) -> String {
    if path.is_empty() { top.to_owned() } else { format!("{}/{path}", top.trim_end_matches('/')) }
}

/// The directory of a path; empty for the top.
fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(directory, _)| directory)
}

/// Where the code's root is and where its processes run.
struct Place {
    root: String,
    workdir: String,
}

impl Place {
    fn of(shape: &Shape, adopted: &Adopted) -> Self {
        let root = adopted.root_within();
        let manager = shape.answers.package_manager.word();
        let manage = adopted.derived.manage.as_deref().and_then(|path| adopted.within(path));
        let workdir = match path::working_directory(root, manager, manage.map(parent)) {
            "." => "",
            below => below,
        };
        let top = adopted.top();
        let workdir = match adopted.image() {
            Some(image) => image.workdir.clone(),
            None => in_image(top, workdir),
        };
        Self { root: in_image(top, root), workdir }
    }

    /// The code's top and the directories down to where its processes run: code
    /// that may write beside itself makes files and directories there. The rest of the
    /// code is copied as the service's user's.
    fn open(&self, shape: &Shape) -> Vec<String> {
        let safe = shape.answers.deploy.hardening == Hardening::Safe;
        if !safe || shape.answers.own_image().is_some() {
            return Vec::new();
        }
        let mut open = vec![TOP.to_owned()];
        let below = self.workdir.strip_prefix(TOP).unwrap_or_default();
        for part in below.split('/').filter(|part| !part.is_empty()) {
            let above = open.last().cloned().unwrap_or_default();
            open.push(format!("{above}/{part}"));
        }
        open
    }

    /// Django's commands: by `manage.py`, which may prepare something first,
    /// where its place is known.
    fn manage(&self, adopted: &Adopted) -> Vec<String> {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let path = adopted.derived.manage.as_deref().and_then(|path| adopted.within(path));
        match path {
            Some(path) if in_image(adopted.top(), parent(path)) == self.workdir => {
                words(&["python", "manage.py"])
            }
            Some(path) => words(&["python", &in_image(adopted.top(), path)]),
            None => words(&["python", "-m", "django"]),
        }
    }

    fn migrate(&self, adopted: &Adopted, manage: &[String]) -> Command {
        let file = adopted.derived.migrations_file.as_deref();
        let directory = file
            .and_then(|path| adopted.within(path))
            .map(|path| in_image(adopted.top(), parent(path)));
        let directory = directory.filter(|directory| *directory != self.workdir);
        // The option came with Flask 2.2.
        let told = format!("FLASK_APP={}", adopted.app);
        let program = told_address(adopted);
        let words: Vec<&str> = match adopted.migrations.as_str() {
            "django" => vec!["migrate", "--no-input"],
            "alembic" => match &program {
                Some(program) => vec!["python", "-c", program],
                None => vec!["alembic", "upgrade", "head"],
            },
            "flask-migrate" if is_old_flask(adopted) => {
                vec!["env", &told, "flask", "db", "upgrade"]
            }
            "flask-migrate" => vec!["flask", "--app", &adopted.app, "db", "upgrade"],
            "aerich" => vec!["aerich", "upgrade"],
            _ => Vec::new(),
        };
        let words = words.into_iter().map(str::to_owned);
        match adopted.migrations.as_str() {
            "django" => Command {
                words: manage.iter().cloned().chain(words).collect(),
                ..Command::default()
            },
            _ => Command { words: words.collect(), directory: directory.unwrap_or_default() },
        }
    }
}

/// Whether Flask is older than 2.2 of August 2022: by its version, else by the day that
/// packages are as of.
fn is_old_flask(adopted: &Adopted) -> bool {
    let is_fixed = adopted.derived.installs.versions.contains_key("flask");
    let until = adopted.packages_until.as_str();
    let came_before = !is_fixed && !until.is_empty() && until < "2022-08-02";
    came_before || !adopted.derived.is_at_least("flask", "2.2")
}

/// What migrates where `alembic.ini` states an address that no variable changes: the
/// migrations go where the code goes.
fn told_address(adopted: &Adopted) -> Option<String> {
    let stated = adopted.derived.migrations_stated.as_deref()?;
    let address = |meaning: &Meaning| matches!(meaning, Meaning::DatabaseUrl { .. });
    let (name, scheme) = adopted.derived.told(address).find_map(|known| match &known.meaning {
        Meaning::DatabaseUrl { scheme } => Some((&known.name, scheme)),
        _ => None,
    })?;
    let kind = |scheme: &str| scheme.split('+').next().unwrap_or_default().to_owned();
    // Another driver of the same kind is what its `env.py` is written for.
    let scheme = if kind(scheme) == kind(stated) { stated } else { scheme };
    Some(format!(
        "import os\nfrom alembic import command\nfrom alembic.config import Config\nconfig = Config(\"alembic.ini\")\naddress = \"{scheme}:\" + os.environ[\"{name}\"].partition(\":\")[2]\nconfig.set_main_option(\"sqlalchemy.url\", address.replace(\"%\", \"%%\"))\ncommand.upgrade(config, \"head\")"
    ))
}

/// Where `collectstatic` puts files in the image; empty where it could not be
/// read.
pub(in crate::plan) fn static_root(adopted: &Adopted) -> String {
    let found = adopted.derived.static_files.as_ref().and_then(|files| files.root.as_deref());
    match found {
        Some(root) if root.starts_with('/') => root.trim_end_matches('/').to_owned(),
        Some(root) => in_image(adopted.top(), root.trim_start_matches("./").trim_end_matches('/')),
        None => String::new(),
    }
}

/// Where the proxy serves what `collectstatic` collected; `None` where it does not.
fn static_url(adopted: &Adopted) -> Option<&str> {
    let files = adopted.derived.static_files.as_ref().filter(|files| files.in_image())?;
    Some(files.url.as_deref().unwrap_or("/static/")).filter(|url| !url.contains("//"))
}

/// A scheduler that keeps its entries elsewhere than in a file.
fn scheduler(adopted: &Adopted) -> &'static str {
    if adopted.derived.installs("django-celery-beat") {
        "django_celery_beat.schedulers:DatabaseScheduler"
    } else if adopted.derived.installs("celery-redbeat") {
        "redbeat.RedBeatScheduler"
    } else {
        ""
    }
}

/// What a person should know of how the code is run.
#[must_use]
pub fn notices(shape: &Shape) -> Vec<String> {
    let Some(adopted) = &shape.answers.adopted else { return Vec::new() };
    let mut notices = Vec::new();
    let code = Code::of(shape);
    notices.extend(code.probe.notice(!adopted.health.is_empty()));
    if !code.servers.is_empty() && shape.answers.own_image().is_none() {
        notices.push(format!(
            "{} {} not among the project's packages: the image installs {} beside them, in a version that fits what is installed",
            code.servers.join(", "),
            if code.servers.len() == 1 { "is" } else { "are" },
            if code.servers.len() == 1 { "it" } else { "them" },
        ));
    }
    if adopted.migrations == "alembic" && told_address(adopted).is_some() {
        notices.push(format!(
            "alembic.ini states an address of its own: {} tells alembic the one that the code is given",
            shape.answers.services[&Role::Migrate]
        ));
    }
    if !code.install.beside.is_empty() && shape.answers.own_image().is_none() {
        notices.push(format!(
            "{} is installed with the project's packages, which may expect it: environments of this Python always had it",
            code.install.beside.join(", ")
        ));
    }
    if adopted.migrations == "none" && adopted.derived.installs("flask-migrate") {
        notices.push("Flask-Migrate is installed and the repository holds no migrations: nothing makes the tables; `flask db init` and `flask db migrate` write them".to_owned());
    }
    notices.extend(builds_no_proxy(shape, adopted));
    if !code.kept.prepares.is_empty() {
        notices.push(format!(
            "what {} does, which no server that imports the code gets to, {} does once before the start",
            code.kept.prepares.join(", "),
            shape.answers.services[&Role::Migrate]
        ));
    }
    notices.extend(code.kept.left.iter().filter(|own| own.is_lost).map(previous::Left::sentence));
    let required: Vec<&str> = adopted
        .derived
        .required_env
        .iter()
        .filter(|required| !required.generated)
        .map(|required| required.name.as_str())
        .collect();
    // What stood in the compose file stands in .env from now on.
    let moved = adopted.derived.carried.iter().flat_map(|carried| &carried.moved);
    let given: Vec<String> = adopted.derived.given.iter().chain(moved).cloned().collect();
    if let Some(blank) = env::to_fill_in(&env::variables(shape), &given) {
        let why = if required.is_empty() { "" } else { ": the code does not start without them" };
        notices.push(format!("{blank}{why}"));
    }
    notices.extend(environment::unseen(shape, adopted));
    let framework = shape.application().framework;
    let nginx = shape.has(Role::Nginx);
    let whitenoise = adopted.derived.static_files.as_ref().is_some_and(|files| files.whitenoise);
    let shares =
        || Carry::of(shape.answers, &shape.roles).is_some_and(|carry| carry.shares_static());
    if framework.static_files && !nginx && !whitenoise && !shares() {
        notices.push(format!(
            "nothing serves static files: {} does not without DEBUG; --set stack.proxy=nginx",
            framework.title
        ));
    }
    let files = adopted.derived.static_files.as_ref();
    if let Some(files) =
        files.filter(|own| !own.uncollected.is_empty() && adopted.image().is_none())
    {
        let kept = match files.committed {
            true => format!("; {} is served as the repository has it", static_root(adopted)),
            false => String::new(),
        };
        notices.push(format!("collectstatic is not run: {}{kept}", files.uncollected));
    }
    notices.extend(environment::notices(shape, adopted));
    notices.extend(front_end::notice(adopted));
    notices.extend(front_end::kept(adopted));
    notices.extend(front_end::gap(adopted));
    notices.extend(uploads::notice(shape));
    notices.extend(storage::unmounted(shape, adopted));
    // An image that stays installs what it did.
    if shape.answers.own_image().is_none() {
        notices.extend(install::notices(shape, adopted, &code.install));
        notices.extend(caches::notice(adopted));
        notices.extend(install::notice(shape, adopted));
    }
    notices
}

/// A Dockerfile that built the proxy, whose place a stage of ours takes.
fn builds_no_proxy(shape: &Shape, adopted: &Adopted) -> Option<String> {
    let carried = adopted.derived.carried.as_ref().filter(|_| shape.has(Role::Nginx))?;
    let name = carried.roles.get(&Role::Nginx)?;
    let document = carried.document();
    let service = document.services().into_iter().find(|own| own.name == *name)?;
    let (_, dockerfile) = service.build()?.paths(carried.directory())?;
    Some(format!(
        "{dockerfile} builds {name} no more: it is a stage of the new Dockerfile, from nginx's own image, with what the configuration had"
    ))
}

/// Debian packages of the builder. `collectstatic` runs there and imports what
/// the code imports, so it needs what the code needs.
#[must_use]
pub fn build_packages(adopted: &Adopted) -> Vec<String> {
    let derived = &adopted.derived;
    let collects = derived.static_files.as_ref().is_some_and(|files| files.collectstatic);
    let runtime = derived.system_packages.runtime.iter().filter(|_| collects);
    let mut packages: Vec<String> =
        derived.system_packages.build.iter().chain(runtime).cloned().collect();
    packages.extend(previous::compiles_messages(derived).then(|| "gettext".to_owned()));
    packages.sort();
    packages.dedup();
    packages
}

/// Problems of adopted code that no files can be written for.
#[must_use]
pub fn problems(shape: &Shape) -> Vec<crate::error::Problem> {
    match &shape.answers.adopted {
        Some(adopted) => {
            let mut problems = install::problems(shape, adopted);
            problems.extend(server::problems(shape, adopted));
            problems
        }
        None => Vec::new(),
    }
}
