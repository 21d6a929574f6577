//! Lists of packages from the day the cache was filled.

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::support;
use crate::lint::subject::Subject;
use crate::source::dockerfile::Arguments;

pub static RULE: Rule = Rule {
    code: "DF116",
    name: "apt-update-alone",
    severity: Severity::Warning,
    summary: "apt-get update and apt-get install are one RUN",
    why: "A RUN of its own for apt-get update comes out of the cache for as long as nothing above it changes. The install after it then asks for versions that the mirror has deleted long ago: the build fails with 404, or installs what has known holes.",
    example: "RUN apt-get update && apt-get install -y --no-install-recommends libpq5 && rm -rf /var/lib/apt/lists/*",
    source: "Docker, Building best practices: apt-get; hadolint DL3009",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for build in support::python_images(subject) {
        let runs = subject.built_runs(build);
        let file = subject.file(build);
        for run in &runs {
            let has = |run: &crate::lint::subject::Run, word: &str| {
                run.commands.iter().any(|own| support::is_apt(own, word))
            };
            if !has(run, "update") || has(run, "install") {
                continue;
            }
            // Lists that live in a cache are as fresh as the cache.
            if file.instructions[run.at].flags.iter().any(|flag| flag.name == "mount") {
                continue;
            }
            let later = runs.iter().find(|own| {
                let chain = file.chain(own.stage, &Arguments::new()).stages;
                own.at > run.at && chain.contains(&run.stage) && has(own, "install")
            });
            let Some(later) = later.filter(|own| !has(own, "update")) else { continue };
            findings
                .add(
                    subject.instruction(build, run.at),
                    "apt-get update is a RUN of its own: from the cache its lists are stale for the install after it",
                )
                .about("apt-get update")
                .related(subject.instruction(build, later.at), "this install relies on them")
                .help("one RUN for both: apt-get update && apt-get install -y --no-install-recommends … && rm -rf /var/lib/apt/lists/*");
        }
    }
}
