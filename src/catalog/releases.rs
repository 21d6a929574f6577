//! Pinned servers for code that does not bring its own: `data/releases.toml`.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::catalog::VERSIONS;

#[derive(Deserialize)]
struct Table {
    server: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Row {
    package: String,
    least_python: String,
    version: String,
}

static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| {
    toml::from_str::<Table>(include_str!("data/releases.toml"))
        .expect("a unit test reads it")
        .server
});

/// The newest release of a server package that installs on a Python minor
/// version; `None` for a package the table does not hold, or a Python that
/// is older than every release.
#[must_use]
pub fn version(package: &str, python: &str) -> Option<&'static str> {
    let minor = |text: &str| -> (u32, u32) {
        let (major, minor) = text.split_once('.').unwrap_or((text, "0"));
        (major.parse().unwrap_or(0), minor.parse().unwrap_or(0))
    };
    ROWS.iter()
        .find(|row| row.package == package && minor(&row.least_python) <= minor(python))
        .map(|row| row.version.as_str())
}

/// The release of a tool of the builder that runs on a Python minor version:
/// that of `versions.toml`, on an old Python the last that supports it; empty for none.
#[must_use]
pub fn tool(name: &str, python: &str) -> String {
    if matches!(python, "3.6" | "3.7" | "3.8" | "3.9") {
        return version(name, python).unwrap_or_default().to_owned();
    }
    VERSIONS.tools.get(name).cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{tool, version};

    #[test]
    fn a_tool_of_the_builder_runs_on_the_projects_python() {
        assert_eq!(tool("poetry", "3.14"), super::VERSIONS.tools["poetry"]);
        assert_eq!(tool("poetry", "3.8"), "1.8.5");
    }

    #[test]
    fn an_older_python_gets_the_last_release_that_supports_it() {
        // The newest is another one at every refresh.
        let newest = super::ROWS.iter().find(|row| row.package == "gunicorn").unwrap();
        assert_eq!(version("gunicorn", "3.14"), Some(newest.version.as_str()));
        assert_eq!(version("gunicorn", "3.9"), Some("23.0.0"));
        assert_eq!(version("uvicorn", "3.8"), Some("0.33.0"));
        assert_eq!(version("uvicorn", "3.6"), Some("0.16.0"));
        assert_eq!(version("uvicorn", "3.5"), None);
        assert_eq!(version("hypercorn", "3.14"), None);
    }
}
