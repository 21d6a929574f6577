//! What a team allows: comments beside the lines, and waivers in
//! `dockwright.toml`. Each has a reason; one that matches nothing is a finding.
//!
//! ```text
//! # dockwright: ignore DF101 the base image drops privileges itself
//! # dockwright: ignore-file CO101,CO102 limits are set by the platform
//! ```
//!
//! `ignore` is about the line it stands on, or, alone on its line, about the
//! next one; of a Dockerfile, about the whole instruction there. Of a finding
//! about several services, the others stay.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use crate::detect::python;
use crate::error::nearest;
use crate::lint::diagnostic::{At, Diagnostic, Severity};
use crate::lint::rule::{self, Findings, Rule};
use crate::lint::rules;
use crate::lint::subject::Subject;
use crate::lint::unread;
use crate::lint::waiver::Waiver;
use crate::source::comment::{self, Format};
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
    Regex::new(
        r"(?x)\#[\ \t]*(?i:dockwright)(?<colon>:?)[\ \t]*(?<word>[A-Za-z-]+)
        (?:[\ \t]+(?<codes>[A-Za-z0-9_-]+
            (?:[\ \t]*,[\ \t]*[A-Za-z]{2}[0-9]{3}\b | ,[A-Za-z0-9_-]*)*))?
        [\ \t]*(?<reason>[^\r\n]*)",
    )
    .expect("the expression is right")
});

/// The words that a comment of ours begins with.
const WORDS: [&str; 2] = ["ignore", "ignore-file"];

/// A list of codes goes on where a reason is asked for.
static MORE_CODES: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^[A-Z]{2}[0-9]{3}\b").expect("the expression is right"));

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

impl Ignore {
    fn allows(&self, code: &str, text: usize, line: usize) -> bool {
        self.at.text == text
            && self.rules.iter().any(|rule| rule.code == code)
            && self.lines.is_none_or(|(first, last)| (first..=last).contains(&line))
    }
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
    // What only a built overlay shows was not asked where one was not built.
    let is_open = subject.overlays().iter().any(|own| own.unbuilt.is_some());
    let is_asked = |rule: &Rule| {
        let is_of_cluster = rules::CLUSTERS.iter().any(|own| own.code == rule.code);
        asked.iter().any(|own| own.code == rule.code) && !(is_open && is_of_cluster)
    };
    let mut more = Vec::new();
    unread::findings(subject, &mut more);
    let mut ignores = comments(subject, 0..subject.texts.len(), &mut more);
    let waivers: Vec<(&Waiver, &Rule)> =
        waivers.iter().filter_map(|own| counted(subject, own, today, &mut more)).collect();
    let mut used = vec![false; waivers.len()];
    let mut judged: Vec<Judged> = found
        .into_iter()
        .map(|diagnostic| {
            let line = subject.line(diagnostic.at);
            let ignore = ignores
                .iter_mut()
                .find(|own| own.allows(diagnostic.code, diagnostic.at.text, line));
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

/// The lines, by file, of these places that a comment of their own allows to break a
/// rule.
#[must_use]
pub fn lines(
    subject: &Subject,
    code: &str,
    places: impl Iterator<Item = At>,
) -> BTreeSet<(usize, usize)> {
    let places: BTreeSet<(usize, usize)> = places.map(|at| (at.text, subject.line(at))).collect();
    let texts: BTreeSet<usize> = places.iter().map(|(text, _)| *text).collect();
    let ignores = comments(subject, texts.into_iter(), &mut Vec::new());
    let allows = |(text, line): &(usize, usize)| {
        ignores.iter().any(|own| own.lines.is_some() && own.allows(code, *text, *line))
    };
    places.into_iter().filter(allows).collect()
}

fn comments(
    subject: &Subject,
    texts: impl Iterator<Item = usize>,
    more: &mut Vec<Diagnostic>,
) -> Vec<Ignore> {
    let mut ignores = Vec::new();
    for number in texts {
        let text = &subject.texts[number];
        // Most files have none.
        if !text.text.contains("dockwright") && !text.text.contains("Dockwright") {
            continue;
        }
        for found in COMMENT.captures_iter(&text.text) {
            let whole = found.get(0).expect("the whole of a match is there");
            let at = At::new(number, Span::new(whole.start(), whole.end()));
            let word = &found["word"];
            let is_exact = &found["colon"] == ":" && WORDS.contains(&word);
            let near = nearest(&word.to_lowercase(), WORDS);
            // Other comments may speak of the tool.
            if (!is_exact && near.is_none()) || !is_comment(subject, number, whole.start()) {
                continue;
            }
            let words = found.name("codes").map_or("", |words| words.as_str());
            let reason = found["reason"].trim();
            if let Some(near) = near.filter(|_| !is_exact) {
                add(&UNKNOWN, at, format!("it is no ignore: `{}`", whole.as_str().trim()), more)
                    .help(format!("# dockwright: {near} {words} {reason}"));
                continue;
            }
            let mut rules = Vec::new();
            for word in words.split(',').map(str::trim).filter(|word| !word.is_empty()) {
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
            if MORE_CODES.is_match(reason) {
                add(&UNKNOWN, at, "only commas part the codes of an ignore".to_owned(), more)
                    .help("# dockwright: ignore CODE,CODE why");
                continue;
            }
            if !reason.contains(char::is_alphanumeric) {
                add(&WITHOUT_REASON, at, "it does not count without a reason".to_owned(), more)
                    .help(format!("# dockwright: ignore {words} why"));
                continue;
            }
            if rules.is_empty() {
                continue;
            }
            let lines = (word == "ignore").then(|| covered(subject, number, whole.start()));
            let reason = reason.to_owned();
            ignores.push(Ignore { at, lines, rules, reason, used: false });
        }
    }
    ignores
}

/// Whether a place of a file is in a comment, as who reads the file takes it.
fn is_comment(subject: &Subject, number: usize, at: usize) -> bool {
    let text = &subject.texts[number];
    let recipe = subject.recipes.iter().find(|own| own.text == number);
    let is_yaml = [".yml", ".yaml"].iter().any(|end| text.path.ends_with(end))
        || subject.deployments.iter().any(|own| own.texts.contains(&number));
    let format = match recipe {
        Some(recipe) => Format::Dockerfile(&recipe.file),
        None if is_yaml => Format::Yaml,
        None if subject.proxies.iter().any(|own| own.text == number) => Format::Nginx,
        None if subject.env_files.iter().any(|own| own.text == number) => Format::Dotenv,
        None if text.path.ends_with(".py") => return python::is_comment(&text.text, at),
        None => Format::Shell,
    };
    comment::holds(format, &text.text, at)
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
