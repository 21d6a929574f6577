//! What of the user's own runs the application: a compose project, or an image, with
//! what that promises to whoever runs it.

use crate::answers::own_image::OwnImage;
use crate::answers::own_project::{OwnBuild, OwnProject};
use crate::detect::compose::files::{directory_of, join};
use crate::detect::compose::told;
use crate::improve::{Sample, aside};
use crate::lint::Subject;
use crate::lint::rules::dockerfile::symbolic_user::uid;
use crate::lint::subject::{Build, Container, Deployment, Kind, Program, Server};
use crate::source::compose::{Document, Service};
use crate::source::dockerfile::{Instruction, Keyword};
use crate::source::dotenv;

/// What of the user's own runs the application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deployed {
    /// A compose project, by the first of its files.
    Project(String),
    /// An image that nothing here runs; `None` where it is not known how it would
    /// be run.
    Image(Option<OwnImage>),
}

/// What of the user's own runs the application: a service of a compose project, or
/// an image, that is not one of ours.
#[must_use]
pub fn deployed(subject: &Subject, is_ours: &dyn Fn(&str) -> bool) -> Option<Deployed> {
    let theirs = |own: &&Container| {
        let compose = subject.composed(own).map(|(deployment, _)| deployment.texts[0]);
        let recipe = subject.build_of(own).map(|build| subject.recipes[build.recipe].text);
        let is_aside = compose.or(recipe).is_some_and(|text| aside::why(subject, text).is_some());
        !is_aside && recipe.or(compose).is_some_and(|text| !is_ours(subject.path(text)))
    };
    let own = subject.production_containers().filter(|own| own.kind.is_application());
    let theirs: Vec<&Container> = own.filter(theirs).collect();
    let is_composed = |own: &&&Container| {
        subject.composed(own).is_some_and(|(own, _)| !is_ours(subject.path(own.texts[0])))
    };
    // The one that Compose takes by itself comes first.
    let mut projects: Vec<&Deployment> = theirs
        .iter()
        .filter(is_composed)
        .filter_map(|own| subject.composed(own).map(|(own, _)| own))
        .collect();
    projects.sort_by_key(|own| !own.by_itself);
    match projects.first() {
        Some(own) => Some(Deployed::Project(subject.path(own.texts[0]).to_owned())),
        None if theirs.is_empty() => None,
        None if stores_alone(subject, is_ours) => {
            Some(Deployed::Image(own_image(subject, &theirs)))
        }
        None => Some(Deployed::Image(None)),
    }
}

/// What the image of a project promises to whoever runs it elsewhere; `None` where it is
/// not one, or nobody knows.
pub fn image_of(subject: &Subject, deployed: &Deployed) -> Option<OwnImage> {
    let Deployed::Project(file) = deployed else { return None };
    let is_of = |own: &&Container| {
        subject.composed(own).is_some_and(|(own, _)| subject.path(own.texts[0]) == file)
    };
    own_image(subject, &subject.production_containers().filter(is_of).collect::<Vec<_>>())
}

/// Whether the compose file that counts starts nothing but stores and tools: of any
/// other image it may be that it is the application.
fn stores_alone(subject: &Subject, is_ours: &dyn Fn(&str) -> bool) -> bool {
    let carried = subject.facts.carried.value().filter(|own| !is_ours(&own.file));
    let Some(carried) = carried else { return true };
    let is_it = |own: &&Deployment| subject.path(own.texts[0]) == carried.file;
    let is_beside = |own: &Container| own.kind.is_store() || own.kind == Kind::Tool;
    subject
        .deployments
        .iter()
        .filter(is_it)
        .flat_map(|own| subject.containers_of(own))
        .all(is_beside)
}

