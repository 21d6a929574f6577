//! The plan's invariants, over every combination of the axes and any budget.

use std::collections::BTreeSet;

use dockwright::answers::{Draft, Origin};
use dockwright::plan::{self, Plan, Role};
use proptest::prelude::*;

use crate::combinations::combinations;

fn number(plan: &Plan, key: &str) -> u64 {
    plan.decision(key).map_or(0, |decision| decision.value.number())
}

fn role_number(plan: &Plan, role: Role, name: &str) -> u64 {
    number(plan, &format!("{}.{name}", role.name()))
}

fn sum(plan: &Plan, name: &str) -> u64 {
    let of = |one_shot: bool| {
        plan.services
            .iter()
            .filter(move |role| role.is_one_shot() == one_shot)
            .map(|role| role_number(plan, *role, name))
    };
    of(false).sum::<u64>() + of(true).max().unwrap_or(0)
}

/// Written anew from PRACTICE's rules, not by calling the plan's own checks.
fn hold_invariants(plan: &Plan, cpus: u32, memory: u32, host: bool) -> Result<(), TestCaseError> {
    let reserve = if host { (memory / 10).max(256) } else { 0 };
    prop_assert!(sum(plan, "memory") + u64::from(reserve) <= u64::from(memory));
    prop_assert!(sum(plan, "cpus") <= u64::from(cpus));

    let web = |name: &str| role_number(plan, Role::Web, name);
    let workers = web("workers");
    prop_assert!(workers >= 1);
    let needed = workers * (web("process-memory") + web("model-memory"));
    prop_assert!(needed * 10 <= web("memory") * 8, "{workers} workers need {needed}");

    let model = plan.flags.is("model");
    prop_assert!(!model || (workers == 1 && web("model-threads") >= 1));
    prop_assert!(web("graceful-timeout") + 5 <= web("stop-grace-period"));
    if plan.flags.is("database") {
        prop_assert!(web("statement-timeout") < web("request-timeout") * 1000);
        let pools = workers * web("pool-size")
            + number(plan, "worker.concurrency") * number(plan, "worker.pool-size");
        prop_assert!(pools + 3 <= number(plan, "db.max-connections"));
    }
    if plan.flags.is("gunicorn") {
        prop_assert!(web("request-timeout") < web("gunicorn-timeout"));
    }
    if plan.flags.is("nginx") {
        let read = number(plan, "nginx.read-timeout");
        prop_assert!(web("gunicorn-timeout") < read && web("request-timeout") < read);
        prop_assert!(read < number(plan, "nginx.client-timeout"));
        prop_assert!(web("keepalive") > number(plan, "nginx.upstream-keepalive-timeout"));
    }
    if plan.flags.is("celery") {
        let worker = |name: &str| role_number(plan, Role::Worker, name);
        prop_assert!(worker("concurrency") >= 1);
        prop_assert!(worker("visibility-timeout") > worker("time-limit"));
        prop_assert!(worker("soft-shutdown-timeout") < worker("stop-grace-period"));
        prop_assert!(worker("concurrency") * worker("process-memory") * 10 <= worker("memory") * 8);
    }
    if plan.flags.is("db") {
        let db = |name: &str| role_number(plan, Role::Db, name);
        prop_assert_eq!(db("shared-buffers"), db("memory") / 4);
        prop_assert!(db("memory") >= 192 && db("work-mem") >= 4096 && db("shm") >= 256);
    }
    for (role, percent) in [(Role::Redis, 50), (Role::Cache, 75)] {
        prop_assert!(
            role_number(plan, role, "maxmemory") * 100
                <= role_number(plan, role, "memory") * percent
        );
    }
    for role in &plan.services {
        prop_assert!(role_number(plan, *role, "pids") > 0);
        prop_assert!(role_number(plan, *role, "tmpfs") < role_number(plan, *role, "memory"));
    }
    Ok(())
}

#[test]
fn every_axis_is_combined() {
    let combinations = combinations();
    // FastAPI 2 servers, Flask 1, Django 3 without "none" for its database:
    // ((2 + 1) × 3 + 3 × 2) × proxy 2 × cache 2 × (worker, beat) 3 × model 4 × budget 2.
    assert_eq!(combinations.len(), (3 * 3 + 3 * 2) * 2 * 2 * 3 * 4 * 2);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn invariants_hold_for_every_combination_and_any_budget(
        cpus in 200_u32..16_000,
        memory in 256_u32..32_768,
    ) {
        let mut planned = 0;
        for mut draft in combinations() {
            draft.set("deploy.cpus", &format!("{cpus}m"), Origin::Flag).unwrap();
            draft.set("deploy.memory", &format!("{memory}MiB"), Origin::Flag).unwrap();
            let host = draft.text("deploy.budget") == "host";
            let answers = draft.resolve().unwrap();
            match plan::plan(&answers, &BTreeSet::new()) {
                Ok(plan) => {
                    planned += 1;
                    hold_invariants(&plan, cpus, memory, host)?;
                }
                Err(problems) => {
                    // Only a budget that is too small is refused, and the
                    // budget that the message names does fit.
                    for problem in &problems {
                        let help = problem.help.clone().unwrap_or_default();
                        let named = help.split("--set ").nth(1).unwrap_or_default();
                        let (key, value) = named.split([';', ' ']).next().unwrap().split_once('=').unwrap();
                        draft.set(key, value, Origin::Flag).unwrap();
                    }
                    let answers = draft.resolve().unwrap();
                    prop_assert!(
                        plan::plan(&answers, &BTreeSet::new()).is_ok(),
                        "the budget that was named does not fit: {problems:?}"
                    );
                }
            }
        }
        prop_assert!(planned > 0 || cpus < 1000 || memory < 4096);
    }

    #[test]
    fn a_pinned_number_is_honoured_or_refused_but_never_changed(
        workers in 0_u64..9,
        memory in 64_u32..4096,
        statement in 0_u64..60_000,
    ) {
        let mut draft = Draft::default();
        for (key, value) in [
            ("project.name", "shop".to_owned()),
            ("stack.framework", "django".to_owned()),
            ("stack.proxy", "nginx".to_owned()),
            ("tune.web.workers", workers.to_string()),
            ("tune.web.memory", format!("{memory}MiB")),
            ("tune.web.statement-timeout", statement.to_string()),
        ] {
            draft.set(key, &value, Origin::Flag).unwrap();
        }
        if let Ok(plan) = plan::plan(&draft.resolve().unwrap(), &BTreeSet::new()) {
            prop_assert_eq!(number(&plan, "web.workers"), workers);
            prop_assert_eq!(number(&plan, "web.memory"), u64::from(memory));
            prop_assert_eq!(number(&plan, "web.statement-timeout"), statement);
            hold_invariants(&plan, 2000, 4096, true)?;
        }
    }
}
