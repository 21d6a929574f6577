//! `dockwright verify` on stacks that are right: everything holds.

use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::support::docker;
use crate::support::stack::{Blueprint, Stack, dockwright};

/// A whole run builds twice, starts several times and waits for what it breaks.
const LIMIT: Duration = Duration::from_secs(900);

/// What `verify` said of a directory.
pub struct Verified(Value);

impl Verified {
    /// Verifies a stack.
    ///
    /// # Panics
    /// When there is no report: the input was refused, or the engine failed.
    #[track_caller]
    pub fn of(stack: &Stack, arguments: &[&str]) -> Self {
        let mut verify: Command = dockwright();
        verify.arg("verify").arg(stack.path("")).args(arguments).args(["--format", "json"]);
        let output = docker::run(&mut verify, LIMIT);
        let report = serde_json::from_str(&output.stdout);
        Self(report.unwrap_or_else(|error| panic!("{error}: {}{}", output.stdout, output.stderr)))
    }

    /// A report that was printed.
    pub const fn read(report: Value) -> Self {
        Self(report)
    }

    /// The stack that was left running.
    pub fn kept(&self) -> &Value {
        &self.0["kept"]
    }

    /// Why the run ended early.
    pub fn cut(&self) -> &str {
        self.0["cut"].as_str().unwrap_or_default()
    }

    fn findings(&self) -> impl Iterator<Item = &Value> {
        let steps = self.0["steps"].as_array().into_iter().flatten();
        steps.flat_map(|step| step["findings"].as_array().into_iter().flatten())
    }

    fn failed(&self) -> Vec<String> {
        self.findings()
            .filter(|own| own["verdict"] == "failed")
            .map(|own| format!("{} {}: {} {}", own["check"], own["of"], own["said"], own["log"]))
            .collect()
    }

    /// Nothing fails, and something was judged.
    #[track_caller]
    pub fn holds(&self) {
        let failed = self.failed();
        assert!(failed.is_empty(), "{}", failed.join("\n"));
        let passed = self.findings().filter(|own| own["verdict"] == "passed").count();
        let skipped = self.findings().filter(|own| own["verdict"] == "skipped").count();
        println!("{passed} passed, {skipped} skipped");
        assert!(passed > 0, "nothing was judged");
    }

    /// This check was judged, and passes.
    #[track_caller]
    pub fn judges(&self, check: &str) {
        let own: Vec<&Value> = self.findings().filter(|own| own["check"] == check).collect();
        assert!(own.iter().any(|own| own["verdict"] == "passed"), "{check}: {own:?}");
    }

    /// This check was not judged, for this reason.
    #[track_caller]
    pub fn skips(&self, check: &str, why: &str) {
        let own: Vec<&Value> = self.findings().filter(|own| own["check"] == check).collect();
        let is_skipped = |own: &&Value| own["verdict"] == "skipped" && own["said"] == why;
        assert!(own.iter().any(is_skipped), "{check}: {own:?}");
    }

    /// This check fails, and has a reason: what it said, with the lines of logs.
    #[track_caller]
    pub fn finds(&self, check: &str) -> String {
        let found = self.findings().find(|own| own["check"] == check && own["verdict"] == "failed");
        let own: Vec<&Value> = self.findings().filter(|own| own["check"] == check).collect();
        let found =
            found.unwrap_or_else(|| panic!("{check} did not fail: {own:?}; {:?}", self.failed()));
        println!("{check} {}: {}", found["of"], found["said"]);
        format!("{} {}", found["said"], found["log"])
    }
}

impl Verified {
    /// One of these checks fails.
    #[track_caller]
    pub fn finds_any(&self, checks: &[&str]) {
        let failed = self.failed();
        let found = self.findings().find(|own| {
            own["verdict"] == "failed" && checks.iter().any(|check| own["check"] == *check)
        });
        let found = found.unwrap_or_else(|| panic!("none of {checks:?} failed: {failed:?}"));
        println!("{} {}: {}", found["check"], found["of"], found["said"]);
    }
}

/// A stack of a preset holds as a whole.
#[track_caller]
fn whole(blueprint: Blueprint, judged: &[&str]) {
    let verified = Verified::of(&blueprint.create(), &[]);
    verified.holds();
    for check in judged {
        verified.judges(check);
    }
}

#[test]
fn fastapi_on_uvicorn() {
    let stack =
        Stack::of("fastapi-uvicorn").set("stack.database", "postgres").set("stack.cache", "redis");
    whole(stack, &["break.database-stop", "break.database-pause", "data.backup", "stop.in-flight"]);
}

#[test]
fn fastapi_on_gunicorn() {
    let stack = Stack::of("fastapi-gunicorn").set("stack.database", "postgres");
    whole(stack, &["break.worker", "break.database-pause", "data.restart", "stop.in-flight"]);
}

#[test]
fn django_behind_nginx() {
    let judged = ["contract.static", "break.migrations", "break.forwarded", "stop.rolling"];
    whole(Stack::of("django-nginx"), &judged);
}

#[test]
fn a_model_server() {
    whole(Stack::of("ml-server"), &["contract.model", "load.memory", "stop.in-flight"]);
}

/// A repository of `tests/cases/whole` that `dockwright init` has taken over.
#[track_caller]
fn adopted(case: &str, steps: &[&str]) {
    let stack = Stack::of_whole(case, None);
    stack.init(&[]);
    Verified::of(&stack, steps).holds();
}

#[test]
fn desk_adopted() {
    adopted("desk", &[]);
}

#[test]
fn chat_adopted() {
    adopted("chat", &["--skip", "load,break"]);
}

#[test]
fn studio_adopted() {
    adopted("studio", &[]);
}

/// A compose project that nobody here wrote, nor planned.
#[track_caller]
fn foreign(case: &str, judged: &[&str]) {
    let verified = Verified::of(&Stack::of_case(&format!("foreign/{case}")), &[]);
    verified.holds();
    for check in judged {
        verified.judges(check);
    }
}

#[test]
fn a_foreign_board_on_flask_and_postgres() {
    foreign("board", &["break.database-stop", "data.backup", "stop.in-flight"]);
}

#[test]
fn a_foreign_counter_of_hits() {
    foreign("hits", &["contract.routes", "stop.in-flight"]);
}

#[test]
fn celery() {
    let judged = ["contract.task", "break.broker", "break.eviction", "break.task"];
    whole(Stack::of("celery-postgres-redis"), &judged);
}
