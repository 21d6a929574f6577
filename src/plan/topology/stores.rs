//! Data stores: the database, the broker and the cache. Of one that was there
//! before, its own lines stay, and ours are what limits, checks and locks it
//! down.

use crate::plan::Plan;
use crate::plan::carry::{Carry, has_jit};
use crate::plan::code::has_password;
use crate::plan::images;
use crate::plan::shape::Shape;
use crate::plan::topology::sizes::Sizes;
use crate::plan::topology::{
    BACKEND, Command, EDGE, EnvValue, Group, Image, Kept, Mount, Port, Probe, Runbook, Security,
    Service, Stop, Test, Variable, Word, existing,
};
use crate::schema::Role;
use crate::schema::numbers::rows;
use crate::source::compose::Service as Existing;
use crate::source::compose::image::Kind;
use crate::source::compose::interpolate;
use crate::source::compose::yaml::{Item, Node};

/// Keys of an existing store that ours take the place of.
const PLANNED: [&str; 18] = [
    "command",
    "deploy",
    "healthcheck",
    "logging",
    "networks",
    "network_mode",
    "profiles",
    "restart",
    "read_only",
    "cap_drop",
    "security_opt",
    "stop_grace_period",
    "stop_signal",
    "shm_size",
    "mem_limit",
    "cpus",
    "cpu_shares",
    "tmpfs",
];
/// What an entry point that starts as root needs to become its own user.
const TO_CHANGE_USER: [&str; 5] = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"];
/// Settings of PostgreSQL that the plan decides.
const DECIDED: [&str; 11] = [
    "max_connections",
    "shared_buffers",
    "effective_cache_size",
    "maintenance_work_mem",
    "work_mem",
    "min_wal_size",
    "max_wal_size",
    "max_worker_processes",
    "random_page_cost",
    "effective_io_concurrency",
    "jit",
];
/// The user of the Docker library's images of both stores, by number.
const STORE_USER: &str = "999:999";

/// The service of a store, new or existing.
pub(super) fn service(plan: &Plan, role: Role) -> Service {
    let there = plan.carry.as_ref().and_then(|carry| Some((carry, carry.services.get(&role)?)));
    match (role, there) {
        (Role::Db, Some((carry, existing))) => existing_database(plan, carry, existing),
        (_, Some((carry, existing))) => existing_redis(plan, carry, existing, role),
        (Role::Db, None) => new_database(plan),
        (_, None) => new_redis(plan, role),
    }
}

/// What both stores have in common.
fn base(plan: &Plan, role: Role) -> Service {
    let n = Sizes::of(&plan.decisions, role);
    let image = if role == Role::Db { "postgres" } else { "redis" };
    Service {
        id: plan.answers.services[&role].clone(),
        kind: Some(role),
        about: match role {
            Role::Redis => {
                "The broker: full, it refuses writes, since an evicted key is a lost task."
            }
            Role::Cache if carries_messages(plan) => {
                "Carries the messages of Channels: full, it refuses writes, since an evicted key is a lost one."
            }
            Role::Cache => {
                "The cache: it keeps nothing, and full, drops what was used longest ago."
            }
            _ => "",
        }
        .to_owned(),
        image: Image::Fetched(images::written(&plan.answers, &plan.images[image])),
        command: None,
        working_dir: String::new(),
        env: Vec::new(),
        ports: Vec::new(),
        mounts: vec![memory("/tmp", n)],
        networks: vec![BACKEND.to_owned()],
        depends_on: Vec::new(),
        probe: Probe { test: Test::OfImage, times: Some(n.times()), why: "" },
        resources: Some(n.resources()),
        security: Security { user: Some(STORE_USER.to_owned()), ..Security::default() },
        one_shot: false,
        stop: Some(Stop { signal: None, grace: n.get(rows::STOP_GRACE_PERIOD) }),
        runbook: Runbook::default(),
        kept: None,
    }
}

