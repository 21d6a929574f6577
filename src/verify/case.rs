//! What is verified: the compose project, what each of its services is, and what
//! the plan and the code say of it.

mod environment;
mod requests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use super::compose::Compose;
use super::limits::Limits;
use super::model::{Model, Published};
use super::stage::Stage;
use crate::answers::{Origin, Sources};
use crate::apply::bookkeeping::Lock;
use crate::detect;
use crate::error::{Error, Problem};
use crate::lint::subject::{Deployment, Kind, Purpose, Subject};
use crate::plan::Plan;
use crate::project;
use crate::source::compose::image;
use crate::source::path;
pub use requests::{Expected, Request};

/// Longest that Compose may take to resolve a project.
const RESOLVE: Duration = Duration::from_secs(60);

/// What a service is, as far as files and images say.
#[derive(Clone, Debug)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Whether it runs to its end: others wait for that, or it is a migration.
    pub one_shot: bool,
    /// The port it serves HTTP on in its container, where that is known.
    pub port: Option<u16>,
}

impl Service {
    /// Whether it runs the repository's own code.
    #[must_use]
    pub const fn is_application(&self) -> bool {
        self.kind.is_application()
    }

    /// Whether it answers HTTP for the application: itself, or in front of it.
    #[must_use]
    pub const fn serves(&self) -> bool {
        matches!(self.kind, Kind::Web | Kind::Nginx | Kind::Proxy)
    }
}

/// The way in that clients take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The service that publishes it.
    pub service: String,
    /// The port in its container.
    pub target: u16,
}

/// What a run is told.
#[derive(Clone, Debug, Default)]
pub struct Ask {
    /// The directory.
    pub directory: PathBuf,
    /// Compose files, in the order in which they are laid over each other; none for
    /// those of the project that runs for users.
    pub files: Vec<PathBuf>,
    /// Keys that flags set.
    pub set: Vec<String>,
    /// The tag of the application's image that ran before.
    pub previous: Option<String>,
}

/// What is verified.
#[derive(Debug)]
pub struct Case {
    /// The project's own name.
    pub name: String,
    /// Its compose files, as seen from the directory.
    pub files: Vec<String>,
    /// The project, resolved; paths lead into the copy.
    pub model: Model,
    /// Its services, by name.
    pub services: Vec<Service>,
    /// The ways in, the likeliest first: published ports of what serves HTTP.
    pub edges: Vec<Edge>,
    /// What was planned, where dockwright wrote the files.
    pub plan: Option<Box<Plan>>,
    /// The path that says whether the process lives.
    pub live: Option<String>,
    /// The path that says whether everything it needs is there.
    pub ready: Option<String>,
    /// The host name that the application answers to beside `localhost`.
    pub domain: Option<String>,
    /// The image that ran before, where a tag of it was named.
    pub previous: Option<String>,
    /// What `dockwright.toml` asks for.
    pub requests: Vec<Request>,
    /// What the results are judged by.
    pub limits: Limits,
    /// What the files are made of: every reader of rules asks here.
    pub subject: Subject,
    /// What was guessed or left out.
    pub notes: Vec<String>,
    /// What [`Case::get_routes`] gave.
    get_routes: OnceLock<Vec<String>>,
}

