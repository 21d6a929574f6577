//! `dockwright plan`.

use predicates::prelude::*;
use serde_json::Value;

use crate::support::{directory, dockwright};

fn json(arguments: &[&str]) -> Value {
    let output =
        dockwright().arg("plan").args(arguments).args(["--format", "json"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn value(plan: &Value, key: &str) -> Value {
    let decisions = plan["decisions"].as_array().unwrap();
    let decision = decisions.iter().find(|decision| decision["key"] == key);
    decision.unwrap_or_else(|| panic!("no decision {key}"))["value"].clone()
}

#[test]
fn json_has_its_documented_shape() {
    let plan = json(&["--preset", "django-nginx"]);
    for key in ["stack", "services", "decisions", "files", "warnings"] {
        assert!(!plan[key].is_null(), "{key}");
    }
    for decision in plan["decisions"].as_array().unwrap() {
        for key in ["key", "value", "unit", "reason", "source"] {
            assert!(!decision[key].is_null(), "{decision}");
        }
        assert!(!decision["reason"].as_str().unwrap().is_empty(), "{decision}");
    }
    for file in plan["files"].as_array().unwrap() {
        for key in ["path", "mode", "ownership"] {
            assert!(file[key].is_string(), "{file}");
        }
    }
}

#[test]
fn one_cpu_and_two_gib_with_two_workers_is_reachable_and_explained() {
    let plan = json(&[
        "--preset",
        "ml-server",
        "--set",
        "deploy.cpus=1",
        "--set",
        "deploy.memory=2GiB",
        "--set",
        "tune.web.workers=2",
    ]);
    assert_eq!(value(&plan, "web.workers"), 2);
    let decisions = plan["decisions"].as_array().unwrap();
    let workers = decisions.iter().find(|decision| decision["key"] == "web.workers").unwrap();
    assert_eq!(workers["source"], "--set");
    assert!(
        workers["reason"].as_str().unwrap().starts_with("pinned; from the other numbers follows 1")
    );
}

#[test]
fn a_512_mib_postgres_has_128_mib_of_shared_buffers() {
    let plan = json(&["--preset", "django-nginx", "--set", "tune.db.memory=512MiB"]);
    assert_eq!(value(&plan, "db.shared-buffers"), 128);
    assert_eq!(value(&plan, "db.effective-cache-size"), 384);
    assert_eq!(value(&plan, "db.maintenance-work-mem"), 32);
}

#[test]
fn a_256_mib_broker_fills_half_and_a_cache_three_quarters() {
    let plan = json(&[
        "--preset",
        "celery-postgres-redis",
        "--set",
        "stack.cache=redis",
        "--set",
        "tune.redis.memory=256MiB",
        "--set",
        "tune.cache.memory=256MiB",
    ]);
    assert_eq!(value(&plan, "redis.maxmemory"), 128);
    assert_eq!(value(&plan, "cache.maxmemory"), 192);
}

#[test]
fn gthread_workers_are_one_more_than_the_cpus() {
    let plan = json(&["--preset", "django-nginx", "--set", "deploy.cpus=4"]);
    assert_eq!(value(&plan, "web.worker-class"), "gthread");
    assert_eq!(value(&plan, "web.workers"), 5);
    assert_eq!(value(&plan, "web.threads"), 2);
}

#[test]
fn sync_workers_are_two_per_cpu_and_one() {
    let sync = ["--preset", "django-nginx", "--set", "tune.web.worker-class=sync"];
    let plan = json(&[&sync[..], &["--set", "deploy.cpus=1"]].concat());
    assert_eq!(value(&plan, "web.workers"), 3);
    assert_eq!(value(&plan, "web.threads"), 1);
}

/// The same budget, as a host whose CPUs are shared and as a task's own.
#[test]
fn a_host_caps_no_cpu_and_a_task_divides_it() {
    let celery = ["--preset", "celery-postgres-redis", "--set", "deploy.cpus=8"];
    let large = [&celery[..], &["--set", "deploy.memory=32GiB"]].concat();
    let plan = json(&large);
    assert_eq!(value(&plan, "worker.concurrency"), 8);
    assert_eq!(value(&plan, "web.workers"), 8);
    for service in plan["services"].as_array().unwrap() {
        assert!(service["cpus"].is_null(), "{service}");
    }
    let first = |role: &str| value(&plan, &format!("{role}.cpu-shares")).as_u64().unwrap();
    assert!(first("db") > first("web") && first("redis") > first("web"));
    assert!(first("web") > first("worker"));

    let capped = json(&[&large[..], &["--set", "tune.worker.cpus=3"]].concat());
    assert_eq!(value(&capped, "worker.cpus"), 3.0);
    assert_eq!(value(&capped, "worker.concurrency"), 3);

    let plan = json(&[&large[..], &["--set", "deploy.budget=task"]].concat());
    let caps = plan["services"].as_array().unwrap().iter().filter(|s| s["one_shot"] == false);
    let sum: f64 = caps.map(|service| service["cpus"].as_f64().unwrap()).sum();
    assert!((7.9..=8.0).contains(&sum), "{sum}");
}

/// No number is absurd on a small machine, and no memory lies idle on a large one.
#[test]
fn every_usual_size_is_used() {
    for (cpus, memory) in [("0.5", 1), ("1", 2), ("2", 4), ("8", 32)] {
        let plan = json(&[
            "--preset",
            "django-nginx",
            "--set",
            &format!("deploy.cpus={cpus}"),
            "--set",
            &format!("deploy.memory={memory}GiB"),
        ]);
        let workers = value(&plan, "web.workers").as_u64().unwrap();
        assert!((2..=9).contains(&workers), "{cpus} CPU: {workers}");
        let services = plan["services"].as_array().unwrap();
        let limits = services.iter().filter(|service| service["one_shot"] == false);
        let sum: u64 = limits.map(|service| service["memory"].as_u64().unwrap()).sum();
        assert!(sum >= memory * 1024 * 9 / 10 - 256, "{memory} GiB: {sum} MiB");
        assert!(value(&plan, "db.memory").as_u64().unwrap() >= memory * 1024 / 5);
    }
}

#[test]
fn a_migration_gets_what_fifty_thousand_rows_take() {
    let plan = json(&["--preset", "django-nginx", "--set", "deploy.memory=1GiB"]);
    assert!(value(&plan, "migrate.memory").as_u64().unwrap() >= 200);
    assert_eq!(value(&plan, "migrate.memory"), value(&plan, "web.memory"));
}

#[test]
fn celery_figures_of_the_seed_are_reachable() {
    let plan = json(&["--preset", "celery-postgres-redis", "--set", "tune.worker.concurrency=2"]);
    assert_eq!(value(&plan, "worker.concurrency"), 2);
    assert_eq!(value(&plan, "worker.max-tasks-per-child"), 1000);
    assert_eq!(value(&plan, "worker.time-limit"), 3600);
    assert_eq!(value(&plan, "worker.soft-time-limit"), 3300);
}

#[test]
fn explain_follows_a_number_to_the_budget() {
    dockwright()
        .args(["plan", "--preset", "django-nginx", "--explain", "web.workers"])
        .assert()
        .success()
        .stdout(predicate::str::contains("web.workers = "))
        .stdout(predicate::str::contains("web.workers = 3: 2 CPU + 1\n"))
        .stdout(predicate::str::contains("  deploy.cpus = 2 CPU"))
        .stdout(predicate::str::contains("    deploy.memory = 4 GiB"))
        .stdout(predicate::str::contains("--set tune.web.workers="));
}

#[test]
fn memory_that_follows_from_processes_rests_on_what_they_follow_from() {
    dockwright()
        .args(["plan", "--preset", "django-nginx", "--explain", "web.memory"])
        .assert()
        .success()
        .stdout(predicate::str::contains("2 × (50 MiB supervisor + 3 × 65 MiB) / 0.8"))
        .stdout(predicate::str::contains("  deploy.cpus = 2 CPU"));
}

#[test]
fn explain_of_an_unknown_number_names_the_nearest() {
    dockwright()
        .args(["plan", "--preset", "django-nginx", "--explain", "web.worker"])
        .assert()
        .code(2)
        .stderr(predicate::str::contains("did you mean `web.workers`?"));
}

#[test]
fn plan_reads_dockwright_toml_and_flags_win() {
    let directory = directory();
    std::fs::write(
        directory.path().join("dockwright.toml"),
        "preset = \"django-nginx\"\n[project]\nname = \"shop\"\n[deploy]\ncpus = 4\nmemory = \"8GiB\"\n[tune.web]\nthreads = 2\n",
    )
    .unwrap();
    let path = directory.path().to_str().unwrap();
    let plan = json(&[path]);
    assert_eq!(plan["stack"]["name"], "shop");
    assert_eq!(value(&plan, "web.threads"), 2);
    let plan = json(&[path, "--set", "tune.web.threads=3"]);
    assert_eq!(value(&plan, "web.threads"), 3);
}

#[test]
fn the_table_fits_80_columns() {
    let output = dockwright().args(["plan", "--preset", "celery-postgres-redis"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let widest = text.lines().max_by_key(|line| line.chars().count()).unwrap();
    assert!(widest.chars().count() <= 80, "{widest}");
}

#[test]
fn a_plan_without_a_directory_file_needs_a_preset() {
    let directory = directory();
    dockwright()
        .arg("plan")
        .arg(directory.path())
        .assert()
        .code(2)
        .stderr(predicate::str::contains("--preset"));
}
