//! Names that templates of layers read and nobody gives. The engine reports
//! those that are printed, but takes them for false in a condition.

mod tokens;

use std::collections::BTreeSet;

use serde_json::Value;

use crate::error::{Place, nearest};
use crate::render::fault::Fault;
use crate::schema::{Role, numbers};
use tokens::{Tag, Token, tags};

/// Most names that are reported.
pub const MOST: usize = 20;

/// Words of the language.
const KEYWORDS: [&str; 18] = [
    "and", "or", "not", "in", "is", "if", "elif", "else", "for", "none", "None", "null", "with",
    "loop", "true", "True", "false", "False",
];

/// Names that some template makes itself, wherever: an overlay's block may
/// read what the template below has set.
pub fn made<'a>(texts: impl IntoIterator<Item = &'a str>) -> BTreeSet<&'a str> {
    let mut names = BTreeSet::new();
    for tag in texts.into_iter().flat_map(tags) {
        for index in 0..tag.tokens.len() {
            match tag.word(index) {
                Some("set" | "set_global") if index == 0 && tag.is_statement => {
                    names.extend(tag.word(1));
                }
                // A loop, or a list made by one.
                Some("for") => {
                    names.extend(tag.word(index + 1));
                    if tag.is_sign(index + 2, ",") {
                        names.extend(tag.word(index + 3));
                    }
                }
                _ => {}
            }
        }
    }
    names
}

/// The names that a template reads and that are neither in the context nor
/// in `made`.
#[must_use]
pub fn faults(template: &str, text: &str, context: &Value, made: &BTreeSet<&str>) -> Vec<Fault> {
    let mut faults = Vec::new();
    // Inside a component only its arguments are known.
    let mut arguments: Option<BTreeSet<&str>> = None;
    for tag in tags(text) {
        match tag.word(0).filter(|_| tag.is_statement) {
            Some("component") => {
                arguments = Some(arguments_of(&tag));
                continue;
            }
            Some("endcomponent") => {
                arguments = None;
                continue;
            }
            Some("block" | "include" | "extends" | "raw") => continue,
            Some(word) if word.starts_with("end") => continue,
            _ => {}
        }
        for (offset, path) in read(&tag) {
            let first = path.split('.').next().unwrap_or(&path);
            if made.contains(first) || first == "__tera_context" {
                continue;
            }
            let unknown = match &arguments {
                Some(arguments) if arguments.contains(first) => None,
                Some(arguments) => Some(unknown_argument(first, arguments)),
                None => unknown(&path, context, made),
            };
            if let Some((message, help)) = unknown {
                let place = Place::of_offset("", text, offset);
                faults.push(Fault {
                    template: Some(template.to_owned()),
                    place: Some((place.line, place.column)),
                    message,
                    help,
                });
            }
            if faults.len() == MOST {
                return faults;
            }
        }
    }
    faults
}

/// The arguments of a component that is being defined.
fn arguments_of<'a>(tag: &Tag<'a>) -> BTreeSet<&'a str> {
    let named = (1..tag.tokens.len())
        .filter(|index| ["(", ",", "..."].iter().any(|sign| tag.is_sign(index - 1, sign)));
    named.filter_map(|index| tag.word(index)).chain(["body"]).collect()
}

/// The dotted names that a tag reads, each with its offset.
fn read(tag: &Tag) -> Vec<(usize, String)> {
    let mut names = Vec::new();
    let mut index = match tag.word(0).filter(|_| tag.is_statement) {
        Some("set" | "set_global" | "filter") => 2,
        Some("for") => (0..tag.tokens.len()).find(|at| tag.word(*at) == Some("in")).unwrap_or(0),
        Some(_) => 1,
        None => 0,
    };
    let mut component = None;
    let mut braces = 0_usize;
    while index < tag.tokens.len() {
        let (offset, token) = tag.tokens[index];
        match token {
            Token::Sign("<" | "</") if begins_component(tag, index) => {
                component = Some(braces);
            }
            Token::Sign(">") if component == Some(braces) => component = None,
            Token::Sign("{") => braces += 1,
            Token::Sign("}") => braces = braces.saturating_sub(1),
            // The component's name, and the names of what it is given.
            Token::Word(_) if component == Some(braces) => {}
            Token::Word(word) if is_read(tag, index) && !KEYWORDS.contains(&word) => {
                let (path, next) = dotted(tag, index);
                if !is_asked_for(tag, next) {
                    names.push((offset, path));
                }
                index = next;
                continue;
            }
            _ => {}
        }
        index += 1;
    }
    names
}

