//! Edits that install dependencies before the code is copied: the installation
//! moves up, behind a COPY of the files it reads. A manager that installs the
//! project itself as well does that once more, after the code.

use std::sync::LazyLock;

use regex::Regex;

use crate::detect::path;
use crate::lint::diagnostic::{At, Fix, Grade};
use crate::lint::edit;
use crate::lint::rules::dockerfile::{code_before_dependencies::installs, support};
use crate::lint::subject::{Build, Run, Subject};
use crate::source::dockerfile::{Instruction, Keyword, Transfer};
use crate::source::shell::Simple;
use crate::source::text::Span;

/// What is installed, and from which files.
struct Plan {
    /// Files, relative to the context, that the installation reads.
    files: Vec<String>,
    /// What leaves the project itself out, where it is installed after the code.
    without: Option<Without>,
    condition: String,
}

/// How a manager is told to leave the project itself out.
struct Without {
    command: &'static LazyLock<Regex>,
    option: &'static str,
}

static UV: LazyLock<Regex> = LazyLock::new(|| support::regex(r"\buv\s+sync\b"));
static POETRY: LazyLock<Regex> = LazyLock::new(|| support::regex(r"\bpoetry\s+install\b"));
static PDM: LazyLock<Regex> = LazyLock::new(|| support::regex(r"\bpdm\s+(?:install|sync)\b"));

/// The installation moved before the code, where it is certain what it reads.
pub(super) fn fix(subject: &Subject, build: &Build, copy: usize, run: &Run) -> Option<Fix> {
    let recipe = &subject.recipes[build.recipe];
    let file = &recipe.file;
    let (copied, instruction) = (&file.instructions[copy], &file.instructions[run.at]);
    let between = (copy + 1..run.at).map(|at| (at, &file.instructions[at]));
    if !is_plain(instruction)
        || is_told_more(build)
        || !between.clone().all(|(at, own)| reads_no_code(subject, build, at, own))
    {
        return None;
    }
    let target = Transfer::of(copied, file.escape)?.target;
    let workdir = build.image.workdir.as_ref().and_then(|own| own.value.known()).unwrap_or("/");
    let is_here = matches!(target.as_str(), "." | "./") || target.trim_end_matches('/') == workdir;
    let plan = match requirements(subject, build, run, &target, is_here) {
        Some(plan) => plan,
        None => manager(subject, build, run).filter(|_| is_here)?,
    };
    let seen = |own: &String| !subject.ignored_by(build).is_some_and(|all| all.leaves_out(own));
    if subject.has_own_ignore(build) || !plan.files.iter().all(seen) {
        return None;
    }
    let directory =
        plan.files[0].rsplit_once('/').map_or(String::new(), |(own, _)| format!("{own}/"));
    let into = match target.as_str() {
        "." | "./" => format!("./{directory}"),
        other => format!("{}/{directory}", other.trim_end_matches('/')),
    };
    let text = &subject.texts[recipe.text];
    let flags: String = copied
        .flags
        .iter()
        .filter(|own| own.name == "chown")
        .map(|own| format!("{} ", text.slice(own.span)))
        .collect();
    let (from, to) = (copied.span, instruction.span);
    let mut moved = text.slice(Span::new(from.end, to.end)).replace("\r\n", "\n");
    let mut rest = (Span::new(from.end, to.end), "");
    if let Some(Without { command, option }) = &plan.without {
        let own = text.slice(to);
        let place = command.find(own).filter(|_| command.find_iter(own).count() == 1)?.end();
        let before = text.slice(Span::new(from.end, to.start)).replace("\r\n", "\n").len();
        let place = before + own[..place].replace("\r\n", "\n").len();
        moved.insert_str(place, &format!(" {option}"));
        // What is only moved is gone here; the installation itself stays.
        rest = (Span::new(from.end, to.start), "\n");
    }
    let files = plan.files.join(" ");
    let what = format!("installs from {files} before the code is copied");
    let text = format!("COPY {flags}{files} {into}{moved}");
    let before = edit::dockerfile::before(subject, build, copy, &text);
    Some(
        Fix::new(Grade::Checked, what)
            .condition(plan.condition)
            .edit(before.at, before.text)
            .edit(At::new(recipe.text, rest.0), rest.1),
    )
}

