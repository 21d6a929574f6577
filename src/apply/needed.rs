//! What an image's build reads: nothing of it may be kept out by an ignore
//! file.

use std::path::Path;

use crate::apply::settle::Group;
use crate::plan::outputs::Syntax;
use crate::plan::{Output, Ownership, Plan};
use crate::source::ignores::{self, Reader};
use crate::source::{path, text};

/// What the build reads, by paths relative to the build context: nothing of
/// it may be kept out by a `.dockerignore`.
#[must_use]
pub fn by_the_build<'a>(
    dir: &Path,
    outputs: impl Iterator<Item = &'a Output>,
    plan: &Plan,
) -> Vec<String> {
    let outputs: Vec<&Output> = outputs.collect();
    let context = outputs
        .iter()
        .find(|output| output.path.as_str().ends_with(".dockerignore"))
        .and_then(|output| output.path.as_str().rsplit_once('/'))
        .map_or_else(String::new, |(directory, _)| format!("{directory}/"));
    let image = outputs.iter().filter(|output| {
        Group::of(output.bundle) == Group::Image
            && output.syntax != Syntax::Ignore
            && output.ownership != Ownership::Append
    });
    let mut paths: Vec<String> = image
        .filter(|output| output.syntax != Syntax::Dockerfile)
        .map(|output| output.path.to_string())
        .collect();
    paths.extend(plan.answers.network.ca.iter().map(ToString::to_string));
    if let Some(adopted) = &plan.answers.adopted {
        paths.extend(adopted.dependency_files.iter().map(ToString::to_string));
        let front_end = adopted.derived.front_end.iter();
        paths.extend(front_end.flat_map(|own| &own.files).cloned());
        paths.extend(adopted.derived.installs.build_reads.iter().cloned());
        let module = adopted.app.split(':').next().unwrap_or_default().replace('.', "/");
        let module = match &adopted.root {
            Some(root) => format!("{root}/{module}"),
            None => module,
        };
        let files = [format!("{module}.py"), format!("{module}/__init__.py")];
        paths.extend(files.into_iter().filter(|path| dir.join(path).is_file()));
        // What commands and copies that go on name.
        paths.extend(adopted.derived.previous.files().map(str::to_owned));
        let copied = plan.code.kept.copied.iter();
        paths.extend(copied.map(|own| format!("{context}{}", own.source)));
    }
    // What their own list keeps out stays out.
    let list = text::of_file(&dir.join(format!("{context}.dockerignore")));
    let theirs: Vec<String> =
        ignores::entries(&list.unwrap_or_default()).map(str::to_owned).collect();
    let data = kept_data(dir).into_iter().filter(|path| {
        let inside = path.strip_prefix(&context);
        inside.is_some_and(|path| !ignores::excludes(Reader::Docker, &theirs, path))
    });
    paths.extend(data);
    paths.iter().filter_map(|path| path.strip_prefix(&context)).map(str::to_owned).collect()
}

/// Files that git does not ignore, of kinds that `.dockerignore` keeps out as
/// local data: the code may read them.
fn kept_data(dir: &Path) -> Vec<String> {
    let has_lists = text::lists_open(dir);
    let files = ignore::WalkBuilder::new(dir)
        .require_git(false)
        .ignore(has_lists)
        .git_ignore(has_lists)
        .git_exclude(has_lists)
        .filter_entry(|entry| entry.depth() == 0 || text::lists_open(entry.path()))
        .build()
        .flatten();
    let data = files.filter(|file| {
        let name = file.file_name().to_str().unwrap_or_default();
        let local = [".db", ".dump", ".key", ".log", ".pem", ".sql.gz"];
        local.iter().any(|ending| name.ends_with(ending)) && file.path().is_file()
    });
    let mut paths: Vec<String> = data
        .filter_map(|file| Some(path::portable(file.path().strip_prefix(dir).ok()?)))
        .filter(|path| crate::detect::scope::counts(path))
        .collect();
    paths.sort();
    paths
}
