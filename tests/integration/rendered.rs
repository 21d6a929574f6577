//! What holds of every rendered file, over every combination of the axes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use dockwright::answers::Origin;
use dockwright::plan::outputs::{Content, Syntax};
use dockwright::plan::{self, Plan, Role};
use dockwright::render::{self, Rendered};
use dockwright::schema::numbers::rows;
use dockwright::units::MilliCpu;
use serde_json::Value;

use crate::combinations::combinations;

/// One combination: its axes in words, its plan, its files.
type Combination = (String, Plan, Vec<Rendered>);

/// Every combination, rendered once for all tests.
static RENDERED: LazyLock<Vec<Combination>> = LazyLock::new(|| {
    let render = |mut draft: dockwright::answers::Draft| {
        draft.set("deploy.cpus", "8", Origin::Flag).unwrap();
        draft.set("deploy.memory", "16GiB", Origin::Flag).unwrap();
        let plan = plan::plan(&draft.resolve().unwrap(), &BTreeSet::new()).unwrap();
        let files = render::render(&plan, &draft).unwrap();
        let axes: Vec<String> =
            draft.all_sourced().map(|(key, sourced)| format!("{key}={}", sourced.value)).collect();
        (axes.join(" "), plan, files)
    };
    combinations().into_iter().map(render).collect()
});

/// Calls `check` with every combination on a machine that holds them all.
fn every(check: impl Fn(&str, &Plan, &[Rendered])) {
    for (axes, plan, files) in RENDERED.iter() {
        check(axes, plan, files);
    }
}

fn text<'a>(files: &'a [Rendered], path: &str) -> &'a str {
    let file = files.iter().find(|file| file.output.path.as_str() == path);
    std::str::from_utf8(&file.unwrap_or_else(|| panic!("no {path}")).bytes).unwrap()
}

fn compose(files: &[Rendered]) -> Value {
    serde_saphyr::from_str(text(files, "compose.yaml")).unwrap()
}

/// Lists of tables that a YAML merge key may name, resolved by hand: what
/// stands in the service itself wins.
fn service(compose: &Value, name: &str) -> BTreeMap<String, Value> {
    fn fill(value: &Value, into: &mut BTreeMap<String, Value>) {
        for (key, value) in value.as_object().into_iter().flatten() {
            if key != "<<" {
                into.entry(key.clone()).or_insert_with(|| value.clone());
            }
        }
        match value.get("<<") {
            Some(Value::Array(tables)) => tables.iter().for_each(|table| fill(table, into)),
            Some(table) => fill(table, into),
            None => {}
        }
    }
    let mut merged = BTreeMap::new();
    fill(&compose["services"][name], &mut merged);
    merged
}

#[test]
fn text_files_are_clean_and_parse() {
    every(|axes, _, files| {
        for file in files.iter().filter(|file| file.output.syntax != Syntax::Binary) {
            let path = file.output.path.as_str();
            let text = std::str::from_utf8(&file.bytes).unwrap();
            assert!(
                text.ends_with('\n') || text.is_empty(),
                "{path} ends without a line end: {axes}"
            );
            assert!(!text.ends_with("\n\n"), "{path} ends with an empty line: {axes}");
            assert!(!text.contains('\r') && !text.contains('\t'), "{path}: {axes}");
            for line in text.lines() {
                assert!(line == line.trim_end(), "{path}: `{line}` ends in blanks: {axes}");
            }
            match file.output.syntax {
                Syntax::Yaml => {
                    let parsed: Result<Value, _> = serde_saphyr::from_str(text);
                    assert!(parsed.is_ok(), "{path}: {axes}: {:?}", parsed.err());
                    assert!(!text.contains("\n\n\n"), "{path} has two empty lines: {axes}");
                }
                Syntax::Toml => {
                    let parsed = text.parse::<toml_edit::DocumentMut>();
                    assert!(parsed.is_ok(), "{path}: {axes}: {:?}", parsed.err());
                }
                Syntax::Dockerfile => assert!(!text.contains("\n\n\n"), "{path}: {axes}"),
                _ => {}
            }
        }
    });
}

