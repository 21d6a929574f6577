//! What holds in every plan, whoever chose the numbers. A pinned number is
//! honoured and checked here like any other.

use crate::error::Problem;
use crate::plan::budget;
use crate::plan::ledger::Ledger;
use crate::plan::postgres;
use crate::plan::processes;
use crate::plan::shape::Shape;
use crate::plan::workloads::sizes;
use crate::schema::numbers::{PlanKey, rows};
use crate::schema::role::Role::{Beat, Cache, Db, Nginx, Redis, Web, Worker};
use crate::units::{Count, MiB, MilliCpu, Seconds};

/// What a stop needs beyond the graceful time-out, for clean-up.
const STOP_MARGIN: Seconds = Seconds(5);

/// What nginx takes without the request bodies it buffers.
const NGINX_ITSELF: MiB = MiB(16);

/// Every invariant that the decided numbers break.
#[must_use]
pub fn problems(shape: &Shape, ledger: &Ledger) -> Vec<Problem> {
    let mut broken = Broken { ledger, problems: Vec::new() };
    unknown_pins(&mut broken);
    budget(shape, &mut broken);
    processes(shape, &mut broken);
    connections(shape, &mut broken);
    timeouts(&mut broken);
    stores(shape, &mut broken);
    if shape.answers.deploy.is_clustered() {
        pods(shape, &mut broken);
        bounds(&mut broken);
    }
    broken.problems
}

struct Broken<'a> {
    ledger: &'a Ledger<'a>,
    problems: Vec<Problem>,
}

impl Broken<'_> {
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

    /// `inner` is shorter than `outer`, where both are there.
    fn shorter(&mut self, inner: PlanKey, outer: PlanKey, why: &str) {
        self.ordered(inner, outer, "below", |inner, outer| inner < outer, why);
    }

    /// `inner` is no longer than `outer`, where both are there.
    fn not_longer(&mut self, inner: PlanKey, outer: PlanKey, why: &str) {
        self.ordered(inner, outer, "at most", |inner, outer| inner <= outer, why);
    }

    fn ordered(
        &mut self,
        inner: PlanKey,
        outer: PlanKey,
        relation: &str,
        holds: fn(&f64, &f64) -> bool,
        why: &str,
    ) {
        let (Some(inner), Some(outer)) = (self.ledger.decided(inner), self.ledger.decided(outer))
        else {
            return;
        };
        let (one, two) = (inner.key.name(), outer.key.name());
        let message =
            format!("{one} = {} is not {relation} {two} = {}: {why}", inner.value, outer.value);
        let help = format!("lower [tune] {one} or raise {two}");
        let is_so = holds(&inner.value.amount(), &outer.value.amount());
        self.unless(is_so, || message, || help);
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
    let (deploy, ledger) = (&shape.answers.deploy, broken.ledger);
    let kept = budget::reserve(shape);
    let limit = |role| ledger.get(rows::MEMORY, role).0;
    // A one-shot runs while the application does not.
    let running: u32 = budget::lasting(shape).map(limit).sum();
    let migrating: u32 = shape
        .roles
        .iter()
        .copied()
        .filter(|role| !matches!(role, Web | Worker | Beat))
        .map(limit)
        .sum();
    let memory = MiB(running.max(migrating) + kept.0);
    broken.unless(
        memory <= deploy.memory || !shape.is_budgeted(),
        || {
            format!(
                "the services' limits and the host's reserve sum to {memory}, and the budget is {}",
                deploy.memory
            )
        },
        || format!("--set deploy.memory={}MiB, or lower a pinned memory", memory.0),
    );
    let caps = budget::lasting(shape).filter_map(|role| ledger.find(rows::CPUS, role));
    let (cpus, what) = if processes::on_host(shape) {
        (caps.max().unwrap_or_default(), "a service's CPU limit is")
    } else {
        (MilliCpu(caps.map(|MilliCpu(milli)| milli).sum()), "the services' CPU limits sum to")
    };
    broken.unless(
        cpus <= deploy.cpus || !shape.is_budgeted(),
        || format!("{what} {cpus}, and the budget is {}", deploy.cpus),
        || format!("--set deploy.cpus={}, or lower a pinned share", f64::from(cpus.0) / 1000.0),
    );
    for role in &shape.roles {
        let count = match role {
            Web => ledger.pinned(rows::WORKERS, Web),
            Worker => ledger.pinned(rows::CONCURRENCY, Worker),
            _ => None,
        };
        let floor = budget::floor(shape, ledger, *role, count.unwrap_or(1).max(1)).evaluate();
        let limit = ledger.get(rows::MEMORY, *role);
        broken.unless(
            f64::from(limit.0) >= floor,
            || format!("{}.memory = {limit} is below the {floor} MiB it needs", role.name()),
            || format!("[tune.{}] memory = \"{floor}MiB\"", role.name()),
        );
    }
}

