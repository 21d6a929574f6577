//! ECS' words for what a cluster runs: what the templates below `templates/ecs` read as
//! `ecs`. The same values stand in the task definitions as JSON and in the CloudFormation
//! template.

use serde_json::{Map, Value, json};

use crate::answers::stack::{Architecture, Target};
use crate::plan::Plan;
use crate::plan::registry;
use crate::plan::workloads::{Argument, Kind, NO_PROXY, Probe, Value as Told, Volume, Workload};
use crate::render::scalars::scalar;
use crate::schema::Role;
use crate::schema::numbers::rows;
use crate::units::MilliCpu;

/// What the templates read; empty where ECS is no target.
#[must_use]
pub fn context(plan: &Plan) -> Value {
    let all = &plan.workloads;
    let name = &plan.answers.name;
    let model = plan.answers.stack.application().model.as_ref();
    let tasks: Vec<Value> = match plan.flags.is("ecs") {
        true => all.workloads.iter().map(|own| task(plan, own)).collect(),
        false => Vec::new(),
    };
    let roles = Role::ALL.into_iter().filter(|role| role.runs_application());
    let of_role = |role: Role| {
        tasks.iter().find(|task| task["role"] == role.name()).cloned().unwrap_or(Value::Null)
    };
    json!({
        "name": name,
        "domain": plan.answers.deploy.public_name(name),
        "architecture": match plan.answers.deploy.architecture {
            Architecture::Amd64 => "X86_64",
            Architecture::Arm64 => "ARM64",
        },
        "platform": format!("linux/{}", plan.answers.deploy.architecture),
        "by_role": roles.map(|role| (role.name().to_owned(), of_role(role)))
            .collect::<Map<_, _>>(),
        "claims": all.claims.iter()
            .filter(|claim| all.workloads.iter().any(|own| {
                own.volumes.iter().any(|volume| volume.name == claim.name && is_shared(own, volume))
            }))
            .map(|claim| json!({
                "id": pascal(&claim.name),
                "variable": upper(&claim.name),
                "target": claim.target,
                "read_only": claim.read_only,
                "source": model.map_or("FILE", |model| model.path.as_str()),
            }))
            .collect::<Vec<_>>(),
        "filled": filled(&of_role(Role::Migrate), all.registry_login),
        "secrets": all.secrets.iter().filter(|secret| !secret.optional)
            .map(|secret| &secret.name).collect::<Vec<_>>(),
        "ready": match all.of_role(Role::Web).map(|web| &web.probe) {
            Some(Probe::Http { ready, .. }) => ready.as_str(),
            _ => "/",
        },
        "health": match all.of_role(Role::Web).map(|web| &web.probe) {
            Some(Probe::Http { live, .. }) => live.as_str(),
            _ => "/",
        },
        // Without a route that says more, any answer that is no fault will do.
        "matcher": match all.of_role(Role::Web) {
            Some(Workload { probe: Probe::Http { .. }, by_address: true, .. }) => "200-299",
            // A load balancer asks for the task by its address, which may be refused.
            _ => "200-499",
        },
        "by_address": all.of_role(Role::Web).is_none_or(|web| web.by_address),
        "registry": match all.registry_login {
            true => registry::host(plan.answers.repository()),
            false => "",
        },
        "tasks": tasks,
    })
}

/// What stands open in the migration's definition beside its image, and what the stack says of it. The migration is
/// registered apart from the stack, whose services stay as they are until it ended well.
fn filled(migrate: &Value, registry_login: bool) -> Vec<Value> {
    let value = |variable: &str, output: &str, about: &str, value: &str| {
        json!({
            "variable": variable,
            "shell": variable.to_ascii_lowercase(),
            "output": output,
            "about": about,
            "value": value,
        })
    };
    let list = |key: &str| migrate[key].as_array().cloned().unwrap_or_default();
    let mut filled = Vec::new();
    if migrate.is_null() {
        return filled;
    }
    filled.push(value("AWS_REGION", "Region", "Where the stack is.", "!Ref AWS::Region"));
    let role = "!GetAtt ExecutionRole.Arn";
    filled.push(value(
        "EXECUTION_ROLE_ARN",
        "ExecutionRoleArn",
        "What Fargate starts tasks as.",
        role,
    ));
    if registry_login {
        // An output has to have a value.
        let login = "!If [HasRegistryCredentials, !Ref RegistryCredentials, none]";
        let about = "The registry's login; none where anybody may pull.";
        filled.push(value("REGISTRY_CREDENTIALS_ARN", "RegistryLogin", about, login));
    }
    if !list("secrets").is_empty() {
        let path = "!Sub arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter${SecretsPath}";
        filled.push(value(
            "SECRETS_ARN",
            "SecretsArn",
            "What stands before the names of secrets.",
            path,
        ));
    }
    let volumes = list("volumes");
    if !volumes.is_empty() {
        let about = "The file system of what outlives tasks.";
        filled.push(value("FILE_SYSTEM_ID", "FileSystem", about, "!Ref FileSystemId"));
    }
    for volume in &volumes {
        let (name, id) = (volume["variable"].as_str(), volume["id"].as_str());
        let (Some(name), Some(id)) = (name, id) else { continue };
        filled.push(value(
            &format!("ACCESS_POINT_{name}"),
            &format!("AccessPointOf{id}"),
            &format!("The access point of {id}."),
            &format!("!Ref AccessPoint{id}"),
        ));
    }
    filled
}

