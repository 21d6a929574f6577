//! What a team allows: comments beside the lines, and waivers in
//! `dockwright.toml`. Each has a reason; one that matches nothing is a finding.
//!
//! ```text
//! # dockwright: ignore DF101 the base image drops privileges itself
//! # dockwright: ignore-file CO101,CO102 limits are set by the platform
//! ```
//!
//! `ignore` is about the line it stands on, or, alone on its line, about the
//! next one; of a Dockerfile, about the whole instruction there.

use std::sync::LazyLock;

use regex::Regex;

use crate::error::nearest;
use crate::lint::diagnostic::{At, Diagnostic, Severity};
use crate::lint::rule::{self, Findings, Rule};
use crate::lint::subject::Subject;
use crate::lint::unread;
use crate::lint::waiver::Waiver;
use crate::source::text::Span;

pub(super) const fn meta(
    code: &'static str,
    name: &'static str,
    summary: &'static str,
    why: &'static str,
) -> Rule {
    Rule {
        code,
        name,
        severity: Severity::Warning,
        summary,
        why,
        example: "# dockwright: ignore DF101 the base image drops privileges itself",
        source: "dockwright",
        fix: None,
        check: |_, _| {},
    }
}

static WITHOUT_REASON: Rule = meta(
    "AU101",
    "ignore-without-reason",
    "an ignore says why",
    "Whoever comes next has to know whether the reason still holds. Without one it does not count.",
);
static WITHOUT_EFFECT: Rule = meta(
    "AU102",
    "ignore-without-effect",
    "an ignore matches a finding",
    "One that matches nothing hides the next finding of its kind that somebody brings in.",
);
static UNKNOWN: Rule = meta(
    "AU103",
    "ignore-of-unknown-rule",
    "an ignore names a rule that exists",
    "A code that is mistyped allows nothing, and looks as if it did.",
);

static OVER: Rule = Rule {
    example: "[[waiver]]\nrule = \"CO106\"\nreason = \"the reporting tool reads it until the move\"\n\
              until = \"2027-03-01\"",
    ..meta(
        "AU104",
        "waiver-is-over",
        "a waiver's last day is not behind us",
        "It allows nothing any more, and who reads it thinks that it does.",
    )
};

/// Rules about the audit itself; nobody looks for what breaks them but this.
pub static META: &[&Rule] = &[&unread::RULE, &WITHOUT_REASON, &WITHOUT_EFFECT, &UNKNOWN, &OVER];

static COMMENT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"#\s*dockwright:\s*ignore(-file)?(?:\s+([A-Za-z0-9,_-]+))?[ \t]*([^\r\n]*)")
        .expect("the expression is right")
});

/// What looks like a code of a rule.
static CODE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new("^[A-Z]{2}[0-9]{3}$").expect("the expression is right"));

const LIST: &str = "`dockwright audit --explain all` lists every rule";

/// A finding, and why it is allowed where it is.
#[derive(Clone, Debug)]
pub struct Judged {
    /// What was found.
    pub diagnostic: Diagnostic,
    /// The reason.
    pub allowed: Option<String>,
}

/// A comment that allows something.
struct Ignore {
    at: At,
    /// The lines it is about; `None` for the whole file.
    lines: Option<(usize, usize)>,
    rules: Vec<&'static Rule>,
    reason: String,
    used: bool,
}

/// Findings of these rules with what is allowed of them, and what is wrong with
/// that: an ignore of a rule that was not asked is not known to match nothing.
#[must_use]
pub fn apply(
    subject: &Subject,
    found: Vec<Diagnostic>,
    asked: &[&Rule],
    waivers: &[Waiver],
    today: &str,
) -> Vec<Judged> {
    let is_asked = |rule: &Rule| asked.iter().any(|own| own.code == rule.code);
    let mut more = Vec::new();
    unread::findings(subject, &mut more);
    let mut ignores = comments(subject, &mut more);
    let waivers: Vec<(&Waiver, &Rule)> =
        waivers.iter().filter_map(|own| counted(subject, own, today, &mut more)).collect();
    let mut used = vec![false; waivers.len()];
    let mut judged: Vec<Judged> = found
        .into_iter()
        .map(|diagnostic| {
            let line = subject.line(diagnostic.at);
            let ignore = ignores.iter_mut().find(|own| {
                own.at.text == diagnostic.at.text
                    && own.rules.iter().any(|rule| rule.code == diagnostic.code)
                    && own.lines.is_none_or(|(first, last)| (first..=last).contains(&line))
            });
            let waiver = waivers.iter().position(|(_, rule)| rule.code == diagnostic.code);
            let allowed = match (ignore, waiver) {
                (Some(ignore), _) => {
                    ignore.used = true;
                    Some(ignore.reason.clone())
                }
                (None, Some(number)) => {
                    used[number] = true;
                    let waiver = waivers[number].0;
                    Some(format!("until {}: {}", waiver.until, waiver.reason))
                }
                (None, None) => None,
            };
            Judged { diagnostic, allowed }
        })
        .collect();
    let unused = waivers.iter().zip(&used).filter(|((_, rule), used)| !**used && is_asked(rule));
    for ((waiver, rule), _) in unused {
        let Some(at) = place(subject, waiver) else { continue };
        add(&WITHOUT_EFFECT, at, format!("nothing here breaks {}", rule.code), &mut more)
            .about(rule.code)
            .help("take the waiver out");
    }
    let unused = |own: &&Ignore| !own.used && own.rules.iter().all(|rule| is_asked(rule));
    for ignore in ignores.iter().filter(unused) {
        let names: Vec<&str> = ignore.rules.iter().map(|rule| rule.code).collect();
        let message = format!("nothing here breaks {}", names.join(", "));
        add(&WITHOUT_EFFECT, ignore.at, message, &mut more).help("take the comment out");
    }
    judged.extend(more.into_iter().map(|diagnostic| Judged { diagnostic, allowed: None }));
    judged
}

