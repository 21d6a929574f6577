//! `deploy.hardening`, on images: files by which whoever runs them becomes who
//! owns them, and files whose modes nobody here can see.

use std::sync::LazyLock;

use regex::Regex;

use crate::lint::diagnostic::Diagnostic;
use crate::lint::subject::{Built, Comparison};
use crate::source::compose::image;
use crate::source::dockerfile::{Instruction, Keyword, Transfer};
use crate::source::shell;

/// A program's own way to set the bit: `os.chmod(path, 0o4755)`.
static CALLS: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r"chmod\b[^\n]*?(?:\b0o?[2-7][0-7]{3}\b|S_IS[UG]ID)";
    Regex::new(pattern).expect("a unit test compiles it")
});

/// Texts of one text are taken apart this deep: `sh -c "sh -c '…'"`.
const DEPTH: usize = 3;

/// What in the stages that an image is made of, or takes files from, sets the bit;
/// and what it takes from elsewhere, where that may be set.
pub fn judge(compared: Comparison<'_>, own: &Built) -> Vec<Diagnostic> {
    let recipe = &compared.now.recipes[own.recipe];
    let file = &recipe.file;
    let mut findings = Vec::new();
    for stage in stages(compared, own) {
        for (number, instruction) in file.of_stage(stage) {
            let at = compared.instruction(own, number);
            match instruction.keyword {
                Keyword::Run => {
                    let texts = texts(compared, own, instruction);
                    let found = texts.iter().find_map(|text| in_text(text, DEPTH));
                    findings.extend(found.map(|found| found.at(at)));
                }
                Keyword::Copy | Keyword::Add => {
                    let mode = instruction.flag("chmod").unwrap_or_default();
                    if is_setuid(mode) {
                        let what = format!("--chmod={mode} lets anybody become who owns it");
                        findings.push(Diagnostic::new(at, what));
                    }
                    if compared.standard.is_outside && unpacks(instruction, file.escape) {
                        let what = "what an archive unpacks to, and with which modes";
                        findings.push(Diagnostic::unknown(at, what));
                    }
                }
                _ => {}
            }
            if compared.standard.is_outside {
                findings.extend(foreign(compared, own, instruction).map(|what| {
                    Diagnostic::unknown(at, what)
                        .with_help("copy from an image that the preset takes, or take it by FROM")
                }));
            }
        }
    }
    findings
}

/// The stages that an image is built on, and those that it copies from.
fn stages(compared: Comparison<'_>, own: &Built) -> Vec<usize> {
    let file = &compared.now.recipes[own.recipe].file;
    let mut stages = own.image.stages.clone();
    let mut next = 0;
    while next < stages.len() {
        for (_, instruction) in file.of_stage(stages[next]) {
            if !matches!(instruction.keyword, Keyword::Copy | Keyword::Add) {
                continue;
            }
            for (name, _) in instruction.sources() {
                let Some(from) = file.stage_named(name, file.stages.len()) else { continue };
                let chain = file.image(from, &Default::default()).stages;
                let new = chain.into_iter().filter(|stage| !stages.contains(stage));
                stages.extend(new.collect::<Vec<_>>());
            }
        }
        next += 1;
    }
    stages
}

/// What RUN gives a shell or another program to read.
fn texts(compared: Comparison<'_>, own: &Built, instruction: &Instruction) -> Vec<String> {
    let text = &compared.now.texts[compared.now.recipes[own.recipe].text];
    let bodies = instruction.heredocs.iter().map(|at| text.slice(at.body).to_owned());
    std::iter::once(instruction.command().line()).chain(bodies).collect()
}

/// What a text does, as far as it can be told.
enum Found {
    Sets(String),
    MaySet(String),
}

impl Found {
    fn at(self, at: crate::lint::diagnostic::At) -> Diagnostic {
        match self {
            Self::Sets(what) => {
                Diagnostic::new(at, format!("`{what}` lets anybody become who owns it"))
            }
            Self::MaySet(what) => Diagnostic::unknown(at, format!("the mode that `{what}` sets")),
        }
    }
}

fn in_text(text: &str, depth: usize) -> Option<Found> {
    let commands: Vec<Vec<String>> =
        shell::split(text).into_iter().map(|command| command.words).collect();
    let direct = commands.iter().find_map(|words| in_command(words));
    let inner = || {
        let words = commands.iter().flatten().filter(|word| word.contains(' '));
        words.filter(|_| depth > 0).find_map(|word| in_text(word, depth - 1))
    };
    let called = || {
        let found = CALLS.find(text)?;
        Some(Found::Sets(found.as_str().to_owned()))
    };
    direct.or_else(inner).or_else(called)
}

/// Looks at every word: `env`, `xargs`, `find -exec` and their like run what follows.
fn in_command(words: &[String]) -> Option<Found> {
    let name = |word: &String| word.rsplit('/').next().unwrap_or(word).to_owned();
    words.iter().enumerate().find_map(|(at, word)| {
        let after = &words[at + 1..];
        let said = || words[at..].join(" ");
        match name(word).as_str() {
            "setcap" if !after.is_empty() => Some(Found::Sets(said())),
            "chmod" => {
                if after.iter().any(|own| own.starts_with("--reference")) {
                    return Some(Found::MaySet(said()));
                }
                let is_flag = |own: &&String| {
                    own.starts_with("--")
                        || own.strip_prefix('-').is_some_and(|flags| {
                            !flags.is_empty() && flags.chars().all(|flag| "Rcfv".contains(flag))
                        })
                };
                of_mode(after.iter().find(|own| !is_flag(own))?, &said)
            }
            "install" if at == 0 || after.iter().any(|own| own.starts_with("-m")) => {
                let mut after = after.iter();
                while let Some(own) = after.next() {
                    let mode = match own.strip_prefix("--mode") {
                        Some("") => after.next().map(String::as_str),
                        Some(rest) => rest.strip_prefix('='),
                        None if own == "-m" => after.next().map(String::as_str),
                        None => own.strip_prefix("-m"),
                    };
                    if let Some(found) = mode.and_then(|mode| of_mode(mode, &said)) {
                        return Some(found);
                    }
                }
                None
            }
            _ => None,
        }
    })
}

