//! The directory an image is built from: the deepest that holds the root and
//! everything that is installed from, or a wider one that the repository's own
//! compose files and Dockerfiles build from.

use crate::detect::compose::files::documents;
use crate::detect::deps::{Dependencies, path};
use crate::detect::fact::{Evidence, Fact};
use crate::detect::tree::Tree;
use crate::source::dockerfile::{Arguments, Dockerfile, Instruction, Transfer, is_dockerfile};
use crate::source::text::Text;

/// Finds the build context of an application in `root`.
#[must_use]
pub fn find(tree: &Tree, root: &str, dependencies: &Dependencies) -> Fact<String> {
    let needed = needed(tree, root, dependencies);
    let mut stated = composed(tree);
    stated.extend(copied(tree, root));
    // The context nearest to the application is the one that is about it.
    let fitting = stated.into_iter().filter(|(context, _)| path::is_below(root, context));
    let nearest = fitting.max_by_key(|(context, _)| depth(context));
    match nearest {
        Some((context, evidence)) => {
            Fact::Known(path::common(&context, &needed).to_owned(), vec![evidence])
        }
        None => {
            let files = dependencies.files.iter().take(1).map(|file| Evidence::file(file));
            Fact::Known(needed, files.collect())
        }
    }
}

fn depth(directory: &str) -> usize {
    if directory == "." { 0 } else { directory.matches('/').count() + 1 }
}

fn needed(tree: &Tree, root: &str, dependencies: &Dependencies) -> String {
    let files = dependencies.files.iter().map(|file| path::parent(file));
    let paths = dependencies.paths.iter().map(String::as_str);
    let inside = paths.filter(|directory| tree.has_directory(directory) || tree.has(directory));
    let mut context = root;
    for directory in files.chain(inside) {
        context = path::common(context, directory);
    }
    context.to_owned()
}

/// Contexts of compose services whose image has Python in it.
fn composed(tree: &Tree) -> Vec<(String, Evidence)> {
    let mut found = Vec::new();
    for (file, document) in documents(tree) {
        for service in document.services() {
            let Some(paths) = service.build().map(|build| build.paths(path::parent(file))) else {
                continue;
            };
            let Some((context, dockerfile)) = paths else { continue };
            if tree.text(&dockerfile).map(Dockerfile::read).is_some_and(|own| has_python(&own)) {
                let build = service.item.get("build");
                let line = build.and_then(|own| own.get("context").or(Some(own)));
                let line = line.map_or(service.line, |own| own.line);
                found.push((context, tree.evidence(file, line)));
            }
        }
    }
    found
}

fn has_python(file: &Dockerfile) -> bool {
    let of_base = (0..file.stages.len()).any(|stage| {
        let base = file.chain(stage, &Arguments::new()).base.text.to_ascii_lowercase();
        base.contains("python") || base.contains("/uv:")
    });
    const INSTALLS: [&str; 5] =
        ["pip install", "pip3 install", "uv sync", "poetry install", "pipenv "];
    let runs = |own: &Instruction| INSTALLS.iter().any(|part| own.arguments.text.contains(part));
    of_base || file.instructions.iter().any(runs)
}

/// Directories in which everything a Dockerfile copies is there.
fn copied(tree: &Tree, root: &str) -> Vec<(String, Evidence)> {
    let mut found = Vec::new();
    for path in tree.paths().filter(|path| is_dockerfile(path)) {
        let text = Text::new(path, tree.text(path).unwrap_or_default());
        let file = Dockerfile::read(&text.text);
        if !has_python(&file) {
            continue;
        }
        let from_context = file.instructions.iter().filter(|own| own.flag("from").is_none());
        let copies: Vec<(&Instruction, Transfer)> = from_context
            .filter_map(|own| Some((own, Transfer::of(own, file.escape)?)))
            .filter(|(_, own)| !own.sources.is_empty())
            .collect();
        let Some((first, _)) = copies.first() else { continue };
        let sources: Vec<&String> = copies
            .iter()
            .flat_map(|(_, own)| &own.sources)
            .filter(|source| !source.contains('$') && !source.contains("://"))
            .collect();
        let holds_all = |directory: &&str| {
            path::is_below(root, directory)
                && sources.iter().all(|source| is_there(tree, directory, source))
        };
        if let Some(directory) = path::upwards(path::parent(path)).find(holds_all) {
            found.push((directory.to_owned(), tree.evidence(path, text.line(first.span.start))));
        }
    }
    found
}

fn is_there(tree: &Tree, directory: &str, source: &str) -> bool {
    if source.contains(['*', '?', '[']) {
        return true;
    }
    let Some(inside) = path::join(directory, source.trim_start_matches('/')) else { return false };
    tree.has(&inside) || tree.has_directory(&inside)
}

#[cfg(test)]
mod tests {
    use assert_fs::TempDir;
    use assert_fs::prelude::*;

    use super::*;

    fn context(root: &str, files: &[(&str, &str)]) -> String {
        let directory = TempDir::new().unwrap();
        for (path, text) in files {
            directory.child(path).write_str(text).unwrap();
        }
        let tree = Tree::read(directory.path()).unwrap();
        let dependencies = Dependencies::of(&tree, root);
        find(&tree, root, &dependencies).value().cloned().unwrap()
    }

    const APP: (&str, &str) = ("services/web/main.py", "");

    #[test]
    fn it_holds_the_root_and_what_is_installed_from() {
        let own = ("services/web/requirements.txt", "flask");
        assert_eq!(context("services/web", &[APP, own]), "services/web");
        let above = ("requirements.txt", "flask");
        assert_eq!(context("services/web", &[APP, above]), ".");
        let local = ("services/web/requirements.txt", "flask\n../shared");
        assert_eq!(
            context("services/web", &[APP, local, ("services/shared/setup.py", "")]),
            "services"
        );
    }

    #[test]
    fn a_wider_one_that_compose_or_a_dockerfile_builds_from_stays() {
        let own = ("services/web/requirements.txt", "flask");
        let dockerfile = (
            "docker/web.Dockerfile",
            "FROM python:3.12\nCOPY services/web/requirements.txt .\nCOPY services/web .\n",
        );
        assert_eq!(context("services/web", &[APP, own, dockerfile]), ".");
        let compose = (
            "compose.yaml",
            "services:\n  web:\n    build:\n      context: ./services\n      dockerfile: web/Dockerfile\n",
        );
        let inner = ("services/web/Dockerfile", "FROM python:3.12\nCOPY . .\n");
        assert_eq!(context("services/web", &[APP, own, inner]), "services/web");
        let other = ("services/web/Dockerfile", "FROM python:3.12\nCOPY web .\n");
        assert_eq!(context("services/web", &[APP, own, compose, other]), "services");
    }

    #[test]
    fn contexts_of_other_services_do_not_count() {
        let own = ("api/requirements.txt", "flask");
        let compose =
            ("compose.yaml", "services:\n  front:\n    build: .\n  api:\n    build: ./api\n");
        let front = ("Dockerfile", "FROM node:22\nCOPY . .\n");
        let api = ("api/Dockerfile", "FROM python:3.12\nCOPY . .\n");
        assert_eq!(context("api", &[own, compose, front, api]), "api");
    }
}
