//! Judges what is named: the stack, what is found in it, and what of that counts.

use std::collections::HashMap;
use std::path::PathBuf;

use super::FailOn;
use super::target::Target;
use crate::answers::document;
use crate::error::Error;
use crate::lint::ignores::{self, Judged};
use crate::lint::subject::Purpose;
use crate::lint::waiver::{self, Waiver};
use crate::lint::{self, Diagnostic, Rule, Severity, Subject};
use crate::source::path;
use crate::source::text::{self, Text};

/// What is asked of every target.
pub struct Request {
    /// The rules.
    pub rules: Vec<&'static Rule>,
    /// What weighs less is not told.
    pub level: Severity,
    /// The day on which waivers end.
    pub today: String,
    /// What stands for the file that is named.
    pub text: Option<String>,
    /// What is said of the machine.
    pub machine: Vec<String>,
}

/// What came of one target.
#[derive(Debug)]
pub struct Outcome {
    /// What was asked for.
    pub target: Target,
    /// What was looked at.
    pub subject: Subject,
    /// What was found, and what of it is allowed.
    pub judged: Vec<Judged>,
    /// For each whether the baseline has it.
    pub known: Vec<bool>,
    /// How many more are told of another path already.
    pub repeated: usize,
}

/// Files that are judged as what somebody works with, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Developed {
    /// The file.
    pub path: String,
    /// What shows it.
    pub why: &'static str,
}

impl Outcome {
    /// The directory that was read.
    pub fn directory(&self) -> &PathBuf {
        &self.target.root
    }

    /// What counts: neither allowed nor known.
    pub fn counting(&self) -> impl Iterator<Item = &Judged> {
        let all = self.judged.iter().zip(&self.known);
        all.filter(|(own, known)| own.allowed.is_none() && !**known).map(|(own, _)| own)
    }

    /// How many findings fail.
    pub fn failing(&self, fail_on: FailOn) -> usize {
        self.counting().filter(|own| fail_on.fails(own.diagnostic.severity)).count()
    }

    /// The files that are judged as what somebody works with.
    pub fn developed(&self) -> Vec<Developed> {
        const NAMED: &str = "its name says so";
        let subject = &self.subject;
        let recipes = subject
            .recipes
            .iter()
            .filter(|own| own.purpose == Purpose::Development)
            .map(|own| (own.text, NAMED));
        let projects = subject.deployments.iter().flat_map(|own| {
            let why = match own.purpose {
                Purpose::Development => Some(NAMED),
                Purpose::Production => Some(own.developed).filter(|_| own.is_developed),
            };
            // An override is a project together with what it lies over.
            own.texts.last().copied().zip(why)
        });
        let mut all: Vec<Developed> = Vec::new();
        for (text, why) in recipes.chain(projects) {
            let path = subject.path(text);
            if self.target.shows(path) && all.iter().all(|own| own.path != path) {
                all.push(Developed { path: path.to_owned(), why });
            }
        }
        all
    }

    /// The files that were named and are none that are judged.
    pub fn strange(&self) -> Vec<&str> {
        let files = self.target.files.iter().map(String::as_str);
        files.filter(|file| self.subject.text_of(file).is_none()).collect()
    }

    /// Whether any container file was read.
    pub fn has_files(&self) -> bool {
        let own = &self.subject;
        let lists = [own.recipes.len(), own.deployments.len(), own.proxies.len()];
        let clusters = own.manifests.len() + own.kustomizations.len() + own.task_files.len();
        let more = [
            clusters,
            own.env_files.len(),
            own.gunicorn.len(),
            own.ignored.len(),
            own.unread.len(),
        ];
        lists.iter().chain(&more).any(|count| *count > 0)
    }
}

/// Judges a target.
///
/// # Errors
/// What cannot be read; waivers that are none.
pub fn judge(target: Target, request: &Request) -> Result<Outcome, Error> {
    let (target, mut subject) = target.widened(request.text.as_deref())?;
    subject.machine.clone_from(&request.machine);
    let found = lint::judge(&subject, &request.rules);
    let waivers = waivers(&target)?;
    Ok(settle(target, subject, found, waivers, request))
}

/// What of findings counts.
pub fn settle(
    target: Target,
    mut subject: Subject,
    found: Vec<Diagnostic>,
    waivers: Option<(Text, Vec<Waiver>)>,
    request: &Request,
) -> Outcome {
    let waivers = match waivers {
        Some((text, waivers)) => {
            if subject.text_of(&text.path).is_none() {
                subject.texts.push(text);
            }
            waivers
        }
        None => Vec::new(),
    };
    let mut judged = ignores::apply(&subject, found, &request.rules, &waivers, &request.today);
    let other_names = other_names(&subject);
    judged.retain(|own| {
        own.diagnostic.severity >= request.level
            && target.shows(subject.path(own.diagnostic.at.text))
            && !other_names[own.diagnostic.at.text]
    });
    let known = vec![false; judged.len()];
    Outcome { target, subject, judged, known, repeated: 0 }
}

/// For each text whether it is another name, by a link, of one that was read.
pub fn other_names(subject: &Subject) -> Vec<bool> {
    let base = subject.tree.base();
    let real: Vec<Option<PathBuf>> =
        subject.texts.iter().map(|text| path::canonical(&base.join(&text.path)).ok()).collect();
    let texts = subject.texts.iter().zip(&real);
    let own: HashMap<&PathBuf, &str> = texts
        .clone()
        .filter_map(|(text, real)| Some((real.as_ref()?, text)))
        .filter(|(real, text)| **real == base.join(&text.path))
        .map(|(real, text)| (real, text.path.as_str()))
        .collect();
    texts
        .map(|(text, real)| {
            let other = real.as_ref().and_then(|real| own.get(real));
            other.is_some_and(|other| *other != text.path)
        })
        .collect()
}

/// Takes out what is told of a path before: a directory in a directory.
pub fn count_once(outcomes: &mut [&mut Outcome]) {
    let mut told = std::collections::HashSet::new();
    for outcome in outcomes.iter_mut() {
        let before = outcome.judged.len();
        let subject = &outcome.subject;
        outcome.judged.retain(|own| {
            let own = &own.diagnostic;
            let whole = subject.tree.base().join(subject.path(own.at.text));
            let file = path::canonical(&whole).unwrap_or(whole);
            told.insert((file, own.at.span, own.code, own.subject.clone(), own.message.clone()))
        });
        outcome.repeated = before - outcome.judged.len();
        outcome.known = vec![false; outcome.judged.len()];
    }
}

/// The waivers of a repository that has a `dockwright.toml`, with its text.
///
/// # Errors
/// Waivers that are none.
pub fn waivers(target: &Target) -> Result<Option<(Text, Vec<Waiver>)>, Error> {
    let Some(text) = text::of_file(&target.root.join(document::FILE)) else {
        return Ok(None);
    };
    let waivers = waiver::read(&text).map_err(Error::Input)?;
    Ok(Some((Text::new(document::FILE, text), waivers)))
}
