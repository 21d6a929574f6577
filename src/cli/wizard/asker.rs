//! One prompt: dialoguer on standard error, with a line above it that says
//! why it is asked, and one line left behind that says what was answered.

use console::{Term, style, truncate_str};
use dialoguer::theme::{ColorfulTheme, SimpleTheme, Theme};
use dialoguer::{Input, Select};

use crate::cli::layout::wrap;
use crate::error::Error;
use crate::schema::value::Kind;

/// What is typed to go back where Esc is an ordinary key.
const BACK: &str = "<";

/// What is typed to take a chosen value back.
pub const CLEAR: &str = "-";

/// Rows a menu takes however little room there is.
const LEAST_ROWS: usize = 6;

/// What a person did at a prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply<T> {
    /// Answered.
    Given(T),
    /// Went back.
    Back,
}

/// A question that is answered by typing.
#[derive(Clone, Debug)]
pub struct Typed<'a> {
    /// What is asked.
    pub prompt: &'a str,
    /// Why.
    pub why: &'a str,
    /// How the answer is read.
    pub kind: Kind,
    /// What Enter alone answers; empty for nothing.
    pub default: String,
    /// Whether [`CLEAR`] is an answer.
    pub clears: bool,
    /// Whether an empty answer is one, whatever the type says of it.
    pub skips: bool,
}

/// Asks on the terminal that standard error is.
pub struct Asker {
    term: Term,
    theme: Box<dyn Theme>,
    /// Answer lines that stand directly above the cursor.
    answered: usize,
    /// Lines said since the last prompt, which a menu leaves on the screen.
    said: usize,
}

impl Asker {
    /// Asks in colour where colours are wanted.
    #[must_use]
    pub fn new() -> Self {
        let theme: Box<dyn Theme> = if console::colors_enabled_stderr() {
            Box::new(ColorfulTheme::default())
        } else {
            Box::new(SimpleTheme)
        };
        Self { term: Term::stderr(), theme, answered: 0, said: 0 }
    }

    /// Columns that text may take.
    #[must_use]
    pub fn width(&self) -> usize {
        usize::from(self.term.size().1).clamp(30, 100)
    }

    /// Writes text that stays.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn say(&mut self, text: &str) -> Result<(), Error> {
        self.answered = 0;
        let text = text.trim_end_matches('\n');
        self.said += text.split('\n').count();
        self.term.write_line(text).map_err(|_| Error::Interrupted)
    }

    /// Writes a remark, dim and wrapped.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn remark(&mut self, text: &str) -> Result<(), Error> {
        self.answered = 0;
        self.said += self.dim(text)?;
        Ok(())
    }

    /// Asks for text.
    ///
    /// # Errors
    /// Interrupted.
    pub fn text(&mut self, question: &Typed<'_>) -> Result<Reply<String>, Error> {
        let above = self.dim(question.why)?;
        let Typed { kind, clears, skips, .. } = *question;
        let width = self.width();
        let mut input = Input::<String>::with_theme(self.theme.as_ref())
            .with_prompt(question.prompt)
            .report(false)
            .allow_empty(true)
            .validate_with(move |typed: &String| -> Result<(), String> {
                let typed = typed.trim();
                if typed == BACK || clears && typed == CLEAR || skips && typed.is_empty() {
                    return Ok(());
                }
                // dialoguer counts the lines of a message to remove it again.
                let wrapped = |message: String| wrap(&message, width - 8).join("\n  ");
                kind.read(typed).map(drop).map_err(wrapped)
            });
        if !question.default.is_empty() {
            input = input.default(question.default.clone());
        }
        let typed = input.interact_text_on(&self.term).map_err(stopped)?;
        self.erase(above)?;
        Ok(match typed.trim() {
            BACK => Reply::Back,
            typed => Reply::Given(typed.to_owned()),
        })
    }

    /// Asks for one of `items`, of which `default` is offered first.
    ///
    /// # Errors
    /// Interrupted.
    pub fn select(
        &mut self,
        prompt: &str,
        why: &str,
        items: &[String],
        default: usize,
    ) -> Result<Reply<usize>, Error> {
        let above = self.dim(why)?;
        let rows = usize::from(self.term.size().0);
        let said = std::mem::take(&mut self.said).min(rows / 2);
        // What stands above stays on the screen; prompt and cursor take a line each.
        let most = rows.saturating_sub(above + said + 2).max(LEAST_ROWS);
        let items = self.fitting(items, most);
        let chosen = Select::with_theme(self.theme.as_ref())
            .with_prompt(prompt)
            .report(false)
            .items(&items)
            .default(default.min(items.len().saturating_sub(1)))
            .max_length(most)
            .interact_on_opt(&self.term)
            .map_err(stopped)?;
        self.erase(above)?;
        Ok(chosen.map_or(Reply::Back, Reply::Given))
    }

    /// Leaves a line that says what was answered.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn answered(&mut self, prompt: &str, answer: &str) -> Result<(), Error> {
        let mut line = String::new();
        let formatted = self.theme.format_input_prompt_selection(&mut line, prompt, answer);
        formatted.expect("text is written to memory");
        let line = truncate_str(&line, self.width() - 1, "…").into_owned();
        self.term.write_line(&line).map_err(|_| Error::Interrupted)?;
        self.answered += 1;
        Ok(())
    }

    /// Takes the last answer's line away, if it is still the last line.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn forget(&mut self) -> Result<(), Error> {
        if self.answered > 0 {
            self.answered -= 1;
            self.erase(1)?;
        }
        Ok(())
    }

    /// Items cut to the terminal's width, which dialoguer counts on, and to
    /// their first lines where all lines together are too many.
    fn fitting(&self, items: &[String], rows: usize) -> Vec<String> {
        let room = self.width() - 3;
        let lines: usize = items.iter().map(|item| item.lines().count()).sum();
        let each = if lines > rows { 1 } else { usize::MAX };
        let cut = |item: &String| {
            let lines: Vec<_> =
                item.lines().take(each).map(|line| truncate_str(line, room, "…")).collect();
            lines.join("\n")
        };
        items.iter().map(cut).collect()
    }

    fn dim(&self, text: &str) -> Result<usize, Error> {
        let lines = wrap(text, self.width() - 1);
        for line in &lines {
            let line = style(line).dim().for_stderr().to_string();
            self.term.write_line(&line).map_err(|_| Error::Interrupted)?;
        }
        Ok(lines.len())
    }

    fn erase(&self, lines: usize) -> Result<(), Error> {
        self.term.clear_last_lines(lines).map_err(|_| Error::Interrupted)
    }
}

impl Default for Asker {
    fn default() -> Self {
        Self::new()
    }
}

/// A prompt only fails when it was interrupted, or when its terminal is gone,
/// which interrupts it just as well.
fn stopped(_: dialoguer::Error) -> Error {
    Error::Interrupted
}
