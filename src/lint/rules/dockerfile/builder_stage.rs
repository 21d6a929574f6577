//! The edit that moves compilers and headers into a stage of their own, with the
//! installation that needs them: where nothing but packages stands before it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::lint::diagnostic::{At, Edit, Fix, Grade};
use crate::lint::edit;
use crate::lint::rules::dockerfile::{build_tools_in_final::is_build_tool, support};
use crate::lint::subject::{Build, Run, Subject};
use crate::source::dockerfile::{Instruction, Keyword};
use crate::source::text::Span;

/// What is left of packages when the service runs: the library of headers, or
/// nothing, where the base image has it or nothing links to it. A package that
/// is not here is not moved.
static LEFT: LazyLock<BTreeMap<&str, Option<&str>>> = LazyLock::new(|| {
    BTreeMap::from([
        ("build-essential", None),
        ("cargo", None),
        ("cmake", None),
        ("default-libmysqlclient-dev", Some("libmariadb3")),
        ("g++", None),
        ("gcc", None),
        ("libc6-dev", None),
        ("libffi-dev", None),
        ("libmariadb-dev", Some("libmariadb3")),
        ("libpq-dev", Some("libpq5")),
        ("libssl-dev", None),
        ("make", None),
        ("ninja-build", None),
        ("pkg-config", None),
        ("python3-dev", None),
        ("rustc", None),
        ("zlib1g-dev", None),
    ])
});

/// A stage that installs, and its environment taken over; `None` where the file
/// is not of the one shape that this is mechanical for.
pub(super) fn fix(subject: &Subject, build: &Build) -> Option<Fix> {
    let recipe = &subject.recipes[build.recipe];
    let (file, text) = (&recipe.file, &subject.texts[recipe.text]);
    let base = support::python(build.image.base.known()?)?;
    let is_debian = base.is_official && base.tag.contains("slim");
    let has_environment = build.image.env.contains_key("VIRTUAL_ENV")
        || build.image.env.contains_key("PATH")
        || text.text.contains("venv");
    if file.stages.len() != 1 || !is_debian || has_environment || !file.faults.is_empty() {
        return None;
    }
    let runs = subject.runs(build);
    let pips: Vec<&Run> = runs.iter().filter(|run| installs(run)).collect();
    let last = pips.last()?.at;
    let from = file.stages[0].first;
    // Packages of the system, files by their names, settings: the same twice.
    for at in from + 1..=last {
        is_repeatable(subject, build, at, &file.instructions[at]).then_some(())?;
    }
    let apts: Vec<&Run> = runs.iter().filter(|run| run.commands.iter().any(is_apt)).collect();
    let needs_none = |run: &&Run| run.commands.iter().all(builds_nothing);
    if !runs.iter().filter(|run| run.at > last).all(|run| needs_none(&run)) {
        return None;
    }
    let mut fix = Fix::new(Grade::Suggested, "builds the packages in a stage before this one");
    let first = &file.instructions[from];
    // FROM and a name are one line.
    let head = text.slice(first.span);
    if head.contains('\n') || head.to_ascii_lowercase().contains(" as ") {
        return None;
    }
    let body = text.slice(Span::new(first.span.end, file.instructions[last].span.end));
    let body = body.replace("\r\n", "\n");
    let stage = format!(
        "{head} AS builder\nRUN python -m venv /opt/venv\nENV PATH=/opt/venv/bin:$PATH{body}\n"
    );
    let before = edit::dockerfile::before(subject, build, from, &stage);
    fix = fix.edit(before.at, before.text);
    for run in apts {
        for own in without_tools(subject, build, run)? {
            fix = fix.edit(own.at, own.text);
        }
    }
    let (keep, gone) = pips.split_first()?;
    let taken = "COPY --from=builder /opt/venv /opt/venv\nENV PATH=/opt/venv/bin:$PATH";
    let own = edit::dockerfile::replace(subject, build, keep.at, taken);
    fix = fix.edit(own.at, own.text);
    for run in gone {
        let own = edit::dockerfile::remove(subject, build, run.at);
        fix = fix.edit(own.at, own.text);
    }
    Some(fix)
}

fn is_apt(command: &crate::source::shell::Simple) -> bool {
    matches!(support::program(support::bare(command)), "apt-get" | "apt")
}

