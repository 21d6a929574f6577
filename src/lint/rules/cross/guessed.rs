//! Whether the directory that an image is built from was guessed, and wrong.

use crate::lint::subject::{Build, Subject, within};

/// Whether the context was guessed wrong: what the Dockerfile copies, installs or
/// starts is not in it, there is no code in it, or something says another one.
pub fn is_wrong(subject: &Subject, build: &Build) -> bool {
    if build.is_composed {
        return false;
    }
    let named: Vec<String> = subject
        .copied(build)
        .into_iter()
        .flat_map(|own| own.sources)
        .filter(|own| {
            own != "."
                && !own.starts_with("..")
                && !own.contains(['*', '?', '['])
                && !own.contains("://")
        })
        .collect();
    let is_there = |own: &String| {
        let path = within(build, own);
        subject.tree.has(&path) || subject.tree.has_directory(&path)
    };
    let lacks_all = !named.is_empty() && !named.iter().any(is_there);
    let has_code = subject.tree.below(&build.context).any(|path| path.ends_with(".py"));
    lacks_all
        || !has_code
        || is_said(subject, build)
        || lacks_requirements(subject, build)
        || lacks_start(subject, build)
}

/// Whether a script, a workflow or a text names the Dockerfile by its whole path:
/// who builds it so stands above it.
fn is_said(subject: &Subject, build: &Build) -> bool {
    let path = subject.path(subject.recipes[build.recipe].text);
    build.context != "."
        && ["-f ", "-f ./", "--file ", "--file ./", "--file=", "file: ", "file: ./"]
            .iter()
            .any(|option| subject.mentions(&format!("{option}{path}")))
}

/// Whether the files that RUN installs from are elsewhere in the repository.
fn lacks_requirements(subject: &Subject, build: &Build) -> bool {
    let runs = subject.built_runs(build);
    let words = runs.iter().flat_map(|run| &run.commands).flat_map(|own| own.words.windows(2));
    let files = words.filter(|pair| matches!(pair[0].as_str(), "-r" | "--requirement"));
    files.map(|pair| pair[1].trim_start_matches("./")).any(|file| {
        let is_it = |path: &str| path == file || path.ends_with(&format!("/{file}"));
        let is_plain = !file.contains(['$', '*', '<']) && !file.starts_with('/');
        is_plain
            && !subject.tree.below(&build.context).any(is_it)
            && subject.tree.paths().any(is_it)
    })
}

/// Whether what it starts is, by its path below the copy of everything, there
/// from the top of the repository and not from the context.
fn lacks_start(subject: &Subject, build: &Build) -> bool {
    let targets: Vec<String> = subject
        .copied(build)
        .into_iter()
        .filter(|own| own.is_everything())
        .map(|own| format!("{}/", own.target.trim_end_matches('/')))
        .collect();
    build.image.words().iter().any(|word| {
        let mut below = targets.iter().filter_map(|target| word.strip_prefix(target.as_str()));
        below.any(|path| subject.tree.has(path) && !subject.tree.has(&within(build, path)))
    })
}
