//! What holds in every plan, whoever chose the numbers. A pinned number is
//! honoured and checked here like any other.

use crate::error::Problem;
use crate::plan::budget::{self, FILL_PERCENT};
use crate::plan::ledger::Ledger;
use crate::plan::postgres;
use crate::plan::shape::Shape;
use crate::schema::role::Role::{self, Beat, Cache, Db, Nginx, Redis, Web, Worker};
use crate::units::{MiB, MilliCpu};

/// Seconds a stop needs beyond the graceful time-out, for clean-up.
const STOP_MARGIN: u64 = 5;

/// MiB nginx takes without the request bodies it buffers.
const NGINX_ITSELF: u64 = 16;

/// Every invariant that the decided numbers break.
#[must_use]
pub fn problems(shape: &Shape, ledger: &Ledger) -> Vec<Problem> {
    let mut broken = Broken { ledger, problems: Vec::new() };
    unknown_pins(&mut broken);
    budget(shape, &mut broken);
    processes(shape, &mut broken);
    connections(shape, &mut broken);
    timeouts(shape, &mut broken);
    stores(shape, &mut broken);
    broken.problems
}

struct Broken<'a> {
    ledger: &'a Ledger<'a>,
    problems: Vec<Problem>,
}

impl Broken<'_> {
    fn number(&self, role: Role, name: &str) -> u64 {
        self.ledger.number(role, name)
    }

    fn unless(
        &mut self,
        holds: bool,
        message: impl FnOnce() -> String,
        help: impl FnOnce() -> String,
    ) {
        if !holds {
            self.problems.push(Problem::new(message()).help(help()));
        }
    }

    /// `inner` is shorter than `outer`, both there.
    fn shorter(&mut self, inner: (Role, &str), outer: (Role, &str), why: &str) {
        let (Some(one), Some(two)) =
            (self.ledger.get(inner.0, inner.1), self.ledger.get(outer.0, outer.1))
        else {
            return;
        };
        let (a, b) = (one.value.number(), two.value.number());
        let scale = |number: u64, name: &str| {
            if name == "statement-timeout" { number } else { number * 1000 }
        };
        let holds = scale(a, inner.1) < scale(b, outer.1);
        let message = format!(
            "{} = {} is not below {} = {}: {why}",
            one.key.name(),
            one.value,
            two.key.name(),
            two.value
        );
        let help = format!("lower [tune] {} or raise {}", one.key.name(), two.key.name());
        self.unless(holds, || message, || help);
    }
}

fn unknown_pins(broken: &mut Broken) {
    let unused: Vec<(String, String)> =
        broken.ledger.unused_pins().map(|(name, pin)| (name.clone(), pin.source.clone())).collect();
    for (name, source) in unused {
        let problem =
            Problem::new(format!("tune.{name} is pinned, but this stack has no such number"));
        broken
            .problems
            .push(problem.at(source).help("`dockwright plan` lists the numbers of this stack"));
    }
}

fn budget(shape: &Shape, broken: &mut Broken) {
    let deploy = &shape.answers.deploy;
    let kept = budget::reserve(shape);
    let sum = |name: &str| -> u64 {
        let of = |one_shot: bool| {
            shape
                .roles
                .iter()
                .filter(move |role| role.is_one_shot() == one_shot)
                .map(|role| broken.ledger.number(*role, name))
        };
        of(false).sum::<u64>() + of(true).max().unwrap_or(0)
    };
    let memory = MiB(sum("memory") as u32 + kept.0);
    let cpus = MilliCpu(sum("cpus") as u32);
    broken.unless(
        memory <= deploy.memory,
        || {
            format!(
                "the services' limits and the host's reserve sum to {memory}, and the budget is {}",
                deploy.memory
            )
        },
        || format!("--set deploy.memory={}MiB, or lower a pinned memory", memory.0),
    );
    broken.unless(
        cpus <= deploy.cpus,
        || format!("the services' CPU limits sum to {cpus}, and the budget is {}", deploy.cpus),
        || format!("--set deploy.cpus={}, or lower a pinned share", f64::from(cpus.0) / 1000.0),
    );
    for role in &shape.roles {
        let floor = budget::memory_floor(shape, broken.ledger, *role);
        let limit = MiB(broken.number(*role, "memory") as u32);
        broken.unless(
            limit >= floor,
            || format!("{}.memory = {limit} is below the {floor} it needs", role.name()),
            || format!("[tune.{}] memory = \"{}MiB\"", role.name(), floor.0),
        );
    }
}

fn processes(shape: &Shape, broken: &mut Broken) {
    for (role, count) in [(Web, "workers"), (Worker, "concurrency")] {
        if !shape.has(role) {
            continue;
        }
        let number = broken.number(role, count);
        let each = broken.number(role, "process-memory") + broken.number(role, "model-memory");
        let limit = broken.number(role, "memory");
        let supervisor = u64::from(shape.supervisor(role, number).0);
        let room = limit * u64::from(FILL_PERCENT) / 100;
        let name = role.name();
        broken.unless(
            number >= 1,
            || format!("{name}.{count} = {number}: there must be at least one"),
            || format!("[tune.{name}] {count} = 1"),
        );
        broken.unless(
            number * each + supervisor <= room,
            || {
                format!(
                    "{name}.{count} = {number}: {number} × {each} MiB and {supervisor} MiB for the supervisor are more than 0.8 × {limit} MiB"
                )
            },
            || format!("[tune.{name}] memory = \"{}MiB\", or fewer", budget::limit_for(MiB((number * each + supervisor) as u32)).0),
        );
    }
    let threads = broken.ledger.get(Web, "threads").map(|decision| decision.value.number());
    broken.unless(
        threads != Some(0),
        || "web.threads = 0: there must be at least one".into(),
        || "[tune.web] threads = 1".into(),
    );
    if let Some(class) =
        broken.ledger.get(Web, "worker-class").map(|decision| decision.value.to_string())
    {
        let asgi_class = class == "uvicorn_worker.UvicornWorker";
        let asgi = shape.application().server.is_asgi();
        broken.unless(
            asgi_class == asgi,
            || {
                format!(
                    "web.worker-class = {class} does not fit a server of kind {}",
                    shape.application().server
                )
            },
            || "gthread and sync serve WSGI, uvicorn_worker.UvicornWorker serves ASGI".into(),
        );
    }
    let (jitter, most) =
        (broken.number(Web, "max-requests-jitter"), broken.number(Web, "max-requests"));
    broken.unless(
        jitter <= most,
        || format!("web.max-requests-jitter = {jitter} is above web.max-requests = {most}"),
        || "keep it at about a tenth".into(),
    );
}

