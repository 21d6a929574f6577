//! What COPY and ADD take, and where to.

use super::{Instruction, Keyword};

/// What COPY or ADD takes, and where to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Sources, as they are written; here-documents are none.
    pub sources: Vec<String>,
    /// The destination, as it is written.
    pub target: String,
}

impl Transfer {
    /// What an instruction copies; `None` for one that copies nothing.
    #[must_use]
    pub fn of(instruction: &Instruction, escape: char) -> Option<Self> {
        if !matches!(instruction.keyword, Keyword::Copy | Keyword::Add) {
            return None;
        }
        let text = &instruction.arguments.text;
        let mut words = instruction.json.clone().unwrap_or_else(|| {
            let words = instruction.arguments.words(escape);
            words
                .iter()
                .map(|(from, to)| text[*from..*to].trim_matches(['"', '\'']).to_owned())
                .collect()
        });
        let target = words.pop()?;
        words.retain(|word| !word.starts_with("<<"));
        Some(Self { sources: words, target })
    }

    /// Whether it takes the whole context, or the whole of another stage's directory.
    #[must_use]
    pub fn takes_all(&self) -> bool {
        self.sources.iter().any(|source| matches!(source.as_str(), "." | "./" | "/" | "./." | "*"))
    }
}
