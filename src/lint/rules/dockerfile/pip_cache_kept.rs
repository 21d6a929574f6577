//! Downloads that stay in a layer.

use std::sync::LazyLock;

use regex::Regex;

use crate::lint::diagnostic::{Fix, Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::support;
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
    let file = subject.file(build);
    let instruction = &file.instructions[run.at];
    let is_mounted = instruction.flags.iter().any(|flag| {
        flag.name == "mount"
            && flag
                .value
                .as_deref()
                .is_some_and(|value| value.contains("type=cache") || value.contains("type=tmpfs"))
    });
    let is_removed = run.commands.iter().any(|own| {
        let words = support::bare(own);
        (support::program(words) == "rm"
            && words.iter().any(|word| word.contains("cache") || word.starts_with("/root")))
            || support::after_pip(own, "cache").is_some()
    });
    !set("PIP_NO_CACHE_DIR") && !set("PIP_CACHE_DIR") && !is_mounted && !is_removed
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
        for run in others {
            finding.related(support::place(subject, build, run.at, &PIP), "and here");
        }
        // All of them, or the finding would stay.
        let edits: Option<Vec<_>> = runs
            .iter()
            .map(|run| support::insert(subject, build, run.at, &PIP, &open(run), " --no-cache-dir"))
            .collect();
        if let Some(edits) = edits {
            let fix = Fix::new(Grade::Safe, "installs without a cache");
            let edits = edits.into_iter().flatten();
            finding.fix(edits.fold(fix, |fix, own| fix.edit(own.at, own.text)));
        }
    }
}
