//! Files into one tree.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use super::{Fault, Files, Project, merge, rebase, variables};
use crate::relpath::{join, parent};
use crate::source::compose::interpolate;
use crate::source::compose::yaml::{self, Item, Node};
use crate::source::dotenv;
use crate::source::text::Text;

/// More files than this are not followed, nor deeper chains of `extends`.
const FILES: usize = 64;
const DEEPEST: usize = 16;
/// Nor are more inclusions than this, of one file or of many.
const INCLUDED: usize = 256;
/// Ends of lines in YAML 1.1, which Compose's reader follows, and not in 1.2.
const LINE_BREAKS: [char; 3] = ['\u{85}', '\u{2028}', '\u{2029}'];

pub(super) fn load(directory: &str, paths: &[String], files: Files<'_>) -> Project {
    let project = Project::default();
    let mut loader = Loader { files, project, trees: HashMap::new(), included: 0 };
    loader.project.directory = directory.to_owned();
    // Every shell sets it, and who starts a project stands in its directory.
    loader.project.env.insert("PWD".to_owned(), ".".to_owned());
    loader.env(&[env_path(directory)]);
    let root = loader.merged(paths, directory, 0);
    loader.project.root = root;
    variables::replace(&mut loader.project);
    loader.unique();
    loader.project
}

fn env_path(directory: &str) -> String {
    if directory == "." { ".env".to_owned() } else { format!("{directory}/.env") }
}

struct Loader<'a> {
    files: Files<'a>,
    project: Project,
    /// The trees of files by their numbers: services by the hundred may extend one.
    trees: HashMap<usize, Option<Rc<Item>>>,
    /// How often a file was included.
    included: usize,
}

