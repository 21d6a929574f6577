//! What a template or a data row may branch on: named truths about a stack.

use std::collections::BTreeMap;

use crate::answers::stack::{
    Database, Delivery, Framework, Hardening, PackageManager, Runtime, Server,
};
use crate::plan::shape::Shape;
use crate::schema::role::Role;

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
        let framework = |wanted| application.framework == wanted;
        let asgi = application.server.is_asgi();
        // A Dockerfile that stands alone has no proxy to build.
        let nginx = shape.has(Role::Nginx) && !image_only;
        let database = stack.database != Database::None;
        let runtime = application.model.as_ref().map_or(Runtime::None, |model| model.runtime);
        let delivery = application.model.as_ref().map(|model| model.delivery);
        let manager = |wanted| answers.package_manager == wanted;
        Self(BTreeMap::from([
            ("fastapi", framework(Framework::Fastapi)),
            ("flask", framework(Framework::Flask)),
            ("django", framework(Framework::Django)),
            ("asgi", asgi),
            ("wsgi", !asgi),
            ("uvicorn", application.server == Server::Uvicorn),
            ("gunicorn", application.server != Server::Uvicorn),
            ("gunicorn_uvicorn", application.server == Server::GunicornUvicorn),
            ("nginx", nginx),
            ("edge_web", !nginx),
            ("database", database),
            ("db", shape.has(Role::Db)),
            ("external_db", stack.database == Database::External),
            ("migrate", shape.has(Role::Migrate)),
            ("cache", stack.cache),
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
            ("cpu_index", runtime.is_torch_family()),
            ("model_mount", delivery == Some(Delivery::Mount)),
            ("model_bake", delivery == Some(Delivery::Bake)),
            ("static", framework(Framework::Django) && nginx),
            ("whitenoise", framework(Framework::Django) && !nginx),
            ("entrypoint", !framework(Framework::Fastapi) && !image_only),
            ("image_only", image_only),
            ("uvloop", asgi),
            ("factory", false),
            // WSGI code without sockets at import is shared by fork; a model
            // is not: its threads do not survive one.
            ("preload", !asgi && runtime == Runtime::None),
            ("static_manifest", framework(Framework::Django)),
            ("heartbeat", shape.has(Role::Worker)),
            ("loopback", matches!(answers.deploy.bind.as_str(), "127.0.0.1" | "::1")),
            ("watchfiles", false),
            ("read_only", answers.deploy.hardening == Hardening::Strict),
            ("domain", !answers.deploy.domain.is_empty()),
            ("pip", manager(PackageManager::Pip)),
            ("uv", manager(PackageManager::Uv)),
            ("poetry", manager(PackageManager::Poetry)),
            ("pdm", manager(PackageManager::Pdm)),
            ("pipenv", manager(PackageManager::Pipenv)),
            ("build_packages", false),
            ("runtime_packages", false),
            ("dockerfile_syntax", answers.images.contains_key("dockerfile-syntax")),
        ]))
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
