//! Improving what deploys already: the user's own container files stay theirs,
//! and get the fixes of rules that are safe, or whose condition was checked,
//! with the plan's numbers in them.
//!
//! ```text
//! files ──lint──▶ findings ──mend──▶ texts with edits ──▶ changes, and what the lock says of them
//! ```

mod aside;
mod deployed;
mod line_ends;
mod revise;

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::answers::own_image::OwnImage;
use crate::answers::own_project::OwnProject;
use crate::apply::bookkeeping::{EditEntry, Lock};
use crate::apply::change::{Action, Change};
use crate::apply::disk;
use crate::error::{Error, Problem};
use crate::lint::edit::Placed;
use crate::lint::ignores::{self, Judged};
use crate::lint::mend::{Made, Refused, mend};
use crate::lint::rules::compose::no_memory_limit::unplanned_of;
use crate::lint::waiver;
use crate::lint::{Diagnostic, Grade, Severity, Subject, judge, rules};
use crate::project;
use crate::relpath::RelPath;
use crate::source::text;
pub use deployed::{Deployed, deployed};

/// What the user's own container files become.
#[derive(Clone, Debug)]
pub struct Improvement {
    /// What was found in them before.
    pub before: Vec<Found>,
    /// What is found in them afterwards.
    pub after: Vec<Found>,
    /// The new text of every file that changes or comes into being.
    pub texts: BTreeMap<String, String>,
    /// The edits.
    pub made: Vec<Made>,
    /// What was to be edited and was not, and why.
    pub refused: Vec<Refused>,
    /// Edits that were made once and that the user took out again.
    pub taken_out: Vec<EditEntry>,
    /// Edits that would be others today, and stay since the user changed what they
    /// wrote.
    pub changed_since: Vec<EditEntry>,
    /// What the lock says of edits afterwards.
    pub entries: Vec<EditEntry>,
    /// What of the user's own runs the application.
    pub deployed: Deployed,
    /// What the image of a compose project promises to whoever runs it elsewhere.
    pub image: Option<OwnImage>,
    /// What a pipeline has to know of a compose project.
    pub project: Option<OwnProject>,
    /// What that starts: services, each with its server, or an image with its.
    pub runs: Vec<String>,
    /// Files in which there would be edits, and that are left alone, each with why.
    pub aside: BTreeMap<String, String>,
    /// What `.gitattributes` gets, in words.
    pub line_ends: Option<String>,
    /// Environment files that are not there.
    pub samples: Vec<Sample>,
}

/// An environment file that is not there, and what it is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The file.
    pub path: String,
    /// The sample beside it.
    pub from: String,
    /// The compose file that reads it.
    pub reader: String,
}

/// A finding, as far as a report shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The code of its rule.
    pub code: &'static str,
    /// How much it weighs.
    pub severity: Severity,
    /// The file.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
    /// What an edit would do that a person has to decide on.
    pub suggested: Option<String>,
    /// Why the numbers of the plan mend nothing, where they were asked for.
    pub unplanned: Option<String>,
}

/// The repository that is improved.
#[derive(Clone, Copy, Debug)]
pub struct Repository<'a> {
    /// Its directory.
    pub dir: &'a Path,
    /// What was written into it before.
    pub lock: Option<&'a Lock>,
    /// What is said of the machine, and of anything else that is planned:
    /// `deploy.memory=8GiB`.
    pub said: &'a [String],
    /// Texts of files that are written anyway, by path.
    pub written: &'a BTreeMap<String, String>,
    /// Edits that somebody does not want.
    pub left: &'a [EditEntry],
}

