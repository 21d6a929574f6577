//! Which images are made for users: what CI builds, and what of a Dockerfile that
//! only development builds says that it is for nobody else.

use super::Loader;
use crate::detect::compose::files::directory_of;
use crate::detect::tree::Tree;
use crate::lint::subject::{Purpose, deployment};
use crate::source::compose::yaml::{self, Item};
use crate::source::dockerfile::Arguments;

/// An image that a workflow builds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Published {
    /// The path of its Dockerfile.
    pub dockerfile: String,
    /// The stage; none for the last one.
    pub target: Option<String>,
}

impl Loader {
    /// Whether a Dockerfile beside one, or below its directory, is said to be the
    /// one for production: `Dockerfile.prod`.
    pub(super) fn has_one_for_production(&self, path: &str) -> bool {
        let directory = directory_of(path);
        let others = self.subject.recipes.iter().map(|own| &self.subject.texts[own.text].path);
        others.filter(|own| *own != path).any(|own| {
            let below = own.strip_prefix(directory).and_then(|rest| rest.strip_prefix('/'));
            let is_near = if directory == "." { !own.contains('/') } else { below.is_some() };
            is_near && deployment::stated(own) == Some(Purpose::Production)
        })
    }

    /// Whether what an image starts by itself is a server of who works on it.
    pub(super) fn is_developed_image(&self, recipe: usize, stage: usize) -> bool {
        let image = self.subject.recipes[recipe].file.image(stage, &Arguments::new());
        let words = image.words().join(" ");
        ["runserver", "--reload", "watchmedo", "flask run", "fastapi dev", "--debug"]
            .iter()
            .any(|word| words.contains(word))
            || words.is_empty()
    }
}

/// What workflows build with `docker/build-push-action` and `docker build`. What
/// is only known when they run is left out.
pub(super) fn find(tree: &Tree) -> Vec<Published> {
    let is_workflow = |path: &&str| {
        (path.starts_with(".github/workflows/") && path.ends_with(['l', 'L']))
            || *path == ".gitlab-ci.yml"
    };
    let mut found = Vec::new();
    for text in tree.paths().filter(is_workflow).filter_map(|path| tree.text(path)) {
        if !text.contains("build") {
            continue;
        }
        if let Ok(root) = yaml::read(text) {
            actions(&root, &mut found);
        }
        let text = text.replace("\\\n", " ");
        found.extend(text.lines().filter_map(command));
    }
    found
}

fn actions(item: &Item, found: &mut Vec<Published>) {
    let uses = item.get("uses").and_then(Item::scalar);
    if uses.is_some_and(|uses| uses.starts_with("docker/build-push-action"))
        && let Some(with) = item.get("with")
    {
        let text = |key: &str| with.get(key).and_then(Item::scalar);
        let context = text("context").unwrap_or_else(|| ".".to_owned());
        // The file of the action counts from the top, not from the context.
        let file = text("file").or_else(|| crate::detect::path::join(&context, "Dockerfile"));
        found.extend(file.and_then(|file| published(&file, text("target"))));
    }
    item.entries().map(|(_, value)| value).chain(item.items()).for_each(|own| actions(own, found));
}

/// `docker build -f FILE --target STAGE CONTEXT`.
fn command(line: &str) -> Option<Published> {
    let rest = ["docker build ", "docker buildx build ", "podman build "]
        .iter()
        .find_map(|word| line.split_once(word).map(|(_, rest)| rest))?;
    let rest = rest.split(['&', ';', '|']).next().unwrap_or_default();
    let words = shell_words::split(rest).ok()?;
    let value = |names: &[&str]| {
        words.iter().enumerate().find_map(|(at, word)| {
            let (name, value) = word
                .split_once('=')
                .map_or((word.as_str(), None), |(name, own)| (name, Some(own.to_owned())));
            names.contains(&name).then(|| value.or_else(|| words.get(at + 1).cloned()))?
        })
    };
    let context = words.last().filter(|word| !word.starts_with('-'))?;
    let file = match value(&["-f", "--file"]) {
        Some(file) => file,
        None => crate::detect::path::join(context, "Dockerfile")?,
    };
    published(&file, value(&["--target"]))
}

fn published(file: &str, target: Option<String>) -> Option<Published> {
    let is_open = file.contains('$') || target.as_ref().is_some_and(|own| own.contains('$'));
    let dockerfile = crate::detect::path::join(".", file).filter(|_| !is_open)?;
    Some(Published { dockerfile, target })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::lint::subject::Subject;

    const WORKFLOW: &str = "jobs:\n  image:\n    steps:\n      - uses: docker/build-push-action@v6\n        with:\n          context: .\n          file: ./docker/Dockerfile\n          target: runtime\n      - run: |\n          docker build -t x \\\n            --target=web -f Dockerfile .\n          docker build -f $FILE .\n";

    #[test]
    fn workflows_say_which_stage_is_built() {
        let found: Vec<Published> =
            WORKFLOW.replace("\\\n", " ").lines().filter_map(command).collect();
        assert_eq!(
            found,
            [Published { dockerfile: "Dockerfile".into(), target: Some("web".into()) }]
        );
        let mut found = Vec::new();
        actions(&yaml::read(WORKFLOW).unwrap(), &mut found);
        assert_eq!(found[0].dockerfile, "docker/Dockerfile");
        assert_eq!(found[0].target.as_deref(), Some("runtime"));
    }

    /// The stages of production, with a compose file of development that builds.
    fn judged(dockerfile: &str, workflow: &str) -> Vec<usize> {
        let directory = assert_fs::TempDir::new().unwrap();
        let base = directory.path();
        fs::create_dir_all(base.join(".github/workflows")).unwrap();
        fs::write(base.join(".github/workflows/ci.yml"), workflow).unwrap();
        fs::write(base.join("Dockerfile"), dockerfile).unwrap();
        let compose = "services:\n  web:\n    build: {context: ., target: dev}\n";
        fs::write(base.join("docker-compose.dev.yml"), compose).unwrap();
        let subject = Subject::read(base).unwrap();
        let builds = subject.builds.iter().filter(|own| own.purpose == Purpose::Production);
        builds.map(|own| own.stage).collect()
    }

    #[test]
    fn what_only_development_builds_is_judged_by_the_stage_that_is_none_of_it() {
        let file = "FROM python:3 AS base\nCMD [\"gunicorn\", \"a:b\"]\nFROM base AS dev\nRUN x\n";
        assert_eq!(judged(file, ""), [0]);
        let file = "FROM python:3 AS a\nCMD [\"gunicorn\", \"a:b\"]\nFROM a AS dev\nRUN x\nFROM a AS other\n";
        assert_eq!(judged(file, ""), [2]);
        assert_eq!(judged(file, "run: docker build --target a .\n"), [0]);
        assert_eq!(judged(file, "run: docker build --target dev .\n"), [2]);
        assert_eq!(judged(&file.replace("gunicorn", "watchmedo"), ""), [0_usize; 0]);
    }
}