fn connections(shape: &Shape, broken: &mut Broken) {
    if !shape.has_database() {
        return;
    }
    let web = broken.number(Web, "workers") * broken.number(Web, "pool-size");
    let others = postgres::held_by_others(shape, broken.ledger);
    let most = broken.number(Db, "max-connections");
    let reserved = postgres::SUPERUSER_RESERVED;
    broken.unless(
        web + others + reserved <= most,
        || format!("pools hold up to {} connections, and db.max-connections = {most} less {reserved} for superusers is fewer", web + others),
        || format!("[tune.db] max-connections = {}, or a smaller web.pool-size", web + others + reserved + postgres::SPARE),
    );
    broken.unless(
        broken.number(Web, "pool-size") >= 1,
        || "web.pool-size = 0: there must be at least one".into(),
        || "[tune.web] pool-size = 1".into(),
    );
}

fn timeouts(shape: &Shape, broken: &mut Broken) {
    broken.shorter(
        (Web, "statement-timeout"),
        (Web, "request-timeout"),
        "the database must give up before the request does",
    );
    broken.shorter(
        (Web, "request-timeout"),
        (Web, "gunicorn-timeout"),
        "gunicorn would kill a worker that still serves",
    );
    broken.shorter((Web, "gunicorn-timeout"), (Nginx, "read-timeout"), "nginx would give up first");
    broken.shorter((Web, "request-timeout"), (Nginx, "read-timeout"), "nginx would give up first");
    broken.shorter(
        (Nginx, "read-timeout"),
        (Nginx, "client-timeout"),
        "the client would give up first",
    );
    broken.shorter(
        (Nginx, "upstream-keepalive-timeout"),
        (Web, "keepalive"),
        "the application would close a connection nginx is about to use",
    );
    broken.shorter(
        (Nginx, "worker-shutdown-timeout"),
        (Nginx, "stop-grace-period"),
        "Docker would kill nginx first",
    );
    broken.shorter(
        (Worker, "soft-time-limit"),
        (Worker, "time-limit"),
        "the task could not clean up",
    );
    broken.shorter(
        (Worker, "time-limit"),
        (Worker, "visibility-timeout"),
        "Redis would hand a running task to a second worker",
    );
    broken.shorter(
        (Worker, "soft-shutdown-timeout"),
        (Worker, "stop-grace-period"),
        "Docker would kill the worker first",
    );
    let (graceful, stop) =
        (broken.number(Web, "graceful-timeout"), broken.number(Web, "stop-grace-period"));
    broken.unless(
        graceful + STOP_MARGIN <= stop,
        || format!("web.graceful-timeout = {graceful} s leaves less than {STOP_MARGIN} s of web.stop-grace-period = {stop} s for clean-up"),
        || format!("[tune.web] stop-grace-period = {}", graceful + STOP_MARGIN),
    );
    if shape.has(Beat) {
        broken.shorter(
            (Beat, "max-loop-interval"),
            (Beat, "heartbeat-max-age"),
            "a beat that sleeps would count as hung",
        );
    }
}

fn stores(shape: &Shape, broken: &mut Broken) {
    let mut within = |role: Role, name: &str, percent: u64, why: &str| {
        let (value, limit) = (broken.number(role, name), broken.number(role, "memory"));
        broken.unless(
            value * 100 <= limit * percent && value > 0,
            || format!("{}.{name} = {value} MiB of a limit of {limit} MiB: {why}", role.name()),
            || format!("at most {} MiB, or a larger {}.memory", limit * percent / 100, role.name()),
        );
    };
    if shape.has(Db) {
        within(Db, "shared-buffers", 40, "PostgreSQL also needs memory for connections and sorts");
    }
    if shape.has(Redis) {
        within(Redis, "maxmemory", 50, "rewriting the append-only file can double what it uses");
    }
    if shape.has(Cache) {
        within(Cache, "maxmemory", 85, "fragmentation needs room");
    }
    if shape.has(Nginx) {
        let (scratch, limit) = (broken.number(Nginx, "tmpfs"), broken.number(Nginx, "memory"));
        broken.unless(
            scratch + NGINX_ITSELF <= limit,
            || format!("nginx.tmpfs = {scratch} MiB leaves less than {NGINX_ITSELF} MiB of nginx.memory = {limit} MiB for nginx itself"),
            || format!("[tune.nginx] memory = \"{}MiB\", or a smaller nginx.body-size", scratch + NGINX_ITSELF),
        );
        let (files, connections) =
            (broken.number(Nginx, "rlimit-nofile"), broken.number(Nginx, "worker-connections"));
        broken.unless(
            files >= connections * 2,
            || format!("nginx.rlimit-nofile = {files} is below twice nginx.worker-connections = {connections}"),
            || format!("[tune.nginx] rlimit-nofile = {}", connections * 2),
        );
    }
}
