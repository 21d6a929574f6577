//! How old the tables are: the day on which each was last held against its source.
//!
//! The day stands in the data file itself, as `read`, before the first table of a TOML
//! file and as the first field of a JSON one. A file whose parts come from several
//! sources has a day for each of them, since one may not be there to be asked.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

/// Reads the day of a data file; `part` names one of several, empty where there is one.
///
/// # Errors
/// A file without a day, or with one that no calendar has, in so many words.
pub fn day(file: &str, text: &str, part: &str) -> Result<String, String> {
    let none = || format!("{file} does not say when it was read");
    let day = if file.ends_with(".json") {
        let first = text.lines().nth(1).ok_or_else(none)?.trim().trim_end_matches(',');
        let first: serde_json::Value =
            serde_json::from_str(&format!("{{{first}}}")).map_err(|_| none())?;
        first["read"].as_str().ok_or_else(none)?.to_owned()
    } else {
        let text = head(text, part);
        let head: toml::Table =
            toml::from_str(&text).map_err(|error| format!("{file}: {error}"))?;
        let read = head.get("read").ok_or_else(none)?;
        let read = if part.is_empty() { Some(read) } else { read.get(part) };
        read.and_then(toml::Value::as_datetime).ok_or_else(none)?.to_string()
    };
    match day.parse::<jiff::civil::Date>() {
        Ok(_) => Ok(day),
        Err(_) => Err(format!("{file}: `{day}` is no day")),
    }
}

/// What stands before a file's own tables: the whole of it is read for its rows, by
/// whoever needs these.
fn head(text: &str, part: &str) -> String {
    let is_own = |line: &str| line.starts_with('[') && (part.is_empty() || line != "[read]");
    let lines = text.lines().take_while(|line| !is_own(line));
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// The days of what generated files pin, `YYYY-MM-DD`.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Ages {
    /// Tags of images.
    pub images: String,
    /// Versions of what builds: uv, poetry and their like.
    pub tools: String,
    /// Packages of new services, with their hashes.
    pub packages: String,
    /// Servers that are added to code that brings none.
    pub servers: String,
}

impl Ages {
    /// Each of them by its name.
    #[must_use]
    pub fn each(&self) -> [(&'static str, &str); 4] {
        [
            ("images", self.images.as_str()),
            ("tools", self.tools.as_str()),
            ("packages", self.packages.as_str()),
            ("servers", self.servers.as_str()),
        ]
    }
}

/// The days of this program's own tables.
pub static AGES: LazyLock<Ages> = LazyLock::new(|| {
    let versions = |part| day("versions.toml", include_str!("data/versions.toml"), part);
    let ages = || -> Result<Ages, String> {
        Ok(Ages {
            images: versions("images")?,
            tools: versions("tools")?,
            packages: day("packages.json", include_str!("data/packages.json"), "")?,
            servers: day("releases.toml", include_str!("data/releases.toml"), "")?,
        })
    };
    ages().expect("a unit test reads them")
});

/// Days from one to another, both `YYYY-MM-DD`; `None` where one is no day. A day that
/// is still to come is 0 days old: the clock is wrong, or in another time zone.
#[must_use]
pub fn days_between(from: &str, to: &str) -> Option<u32> {
    let [from, to] = [from, to].map(|day| day.parse::<jiff::civil::Date>());
    let days = (to.ok()? - from.ok()?).get_days();
    Some(u32::try_from(days).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::{Path, PathBuf};

    use super::*;

    /// Data files that hold nothing of a certain day, and why.
    const AGELESS: [(&str, &str); 9] = [
        ("src/catalog/data/frameworks.toml", "names and measured figures"),
        ("src/catalog/data/memory.toml", "measured figures"),
        ("src/catalog/data/requirements.toml", "names; their versions are in packages.json"),
        ("src/catalog/data/servers.toml", "names; their versions are in releases.toml"),
        ("src/detect/services/data/services.toml", "names of drivers and variables"),
        ("src/inventory/data/reasons.toml", "sentences"),
        ("src/plan/data/outputs.containers.toml", "paths of templates"),
        ("src/plan/data/skeleton.toml", "paths of templates"),
        ("src/preset_test/scaffold/preset.toml", "what a new preset begins with"),
    ];

    /// The same of whole directories.
    const AGELESS_BELOW: [(&str, &str); 1] = [("src/cli/schema/", "what reports hold")];

    /// Parts with a day of their own.
    fn parts(file: &str) -> &'static [&'static str] {
        if file.ends_with("versions.toml") { &["images", "tools", "python"] } else { &[""] }
    }

    fn data_files(dir: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            match path.extension().and_then(|own| own.to_str()) {
                _ if path.is_dir() => data_files(&path, found),
                Some("toml" | "json") if !path.to_string_lossy().contains("/cases/") => {
                    found.push(path);
                }
                _ => {}
            }
        }
    }

    #[test]
    fn every_data_file_says_when_it_was_read_or_why_that_does_not_matter() {
        let top = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut files = Vec::new();
        data_files(&top.join("src"), &mut files);
        let mut ageless: BTreeMap<&str, &str> = AGELESS.into();
        let mut dated = 0;
        for path in files {
            let name = path.strip_prefix(top).unwrap().to_string_lossy().replace('\\', "/");
            let is_below = AGELESS_BELOW.iter().any(|(below, _)| name.starts_with(below));
            if ageless.remove(name.as_str()).is_some() || is_below {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            for part in parts(&name) {
                let day = day(&name, &text, part).unwrap_or_else(|why| panic!("{why} ({part})"));
                assert!(days_between("2026-11-20", &day).is_some(), "{name}: {day}");
                dated += 1;
            }
        }
        assert!(ageless.is_empty(), "these are gone: {ageless:?}");
        assert!(dated >= 9, "{dated}");
    }

    #[test]
    fn a_file_without_a_day_or_with_none_of_a_calendar_is_refused() {
        assert_eq!(
            day("a.toml", "# read\nread = 2026-11-20\n[[a]]\nb = [", ""),
            Ok("2026-11-20".into())
        );
        assert_eq!(day("a.toml", "[read]\nx = 2026-11-20\n[y]\n", "x"), Ok("2026-11-20".into()));
        assert_eq!(
            day("a.json", "{\n \"read\": \"2026-11-20\",\n \"b\": 1\n}", ""),
            Ok("2026-11-20".into())
        );
        assert!(day("a.toml", "[[a]]\nread = 2026-11-20\n", "").is_err());
        assert!(day("a.toml", "[read]\nx = 2026-11-20\n", "y").is_err());
        assert!(day("a.toml", "read = \"today\"\n", "").is_err());
        assert!(day("a.json", "{\n \"read\": \"2026-13-20\"\n}", "").is_err());
        assert!(day("a.json", "{}", "").is_err());
    }

    #[test]
    fn days_are_counted_over_months_and_none_is_negative() {
        assert_eq!(days_between("2026-11-20", "2026-11-30"), Some(10));
        assert_eq!(days_between("2026-11-20", "2027-11-20"), Some(365));
        assert_eq!(days_between("2026-11-20", "2026-11-01"), Some(0));
        assert_eq!(days_between("2026-11-20", "soon"), None);
    }
}
