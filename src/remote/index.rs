//! Releases of a package, from the index that the user's own installers ask, by `curl`
//! and the simple API of PEP 503 and PEP 691.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{LazyLock, OnceLock};
use std::time::Duration;

use configparser::ini::Ini;
use pep440_rs::{Version, VersionSpecifiers};
use regex::Regex;
use serde::Deserialize;

use crate::remote::{Asked, is_installed, run, several};

/// Where packages come from unless somebody says otherwise.
const PUBLIC: &str = "https://pypi.org/simple";
/// Seconds for a connection, and for a whole answer.
const CONNECT: &str = "5";
const WHOLE: &str = "20";
/// Exit codes of curl that are about one page and not about the index: what the server
/// refused, and a page that is too large.
const OF_ONE_PAGE: [i32; 2] = [22, 63];

/// A release that can be installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// Its version.
    pub version: Version,
    /// The Pythons that its files ask for; `None` where none of them says it.
    pub python: Option<VersionSpecifiers>,
}

/// Indexes of packages, each page asked for once.
#[derive(Debug, Default)]
pub struct Index {
    pages: Asked<Vec<Release>>,
    /// By address: why an index cannot be reached.
    reached: Asked<()>,
    default: OnceLock<String>,
}

/// Why a page was not had.
enum Failure {
    /// The index cannot be reached, so that nothing else can be asked of it.
    Index(String),
    Page(String),
}

impl Index {
    /// The releases of each of these packages, in their order, or why they could not be
    /// asked for. `own` is the index that the repository names; empty for the user's.
    pub fn releases(&self, own: &str, names: &[&str]) -> Vec<Result<Vec<Release>, String>> {
        let base = match own {
            "" => self.default.get_or_init(user_index).as_str(),
            own => own,
        };
        // The first page tells whether there is an index, so that one that is not there
        // is waited for once.
        let first = names.first().map(|name| self.reached.or_ask(base, || self.probe(base, name)));
        if let Some(Err(why)) = first {
            return names.iter().map(|_| Err(why.clone())).collect();
        }
        several(names, |name| self.page(base, name))
    }

    fn probe(&self, base: &str, name: &str) -> Result<(), String> {
        match page(base, name) {
            Err(Failure::Index(why)) => Err(why),
            Err(Failure::Page(why)) => self.keep(base, name, Err(why)),
            Ok(releases) => self.keep(base, name, Ok(releases)),
        }
    }

    fn keep(
        &self,
        base: &str,
        name: &str,
        answer: Result<Vec<Release>, String>,
    ) -> Result<(), String> {
        let _ = self.pages.or_ask(&address(base, name), || answer);
        Ok(())
    }

    fn page(&self, base: &str, name: &str) -> Result<Vec<Release>, String> {
        self.pages.or_ask(&address(base, name), || {
            page(base, name).map_err(|failure| match failure {
                Failure::Index(why) | Failure::Page(why) => why,
            })
        })
    }
}

/// The newest release with the first two numbers of a pinned version that is neither a
/// pre-release nor the pinned one, and that installs on a Python.
#[must_use]
pub fn newest_patch(
    pinned: &Version,
    releases: &[Release],
    python: Option<&Version>,
) -> Option<Version> {
    let line = |version: &Version| {
        let numbers = version.release();
        let number = |at: usize| numbers.get(at).copied().unwrap_or(0);
        (version.epoch(), number(0), number(1))
    };
    let fits = |release: &&Release| {
        let python = python.zip(release.python.as_ref());
        python.is_none_or(|(python, asked)| asked.contains(python))
    };
    let of_line = releases.iter().filter(|own| {
        !own.version.any_prerelease()
            && !own.version.is_local()
            && line(&own.version) == line(pinned)
            && own.version > *pinned
    });
    of_line.filter(fits).map(|own| own.version.clone()).max()
}

fn address(base: &str, name: &str) -> String {
    format!("{}/{name}/", base.trim_end_matches('/'))
}

/// An address without what a login puts into it.
#[must_use]
pub fn without_login(address: &str) -> String {
    match address.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.split_once('/')?)))
    {
        Some((scheme, (host, path))) => {
            format!("{scheme}://{}/{path}", host.rsplit('@').next().unwrap_or(host))
        }
        None => address.to_owned(),
    }
}

