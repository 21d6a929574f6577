//! What stands inside the tags of a template, in tokens: enough to tell names
//! that are read from those that are given.

/// One token inside a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token<'a> {
    /// A name or keyword.
    Word(&'a str),
    /// A text or a number.
    Literal,
    /// Everything else, such as `==` or `(`.
    Sign(&'a str),
}

/// A tag: `{{ … }}` or `{% … %}`.
#[derive(Debug)]
pub struct Tag<'a> {
    /// Whether it is `{% … %}`.
    pub is_statement: bool,
    /// Its tokens, each with its offset in the template.
    pub tokens: Vec<(usize, Token<'a>)>,
}

impl<'a> Tag<'a> {
    /// The word at a position.
    #[must_use]
    pub fn word(&self, index: usize) -> Option<&'a str> {
        match self.tokens.get(index)?.1 {
            Token::Word(word) => Some(word),
            _ => None,
        }
    }

    /// Whether a sign stands at a position.
    #[must_use]
    pub fn is_sign(&self, index: usize, sign: &str) -> bool {
        self.tokens.get(index).is_some_and(|(_, token)| *token == Token::Sign(sign))
    }
}

/// Signs of more than one character that matter here.
const SIGNS: [&str; 8] = ["...", "?.", "?[", "==", "!=", ">=", "<=", "</"];

/// The tags of a template; what follows a tag that is never closed is left
/// out, for the engine says what is wrong with it.
#[must_use]
pub fn tags(text: &str) -> Vec<Tag<'_>> {
    let mut tags = Vec::new();
    let mut at = 0;
    while let Some(open) = text[at..].find('{').map(|found| at + found) {
        let rest = &text[open..];
        at = open + 1;
        if rest.starts_with("{#") {
            at = rest.find("#}").map_or(text.len(), |end| open + end + 2);
        } else if rest.starts_with("{{") || rest.starts_with("{%") {
            let is_statement = rest.starts_with("{%");
            let (tokens, end) = tokens(text, open + 2, if is_statement { "%}" } else { "}}" });
            let tag = Tag { is_statement, tokens };
            at = match is_statement && tag.word(0) == Some("raw") {
                true => text[end..].find("endraw").map_or(text.len(), |found| end + found),
                false => end,
            };
            tags.push(tag);
        }
    }
    tags
}

/// The tokens up to the end of a tag, and where that is.
fn tokens<'a>(text: &'a str, mut at: usize, close: &str) -> (Vec<(usize, Token<'a>)>, usize) {
    let mut tokens = Vec::new();
    // A `-` at either end only takes white space away.
    if text[at..].starts_with('-') {
        at += 1;
    }
    while let Some(next) = text[at..].chars().next() {
        let rest = &text[at..];
        let length = if rest.starts_with(close) {
            return (tokens, at + close.len());
        } else if next.is_whitespace() || next == '-' && rest[1..].starts_with(close) {
            at += next.len_utf8();
            continue;
        } else if matches!(next, '"' | '\'' | '`') {
            let length = literal(rest, next);
            tokens.push((at, Token::Literal));
            length
        } else if next.is_ascii_alphanumeric() || next == '_' {
            let word = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
            let length = rest.find(word).unwrap_or(rest.len());
            let token = match next.is_ascii_digit() {
                true => Token::Literal,
                false => Token::Word(&rest[..length]),
            };
            tokens.push((at, token));
            length
        } else {
            let long = SIGNS.iter().find(|sign| rest.starts_with(**sign));
            let length = long.map_or(next.len_utf8(), |sign| sign.len());
            tokens.push((at, Token::Sign(&rest[..length])));
            length
        };
        at += length;
    }
    (tokens, text.len())
}

/// The length of a text in quotes.
fn literal(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, next) in text.char_indices().skip(1) {
        match next {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if next == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}
