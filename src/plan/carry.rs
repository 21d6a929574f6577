//! What an existing compose file runs, against the services of the plan:
//! which of its services go on as one of ours, and which are passed through.

use std::collections::BTreeMap;

use crate::answers::Answers;
use crate::detect::compose::carried::Carried;
use crate::detect::compose::front;
use crate::detect::facts::Static;
use crate::environments::turns_development_on;
use crate::plan::code;
use crate::plan::env::{EnvKind, EnvVar};
use crate::schema::Role;
use crate::source::compose::image::{self, Kind, Known, Start};
use crate::source::compose::mount::Source;
use crate::source::compose::service::Build;
use crate::source::compose::{Document, Mount, Service, interpolate};

/// Why a mount of the code does not go on.
pub const HOLDS_CODE: &str = "the image holds the code";

/// Where the application is in the image that is built.
const CODE: &str = "/app";

/// An existing compose file, sorted by what becomes of its services.
#[derive(Clone, Debug)]
pub struct Carry {
    /// What was read.
    pub carried: Carried,
    /// The file as a model.
    pub document: Document,
    /// Services that go on as one of ours.
    pub services: BTreeMap<Role, Service>,
    /// Services that stay as they are.
    pub passed: Vec<Service>,
    /// The build context as seen from the file: `.`, `backend`, `..`.
    pub context: String,
    /// Where the image has what the old one had in the directory of its code.
    code: String,
    /// Where the image has the static files that are collected when it is built.
    pub collected: Option<String>,
}

impl Carry {
    /// Sorts the services of the file that the answers carry on; `None` where
    /// they carry none.
    #[must_use]
    pub fn of(answers: &Answers, roles: &[Role]) -> Option<Self> {
        let adopted = answers.adopted.as_ref()?;
        let carried = adopted.derived.carried.clone()?;
        let document = carried.document();
        let mut services = BTreeMap::new();
        let mut passed = document.services();
        for role in roles {
            let name = &answers.services[role];
            if let Some(at) = passed.iter().position(|service| service.name == *name) {
                services.insert(*role, passed.remove(at));
            }
        }
        let context = adopted.context.as_ref().map_or(".", |context| context.as_str());
        let context = relative(carried.directory(), context);
        let collects = adopted.derived.static_files.as_ref().is_some_and(Static::in_image);
        let collected = code::static_root(adopted);
        let collected = Some(collected)
            .filter(|root| collects && !root.is_empty() && adopted.image().is_none());
        let from = match carried.code_from.as_str() {
            "" | "." => "",
            from => adopted.within(from).unwrap_or_default(),
        };
        let code = match adopted.image() {
            // In an image that stays everything is where it was.
            Some(_) => carried.code.clone(),
            None if from.is_empty() => CODE.to_owned(),
            None => format!("{CODE}/{from}"),
        };
        Some(Self { carried, document, services, passed, context, code, collected })
    }

    /// Whether one of ours is a service that was there.
    #[must_use]
    pub fn has(&self, role: Role) -> bool {
        self.services.contains_key(&role)
    }

    /// The service whose settings one of ours takes over: its own, and for
    /// processes of the application that are new, the web service's.
    #[must_use]
    pub fn source(&self, role: Role) -> Option<&Service> {
        let web = || self.services.get(&Role::Web).filter(|_| role.runs_application());
        self.services.get(&role).or_else(web)
    }

    /// Whether a service runs the application's image.
    #[must_use]
    pub fn runs_own_image(&self, service: &Service) -> bool {
        self.carried.own.contains(&service.name)
    }

    /// What a store's image is, where the table knows it.
    #[must_use]
    pub fn known(&self, service: &Service) -> Option<Known> {
        let base = self.carried.bases.get(&service.name).cloned();
        image::known(&base.or_else(|| service.image())?)
    }

