//! A framework is a row of the catalog, a folder of its name below
//! `templates/skeleton` and its tests: nothing else knows it by name.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use dockwright::answers::{Draft, Origin};
use dockwright::catalog::Framework;
use dockwright::plan::Bundle;
use dockwright::{plan, render};

use crate::support::{directory, dockwright};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn every_framework_has_a_skeleton_packages_and_figures() {
    for framework in Framework::all() {
        let folder = root().join("templates/skeleton").join(framework.word());
        assert!(folder.is_dir(), "{}", folder.display());
        assert_eq!(framework.row().skeleton.last().map(String::as_str), Some(framework.word()));
        assert!(!framework.packages.is_empty(), "{framework}");
        let figures = framework.memory;
        let all = [
            figures.process,
            figures.database,
            figures.celery_main,
            figures.celery_child,
            figures.celery_beat,
        ];
        assert!(all.iter().all(|figure| *figure > 0), "{framework}: {figures:?}");
    }
}

#[test]
fn a_new_service_of_every_framework_is_written_on_its_own_server() {
    for framework in Framework::all() {
        let directory = directory();
        dockwright()
            .current_dir(&directory)
            .args(["new", "shop", "--yes", "--set", &format!("stack.framework={framework}")])
            .args(["--set", &format!("stack.server={}", framework.default_server())])
            .assert()
            .success();
        let read = |path: &str| {
            let path = directory.path().join("shop").join(path);
            fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        };
        let requirements = read("requirements.in");
        for package in &framework.row().packages {
            assert!(requirements.contains(&format!("\n{package}==")), "{framework}: {package}");
        }
        assert!(read("README.md").contains(&framework.title), "{framework}");
        let app = framework.app(framework.default_server().protocol).unwrap();
        assert!(read("Dockerfile").contains(app), "{framework}: {app}");
        read("tests/test_health.py");
    }
}

#[test]
fn a_service_with_everything_of_every_framework_has_the_same_interface() {
    let everything = [
        ("stack.database", "postgres"),
        ("stack.cache", "redis"),
        ("stack.worker", "celery"),
        ("stack.beat", "true"),
        ("model.runtime", "onnxruntime"),
        ("deploy.memory", "16GiB"),
        ("deploy.cpus", "4"),
    ];
    for framework in Framework::all() {
        let mut draft = Draft::default();
        draft.set("project.name", "shop", Origin::Flag).unwrap();
        draft.set("stack.framework", framework.word(), Origin::Flag).unwrap();
        for (key, word) in everything {
            draft.set(key, word, Origin::Flag).unwrap();
        }
        let plan = plan::plan(&draft.resolve().unwrap(), &BTreeSet::new()).unwrap();
        let files = render::render(&plan, &draft).unwrap();
        let code: String = files
            .iter()
            .filter(|file| file.output.bundle == Bundle::Skeleton)
            .filter_map(|file| std::str::from_utf8(&file.bytes).ok())
            .collect();
        for route in ["/health", "/ready", "/items", "/tasks", "/predict"] {
            assert!(code.contains(route), "{framework}: {route}");
        }
    }
}

/// Where a framework's name decides something outside of the catalog, and why
/// a row cannot say it.
const DECIDED_ELSEWHERE: &[(&str, &str)] = &[
    ("src/detect/readiness/django.rs", "what Django's settings lack"),
    ("src/detect/services/migrations.rs", "Django finds its migrations without a tool"),
    ("src/detect/services/routes.rs", "Litestar's decorators are plain names: their import tells"),
    ("src/detect/startup/choice.rs", "manage.py and wsgi.py are Django's"),
    ("src/detect/startup/started.rs", "command lines of programs called like a framework"),
    ("src/lint/rules/dockerfile/builder_stage.rs", "a program called like a framework"),
    ("src/lint/rules/policy/effect.rs", "programs and modules called like a framework"),
    ("src/plan/code/mod.rs", "migration tools, of which one is called django"),
    ("src/plan/code/previous.rs", "`python -m django`, a program called like a framework"),
];

#[test]
fn no_source_outside_of_the_catalog_decides_by_a_frameworks_name() {
    let mut decided = BTreeSet::new();
    for path in sources(&root().join("src")) {
        let name = path.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/");
        if name.starts_with("src/catalog/") || name.ends_with("tests.rs") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for line in code.lines().filter(|line| !line.trim_start().starts_with("//")) {
            if Framework::words().iter().any(|word| decides(line, word)) {
                decided.insert(name.clone());
            }
        }
    }
    let allowed: BTreeSet<String> =
        DECIDED_ELSEWHERE.iter().map(|(path, _)| (*path).to_owned()).collect();
    assert_eq!(decided, allowed);
}

/// Whether a line compares with a word, or has it as the pattern of a match.
fn decides(line: &str, word: &str) -> bool {
    let word = format!("\"{word}\"");
    line.match_indices(&word).any(|(at, _)| {
        let before = line[..at].trim_end();
        let after = line[at + word.len()..].trim_start();
        let compared = ["==", "!=", "|"].iter().any(|sign| before.ends_with(sign));
        compared
            || before.ends_with("Some(") && before.contains('=')
            || after.starts_with("=>")
            || after.starts_with("| ")
    })
}

#[test]
fn the_search_for_decisions_sees_matches_and_comparisons() {
    for line in [r#""flask" => 1,"#, r#"x == "flask" {"#, r#"matches!(x, "flask" | "quart")"#] {
        assert!(decides(line, "flask"), "{line}");
    }
    assert!(!decides(r#"    "flask","#, "flask"));
}

fn sources(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| match path.is_dir() {
            true => sources(&path),
            false => vec![path],
        })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect()
}
