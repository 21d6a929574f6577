//! PostgreSQL: connections and memory, by pgtune's rules for a mixed load on
//! SSD, applied to the container's memory limit M.

use crate::answers::stack::Database;
use crate::plan::ledger::Ledger;
use crate::plan::shape::Shape;
use crate::schema::quantity::Quantity;
use crate::schema::role::Role::{Beat, Db, Migrate, Web, Worker};
use crate::units::MiB;

/// Connections PostgreSQL keeps for superusers, by default.
pub const SUPERUSER_RESERVED: u64 = 3;
/// Connections left for people, backups and monitoring.
pub const SPARE: u64 = 5;
/// What an idle-to-busy connection takes of the memory that shared buffers
/// leave, in MiB.
const MEMORY_PER_CONNECTION: u64 = 4;
/// What PostgreSQL's own processes take, in MiB.
const OWN_PROCESSES: u64 = 48;
/// Connections stated for a database that is managed elsewhere, unless pinned.
const EXTERNAL_CONNECTIONS: u64 = 100;

/// Connections that processes other than the web service hold.
#[must_use]
pub fn held_by_others(shape: &Shape, ledger: &Ledger) -> u64 {
    let worker = ledger.number(Worker, "concurrency") * ledger.number(Worker, "pool-size");
    worker + u64::from(shape.has(Beat)) + u64::from(shape.has(Migrate))
}

/// How many connections the web service's processes may hold together.
#[must_use]
pub fn affordable(shape: &Shape, ledger: &Ledger) -> u64 {
    let set_aside = held_by_others(shape, ledger) + SUPERUSER_RESERVED + SPARE;
    let total = match shape.answers.stack.database {
        Database::None => 0,
        Database::External => stated(ledger),
        Database::Postgres => match ledger.pinned(Db, "max-connections") {
            Some(pinned) => pinned.number(),
            None => {
                let memory = ledger.number(Db, "memory");
                let room = (memory * 3 / 4).saturating_sub(OWN_PROCESSES);
                room / MEMORY_PER_CONNECTION
            }
        },
    };
    total.saturating_sub(set_aside)
}

/// `max_connections` of a database that is managed elsewhere.
fn stated(ledger: &Ledger) -> u64 {
    ledger.pinned(Db, "max-connections").map_or(EXTERNAL_CONNECTIONS, |pinned| pinned.number())
}

/// Decides `max-connections`, from what pools need together.
pub fn connections(shape: &Shape, ledger: &mut Ledger) {
    let web = ledger.number(Web, "workers") * ledger.number(Web, "pool-size");
    let others = held_by_others(shape, ledger);
    let needed = web + others + SUPERUSER_RESERVED + SPARE;
    let uses = ["web.workers", "web.pool-size", "worker.concurrency"];
    match shape.answers.stack.database {
        Database::None => {}
        Database::External => {
            let reason = format!(
                "stated, not set: the managed database should accept this many; this stack holds up to {}",
                web + others
            );
            ledger.count(Db, "max-connections", EXTERNAL_CONNECTIONS, reason, &uses);
        }
        Database::Postgres => {
            let connections = needed.next_multiple_of(5).max(20);
            let reason = format!(
                "{web} web + {others} other + {SUPERUSER_RESERVED} superuser + {SPARE} spare = {needed}, rounded up"
            );
            ledger.count(Db, "max-connections", connections, reason, &uses);
        }
    }
}

/// Decides PostgreSQL's memory settings and returns warnings.
pub fn decide(ledger: &mut Ledger) -> Vec<String> {
    let memory = MiB(ledger.number(Db, "memory") as u32);
    let uses = ["db.memory"];
    let buffers = ledger.memory(
        Db,
        "shared-buffers",
        memory.scaled(1, 4),
        format!("a quarter of {memory}"),
        &uses,
    );
    let reason =
        format!("three quarters of {memory}: shared buffers and the page cache of this container");
    ledger.memory(Db, "effective-cache-size", memory.scaled(3, 4), reason, &uses);
    let reason = format!("a sixteenth of {memory}");
    ledger.memory(Db, "maintenance-work-mem", memory.scaled(1, 16).max(MiB(16)), reason, &uses);
    ledger.count(
        Db,
        "max-worker-processes",
        8,
        "PostgreSQL's default; they start only when a query is worth it",
        &[],
    );
    let mut warnings = Vec::new();
    work_mem(ledger, memory, buffers, &mut warnings);
    let ssd = "SSD storage, pgtune's figure";
    ledger.decide(Db, "random-page-cost", Quantity::Word("1.1".into()), ssd, &[]);
    ledger.count(Db, "effective-io-concurrency", 200, ssd, &[]);
    ledger.memory(Db, "min-wal-size", MiB(1024), "pgtune's figure for a web load", &[]);
    ledger.memory(
        Db,
        "max-wal-size",
        MiB(4096),
        "pgtune's figure for a web load: fewer checkpoints",
        &[],
    );
    ledger.memory(
        Db,
        "shm",
        MiB(256),
        "parallel queries share memory through it; Docker's 64 MiB is too little",
        &[],
    );
    warnings
}

fn work_mem(ledger: &mut Ledger, memory: MiB, buffers: MiB, warnings: &mut Vec<String>) {
    const FLOOR: u64 = 4 * 1024;
    let connections = ledger.number(Db, "max-connections");
    let workers = ledger.number(Db, "max-worker-processes");
    let left = u64::from(memory.0.saturating_sub(buffers.0)) * 1024;
    let computed = left / ((connections + workers) * 3).max(1) / 2;
    let formula =
        format!("({memory} − {buffers}) / (({connections} + {workers}) × 3) / 2 = {computed} KiB");
    let (value, reason) = if computed < FLOOR {
        (FLOOR, format!("{formula}, raised to PostgreSQL's default of 4 MiB"))
    } else {
        (computed, formula)
    };
    let uses = ["db.memory", "db.shared-buffers", "db.max-connections"];
    let value = ledger.decide(Db, "work-mem", Quantity::KiB(value), reason, &uses);
    if value * connections > left {
        warnings.push(format!(
            "db.work-mem: if all {connections} connections sort at once they want {} MiB, more than the {} MiB that shared buffers leave",
            value * connections / 1024,
            left / 1024,
        ));
    }
}
