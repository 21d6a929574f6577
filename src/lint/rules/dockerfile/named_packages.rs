//! Packages that a RUN names itself: their versions are written down there, or
//! nowhere.

use std::cell::LazyCell;
use std::collections::HashSet;

use crate::catalog::installers::{TOOLS, WITH_VALUE};
use crate::detect::deps::name::normalised;
use crate::lint::rule::Findings;
use crate::lint::rules::dockerfile::support;
use crate::lint::subject::{Build, Subject, listed};
use crate::relpath::file_name;
use crate::source::shell::Simple;

/// Packages that are named in a RUN without a version: one finding an image.
pub(super) fn find(subject: &Subject, build: &Build, findings: &mut Findings) {
    let pinned = LazyCell::new(|| pinned(subject));
    let mut open: Vec<(usize, Vec<String>)> = Vec::new();
    for run in subject.built_runs(build) {
        let names: Vec<String> = run.commands.iter().flat_map(named_open).collect();
        let names: Vec<String> =
            names.into_iter().filter(|name| !pinned.contains(&normalised(name))).collect();
        if !names.is_empty() {
            open.push((run.at, names));
        }
    }
    let place = |(at, _): &(usize, Vec<String>)| subject.instruction(build, *at);
    for open in findings.apart(subject, open, place) {
        let Some((first, names)) = open.first() else { continue };
        let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
        names.dedup();
        let verb = if names.len() == 1 { "is" } else { "are" };
        let some = match names.as_slice() {
            [one, two, three, rest @ ..] if !rest.is_empty() => {
                format!("{one}, {two}, {three} and {} more", rest.len())
            }
            names => listed(names),
        };
        let finding = findings.add(
            subject.within(build, *first, names[0]),
            format!("{some} {verb} installed in whatever version is the newest"),
        );
        finding.members(open.iter().map(place));
        finding.about(names[0]).help(format!(
            "pip install {}==VERSION   (or a line in the file that the others are installed from)",
            names[0]
        ));
        for (at, names) in &open[1..] {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            finding.related(subject.instruction(build, *at), format!("{} as well", listed(&names)));
        }
    }
}

/// Names without a version that a command installs.
fn named_open(command: &Simple) -> Vec<String> {
    let Some(words) = support::pip_install(command).or_else(|| support::uv_pip_install(command))
    else {
        return Vec::new();
    };
    let is_pinned = |word: &String| {
        word == "-c"
            || word.starts_with("--constraint")
            || word.contains(['$', '`'])
            || matches!(word.as_str(), "--no-index" | "--no-deps")
    };
    if words.iter().any(is_pinned) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if WITH_VALUE.contains(&word.as_str())
            || matches!(word.as_str(), "-r" | "--requirement" | "-e" | "--editable")
        {
            words.next();
            continue;
        }
        let name = word.split('[').next().unwrap_or(word);
        let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
            && name.starts_with(|c: char| c.is_ascii_alphabetic());
        let is_whole = name.len() == word.len() || word.ends_with(']');
        if is_name
            && is_whole
            && !TOOLS.contains(&name.to_ascii_lowercase().replace('_', "-").as_str())
        {
            found.push(name.to_owned());
        }
    }
    found
}

/// The packages of which a file of requirements, or a lock, says which version
/// they are.
fn pinned(subject: &Subject) -> HashSet<String> {
    let says = |path: &&str| {
        let file = file_name(path).to_ascii_lowercase();
        (file.ends_with(".txt")
            && (file.contains("require")
                || file.contains("constraint")
                || path.contains("requirements/")))
            || matches!(file.as_str(), "poetry.lock" | "uv.lock" | "pdm.lock" | "pipfile.lock")
    };
    let files = subject.tree.paths().filter(says);
    let files = files.filter_map(|path| Some((path, subject.tree.text(path)?)));
    let named = files.flat_map(|(path, text)| {
        let is_list = path.ends_with(".txt");
        text.lines().map(str::trim).filter(move |line| !is_list || line.contains("==")).filter_map(
            move |line| {
                if is_list {
                    line.split(['=', '[', ' ', ';']).next()
                } else {
                    let own = line.trim_start_matches("name = ").split(':').next();
                    own.map(|own| own.trim_matches('"'))
                }
            },
        )
    });
    named.map(normalised).collect()
}
