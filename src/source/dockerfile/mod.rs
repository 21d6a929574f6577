//! Dockerfiles, by BuildKit's own grammar: parser directives, instructions
//! over several lines, flags, here-documents only where BuildKit sees them,
//! stages, and what an image of a stage is.
//!
//! - `lines`: text into instructions
//! - `instruction`: what one says
//! - `expand`: variables in words
//! - `image`: what FROM, ENV, USER, CMD and the others add up to

mod expand;
mod image;
mod instruction;
mod lines;
#[cfg(test)]
mod tests;
mod transfer;

pub use expand::{Expanded, expand};
pub use image::{Arguments, Chain, Healthcheck, Image, Setting};
pub use instruction::{Command, Flag, Heredoc, Instruction};
pub use transfer::Transfer;

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::relpath;
use crate::source::text::Span;

/// What an instruction does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "each is the instruction of its name")]
pub enum Keyword {
    Add,
    Arg,
    Cmd,
    Copy,
    Entrypoint,
    Env,
    Expose,
    From,
    Healthcheck,
    Label,
    Maintainer,
    Onbuild,
    Run,
    Shell,
    Stopsignal,
    User,
    Volume,
    Workdir,
}

const KEYWORDS: [(&str, Keyword); 18] = [
    ("ADD", Keyword::Add),
    ("ARG", Keyword::Arg),
    ("CMD", Keyword::Cmd),
    ("COPY", Keyword::Copy),
    ("ENTRYPOINT", Keyword::Entrypoint),
    ("ENV", Keyword::Env),
    ("EXPOSE", Keyword::Expose),
    ("FROM", Keyword::From),
    ("HEALTHCHECK", Keyword::Healthcheck),
    ("LABEL", Keyword::Label),
    ("MAINTAINER", Keyword::Maintainer),
    ("ONBUILD", Keyword::Onbuild),
    ("RUN", Keyword::Run),
    ("SHELL", Keyword::Shell),
    ("STOPSIGNAL", Keyword::Stopsignal),
    ("USER", Keyword::User),
    ("VOLUME", Keyword::Volume),
    ("WORKDIR", Keyword::Workdir),
];

impl Keyword {
    /// The instruction of a word, in any case.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        KEYWORDS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, own)| *own)
    }

    /// The word, in capitals.
    #[must_use]
    pub fn word(self) -> &'static str {
        KEYWORDS.iter().find(|(_, own)| *own == self).map_or("", |(name, _)| name)
    }
}

/// Text that stands on one or several lines: continuation characters, comments
/// between its lines and line ends are left out, and each byte knows its place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Joined {
    /// The text.
    pub text: String,
    /// For a byte of the text from which on bytes are consecutive: its place.
    places: Vec<(usize, usize)>,
}

impl Joined {
    /// The place in the file of a byte of the text.
    #[must_use]
    pub fn place(&self, at: usize) -> usize {
        let index = self.places.partition_point(|(own, _)| *own <= at);
        match index.checked_sub(1).map(|index| self.places[index]) {
            Some((own, place)) => place + (at - own),
            None => 0,
        }
    }

    /// The place in the file of bytes of the text.
    #[must_use]
    pub fn span(&self, start: usize, end: usize) -> Span {
        let first = self.place(start);
        Span::new(first, if end > start { self.place(end - 1) + 1 } else { first })
    }

    fn push(&mut self, text: &str, place: usize) {
        if !text.is_empty() {
            self.places.push((self.text.len(), place));
            self.text.push_str(text);
        }
    }

    /// The part from a byte on.
    #[must_use]
    pub fn from(&self, at: usize) -> Self {
        let mut part = Self { text: self.text[at..].to_owned(), places: Vec::new() };
        if !part.text.is_empty() {
            part.places.push((0, self.place(at)));
            let later = self.places.iter().filter(|(own, _)| *own > at);
            part.places.extend(later.map(|(own, place)| (own - at, *place)));
        }
        part
    }

    /// The words between blanks, quoted ones whole and as they are written,
    /// with the bytes where each begins and ends.
    #[must_use]
    pub fn words(&self, escape: char) -> Vec<(usize, usize)> {
        lines::words(&self.text, escape)
    }
}

