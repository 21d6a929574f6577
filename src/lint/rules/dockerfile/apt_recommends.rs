//! Packages that nobody asked for.

use std::cell::LazyCell;
use std::collections::HashSet;
use std::sync::LazyLock;

use regex::Regex;

use crate::lint::diagnostic::{Fix, Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::support;
use crate::lint::subject::{Build, Run, Subject, listed};

pub static RULE: Rule = Rule {
    code: "DF115",
    name: "apt-recommends",
    severity: Severity::Style,
    summary: "apt-get install takes no recommended packages",
    why: "Debian installs what a package recommends along with it: manuals, fonts, other tools, often several times the package's own size.",
    example: "RUN apt-get update && apt-get install -y --no-install-recommends libpq5 && rm -rf /var/lib/apt/lists/*",
    source: "Docker, Building best practices: apt-get; hadolint DL3015",
    fix: Some(Grade::Suggested),
    check,
};

/// What only a recommendation brings and nobody can do without: the headers of the
/// C library, the certificates that https is checked with.
const HEADERS: &str = "libc6-dev";
const CERTIFICATES: &str = "ca-certificates";
/// Packages that recommend a compiler.
const COMPILES: [&str; 2] = ["cmake", "gfortran"];

static INSTALL: LazyLock<Regex> =
    LazyLock::new(|| support::regex(r"\bapt(?:-get)?(?:\s+-[^\s]+)*\s+install\b"));

fn check(subject: &Subject, findings: &mut Findings) {
    for build in support::python_images(subject) {
        let text = &subject.texts[subject.recipes[build.recipe].text].text;
        // Turned off for all of them.
        if text.contains("Install-Recommends") {
            continue;
        }
        let built = LazyCell::new(|| subject.built_runs(build));
        let installed = LazyCell::new(|| -> HashSet<&str> {
            support::all_packages(&built).into_iter().collect()
        });
        for run in subject.runs(build) {
            let all: Vec<_> =
                run.commands.iter().filter(|own| support::is_apt(own, "install")).collect();
            let open = all.iter().filter(|own| {
                !own.words
                    .iter()
                    .any(|word| word == "--no-install-recommends" || word.contains("Recommends"))
                    && !support::packages(own).is_empty()
            });
            let open = open.count();
            if open == 0 {
                continue;
            }
            let finding = findings.add(
                support::place(subject, build, run.at, &INSTALL),
                "apt-get install takes recommended packages along",
            );
            finding.about("apt-get install").help("apt-get install -y --no-install-recommends …");
            let Some(needed) = needed(build, &run, &|own| installed.contains(own)) else {
                continue;
            };
            if open == all.len() {
                let edits = support::insert(
                    subject,
                    build,
                    run.at,
                    &INSTALL,
                    &vec![true; open],
                    " --no-install-recommends",
                );
                let named = needed.iter().map(|(beside, package)| {
                    let word = support::regex(&format!(r"(?:^|\s){beside}\b[^\s;&|]*"));
                    support::insert(subject, build, run.at, &word, &[true], &format!(" {package}"))
                });
                let named: Option<Vec<_>> = named.collect();
                if let (Some(edits), Some(named)) = (edits, named) {
                    let what = if needed.is_empty() {
                        "installs what is named, and nothing else".to_owned()
                    } else {
                        let all: Vec<&str> = needed.iter().map(|(_, own)| *own).collect();
                        format!("installs what is named, with {}, and nothing else", listed(&all))
                    };
                    let fix = Fix::new(Grade::Suggested, what);
                    let edits = edits.into_iter().chain(named.into_iter().flatten());
                    finding.fix(edits.fold(fix, |fix, own| fix.edit(own.at, own.text)));
                }
            }
        }
    }
}

/// Packages that have to be named once recommendations are no longer taken, each
/// with the one that it is written behind; `None` where that is not known.
/// `installs` tells whether the build installs a package anywhere.
fn needed(
    build: &Build,
    run: &Run,
    installs: &dyn Fn(&str) -> bool,
) -> Option<Vec<(String, &'static str)>> {
    let base = build.image.base.known().unwrap_or_default();
    let tag = crate::source::compose::image::parts(base).1;
    let of_python = support::python(base).is_some_and(|own| own.is_official);
    // It is made of buildpack-deps, which has all of it.
    if of_python && !tag.contains("slim") {
        return Some(Vec::new());
    }
    let own: Vec<&str> = run.commands.iter().flat_map(support::packages).collect();
    let has = |names: &[&str]| names.iter().any(|own| installs(own));
    let mut found = Vec::new();
    let has_headers = has(&["build-essential", "g++", "libc6-dev", "libc-dev"]);
    let compiler = own.iter().find(|own| {
        let version = own.strip_prefix("gcc").map(|rest| rest.trim_start_matches('-'));
        version.is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit()))
    });
    // pip recommends the headers of Python as well.
    let pips = own.iter().any(|own| matches!(*own, "python3-pip" | "python-pip"));
    if pips && !(has_headers && has(&["python3-dev", "python-dev", "python3-all-dev"])) {
        return None;
    }
    match compiler {
        _ if has_headers => {}
        Some(compiler) => found.push((regex::escape(compiler), HEADERS)),
        None if own.iter().any(|own| COMPILES.contains(own)) => return None,
        None => {}
    }
    let loads = own.iter().find(|own| matches!(**own, "wget" | "curl" | "git"));
    if let (Some(tool), false, false) = (loads, of_python, has(&[CERTIFICATES])) {
        found.push((regex::escape(tool), CERTIFICATES));
    }
    Some(found)
}