impl Loader<'_> {
    fn fault(&mut self, message: impl Into<String>, file: usize, line: usize) {
        self.project.faults.push(Fault { message: message.into(), file, line: line.max(1) });
    }

    /// What Compose refuses once its files are laid over each other.
    fn unique(&mut self) {
        let mut equal: Vec<(String, usize, usize)> = Vec::new();
        for service in self.project.services() {
            for key in merge::UNIQUE {
                let items = service.item.get(key).map_or(&[][..], Item::items);
                let texts: Vec<Option<String>> = items.iter().map(Item::scalar).collect();
                let again = (1..texts.len()).find(|at| texts[..*at].contains(&texts[*at]));
                if let Some(at) = again {
                    let what = format!(
                        "services.{}.{key} has {:?} twice",
                        service.name,
                        items[at].scalar().unwrap_or_default()
                    );
                    equal.push((what, items[at].file, items[at].line));
                }
            }
        }
        for (what, file, line) in equal {
            self.fault(
                format!("Compose refuses it: {what}, by extends or another file"),
                file,
                line,
            );
        }
    }

    /// Reads env files, the last one of which wins, below what is known already.
    fn env(&mut self, paths: &[String]) {
        let mut own: BTreeMap<String, String> = BTreeMap::new();
        for text in paths.iter().filter_map(|path| (self.files)(path).ok().flatten()) {
            for entry in dotenv::read(&text) {
                let is_literal = text[entry.value_span.start..].starts_with('\'');
                let known = |variable: &interpolate::Variable<'_>| {
                    let before = self.project.env.get(variable.name);
                    before.or_else(|| own.get(variable.name)).cloned()
                };
                let value = match is_literal {
                    true => entry.value,
                    false => interpolate::replace(&entry.value, &mut { known }),
                };
                own.insert(entry.name, value);
            }
        }
        for (name, value) in own {
            self.project.env.entry(name).or_insert(value);
        }
    }

    /// A file read as a tree; its number.
    fn tree(&mut self, path: &str, from: Option<(usize, usize)>) -> Option<(usize, Rc<Item>)> {
        if let Some(known) = self.project.files.iter().position(|file| file.path == path) {
            return Some((known, self.trees.get(&known)?.clone()?));
        }
        let (file, line) = from.unwrap_or((self.project.files.len(), 1));
        if self.project.files.len() >= FILES {
            self.fault(format!("more than {FILES} files belong to it"), file, line);
            return None;
        }
        match (self.files)(path) {
            Ok(Some(text)) => {
                let number = self.project.files.len();
                self.project.files.push(Text::new(path, text.as_str()));
                let tree = self.parsed(&text, number).map(Rc::new);
                self.trees.insert(number, tree.clone());
                Some((number, tree?))
            }
            other => {
                let why = other.err().unwrap_or_else(|| "it is not there".to_owned());
                let message = match from {
                    Some(_) => format!("{path} cannot be read: {why}"),
                    None => {
                        self.project.files.push(Text::new(path, ""));
                        why
                    }
                };
                self.fault(message, file, line);
                None
            }
        }
    }

    fn parsed(&mut self, text: &str, number: usize) -> Option<Item> {
        if let Some(at) = text.find(LINE_BREAKS) {
            let line = text[..at].matches('\n').count() + 1;
            let message = "it holds a line break that Compose takes for one and others do not \
                           (U+0085, U+2028 or U+2029)";
            self.fault(message, number, line);
        }
        let read = match (yaml::read_strictly(text), yaml::read(text)) {
            // Compose refuses a key that is there twice; the rest can be read.
            (Err(said), Ok(lenient)) => {
                let line = line_in(&said).unwrap_or(1);
                self.fault(format!("Compose refuses it: {said}"), number, line);
                Ok(lenient)
            }
            (read, _) => read,
        };
        match read {
            Ok(mut item) if matches!(item.node, Node::Map(_)) => {
                item.of_file(number);
                Some(item)
            }
            Ok(Item { node: Node::Null, .. }) => None,
            Ok(_) => {
                self.fault("it is no mapping of keys", number, 1);
                None
            }
            Err(said) => {
                let line = line_in(&said).unwrap_or(1);
                self.fault(format!("it is no YAML that can be read: {said}"), number, line);
                None
            }
        }
    }

    /// Files laid over each other, and what they include under them.
    fn merged(&mut self, paths: &[String], directory: &str, depth: usize) -> Item {
        let mut root = Item::of(Node::Map(Vec::new()));
        for path in paths {
            let Some((number, tree)) = self.tree(path, None) else { continue };
            let mut own = Rc::unwrap_or_clone(tree);
            if let Some(included) = own.get("include").cloned() {
                let below = self.included(&included, directory, number, depth);
                root = merge::over(root, below);
            }
            self.extended(&mut own, number, directory);
            root = merge::over(root, own);
        }
        root
    }

    fn included(&mut self, include: &Item, directory: &str, file: usize, depth: usize) -> Item {
        let mut root = Item::of(Node::Map(Vec::new()));
        if depth >= DEEPEST {
            self.fault("it includes itself, or too deeply", file, include.line);
            return root;
        }
        for entry in include.items() {
            // Files that include two each are soon more than anybody can wait for.
            self.included += 1;
            if self.included > INCLUDED {
                if self.included == INCLUDED + 1 {
                    let message = format!("more than {INCLUDED} files are included");
                    self.fault(message, file, entry.line);
                }
                break;
            }
            let written = match entry.get("path") {
                Some(path) => path.scalars(),
                None => entry.scalars(),
            };
            let paths: Vec<String> =
                written.iter().filter_map(|path| join(directory, &self.known(path))).collect();
            if written.is_empty() || paths.len() < written.len() {
                let message = "what it includes is outside of the directory, or only known later";
                self.fault(message, file, entry.line);
                continue;
            }
            let of_first = parent(&paths[0]).to_owned();
            let stated = entry.get("project_directory").and_then(Item::scalar);
            let stated = stated.map(|stated| self.known(&stated));
            let place = stated.and_then(|stated| join(directory, &stated)).unwrap_or(of_first);
            let stated = entry.get("env_file").map(Item::scalars).unwrap_or_default();
            let stated: Vec<String> =
                stated.iter().filter_map(|path| join(directory, &self.known(path))).collect();
            match stated.is_empty() {
                true => self.env(&[env_path(&place)]),
                false => self.env(&stated),
            }
            let missing: Vec<&String> =
                paths.iter().filter(|p| !matches!((self.files)(p), Ok(Some(_)))).collect();
            if let Some(path) = missing.first() {
                let message = format!("it includes {path}, which cannot be read");
                self.fault(message, file, entry.line);
                continue;
            }
            let mut below = self.merged(&paths, &place, depth + 1);
            rebase::file(&mut below, &place, directory);
            root = merge::over(root, below);
        }
        root
    }

    /// A path whose variables have a value or a default; the others stay.
    fn known(&self, written: &str) -> String {
        let mut is_open = false;
        let replaced = interpolate::replace(written, &mut |variable| {
            let found = self.project.env.get(variable.name).cloned();
            is_open |= found.is_none() && variable.default.is_none();
            found
        });
        if is_open { written.to_owned() } else { replaced }
    }

    /// `extends` of every service of a file.
    fn extended(&mut self, own: &mut Item, number: usize, directory: &str) {
        let whole = own.clone();
        let Node::Map(entries) = &mut own.node else { return };
        let services =
            entries.iter_mut().find(|(key, _)| key.scalar().as_deref() == Some("services"));
        let Some((_, Item { node: Node::Map(services), .. })) = services else { return };
        for (_, service) in services {
            *service = self.extension(service, &whole, number, directory, 0);
        }
    }

    fn extension(
        &mut self,
        service: &Item,
        whole: &Item,
        number: usize,
        directory: &str,
        depth: usize,
    ) -> Item {
        let Some(extends) = service.get("extends").cloned() else { return service.clone() };
        if depth >= DEEPEST {
            self.fault("a service extends itself, or too deeply", number, extends.line);
            return service.clone();
        }
        let name = extends.scalar().or_else(|| extends.get("service")?.scalar());
        let file = extends.get("file").and_then(Item::scalar);
        let other;
        let (base_file, base_whole, place) = match file {
            None => (number, whole, directory.to_owned()),
            Some(written) => {
                let Some(path) = join(directory, &self.known(&written)) else {
                    let message = format!("it extends {written}, which is out of reach");
                    self.fault(message, number, extends.line);
                    return service.clone();
                };
                let Some((base, tree)) = self.tree(&path, Some((number, extends.line))) else {
                    return service.clone();
                };
                let place = parent(&path).to_owned();
                other = tree;
                (base, &*other, place)
            }
        };
        let base = name.as_deref().and_then(|name| base_whole.get("services")?.get(name)).cloned();
        let Some(base) = base else {
            let name = name.unwrap_or_default();
            self.fault(format!("it extends {name}, which is not there"), number, extends.line);
            return service.clone();
        };
        let mut base = self.extension(&base, base_whole, base_file, &place, depth + 1);
        rebase::service(&mut base, &place, directory);
        let mut own = service.clone();
        without(&mut own, "extends");
        merge::service(base, own)
    }
}

fn without(item: &mut Item, name: &str) {
    if let Node::Map(entries) = &mut item.node {
        entries.retain(|(key, _)| key.scalar().as_deref() != Some(name));
    }
}

/// `… at line 3, column 1`.
fn line_in(said: &str) -> Option<usize> {
    let (_, after) = said.rsplit_once("line ")?;
    after.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}
