//! nginx's configuration, as far as a merge by line can break it.

use std::collections::BTreeSet;

/// Directives that may stand in a block as often as they differ.
const REPEATED: [&str; 22] = [
    "allow",
    "deny",
    "include",
    "listen",
    "server",
    "set",
    "rewrite",
    "if",
    "error_page",
    "limit_req",
    "limit_conn",
    "access_log",
    "error_log",
    "location",
    "map",
    "upstream",
    "return",
    "load_module",
    "set_real_ip_from",
    "log_format",
    "proxy_cache_valid",
    "geo",
];

/// Directives of which each first argument has one.
const NAMED: [&str; 7] = [
    "add_header",
    "proxy_set_header",
    "fastcgi_param",
    "uwsgi_param",
    "proxy_hide_header",
    "env",
    "proxy_cookie_path",
];

/// A word, or one of `{`, `}` and `;`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'a> {
    Word(&'a str),
    Sign(char),
}

/// What a block has twice of which it may have one.
pub fn examine(text: &str) -> Result<BTreeSet<String>, String> {
    match mistake(text) {
        Some(mistake) => Err(mistake),
        None => Ok(repeats(text)),
    }
}

fn mistake(text: &str) -> Option<String> {
    let mut depth = 0_usize;
    for (line, token) in tokens(text) {
        match token {
            Token::Sign('{') => depth += 1,
            Token::Sign('}') if depth == 0 => {
                return Some(format!("line {line} closes a block that was not opened"));
            }
            Token::Sign('}') => depth -= 1,
            _ => {}
        }
    }
    (depth > 0).then(|| "a block is not closed".to_owned())
}

/// Directives, locations and names of servers that are in one block twice.
fn repeats(text: &str) -> BTreeSet<String> {
    let mut repeats = BTreeSet::new();
    let mut blocks = vec![Block::default()];
    let mut words: Vec<&str> = Vec::new();
    for (_, token) in tokens(text) {
        match token {
            Token::Word(word) => words.push(word),
            Token::Sign(';') => {
                let block = blocks.last_mut().expect("the outermost is never closed");
                block.directive(&words, &mut repeats);
                words.clear();
            }
            Token::Sign('{') => {
                let block = blocks.last_mut().expect("the outermost is never closed");
                if words.first() == Some(&"location") {
                    block.directive(&words, &mut repeats);
                }
                let is_table =
                    matches!(words.first(), Some(&("map" | "geo" | "types" | "split_clients")));
                let path = format!("{}{} ", block.path, words.join(" "));
                blocks.push(Block { path, is_table, ..Block::default() });
                words.clear();
            }
            Token::Sign(_) => {
                words.clear();
                let closed = if blocks.len() > 1 { blocks.pop() } else { None };
                if let (Some(closed), Some(block)) = (closed, blocks.last_mut()) {
                    block.server(closed, &mut repeats);
                }
            }
        }
    }
    repeats
}

/// What is in a block.
#[derive(Default)]
struct Block {
    path: String,
    /// Its entries are keys and values, not directives.
    is_table: bool,
    seen: BTreeSet<String>,
    /// Names it answers to, with its ports; of a server.
    names: BTreeSet<String>,
    ports: BTreeSet<String>,
}

impl Block {
    fn directive(&mut self, words: &[&str], repeats: &mut BTreeSet<String>) {
        let Some((directive, arguments)) = words.split_first() else { return };
        let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        match *directive {
            "server_name" => self.names.extend(arguments.iter().cloned()),
            "listen" => self.ports.extend(arguments.first().cloned()),
            _ => {}
        }
        let key = if self.is_table {
            (*directive).to_owned()
        } else if REPEATED.contains(directive) {
            words.join(" ")
        } else if NAMED.contains(directive) {
            format!("{directive} {}", arguments.first().map_or("", String::as_str))
        } else {
            (*directive).to_owned()
        };
        if !self.seen.insert(key.clone()) {
            let path = self.path.trim_end();
            repeats.insert(if path.is_empty() {
                format!("`{key}` is there twice")
            } else {
                format!("`{key}` is twice in `{path}`")
            });
        }
    }

    /// Of two servers of one name at one port, nginx never asks the second.
    fn server(&mut self, closed: Self, repeats: &mut BTreeSet<String>) {
        for name in &closed.names {
            for port in &closed.ports {
                if !self.seen.insert(format!("server {name} at {port}")) {
                    repeats.insert(format!("two servers are named {name} at {port}"));
                }
            }
        }
    }
}

/// The words of a configuration with the line of each; comments left out.
fn tokens(text: &str) -> Vec<(usize, Token<'_>)> {
    let mut tokens = Vec::new();
    let mut line = 1;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '#' => rest.find('\n').unwrap_or(rest.len()),
            '{' | '}' | ';' => {
                tokens.push((line, Token::Sign(first)));
                1
            }
            space if space.is_whitespace() => space.len_utf8(),
            _ => {
                let length = word(rest);
                tokens.push((line, Token::Word(&rest[..length])));
                length
            }
        };
        line += rest[..length].matches('\n').count();
        rest = &rest[length..];
    }
    tokens
}

/// The length of a word: quoted, or to the next sign. `${name}` is part of
/// one.
fn word(text: &str) -> usize {
    if let Some(quote) = text.chars().next().filter(|first| matches!(first, '"' | '\'')) {
        return quoted(text, quote);
    }
    let mut characters = text.char_indices();
    let mut in_variable = false;
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => drop(characters.next()),
            '{' if text[..at].ends_with('$') => in_variable = true,
            '}' if in_variable => in_variable = false,
            '{' | '}' | ';' => return at,
            space if space.is_whitespace() => return at,
            _ => {}
        }
    }
    text.len()
}

/// The length of a quoted word, its quotes included.
fn quoted(text: &str, quote: char) -> usize {
    let mut characters = text.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        if character == '\\' {
            characters.next();
        } else if character == quote {
            return at + 1;
        }
    }
    text.len()
}