/// Whether a `<` begins the call of a component and compares nothing.
fn begins_component(tag: &Tag, index: usize) -> bool {
    let Some(before) = index.checked_sub(1) else { return true };
    match tag.tokens[before].1 {
        Token::Word(word) => KEYWORDS.contains(&word),
        Token::Literal => false,
        Token::Sign(sign) => !matches!(sign, ")" | "]" | "}"),
    }
}

/// Whether a word is the name of a value, and not of a filter, a test, a
/// function, an argument or an attribute.
fn is_read(tag: &Tag, index: usize) -> bool {
    let before = |word: &str| index > 0 && tag.word(index - 1) == Some(word);
    let sign = |sign: &str| index > 0 && tag.is_sign(index - 1, sign);
    let tested = before("is") || before("not") && index > 1 && tag.word(index - 2) == Some("is");
    let given = ["(", "=", ":"].iter().any(|sign| tag.is_sign(index + 1, sign));
    !(sign("|") || sign(".") || sign("?.") || tested || given)
}

/// A name with its attributes as far as they are written out, and what
/// follows it.
fn dotted(tag: &Tag, index: usize) -> (String, usize) {
    let mut path = tag.word(index).unwrap_or_default().to_owned();
    let mut next = index + 1;
    while tag.is_sign(next, ".")
        && let Some(word) = tag.word(next + 1)
    {
        path.push('.');
        path.push_str(word);
        next += 2;
    }
    (path, next)
}

/// Whether the template itself asks if there is such a value.
fn is_asked_for(tag: &Tag, next: usize) -> bool {
    let asked = |at: usize| matches!(tag.word(at), Some("defined" | "undefined"));
    let is = tag.word(next) == Some("is");
    let not = tag.word(next + 1) == Some("not");
    let default = tag.is_sign(next, "|") && tag.word(next + 1) == Some("default");
    default || is && (asked(next + 1) || not && asked(next + 2))
}

fn unknown_argument(name: &str, arguments: &BTreeSet<&str>) -> (String, Option<String>) {
    let near = nearest(name, arguments.iter().copied());
    let help = near.map(|near| format!("did you mean `{near}`?"));
    (
        format!("`{name}` is no argument of the component"),
        help.or_else(|| Some("a component knows only what it is given".to_owned())),
    )
}

/// What is wrong with a name, if anything is, and what may have been meant.
fn unknown(path: &str, context: &Value, made: &BTreeSet<&str>) -> Option<(String, Option<String>)> {
    let mut value = context;
    let mut before = String::new();
    for part in path.split('.') {
        let Value::Object(fields) = value else {
            // A list or a text has no names; what is not there may have some.
            return None;
        };
        match fields.get(part) {
            Some(inner) => value = inner,
            None if is_number(&before, part) || before == "why" => return None,
            None => {
                let more = numbers_of(&before);
                let made = made.iter().copied().filter(|_| before.is_empty());
                let names = fields.keys().map(String::as_str).chain(made);
                let names = names.chain(more.map(|name: &str| name));
                let whole = |name: &str| match before.is_empty() {
                    true => name.to_owned(),
                    false => format!("{before}.{name}"),
                };
                let help =
                    nearest(part, names).map(|near| format!("did you mean `{}`?", whole(near)));
                return Some((format!("`{}` is not defined", whole(part)), help));
            }
        }
        if !before.is_empty() {
            before.push('.');
        }
        before.push_str(part);
    }
    None
}

/// Whether a name is a planned number, which only some stacks have.
fn is_number(before: &str, field: &str) -> bool {
    numbers_of(before).any(|known| known == field)
}

fn numbers_of(before: &str) -> impl Iterator<Item = &'static str> {
    let role = before
        .strip_prefix("n.")
        .and_then(|name| Role::ALL.into_iter().find(|role| role.name() == name));
    numbers::ROWS
        .iter()
        .filter(move |row| role.is_some_and(|role| row.roles.contains(&role)))
        .map(|row| row.field)
}

#[cfg(test)]
mod tests;
