//! The plan's invariants, over every combination of the axes and any budget.

use std::collections::BTreeSet;

use dockwright::answers::{Draft, Origin};
use dockwright::plan::{self, Plan, Role};
use dockwright::schema::numbers::rows;
use proptest::prelude::*;

use crate::combinations::combinations;
use crate::reasons;

fn number(plan: &Plan, key: &str) -> u64 {
    plan.decision(key).map_or(0, |decision| decision.value.number())
}

fn role_number(plan: &Plan, role: Role, name: &str) -> u64 {
    number(plan, &format!("{}.{name}", role.name()))
}

/// Memory limits of the services that run while the application does, and of
/// those that run while it is migrated.
fn sums(plan: &Plan) -> [u64; 2] {
    let of = |running: &dyn Fn(Role) -> bool| {
        let roles = plan.services.iter().copied().filter(|role| running(*role));
        roles.map(|role| role_number(plan, role, "memory")).sum()
    };
    let application = |role| matches!(role, Role::Web | Role::Worker | Role::Beat);
    [of(&|role| role != Role::Migrate), of(&|role| !application(role))]
}

/// Written anew from DESIGN's rules, not by calling the plan's own checks.
fn hold_invariants(plan: &Plan, cpus: u32, memory: u32, host: bool) -> Result<(), TestCaseError> {
    let faults = reasons::faults(plan);
    prop_assert!(faults.is_empty(), "{}", faults.join("\n"));

    let reserve = if host { (memory / 10).max(256) } else { 0 };
    for sum in sums(plan) {
        prop_assert!(sum + u64::from(reserve) <= u64::from(memory));
    }
    // A task's CPU is divided; a host's is not.
    let caps = plan.services.iter().filter(|role| **role != Role::Migrate);
    let caps: Vec<u64> = caps.map(|role| role_number(plan, *role, "cpus")).collect();
    if host {
        prop_assert!(caps.iter().all(|cap| *cap <= u64::from(cpus)));
    } else {
        prop_assert!(caps.iter().all(|cap| *cap > 0));
        prop_assert!(caps.iter().sum::<u64>() <= u64::from(cpus));
    }

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
        prop_assert!(role_number(plan, *role, "cpu-shares") > 0);
        prop_assert!(role_number(plan, *role, "tmpfs") < role_number(plan, *role, "memory"));
    }
    Ok(())
}

/// What holds where nobody pinned a number: the machine is used.
fn hold_rules(plan: &Plan, cpus: u32, host: bool) -> Result<(), TestCaseError> {
    let get = |role, name| role_number(plan, role, name);
    let share = |role: Role| if host { u64::from(cpus) } else { get(role, "cpus") };
    let workers = get(Role::Web, "workers");
    let c = share(Role::Web) / 1000;
    if plan.flags.is("gunicorn") && plan.decision("web.threads").is_some() {
        prop_assert!(workers <= (2 * c + 1).max(2));
        prop_assert!((1..=4).contains(&get(Role::Web, "threads")));
    } else {
        prop_assert!(workers <= c.max(2));
    }
    // Fewer than the CPUs are worth only where memory does not hold them.
    let each = get(Role::Web, "process-memory") + get(Role::Web, "model-memory");
    let tight = (workers + 1) * each > get(Role::Web, "memory") * 8 / 10 - 60;
    prop_assert!(plan.flags.is("model") || workers >= c.max(2) || tight);
    if plan.flags.is("celery") {
        let children = get(Role::Worker, "concurrency");
        let c = share(Role::Worker) / 1000;
        let each = get(Role::Worker, "process-memory");
        let tight = (children + 1) * each > get(Role::Worker, "memory") * 8 / 10 - 90;
        prop_assert!(children == c.max(2) || (children < c.max(2) && tight));
    }
    if host {
        prop_assert!(
            plan.services.iter().all(|role| plan.decisions.find(rows::CPUS, *role).is_none())
        );
    }
    if plan.flags.is("migrate") {
        prop_assert!(get(Role::Migrate, "memory") >= get(Role::Web, "memory"));
    }
    Ok(())
}

/// What holds of pods and tasks.
fn hold_pods(plan: &Plan, load: u32) -> Result<(), TestCaseError> {
    let get = |role, name| role_number(plan, role, name);
    let web = |name| get(Role::Web, name);
    prop_assert!(web("graceful-timeout") + web("pre-stop") + 5 <= web("pod-grace"));
    // The pods bear the load, and one fewer would not, but for the second one.
    let bears = |pods: u64| {
        pods * web("pod-cpus") * web("cpu-target") * 10
            >= u64::from(load) * web("request-cpu") * 1000
    };
    prop_assert!(bears(web("replicas")));
    prop_assert!(web("replicas") == 2 || !bears(web("replicas") - 1));
    prop_assert!(web("replicas") <= web("max-replicas"));
    for role in plan.services.iter().copied().filter(|role| role.runs_application()) {
        let needed = get(role, "process-memory") + get(role, "model-memory");
        prop_assert!(needed * 10 <= get(role, "pod-memory") * 8);
        prop_assert!(get(role, "pod-scratch") < get(role, "pod-disk"));
        if plan.flags.is("ecs") {
            let (memory, cpus) = (get(role, "task-memory"), get(role, "task-cpus"));
            prop_assert!(memory >= get(role, "pod-memory") + get(role, "pod-scratch"));
            // From 2 to 8 GiB for each CPU; the smallest has 512 MiB.
            prop_assert!(memory * 1000 >= cpus * 2048 && memory * 1000 <= cpus * 8192);
            prop_assert!(get(role, "task-stop") <= 120);
        }
    }
    if plan.flags.is("database") {
        let pods = (web("max-replicas") + 1) * web("pool-size");
        prop_assert!(pods <= web("database-connections"));
    }
    Ok(())
}

