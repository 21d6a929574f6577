//! The part of a compose file that was there before, as text for the
//! template. Every name is always there, empty where nothing is carried on.

mod application;
mod passed;
mod store;
mod text;

use serde_json::{Map, Value, json};

use crate::plan::carry::Carry;
use crate::plan::{Plan, Role};

/// What `carried` holds in the context of a template.
#[must_use]
pub fn context(plan: &Plan) -> Value {
    let mut context: Map<String, Value> =
        Role::ALL.iter().map(|role| (role.name().to_owned(), role_context(plan, *role))).collect();
    let Some(carry) = &plan.carry else {
        let empty = ["anchors", "services", "networks", "volumes", "secrets", "rest"];
        context.extend(empty.map(|name| (name.to_owned(), json!(""))));
        context.insert("own_networks".to_owned(), json!(Vec::<String>::new()));
        context.insert("there".to_owned(), json!(false));
        return Value::Object(context);
    };
    context.extend([
        ("there".to_owned(), json!(true)),
        ("anchors".to_owned(), json!(application::anchors(plan, carry))),
        ("services".to_owned(), json!(passed::services(plan, carry))),
        ("networks".to_owned(), json!(text::entries(carry, "networks"))),
        ("volumes".to_owned(), json!(text::entries(carry, "volumes"))),
        ("own_networks".to_owned(), json!(carry.document.names("networks").collect::<Vec<_>>())),
        ("secrets".to_owned(), json!(text::entries(carry, "secrets"))),
        ("rest".to_owned(), json!(text::rest(carry, plan.flags.is("index_secret")))),
    ]);
    Value::Object(context)
}

fn role_context(plan: &Plan, role: Role) -> Value {
    match &plan.carry {
        Some(carry) if is_store(role) => store::context(carry, role),
        Some(carry) => application::context(plan, carry, role),
        None if is_store(role) => store::nothing(),
        None => application::nothing(),
    }
}

const fn is_store(role: Role) -> bool {
    matches!(role, Role::Db | Role::Redis | Role::Cache)
}

/// The port that the application listens on in its container: the one it had.
#[must_use]
pub fn container_port(plan: &Plan) -> Option<u16> {
    /// Only root may open those below.
    const LEAST: u16 = 1024;
    let carry = plan.carry.as_ref()?;
    application::main_port(carry.services.get(&Role::Web)?).filter(|port| *port >= LEAST)
}

/// The Compose project's name.
#[must_use]
pub fn project(plan: &Plan) -> String {
    match &plan.carry {
        Some(carry) if !carry.carried.project.is_empty() => carry.carried.project.clone(),
        _ => plan.answers.name.clone(),
    }
}

/// The networks that services which are passed through had in common with
/// ours, so that names keep being found.
fn shared_networks(carry: &Carry, role: Role) -> Vec<String> {
    let Some(service) = carry.services.get(&role) else {
        // A process that is new goes where the web service is.
        return match role.runs_application() && role != Role::Web {
            true if carry.has(Role::Web) => shared_networks(carry, Role::Web),
            _ => Vec::new(),
        };
    };
    let own = service.names("networks");
    let names = if own.is_empty() && text::has_default_network(carry) {
        vec!["default".to_owned()]
    } else {
        own
    };
    names.into_iter().filter(|name| !matches!(name.as_str(), "edge" | "backend")).collect()
}