fn memory(target: &str, n: Sizes) -> Mount {
    Mount::Memory { target: target.to_owned(), size: n.get(rows::TMPFS), owner: None }
}

fn own(name: &str, value: EnvValue) -> Variable {
    Variable { name: name.to_owned(), value, group: Group::Own, why: String::new() }
}

/// The database's own command, with what the plan decides.
fn tuned(plan: &Plan, jit: bool, further: &[String]) -> Command {
    let n = Sizes::of(&plan.decisions, Role::Db);
    let mut options = vec![
        format!("max_connections={}", n.get(rows::MAX_CONNECTIONS)),
        format!("shared_buffers={}MB", n.get(rows::SHARED_BUFFERS).0),
        format!("effective_cache_size={}MB", n.get(rows::EFFECTIVE_CACHE_SIZE).0),
        format!("maintenance_work_mem={}MB", n.get(rows::MAINTENANCE_WORK_MEM).0),
        format!("work_mem={}kB", n.get(rows::WORK_MEM).0),
        format!("min_wal_size={}MB", n.get(rows::MIN_WAL_SIZE).0),
        format!("max_wal_size={}MB", n.get(rows::MAX_WAL_SIZE).0),
        format!("max_worker_processes={}", n.get(rows::MAX_WORKER_PROCESSES)),
        format!("random_page_cost={}", n.get(rows::RANDOM_PAGE_COST)),
        format!("effective_io_concurrency={}", n.get(rows::EFFECTIVE_IO_CONCURRENCY)),
    ];
    if jit {
        options.push("jit=off".to_owned());
    }
    let literal = |option| vec![Word::Literal("-c".to_owned()), Word::Literal(option)];
    let kept = |option: &String| vec![Word::Literal("-c".to_owned()), Word::Kept(option.clone())];
    let mut command = Command::of(["postgres"]);
    command.0.extend(options.into_iter().map(literal));
    command.0.extend(further.iter().map(kept));
    command
}

/// Over TCP: while the database is created it listens on its socket alone.
const OVER_TCP: &str = "Over TCP: while the database is created it listens on its socket alone.";

/// Where PostgreSQL has its data.
pub(super) const POSTGRES_DATA: &str = "/var/lib/postgresql";

/// Whether PostgreSQL answers.
pub(super) fn postgres_test() -> Test {
    Test::Command(Command::of(["pg_isready", "-h", "127.0.0.1", "-U", "app", "-d", "app"]))
}

fn new_database(plan: &Plan) -> Service {
    let base = base(plan, Role::Db);
    let n = Sizes::of(&plan.decisions, Role::Db);
    let mut mounts = vec![Mount::volume(&plan.volumes.db, POSTGRES_DATA)];
    mounts.extend(base.mounts);
    mounts.push(memory("/run/postgresql", n));
    Service {
        command: Some(tuned(plan, true, &[])),
        env: vec![
            own("POSTGRES_USER", EnvValue::literal("app")),
            own("POSTGRES_DB", EnvValue::literal("app")),
            own("POSTGRES_PASSWORD", EnvValue::Secret("POSTGRES_PASSWORD".to_owned())),
        ],
        mounts,
        probe: Probe { test: postgres_test(), why: OVER_TCP, ..base.probe },
        stop: base.stop.map(by_fast_shutdown),
        ..base
    }
}

/// PostgreSQL waits for its clients on SIGTERM; on SIGINT it does not.
fn by_fast_shutdown(stop: Stop) -> Stop {
    Stop { signal: Some("SIGINT"), ..stop }
}

