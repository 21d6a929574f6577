//! What a build may take: the files of its context that no `.dockerignore` leaves
//! out.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::lint::subject::Ignored;
use crate::source::path;
use crate::source::text::{self, Text};
use crate::verify::model::Model;
use crate::verify::record::{Finding, Unit};
use crate::verify::run::Run;

/// Files that are named: the largest ones.
const NAMED: usize = 5;

/// A directory that images are built from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Context {
    /// Where it is.
    pub directory: PathBuf,
    /// The Dockerfile; another one may have an ignore file of its own.
    pub dockerfile: PathBuf,
}

/// What is in one.
#[derive(Clone, Debug, Default)]
pub struct Content {
    /// Its files with their sizes, by their paths from the context.
    pub files: BTreeMap<String, u64>,
    /// The file that says what is left out.
    pub ignore: Option<PathBuf>,
}

impl Content {
    /// The size of all of it.
    pub fn size(&self) -> u64 {
        self.files.values().sum()
    }

    /// The largest files, largest first.
    pub fn largest(&self) -> Vec<(&str, u64)> {
        let mut all: Vec<_> =
            self.files.iter().map(|(path, size)| (path.as_str(), *size)).collect();
        all.sort_by_key(|(path, size)| (std::cmp::Reverse(*size), *path));
        all.truncate(NAMED);
        all
    }
}

/// The contexts of a project that are directories, each with the services that are
/// built from it.
pub fn of(model: &Model) -> BTreeMap<Context, Vec<String>> {
    let mut contexts: BTreeMap<Context, Vec<String>> = BTreeMap::new();
    for service in model.built() {
        let build = &model.service(service)["build"];
        let directory = PathBuf::from(build["context"].as_str().unwrap_or_default());
        if !directory.is_dir() {
            continue;
        }
        let dockerfile = directory.join(build["dockerfile"].as_str().unwrap_or("Dockerfile"));
        contexts.entry(Context { directory, dockerfile }).or_default().push(service.to_owned());
    }
    contexts
}

/// Reads a context, by the rules of the builder.
pub fn read(context: &Context) -> Content {
    let own = PathBuf::from(format!("{}.dockerignore", context.dockerfile.display()));
    let common = context.directory.join(".dockerignore");
    let ignore = [own, common].into_iter().find(|path| path.is_file());
    let text = ignore.as_deref().and_then(text::of_file);
    let ignored =
        text.as_ref().map(|own| Ignored::read(0, &Text::new(".dockerignore", own.clone())));
    // What is left out is not walked, unless something below it may be let in again.
    let lets_in = text.is_some_and(|own| own.lines().any(|line| line.trim().starts_with('!')));
    let mut content = Content { files: BTreeMap::new(), ignore };
    walk(&context.directory, "", ignored.as_ref(), lets_in, &mut content.files);
    content
}

fn walk(
    directory: &Path,
    below: &str,
    ignored: Option<&Ignored>,
    lets_in: bool,
    files: &mut BTreeMap<String, u64>,
) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    for entry in entries.flatten() {
        let path = match below {
            "" => entry.file_name().to_string_lossy().into_owned(),
            below => format!("{below}/{}", entry.file_name().to_string_lossy()),
        };
        let is_out = ignored.is_some_and(|own| own.leaves_out(&path));
        let Ok(metadata) = entry.metadata() else { continue };
        if metadata.is_dir() {
            if !is_out || lets_in {
                walk(&entry.path(), &path, ignored, lets_in, files);
            }
        } else if !is_out {
            files.insert(path, if metadata.is_file() { metadata.len() } else { 0 });
        }
    }
}

/// Judges every context.
pub async fn judge(run: &mut Run<'_>) {
    run.doing("reading what is sent to the builder");
    let contexts = of(&run.stack.model);
    let most = run.case.limits.bytes("verify.context");
    let top = run.stack.copy().to_owned();
    if contexts.is_empty() {
        run.record(Finding::skipped("build.context", "no context is a directory"));
    }
    for (context, services) in contexts {
        let place = context
            .directory
            .strip_prefix(&top)
            .map(path::portable)
            .ok()
            .filter(|own| !own.is_empty())
            .unwrap_or_else(|| ".".into());
        let Ok(content) = tokio::task::spawn_blocking(move || read(&context)).await else {
            continue;
        };
        let size = content.size();
        let largest: Vec<String> = content
            .largest()
            .into_iter()
            .map(|(path, size)| format!("{path} ({})", Unit::Bytes.show(size as f64)))
            .collect();
        let said = format!(
            "{place} has {} in {} files after {}; largest: {}",
            Unit::Bytes.show(size as f64),
            content.files.len(),
            match &content.ignore {
                Some(path) => path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
                None => "no .dockerignore, for there is none".into(),
            },
            largest.join(", ")
        );
        let finding = Finding::judged("build.context", size <= most, said)
            .of(services.join(", "))
            .measured("size", size as f64, Unit::Bytes)
            .measured("files", content.files.len() as f64, Unit::Count)
            .by(run.limit("verify.context"));
        run.record(match size <= most {
            true => finding,
            false => finding.help("name what no image needs in .dockerignore"),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_let_in_again_counts_and_what_is_left_out_does_not() {
        let top = tempfile::tempdir().unwrap();
        let write = |path: &str, size: usize| {
            let path = top.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, vec![b'x'; size]).unwrap();
        };
        write("app/main.py", 10);
        write("data/large.bin", 5000);
        write("data/keep.txt", 20);
        fs::write(top.path().join(".dockerignore"), "data/*\n!data/keep.txt\n.dockerignore\n")
            .unwrap();
        let context =
            Context { directory: top.path().to_owned(), dockerfile: top.path().join("Dockerfile") };
        let content = read(&context);
        assert_eq!(content.size(), 30);
        assert_eq!(content.largest()[0], ("data/keep.txt", 20));
        // A Dockerfile's own ignore file counts instead.
        fs::write(top.path().join("Dockerfile.dockerignore"), "*\n").unwrap();
        assert_eq!(read(&context).size(), 0);
    }
}
