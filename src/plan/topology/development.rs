//! The same services for development: the code mounted and reloading, what
//! listens reachable from this machine, and nothing of production touched.

use crate::answers::stack::Database;
use crate::plan::Plan;
use crate::plan::code;
use crate::plan::images;
use crate::plan::shape::Shape;
use crate::plan::topology::{
    BACKEND, Command, Condition, Dependency, EDGE, EnvValue, Group, Image, Mount, Port, Probe,
    Runbook, Security, Service, Times, Variable, Word, stores,
};
use crate::schema::Role;
use crate::units::Seconds;

/// What development changes, service by service.
#[derive(Clone, Debug, Default)]
pub struct Development {
    /// In the order of the compose file.
    pub overrides: Vec<Override>,
    /// Services that only development has.
    pub services: Vec<Service>,
    /// Variables that lead to those, in place of what is managed elsewhere.
    pub database: Vec<Variable>,
}

/// What development changes of one service.
#[derive(Clone, Debug)]
pub struct Override {
    /// The service.
    pub id: String,
    /// What a reader should know; empty for nothing.
    pub about: String,
    /// Whether it runs the mounted code, as the user of the host.
    pub mounted: bool,
    /// Whether it starts anew by itself when the code changes.
    pub reloads: bool,
    /// What it runs instead.
    pub command: Option<Command>,
    /// Variables that are set differently.
    pub env: Vec<Variable>,
    /// Ports that are published as well.
    pub ports: Vec<Port>,
    /// Networks that it is in as well.
    pub networks: Vec<String>,
    /// What it waits for as well.
    pub depends_on: Vec<Dependency>,
    /// Whether it is not started.
    pub off: bool,
}

/// The port of PostgreSQL.
const POSTGRES: u16 = 5432;
/// The password of the database of development.
const PASSWORD: &str = "development";
/// Only this machine reaches what development publishes.
const LOOPBACK: &str = "127.0.0.1";

impl Development {
    /// What development changes of a plan.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        // What is managed elsewhere is never touched: a database of its own.
        let stack = &plan.answers.stack;
        let managed = stack.database == Database::External && plan.answers.adopted.is_none();
        let database = match managed {
            true => vec![database(plan)],
            false => Vec::new(),
        };
        let order = [Role::Web, Role::Nginx, Role::Migrate, Role::Worker, Role::Beat, Role::Db];
        let overrides = order
            .into_iter()
            .filter(|role| plan.services.contains(role))
            .filter_map(|role| change(plan, role, &database))
            .collect();
        let services = managed.then(|| own_database(plan)).into_iter().collect();
        Self { overrides, services, database }
    }
}

fn change(plan: &Plan, role: Role, database: &[Variable]) -> Option<Override> {
    let mut change = Override {
        id: plan.answers.services[&role].clone(),
        about: String::new(),
        mounted: role.runs_application(),
        reloads: false,
        command: None,
        env: Vec::new(),
        ports: Vec::new(),
        networks: Vec::new(),
        depends_on: Vec::new(),
        off: false,
    };
    if role.runs_application() && !database.is_empty() {
        change.env.extend(database.iter().cloned());
        change.networks.push(BACKEND.to_owned());
        if matches!(role, Role::Web | Role::Migrate) {
            change.depends_on.push(Dependency {
                service: plan.answers.services[&Role::Db].clone(),
                condition: Condition::Healthy,
            });
        }
    }
    match role {
        Role::Web => web(plan, &mut change),
        Role::Worker => worker(plan, &mut change),
        Role::Beat => {
            change.about = "The volume of its schedule belongs to another user.".to_owned();
            change.command = Some(beat(plan));
        }
        Role::Migrate => {}
        Role::Nginx => {
            change.off = true;
            change.about = match plan.flags.is("static") {
                true => "Not started: the application answers by itself, static files included.",
                false => "Not started: the application answers by itself.",
            }
            .to_owned();
        }
        Role::Db => {
            let existing = plan.topology.of_kind(role);
            if existing.is_some_and(|service| !service.ports.is_empty()) {
                return None;
            }
            change.about =
                "A service on an internal network alone cannot publish a port.".to_owned();
            change.networks.push(EDGE.to_owned());
            change.ports.push(published(POSTGRES, POSTGRES));
        }
        Role::Redis | Role::Cache => {}
    }
    Some(change)
}

fn published(published: u16, target: u16) -> Port {
    Port::Published { address: LOOPBACK.to_owned(), published, target }
}

fn own(name: &str, value: EnvValue) -> Variable {
    Variable { name: name.to_owned(), value, group: Group::Own, why: String::new() }
}

