//! What the repository's own files pin, as dockwright wrote it: how old that is, and
//! what has a newer patch release. The index of packages and the registries are asked;
//! what cannot be asked is said, with the reason.
//!
//! It is a report and no finding that fails: a patch release of somebody else says
//! nothing about whether the repository follows its preset, and no update of dockwright
//! may have it yet.

use std::collections::BTreeMap;
use std::path::Path;

use pep440_rs::Version;

use crate::apply::disk::{self, DiskState};
use crate::catalog::Ages;
use crate::catalog::ages::days_between;
use crate::error::Error;
use crate::merge::{self, ValueKind};
use crate::plan::outputs::Syntax;
use crate::project::Project;
use crate::relpath::RelPath;
use crate::remote::index::{Index, newest_patch};
use crate::remote::registry::{Registry, is_digest};
use crate::remote::several;
use crate::source::compose::image;

/// Where a pin stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file, below the repository.
    pub path: String,
    /// Its line, from 1.
    pub line: usize,
}

/// Something with a newer patch release, or a tag that names another image by now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Newer {
    /// A package, or an image with its tag.
    pub name: String,
    /// The version or digest in the files.
    pub pinned: String,
    /// The one that is there.
    pub newest: String,
    /// Where it is pinned.
    pub places: Vec<Place>,
}

/// What could not be judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unasked {
    /// Packages or images, by name.
    pub names: Vec<String>,
    /// Why, in a sentence.
    pub why: String,
}

/// The pins of one repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pins {
    /// When the tables were read that the files were written from; `None` for a lock of
    /// a dockwright that did not say it.
    pub read: Option<Ages>,
    /// The day of the check.
    pub today: String,
    /// Packages that are pinned, by name and version.
    pub packages: usize,
    /// Images that are named, by reference.
    pub images: usize,
    /// Packages with a newer patch release, and tags whose digest is another one by now.
    pub newer: Vec<Newer>,
    /// Images whose tag moves by itself: a pull takes what it names by then.
    pub moving: Vec<String>,
    /// What could not be asked.
    pub unasked: Vec<Unasked>,
}

impl Pins {
    /// Days since a table was read.
    #[must_use]
    pub fn age(&self, day: &str) -> Option<u32> {
        days_between(day, &self.today)
    }
}

/// Whom to ask.
#[derive(Debug, Default)]
pub struct Outside {
    index: Index,
    registry: Registry,
}

/// What a repository's answers say of its packages.
#[derive(Clone, Copy, Debug)]
pub struct Asking<'a> {
    /// The index that its builds ask; empty for the user's own.
    pub index: &'a str,
    /// The minor version of Python that its packages are for.
    pub python: &'a str,
    /// The day, `YYYY-MM-DD`.
    pub today: &'a str,
}

/// What files pin: places by name and version or digest.
#[derive(Debug, Default)]
pub(super) struct Found {
    packages: BTreeMap<(String, String), Vec<Place>>,
    /// By complete reference.
    pub(super) images: BTreeMap<String, Vec<Place>>,
}

/// Asks for everything that a repository pins.
///
/// # Errors
/// Files that cannot be read.
pub fn report(project: &Project, asking: Asking<'_>, outside: &Outside) -> Result<Pins, Error> {
    let found = Found::of(project)?;
    let mut pins = Pins {
        read: project.lock.read.clone(),
        today: asking.today.to_owned(),
        packages: found.packages.len(),
        images: found.images.len(),
        ..Pins::default()
    };
    let uv = pins.judge_images(&found, &outside.registry);
    pins.judge_packages(&found, &uv, asking, &outside.index);
    pins.newer.sort_by(|one, other| (&one.name, &one.pinned).cmp(&(&other.name, &other.pinned)));
    Ok(pins)
}

impl Found {
    /// What stands in the files that dockwright wrote.
    pub(super) fn of(project: &Project) -> Result<Self, Error> {
        let mut found = Self::default();
        for entry in project.lock.file.iter().filter(|own| own.state.is_written()) {
            found.read(&project.dir, &entry.path)?;
        }
        Ok(found)
    }

    fn read(&mut self, dir: &Path, path: &str) -> Result<(), Error> {
        let syntax = Syntax::of_name(path);
        let is_pinning = matches!(syntax, Syntax::Dockerfile | Syntax::Yaml | Syntax::Toml)
            || path.rsplit('/').next().is_some_and(|name| name.starts_with("requirements"));
        if !is_pinning {
            return Ok(());
        }
        let Ok(below) = RelPath::new(path) else { return Ok(()) };
        let DiskState::File { bytes, .. } = disk::look(dir, &below)? else { return Ok(()) };
        let text = String::from_utf8_lossy(&bytes);
        for value in merge::values_in(syntax, &text) {
            let line = text[..value.start].matches('\n').count() + 1;
            let place = Place { path: path.to_owned(), line };
            match value.kind {
                ValueKind::Pin => {
                    let name = value.name.trim_start_matches("package ").to_owned();
                    let end =
                        value.text.find(|c: char| c.is_whitespace() || matches!(c, ';' | '\\'));
                    let version = value.text[..end.unwrap_or(value.text.len())].to_owned();
                    self.packages.entry((name, version)).or_default().push(place);
                }
                ValueKind::Image => {
                    let end = value.start + value.text.len();
                    let stop = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '=' | ',');
                    let start = text[..value.start].rfind(stop).map_or(0, |at| at + 1);
                    let reference = text[start..end].to_owned();
                    self.images.entry(reference).or_default().push(place);
                }
                _ => {}
            }
        }
        Ok(())
    }
}