fn processes(shape: &Shape, broken: &mut Broken) {
    let ledger = broken.ledger;
    for (role, number) in [(Web, rows::WORKERS), (Worker, rows::CONCURRENCY)] {
        if !shape.has(role) {
            continue;
        }
        let (key, count) = (number.key(role).name(), ledger.get(number, role));
        let (name, field) = key.split_once('.').expect("a key has a role");
        broken.unless(
            count >= 1,
            || format!("{key} = {count}: there must be at least one"),
            || format!("[tune.{name}] {field} = 1"),
        );
        let taken = processes::memory(shape, ledger, role, count);
        let room = budget::FILL * ledger.of(rows::MEMORY, role);
        broken.unless(
            taken.evaluate() <= room.evaluate(),
            || format!("{key} = {count}: {taken} is more than {room}"),
            || {
                let least = budget::floor(shape, ledger, role, count).evaluate();
                format!("[tune.{name}] memory = \"{least}MiB\", or fewer")
            },
        );
    }
    broken.unless(
        ledger.find(rows::THREADS, Web) != Some(0),
        || "web.threads = 0: there must be at least one".into(),
        || "[tune.web] threads = 1".into(),
    );
    if let Some(class) = ledger.find(rows::WORKER_CLASS, Web) {
        let server = shape.application().server;
        // An uvicorn of before 0.30 brings the worker along, under another module.
        let is_same = |own: &str| {
            own == class || [own, &class].iter().all(|name| name.ends_with(".UvicornWorker"))
        };
        let own = server.row().worker_class.as_ref().is_some_and(|own| is_same(&own.name));
        broken.unless(
            own || !server.is_asgi() && class == "sync",
            || format!("web.worker-class = {class} does not fit a server of kind {server}"),
            || "gthread and sync serve WSGI, uvicorn_worker.UvicornWorker serves ASGI".into(),
        );
    }
    let most = ledger.find(rows::MAX_REQUESTS, Web);
    let jitter = ledger.find(rows::MAX_REQUESTS_JITTER, Web);
    if let (Some(jitter), Some(most)) = (jitter, most) {
        broken.unless(
            jitter <= most,
            || format!("web.max-requests-jitter = {jitter} is above web.max-requests = {most}"),
            || "keep it at about a tenth".into(),
        );
    }
}

fn connections(shape: &Shape, broken: &mut Broken) {
    if !shape.has_database() {
        return;
    }
    let ledger = broken.ledger;
    let pool = ledger.get(rows::POOL_SIZE, Web);
    let held = ledger.get(rows::WORKERS, Web) * pool + postgres::held_by_others(shape, ledger);
    let most = ledger.get(rows::MAX_CONNECTIONS, Db);
    let reserved: Count = postgres::SUPERUSER_RESERVED;
    broken.unless(
        held + reserved <= most,
        || format!("pools hold up to {held} connections, and db.max-connections = {most} less {reserved} for superusers is fewer"),
        || format!("[tune.db] max-connections = {}, or a smaller web.pool-size", held + reserved + postgres::SPARE),
    );
    broken.unless(
        pool >= 1,
        || "web.pool-size = 0: there must be at least one".into(),
        || "[tune.web] pool-size = 1".into(),
    );
}

