//! Paths inside a repository, relative to the directory that was read; `.` is
//! the top.

pub use crate::relpath::{file_name, join, parent};

/// A directory, then each above it, the top last.
pub fn upwards(directory: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(directory), |at| (*at != ".").then(|| parent(at)))
}

/// The directory that the processes of code in `root` run in. A `src` that a
/// package manager installs from is imported, and the directory above it is
/// where its tests and commands run; with a `manage.py` in it, it is run from.
#[must_use]
pub fn working_directory<'a>(root: &'a str, manager: &str, manage: Option<&str>) -> &'a str {
    let packaged = !matches!(manager, "pip" | "pipenv" | "conda");
    let above = packaged && file_name(root) == "src" && manage != Some(root);
    if above { parent(root) } else { root }
}

/// Whether `path` is `directory` or below it.
#[must_use]
pub fn is_below(path: &str, directory: &str) -> bool {
    directory == "."
        || path == directory
        || path.strip_prefix(directory).is_some_and(|rest| rest.starts_with('/'))
}

/// The deepest directory that holds both.
#[must_use]
pub fn common<'a>(one: &'a str, other: &str) -> &'a str {
    upwards(one).find(|directory| is_below(other, directory)).unwrap_or(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_src_that_is_installed_is_imported_and_the_directory_above_it_is_run_from() {
        assert_eq!(working_directory("src", "uv", None), ".");
        assert_eq!(working_directory("web/src", "poetry", None), "web");
        assert_eq!(working_directory("src", "uv", Some("src")), "src");
        assert_eq!(working_directory("src", "pip", None), "src");
        assert_eq!(working_directory("backend", "uv", None), "backend");
    }

    #[test]
    fn the_common_directory_is_the_deepest_one() {
        assert_eq!(common("apps/web/src", "apps/lib"), "apps");
        assert_eq!(common("app", "apple"), ".");
        assert_eq!(common("app", "app"), "app");
    }
}
