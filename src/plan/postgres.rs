//! PostgreSQL: connections and memory, by pgtune's rules for a mixed load on
//! SSD, applied to the container's memory limit M.

use crate::answers::stack::Database;
use crate::plan::formula::{Formula, amount};
use crate::plan::ledger::Ledger;
use crate::plan::shape::Shape;
use crate::schema::numbers::rows;
use crate::schema::role::Role::{Beat, Db, Migrate, Web, Worker};
use crate::units::{Count, MiB};

/// Connections PostgreSQL keeps for superusers, by default.
pub const SUPERUSER_RESERVED: Count = 3;
/// Connections left for people, backups and monitoring.
pub const SPARE: Count = 5;
/// What an idle-to-busy connection takes of the memory that shared buffers
/// leave.
const MEMORY_PER_CONNECTION: MiB = MiB(4);
/// What PostgreSQL's own processes take.
const OWN_PROCESSES: MiB = MiB(48);
/// Connections stated for a database that is managed elsewhere, unless pinned.
const EXTERNAL_CONNECTIONS: Count = 100;

/// Connections that processes other than the web service hold.
#[must_use]
pub fn held_by_others(shape: &Shape, ledger: &Ledger) -> Count {
    let worker = match shape.has(Worker) {
        true => ledger.get(rows::CONCURRENCY, Worker) * ledger.get(rows::POOL_SIZE, Worker),
        false => 0,
    };
    worker + Count::from(shape.has(Beat)) + Count::from(shape.has(Migrate))
}

/// Connections that the web service's processes do not get.
fn set_aside(shape: &Shape, ledger: &Ledger) -> Formula {
    amount(held_by_others(shape, ledger), "other")
        + amount(SUPERUSER_RESERVED, "superuser")
        + amount(SPARE, "spare")
}

/// How many connections the web service's processes may hold together.
#[must_use]
pub fn affordable(shape: &Shape, ledger: &Ledger) -> Formula {
    let pinned = ledger.pinned(rows::MAX_CONNECTIONS, Db);
    let total = match (shape.answers.stack.database, pinned) {
        (_, Some(pinned)) => Formula::from(pinned),
        (Database::Postgres, None) => {
            let room = ledger.of(rows::MEMORY, Db) * 3 / 4 - OWN_PROCESSES;
            room / MEMORY_PER_CONNECTION
        }
        _ => Formula::from(EXTERNAL_CONNECTIONS),
    };
    total - set_aside(shape, ledger)
}

/// Decides `max-connections`, from what pools need together.
pub fn connections(shape: &Shape, ledger: &mut Ledger) {
    match shape.answers.stack.database {
        Database::None => {}
        Database::External => {
            let why = "stated, not set: the database should accept this many";
            ledger.decide(rows::MAX_CONNECTIONS, Db, EXTERNAL_CONNECTIONS, why);
        }
        Database::Postgres => {
            let web = ledger.of(rows::WORKERS, Web) * ledger.of(rows::POOL_SIZE, Web).named("web");
            let needed = web + set_aside(shape, ledger);
            let why = "what all pools hold together";
            ledger.decide(rows::MAX_CONNECTIONS, Db, needed.rounded_up(5).at_least(20), why);
        }
    }
}

/// Decides PostgreSQL's memory settings and returns warnings.
pub fn decide(ledger: &mut Ledger) -> Vec<String> {
    let memory = ledger.of(rows::MEMORY, Db);
    ledger.decide(rows::SHARED_BUFFERS, Db, memory.clone() / 4, "PostgreSQL's own cache");
    let why = "shared buffers and the page cache of this container";
    ledger.decide(rows::EFFECTIVE_CACHE_SIZE, Db, memory.clone() * 3 / 4, why);
    let maintenance = (memory / 16).at_least(MiB(16));
    ledger.decide(rows::MAINTENANCE_WORK_MEM, Db, maintenance, "");
    let why = "PostgreSQL's default; they start only when a query is worth it";
    ledger.decide(rows::MAX_WORKER_PROCESSES, Db, 8, why);
    let warning = work_mem(ledger);
    let ssd = "SSD storage, pgtune's figure";
    ledger.decide(rows::RANDOM_PAGE_COST, Db, "1.1", ssd);
    ledger.decide(rows::EFFECTIVE_IO_CONCURRENCY, Db, 200, ssd);
    ledger.decide(rows::MIN_WAL_SIZE, Db, MiB(1024), "pgtune's figure for a web load");
    let why = "pgtune's figure for a web load: fewer checkpoints";
    ledger.decide(rows::MAX_WAL_SIZE, Db, MiB(4096), why);
    let why = "parallel queries share memory through it; Docker's 64 MiB is too little";
    ledger.decide(rows::DB_SHM, Db, MiB(256), why);
    warning.into_iter().collect()
}

fn work_mem(ledger: &mut Ledger) -> Option<String> {
    let left = ledger.of(rows::MEMORY, Db) - ledger.of(rows::SHARED_BUFFERS, Db);
    let connections = ledger.of(rows::MAX_CONNECTIONS, Db);
    let sorts = (connections + ledger.of(rows::MAX_WORKER_PROCESSES, Db)) * 3;
    let share = left.clone() / sorts.at_least(1) / 2;
    let value = ledger.decide(rows::WORK_MEM, Db, share.at_least(MiB(4)), "");
    let connections = ledger.get(rows::MAX_CONNECTIONS, Db);
    let (all, left) = (value.0 * connections / 1024, left.evaluate());
    (all as f64 > left).then(|| {
        format!(
            "db.work-mem: if all {connections} connections sort at once they want {all} MiB, more than the {left} MiB that shared buffers leave"
        )
    })
}
