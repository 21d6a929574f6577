//! Which files say something about production. Tests, examples,
//! documentation, migrations, templates and vendored trees never do.

/// Directories whose files never count.
const DIRECTORIES: [&str; 26] = [
    ".devcontainer",
    "test",
    "tests",
    "testing",
    "testdata",
    "e2e",
    "example",
    "examples",
    "sample",
    "samples",
    "doc",
    "docs",
    "docs_src",
    "documentation",
    "migrations",
    "vendor",
    "vendored",
    "_vendor",
    "third_party",
    "third-party",
    "benchmark",
    "benchmarks",
    "notebooks",
    "fixtures",
    "site-packages",
    "node_modules",
];

/// Whether a file may be evidence of what runs in production, by its path
/// relative to the directory that was read.
#[must_use]
pub fn counts(path: &str) -> bool {
    let (directories, name) = path.rsplit_once('/').unwrap_or(("", path));
    let inside = directories.split('/').any(|part| {
        DIRECTORIES.iter().any(|known| known.eq_ignore_ascii_case(part)) || part.contains("{{")
    });
    let test = name == "conftest.py"
        || (name.ends_with(".py") && (name.starts_with("test_") || name.ends_with("_test.py")))
        || name == "tests.py"
        || name.contains("{{");
    let revisions = directories.ends_with("alembic/versions");
    !inside && !test && !revisions
}

#[cfg(test)]
mod tests {
    use super::counts;

    #[test]
    fn only_production_code_counts() {
        for path in ["app/main.py", "src/shop/testimonials.py", "contest.py", "latest/app.py"] {
            assert!(counts(path), "{path}");
        }
        for path in [
            "tests/app.py",
            "app/tests/test_main.py",
            "test_app.py",
            "docs/requirements.txt",
            "{{cookiecutter.slug}}/app.py",
            "shop/migrations/0001_initial.py",
            "app/alembic/versions/1_x.py",
        ] {
            assert!(!counts(path), "{path}");
        }
    }
}