fn timeouts(broken: &mut Broken) {
    let request = rows::REQUEST_TIMEOUT.key(Web);
    let gunicorn = rows::GUNICORN_TIMEOUT.key(Web);
    let read = rows::READ_TIMEOUT.key(Nginx);
    let task = rows::TIME_LIMIT.key(Worker);
    broken.shorter(
        rows::STATEMENT_TIMEOUT.key(Web),
        request,
        "the database must give up before the request does",
    );
    broken.shorter(request, gunicorn, "gunicorn would kill a worker that still serves");
    // Two that were the same before stay so.
    broken.not_longer(gunicorn, read, "nginx would give up first");
    broken.shorter(request, read, "nginx would give up first");
    broken.shorter(read, rows::CLIENT_TIMEOUT.key(Nginx), "the client would give up first");
    broken.shorter(
        rows::UPSTREAM_KEEPALIVE_TIMEOUT.key(Nginx),
        rows::KEEPALIVE.key(Web),
        "the application would close a connection nginx is about to use",
    );
    broken.shorter(
        rows::WORKER_SHUTDOWN_TIMEOUT.key(Nginx),
        rows::STOP_GRACE_PERIOD.key(Nginx),
        "Docker would kill nginx first",
    );
    broken.shorter(rows::SOFT_TIME_LIMIT.key(Worker), task, "the task could not clean up");
    broken.shorter(
        task,
        rows::VISIBILITY_TIMEOUT.key(Worker),
        "Redis would hand a running task to a second worker",
    );
    broken.shorter(
        rows::SOFT_SHUTDOWN_TIMEOUT.key(Worker),
        rows::STOP_GRACE_PERIOD.key(Worker),
        "Docker would kill the worker first",
    );
    broken.shorter(
        rows::MAX_LOOP_INTERVAL.key(Beat),
        rows::HEARTBEAT_MAX_AGE.key(Beat),
        "a beat that sleeps would count as hung",
    );
    let graceful = broken.ledger.get(rows::GRACEFUL_TIMEOUT, Web);
    let stop = broken.ledger.get(rows::STOP_GRACE_PERIOD, Web);
    let needed = Seconds(graceful.0 + STOP_MARGIN.0);
    broken.unless(
        needed <= stop,
        || format!("web.graceful-timeout = {graceful} leaves less than {STOP_MARGIN} of web.stop-grace-period = {stop} for clean-up"),
        || format!("[tune.web] stop-grace-period = {}", needed.0),
    );
}

