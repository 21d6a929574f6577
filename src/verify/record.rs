//! What was measured and how it was judged.

use std::time::Duration;

use serde::{Serialize, Serializer};

use super::check::{self, Check, Step};
use super::limits::Limit;

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// What it proves holds.
    Passed,
    /// It does not hold.
    Failed,
    /// It was not judged, for the reason that is given.
    Skipped,
}

impl Verdict {
    /// The word for people.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Milliseconds,
    /// Bytes.
    Bytes,
    /// Percent.
    Percent,
    /// Things.
    Count,
    /// Requests in a second.
    PerSecond,
}

impl Unit {
    /// A number of it, for people.
    #[must_use]
    pub fn show(self, value: f64) -> String {
        const KIB: f64 = 1024.0;
        match self {
            Self::Seconds if value < 10.0 => format!("{value:.1} s"),
            Self::Seconds => format!("{value:.0} s"),
            Self::Milliseconds => format!("{value:.0} ms"),
            Self::Bytes if value >= KIB * KIB * KIB => {
                format!("{:.1} GiB", value / KIB / KIB / KIB)
            }
            Self::Bytes if value >= 10.0 * KIB * KIB => format!("{:.0} MiB", value / KIB / KIB),
            Self::Bytes if value >= KIB * KIB => format!("{:.1} MiB", value / KIB / KIB),
            Self::Bytes if value >= KIB => format!("{:.0} KiB", value / KIB),
            Self::Bytes => format!("{value:.0} B"),
            Self::Percent => format!("{value:.0} %"),
            Self::Count => format!("{value:.0}"),
            Self::PerSecond => format!("{value:.0}/s"),
        }
    }
}

/// Things with their number, for people: `1 container`, `2 containers`.
#[must_use]
pub fn counted(count: usize, one: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") }
}

/// A number that was measured, by its name.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Measure {
    /// What it is: `p99`, `peak`.
    pub name: String,
    /// How much.
    pub value: f64,
    /// Of what.
    pub unit: Unit,
}

/// The result of a check, or of a check for one service.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// Which check.
    #[serde(serialize_with = "id")]
    pub check: &'static Check,
    /// The service or the image it is about; `None` for the stack.
    pub of: Option<String>,
    /// How it came out.
    pub verdict: Verdict,
    /// What was seen, in a sentence.
    pub said: String,
    /// What was measured.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub measures: Vec<Measure>,
    /// What it was judged by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<Limit>,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// The lines of logs that fit.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<String>,
    /// Seconds since the step began.
    #[serde(serialize_with = "seconds")]
    pub at: Duration,
    /// Whether it only stands for the stack not being there to be judged.
    #[serde(skip)]
    pub is_blocked: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn id<S: Serializer>(check: &&'static Check, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(check.id)
}

fn seconds<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64((time.as_secs_f64() * 1000.0).round() / 1000.0)
}

impl Finding {
    fn new(id: &str, verdict: Verdict, said: impl Into<String>) -> Self {
        Self {
            // A check that is not in the registry could be neither listed nor armed.
            check: check::find(id).unwrap_or_else(|| panic!("no check {id}")),
            of: None,
            verdict,
            said: said.into(),
            measures: Vec::new(),
            limit: None,
            help: None,
            log: Vec::new(),
            at: Duration::ZERO,
            is_blocked: false,
        }
    }

    /// It holds.
    #[must_use]
    pub fn passed(id: &str, said: impl Into<String>) -> Self {
        Self::new(id, Verdict::Passed, said)
    }

    /// It does not hold.
    #[must_use]
    pub fn failed(id: &str, said: impl Into<String>) -> Self {
        Self::new(id, Verdict::Failed, said)
    }

    /// It cannot be judged here, for a reason.
    #[must_use]
    pub fn skipped(id: &str, why: impl Into<String>) -> Self {
        Self::new(id, Verdict::Skipped, why)
    }

    /// It holds, or it does not.
    #[must_use]
    pub fn judged(id: &str, holds: bool, said: impl Into<String>) -> Self {
        Self::new(id, if holds { Verdict::Passed } else { Verdict::Failed }, said)
    }

    /// Of one service or image.
    #[must_use]
    pub fn of(mut self, name: impl Into<String>) -> Self {
        self.of = Some(name.into());
        self
    }

    /// With a number.
    #[must_use]
    pub fn measured(mut self, name: impl Into<String>, value: f64, unit: Unit) -> Self {
        self.measures.push(Measure { name: name.into(), value, unit });
        self
    }

    /// Judged by a threshold.
    #[must_use]
    pub fn by(mut self, limit: Limit) -> Self {
        self.limit = Some(limit);
        self
    }

    /// With advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// With lines of a log.
    #[must_use]
    pub fn log(mut self, lines: Vec<String>) -> Self {
        self.log = lines;
        self
    }

    /// Only for want of a stack that runs: `check` itself was not looked at.
    #[must_use]
    pub(super) const fn blocked(mut self, is_blocked: bool) -> Self {
        self.is_blocked = is_blocked;
        self
    }

    /// Whether it does not hold.
    #[must_use]
    pub fn is_failed(&self) -> bool {
        self.verdict == Verdict::Failed
    }
}

/// A step with what it found.
#[derive(Clone, Debug, Serialize)]
pub struct StepRecord {
    /// Which.
    pub step: Step,
    /// Seconds that it took.
    #[serde(serialize_with = "seconds")]
    pub took: Duration,
    /// In the order in which they were found.
    pub findings: Vec<Finding>,
}

/// A value of `dockwright.toml` that a measurement speaks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Proposal {
    /// The key: `tune.web.workers`.
    pub key: String,
    /// The value that it has.
    pub from: String,
    /// The value that is proposed.
    pub to: String,
    /// What was measured.
    pub why: String,
}

/// Who is told while a run goes on. All of it may come from several threads.
pub trait Observer: Send + Sync {
    /// A step begins.
    fn begins(&self, step: Step);
    /// What is being done at this moment.
    fn doing(&self, what: &str);
    /// A check was judged.
    fn found(&self, finding: &Finding);
    /// A step is over.
    fn ends(&self, record: &StepRecord);
    /// Something that a reader should know.
    fn note(&self, text: &str);
}
