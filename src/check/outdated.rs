//! What is newer than what the files come from: the program, the preset, or
//! what `dockwright.toml` says.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use crate::answers::document;
use crate::apply::bookkeeping::{LOCK, Layer};
use crate::check::Options;
use crate::check::finding::{Finding, Kind};
use crate::check::pins::Outside;
use crate::check::policy::Judged;
use crate::check::report::Report;
use crate::error::Error;
use crate::preset::{self, Preset, Reference, git};
use crate::project::{self, Project};
use crate::remote::Asked;
use crate::update::{self, reference};
use crate::update::{What, files};
use crate::version;

/// What the branches and tags of a repository name.
#[derive(Clone, Debug, Default)]
struct Refs(Vec<(String, String)>);

impl Refs {
    fn tags(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|(name, _)| name.strip_prefix("refs/tags/"))
    }

    /// The commit that a tag or a branch names; of a tag with a message, the
    /// one below it.
    fn commit(&self, revision: &str) -> Option<&str> {
        let forms = [
            format!("refs/tags/{revision}^{{}}"),
            format!("refs/tags/{revision}"),
            format!("refs/heads/{revision}"),
        ];
        let named = |form: &String| self.0.iter().find(|(name, _)| name == form);
        forms.iter().find_map(named).map(|(_, commit)| commit.as_str())
    }
}

/// What is asked outside of the repository, each question once.
#[derive(Debug, Default)]
pub struct Remotes {
    refs: Asked<Refs>,
    /// The index of packages and registries of images.
    pub outside: Outside,
}

impl Remotes {
    fn of(&self, url: &str) -> Result<Refs, String> {
        self.refs.or_ask(url, || git::refs(url).map(Refs).map_err(|error| first_line(&error)))
    }
}

fn first_line(error: &Error) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}

fn found(rule: &str, path: &str, message: String) -> Finding {
    Finding::new(Kind::Outdated, rule, message).in_file(path).help("`dockwright update`")
}

/// Everything that is newer.
///
/// # Errors
/// Files that cannot be read.
pub fn find(
    project: &Project,
    kept: &Preset,
    judged: &Judged,
    options: &Options,
    report: &Report,
) -> Result<Vec<Finding>, Error> {
    let mut findings: Vec<Finding> = tool(project).into_iter().collect();
    findings.extend(builtin(project));
    let named = named(project, kept)?;
    match named {
        Named::Same => findings.extend(renders(project, judged, report)?),
        Named::Other(said) => {
            findings.extend(said);
            findings.extend(by_update(project, report));
        }
        Named::Unknown(said) => findings.push(*said),
    }
    findings.extend(remote(project, options));
    Ok(findings)
}

/// The version that wrote the files and the one that runs.
fn tool(project: &Project) -> Option<Finding> {
    let own = env!("CARGO_PKG_VERSION");
    let wrote = &project.lock.dockwright;
    let read = |text: &str| semver::Version::parse(text).ok();
    let (then, now) = (read(wrote)?, read(own)?);
    match then.cmp(&now) {
        Ordering::Equal => None,
        Ordering::Less => {
            Some(found("dockwright", LOCK, format!("written by dockwright {wrote}, this is {own}")))
        }
        Ordering::Greater => Some(
            Finding::warning("dockwright", format!("written by dockwright {wrote}, this is {own}"))
                .in_file(LOCK)
                .help("check with a version that is not older"),
        ),
    }
}

/// Built-in layers that this program has in a newer version.
fn builtin(project: &Project) -> Vec<Finding> {
    let layers = project.lock.preset.iter().filter(|layer| layer.hash.is_empty());
    layers
        .filter_map(|layer| {
            let own = preset::find(&layer.name).ok()?;
            let own = &own.top().manifest.version;
            let then = semver::Version::parse(&layer.version).ok()?;
            (then < *own).then(|| newer(layer, &own.to_string()))
        })
        .collect()
}

fn newer(layer: &Layer, version: &str) -> Finding {
    let message = format!("written from {} {}; {version} is there", layer.name, layer.version);
    found("preset", LOCK, message)
}

/// The preset that `dockwright.toml` names, against the one that the files
/// come from.
enum Named {
    Same,
    /// Another one, which can be read here.
    Other(Vec<Finding>),
    /// Another one, which would have to be fetched.
    Unknown(Box<Finding>),
}

