//! `>` in a requirement that the shell takes for a redirection.

use std::sync::LazyLock;

use regex::Regex;

use crate::lint::diagnostic::{At, Fix, Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::support;
use crate::lint::subject::Subject;
use crate::source::dockerfile::Keyword;
use crate::source::shell;
use crate::source::text::Span;

pub static RULE: Rule = Rule {
    code: "DF151",
    name: "requirement-redirected",
    severity: Severity::Warning,
    summary: "requirements with > or < are in quotes",
    why: "The shell reads `x>=1` as `x`, and writes what pip says into a file called `=1`: any version is installed, and nothing tells.",
    example: "RUN pip install \"django>=5.2\"",
    source: "POSIX, Shell Command Language: Redirection; pip, Requirement specifiers",
    fix: Some(Grade::Safe),
    check,
};

static REQUIREMENT: LazyLock<Regex> = LazyLock::new(|| {
    support::regex(
        r"^(?:[A-Za-z][A-Za-z0-9._-]*(?:\[[A-Za-z0-9,._-]*\])?(?:[=~!]=[0-9][^<>]*,)?(>=?|<=?)[0-9]|(>=)[0-9])[A-Za-z0-9.,*=<>!~+-]*$",
    )
});

fn check(subject: &Subject, findings: &mut Findings) {
    let mut said: Vec<At> = Vec::new();
    for build in &subject.builds {
        let recipe = &subject.recipes[build.recipe];
        for (_, own) in subject.built(build) {
            if own.keyword != Keyword::Run || own.json.is_some() {
                continue;
            }
            let text = &own.arguments.text;
            let place =
                |span: &Span| At::new(recipe.text, own.arguments.span(span.start, span.end));
            let spans = redirected(text);
            let Some(first) = spans.first().filter(|span| !said.contains(&place(span))) else {
                continue;
            };
            let at = place(first);
            said.push(at);
            let word = &text[first.start..first.end];
            let finding = findings.add(at, message(word));
            finding.about(word).help(format!("\"{word}\"")).members(spans.iter().map(place));
            for span in &spans[1..] {
                finding.related(place(span), "like this one");
            }
            // A sign that stands alone belongs to the word before it.
            let fix = Fix::new(Grade::Safe, "puts the requirement in quotes");
            let whole = spans.iter().filter(|span| !text[span.start..].starts_with('>'));
            let fix = whole.fold(fix, |fix, span| {
                let Span { start, end } = place(span).span;
                let put = |place| At::new(recipe.text, Span::new(place, place));
                fix.edit(put(start), "\"").edit(put(end), "\"")
            });
            if !fix.edits.is_empty() {
                finding.fix(fix);
            }
        }
    }
}

fn message(word: &str) -> String {
    let sign = word.find(['>', '<']).unwrap_or(0);
    let (name, file) = (&word[..sign], &word[sign + 1..]);
    let file = file.split(['>', '<']).next().unwrap_or(file);
    match word.as_bytes()[sign] {
        b'<' => {
            format!("the shell reads a file called {file}, and the build stops where none is there")
        }
        _ if name.is_empty() => {
            format!("the shell writes a file called {file}, and pip sees no version")
        }
        _ => format!("the shell writes a file called {file}, and pip installs any {name}"),
    }
}

/// Words of installations outside of quotes in which the shell sees a redirection.
fn redirected(text: &str) -> Vec<Span> {
    let mut found = Vec::new();
    for (piece_start, piece) in pieces(text) {
        let installs = shell::split(piece).iter().any(|own| {
            support::pip_install(own).is_some() || support::uv_pip_install(own).is_some() || {
                let words = support::bare(own);
                matches!(support::program(words), "uv" | "poetry" | "pdm")
                    && words.get(1).is_some_and(|word| word == "add")
            }
        });
        if !installs {
            continue;
        }
        let mut quote = None;
        let mut start = None;
        for (at, c) in piece.char_indices().chain([(piece.len(), ' ')]) {
            match (quote, c) {
                (Some(open), c) if open == c => quote = None,
                (Some(_), _) => {}
                (None, c) if c.is_whitespace() => {
                    if let Some(start) = start.take() {
                        let word: &str = &piece[start..at];
                        if REQUIREMENT.is_match(word) {
                            found.push(Span::new(piece_start + start, piece_start + at));
                        }
                    }
                }
                (None, c) => {
                    start.get_or_insert(at);
                    quote = matches!(c, '\'' | '"').then_some(c);
                }
            }
        }
    }
    found
}

/// Text between operators outside of quotes, and where each part begins.
fn pieces(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let (mut start, mut quote) = (0, None);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), c) if open == c => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, ';' | '&' | '|' | '\n' | '(' | ')') => {
                found.push((start, &text[start..at]));
                start = at + 1;
            }
            _ => {}
        }
    }
    found.push((start, &text[start..]));
    found
}

#[cfg(test)]
mod tests {
    use super::redirected;

    #[test]
    fn only_what_the_shell_would_take_is_found() {
        let of = |text: &str| -> Vec<String> {
            redirected(text).iter().map(|own| text[own.start..own.end].to_owned()).collect()
        };
        assert_eq!(
            of("pip install x>=1 'y>=2' && pip install -U z[a]<3,>2"),
            ["x>=1", "z[a]<3,>2"]
        );
        assert_eq!(of("pip3 install x >=1.0"), [">=1.0"]);
        for text in [
            "pip install x==1 >/dev/null 2>&1",
            "pip install x>log.txt",
            "echo pip x>=1",
            "pip install \"x>=1\" \"a b>=2\"",
            "test 3>=2; pip install x",
        ] {
            assert!(of(text).is_empty(), "{text}: {:?}", of(text));
        }
    }
}
