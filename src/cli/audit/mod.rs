//! `dockwright audit`: judges container files, whoever wrote them.

mod explain;
mod human;
mod json;

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::cli::many::{self, Done};
use crate::cli::report as reporting;
use crate::error::{Error, Problem};
use crate::lint::subject::Unread;
use crate::lint::{self, Diagnostic, Rule, Severity, Subject, rule, rules};
use crate::source::text::Text;

/// Examples below `--help`.
pub const EXAMPLES: &str = "Examples:
  dockwright audit
  dockwright audit services/* --fail-on warning
  dockwright audit --explain DF101";

/// What `audit` takes.
#[derive(Debug, Args)]
pub struct Audit {
    /// Directories to judge
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,
    /// Say what a rule asks for, and why: a code or a name
    #[arg(long, value_name = "RULE")]
    explain: Option<String>,
    /// Fail from this severity on
    #[arg(long, value_enum, default_value_t = FailOn::Error)]
    fail_on: FailOn,
    /// Show findings from this severity on
    #[arg(long, value_enum, default_value_t = Level::Advice)]
    level: Level,
    /// How to report
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Shape of the report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    Human,
    /// For programs
    Json,
}

/// From which severity on a run fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Never
    Never,
    /// Outages, leaks, lost data
    Error,
    /// What is slow, or will fail some day
    Warning,
    /// Everything but taste
    Advice,
}

impl FailOn {
    fn fails(self, severity: Severity) -> bool {
        match self {
            Self::Never => false,
            Self::Error => severity >= Severity::Error,
            Self::Warning => severity >= Severity::Warning,
            Self::Advice => severity >= Severity::Advice,
        }
    }
}

/// From which severity on findings are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Level {
    /// Everything
    Style,
    /// Everything but taste
    Advice,
    /// What is slow, or will fail some day
    Warning,
    /// Outages, leaks, lost data
    Error,
}

impl Level {
    const fn severity(self) -> Severity {
        match self {
            Self::Style => Severity::Style,
            Self::Advice => Severity::Advice,
            Self::Warning => Severity::Warning,
            Self::Error => Severity::Error,
        }
    }
}

/// What came of one directory.
#[derive(Debug)]
pub struct Outcome {
    texts: Vec<Text>,
    found: Vec<Diagnostic>,
    unread: Vec<Unread>,
    /// How many container files there are.
    files: usize,
}

/// Judges directories.
///
/// # Errors
/// Findings that fail, a rule that is not there, directories that cannot be read.
pub fn run(audit: &Audit) -> Result<(), Error> {
    if let Some(word) = &audit.explain {
        return reporting::print(&explain::page(named(word)?));
    }
    let done = many::each(&audit.paths, "judging", |dir| judge(dir, audit.level));
    match audit.format {
        Format::Human => reporting::print(&human::text(&done, audit.fail_on))?,
        Format::Json => reporting::json(&json::value(&done, audit.fail_on))?,
    }
    ended(&done, audit.fail_on)
}

fn judge(dir: &Path, level: Level) -> Result<Outcome, Error> {
    let subject = Subject::read(dir)?;
    let rules: Vec<&Rule> = rules::ALL.to_vec();
    let mut found = lint::judge(&subject, &rules);
    found.retain(|own| own.severity >= level.severity());
    let files = subject.recipes.len() + subject.deployments.len();
    Ok(Outcome { found, files, texts: subject.texts, unread: subject.unread })
}

fn named(word: &str) -> Result<&'static Rule, Error> {
    rule::find(word).ok_or_else(|| {
        let names = rules::ALL.iter().flat_map(|rule| [rule.code, rule.name]);
        let help = match crate::error::nearest(word, names) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`dockwright audit --explain all` lists every rule".to_owned(),
        };
        Error::input(Problem::new(format!("there is no rule `{word}`")).at("--explain").help(help))
    })
}

fn ended(done: &[Done<Outcome>], fail_on: FailOn) -> Result<(), Error> {
    let fails =
        |outcome: &Outcome| u8::from(outcome.found.iter().any(|own| fail_on.fails(own.severity)));
    for own in done {
        if let Err(error) = &own.result {
            reporting::error(error);
        }
    }
    match many::worst(done, fails) {
        0 => Ok(()),
        code => {
            let count: usize = done
                .iter()
                .filter_map(|own| own.result.as_ref().ok())
                .flat_map(|outcome| &outcome.found)
                .filter(|own| fail_on.fails(own.severity))
                .count();
            Err(Error::Ended { code, message: format!("{count} findings fail the audit") })
        }
    }
}