fn existing_database(plan: &Plan, carry: &Carry, service: &Existing) -> Service {
    let start = carry.start(service);
    let further = options(service).filter(|_| start.library);
    let n = Sizes::of(&plan.decisions, Role::Db);
    let mut base = goes_on(plan, carry, service, Role::Db);
    match &further {
        Some(further) => {
            let jit = has_jit(carry.known(service).as_ref());
            base.command = Some(tuned(plan, jit, further));
        }
        None => keep(&mut base, service, "command"),
    }
    if start.library {
        base.mounts.push(memory("/run/postgresql", n));
        base.stop = base.stop.map(by_fast_shutdown);
    }
    if let Some(test) = own_check(service).filter(|_| !start.library) {
        base.probe.test = Test::Kept(test);
    } else {
        base.probe.why = OVER_TCP;
        base.probe.test = Test::Shell(vec![
            "pg_isready -h 127.0.0.1 -U \"${POSTGRES_USER:-postgres}\"".to_owned(),
            "-d \"${POSTGRES_DB:-${POSTGRES_USER:-postgres}}\"".to_owned(),
        ]);
    }
    base
}

fn new_redis(plan: &Plan, role: Role) -> Service {
    let base = base(plan, role);
    let n = Sizes::of(&plan.decisions, role);
    let secret = if role == Role::Redis { "REDIS_PASSWORD" } else { "CACHE_PASSWORD" };
    let password = has_password(&Shape::of(&plan.answers), role);
    let mut lines = vec!["exec redis-server - <<CONF".to_owned(), "dir /data".to_owned()];
    if password {
        lines.push(format!("requirepass \"${secret}\""));
    }
    lines.push(format!("maxmemory {}mb", n.get(rows::MAXMEMORY).0));
    lines.push(format!("maxmemory-policy {}", eviction(plan, role)));
    match role {
        Role::Redis => lines.extend(["appendonly yes", "appendfsync everysec"].map(str::to_owned)),
        _ => lines.push("appendonly no".to_owned()),
    }
    lines.extend(["save \"\"", "CONF"].map(str::to_owned));
    let script = format!("{}\n", lines.join("\n"));
    let data = "/data".to_owned();
    Service {
        command: Some(Command::of(["sh", "-euc", &script])),
        env: match password {
            true => vec![
                own(secret, EnvValue::Secret(secret.to_owned())),
                own("REDISCLI_AUTH", EnvValue::Secret(secret.to_owned())),
            ],
            false => Vec::new(),
        },
        mounts: match role {
            Role::Redis => {
                let name = plan.volumes.redis.clone();
                vec![Mount::volume(&name, &data), memory("/tmp", n)]
            }
            _ => vec![memory("/data", n)],
        },
        probe: Probe {
            test: Test::Command(Command::of(["redis-cli", "-e", "ping"])),
            ..base.probe
        },
        ..base
    }
}

/// What happens when a Redis is full.
fn eviction(plan: &Plan, role: Role) -> &'static str {
    if role == Role::Redis || carries_messages(plan) { "noeviction" } else { "allkeys-lru" }
}

/// Whether the cache is more than one: Channels' layer is in it.
pub(super) fn carries_messages(plan: &Plan) -> bool {
    plan.answers.adopted.as_ref().is_some_and(|adopted| adopted.derived.layer_in_redis)
}

fn existing_redis(plan: &Plan, carry: &Carry, service: &Existing, role: Role) -> Service {
    let start = carry.start(service);
    let redis = redis_command(carry, service);
    let n = Sizes::of(&plan.decisions, role);
    let mut base = goes_on(plan, carry, service, role);
    match redis.words {
        Some(words) => {
            let kept = |word| vec![Word::Kept(word)];
            let mut command = Command(words.into_iter().map(kept).collect());
            if redis.limited {
                let maxmemory = format!("{}mb", n.get(rows::MAXMEMORY).0);
                for word in ["--maxmemory", &maxmemory, "--maxmemory-policy", eviction(plan, role)]
                {
                    command.push(word);
                }
            }
            base.command = Some(command);
        }
        None => keep(&mut base, service, "command"),
    }
    if !redis.password.is_empty()
        && let Some(kept) = &mut base.kept
    {
        let none = Item::of(Node::Map(Vec::new()));
        match kept.keys.iter_mut().find(|(key, _)| key == "environment") {
            Some((_, item)) => *item = with_auth(item, &redis.password),
            None => {
                kept.keys.push(("environment".to_owned(), with_auth(&none, &redis.password)));
            }
        }
        base.env.push(own("REDISCLI_AUTH", EnvValue::Kept(Some(redis.password.clone()))));
    }
    base.probe.test = match own_check(service).filter(|_| !start.library) {
        Some(test) => Test::Kept(test),
        // Its redis-cli has no -e yet: what counts is the answer.
        None if redis.asks && is_old(service) => {
            Test::Shell(vec!["redis-cli ping | grep -q PONG".to_owned()])
        }
        None if redis.asks => Test::Command(Command::of(["redis-cli", "-e", "ping"])),
        None => Test::Command(Command::of(["redis-cli", "ping"])),
    };
    base
}