impl Repository<'_> {
    /// The stack with these texts, and with environment files that are made with them.
    fn read(
        &self,
        texts: BTreeMap<String, String>,
        environment: &BTreeMap<String, String>,
    ) -> Result<Subject, Error> {
        let written = self.written.iter().map(|(path, text)| (path.clone(), text.clone()));
        let texts = written.chain(texts).collect();
        let mut subject = Subject::given(self.dir, texts, environment)?;
        self.said.clone_into(&mut subject.machine);
        Ok(subject)
    }

    fn is_ours(&self, path: &str) -> bool {
        let entry = self.lock.and_then(|lock| lock.entry(path));
        self.written.contains_key(path) || entry.is_some_and(|entry| entry.state.is_written())
    }
}

impl Improvement {
    /// Makes the edits in memory; `None` where nothing of the user's own runs the
    /// application. What was edited by rule before, and is not as it was left, stays.
    ///
    /// # Errors
    /// When the directory cannot be read, or its `dockwright.toml` is wrong.
    pub fn of(deployment: &Repository<'_>) -> Result<Option<Self>, Error> {
        let document = project::document(deployment.dir)?.map(|(text, _)| text);
        let waivers = waiver::read(&document.unwrap_or_default()).map_err(Error::Input)?;
        let today = project::today();
        let is_ours = |path: &str| deployment.is_ours(path);
        let is_ours = &is_ours;
        let subject = deployment.read(BTreeMap::new(), &BTreeMap::new())?;
        let Some(runs_it) = deployed(&subject, is_ours) else { return Ok(None) };
        // What is made from samples is there when the next run judges.
        let samples = deployed::samples(&subject, &runs_it);
        let text_of = |own: &Sample| text::of_file(&deployment.dir.join(&own.from));
        let environment: BTreeMap<String, String> =
            samples.iter().filter_map(|own| Some((own.path.clone(), text_of(own)?))).collect();
        let read = |texts: BTreeMap<String, String>| deployment.read(texts, &environment);
        let read = &read;
        let known = deployment.lock.map(|lock| lock.edit.as_slice()).unwrap_or_default();
        let left = deployment.left;
        let open = |subject: &Subject, found: &[Diagnostic]| -> Vec<bool> {
            let judged = ignores::apply(subject, found.to_vec(), &rules::ALL, &waivers, &today);
            let is_open =
                |own: &Judged| own.allowed.is_none() && own.diagnostic.severity > Severity::Style;
            // What is wrong with ignores themselves comes after what was found.
            judged.iter().map(is_open).take(found.len()).collect()
        };
        let shown = |subject: &Subject, found: &[Diagnostic], open: &[bool]| -> Vec<Found> {
            let all = found.iter().zip(open).filter(|(_, is_open)| **is_open);
            all.map(|(own, _)| found_of(subject, own)).collect()
        };
        let subject = if environment.is_empty() { subject } else { read(BTreeMap::new())? };
        let made_from = |subject: Subject,
                         without: &BTreeMap<String, String>,
                         known: &[EditEntry]| {
            let read = |texts: BTreeMap<String, String>| read(revise::over(without, texts));
            let (before, taken_out) = (OnceCell::new(), RefCell::new(BTreeSet::new()));
            let aside = RefCell::new(BTreeMap::new());
            let mended = mend(&rules::ALL, subject, &read, &|subject, found| {
                let open = open(subject, found);
                before.get_or_init(|| shown(subject, found, &open));
                let is_wanted = |(own, is_open): (&Diagnostic, bool)| {
                    let is_sure = own.fix.as_ref().is_some_and(|fix| fix.grade > Grade::Suggested);
                    let mut gone = entries(own, subject);
                    let is_left = gone.iter().any(|entry| left.iter().any(|own| own.is(entry)));
                    gone.retain(|entry| known.iter().any(|own| own.is(entry)));
                    if !is_open || !is_sure || is_left {
                        return false;
                    }
                    let edits = own.fix.iter().flat_map(|fix| &fix.edits).map(|edit| edit.at.text);
                    for text in edits.chain([own.at.text]) {
                        let path = subject.path(text);
                        if deployment.written.contains_key(path) || environment.contains_key(path) {
                            return false;
                        }
                        if let Some(why) = aside::why(subject, text) {
                            aside.borrow_mut().insert(path.to_owned(), why);
                            return false;
                        }
                    }
                    let is_wanted = gone.is_empty();
                    {
                        taken_out.borrow_mut().extend(gone);
                    }
                    is_wanted
                };
                found.iter().zip(open).map(is_wanted).collect()
            })?;
            let before = before.into_inner().unwrap_or_default();
            Ok::<_, Error>((mended, before, taken_out.into_inner(), aside.into_inner()))
        };
        let changed = revise::changed(known, &subject, &mut |without, known| {
            let subject = read(without.clone())?;
            let (mended, ..) = made_from(subject, without, known)?;
            Ok(revise::recorded(&[], &[], &mended.made))
        })?;
        let revise::Changed { entries: changed, without } = changed;
        let known: Vec<EditEntry> = known
            .iter()
            .filter(|own| !changed.iter().any(|other| other.is(own)))
            .cloned()
            .collect();
        let (start, as_it_is) = match without.is_empty() {
            true => (subject, None),
            false => {
                let found = judge(&subject, &rules::ALL);
                let before = shown(&subject, &found, &open(&subject, &found));
                (read(without.clone())?, Some(before))
            }
        };
        let (mended, before, taken_out, aside) = made_from(start, &without, &known)?;
        let found = deployed(&mended.subject, is_ours);
        let is_known = deployment.lock.is_some_and(|lock| lock.entry(line_ends::FILE).is_some());
        let line_ends = match is_known {
            true => None,
            false => line_ends::of(&mended.subject, deployment.dir),
        };
        let mut texts = revise::over(&without, mended.texts);
        let line_ends = line_ends.map(|own| {
            texts.insert(line_ends::FILE.to_owned(), own.text);
            own.what
        });
        Ok(found.map(|deployed| Self {
            aside,
            line_ends,
            image: deployed::image_of(&mended.subject, &deployed),
            runs: deployed::runs(&mended.subject, &deployed),
            project: deployed::own_project(&mended.subject, &deployed),
            samples,
            before: as_it_is.unwrap_or(before),
            after: shown(&mended.subject, &mended.found, &open(&mended.subject, &mended.found)),
            changed_since: revise::changed_since(
                &known,
                &changed,
                deployment.said,
                &mended.subject,
                &taken_out,
            ),
            taken_out: taken_out.into_iter().collect(),
            entries: revise::recorded(&known, left, &mended.made),
            deployed,
            texts,
            made: mended.made,
            refused: mended.refused,
        }))
    }

