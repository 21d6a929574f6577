//! Paths the code writes to at run time.

use std::collections::BTreeMap;

use pep508_rs::pep440_rs::Version;

use crate::detect::fact::{Evidence, Fact};
use crate::detect::facts::{Static, Writable};
use crate::detect::python::{Value, below};
use crate::detect::services::Evidences;
use crate::detect::services::binding::{Binding, MADE, WRITTEN};
use crate::detect::services::static_files;
use crate::schema::writable::{HOME, is_shared};

/// What a path is for, and whether its content has to stay.
const PURPOSES: [(&str, &str, bool); 14] = [
    ("media", "media", true),
    ("upload", "uploads", true),
    ("attachment", "uploads", true),
    ("sqlite", "sqlite", true),
    (".db", "sqlite", true),
    ("log", "logs", false),
    ("cache", "cache", false),
    ("session", "sessions", false),
    ("tmp", "temporary", false),
    ("temp", "temporary", false),
    ("celerybeat", "schedule", true),
    ("output", "output", true),
    ("download", "downloads", true),
    ("export", "exports", true),
];

/// Every path that can be told, relative to the directory that was read.
pub(super) fn find(
    evidences: &Evidences<'_, '_>,
    database: &Fact<String>,
    static_files: &Fact<Static>,
) -> Vec<(Writable, Vec<Evidence>)> {
    let mut found = Paths { evidences, paths: BTreeMap::new() };
    let sqlite = database.value().is_some_and(|it| it == "sqlite");
    for binding in evidences.live() {
        found.binding(binding, sqlite);
    }
    if sqlite && found.paths.values().all(|(own, _)| own.purpose != "sqlite") {
        database.evidence().iter().for_each(|line| found.stated(line));
    }
    found.media();
    if let Some(root) = static_files.value().and_then(|it| it.root.as_deref()) {
        // Collected when the image is built.
        found.paths.retain(|path, _| path != root && !path.starts_with(&format!("{root}/")));
    }
    // A path inside another one needs none of its own, and what it keeps is kept there.
    let paths: Vec<String> = found.paths.keys().cloned().collect();
    for path in &paths {
        let outer = paths.iter().find(|it| path.starts_with(&format!("{it}/")));
        if let Some(outer) = outer
            && let Some((inner, _)) = found.paths.remove(path)
            && let Some((known, _)) = found.paths.get_mut(outer)
        {
            known.keep |= inner.keep;
        }
    }
    found.paths.into_values().collect()
}

struct Paths<'e, 'p, 'a> {
    evidences: &'e Evidences<'p, 'a>,
    paths: BTreeMap<String, (Writable, Vec<Evidence>)>,
}