fn page(base: &str, name: &str) -> Result<Vec<Release>, Failure> {
    let shown = without_login(&format!("{}/", base.trim_end_matches('/')));
    if !is_installed("curl") {
        let why = "there is no curl here, which asks the index of packages".to_owned();
        return Err(Failure::Index(why));
    }
    let address = address(base, name);
    if address.contains(['"', '\\', '\n', '\r']) {
        return Err(Failure::Index(format!("{shown} is no address")));
    }
    let mut command = Command::new("curl");
    command.args(["--silent", "--show-error", "--fail", "--location", "--max-redirs", "5"]);
    command.args(["--proto", "=http,https", "--proto-redir", "=http,https"]);
    command.args(["--connect-timeout", CONNECT, "--max-time", WHOLE, "--max-filesize", "67108864"]);
    command.args(["--netrc-optional", "--config", "-"]);
    // Windows' own curl cannot.
    if cfg!(unix) {
        command.arg("--compressed");
    }
    command.env("LC_ALL", "C");
    // Where no list of processes shows it: an address may have a login in it.
    let accept = "application/vnd.pypi.simple.v1+json, text/html;q=0.2";
    let input = format!("url = \"{address}\"\nheader = \"Accept: {accept}\"\n");
    let said = run(&mut command, &input, Duration::from_secs(60))
        .map_err(|error| Failure::Index(format!("curl could not be run: {error}")))?;
    match said.code {
        Some(0) => read(&String::from_utf8_lossy(&said.output))
            .ok_or_else(|| Failure::Page(format!("{shown} gave no page of a package index"))),
        code => {
            let line = said.error.lines().next().unwrap_or("curl said nothing");
            let line = line.split_once(") ").map_or(line, |(_, rest)| rest);
            let why = format!("{shown}: {}", line.replace(&address, &shown));
            let of_page = code.is_some_and(|code| OF_ONE_PAGE.contains(&code));
            Err(if of_page { Failure::Page(why) } else { Failure::Index(why) })
        }
    }
}

#[derive(Deserialize)]
struct Page {
    files: Vec<File>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct File {
    filename: String,
    requires_python: Option<String>,
    /// `false`, `true`, or why.
    #[serde(default)]
    yanked: serde_json::Value,
}

/// The releases of a page, in either of its forms; `None` for another one.
fn read(text: &str) -> Option<Vec<Release>> {
    let files = match serde_json::from_str::<Page>(text) {
        Ok(page) => page.files,
        Err(_) if text.contains("<a ") || text.contains("</html>") => anchors(text),
        Err(_) => return None,
    };
    let mut releases: BTreeMap<Version, Option<VersionSpecifiers>> = BTreeMap::new();
    for file in files {
        let is_yanked =
            !matches!(file.yanked, serde_json::Value::Null | serde_json::Value::Bool(false));
        let Some(version) = version_of(&file.filename).filter(|_| !is_yanked) else { continue };
        let asked = file.requires_python.and_then(|own| own.parse().ok());
        let known = releases.entry(version).or_default();
        *known = known.take().or(asked);
    }
    Some(releases.into_iter().map(|(version, python)| Release { version, python }).collect())
}

/// The files of a page of PEP 503.
fn anchors(text: &str) -> Vec<File> {
    static ANCHOR: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?s)<a\s([^>]*)>\s*([^<]*?)\s*</a>").expect("a constant"));
    static PYTHON: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"data-requires-python=["']([^"']*)["']"#).expect("a constant")
    });
    let plain = |text: &str| text.replace("&gt;", ">").replace("&lt;", "<").replace("&amp;", "&");
    let files = ANCHOR.captures_iter(text).map(|own| File {
        filename: own[2].to_owned(),
        requires_python: PYTHON.captures(&own[1]).map(|python| plain(&python[1])),
        yanked: own[1].contains("data-yanked").into(),
    });
    files.collect()
}

/// The version in the name of a wheel or of an archive of sources.
fn version_of(name: &str) -> Option<Version> {
    let text = match name.strip_suffix(".whl") {
        Some(wheel) => wheel.split('-').nth(1)?,
        None => {
            let stem =
                [".tar.gz", ".zip", ".tar.bz2"].iter().find_map(|own| name.strip_suffix(own))?;
            stem.rsplit_once('-')?.1
        }
    };
    text.parse().ok()
}

