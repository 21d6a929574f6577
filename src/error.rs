//! What can go wrong, with the data each message needs, and the exit code
//! each kind of failure has. Messages are written here once.

use std::fmt;
use std::path::PathBuf;

/// A place in a file a person wrote, 1-based.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file as the person named it.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl Place {
    /// The place of byte `offset` in `text`, which is the content of `file`.
    #[must_use]
    pub fn of_offset(file: &str, text: &str, offset: usize) -> Self {
        let before = &text.as_bytes()[..offset.min(text.len())];
        let before = String::from_utf8_lossy(before);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            file: file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// One thing that is wrong with what a person gave, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong.
    pub message: String,
    /// Where it was said: a place in a file, a flag.
    pub at: Option<String>,
    /// What to do.
    pub help: Option<String>,
}

impl Problem {
    /// A problem with neither place nor advice yet.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), at: None, help: None }
    }

    /// Says where.
    #[must_use]
    pub fn at(mut self, at: impl Into<String>) -> Self {
        self.at = Some(at.into());
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(at) = &self.at {
            write!(f, "{at}: ")?;
        }
        f.write_str(&self.message)?;
        if let Some(help) = &self.help {
            write!(f, "\n  help: {help}")?;
        }
        Ok(())
    }
}

/// Every way a command fails.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The input is wrong: a flag, a file, a combination, a budget. All the
    /// problems of one input together.
    #[error("{}", join(.0))]
    Input(Vec<Problem>),
    /// A file or directory could not be read or written.
    #[error("cannot {action} {}: {source}", .path.display())]
    Io {
        /// What was tried: `read`, `write`, `create`.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A program that is needed is missing or failed.
    #[error("{message}\n  help: {help}")]
    Tool {
        /// What happened.
        message: String,
        /// The command to run.
        help: String,
    },
    /// A template could not be rendered: a defect of dockwright or a preset.
    #[error("template {template}: {message}")]
    Template {
        /// The template's name.
        template: String,
        /// What the engine said.
        message: String,
    },
    /// What was asked for was looked at, and does not hold or did not work
    /// out everywhere; the report has said what.
    #[error("{message}")]
    Ended {
        /// The exit code.
        code: u8,
        /// In a sentence.
        message: String,
    },
    /// A signal, or the end of the terminal, stopped the command.
    #[error("interrupted; nothing was written")]
    Interrupted,
    /// The person chose not to go on.
    #[error("cancelled; nothing was written")]
    Cancelled,
}

impl Error {
    /// One problem of the input.
    #[must_use]
    pub fn input(problem: Problem) -> Self {
        Self::Input(vec![problem])
    }

    /// The exit code, which is part of the command's contract: 1 what was
    /// checked does not hold, 2 the input is wrong, 3 the environment failed, 130 interrupted.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Input(_) => 2,
            Self::Io { .. } | Self::Tool { .. } | Self::Template { .. } => 3,
            Self::Ended { code, .. } => *code,
            Self::Interrupted | Self::Cancelled => 130,
        }
    }
}

fn join(problems: &[Problem]) -> String {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

/// The nearest of `names` to what was typed, for a "did you mean".
#[must_use]
pub fn nearest<'a>(typed: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    /// Nothing longer was meant for another name, and comparing takes the
    /// product of both lengths.
    const LONGEST: usize = 100;
    names
        .into_iter()
        .filter(|name| typed.len() <= LONGEST && name.len() <= LONGEST)
        .map(|name| (strsim::damerau_levenshtein(typed, name), name))
        .filter(|(distance, name)| *distance <= 1 + name.len() / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_near_or_none() {
        let names = ["stack.database", "stack.cache", "deploy.memory"];
        assert_eq!(nearest("stack.databse", names), Some("stack.database"));
        assert_eq!(nearest("deploy.memroy", names), Some("deploy.memory"));
        assert_eq!(nearest("zebra", names), None);
        let long = "a".repeat(1 << 20);
        assert_eq!(nearest(&long, [long.as_str()]), None);
    }

    #[test]
    fn a_place_counts_characters_not_bytes() {
        let place = Place::of_offset("f", "ä = 1\nüü x", "ä = 1\nüü ".len());
        assert_eq!((place.line, place.column), (2, 4));
    }
}