    /// Mounts of a service of the application that hold data, where the
    /// application of the new image finds them. Source code is none.
    #[must_use]
    pub fn data_mounts(&self, service: &Service) -> Vec<Mount> {
        let mounts = service.mounts().into_iter();
        let mounts = mounts.filter(|mount| !self.is_code(mount) && !self.hides_static(mount));
        mounts
            .map(|mut mount| {
                mount.target = self.moved(&mount.target);
                mount
            })
            .collect()
    }

    /// Whether a mount lies over static files that the image brings, and nobody else
    /// reads it: it would show those of an older image for ever.
    #[must_use]
    pub fn hides_static(&self, mount: &Mount) -> bool {
        let target = self.moved(&mount.target);
        let is_over = self.collected.as_deref() == Some(target.trim_end_matches('/'));
        let mut others = self.passed.iter().flat_map(Service::mounts);
        is_over && !others.any(|other| other.shares(mount))
    }

    /// Whether a service that stays serves the static files from a volume, which each
    /// version has to fill.
    #[must_use]
    pub fn shares_static(&self) -> bool {
        let web = self.services.get(&Role::Web);
        let passed: Vec<Mount> = self.passed.iter().flat_map(Service::mounts).collect();
        web.into_iter().flat_map(Service::mounts).any(|mount| {
            let target = self.moved(&mount.target);
            self.collected.as_deref() == Some(target.trim_end_matches('/'))
                && passed.iter().any(|other| other.shares(&mount))
        })
    }

    /// Where a path of the old container is in the new one.
    #[must_use]
    pub fn moved(&self, target: &str) -> String {
        let code = self.carried.code.as_str();
        let inside =
            target.strip_prefix(code).filter(|rest| rest.is_empty() || rest.starts_with('/'));
        match inside {
            // Where nothing says what stood there, a place below ours is left alone.
            Some(rest) if code.len() > 1 && (self.code != CODE || !in_code(code)) => {
                format!("{}{rest}", self.code)
            }
            _ => target.to_owned(),
        }
    }

    /// Whether a mount shows source code of the repository, which the image
    /// holds: the development overlay mounts it.
    #[must_use]
    pub fn is_code(&self, mount: &Mount) -> bool {
        let Some(path) = mount.bind() else {
            // `/code/node_modules` and its like keep a mount of the code from
            // hiding what the image has there.
            let hidden =
                mount.source == Source::Anonymous && mount.target.starts_with(&self.carried.code);
            return hidden && !self.carried.code.is_empty();
        };
        if path.starts_with(['/', '~']) || path.contains('$') {
            return false;
        }
        let bare = path.trim_start_matches("./").trim_end_matches('/');
        let whole = matches!(bare, "" | "." | "..") || bare == self.context.as_str();
        let is_code = || self.holds_code(bare) && self.is_among_code(&mount.target);
        whole || is_code() && !self.is_written_elsewhere(mount)
    }

    /// Whether a service of another image may write what a mount shows: then it is data
    /// that they share. Proxies and stores read what is mounted beside their data.
    fn is_written_elsewhere(&self, mount: &Mount) -> bool {
        let reads = |service: &Service| {
            let image = self.carried.bases.get(&service.name).cloned().or_else(|| service.image());
            image.is_none_or(|own| front::is_proxy(&own) || image::known(&own).is_some())
        };
        let others = self.passed.iter().filter(|own| !self.runs_own_image(own) && !reads(own));
        others.flat_map(Service::mounts).any(|other| {
            let is_read = other.options.split(',').any(|option| option == "ro");
            other.shares(mount) && !is_read
        })
    }