/// What names a file or a directory that an installation reads, as the variables of
/// installers and, with dashes, their options have it.
const READS: [&str; 8] = [
    "CONSTRAINT",
    "CONSTRAINTS",
    "BUILD_CONSTRAINT",
    "REQUIREMENT",
    "OVERRIDE",
    "FIND_LINKS",
    "CONFIG_FILE",
    "CERT",
];

/// Whether variables of the image have an installer read more than its command says.
fn is_told_more(build: &Build) -> bool {
    let mut names = build.image.env.keys().chain(build.image.args.keys());
    names.any(|name| {
        let read = ["PIP_", "UV_", "POETRY_", "PDM_", "PIPENV_"]
            .iter()
            .find_map(|installer| name.strip_prefix(installer));
        read.is_some_and(|own| READS.contains(&own)) || name == "PIP_NO_INDEX"
    })
}

/// Whether a word of a command has an installer read a file besides the one it is given.
fn is_more(word: &str) -> bool {
    let option = word.strip_prefix("--").map(|own| own.split('=').next().unwrap_or(own));
    let named = option.map(|own| own.replace('-', "_").to_ascii_uppercase());
    let is_read = named.is_some_and(|own| own != "REQUIREMENT" && READS.contains(&own.as_str()));
    let (name, is_set) = word.split_once('=').map_or((word, false), |(name, _)| (name, true));
    let is_variable = is_set && ["PIP_", "UV_"].iter().any(|own| name.starts_with(own));
    is_read || is_variable || word.starts_with("-f") || word == "--no-index"
}

/// A RUN without a here-document, and with nothing mounted but caches.
fn is_plain(own: &Instruction) -> bool {
    let is_cache = |value: Option<&str>| value.is_some_and(|own| own.contains("type=cache"));
    own.heredocs.is_empty()
        && own.json.is_none()
        && own.flags.iter().all(|flag| flag.name == "mount" && is_cache(flag.value.as_deref()))
}

/// Whether an instruction between the code and the installation is the same
/// before the code is there.
fn reads_no_code(subject: &Subject, build: &Build, at: usize, own: &Instruction) -> bool {
    match own.keyword {
        Keyword::Env | Keyword::Arg => true,
        Keyword::Copy => own.flag("from").is_some(),
        Keyword::Run => {
            is_plain(own)
                && subject.run(build, at).is_some_and(|run| run.commands.iter().all(installs_tools))
        }
        _ => false,
    }
}

/// Whether a command installs packages by their names, or sets a manager up.
fn installs_tools(command: &Simple) -> bool {
    if let Some(words) = support::pip_install(command).or_else(|| support::uv_pip_install(command))
    {
        return words.iter().all(|own| {
            let names_file = own.contains('/') || own.starts_with('.') || own.ends_with(".txt");
            !names_file && !matches!(own.as_str(), "-r" | "-c" | "-e" | "--requirement")
        });
    }
    let words = support::bare(command);
    match (support::program(words), words.get(1).map(String::as_str)) {
        ("apt-get" | "apt" | "apk", _) => !words.iter().any(|own| own.contains("./")),
        ("rm", _) => words.iter().skip(1).all(|own| own.starts_with(['-', '/'])),
        ("poetry" | "pdm", Some("config")) => true,
        _ => false,
    }
}