impl Case {
    /// Reads what is in a stage.
    ///
    /// # Errors
    /// No compose project, one that Compose refuses, a `dockwright.toml` that cannot
    /// be read.
    pub async fn read(ask: &Ask, stage: &Stage, project: &str) -> Result<Self, Error> {
        let copy = stage.project();
        let mut notes: Vec<String> =
            stage.left_out.iter().map(|own| format!("not copied: {own}")).collect();
        let subject = Subject::read(&copy)?;
        let (files, deployment) = files(ask, &subject)?;
        notes.extend(environment::complete(&subject, deployment, &copy)?);
        // As Compose does: paths are seen from the directory of the first file.
        let beside = files.first().and_then(|file| Path::new(file).parent());
        let compose = Compose {
            name: project.to_owned(),
            directory: beside.map_or_else(|| copy.clone(), |beside| copy.join(beside)),
            files: files.iter().map(|file| copy.join(file)).collect(),
        };
        let model = resolve(&compose).await?;
        inside(&model, &copy, ask)?;
        let intent = Intent::read(ask)?;
        let services = services(&subject, deployment, &model);
        let edges = edges(&services, &model);
        let facts = &subject.facts;
        let route = |own: Option<&String>, found: Option<&String>| {
            own.or(found).filter(|own| !own.is_empty()).cloned()
        };
        let web = services.iter().find(|own| own.kind == Kind::Web);
        let name = project::directory_name(&ask.directory).unwrap_or_else(|| "project".into());
        let previous = ask.previous.as_ref().zip(web).map(|(tag, web)| {
            // What has no image of its own name gets one of Compose.
            let composed = format!("{}-{}", name.to_lowercase(), web.name);
            let own = Some(model.image(&web.name)).filter(|own| !own.is_empty());
            format!("{}:{tag}", image::parts(own.unwrap_or(&composed)).0)
        });
        Ok(Self {
            previous,
            name,
            live: route(intent.live.as_ref(), facts.health.value()),
            ready: route(intent.ready.as_ref(), facts.ready.value()),
            domain: intent.domain.clone(),
            requests: intent.requests,
            limits: intent.limits,
            plan: intent.plan,
            files,
            model,
            services,
            edges,
            subject,
            notes,
            get_routes: OnceLock::new(),
        })
    }

    /// A service by its name.
    #[must_use]
    pub fn service(&self, name: &str) -> Option<&Service> {
        self.services.iter().find(|own| own.name == name)
    }

    /// The services that satisfy something, by name.
    pub fn of(&self, is: impl Fn(&Service) -> bool) -> impl Iterator<Item = &Service> {
        self.services.iter().filter(move |own| is(own))
    }

    /// The first service of a kind.
    #[must_use]
    pub fn first(&self, kind: Kind) -> Option<&Service> {
        self.services.iter().find(|own| own.kind == kind)
    }

    /// The application that serves HTTP, in front of which a proxy may stand.
    #[must_use]
    pub fn web(&self) -> Option<&Service> {
        self.first(Kind::Web)
    }

    /// Paths that `GET` reaches without a parameter, as far as the code says; the code
    /// is read for them once, when a step asks first.
    #[must_use]
    pub fn get_routes(&self) -> &[String] {
        self.get_routes.get_or_init(|| detect::get_routes(&self.subject.tree))
    }

    /// The likeliest way in; `None` where nothing that serves HTTP publishes a port.
    #[must_use]
    pub fn edge(&self) -> Option<&Edge> {
        self.edges.first()
    }

    /// Whether the code was written by dockwright as well: adopted code has the routes
    /// and the habits that it had.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.plan.as_ref().is_some_and(|plan| plan.answers.adopted.is_none())
    }

    /// Whether every container has to be hardened and limited: it was planned so, or
    /// somebody wants it. Else only what exposes data or the host is a fault.
    #[must_use]
    pub fn is_strict(&self) -> bool {
        self.plan.is_some() || self.limits.word("verify.isolation") == "strict"
    }

    /// A planned number, such as `web.memory`, in the unit of `dockwright plan`;
    /// `None` where nothing is planned.
    #[must_use]
    pub fn planned(&self, key: &str) -> Option<f64> {
        let decision = self.plan.as_ref()?.decision(key)?;
        Some(decision.value.number() as f64)
    }
}

/// Refuses what can be seen to be wrong before an engine is asked.
///
/// # Errors
/// No compose project, a `dockwright.toml` that cannot be read, unknown keys.
pub fn check(ask: &Ask) -> Result<(), Error> {
    files(ask, &Subject::files(&ask.directory, BTreeMap::new())?)?;
    Intent::read(ask).map(drop)
}