/// Whether a file's name is a Dockerfile's.
#[must_use]
pub fn is_dockerfile(path: &str) -> bool {
    let name = relpath::file_name(path).to_ascii_lowercase();
    let stem = ["dockerfile", "containerfile"];
    let is = |name: &str| {
        stem.iter().any(|stem| {
            name == *stem
                || name.strip_prefix(stem).is_some_and(|rest| rest.starts_with(['.', '-', '_']))
                || name.strip_suffix(stem).is_some_and(|rest| rest.ends_with(['.', '-', '_']))
        })
    };
    is(&name) && !NO_DOCKERFILE.iter().any(|suffix| name.ends_with(suffix))
}

/// Ends of names of files about Dockerfiles, or that make one.
const NO_DOCKERFILE: [&str; 21] = [
    ".dockerignore",
    ".md",
    ".j2",
    ".jinja",
    ".jinja2",
    ".tera",
    ".tmpl",
    ".tpl",
    ".txt",
    ".py",
    ".sh",
    ".js",
    ".ts",
    ".json",
    ".yml",
    ".yaml",
    ".html",
    ".css",
    ".map",
    ".svg",
    ".png",
];

/// A stage: a FROM and what follows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stage {
    /// What `AS` calls it, as it is written.
    pub name: Option<String>,
    /// What FROM names, as it is written.
    pub from: String,
    /// Where that stands.
    pub from_span: Span,
    /// Its instructions, FROM first, by their numbers.
    pub first: usize,
    /// The number after its last instruction's.
    pub end: usize,
}

/// Something BuildKit would refuse, or that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What it is.
    pub message: String,
    /// Where.
    pub span: Span,
}

/// A Dockerfile.
#[derive(Clone, Debug, Default)]
pub struct Dockerfile {
    /// `# syntax=`, and where its value stands.
    pub syntax: Option<(String, Span)>,
    /// The character that continues lines: `\`, or what `# escape=` says.
    pub escape: char,
    /// Every instruction, in order.
    pub instructions: Vec<Instruction>,
    /// Its stages, in order.
    pub stages: Vec<Stage>,
    /// Where comments stand: each `#` line, whole.
    pub comments: Vec<Span>,
    /// What is wrong with its syntax.
    pub faults: Vec<Fault>,
    /// The numbers of the stages of a name in small letters, in order.
    named: HashMap<String, Vec<usize>>,
    /// What is the same for every question without build arguments.
    plain: OnceLock<image::Plain>,
}

impl Dockerfile {
    /// Reads a Dockerfile. What is wrong is in `faults`; the rest is read.
    #[must_use]
    pub fn read(text: &str) -> Self {
        lines::read(text)
    }

    /// The stage of a name or number; the last one for none.
    #[must_use]
    pub fn stage(&self, target: Option<&str>) -> Option<usize> {
        match target {
            None | Some("") => self.stages.len().checked_sub(1),
            Some(target) => self.stage_named(target, self.stages.len()),
        }
    }

    /// The last of the first `before` stages with a name, or the one of a number.
    #[must_use]
    pub fn stage_named(&self, name: &str, before: usize) -> Option<usize> {
        let named = self.named.get(&name.to_ascii_lowercase());
        let named = named.and_then(|own| own[..own.partition_point(|at| *at < before)].last());
        let named = named.copied();
        named.or_else(|| name.parse().ok().filter(|number| *number < before))
    }

    /// Stages with all that they are made of or copy from.
    #[must_use]
    pub fn reached(&self, stages: &[usize]) -> Vec<usize> {
        let mut found = stages.to_vec();
        let mut at = 0;
        while let Some(stage) = found.get(at).copied() {
            let from = self.stages.get(stage).and_then(|own| self.stage_named(&own.from, stage));
            let sources = self.of_stage(stage).flat_map(|(_, own)| {
                let names: Vec<&str> = own.sources().map(|(name, _)| name).collect();
                names.into_iter().filter_map(|name| self.stage_named(name, stage))
            });
            let more: Vec<usize> = sources.chain(from).filter(|own| !found.contains(own)).collect();
            found.extend(more);
            at += 1;
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The instructions of a stage, each with its number.
    pub fn of_stage(&self, stage: usize) -> impl Iterator<Item = (usize, &Instruction)> {
        let range = self.stages.get(stage).map_or(0..0, |stage| stage.first..stage.end);
        range.map(|number| (number, &self.instructions[number]))
    }

    /// The stage that an instruction stands in; `None` before the first FROM.
    #[must_use]
    pub fn stage_of(&self, instruction: usize) -> Option<usize> {
        let last =
            self.stages.partition_point(|stage| stage.first <= instruction).checked_sub(1)?;
        (instruction < self.stages[last].end).then_some(last)
    }
}