/// Whether a command after the installation surely compiles nothing.
fn builds_nothing(command: &crate::source::shell::Simple) -> bool {
    const PLAIN: [&str; 21] = [
        "addgroup", "adduser", "cd", "chmod", "chown", "cp", "echo", "find", "groupadd", "install",
        "ln", "mkdir", "mv", "rm", "sed", "set", "test", "touch", "true", "useradd", "usermod",
    ];
    let words = support::bare(command);
    let is_manage = words
        .iter()
        .skip(1)
        .any(|word| matches!(word.rsplit('/').next(), Some("manage.py" | "compileall")));
    match support::program(words) {
        "django-admin" | "flask" => true,
        name if name.starts_with("python") => is_manage,
        name => PLAIN.contains(&name),
    }
}

/// Whether a RUN does nothing but install packages of Python into where pip does.
fn installs(run: &Run) -> bool {
    let plain = |words: &[String]| {
        const ELSEWHERE: [&str; 5] = ["--user", "--target", "-t", "--prefix", "--root"];
        !words.iter().any(|own| {
            ELSEWHERE.iter().any(|other| own == other || own.starts_with(&format!("{other}=")))
                || matches!(own.as_str(), "." | "-e" | "--editable")
                || own.starts_with("./") && !own.ends_with(".txt")
        })
    };
    run.commands.iter().all(|own| support::pip_install(own).is_some_and(plain))
}

fn is_repeatable(subject: &Subject, build: &Build, at: usize, own: &Instruction) -> bool {
    match own.keyword {
        Keyword::Env | Keyword::Arg | Keyword::Workdir | Keyword::Label => true,
        Keyword::Copy => {
            own.flags.is_empty() && !own.arguments.text.contains('*') && {
                let words: Vec<&str> = own.arguments.text.split_whitespace().collect();
                // Code that is installed, or that an installation reads, is not repeated.
                words.iter().rev().skip(1).all(|own| own.ends_with(".txt"))
            }
        }
        Keyword::Run => {
            own.heredocs.is_empty()
                && own.json.is_none()
                && subject.run(build, at).is_some_and(|run| {
                    let tidies = |own: &crate::source::shell::Simple| {
                        is_apt(own) || support::program(support::bare(own)) == "rm"
                    };
                    installs(&run) || run.commands.iter().all(tidies)
                })
        }
        _ => false,
    }
}

/// Takes the tools out of a RUN: libraries come in the place of their headers. A
/// RUN that installs nothing else goes.
fn without_tools(subject: &Subject, build: &Build, run: &Run) -> Option<Vec<Edit>> {
    let recipe = &subject.recipes[build.recipe];
    let own = &recipe.file.instructions[run.at];
    let packages: Vec<&str> = run.commands.iter().flat_map(support::packages).collect();
    let tools: Vec<&str> = packages
        .iter()
        .copied()
        .filter(|own| is_build_tool(own) || LEFT.contains_key(own))
        .collect();
    if !tools.iter().all(|own| LEFT.contains_key(own)) {
        return None;
    }
    if tools.is_empty() {
        return Some(Vec::new());
    }
    if tools.len() == packages.len() && tools.iter().all(|own| LEFT[own].is_none()) {
        return Some(vec![edit::dockerfile::remove(subject, build, run.at)]);
    }
    let text = &own.arguments.text;
    let words = own.arguments.words(recipe.file.escape);
    let mut edits = Vec::new();
    for tool in &tools {
        let mut places = words.iter().enumerate().filter(|(_, (a, b))| text[*a..*b] == **tool);
        let (number, (start, end)) = places.next().filter(|_| places.next().is_none())?;
        let place = own.arguments.span(*start, *end);
        let edit = match LEFT[tool] {
            Some(library) => Edit { at: At::new(recipe.text, place), text: library.to_owned() },
            None => {
                // With what stands between it and the word before.
                let before =
                    own.arguments.span(words[number.checked_sub(1)?].0, words[number - 1].1);
                let span = Span::new(before.end, place.end);
                if subject.texts[recipe.text].slice(span).contains('#') {
                    return None;
                }
                Edit { at: At::new(recipe.text, span), text: String::new() }
            }
        };
        edits.push(edit);
    }
    Some(edits)
}