/// What pods and tasks need of each other and of their platform.
fn pods(shape: &Shape, broken: &mut Broken) {
    let ledger = broken.ledger;
    let grace = ledger.get(rows::POD_GRACE, Web);
    let pre_stop = ledger.get(rows::PRE_STOP, Web);
    let needed = Seconds(ledger.get(rows::GRACEFUL_TIMEOUT, Web).0 + pre_stop.0 + STOP_MARGIN.0);
    broken.unless(
        needed <= grace,
        || {
            format!(
                "web.pod-grace = {grace} does not hold web.pre-stop = {pre_stop}, web.graceful-timeout and {STOP_MARGIN} for clean-up"
            )
        },
        || format!("[tune.web] pod-grace = {}", needed.0),
    );
    for outer in [rows::POD_GRACE, rows::TASK_STOP] {
        broken.shorter(
            rows::SOFT_SHUTDOWN_TIMEOUT.key(Worker),
            outer.key(Worker),
            "the worker would be killed before its tasks are back in the queue",
        );
    }
    broken.shorter(
        rows::GRACEFUL_TIMEOUT.key(Web),
        rows::TASK_STOP.key(Web),
        "requests would be cut off that have time left",
    );
    for role in [Web, Worker].into_iter().filter(|role| shape.has(*role)) {
        broken.not_longer(
            rows::REPLICAS.key(role),
            rows::MAX_REPLICAS.key(role),
            "scaling would start with more than it allows",
        );
        let (key, count) = (rows::REPLICAS.key(role).name(), ledger.get(rows::REPLICAS, role));
        broken.unless(
            count >= 1,
            || format!("{key} = {count}: there must be at least one"),
            || format!("--set tune.{key}=1"),
        );
    }
    for role in sizes::ROLES.into_iter().filter(|role| shape.has(*role)) {
        let name = role.name();
        let floor = budget::floor(shape, ledger, role, 1).evaluate();
        let memory = ledger.get(rows::POD_MEMORY, role);
        broken.unless(
            f64::from(memory.0) >= floor,
            || format!("{name}.pod-memory = {memory} is below the {floor} MiB it needs"),
            || format!("[tune.{name}] pod-memory = \"{floor}MiB\""),
        );
        broken.not_longer(
            rows::POD_SCRATCH.key(role),
            rows::POD_DISK.key(role),
            "the pod would be evicted before its volume is full",
        );
        let Some(cpus) = ledger.find(rows::TASK_CPUS, role) else { continue };
        let task = ledger.get(rows::TASK_MEMORY, role);
        let is_size = sizes::fargate(cpus).is_some_and(|(_, least, most, step)| {
            let is_step = task == *least || task.0.is_multiple_of(step.0);
            *least <= task && task <= *most && is_step
        });
        broken.unless(
            is_size,
            || format!("{name}.task-cpus = {cpus} with {name}.task-memory = {task} is no size that Fargate has"),
            || {
                let sizes: Vec<String> = sizes::FARGATE
                    .iter()
                    .map(|(cpus, least, most, _)| format!("{cpus} with {least} to {most}"))
                    .collect();
                format!("there are {}", sizes.join(", "))
            },
        );
        broken.unless(
            task >= memory,
            || format!("{name}.task-memory = {task} is less than {name}.pod-memory = {memory}"),
            || format!("leave {name}.task-memory to the plan"),
        );
        for (number, most) in [(rows::TASK_STOP, 120), (rows::TASK_START, 300)] {
            if !number.has(role) {
                continue;
            }
            let seconds = ledger.find(number, role).unwrap_or_default();
            broken.unless(
                seconds.0 <= most,
                || format!("{} = {seconds}: ECS allows {most} s", number.key(role).name()),
                || format!("--set tune.{}={most}", number.key(role).name()),
            );
        }
    }
}

/// Counts of pods and tasks beyond which a platform takes none.
fn bounds(broken: &mut Broken) {
    for (number, role, least, most) in [
        (rows::CPU_TARGET, Web, 1, 100),
        (rows::QUEUE_LENGTH, Worker, 1, Count::MAX),
        (rows::STARTUP_FAILURES, Web, 1, Count::MAX),
        (rows::STARTUP_FAILURES, Worker, 1, Count::MAX),
        (rows::STARTUP_FAILURES, Beat, 1, Count::MAX),
        (rows::LIVENESS_FAILURES, Web, 1, Count::MAX),
        (rows::LIVENESS_FAILURES, Worker, 1, Count::MAX),
        (rows::LIVENESS_FAILURES, Beat, 1, Count::MAX),
    ] {
        let Some(count) = broken.ledger.find(number, role) else { continue };
        let key = number.key(role).name();
        broken.unless(
            (least..=most).contains(&count),
            || match most {
                Count::MAX => format!("{key} = {count}: there must be at least {least}"),
                most => format!("{key} = {count}: it is a percentage, {least} to {most}"),
            },
            || format!("leave {key} to the plan"),
        );
    }
    for role in [Web, Worker, Beat] {
        let Some(interval) = broken.ledger.find(rows::TASK_INTERVAL, role) else { continue };
        let key = rows::TASK_INTERVAL.key(role).name();
        broken.unless(
            (5..=300).contains(&interval.0),
            || format!("{key} = {interval}: ECS takes 5 to 300 s"),
            || format!("leave {key} to the plan"),
        );
    }
}

