//! Every file that a rendered file names is written, whatever is left out.

use std::collections::BTreeSet;

use dockwright::answers::{Draft, Origin};
use dockwright::plan::outputs::Awaited;
use dockwright::plan::{self, Bundle};
use dockwright::relpath::RelPath;
use dockwright::render::{self, Rendered};

use crate::combinations::combinations;

/// Files of which one is left out.
const LEFT_OUT: [&str; 9] = [
    "Dockerfile",
    "entrypoint.sh",
    "gunicorn.conf.py",
    "nginx/nginx.conf",
    "compose.yaml",
    "compose.dev.yaml",
    ".dockerignore",
    ".gitattributes",
    "requirements.txt",
];

/// The words of an instruction, without its options.
fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split_whitespace().skip(1).filter(|word| !word.starts_with("--"))
}

/// What a Dockerfile reads from the build context, and what it starts.
fn named_by_dockerfile(text: &str) -> Vec<String> {
    let mut named = Vec::new();
    let text = text.replace("\\\n", " ");
    for line in text.lines() {
        let bound = line
            .split_whitespace()
            .filter_map(|word| word.strip_prefix("--mount=type=bind,source=")?.split(',').next());
        named.extend(bound.map(str::to_owned));
        if line.starts_with("COPY") && !line.contains("--from=") {
            let mut sources: Vec<&str> = words(line).collect();
            sources.pop();
            named.extend(sources.into_iter().filter(|source| *source != ".").map(str::to_owned));
        }
        if line.starts_with("ENTRYPOINT") || line.starts_with("CMD") {
            let quoted = line.split('"').skip(1).step_by(2);
            let files = quoted.filter(|word| word.ends_with(".sh") || word.ends_with(".py"));
            named.extend(files.map(|word| word.trim_start_matches("/app/").to_owned()));
        }
    }
    named
}

/// What a compose file builds from and mounts.
fn named_by_compose(text: &str) -> Vec<String> {
    let mut named = Vec::new();
    let mut builds = false;
    let mut dockerfile = None;
    for line in text.lines().map(str::trim) {
        builds |= line == "build:";
        dockerfile = line.strip_prefix("dockerfile: ").or(dockerfile);
        let bound = line.strip_prefix("source: ./").or_else(|| line.strip_prefix("env_file: "));
        named.extend(bound.map(str::to_owned));
    }
    named.extend(builds.then(|| dockerfile.unwrap_or("Dockerfile").to_owned()));
    named
}

fn check(axes: &str, files: &[Rendered]) {
    check_beside(axes, files, &[]);
}

/// The same, where it is said of some files that they have to be there.
fn check_beside(axes: &str, files: &[Rendered], awaited: &[Awaited]) {
    let paths: BTreeSet<&str> = files.iter().map(|file| file.output.path.as_str()).collect();
    let there =
        |path: &str| paths.iter().any(|it| *it == path || it.starts_with(&format!("{path}/")));
    for file in files {
        let path = file.output.path.as_str();
        let text = String::from_utf8_lossy(&file.bytes);
        let named = match file.output.usual.as_str() {
            "Dockerfile" => named_by_dockerfile(&text),
            "compose.yaml" | "compose.dev.yaml" => named_by_compose(&text),
            _ => continue,
        };
        for name in named {
            let said = awaited.iter().any(|file| file.path.as_str() == name);
            assert!(there(&name) || said, "{axes}: {path} names {name}, which is not there");
        }
    }
}

fn rendered(draft: &Draft, only: &BTreeSet<Bundle>) -> Option<Vec<Rendered>> {
    let plan = plan::plan(&draft.resolve().unwrap(), only).ok()?;
    Some(render::render(&plan, draft).unwrap())
}

fn axes(draft: &Draft) -> String {
    draft.all_sourced().map(|(key, sourced)| format!("{key}={} ", sourced.value)).collect()
}

/// Some of all combinations, on a machine that holds them.
fn some() -> impl Iterator<Item = Draft> {
    combinations().into_iter().step_by(11).map(|mut draft| {
        draft.set("deploy.cpus", "8", Origin::Flag).unwrap();
        draft.set("deploy.memory", "16GiB", Origin::Flag).unwrap();
        draft
    })
}

#[test]
fn what_a_file_names_is_there_whatever_is_left_out() {
    let mut written = 0;
    for draft in some() {
        check(&axes(&draft), &rendered(&draft, &BTreeSet::new()).unwrap());
        for path in LEFT_OUT {
            let mut draft = draft.clone();
            draft.set(&format!("files.{path}"), "off", Origin::Flag).unwrap();
            // Refused is as good as rewired.
            if let Some(files) = rendered(&draft, &BTreeSet::new()) {
                written += 1;
                assert!(!files.iter().any(|file| file.output.path.as_str() == path));
                check(&axes(&draft), &files);
            }
        }
    }
    assert!(written > 100, "{written}");
}

#[test]
fn an_image_alone_has_what_it_is_made_of() {
    for draft in some() {
        let files = rendered(&draft, &BTreeSet::from([Bundle::Image])).unwrap();
        check(&axes(&draft), &files);
        assert!(files.iter().all(|file| file.output.bundle != Bundle::Compose));
    }
}

#[test]
fn what_a_part_of_the_files_names_is_written_or_said() {
    let bundles = Bundle::WORDS.map(|(_, bundle)| bundle);
    for draft in some().step_by(5) {
        let pairs = bundles.iter().flat_map(|one| bundles.iter().map(move |it| (one, it)));
        for (one, other) in pairs.filter(|(one, other)| one <= other) {
            let only = BTreeSet::from([*one, *other]);
            let plan = plan::plan(&draft.resolve().unwrap(), &only).unwrap();
            let files = render::render(&plan, &draft).unwrap();
            let axes = format!("{one:?} {other:?} {}", axes(&draft));
            check_beside(&axes, &files, &plan.awaited);
        }
    }
}

#[test]
fn what_stands_at_an_alternate_path_is_named_by_it() {
    let alternates = [
        ("Dockerfile", "Dockerfile.dockwright"),
        ("entrypoint.sh", "entrypoint.dockwright.sh"),
        ("gunicorn.conf.py", "gunicorn.dockwright.conf.py"),
        ("nginx/nginx.conf", "nginx/nginx.dockwright.conf"),
    ];
    let path = |text: &str| RelPath::new(text).unwrap();
    for mut draft in some() {
        draft.place(alternates.iter().map(|(own, to)| (path(own), path(to))).collect());
        let files = rendered(&draft, &BTreeSet::new()).unwrap();
        check(&axes(&draft), &files);
        for (own, _) in alternates {
            assert!(!files.iter().any(|file| file.output.path.as_str() == own), "{own}");
        }
    }
}
