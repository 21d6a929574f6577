//! Redis in its two roles: a broker that must not lose a task, and a cache
//! that may forget.

use crate::plan::ledger::Ledger;
use crate::plan::shape::Shape;
use crate::schema::numbers::rows;
use crate::schema::role::Role::{Cache, Redis};

/// Decides the broker's and the cache's `maxmemory`.
pub fn decide(shape: &Shape, ledger: &mut Ledger) {
    if shape.has(Redis) {
        let half = ledger.of(rows::MEMORY, Redis) / 2;
        ledger.decide(rows::MAXMEMORY, Redis, half, "rewriting its file can double it");
    }
    if shape.has(Cache) {
        let most = ledger.of(rows::MEMORY, Cache) * 3 / 4;
        ledger.decide(rows::MAXMEMORY, Cache, most, "only fragmentation needs room");
    }
}