/// Whether it runs a Redis from before 7.
fn is_old(service: &Existing) -> bool {
    let image = service.image().unwrap_or_default();
    let tag = image.rsplit_once(':').map_or("", |(_, tag)| tag);
    let major: Option<u32> = tag.split(['.', '-']).next().and_then(|major| major.parse().ok());
    image.contains("redis") && major.is_some_and(|major| major < 7)
}

/// An existing store with its own lines, in our networks and limits.
fn goes_on(plan: &Plan, carry: &Carry, service: &Existing, role: Role) -> Service {
    let base = base(plan, role);
    let start = carry.start(service);
    let ports: Vec<Port> = service.ports().into_iter().map(Port::Kept).collect();
    let mut networks = base.networks;
    if !ports.is_empty() {
        // A service on an internal network alone cannot publish a port.
        networks.push(EDGE.to_owned());
    }
    networks.extend(existing::networks(carry, role));
    let keys: Vec<(String, Item)> = service
        .item
        .entries()
        .filter_map(|(key, value)| Some((key.scalar()?, value.clone())))
        .filter(|(key, _)| !PLANNED.contains(&key.as_str()))
        .collect();
    let mut mounts = existing::all_mounts(service);
    mounts.extend(base.mounts);
    let as_root = start.user.is_none() && service.item.get("cap_add").is_none();
    Service {
        image: Image::Kept,
        env: service
            .environment()
            .into_iter()
            .map(|(name, value)| own(&name, EnvValue::Kept(value)))
            .collect(),
        ports,
        mounts,
        networks,
        security: Security {
            user_why: match (start.keeps_user, &start.user) {
                (false, Some(_)) => "who owns its data",
                _ => "",
            },
            user: start.user,
            cap_add: if as_root { TO_CHANGE_USER.to_vec() } else { Vec::new() },
            writable: (!start.library).then_some("its entry point writes to its own files"),
            keeps_capabilities: false,
            init: false,
        },
        kept: Some(Kept { line: service.line, keys, text: None, devices: None }),
        ..base
    }
}

/// Keeps a key as it stands.
fn keep(service: &mut Service, existing: &Existing, key: &str) {
    if let (Some(kept), Some(item)) = (&mut service.kept, existing.item.get(key)) {
        kept.keys.push((key.to_owned(), item.clone()));
    }
}

/// The `-c` settings of a command that starts the server and nothing else,
/// without those the plan decides; `None` for any other command.
fn options(service: &Existing) -> Option<Vec<String>> {
    let Some(command) = service.item.get("command") else { return Some(Vec::new()) };
    if service.item.get("entrypoint").is_some() {
        return None;
    }
    let words = match command.scalar() {
        Some(text) => interpolate::words(&text)?,
        None => command.scalars(),
    };
    let mut words = words.into_iter().peekable();
    words.next_if(|word| word == "postgres" || word == "docker-entrypoint.sh");
    words.next_if(|word| word == "postgres");
    let mut options = Vec::new();
    while let Some(word) = words.next() {
        let option = match word.as_str() {
            "-c" | "--config" => words.next()?,
            word => word.strip_prefix("-c").or_else(|| word.strip_prefix("--"))?.to_owned(),
        };
        let (name, _) = option.split_once('=')?;
        if !DECIDED.contains(&name.replace('-', "_").as_str()) {
            options.push(option);
        }
    }
    Some(options)
}