    /// Whether files of ours are written around an image of theirs; else theirs run the
    /// application by themselves.
    #[must_use]
    pub const fn is_written_around(&self) -> bool {
        matches!(self.deployed, Deployed::Image(Some(_)))
    }

    /// What is written.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn changes(&self, directory: &Path) -> Result<Vec<Change>, Error> {
        let mut changes = Vec::new();
        for (path, text) in &self.texts {
            let relative = RelPath::new(path)
                .map_err(|why| Error::input(Problem::new(why).at(path.clone())))?;
            let expect = disk::look(directory, &relative)?;
            let mut change = Change::write(relative, expect, text.clone().into_bytes(), 0o644);
            if change.action == Action::Replace {
                change.action = Action::Improve;
            }
            if change.action.writes() {
                let why = match &self.line_ends {
                    Some(what) if path == line_ends::FILE => what.clone(),
                    _ => codes(self.made_in(path)),
                };
                changes.push(change.because(why));
            }
        }
        Ok(changes)
    }

    /// What is left, at the lines that it is at before the edits.
    #[must_use]
    pub fn left(&self) -> Vec<Found> {
        let mut before: Vec<&Found> = self.before.iter().collect();
        let mut line = |own: &Found| {
            let is_it = |other: &&Found| {
                (other.code, &other.path, &other.message) == (own.code, &own.path, &own.message)
            };
            before.iter().position(is_it).map_or(own.line, |at| before.remove(at).line)
        };
        let lines: Vec<usize> = self.after.iter().map(&mut line).collect();
        let at = |(own, line): (&Found, usize)| Found { line, ..own.clone() };
        self.after.iter().zip(lines).map(at).collect()
    }

    /// The edits of a file.
    pub fn made_in<'a>(&'a self, path: &'a str) -> impl Iterator<Item = &'a Made> {
        self.made.iter().filter(move |made| made.paths().contains(&path))
    }
}

