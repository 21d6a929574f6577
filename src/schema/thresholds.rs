//! `[verify]`: what the results of `dockwright verify` are judged by. Each has
//! its reason, and each can be changed, in `dockwright.toml`, by a preset or
//! with `--set`.

use super::value::Kind;

/// A threshold.
pub struct Threshold {
    /// Its key in full.
    pub key: &'static str,
    /// How its value is read.
    pub kind: Kind,
    /// The built-in value.
    pub default: &'static str,
    /// What it limits, and why at that value.
    pub why: &'static str,
}

const fn row(key: &'static str, kind: Kind, default: &'static str, why: &'static str) -> Threshold {
    Threshold { key, kind, default, why }
}

/// What `verify.isolation` takes.
pub const ISOLATION: &[&str] = &["planned", "strict"];

const PERCENT: Kind = Kind::Count(1, 100);

/// All of them.
pub const THRESHOLDS: &[Threshold] = &[
    row(
        "verify.build-cold",
        Kind::Seconds,
        "600",
        "Longest build without a cached layer: a release that takes longer is put off.",
    ),
    row(
        "verify.build-warm",
        Kind::Seconds,
        "20",
        "Longest build with every layer cached: what takes longer is not cached.",
    ),
    row(
        "verify.context",
        Kind::Memory,
        "100MiB",
        "Largest build context: more than that is data, caches or a history that a .dockerignore should name.",
    ),
    row(
        "verify.image-size",
        Kind::Memory,
        "1GiB",
        "Largest image of the application: what is larger is slow to pull and to scan. Model runtimes need more.",
    ),
    row(
        "verify.healthy",
        Kind::Seconds,
        "120",
        "Longest until a service is healthy: a deployment waits for it, and so does every replacement.",
    ),
    row(
        "verify.isolation",
        Kind::Choice(ISOLATION),
        "planned",
        "Whose containers have to be hardened and limited: those that dockwright planned, or with `strict` everybody's. What exposes data or the host fails in either case.",
    ),
    row(
        "verify.memory-rest",
        PERCENT,
        "70",
        "Most of its memory limit, in percent, that a service may take while nothing is asked of it: the rest is for requests.",
    ),
    row(
        "verify.memory-load",
        PERCENT,
        "85",
        "Most of its memory limit, in percent, that a service may take under load: what is above has no room for a larger request.",
    ),
    row("verify.answer", Kind::Seconds, "15", "Longest wait for one answer outside of load."),
    row(
        "verify.p99",
        Kind::Count(1, 600_000),
        "2000",
        "Slowest of a hundred answers under load, in milliseconds: people leave a page that takes longer.",
    ),
    row(
        "verify.error-rate",
        Kind::Count(0, 1000),
        "0",
        "Failed requests of a thousand under load.",
    ),
    row(
        "verify.load-seconds",
        Kind::Seconds,
        "2",
        "How long each number of clients is kept up under load: enough for hundreds of answers, and for six numbers in a minute.",
    ),
    row(
        "verify.load-clients",
        Kind::Count(1, 1000),
        "32",
        "Most clients at once: the ramp ends there, wherever latency bends.",
    ),
    row(
        "verify.throttled",
        PERCENT,
        "25",
        "Most of its CPU periods, in percent, in which a service may be held back under load: a quota makes single answers slow while the machine idles.",
    ),
    row(
        "verify.workers",
        PERCENT,
        "20",
        "How much less throughput the planned number of processes may give than one more, in percent: below that a machine's own noise is as large.",
    ),
    row(
        "verify.connections",
        PERCENT,
        "90",
        "Most of the database's connections, in percent, that may be taken under load: backups and people need some.",
    ),
    row(
        "verify.slow-request",
        Kind::Seconds,
        "5",
        "Longest that other requests may wait behind one that hangs.",
    ),
    row(
        "verify.replacement",
        Kind::Count(0, 100_000),
        "8",
        "Failed requests while the application is replaced behind its proxy: those that are on their way to the container at the moment at which it goes, two of each client's at most.",
    ),
    row(
        "verify.recovery",
        Kind::Seconds,
        "30",
        "Longest until a stack answers again after what was taken away is back.",
    ),
    row(
        "verify.notice",
        Kind::Seconds,
        "15",
        "Longest until readiness says that a dependency is away: whoever sends traffic asks about as often.",
    ),
    row(
        "verify.alive",
        Kind::Seconds,
        "5",
        "Longest wait for liveness while a dependency is away: what takes longer is taken for dead, and restarted.",
    ),
    row(
        "verify.task",
        Kind::Seconds,
        "20",
        "Longest until a queued task of no length has been run.",
    ),
    row(
        "verify.step-limit",
        Kind::Seconds,
        "600",
        "Longest that one step may take before it is given up; building has build-cold on top.",
    ),
];