/// The development server of each framework, which reloads.
fn web(plan: &Plan, change: &mut Override) {
    let adopted = plan.answers.adopted.is_some();
    let port = plan.container_port;
    let app = if adopted { plan.code.object.as_str() } else { plan.app() };
    let framework = plan.answers.stack.application().framework;
    let mut command = Vec::new();
    for word in &framework.development {
        match word.as_str() {
            "{manage}" if adopted => command.extend(plan.code.manage.iter().cloned()),
            "{manage}" => command.extend(["python".to_owned(), "manage.py".to_owned()]),
            "{factory}" if plan.flags.is("factory") => command.push("--factory".to_owned()),
            "{factory}" => {}
            "{watched}" => command.extend(watched(plan, change)),
            word => command.push(word.replace("{app}", app).replace("{port}", &port.to_string())),
        }
    }
    let started = &plan.code.own.command;
    let aiohttp = !plan.answers.stack.application().server.serves.is_empty();
    change.reloads = started.is_empty() && !aiohttp;
    // Without a server that reloads, it runs what production runs.
    change.command = match started.is_empty() {
        true if aiohttp => None,
        true => Some(Command::of(command)),
        false => Some(Command::of(started)),
    };
    if adopted {
        let development = code::development(&Shape::of(&plan.answers));
        change.env.extend(development.into_iter().map(|(name, value)| own(&name, value)));
    } else {
        if framework.debug {
            change.env.push(own("DEBUG", EnvValue::literal("true")));
        }
        change.env.push(own("LOG_LEVEL", EnvValue::literal("debug")));
    }
    if plan.flags.is("nginx") {
        change.ports.push(published(plan.answers.port, port));
    }
}

/// Where uvicorn looks for changes. Without watchfiles it asks for the times of
/// every Python file below, several times a second: not those of a `.venv` in
/// the mounted directory.
fn watched(plan: &Plan, change: &mut Override) -> Option<String> {
    let Some(adopted) = &plan.answers.adopted else {
        return plan.app().split_once('.').map(|(package, _)| format!("--reload-dir={package}"));
    };
    let derived = &adopted.derived;
    // Then the system tells it of changes, and a `.venv` costs nothing.
    let brings = |package| derived.installs_with(package, "standard");
    if derived.installs("watchfiles") || brings("uvicorn") || brings("fastapi") {
        return None;
    }
    let root = &plan.code.root;
    if root != adopted.top() {
        return Some(format!("--reload-dir={root}"));
    }
    let (module, _) = plan.code.object.split_once(':')?;
    let Some((package, _)) = module.split_once('.') else {
        change.about = "uvicorn looks for changes in every directory here, a .venv too.".to_owned();
        return None;
    };
    change.about = format!("uvicorn looks for changes in {package} alone, to leave out a .venv.");
    Some(format!("--reload-dir={root}/{package}"))
}

fn worker(plan: &Plan, change: &mut Override) {
    change.reloads =
        plan.answers.adopted.as_ref().is_some_and(|code| code.derived.installs("watchfiles"));
    if change.reloads {
        change.command = Some(Command::of([
            "watchfiles".to_owned(),
            "--filter=python".to_owned(),
            format!("celery --app={} worker --loglevel=debug --concurrency=1", plan.celery_app()),
        ]));
    } else {
        change.about =
            "Celery has no reloader of its own: restart this service after a change.".to_owned();
    }
}

fn beat(plan: &Plan) -> Command {
    let planned = plan.topology.of_kind(Role::Beat).and_then(|beat| beat.command.as_ref());
    let words = planned.map(|command| command.0.concat()).unwrap_or_default();
    let changed = words.into_iter().map(|word| match word {
        Word::Setting { prefix: "--loglevel=", .. } => literal("--loglevel=debug"),
        Word::Literal(text) if text.starts_with("--loglevel=") => literal("--loglevel=debug"),
        Word::Literal(text) if text.starts_with("--schedule=") => {
            literal("--schedule=/tmp/schedule")
        }
        other => other,
    });
    Command(changed.map(|word| vec![word]).collect())
}

fn literal(text: &str) -> Word {
    Word::Literal(text.to_owned())
}

/// What leads to the database of development. Its password protects nothing:
/// only this machine reaches it, and what is in it is made up.
fn database(plan: &Plan) -> Variable {
    let host = &plan.answers.services[&Role::Db];
    let url = format!("postgresql://app:{PASSWORD}@{host}:{POSTGRES}/app?sslmode=disable");
    Variable { group: Group::Database, ..own("DATABASE_URL", EnvValue::Literal(url)) }
}

/// The database of development, where production's is managed elsewhere.
fn own_database(plan: &Plan) -> Service {
    Service {
        id: plan.answers.services[&Role::Db].clone(),
        kind: None,
        about: String::new(),
        image: Image::Fetched(images::written(&plan.answers, &plan.images["postgres"])),
        command: None,
        working_dir: String::new(),
        env: vec![
            own("POSTGRES_USER", EnvValue::literal("app")),
            own("POSTGRES_DB", EnvValue::literal("app")),
            own("POSTGRES_PASSWORD", EnvValue::literal(PASSWORD)),
        ],
        ports: vec![published(POSTGRES, POSTGRES)],
        mounts: vec![Mount::volume(&plan.volumes.db, stores::POSTGRES_DATA)],
        networks: vec![EDGE.to_owned(), BACKEND.to_owned()],
        depends_on: Vec::new(),
        probe: Probe {
            test: stores::postgres_test(),
            times: Some(Times {
                interval: Seconds(10),
                timeout: Seconds(5),
                retries: 3,
                start_period: Seconds(30),
                start_interval: Seconds(1),
            }),
            why: "",
        },
        resources: None,
        security: Security::default(),
        one_shot: false,
        stop: None,
        runbook: Runbook::default(),
        kept: None,
    }
}
