//! What the templates of a pipeline read as `ci`: the images that are built
//! and pushed, and what a release brings up.

use serde_json::{Value, json};

use crate::catalog::VERSIONS;
use crate::plan::pipeline::{self, Built, Part};
use crate::plan::topology::{INDEX_SECRET, Image};
use crate::plan::{Plan, images, registry};
use crate::render::scalars::flow_scalar;

/// Variables that lead builds out of a network.
const PROXIES: [&str; 3] = ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"];

/// Where jobs of a pipeline have the login of a package index.
const NETRC_OF_JOBS: &str = "env=INDEX_NETRC";
/// Where a person has it.
const NETRC_OF_A_PERSON: &str = "src=\"$HOME/.netrc\"";

/// What the templates read.
#[must_use]
pub fn of(plan: &Plan) -> Value {
    let services = &plan.topology.services;
    let compose = pipeline::compose_file(plan);
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
        "host": registry::host(plan.answers.repository()),
        "ecr": registry::amazon(plan.answers.repository()),
        "compose": compose,
        "compose_name": compose.rsplit('/').next(),
        "directory": directory,
        "images": pipeline::images(plan).iter().map(image).collect::<Vec<_>>(),
        "branches": pipeline::branches(&plan.answers).iter().map(|own| flow_scalar(own)).collect::<Vec<_>>(),
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
        "check_image": images::written(&plan.answers, &images::of_tools(&plan.answers)),
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

/// An image: its name, and what `docker buildx build` is told.
fn image(built: &Built) -> Value {
    json!({ "name": built.name, "arguments": arguments(built, NETRC_OF_JOBS) })
}

/// What `docker build` is told in a run-book, which a person reads and types at the top of the
/// repository: the pipeline's words, without a file that Docker takes by itself.
#[must_use]
pub fn by_hand(plan: &Plan) -> String {
    let Some(built) = pipeline::application(plan) else {
        return shell_words::quote(&plan.context()).into_owned();
    };
    let mut words = arguments(&built, NETRC_OF_A_PERSON);
    if built.dockerfile == pipeline::below(&built.context, "Dockerfile") {
        words.remove(0);
    }
    words.join(" ")
}

/// Words for a shell, each quoted where it has to be, the Dockerfile first; `netrc` says where
/// the login of a package index is.
fn arguments(built: &Built, netrc: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut add = |flag: &str, value: &str| {
        words.push(format!("{flag} {}", shell_words::quote(value)));
    };
    add("--file", &built.dockerfile);
    if !built.target.is_empty() {
        add("--target", &built.target);
    }
    for (name, value) in &built.arguments {
        words.push(format!("--build-arg {}", argument(name, value.as_deref())));
    }
    if built.proxies {
        // With the values that the machine which builds has.
        words.extend(PROXIES.map(|name| format!("--build-arg {name}")));
    }
    if built.index_secret {
        words.push(format!("--secret id={INDEX_SECRET},{netrc}"));
    }
    if built.ssh {
        words.push("--ssh default".to_owned());
    }
    words.push(shell_words::quote(&built.context).into_owned());
    words
}

/// A build argument as one word of a shell, which puts in what its environment has.
fn argument(name: &str, value: Option<&[Part]>) -> String {
    let Some(parts) = value else { return shell_words::quote(name).into_owned() };
    match parts {
        // By its own name Docker takes it itself, and leaves it out where it is not set.
        [Part::Variable(own)] if own == name => return name.to_owned(),
        [] => return format!("{name}="),
        [Part::Text(text)] => return shell_words::quote(&format!("{name}={text}")).into_owned(),
        _ => {}
    }
    let word = |part: &Part| match part {
        Part::Text(text) => shell_words::quote(text).into_owned(),
        Part::Variable(own) => format!("\"${{{own}:-}}\""),
    };
    format!("{name}={}", parts.iter().map(word).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_argument_is_one_word_of_a_shell() {
        let text = |text: &str| Part::Text(text.to_owned());
        let variable = |name: &str| Part::Variable(name.to_owned());
        assert_eq!(argument("A", None), "A");
        assert_eq!(argument("A", Some(&[])), "A=");
        assert_eq!(argument("A", Some(&[text("1000")])), "'A=1000'");
        assert_eq!(argument("A", Some(&[text("a b")])), "'A=a b'");
        assert_eq!(argument("A", Some(&[variable("A")])), "A");
        assert_eq!(argument("A", Some(&[text("v 1"), variable("B")])), "A='v 1'\"${B:-}\"");
    }
}
