//! What a deployment is made of, item by item, and what becomes of each item
//! where other files take its place.
//!
//! ```text
//! files as they are ──subject──▶ items ──┐
//!                                        ├─▶ a fate for every item of the old ones
//! files as they will be ─subject─▶ items ┘      (the plan gives reasons)
//! ```
//!
//! - `scope`: which of a repository's files are the deployment
//! - `items`: one reader for both sides; it decides nothing
//! - `fates`: what became of an item: kept, merged, replaced or dropped
//! - `news`: what the new files do that the old ones did not
//! - `reasons`: why what dockwright does by design is so

mod fates;
mod items;
mod news;
mod reasons;
mod scope;

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use crate::detect::{redact, secret};
use crate::error::Error;
use crate::lint::Subject;
use crate::plan::Plan;
use crate::plan::carry::HOLDS_CODE;
pub use news::New;
pub use scope::Scope;

/// What an item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "each is what its word says")]
pub enum Kind {
    Service,
    Image,
    Build,
    BuildArgument,
    /// COMMAND, ENTRYPOINT: all of it, whose steps are items of their own.
    Command,
    /// A command that a container runs, or a line of its script.
    Step,
    Option,
    Environment,
    EnvFile,
    Port,
    Volume,
    Network,
    Label,
    HealthCheck,
    Dependency,
    /// Any other key of a service.
    Key,
    /// What a compose file says beside its services.
    Project,
    Stage,
    Run,
    /// A package of the system or of Python that a RUN names.
    Package,
    /// An extra or a group that an install asks for.
    Extra,
    Copy,
    /// Any other instruction of a Dockerfile.
    Instruction,
    Location,
    Directive,
    /// A setting of gunicorn's.
    Setting,
}

impl Kind {
    /// The word for people and programs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Image => "image",
            Self::Build => "build",
            Self::BuildArgument => "build argument",
            Self::Command => "command",
            Self::Step => "step",
            Self::Option => "option",
            Self::Environment => "environment",
            Self::EnvFile => "env_file",
            Self::Port => "port",
            Self::Volume => "volume",
            Self::Network => "network",
            Self::Label => "label",
            Self::HealthCheck => "health check",
            Self::Dependency => "dependency",
            Self::Key => "key",
            Self::Project => "project",
            Self::Stage => "stage",
            Self::Run => "RUN",
            Self::Package => "package",
            Self::Extra => "extra",
            Self::Copy => "COPY",
            Self::Instruction => "instruction",
            Self::Location => "location",
            Self::Directive => "directive",
            Self::Setting => "setting",
        }
    }

    /// Whether it is of a Dockerfile.
    #[must_use]
    const fn is_of_image(self) -> bool {
        matches!(
            self,
            Self::Stage | Self::Run | Self::Package | Self::Extra | Self::Copy | Self::Instruction
        )
    }

    /// Whether it is of nginx's configuration.
    #[must_use]
    const fn is_of_proxy(self) -> bool {
        matches!(self, Self::Location | Self::Directive)
    }

    /// What is lost with an item of this kind, where nothing else is known.
    const fn weight(self) -> Weight {
        match self {
            Self::Service
            | Self::Step
            | Self::Option
            | Self::Environment
            | Self::EnvFile
            | Self::Volume
            | Self::Stage
            | Self::Run
            | Self::Package
            | Self::Extra
            | Self::Copy
            | Self::Location
            | Self::Directive => Weight::Behaviour,
            Self::Image
            | Self::Build
            | Self::BuildArgument
            | Self::Command
            | Self::Port
            | Self::Network
            | Self::HealthCheck
            | Self::Dependency
            | Self::Key
            | Self::Project
            | Self::Setting => Weight::Operation,
            Self::Label | Self::Instruction => Weight::Form,
        }
    }
}

/// What is lost where an item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Weight {
    /// Nothing that anybody would notice.
    Form,
    /// How it is run: limits, ports, logs.
    Operation,
    /// Something that the application or who uses it may miss.
    Behaviour,
}

impl Weight {
    /// The word for programs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Form => "form",
            Self::Operation => "operation",
            Self::Behaviour => "behaviour",
        }
    }
}

/// One thing that a deployment says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What it is.
    pub kind: Kind,
    /// The file it stands in.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
    /// What it belongs to: a service, a stage, a block of nginx's; empty for the file.
    pub subject: String,
    /// Its name: of a variable, a key, a directive, a package, an option.
    pub name: String,
    /// Its value with every variable that is known in its place.
    value: String,
    /// Its value as it is written.
    written: String,
    /// The item that it is a part of: without that one it is nothing.
    part_of: Option<usize>,
}

impl Item {
    /// The value as it is written, without what must not be shown.
    #[must_use]
    pub fn shown(&self) -> String {
        match self.kind.is_of_proxy() {
            true => shown("", &self.written),
            false => shown(&self.name, &self.written),
        }
    }
}

/// Words as a shell would read them, quoted where it needs that.
fn joined(words: &[String]) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_=./:,@%+[]~".contains(c);
    let word = |own: &String| match !own.is_empty() && own.chars().all(is_plain) {
        true => own.clone(),
        false => shell_words::quote(own).into_owned(),
    };
    words.iter().map(word).collect::<Vec<_>>().join(" ")
}

