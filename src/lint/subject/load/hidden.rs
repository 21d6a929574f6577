//! Files that count for a standard from outside, whatever git is told of them:
//! Compose and BuildKit read them all the same.

use std::fs;
use std::path::Path;

use super::{Loader, Subject};
use crate::detect::Facts;
use crate::detect::tree::Tree;
use crate::error::Error;
use crate::lint::subject::{Purpose, Unread, deployment};
use crate::relpath::file_name;
use crate::source::compose::{FILE_NAMES, OVERRIDES, is_compose, yaml};
use crate::source::{dotenv, text};

/// Largest file that is looked into for services, in bytes.
const CAP: u64 = 1 << 20;

impl Subject {
    /// Reads the container files of a directory, those that git ignores and
    /// those under names of their own included. What is `planned` there is one of
    /// them.
    ///
    /// # Errors
    /// When the directory itself cannot be read.
    pub fn all_files(directory: &Path, planned: &[&str]) -> Result<Self, Error> {
        let mut tree = Tree::list(directory)?;
        let mut unread = obstacles(directory);
        unread.extend(unreachable(directory));
        let names =
            FILE_NAMES.iter().chain(&OVERRIDES).chain(planned).chain(&["dockerfile", "Dockerfile"]);
        for path in names.filter(|path| directory.join(path).is_file()) {
            tree.add(path);
        }
        let stacks = stacks(&tree);
        let mut loader = Loader::new(tree, Facts::default(), std::collections::BTreeMap::new());
        loader.subject.unread = unread;
        loader.stacks = stacks;
        Ok(loader.load())
    }
}

/// What stands where Compose looks for a file, and is none.
fn obstacles(directory: &Path) -> Vec<Unread> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let mut unread: Vec<Unread> = names
        .filter_map(|name| {
            let usual =
                FILE_NAMES.iter().chain(&OVERRIDES).find(|own| own.eq_ignore_ascii_case(&name))?;
            let why = match directory.join(&name).metadata() {
                Ok(found) if found.is_file() && name == **usual => return None,
                Ok(found) if found.is_file() => {
                    format!("where names differ by case alone it is not {usual}, elsewhere it is")
                }
                _ => "it is no plain file".to_owned(),
            };
            Some(Unread { path: name, line: 0, why })
        })
        .collect();
    unread.sort_by(|one, other| one.path.cmp(&other.path));
    unread
}

/// `COMPOSE_FILE` that names what is not in the directory.
fn unreachable(directory: &Path) -> Option<Unread> {
    let path = directory.join(".env");
    let small = path.metadata().is_ok_and(|own| own.is_file() && own.len() <= CAP);
    let pairs = dotenv::pairs(&small.then(|| text::of_file(&path)).flatten()?);
    let value = |name: &str| pairs.iter().rfind(|(own, _)| own == name).map(|(_, value)| value);
    let separator = value("COMPOSE_PATH_SEPARATOR").map_or(":", String::as_str);
    if value("COMPOSE_ENV_FILES").is_some_and(|own| !own.is_empty()) {
        let why = "COMPOSE_ENV_FILES names others, and which of them count is not known".to_owned();
        return Some(Unread { path: ".env".to_owned(), line: 0, why });
    }
    let named = value("COMPOSE_FILE").filter(|own| !own.is_empty() && !separator.is_empty())?;
    let is_there =
        |own: &str| crate::relpath::join(".", own).is_some_and(|own| directory.join(own).is_file());
    let lost = named.split(separator).find(|own| !is_there(own))?;
    let why = format!("COMPOSE_FILE names {lost}, which is out of reach");
    Some(Unread { path: ".env".to_owned(), line: 0, why })
}

/// Files with services in them that no name tells: `stack.yml`.
fn stacks(tree: &Tree) -> Vec<String> {
    let is_yaml = |path: &str| path.ends_with(".yml") || path.ends_with(".yaml");
    let counts = |path: &str| {
        let name = file_name(path);
        is_yaml(path)
            && !name.starts_with('.')
            && !is_compose(name)
            && deployment::stated(path) != Some(Purpose::Development)
    };
    let has_services = |path: &str| {
        let text = tree.text(path).filter(|text| {
            text.len() as u64 <= CAP && text.contains("services") && !text.contains("{{")
        });
        let Some(Ok(root)) = text.map(yaml::read) else { return false };
        let Some(services) = root.get("services") else { return false };
        let mut entries = services.entries().map(|(_, service)| service);
        let runs = |key: &str, own: &yaml::Item| own.get(key).is_some();
        entries.any(|own| runs("image", own) || runs("build", own) || runs("extends", own))
    };
    tree.paths().filter(|path| counts(path) && has_services(path)).map(str::to_owned).collect()
}
