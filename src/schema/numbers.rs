//! The table of planned numbers: their names, units, and what they mean.
//!
//! A key is `service.number`, such as `web.workers`. The same table says which
//! keys `[tune.*]` accepts and under which name a template finds the number.

use crate::schema::quantity::Quantity;
use crate::schema::role::Role;
use crate::schema::value::{Kind, Value};
use crate::units::{MiB, MilliCpu};

/// The unit of a planned number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A plain count.
    Count,
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Milliseconds,
    /// Mebibytes.
    MiB,
    /// Kibibytes.
    KiB,
    /// Thousandths of a CPU.
    MilliCpu,
    /// One of a few words.
    Word(&'static [&'static str]),
}

impl Unit {
    /// How a pinned number of this unit is read.
    #[must_use]
    pub fn kind(self) -> Kind {
        match self {
            Self::Count | Self::Milliseconds => Kind::Count(0, 100_000_000),
            Self::Seconds => Kind::Seconds,
            Self::MiB | Self::KiB => Kind::Memory,
            Self::MilliCpu => Kind::Cpus,
            Self::Word(words) => Kind::Choice(words),
        }
    }

    /// A pinned value as a quantity of this unit.
    ///
    /// # Panics
    /// When the value was not read by [`Unit::kind`].
    #[must_use]
    pub fn quantity(self, value: &Value) -> Quantity {
        match (self, value) {
            (Self::Count, Value::Count(count)) => Quantity::Count(*count),
            (Self::Seconds, Value::Count(seconds)) => Quantity::Seconds(*seconds as u32),
            (Self::Milliseconds, Value::Count(count)) => Quantity::Milliseconds(*count),
            (Self::MiB, Value::Memory(memory)) => Quantity::MiB(*memory),
            (Self::KiB, Value::Memory(MiB(mebibytes))) => {
                Quantity::KiB(u64::from(*mebibytes) * 1024)
            }
            (Self::MilliCpu, Value::Cpus(MilliCpu(milli))) => Quantity::MilliCpu(MilliCpu(*milli)),
            (Self::Word(_), Value::Text(word)) => Quantity::Word(word.clone()),
            (unit, value) => unreachable!("{value:?} was not read as {unit:?}"),
        }
    }
}

/// One planned number that services of some roles have.
#[derive(Debug, PartialEq, Eq)]
pub struct Row {
    /// Name after the service: `workers`.
    pub name: &'static str,
    /// Its unit.
    pub unit: Unit,
    /// The roles that have it.
    pub roles: &'static [Role],
    /// Name in the template context; differs from `name` where the bare
    /// number in a file needs its unit said.
    pub field: &'static str,
    /// What it is.
    pub doc: &'static str,
}

/// A row for one role: a full plan key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlanKey {
    /// The service.
    pub role: Role,
    /// The number.
    pub row: &'static Row,
}

impl PlanKey {
    /// `web.workers`.
    #[must_use]
    pub fn name(self) -> String {
        format!("{}.{}", self.role.name(), self.row.name)
    }
}

use Role::{Beat, Cache, Db, Migrate, Nginx, Redis, Web, Worker};

const EVERY: &[Role] = &Role::ALL;
const CHECKED: &[Role] = &[Web, Nginx, Worker, Beat, Db, Redis, Cache];
const TMPFS: &[Role] = &[Web, Nginx, Migrate, Worker, Beat, Db, Redis, Cache];

const fn row(
    name: &'static str,
    unit: Unit,
    roles: &'static [Role],
    field: &'static str,
    doc: &'static str,
) -> Row {
    Row { name, unit, roles, field, doc }
}

/// Worker classes gunicorn may be told to use.
pub const WORKER_CLASSES: &[&str] = &["uvicorn_worker.UvicornWorker", "gthread", "sync"];