impl Paths<'_, '_, '_> {
    fn binding(&mut self, binding: &Binding, sqlite: bool) {
        let last = binding.last();
        let called = binding.called();
        let root = self.evidences.context.working_directory();
        if sqlite && let Some(path) = self.sqlite(binding) {
            let (path, is_file) = self.place_of_file(&path);
            self.note(path, is_file, "sqlite", true, &binding.evidence);
            return;
        }
        if binding.path == ["MEDIA_ROOT"] {
            return;
        }
        let upper = last.to_ascii_uppercase();
        let setting = upper.starts_with("UPLOAD")
            || upper.ends_with("UPLOAD_FOLDER")
            || upper.ends_with("UPLOAD_DIR")
            || upper.ends_with("UPLOADS_DIR")
            || upper.ends_with("UPLOAD_PATH");
        let folder = ["FOLDER", "DIR", "DIRECTORY", "PATH", "ROOT", "DEST"]
            .iter()
            .any(|end| upper.ends_with(end));
        if setting && folder && !binding.path.iter().any(|part| part.ends_with("()")) {
            if let Some(path) = place(&binding.value, root) {
                self.note(path, false, "uploads", true, &binding.evidence);
            }
            return;
        }
        let file = called == WRITTEN
            || (called.ends_with("FileHandler") && matches!(last, "0" | "filename"))
            || (binding.passes("LOGGING") && last == "filename")
            || (called == "logging.basicConfig" && last == "filename")
            || (called == "logger.add" && last == "0");
        let directory = called == MADE
            || (binding.passes("CACHES") && last == "LOCATION" && is_file_cache(self.evidences))
            || matches!(last, "SESSION_FILE_DIR" | "SESSION_FILE_PATH" | "CACHE_DIR")
            || (last == "cache_dir" && !called.is_empty());
        if !file && !directory {
            return;
        }
        if is_of_home(&binding.value) {
            self.note(HOME.to_owned(), false, "home", true, &binding.evidence);
            return;
        }
        let Some(path) = place(&binding.value, root) else { return };
        // What the repository ships is in the image, and a tool's to write.
        let tree = self.evidences.context.tree;
        if called == WRITTEN && tree.has(&path) || called == MADE && self.holds_code(&path) {
            return;
        }
        let hint = if last == "cache_dir" || last == "CACHE_DIR" || binding.passes("CACHES") {
            "cache"
        } else if called == WRITTEN || called == MADE {
            ""
        } else {
            "log"
        };
        let (purpose, keep) = purpose(&format!("{path} {hint}"));
        let (path, is_file) = if file { self.place_of_file(&path) } else { (path, false) };
        self.note(path, is_file, purpose, keep, &binding.evidence);
    }

    /// The file of an SQLite database whose address stands in a file of variables.
    fn stated(&mut self, line: &Evidence) {
        let Some((scheme, path)) = line.text.split_once(":///") else { return };
        let end = |c: char| matches!(c, '?' | '"' | '\'' | '#') || c.is_whitespace();
        let path = path.split(end).next().unwrap_or_default();
        if !scheme.contains("sqlite") || path.is_empty() || path.starts_with(":memory:") {
            return;
        }
        let root = self.evidences.context.working_directory();
        let path = if path.starts_with('/') { Some(path.to_owned()) } else { below(root, path) };
        if let Some(path) = path {
            let (path, is_file) = self.place_of_file(&path);
            self.note(path, is_file, "sqlite", true, line);
        }
    }

    /// Django's uploads, where the settings that win put them.
    fn media(&mut self) {
        let settings: Vec<&Binding> = self.evidences.live().filter(|it| it.in_settings).collect();
        let Some(binding) = static_files::last(&settings, "MEDIA_ROOT") else { return };
        let root = self.evidences.context.working_directory();
        if let Some(path) = place(&binding.value, root) {
            self.note(path, false, "media", true, &binding.evidence);
        }
    }

    /// The file of an SQLite database.
    fn sqlite(&self, binding: &Binding) -> Option<String> {
        let root = self.evidences.context.working_directory();
        if binding.in_settings && binding.first() == "DATABASES" {
            let default = binding.path.get(1).is_none_or(|alias| alias == "default");
            return (default && binding.last() == "NAME").then(|| place(&binding.value, root))?;
        }
        if matches!(
            binding.called(),
            "sqlite3.connect" | "aiosqlite.connect" | "peewee.SqliteDatabase"
        ) {
            return (matches!(binding.last(), "0" | "database"))
                .then(|| place(&binding.value, root))?
                .filter(|path| !path.ends_with(":memory:"));
        }
        let parts = binding.value.parts();
        parts.into_iter().find_map(|part| {
            let address = part.beginnings().into_iter().find(|it| it.starts_with("sqlite"))?;
            let whole = match part {
                Value::Template(values) => {
                    let tail = values.iter().find_map(|value| match value {
                        Value::Place(path) => Some(path.clone()),
                        _ => None,
                    });
                    match tail {
                        // `"sqlite:///" + os.path.join(BASE, "x.db")`.
                        Some(path) if values.len() == 2 => return Some(path),
                        Some(_) => return part_after_place(values),
                        None => part.text().unwrap_or(address),
                    }
                }
                _ => address,
            };
            let (_, path) = whole.split_once(":///")?;
            let path = path.split('?').next().unwrap_or(path);
            // Four slashes begin an absolute path.
            if path.starts_with('/') {
                return Some(path.to_owned());
            }
            let is_file = !path.is_empty() && !path.starts_with(":memory:");
            if is_file && self.is_of_instance(binding) {
                let root = self.evidences.context.startup.root();
                return below(root, path).and_then(|_| below(root, &format!("instance/{path}")));
            }
            is_file.then(|| below(root, path))?
        })
    }

    /// Whether a relative path is one below Flask's instance directory, beside the
    /// package, and not the working directory: Flask-SQLAlchemy since 3.0.
    fn is_of_instance(&self, binding: &Binding) -> bool {
        let dependencies = self.evidences.context.dependencies;
        let is_new = |own: &Version| own.release().first().is_none_or(|major| *major >= 3);
        binding.path.iter().any(|own| own == "SQLALCHEMY_DATABASE_URI")
            && dependencies.installs("flask-sqlalchemy")
            && dependencies.version("flask-sqlalchemy").is_none_or(is_new)
    }

    /// The directory of a file, unless others have theirs there: then the file
    /// itself.
    fn place_of_file(&self, path: &str) -> (String, bool) {
        let root = self.evidences.context.startup.root();
        match path.rsplit_once('/') {
            Some((directory, _))
                if directory != root
                    && !is_shared_at(directory)
                    && !self.ships(directory, path) =>
            {
                (directory.to_owned(), false)
            }
            _ => (path.to_owned(), true),
        }
    }

    /// Whether the repository has files of its own in the directory of one that is
    /// written.
    fn ships(&self, directory: &str, path: &str) -> bool {
        self.evidences.context.tree.below(directory).any(|it| {
            let name = it.rsplit('/').next().unwrap_or(it);
            !it.starts_with(path) && !matches!(name, ".gitkeep" | ".gitignore" | ".keep")
        })
    }

    /// Whether a directory is made only in case that it is not there: a volume
    /// would hide the code in it from every update.
    fn holds_code(&self, path: &str) -> bool {
        let ends = [".py", ".html", ".css", ".js"];
        let tree = self.evidences.context.tree;
        !path.starts_with('/')
            && tree.below(path).any(|it| ends.iter().any(|end| it.ends_with(end)))
    }

    fn note(
        &mut self,
        path: String,
        is_file: bool,
        purpose: &str,
        keep: bool,
        evidence: &Evidence,
    ) {
        let root = self.evidences.context.startup.root();
        if path == "."
            || path == root
            || path.contains(['*', '%', '$', '{', '~', '\n']) && path != HOME
            || passes_with_the_container(&path)
            || path.len() > 200
        {
            return;
        }
        let purpose = purpose.to_owned();
        let writable = Writable { path: path.clone(), file: is_file, purpose, keep };
        let (known, lines) = self.paths.entry(path).or_insert_with(|| (writable, Vec::new()));
        known.keep |= keep;
        if !lines.contains(evidence) && lines.len() < 4 {
            lines.push(evidence.clone());
        }
    }
}

