//! Image references: the built-in ones, those that were set, and the registry
//! before them.

use std::collections::BTreeMap;

use crate::answers::Answers;
use crate::catalog::VERSIONS;

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
    fn a_prefix_without_a_host_is_not_put_twice() {
        let answers =
            answers(&[("images.registry", "acme"), ("images.redis", "acme/redis:8-trixie")]);
        assert_eq!(of(&answers)["redis"], "acme/redis:8-trixie");
        assert_eq!(of(&answers)["nginx"], "acme/nginx:1.30-trixie");
    }
}
