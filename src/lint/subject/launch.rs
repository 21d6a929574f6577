//! What a container starts: its command followed through shells and scripts.

use super::branch;
use crate::catalog::Program;
use crate::detect::commands::unwrap;
use crate::lint::diagnostic::At;
use crate::source::dockerfile::Command;
use crate::source::shell;
use crate::source::text::{Span, Text};

/// One command that a container runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Program and arguments, wrappers taken off.
    pub argv: Vec<String>,
    /// Where it stands.
    pub at: At,
    /// What it is.
    pub program: Program,
    /// The number of the script it stands in; `None` for the command itself.
    pub script: Option<usize>,
    /// Whether it takes the place of the process before it: `exec`, the exec
    /// form without a shell, or the last command that bash was given.
    pub replaces: bool,
    /// Whether it is left running while the next one starts.
    pub in_background: bool,
}

impl Step {
    /// The name of its program.
    pub(super) fn name(&self) -> &str {
        let first = self.argv.first().map_or("", String::as_str);
        first.rsplit('/').next().unwrap_or(first)
    }
}

/// Finds a script of the repository by the path it has in the image.
pub(super) type Scripts<'a> = &'a mut dyn FnMut(&str) -> Option<(usize, String)>;

/// What a command runs, step by step. `arguments` is what `"$@"` of its script
/// stands for.
pub(super) fn steps(command: &Command, at: At, scripts: Scripts<'_>) -> Vec<Step> {
    let mut found = Vec::new();
    let mut follow = Follow { scripts, depth: 0, found: &mut found };
    match command {
        Command::Exec(words) => follow.words(words, at, None, true),
        Command::Shell(text) => follow.text(text, at, None, &[], 0, false),
    }
    found
}

struct Follow<'a, 'b> {
    scripts: Scripts<'a>,
    depth: usize,
    found: &'b mut Vec<Step>,
}

impl Follow<'_, '_> {
    fn words(&mut self, words: &[String], at: At, script: Option<usize>, replaces: bool) {
        let own_exec = words.first().is_some_and(|word| word == "exec");
        let unwrapped = unwrap(words);
        if let Some(text) = unwrapped.shell {
            let hands_over = hands_over(words, &text);
            self.text(&text, at, script, &[], 0, hands_over);
            return;
        }
        let argv = unwrapped.argv;
        let Some(first) = argv.first() else { return };
        let shell = matches!(first.rsplit('/').next(), Some("sh" | "bash" | "ash" | "dash"));
        let (path, rest) = match argv.get(1) {
            Some(second) if shell && !second.starts_with('-') => (second, &argv[2..]),
            _ => (first, &argv[1..]),
        };
        if self.depth < 5 {
            let looks = path.ends_with(".sh") || path.contains('/') || !path.contains('.');
            let program = Program::of(&argv);
            if looks
                && program == Program::Other
                && let Some((number, text)) = (self.scripts)(path)
            {
                let rest = rest.to_vec();
                self.depth += 1;
                self.text(&text, at, Some(number), &rest, 1, false);
                self.depth -= 1;
                return;
            }
        }
        let program = Program::of(&argv);
        let replaces = replaces || own_exec;
        self.found.push(Step { argv, at, program, script, replaces, in_background: false });
    }

    /// Shell text; `first_line` 1 where it is a whole file, whose lines count.
    /// `hands_over`: the shell gives its place to the last command by itself.
    fn text(
        &mut self,
        text: &str,
        at: At,
        script: Option<usize>,
        arguments: &[String],
        first_line: usize,
        hands_over: bool,
    ) {
        let file = script.filter(|_| first_line == 1).map(|number| (Text::new("", text), number));
        // Of an entry script that chooses by its argument: what it chooses.
        let chosen = arguments
            .first()
            .filter(|_| file.is_some())
            .and_then(|argument| branch::taken(text, argument));
        let commands = shell::split(chosen.as_deref().unwrap_or(text));
        let last = commands.len().checked_sub(1).filter(|_| hands_over);
        for (number, simple) in commands.into_iter().enumerate() {
            let place = match &file {
                Some((own, number)) => {
                    let span = own.line_span(simple.line + 1);
                    let line = own.slice(span);
                    let blank = line.len() - line.trim_start().len();
                    At::new(*number, Span::new(span.start + blank, span.end))
                }
                None => at,
            };
            let bare: Vec<&str> = simple.words.iter().map(String::as_str).collect();
            let passes = bare.iter().any(|word| matches!(*word, "$@" | "$*" | "${@}"));
            if passes {
                let start =
                    bare.iter().position(|word| matches!(*word, "$@" | "$*" | "${@}")).unwrap_or(0);
                let mut words: Vec<String> = simple.words[..start].to_vec();
                words.extend(arguments.iter().cloned());
                let is_exec = bare.first() == Some(&"exec");
                if arguments.is_empty() {
                    continue;
                }
                self.words(&words, at, script, is_exec);
                continue;
            }
            let own_exec = bare.first() == Some(&"exec");
            let before = self.found.len();
            self.words(&simple.words, place, script, last == Some(number) || own_exec);
            let line_end =
                file.as_ref().map(|(own, _)| own.line_text(simple.line + 1).trim_end().to_owned());
            if line_end.is_some_and(|line| line.ends_with('&') && !line.ends_with("&&")) {
                for step in &mut self.found[before..] {
                    step.in_background = true;
                }
            }
        }
    }
}

/// Whether the shell of a command gives its place to the last command of its
/// text: bash does, but for `a; b && c`. Debian's sh never does.
fn hands_over(words: &[String], text: &str) -> bool {
    let is_bash = words.iter().any(|word| word == "bash" || word.ends_with("/bash"));
    let bare = text.replace("&&", "");
    let (before, _) = text.rsplit_once("&&").unwrap_or_default();
    is_bash && !bare.contains(['|', '&', '(']) && !before.contains([';', '\n'])
}
