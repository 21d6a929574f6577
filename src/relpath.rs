//! Paths inside the user's repository: one that is checked once when it is
//! made, and those that files name, joined to where the files are.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;
use unicode_normalization::UnicodeNormalization as _;

/// A normalised, relative, `/`-separated path that stays inside the
/// repository and has a name every file system accepts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct RelPath(String);

/// Names Windows keeps for devices, with or without an extension.
const RESERVED: [&str; 24] = [
    "con", "conin$", "conout$", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5",
    "com6", "com7", "com8", "com9", "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8",
    "lpt9",
];

impl RelPath {
    /// Checks and takes a path.
    ///
    /// # Errors
    /// A sentence that says why the path is refused: absolute, leaving the
    /// repository, empty, or with a part that some file system reserves.
    pub fn new(text: &str) -> Result<Self, String> {
        let refuse = |why: &str| Err(format!("the path `{text}` {why}"));
        if text.is_empty() {
            return refuse("is empty");
        }
        if text.starts_with('/') || text.contains('\\') || text.contains(':') {
            return refuse("is not relative with `/` between its parts");
        }
        for part in text.split('/') {
            match part {
                "" | "." => return refuse("is not in its shortest form"),
                ".." => return refuse("leaves the repository"),
                _ => {}
            }
            if is_reserved(part) {
                return refuse("has a part that Windows reserves");
            }
            if !is_portable(part) {
                return refuse("has a part that is no portable file name");
            }
            if part.chars().any(is_treacherous) {
                // Shown without them: they would look like another name.
                let visible: String = text.chars().filter(|c| !is_treacherous(*c)).collect();
                return Err(format!(
                    "a path that looks like `{visible}` has characters that nobody sees, or that \
                     file systems write in two ways"
                ));
            }
        }
        Ok(Self(text.to_owned()))
    }

    /// The path as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its last part.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// The directory that it is in; empty for the top.
    #[must_use]
    pub fn parent(&self) -> &str {
        self.0.rsplit_once('/').map_or("", |(parent, _)| parent)
    }

    /// The path below `root`, in the platform's form.
    #[must_use]
    pub fn below(&self, root: &Path) -> PathBuf {
        self.0.split('/').fold(root.to_owned(), |path, part| path.join(part))
    }
}

/// Whether Windows takes a name for a device, whatever its extension.
fn is_reserved(part: &str) -> bool {
    let stem = part.split('.').next().unwrap_or_default();
    RESERVED.contains(&stem.trim_end().to_ascii_lowercase().as_str())
}

/// Whether a name is one and the same to every system: Windows drops dots and spaces at
/// the end, and has no file with certain characters.
#[must_use]
pub fn is_portable(part: &str) -> bool {
    let is_refused = |c: char| c.is_control() || "<>\"|?*".contains(c);
    !is_reserved(part) && !part.ends_with(['.', ' ']) && !part.chars().any(is_refused)
}

