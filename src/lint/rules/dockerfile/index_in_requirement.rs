//! An index that pip passes over.

use crate::lint::diagnostic::{Fix, Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::{code_before_dependencies::installs, no_lock, support};
use crate::lint::subject::Subject;

pub static RULE: Rule = Rule {
    code: "DF149",
    name: "index-in-requirement",
    severity: Severity::Error,
    summary: "an index of packages stands on a line of its own in a requirements file",
    why: "pip reads an --index-url behind a requirement and does nothing with it: `torch==2.7.0+cpu` is then on no index that it asks, and the build fails; without a version of that index the build with all of CUDA comes, gigabytes of it.",
    example: "--extra-index-url https://download.pytorch.org/whl/cpu\ntorch==2.7.0+cpu",
    source: "pip, Requirements File Format: per-requirement options",
    fix: Some(Grade::Suggested),
    check,
};

const OPTIONS: [&str; 4] = ["--index-url", "--extra-index-url", "--find-links", "-i"];

fn check(subject: &Subject, findings: &mut Findings) {
    let mut seen: Vec<String> = Vec::new();
    for build in support::python_images(subject) {
        for run in subject.built_runs(build) {
            for name in run.commands.iter().filter_map(installs).filter(|own| own.ends_with(".txt"))
            {
                let Some(path) = no_lock::found(subject, build, &name) else { continue };
                if seen.contains(&path) {
                    continue;
                }
                seen.push(path.clone());
                for (number, line) in
                    subject.tree.text(&path).unwrap_or_default().lines().enumerate()
                {
                    let code = line.split(" #").next().unwrap_or_default().trim();
                    let mut words = code.split_whitespace();
                    let Some(first) = words.next().filter(|own| !own.starts_with(['-', '#']))
                    else {
                        continue;
                    };
                    let rest: Vec<&str> = words.collect();
                    let is_option =
                        |word: &&str| OPTIONS.contains(&word.split('=').next().unwrap_or(word));
                    let Some(option) = rest.iter().find(|own| is_option(own)) else { continue };
                    let option = option.split('=').next().unwrap_or(option);
                    let here = subject.line_of(&path, number + 1);
                    let at = here.unwrap_or_else(|| subject.instruction(build, run.at));
                    let message = format!("{path}: pip passes over {option} behind {first}");
                    let finding = findings.add(at, message);
                    let lines = format!(
                        "{}\n{first}",
                        rest.join(" ").replacen("--index-url", "--extra-index-url", 1)
                    );
                    finding.about(first).help(&lines);
                    // Without its own version the other index has it as well.
                    if !first.contains('+') {
                        finding.severity(Severity::Warning);
                    }
                    if let Some(at) = here.filter(|at| subject.slice(*at) == code) {
                        let what = format!("asks that index as well, for all of {path}");
                        finding.fix(Fix::new(Grade::Suggested, what).edit(at, lines));
                    }
                }
            }
        }
    }
}
