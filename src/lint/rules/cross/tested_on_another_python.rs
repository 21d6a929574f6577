//! Tests that never run on the Python of the image.

use std::sync::LazyLock;

use regex::Regex;

use crate::detect::{Evidence, scope, version};
use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::cross::python_versions_apart::minor;
use crate::lint::subject::Subject;
use crate::source::compose::{Item, yaml};

pub static RULE: Rule = Rule {
    code: "XF120",
    name: "tested-on-another-python",
    severity: Severity::Advice,
    summary: "the tests run on the Python that the image has",
    why: "What only another version of Python does differently is found by users: a package without a wheel for it, a deprecated module that is gone.",
    example: "- uses: actions/setup-python@v6\n  with:\n    python-version: \"3.12\"  # FROM python:3.12-slim",
    source: "actions/setup-python: python-version",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    let Some(tested) = version::continuous_integration(&subject.tree) else { return };
    // One version at least: no job says nothing of it.
    if tested.minors.is_empty() || !runs_tests(subject, &tested.evidence.path) {
        return;
    }
    let mut seen = Vec::new();
    for build in subject.production_builds().filter(|own| subject.is_detected(own)) {
        let Some(minor) = minor(build).filter(|own| !tested.minors.contains(own)) else { continue };
        if seen.contains(&minor) || !scope::counts(subject.path(subject.from_of(build).text)) {
            continue;
        }
        seen.push(minor);
        let names: Vec<String> = tested.minors.iter().map(|own| format!("3.{own}")).collect();
        findings
            .add(
                subject.from_of(build),
                format!(
                    "the image has Python 3.{minor}, and {} tests on {}",
                    tested.evidence.path,
                    names.join(", ")
                ),
            )
            .about(&build.image.base.text)
            .help(help(subject, &tested.evidence, minor));
    }
}

/// Whether a workflow runs tests on its own Python: not only builds the
/// documentation, and not in the image.
fn runs_tests(subject: &Subject, path: &str) -> bool {
    let Some(text) = subject.tree.text(path) else { return false };
    if !path.starts_with(".github/") {
        return text.lines().any(tests);
    }
    let Ok(root) = yaml::read(text) else { return false };
    let jobs = root.get("jobs").into_iter().flat_map(Item::entries);
    let steps = jobs.filter_map(|(_, job)| job.get("steps")).flat_map(Item::items);
    steps
        .filter_map(|step| step.get("run").and_then(Item::scalar))
        .any(|run| run.lines().any(tests))
}

/// The line that names the Python of the tests, as it is written there, with the
/// image's: each service of that kind has a syntax of its own.
fn help(subject: &Subject, evidence: &Evidence, minor: u64) -> String {
    static VERSION: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\b3\.\d+(\.\d+)?").expect("it is constant"));
    let path = &evidence.path;
    let number = line(subject, path).unwrap_or(evidence.line);
    let text = subject.tree.text(path).unwrap_or_default();
    let written = text.lines().nth(number.saturating_sub(1)).unwrap_or_default().trim();
    let named = VERSION.find_iter(written).count();
    // A list of a workflow gets one more, and nobody can say where.
    let is_list = named > 1 || written.contains('[');
    let fits = named > 0 && !(is_list && path.starts_with(".github/"));
    let own = format!("3.{minor}");
    let line = match written.split(" #").next().filter(|_| fits) {
        Some(written) => VERSION.replace(written, own.as_str()).into_owned(),
        None => format!("python-version: \"{own}\""),
    };
    format!("{line}  # in {path}:{number}")
}

/// The line in which the job of a workflow that runs the tests names its Python.
fn line(subject: &Subject, path: &str) -> Option<usize> {
    let root = yaml::read(subject.tree.text(path)?).ok()?;
    let job = root.get("jobs")?.entries().map(|(_, job)| job).find(|job| {
        let steps = job.get("steps").into_iter().flat_map(Item::items);
        steps
            .filter_map(|step| step.get("run").and_then(Item::scalar))
            .any(|run| run.lines().any(tests))
    })?;
    let steps = job.get("steps")?.items().iter();
    let own = steps.filter_map(|step| step.get("with")?.get("python-version"));
    let named = own.into_iter().find(|item| item.scalar().is_some_and(|own| !own.contains('$')));
    Some(named?.line)
}

/// Whether a line of a workflow tests, outside of a container.
fn tests(line: &str) -> bool {
    let words = ["pytest", "unittest", "manage.py test", "tox", "nox", "make test", "coverage"];
    let inside = ["docker compose", "docker-compose", "docker run", "docker exec"];
    words.iter().any(|word| line.contains(word)) && !inside.iter().any(|word| line.contains(word))
}
