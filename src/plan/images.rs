//! Image references: the built-in ones, those that were set, and the registry
//! before them.

use std::collections::{BTreeMap, BTreeSet};

use crate::answers::Answers;
use crate::catalog::VERSIONS;
use crate::plan::topology::{Image, Kept, Service};
use crate::plan::{Bundle, Plan};

/// The key of the Dockerfile frontend among `images.*`.
const FRONTEND: &str = "dockerfile-syntax";

/// Complete references by short name.
#[must_use]
pub fn of(answers: &Answers) -> BTreeMap<String, String> {
    let registry = registry(answers);
    let reference = |name: &str| match answers.images.get(name) {
        Some(chosen) => chosen_from(registry, chosen),
        None => from(registry, &usual(answers, name)),
    };
    VERSIONS.images.keys().map(|name| (name.clone(), reference(name))).collect()
}

/// A reference as it is kept from one update to the next: the registry is not
/// part of it, so that another one takes effect.
#[must_use]
pub fn without_registry(answers: &Answers, name: &str) -> String {
    answers.images.get(name).cloned().unwrap_or_else(|| usual(answers, name))
}

fn usual(answers: &Answers, name: &str) -> String {
    match name {
        "python" => match release(answers) {
            Some((_, image)) => image,
            None => VERSIONS.python_image(&answers.python),
        },
        "node" => {
            let derived = answers.adopted.as_ref().map(|adopted| &adopted.derived);
            let own = derived.and_then(|derived| derived.front_end.as_ref()?.node);
            let usual = VERSIONS.node();
            let (from, to) = (format!(":{usual}"), format!(":{}", own.unwrap_or(usual)));
            VERSIONS.images[name].replace(&from, &to)
        }
        name => VERSIONS.images[name].clone(),
    }
}

/// The image of jobs that run tools and not the code: where an old Python stands on an
/// old Debian, whose packages are as old, the newest Python's.
#[must_use]
pub fn of_tools(answers: &Answers) -> String {
    let current = VERSIONS.images["python"].rsplit('-').next().unwrap_or_default();
    let own = match answers.images.get("python") {
        Some(chosen) => return chosen_from(registry(answers), chosen),
        None => usual(answers, "python"),
    };
    let is_current = own.rsplit('-').next() == Some(current);
    let newest = || VERSIONS.python_image(VERSIONS.newest_python());
    from(registry(answers), &if is_current { own } else { newest() })
}

/// The one release of Python that adopted code takes, and its image.
#[must_use]
pub fn release(answers: &Answers) -> Option<(&str, String)> {
    let release = answers.adopted.as_ref()?.derived.installs.python.as_deref()?;
    let is_asked = release.rsplit_once('.').is_some_and(|(minor, _)| minor == answers.python);
    let image = VERSIONS.python_release_image(release).filter(|_| is_asked)?;
    Some((release, image))
}

/// The Dockerfile frontend of a `# syntax=` line; empty for none.
#[must_use]
pub fn frontend(answers: &Answers) -> String {
    let chosen = answers.images.get(FRONTEND);
    chosen.map(|chosen| chosen_from(registry(answers), chosen)).unwrap_or_default()
}

/// A reference as files have it: with its digest, where that is wanted and known. One
/// that somebody gave a digest keeps that.
#[must_use]
pub fn written(answers: &Answers, reference: &str) -> String {
    let digest = answers.digests.as_ref().and_then(|known| known.get(reference));
    digest.map_or_else(|| reference.to_owned(), |digest| format!("{reference}@{digest}"))
}

/// The references that files of a plan name, without a digest of ours.
#[must_use]
pub fn used(plan: &Plan) -> BTreeSet<String> {
    let is_written = |bundle| plan.outputs.iter().any(|output| output.bundle == bundle);
    let mut used = BTreeSet::new();
    if is_written(Bundle::Image) && plan.answers.own_image().is_none() {
        let named = ["python", "uv"].into_iter();
        let named = named.chain(plan.flags.is("nginx").then_some("nginx"));
        let has_front_end = !plan.code.front_end.outputs.is_empty();
        let named = named.chain(has_front_end.then_some("node"));
        used.extend(named.map(|name| plan.images[name].clone()));
        used.extend(Some(frontend(&plan.answers)).filter(|own| !own.is_empty()));
    }
    if is_written(Bundle::Compose) {
        let services = plan.topology.services.iter().chain(&plan.topology.development.services);
        let images = services.filter_map(fetched).map(|own| {
            // The topology has them as they are written.
            let is = |known: &&String| written(&plan.answers, known) == own;
            plan.images.values().find(is).cloned().unwrap_or_else(|| own.to_owned())
        });
        used.extend(images);
    }
    used
}

/// The image that a service names in our words, and not in those of an existing file.
fn fetched(service: &Service) -> Option<&str> {
    let is_kept =
        |kept: &Kept| kept.text.is_some() || kept.keys.iter().any(|(key, _)| key == "image");
    match &service.image {
        Image::Fetched(image) if !service.kept.as_ref().is_some_and(is_kept) => Some(image),
        _ => None,
    }
}

