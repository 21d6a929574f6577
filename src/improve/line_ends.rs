//! Line ends of scripts that containers run: a checkout with CRLF gives a shell an
//! interpreter that is not there.

use std::collections::BTreeSet;
use std::path::Path;

use crate::improve::aside;
use crate::lint::Subject;
use crate::relpath::file_name;
use crate::source::text;

/// The file that says how files are checked out.
pub const FILE: &str = ".gitattributes";

/// What it gets.
pub struct LineEnds {
    /// Its text then.
    pub text: String,
    /// That, in words.
    pub what: String,
}

/// What `.gitattributes` lacks for the scripts that the images and services name.
pub fn of(subject: &Subject, dir: &Path) -> Option<LineEnds> {
    let recipes = subject.recipes.iter().map(|own| own.text);
    let composed = subject.deployments.iter().flat_map(|own| own.texts.iter().copied());
    let texts: BTreeSet<usize> = recipes.chain(composed).collect();
    let named: Vec<&str> = texts
        .into_iter()
        .filter(|text| aside::why(subject, *text).is_none())
        .map(|text| subject.texts[text].text.as_str())
        .collect();
    let is_run = |path: &&str| {
        let name = file_name(path);
        let may_be = name.ends_with(".sh") || !name.contains('.');
        may_be
            && named.iter().any(|text| names(text, name))
            && subject.tree.text(path).is_some_and(|text| text.starts_with("#!"))
    };
    let there = text::of_file(&dir.join(FILE)).unwrap_or_default();
    let scripts: Vec<&str> =
        subject.tree.paths().filter(is_run).filter(|path| !is_covered(&there, path)).collect();
    let [first, ..] = scripts.as_slice() else { return None };
    let lines: BTreeSet<String> = scripts
        .iter()
        .map(|path| match path.ends_with(".sh") {
            true => "*.sh text eol=lf".to_owned(),
            false => format!("/{path} text eol=lf"),
        })
        .collect();
    let end = if there.contains("\r\n") { "\r\n" } else { "\n" };
    let mut text = there;
    if !text.is_empty() && !text.ends_with('\n') {
        text.push_str(end);
    }
    for line in &lines {
        text.push_str(&format!("{line}{end}"));
    }
    let what = match scripts.len() {
        1 => format!("{first} keeps LF at its line ends, wherever it is checked out"),
        count => format!(
            "{first} and {} more keep LF at their line ends, wherever they are checked out",
            count - 1
        ),
    };
    Some(LineEnds { text, what })
}

/// Whether a text names a file: `./run.sh`, `/srv/run.sh`.
fn names(text: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    text.match_indices(name).any(|(at, _)| {
        let (before, behind) = (&text[..at], &text[at + name.len()..]);
        !before.ends_with(|c: char| is_part(c)) && !behind.starts_with(is_part)
    })
}

/// Whether a line gives a file LF already.
fn is_covered(attributes: &str, path: &str) -> bool {
    let name = file_name(path);
    attributes.lines().any(|line| {
        let mut words = line.split_whitespace();
        let pattern = words.next().unwrap_or_default().trim_start_matches('/');
        let fits = match pattern.strip_prefix('*') {
            Some(end) => name.ends_with(end),
            None => pattern == path || pattern == name,
        };
        fits && words.any(|word| matches!(word, "eol=lf" | "-text" | "binary"))
    })
}