    /// Whether a path of the container is in the directory that its code was in.
    fn is_among_code(&self, target: &str) -> bool {
        let code = self.carried.code.as_str();
        let inside = target.strip_prefix(code);
        code.is_empty() || inside.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Whether a directory of the repository is code and not data, by its name.
    fn holds_code(&self, path: &str) -> bool {
        const DATA: [&str; 16] = [
            "data",
            "media",
            "upload",
            "uploads",
            "storage",
            "files",
            "static",
            "staticfiles",
            "logs",
            "log",
            "db",
            "backup",
            "backups",
            "cache",
            "models",
            "volumes",
        ];
        let last = path.rsplit('/').next().unwrap_or(path);
        let data = DATA.iter().any(|name| last == *name || last.ends_with(&format!("_{name}")));
        let file = last.contains('.');
        !data && !file && !path.contains("data")
    }

    /// How a store's container starts.
    #[must_use]
    pub fn start(&self, store: &Service) -> StoreStart {
        let known = self.known(store);
        let library = known.as_ref().is_some_and(|known| known.start == Start::Library);
        if let Some(user) = store.text("user") {
            return StoreStart { library, user: Some(user), keeps_user: true };
        }
        let data_on_host = store.mounts().iter().any(|mount| {
            mount.bind().is_some()
                && !mount.target.contains("initdb.d")
                && !mount.target.contains('.')
        });
        let secrets = store.item.get("secrets").is_some();
        // The owner of a directory of the host is the host's to say, and a
        // secret's file is readable for root alone.
        let user = known.and_then(|known| known.uid).filter(|_| !data_on_host && !secrets);
        StoreStart { library, user, keeps_user: false }
    }

    /// The variables of `.env`: a store that was there has its password, and
    /// what stood in the file has its value.
    #[must_use]
    pub fn variables(&self, variables: Vec<EnvVar>) -> Vec<EnvVar> {
        let stores = [
            (Role::Db, "POSTGRES_PASSWORD"),
            (Role::Redis, "REDIS_PASSWORD"),
            (Role::Cache, "CACHE_PASSWORD"),
        ];
        let has_its_own =
            |name: &str| stores.iter().any(|(role, own)| *own == name && self.has(*role));
        let moved = &self.carried.moved;
        let mut kept: Vec<EnvVar> = variables
            .into_iter()
            .filter(|variable| moved.contains(&variable.name) || !has_its_own(&variable.name))
            .collect();
        if !self.carried.by_itself {
            kept.push(EnvVar {
                name: "COMPOSE_FILE".to_owned(),
                kind: EnvKind::Default(self.carried.name().to_owned()),
                doc: "The file that `docker compose` takes when none is named.".to_owned(),
                services: Vec::new(),
            });
        }
        for name in moved {
            match kept.iter_mut().find(|variable| variable.name == *name) {
                Some(variable) => variable.kind = EnvKind::Kept,
                None => kept.push(EnvVar {
                    name: name.clone(),
                    kind: EnvKind::Kept,
                    doc: format!("Stood in {} before.", self.carried.file),
                    services: Vec::new(),
                }),
            }
        }
        kept
    }

    /// Mounts of an image that nothing here says how to build: whether the code of the new
    /// one writes there cannot be told.
    fn unknown_code(&self) -> Option<String> {
        let web = self.services.get(&Role::Web).filter(|_| self.carried.code.is_empty())?;
        let image = web.image().filter(|_| web.item.get("build").is_none())?;
        let mounts = web.mounts().into_iter().filter(|own| {
            matches!(own.source, Source::Volume(_) | Source::Bind(_)) && !in_code(&own.target)
        });
        let targets: Vec<String> = mounts.map(|own| own.target).collect();
        (!targets.is_empty()).then(|| {
            format!(
                "{} ran {image}, and no Dockerfile here is known to make it: its mounts stay at {}, and what was in them is lost to the code where it writes below /app instead: compare both before the first start",
                web.name,
                targets.join(", ")
            )
        })
    }

    /// What the application wrote to as another user than it is now.
    fn ownership(&self) -> Vec<String> {
        const OWNER: &str = "10001:10001";
        let mut seen: Vec<String> = Vec::new();
        let mut warnings = Vec::new();
        for service in self.services.values().filter(|service| self.runs_own_image(service)) {
            for mount in self.data_mounts(service) {
                let (source, once) = match &mount.source {
                    Source::Volume(name) => (
                        name.clone(),
                        format!(
                            "docker compose run --rm --no-deps --user 0 --cap-add CHOWN --entrypoint chown {} -R {OWNER} {}",
                            service.name, mount.target
                        ),
                    ),
                    Source::Bind(path) => (path.clone(), format!("sudo chown -R {OWNER} {path}")),
                    Source::Anonymous | Source::Nothing => continue,
                };
                // A file that is only read stays its owner's.
                let is_read = matches!(&mount.source, Source::Bind(path) if is_settings(path));
                if is_read || mount.options.contains("ro") || seen.contains(&source) {
                    continue;
                }
                warnings.push(format!(
                    "{source} belongs to the user of the old image; once, before the first start: {once}"
                ));
                seen.push(source);
            }
        }
        warnings
    }

    /// A volume over the static files of the image that a service which stays reads as
    /// well: nothing collects into it any more.
    fn stale_static(&self) -> Option<String> {
        let collected = self.collected.as_deref()?;
        let web = self.services.get(&Role::Web)?;
        let mount = web.mounts().into_iter().find(|mount| {
            self.moved(&mount.target).trim_end_matches('/') == collected
                && !self.hides_static(mount)
        })?;
        let reads = |own: &&Service| own.mounts().iter().any(|it| it.source == mount.source);
        let reader = self.passed.iter().find(reads)?;
        Some(format!(
            "{} reads the static files from a volume that lies over those of the image: after each new image, `docker compose run --rm --no-deps {} python -m django collectstatic --no-input` brings them into it",
            reader.name, web.name
        ))
    }

    /// Whether a service is passed through and built by the Dockerfile that
    /// ours takes the place of.
    #[must_use]
    pub fn needs_old_dockerfile(&self, service: &Service) -> bool {
        let Some(web) = self.services.get(&Role::Web).and_then(Service::build) else {
            return false;
        };
        let same = |build: &Build| {
            let usual = |name: &str| matches!(name, "" | "Dockerfile" | "./Dockerfile");
            tidy(&build.context) == tidy(&web.context) && usual(&build.dockerfile)
        };
        !self.runs_own_image(service) && service.build().as_ref().is_some_and(same)
    }

    fn built_by_ours(&self) -> Vec<String> {
        let built = self.passed.iter().filter(|service| self.needs_old_dockerfile(service));
        let names: Vec<&str> = built.map(|service| service.name.as_str()).collect();
        if names.is_empty() {
            return Vec::new();
        }
        let verb = if names.len() == 1 { "is" } else { "are" };
        vec![format!(
            "{} {verb} still built by the Dockerfile that was there: it is kept as {OLD_DOCKERFILE}",
            names.join(", ")
        )]
    }

    /// Warnings about what is passed through: its memory is not planned.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if !self.passed.is_empty() {
            let said: Vec<String> = self
                .passed
                .iter()
                .map(|service| match service.memory_limit() {
                    Some(limit) => format!("{} ({limit})", service.name),
                    None => format!("{} (no limit)", service.name),
                })
                .collect();
            let said = said.join(", ");
            warnings.push(match self.carried.brought {
                true => format!("the plan's budget does not count what the code needs beside it: {said}"),
                false => format!(
                    "{} keeps running what was there, and the plan's budget does not count it: {said}",
                    self.carried.file
                ),
            });
        }
        let ours = self.services.values().filter(|service| self.runs_own_image(service));
        let hiding = ours.flat_map(Service::mounts).find(|mount| self.hides_static(mount));
        if let Some(mount) = hiding {
            warnings.push(format!(
                "nothing is mounted over {} any more: the image brings the static files, and a volume would show those of the first image for ever",
                mount.target
            ));
        }
        warnings.extend(self.unknown_code());
        warnings.extend(self.stale_static());
        warnings.extend(self.ownership());
        warnings.extend(self.built_by_ours());
        for service in self.services.values() {
            let switches: Vec<String> = service
                .environment()
                .into_iter()
                .filter(|(name, value)| is_development(name, value.as_deref().unwrap_or_default()))
                .map(|(name, _)| name)
                .collect();
            if self.runs_own_image(service) && !switches.is_empty() {
                warnings.push(format!(
                    "{}: {} is left out, since it turns development on",
                    service.name,
                    switches.join(", ")
                ));
            }
            let code: Vec<String> = if self.runs_own_image(service) {
                let mounts = service.mounts().into_iter().filter(|mount| self.is_code(mount));
                mounts.filter_map(|mount| mount.bind().map(str::to_owned)).collect()
            } else {
                Vec::new()
            };
            if !code.is_empty() {
                warnings.push(format!(
                    "{}: {HOLDS_CODE}, so {} is no longer mounted; the development overlay mounts it",
                    service.name,
                    code.join(", ")
                ));
            }
        }
        warnings
    }
}

