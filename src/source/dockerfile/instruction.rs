//! One instruction: its flags, its arguments, its here-documents.

use super::{Joined, Keyword};
use crate::source::shell::{self, Simple};
use crate::source::text::Span;

/// `--name=value` after an instruction's word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flag {
    /// Without the hyphens.
    pub name: String,
    /// What follows `=`.
    pub value: Option<String>,
    /// Where all of it stands.
    pub span: Span,
}

/// A here-document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heredoc {
    /// The word that ends it.
    pub name: String,
    /// Whether variables in it are replaced: its name was not quoted.
    pub expands: bool,
    /// Where its lines stand, without the one that ends it.
    pub body: Span,
}

/// Words that start a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// A JSON array: run as it is.
    Exec(Vec<String>),
    /// Text for a shell.
    Shell(String),
}

impl Command {
    /// The words as they would be run, a shell's quotes taken off. A text that
    /// a shell would refuse is one word.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        match self {
            Self::Exec(words) => words.clone(),
            Self::Shell(text) => shell_words::split(text).unwrap_or_else(|_| vec![text.clone()]),
        }
    }

    /// The words as one line of a shell.
    #[must_use]
    pub fn line(&self) -> String {
        match self {
            Self::Exec(words) => shell_words::join(words),
            Self::Shell(text) => text.clone(),
        }
    }
}

/// One instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// What it does.
    pub keyword: Keyword,
    /// Where it stands: all its lines, here-documents with their last line
    /// included, without the last line end.
    pub span: Span,
    /// Where its first word stands.
    pub word: Span,
    /// Its flags.
    pub flags: Vec<Flag>,
    /// What follows the flags.
    pub arguments: Joined,
    /// Its here-documents.
    pub heredocs: Vec<Heredoc>,
    /// Its arguments, where they are a JSON array of texts.
    pub json: Option<Vec<String>>,
}

impl Instruction {
    /// The value of a flag.
    #[must_use]
    pub fn flag(&self, name: &str) -> Option<&str> {
        self.flags.iter().rfind(|flag| flag.name == name)?.value.as_deref()
    }

    /// Its arguments as a command, with `SHELL` not yet put before it.
    #[must_use]
    pub fn command(&self) -> Command {
        match &self.json {
            Some(words) => Command::Exec(words.clone()),
            None => Command::Shell(self.arguments.text.trim().to_owned()),
        }
    }

    /// The commands that RUN gives a shell: those of its text, or of its
    /// here-documents where a shell reads these. `text` is the file's.
    #[must_use]
    pub fn commands(&self, text: &str) -> Vec<Simple> {
        if let Some(words) = &self.json {
            return vec![Simple { line: 0, words: words.clone() }];
        }
        let own = &self.arguments.text;
        let mut commands = shell::split(own);
        let runs_body = own.trim_start().starts_with("<<");
        for heredoc in &self.heredocs {
            if runs_body || own.contains("sh <<") {
                commands.extend(shell::split(&text[heredoc.body.start..heredoc.body.end]));
            }
        }
        if runs_body {
            commands.retain(|own| !own.words.iter().all(|word| word.starts_with("<<")));
        }
        commands
    }

    /// What `--from=` and `--mount=…,from=` name, and the flag that does.
    pub fn sources(&self) -> impl Iterator<Item = (&str, &Flag)> {
        self.flags.iter().filter_map(|flag| {
            let value = flag.value.as_deref()?;
            let name = match flag.name.as_str() {
                "from" => value,
                "mount" => value.split(',').find_map(|part| part.strip_prefix("from="))?,
                _ => return None,
            };
            Some((name, flag))
        })
    }

    /// `name=value` pairs of ENV, ARG and LABEL, quotes as they are written,
    /// with the place of each; `ENV name value` is one. `ARG name` has no value.
    #[must_use]
    pub fn pairs(&self, escape: char) -> Vec<(String, Option<String>, Span)> {
        let text = &self.arguments.text;
        let words = self.arguments.words(escape);
        let Some(&(start, end)) = words.first() else { return Vec::new() };
        if self.keyword != Keyword::Arg && !text[start..end].contains('=') {
            let value = text[end..].trim();
            let span = self.arguments.span(start, end + text[end..].trim_end().len());
            return vec![(text[start..end].to_owned(), Some(value.to_owned()), span)];
        }
        words
            .iter()
            .map(|&(start, end)| {
                let span = self.arguments.span(start, end);
                match text[start..end].split_once('=') {
                    Some((name, value)) => (name.to_owned(), Some(value.to_owned()), span),
                    None => (text[start..end].to_owned(), None, span),
                }
            })
            .collect()
    }
}
