//! Volumes and directories over what an image brings.

use std::collections::BTreeMap;
use std::path::Path;

use crate::verify::archive::{Entry, Form};
use crate::verify::beside::Beside;
use crate::verify::model::Mounted;
use crate::verify::record::Finding;
use crate::verify::run::Run;
use crate::verify::trouble::Outcome;

const ID: &str = "start.mounts";
/// More files than that need not be counted.
const MOST: usize = 2000;
/// Files that are named.
const NAMED: usize = 4;
/// Files that only keep a directory in a repository.
const KEEPERS: [&str; 4] = [".gitkeep", ".keep", ".gitignore", ".placeholder"];

/// Looks at what each image has where something is mounted.
pub async fn judge(run: &mut Run<'_>) -> Outcome {
    run.doing("looking below what is mounted");
    let mut by_image: BTreeMap<String, Vec<(String, Mounted)>> = BTreeMap::new();
    for own in &run.case.services {
        let image = run.stack.model.image(&own.name).to_owned();
        for mount in run.case.model.mounts(&own.name) {
            if is_judged(run, &own.name, &mount) {
                by_image.entry(image.clone()).or_default().push((own.name.clone(), mount));
            }
        }
    }
    let mut count = 0;
    let mut findings = Vec::new();
    for (image, mounts) in by_image {
        let container = Beside::create(run, &image, &["-"], None).await?;
        let mut seen: Outcome<BTreeMap<String, Vec<String>>> = Ok(BTreeMap::new());
        for (_, mount) in &mounts {
            let read = container.below(run, &mount.target, MOST).await;
            match (&mut seen, read) {
                (Ok(seen), Ok(entries)) => {
                    seen.insert(mount.target.clone(), files(&entries.unwrap_or_default()));
                }
                (seen, Err(trouble)) => *seen = Err(trouble),
                _ => {}
            }
        }
        container.remove(run).await;
        let seen = seen?;
        for (service, mount) in mounts {
            count += 1;
            let files = &seen[&mount.target];
            if !files.is_empty() {
                findings.push(hidden(&service, &mount, files));
            }
        }
    }
    if findings.is_empty() {
        run.record(match count {
            0 => Finding::skipped(ID, "nothing is mounted over a directory of an image"),
            count => Finding::passed(ID, format!("images have no file where {count} mounts are")),
        });
    }
    for finding in findings {
        run.record(finding);
    }
    Ok(())
}

/// Whether a mount may hide what is wanted. A file over a file is a setting, and so is
/// a directory over one of an image that somebody else has built; a store fills its
/// own directory.
fn is_judged(run: &Run<'_>, service: &str, mount: &Mounted) -> bool {
    let is_built = run
        .stack
        .model
        .built()
        .iter()
        .any(|own| run.stack.model.image(own) == run.stack.model.image(service));
    let is_store = run.case.service(service).is_some_and(|own| own.kind.is_store());
    match mount.kind.as_str() {
        "bind" => is_built && Path::new(&mount.source).is_dir(),
        "volume" => is_built || !is_store,
        _ => false,
    }
}

/// The files among what is at a target, without the directory's own name.
fn files(entries: &[Entry]) -> Vec<String> {
    entries
        .iter()
        .filter(|own| matches!(own.form, Form::File | Form::Link))
        .filter(|own| !KEEPERS.contains(&own.path.rsplit('/').next().unwrap_or_default()))
        .map(|own| own.path.split_once('/').map_or(own.path.as_str(), |(_, rest)| rest).to_owned())
        .collect()
}

fn hidden(service: &str, mount: &Mounted, files: &[String]) -> Finding {
    let count = match files.len() {
        many if many >= MOST - 1 => format!("{many} files and more"),
        1 => "a file".into(),
        many => format!("{many} files"),
    };
    let mut named: Vec<&str> = files.iter().take(NAMED).map(String::as_str).collect();
    if files.len() > NAMED {
        named.push("…");
    }
    let named = named.join(", ");
    let target = &mount.target;
    let (said, help) = match mount.kind.as_str() {
        "bind" => (
            format!(
                "a directory of the host hides {count} that the image brings at {target}: {named}"
            ),
            "take the mount out: what the image holds is what runs; for development it belongs into a file of its own (CO108)",
        ),
        _ => (
            format!(
                "a volume lies over {count} that the image brings at {target}: it is filled with them once, and a new image is started with the old ones: {named}"
            ),
            "mount volumes where the image has nothing: a directory of its own for what is written (XF115, XF122)",
        ),
    };
    Finding::failed(ID, said).of(service).help(help)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(path: &str, form: Form) -> Entry {
        Entry {
            path: path.into(),
            form,
            mode: 0o644,
            owner: 0,
            group: 0,
            size: 0,
            target: String::new(),
            head: Vec::new(),
        }
    }

    #[test]
    fn directories_for_uploads_are_no_files() {
        let entries = [
            entry("media", Form::Directory),
            entry("media/a", Form::Directory),
            entry("media/a/.gitkeep", Form::File),
        ];
        assert!(files(&entries).is_empty());
        let entries = [entry("app", Form::Directory), entry("app/core/views.py", Form::File)];
        assert_eq!(files(&entries), ["core/views.py"]);
    }
}
