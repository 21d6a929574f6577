//! nginx's configuration as a tree of directives with their places.

use crate::source::text::Span;

/// A directive.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Directive {
    /// Its name.
    pub name: String,
    /// Its arguments, quotes taken off.
    pub arguments: Vec<String>,
    /// Where it stands: from its name to its `;` or the `{` of its block.
    pub span: Span,
    /// What is in its block.
    pub block: Option<Vec<Directive>>,
    /// Where its block ends: its `}`.
    pub closed: usize,
}

impl Directive {
    /// The first argument, or nothing.
    #[must_use]
    pub fn first(&self) -> &str {
        self.arguments.first().map_or("", String::as_str)
    }

    /// The directives in its block.
    #[must_use]
    pub fn inside(&self) -> &[Self] {
        self.block.as_deref().unwrap_or_default()
    }

    /// Where it ends with its block: behind its `;` or its `}`.
    #[must_use]
    pub fn end(&self) -> usize {
        if self.block.is_some() { self.closed + 1 } else { self.span.end }
    }

    /// The last directive of a name directly in its block.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Self> {
        self.inside().iter().rfind(|own| own.name == name)
    }
}

/// Deeper blocks are no configuration, and a tree of them no stack holds.
const DEEPEST: usize = 64;

/// Reads a configuration. The error says what nginx would refuse, and where.
///
/// # Errors
/// Blocks that are not closed or not opened, quotes without an end.
pub fn read(text: &str) -> Result<Vec<Directive>, (String, usize)> {
    let mut stack: Vec<(Directive, Vec<Directive>)> = Vec::new();
    let mut current: Vec<Directive> = Vec::new();
    let mut words: Vec<(String, usize)> = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        match c {
            c if c.is_whitespace() || c == '\u{feff}' => at += c.len_utf8(),
            '#' => at += text[at..].find('\n').unwrap_or(text.len() - at),
            ';' => {
                at += 1;
                current.extend(directive(&mut words, at));
            }
            '{' if stack.len() == DEEPEST => {
                return Err((format!("more than {DEEPEST} blocks are in each other"), at));
            }
            '{' => {
                at += 1;
                let opened = directive(&mut words, at).unwrap_or_default();
                stack.push((opened, std::mem::take(&mut current)));
            }
            '}' => {
                let Some((mut opened, outer)) = stack.pop() else {
                    return Err(("a block is closed that was not opened".to_owned(), at));
                };
                if let Some((word, place)) = words.first() {
                    return Err((format!("`{word}` has no `;`"), *place));
                }
                opened.block = Some(std::mem::replace(&mut current, outer));
                opened.closed = at;
                current.push(opened);
                at += 1;
            }
            _ => {
                let (word, end) = word(text, at)?;
                words.push((word, at));
                at = end;
            }
        }
    }
    match (stack.last(), words.first()) {
        (Some((opened, _)), _) => Err(("a block is not closed".to_owned(), opened.span.start)),
        (None, Some((word, place))) => Err((format!("`{word}` has no `;`"), *place)),
        (None, None) => Ok(current),
    }
}

fn directive(words: &mut Vec<(String, usize)>, end: usize) -> Option<Directive> {
    let mut words = std::mem::take(words).into_iter();
    let (name, start) = words.next()?;
    Some(Directive {
        name,
        arguments: words.map(|(word, _)| word).collect(),
        span: Span::new(start, end),
        ..Directive::default()
    })
}

fn word(text: &str, start: usize) -> Result<(String, usize), (String, usize)> {
    let first = text[start..].chars().next().unwrap_or(' ');
    let mut word = String::new();
    if matches!(first, '"' | '\'') {
        let mut characters = text[start + 1..].char_indices();
        while let Some((offset, c)) = characters.next() {
            match c {
                c if c == first => return Ok((word, start + 1 + offset + 1)),
                '\\' => word.extend(characters.next().map(|(_, c)| c)),
                c => word.push(c),
            }
        }
        return Err(("a quote is not closed".to_owned(), start));
    }
    let mut characters = text[start..].char_indices();
    while let Some((offset, c)) = characters.next() {
        match c {
            // A variable in braces.
            '{' if word.ends_with('$') => {
                let rest = &text[start + offset..];
                let end = rest.find('}').map_or(rest.len(), |end| end + 1);
                word.push_str(&rest[..end]);
                while characters.clone().next().is_some_and(|(next, _)| next < offset + end) {
                    characters.next();
                }
            }
            '{' | ';' => return Ok((word, start + offset)),
            c if c.is_whitespace() => return Ok((word, start + offset)),
            '\\' => {
                word.push(c);
                word.extend(characters.next().map(|(_, c)| c));
            }
            c => word.push(c),
        }
    }
    Ok((word, text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_directives_and_quotes_are_a_tree() {
        let text = "# c\nuser nginx;\nhttp {\n  log_format a '{\"x\": \"$y\"; }';\n  server { listen 80;\n    location ~ \\.php$ { return 404; }\n    set $a ${b}c;\n  }\n}\n";
        let tree = read(text).unwrap();
        assert_eq!(tree[0].first(), "nginx");
        let server = tree[1].get("server").unwrap();
        assert_eq!(server.get("location").unwrap().arguments, ["~", "\\.php$"]);
        assert_eq!(server.get("set").unwrap().arguments, ["$a", "${b}c"]);
        assert_eq!(&text[server.get("listen").unwrap().span.start..][..10], "listen 80;");
        assert_eq!(tree[1].get("log_format").unwrap().arguments[1], "{\"x\": \"$y\"; }");
    }

    #[test]
    fn what_nginx_refuses_is_said() {
        for text in ["http {", "}", "a", "x 'y;", "server { listen 80 }"] {
            assert!(read(text).is_err(), "{text}");
        }
        assert!(read(&"{".repeat(100_000)).is_err());
        for text in ["", ";", "{}", "é ü;", "\\", "$", "a ${b;"] {
            let _ = read(text);
        }
    }
}