#[test]
fn compose_runs_the_services_of_the_plan_with_its_limits() {
    every(|axes, plan, files| {
        let compose = compose(files);
        let names: BTreeSet<&str> =
            compose["services"].as_object().unwrap().keys().map(String::as_str).collect();
        let planned: BTreeSet<&str> = plan.services.iter().map(|role| role.name()).collect();
        assert_eq!(names, planned, "{axes}");
        for role in &plan.services {
            let service = service(&compose, role.name());
            let limits = &service["deploy"]["resources"]["limits"];
            let memory = plan.decision(&format!("{}.memory", role.name())).unwrap();
            assert_eq!(limits["memory"], format!("{}M", memory.value.number()), "{axes}");
            // A host's CPUs are shared, and only a task's are divided.
            assert!(!limits["pids"].is_null(), "{axes}");
            let cpus = plan.decisions.find(rows::CPUS, *role).map(MilliCpu::compose);
            assert_eq!(limits["cpus"].as_str(), cpus.as_deref(), "{}: {axes}", role.name());
            assert_eq!(cpus.is_some(), axes.contains("deploy.budget=task"), "{axes}");
            let shares = plan.decisions.get(rows::CPU_SHARES, *role);
            assert_eq!(service["cpu_shares"], shares, "{}: {axes}", role.name());
            assert_eq!(
                service["deploy"]["resources"]["reservations"].as_object().unwrap().len(),
                1
            );
            assert_eq!(service["cap_drop"], serde_json::json!(["ALL"]), "{axes}");
            assert_eq!(
                service["security_opt"],
                serde_json::json!(["no-new-privileges:true"]),
                "{axes}"
            );
            assert_eq!(service["read_only"], true, "{}: {axes}", role.name());
            assert!(service.contains_key("stop_grace_period"), "{axes}");
            // Images that are built here have their own, and its numbers stand once.
            let own = matches!(role, Role::Web | Role::Nginx);
            assert_eq!(service.contains_key("healthcheck"), !own, "{}: {axes}", role.name());
            let stages = text(files, "Dockerfile").matches("\nHEALTHCHECK ").count();
            assert_eq!(stages, 1 + usize::from(plan.flags.is("nginx")), "{axes}");
            assert!(service.contains_key("logging") && service.contains_key("user"), "{axes}");
        }
    });
}

#[test]
fn only_the_edge_publishes_and_stores_are_on_an_internal_network() {
    every(|axes, plan, files| {
        let compose = compose(files);
        let edge = if plan.flags.is("nginx") { Role::Nginx } else { Role::Web };
        for role in &plan.services {
            let service = service(&compose, role.name());
            assert_eq!(service.contains_key("ports"), *role == edge, "{role:?}: {axes}");
            if matches!(role, Role::Db | Role::Redis | Role::Cache) {
                for network in service["networks"].as_array().unwrap() {
                    let network = &compose["networks"][network.as_str().unwrap()];
                    assert_eq!(network["internal"], true, "{role:?}: {axes}");
                }
            }
        }
        let ports = service(&compose, edge.name())["ports"].to_string();
        assert!(ports.contains("127.0.0.1:8000:"), "{ports}");
    });
}

#[test]
fn a_broker_never_evicts_and_persists_while_a_cache_does_neither() {
    every(|axes, plan, files| {
        let compose = compose(files);
        let command = |role: Role| service(&compose, role.name())["command"].to_string();
        if plan.flags.is("broker") {
            let redis = command(Role::Redis);
            assert!(redis.contains("noeviction") && redis.contains("appendonly yes"), "{axes}");
        }
        if plan.flags.is("cache") {
            let cache = command(Role::Cache);
            assert!(cache.contains("allkeys-lru") && !cache.contains("appendonly yes"), "{axes}");
        }
    });
}