/// A path of the repository, or an absolute one of the container.
pub(super) fn place(value: &Value, directory: &str) -> Option<String> {
    value.path(directory).or_else(|| absolute(value))
}

/// Whether a path is below the home directory of who runs the code.
fn is_of_home(value: &Value) -> bool {
    match value {
        Value::Template(values) => values.first().is_some_and(is_of_home),
        value => value.text().is_some_and(|text| text == HOME || text.starts_with("~/")),
    }
}

fn absolute(value: &Value) -> Option<String> {
    let text = match value {
        Value::Template(values) => {
            let mut path = values.first()?.text()?;
            for part in &values[1..] {
                let part = part.text()?;
                let is_joined = path.ends_with('/') || part.starts_with(['/', '.']);
                path.push_str(if is_joined { "" } else { "/" });
                path.push_str(&part);
            }
            path
        }
        Value::Read(read) => return absolute(read.default.as_ref()?),
        Value::Either(values) => return values.iter().find_map(absolute),
        value => value.text()?,
    };
    let below = below(".", text.strip_prefix('/')?.trim_start_matches('/'))?;
    (below != ".").then(|| format!("/{below}"))
}

fn is_shared_at(directory: &str) -> bool {
    directory.is_empty() || directory.starts_with('/') && is_shared(directory)
}