/// One requirements file, read by pip and nothing else.
fn requirements(
    subject: &Subject,
    build: &Build,
    run: &Run,
    target: &str,
    is_here: bool,
) -> Option<Plan> {
    let mut names = Vec::new();
    for command in &run.commands {
        let words = support::pip_install(command).or_else(|| support::uv_pip_install(command));
        let Some(words) = words else {
            installs_tools(command).then_some(())?;
            continue;
        };
        match installs(command) {
            Some(name) => names.push(name),
            None => installs_tools(command).then_some(())?,
        }
        let many =
            words.iter().filter(|word| matches!(word.as_str(), "-r" | "-c" | "-e" | ".")).count();
        if many > 1 || command.words.iter().any(|word| is_more(word)) {
            return None;
        }
    }
    let [name] = names.as_slice() else { return None };
    let relative = match name.strip_prefix('/') {
        Some(_) => name.strip_prefix(target.trim_end_matches('/'))?.trim_start_matches('/'),
        None if is_here => name.trim_start_matches("./"),
        None => return None,
    };
    if relative.contains(['$', '*']) || relative.starts_with("..") {
        return None;
    }
    let text = subject.tree.text(&path::join(&build.context, relative)?)?;
    let alone = text.lines().map(str::trim).all(|line| {
        !line.starts_with(['-', '.', '/'])
            && !line.contains("file:")
            && !line.starts_with("git+file")
            || line.starts_with("--hash")
            || line.starts_with("--index-url")
            || line.starts_with("--extra-index-url")
    });
    alone.then(|| Plan {
        files: vec![relative.to_owned()],
        without: None,
        condition: format!(
            "{relative} names no file of the repository, and the RUN does nothing else"
        ),
    })
}

/// A project with its lock, read by its manager.
fn manager(subject: &Subject, build: &Build, run: &Run) -> Option<Plan> {
    let mut own = run.commands.iter().filter(|command| installs(command).is_some());
    let command = own.next().filter(|_| own.next().is_none())?;
    let others = run.commands.iter().filter(|own| installs(own).is_none());
    others.clone().all(installs_tools).then_some(())?;
    let words = support::bare(command);
    let name = support::program(words);
    let has = |option: &str| words.iter().any(|word| word == option);
    let elsewhere =
        ["--directory", "--project", "-C", "-p", "--package", "--all-packages", "--only-root"];
    let is_elsewhere = words.iter().any(|word| {
        elsewhere.iter().any(|own| word == own || word.starts_with(&format!("{own}=")))
    });
    let at = |name: &str| path::join(&build.context, name);
    let there = |name: &str| at(name).is_some_and(|path| subject.tree.has(&path));
    let (manifest, lock, option, command, also): (_, _, _, _, &[&str]) = match name {
        "uv" => (
            "pyproject.toml",
            "uv.lock",
            "--no-install-project",
            Some(&UV),
            &[".python-version", "uv.toml"],
        ),
        "poetry" => ("pyproject.toml", "poetry.lock", "--no-root", Some(&POETRY), &["poetry.toml"]),
        "pdm" => (
            "pyproject.toml",
            "pdm.lock",
            "--no-self",
            Some(&PDM),
            &[".python-version", "pdm.toml"],
        ),
        "pipenv" => ("Pipfile", "Pipfile.lock", "", None, &[]),
        _ => return None,
    };
    let text = subject.tree.text(&at(manifest)?)?;
    // Packages of the repository, and a project that says its version by code.
    let local = ["path =", "path=", "file:", "workspace", "editable", "dynamic"];
    let reads_code = local.iter().any(|own| text.contains(own));
    // More than the manager's own commands is not run twice.
    let only_own = others.clone().all(|own| support::program(support::bare(own)) == name);
    if is_elsewhere || reads_code || !there(lock) {
        return None;
    }
    // A project that is no package is not installed itself.
    let is_package = match name {
        "uv" | "pdm" => text.contains("[build-system]") || text.contains("package = true"),
        "poetry" => !text.contains("package-mode = false"),
        _ => false,
    };
    let without = match command {
        Some(command) if is_package && !has(option) => {
            only_own.then_some(())?;
            Some(Without { command, option })
        }
        _ => None,
    };
    let seen = |own: &&str| {
        there(own) && !subject.ignored_by(build).is_some_and(|all| all.leaves_out(own))
    };
    let more = also.iter().copied().filter(seen);
    Some(Plan {
        files: [manifest, lock].into_iter().chain(more).map(str::to_owned).collect(),
        without,
        condition: format!("{manifest} names nothing of the repository, and {lock} is there"),
    })
}