/// The Dockerfile that was there, kept beside ours for the services that it
/// still builds.
pub const OLD_DOCKERFILE: &str = "Dockerfile.carried";

/// Whether a variable turns development on.
#[must_use]
pub fn is_development(name: &str, value: &str) -> bool {
    turns_development_on(name, &interpolate::defaults(value))
}

/// How a data store's container starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreStart {
    /// By the Docker library's contract.
    pub library: bool,
    /// As which user, where that is certain; otherwise as root, which changes
    /// to its own.
    pub user: Option<String>,
    /// Whether the file itself says the user.
    pub keeps_user: bool,
}

/// Whether a path is a file of settings or of code.
fn is_settings(path: &str) -> bool {
    const ENDS: [&str; 12] = [
        ".env", ".conf", ".cfg", ".ini", ".toml", ".yml", ".yaml", ".pem", ".crt", ".key", ".py",
        ".sh",
    ];
    let name = path.rsplit('/').next().unwrap_or(path);
    name.starts_with(".env") || ENDS.iter().any(|end| name.ends_with(end))
}

/// A directory without what changes nothing in it.
fn tidy(directory: &str) -> &str {
    let bare = directory.trim_start_matches("./").trim_end_matches('/');
    if bare.is_empty() { "." } else { bare }
}

