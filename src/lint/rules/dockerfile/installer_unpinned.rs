//! An installer in whatever version is there at the build.

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::support;
use crate::lint::subject::Subject;

pub static RULE: Rule = Rule {
    code: "DF128",
    name: "installer-unpinned",
    severity: Severity::Advice,
    summary: "poetry, uv, pipenv and pdm are installed in a version",
    why: "A lock pins the packages, not what reads it: a new major version of the installer refuses the lock, or no longer knows an option (Poetry 2 has no `export`, and `--no-dev` is gone), and the build breaks without a change.",
    example: "RUN pip install --no-cache-dir poetry==2.5.1",
    source: "Poetry, Installation: CI recommendations; hadolint DL3013",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    const INSTALLERS: [&str; 6] = ["poetry", "uv", "pipenv", "pdm", "hatch", "poetry-core"];
    for build in support::python_images(subject) {
        for run in subject.built_runs(build) {
            let words = run.commands.iter().filter_map(support::pip_install).flatten();
            let Some(name) = words.into_iter().find(|word| INSTALLERS.contains(&word.as_str()))
            else {
                continue;
            };
            let version = crate::catalog::VERSIONS.tools.get(name.as_str());
            let version = version.map_or("VERSION", String::as_str);
            findings
                .add(
                    subject.within(build, run.at, name),
                    format!("{name} is installed in whatever version is the newest"),
                )
                .about(name.as_str())
                .help(format!("pip install {name}=={version}"));
        }
    }
}