/// What a pipeline has to know of a project that stays: what it builds, as it says that.
pub fn own_project(subject: &Subject, deployed: &Deployed) -> Option<OwnProject> {
    let Deployed::Project(file) = deployed else { return None };
    let is_it = |own: &&Deployment| subject.path(own.texts[0]) == file;
    let deployment = subject.deployments.iter().find(is_it)?;
    let project = &deployment.project;
    // As they are written: what was merged has no variables any more.
    let texts = deployment.texts.iter().rev().map(|text| subject.texts[*text].text.as_str());
    let written: Vec<Service> = texts
        .filter_map(|text| Document::read(text).ok())
        .flat_map(|document| document.services())
        .collect();
    let builds = project.services().into_iter().filter_map(|service| {
        let build = service.build()?;
        let (context, dockerfile) = build.paths(&project.directory)?;
        let own = || written.iter().filter(|own| own.name == service.name);
        let given = own().flat_map(Service::build_arguments).collect::<Vec<_>>();
        let arguments = service.build_arguments().into_iter().map(|(name, value)| {
            let raw = given.iter().find(|(own, _)| *own == name).map(|(_, value)| value.clone());
            match raw.unwrap_or(value) {
                Some(value) => format!("{name}={value}"),
                None => name,
            }
        });
        Some(OwnBuild {
            image: own().find_map(Service::image).or(service.image()).unwrap_or_default(),
            context,
            dockerfile,
            target: build.target,
            arguments: arguments.collect(),
            service: service.name,
        })
    });
    Some(OwnProject { file: file.clone(), builds: builds.collect() })
}

/// What a deployment starts, in words: `api (uvicorn)`.
pub fn runs(subject: &Subject, deployed: &Deployed) -> Vec<String> {
    let is_of = |own: &&Container| match (deployed, subject.composed(own)) {
        (Deployed::Project(file), Some((project, _))) => subject.path(project.texts[0]) == file,
        (Deployed::Image(_), None) => own.build.is_some() && own.kind.is_application(),
        _ => false,
    };
    let named = |own: &Container| {
        let name = match (subject.composed(own), subject.build_of(own)) {
            (None, Some(build)) => subject.path(subject.recipes[build.recipe].text).to_owned(),
            _ => own.name.clone(),
        };
        match &own.server {
            Some(server) => format!("{name} ({})", server.program.word()),
            None => name,
        }
    };
    let mut runs: Vec<String> = Vec::new();
    for own in subject.production_containers().filter(is_of).map(named) {
        if !runs.contains(&own) {
            runs.push(own);
        }
    }
    runs
}

/// What is made from samples for the project that runs the application, and for those
/// beside it: whoever starts any of them would copy the same files.
pub fn samples(subject: &Subject, deployed: &Deployed) -> Vec<Sample> {
    let Deployed::Project(file) = deployed else { return Vec::new() };
    let mut samples: Vec<Sample> = Vec::new();
    for own in &subject.deployments {
        let reader = subject.path(own.texts[0]);
        let directory = directory_of(reader);
        if directory != directory_of(file) {
            continue;
        }
        let read = subject.containers_of(own).flat_map(|container| &container.missing_env_files);
        let read = read.map(|(path, _)| path.clone());
        for path in read.chain(interpolated(subject, own)) {
            let is_known = samples.iter().any(|known| known.path == path);
            let Some(from) = told::sample(&subject.tree, directory, &path).filter(|_| !is_known)
            else {
                continue;
            };
            samples.push(Sample { path, from, reader: reader.to_owned() });
        }
    }
    samples
}

/// The `.env` of a project, where it is not there and its sample gives a value to what
/// the compose file has none for.
fn interpolated(subject: &Subject, deployment: &Deployment) -> Option<String> {
    let directory = directory_of(subject.path(deployment.texts[0]));
    let path = join(directory, ".env").filter(|path| !subject.tree.base().join(path).exists())?;
    let sample = told::sample(&subject.tree, directory, &path)?;
    let text = subject.tree.text(&sample)?;
    let pairs = dotenv::pairs(text).into_iter();
    let given: Vec<String> =
        pairs.filter(|(_, value)| !value.is_empty()).map(|(name, _)| name).collect();
    deployment.project.unset.iter().any(|own| given.contains(&own.name)).then_some(path)
}