/// A waiver that counts, with its rule. Others are about what `check` asks for.
fn counted<'w>(
    subject: &Subject,
    waiver: &'w Waiver,
    today: &str,
    more: &mut Vec<Diagnostic>,
) -> Option<(&'w Waiver, &'static Rule)> {
    let at = place(subject, waiver);
    match rule::find(&waiver.rule) {
        Some(_) if waiver.until.as_str() < today => {
            let message = format!("the waiver of {} ended on {}", waiver.rule, waiver.until);
            add(&OVER, at?, message, more)
                .about(&waiver.rule)
                .help("follow the rule, or agree on another day");
            None
        }
        Some(rule) => Some((waiver, rule)),
        None => {
            let names = super::rules::ALL.iter().flat_map(|rule| [rule.code, rule.name]);
            let near = nearest(&waiver.rule, names);
            if near.is_some() || CODE.is_match(&waiver.rule) {
                let help = match near {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => LIST.to_owned(),
                };
                add(&UNKNOWN, at?, format!("there is no rule `{}`", waiver.rule), more)
                    .about(&waiver.rule)
                    .help(help);
            }
            None
        }
    }
}

fn place(subject: &Subject, waiver: &Waiver) -> Option<At> {
    let text = subject.text_of(&waiver.place.file)?;
    Some(subject.line_at(text, waiver.place.line))
}

pub(super) fn add<'d>(
    rule: &Rule,
    at: At,
    message: String,
    into: &'d mut Vec<Diagnostic>,
) -> &'d mut Diagnostic {
    let mut findings = Findings::of(rule);
    findings.add(at, message);
    into.append(&mut findings.found);
    let last = into.len() - 1;
    &mut into[last]
}

fn comments(subject: &Subject, more: &mut Vec<Diagnostic>) -> Vec<Ignore> {
    let mut ignores = Vec::new();
    for (number, text) in subject.texts.iter().enumerate() {
        // Most files have none.
        if !text.text.contains("dockwright:") {
            continue;
        }
        for found in COMMENT.captures_iter(&text.text) {
            let whole = found.get(0).expect("the whole of a match is there");
            let at = At::new(number, Span::new(whole.start(), whole.end()));
            let words = found.get(2).map_or("", |words| words.as_str());
            let reason = found.get(3).map_or("", |reason| reason.as_str()).trim();
            let mut rules = Vec::new();
            for word in words.split(',').filter(|word| !word.is_empty()) {
                match rule::find(word) {
                    Some(rule) => rules.push(rule),
                    None => {
                        add(&UNKNOWN, at, format!("there is no rule `{word}`"), more).help(LIST);
                    }
                }
            }
            if words.is_empty() {
                add(&UNKNOWN, at, "an ignore names a rule".to_owned(), more)
                    .help("# dockwright: ignore CODE why");
                continue;
            }
            if reason.is_empty() {
                add(&WITHOUT_REASON, at, "it does not count without a reason".to_owned(), more)
                    .help(format!("# dockwright: ignore {words} why"));
                continue;
            }
            if rules.is_empty() {
                continue;
            }
            let lines = found.get(1).is_none().then(|| covered(subject, number, whole.start()));
            let reason = reason.to_owned();
            ignores.push(Ignore { at, lines, rules, reason, used: false });
        }
    }
    ignores
}

/// The lines that a comment is about.
fn covered(subject: &Subject, text: usize, at: usize) -> (usize, usize) {
    let file = &subject.texts[text];
    let line = file.line(at);
    let alone = file.line_text(line).trim_start().starts_with('#');
    if !alone {
        return (line, line);
    }
    let is_code = |line: &usize| {
        let own = file.line_text(*line).trim();
        !own.is_empty() && !own.starts_with('#')
    };
    let next = (line + 1..=file.lines()).find(is_code).unwrap_or(line);
    let instruction = subject
        .recipes
        .iter()
        .filter(|recipe| recipe.text == text)
        .flat_map(|recipe| &recipe.file.instructions)
        .find(|own| (file.line(own.span.start)..=file.line(own.span.end)).contains(&next));
    match instruction {
        Some(own) => (file.line(own.span.start), file.line(own.span.end)),
        None => (next, next),
    }
}
