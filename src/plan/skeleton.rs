//! The code of a new service: what stands in the folders that the row of its
//! framework names, without the files that `data/skeleton.toml` keeps for
//! other stacks.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

use include_dir::Dir;
use serde::Deserialize;

use crate::catalog::Framework;
use crate::catalog::templates::TEMPLATES;
use crate::plan::flags::Flags;
use crate::plan::outputs::Syntax;

/// Below `templates/`.
const FOLDER: &str = "skeleton";
/// How the names of templates end that are rendered and not copied.
const RENDERED: &str = ".tera";

#[derive(Deserialize)]
struct Table {
    file: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    files: Vec<String>,
    any: Vec<String>,
}

static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| {
    toml::from_str::<Table>(include_str!("data/skeleton.toml")).expect("a unit test reads it").file
});

/// One file of a new service.
pub(super) struct File {
    /// Where it is written.
    pub path: String,
    /// The template that fills it.
    pub template: String,
    /// Its permission bits.
    pub mode: u32,
    /// Its language.
    pub syntax: Syntax,
}

/// The files of a stack's skeleton.
pub(super) fn files(framework: Framework, flags: &Flags) -> Vec<File> {
    let mut templates: BTreeMap<String, String> = BTreeMap::new();
    for folder in &framework.row().skeleton {
        let folder = format!("{FOLDER}/{folder}");
        let dir = TEMPLATES.get_dir(&folder).unwrap_or_else(|| panic!("templates/{folder}"));
        for template in below(dir) {
            let path = template[folder.len() + 1..].trim_end_matches(RENDERED);
            templates.insert(path.to_owned(), template);
        }
    }
    for (path, template) in &framework.row().shares {
        templates.insert(path.clone(), format!("{FOLDER}/{template}"));
    }
    let of_others = |path: &str| {
        let mut rows = ROWS.iter().filter(|row| row.files.iter().any(|file| is(path, file)));
        rows.any(|row| !row.any.iter().any(|flag| flags.is(flag)))
    };
    templates.retain(|path, _| !of_others(path));
    let file = |(path, template): (String, String)| File {
        mode: mode(&template),
        syntax: syntax(&path),
        path,
        template,
    };
    templates.into_iter().map(file).collect()
}

/// The paths of all files below a directory of templates.
fn below(dir: &'static Dir<'static>) -> Vec<String> {
    let mut paths: Vec<String> =
        dir.files().filter_map(|file| file.path().to_str().map(str::to_owned)).collect();
    paths.extend(dir.dirs().flat_map(below));
    paths
}

/// Whether a row's name means this path.
fn is(path: &str, file: &str) -> bool {
    if file.ends_with('/') {
        return path.starts_with(file) || path.contains(&format!("/{file}"));
    }
    path.strip_suffix(file).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
}

/// What starts with an interpreter is a command.
fn mode(template: &str) -> u32 {
    let script =
        TEMPLATES.get_file(template).is_some_and(|file| file.contents().starts_with(b"#!"));
    if script { 0o755 } else { 0o644 }
}

fn syntax(path: &str) -> Syntax {
    let path = Path::new(path);
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("py") => Syntax::Python,
        Some("toml") => Syntax::Toml,
        Some("json") => Syntax::Json,
        Some("md") => Syntax::Markdown,
        None if path.ends_with(".gitignore") => Syntax::Ignore,
        Some("onnx" | "joblib") => Syntax::Binary,
        None if path.ends_with("Pipfile") => Syntax::Toml,
        _ => Syntax::Text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_means_files_by_name_and_directories_wherever_they_are() {
        assert!(is("core/views/items.py", "items.py") && is("items.py", "items.py"));
        assert!(!is("tests/test_items.py", "items.py"));
        assert!(is("migrations/env.py", "migrations/"));
        assert!(is("core/migrations/__init__.py", "migrations/"));
        assert!(!is("tests/test_migrations.py", "migrations/"));
    }

    #[test]
    fn every_row_means_a_file_that_is_there() {
        let dir = TEMPLATES.get_dir(FOLDER).unwrap();
        let paths = below(dir);
        for file in ROWS.iter().flat_map(|row| &row.files) {
            assert!(paths.iter().any(|path| is(path.trim_end_matches(RENDERED), file)), "{file}");
        }
    }
}
