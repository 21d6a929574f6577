//! How a preset is named: a built-in name, a path, or a place in git.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::error::Problem;
use crate::relpath::RelPath;
use crate::schema::entries::Entry;
use crate::source::path;

/// A reference to a preset.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reference {
    /// A preset of the program itself.
    Builtin(String),
    /// A directory; relative to what names it.
    Path(String),
    /// A directory in a git repository.
    Git {
        /// What `git` is given: `https://…`, `ssh://…`, `file://…`.
        url: String,
        /// Tag, branch or commit.
        revision: String,
        /// The preset's directory in the repository; `None` for the top.
        directory: Option<RelPath>,
    },
}

impl Reference {
    /// Reads `name`, `./path` or `git+URL#REV[:SUBDIR]`.
    ///
    /// # Errors
    /// A git reference without a revision, an unknown transport, or a
    /// sub-directory that leaves the repository.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        if let Some(rest) = text.strip_prefix("git+") {
            let Some((url, revision)) = rest.split_once('#') else {
                return Err(Problem::new(format!("`{text}` names no revision"))
                    .help("git+URL#TAG, or git+URL#TAG:DIRECTORY"));
            };
            let (revision, directory) = match revision.split_once(':') {
                Some((revision, directory)) => (revision, Some(directory)),
                None => (revision, None),
            };
            return Self::git(url, revision, directory);
        }
        let path = text.starts_with(['.', '/', '~']) || text.contains(['/', '\\']);
        if !path {
            return Ok(Self::Builtin(text.to_owned()));
        }
        if text.starts_with('~') && !text.starts_with("~/") {
            return Err(Problem::new(format!("`{text}` is another user's directory"))
                .help("name it whole, or as ~/… if it is yours"));
        }
        if let Some((_, at)) = text.split_once("://") {
            let address = at.rsplit('@').next().unwrap_or_default();
            return Err(Problem::new(format!("`{address}` is an address and no path"))
                .help("a preset in git is git+https://…#TAG, or git+ssh://git@HOST/PATH#TAG"));
        }
        // What Windows calls by backslashes has to be found elsewhere, too.
        Ok(Self::Path(text.replace('\\', "/")))
    }

    /// A place in git.
    ///
    /// # Errors
    /// See [`Self::parse`].
    pub fn git(url: &str, revision: &str, directory: Option<&str>) -> Result<Self, Problem> {
        let url = url.strip_prefix("git+").unwrap_or(url);
        check_address(url)?;
        // A revision that looks like an option would be one to git.
        let plain = !revision.is_empty()
            && !revision.starts_with('-')
            && revision.chars().all(|c| !c.is_control() && !" ~^:?*[\\".contains(c))
            && !revision.contains("..");
        if !plain {
            return Err(Problem::new(format!("`{revision}` is no tag, branch or commit")));
        }
        let directory = directory
            .filter(|directory| !directory.is_empty() && *directory != ".")
            .map(RelPath::new)
            .transpose()
            .map_err(Problem::new)?;
        Ok(Self::Git { url: url.to_owned(), revision: revision.to_owned(), directory })
    }
}

/// Longest user name of an address over https; a token is longer.
const LONGEST_USER: usize = 24;

/// Refuses what git is not to be asked for, and what would carry a secret
/// into files that are committed. The secret itself is never repeated.
fn check_address(url: &str) -> Result<(), Problem> {
    let known = ["https://", "ssh://", "file:///"];
    let Some(rest) = known.iter().find_map(|start| url.strip_prefix(start)) else {
        let problem = match url.split_once("://") {
            Some((scheme, _)) => Problem::new(format!("presets are not taken from {scheme}://")),
            None => Problem::new("the address has no https://, ssh:// or file:// before it"),
        };
        let scp = url.split_once(':').filter(|(host, path)| host.contains('@') && !path.is_empty());
        return Err(problem.help(match scp {
            Some((host, path)) => format!("git+ssh://{host}/{path}"),
            None => "git+https://…, git+ssh://… or git+file:///…".to_owned(),
        }));
    };
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = authority.rsplit('@').next().unwrap_or_default();
    let user = authority.rsplit_once('@').map(|(user, _)| user);
    let is_login =
        |user: &str| user.contains(':') || url.starts_with("https://") && user.len() > LONGEST_USER;
    if user.is_some_and(is_login) {
        return Err(Problem::new(format!("the address at {host} holds a password or a token"))
            .help("leave it out: git asks its credential helper, and ssh its agent (`git help credentials`)"));
    }
    if path.contains('?') {
        return Err(Problem::new(format!(
            "the address at {host} has a `?`, behind which tokens stand"
        ))
        .help("leave it out: git asks its credential helper (`git help credentials`)"));
    }
    let plain = url.chars().all(|c| !c.is_control() && !c.is_whitespace() && c != '\\');
    if !plain || host.starts_with('-') || user.is_some_and(|user| user.starts_with('-')) {
        return Err(Problem::new("the address has characters that no address has"));
    }
    Ok(())
}

