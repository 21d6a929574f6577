//! Source code of the host over the code of the image.

use crate::detect::path::is_below;
use crate::environments;
use crate::lint::diagnostic::{Fix, Grade, Severity};
use crate::lint::edit;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Build, Kind, Member, Subject, within};
use crate::source::compose::{Item, Mount};

pub static RULE: Rule = Rule {
    code: "CO108",
    name: "source-mounted",
    severity: Severity::Warning,
    summary: "in production the image's own code runs, not the host's",
    why: "What runs is the working copy of the host, not what was built and tested: a `git pull` changes half of a running service, a roll-back of the image changes nothing, and the process can write to its own code.",
    example: "# compose.override.yaml, for development alone\nservices:\n  web:\n    volumes: [\".:/app\"]",
    source: "Docker, Use Compose in production: remove volume bindings for code",
    fix: Some(Grade::Suggested),
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    // A line of an anchor is one line.
    let mut said = Vec::new();
    for own in subject.production_members().into_iter().flatten() {
        let Some(build) = subject.build_of(own.container).filter(|build| build.is_python) else {
            continue;
        };
        if !matches!(own.kind(), Kind::Web | Kind::Worker | Kind::Beat) || own.is_developed() {
            continue;
        }
        // A notebook is there to work on what it is given.
        if own
            .container
            .steps
            .iter()
            .flat_map(|step| &step.argv)
            .any(|word| word.contains("jupyter"))
        {
            continue;
        }
        let workdir = build.image.workdir.as_ref().and_then(|set| set.value.known());
        let items = own.service.item.get("volumes").map_or(&[][..], |item| item.items());
        for (mount, item) in items.iter().filter_map(|item| Some((Mount::read(item)?, item))) {
            let Some(path) = mount.bind().and_then(|path| own.deployment.project.path(path)) else {
                continue;
            };
            let covers = workdir.is_some_and(|dir| {
                let target = &mount.target;
                dir == target
                    || dir.starts_with(&format!("{target}/")) && target != "/"
                    || target.starts_with(&format!("{dir}/"))
            });
            let has_code = subject.tree.has_directory(&path)
                && subject
                    .tree
                    .below(&path)
                    .any(|file| file.ends_with(".py") && !file.contains("gunicorn"));
            // Tests are not what runs.
            let is_of_tests = path
                .split('/')
                .any(|part| matches!(part, "test" | "tests" | "e2e" | "docs" | "migrations"));
            let place = own.place(item);
            // Who works on a project mounts its code: nothing else shows its changes.
            let is_meant = own.deployment.is_developed && !is_of_production(&own);
            if is_meant
                || !covers
                || !has_code
                || is_of_tests
                || said.contains(&place)
                || subject.is_for_development(place.text)
            {
                continue;
            }
            said.push(own.place(item));
            let message =
                format!("{} runs the host's {path} instead of the code in its image", own.name());
            let finding = findings.add(own.place(item), message);
            finding.about(own.name()).help(
                "Take this line out; for development put it into compose.override.yaml, with a file for production of its own.",
            );
            if let Some(data) = kept_there(subject, &path) {
                finding.help(format!(
                    "First a volume for {data}, which this mount keeps; then take this line out."
                ));
                break;
            }
            // It answers in the place of what is not there: nobody's users meet it.
            let is_mock = |path: &str| path.to_ascii_lowercase().contains("mock");
            let of_mock = |own: &Mount| own.bind().is_some_and(is_mock) || is_mock(&own.target);
            if is_mock(own.name()) || own.service.mounts().iter().any(of_mock) {
                finding.severity(Severity::Advice);
            }
            if !is_in_image(subject, build, &path, &mount.target) {
                finding.help(format!(
                    "First COPY {path} to {} in the Dockerfile, where its code is not yet; then take this line out.",
                    mount.target
                ));
            } else if let Some(edit) =
                edit::compose::pop(subject, own.deployment, own.service, "volumes", item)
            {
                let fix = Fix::new(Grade::Suggested, "runs the image's own code");
                finding.fix(fix.edit(edit.at, edit.text));
            }
            // The others are the same decision.
            break;
        }
    }
}

/// Whether a profile of the service is production's.
fn is_of_production(own: &Member<'_>) -> bool {
    let profiles = own.service.item.get("profiles").map(Item::scalars).unwrap_or_default();
    profiles.iter().any(|profile| environments::is_production(profile))
}

/// What the application writes below a directory of the host: its SQLite.
fn kept_there(subject: &Subject, directory: &str) -> Option<&'static str> {
    let is_sqlite = subject.facts.database.value().is_some_and(|own| own == "sqlite");
    let is_whole = subject.facts.root.value().is_some_and(|root| is_below(root, directory));
    (is_sqlite && is_whole).then_some("its SQLite database")
}

/// Whether an image has the code of a directory where it is mounted: without the
/// mount every module of it is at the same place.
fn is_in_image(subject: &Subject, build: &Build, directory: &str, target: &str) -> bool {
    let prefix = if directory == "." { "" } else { directory };
    let context = within(build, ".");
    let is_code = |path: &&str| {
        path.ends_with(".py")
            && !path.split('/').any(|part| matches!(part, "tests" | "test" | "docs"))
    };
    let is_there = |path: &str| {
        let Some(rest) = path.strip_prefix(prefix) else { return false };
        let wanted = format!("{}/{}", target.trim_end_matches('/'), rest.trim_start_matches('/'));
        let relative =
            if context == "." { path } else { path.get(context.len() + 1..).unwrap_or("") };
        subject.in_image(build, path).is_some_and(|there| there == wanted)
            && subject.ignored_by(build).is_none_or(|own| !own.leaves_out(relative))
    };
    let mut code = subject.tree.below(directory).filter(is_code).peekable();
    code.peek().is_some() && code.all(is_there)
}
