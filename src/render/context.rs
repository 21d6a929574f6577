//! The context templates read. Its shape is a contract: every name is always
//! there, empty where there is nothing, so that a misspelt name is an error
//! and not an empty line. A test holds every template against it.

use serde_json::{Map, Value, json};

use crate::answers::adopted::Adopted;
use crate::answers::stack::Database;
use crate::catalog::VERSIONS;
use crate::plan::env::EnvKind;
use crate::plan::{Plan, Role, images, network, topology};
use crate::render::{compose, ecs, kubernetes, pipeline, runbook};

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
            "uid": topology::APPLICATION_USER,
            "log_max_size": "10m",
            "log_max_file": 5,
            "cpus": deploy.cpus.to_string(),
            "memory": deploy.memory.to_string(),
            "budget": deploy.budget.word(),
            "dockerfile_syntax": images::written(answers, &images::frontend(answers)),
        },
        "images": plan.images.iter()
            .map(|(name, reference)| (name.clone(), json!(images::written(answers, reference))))
            .collect::<Map<_, _>>(),
        "network": network::context(plan),
        "svc": Role::ALL.iter()
            .map(|role| (role.name().to_owned(), json!(answers.services[role])))
            .collect::<Map<_, _>>(),
        "vol": plan.volumes,
        "compose": compose::context(&plan.topology),
        "development": compose::development(&plan.topology.development),
        "kubernetes": kubernetes::context(plan),
        "ecs": ecs::context(plan),
        "runbook": runbook::of(plan),
        "ci": pipeline::of(plan),
        "n": numbers(plan),
        "why": plan.decisions.iter()
            .filter(|decision| decision.is_pinned())
            .map(|decision| (decision.key.name(), json!(decision.reason())))
            .collect::<Map<_, _>>(),
        "env": plan.env.iter().map(|variable| json!({
            "passed_on": topology::is_passed_on(plan, variable),
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
            "reason": decision.reason(),
            "source": decision.origin,
        })).collect::<Vec<_>>(),
        "files": plan.file_names,
        "outputs": plan.outputs.iter().map(|output| json!({
            "path": output.path,
            "ownership": output.ownership.word(),
        })).collect::<Vec<_>>(),
        "requirements": plan.requirements,
    })
}

fn project(plan: &Plan) -> Value {
    let answers = &plan.answers;
    let application = answers.stack.application();
    let framework = application.framework;
    let mut project = json!({
        "name": answers.name,
        "package": "app",
        "python": answers.python,
        "python_nodot": answers.python.replace('.', ""),
        "package_manager": answers.package_manager.word(),
        "port": plan.container_port,
        "compose": compose_project(plan),
        "compose_file": named(plan, "compose", "compose.yaml"),
        "dev_file": named(plan, "development", "compose.dev.yaml"),
        "context": plan.context(),
        "build": pipeline::by_hand(plan),
        "app": plan.app(),
        "health": "/health",
        "ready": "/ready",
        "settings": framework.settings.as_ref().map_or("", |settings| &settings.module),
        "static_root": if framework.static_files { "/app/staticfiles" } else { "" },
        "static_url": if framework.static_files { "/static/" } else { "" },
    });
    if let Some(adopted) = &answers.adopted {
        describe_adopted(plan, adopted, &mut project);
    }
    project
}

/// The Compose project's name.
fn compose_project(plan: &Plan) -> &str {
    match &plan.carry {
        Some(carry) if !carry.carried.project.is_empty() => &carry.carried.project,
        _ => &plan.answers.name,
    }
}

/// What a file is called in text, where it may be left out.
fn named<'a>(plan: &'a Plan, name: &str, usual: &'a str) -> &'a str {
    Some(plan.file_names[name].as_str()).filter(|name| !name.is_empty()).unwrap_or(usual)
}

/// What is the code's own, in place of what a new service has.
fn describe_adopted(plan: &Plan, adopted: &Adopted, project: &mut Value) {
    let files = adopted.derived.static_files.as_ref();
    let url = files.and_then(|files| files.url.as_deref()).unwrap_or("/static/");
    project["package"] = json!("");
    project["health"] = json!(adopted.health);
    project["ready"] = json!(adopted.ready);
    project["settings"] = json!(adopted.settings);
    project["static_root"] = json!(plan.code.static_root);
    project["static_url"] = json!(format!("/{}/", url.trim_matches('/')));
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
    let framework = application.framework;
    json!({
        "preset": plan.answers.preset,
        "framework": framework.word(),
        "framework_title": framework.title,
        "interface": application.server.protocol.word(),
        "server": application.server.word(),
        "proxy": stack.proxy.word(),
        "database": stack.database.word(),
        "cache": redis(stack.cache),
        "broker": stack.broker.word(),
        "worker": if application.celery.is_some() { "celery" } else { "none" },
        "migrations": match (&plan.answers.adopted, stack.database) {
            (Some(adopted), _) => adopted.migrations.as_str(),
            (None, Database::None) => "none",
            (None, _) => framework.orm.migrations(),
        },
        "celery_app": plan.celery_app(),
        "celery_scheduler": plan.scheduler(),
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
    services["web"]["health_path"] = json!(health_path(plan));
    Value::Object(services)
}

/// What Docker's check of the application asks for.
pub(super) fn health_path(plan: &Plan) -> &str {
    match &plan.answers.adopted {
        Some(_) => plan.code.probe.path.as_str(),
        None if plan.flags.is("model") => "/ready",
        None => "/health",
    }
}