/// Whether what is written at an absolute path is nobody's to keep, or everybody's
/// to write: scratch space and devices.
fn passes_with_the_container(path: &str) -> bool {
    ["/tmp", "/var/tmp", "/dev", "/proc", "/run", "/var/run"].iter().any(|of| {
        path.strip_prefix(of).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// `f"sqlite:///{BASE_DIR}/shop.db"`.
fn part_after_place(values: &[Value]) -> Option<String> {
    let at = values.iter().position(|it| matches!(it, Value::Place(_)))?;
    Value::Template(values[at..].to_vec()).path(".")
}

fn is_file_cache(evidences: &Evidences<'_, '_>) -> bool {
    evidences.live().any(|it| {
        it.passes("CACHES") && it.value.text().is_some_and(|text| text.ends_with("FileBasedCache"))
    })
}

fn purpose(path: &str) -> (&'static str, bool) {
    let lower = path.to_ascii_lowercase();
    let found = PURPOSES.iter().find(|(word, _, _)| lower.contains(word));
    found.map_or(("data", true), |(_, purpose, keep)| (purpose, *keep))
}

#[cfg(test)]
mod tests {
    use crate::detect::services::fixture::Repository;

    fn written(repository: &Repository) -> Vec<(String, String, bool)> {
        let found = repository.find().writable;
        found.into_iter().map(|(it, _)| (it.path, it.purpose, it.keep)).collect()
    }

    fn one(path: &str, purpose: &str, keep: bool) -> Vec<(String, String, bool)> {
        vec![(path.to_owned(), purpose.to_owned(), keep)]
    }

    const BASE: &str =
        "from pathlib import Path\nBASE_DIR = Path(__file__).resolve().parent.parent\n";

    #[test]
    fn media_and_the_sqlite_file_of_django_are_kept() {
        let settings = format!(
            "{BASE}MEDIA_ROOT = BASE_DIR / 'media'\nSTATIC_ROOT = BASE_DIR / 'static'\nDATABASES = {{'default': {{'ENGINE': 'django.db.backends.sqlite3', 'NAME': BASE_DIR / 'var' / 'shop.sqlite3'}}}}\n"
        );
        let found = written(&Repository::django(&settings, &[]));
        assert_eq!(found, [one("media", "media", true), one("var", "sqlite", true)].concat());
    }

    #[test]
    fn an_address_in_a_file_of_variables_names_the_file_of_sqlite() {
        let settings = "import os\nDATABASES = {'default': parse(os.environ['DATABASE_URL'])}\n";
        let sample = (".env.example", "DATABASE_URL=sqlite:///var/shop.db # here\n");
        let repository = Repository::django(settings, &[sample]);
        assert_eq!(written(&repository), one("var", "sqlite", true));
    }

    #[test]
    fn addresses_of_sqlite_name_their_file() {
        for address in [
            "'sqlite:///./data/x.db'",
            "'sqlite+aiosqlite:///data/x.db'",
            "'sqlite:///' + os.path.join(HERE, 'data', 'x.db')",
            "f'sqlite:///{HERE}/data/x.db'",
        ] {
            let main = format!(
                "import os\nfrom fastapi import FastAPI\nHERE = os.path.dirname(__file__)\nURL = {address}\napp = FastAPI()\n"
            );
            assert_eq!(
                written(&Repository::fastapi(&main, &[])),
                one("data", "sqlite", true),
                "{address}"
            );
        }
    }

    #[test]
    fn what_the_code_opens_for_writing_and_makes_is_found() {
        for (line, path, purpose, keep) in [
            ("open('logs/app.log', mode='a')", "logs", "logs", false),
            ("Path('out/report.txt').write_text('x')", "out", "data", true),
            ("os.makedirs('uploads', exist_ok=True)", "uploads", "uploads", true),
            ("UPLOADS.mkdir(exist_ok=True)", "files/uploads", "uploads", true),
            ("logging.FileHandler('logs/x.log')", "logs", "logs", false),
            ("load('x', cache_dir='models/cache')", "models/cache", "cache", false),
        ] {
            let main = format!(
                "import os, logging\nfrom pathlib import Path\nfrom fastapi import FastAPI\nUPLOADS = Path('files') / 'uploads'\napp = FastAPI()\ndef f():\n    {line}\n"
            );
            assert_eq!(
                written(&Repository::fastapi(&main, &[])),
                one(path, purpose, keep),
                "{line}"
            );
        }
    }

    #[test]
    fn what_lies_below_the_home_directory_is_kept_with_it() {
        for (set, line) in [
            ("os.path.expanduser('~/.cache/x')", "os.makedirs(PLACE, exist_ok=True)"),
            ("Path(os.environ.get('X', os.path.expanduser('~/.x')))", "(PLACE / 'a').mkdir()"),
            ("Path('~/.x').expanduser() / 'a' / 'b.bin'", "PLACE.parent.mkdir(parents=True)"),
            ("Path.home() / '.x' / 'b.bin'", "PLACE.write_text('x')"),
        ] {
            let main = format!(
                "import os\nfrom pathlib import Path\nfrom fastapi import FastAPI\nPLACE = {set}\napp = FastAPI()\ndef f():\n    {line}\n"
            );
            let found = written(&Repository::fastapi(&main, &[]));
            assert_eq!(found, one("~", "home", true), "{set} {line}");
        }
    }

    #[test]
    fn what_is_only_read_or_lies_outside_is_left_alone() {
        for line in [
            "open('x.txt')",
            "open('x.txt', 'rb')",
            "open('/tmp/x', 'w')",
            "open(name, 'w')",
            "open('../../x', 'w')",
        ] {
            let main = format!(
                "import os\nfrom fastapi import FastAPI\napp = FastAPI()\ndef f(name):\n    {line}\n"
            );
            assert_eq!(written(&Repository::fastapi(&main, &[])), [], "{line}");
        }
    }

    #[test]
    fn a_file_between_the_code_is_named_itself() {
        let main = "from fastapi import FastAPI\nimport pkg.store\napp = FastAPI()\n";
        let store = "def save():\n    open('pkg/state.json', 'w')\n";
        let found = written(&Repository::fastapi(
            main,
            &[("pkg/__init__.py", ""), ("pkg/store.py", store)],
        ));
        assert_eq!(found, one("pkg/state.json", "data", true));
    }

    #[test]
    fn paths_are_relative_to_the_directory_that_was_read() {
        let main = "from flask import Flask\napp = Flask(__name__)\napp.config['UPLOAD_FOLDER'] = 'static/uploads'\n";
        let found =
            Repository::new(&[("web/main.py", main)]).root("web").starts("flask", "main:app");
        assert_eq!(written(&found), one("web/static/uploads", "uploads", true));
    }

    #[test]
    fn in_a_src_that_is_installed_paths_are_relative_to_the_directory_above_it() {
        let main = "from fastapi import FastAPI\napp = FastAPI()\ndef save():\n    open('uploads/a.bin', 'wb')\n";
        let found = |manager: &str| {
            let repository = Repository::new(&[("src/shop/main.py", main)]).root("src");
            written(&repository.manager(manager).starts("fastapi", "shop.main:app"))
        };
        assert_eq!(found("uv"), one("uploads", "uploads", true));
        assert_eq!(found("pip"), one("src/uploads", "uploads", true));
    }
}