/// How an existing Redis is started.
#[derive(Default)]
struct RedisCommand {
    /// The words, where they could be read.
    words: Option<Vec<String>>,
    /// Whether the plan's limit goes behind them.
    limited: bool,
    /// Whether a refused password makes the check fail.
    asks: bool,
    /// Its password; empty for none.
    password: String,
}

/// Persistence stays what it was: a server that is told to keep an append-only
/// file starts empty beside a snapshot alone.
fn redis_command(carry: &Carry, service: &Existing) -> RedisCommand {
    let words = match service.item.get("command") {
        None => Some(Vec::new()),
        Some(item) => match item.scalar() {
            Some(text) => interpolate::words(&text),
            None => Some(item.scalars()),
        },
    };
    let library = carry.start(service).library && service.item.get("entrypoint").is_none();
    let Some(mut words) = words.filter(|_| library) else { return RedisCommand::default() };
    let server = match carry.known(service).map(|known| known.kind) {
        Some(Kind::Redis) if words.is_empty() => server_of(service).to_owned(),
        _ => words.first().cloned().unwrap_or_default(),
    };
    if words.is_empty() {
        words.push(server.clone());
    }
    if words[0].starts_with("--") {
        words.insert(0, server_of(service).to_owned());
    } else if !matches!(server.as_str(), "redis-server" | "valkey-server") {
        return RedisCommand::default();
    }
    let configured = words.get(1).is_some_and(|word| !word.starts_with("--"));
    let password =
        words.iter().position(|word| word == "--requirepass").and_then(|at| words.get(at + 1));
    let password = password.cloned().unwrap_or_default();
    let limited = words.iter().all(|word| word != "--maxmemory") && !configured;
    RedisCommand { words: Some(words), limited, asks: !configured, password }
}

fn server_of(service: &Existing) -> &'static str {
    let image = service.image().unwrap_or_default();
    if image.contains("valkey") { "valkey-server" } else { "redis-server" }
}

/// The environment with the password for its own client.
fn with_auth(environment: &Item, password: &str) -> Item {
    const NAME: &str = "REDISCLI_AUTH";
    let node = match &environment.node {
        Node::List(items) => {
            let own = Item::text(format!("{NAME}={password}"));
            Node::List(items.iter().cloned().chain([own]).collect())
        }
        Node::Map(entries) => {
            let own = (Item::text(NAME), Item::text(password));
            Node::Map(entries.iter().cloned().chain([own]).collect())
        }
        _ => Node::Map(vec![(Item::text(NAME), Item::text(password))]),
    };
    Item::of(node)
}

/// The test of a health check that was there.
fn own_check(service: &Existing) -> Option<Item> {
    service.item.get("healthcheck").and_then(|check| check.get("test")).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::compose::Document;

    fn service(text: &str) -> Existing {
        let document = Document::read(&format!("services:\n  it:\n{text}")).unwrap();
        document.services().remove(0)
    }

    #[test]
    fn settings_of_a_database_stay_beside_the_planned_ones() {
        let options = |command: &str| options(&service(&format!("    command: {command}\n")));
        assert_eq!(
            options("postgres -c wal_level=logical -c max_connections=300 --log-statement=all"),
            Some(vec!["wal_level=logical".into(), "log-statement=all".into()])
        );
        assert_eq!(
            options("[\"-c\", \"shared_preload_libraries=a, b\"]"),
            Some(vec!["shared_preload_libraries=a, b".into()])
        );
        assert_eq!(options("sh -c 'exec postgres'"), None);
        assert_eq!(super::options(&service("    image: postgres\n")), Some(Vec::new()));
    }
}
