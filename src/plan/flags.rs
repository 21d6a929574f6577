//! What a template or a data row may branch on: named truths about a stack.

use std::collections::BTreeMap;

use crate::answers::TrustedProxies;
use crate::answers::adopted::Adopted;
use crate::answers::stack::{Ci, Database, Delivery, Hardening, PackageManager, Runtime, Target};
use crate::catalog::frameworks::Orm;
use crate::catalog::{Framework, Manager};
use crate::plan::env::EnvKind;
use crate::plan::given::Given;
use crate::plan::shape::Shape;
use crate::schema::role::Role;

/// What adopted code has, found out.
struct Has {
    collects: bool,
    committed: bool,
    has_front: bool,
    serves: bool,
    whitenoise: bool,
    manifest: bool,
    uvloop: bool,
    uvicorn_graceful: bool,
    uvicorn_quiet: bool,
    gunicorn_control: bool,
    build_packages: bool,
    runtime_packages: bool,
}

impl Has {
    fn of(adopted: &Adopted, python: &str) -> Self {
        let least =
            |name, least| crate::plan::code::server_is_at_least(adopted, python, name, least);
        let derived = &adopted.derived;
        let files = derived.static_files.as_ref();
        let url = files.and_then(|files| files.url.as_deref()).unwrap_or("/static/");
        Self {
            collects: files.is_some_and(|files| files.collectstatic),
            committed: files.is_some_and(|files| files.committed),
            // The image has what it collected, for a proxy that stays.
            has_front: derived.carried.as_ref().is_some_and(|own| !own.front.is_empty()),
            // Another host may serve them.
            serves: !url.contains("//") && !url.trim_matches('/').is_empty(),
            whitenoise: files.is_some_and(|files| files.whitenoise),
            manifest: files.is_some_and(|files| files.manifest),
            uvloop: derived.installs("uvloop") && derived.installs("httptools"),
            // Options that older releases refuse to start with.
            uvicorn_graceful: least("uvicorn", "0.22"),
            uvicorn_quiet: least("uvicorn", "0.15"),
            gunicorn_control: least("gunicorn", "25.1"),
            build_packages: !crate::plan::code::build_packages(adopted).is_empty(),
            runtime_packages: !derived.system_packages.runtime.is_empty(),
        }
    }
}

/// Where a new service keeps what its users send.
pub const MEDIA: &str = "media";

/// Whether the entry point has anything to check.
fn requires_variables(shape: &Shape) -> bool {
    let variables = Given::to_any(shape.answers).without(crate::plan::code::variables(shape));
    // What nobody is passed is part of something else, which the compose file checks.
    variables.iter().any(|variable| {
        matches!(variable.kind, EnvKind::Secret(_) | EnvKind::Required)
            && !variable.services.is_empty()
    })
}

