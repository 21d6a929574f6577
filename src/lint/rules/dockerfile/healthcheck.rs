//! What HEALTHCHECK of an image runs, and whether the image has it.

use crate::lint::rules::dockerfile::support;
use crate::lint::subject::{Build, Subject};
use crate::source::dockerfile::{Command, Healthcheck};
use crate::source::shell::{self, Simple};

/// A health check, taken apart.
pub(super) struct Check<'b> {
    /// The number of its instruction.
    pub at: usize,
    /// What it is.
    pub command: &'b Command,
    /// Its commands.
    pub commands: Vec<Simple>,
}

/// The check of an image.
pub(super) fn of(build: &Build) -> Option<Check<'_>> {
    let set = build.image.healthcheck.as_ref()?;
    let Healthcheck::Test(command) = &set.value else { return None };
    let commands = match command {
        Command::Shell(text) => shell::split(text),
        Command::Exec(words) => match words.as_slice() {
            [shell, option, text] if shell.ends_with("sh") && option.ends_with('c') => {
                shell::split(text)
            }
            _ => vec![Simple { line: 0, words: words.clone() }],
        },
    };
    Some(Check { at: set.at, command, commands })
}

/// The tool that a check calls and the image lacks, as far as its base is known.
pub(super) fn lacks<'c>(subject: &Subject, build: &Build, check: &'c Check<'_>) -> Option<&'c str> {
    let reference = build.image.base.known()?;
    let tag = crate::source::compose::image::parts(reference).1;
    let is_plain = support::is_plain(reference);
    let of_python = support::python(reference).is_some_and(|own| own.is_official);
    // With compilers and version control there is curl and wget as well.
    let has_tools = of_python && !tag.contains("slim") && !tag.contains("alpine");
    let alpine = reference.contains("alpine");
    if !is_plain || !(of_python || reference.contains("debian") || alpine) {
        return None;
    }
    let runs = subject.runs(build);
    let installed = support::all_packages(&runs);
    // Packages that are listed elsewhere, and tools that are copied.
    let text = |at: usize| subject.file(build).instructions[at].arguments.text.as_str();
    let unknown = installed.iter().any(|own| own.contains('$'))
        || runs.iter().any(|run| {
            run.commands.iter().any(|own| {
                let program = support::program(support::bare(own));
                program == "xargs"
                    || program.ends_with(".sh")
                    || own.words.iter().any(|word| {
                        word.ends_with(".sh") || word.contains("apt.txt") || word.contains("$(cat")
                    })
            })
        });
    if unknown {
        return None;
    }
    check.commands.iter().find_map(|own| {
        let words = support::bare(own);
        let name = support::program(words);
        let packages: &[&str] = match name {
            "curl" => &["curl"],
            "wget" => &["wget"],
            "nc" | "netcat" | "ncat" => {
                &["netcat", "netcat-openbsd", "netcat-traditional", "nmap", "ncat"]
            }
            "http" | "httpie" => &["httpie"],
            _ => return None,
        };
        let base_has = match name {
            "curl" => has_tools,
            "wget" => has_tools || alpine,
            "nc" => alpine,
            _ => false,
        };
        let found = packages.iter().any(|package| installed.contains(package));
        let copied = subject.instructions(build).any(|(at, own)| {
            own.keyword == crate::source::dockerfile::Keyword::Copy && text(at).contains(name)
        });
        let by_pip = runs.iter().any(|run| {
            run.commands
                .iter()
                .filter_map(support::pip_install)
                .any(|own| own.iter().any(|word| word.starts_with(name)))
        });
        (!base_has && !found && !copied && !by_pip).then(|| own_name(own))
    })
}

/// Whether curl is told to fail where the answer is an error.
pub(super) fn fails(command: &Simple) -> bool {
    support::bare(command).iter().any(|word| {
        word.starts_with("--fail")
            || (word.starts_with('-') && !word.starts_with("--") && word.contains('f'))
    })
}

fn own_name(command: &Simple) -> &str {
    support::program(support::bare(command))
}
