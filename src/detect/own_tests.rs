//! The command that runs a repository's own tests, packages for development included: what its
//! pipeline runs. A test that wants a server is not told from one that does not.

use super::deps::name::is_development;
use super::deps::{Dependencies, path};
use super::fact::{Evidence, Fact};
use super::tree::Tree;

/// The command, where files say which one it is and how its packages are installed.
#[must_use]
pub fn find(tree: &Tree, dependencies: &Dependencies) -> Fact<String> {
    let directory = dependencies.directory.as_str();
    let Some(manager) = dependencies.manager.value() else { return Fact::Unknown };
    let Some((runner, evidence)) = runner(tree, directory) else { return Fact::Unknown };
    let Some(command) = installed(tree, dependencies, manager, runner) else {
        return Fact::Unknown;
    };
    let command = match directory {
        "." => command,
        below => format!("cd {} && {command}", shell_words::quote(below)),
    };
    Fact::known(command, evidence)
}

/// What runs the tests, by the files of the directory that owns the lock.
fn runner(tree: &Tree, directory: &str) -> Option<(&'static str, Evidence)> {
    let at = |name: &str| match directory {
        "." => name.to_owned(),
        below => format!("{below}/{name}"),
    };
    let has_tests = |is: fn(&str) -> bool| {
        tree.below(directory).any(|file| file.ends_with(".py") && is(path::file_name(file)))
    };
    let pytest = [
        ("pytest.ini", "[pytest]"),
        ("pyproject.toml", "[tool.pytest"),
        ("setup.cfg", "[tool:pytest]"),
        ("tox.ini", "[pytest]"),
    ];
    if has_tests(|name| name.starts_with("test_") || name.ends_with("_test.py")) {
        let configured = pytest.iter().find_map(|(name, header)| {
            tree.find_line(&at(name), |line| line.trim_start().starts_with(header))
        });
        let declared = || {
            let files = tree.in_directory(directory).filter(|file| declares(file));
            let line = |file: &str| tree.find_line(file, names_pytest);
            files.map(str::to_owned).find_map(|file| line(&file))
        };
        if let Some(evidence) = configured.or_else(declared) {
            return Some(("pytest", evidence));
        }
    }
    let manage = at("manage.py");
    let is_django =
        tree.has(&manage) && has_tests(|name| name == "tests.py" || name.starts_with("test_"));
    is_django.then(|| ("python manage.py test", Evidence::file(&manage)))
}

/// Whether a file may name packages for development.
fn declares(file: &str) -> bool {
    let name = path::file_name(file);
    let requirements = name.contains("requirements") && !name.ends_with(".md");
    requirements || matches!(name, "pyproject.toml" | "Pipfile" | "setup.cfg")
}

/// Whether a line asks for pytest, and not for one of its plugins alone.
fn names_pytest(line: &str) -> bool {
    let line = line.trim_start_matches([' ', '\t', '"', '\'']);
    let Some(rest) = line.strip_prefix("pytest") else { return false };
    !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

/// The runner behind what installs the packages that it needs; `None` where no file says which
/// those are.
fn installed(tree: &Tree, own: &Dependencies, manager: &str, runner: &str) -> Option<String> {
    match manager {
        "uv" => Some(format!("uv run --locked {runner}")),
        "poetry" => Some(format!("poetry sync && poetry run {runner}")),
        "pdm" => Some(format!("pdm sync --dev && pdm run {runner}")),
        "pipenv" => Some(format!("pipenv sync --dev && pipenv run {runner}")),
        "pip" => {
            let below = |file: &str| match own.directory.as_str() {
                "." => file.to_owned(),
                directory => file.strip_prefix(&format!("{directory}/")).unwrap_or(file).to_owned(),
            };
            let named = own.files.iter().filter(|file| path::file_name(file).contains("require"));
            let mut files: Vec<String> = named.map(|file| below(file)).collect();
            let beside = tree.in_directory(&own.directory).filter(|file| {
                let name = path::file_name(file);
                name.ends_with(".txt") && name.contains("require") && is_development(name)
            });
            for file in beside.map(below) {
                if !files.contains(&file) {
                    files.push(file);
                }
            }
            let at = |file: &String| match own.directory.as_str() {
                "." => file.clone(),
                directory => format!("{directory}/{file}"),
            };
            let has_runner = runner != "pytest"
                || files.iter().any(|file| tree.find_line(&at(file), names_pytest).is_some());
            if files.is_empty() || !has_runner {
                return None;
            }
            let asked: Vec<String> =
                files.iter().map(|file| format!("-r {}", shell_words::quote(file))).collect();
            let asked = asked.join(" ");
            Some(format!(
                "python3 -m venv .venv && .venv/bin/pip install --quiet {asked} && .venv/bin/{runner}"
            ))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::Wishes;
    use crate::detect::of_tree;

    fn found(files: &[(&str, &str)]) -> Option<String> {
        let directory = tempfile::tempdir().unwrap();
        let mut tree = Tree::read(directory.path()).unwrap();
        let app = "from fastapi import FastAPI\n\napp = FastAPI()\n";
        for (path, text) in [("main.py", app)].iter().chain(files) {
            tree.put(path, text);
        }
        of_tree(&tree, &Wishes::default()).tests.value().cloned()
    }

    #[test]
    fn the_command_installs_what_files_name_and_runs_what_they_configure() {
        let base = ("requirements.txt", "fastapi==0.115.0\nuvicorn==0.34.0\n");
        let test = ("tests/test_main.py", "def test_it():\n    pass\n");
        assert_eq!(found(&[base, test]), None, "nobody asks for pytest");
        assert_eq!(found(&[base, ("requirements-dev.txt", "pytest==9.0.0\n")]), None, "no tests");
        let plugin = ("requirements-dev.txt", "pytest-cov==7.0.0\n");
        assert_eq!(found(&[base, test, plugin]), None);
        assert_eq!(
            found(&[base, test, ("requirements-dev.txt", "pytest==9.0.0\n")]).unwrap(),
            "python3 -m venv .venv && .venv/bin/pip install --quiet -r requirements.txt -r requirements-dev.txt && .venv/bin/pytest"
        );
    }

    #[test]
    fn a_lock_is_installed_by_its_tool() {
        let project = (
            "pyproject.toml",
            "[project]\nname = \"shop\"\nversion = \"1\"\ndependencies = [\"fastapi\"]\n[tool.pytest.ini_options]\n",
        );
        let lock = ("uv.lock", "version = 1\n");
        let test = ("tests/test_main.py", "def test_it():\n    pass\n");
        assert_eq!(found(&[project, lock, test]).unwrap(), "uv run --locked pytest");
        assert_eq!(found(&[project, lock]), None);
    }
}