/// What `dockwright.toml` says, with its preset.
struct Intent {
    plan: Option<Box<Plan>>,
    live: Option<String>,
    ready: Option<String>,
    domain: Option<String>,
    requests: Vec<Request>,
    limits: Limits,
}

impl Intent {
    fn read(ask: &Ask) -> Result<Self, Error> {
        let dir = &ask.directory;
        let lock = Lock::read(dir)?;
        let Some((text, entries)) = project::document(dir)? else {
            let limits = Limits::of_entries(&[], &ask.set).map_err(Error::Input)?;
            return Ok(Self::bare(limits, Vec::new()));
        };
        let requests = requests::read(&text).map_err(Error::Input)?;
        let Some(preset) = project::named_preset(&entries, dir, lock.as_ref())? else {
            let limits = Limits::of_entries(&entries, &ask.set).map_err(Error::Input)?;
            return Ok(Self::bare(limits, requests));
        };
        let sources = project::sources(&preset, lock.as_ref(), &entries);
        let sources = Sources { set: &ask.set, ..sources };
        let mut draft = sources.assemble().map_err(Error::Input)?.draft;
        if draft.sourced("project.name").is_none() {
            draft.set("project.name", "service", Origin::Builtin).map_err(Error::input)?;
        }
        let written = lock.as_ref().map(|lock| lock.only.clone()).unwrap_or_default();
        let plan = project::plan(&draft, &written.into_iter().collect())?;
        // What was improved is the user's own: no number of it was planned.
        let is_planned = lock.as_ref().is_some_and(|lock| !lock.is_improved());
        let is_new = !draft.is_adopted();
        let path = |key: &str, new: &str| match draft.text(key) {
            own if own.is_empty() && is_new => Some(new.to_owned()),
            own => Some(own).filter(|own| !own.is_empty()),
        };
        let domain = Some(draft.text("deploy.domain")).filter(|own| !own.is_empty());
        Ok(Self {
            live: path("project.health", "/health"),
            ready: path("project.ready", "/ready"),
            domain,
            requests,
            limits: Limits::of_draft(&draft),
            plan: is_planned.then(|| Box::new(plan)),
        })
    }

    fn bare(limits: Limits, requests: Vec<Request>) -> Self {
        Self { plan: None, live: None, ready: None, domain: None, requests, limits }
    }
}

/// The compose files of the project that is meant.
fn files<'s>(
    ask: &Ask,
    subject: &'s Subject,
) -> Result<(Vec<String>, Option<&'s Deployment>), Error> {
    let paths = |deployment: &Deployment| -> Vec<String> {
        // Those that Compose is told; what they include and extend it finds by itself.
        deployment.paths.clone()
    };
    if !ask.files.is_empty() {
        let mut named = Vec::new();
        for file in &ask.files {
            let seen = file.strip_prefix(&ask.directory).unwrap_or(file);
            if !ask.directory.join(seen).is_file() {
                return Err(Error::input(
                    Problem::new(format!("there is no file {}", file.display())).at("--file"),
                ));
            }
            named.push(path::portable(seen));
        }
        let same = subject.deployments.iter().find(|own| paths(own) == named);
        let first = || subject.deployments.iter().find(|own| paths(own).first() == named.first());
        let deployment = same.or_else(first);
        return Ok((named, deployment));
    }
    let all = &subject.deployments;
    let top = |own: &&Deployment| own.project.directory == ".";
    let production = |own: &&Deployment| own.purpose == Purpose::Production;
    let found = all
        .iter()
        .filter(production)
        .find(top)
        .or_else(|| all.iter().find(production))
        .or_else(|| all.first());
    match found {
        Some(deployment) => Ok((paths(deployment), Some(deployment))),
        None => Err(Error::input(
            Problem::new(format!("{} has no compose file", ask.directory.display()))
                .help("`dockwright init` writes one, where deploy.target has compose; --file names one that has another name"),
        )),
    }
}

