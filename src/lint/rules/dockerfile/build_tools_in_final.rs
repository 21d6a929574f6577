//! Compilers and headers in the image that runs.

use crate::lint::diagnostic::{Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::{builder_stage, support};
use crate::lint::subject::{Run, Subject};
use crate::source::dockerfile::Keyword;
use crate::source::shell::Simple;

pub static RULE: Rule = Rule {
    code: "DF109",
    name: "build-tools-in-final",
    severity: Severity::Advice,
    summary: "compilers and headers stay in a stage before the last",
    why: "Compilers and headers add 150 MB and more to the image, turn up in security scans, and are there for whoever breaks in. Only the packages they built are needed when the service runs.",
    example: "COPY --from=builder /opt/venv /opt/venv",
    source: "Docker, Building best practices: multi-stage builds",
    fix: Some(Grade::Suggested),
    check,
};

pub(super) fn is_build_tool(package: &str) -> bool {
    const TOOLS: [&str; 11] = [
        "gcc",
        "g++",
        "clang",
        "cmake",
        "build-essential",
        "build-base",
        "rustc",
        "cargo",
        "gfortran",
        "python3-dev",
        "ninja-build",
    ];
    TOOLS.contains(&package) || package.ends_with("-dev") || package.ends_with("-devel")
}

/// The names that a RUN gives to what it adds: `apk add --virtual .build gcc`.
fn virtuals(run: &Run) -> Vec<&str> {
    let mut found = Vec::new();
    for command in &run.commands {
        let words = support::bare(command);
        for (at, word) in words.iter().enumerate() {
            if let Some(name) = word.strip_prefix("--virtual=") {
                found.push(name);
            } else if matches!(word.as_str(), "--virtual" | "-t") {
                found.extend(words.get(at + 1).map(String::as_str));
            }
        }
    }
    found
}

/// Whether a RUN takes away what another one, or the same, has added.
fn removes(run: &Run, added: &Run, package: &str) -> bool {
    run.commands.iter().any(|command: &Simple| {
        let words = support::bare(command);
        let removes = words.iter().any(|word| matches!(word.as_str(), "purge" | "remove" | "del"));
        let is_apk = support::program(words) == "apk";
        let named = |word: &String| {
            word == package
                || word.starts_with('$')
                // `apk add --virtual .build … && apk del .build`
                || is_apk && virtuals(added).contains(&word.as_str())
                || (!is_apk
                    && word.contains("build")
                    && word != "build-essential"
                    && word != "build-base")
                || word.contains('*')
        };
        removes && words.iter().any(named)
    })
}

fn check(subject: &Subject, findings: &mut Findings) {
    for build in support::python_images(subject).filter(|b| support::is_service(subject, b)) {
        let runs = subject.runs(build);
        // A base that has compilers by itself is another rule's.
        let is_full = build.image.base.known().and_then(support::python).is_some_and(|own| {
            own.is_official && !["slim", "alpine"].iter().any(|word| own.tag.contains(word))
        });
        if is_full {
            continue;
        }
        // Kernels that are compiled while it runs need the compiler.
        let compiles = ["triton", "pythran", "theano", "Theano"]
            .iter()
            .any(|name| subject.facts.installs(name));
        if compiles {
            continue;
        }
        let mut found: Vec<(usize, Vec<String>)> = Vec::new();
        for run in &runs {
            let own: Vec<String> = run
                .commands
                .iter()
                .flat_map(support::packages)
                .filter(|package| is_build_tool(package) && !removes(run, run, package))
                .map(str::to_owned)
                .collect();
            if !own.is_empty() {
                found.push((run.at, own));
            }
        }
        // By themselves they are what programs for another C library need.
        let companion =
            |own: &String| matches!(own.as_str(), "musl-dev" | "libc-dev" | "libc6-dev");
        if found.iter().flat_map(|(_, own)| own).all(companion) {
            continue;
        }
        let Some((first, _)) = found.first() else { continue };
        let mut names: Vec<String> = Vec::new();
        for name in found.iter().flat_map(|(_, own)| own) {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        let some = names.iter().take(4).cloned().collect::<Vec<_>>().join(", ");
        let more =
            if names.len() > 4 { format!(" and {} more", names.len() - 4) } else { String::new() };
        let at = subject.within(build, *first, &names[0]);
        let adding = runs.iter().find(|own| own.at == *first);
        let later = runs.iter().find(|own| {
            own.at > *first && adding.is_some_and(|adding| removes(own, adding, &names[0]))
        });
        if let Some(later) = later {
            let message =
                format!("{some}{more} is removed one RUN too late: it stays in the layer below");
            findings
                .add(at, message)
                .about(&names[0])
                .related(subject.instruction(build, later.at), "removed here")
                .help("one RUN that installs it, builds with it and removes it; or a stage before this one that builds");
            continue;
        }
        let finding = findings.add(at, format!("the image that runs has {some}{more} in it"));
        let is_apk = adding.is_some_and(|run| {
            run.commands.iter().any(|own| support::program(support::bare(own)) == "apk")
        });
        let libraries = if is_apk {
            "libpq for postgresql-dev, mariadb-connector-c for mariadb-dev"
        } else {
            "libpq5 for libpq-dev, libmariadb3 for default-libmysqlclient-dev"
        };
        let builder = subject.instructions(build).find_map(|(at, own)| {
            let stage = subject.file(build).stage_named(own.flag("from")?, build.stage)?;
            let is_last = subject.file(build).stage_of(at) == Some(build.stage);
            let runs =
                subject.file(build).of_stage(stage).any(|(_, own)| own.keyword == Keyword::Run);
            (is_last && runs).then(|| own.flag("from")).flatten()
        });
        finding.about(&names[0]).help(match builder {
            Some(builder) => format!(
                "The stage {builder} builds already: they belong there, with what needs them, and here the libraries alone ({libraries})"
            ),
            None => format!(
            "A stage before this one installs them and makes the virtual environment; this one has `COPY --from=builder /opt/venv /opt/venv` and the libraries alone ({libraries})"
        ),
        });
        for (at, own) in &found[1..] {
            finding.related(subject.within(build, *at, &own[0]), own.join(", "));
        }
        if let Some(fix) = builder_stage::fix(subject, build) {
            finding.fix(fix);
        }
    }
}