/// Whether a volume is a file system that tasks share. Beat's schedule is not worth one:
/// a new task begins a new one.
fn is_shared(own: &Workload, volume: &Volume) -> bool {
    matches!(volume.kind, Kind::Claim { .. }) && own.role != Role::Beat
}

/// `web-tmp` as `WebTmp`.
fn pascal(name: &str) -> String {
    let part = |part: &str| {
        let mut letters = part.chars();
        let first = letters.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    };
    name.split('-').map(part).collect()
}

/// `web-tmp` as `WEB_TMP`.
fn upper(name: &str) -> String {
    name.replace('-', "_").to_ascii_uppercase()
}

/// Text as JSON and as YAML write it.
fn both(text: &str) -> Value {
    json!({ "json": serde_json::to_string(text).unwrap_or_default(), "yaml": scalar(text) })
}

fn task(plan: &Plan, own: &Workload) -> Value {
    let n = &plan.decisions;
    let role = own.role;
    // Nothing is put in there: a task is told its words as they are.
    let words = own.command.iter().map(Argument::text);
    let settings = plan.workloads.settings_on(Target::Ecs, &plan.answers.name);
    let settings = settings.iter().map(|(name, value)| match name.as_str() {
        NO_PROXY => (name, value, "Credentials and metadata of the task, too."),
        _ => (name, value, ""),
    });
    let known = own.env.iter().filter_map(|given| match &given.value {
        Told::Literal(value) => Some((&given.name, value, given.why.as_str())),
        Told::Secret { .. } => None,
    });
    let secrets = own.env.iter().filter_map(|given| match &given.value {
        // What may be missing cannot be asked for: the task would not start.
        Told::Secret { key, optional: false } => Some(json!({ "name": given.name, "key": key })),
        _ => None,
    });
    let shared = own.volumes.iter().filter(|volume| is_shared(own, volume));
    let memory = own.volumes.iter().filter(|volume| !is_shared(own, volume));
    let MilliCpu(milli) = n.get(rows::TASK_CPUS, role);
    let lasts = own.replicas.is_some();
    json!({
        "role": role.name(),
        // Files, families and services are called after what they are for.
        "id": role.name(),
        "pascal": pascal(role.name()),
        "vcpu": f64::from(milli) / 1000.0,
        "cpu": u64::from(milli) * 1024 / 1000,
        "memory": n.get(rows::TASK_MEMORY, role).0,
        "entrypoint": own.entrypoint.iter().map(|word| both(&word.text())).collect::<Vec<_>>(),
        "command": words.map(|word| both(&word)).collect::<Vec<_>>(),
        "user": own.user.map(|user| match own.group {
            Some(group) => format!("{user}:{group}"),
            None => user.to_string(),
        }),
        "read_only": own.writable.is_none(),
        "writable": own.writable,
        "unprivileged": own.unprivileged,
        "init": own.init,
        "working_dir": own.working_dir,
        "settings": settings.chain(known).map(|(name, value, why)| json!({
            "name": name,
            "value": both(value),
            "why": why,
        })).collect::<Vec<_>>(),
        "secrets": secrets.collect::<Vec<_>>(),
        "tmpfs": memory.map(|volume| json!({
            "target": volume.target,
            "size": match volume.kind {
                Kind::Scratch(size) | Kind::Memory(size) => size.0,
                Kind::Claim { .. } => 16,
            },
        })).collect::<Vec<_>>(),
        "volumes": shared.map(|volume| json!({
            "name": volume.name,
            "id": pascal(&volume.name),
            "variable": upper(&volume.name),
            "target": volume.target,
            "read_only": matches!(volume.kind, Kind::Claim { read_only: true }),
        })).collect::<Vec<_>>(),
        "check": check(plan, own).iter().map(|word| both(word)).collect::<Vec<_>>(),
        "interval": lasts.then(|| n.get(rows::TASK_INTERVAL, role).0),
        "timeout": lasts.then(|| n.get(rows::HEALTH_TIMEOUT, role).0),
        "retries": lasts.then(|| n.get(rows::HEALTH_RETRIES, role)),
        "start": lasts.then(|| n.get(rows::TASK_START, role).0),
        "stop": n.get(rows::TASK_STOP, role).0,
        "count": own.replicas.map(|replicas| replicas.count),
        "overlap": own.replicas.is_some_and(|replicas| replicas.overlap),
    })
}

/// What ECS runs in a task to see that it is well: it does not read the image's own
/// check. Nothing where nothing shows it.
fn check(plan: &Plan, own: &Workload) -> Vec<String> {
    let timeout = || plan.decisions.get(rows::HEALTH_TIMEOUT, own.role).0;
    let port = plan.container_port;
    let script = match &own.probe {
        Probe::None => return Vec::new(),
        Probe::Command(words) => {
            let words = words.iter().map(|word| word.trim().replace('\n', "; "));
            return std::iter::once("CMD".to_owned()).chain(words).collect();
        }
        Probe::Http { live, host, .. } => {
            let headers = match host.as_str() {
                "" => String::new(),
                host => format!(", headers={{'Host': '{host}', 'X-Forwarded-Proto': 'https'}}"),
            };
            format!(
                "import http.client, sys; connection = http.client.HTTPConnection('127.0.0.1', {port}, timeout={}); connection.request('GET', '{live}'{headers}); sys.exit(not 200 <= connection.getresponse().status < 400)",
                timeout()
            )
        }
        Probe::Connect => format!(
            "import socket; socket.create_connection(('127.0.0.1', {port}), {}).close()",
            timeout()
        ),
    };
    ["CMD", "python", "-c", &script].map(str::to_owned).to_vec()
}
