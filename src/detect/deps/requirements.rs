//! Requirements files: lines, `-r` and `-c` followed.

use pep508_rs::pep440_rs::VersionSpecifiers;

use super::{Requirement, Source, line, name, path};
use crate::detect::fact::Evidence;
use crate::detect::tree::Tree;

/// What a requirements file installs, with those it names.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// Every file read, the one asked for first.
    pub files: Vec<String>,
    /// What they ask for, in order.
    pub requirements: Vec<Requirement>,
    /// Named files that are not there, with the line that names them.
    pub missing: Vec<(String, Evidence)>,
    /// Lines nobody can read.
    pub unread: Vec<Evidence>,
    /// The tool whose export it is, as its header says: `uv`, `poetry`, ….
    pub exported_by: Option<&'static str>,
    /// Whether another file was compiled into it, so that it pins everything.
    pub compiled: bool,
    /// The markers of its lines, those for other Pythons among them; `None` where every
    /// Python installs something.
    pub markers: Option<Vec<String>>,
    /// Lines that choose another index or more of them.
    pub indexes: Vec<Evidence>,
    /// Whether every package carries a hash.
    pub hashed: bool,
    unhashed: bool,
    unmarked: bool,
    constraints: Vec<Requirement>,
}

impl Listing {
    /// Reads a requirements file.
    #[must_use]
    pub fn read(tree: &Tree, file: &str) -> Self {
        let mut listing = Self::default();
        listing.add(tree, file, false);
        listing.exported_by = tree.text(file).and_then(exporter);
        listing.compiled =
            listing.exported_by.is_some() || tree.text(file).is_some_and(is_compiled);
        listing.markers = listing.markers.take().filter(|_| !listing.unmarked);
        listing.hashed &= !listing.unhashed;
        listing.apply_constraints();
        listing
    }

    fn add(&mut self, tree: &Tree, file: &str, constraint: bool) {
        if self.files.iter().any(|seen| seen == file) {
            return;
        }
        self.files.push(file.to_owned());
        let Some(text) = tree.text(file) else { return };
        for (number, text) in logical_lines(text) {
            let evidence = tree.evidence(file, number);
            self.line(tree, file, &text, evidence, constraint);
        }
    }

    fn line(&mut self, tree: &Tree, file: &str, text: &str, evidence: Evidence, constraint: bool) {
        if text.contains("--hash") {
            self.hashed = true;
        } else if !text.starts_with('-') && !constraint {
            self.unhashed = true;
        }
        let text = without_options(text);
        if let Some(named) = option(text, "-r", "--requirement") {
            self.follow(tree, file, named, evidence, constraint);
        } else if let Some(named) = option(text, "-c", "--constraint") {
            self.follow(tree, file, named, evidence, true);
        } else if let Some(target) = option(text, "-e", "--editable") {
            self.requirement(file, target, evidence, constraint);
        } else if text.starts_with('-') {
            if ["-i", "--index-url", "--extra-index-url", "--find-links", "-f"]
                .iter()
                .any(|name| option(text, name, name).is_some())
            {
                self.indexes.push(evidence);
            }
        } else {
            self.requirement(file, text, evidence, constraint);
        }
    }

    fn requirement(&mut self, file: &str, text: &str, evidence: Evidence, constraint: bool) {
        if !constraint && !text.is_empty() {
            match line::marker_of(text) {
                Some(marker) => self.markers.get_or_insert_default().push(marker.to_owned()),
                None => self.unmarked = true,
            }
        }
        let Some(mut read) = line::requirement(text, evidence.clone()) else {
            let for_others = text.contains(';');
            if !for_others && !text.is_empty() {
                self.unread.push(evidence);
            }
            return;
        };
        if let Source::Path(target) = &mut read.source
            && let Some(inside) = path::join(path::parent(file), target)
        {
            *target = inside;
        }
        let into = if constraint { &mut self.constraints } else { &mut self.requirements };
        into.push(read);
    }

    fn follow(
        &mut self,
        tree: &Tree,
        file: &str,
        named: &str,
        evidence: Evidence,
        constraint: bool,
    ) {
        let named = named.trim_matches(['"', '\'']);
        match path::join(path::parent(file), named).filter(|found| tree.has(found)) {
            Some(found) => self.add(tree, &found, constraint),
            None if named.contains("://") => {}
            None => self.missing.push((named.to_owned(), evidence)),
        }
    }

