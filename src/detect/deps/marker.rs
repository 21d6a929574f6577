//! Environment markers, decided where the image decides them: Linux, CPython.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use pep508_rs::{ExtraName, MarkerEnvironment, MarkerEnvironmentBuilder, MarkerTree};

use super::specifier::Alternatives;

/// Minor versions of Python 3 that an image may have.
pub const MINORS: std::ops::RangeInclusive<u64> = 5..=14;

/// More than any release line has had.
const PATCHES: std::ops::RangeInclusive<u64> = 0..=30;
/// A patch release of the middle, for markers that do not look at it.
const ANY_PATCH: u64 = 9;

static ENVIRONMENTS: LazyLock<Vec<MarkerEnvironment>> =
    LazyLock::new(|| MINORS.map(|minor| environment(minor, ANY_PATCH)).collect());

fn environment(minor: u64, patch: u64) -> MarkerEnvironment {
    let short = format!("3.{minor}");
    let full = format!("3.{minor}.{patch}");
    MarkerEnvironment::try_from(MarkerEnvironmentBuilder {
        implementation_name: "cpython",
        implementation_version: &full,
        os_name: "posix",
        platform_machine: "x86_64",
        platform_python_implementation: "CPython",
        platform_release: "",
        platform_system: "Linux",
        platform_version: "",
        python_full_version: &full,
        python_version: &short,
        sys_platform: "linux",
    })
    .expect("the versions are written here")
}

/// Whether some Python version on Linux installs what has this marker, with
/// these extras asked for.
#[must_use]
pub fn holds(marker: &MarkerTree, extras: &[ExtraName]) -> bool {
    marker.is_true() || ENVIRONMENTS.iter().any(|one| marker.evaluate(one, extras))
}

/// The same for a marker as text; one that cannot be read holds.
#[must_use]
pub fn text_holds(text: &str, extras: &[String]) -> bool {
    let extras: Vec<ExtraName> = extras.iter().filter_map(|name| name.parse().ok()).collect();
    let Ok(marker) = text.parse::<MarkerTree>() else { return true };
    holds(&marker, &extras) || (is_exact(text) && patches(&marker, &extras).next().is_some())
}

/// Whether a marker looks at more than the minor version.
fn is_exact(text: &str) -> bool {
    text.contains("python_full_version") || text.contains("implementation_version")
}

/// The releases of Python on which a marker holds.
fn patches<'a>(
    marker: &'a MarkerTree,
    extras: &'a [ExtraName],
) -> impl Iterator<Item = (u64, u64)> + 'a {
    let all = MINORS.flat_map(|minor| PATCHES.map(move |patch| (minor, patch)));
    all.filter(|(minor, patch)| marker.evaluate(&environment(*minor, *patch), extras))
}

/// The Pythons on which any of these markers holds, as ranges; empty where that is said
/// of none, or every one is meant.
#[must_use]
pub fn ranges(markers: &[String]) -> Alternatives {
    let mut found: BTreeMap<u64, (u64, u64)> = BTreeMap::new();
    for text in markers {
        let Ok(marker) = text.parse::<MarkerTree>() else { return Vec::new() };
        let holding: Vec<(u64, u64)> = match is_exact(text) {
            true => patches(&marker, &[]).collect(),
            false => {
                let minors = MINORS.zip(ENVIRONMENTS.iter());
                let holding = minors.filter(|(_, one)| marker.evaluate(one, &[]));
                let ends = [*PATCHES.start(), *PATCHES.end()];
                holding.flat_map(|(minor, _)| ends.map(|patch| (minor, patch))).collect()
            }
        };
        for (minor, patch) in holding {
            let (first, last) = found.entry(minor).or_insert((patch, patch));
            (*first, *last) = ((*first).min(patch), (*last).max(patch));
        }
    }
    if found.len() == MINORS.count() {
        return Vec::new();
    }
    let range = |(minor, (first, last)): (u64, (u64, u64))| {
        format!(">=3.{minor}.{first},<=3.{minor}.{last}").parse().ok()
    };
    found.into_iter().filter_map(range).collect()
}

#[cfg(test)]
mod tests {
    use super::text_holds;

    #[test]
    fn other_systems_are_left_out_and_old_pythons_are_not() {
        for marker in ["sys_platform == 'linux'", "python_version < '3.8'", "os_name != 'nt'"] {
            assert!(text_holds(marker, &[]), "{marker}");
        }
        for marker in [
            "sys_platform == 'win32'",
            "platform_system == 'Darwin' and python_version >= '3.8'",
            "python_version < '3'",
            "platform_python_implementation == 'PyPy'",
            "extra == 'dev'",
        ] {
            assert!(!text_holds(marker, &[]), "{marker}");
        }
        assert!(text_holds("extra == 'dev'", &["dev".into()]));
    }
}
