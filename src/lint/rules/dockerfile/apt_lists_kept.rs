//! Lists of packages that stay in a layer.

use std::cell::LazyCell;

use crate::lint::diagnostic::{At, Fix, Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::support;
use crate::lint::subject::{Build, Run, Subject};
use crate::source::dockerfile::{Arguments, Dockerfile};
use crate::source::text::Span;

pub static RULE: Rule = Rule {
    code: "DF114",
    name: "apt-lists-kept",
    severity: Severity::Advice,
    summary: "the lists of apt-get update are removed in the same RUN",
    why: "apt-get update leaves about 20 MB of lists in the layer. They are stale within days, and a RUN that removes them later makes the image no smaller.",
    example: "RUN apt-get update && apt-get install -y --no-install-recommends libpq5 && rm -rf /var/lib/apt/lists/*",
    source: "Docker, Building best practices: apt-get; hadolint DL3009",
    fix: Some(Grade::Safe),
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for build in support::python_images(subject) {
        let built = LazyCell::new(|| subject.built_runs(build));
        for run in subject.runs(build) {
            let updates = run.commands.iter().any(|own| support::is_apt(own, "update"));
            let removed = run.commands.iter().any(|own| {
                let words = support::bare(own);
                let program = support::program(words);
                (matches!(program, "rm" | "find")
                    && words.iter().any(|word| {
                        word.contains("/var/lib/apt") || word.starts_with("/var/lib/{")
                    }))
                    || (program.starts_with("apt")
                        && words
                            .iter()
                            .any(|word| matches!(word.as_str(), "dist-clean" | "distclean")))
            });
            let instruction = &subject.file(build).instructions[run.at];
            let is_mounted = instruction.flags.iter().any(|flag| {
                flag.name == "mount"
                    && flag.value.as_deref().is_some_and(|value| value.contains("/apt"))
            });
            // Lists that another script takes away are not seen here.
            let calls = run
                .commands
                .iter()
                .any(|own| own.words[0].contains('/') && !own.words[0].contains("bin/"));
            // An update by itself is another rule's.
            let uses = ["install", "upgrade", "dist-upgrade", "full-upgrade"];
            let used =
                run.commands.iter().any(|own| uses.iter().any(|word| support::is_apt(own, word)));
            if !updates || !used || removed || is_mounted || calls {
                continue;
            }
            let installs = run.commands.iter().any(|own| support::is_apt(own, "install"));
            let needed = needed(subject.file(build), &built, &run);
            // One that only an install after it uses is another rule's.
            if !installs && needed.is_some() {
                continue;
            }
            let text = &instruction.arguments.text;
            let written = if text.contains("apt-get") { "apt-get" } else { "apt" };
            let finding = findings.add(
                subject.within(build, run.at, written),
                "apt-get update leaves its lists in the layer",
            );
            finding.about("apt-get update");
            if let Some(later) = needed {
                finding
                    .related(subject.instruction(build, later.at), "this RUN installs with them")
                    .help("one RUN with the install below, which needs the lists: apt-get update && apt-get install -y --no-install-recommends … && rm -rf /var/lib/apt/lists/*");
                continue;
            }
            finding.help("… && rm -rf /var/lib/apt/lists/*   (at the end of this RUN)");
            if let Some(fix) = fix(subject, build, &run) {
                finding.fix(fix);
            }
        }
    }
}

/// The RUN after this one that installs with its lists.
fn needed<'r>(file: &Dockerfile, built: &'r [Run], run: &Run) -> Option<&'r Run> {
    let later = built.partition_point(|own| own.at <= run.at);
    built[later..].iter().find(|own| {
        let first = |word: &str| own.commands.iter().position(|c| support::is_apt(c, word));
        // An update behind it comes too late.
        let (installs, updates) = (first("install"), first("update"));
        installs.is_some_and(|at| updates.is_none_or(|update| at < update))
            && file.chain(own.stage, &Arguments::new()).stages.contains(&run.stage)
    })
}

fn fix(subject: &Subject, build: &Build, run: &Run) -> Option<Fix> {
    let recipe = &subject.recipes[build.recipe];
    let instruction = &recipe.file.instructions[run.at];
    let text = instruction.arguments.text.trim_end();
    let file = &subject.texts[recipe.text];
    let written = file.slice(instruction.span);
    let last = written.lines().last().unwrap_or_default();
    let odd = text.ends_with([';', '\\', '&', '|', ')', '}'])
        || last.trim_start().starts_with('#')
        || text.contains('#');
    if odd
        || instruction.json.is_some()
        || !instruction.heredocs.is_empty()
        || written.ends_with(char::is_whitespace)
    {
        return None;
    }
    let removal = "rm -rf /var/lib/apt/lists/*";
    let added = if written.contains('\n') {
        let indent = &last[..last.len() - last.trim_start().len()];
        let before = written.lines().rev().nth(1).unwrap_or_default().trim_end();
        let behind = [" && \\", " &&\\", "&&\\"].into_iter().find(|own| before.ends_with(own));
        if let Some(behind) = behind {
            format!("{behind}\n{indent}{removal}")
        } else {
            format!(" \\\n{indent}&& {removal}")
        }
    } else {
        format!(" && {removal}")
    };
    let end = instruction.span.end;
    Some(
        Fix::new(Grade::Safe, "removes the lists")
            .edit(At::new(recipe.text, Span::new(end, end)), added),
    )
}
