//! How what `isolation` watches is broken on purpose.

use std::path::Path;

use serde_json::{Value, json};

use crate::verify::arm::{Arm, How};
use crate::verify::case::Case;
use crate::verify::model::Model;
use crate::verify::steps::recipe;

/// One for each check at least.
pub const ARMS: &[Arm] = &[
    Arm {
        check: "isolation.user",
        breaks: "the application runs as root",
        how: How::Project(|case, model| application(case, model, |own| own["user"] = json!("0:0"))),
        alone: false,
    },
    Arm {
        check: "isolation.root",
        breaks: "the application's root file system can be written to",
        how: How::Project(writable),
        alone: false,
    },
    Arm {
        check: "isolation.capabilities",
        breaks: "the application gets NET_RAW",
        how: How::Project(|case, model| {
            application(case, model, |own| own["cap_add"] = json!(["NET_RAW"]))
        }),
        alone: false,
    },
    Arm {
        check: "isolation.privileges",
        breaks: "the application may gain privileges",
        how: How::Project(|case, model| {
            application(case, model, |own| own["security_opt"] = json!(["no-new-privileges:false"]))
        }),
        alone: false,
    },
    Arm {
        check: "isolation.host",
        breaks: "the host's /etc is mounted into the application",
        how: How::Project(|case, model| {
            application(case, model, |own| {
                push(
                    &mut own["volumes"],
                    json!({
                        "type": "bind", "source": "/etc", "target": "/host-etc", "read_only": true,
                    }),
                );
            })
        }),
        alone: false,
    },
    Arm {
        check: "isolation.stores",
        breaks: "a store publishes a port",
        how: How::Project(published),
        alone: false,
    },
    Arm {
        check: "isolation.stores",
        breaks: "a store joins the network that is reached from outside",
        how: How::Project(joined),
        alone: true,
    },
    Arm {
        check: "isolation.way-out",
        breaks: "the networks of stores lead outside",
        how: How::Project(opened),
        alone: false,
    },
    Arm {
        check: "isolation.secrets",
        breaks: "an image sets a token in its environment",
        how: How::Copy(|_, model: &Model, copy: &Path| {
            recipe::begin_with(model, copy, "ENV DOCKWRIGHT_TOKEN=4f1c9a7be0")
        }),
        alone: false,
    },
    Arm {
        check: "isolation.secrets",
        breaks: "a build argument is a token",
        how: How::Copy(|_, model: &Model, copy: &Path| {
            recipe::begin_with(model, copy, "ARG DOCKWRIGHT_TOKEN=4f1c9a7be0\nRUN true")
        }),
        alone: false,
    },
    Arm {
        check: "isolation.secrets",
        breaks: "a store is given a secret of the application",
        how: How::Project(given),
        alone: false,
    },
];

/// Changes the application that serves, or any other of its services.
fn application(case: &Case, model: &mut Model, change: impl FnOnce(&mut Value)) -> bool {
    let own = case.web().or_else(|| case.of(|own| own.is_application() && !own.one_shot).next());
    let own = own.or_else(|| case.services.first());
    let Some(own) = own else { return false };
    change(model.service_mut(&own.name));
    true
}

fn push(list: &mut Value, value: Value) {
    match list {
        Value::Array(list) => list.push(value),
        list => *list = json!([value]),
    }
}

fn writable(case: &Case, model: &mut Model) -> bool {
    let mut is_broken = false;
    for own in &case.services {
        let service = model.service_mut(&own.name);
        if service["read_only"] == true {
            service["read_only"] = json!(false);
            is_broken = true;
            break;
        }
    }
    is_broken
}

fn store(case: &Case) -> Option<String> {
    case.of(|own| own.kind.is_store()).next().map(|own| own.name.clone())
}

fn published(case: &Case, model: &mut Model) -> bool {
    let Some(store) = store(case) else { return false };
    let port = json!({ "target": 5432, "published": "5432", "protocol": "tcp", "mode": "ingress" });
    push(&mut model.service_mut(&store)["ports"], port);
    true
}

fn joined(case: &Case, model: &mut Model) -> bool {
    let edge = case.edge().map(|own| own.service.clone());
    let edge = edge.or_else(|| case.web().map(|own| own.name.clone()));
    let (Some(store), Some(edge)) = (store(case), edge) else { return false };
    let internal = |name: &&str| model.0["networks"][*name]["internal"] == true;
    let network = model.networks(&edge).into_iter().find(|own| !internal(own)).map(str::to_owned);
    let Some(network) = network else { return false };
    model.service_mut(&store)["networks"][network.as_str()] = Value::Null;
    true
}

fn opened(case: &Case, model: &mut Model) -> bool {
    let Some(store) = store(case) else { return false };
    let networks: Vec<String> = model.networks(&store).into_iter().map(str::to_owned).collect();
    let mut is_broken = false;
    for network in networks {
        is_broken |= model.0["networks"][network.as_str()]["internal"] == true;
        model.0["networks"][network.as_str()]["internal"] = json!(false);
    }
    is_broken
}

fn given(case: &Case, model: &mut Model) -> bool {
    let (Some(store), Some(web)) = (store(case), case.web()) else { return false };
    let secret = json!("made-up-for-the-arm-of-a-check");
    model.service_mut(&store)["environment"]["SECRET_KEY"] = secret.clone();
    model.service_mut(&web.name)["environment"]["SECRET_KEY"] = secret;
    true
}
