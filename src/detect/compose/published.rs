//! The Dockerfile of a published image: where a service names one that it does not
//! build, and the repository holds what makes it.

use std::collections::BTreeSet;

use crate::detect::commands::likely_context;
use crate::detect::compose::files::{directory_of, file_name};
use crate::detect::compose::role::{image_of, speaks_python};
use crate::detect::tree::Tree;
use crate::source::compose::Service;
use crate::source::compose::image;
use crate::source::compose::service::Build;
use crate::source::dockerfile::{Dockerfile, Image, Keyword, Transfer, is_dockerfile};

/// What builds the image of a service of a compose file: what the file says, else the
/// Dockerfile of the repository that fits what services do with the published one.
#[must_use]
pub fn build_of(tree: &Tree, file: &str, all: &[Service], service: &Service) -> Option<Build> {
    if let Some(build) = service.build() {
        return Some(build);
    }
    let reference = service.image()?;
    let (repository, _) = image::parts(&reference);
    let name = repository.rsplit('/').next().unwrap_or(repository);
    if image::known(&reference).is_some() || name == "python" {
        return None;
    }
    let directory = directory_of(file);
    let users: Vec<&Service> =
        all.iter().filter(|own| own.image().as_deref() == Some(reference.as_str())).collect();
    let mut found: Vec<(usize, Build, String)> = Vec::new();
    for path in tree.counted().filter(|path| is_dockerfile(path)) {
        let build = seen_from(tree, directory, path);
        let Some((recipe, image)) = image_of(tree, directory, &build) else { continue };
        let workdir = image.workdir.as_ref().and_then(|own| own.value.known()).unwrap_or("/");
        if !speaks_python(&recipe, &image) || workdir == "/" {
            continue;
        }
        let fits = fitness(&recipe, &image, workdir, &users);
        let same = shared_words(file_name(path), file_name(file))
            + usize::from(directory_of(path) == directory);
        found.push((fits * 3 + same, build, workdir.to_owned()));
    }
    let best = found.iter().map(|(score, ..)| *score).max()?;
    let (mut first, is_only) = (None, found.len() == 1);
    for (score, build, workdir) in found.into_iter().filter(|(score, ..)| *score == best) {
        match &first {
            None => first = Some((score, build, workdir)),
            // Which of two directories it was cannot be told.
            Some((_, _, other)) if *other != workdir => return None,
            Some(_) => {}
        }
    }
    let (score, build, _) = first?;
    (score > 0 || is_only).then_some(build)
}

/// A Dockerfile with its likely context, as a compose file in a directory names them.
fn seen_from(tree: &Tree, directory: &str, path: &str) -> Build {
    let up = |directory: &str| {
        let parts = directory.split('/').filter(|part| !matches!(*part, "" | "."));
        "../".repeat(parts.count())
    };
    let file = Dockerfile::read(tree.text(path).unwrap_or_default());
    let context = likely_context(tree, path, &file);
    Build {
        dockerfile: format!("{}{path}", up(&context)),
        context: format!("{}{context}", up(directory)),
        ..Build::default()
    }
}

/// In how much services agree with an image: mounts below its code, and programs that
/// it has where they are started.
fn fitness(recipe: &Dockerfile, image: &Image, workdir: &str, users: &[&Service]) -> usize {
    let below = |path: &str, directory: &str| {
        let rest = path.strip_prefix(directory.trim_end_matches('/'));
        rest.is_some_and(|rest| rest.starts_with('/'))
    };
    let mounts: BTreeSet<String> =
        users.iter().flat_map(|own| own.mounts()).map(|own| own.target).collect();
    let copies = recipe.instructions.iter().enumerate().filter(|(at, own)| {
        let stage = recipe.stage_of(*at);
        matches!(own.keyword, Keyword::Copy | Keyword::Add)
            && stage.is_some_and(|stage| image.stages.contains(&stage))
    });
    let targets: Vec<String> =
        copies.filter_map(|(_, own)| Some(Transfer::of(own, recipe.escape)?.target)).collect();
    let started: BTreeSet<String> = users
        .iter()
        .flat_map(|own| {
            ["entrypoint", "command"].map(|key| own.item.get(key).map(|it| it.scalars()))
        })
        .flatten()
        .filter_map(|words| words.first()?.split_whitespace().next().map(str::to_owned))
        .filter(|word| word.starts_with('/'))
        .collect();
    mounts.iter().filter(|own| below(own, workdir)).count()
        + started.iter().filter(|own| targets.iter().any(|target| below(own, target))).count()
}

/// Words that two names of files share, beside those of their kinds: `prod`.
fn shared_words(one: &str, other: &str) -> usize {
    const OF_KINDS: [&str; 6] = ["dockerfile", "docker", "compose", "yml", "yaml", ""];
    let words = |name: &str| -> BTreeSet<String> {
        let lower = name.to_ascii_lowercase();
        let words = lower.split(|c: char| !c.is_ascii_alphanumeric());
        words.filter(|word| !OF_KINDS.contains(word)).map(str::to_owned).collect()
    };
    words(one).intersection(&words(other)).count()
}