impl Pins {
    /// Judges the images; gives those of uv, whose versions are the package's.
    fn judge_images(&mut self, found: &Found, registry: &Registry) -> Vec<(String, Vec<Place>)> {
        let mut uv = Vec::new();
        let mut digests = Vec::new();
        for (reference, places) in &found.images {
            // A variable is somebody's choice at run time; and this is built here.
            if reference.contains('$') || reference.starts_with('-') {
                self.images -= 1;
                continue;
            }
            let (repository, tag) = image::parts(reference);
            match reference.split_once('@') {
                Some((named, digest)) if is_digest(digest) && !tag.is_empty() => {
                    digests.push((named, digest, places));
                }
                Some(_) => self.not_asked(reference, "a digest without a tag has no newer one"),
                None if is_uv(repository) => {}
                None if is_one_release(tag) => self.not_asked(
                    reference,
                    "the tags of a registry are not listed: a bot that knows it sees newer ones",
                ),
                None => self.moving.push(reference.clone()),
            }
            if is_uv(repository) && tag.parse::<Version>().is_ok() {
                uv.push((tag.to_owned(), places.clone()));
            }
        }
        let asked = several(&digests, |(named, ..)| registry.digest(named));
        for ((named, digest, places), answer) in digests.iter().zip(asked) {
            match answer {
                Ok(now) if now == *digest => {}
                Ok(now) => self.newer.push(Newer {
                    name: (*named).to_owned(),
                    pinned: (*digest).to_owned(),
                    newest: now,
                    places: (*places).clone(),
                }),
                Err(why) => self.not_asked(named, &why),
            }
        }
        uv
    }

    fn judge_packages(
        &mut self,
        found: &Found,
        uv: &[(String, Vec<Place>)],
        asking: Asking<'_>,
        index: &Index,
    ) {
        let of_files = found
            .packages
            .iter()
            .map(|((name, version), places)| (name.as_str(), version.as_str(), places));
        let of_image = uv.iter().map(|(version, places)| ("uv", version.as_str(), places));
        let pinned: Vec<(&str, &str, &Vec<Place>)> = of_files.chain(of_image).collect();
        let names: Vec<&str> = pinned.iter().map(|(name, ..)| *name).collect();
        let python: Option<Version> = asking.python.parse().ok();
        for ((name, version, places), answer) in
            pinned.into_iter().zip(index.releases(asking.index, &names))
        {
            let Ok(own) = version.parse::<Version>() else {
                self.not_asked(name, &format!("`{version}` is no version of one release"));
                continue;
            };
            // What the tool in the builder runs on is not the application's Python.
            let python = python.as_ref().filter(|_| name != "uv");
            match answer.map(|releases| newest_patch(&own, &releases, python)) {
                Ok(Some(newest)) => self.newer.push(Newer {
                    name: name.to_owned(),
                    pinned: version.to_owned(),
                    newest: newest.to_string(),
                    places: places.clone(),
                }),
                Ok(None) => {}
                Err(why) => self.not_asked(name, &why),
            }
        }
    }

    fn not_asked(&mut self, name: &str, why: &str) {
        match self.unasked.iter_mut().find(|own| own.why == why) {
            Some(own) if own.names.iter().any(|known| known == name) => {}
            Some(own) => own.names.push(name.to_owned()),
            None => {
                self.unasked.push(Unasked { names: vec![name.to_owned()], why: why.to_owned() });
            }
        }
    }
}

/// Whether an image is uv's own, from wherever it is pulled.
fn is_uv(repository: &str) -> bool {
    repository == "uv" || repository.ends_with("/uv")
}

/// Whether a tag names one release, `18.1-trixie`, and not what is newest of some:
/// its number has three parts.
fn is_one_release(tag: &str) -> bool {
    let number = tag.trim_start_matches('v').split('-').next().unwrap_or_default();
    number.split('.').filter(|part| part.parse::<u32>().is_ok()).count() >= 3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_of_three_numbers_stands_still_and_a_shorter_one_moves() {
        for moves in ["18-trixie", "1.30-trixie", "3.14-slim-trixie", "latest", "24-slim"] {
            assert!(!is_one_release(moves), "{moves}");
        }
        assert!(is_one_release("8.2.1-trixie") && is_one_release("v3.1.0"));
    }
}
