//! The context templates read. Its shape is a contract: every name is always
//! there, empty where there is nothing, so that a misspelt name is an error
//! and not an empty line. A test holds every template against it.

use serde_json::{Map, Value, json};

use crate::answers::adopted::Adopted;
use crate::answers::stack::{Database, Framework};
use crate::catalog::VERSIONS;
use crate::plan::env::{EnvKind, EnvVar};
use crate::plan::{Plan, Role, images, network};
use crate::render::carried;

/// The port that the application listens on in its container.
const PORT: u16 = 8000;
/// The user id that application containers run as.
const UID: u32 = 10_001;

/// The context of a plan.
#[must_use]
pub fn of(plan: &Plan) -> Value {
    let answers = &plan.answers;
    let deploy = &answers.deploy;
    json!({
        "tool": { "version": env!("CARGO_PKG_VERSION") },
        "project": project(plan),
        "stack": stack(plan),
        "has": plan.flags,
        "model": model(plan),
        "deploy": {
            "bind": bind(&deploy.bind),
            "publish_port": answers.port,
            "domain": deploy.domain,
            "hardening": deploy.hardening.word(),
            "uid": UID,
            "log_max_size": "10m",
            "log_max_file": 5,
            "cpus": deploy.cpus.to_string(),
            "memory": deploy.memory.to_string(),
            "budget": deploy.budget.word(),
            "dockerfile_syntax": images::frontend(answers),
        },
        "images": plan.images,
        "network": network::context(plan),
        "svc": Role::ALL.iter()
            .map(|role| (role.name().to_owned(), json!(answers.services[role])))
            .collect::<Map<_, _>>(),
        "vol": volumes(plan),
        "carried": carried::context(plan),
        "n": numbers(plan),
        "why": plan.decisions.iter()
            .filter(|decision| decision.is_pinned())
            .map(|decision| (decision.key.name(), json!(decision.reason)))
            .collect::<Map<_, _>>(),
        "env": plan.env.iter().map(|variable| json!({
            "shared": is_passed_on(plan, variable) && variable.services.len() > 1,
            "alone": is_passed_on(plan, variable) && variable.services.len() == 1,
            "name": variable.name,
            "kind": variable.kind.word(),
            // A long random value does; another secret has a form of its own.
            "made": matches!(variable.kind, EnvKind::Secret(_)),
            "value": variable.kind.example(),
            "doc": variable.doc,
            "services": variable.services.iter().map(|role| &answers.services[role]).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "packages": packages(plan),
        "code": plan.code,
        "pins": VERSIONS.tools.iter()
            .map(|(name, version)| (name.replace('-', "_"), json!(version)))
            .collect::<Map<_, _>>(),
        "decisions": plan.decisions.iter().map(|decision| json!({
            "key": decision.key.name(),
            "value": decision.value.to_string(),
            "reason": decision.reason,
            "source": decision.source,
        })).collect::<Vec<_>>(),
        "outputs": plan.outputs.iter().map(|output| json!({
            "path": output.path,
            "ownership": output.ownership.word(),
        })).collect::<Vec<_>>(),
        "requirements": plan.requirements,
    })
}

/// The names of our volumes, and those that the file declares: a store that
/// was there has its own.
fn volumes(plan: &Plan) -> Value {
    let taken: Vec<String> =
        plan.carry.iter().flat_map(|carry| carry.document.names("volumes")).collect();
    let name = |usual: &str| match taken.iter().any(|name| name == usual) {
        true => format!("dockwright-{usual}"),
        false => usual.to_owned(),
    };
    let names = [
        (Role::Db, "db", name("db-data")),
        (Role::Redis, "redis", name("redis-data")),
        (Role::Beat, "beat", name("beat-data")),
    ];
    let there =
        |role: Role| role != Role::Beat && plan.carry.as_ref().is_some_and(|carry| carry.has(role));
    let declared: Vec<&String> = names
        .iter()
        .filter(|(role, ..)| plan.services.contains(role) && !there(*role))
        .map(|(_, _, name)| name)
        .chain(plan.code.storage.volumes.iter().map(|volume| &volume.name))
        .collect();
    let mut volumes = json!({ "declared": declared });
    for (_, short, name) in &names {
        volumes[*short] = json!(name);
    }
    volumes
}

fn project(plan: &Plan) -> Value {
    let answers = &plan.answers;
    let application = answers.stack.application();
    let (app, settings) = match (application.framework, application.server.is_asgi()) {
        (Framework::Fastapi, _) => ("app.main:app", ""),
        (Framework::Flask, _) => ("app:create_app()", ""),
        (Framework::Django, true) => ("config.asgi:application", "config.settings"),
        (Framework::Django, false) => ("config.wsgi:application", "config.settings"),
    };
    let mut project = json!({
        "name": answers.name,
        "package": "app",
        "python": answers.python,
        "python_nodot": answers.python.replace('.', ""),
        "package_manager": answers.package_manager.word(),
        "port": carried::container_port(plan).unwrap_or(PORT),
        "compose": carried::project(plan),
        "compose_file": file_name(plan, "compose.yaml"),
        "dev_file": file_name(plan, "compose.dev.yaml"),
        "context": plan.carry.as_ref().map_or(".", |carry| carry.context.as_str()),
        "app": app,
        "health": "/health",
        "ready": "/ready",
        "settings": settings,
        "static_root": if settings.is_empty() { "" } else { "/app/staticfiles" },
        "static_url": if settings.is_empty() { "" } else { "/static/" },
    });
    if let Some(adopted) = &answers.adopted {
        describe_adopted(plan, adopted, &mut project);
    }
    project
}

/// The name of one of the compose files, as it stands in its directory.
fn file_name(plan: &Plan, usual: &str) -> String {
    let placed = plan.carry.as_ref().and_then(|carry| carry.carried.place(usual));
    let path = placed.unwrap_or_else(|| usual.to_owned());
    path.rsplit('/').next().unwrap_or(&path).to_owned()
}

/// What is the code's own, in place of what a new service has.
fn describe_adopted(plan: &Plan, adopted: &Adopted, project: &mut Value) {
    let files = adopted.derived.static_files.as_ref();
    let url = files.and_then(|files| files.url.as_deref()).unwrap_or("/static/");
    project["package"] = json!("");
    if plan.carry.is_none() {
        project["context"] = json!(plan.code.context);
    }
    project["app"] = json!(plan.code.app);
    project["health"] = json!(adopted.health);
    project["ready"] = json!(adopted.ready);
    project["settings"] = json!(adopted.settings);
    project["static_root"] = json!(plan.code.static_root);
    project["static_url"] = json!(format!("/{}/", url.trim_matches('/')));
}

/// Whether a variable of `.env` is given to the application under its name.
/// The others are parts of an address, or the template gives them itself.
fn is_passed_on(plan: &Plan, variable: &EnvVar) -> bool {
    let part = variable.services.iter().any(|role| !role.runs_application());
    let part = part || network::gives(&variable.name);
    let adopted = plan.answers.adopted.is_some();
    !part && (adopted || !["LOG_LEVEL", "DATABASE_URL"].contains(&variable.name.as_str()))
}

/// Debian packages by stage.
fn packages(plan: &Plan) -> Value {
    let adopted = plan.answers.adopted.as_ref();
    let named = |packages: Vec<String>| -> Vec<String> {
        let image = &plan.images["python"];
        packages.iter().map(|name| VERSIONS.package_in(image, name).to_owned()).collect()
    };
    json!({
        "build": named(adopted.map(crate::plan::code::build_packages).unwrap_or_default()),
        "runtime": named(adopted
            .map(|adopted| adopted.derived.system_packages.runtime.clone())
            .unwrap_or_default()),
    })
}

fn stack(plan: &Plan) -> Value {
    let stack = &plan.answers.stack;
    let application = stack.application();
    let redis = |there: bool| if there { "redis" } else { "none" };
    let django = application.framework == Framework::Django;
    json!({
        "preset": plan.answers.preset,
        "framework": application.framework.word(),
        "interface": if application.server.is_asgi() { "asgi" } else { "wsgi" },
        "server": application.server.word(),
        "proxy": stack.proxy.word(),
        "database": stack.database.word(),
        "cache": redis(stack.cache),
        "broker": stack.broker.word(),
        "worker": if application.celery.is_some() { "celery" } else { "none" },
        "migrations": match (&plan.answers.adopted, stack.database, django) {
            (Some(adopted), ..) => adopted.migrations.as_str(),
            (None, Database::None, _) => "none",
            (None, _, true) => "django",
            (None, _, false) => "alembic",
        },
        "celery_app": match (&plan.answers.adopted, application.celery, django) {
            (Some(adopted), ..) => adopted.celery_app.as_str(),
            (None, None, _) => "",
            (None, _, true) => "config.celery:app",
            (None, _, false) => "app.celery_app:app",
        },
        "celery_scheduler": match (application.celery.is_some_and(|celery| celery.beat), django) {
            _ if plan.answers.adopted.is_some() => plan.code.scheduler.as_str(),
            (false, _) => "",
            (true, true) => "config.celery:HeartbeatScheduler",
            (true, false) => "app.celery_app:HeartbeatScheduler",
        },
    })
}

fn model(plan: &Plan) -> Value {
    let Some(model) = &plan.answers.stack.application().model else {
        return json!({
            "runtime": "none", "path": "", "dir": "", "file": "", "target": "",
            "delivery": "", "device": "",
        });
    };
    let path = model.path.as_str();
    let (dir, file) = path.rsplit_once('/').unwrap_or(("", path));
    json!({
        "runtime": model.runtime.word(),
        "path": path,
        "dir": dir,
        "file": file,
        "target": format!("/models/{file}"),
        "delivery": model.delivery.word(),
        "device": "cpu",
    })
}

/// IPv6 addresses stand in brackets in Compose's short port syntax.
fn bind(address: &str) -> String {
    if address.contains(':') { format!("[{address}]") } else { address.to_owned() }
}

/// Numbers by service and field; services that are not there are empty.
fn numbers(plan: &Plan) -> Value {
    let mut services: Map<String, Value> =
        Role::ALL.iter().map(|role| (role.name().to_owned(), json!({}))).collect();
    for decision in &plan.decisions {
        services[decision.key.role.name()][decision.key.row.field] = decision.value.in_template();
    }
    let path = match &plan.answers.adopted {
        Some(_) => plan.code.probe.path.as_str(),
        None if plan.flags.is("model") => "/ready",
        None => "/health",
    };
    services["web"]["health_path"] = json!(path);
    Value::Object(services)
}
