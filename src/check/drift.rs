//! Drift: what dockwright alone writes, and somebody edited or removed.
//! Edits of merged files are none: an update carries them on.

use std::collections::{BTreeMap, BTreeSet};

use crate::apply::bookkeeping::{DIRECTORY, FileEntry, FileState, LOCK, Layer};
use crate::apply::disk::{self, DiskState};
use crate::check::finding::{Finding, Kind};
use crate::digest::{hash, normalised};
use crate::error::Error;
use crate::plan::Plan;
use crate::preset::MANIFEST;
use crate::preset::files::Files;
use crate::project::Project;
use crate::relpath::RelPath;
use crate::schema::Ownership;
use crate::update::compared::stored_base;

fn found(rule: &str, path: impl Into<String>, message: impl Into<String>) -> Finding {
    Finding::new(Kind::Drift, rule, message).in_file(path)
}

/// Kept layers of the preset that are not what the lock says.
pub fn layers(project: &Project) -> Vec<Finding> {
    let kept = project.lock.preset.iter().filter(|layer| !layer.hash.is_empty());
    kept.flat_map(|layer| of_layer(project, layer)).collect()
}

fn of_layer(project: &Project, layer: &Layer) -> Vec<Finding> {
    let base = format!("{DIRECTORY}/preset/{}", layer.hash);
    let help = "restore it from version control; another version comes by `dockwright update`";
    let of = |path: &str, what: &str| {
        let message = format!("{} {}: {what}", layer.name, layer.version);
        found("preset", format!("{base}/{path}"), message).help(help)
    };
    let directory = project.dir.join(&base);
    let manifest = RelPath::new(&format!("{base}/{MANIFEST}"));
    let manifest = manifest.expect("reading the lock has checked its hashes");
    if let Ok(DiskState::Obstructed(obstacle)) = disk::look(&project.dir, &manifest) {
        return vec![of(MANIFEST, &format!("it {obstacle}"))];
    }
    let files = match Files::of_directory(&directory) {
        Ok(files) => files,
        Err(_) if !directory.exists() => {
            return vec![
                found("preset", base, format!("{} {} is missing", layer.name, layer.version))
                    .help(help),
            ];
        }
        Err(error) => {
            let text = error.to_string();
            return vec![of(MANIFEST, text.lines().next().unwrap_or_default())];
        }
    };
    let there = files.hashes();
    let wrong = differing(&there, &layer.files);
    let mut found: Vec<Finding> = wrong.iter().map(|(path, what)| of(path, what)).collect();
    if found.is_empty() && files.hash() != layer.hash {
        let message = format!(
            "{} {}: its files and their hashes were changed together, and are not what {} stands for",
            layer.name, layer.version, layer.hash
        );
        found.push(self::found("preset", LOCK, message).help(help));
    }
    found
}

/// Paths whose hashes are others, and what that means.
fn differing(
    there: &BTreeMap<String, String>,
    locked: &BTreeMap<String, String>,
) -> Vec<(String, &'static str)> {
    let paths: BTreeSet<&String> = there.keys().chain(locked.keys()).collect();
    let what = |path: &&String| match (there.get(*path), locked.get(*path)) {
        (Some(one), Some(other)) if one == other => None,
        (Some(_), Some(_)) => Some("it is not what the lock pins"),
        (Some(_), None) => Some("it is not in the lock"),
        (None, _) => Some("it is missing, and the lock has it"),
    };
    paths.iter().filter_map(|path| Some(((*path).clone(), what(path)?))).collect()
}

/// Managed files that were edited, and bases that are not what they should
/// be.
pub fn files(project: &Project) -> Result<Vec<Finding>, Error> {
    let mut findings = Vec::new();
    let mut bases = BTreeSet::new();
    for entry in &project.lock.file {
        if entry.ownership == Ownership::Managed {
            findings.extend(managed(project, entry)?);
        }
        if let Some(base) = entry.base.as_ref().filter(|base| bases.insert(base.as_str())) {
            findings.extend(of_base(project, entry, base));
        }
    }
    Ok(findings)
}

/// Files that the preset has as managed, whatever the lock says of them.
pub fn planned(project: &Project, plan: &Plan) -> Result<Vec<Finding>, Error> {
    let mut findings = Vec::new();
    for output in plan.outputs.iter().filter(|output| output.ownership == Ownership::Managed) {
        let entry = project.lock.entry(output.path.as_str());
        if let Some(entry) = entry.filter(|entry| entry.ownership == Ownership::Merge) {
            findings.extend(managed(project, entry)?);
        }
    }
    Ok(findings)
}

fn of_base(project: &Project, entry: &FileEntry, base: &str) -> Option<Finding> {
    let path = format!("{DIRECTORY}/base/{base}");
    let at = RelPath::new(&path).expect("reading the lock has checked its hashes");
    let what = match disk::look(&project.dir, &at) {
        Ok(DiskState::File { bytes, .. }) if hash(&bytes) == base => return None,
        Ok(DiskState::Absent) => "is missing",
        Ok(_) => "is not what its name says",
        Err(_) => "cannot be read",
    };
    Some(
        found("base", path, format!("the base of {} {what}", entry.path)).help(
            "restore it from version control: without it an update cannot tell edits from news",
        ),
    )
}

fn managed(project: &Project, entry: &FileEntry) -> Result<Option<Finding>, Error> {
    if !(entry.state.is_written() || entry.state == FileState::Deleted) {
        return Ok(None);
    }
    let path = RelPath::new(&entry.path).expect("reading the lock has checked its paths");
    let finding = |what: String| Some(found("managed", &entry.path, what));
    let again = "`dockwright update --force` writes it anew; edits belong into the preset";
    Ok(match disk::look(&project.dir, &path)? {
        DiskState::Absent => finding("it is managed, and is missing".into()).map(|found| {
            found.help(format!("`dockwright update --restore {}` brings it back", entry.path))
        }),
        DiskState::Obstructed(obstacle) => finding(format!("it is managed, and {obstacle}"))
            .map(|found| found.help("put the file back in its place")),
        DiskState::File { bytes, mode } => match &entry.base {
            Some(base) if hash(&bytes) != *base => finding("it is managed, and was edited".into())
                .map(|found| found.on_line(first_edit(project, base, &bytes)).help(again)),
            _ if lost_its_bit(entry, mode) => {
                finding("it is managed, and is no longer executable".into())
                    .map(|found| found.help(format!("chmod +x {}", entry.path)))
            }
            _ => None,
        },
    })
}

/// The first line that is not as it was written.
fn first_edit(project: &Project, base: &str, there: &[u8]) -> Option<usize> {
    let base = stored_base(&project.dir, base)?;
    let (base, there) = (normalised(&base), normalised(there));
    let mut pairs = base.split(|byte| *byte == b'\n').zip(there.split(|byte| *byte == b'\n'));
    pairs.position(|(one, other)| one != other).map(|before| before + 1)
}

fn lost_its_bit(entry: &FileEntry, mode: u32) -> bool {
    const EXECUTABLE: u32 = 0o100;
    let was = u32::from_str_radix(&entry.mode, 8).unwrap_or(0);
    // Without modes, a platform has 0.
    mode != 0 && was & EXECUTABLE != 0 && mode & EXECUTABLE == 0
}
