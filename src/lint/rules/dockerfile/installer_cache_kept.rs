//! Downloads of Poetry, PDM, Pipenv and uv that stay in a layer.

use crate::lint::diagnostic::{Fix, Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::{caches, support};
use crate::lint::subject::{Build, Run, Subject};

pub static RULE: Rule = Rule {
    code: "DF145",
    name: "installer-cache-kept",
    severity: Severity::Advice,
    summary: "Poetry, PDM, Pipenv and uv keep no cache in a layer of the image",
    why: "Each keeps what it downloads below /root/.cache, in the layer beside what it was unpacked to, and no later build reads it. A mounted cache is in no layer, and the next build downloads only what changed. uv links its cache into the environment, and doubles it with UV_LINK_MODE=copy.",
    example: "RUN --mount=type=cache,target=/root/.cache/uv uv sync --locked --no-install-project",
    source: "Docker, RUN --mount=type=cache; Poetry, Configuration: cache-dir; uv, Using uv in Docker: Caching",
    fix: Some(Grade::Checked),
    check,
};

/// A manager: its cache, and variables that say another place or none.
struct Manager {
    name: &'static str,
    cache: &'static str,
    variables: &'static [&'static str],
}

const MANAGERS: [Manager; 4] = [
    Manager {
        name: "uv",
        cache: "/root/.cache/uv",
        variables: &["UV_NO_CACHE", "UV_CACHE_DIR", "XDG_CACHE_HOME"],
    },
    Manager {
        name: "poetry",
        cache: "/root/.cache/pypoetry",
        variables: &["POETRY_NO_CACHE", "POETRY_CACHE_DIR", "XDG_CACHE_HOME"],
    },
    Manager {
        name: "pdm",
        cache: "/root/.cache/pdm",
        variables: &["PDM_NO_CACHE", "PDM_CACHE_DIR", "XDG_CACHE_HOME"],
    },
    Manager {
        name: "pipenv",
        cache: "/root/.cache",
        variables: &["PIP_NO_CACHE_DIR", "PIPENV_CACHE_DIR", "PIP_CACHE_DIR", "XDG_CACHE_HOME"],
    },
];

fn check(subject: &Subject, findings: &mut Findings) {
    for build in support::python_images(subject) {
        let found: Vec<(Run, &Manager)> = subject
            .runs(build)
            .into_iter()
            .filter_map(|run| Some((keeps(subject, build, &run)?, run)))
            .map(|(manager, run)| (run, manager))
            .collect();
        let Some((first, manager)) = found.first() else { continue };
        let place = |run: &Run, own: &Manager| subject.within(build, run.at, own.name);
        let finding = findings.add(
            place(first, manager),
            format!("{} leaves its downloads in the layer", manager.name),
        );
        // Poetry's environment is below its cache: a mount over both takes it away.
        let help = if holds_environment(subject, build, first, manager) {
            "ENV POETRY_VIRTUALENVS_IN_PROJECT=1 POETRY_CACHE_DIR=/var/cache/pypoetry\n(and --mount=type=cache,target=/var/cache/pypoetry in the RUN of poetry; the environment, which is in the cache now, is then .venv beside pyproject.toml)".to_owned()
        } else {
            format!("--mount=type=cache,target={} in the RUN of {}", manager.cache, manager.name)
        };
        finding.about(manager.name).help(help);
        for (run, own) in &found[1..] {
            finding.related(place(run, own), "and here");
        }
        let edits: Option<Vec<_>> = found
            .iter()
            .map(|(run, own)| {
                (!holds_environment(subject, build, run, own))
                    .then(|| caches::mount(subject, build, run, own.cache))?
            })
            .collect();
        if let Some(edits) = edits {
            let grade = caches::grade(subject, build);
            let mut fix = Fix::new(grade, format!("mounts {} while it installs", manager.cache));
            if grade == Grade::Checked {
                fix = fix.condition(caches::CONDITION);
            }
            finding.fix(edits.into_iter().fold(fix, |fix, own| fix.edit(own.at, own.text)));
        }
    }
}

/// The manager whose downloads stay in the layer of a RUN.
fn keeps(subject: &Subject, build: &Build, run: &Run) -> Option<&'static Manager> {
    if caches::is_kept_out(subject, build, run) {
        return None;
    }
    run.commands.iter().find_map(|command| {
        let words = support::bare(command);
        let name = support::program(words);
        let manager = MANAGERS.iter().find(|own| own.name == name)?;
        let second = words.get(1).map_or("", String::as_str);
        let installs = match name {
            "uv" => second == "sync" || support::uv_pip_install(command).is_some(),
            _ => matches!(second, "install" | "sync"),
        };
        let said = |own: &&str| {
            build.image.env.contains_key(*own)
                || build.image.args.contains_key(*own)
                || run.commands.iter().any(|other| support::has_variable(other, own))
        };
        let without =
            words.iter().any(|own| matches!(own.as_str(), "--no-cache" | "-n" | "--no-cache-dir"));
        // It links what it keeps, unless it is told to copy.
        let doubles = name != "uv" || build.image.variable("UV_LINK_MODE") == Some("copy");
        (installs && !without && doubles && !manager.variables.iter().any(said)).then_some(manager)
    })
}

/// Whether the environment itself is below the cache: Poetry's own place for it.
fn holds_environment(subject: &Subject, build: &Build, run: &Run, manager: &Manager) -> bool {
    if manager.name != "poetry" {
        return false;
    }
    let is = |name: &str, values: [&str; 2]| {
        build.image.env.contains_key(name)
            && build.image.variable(name).is_none_or(|own| values.contains(&own))
    };
    let (on, off) = (["1", "true"], ["0", "false"]);
    let of_image = build.image.env.contains_key("VIRTUAL_ENV")
        || is("POETRY_VIRTUALENVS_CREATE", off)
        || is("POETRY_VIRTUALENVS_IN_PROJECT", on);
    let runs = subject.runs(build);
    let mut before = runs.iter().filter(|own| own.at <= run.at).flat_map(|own| &own.commands);
    let by_command = before.any(|own| {
        own.words.windows(2).any(|pair| match pair[0].as_str() {
            "virtualenvs.create" => off.contains(&pair[1].as_str()),
            "virtualenvs.in-project" => on.contains(&pair[1].as_str()),
            own => own == "virtualenvs.path",
        })
    });
    !of_image && !by_command
}