/// `written` in a file of `directory`, seen from the directory that is read,
/// in its shortest form; `.` is the top. `None` where it leaves that, is
/// absolute, an address or somebody's home, or holds a variable or a pattern.
#[must_use]
pub fn join(directory: &str, written: &str) -> Option<String> {
    let is_elsewhere = written.starts_with(['/', '~'])
        || written.contains("://")
        || written.starts_with("git@")
        || written.contains(['$', '`', '*']);
    if is_elsewhere {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in directory.split('/').chain(written.split(['/', '\\'])) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(if parts.is_empty() { ".".to_owned() } else { parts.join("/") })
}

/// A path of an image as it is seen from a directory of it, in its shortest
/// form, with `/` in front.
#[must_use]
pub fn absolute(directory: &str, path: &str) -> String {
    let above = if path.starts_with('/') { "" } else { directory };
    let mut parts: Vec<&str> = Vec::new();
    for part in above.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// A path in the form in which two are equal that some file system, or somebody who
/// reads them, takes for one: without case, with every character in its plain shape,
/// and letters of other scripts as the Latin ones that they look like.
#[must_use]
pub fn folded(path: &str) -> String {
    // Upper case first: `ß` and `ss` are one there. The dot of `İ` is one of its own.
    let lower = path.nfkc().collect::<String>().to_uppercase().to_lowercase();
    lower.chars().filter(|c| *c != '\u{307}').map(latin).collect()
}

/// Letters of Greek, Cyrillic, Armenian and phonetic script, small, that look like a
/// Latin one, small or large, each behind that one.
const LOOK_ALIKES: [&str; 26] = [
    "aаαɑ",
    "bвβ",
    "cсϲ",
    "dԁ",
    "eеєε",
    "fƒ",
    "gɡց",
    "hһհнη",
    "iіɩι",
    "jјϳ",
    "kкκ",
    "lӏ",
    "mмμ",
    "nոпν",
    "oоοօ",
    "pрρ",
    "qԛզ",
    "rг",
    "sѕ",
    "tтτ",
    "uսυ",
    "vѵ",
    "wԝѡω",
    "xхχ",
    "yуүγ",
    "zζᴢ",
];

fn latin(c: char) -> char {
    if c.is_ascii() {
        return c;
    }
    let row = LOOK_ALIKES.iter().find(|row| row.contains(c));
    row.and_then(|row| row.chars().next()).unwrap_or(c)
}

/// The directory a file is in; `.` is the top.
#[must_use]
pub fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or(".", |(directory, _)| directory)
}

/// The last part of a path.
#[must_use]
pub fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Characters without a shape of their own: two names that differ in them look
/// the same, or are one where names are normalised.
const fn is_treacherous(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{300}'..='\u{36f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

impl fmt::Display for RelPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_some_file_system_takes_for_one_are_equal_once_folded() {
        for (one, other) in [
            ("a/Dockerfile", "a/dockerfile"),
            ("straße", "STRASSE"),
            ("ｃompose.yaml", "compose.yaml"),
            ("compoſe.yaml", "compose.yaml"),
            ("\u{e9}", "e\u{301}"),
            ("ﬁle", "FILE"),
            ("Σς", "σσ"),
            ("а.txt", "a.txt"),
            ("СОМРОЅЕ.yaml", "compose.yaml"),
            ("οnе", "one"),
            ("İ.txt", "i.txt"),
            ("ı.txt", "i.txt"),
        ] {
            assert_eq!(folded(one), folded(other), "{one} {other}");
        }
        for (one, other) in [("a/b", "a/c"), ("д", "ж"), ("é", "e"), ("日", "月")] {
            assert_ne!(folded(one), folded(other), "{one} {other}");
        }
    }

    #[test]
    fn what_is_written_stays_inside_or_is_none() {
        for (directory, written, expected) in [
            ("backend", "../shared/x.txt", Some("shared/x.txt")),
            (".", "./app/", Some("app")),
            ("docker/web", "../..", Some(".")),
            (".", ".\\app\\x", Some("app/x")),
            (".", "x~", Some("x~")),
            ("a", "../../b", None),
            (".", "/srv/b", None),
            ("a", "$HOME", None),
            ("a", "~/x", None),
            ("a", "*.txt", None),
            (".", "git@host:x", None),
            (".", "https://host/x", None),
        ] {
            assert_eq!(join(directory, written).as_deref(), expected, "{written}");
        }
        assert_eq!(absolute("/srv/app", "../x/./y/"), "/srv/x/y");
        assert_eq!(absolute("/srv", "/a/../../b"), "/b");
        assert_eq!(absolute("/", "."), "/");
    }

    #[test]
    fn a_name_that_looks_like_another_is_refused() {
        for text in ["DEPLOY.md\u{200b}", "a\u{202e}b", "e\u{301}.md", "\u{feff}x", "x\u{ad}"] {
            assert!(RelPath::new(text).is_err(), "{text:?}");
        }
        for text in ["é.md", "größe.md", "日本.md", ".github/x"] {
            assert!(RelPath::new(text).is_ok(), "{text:?}");
        }
    }

    #[test]
    fn a_path_that_leaves_the_repository_is_refused() {
        for text in ["../x", "a/../../x", "/etc/passwd", "C:/x", "a\\b", "", "a//b", "./a"] {
            assert!(RelPath::new(text).is_err(), "{text}");
        }
        assert!(RelPath::new("nginx/nginx.conf").is_ok());
    }

    #[test]
    fn names_that_windows_reserves_are_refused() {
        assert!(RelPath::new("app/aux.py").is_err());
        assert!(RelPath::new("NUL").is_err());
        assert!(RelPath::new("conin$.txt").is_err());
        assert!(RelPath::new("nul .txt").is_err());
        for text in ["a/what?.py", "a*", "<a>", "a|b", "\"a\""] {
            assert!(RelPath::new(text).is_err(), "{text}");
        }
        assert!(RelPath::new("auxiliary.py").is_ok());
    }
}