    /// A constraint narrows a requirement that says nothing itself.
    fn apply_constraints(&mut self) {
        for requirement in &mut self.requirements {
            let found = self.constraints.iter().find(|one| one.name == requirement.name);
            let Some(constraint) = found.and_then(|one| one.specifiers.clone()) else { continue };
            let joined: Vec<_> = requirement
                .specifiers
                .iter()
                .flat_map(|own| own.iter())
                .chain(constraint.iter())
                .cloned()
                .collect();
            requirement.specifiers = Some(joined.into_iter().collect::<VersionSpecifiers>());
        }
    }
}

/// Lines with continuations joined and comments taken off; the number is that
/// of the first.
fn logical_lines(text: &str) -> Vec<(usize, String)> {
    let mut lines = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (at, raw) in text.lines().enumerate() {
        let (mut number, mut joined) = open.take().unwrap_or((at + 1, String::new()));
        let raw = without_comment(raw);
        if joined.trim().is_empty() {
            number = at + 1;
        }
        match raw.trim_end().strip_suffix('\\') {
            Some(start) => {
                joined.push_str(start);
                open = Some((number, joined));
            }
            None => {
                joined.push_str(raw);
                lines.push((number, joined));
            }
        }
    }
    lines.extend(open);
    let trimmed = lines.into_iter().map(|(number, text)| (number, text.trim().to_owned()));
    trimmed.filter(|(_, text)| !text.is_empty()).collect()
}

/// A comment begins the line or follows white space: `#egg=` in a URL is none.
fn without_comment(line: &str) -> &str {
    if line.trim_start().starts_with('#') {
        return "";
    }
    let cut = line.find(" #").or_else(|| line.find("\t#"));
    cut.map_or(line, |at| &line[..at])
}

/// A requirement's own options (`--hash=…`) taken off.
fn without_options(line: &str) -> &str {
    if line.starts_with('-') {
        return line;
    }
    line.find(" --").map_or(line, |at| line[..at].trim_end())
}

/// The value of an option that begins the line: `-r x`, `-rx`,
/// `--requirement=x`.
fn option<'a>(line: &'a str, short: &str, long: &str) -> Option<&'a str> {
    let rest = line.strip_prefix(long).or_else(|| {
        let rest = line.strip_prefix(short)?;
        (!rest.starts_with('-')).then_some(rest)
    })?;
    let value = rest.trim_start().trim_start_matches('=').trim();
    (!value.is_empty()).then_some(value)
}

/// The tool that wrote the file from its own lock, by the header.
fn exporter(text: &str) -> Option<&'static str> {
    let header: Vec<&str> = text.lines().take(6).filter(|line| line.starts_with('#')).collect();
    let says = |what: &str| header.iter().any(|line| line.contains(what));
    if says("uv export") {
        Some("uv")
    } else if says("poetry export") || says("by Poetry") {
        Some("poetry")
    } else if says("pdm export") || says("generated by PDM") {
        Some("pdm")
    } else if says("pipenv") || text.starts_with("-i https://pypi") {
        // `pipenv requirements` and `pipenv lock -r` begin with the index.
        Some("pipenv")
    } else {
        None
    }
}

/// Whether a tool pinned everything that another file asks for.
fn is_compiled(text: &str) -> bool {
    let mut header = text.lines().take(6).filter(|line| line.starts_with('#'));
    header.any(|line| line.contains("pip-compile") || line.contains("uv pip compile"))
}

/// The requirements files of a directory that production installs from, best
/// first, by their names: `requirements.txt`, then those of production, then
/// the base that others build on.
#[must_use]
pub fn candidates(tree: &Tree, directory: &str) -> Vec<String> {
    let folder = path::join(directory, "requirements").unwrap_or_default();
    let here = tree.in_directory(directory).filter(|path| {
        let name = path::file_name(path).to_ascii_lowercase();
        name.contains("requirements") && is_listing(&name)
    });
    let there = tree
        .in_directory(&folder)
        .filter(|path| is_listing(&path::file_name(path).to_ascii_lowercase()));
    let mut found: Vec<(usize, String)> = here
        .chain(there)
        .filter_map(|path| Some((rank(directory, path)?, path.to_owned())))
        .collect();
    found.sort();
    found.into_iter().map(|(_, path)| path).collect()
}

fn is_listing(name: &str) -> bool {
    name.ends_with(".txt") || name.ends_with(".in") || name.ends_with(".pip")
}

