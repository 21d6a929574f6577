//! Paths of this machine in a form that holds elsewhere: real ones that other programs
//! take, and text with `/` on every system.

use std::io;
use std::path::{MAIN_SEPARATOR, Path, PathBuf};

use crate::relpath;

/// The real path of what is there, without links and dots, as other programs take it:
/// Windows gives `\\?\C:\shop`, which Docker and git do not understand.
///
/// # Errors
/// Those of the system: nothing is there, or it may not be looked at.
pub fn canonical(path: &Path) -> io::Result<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "this is what stands for it")]
    let real = std::fs::canonicalize(path)?;
    // Elsewhere it would be a name with such characters in it.
    let plain = real.to_str().filter(|_| cfg!(windows)).and_then(without_verbatim);
    Ok(plain.map_or_else(|| real.clone(), PathBuf::from))
}

/// Longest path that every program of Windows takes, in UTF-16 units, its end included.
const LONGEST: usize = 260;

/// A path of Windows without the `\\?\` before it, where it means the same without:
/// `None` for one of the network, one that is too long, and one with a name that is
/// another one without it.
fn without_verbatim(path: &str) -> Option<&str> {
    let plain = path.strip_prefix(r"\\?\")?;
    let mut letters = plain.chars();
    let is_drive = letters.next().is_some_and(|own| own.is_ascii_alphabetic())
        && letters.next() == Some(':')
        && letters.next() == Some('\\');
    let is_plain =
        |part: &str| part.is_empty() || !part.contains('/') && relpath::is_portable(part);
    let fits = plain.encode_utf16().count() < LONGEST;
    (is_drive && fits && plain[3..].split('\\').all(is_plain)).then_some(plain)
}

/// A path as text that is the same on every system: with `/` between its parts.
#[must_use]
pub fn portable(path: &Path) -> String {
    with_slashes(&path.to_string_lossy(), MAIN_SEPARATOR)
}

/// A `\` is a separator on Windows, and part of a name elsewhere.
fn with_slashes(text: &str, separator: char) -> String {
    text.replace(separator, "/")
}

/// Whether the file systems of this machine usually take names that differ in case alone
/// for one.
pub const IGNORES_CASE: bool = cfg!(any(windows, target_os = "macos"));

/// What is in a directory under a name that some file system takes for `name`, where
/// nothing there has that very name.
#[must_use]
pub fn other_case(directory: &Path, name: &str) -> Option<String> {
    let folded = relpath::folded(name);
    let mut other = None;
    for entry in std::fs::read_dir(directory).ok()?.flatten() {
        let found = entry.file_name();
        let Some(found) = found.to_str() else { continue };
        if found == name {
            return None;
        }
        if relpath::folded(found) == folded {
            other = Some(found.to_owned());
        }
    }
    other
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_real_path_of_windows_is_one_that_other_programs_take_where_there_is_such_a_one() {
        for (path, expected) in [
            (r"\\?\C:\shop", Some(r"C:\shop")),
            (r"\\?\C:\", Some(r"C:\")),
            (r"\\?\c:\Users\Ana Maria\shop.git", Some(r"c:\Users\Ana Maria\shop.git")),
            // Without it these would be other files.
            (r"\\?\C:\shop\nul.txt", None),
            (r"\\?\C:\shop\ends.", None),
            (r"\\?\C:\shop\a/b", None),
            (r"\\?\UNC\server\share", None),
            (r"\\?\Volume{4c1b02c1}\shop", None),
            (r"C:\shop", None),
            ("/srv/shop", None),
        ] {
            assert_eq!(without_verbatim(path), expected, "{path}");
        }
        let long = format!(r"\\?\C:\{}", "a".repeat(256));
        assert_eq!(without_verbatim(&long), Some(&long[4..]));
        assert_eq!(without_verbatim(&format!("{long}a")), None);
    }

    #[test]
    fn a_path_is_written_with_the_same_separators_everywhere() {
        assert_eq!(with_slashes(r"deploy\compose.yaml", '\\'), "deploy/compose.yaml");
        assert_eq!(with_slashes(r"deploy/a\b", '/'), r"deploy/a\b");
    }

    #[test]
    fn a_name_in_another_case_is_found_unless_the_name_itself_is_there() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        assert_eq!(other_case(&at("nothing"), "Dockerfile"), None);
        assert_eq!(other_case(directory.path(), "Dockerfile"), None);
        std::fs::write(at("dockerfile"), "").unwrap();
        let other = Some("dockerfile".to_owned());
        assert_eq!(other_case(directory.path(), "Dockerfile"), other);
        assert_eq!(other_case(directory.path(), "dockerfile"), None);
        assert_eq!(other_case(directory.path(), "Dockerfile.dev"), None);
    }

    #[test]
    fn what_is_real_has_no_links_on_it() {
        let directory = tempfile::tempdir().unwrap();
        let dotted = directory.path().join("a").join("..");
        assert!(canonical(&dotted).is_err(), "nothing is there");
        std::fs::create_dir(directory.path().join("a")).unwrap();
        let real = canonical(directory.path()).unwrap();
        assert_eq!(canonical(&dotted).unwrap(), real);
        assert!(!real.to_string_lossy().starts_with(r"\\?\"));
    }
}
