//! One key, asked by its type: a menu for words, a line for the rest.

use console::{Alignment, pad_str};

use crate::answers::Draft;
use crate::answers::stack::PackageManager;
use crate::apply::packages;
use crate::cli::wizard::asker::{Asker, CLEAR, Reply, Typed};
use crate::cli::wizard::session::Session;
use crate::error::Error;
use crate::schema::value::Kind;
use crate::schema::{self, Field};

/// The word for leaving a choice to dockwright.
const UNDECIDED: &str = "as planned";

/// What Enter alone means where a key has no value yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Usual {
    /// It answers this; nothing, when there is nothing to suggest.
    Suggested(Option<String>),
    /// It leaves what the plan chose, which is shown where it is known.
    Planned(Option<String>),
}

/// A key and how it is asked.
#[derive(Clone, Debug)]
pub struct KeyQuestion<'a> {
    /// The key.
    pub key: &'a str,
    /// What is asked.
    pub prompt: &'a str,
    /// Why; empty for what the schema says.
    pub why: &'a str,
    /// What Enter alone means where there is no value yet.
    pub usual: Usual,
    /// Words that are not offered.
    pub hidden: &'a [&'a str],
}

impl<'a> KeyQuestion<'a> {
    /// A key with the schema's text.
    #[must_use]
    pub const fn of(key: &'a str, prompt: &'a str) -> Self {
        Self { key, prompt, why: "", usual: Usual::Planned(None), hidden: &[] }
    }

    /// Asks, and gives the answer to the session.
    ///
    /// # Errors
    /// Interrupted, or problems of the flags.
    ///
    /// # Panics
    /// When the schema has no such key.
    pub fn ask(&self, asker: &mut Asker, session: &mut Session) -> Result<Reply<()>, Error> {
        let field = schema::find(self.key).expect("only keys of the schema are asked");
        match field.kind {
            Kind::Choice(words) => self.pick(asker, session, &field, words),
            Kind::Bool => self.pick(asker, session, &field, &["true", "false"]),
            _ => self.type_it(asker, session, &field),
        }
    }

    fn pick(
        &self,
        asker: &mut Asker,
        session: &mut Session,
        field: &Field,
        words: &[&str],
    ) -> Result<Reply<()>, Error> {
        let draft = session.draft()?;
        let adopted = draft.is_adopted();
        let offered = |word: &&str| {
            let manager = self.key == "project.package-manager" && !adopted;
            !self.hidden.contains(word)
                && (adopted || !schema::is_word_for_adopted(self.key, word))
                && (!manager || packages::is_installed(PackageManager::of(word)))
        };
        let words: Vec<&str> = words.iter().copied().filter(offered).collect();
        let mut items = self.items(session, &words);
        let undecided = draft.default_of(self.key).is_empty();
        if undecided {
            items.push(UNDECIDED.into());
        }
        let now = draft.text(self.key);
        let default = words.iter().position(|word| *word == now).unwrap_or(words.len());
        let chosen = match asker.select(self.prompt, self.why(field), &items, default)? {
            Reply::Given(chosen) => chosen,
            Reply::Back => return Ok(Reply::Back),
        };
        match words.get(chosen) {
            Some(word) => {
                session.answer(self.key, word);
                asker.answered(self.prompt, said_as(word))?;
            }
            None => self.clear(asker, session, field)?,
        }
        Ok(Reply::Given(()))
    }

    /// The words, each with what would stand against it.
    fn items(&self, session: &Session, words: &[&str]) -> Vec<String> {
        let widest = words.iter().map(|word| said_as(word).len()).max().unwrap_or_default();
        let item = |word: &&str| {
            let name = said_as(word);
            match session.objections(&[(self.key, word)]).first() {
                Some(problem) => {
                    let name = pad_str(name, widest, Alignment::Left, None);
                    format!("{name}  but then: {}", problem.message)
                }
                None => name.to_owned(),
            }
        };
        words.iter().map(item).collect()
    }

    fn type_it(
        &self,
        asker: &mut Asker,
        session: &mut Session,
        field: &Field,
    ) -> Result<Reply<()>, Error> {
        let draft = session.draft()?;
        let now = draft.text(self.key);
        let clears = matches!(self.usual, Usual::Planned(_)) && is_chosen(&draft, self.key);
        let mut why = self.why(field).to_owned();
        if clears {
            why.push_str(" Type - to take the choice back.");
        }
        let (default, answers) = match &self.usual {
            _ if !now.is_empty() => (Some(now.clone()), true),
            Usual::Suggested(text) => (text.clone(), true),
            Usual::Planned(text) => (text.clone(), false),
        };
        let question = Typed {
            prompt: self.prompt,
            why: &why,
            kind: field.kind,
            default: default.clone().unwrap_or_default(),
            clears,
            skips: !answers,
        };
        let typed = match asker.text(&question)? {
            Reply::Given(typed) => typed,
            Reply::Back => return Ok(Reply::Back),
        };
        // 2gb is 2GiB.
        let typed = field.kind.read(&typed).map_or(typed, |value| value.to_string());
        if clears && typed == CLEAR {
            self.clear(asker, session, field)?;
        } else {
            let left = !answers && typed == default.unwrap_or_default();
            if !left && typed != now {
                session.answer(self.key, &typed);
            }
            asker.answered(self.prompt, shown(field, &typed))?;
        }
        Ok(Reply::Given(()))
    }

    fn clear(&self, asker: &mut Asker, session: &mut Session, field: &Field) -> Result<(), Error> {
        session.withdraw(self.key);
        asker.answered(self.prompt, shown(field, &session.draft()?.text(self.key)))
    }

    fn why<'b>(&'b self, field: &Field) -> &'b str {
        if self.why.is_empty() { field.doc } else { self.why }
    }
}

/// How a value is shown: nothing is a choice for some keys, and for the others
/// leaves it to dockwright.
fn shown<'a>(field: &Field, text: &'a str) -> &'a str {
    match text {
        "" if field.kind.read("").is_ok() => "none",
        "" => UNDECIDED,
        text => said_as(text),
    }
}

/// Whether a flag or an answer spoke last.
fn is_chosen(draft: &Draft, key: &str) -> bool {
    draft.sourced(key).is_some_and(|sourced| sourced.origin.is_said())
}

/// A word as people say it.
#[must_use]
pub fn said_as(word: &str) -> &str {
    match word {
        "true" => "yes",
        "false" => "no",
        word => word,
    }
}
