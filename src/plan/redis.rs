//! Redis in its two roles: a broker that must not lose a task, and a cache
//! that may forget.

use crate::plan::ledger::Ledger;
use crate::plan::shape::Shape;
use crate::schema::role::Role::{Cache, Redis};
use crate::units::MiB;

/// Decides the broker's and the cache's `maxmemory`.
pub fn decide(shape: &Shape, ledger: &mut Ledger) {
    if shape.has(Redis) {
        let limit = MiB(ledger.number(Redis, "memory") as u32);
        let reason = format!("half of {limit}: rewriting its file can double it");
        ledger.memory(Redis, "maxmemory", limit.scaled(1, 2), reason, &["redis.memory"]);
    }
    if shape.has(Cache) {
        let limit = MiB(ledger.number(Cache, "memory") as u32);
        let reason = format!("3/4 of {limit}: only fragmentation needs room");
        ledger.memory(Cache, "maxmemory", limit.scaled(3, 4), reason, &["cache.memory"]);
    }
}