/// Every planned number.
pub const ROWS: &[Row] = &[
    row("memory", Unit::MiB, EVERY, "memory", "Memory limit of the container."),
    row(
        "memory-reservation",
        Unit::MiB,
        EVERY,
        "memory_reservation",
        "Memory the container is meant to keep under pressure.",
    ),
    row("cpus", Unit::MilliCpu, EVERY, "cpus", "CPU limit of the container."),
    row(
        "cpus-reservation",
        Unit::MilliCpu,
        EVERY,
        "cpus_reservation",
        "CPU an orchestrator sets aside for the container.",
    ),
    row(
        "pids",
        Unit::Count,
        EVERY,
        "pids",
        "Most processes and threads in the container; stops a fork bomb.",
    ),
    row(
        "stop-grace-period",
        Unit::Seconds,
        EVERY,
        "stop_grace_period",
        "Time between SIGTERM and SIGKILL.",
    ),
    row("tmpfs", Unit::MiB, TMPFS, "tmpfs", "Size of /tmp, which counts towards the memory limit."),
    row("health-interval", Unit::Seconds, CHECKED, "interval", "Time between health checks."),
    row("health-timeout", Unit::Seconds, CHECKED, "timeout", "Longest a health check may take."),
    row(
        "health-retries",
        Unit::Count,
        CHECKED,
        "retries",
        "Failures in a row that make the container unhealthy.",
    ),
    row(
        "start-period",
        Unit::Seconds,
        CHECKED,
        "start_period",
        "Time after the start in which a failed check does not count.",
    ),
    row(
        "start-interval",
        Unit::Seconds,
        CHECKED,
        "start_interval",
        "Time between checks during the start period.",
    ),
    row("workers", Unit::Count, &[Web], "workers", "Server processes."),
    row("threads", Unit::Count, &[Web], "threads", "Threads in each server process."),
    row(
        "worker-class",
        Unit::Word(WORKER_CLASSES),
        &[Web],
        "worker_class",
        "gunicorn's worker class.",
    ),
    row(
        "process-memory",
        Unit::MiB,
        &[Web, Worker, Beat, Migrate],
        "process_memory",
        "Memory one process is expected to use, measured under load.",
    ),
    row(
        "max-requests",
        Unit::Count,
        &[Web],
        "max_requests",
        "Requests after which a worker is replaced; bounds a leak.",
    ),
    row(
        "max-requests-jitter",
        Unit::Count,
        &[Web],
        "max_requests_jitter",
        "Random addition to max-requests, so that workers are not replaced together.",
    ),
    row(
        "request-timeout",
        Unit::Seconds,
        &[Web],
        "request_timeout",
        "Longest a request may take in the application.",
    ),
    row(
        "gunicorn-timeout",
        Unit::Seconds,
        &[Web],
        "gunicorn_timeout",
        "Silence after which gunicorn replaces a worker; a heartbeat, no request limit, for workers that are not sync.",
    ),
    row(
        "graceful-timeout",
        Unit::Seconds,
        &[Web],
        "graceful_timeout",
        "Time in-flight requests have after SIGTERM.",
    ),
    row("keepalive", Unit::Seconds, &[Web], "keepalive", "How long an idle connection stays open."),
    row(
        "backlog",
        Unit::Count,
        &[Web],
        "backlog",
        "Connections the kernel queues before refusing.",
    ),
    row(
        "limit-concurrency",
        Unit::Count,
        &[Web],
        "limit_concurrency",
        "Connections per process, idle ones included, beyond which uvicorn answers 503.",
    ),
    row(
        "worker-connections",
        Unit::Count,
        &[Web, Nginx],
        "worker_connections",
        "Connections one worker process handles.",
    ),
    row(
        "pool-size",
        Unit::Count,
        &[Web, Worker],
        "pool_size",
        "Database connections each process keeps.",
    ),
    row(
        "statement-timeout",
        Unit::Milliseconds,
        &[Web, Worker, Migrate],
        "statement_timeout_ms",
        "Longest a database statement may run; 0 means no limit.",
    ),
    row(
        "model-threads",
        Unit::Count,
        &[Web],
        "model_threads",
        "Threads the model runtime computes with.",
    ),
    row(
        "model-memory",
        Unit::MiB,
        &[Web],
        "model_memory",
        "Memory set aside for the loaded model in each process.",
    ),
    row(
        "model-load-attempts",
        Unit::Count,
        &[Web],
        "model_load_attempts",
        "How often loading the model is tried.",
    ),
    row(
        "model-load-delay",
        Unit::Seconds,
        &[Web],
        "model_load_delay",
        "Pause between two tries to load the model.",
    ),
    row("shm", Unit::MiB, &[Web], "shm", "Size of /dev/shm."),
    row("shm", Unit::MiB, &[Db], "shm_mb", "Size of /dev/shm."),
    row("worker-processes", Unit::Count, &[Nginx], "worker_processes", "nginx worker processes."),
    row(
        "rlimit-nofile",
        Unit::Count,
        &[Nginx],
        "rlimit_nofile",
        "Open files per nginx worker; a proxied request takes two.",
    ),
    row(
        "connect-timeout",
        Unit::Seconds,
        &[Nginx],
        "proxy_connect_timeout",
        "Longest nginx waits for a connection to the application.",
    ),
    row(
        "read-timeout",
        Unit::Seconds,
        &[Nginx],
        "proxy_read_timeout",
        "Longest nginx waits for the application's answer.",
    ),
    row(
        "client-timeout",
        Unit::Seconds,
        &[Nginx],
        "client_timeout",
        "What a load balancer or client in front should wait at least.",
    ),
    row("body-size", Unit::MiB, &[Nginx], "client_max_body_mib", "Largest request body."),
    row(
        "keepalive-timeout",
        Unit::Seconds,
        &[Nginx],
        "keepalive_timeout",
        "How long a client's idle connection stays open.",
    ),
    row(
        "upstream-keepalive",
        Unit::Count,
        &[Nginx],
        "upstream_keepalive",
        "Idle connections to the application each nginx worker keeps.",
    ),
    row(
        "upstream-keepalive-timeout",
        Unit::Seconds,
        &[Nginx],
        "upstream_keepalive_timeout",
        "How long nginx keeps an idle connection to the application.",
    ),
    row(
        "worker-shutdown-timeout",
        Unit::Seconds,
        &[Nginx],
        "worker_shutdown_timeout",
        "Time nginx gives open connections when it stops.",
    ),
    row(
        "resolver-valid",
        Unit::Seconds,
        &[Nginx],
        "resolver_valid",
        "How long nginx believes the application's address.",
    ),
    row(
        "gzip-min-length",
        Unit::Count,
        &[Nginx],
        "gzip_min_length",
        "Bytes below which compressing an answer is not worth it.",
    ),
    row(
        "static-max-age",
        Unit::Seconds,
        &[Nginx],
        "static_max_age",
        "How long browsers may keep a static file whose name has no hash.",
    ),
    row(
        "static-immutable-max-age",
        Unit::Seconds,
        &[Nginx],
        "static_immutable_max_age",
        "How long browsers may keep a static file whose name has a hash.",
    ),
    row("concurrency", Unit::Count, &[Worker], "concurrency", "Tasks that run at once."),
    row(
        "max-tasks-per-child",
        Unit::Count,
        &[Worker],
        "max_tasks_per_child",
        "Tasks after which a child process is replaced.",
    ),
    row(
        "max-memory-per-child",
        Unit::KiB,
        &[Worker],
        "max_memory_per_child_kib",
        "Memory above which a child process is replaced after its task.",
    ),
    row("time-limit", Unit::Seconds, &[Worker], "time_limit", "Time after which a task is killed."),
    row(
        "soft-time-limit",
        Unit::Seconds,
        &[Worker],
        "soft_time_limit",
        "Time after which a task gets SoftTimeLimitExceeded and can clean up.",
    ),
    row(
        "prefetch-multiplier",
        Unit::Count,
        &[Worker],
        "prefetch_multiplier",
        "Tasks each child reserves ahead.",
    ),
    row(
        "visibility-timeout",
        Unit::Seconds,
        &[Worker],
        "visibility_timeout",
        "Time after which Redis hands an unacknowledged task to another worker.",
    ),
    row(
        "soft-shutdown-timeout",
        Unit::Seconds,
        &[Worker],
        "soft_shutdown_timeout",
        "Time running tasks have after SIGTERM before they go back to the queue.",
    ),
    row(
        "heartbeat-max-age",
        Unit::Seconds,
        &[Worker, Beat],
        "heartbeat_max_age",
        "Age of the heartbeat file above which the process counts as hung.",
    ),
    row(
        "max-loop-interval",
        Unit::Seconds,
        &[Beat],
        "max_loop_interval",
        "Longest beat sleeps before it looks at the schedule.",
    ),
    row(
        "max-connections",
        Unit::Count,
        &[Db],
        "max_connections",
        "Connections PostgreSQL accepts.",
    ),
    row("shared-buffers", Unit::MiB, &[Db], "shared_buffers_mb", "PostgreSQL's own cache."),
    row(
        "effective-cache-size",
        Unit::MiB,
        &[Db],
        "effective_cache_size_mb",
        "What the query planner assumes to be cached.",
    ),
    row(
        "maintenance-work-mem",
        Unit::MiB,
        &[Db],
        "maintenance_work_mem_mb",
        "Memory for VACUUM and CREATE INDEX.",
    ),
    row("work-mem", Unit::KiB, &[Db], "work_mem_kb", "Memory for one sort or hash of one query."),
    row(
        "max-worker-processes",
        Unit::Count,
        &[Db],
        "max_worker_processes",
        "Background and parallel workers PostgreSQL may start.",
    ),
    row(
        "random-page-cost",
        Unit::Word(&["1.1", "2.0", "4.0"]),
        &[Db],
        "random_page_cost",
        "Cost of a random read, for the query planner; 4.0 is a spinning disk.",
    ),
    row(
        "effective-io-concurrency",
        Unit::Count,
        &[Db],
        "effective_io_concurrency",
        "Reads PostgreSQL issues at once.",
    ),
    row("min-wal-size", Unit::MiB, &[Db], "min_wal_size_mb", "WAL kept for reuse."),
    row("max-wal-size", Unit::MiB, &[Db], "max_wal_size_mb", "WAL between two checkpoints."),
    row(
        "maxmemory",
        Unit::MiB,
        &[Redis, Cache],
        "maxmemory_mb",
        "Memory Redis fills before it refuses writes (broker) or evicts (cache).",
    ),
];

/// Every key of every role.
pub fn all() -> impl Iterator<Item = PlanKey> {
    ROWS.iter().flat_map(|row| row.roles.iter().map(move |role| PlanKey { role: *role, row }))
}

/// The key with this full name.
#[must_use]
pub fn find(name: &str) -> Option<PlanKey> {
    all().find(|key| key.name() == name)
}

/// The key of a role and a number's name.
///
/// # Panics
/// When the table has no such row: a defect a unit test would show.
#[must_use]
pub fn key(role: Role, name: &str) -> PlanKey {
    let row = ROWS.iter().find(|row| row.name == name && row.roles.contains(&role));
    let row = row.unwrap_or_else(|| panic!("no planned number {}.{name}", role.name()));
    PlanKey { role, row }
}
