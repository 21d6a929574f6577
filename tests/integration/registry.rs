//! `images.registry` stands before every image that generated files name.

use std::collections::BTreeSet;

use dockwright::answers::{Draft, Origin};
use dockwright::plan::{self, Bundle};
use dockwright::render::{self, Rendered};
use serde_json::Value;

use crate::combinations::combinations;
use crate::init::{init, read, repository, write};

const REGISTRY: &str = "registry.example.com:5000/mirror";

fn rendered(mut draft: Draft) -> Vec<Rendered> {
    for (key, value) in [
        ("deploy.cpus", "8"),
        ("deploy.memory", "16GiB"),
        ("images.registry", REGISTRY),
        ("images.dockerfile-syntax", "docker/dockerfile:1"),
    ] {
        draft.set(key, value, Origin::Flag).unwrap();
    }
    if draft.text("model.runtime") == "onnxruntime" {
        draft.set("model.delivery", "bake", Origin::Flag).unwrap();
    }
    let bundles = BTreeSet::from([Bundle::Image, Bundle::Compose]);
    let plan = plan::plan(&draft.resolve().unwrap(), &bundles).unwrap();
    render::render(&plan, &draft).unwrap()
}

/// Every image that a Dockerfile takes from outside.
fn of_dockerfile(text: &str) -> Vec<String> {
    let mut stages: Vec<&str> = Vec::new();
    let mut images = Vec::new();
    for line in text.lines() {
        if let Some(frontend) = line.strip_prefix("# syntax=") {
            images.push(frontend.to_owned());
        }
        if let Some(from) = line.strip_prefix("FROM ") {
            let (image, stage) = from.split_once(" AS ").unwrap();
            images.extend((!stages.contains(&image)).then(|| image.to_owned()));
            stages.push(stage);
        }
        // `COPY --from=IMAGE`, `RUN --mount=type=bind,from=IMAGE`.
        for from in line.split("from=").skip(1) {
            let image = from.split([' ', ',']).next().unwrap();
            images.extend((!stages.contains(&image)).then(|| image.to_owned()));
        }
    }
    images
}

/// Every image that a compose file names, but for those it builds itself.
fn of_compose(text: &str) -> Vec<String> {
    fn collect(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(entries) => {
                for (key, value) in entries {
                    match value.as_str().filter(|_| key == "image") {
                        Some(image) => found.push(image.to_owned()),
                        None => collect(value, found),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    collect(&serde_saphyr::from_str(text).unwrap(), &mut found);
    found.retain(|image| !image.ends_with(":${TAG:-local}"));
    found
}

#[test]
fn every_image_of_every_stack_comes_from_the_registry() {
    let mut seen = BTreeSet::new();
    // These name no image.
    let usual = [("deploy.budget", "host"), ("stack.beat", "false")];
    let differ = |draft: &Draft| usual.iter().all(|(key, value)| draft.text(key) == *value);
    for draft in combinations().into_iter().filter(differ) {
        for file in rendered(draft) {
            let path = file.output.path.as_str();
            let images = match path {
                "Dockerfile" => of_dockerfile(std::str::from_utf8(&file.bytes).unwrap()),
                "compose.yaml" | "compose.dev.yaml" => {
                    of_compose(std::str::from_utf8(&file.bytes).unwrap())
                }
                _ => continue,
            };
            for image in images {
                let rest = image.strip_prefix(&format!("{REGISTRY}/"));
                let rest = rest.unwrap_or_else(|| panic!("{path}: {image}"));
                assert!(!rest.starts_with("registry."), "{path}: {image}");
                seen.insert(rest.split(':').next().unwrap().to_owned());
            }
        }
    }
    let every: Vec<&str> = seen.iter().map(String::as_str).collect();
    let wanted =
        ["docker/dockerfile", "ghcr.io/astral-sh/uv", "nginx", "postgres", "python", "redis"];
    assert_eq!(every, wanted);
}

#[test]
fn what_an_existing_compose_file_names_stays_and_what_is_built_comes_from_the_registry() {
    let directory = repository();
    let old = "services:\n  api:\n    build: .\n    depends_on: [store]\n  store:\n    image: postgres:15\n    \
               environment: {POSTGRES_PASSWORD: x}\n  mail:\n    image: mailer/mail:3\n";
    write(&directory, "Dockerfile", "FROM python:3.12-slim\nCOPY . .\nCMD uvicorn main:app\n");
    write(&directory, "compose.yaml", old);
    let registry = format!("images.registry={REGISTRY}");
    init(&directory, &["--rewrite", "--set", "stack.cache=redis", "--set", &registry]).success();

    let built = of_dockerfile(&read(&directory, "Dockerfile"));
    assert_eq!(built.len(), 3, "{built:?}");
    assert!(built.iter().all(|image| image.starts_with(REGISTRY)), "{built:?}");
    let mut named = of_compose(&read(&directory, "compose.yaml"));
    named.sort();
    let new = format!("{REGISTRY}/redis:8-trixie");
    assert_eq!(named, ["mailer/mail:3", "postgres:15", &new]);
}
