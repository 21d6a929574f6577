//! Downloads that stay in a layer.

use std::sync::LazyLock;

use regex::Regex;

use crate::lint::diagnostic::{Fix, Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::{caches, support};
use crate::lint::subject::{Build, Run, Subject};

pub static RULE: Rule = Rule {
    code: "DF110",
    name: "pip-cache-kept",
    severity: Severity::Advice,
    summary: "pip keeps no cache in a layer of the image",
    why: "Every wheel that pip downloads or builds stays below /root/.cache in the layer, beside what it was unpacked to: often as much again as the packages themselves, and no later build reads it.",
    example: "RUN --mount=type=cache,target=/root/.cache/pip pip install -r requirements.txt",
    source: "pip, Caching; hadolint DL3042",
    fix: Some(Grade::Safe),
    check,
};

static PIP: LazyLock<Regex> =
    LazyLock::new(|| support::regex(r"(?:^|[\s/;&(])pip[0-9.]*(?:\s+-\S+)*\s+install\b"));

/// Whether nothing of a RUN keeps the cache out.
fn keeps(subject: &Subject, build: &Build, run: &Run) -> bool {
    let set = |name: &str| {
        build.image.env.contains_key(name)
            || build.image.args.contains_key(name)
            || run.commands.iter().any(|own| support::has_variable(own, name))
    };
    !set("PIP_NO_CACHE_DIR") && !set("PIP_CACHE_DIR") && !caches::is_kept_out(subject, build, run)
}

/// The installations of a RUN, and for each whether it keeps its downloads.
fn open(run: &Run) -> Vec<bool> {
    let all = run.commands.iter().filter(|own| support::pip_install(own).is_some());
    all.map(|own| !own.words.iter().any(|word| word.starts_with("--no-cache"))).collect()
}

fn check(subject: &Subject, findings: &mut Findings) {
    for build in support::python_images(subject) {
        let runs: Vec<Run> = subject
            .runs(build)
            .into_iter()
            .filter(|run| {
                let downloads = run
                    .commands
                    .iter()
                    .filter_map(support::pip_install)
                    // What is packed for elsewhere is taken out again.
                    .any(|words| {
                        !words
                            .iter()
                            .any(|word| matches!(word.as_str(), "--no-index" | "-t" | "--target"))
                    });
                downloads && open(run).contains(&true) && keeps(subject, build, run)
            })
            .collect();
        for runs in
            findings.apart(subject, runs, |run| support::place(subject, build, run.at, &PIP))
        {
            let Some((first, others)) = runs.split_first() else { continue };
            let at = support::place(subject, build, first.at, &PIP);
            let finding = findings.add(at, "pip install leaves its downloads in the layer");
            finding.about("pip install").help(
            "RUN --mount=type=cache,target=/root/.cache/pip pip install …   (or pip install --no-cache-dir …, or ENV PIP_NO_CACHE_DIR=1 for all of them)",
        );
            // pip by itself is 2 MB.
            let tools = |word: &String| {
                let name = word.split(['=', '<', '>', '~', '[']).next().unwrap_or(word);
                word.starts_with('-')
                    || matches!(
                        name,
                        "pip" | "setuptools" | "wheel" | "setuptools_rust" | "setuptools-rust"
                    )
            };
            let small = runs.iter().all(|run| {
                let installs = run.commands.iter().filter_map(support::pip_install);
                let kept = installs.zip(open(run)).filter(|(_, keeps)| *keeps);
                kept.map(|(words, _)| words).all(|words| words.iter().all(tools))
            });
            if small {
                finding.severity(Severity::Style);
            }
            finding.members(runs.iter().map(|run| support::place(subject, build, run.at, &PIP)));
            for run in others {
                finding.related(support::place(subject, build, run.at, &PIP), "and here");
            }
            // All of them, or the finding would stay. What BuildKit alone builds as it
            // is can have a cache that later builds read.
            let is_mountable = caches::grade(subject, build) == Grade::Checked;
            let mounts: Option<Vec<Vec<_>>> = runs
                .iter()
                .filter(|_| is_mountable)
                .map(|run| Some(vec![caches::mount(subject, build, run, CACHE)?]))
                .collect();
            let (fix, edits) = match mounts.filter(|own| !own.is_empty()) {
                Some(edits) => {
                    let fix = Fix::new(Grade::Checked, format!("mounts {CACHE} while it installs"));
                    (fix.condition(caches::CONDITION), Some(edits))
                }
                None => {
                    let options = runs.iter().map(|run| {
                        support::insert(subject, build, run.at, &PIP, &open(run), " --no-cache-dir")
                    });
                    (Fix::new(Grade::Safe, "installs without a cache"), options.collect())
                }
            };
            if let Some(edits) = edits {
                let edits = edits.into_iter().flatten();
                finding.fix(edits.fold(fix, |fix, own| fix.edit(own.at, own.text)));
            }
        }
    }
}

/// Where pip keeps what it downloads.
const CACHE: &str = "/root/.cache/pip";
