//! Text into instructions, as BuildKit's parser does it.

use std::sync::LazyLock;

use regex::Regex;

use super::{Dockerfile, Fault, Flag, Heredoc, Instruction, Joined, Keyword, Stage};
use crate::source::text::Span;

static DIRECTIVE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*$").expect("the expression is right")
});
static HEREDOC: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^(\d*)<<(-?)\s*([^<]+)$").expect("the expression is right"));

/// More stages are not read: no file that builds anything comes near.
const STAGES: usize = 500;

/// A physical line: where it begins, and its text without line end.
type Line<'a> = (usize, &'a str);

pub(super) fn read(text: &str) -> Dockerfile {
    let mut reader = Reader {
        text,
        lines: lines(text),
        next: 0,
        file: Dockerfile { escape: '\\', ..Dockerfile::default() },
    };
    reader.directives();
    while reader.next < reader.lines.len() {
        reader.step();
    }
    reader.stages();
    reader.file
}

fn lines(text: &str) -> Vec<Line<'_>> {
    let mut at = 0;
    let mut lines = Vec::new();
    for line in text.split_inclusive('\n') {
        let bare = line.strip_suffix('\n').unwrap_or(line);
        let bare = bare.strip_suffix('\r').unwrap_or(bare);
        // A byte order mark is no part of the first line.
        let mark = if at == 0 && bare.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        lines.push((at + mark, &bare[mark..]));
        at += line.len();
    }
    lines
}

struct Reader<'a> {
    text: &'a str,
    lines: Vec<Line<'a>>,
    next: usize,
    file: Dockerfile,
}

impl<'a> Reader<'a> {
    /// `# syntax=`, `# escape=`, `# check=`: only before anything else.
    fn directives(&mut self) {
        let mut at = 0;
        while let Some((start, line)) = self.lines.get(at) {
            let Some(found) = DIRECTIVE.captures(line.trim()) else { break };
            let (name, value) = (found[1].to_ascii_lowercase(), found[2].to_owned());
            match name.as_str() {
                "syntax" if self.file.syntax.is_none() => {
                    let place = start + line.rfind(&value).unwrap_or(0);
                    let span = Span::new(place, place + value.len());
                    self.file.syntax = Some((value, span));
                }
                "escape" if matches!(value.as_str(), "\\" | "`") => {
                    self.file.escape = if value == "`" { '`' } else { '\\' };
                }
                "check" => {}
                _ => break,
            }
            at += 1;
        }
    }

    /// Takes one instruction, or a line that is none.
    fn step(&mut self) {
        let (start, line) = self.take();
        let trimmed = line.trim();
        if trimmed.is_empty() {
            return;
        }
        if trimmed.starts_with('#') {
            self.file.comments.push(Span::new(start, start + line.len()));
            return;
        }
        let (joined, end) = self.joined(start, line);
        self.instruction(&joined, end);
    }