/// A value without what must not be shown.
fn shown(name: &str, value: &str) -> String {
    let is_secret = secret::is_name(name, &["KEY", "CREDENTIAL", "DSN", "SALT"]);
    let is_variable = value.starts_with('$') || value.is_empty();
    // It names a variable, and what is said where nobody sets it.
    if value.starts_with("${") && value.contains('?') && !value.contains('-') {
        return value.to_owned();
    }
    // An option with its value: its flag is no secret.
    let is_option = value.starts_with("--") && value.contains([' ', '=']);
    match is_secret && !is_variable && !is_option {
        true => "…".to_owned(),
        false => {
            let line = value.split_whitespace().collect::<Vec<_>>().join(" ");
            hidden(&line)
        }
    }
}

/// Text without secrets in it: it may hold a password that was only generated now.
fn hidden(text: &str) -> String {
    redact::line(&words_without_secrets(text))
}

/// A value as it is written in text that begins with its name: `A: b`, `A=b`.
fn without_name<'t>(text: &'t str, name: &str) -> &'t str {
    let bare = text.trim().trim_start_matches("- ").trim_start_matches(['"', '\'']);
    let rest = bare.strip_prefix(name).map(str::trim_start);
    let value = rest.and_then(|rest| rest.strip_prefix(['=', ':'])).unwrap_or(bare).trim();
    value.trim_matches(['"', '\''])
}

/// Words of a command whose values are not shown: `--password=…`, `SECRET=…`,
/// `--requirepass …`.
fn words_without_secrets(line: &str) -> String {
    let is_secret = |name: &str| {
        let name = name.trim_start_matches('-').replace('-', "_").to_ascii_lowercase();
        secret::is_name(&name, &[]) || name.contains("pass") && !name.contains("passthrough")
    };
    let is_open = |value: &str| value.is_empty() || value.starts_with(['$', '-']);
    let mut shown: Vec<String> = Vec::new();
    let mut hides = false;
    for word in line.split(' ') {
        let asks = line.contains("redis-cli") && word == "-a";
        match word.split_once('=') {
            _ if hides && !is_open(word) => shown.push("…".to_owned()),
            Some((name, value)) if is_secret(name) && !is_open(value) => {
                shown.push(format!("{name}=…"));
            }
            _ => shown.push(word.to_owned()),
        }
        hides = asks || word.starts_with('-') && !word.contains('=') && is_secret(word);
    }
    shown.join(" ")
}

/// What becomes of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The same is said at the corresponding place.
    Kept,
    /// The same effect in another form.
    Merged {
        /// What it is now.
        into: String,
    },
    /// Something else stands for it.
    Replaced {
        /// What.
        by: String,
        /// Why.
        reason: String,
    },
    /// Nothing stands for it.
    Dropped {
        /// Why.
        reason: String,
    },
}

impl Fate {
    /// The word for people and programs.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Merged { .. } => "merged",
            Self::Replaced { .. } => "replaced",
            Self::Dropped { .. } => "dropped",
        }
    }

    fn merged(into: impl Into<String>) -> Self {
        Self::Merged { into: hidden(&into.into()) }
    }

    fn replaced(by: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Replaced { by: hidden(&by.into()), reason: reason.into() }
    }

    fn dropped(reason: impl Into<String>) -> Self {
        Self::Dropped { reason: reason.into() }
    }
}

/// An item and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The item.
    pub item: Item,
    /// Its fate.
    pub fate: Fate,
    /// What is lost with it, where it is replaced or dropped.
    pub weight: Weight,
    /// Whether what it is a part of has this fate already.
    pub is_implied: bool,
}

impl Judged {
    /// Whether a person is told of it: it is replaced or dropped, and not with
    /// something that is told of.
    #[must_use]
    pub const fn is_told(&self) -> bool {
        !self.is_implied && matches!(self.fate, Fate::Replaced { .. } | Fate::Dropped { .. })
    }
}

/// What is known beside the files.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The plan that the new files follow from.
    pub plan: &'a Plan,
    /// Python packages that the dependency files name.
    pub packages: &'a [String],
}

/// What becomes of every item of a directory's deployment where some of its files
/// get other texts, and what is new; empty where it deploys nothing.
///
/// # Errors
/// When the directory cannot be read.
pub fn of(
    directory: &Path,
    texts: &BTreeMap<String, String>,
    known: Known<'_>,
) -> Result<(Vec<Judged>, Vec<New>), Error> {
    let old = Subject::files(directory, BTreeMap::new())?;
    let scope = Scope::of_old(&old, known.plan, texts);
    if scope.is_empty() {
        return Ok(Default::default());
    }
    let new = Subject::files(directory, texts.clone())?;
    let after = Scope::of_new(&new, known.plan, texts);
    Ok((fates::judge(&scope, &after, known), news::find(&scope, &after, known)))
}

/// Whether a note of the plan says what a fate says already.
#[must_use]
pub fn is_said_by_a_fate(note: &str, all: &[Judged], plan: &Plan) -> bool {
    let left = plan.code.kept.left.iter().find(|own| own.sentence() == note);
    let mut told = all.iter().filter(|own| own.is_told() && own.weight > Weight::Form);
    told.any(|own| match left {
        Some(left) => fates::is_of(left, &own.item),
        None => {
            own.item.kind == Kind::Volume
                && note.starts_with(&format!("{}: {HOLDS_CODE}", own.item.subject))
        }
    })
}

/// Every item of a directory's deployment as it is.
///
/// # Errors
/// When the directory cannot be read.
pub fn items(directory: &Path, plan: &Plan) -> Result<Vec<Item>, Error> {
    let subject = Subject::files(directory, BTreeMap::new())?;
    Ok(Scope::of_old(&subject, plan, &BTreeMap::new()).items)
}
