//! The thresholds that hold for a run: `[verify]`.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use crate::answers::Draft;
use crate::error::Problem;
use crate::schema::entries::Entry;
use crate::schema::thresholds::{THRESHOLDS, Threshold};
use crate::schema::value::Value;

/// A threshold with the value that holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Limit {
    /// Its key: `verify.p99`.
    pub key: &'static str,
    /// Its value, as it is written.
    pub value: String,
    /// What it limits, and why at this value.
    pub why: &'static str,
}

/// All thresholds of a run.
#[derive(Clone, Debug)]
pub struct Limits(BTreeMap<&'static str, Value>);

impl Limits {
    /// Those of a project: the preset's, its own, and those of flags.
    ///
    /// # Panics
    /// Never: a draft has taken only values that can be read.
    #[must_use]
    pub fn of_draft(draft: &Draft) -> Self {
        let value = |row: &Threshold| {
            row.kind.read(&draft.text(row.key)).expect("a draft's values were read")
        };
        Self(THRESHOLDS.iter().map(|row| (row.key, value(row))).collect())
    }

    /// Those of a directory without a preset: what its `dockwright.toml` says
    /// below `[verify]`, and what flags say.
    ///
    /// # Errors
    /// Unknown keys and values that cannot be read, each with its place.
    ///
    /// # Panics
    /// Never: built-in values can be read, which a test sees to.
    pub fn of_entries(entries: &[Entry], set: &[String]) -> Result<Self, Vec<Problem>> {
        let built_in = |row: &Threshold| {
            (row.key, row.kind.read(row.default).expect("built-in values can be read"))
        };
        let mut limits = Self(THRESHOLDS.iter().map(built_in).collect());
        let mut problems = Vec::new();
        let own = entries.iter().filter(|entry| entry.key.starts_with("verify."));
        for entry in own {
            if let Err(problem) = limits.put(&entry.key, &entry.text) {
                problems.push(problem.at(entry.place.to_string()));
            }
        }
        for pair in set {
            let at = format!("--set {pair}");
            let Some((key, text)) = pair.split_once('=') else {
                problems.push(Problem::new("it has no `=`").at(at).help("--set verify.p99=500"));
                continue;
            };
            if !key.starts_with("verify.") {
                let message =
                    format!("`{key}` is of no use here: nothing is planned for these files");
                problems.push(
                    Problem::new(message)
                        .at(at)
                        .help("keys of [verify] alone: --set verify.p99=500"),
                );
            } else if let Err(problem) = limits.put(key, text) {
                problems.push(problem.at(at));
            }
        }
        if problems.is_empty() { Ok(limits) } else { Err(problems) }
    }

    /// Changes a threshold.
    ///
    /// # Errors
    /// An unknown key, a value that cannot be read.
    pub fn put(&mut self, key: &str, text: &str) -> Result<(), Problem> {
        let Some(row) = THRESHOLDS.iter().find(|row| row.key == key) else {
            return Err(crate::schema::unknown(key));
        };
        let value =
            row.kind.read(text).map_err(|message| Problem::new(format!("{key}: {message}")))?;
        self.0.insert(row.key, value);
        Ok(())
    }

    /// The threshold of a key, for a report.
    ///
    /// # Panics
    /// For a key that is none.
    #[must_use]
    pub fn limit(&self, key: &str) -> Limit {
        let row = row(key);
        Limit { key: row.key, value: self.0[row.key].to_string(), why: row.why }
    }

    /// A number of things, percent or milliseconds.
    ///
    /// # Panics
    /// For a key that is no such number.
    #[must_use]
    pub fn count(&self, key: &str) -> u64 {
        match &self.0[row(key).key] {
            Value::Count(count) => *count,
            other => panic!("{key} is {other}, and no count"),
        }
    }

    /// A word.
    ///
    /// # Panics
    /// For a key that is none.
    #[must_use]
    pub fn word(&self, key: &str) -> String {
        self.0[row(key).key].to_string()
    }

    /// A time.
    ///
    /// # Panics
    /// For a key that is no time.
    #[must_use]
    pub fn seconds(&self, key: &str) -> Duration {
        Duration::from_secs(self.count(key))
    }

    /// A size in bytes.
    ///
    /// # Panics
    /// For a key that is no amount of memory.
    #[must_use]
    pub fn bytes(&self, key: &str) -> u64 {
        match &self.0[row(key).key] {
            Value::Memory(size) => u64::from(size.0) << 20,
            other => panic!("{key} is {other}, and no size"),
        }
    }
}

fn row(key: &str) -> &'static Threshold {
    THRESHOLDS.iter().find(|row| row.key == key).unwrap_or_else(|| panic!("no threshold {key}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_and_then_a_flag_change_a_threshold() {
        let entries =
            crate::schema::entries::read("f", "[verify]\np99 = 700\nhealthy = \"30s\"\n").unwrap();
        let limits = Limits::of_entries(&entries, &["verify.p99=900".into()]).unwrap();
        assert_eq!(limits.count("verify.p99"), 900);
        assert_eq!(limits.seconds("verify.healthy"), Duration::from_secs(30));
        assert_eq!(limits.bytes("verify.context"), 100 << 20);
    }

    #[test]
    fn what_is_no_threshold_is_refused_with_its_place() {
        let entries = crate::schema::entries::read("f", "[verify]\np9 = 700\n").unwrap();
        let problems = Limits::of_entries(&entries, &["tune.web.workers=2".into()]).unwrap_err();
        assert_eq!(problems.len(), 2, "{problems:?}");
        assert!(problems[0].help.as_deref().is_some_and(|help| help.contains("verify.p99")));
    }
}