/// What is found in a repository where some of its files have other texts.
///
/// # Errors
/// When the directory cannot be read, or its `dockwright.toml` is wrong.
pub fn found(
    repository: &Repository<'_>,
    texts: BTreeMap<String, String>,
) -> Result<Vec<Found>, Error> {
    let text = project::document(repository.dir)?.map(|(text, _)| text).unwrap_or_default();
    let waivers = waiver::read(&text).map_err(Error::Input)?;
    let subject = repository.read(texts, &BTreeMap::new())?;
    let found = judge(&subject, &rules::ALL);
    let judged = ignores::apply(&subject, found, &rules::ALL, &waivers, &project::today());
    let is_open = |own: &Judged| own.allowed.is_none() && own.diagnostic.severity > Severity::Style;
    let open = judged.into_iter().filter(is_open);
    Ok(open.map(|own| found_of(&subject, &own.diagnostic)).collect())
}

/// How many findings there are of each severity, the heaviest first.
#[must_use]
pub fn weights(found: &[Found]) -> Vec<(Severity, usize)> {
    let count = |severity| found.iter().filter(|own| own.severity == severity).count();
    [Severity::Error, Severity::Warning, Severity::Advice]
        .map(|severity| (severity, count(severity)))
        .into()
}

fn codes<'a>(made: impl Iterator<Item = &'a Made>) -> String {
    let mut codes: Vec<&str> = made.map(|made| made.code).collect();
    codes.sort_unstable();
    codes.dedup();
    codes.join(", ")
}

/// What the lock says of an edit.
#[must_use]
pub fn entries_of(made: &Made) -> Vec<EditEntry> {
    let mut entries: Vec<EditEntry> =
        made.names.iter().map(|name| entry(made.code, &made.path, name)).collect();
    let is_added = |own: &Placed| own.start == own.end && !own.is_new && own.path == made.path;
    if !made.edits.iter().all(is_added) {
        return entries;
    }
    let pieces = made.edits.iter().map(|own| own.text.replace("\r\n", "\n"));
    match entries.len() == made.edits.len() {
        true => entries.iter_mut().zip(pieces).for_each(|(own, piece)| own.wrote.push(piece)),
        false => entries.iter_mut().take(1).for_each(|own| own.wrote.extend(pieces.clone())),
    }
    entries
}

/// What the lock would say of the fix of a finding.
fn entries(own: &Diagnostic, subject: &Subject) -> Vec<EditEntry> {
    let path = subject.path(own.at.text);
    own.names(subject).iter().map(|name| entry(own.code, path, name)).collect()
}

fn entry(code: &str, path: &str, subject: &str) -> EditEntry {
    let (rule, path, subject) = (code.to_owned(), path.to_owned(), subject.to_owned());
    EditEntry { rule, path, subject, wrote: Vec::new() }
}

fn found_of(subject: &Subject, own: &Diagnostic) -> Found {
    Found {
        code: own.code,
        severity: own.severity,
        path: subject.path(own.at.text).to_owned(),
        line: subject.line(own.at),
        message: own.message.clone(),
        suggested: own
            .fix
            .as_ref()
            .filter(|fix| fix.grade == Grade::Suggested)
            .map(|fix| fix.what.clone()),
        unplanned: own.help.as_deref().and_then(unplanned_of).map(str::to_owned),
    }
}
