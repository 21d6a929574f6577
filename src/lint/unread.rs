//! Files that could not be read, as findings: where that is a fault of the file.
//! What is no file of an engine is passed over: a template of one, a part of
//! one, one for another frontend.

use std::sync::LazyLock;

use regex::Regex;

use crate::detect::compose::files::{directory_of, file_name};
use crate::lint::diagnostic::{At, Diagnostic, Severity};
use crate::lint::ignores::{add, meta};
use crate::lint::rule::Rule;
use crate::lint::subject::{CHART, Subject, Unread, deployment};
use crate::source::dockerfile::Keyword;

pub(super) static RULE: Rule = meta(
    "AU100",
    "not-read",
    "every container file can be read",
    "What cannot be read is not judged: that nothing was found in it says nothing about it.",
);

/// A Dockerfile's line that says which frontend reads it.
static SYNTAX: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?im)\A(?:\s*#[^\n]*\n)*?\s*#\s*syntax\s*=\s*(\S+)").expect("it is constant")
});
static WINDOWS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?im)^\s*FROM\s[^\n]*(?:microsoft\.com/windows|nanoserver|servercore)")
        .expect("it is constant")
});

/// Says of each file that it could not be read.
pub(super) fn findings(subject: &Subject, more: &mut Vec<Diagnostic>) {
    // A file has one finding, however much of it cannot be read; a context that
    // is elsewhere on purpose is no fault of it.
    let mut said: Vec<&str> = Vec::new();
    let faulty: Vec<&Unread> =
        subject.unread.iter().filter(|own| !is_no_fault(subject, own)).collect();
    for own in &faulty {
        if said.contains(&own.path.as_str()) {
            continue;
        }
        said.push(&own.path);
        let Some(text) = subject.text_of(&own.path) else { continue };
        let at = At::new(text, subject.texts[text].line_span(own.line));
        let others = faulty.iter().filter(|other| other.path == own.path).count() - 1;
        let more_of_it = match others {
            0 => String::new(),
            1 => ", and one thing more".to_owned(),
            others => format!(", and {others} things more"),
        };
        let message = format!("not judged: {}{more_of_it}", own.why);
        let finding = add(&RULE, at, message, more);
        finding.about(&own.path);
        let is_elsewhere =
            own.why.contains("out of reach") || own.why.contains("dockerfile_inline");
        if is_elsewhere || subject.is_for_development(text) {
            finding.severity(Severity::Advice);
        }
    }
}

/// Whether a file is right where it is used, though it cannot be read by itself.
fn is_no_fault(subject: &Subject, own: &Unread) -> bool {
    let text = subject.text_of(&own.path).map_or("", |text| subject.texts[text].text.as_str());
    // What another file sets is as right as what that one says.
    own.why.ends_with("a variable says where")
        || own.why == CHART
        || deployment::is_put_away(&own.path)
        || is_template(&own.path, text, own.line)
        || is_of_another_frontend(text)
        || is_part(subject, own, text)
        || is_laid_over(subject, own)
}

/// Whether something else makes the file of it first.
pub(super) fn is_template(path: &str, text: &str, line: usize) -> bool {
    let ends = [".j2", ".jinja", ".jinja2", ".tmpl", ".tpl", ".erb", ".mustache"];
    let starts = |line: &str| line.trim_start().starts_with("{{");
    ends.iter().any(|end| path.ends_with(end))
        || ["{%", "<%"].iter().any(|mark| text.contains(mark))
        || text.lines().any(starts)
        || text.lines().nth(line.saturating_sub(1)).is_some_and(|own| own.contains("{{"))
}

/// Whether another program than Docker's own frontend for Linux reads a Dockerfile.
fn is_of_another_frontend(text: &str) -> bool {
    let syntax = SYNTAX.captures(text);
    syntax.is_some_and(|own| !own[1].contains("docker/dockerfile")) || WINDOWS.is_match(text)
}

/// Whether it has nothing in it yet, or is put together with others: a Dockerfile
/// without any FROM under another name than the usual one, which no service builds.
fn is_part(subject: &Subject, own: &Unread, text: &str) -> bool {
    // What is no text is there with none.
    let is_read = !own.why.starts_with("it is ");
    let is_code = |line: &str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    if is_read && !text.lines().any(is_code) {
        return true;
    }
    let recipe = subject.recipes.iter().position(|one| subject.path(one.text) == own.path);
    recipe.is_some_and(|number| {
        let starts = subject.recipes[number]
            .file
            .instructions
            .iter()
            .any(|instruction| instruction.keyword == Keyword::From);
        let is_built =
            subject.builds.iter().any(|build| build.recipe == number && build.is_composed);
        !starts && !is_built && !file_name(&own.path).eq_ignore_ascii_case("Dockerfile")
    })
}

/// Whether what a compose file builds is there, seen from a directory above it: it
/// is laid over a file of that one, whose paths count.
fn is_laid_over(subject: &Subject, own: &Unread) -> bool {
    let Some((_, missing)) = own.why.split_once("there is no ") else { return false };
    let mut directory = directory_of(&own.path);
    let Some(rest) = missing.strip_prefix(directory).and_then(|rest| rest.strip_prefix('/')) else {
        return false;
    };
    while directory != "." {
        directory = directory_of(directory);
        if crate::relpath::join(directory, rest).is_some_and(|path| subject.tree.has(&path)) {
            return true;
        }
    }
    false
}