#[test]
fn every_variable_compose_wants_is_in_the_example_and_in_env() {
    every(|axes, plan, files| {
        let example = text(files, ".env.example");
        let known: BTreeSet<&str> =
            plan.env.iter().map(|variable| variable.name.as_str()).collect();
        for file in ["compose.yaml", "compose.dev.yaml"] {
            let text = text(files, file);
            for (start, _) in text.match_indices("${") {
                // `$${` is the shell's, not Compose's.
                if text[..start].ends_with('$') {
                    continue;
                }
                let name: String = text[start + 2..]
                    .chars()
                    .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                    .collect();
                let development = file == "compose.dev.yaml" && name == "POSTGRES_PASSWORD";
                // A number of the plan: in .env it would stay when the plan changes.
                if development || name == "WEB_CONCURRENCY" {
                    continue;
                }
                assert!(known.contains(name.as_str()), "{file}: {name}: {axes}");
                assert!(example.contains(&format!("\n{name}=")), "{name}: {axes}");
            }
        }
    });
}

#[test]
fn images_are_pinned_and_only_those_of_the_plan() {
    every(|axes, plan, files| {
        let images: BTreeSet<&str> = plan.images.values().map(String::as_str).collect();
        for line in text(files, "Dockerfile").lines().filter(|line| line.starts_with("FROM ")) {
            let named = line.split(' ').nth(1).unwrap();
            assert!(images.contains(named) || !named.contains(':'), "{line}: {axes}");
            assert!(!line.contains('$') && !line.contains(":latest"), "{line}: {axes}");
        }
    });
}

#[test]
fn every_output_has_a_template_and_no_file_twice() {
    every(|axes, plan, _| {
        let paths: BTreeSet<String> =
            plan.outputs.iter().map(|output| output.path.as_str().to_lowercase()).collect();
        assert_eq!(paths.len(), plan.outputs.len(), "{axes}");
        let secrets = plan.outputs.iter().filter(|output| output.content == Content::Secrets);
        assert!(secrets.clone().count() == 1 && secrets.clone().all(|output| output.mode == 0o600));
    });
}

/// A run-book that nobody reads to its end helps nobody.
#[test]
fn the_run_book_has_a_row_for_every_service_and_stays_short() {
    const MOST: usize = 220;
    every(|axes, plan, files| {
        let book = text(files, "DEPLOY.md");
        let lines = book.lines().count();
        assert!(lines <= MOST, "{lines} lines: {axes}");
        for role in &plan.services {
            let name = &plan.answers.services[role];
            let rows = book.lines().filter(|line| line.starts_with(&format!("| `{name}` |")));
            assert_eq!(rows.count(), 2, "{name}: what it does, and its sizes: {axes}");
        }
        // What is saved is found by neither git nor the next image.
        for line in book.lines().filter(|line| line.starts_with("(umask")) {
            assert!(line.contains("> \"../shop-$(date +%F-%H%M)."), "{line}: {axes}");
        }
    });
}

/// Names of services are the answers': the template has none of its own.
#[test]
fn the_run_book_calls_services_what_they_are_called() {
    let mut draft = combinations().pop().unwrap();
    for role in Role::ALL {
        let key = format!("services.{}", role.name());
        draft.set(&key, &format!("my-{}", role.name()), Origin::Flag).unwrap();
    }
    draft.set("deploy.cpus", "8", Origin::Flag).unwrap();
    draft.set("deploy.memory", "16GiB", Origin::Flag).unwrap();
    let plan = plan::plan(&draft.resolve().unwrap(), &BTreeSet::new()).unwrap();
    let files = render::render(&plan, &draft).unwrap();
    let book = text(&files, "DEPLOY.md");
    let words: Vec<&str> =
        book.split(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c))).collect();
    for ours in ["web", "migrate", "db", "beat"] {
        assert!(!words.contains(&ours), "{ours}\n{book}");
    }
    for role in &plan.services {
        let name = format!("my-{}", role.name());
        assert!(words.contains(&name.as_str()), "{name}");
    }
}