#[test]
fn every_axis_is_combined() {
    let combinations = combinations();
    // FastAPI, Starlette and Litestar 2 servers each, Flask 1, Django 3 without "none" for
    // its database: ((6 + 1) × 3 + 3 × 2) × proxy 2 × cache 2 × (worker, beat) 3 × model 4 × budget 2.
    assert_eq!(combinations.len(), (7 * 3 + 3 * 2) * 2 * 2 * 3 * 4 * 2);
}

proptest! {
    // Each case plans hundreds of stacks.
    #![proptest_config(ProptestConfig { cases: 4, ..ProptestConfig::default() })]

    #[test]
    fn invariants_hold_for_every_combination_and_any_budget(
        cpus in 200_u32..16_000,
        memory in 256_u32..32_768,
        target in prop::sample::select(vec!["compose", "kubernetes", "compose,kubernetes,ecs"]),
        load in 1_u32..5000,
    ) {
        let mut planned = 0;
        for mut draft in combinations() {
            draft.set("deploy.cpus", &format!("{cpus}m"), Origin::Flag).unwrap();
            draft.set("deploy.memory", &format!("{memory}MiB"), Origin::Flag).unwrap();
            draft.set("deploy.target", target, Origin::Flag).unwrap();
            draft.set("deploy.load", &load.to_string(), Origin::Flag).unwrap();
            let host = draft.text("deploy.budget") == "host";
            let answers = draft.resolve().unwrap();
            match plan::plan(&answers, &BTreeSet::new()) {
                Ok(plan) => {
                    planned += 1;
                    hold_invariants(&plan, cpus, memory, host)?;
                    hold_rules(&plan, cpus, host)?;
                    if target != "compose" {
                        hold_pods(&plan, load)?;
                    }
                }
                Err(problems) => {
                    // Only a budget that is too small is refused, and the
                    // budget and the change that the message names do fit.
                    if let [problem] = &problems[..]
                        && let Some((_, change)) = problem.help.as_deref().unwrap_or_default()
                            .split_once("the smallest change that fits: ")
                    {
                        let mut draft = draft.clone();
                        for setting in change.split("--set ").skip(1) {
                            let (key, value) = setting.trim().split_once('=').unwrap();
                            draft.set(key, value, Origin::Flag).unwrap();
                        }
                        let answers = draft.resolve().unwrap();
                        prop_assert!(
                            plan::plan(&answers, &BTreeSet::new()).is_ok(),
                            "the change that was named does not fit: {problem:?}"
                        );
                    }
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
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Each pinned number holds as it is, whatever else is pinned, and the
    /// reasons say what the plan would choose instead.
    #[test]
    fn a_pinned_number_is_honoured_or_refused_but_never_changed(
        workers in 0_u64..9,
        memory in 64_u32..4096,
        statement in 0_u64..60_000,
        milli in 100_u32..2000,
        pinned in proptest::bits::u16::ANY,
    ) {
        let pins = [
            ("web.workers", workers.to_string()),
            ("web.memory", format!("{memory}MiB")),
            ("web.statement-timeout", statement.to_string()),
            ("web.cpus", format!("{milli}m")),
            ("db.memory", format!("{}MiB", memory / 2 + 100)),
            ("worker.memory", format!("{}MiB", memory / 3 + 100)),
            ("worker.concurrency", (workers / 2).to_string()),
            ("web.request-timeout", (statement / 1000).max(1).to_string()),
            ("web.process-memory", format!("{}MiB", memory / 20 + 20)),
            ("web.body-size", format!("{}MiB", memory / 50 + 1)),
            ("nginx.memory", format!("{}MiB", memory / 16 + 40)),
            ("db.max-connections", (workers * 10 + 20).to_string()),
            ("web.pool-size", workers.to_string()),
            ("web.threads", "2".to_owned()),
            ("redis.memory", format!("{}MiB", memory / 8 + 64)),
            ("migrate.memory", format!("{}MiB", memory / 2 + 128)),
        ];
        let chosen = pins.iter().enumerate().filter(|(at, _)| pinned & (1 << at) != 0);
        let chosen: Vec<_> = chosen.map(|(_, pin)| pin).collect();
        for host in [true, false] {
            let mut draft = Draft::default();
            for (key, value) in [
                ("project.name", "shop"),
                ("stack.framework", "django"),
                ("stack.proxy", "nginx"),
                ("stack.worker", "celery"),
                ("deploy.budget", if host { "host" } else { "task" }),
            ] {
                draft.set(key, value, Origin::Flag).unwrap();
            }
            for (key, value) in &chosen {
                draft.set(&format!("tune.{key}"), value, Origin::Flag).unwrap();
            }
            let Ok(plan) = plan::plan(&draft.resolve().unwrap(), &BTreeSet::new()) else { continue };
            hold_invariants(&plan, 2000, 4096, host)?;
            for (key, _) in &chosen {
                prop_assert!(plan.decision(key).unwrap().is_pinned(), "{key}");
            }
            if pinned & 1 != 0 {
                prop_assert_eq!(number(&plan, "web.workers"), workers);
            }
            if pinned & 2 != 0 {
                prop_assert_eq!(number(&plan, "web.memory"), u64::from(memory));
            }
            if pinned & 4 != 0 {
                prop_assert_eq!(number(&plan, "web.statement-timeout"), statement);
            }
        }
    }
}