/// What Compose makes of the files.
async fn resolve(compose: &Compose) -> Result<Model, Error> {
    let words = ["config", "--format", "json"];
    let output = compose.run(&words, RESOLVE).await.map_err(|_| Error::Tool {
        message: "`docker compose` cannot be started".into(),
        help: "`verify` runs a stack with Docker and its Compose plugin: install both".into(),
    })?;
    if output.is_ok() {
        return serde_json::from_str(&output.stdout).map(Model).map_err(|error| Error::Tool {
            message: format!("`docker compose config` printed no JSON: {error}"),
            help: "Compose 2.24 and later do".into(),
        });
    }
    if output.stderr.contains("is not a docker command")
        || output.stderr.contains("unknown command: docker compose")
    {
        return Err(Error::Tool {
            message: "`docker` has no Compose plugin".into(),
            help: "install docker-compose-plugin (Compose 2.24 or later)".into(),
        });
    }
    let copy = compose.directory.display().to_string();
    let said = output.tail(20).join("\n").replace(&format!("{copy}/"), "");
    Err(Error::input(
        Problem::new(format!("Compose refuses the project: {said}")).at(compose
            .files
            .first()
            .and_then(|file| file.file_name())
            .map_or_else(String::new, |name| name.to_string_lossy().into_owned())),
    ))
}

/// Refuses a project that is built from outside of the directory: that was not copied.
fn inside(model: &Model, copy: &Path, ask: &Ask) -> Result<(), Error> {
    let top = copy.parent().unwrap_or(copy);
    for name in model.built() {
        let context = model.service(name)["build"]["context"].as_str().unwrap_or_default();
        let context = Path::new(context);
        if context.starts_with(top) && !context.starts_with(copy) {
            let message =
                format!("{name} is built from a directory outside of {}", ask.directory.display());
            return Err(Error::input(Problem::new(message).help(
                "name the directory that holds all of it, and the compose file: dockwright verify .. --file deploy/compose.yaml",
            )));
        }
    }
    Ok(())
}

fn services(subject: &Subject, deployment: Option<&Deployment>, model: &Model) -> Vec<Service> {
    let waited: Vec<String> = model
        .services()
        .into_iter()
        .flat_map(|name| model.waits(name))
        .filter(|wait| wait.condition == "service_completed_successfully")
        .map(|wait| wait.service)
        .collect();
    let containers: BTreeMap<&str, _> = deployment
        .into_iter()
        .flat_map(|own| subject.containers_of(own))
        .map(|own| (own.name.as_str(), own))
        .collect();
    let service = |name: &str| {
        let container = containers.get(name);
        let kind = container.map_or(Kind::Other, |own| own.kind);
        Service {
            name: name.to_owned(),
            kind,
            one_shot: waited.iter().any(|own| own == name) || kind == Kind::OneShot,
            port: container.and_then(|own| own.server.as_ref()?.port()),
        }
    };
    model.services().into_iter().map(service).collect()
}

/// The ways in: a proxy's ports before the application's, plain HTTP before others.
fn edges(services: &[Service], model: &Model) -> Vec<Edge> {
    let rank = |own: &Service| match own.kind {
        Kind::Nginx | Kind::Proxy => Some(0),
        Kind::Web => Some(1),
        Kind::Own => Some(2),
        _ => None,
    };
    let mut ports: Vec<(u8, &Service, Published)> = services
        .iter()
        .filter_map(|own| Some((rank(own)?, own)))
        .flat_map(|(rank, own)| {
            model.ports(&own.name).into_iter().map(move |port| (rank, own, port))
        })
        // TLS is not spoken here.
        .filter(|(_, _, port)| port.is_tcp && !matches!(port.target, 443 | 8443))
        .collect();
    ports
        .sort_by_key(|(rank, own, port)| (*rank, own.port != Some(port.target), port.target != 80));
    let edge = |(_, own, port): (u8, &Service, Published)| Edge {
        service: own.name.clone(),
        target: port.target,
    };
    ports.into_iter().map(edge).collect()
}
