//! Which classes make an application, and what each speaks.

use crate::detect::facts::Interface;

/// A web framework.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Framework {
    /// Its name.
    pub name: &'static str,
    /// What its applications speak; `None` for those with a server of their
    /// own.
    pub interface: Option<Interface>,
}

const fn asgi(name: &'static str) -> Framework {
    Framework { name, interface: Some(Interface::Asgi) }
}

const fn wsgi(name: &'static str) -> Framework {
    Framework { name, interface: Some(Interface::Wsgi) }
}

/// A package, its classes or functions that give an application, what that is.
const CLASSES: [(&str, &[&str], Framework); 24] = [
    ("fastapi", &["FastAPI"], asgi("fastapi")),
    ("fastapi_offline", &["FastAPIOffline"], asgi("fastapi")),
    ("starlette", &["Starlette"], asgi("starlette")),
    ("litestar", &["Litestar"], asgi("litestar")),
    ("starlite", &["Starlite"], asgi("litestar")),
    ("quart", &["Quart"], asgi("quart")),
    ("sanic", &["Sanic"], asgi("sanic")),
    ("blacksheep", &["Application"], asgi("blacksheep")),
    ("falcon.asgi", &["App"], asgi("falcon")),
    ("falcon", &["App", "API"], wsgi("falcon")),
    ("flask", &["Flask"], wsgi("flask")),
    ("flask_api", &["FlaskAPI"], wsgi("flask")),
    ("flask_openapi3", &["OpenAPI", "APIFlask"], wsgi("flask")),
    ("apiflask", &["APIFlask"], wsgi("flask")),
    ("connexion", &["App", "FlaskApp", "AsyncApp"], wsgi("connexion")),
    // Its `server` is a Flask application.
    ("dash", &["Dash"], wsgi("dash")),
    ("shiny", &["App"], asgi("shiny")),
    ("bottle", &["Bottle", "default_app"], wsgi("bottle")),
    ("pyramid", &["make_wsgi_app"], wsgi("pyramid")),
    ("django.core.wsgi", &["get_wsgi_application"], wsgi("django")),
    ("django.core.asgi", &["get_asgi_application"], asgi("django")),
    ("aiohttp.web", &["Application"], Framework { name: "aiohttp", interface: None }),
    ("tornado.web", &["Application"], Framework { name: "tornado", interface: None }),
    ("robyn", &["Robyn"], Framework { name: "robyn", interface: None }),
];

/// The framework of a class or function by its full dotted name.
#[must_use]
pub fn of(full: &str) -> Option<Framework> {
    let (module, name) = full.rsplit_once('.')?;
    let found = CLASSES.iter().find(|(package, names, _)| {
        let inside = module == *package
            || module.strip_prefix(package).is_some_and(|rest| rest.starts_with('.'));
        inside && names.contains(&name)
    });
    found.map(|(_, _, framework)| *framework)
}

/// What the applications of a framework speak, by its name.
#[must_use]
pub fn interface(name: &str) -> Option<Interface> {
    // Backwards: what a package gives beside its usual classes stands first.
    CLASSES.iter().rev().find(|(.., framework)| framework.name == name)?.2.interface
}

/// Callables that take an application and give one, by the last part of their
/// name.
#[must_use]
pub fn wraps(callee: &str) -> bool {
    const NAMES: [&str; 13] = [
        "ASGIApp",
        "WSGIApp",
        "WsgiToAsgi",
        "AsgiToWsgi",
        "ProtocolTypeRouter",
        "ProxyFix",
        "WhiteNoise",
        "DebuggedApplication",
        "DispatcherMiddleware",
        "Cascade",
        "Sentry",
        "HTTPToHTTPSRedirect",
        "mount_gradio_app",
    ];
    let name = callee.rsplit('.').next().unwrap_or(callee);
    NAMES.contains(&name) || name.ends_with("Middleware") || name.ends_with("AppWrapper")
}

/// Callables that take an application and give something else, even where the
/// result is called `app`.
#[must_use]
pub fn consumes(callee: &str) -> bool {
    let name = callee.rsplit('.').next().unwrap_or(callee);
    matches!(name, "TestClient" | "AsyncClient" | "Client" | "Mangum" | "SQLAlchemy" | "Migrate")
}