    fn take(&mut self) -> Line<'a> {
        self.next += 1;
        self.lines[self.next - 1]
    }

    /// A line and those that continue it, and where the last one ends.
    fn joined(&mut self, start: usize, line: &'a str) -> (Joined, usize) {
        let escape = self.file.escape;
        let mut joined = Joined::default();
        let (mut start, mut line) = (start, line);
        let mut end;
        loop {
            end = start + line.len();
            let (kept, goes_on) = continued(line, escape);
            joined.push(kept, start);
            if !goes_on {
                break;
            }
            // Comments and empty lines between do not end it.
            let next = loop {
                let Some(&(at, text)) = self.lines.get(self.next) else { break None };
                self.next += 1;
                let trimmed = text.trim();
                if trimmed.starts_with('#') {
                    self.file.comments.push(Span::new(at, at + text.len()));
                } else if !trimmed.is_empty() {
                    break Some((at, text));
                }
            };
            match next {
                Some(next) => (start, line) = next,
                None => break,
            }
        }
        (joined, end)
    }

    fn instruction(&mut self, joined: &Joined, end: usize) {
        let text = &joined.text;
        let first = text.len() - text.trim_start().len();
        let rest = &text[first..];
        let word_end = first + rest.find(char::is_whitespace).unwrap_or(rest.len());
        let word = joined.span(first, word_end);
        let Some(keyword) = Keyword::of(&text[first..word_end]) else {
            let message = format!("unknown instruction: {}", bounded(&text[first..word_end]));
            self.file.faults.push(Fault { message, span: word });
            return;
        };
        let (flags, at) = flags(joined, word_end);
        let arguments = joined.from(at);
        let json = match keyword {
            Keyword::Run
            | Keyword::Cmd
            | Keyword::Entrypoint
            | Keyword::Shell
            | Keyword::Copy
            | Keyword::Add
            | Keyword::Volume => array(&arguments.text),
            _ => None,
        };
        let mut end = end;
        let mut heredocs = Vec::new();
        let may = match keyword {
            Keyword::Run | Keyword::Copy | Keyword::Add => true,
            Keyword::Onbuild => {
                let inner = arguments.text.split_whitespace().next().and_then(Keyword::of);
                matches!(inner, Some(Keyword::Run | Keyword::Copy | Keyword::Add))
            }
            _ => false,
        };
        if may && json.is_none() {
            for (start, stop) in words(&arguments.text, self.file.escape) {
                let Some((name, chomp, expands)) = heredoc(&arguments.text[start..stop]) else {
                    continue;
                };
                let begin = self.next;
                let (body, last) = self.body(&name, chomp);
                let has_blank = arguments.text[start..stop].contains(char::is_whitespace);
                if last.is_none() && has_blank {
                    // A shift in `$(( 1 << 3 ))`, to all that read no here-document
                    // where a blank follows; the others build nothing of it.
                    self.next = begin;
                    continue;
                }
                if let Some(last) = last {
                    end = last;
                } else {
                    let message = format!("here-document {} is not ended", bounded(&name));
                    self.file.faults.push(Fault { message, span: word });
                    end = self.text.len();
                }
                heredocs.push(Heredoc { name, expands, body });
            }
        }
        let span = Span::new(word.start, end);
        self.file.instructions.push(Instruction {
            keyword,
            span,
            word,
            flags,
            arguments,
            heredocs,
            json,
        });
    }

    /// The lines up to one that is `name`, and where that one ends.
    fn body(&mut self, name: &str, chomp: bool) -> (Span, Option<usize>) {
        let start = self.lines.get(self.next).map_or(self.text.len(), |(start, _)| *start);
        while self.next < self.lines.len() {
            let (at, line) = self.take();
            let bare = if chomp { line.trim_start_matches('\t') } else { line };
            if bare == name {
                return (Span::new(start, at), Some(at + line.len()));
            }
        }
        (Span::new(start, self.text.len()), None)
    }

    fn stages(&mut self) {
        let file = &mut self.file;
        for (number, instruction) in file.instructions.iter().enumerate() {
            if instruction.keyword != Keyword::From {
                if let Some(stage) = file.stages.last_mut() {
                    stage.end = number + 1;
                } else if instruction.keyword != Keyword::Arg {
                    let message = format!("{} stands before FROM", instruction.keyword.word());
                    file.faults.push(Fault { message, span: instruction.word });
                }
                continue;
            }
            if file.stages.len() == STAGES {
                let message = format!("it has more than {STAGES} stages");
                file.faults.push(Fault { message, span: instruction.word });
                break;
            }
            let text = &instruction.arguments.text;
            let words = words(text, file.escape);
            let word = |at: usize| words.get(at).map(|(start, end)| &text[*start..*end]);
            let name = match word(1) {
                Some(as_) if as_.eq_ignore_ascii_case("as") => word(2).map(str::to_owned),
                _ => None,
            };
            if words.is_empty() || words.len() == 2 || words.len() > 3 {
                let message = "FROM takes one image, or one image AS one name".to_owned();
                file.faults.push(Fault { message, span: instruction.word });
            }
            if let Some(name) = &name {
                let named = file.named.entry(name.to_ascii_lowercase()).or_default();
                named.push(file.stages.len());
            }
            file.stages.push(Stage {
                name,
                from: word(0).unwrap_or_default().to_owned(),
                from_span: words.first().map_or(instruction.word, |(start, end)| {
                    instruction.arguments.span(*start, *end)
                }),
                first: number,
                end: number + 1,
            });
        }
        if file.stages.is_empty() {
            let message = "there is no FROM".to_owned();
            file.faults.push(Fault { message, span: Span::new(0, 0) });
        }
    }
}

/// A line without the character that continues it, and whether there was one:
/// it is the last but blanks, and no other stands before it.
fn continued(line: &str, escape: char) -> (&str, bool) {
    let bare = line.trim_end_matches([' ', '\t']);
    match bare.strip_suffix(escape) {
        Some(kept) if !kept.ends_with(escape) => (kept, true),
        _ => (line, false),
    }
}

/// Flags after the instruction's word, and where the arguments begin.
fn flags(joined: &Joined, after: usize) -> (Vec<Flag>, usize) {
    let text = &joined.text;
    let mut flags = Vec::new();
    let mut at = after;
    loop {
        at += text[at..].len() - text[at..].trim_start().len();
        let rest = &text[at..];
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let Some(flag) = rest[..end].strip_prefix("--").filter(|flag| !flag.is_empty()) else {
            return (flags, at);
        };
        let (name, value) = match flag.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (flag, None),
        };
        let span = joined.span(at, at + end);
        flags.push(Flag { name: name.to_owned(), value, span });
        at += end;
    }
}

fn array(text: &str) -> Option<Vec<String>> {
    let text = text.trim();
    if text.starts_with('[') { serde_json::from_str(text).ok() } else { None }
}

/// The end, whether tabs before its lines are dropped, and whether variables
/// are replaced, of a word that begins a here-document.
fn heredoc(word: &str) -> Option<(String, bool, bool)> {
    let found = HEREDOC.captures(word)?;
    let rest = &found[3];
    let name = shell_words::split(rest).ok()?;
    let [name] = name.as_slice() else { return None };
    Some((name.clone(), &found[2] == "-", !rest.contains(['\'', '"', '\\'])))
}

/// Where words between blanks begin and end. Quotes hold blanks, and those right
/// after `<<` belong to its word, as BuildKit has it since May 2025.
pub(super) fn words(text: &str, escape: char) -> Vec<(usize, usize)> {
    let mut words = Vec::new();
    let mut start = None;
    let mut quote = None;
    let mut characters = text.char_indices();
    while let Some((at, c)) = characters.next() {
        if quote.is_none() && c.is_whitespace() {
            if let Some(start) = start.take() {
                words.push((start, at));
            }
            continue;
        }
        start.get_or_insert(at);
        match (quote, c) {
            (None, '<') if text[at + 1..].starts_with('<') => {
                characters.next();
                let rest = characters.as_str();
                let blanks = rest.chars().take_while(|c| c.is_whitespace()).count();
                for _ in 0..blanks {
                    characters.next();
                }
            }
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            (None | Some('"'), c) if c == escape => {
                characters.next();
            }
            _ => {}
        }
    }
    if let Some(start) = start {
        words.push((start, text.len()));
    }
    words
}

/// What a file says, short enough for a message.
fn bounded(text: &str) -> String {
    text.chars().take(40).collect()
}
