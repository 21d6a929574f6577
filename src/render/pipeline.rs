//! What the templates of a pipeline read as `ci`: the images that are built
//! and pushed, and what a release brings up.

use serde_json::{Value, json};

use crate::catalog::VERSIONS;
use crate::plan::Plan;
use crate::plan::topology::{Build, INDEX_SECRET, Image, Service};

/// The registry of names that have no host in them.
const DEFAULT_HOST: &str = "docker.io";

/// Variables that lead builds out of a network.
const PROXIES: [&str; 3] = ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"];

/// What the templates read.
#[must_use]
pub fn of(plan: &Plan) -> Value {
    let services = &plan.topology.services;
    let compose = path_of(plan, "compose.yaml");
    let directory = compose.rsplit_once('/').map_or(".", |(directory, _)| directory);
    let release = path_of(plan, "deploy/ci/release.sh");
    let overlay = path_of(plan, "deploy/kubernetes/overlays/production/kustomization.yaml");
    let lasting = services.iter().filter(|service| !service.one_shot);
    let needed: Vec<&str> = plan
        .env
        .iter()
        .filter(|variable| variable.kind == crate::plan::env::EnvKind::Required)
        .map(|variable| variable.name.as_str())
        .collect();
    json!({
        "repository": plan.answers.repository(),
        "host": host(plan.answers.repository()),
        "ecr": ecr(plan.answers.repository()),
        "compose": compose,
        "compose_name": compose.rsplit('/').next(),
        "directory": directory,
        "images": services.iter()
            // A cluster runs the application alone.
            .filter(|service| plan.flags.is("ci_host") || service.runs_application())
            .filter_map(|service| image(service, directory))
            .collect::<Vec<_>>(),
        "lasting": lasting.map(|service| &service.id).collect::<Vec<_>>(),
        "required": needed,
        "index_secret": services.iter().any(|service| {
            matches!(&service.image, Image::Own { build: Some(build), .. } if build.index_secret)
        }),
        "pipeline": path_of(plan, "deploy/ci/pipeline.sh"),
        "release": release,
        "release_directory": release.rsplit_once('/').map_or(".", |(directory, _)| directory),
        "release_name": release.rsplit('/').next(),
        "workflow": path_of(plan, ".github/workflows/dockwright.yml"),
        "gitlab": path_of(plan, "deploy/ci/dockwright.gitlab-ci.yml"),
        "overlay": overlay.strip_suffix("/kustomization.yaml"),
        "stack": path_of(plan, "deploy/ecs/stack.yaml"),
        "migrate_task": path_of(plan, "deploy/ecs/migrate.task.json"),
        "installer": installer(plan),
        "tests": plan.answers.adopted.as_ref().map_or("", |adopted| adopted.tests.as_str()),
    })
}

/// What pip installs to have the package manager, by its pinned version;
/// empty where pip is enough.
fn installer(plan: &Plan) -> String {
    let manager = match plan.answers.package_manager.word() {
        "pip" if plan.flags.is("cpu_index") => "uv",
        word => word,
    };
    let pinned = VERSIONS.tools.get(manager);
    pinned.map(|version| format!("{manager}=={version}")).unwrap_or_default()
}

/// Where a file goes; its usual path where it is not written this time.
fn path_of(plan: &Plan, usual: &str) -> String {
    let is = |output: &&crate::plan::Output| output.usual.as_str() == usual;
    let found = plan.outputs.iter().find(is);
    found.map_or_else(|| usual.to_owned(), |output| output.path.to_string())
}

/// The registry that a name is in: its first component where that is a host,
/// as Docker tells it from a user of its Hub.
fn host(repository: &str) -> &str {
    match repository.split_once('/') {
        Some((first, _)) if first.contains(['.', ':']) || first == "localhost" => first,
        _ => DEFAULT_HOST,
    }
}

/// The region of Amazon's registry, whose logins last for hours and come from a role; empty
/// for any other.
fn ecr(repository: &str) -> &str {
    match host(repository).split('.').collect::<Vec<_>>()[..] {
        [_, "dkr", "ecr", region, "amazonaws", "com"] => region,
        _ => "",
    }
}

/// An image that a service builds: its name, and what `docker buildx build`
/// is told; paths as seen from the top of the repository.
fn image(service: &Service, directory: &str) -> Option<Value> {
    let Image::Own { name, build: Some(build), .. } = &service.image else { return None };
    Some(json!({
        "service": service.id,
        "name": name,
        "arguments": arguments(build, directory),
    }))
}

/// Words for a shell, each quoted where it has to be.
fn arguments(build: &Build, directory: &str) -> Vec<String> {
    let context = below(directory, &build.context);
    let mut words = Vec::new();
    let mut add = |flag: &str, value: &str| {
        words.push(format!("{flag} {}", shell_words::quote(value)));
    };
    let dockerfile = build.dockerfile.as_deref().unwrap_or("Dockerfile");
    add("--file", &below(&context, dockerfile));
    if let Some(target) = build.target {
        add("--target", target);
    }
    for (name, value) in &build.arguments {
        add("--build-arg", &format!("{name}={}", value.trim_matches('"')));
    }
    if build.proxies {
        // With the values that the machine which builds has.
        words.extend(PROXIES.map(|name| format!("--build-arg {name}")));
    }
    if build.index_secret {
        words.push(format!("--secret id={INDEX_SECRET},env=INDEX_NETRC"));
    }
    if build.ssh {
        words.push("--ssh default".to_owned());
    }
    words.push(shell_words::quote(&context).into_owned());
    words
}

/// A path below a directory, without `./`.
fn below(directory: &str, path: &str) -> String {
    let path = path.trim_start_matches("./");
    match (directory, path) {
        (directory, "" | ".") => directory.to_owned(),
        (".", path) => path.to_owned(),
        (directory, path) => format!("{directory}/{path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registry_of_a_name_is_its_first_component_where_that_is_a_host() {
        assert_eq!(host("registry.example.com/team/shop"), "registry.example.com");
        assert_eq!(host("localhost:5000/shop"), "localhost:5000");
        assert_eq!(host("team/shop"), "docker.io");
        assert_eq!(host("shop"), "docker.io");
    }

    #[test]
    fn amazons_registry_is_told_by_its_host() {
        assert_eq!(ecr("123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop"), "eu-central-1");
        assert_eq!(ecr("ghcr.io/team/shop"), "");
    }

    #[test]
    fn paths_are_seen_from_the_top_of_the_repository() {
        assert_eq!(below(".", "."), ".");
        assert_eq!(below(".", "./backend"), "backend");
        assert_eq!(below("deploy", "Dockerfile"), "deploy/Dockerfile");
        // A compose file below the top builds from a directory beside its own.
        assert_eq!(below("deploy", ".."), "deploy/..");
    }
}
