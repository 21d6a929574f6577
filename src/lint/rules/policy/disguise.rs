//! `deploy.hardening`, on images: a user who is not root by name, and is root
//! all the same, or becomes it by a program that the image holds.

use crate::lint::diagnostic::{At, Diagnostic};
use crate::lint::subject::{Built, Comparison};
use crate::source::compose::image;
use crate::source::dockerfile::{Dockerfile, Instruction, Keyword, Transfer};
use crate::source::shell;
use crate::source::text::Span;

/// Files that say who somebody is, and who may become root.
pub const ACCOUNTS: [&str; 7] = [
    "/etc/passwd",
    "/etc/shadow",
    "/etc/group",
    "/etc/gshadow",
    "/etc/sudoers",
    "/etc/pam.d",
    "/etc/ld.so.preload",
];

/// What in the stages that an image is made of makes somebody root.
pub fn judge(compared: Comparison<'_>, own: &Built) -> Vec<Diagnostic> {
    let recipe = &compared.now.recipes[own.recipe];
    let file = &recipe.file;
    let mut findings: Vec<Diagnostic> = Vec::new();
    for (number, instruction) in file.instructions.iter().enumerate() {
        let what = reaches(instruction);
        let at = compared.instruction(own, number);
        findings.extend(what.map(|what| Diagnostic::new(at, what)));
    }
    for stage in &own.image.stages {
        for (number, instruction) in file.of_stage(*stage) {
            let texts: Vec<String> = match instruction.keyword {
                Keyword::Run => {
                    let body = |at: &crate::source::dockerfile::Heredoc| {
                        compared.now.texts[recipe.text].slice(at.body).to_owned()
                    };
                    let bodies = instruction.heredocs.iter().map(body);
                    std::iter::once(instruction.command().line()).chain(bodies).collect()
                }
                _ => Vec::new(),
            };
            let what = match instruction.keyword {
                Keyword::Run => texts.iter().find_map(|text| of_run(text)),
                Keyword::Copy | Keyword::Add => of_copy(file, instruction),
                // What is built on this stage runs it.
                Keyword::Onbuild if *stage != own.stage => {
                    let what = format!("ONBUILD {}", instruction.arguments.text.trim());
                    let at = compared.instruction(own, number);
                    findings.push(Diagnostic::unknown(at, format!("what `{what}` leaves")));
                    None
                }
                Keyword::Entrypoint | Keyword::Cmd => {
                    let words = instruction.command().words();
                    let first =
                        words.first().map_or("", |word| word.rsplit('/').next().unwrap_or(word));
                    matches!(first, "sudo" | "su" | "doas")
                        .then(|| format!("{first} runs it as root"))
                }
                _ => None,
            };
            let at = compared.instruction(own, number);
            findings.extend(what.map(|what| Diagnostic::new(at, what)));
        }
    }
    findings
}

/// The program that reads the Dockerfile, where it is not BuildKit's own: it may
/// make anything of it.
pub fn front_end(compared: Comparison<'_>, own: &Built) -> Option<Diagnostic> {
    let recipe = &compared.now.recipes[own.recipe];
    let text = &compared.now.texts[recipe.text].text;
    // BuildKit looks past the first line of a script.
    let below = text.strip_prefix("#!").and_then(|rest| Some(rest.split_once('\n')?.1));
    let second = below.and_then(|below| Dockerfile::read(below).syntax);
    let (syntax, span) =
        recipe.file.syntax.clone().or(second.map(|(own, _)| (own, Span::new(0, 2))))?;
    let (repository, _) = image::parts(&syntax);
    let is_own = repository == "docker/dockerfile" || repository.ends_with("/docker/dockerfile");
    let message = format!("what {syntax} makes of the Dockerfile cannot be told");
    (!is_own).then(|| Diagnostic::unknown(At::new(recipe.text, span), message))
}

/// What a RUN reaches of the host that builds, in any stage.
fn reaches(instruction: &Instruction) -> Option<String> {
    let other = |flag: &str, harmless: &[&str]| {
        let value = instruction.flag(flag).filter(|value| !harmless.contains(value))?;
        Some(format!("RUN --{flag}={value} reaches the host that builds"))
    };
    if instruction.keyword != Keyword::Run {
        return None;
    }
    other("security", &["sandbox"]).or_else(|| other("network", &["default", "none"]))
}

fn of_run(text: &str) -> Option<String> {
    if let Some(path) = ACCOUNTS.iter().find(|path| text.contains(**path)) {
        return Some(format!("{path} is written by hand, and may make anybody root"));
    }
    for command in shell::split(text) {
        let words: Vec<&str> = command.words.iter().map(String::as_str).collect();
        let has = |word: &str| words.contains(&word);
        let program = words.first().map_or("", |word| word.rsplit('/').next().unwrap_or(word));
        let root = words.windows(2).any(|pair| {
            matches!(pair[0], "-u" | "--uid" | "-ou" | "-g" | "--gid")
                && pair[1].parse::<i64>() == Ok(0)
        }) || words.iter().any(|word| {
            let value = word.strip_prefix("--uid=").or_else(|| word.strip_prefix("-u"));
            value.is_some_and(|value| value.parse::<i64>() == Ok(0))
        });
        let names_user = matches!(
            program,
            "useradd" | "usermod" | "adduser" | "addgroup" | "groupadd" | "groupmod"
        );
        if names_user && (root || has("-o") || has("--non-unique")) {
            return Some(format!("`{}` makes a user root", words.join(" ")));
        }
        if program == "visudo" || words.iter().any(|word| matches!(*word, "sudo" | "doas")) {
            return Some("sudo: who runs it gets what root has".to_owned());
        }
    }
    None
}

fn of_copy(file: &Dockerfile, instruction: &Instruction) -> Option<String> {
    let target = Transfer::of(instruction, file.escape)?.target;
    let is = |own: &&&str| {
        target.trim_end_matches('/').starts_with(**own)
            || target.trim_end_matches('/') == "/etc"
                && instruction.arguments.text.contains(own.rsplit('/').next().unwrap_or(own))
    };
    let path = ACCOUNTS.iter().find(is)?;
    Some(format!("{path} is copied, and may make anybody root"))
}