/// Files that are for development have no rank.
fn rank(directory: &str, file: &str) -> Option<usize> {
    let below = file.strip_prefix(directory).unwrap_or(file).trim_start_matches('/');
    let lower = below.to_ascii_lowercase();
    let stem = lower.replace("requirements", "");
    let stem = stem.rsplit_once('.').map_or(stem.as_str(), |(stem, _)| stem);
    if name::is_development(stem) || stem.contains("constraint") || stem.contains("override") {
        return None;
    }
    let source = usize::from(lower.ends_with(".in")) * 10;
    let base = ["base", "common", "core", "default", "all", "app", "backend", "api"];
    Some(
        source
            + match stem.trim_matches(['/', '-', '_', '.']) {
                "" => 0,
                stem if name::is_production(stem) => 1,
                stem if base.contains(&stem) => 2,
                _ => 3,
            },
    )
}

/// Names that are probably meant to be `requirements.txt`.
#[must_use]
pub fn misspelt(tree: &Tree, directory: &str) -> Vec<String> {
    tree.in_directory(directory)
        .filter(|path| {
            let name = path::file_name(path);
            let lower = name.to_ascii_lowercase();
            let near = strsim::damerau_levenshtein(&lower, "requirements.txt") <= 2;
            let doubled = lower == "requirements.txt.txt";
            name != "requirements.txt" && (near || doubled) && !lower.ends_with(".in")
        })
        .map(ToOwned::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use assert_fs::TempDir;
    use assert_fs::prelude::*;

    use super::*;

    fn tree(files: &[(&str, &str)]) -> (TempDir, Tree) {
        let directory = TempDir::new().unwrap();
        for (path, text) in files {
            directory.child(path).write_str(text).unwrap();
        }
        let tree = Tree::read(directory.path()).unwrap();
        (directory, tree)
    }

    #[test]
    fn a_file_that_only_names_others_lists_them_all() {
        let (_keep, tree) = tree(&[
            ("requirements.txt", "-r requirements/live.txt\n"),
            ("requirements/live.txt", "-r base.txt\n-c ../pins.txt\ngunicorn==22.0.0\n"),
            ("requirements/base.txt", "Flask  # the web\n-r gone.txt\n-r base.txt\n"),
            ("pins.txt", "flask==3.0.3\nunused==1\n"),
        ]);
        let read = Listing::read(&tree, "requirements.txt");
        let names: Vec<&str> = read.requirements.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["flask", "gunicorn"]);
        assert_eq!(read.requirements[0].exact().unwrap().to_string(), "3.0.3");
        assert_eq!(read.requirements[0].evidence.place(), "requirements/base.txt:1");
        assert_eq!(
            read.files,
            ["requirements.txt", "requirements/live.txt", "requirements/base.txt", "pins.txt"]
        );
        assert_eq!(read.missing[0].0, "gone.txt");
    }

    #[test]
    fn hashes_options_continuations_and_addresses_are_read() {
        let text = "\
--index-url https://mirror/simple
idna==3.7 \\
    --hash=sha256:aa \\
    --hash=sha256:bb
-e git+https://host/a/tool.git#egg=tool
-e ./libs/common
celery[redis]>=5 ; python_version >= '3.8'  # worker
pywin32==1 ; sys_platform == 'win32'
";
        let (_keep, tree) = tree(&[("requirements.txt", text), ("libs/common/setup.py", "")]);
        let read = Listing::read(&tree, "requirements.txt");
        let names: Vec<&str> = read.requirements.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["idna", "tool", "common", "celery"]);
        assert_eq!(read.requirements[2].source, Source::Path("libs/common".into()));
        assert!(read.indexes.len() == 1 && read.unread.is_empty());
        assert!(!read.hashed, "only one line carries hashes");
    }

    #[test]
    fn production_files_come_before_others_and_development_ones_never() {
        let (_keep, tree) = tree(&[
            ("requirements/local.txt", ""),
            ("requirements/base.txt", ""),
            ("requirements/production.txt", ""),
            ("requirements-dev.txt", ""),
            ("test-requirements.txt", ""),
        ]);
        let found = candidates(&tree, ".");
        assert_eq!(found, ["requirements/production.txt", "requirements/base.txt"]);
    }

    #[test]
    fn misspelt_names_are_recognised() {
        let (_keep, tree) = tree(&[
            ("requirments.txt", ""),
            ("Requirements.txt", ""),
            ("requirements.txt.txt", ""),
            ("notes.txt", ""),
        ]);
        assert_eq!(misspelt(&tree, ".").len(), 3);
    }
}