fn named(project: &Project, kept: &Preset) -> Result<Named, Error> {
    let reference = project.reference()?;
    let mut places = project::places(&project.dir, Some(&project.lock));
    if reference != kept.reference && matches!(reference, Reference::Git { .. }) {
        let message = format!("names {reference}, and the files come from {}", kept.reference);
        return Ok(Named::Unknown(Box::new(found("preset", document::FILE, message))));
    }
    // What a git preset extends is of git as well, or built in.
    places.only_kept = matches!(reference, Reference::Git { .. });
    let now = match preset::open(&reference, &places) {
        Ok(now) => now,
        Err(error) => {
            let message = format!("{reference} cannot be read: {}", first_line(&error));
            return Ok(Named::Unknown(Box::new(found("preset", document::FILE, message))));
        }
    };
    let mut said = Vec::new();
    if now.reference != kept.reference {
        let message = format!("names {reference}, and the files come from {}", kept.reference);
        said.push(found("preset", document::FILE, message));
    }
    let locked: BTreeMap<&str, &Layer> =
        project.lock.preset.iter().map(|layer| (layer.name.as_str(), layer)).collect();
    for layer in now.layers.iter().filter(|layer| layer.source != preset::Source::Builtin) {
        match locked.get(layer.manifest.name.as_str()) {
            Some(then) if then.hash == layer.hash => {}
            Some(then) if then.version != layer.manifest.version.to_string() => {
                said.push(newer(then, &layer.manifest.version.to_string()));
            }
            Some(then) => {
                let message = format!(
                    "{} {} was changed since the files were written from it",
                    then.name, then.version
                );
                said.push(found("preset", LOCK, message));
            }
            None => said.push(found("preset", LOCK, format!("{} is a new layer", layer.label()))),
        }
    }
    Ok(if said.is_empty() { Named::Same } else { Named::Other(said) })
}

/// Files that would be others now, by the answers and the kept preset.
fn renders(project: &Project, judged: &Judged, report: &Report) -> Result<Vec<Finding>, Error> {
    let renders = judged.renders.clone();
    let options = update::Options::default();
    let decided = files::decide(project, renders, &judged.plan, &BTreeMap::new(), &options)?.files;
    Ok(would_change(&decided, report))
}

/// The same by everything an update would do.
fn by_update(project: &Project, report: &Report) -> Vec<Finding> {
    match update::Update::of(&project.dir, &update::Options::default()) {
        Ok(update) => would_change(&update.files, report),
        Err(error) => {
            let message = format!("an update is refused: {}", first_line(&error));
            vec![found("preset", document::FILE, message)]
        }
    }
}

fn would_change(files: &[update::FileUpdate], report: &Report) -> Vec<Finding> {
    let is_told = |path: &str| {
        let told = [Kind::Drift, Kind::Conflict];
        report.findings.iter().any(|f| told.contains(&f.kind) && f.path.as_deref() == Some(path))
    };
    let damaged = report.findings.iter().any(|found| found.rule == "base");
    let conflicts = |file: &update::FileUpdate| matches!(file.what, What::Conflict(_));
    files
        .iter()
        .filter(|file| !file.what.is_quiet() && !is_told(&file.path))
        // Without a base an update cannot compare; the drift has said so.
        .filter(|file| !(damaged && conflicts(file)))
        .map(|file| {
            let message = match file.what {
                What::Conflict(_) => "an update would conflict".to_owned(),
                _ => format!("would be {}", file.what.word()),
            };
            found("file", &file.path, message)
        })
        .collect()
}

/// What of presets in git is newer, asked for where that is allowed.
fn remote(project: &Project, options: &Options) -> Vec<Finding> {
    let Some(remotes) = &options.remotes else { return Vec::new() };
    let mut findings = Vec::new();
    let mut seen = Vec::new();
    for layer in &project.lock.preset {
        let Ok(Reference::Git { url, revision, .. }) = Reference::parse(&layer.source) else {
            continue;
        };
        if seen.contains(&(url.clone(), revision.clone())) {
            continue;
        }
        findings.extend(match remotes.of(&url) {
            Err(said) => {
                let message = format!("newer versions could not be asked for: {said}");
                Some(Finding::note("fetch", message).in_file(LOCK))
            }
            Ok(refs) => of_refs(layer, &revision, &refs),
        });
        seen.push((url, revision));
    }
    findings
}

fn of_refs(layer: &Layer, revision: &str, refs: &Refs) -> Option<Finding> {
    let from = format!("written from {} {} ({revision})", layer.name, layer.version);
    let pinned = layer.commit.as_deref();
    if let Some(commit) = refs.commit(revision).filter(|commit| Some(*commit) != pinned) {
        let message = format!("{from}, which names commit {} now", &commit[..commit.len().min(12)]);
        return Some(found("preset", LOCK, message).help("`dockwright update --fetch`"));
    }
    let tag = reference::highest(refs.tags().chain([revision]), revision)?;
    // A branch may be ahead of every tag.
    let newer = version::compare(tag, &layer.version) != Some(Ordering::Less);
    (tag != revision && newer && !is_the_same(tag, layer, refs)).then(|| {
        let message = format!("{from}; {tag} is tagged");
        found("preset", LOCK, message).help("`dockwright update --latest`")
    })
}

/// Whether a tag names the commit that is pinned.
fn is_the_same(tag: &str, layer: &Layer, refs: &Refs) -> bool {
    refs.commit(tag).is_some() && refs.commit(tag) == layer.commit.as_deref()
}
