//! How what `start` watches is broken on purpose.

use serde_json::{Value, json};

use crate::lint::subject::Kind;
use crate::verify::arm::{Arm, How};
use crate::verify::case::Case;
use crate::verify::model::Model;

/// One for each check at least.
pub const ARMS: &[Arm] = &[
    Arm {
        check: "start.healthy",
        breaks: "a health check cannot pass",
        how: How::Project(cannot_pass),
        alone: true,
    },
    Arm {
        check: "start.probe",
        breaks: "a health check cannot fail",
        how: How::Project(cannot_fail),
        alone: false,
    },
    Arm {
        check: "start.order",
        breaks: "the application waits for nothing",
        how: How::Project(waits_for_nothing),
        alone: true,
    },
    Arm {
        check: "start.one-shots",
        breaks: "what runs to its end ends with an error",
        how: How::Project(ends_badly),
        alone: true,
    },
    Arm {
        check: "start.restarts",
        breaks: "a service ends once after its start",
        how: How::Project(ends_once),
        alone: true,
    },
    Arm {
        check: "start.memory",
        breaks: "the application has no memory limit",
        how: How::Project(no_limit),
        alone: false,
    },
    Arm {
        check: "start.processes",
        breaks: "the application starts two more processes than are planned",
        how: How::Project(more_processes),
        alone: false,
    },
    Arm {
        check: "start.ports",
        breaks: "a port is published on which nothing listens",
        how: How::Project(silent_port),
        alone: false,
    },
    Arm {
        check: "start.mounts",
        breaks: "a volume lies over files of the image",
        how: How::Project(hiding_volume),
        alone: false,
    },
];

/// What runs on: others first whose health somebody waits for, so that the start
/// fails at once.
fn running<'c>(case: &'c Case, model: &Model) -> Vec<&'c str> {
    let is_waited = |name: &str| {
        model.services().into_iter().any(|own| {
            model
                .waits(own)
                .iter()
                .any(|wait| wait.service == name && wait.condition == "service_healthy")
        })
    };
    let mut names: Vec<&str> = case.of(|own| !own.one_shot).map(|own| own.name.as_str()).collect();
    names.sort_by_key(|name| !is_waited(name));
    names
}

/// The application that serves, or any other of its services that run on.
fn application(case: &Case) -> Option<&str> {
    let own = case.web().or_else(|| case.of(|own| own.is_application() && !own.one_shot).next());
    own.map(|own| own.name.as_str())
}

fn probe(test: Value) -> Value {
    json!({ "test": test, "interval": "1s", "timeout": "2s", "retries": 2, "start_period": "0s" })
}

fn cannot_pass(case: &Case, model: &mut Model) -> bool {
    let names = running(case, model);
    let Some(name) = names.first() else { return false };
    model.service_mut(name)["healthcheck"] = probe(json!(["CMD", "false"]));
    true
}

fn cannot_fail(case: &Case, model: &mut Model) -> bool {
    let store = case.of(|own| own.kind.is_store() || own.kind == Kind::Web).next();
    let Some(name) = case.web().or(store).map(|own| own.name.clone()) else { return false };
    model.service_mut(&name)["healthcheck"] = probe(json!(["CMD", "true"]));
    true
}

/// Where it needs a store that it waits for, by itself or through others.
fn waits_for_nothing(case: &Case, model: &mut Model) -> bool {
    let name = case
        .of(|own| own.is_application() && !own.one_shot)
        .map(|own| own.name.clone())
        .find(|own| !super::order::needs(case, model, own).is_empty());
    let Some(name) = name else { return false };
    let Some(service) = model.service_mut(&name).as_object_mut() else { return false };
    service.remove("depends_on").is_some()
}

fn ends_badly(case: &Case, model: &mut Model) -> bool {
    let Some(name) = case.of(|own| own.one_shot).map(|own| own.name.clone()).next() else {
        return false;
    };
    let service = model.service_mut(&name);
    service["entrypoint"] = json!(["false"]);
    service["command"] = json!([]);
    true
}

/// Its health check ends it, once: the mark is in a volume over a directory that
/// everybody may write to in every image with a shell.
fn ends_once(case: &Case, model: &mut Model) -> bool {
    let Some(name) = running(case, model).last().map(|own| (*own).to_owned()) else {
        return false;
    };
    let volume = "dockwright-arm";
    let service = model.service_mut(&name);
    service["restart"] = json!("always");
    service["healthcheck"] =
        probe(json!(["CMD-SHELL", "mkdir /var/tmp/dockwright-arm 2>/dev/null && kill 1; true"]));
    let mount = json!({ "type": "volume", "source": volume, "target": "/var/tmp", "volume": {} });
    push(&mut service["volumes"], mount);
    model.0["volumes"][volume] = json!({});
    true
}

fn no_limit(case: &Case, model: &mut Model) -> bool {
    let Some(name) = application(case) else { return false };
    let service = model.service_mut(name);
    if let Some(limits) = service["deploy"]["resources"]["limits"].as_object_mut() {
        limits.remove("memory");
    }
    if let Some(service) = service.as_object_mut() {
        service.remove("mem_limit");
    }
    true
}

fn more_processes(case: &Case, model: &mut Model) -> bool {
    let (Some(planned), Some(web)) = (case.planned("web.workers"), case.web()) else {
        return false;
    };
    model.service_mut(&web.name)["environment"]["WEB_CONCURRENCY"] =
        json!(format!("{:.0}", planned + 2.0));
    true
}

fn silent_port(case: &Case, model: &mut Model) -> bool {
    let edge = case.edge().map(|own| own.service.clone());
    let Some(name) = edge.or_else(|| application(case).map(str::to_owned)) else { return false };
    let port = json!({
        "target": 9, "published": "9", "protocol": "tcp", "mode": "ingress", "host_ip": "127.0.0.1",
    });
    push(&mut model.service_mut(&name)["ports"], port);
    true
}

fn hiding_volume(case: &Case, model: &mut Model) -> bool {
    let names: Vec<String> = model.services().into_iter().map(str::to_owned).collect();
    let images: Vec<String> =
        model.built().into_iter().map(|own| model.image(own).to_owned()).collect();
    let built = |name: &&String| {
        model.is_built(name)
            || !model.image(name).is_empty() && images.iter().any(|own| own == model.image(name))
    };
    let own = |name: &&String| case.service(name).is_some_and(|own| own.is_application());
    let Some(name) = names.iter().filter(built).find(own).or_else(|| names.iter().find(built))
    else {
        return false;
    };
    let mount = json!({
        "type": "volume", "source": "dockwright-arm", "target": "/usr/share", "volume": {},
    });
    push(&mut model.service_mut(name)["volumes"], mount);
    model.0["volumes"]["dockwright-arm"] = json!({});
    true
}

fn push(list: &mut Value, value: Value) {
    match list {
        Value::Array(list) => list.push(value),
        list => *list = json!([value]),
    }
}
