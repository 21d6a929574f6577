//! Celery's worker and beat: concurrency, recycling, limits.

use crate::answers::stack::Database;
use crate::plan::budget::FILL_PERCENT;
use crate::plan::ledger::Ledger;
use crate::plan::shape::Shape;
use crate::schema::quantity::Quantity;
use crate::schema::role::Role::{Beat, Worker};
use crate::units::{MiB, MilliCpu};

/// Decides worker and beat.
pub fn decide(shape: &Shape, ledger: &mut Ledger) {
    if shape.has(Worker) {
        worker(shape, ledger);
        limits(shape, ledger);
    }
    if shape.has(Beat) {
        let (memory, parts) = shape.process(Beat);
        let reason = format!("{}: {parts}", shape.measured());
        ledger.memory(Beat, "process-memory", memory, reason, &[]);
        let interval = ledger.seconds(
            Beat,
            "max-loop-interval",
            30,
            "a changed schedule is seen within half a minute",
            &[],
        );
        let (age, reason) = if shape.is_adopted() {
            (600, "beat writes its schedule every 3 minutes: three times missed means it hangs")
        } else {
            (interval * 4, "four sleeps without a sign of life")
        };
        ledger.seconds(Beat, "heartbeat-max-age", age, reason, &["beat.max-loop-interval"]);
    }
}

fn worker(shape: &Shape, ledger: &mut Ledger) {
    let (memory, parts) = shape.process(Worker);
    let reason = match shape.is_adopted() {
        true => format!("{}: {parts}", shape.measured()),
        false => format!("measured under load: {parts}"),
    };
    ledger.memory(Worker, "process-memory", memory, reason, &[]);
    let limit = MiB(ledger.number(Worker, "memory") as u32);
    let each = ledger.number(Worker, "process-memory").max(1);
    let main = shape.supervisor(Worker, 1);
    let cpus = MilliCpu(ledger.number(Worker, "cpus") as u32);
    let wanted = u64::from(cpus.threads());
    let room = u64::from(limit.0 * FILL_PERCENT / 100).saturating_sub(u64::from(main.0));
    let fit = (room / each).max(1);
    let concurrency = wanted.min(fit);
    let reason = if fit < wanted {
        format!(
            "{cpus} → {wanted}, but only {fit} × {each} MiB ≤ 0.8 × {limit} less {main} for the main process"
        )
    } else {
        format!(
            "{cpus} → {wanted}; {wanted} × {each} MiB ≤ 0.8 × {limit} less {main} for the main process; Celery's own default is the host's CPU count"
        )
    };
    let uses = ["worker.cpus", "worker.memory", "worker.process-memory"];
    let concurrency = ledger.count(Worker, "concurrency", concurrency, reason, &uses).max(1);

    let reason = "a fork costs milliseconds; fifty tasks bound what a leak can gather";
    ledger.count(Worker, "max-tasks-per-child", 50, reason, &[]);
    let per_child = u64::from(limit.0) * 1024 * u64::from(FILL_PERCENT) / 100 / concurrency;
    let reason = format!(
        "0.8 × {limit} / {concurrency}: a grown child is replaced before the kernel kills the container"
    );
    ledger.decide(
        Worker,
        "max-memory-per-child",
        Quantity::KiB(per_child),
        reason,
        &["worker.memory", "worker.concurrency"],
    );
    ledger.count(
        Worker,
        "prefetch-multiplier",
        1,
        "a long task must not hold others back that another process could run",
        &[],
    );
    if shape.answers.stack.database != Database::None {
        ledger.count(
            Worker,
            "pool-size",
            1,
            "a child runs one task at a time",
            &["worker.concurrency"],
        );
    }
}

/// Limits of code that was there before: below the visibility time-out that
/// Celery has by itself, since nothing tells the code another.
fn adopted_limits(ledger: &mut Ledger) {
    let reason =
        "5 minutes less than Redis waits before it hands a running task to a second worker";
    let uses = ["worker.visibility-timeout"];
    let hard = ledger.seconds(Worker, "time-limit", 3300, reason, &uses);
    let soft = hard.saturating_sub(300).max(hard / 2).max(1);
    let reason = "5 minutes before the hard limit, so that the task can clean up";
    ledger.seconds(Worker, "soft-time-limit", soft, reason, &["worker.time-limit"]);
    let reason = "stated, not set: Celery's default; the code's own setting wins";
    ledger.seconds(
        Worker,
        "visibility-timeout",
        3600.max(hard + 1),
        reason,
        &["worker.time-limit"],
    );
}

fn limits(shape: &Shape, ledger: &mut Ledger) {
    if shape.is_adopted() {
        adopted_limits(ledger);
        return;
    }
    let hard = ledger.seconds(Worker, "time-limit", 3600, "one hour, then the task is killed", &[]);
    let soft = hard.saturating_sub(300).max(hard / 2).max(1);
    let reason = "5 minutes before the hard limit, so that the task can clean up";
    let soft = ledger.seconds(Worker, "soft-time-limit", soft, reason, &["worker.time-limit"]);
    if shape.answers.stack.database != Database::None {
        let reason = "as long as the task itself may run";
        let value = Quantity::Milliseconds(soft * 1000);
        ledger.decide(Worker, "statement-timeout", value, reason, &["worker.soft-time-limit"]);
    }
    let reason = "5 minutes more than a task may run: otherwise Redis hands a running task to a second worker";
    ledger.seconds(Worker, "visibility-timeout", hard + 300, reason, &["worker.time-limit"]);
    let reason = "a worker sends a heartbeat every 2 s; a minute of silence means it hangs";
    ledger.seconds(Worker, "heartbeat-max-age", 60, reason, &[]);
}