/// Images that a digest is asked for: those of the files, but for such as have one of
/// somebody's own.
#[must_use]
pub fn wanted(plan: &Plan) -> BTreeSet<String> {
    if plan.answers.digests.is_none() {
        return BTreeSet::new();
    }
    used(plan).into_iter().filter(|own| !own.contains('@')).collect()
}

/// The digests that files of a plan name, by reference.
#[must_use]
pub fn known(plan: &Plan) -> BTreeMap<String, String> {
    let digest = |own: String| {
        let digest = plan.answers.digests.as_ref()?.get(&own)?.clone();
        Some((own, digest))
    };
    wanted(plan).into_iter().filter_map(digest).collect()
}

/// Images whose digest is wanted and not known.
#[must_use]
pub fn without_digest(plan: &Plan) -> BTreeSet<String> {
    let known = known(plan);
    wanted(plan).into_iter().filter(|own| !known.contains_key(own)).collect()
}

/// What to say where digests are wanted and none is known.
#[must_use]
pub fn notice(plan: &Plan) -> Option<String> {
    let without = without_digest(plan);
    let names = without.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    (!without.is_empty()).then(|| {
        format!(
            "images.digests: no digest is known yet of {names}, so that the tag alone is written: \
             `dockwright update --fetch` asks the registry"
        )
    })
}

fn registry(answers: &Answers) -> &str {
    answers.images.get("registry").map_or("", String::as_str)
}

fn from(registry: &str, reference: &str) -> String {
    if registry.is_empty() { reference.to_owned() } else { format!("{registry}/{reference}") }
}

/// A reference that a person wrote: one that names a registry is whole.
fn chosen_from(registry: &str, reference: &str) -> String {
    let whole = names_registry(reference) || reference.starts_with(&format!("{registry}/"));
    if whole { reference.to_owned() } else { from(registry, reference) }
}

/// Whether the first part of a reference is a host, as Docker tells it from a
/// user of its Hub.
fn names_registry(reference: &str) -> bool {
    let Some((first, _)) = reference.split_once('/') else { return false };
    first.contains(['.', ':']) || first == "localhost"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answers::{Draft, Origin};

    fn answers(pairs: &[(&str, &str)]) -> Answers {
        let mut draft = Draft::default();
        draft.set("project.name", "shop", Origin::Flag).unwrap();
        for (key, text) in pairs {
            draft.set(key, text, Origin::Flag).unwrap();
        }
        draft.resolve().unwrap()
    }

    #[test]
    fn the_registry_stands_before_every_image_also_one_of_another_registry_by_default() {
        let answers = answers(&[("images.registry", "registry.example.com/mirror/")]);
        for (name, reference) in of(&answers) {
            let rest = reference.strip_prefix("registry.example.com/mirror/").unwrap();
            assert!(!rest.starts_with("registry.example.com"), "{name}: {reference}");
        }
        assert_eq!(frontend(&answers), "", "no line where none is asked for");
    }

    #[test]
    fn an_image_that_was_set_whole_keeps_its_registry() {
        let answers = answers(&[
            ("images.registry", "registry.example.com/mirror"),
            ("images.postgres", "other.example.com:5000/postgres:17"),
            ("images.redis", "registry.example.com/mirror/redis:8"),
            ("images.nginx", "bitnami/nginx:1"),
            ("images.dockerfile-syntax", "docker/dockerfile:1"),
        ]);
        let images = of(&answers);
        assert_eq!(images["postgres"], "other.example.com:5000/postgres:17");
        assert_eq!(images["redis"], "registry.example.com/mirror/redis:8");
        assert_eq!(images["nginx"], "registry.example.com/mirror/bitnami/nginx:1");
        assert_eq!(frontend(&answers), "registry.example.com/mirror/docker/dockerfile:1");
    }

    #[test]
    fn tools_run_on_the_current_debian_whatever_python_the_code_takes() {
        let image = |python: &str| of_tools(&answers(&[("project.python", python)]));
        assert_eq!(image("3.13"), "python:3.13-slim-trixie");
        assert_eq!(of_tools(&answers(&[("images.python", "acme/python:3")])), "acme/python:3");
        let mut old = answers(&[("images.registry", "registry.example.com")]);
        old.python = "3.8".to_owned();
        assert_eq!(of_tools(&old), "registry.example.com/python:3.14-slim-trixie");
    }

    #[test]
    fn a_prefix_without_a_host_is_not_put_twice() {
        let answers =
            answers(&[("images.registry", "acme"), ("images.redis", "acme/redis:8-trixie")]);
        assert_eq!(of(&answers)["redis"], "acme/redis:8-trixie");
        assert_eq!(of(&answers)["nginx"], "acme/nginx:1.30-trixie");
    }
}