/// What the only image that serves promises to whoever runs it.
fn own_image(subject: &Subject, containers: &[&Container]) -> Option<OwnImage> {
    let mut serving = containers.iter().filter(|own| own.kind == Kind::Web && own.build.is_some());
    let (container, None) = (serving.next()?, serving.next()) else { return None };
    let build = subject.build_of(container)?;
    let server = container.server.as_ref();
    let exposed = || match build.image.ports.as_slice() {
        [only] => only.value.known()?.split('/').next()?.parse().ok(),
        _ => None,
    };
    let port = server.and_then(Server::port).or_else(exposed);
    let port = port.or_else(|| subject.facts.port.value().copied())?;
    let workdir = match &build.image.workdir {
        Some(set) => set.value.known()?.to_owned(),
        None => "/".to_owned(),
    };
    // Where a module of the application ends up says where the code is.
    let root = subject.facts.root.value().map_or(".", String::as_str);
    let module = subject.facts.app.value()?.split(':').next()?;
    let source = subject.tree.module_path(root, module);
    let top = source.and_then(|path| {
        let placed = subject.in_image(build, &path)?;
        let relative = match build.context.as_str() {
            "." => path.as_str(),
            context => path.strip_prefix(context)?.strip_prefix('/')?,
        };
        let top = placed.strip_suffix(relative)?.trim_end_matches('/').to_owned();
        Some(if top.is_empty() { "/".to_owned() } else { top })
    });
    let path = subject.path(subject.recipes[build.recipe].text);
    let dockerfile = match build.context.as_str() {
        "." => path.to_owned(),
        context => path.strip_prefix(context)?.strip_prefix('/')?.to_owned(),
    };
    let user = build.image.user.as_ref().and_then(|user| user.value.known());
    let is_unprivileged =
        user.is_some_and(|own| !matches!(own.split(':').next(), Some("" | "0" | "root")));
    let takes_proxies = server.is_some_and(|own| {
        matches!(own.program, Program::Gunicorn | Program::Uvicorn | Program::FastapiRun)
            && !sets_proxies(container, own)
    });
    Some(OwnImage {
        takes_proxies,
        dockerfile,
        context: build.context.clone(),
        top: top.unwrap_or_else(|| workdir.clone()),
        port,
        has_health_check: build.image.healthcheck.is_some(),
        owned: owned(subject, build, &workdir),
        user: user.unwrap_or_default().to_owned(),
        uid: uid(subject, build),
        workdir,
        is_unprivileged,
        migrates: container.steps.iter().any(|step| step.program == Program::Migrate),
    })
}

/// Whether a server is told whom it believes by more than a variable, which may be
/// another one.
fn sets_proxies(container: &Container, server: &Server) -> bool {
    let is_flag = |word: &String| word.starts_with("--forwarded-allow-ips");
    let words = container.steps.get(server.step).map(|step| step.argv.as_slice());
    words.unwrap_or_default().iter().any(is_flag)
        || server.has("forwarded_allow_ips") && !container.env.contains_key("FORWARDED_ALLOW_IPS")
}

/// Directories that a Dockerfile makes and that belong to another user than root:
/// what is made after `USER`, or is given away.
fn owned(subject: &Subject, build: &Build, workdir: &str) -> Vec<String> {
    let instructions = &subject.file(build).instructions;
    let gives = |own: &Instruction| {
        let text: &str = &own.arguments.text;
        ["chown", "--owner", "-o "].iter().any(|word| text.contains(word))
    };
    let of_user = build.image.user.as_ref().map_or(usize::MAX, |user| user.at);
    let given = instructions.iter().any(gives);
    let mut owned = Vec::new();
    for (at, own) in instructions.iter().enumerate() {
        let text: &str = &own.arguments.text;
        let makes = text.contains("mkdir") || text.contains("install ");
        if own.keyword != Keyword::Run || !makes || !(given || at > of_user) {
            continue;
        }
        let words = text.split([' ', '\n', '\t', ';', '&', '\\']);
        let words = words.map(|word| word.trim_matches(['"', '\'']));
        let paths = words.filter(|word| !word.is_empty() && !word.starts_with('-'));
        owned.extend(paths.map(|word| match word.strip_prefix('/') {
            Some(_) => word.trim_end_matches('/').to_owned(),
            None => format!("{}/{}", workdir.trim_end_matches('/'), word.trim_end_matches('/')),
        }));
    }
    owned.sort();
    owned.dedup();
    owned
}