/// Counts below which nothing works.
fn least(broken: &mut Broken) {
    for (role, number, least, why) in [
        (Nginx, rows::UPLOADS, 1, "nginx takes no smaller limit"),
        (Nginx, rows::WORKER_PROCESSES, 1, "nginx needs a process"),
        (Nginx, rows::WORKER_CONNECTIONS, 64, "a proxied request takes two"),
        (
            Web,
            rows::LIMIT_CONCURRENCY,
            3,
            "the health check takes one, and uvicorn serves one fewer",
        ),
    ] {
        let Some(count) = broken.ledger.find(number, role) else { continue };
        let key = number.key(role).name();
        broken.unless(
            count >= least,
            || format!("{key} = {count} is below {least}: {why}"),
            || format!("--set tune.{key}={least}"),
        );
    }
}

fn stores(shape: &Shape, broken: &mut Broken) {
    let ledger = broken.ledger;
    let stores = [
        (Db, rows::SHARED_BUFFERS, 40, "PostgreSQL also needs memory for connections and sorts"),
        (Redis, rows::MAXMEMORY, 50, "rewriting the append-only file can double what it uses"),
        (Cache, rows::MAXMEMORY, 85, "fragmentation needs room"),
    ];
    for (role, number, percent, why) in stores {
        if !shape.has(role) {
            continue;
        }
        let (value, limit) = (ledger.get(number, role), ledger.get(rows::MEMORY, role));
        let most = limit.scaled(percent, 100);
        broken.unless(
            value <= most && value > MiB(0),
            || format!("{} = {value} of a limit of {limit}: {why}", number.key(role).name()),
            || format!("at most {most}, or a larger {}.memory", role.name()),
        );
    }
    least(broken);
    let (scratch, limit) = (ledger.get(rows::TMPFS, Web), ledger.get(rows::MEMORY, Web));
    broken.unless(
        scratch.0 * 2 <= limit.0,
        || format!("web.tmpfs = {scratch} is more than half of web.memory = {limit}: uploads in it would take the memory of the application"),
        || format!("[tune.web] memory = \"{}MiB\", or a smaller web.body-size", scratch.0 * 2),
    );
    if let Some(body) = ledger.find(rows::BODY_SIZE, Web).filter(|_| !shape.is_adopted()) {
        broken.unless(
            scratch >= body,
            || format!("web.tmpfs = {scratch} is below web.body-size = {body}: an upload is spooled there"),
            || format!("[tune.web] tmpfs = \"{}MiB\"", body.0),
        );
    }
    if shape.has(Nginx) {
        let (uploads, body) = (ledger.get(rows::UPLOADS, Nginx), ledger.get(rows::BODY_SIZE, Web));
        let (scratch, bodies) = (ledger.get(rows::TMPFS, Nginx), MiB(uploads as u32 * body.0));
        broken.unless(
            // Without memory they are on disk.
            scratch >= bodies || scratch == MiB(0),
            || {
                format!(
                    "nginx.tmpfs = {scratch} is below {uploads} uploads of web.body-size = {body}"
                )
            },
            || format!("[tune.nginx] tmpfs = \"{}MiB\", or fewer nginx.uploads", bodies.0),
        );
        let (scratch, limit) = (ledger.get(rows::TMPFS, Nginx), ledger.get(rows::MEMORY, Nginx));
        let needed = MiB(scratch.0 + NGINX_ITSELF.0);
        broken.unless(
            needed <= limit,
            || format!("nginx.tmpfs = {scratch} leaves less than {NGINX_ITSELF} of nginx.memory = {limit} for nginx itself"),
            || format!("[tune.nginx] memory = \"{}MiB\", or a smaller web.body-size", needed.0),
        );
        let files = ledger.get(rows::RLIMIT_NOFILE, Nginx);
        let connections = ledger.get(rows::WORKER_CONNECTIONS, Nginx);
        broken.unless(
            files >= connections * 2,
            || format!("nginx.rlimit-nofile = {files} is below twice nginx.worker-connections = {connections}"),
            || format!("[tune.nginx] rlimit-nofile = {}", connections * 2),
        );
    }
}
