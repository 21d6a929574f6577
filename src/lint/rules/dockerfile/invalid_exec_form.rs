//! Brackets that are no JSON.

use std::sync::LazyLock;

use regex::Regex;

use crate::lint::diagnostic::{At, Fix, Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::support;
use crate::lint::subject::Subject;
use crate::source::dockerfile::{Instruction, Keyword};

pub static RULE: Rule = Rule {
    code: "DF150",
    name: "invalid-exec-form",
    severity: Severity::Error,
    summary: "the exec form is JSON: words in double quotes",
    why: "What is no JSON is a line for a shell, without any warning: the image is built, and its container ends at once, because there is no program whose name begins with a bracket.",
    example: "CMD [\"gunicorn\", \"shop.wsgi\"]",
    source: "Dockerfile reference: Shell and exec form; BuildKit, parser: parseMaybeJSON",
    fix: Some(Grade::Checked),
    check,
};

/// A list whose words are in quotes of any kind, with nothing in them that JSON
/// would read in another way.
static QUOTED: LazyLock<Regex> = LazyLock::new(|| {
    support::regex(
        r#"^\[\s*(?:(?:'[^'"\\]*'|"[^"\\]*"|[‘’“”][^'"‘’“”\\]*[‘’“”])\s*,\s*)*(?:'[^'"\\]*'|"[^"\\]*"|[‘’“”][^'"‘’“”\\]*[‘’“”])\s*,?\s*\]$"#,
    )
});
static WORD: LazyLock<Regex> = LazyLock::new(|| {
    support::regex(r#"'([^'"\\]*)'|"[^"\\]*"|[‘’“”]([^'"‘’“”\\]*)[‘’“”]|,\s*\]$"#)
});

fn check(subject: &Subject, findings: &mut Findings) {
    let mut said: Vec<At> = Vec::new();
    for build in &subject.builds {
        let recipe = &subject.recipes[build.recipe];
        let starts = [&build.image.entrypoint, &build.image.cmd];
        let starts: Vec<usize> = starts.into_iter().flatten().map(|own| own.at).collect();
        let health = build.image.healthcheck.as_ref().map(|own| own.at);
        for (number, own) in subject.built(build) {
            let is_judged = match own.keyword {
                Keyword::Cmd | Keyword::Entrypoint => starts.contains(&number),
                Keyword::Healthcheck => health == Some(number),
                Keyword::Run => true,
                _ => false,
            };
            let at = At::new(recipe.text, own.span);
            // Another shell has other rules.
            let is_of_windows = recipe.file.escape == '`';
            if !is_judged || is_of_windows || own.json.is_some() || said.contains(&at) {
                continue;
            }
            let Some((start, list)) = bracket(own) else { continue };
            let Some(what) = fault(list) else { continue };
            said.push(at);
            let word = own.keyword.word();
            let finding = findings.add(at, format!("{word} is no JSON: {what}"));
            finding.about(word);
            if !matches!(own.keyword, Keyword::Cmd | Keyword::Entrypoint) {
                finding.severity(Severity::Warning);
            }
            if !QUOTED.is_match(list.trim_end()) {
                finding.help("A list of words in double quotes, with a comma between two of them and nothing after the bracket.");
                continue;
            }
            let list = list.trim_end();
            finding.help(format!("{word} {}", better(&own.arguments.text[..start], list)));
            let mut fix = Fix::new(Grade::Checked, "writes the list as JSON")
                .condition("no word has a quote or a backslash in it");
            for found in WORD.captures_iter(list) {
                let whole = found.get(0).expect("the whole of a match is there");
                let text = replaced(&found);
                if text != whole.as_str() {
                    let span = own.arguments.span(start + whole.start(), start + whole.end());
                    fix = fix.edit(At::new(recipe.text, span), text);
                }
            }
            finding.fix(fix);
        }
    }
}

/// The list of an instruction, and where it begins in its arguments.
fn bracket(own: &Instruction) -> Option<(usize, &str)> {
    let text = &own.arguments.text;
    let start = if own.keyword == Keyword::Healthcheck {
        let (word, rest) = text.split_once(char::is_whitespace)?;
        let blank = rest.len() - rest.trim_start().len();
        word.eq_ignore_ascii_case("cmd").then_some(word.len() + 1 + blank)?
    } else {
        text.len() - text.trim_start().len()
    };
    let list = &text[start..];
    let is_json = || serde_json::from_str::<Vec<String>>(list.trim_end()).is_ok();
    (list.starts_with('[') && !list.starts_with("[[") && !is_json()).then_some((start, list))
}

/// What comes of a line that begins with a bracket; `None` where it is what a
/// shell understands: `[ -f x ] && …`.
fn fault(list: &str) -> Option<String> {
    if serde_json::from_str::<Vec<serde_json::Value>>(list.trim_end()).is_ok() {
        return Some("what is no text stands in it, and the build stops".to_owned());
    }
    let first = list.split_whitespace().next()?;
    if first != "[" {
        // A name that a variable ends, or a pattern, is not known here.
        let is_plain = !first.contains(['$', '*', '?', '`']);
        let word: String = first.chars().filter(|c| !matches!(c, '\'' | '"')).take(30).collect();
        return is_plain
            .then(|| format!("a shell looks for a program called {word}, and ends with 127"));
    }
    // `[` is a program: its words are a test, and those of a list end in commas.
    let end = list.find(']')?;
    let is_list = list[1..end].contains(',') && list[end + 1..].trim().is_empty();
    let words = shell_words::split(&list[1..end]).ok()?;
    let commas = words.iter().filter(|word| word.ends_with(',')).count();
    (is_list && commas > 0 && commas + 1 >= words.len())
        .then(|| "a shell takes it for a test, and ends with 2".to_owned())
}

fn replaced(found: &regex::Captures<'_>) -> String {
    let inner = found.get(1).or_else(|| found.get(2));
    match inner {
        Some(inner) => format!("\"{}\"", inner.as_str()),
        None if found[0].starts_with(',') => "]".to_owned(),
        None => found[0].to_owned(),
    }
}

fn better(before: &str, list: &str) -> String {
    let list = WORD.replace_all(list, |found: &regex::Captures<'_>| replaced(found));
    format!("{}{list}", before.trim_start())
}
