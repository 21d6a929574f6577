//! Environment markers, decided where the image decides them: Linux, CPython.

use std::sync::LazyLock;

use pep508_rs::{ExtraName, MarkerEnvironment, MarkerEnvironmentBuilder, MarkerTree};

/// Minor versions of Python 3 that an image may have.
pub const MINORS: std::ops::RangeInclusive<u64> = 5..=14;

static ENVIRONMENTS: LazyLock<Vec<MarkerEnvironment>> =
    LazyLock::new(|| MINORS.map(environment).collect());

fn environment(minor: u64) -> MarkerEnvironment {
    let short = format!("3.{minor}");
    let full = format!("3.{minor}.9");
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
pub fn text_holds(marker: &str, extras: &[String]) -> bool {
    let extras: Vec<ExtraName> = extras.iter().filter_map(|name| name.parse().ok()).collect();
    marker.parse().map_or(true, |marker: MarkerTree| holds(&marker, &extras))
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