fn in_code(path: &str) -> bool {
    path == CODE || path.strip_prefix(CODE).is_some_and(|rest| rest.starts_with('/'))
}

/// A directory of the repository as seen from another one.
fn relative(from: &str, to: &str) -> String {
    let parts = |path: &str| -> Vec<String> {
        path.split('/').filter(|part| !matches!(*part, "" | ".")).map(str::to_owned).collect()
    };
    let (from, to) = (parts(from), parts(to));
    let shared = from.iter().zip(&to).take_while(|(one, other)| one == other).count();
    let up = vec!["..".to_owned(); from.len() - shared];
    let path: Vec<String> = up.into_iter().chain(to[shared..].iter().cloned()).collect();
    if path.is_empty() { ".".to_owned() } else { path.join("/") }
}

/// Whether an image is one of PostgreSQL that has a setting for just-in-time
/// compilation.
#[must_use]
pub fn has_jit(known: Option<&Known>) -> bool {
    /// The first major version with it.
    const FIRST: u32 = 11;
    known.is_some_and(|known| {
        known.kind == Kind::Postgres && known.major.is_none_or(|major| major >= FIRST)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_seen_from_another() {
        assert_eq!(relative(".", "."), ".");
        assert_eq!(relative(".", "backend"), "backend");
        assert_eq!(relative("docker", "."), "..");
        assert_eq!(relative("deploy/a", "deploy/b"), "../b");
    }
}
