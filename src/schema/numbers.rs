//! The table of planned numbers: their names, units, and what they mean.
//!
//! A key is `service.number`, such as `web.workers`. The same table says which
//! keys `[tune.*]` accepts and under which name a template finds the number.

use std::marker::PhantomData;

use crate::schema::quantity::Quantity;
use crate::schema::role::Role;
use crate::schema::value::{Kind, Value};
use crate::units::{Count, KiB, MiB, MilliCpu, Milliseconds, Seconds, Word};

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
            (Self::Seconds, Value::Count(seconds)) => Quantity::Seconds(Seconds(*seconds as u32)),
            (Self::Milliseconds, Value::Count(count)) => {
                Quantity::Milliseconds(Milliseconds(*count))
            }
            (Self::MiB, Value::Memory(memory)) => Quantity::MiB(*memory),
            (Self::KiB, Value::Memory(MiB(mebibytes))) => {
                Quantity::KiB(KiB(u64::from(*mebibytes) * 1024))
            }
            (Self::MilliCpu, Value::Cpus(MilliCpu(milli))) => Quantity::MilliCpu(MilliCpu(*milli)),
            (Self::Word(_), Value::Text(word)) => Quantity::Word(word.clone()),
            (unit, value) => unreachable!("{value:?} was not read as {unit:?}"),
        }
    }

    /// What an amount is in this unit, without its fraction; below 0 it is 0.
    /// Amounts of memory are in MiB, of time in seconds, of processor in CPUs.
    ///
    /// # Panics
    /// For words: no arithmetic gives one.
    #[must_use]
    pub fn whole(self, amount: f64) -> Quantity {
        // Sums of decimals end a hair below what they are.
        let whole = |number: f64| (number + 1e-6).floor().max(0.0) as u64;
        match self {
            Self::Count => Quantity::Count(whole(amount)),
            Self::Seconds => Quantity::Seconds(Seconds(whole(amount) as u32)),
            Self::Milliseconds => Quantity::Milliseconds(Milliseconds(whole(amount * 1000.0))),
            Self::MiB => Quantity::MiB(MiB(whole(amount) as u32)),
            Self::KiB => Quantity::KiB(KiB(whole(amount * 1024.0))),
            Self::MilliCpu => Quantity::MilliCpu(MilliCpu(whole(amount * 1000.0) as u32)),
            Self::Word(_) => unreachable!("a word is chosen, not computed"),
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

/// A row with the type of its number: [`rows`] has one for each, and nothing
/// else reads or writes a planned number.
#[derive(Debug)]
pub struct Number<T> {
    row: &'static Row,
    of: PhantomData<T>,
}

impl<T> Clone for Number<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Number<T> {}

impl<T> Number<T> {
    /// Whether services of a role have this number.
    #[must_use]
    pub fn has(self, role: Role) -> bool {
        self.row.roles.contains(&role)
    }

    /// The full key for a role.
    ///
    /// # Panics
    /// When services of this role have no such number.
    #[must_use]
    pub fn key(self, role: Role) -> PlanKey {
        assert!(self.row.roles.contains(&role), "no number {}.{}", role.name(), self.row.name);
        PlanKey { role, row: self.row }
    }
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
/// What a pod or a task runs.
const OF_PODS: &[Role] = &[Web, Worker, Beat, Migrate];
/// The same without what ends by itself.
const KEPT_UP: &[Role] = &[Web, Worker, Beat];
const CHECKED: &[Role] = &[Web, Nginx, Worker, Beat, Db, Redis, Cache];

/// Worker classes gunicorn may be told to use.
pub const WORKER_CLASSES: &[&str] = &[
    "uvicorn_worker.UvicornWorker",
    "uvicorn.workers.UvicornWorker",
    "gthread",
    "sync",
    "aiohttp.GunicornWebWorker",
];

const PAGE_COSTS: &[&str] = &["1.1", "2.0", "4.0"];

/// Declares each row once: its doc, handle, unit, name, roles, and field.
macro_rules! rows {
    ($(#[doc = $doc:literal] $handle:ident: $unit:ident $(($words:expr))? = $name:literal of $roles:expr, $field:literal;)+) => {
        /// The typed handles of all planned numbers.
        pub mod rows {
            use super::*;
            $(
                #[doc = $doc]
                pub const $handle: Number<$unit> = Number {
                    row: &Row {
                        name: $name,
                        unit: Unit::$unit $(($words))?,
                        roles: $roles,
                        field: $field,
                        doc: $doc.trim_ascii(),
                    },
                    of: PhantomData,
                };
            )+
        }

        /// Every planned number.
        pub const ROWS: &[&Row] = &[$(rows::$handle.row),+];
    };
}

rows! {
    /// Memory limit of the container.
    MEMORY: MiB = "memory" of EVERY, "memory";
    /// Memory the container is meant to keep under pressure.
    MEMORY_RESERVATION: MiB = "memory-reservation" of EVERY, "memory_reservation";
    /// CPU limit of the container; on a host there is none unless it is pinned.
    CPUS: MilliCpu = "cpus" of EVERY, "cpus";
    /// Weight when all containers of the host want the CPU at once; 1024 is usual.
    CPU_SHARES: Count = "cpu-shares" of EVERY, "cpu_shares";
    /// Most processes and threads in the container; stops a fork bomb.
    PIDS: Count = "pids" of EVERY, "pids";
    /// Time between SIGTERM and SIGKILL.
    STOP_GRACE_PERIOD: Seconds = "stop-grace-period" of EVERY, "stop_grace_period";
    /// Size of /tmp, which counts towards the memory limit.
    TMPFS: MiB = "tmpfs" of EVERY, "tmpfs";
    /// Time between health checks.
    HEALTH_INTERVAL: Seconds = "health-interval" of CHECKED, "interval";
    /// Longest a health check may take.
    HEALTH_TIMEOUT: Seconds = "health-timeout" of CHECKED, "timeout";
    /// Failures in a row that make the container unhealthy.
    HEALTH_RETRIES: Count = "health-retries" of CHECKED, "retries";
    /// Time after the start in which a failed check does not count.
    START_PERIOD: Seconds = "start-period" of CHECKED, "start_period";
    /// Time between checks during the start period.
    START_INTERVAL: Seconds = "start-interval" of CHECKED, "start_interval";
    /// Server processes.
    WORKERS: Count = "workers" of &[Web], "workers";
    /// Threads in each server process.
    THREADS: Count = "threads" of &[Web], "threads";
    /// gunicorn's worker class.
    WORKER_CLASS: Word(WORKER_CLASSES) = "worker-class" of &[Web], "worker_class";
    /// Memory one process is expected to use, measured under load.
    PROCESS_MEMORY: MiB = "process-memory" of &[Web, Worker, Beat, Migrate], "process_memory";
    /// Requests after which a worker is replaced; bounds a leak.
    MAX_REQUESTS: Count = "max-requests" of &[Web], "max_requests";
    /// Random addition to max-requests, so that workers are not replaced together.
    MAX_REQUESTS_JITTER: Count = "max-requests-jitter" of &[Web], "max_requests_jitter";
    /// Longest a request may take in the application.
    REQUEST_TIMEOUT: Seconds = "request-timeout" of &[Web], "request_timeout";
    /// Silence after which gunicorn replaces a worker; a heartbeat, no request limit, for workers that are not sync.
    GUNICORN_TIMEOUT: Seconds = "gunicorn-timeout" of &[Web], "gunicorn_timeout";
    /// Time in-flight requests have after SIGTERM.
    GRACEFUL_TIMEOUT: Seconds = "graceful-timeout" of &[Web], "graceful_timeout";
    /// How long an idle connection stays open.
    KEEPALIVE: Seconds = "keepalive" of &[Web], "keepalive";
    /// Connections the kernel queues before refusing.
    BACKLOG: Count = "backlog" of &[Web], "backlog";
    /// Connections per process, idle ones included, beyond which uvicorn answers 503.
    LIMIT_CONCURRENCY: Count = "limit-concurrency" of &[Web], "limit_concurrency";
    /// Connections one worker process handles.
    WORKER_CONNECTIONS: Count = "worker-connections" of &[Web, Nginx], "worker_connections";
    /// Database connections each process keeps.
    POOL_SIZE: Count = "pool-size" of &[Web, Worker], "pool_size";
    /// Longest a database statement may run; 0 means no limit.
    STATEMENT_TIMEOUT: Milliseconds = "statement-timeout" of &[Web, Worker, Migrate], "statement_timeout_ms";
    /// Threads the model runtime computes with.
    MODEL_THREADS: Count = "model-threads" of &[Web], "model_threads";
    /// Memory set aside for the loaded model in each process.
    MODEL_MEMORY: MiB = "model-memory" of &[Web], "model_memory";
    /// How often loading the model is tried.
    MODEL_LOAD_ATTEMPTS: Count = "model-load-attempts" of &[Web], "model_load_attempts";
    /// Pause between two tries to load the model.
    MODEL_LOAD_DELAY: Seconds = "model-load-delay" of &[Web], "model_load_delay";
    /// Size of /dev/shm.
    SHM: MiB = "shm" of &[Web], "shm";
    /// Size of /dev/shm.
    DB_SHM: MiB = "shm" of &[Db], "shm_mb";
    /// nginx worker processes.
    WORKER_PROCESSES: Count = "worker-processes" of &[Nginx], "worker_processes";
    /// Open files per nginx worker; a proxied request takes two.
    RLIMIT_NOFILE: Count = "rlimit-nofile" of &[Nginx], "rlimit_nofile";
    /// Longest nginx waits for a connection to the application.
    CONNECT_TIMEOUT: Seconds = "connect-timeout" of &[Nginx], "proxy_connect_timeout";
    /// Longest nginx waits for the application's answer.
    READ_TIMEOUT: Seconds = "read-timeout" of &[Nginx], "proxy_read_timeout";
    /// What a load balancer or client in front should wait at least.
    CLIENT_TIMEOUT: Seconds = "client-timeout" of &[Nginx], "client_timeout";
    /// Largest request body, for the proxy and the application.
    BODY_SIZE: MiB = "body-size" of &[Web], "max_body_mib";
    /// Request bodies above 1 MB that nginx takes at once; a further one is answered with 503.
    UPLOADS: Count = "uploads" of &[Nginx], "uploads";
    /// How long a client's idle connection stays open.
    KEEPALIVE_TIMEOUT: Seconds = "keepalive-timeout" of &[Nginx], "keepalive_timeout";
    /// Idle connections to the application each nginx worker keeps.
    UPSTREAM_KEEPALIVE: Count = "upstream-keepalive" of &[Nginx], "upstream_keepalive";
    /// How long nginx keeps an idle connection to the application.
    UPSTREAM_KEEPALIVE_TIMEOUT: Seconds = "upstream-keepalive-timeout" of &[Nginx], "upstream_keepalive_timeout";
    /// Time nginx gives open connections when it stops.
    WORKER_SHUTDOWN_TIMEOUT: Seconds = "worker-shutdown-timeout" of &[Nginx], "worker_shutdown_timeout";
    /// How long nginx believes the application's address.
    RESOLVER_VALID: Seconds = "resolver-valid" of &[Nginx], "resolver_valid";
    /// Bytes below which compressing an answer is not worth it.
    GZIP_MIN_LENGTH: Count = "gzip-min-length" of &[Nginx], "gzip_min_length";
    /// How long browsers may keep a static file whose name has no hash.
    STATIC_MAX_AGE: Seconds = "static-max-age" of &[Nginx], "static_max_age";
    /// How long browsers may keep a static file whose name has a hash.
    STATIC_IMMUTABLE_MAX_AGE: Seconds = "static-immutable-max-age" of &[Nginx], "static_immutable_max_age";
    /// Tasks that run at once.
    CONCURRENCY: Count = "concurrency" of &[Worker], "concurrency";
    /// Tasks after which a child process is replaced.
    MAX_TASKS_PER_CHILD: Count = "max-tasks-per-child" of &[Worker], "max_tasks_per_child";
    /// Memory above which a child process is replaced after its task.
    MAX_MEMORY_PER_CHILD: KiB = "max-memory-per-child" of &[Worker], "max_memory_per_child_kib";
    /// Time after which a task is killed.
    TIME_LIMIT: Seconds = "time-limit" of &[Worker], "time_limit";
    /// Time after which a task gets SoftTimeLimitExceeded and can clean up.
    SOFT_TIME_LIMIT: Seconds = "soft-time-limit" of &[Worker], "soft_time_limit";
    /// Tasks each child reserves ahead.
    PREFETCH_MULTIPLIER: Count = "prefetch-multiplier" of &[Worker], "prefetch_multiplier";
    /// Time after which Redis hands an unacknowledged task to another worker.
    VISIBILITY_TIMEOUT: Seconds = "visibility-timeout" of &[Worker], "visibility_timeout";
    /// Time running tasks have after SIGTERM before they go back to the queue.
    SOFT_SHUTDOWN_TIMEOUT: Seconds = "soft-shutdown-timeout" of &[Worker], "soft_shutdown_timeout";
    /// Age of the heartbeat file above which the process counts as hung.
    HEARTBEAT_MAX_AGE: Seconds = "heartbeat-max-age" of &[Worker, Beat], "heartbeat_max_age";
    /// Longest beat sleeps before it looks at the schedule.
    MAX_LOOP_INTERVAL: Seconds = "max-loop-interval" of &[Beat], "max_loop_interval";
    /// Connections PostgreSQL accepts.
    MAX_CONNECTIONS: Count = "max-connections" of &[Db], "max_connections";
    /// PostgreSQL's own cache.
    SHARED_BUFFERS: MiB = "shared-buffers" of &[Db], "shared_buffers_mb";
    /// What the query planner assumes to be cached.
    EFFECTIVE_CACHE_SIZE: MiB = "effective-cache-size" of &[Db], "effective_cache_size_mb";
    /// Memory for VACUUM and CREATE INDEX.
    MAINTENANCE_WORK_MEM: MiB = "maintenance-work-mem" of &[Db], "maintenance_work_mem_mb";
    /// Memory for one sort or hash of one query.
    WORK_MEM: KiB = "work-mem" of &[Db], "work_mem_kb";
    /// Background and parallel workers PostgreSQL may start.
    MAX_WORKER_PROCESSES: Count = "max-worker-processes" of &[Db], "max_worker_processes";
    /// Cost of a random read, for the query planner; 4.0 is a spinning disk.
    RANDOM_PAGE_COST: Word(PAGE_COSTS) = "random-page-cost" of &[Db], "random_page_cost";
    /// Reads PostgreSQL issues at once.
    EFFECTIVE_IO_CONCURRENCY: Count = "effective-io-concurrency" of &[Db], "effective_io_concurrency";
    /// CPU that a pod or task of the service is guaranteed; it has no limit of CPU.
    POD_CPUS: MilliCpu = "pod-cpus" of OF_PODS, "pod_cpus";
    /// Memory of a pod: what it asks for, and its limit.
    POD_MEMORY: MiB = "pod-memory" of OF_PODS, "pod_memory";
    /// Size of a pod's /tmp, which is disk of its node.
    POD_SCRATCH: MiB = "pod-scratch" of OF_PODS, "pod_scratch";
    /// Disk of its node that a pod may fill, its log included.
    POD_DISK: MiB = "pod-disk" of OF_PODS, "pod_disk";
    /// Time from the end of a pod's service until it is killed.
    POD_GRACE: Seconds = "pod-grace" of OF_PODS, "pod_grace";
    /// Time a pod goes on serving while the cluster takes it out of its routes.
    PRE_STOP: Seconds = "pre-stop" of &[Web], "pre_stop";
    /// Time that a start on the CPU of a pod may take.
    POD_START: Seconds = "pod-start" of KEPT_UP, "pod_start";
    /// Time between two checks while a pod starts.
    STARTUP_INTERVAL: Seconds = "startup-interval" of KEPT_UP, "startup_interval";
    /// Checks that may fail while a pod starts, before it is started again.
    STARTUP_FAILURES: Count = "startup-failures" of KEPT_UP, "startup_failures";
    /// Time between two checks of whether a pod gets requests.
    READINESS_INTERVAL: Seconds = "readiness-interval" of &[Web], "readiness_interval";
    /// Time between two checks of whether a pod is alive.
    LIVENESS_INTERVAL: Seconds = "liveness-interval" of KEPT_UP, "liveness_interval";
    /// Checks of life in a row that fail before a pod is started again.
    LIVENESS_FAILURES: Count = "liveness-failures" of KEPT_UP, "liveness_failures";
    /// CPU time of one request.
    REQUEST_CPU: Milliseconds = "request-cpu" of &[Web], "request_cpu_ms";
    /// Percent of its CPU that a pod is meant to use; above it another one is started.
    CPU_TARGET: Count = "cpu-target" of &[Web], "cpu_target";
    /// Waiting tasks per worker above which another one is started.
    QUEUE_LENGTH: Count = "queue-length" of &[Worker], "queue_length";
    /// Pods or tasks of the service.
    REPLICAS: Count = "replicas" of &[Web, Worker], "replicas";
    /// Most pods or tasks of the service that scaling starts.
    MAX_REPLICAS: Count = "max-replicas" of &[Web, Worker], "max_replicas";
    /// Threads the model runtime computes with in a pod.
    POD_MODEL_THREADS: Count = "pod-model-threads" of &[Web], "pod_model_threads";
    /// Memory above which the child in a pod is replaced after its task.
    POD_CHILD_MEMORY: KiB = "pod-child-memory" of &[Worker], "pod_child_memory_kib";
    /// Database connections that all pods together may open.
    DATABASE_CONNECTIONS: Count = "database-connections" of &[Web], "database_connections";
    /// Longest a migration may take before its job has failed.
    JOB_DEADLINE: Seconds = "job-deadline" of &[Migrate], "job_deadline";
    /// How often a job that failed is tried again.
    JOB_RETRIES: Count = "job-retries" of &[Migrate], "job_retries";
    /// How long a job that ended can be looked at.
    JOB_KEPT: Seconds = "job-kept" of &[Migrate], "job_kept";
    /// CPU of a task on Fargate.
    TASK_CPUS: MilliCpu = "task-cpus" of OF_PODS, "task_cpus";
    /// Memory of a task on Fargate.
    TASK_MEMORY: MiB = "task-memory" of OF_PODS, "task_memory";
    /// Time between SIGTERM and SIGKILL of a task; Fargate allows 120 s.
    TASK_STOP: Seconds = "task-stop" of OF_PODS, "task_stop";
    /// Time between two checks of a task.
    TASK_INTERVAL: Seconds = "task-interval" of KEPT_UP, "task_interval";
    /// Time after a task's start in which the load balancer's checks do not count.
    BALANCER_GRACE: Seconds = "balancer-grace" of &[Web], "balancer_grace";
    /// Time after a task's start in which a failed check does not count; ECS allows 300 s.
    TASK_START: Seconds = "task-start" of KEPT_UP, "task_start";
    /// WAL kept for reuse.
    MIN_WAL_SIZE: MiB = "min-wal-size" of &[Db], "min_wal_size_mb";
    /// WAL between two checkpoints.
    MAX_WAL_SIZE: MiB = "max-wal-size" of &[Db], "max_wal_size_mb";
    /// Memory Redis fills before it refuses writes (broker) or evicts (cache).
    MAXMEMORY: MiB = "maxmemory" of &[Redis, Cache], "maxmemory_mb";
}

/// Every key of every role.
pub fn all() -> impl Iterator<Item = PlanKey> {
    ROWS.iter().flat_map(|row| row.roles.iter().map(move |role| PlanKey { role: *role, row }))
}

/// The key with this full name.
#[must_use]
pub fn find(name: &str) -> Option<PlanKey> {
    all().find(|key| key.name() == name)
}
