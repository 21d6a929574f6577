//! Celery's worker and beat: concurrency, recycling, limits.

use crate::plan::budget::FILL;
use crate::plan::formula::Formula;
use crate::plan::ledger::Ledger;
use crate::plan::processes;
use crate::plan::shape::Shape;
use crate::schema::numbers::rows;
use crate::schema::role::Role::{Beat, Worker};
use crate::units::Seconds;

/// Decides worker and beat.
pub fn decide(shape: &Shape, ledger: &mut Ledger) {
    if shape.has(Worker) {
        worker(shape, ledger);
        limits(shape, ledger);
    }
    if shape.has(Beat) {
        let why = "a changed schedule is seen within half a minute";
        ledger.decide(rows::MAX_LOOP_INTERVAL, Beat, Seconds(30), why);
        let (age, why) = if shape.is_adopted() {
            let why = "beat writes its schedule every 3 minutes: three times missed means it hangs";
            (Formula::from(Seconds(600)), why)
        } else {
            (ledger.of(rows::MAX_LOOP_INTERVAL, Beat) * 4, "four sleeps without a sign of life")
        };
        ledger.decide(rows::HEARTBEAT_MAX_AGE, Beat, age, why);
    }
}

fn worker(shape: &Shape, ledger: &mut Ledger) {
    let children = processes::fitting(shape, ledger, Worker);
    let why = "a child runs one task at a time; Celery's own default is the host's CPU count";
    ledger.decide(rows::CONCURRENCY, Worker, children, why);
    // Measured on 2 CPUs with tasks of 2 ms: 203 a second with 50, 304 with 1000; and one
    // child that is replaced every 50 tasks does 16, since its slot stands empty meanwhile.
    let why = "a slot stands empty while its child is replaced; what leaks is bounded by max-memory-per-child before";
    ledger.decide(rows::MAX_TASKS_PER_CHILD, Worker, 1000, why);
    let children = ledger.of(rows::CONCURRENCY, Worker).at_least(1);
    let per_child = FILL * ledger.of(rows::MEMORY, Worker) / children;
    let why = "a grown child is replaced before the kernel kills the container";
    ledger.decide(rows::MAX_MEMORY_PER_CHILD, Worker, per_child, why);
    let why = "a long task must not hold others back that another process could run";
    ledger.decide(rows::PREFETCH_MULTIPLIER, Worker, 1, why);
    if shape.has_database() {
        ledger.decide(rows::POOL_SIZE, Worker, 1, "a child runs one task at a time");
    }
}

/// Five minutes less than the hard limit, for clean-up.
fn soft_limit(ledger: &mut Ledger) {
    let hard = ledger.of(rows::TIME_LIMIT, Worker);
    let soft = (hard.clone() - Seconds(300)).at_least(hard / 2).at_least(Seconds(1));
    let why = "so that the task can clean up before the hard limit";
    ledger.decide(rows::SOFT_TIME_LIMIT, Worker, soft, why);
}

/// Limits of code that was there before: below the visibility time-out that
/// Celery has by itself, since nothing tells the code another.
fn adopted_limits(ledger: &mut Ledger) {
    let why = "less than Redis waits before it hands a running task to a second worker";
    let limit = Formula::from(Seconds(3600)) - Seconds(300);
    ledger.decide(rows::TIME_LIMIT, Worker, limit, why);
    soft_limit(ledger);
    let more = ledger.of(rows::TIME_LIMIT, Worker) + Seconds(1);
    let default = Formula::from(Seconds(3600)).at_least(more);
    let why = "stated, not set: Celery's default; the code's own setting wins";
    ledger.decide(rows::VISIBILITY_TIMEOUT, Worker, default, why);
}

fn limits(shape: &Shape, ledger: &mut Ledger) {
    if shape.is_adopted() {
        adopted_limits(ledger);
        return;
    }
    let why = "one hour, then the task is killed";
    ledger.decide(rows::TIME_LIMIT, Worker, Seconds(3600), why);
    soft_limit(ledger);
    if shape.has_database() {
        let soft = ledger.of(rows::SOFT_TIME_LIMIT, Worker);
        ledger.decide(rows::STATEMENT_TIMEOUT, Worker, soft, "as long as the task itself may run");
    }
    let more = ledger.of(rows::TIME_LIMIT, Worker) + Seconds(300);
    let why = "more than a task may run: otherwise Redis hands a running task to a second worker";
    ledger.decide(rows::VISIBILITY_TIMEOUT, Worker, more, why);
    let why = "a worker sends a heartbeat every 2 s; a minute of silence means it hangs";
    ledger.decide(rows::HEARTBEAT_MAX_AGE, Worker, Seconds(60), why);
}
