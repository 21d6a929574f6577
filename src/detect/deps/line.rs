//! One requirement, wherever it stands: PEP 508, a URL, a version control
//! address, a path.

use pep508_rs::pep440_rs::VersionSpecifiers;
use pep508_rs::{MarkerTree, Requirement as Pep508, VerbatimUrl, VersionOrUrl};

use super::name::normalised;
use super::{Requirement, Source, marker};
use crate::detect::fact::Evidence;

/// Reads a requirement. `None` where it is for another system, or cannot be
/// read at all.
#[must_use]
pub fn requirement(text: &str, evidence: Evidence) -> Option<Requirement> {
    let text = text.trim().trim_end_matches(',').trim();
    let (text, condition) = split_marker(text);
    if let Some(condition) = condition
        && !marker::text_holds(condition, &[])
    {
        return None;
    }
    if let Some(source) = address(text) {
        let name = name_of(text)?;
        return Some(Requirement {
            name,
            extras: extras(text),
            specifiers: None,
            source,
            evidence,
        });
    }
    if let Some((name, address_text)) = text.split_once('@')
        && let Some(source) = address(address_text.trim())
    {
        let (name, extras) = (normalised(bare(name)), extras(name));
        return valid(&name).then_some(Requirement {
            name,
            extras,
            specifiers: None,
            source,
            evidence,
        });
    }
    match text.parse::<Pep508<VerbatimUrl>>() {
        Ok(parsed) => Some(Requirement {
            name: parsed.name.to_string(),
            extras: parsed.extras.iter().map(ToString::to_string).collect(),
            specifiers: match parsed.version_or_url {
                Some(VersionOrUrl::VersionSpecifier(specifiers)) => Some(specifiers),
                _ => None,
            },
            source: Source::Index,
            evidence,
        }),
        Err(_) => lenient(text, evidence),
    }
}

/// A name with something behind it that is no PEP 440, as people write it.
fn lenient(text: &str, evidence: Evidence) -> Option<Requirement> {
    let name = normalised(bare(text));
    if !valid(&name) {
        return None;
    }
    let rest = text[text.find(['=', '<', '>', '!', '~', ' ']).unwrap_or(text.len())..].trim();
    let rest = rest.trim_start_matches('(').trim_end_matches(')');
    let specifiers = rest.parse::<VersionSpecifiers>().ok().filter(|all| !all.is_empty());
    Some(Requirement { name, extras: extras(text), specifiers, source: Source::Index, evidence })
}

/// The marker of a requirement.
#[must_use]
pub fn marker_of(text: &str) -> Option<&str> {
    split_marker(text.trim()).1
}

/// The part before extras and versions.
fn bare(text: &str) -> &str {
    let stop = ['[', '=', '<', '>', '!', '~', ' ', '(', '@', ';'];
    text.trim().split(stop).next().unwrap_or_default()
}

fn valid(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-')
}

fn extras(text: &str) -> Vec<String> {
    let Some((_, rest)) = text.split_once('[') else { return Vec::new() };
    let Some((inside, _)) = rest.split_once(']') else { return Vec::new() };
    inside.split(',').map(normalised).filter(|name| !name.is_empty()).collect()
}

/// A marker follows a semicolon; in a URL only one with space before it.
fn split_marker(text: &str) -> (&str, Option<&str>) {
    let separator = if text.contains("://") { " ;" } else { ";" };
    match text.split_once(separator) {
        Some((text, marker)) if marker.trim().parse::<MarkerTree>().is_ok() => {
            (text.trim(), Some(marker.trim()))
        }
        Some((text, _)) => (text.trim(), None),
        None => (text, None),
    }
}

/// What a requirement is that is no name.
#[must_use]
pub fn address(text: &str) -> Option<Source> {
    const VERSION_CONTROL: [&str; 5] = ["git+", "hg+", "svn+", "bzr+", "git@"];
    if VERSION_CONTROL.iter().any(|prefix| text.starts_with(prefix)) || text.starts_with("git://") {
        return Some(Source::Vcs(text.to_owned()));
    }
    if text.starts_with("http://") || text.starts_with("https://") {
        return Some(Source::Url(text.to_owned()));
    }
    let path = text.strip_prefix("file:").map(|path| path.strip_prefix("//").unwrap_or(path));
    let path = path.or_else(|| {
        let looks_like = text == "."
            || text.starts_with(".[")
            || text.starts_with("./")
            || text.starts_with("../")
            || text == ".."
            || text.starts_with('/')
            || text.ends_with(".whl")
            || text.ends_with(".tar.gz");
        looks_like.then_some(text)
    })?;
    let path = path.split(['[', '#']).next().unwrap_or(path);
    Some(Source::Path(path.to_owned()))
}

/// The package's name in an address: `#egg=name`, a wheel's file name, or the
/// last part of the path.
fn name_of(text: &str) -> Option<String> {
    if let Some((_, fragment)) = text.split_once("egg=") {
        return Some(normalised(bare(fragment.split('&').next().unwrap_or(fragment))));
    }
    let path = text.split(['#', '?', '[']).next().unwrap_or(text).trim_end_matches('/');
    let last = path.rsplit('/').next().unwrap_or(path);
    let name = if last.ends_with(".whl") {
        last.split('-').next().unwrap_or(last)
    } else if let Some(stem) = last.strip_suffix(".tar.gz").or_else(|| last.strip_suffix(".zip")) {
        stem.rsplit_once('-').map_or(stem, |(name, _)| name)
    } else {
        last.split('@').next().unwrap_or(last).trim_end_matches(".git")
    };
    let name = normalised(name);
    // `.` has no name of its own; its directory's files say more.
    Some(if valid(&name) { name } else { ".".to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Requirement> {
        requirement(text, Evidence::file("requirements.txt"))
    }

    #[test]
    fn names_extras_and_versions_are_read() {
        let fastapi = read("FastAPI[standard, All]>=0.100,<1 ; python_version > '3.7'").unwrap();
        assert_eq!(fastapi.name, "fastapi");
        assert_eq!(fastapi.extras, ["standard", "all"]);
        assert_eq!(fastapi.specifiers.unwrap().to_string(), ">=0.100, <1");
        assert!(read("pywin32==305; sys_platform == 'win32'").is_none());
    }

    #[test]
    fn what_pip_reads_but_the_standard_does_not_keeps_its_name() {
        assert_eq!(read("Django==2.2.x").unwrap().name, "django");
        assert_eq!(read("numpy (>=1.20)").unwrap().name, "numpy");
        assert_eq!(read("flask 2.0").unwrap().name, "flask");
        assert!(read("<<<<<<< HEAD").is_none());
    }

    #[test]
    fn addresses_keep_what_they_are() {
        for (text, name, source) in [
            ("git+https://host/a/Some_Lib.git@v1", "some-lib", Source::Vcs(String::new())),
            ("lib[x] @ git+ssh://git@host/a/b.git", "lib", Source::Vcs(String::new())),
            ("git+https://host/a/b#egg=Real_Name", "real-name", Source::Vcs(String::new())),
            ("https://host/pkg_a-1.0-py3-none-any.whl", "pkg-a", Source::Url(String::new())),
            ("https://host/pkg-b-1.0.tar.gz", "pkg-b", Source::Url(String::new())),
            ("./libs/common", "common", Source::Path(String::new())),
            ("shared @ file:///srv/shared", "shared", Source::Path(String::new())),
        ] {
            let found = read(text).unwrap();
            assert_eq!(found.name, name, "{text}");
            assert_eq!(
                std::mem::discriminant(&found.source),
                std::mem::discriminant(&source),
                "{text}"
            );
        }
    }
}