impl Reference {
    /// What `dockwright.toml` names: `preset = "…"`, or a table with `git`,
    /// `rev` and `path`; `None` where it names none.
    ///
    /// # Errors
    /// See [`Self::parse`], with the place.
    pub fn of_entries(entries: &[Entry]) -> Result<Option<Self>, Problem> {
        let find = |key: &str| entries.iter().find(|entry| entry.key == key);
        if let Some(entry) = find("preset") {
            return Self::parse(&entry.text)
                .map(Some)
                .map_err(|problem| problem.at(entry.place.to_string()));
        }
        let parts = entries.iter().filter(|entry| entry.key.starts_with("preset."));
        for entry in parts {
            if !["preset.git", "preset.rev", "preset.path"].contains(&entry.key.as_str()) {
                return Err(Problem::new(format!("unknown key `{}`", entry.key))
                    .at(entry.place.to_string())
                    .help(
                        "preset = { git = \"https://…\", rev = \"TAG\", path = \"DIRECTORY\" }",
                    ));
            }
        }
        let Some(git) = find("preset.git") else {
            return match find("preset.rev").or_else(|| find("preset.path")) {
                Some(entry) => Err(Problem::new("the preset has no `git`")
                    .at(entry.place.to_string())
                    .help("a directory is preset = \"../team\"")),
                None => Ok(None),
            };
        };
        let Some(revision) = find("preset.rev") else {
            return Err(Problem::new("the preset has no `rev`")
                .at(git.place.to_string())
                .help("rev = \"TAG\", a branch or a commit"));
        };
        let directory = find("preset.path").map(|entry| entry.text.as_str());
        Self::git(&git.text, &revision.text, directory)
            .map(Some)
            .map_err(|problem| problem.at(git.place.to_string()))
    }

    /// The same preset as a repository names it: a path that was typed is
    /// relative to where it was typed, one in a file to the repository.
    #[must_use]
    pub fn seen_from(self, repository: &Path) -> Self {
        let Self::Path(path) = &self else { return self };
        if path.starts_with("~/") {
            return self;
        }
        let resolved =
            |path: &Path| path::canonical(path).or_else(|_| std::path::absolute(path)).ok();
        match (resolved(Path::new(path)), resolved(repository)) {
            (Some(preset), Some(repository)) => Self::Path(relative(&preset, &repository)),
            _ => self,
        }
    }
}

/// One absolute path as another names it, with `/` on every system.
fn relative(path: &Path, from: &Path) -> String {
    let (path, from): (Vec<_>, Vec<_>) = (path.components().collect(), from.components().collect());
    let common = path.iter().zip(&from).take_while(|(one, other)| one == other).count();
    if common == 0 {
        // Another drive of Windows, to which no relative path leads.
        return path::portable(&path.iter().collect::<PathBuf>());
    }
    let up = std::iter::repeat_n("..".to_owned(), from.len() - common);
    let down = path[common..].iter().map(|part| part.as_os_str().to_string_lossy().into_owned());
    let parts: Vec<String> = up.chain(down).collect();
    match parts.first().map(String::as_str) {
        None => ".".to_owned(),
        Some("..") => parts.join("/"),
        Some(_) => format!("./{}", parts.join("/")),
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Builtin(name) | Self::Path(name) => f.write_str(name),
            Self::Git { url, revision, directory } => {
                write!(f, "git+{url}#{revision}")?;
                match directory {
                    Some(directory) => write!(f, ":{directory}"),
                    None => Ok(()),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_relative_to_the_repository_where_one_leads_there() {
        let relative = |path: &str, from: &str| relative(Path::new(path), Path::new(from));
        assert_eq!(relative("/srv/presets/web", "/srv/shop"), "../presets/web");
        assert_eq!(relative("/srv/shop/team", "/srv/shop"), "./team");
        assert_eq!(relative("/srv/shop", "/srv/shop"), ".");
        assert_eq!(relative("D:/presets/web", "C:/srv/shop"), "D:/presets/web", "another drive");
    }

    #[test]
    fn each_form_is_told_apart_and_prints_as_it_was_written() {
        for text in [
            "django-nginx",
            "../base",
            "presets/web",
            "git+https://example.com/team/presets.git#v3",
            "git+ssh://git@example.com/presets.git#v3:web/django",
        ] {
            assert_eq!(Reference::parse(text).unwrap().to_string(), text);
        }
        assert!(matches!(Reference::parse("presets/web").unwrap(), Reference::Path(_)));
    }

    #[test]
    fn what_git_would_take_for_an_option_or_a_way_out_is_refused() {
        for text in [
            "git+https://example.com/x.git",
            "git+https://example.com/x.git#--upload-pack=evil",
            "git+ext::sh -c evil#v1",
            "git+--exec=evil#v1",
            "git+https://example.com/x.git#v1:../..",
            "git+https://example.com/x.git#v1:/etc",
            "git+https://example.com/x.git#v1:..\\..",
            "git+https://example.com/x.git#v1:C:/x",
            "git+http://example.com/x.git#v1",
            "git+ssh://-oProxyCommand=evil/x#v1",
            "git+file://../x#v1",
        ] {
            assert!(Reference::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_secret_in_an_address_is_refused_and_not_repeated() {
        for text in [
            "git+https://user:s3cret@example.com/x.git#v1",
            "git+https://s3cret0123456789012345678901234567890@example.com/x.git#v1",
            "git+ssh://git:s3cret@example.com/x.git#v1",
            "git+https://example.com/x.git?private_token=s3cret#v1",
            "https://user:s3cret@example.com/x.git",
        ] {
            let problem = Reference::parse(text).unwrap_err();
            assert!(!problem.to_string().contains("s3cret"), "{problem}");
            assert!(problem.help.is_some(), "{problem}");
        }
        for text in ["git+https://org@example.com/x#v1", "git+ssh://git@example.com:2222/x#v1"] {
            assert_eq!(Reference::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_path_may_be_written_as_on_windows_and_from_the_own_home() {
        assert_eq!(Reference::parse("..\\team").unwrap(), Reference::Path("../team".into()));
        assert_eq!(Reference::parse("~/team").unwrap(), Reference::Path("~/team".into()));
        assert!(Reference::parse("~other/team").is_err());
        let problem = Reference::parse("git+git@example.com:team/x.git#v1").unwrap_err();
        assert_eq!(problem.help.as_deref(), Some("git+ssh://git@example.com/team/x.git"));
    }
}