fn of_mode(mode: &str, said: &dyn Fn() -> String) -> Option<Found> {
    if is_setuid(mode) {
        Some(Found::Sets(said()))
    } else {
        mode.contains(['$', '`']).then(|| Found::MaySet(said()))
    }
}

/// Whether a mode sets the bit that makes who runs a file who owns it.
fn is_setuid(mode: &str) -> bool {
    let digits = mode.trim_start_matches(['+', '=']);
    let number = u32::from_str_radix(digits, 8).ok().filter(|_| digits.len() >= 4);
    let symbolic = mode.split(',').any(|part| {
        part.split_once(['+', '=']).is_some_and(|(who, bits)| {
            who.chars().all(|own| "ugoa".contains(own))
                && bits.contains('s')
                && bits.chars().all(|own| "rwxXst".contains(own))
        })
    });
    symbolic || number.is_some_and(|bits| bits & 0o6000 != 0)
}

/// Whether ADD unpacks an archive of the repository.
fn unpacks(instruction: &Instruction, escape: char) -> bool {
    const ARCHIVES: [&str; 8] =
        [".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst"];
    let is_archive = |own: &String| ARCHIVES.iter().any(|end| own.ends_with(end));
    instruction.keyword == Keyword::Add
        && Transfer::of(instruction, escape).is_some_and(|own| own.sources.iter().any(is_archive))
}

/// An image that files are taken from as they are, and that neither the standard
/// takes nor a stage is built on.
fn foreign(compared: Comparison<'_>, own: &Built, instruction: &Instruction) -> Option<String> {
    let file = &compared.now.recipes[own.recipe].file;
    let written = &compared.standard.written;
    let known = |name: &str| {
        let of = |recipe: &crate::lint::subject::Recipe| recipe.file.taken(None);
        written.recipes.iter().flat_map(of).any(|(taken, _)| path_of(&taken) == path_of(name))
    };
    let outside = |name: &str| {
        !name.is_empty() && file.stage_named(name, file.stages.len()).is_none() && !known(name)
    };
    let (name, _) = instruction.sources().find(|(name, _)| outside(name))?;
    Some(format!("what {name} holds, which is no image of the standard's, and with which modes"))
}

/// The path of an image, wherever it is kept.
fn path_of(reference: &str) -> String {
    let (repository, _) = image::parts(reference);
    let mut parts: Vec<&str> = repository.split('/').collect();
    if parts.len() > 1 && (parts[0].contains(['.', ':']) || parts[0] == "localhost") {
        parts.remove(0);
    }
    if parts.first() == Some(&"library") {
        parts.remove(0);
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::{DEPTH, Found, in_text, is_setuid, path_of};

    #[test]
    fn a_mode_sets_the_bit_in_every_way_that_chmod_has() {
        for mode in ["4755", "u+s", "+s", "06755", "ug+sx", "a=rxs", "=4755", "a+rx,u+s"] {
            assert!(is_setuid(mode), "{mode}");
        }
        for mode in ["0755", "755", "u=rwX,go=rX", "1777", "/bin/sh", "+x", "src", "=0755"] {
            assert!(!is_setuid(mode), "{mode}");
        }
    }

    #[test]
    fn the_bit_is_seen_through_what_runs_chmod() {
        for text in [
            "chmod 4755 /bin/sh",
            "/bin/chmod -R -- 6755 /bin",
            "busybox chmod u+s /bin/sh",
            "env A=b chmod u+s /bin/sh",
            "find /bin -name sh -exec chmod u+s {} +",
            "echo /bin/sh | xargs chmod u+s",
            "sh -c 'chmod u+s /bin/sh'",
            "bash -c \"sh -c 'chmod u+s /x'\"",
            "install -m 4755 a b",
            "install -m4755 a b",
            "install --mode=u+s,a+rx a b",
            "python -c \"import os; os.chmod('/bin/sh', 0o4755)\"",
            "perl -e 'chmod 04755, \"/bin/sh\"'",
            "setcap cap_setuid+ep /x",
        ] {
            assert!(matches!(in_text(text, DEPTH), Some(Found::Sets(_))), "{text}");
        }
        for text in ["M=4755; chmod $M /x", "chmod --reference=/bin/su /x", "install -m $M a b"] {
            assert!(matches!(in_text(text, DEPTH), Some(Found::MaySet(_))), "{text}");
        }
        for text in [
            "chmod -R u=rwX,go=rX .",
            "chmod 0755 /bin/sh && chmod -x /y",
            "install --directory /app/media",
            "pip install -r x.txt",
            "apt-get install -y setools",
            "python -c \"import os; os.chmod('/x', 0o755)\"",
            "echo 'who may chmod what'",
        ] {
            assert!(in_text(text, DEPTH).is_none(), "{text}");
        }
    }

    #[test]
    fn an_image_is_the_same_in_every_registry() {
        assert_eq!(path_of("ghcr.io/astral-sh/uv:0.9"), path_of("mirror.test/astral-sh/uv:1"));
        assert_eq!(path_of("docker.io/library/busybox"), "busybox");
        assert_ne!(path_of("other/busybox"), "busybox");
    }
}