/// Named truths about a stack; every name is always there.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(transparent)]
pub struct Flags(BTreeMap<&'static str, bool>);

impl Flags {
    /// The truths that follow from a shape.
    #[must_use]
    pub fn of(shape: &Shape, image_only: bool) -> Self {
        let answers = shape.answers;
        let stack = &answers.stack;
        let application = shape.application();
        let framework = application.framework;
        let (asgi, gunicorn) = (application.server.is_asgi(), application.server.is_gunicorn());
        // A Dockerfile that stands alone has no proxy to build.
        let nginx = shape.has(Role::Nginx) && !image_only;
        let database = stack.database != Database::None;
        let runtime = application.model.as_ref().map_or(Runtime::None, |model| model.runtime);
        let delivery = application.model.as_ref().map(|model| model.delivery);
        let manager = |wanted| answers.package_manager == wanted;
        let adopted = answers.adopted.as_ref();
        let code = adopted.map(|adopted| Has::of(adopted, &answers.python));
        let new = adopted.is_none();
        let files = framework.static_files;
        let clustered = answers.deploy.is_clustered();
        let mut flags = BTreeMap::from([
            ("sqlalchemy", framework.orm == Orm::Sqlalchemy),
            ("async_code", framework.async_code),
            ("secret_key", framework.secret_key),
            ("asgi", asgi),
            ("wsgi", !asgi),
            ("uvicorn", application.server.manager == Manager::Uvicorn),
            ("own", application.server.manager == Manager::Own),
            // nginx upgrades connections.
            ("upgrades", asgi || shape.has_websockets()),
            ("gunicorn", gunicorn),
            ("gunicorn_uvicorn", gunicorn && asgi),
            ("nginx", nginx),
            ("edge_web", !nginx),
            // The user's own image stays, and starts what it starts.
            ("own_image", answers.own_image().is_some()),
            ("compose", answers.deploy.is_for(Target::Compose)),
            ("kubernetes", answers.deploy.is_for(Target::Kubernetes)),
            ("ecs", answers.deploy.is_for(Target::Ecs)),
            // Code that keeps something in its process is one.
            ("scales", shape.in_process().is_none() && !shape.has_database_file()),
            // What code that was there is told, nobody knows here yet.
            (
                "secrets",
                adopted.is_some()
                    || framework.secret_key
                    || database
                    || stack.cache
                    || shape.has(Role::Redis),
            ),
            ("stores", [Role::Db, Role::Redis, Role::Cache].iter().any(|role| shape.has(*role))),
            ("database", database),
            ("db", shape.has(Role::Db)),
            // Of what is managed elsewhere, a new service has one for development.
            ("dev_db", new && stack.database == Database::External),
            ("external_db", stack.database == Database::External),
            ("migrate", shape.has(Role::Migrate)),
            // Uploads of a new service: its settings know the place by this name.
            (
                "media",
                new && files && answers.writable.iter().any(|it| it.keep && it.path == MEDIA),
            ),
            ("cache", stack.cache),
            ("cache_alone", stack.cache && !database),
            ("broker", shape.has(Role::Redis)),
            ("redis", stack.cache || shape.has(Role::Redis)),
            ("celery", shape.has(Role::Worker)),
            ("beat", shape.has(Role::Beat)),
            ("model", runtime != Runtime::None),
            ("onnxruntime", runtime == Runtime::Onnxruntime),
            ("scikit_learn", runtime == Runtime::ScikitLearn),
            ("torch", runtime == Runtime::Torch),
            ("transformers", runtime == Runtime::Transformers),
            ("ultralytics", runtime == Runtime::Ultralytics),
            ("cpu_index", new && runtime.is_torch_family()),
            ("model_mount", new && delivery == Some(Delivery::Mount)),
            ("model_bake", new && delivery == Some(Delivery::Bake)),
            ("code_model_mount", !new && delivery == Some(Delivery::Mount)),
            (
                "static",
                code.as_ref()
                    .map_or(files, |code| (code.collects || code.committed) && code.serves)
                    && nginx,
            ),
            // Served as the repository has them: nothing is collected.
            ("static_committed", code.as_ref().is_some_and(|code| code.committed)),
            (
                "whitenoise",
                // Nothing stands before a pod that would have its static files.
                code.as_ref().map_or(files && (!nginx || clustered), |code| {
                    code.collects && (code.whitenoise || code.has_front && !nginx)
                }),
            ),
            (
                "entrypoint",
                !image_only
                    && if new { framework.whole_settings } else { requires_variables(shape) },
            ),
            ("image_only", image_only),
            ("uvloop", code.as_ref().map_or(asgi, |code| code.uvloop)),
            ("uvicorn_graceful", code.as_ref().is_none_or(|code| code.uvicorn_graceful)),
            ("uvicorn_quiet", code.as_ref().is_none_or(|code| code.uvicorn_quiet)),
            ("gunicorn_control", code.as_ref().is_none_or(|code| code.gunicorn_control)),
            ("factory", adopted.is_some_and(|adopted| adopted.factory)),
            // WSGI code without sockets at import is shared by fork; a model
            // is not: its threads do not survive one.
            ("preload", new && !asgi && runtime == Runtime::None),
            ("static_manifest", code.as_ref().map_or(files, |code| code.manifest)),
            ("trusted_host", answers.deploy.trusted_proxies == TrustedProxies::Host),
            ("trusted", answers.deploy.trusted_proxies.any()),
            ("read_only", answers.deploy.hardening == Hardening::Strict),
            ("repository", !answers.repository().is_empty()),
            ("ci_github", answers.deploy.ci == Ci::Github),
            ("ci_gitlab", answers.deploy.ci == Ci::Gitlab),
            ("ci", answers.deploy.ci != Ci::None),
            // Beside a cluster, Compose is for development.
            (
                "ci_host",
                answers.deploy.ci != Ci::None && answers.deploy.targets == [Target::Compose],
            ),
            ("domain", !answers.deploy.domain.is_empty()),
            ("pip", manager(PackageManager::Pip)),
            ("uv", manager(PackageManager::Uv)),
            ("poetry", manager(PackageManager::Poetry)),
            ("pdm", manager(PackageManager::Pdm)),
            ("pipenv", manager(PackageManager::Pipenv)),
            ("adopted", !new),
            ("setuptools", manager(PackageManager::Setuptools)),
            ("conda", manager(PackageManager::Conda)),
            ("build_packages", code.as_ref().is_some_and(|code| code.build_packages)),
            ("runtime_packages", code.as_ref().is_some_and(|code| code.runtime_packages)),
            ("index", answers.network.has_index()),
            ("index_secret", answers.network.index_secret),
            ("proxy", answers.network.has_proxy()),
            ("ca", answers.network.ca.is_some()),
            ("apt_mirror", !answers.network.apt_mirror.is_empty()),
            ("dockerfile_syntax", answers.images.contains_key("dockerfile-syntax")),
        ]);
        flags.extend(Framework::all().map(|one| (one.word(), one == framework)));
        Self(flags)
    }

    /// Whether all `conditions` hold; `!name` is the opposite of `name`.
    ///
    /// # Panics
    /// On a name that is no flag: a unit test reads every data row.
    #[must_use]
    pub fn all<'a>(&self, conditions: impl IntoIterator<Item = &'a str>) -> bool {
        conditions.into_iter().all(|condition| match condition.strip_prefix('!') {
            Some(name) => !self.is(name),
            None => self.is(condition),
        })
    }

    /// One truth.
    ///
    /// # Panics
    /// On a name that is no flag.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        *self.0.get(name).unwrap_or_else(|| panic!("`{name}` is no flag"))
    }
}