/// The index that the user's installers ask: uv's variables, pip's, pip's files, the
/// public one.
fn user_index() -> String {
    let set = |name: &str| std::env::var(name).ok().filter(|own| !own.trim().is_empty());
    let named = ["UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"].into_iter().find_map(set);
    let found = named.or_else(|| pip_files().iter().find_map(|own| of_file(own)));
    let found = found.unwrap_or_else(|| PUBLIC.to_owned());
    // uv takes `name=https://…`.
    let is_name = |name: &str| !name.contains(['/', ':']);
    match found.trim().split_once('=').filter(|(name, _)| is_name(name)) {
        Some((_, address)) => address.to_owned(),
        None => found.trim().to_owned(),
    }
}

fn pip_files() -> Vec<PathBuf> {
    let path = |name: &str| std::env::var_os(name).filter(|own| !own.is_empty()).map(PathBuf::from);
    if let Some(file) = path("PIP_CONFIG_FILE") {
        return vec![file];
    }
    let home = path("HOME").or_else(|| path("USERPROFILE"));
    let below = |name: &str, file: &str| path(name).map(|own| own.join(file));
    let at_home = |file: &str| home.as_ref().map(|own| own.join(file));
    let files = [
        below("VIRTUAL_ENV", "pip.conf"),
        below("XDG_CONFIG_HOME", "pip/pip.conf"),
        at_home(".config/pip/pip.conf"),
        at_home(".pip/pip.conf"),
        below("APPDATA", "pip/pip.ini"),
        Some(PathBuf::from("/etc/pip.conf")),
    ];
    files.into_iter().flatten().collect()
}

fn of_file(path: &Path) -> Option<String> {
    let text = crate::source::text::of_file(path)?;
    let mut ini = Ini::new();
    ini.read(text).ok()?;
    ini.get("global", "index-url").map(|own| own.trim().to_owned()).filter(|own| !own.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn newest(pinned: &str, page: &str, python: &str) -> Option<String> {
        let releases = read(page).unwrap();
        let python = python.parse().ok();
        newest_patch(&pinned.parse().unwrap(), &releases, python.as_ref())
            .map(|own| own.to_string())
    }

    const JSON: &str = r#"{"meta": {"api-version": "1.1"}, "files": [
        {"filename": "celery-5.7.0-py3-none-any.whl", "url": "x", "hashes": {}},
        {"filename": "celery-5.7.2-py3-none-any.whl", "url": "x", "requires-python": ">=3.10"},
        {"filename": "celery-5.7.3.tar.gz", "url": "x", "requires-python": ">=3.15", "yanked": false},
        {"filename": "celery-5.7.4.tar.gz", "url": "x", "yanked": "broken"},
        {"filename": "celery-5.7.9rc1.tar.gz", "url": "x"},
        {"filename": "celery-5.8.0.tar.gz", "url": "x"}]}"#;

    #[test]
    fn the_newest_patch_is_of_the_same_line_released_not_yanked_and_for_this_python() {
        assert_eq!(newest("5.7.0", JSON, "3.14").as_deref(), Some("5.7.2"));
        assert_eq!(newest("5.7.0", JSON, "3.15").as_deref(), Some("5.7.3"));
        assert_eq!(newest("5.7.2", JSON, "3.14"), None);
        assert_eq!(newest("5.6.0", JSON, "3.14"), None);
        assert_eq!(newest("5.8", JSON, "3.14"), None, "5.8 is 5.8.0");
    }

    #[test]
    fn a_page_in_html_says_the_same_and_another_page_nothing() {
        let html = "<!DOCTYPE html><html><body>\
            <a href=\"x\" data-requires-python=\"&gt;=3.10\">psycopg_pool-3.3.1-py3-none-any.whl</a>\n\
            <a href=\"x\" data-yanked=\"\">psycopg-pool-3.3.9.tar.gz</a></body></html>";
        assert_eq!(newest("3.3.0", html, "3.14").as_deref(), Some("3.3.1"));
        assert_eq!(newest("3.3.0", html, "3.9"), None);
        assert!(read("a captive portal").is_none());
    }

    #[test]
    fn a_login_is_in_no_message() {
        assert_eq!(
            without_login("https://u:p@pypi.example.com/simple/"),
            "https://pypi.example.com/simple/"
        );
        assert_eq!(without_login("https://pypi.example.com/a@b/"), "https://pypi.example.com/a@b/");
    }
}
