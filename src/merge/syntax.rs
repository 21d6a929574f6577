//! Whether a merged file still is what its language asks for.

use crate::plan::outputs::Syntax;

/// What is wrong with a merged text whose two sides were both right; `None`
/// where nothing is, or a side was wrong before.
pub(super) fn problem(syntax: Syntax, merged: &str, disk: &str, new: &str) -> Option<String> {
    let problem = parse(syntax, merged)?;
    let sides_were_right = parse(syntax, disk).is_none() && parse(syntax, new).is_none();
    sides_were_right.then(|| format!("merged by line, the file no longer parses: {problem}"))
}

/// The first mistake of a text in its language.
#[must_use]
pub(crate) fn parse(syntax: Syntax, text: &str) -> Option<String> {
    match syntax {
        Syntax::Toml => {
            toml::from_str::<toml::Table>(text).err().map(|error| error.message().to_owned())
        }
        Syntax::Yaml => {
            serde_saphyr::from_str::<serde_json::Value>(text).err().map(|error| error.to_string())
        }
        Syntax::Json => {
            serde_json::from_str::<serde_json::Value>(text).err().map(|error| error.to_string())
        }
        Syntax::Python => python(text),
        Syntax::Dockerfile => dockerfile(text),
        Syntax::Dotenv => dotenv(text),
        Syntax::Nginx => braces(text),
        Syntax::Shell
        | Syntax::Ignore
        | Syntax::Markdown
        | Syntax::Text
        | Syntax::Binary
        | Syntax::Ini => None,
    }
}

fn python(text: &str) -> Option<String> {
    let parsed =
        ruff_python_parser::parse_unchecked_source(text, ruff_python_ast::PySourceType::Python);
    parsed.errors().first().map(|error| error.error.to_string())
}

fn dockerfile(text: &str) -> Option<String> {
    let parsed = parse_dockerfile::parse(text);
    match parsed {
        Err(error) => Some(error.to_string()),
        Ok(parsed) => {
            let mut names: Vec<&str> = Vec::new();
            for instruction in &parsed.instructions {
                if let parse_dockerfile::Instruction::From(from) = instruction
                    && let Some((_, name)) = &from.as_
                {
                    if names.contains(&&*name.value) {
                        return Some(format!("two stages are named {}", name.value));
                    }
                    names.push(&name.value);
                }
            }
            None
        }
    }
}

/// A name that is set twice.
fn dotenv(text: &str) -> Option<String> {
    let mut names: Vec<&str> = Vec::new();
    for line in text.lines().filter(|line| !line.trim_start().starts_with('#')) {
        if let Some((name, _)) = line.split_once('=') {
            let name = name.trim();
            if names.contains(&name) {
                return Some(format!("{name} is set twice"));
            }
            names.push(name);
        }
    }
    None
}

/// Unbalanced blocks; what nginx itself would stop at first.
fn braces(text: &str) -> Option<String> {
    let mut depth = 0_i32;
    for (number, line) in text.lines().enumerate() {
        let code = line.split('#').next().unwrap_or(line);
        for character in code.chars() {
            depth += match character {
                '{' => 1,
                '}' => -1,
                _ => 0,
            };
        }
        if depth < 0 {
            return Some(format!("line {} closes a block that was not opened", number + 1));
        }
    }
    (depth > 0).then(|| "a block is not closed".to_owned())
}
