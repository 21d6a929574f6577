//! Source code of the host over the code of the image.

use crate::detect::path::is_below;
use crate::environments::{is_production, words};
use crate::lint::diagnostic::{Fix, Grade, Severity};
use crate::lint::edit;
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::cross::env_file_read;
use crate::lint::subject::{Build, EnvFile, Kind, Member, Subject, listed, within};
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
        // Who works on a project mounts its code, as nothing else shows its changes; a
        // profile of it may be production's all the same.
        let is_worked_on = own.deployment.is_developed;
        if is_worked_on && !is_of_production(&own) {
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
            if !covers
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
            // It answers in the place of what is not there: nobody's users meet it.
            let is_mock = |path: &str| path.to_ascii_lowercase().contains("mock");
            let of_mock = |own: &Mount| own.bind().is_some_and(is_mock) || is_mock(&own.target);
            if is_mock(own.name()) || own.service.mounts().iter().any(of_mock) {
                finding.severity(Severity::Advice);
            }
            // One line of a project that is worked in sets its services apart.
            if is_worked_on {
                finding.help(format!(
                    "Give {} volumes of its own, without the lines that mount code.",
                    own.name()
                ));
                break;
            }
            let first = carried(&own, build, &path);
            if !first.is_empty() {
                finding.help(format!(
                    "First {}; then take this line out.",
                    listed(&first.iter().map(String::as_str).collect::<Vec<_>>())
                ));
                break;
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
    profiles.iter().flat_map(|name| words(name)).any(|word| is_production(&word))
}

/// What comes to a service by the same mount, and has to come another way without it:
/// its SQLite database, an env file that its code reads, and directories that other
/// services share.
fn carried(own: &Member<'_>, build: &Build, directory: &str) -> Vec<String> {
    let subject = own.subject;
    let mut found = Vec::new();
    let is_sqlite = subject.facts.database.value().is_some_and(|own| own == "sqlite");
    if is_sqlite && subject.facts.root.value().is_some_and(|root| is_below(root, directory)) {
        found.push("a volume for its SQLite database, which this mount keeps".to_owned());
    }
    let is_here = |file: &EnvFile| {
        let path = subject.path(file.text);
        path.rsplit_once('/').map_or(".", |(above, _)| above) == directory
    };
    let reads = own.service.env_files().is_empty() && env_file_read::may_read(subject, build);
    if reads && subject.env_files.iter().any(is_here) {
        let of_service = own.deployment.project.directory.as_str();
        let path =
            if directory == of_service { ".env".to_owned() } else { format!("{directory}/.env") };
        found.push(format!("env_file: {path}, which its code reads through this mount"));
    }
    for other in subject.members(own.deployment).iter().filter(|other| other.name() != own.name()) {
        for mount in other.service.mounts() {
            let Some(path) = mount.bind().and_then(|path| own.deployment.project.path(path)) else {
                continue;
            };
            let is_below = path != directory && is_below(&path, directory);
            let is_file = path.rsplit('/').next().is_some_and(|name| name.contains('.'));
            if is_below && !is_file && !subject.tree.below(&path).any(|file| file.ends_with(".py"))
            {
                found.push(format!(
                    "a volume for {path}, which {} reads from the host",
                    other.name()
                ));
            }
        }
    }
    found.dedup();
    found
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
