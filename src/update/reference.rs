//! Which preset an update goes to.

use crate::error::{Error, Problem};
use crate::preset::{self, Preset, Reference, git};
use crate::project::{self, Project};

/// Which preset is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Wanted {
    /// The one that `dockwright.toml` names, as the lock pins it.
    #[default]
    Named,
    /// The one it names, its revision asked for again.
    Fetched,
    /// The highest version tag of its repository.
    Latest,
    /// Another one.
    Other(Reference),
}

impl Wanted {
    /// How the preset is named afterwards.
    ///
    /// # Errors
    /// A `dockwright.toml` that names none; a repository that cannot be asked
    /// or has no version.
    pub fn reference(&self, project: &Project) -> Result<Reference, Error> {
        match self {
            Self::Named | Self::Fetched => project.reference(),
            Self::Other(reference) => Ok(reference.clone()),
            Self::Latest => match project.reference()? {
                Reference::Git { url, revision, directory } => {
                    let revision = latest(&url, &revision)?;
                    Ok(Reference::Git { url, revision, directory })
                }
                // A directory and the program itself have one version.
                other => Ok(other),
            },
        }
    }

    /// Reads the preset.
    ///
    /// # Errors
    /// See [`preset::open`].
    pub fn open(&self, reference: &Reference, project: &Project) -> Result<Preset, Error> {
        let mut places = project::places(&project.dir, Some(&project.lock));
        if matches!(self, Self::Fetched | Self::Latest) {
            places.pins.clear();
        }
        preset::open(reference, &places)
    }
}

/// The highest version tag of a repository, of those that are spelt like
/// `revision`: `v1.2.0`, `web-1.2.0`.
///
/// # Errors
/// A repository that cannot be asked, or without such a tag.
pub fn latest(url: &str, revision: &str) -> Result<String, Error> {
    let tags = git::tags(url)?;
    highest(tags.iter().map(String::as_str), revision).map(str::to_owned).ok_or_else(|| {
        let message = format!("{url} has no tag that is a version spelt like `{revision}`");
        Error::input(Problem::new(message).help("tag a release, like v1.2.0"))
    })
}

/// The highest version among tags that begin as `revision` does before its
/// first digit; pre-releases are left out.
#[must_use]
pub fn highest<'a>(tags: impl Iterator<Item = &'a str>, revision: &str) -> Option<&'a str> {
    let digits = |text: &str| text.find(|c: char| c.is_ascii_digit());
    let start = digits(revision).unwrap_or(0);
    // A branch has no spelling of its own: any usual one counts.
    let spelt = version(revision, start).map(|_| &revision[..start]);
    tags.filter_map(|tag| {
        let start = digits(tag)?;
        let usual = matches!(&tag[..start], "" | "v");
        let like = spelt.map_or(usual, |spelt| &tag[..start] == spelt);
        let version = version(tag, start).filter(|version| version.pre.is_empty())?;
        like.then_some((version, tag))
    })
    .max_by(|one, other| one.0.cmp(&other.0))
    .map(|(_, tag)| tag)
}

/// The version that a tag is from `start` on; `1` and `1.2` count as `1.0.0`
/// and `1.2.0`.
fn version(tag: &str, start: usize) -> Option<semver::Version> {
    let text = &tag[start..];
    let number = text.split(['-', '+']).next().unwrap_or(text);
    let full = match number.matches('.').count() {
        0 => format!("{number}.0.0{}", &text[number.len()..]),
        1 => format!("{number}.0{}", &text[number.len()..]),
        _ => text.to_owned(),
    };
    semver::Version::parse(&full).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_version_is_found_by_number_and_spelling() {
        let tags = ["v1.9.0", "v1.10.0", "v2.0.0-rc.1", "web-3.0.0", "main", "v1"];
        assert_eq!(highest(tags.into_iter(), "v1.2.0"), Some("v1.10.0"));
        assert_eq!(highest(tags.into_iter(), "web-1.0.0"), Some("web-3.0.0"));
        assert_eq!(highest(tags.into_iter(), "main"), Some("v1.10.0"));
        assert_eq!(highest(["main", "latest"].into_iter(), "v1"), None);
    }
}
