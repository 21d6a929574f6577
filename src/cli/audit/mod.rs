//! `dockwright audit`: judges container files, whoever wrote them.

mod baseline;
pub mod explain;
mod fix;
mod human;
mod items;
mod json;
mod judging;
mod target;

use std::io::Read as _;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::findings::{github, gitlab, sarif};
use crate::cli::many::{self, Done};
use crate::cli::report as reporting;
use crate::error::{Error, Problem, nearest};
use crate::lint::{Rule, Severity, rule, rules};
use crate::project;
use crate::schema;
use judging::{Outcome, Request};
use target::Target;

/// Examples below `--help`.
pub const EXAMPLES: &str = "Examples:
  dockwright audit                           what would hurt users fails
  dockwright audit services/* --fail-on warning
  dockwright audit --fix                     mend what can be mended safely
  dockwright audit --fix=DF105,CO110         these, whatever their grade
  dockwright audit --fix --cpus 4 --memory 8GiB   limits that add up on that machine
  dockwright audit --explain DF101
  dockwright audit --write-baseline audit.json
  dockwright audit --baseline audit.json     only what is new fails
  dockwright audit --format sarif > dockwright.sarif
  dockwright audit --stdin compose.yaml < compose.yaml
Nothing of a repository is executed, and no network is asked.";

/// What `audit` takes.
#[derive(Debug, Args)]
pub struct Audit {
    /// Directories, or single files
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,
    /// Say what a rule asks for, and why: a code, a name, or `all`
    #[arg(long, value_name = "RULE", num_args = 1)]
    explain: Option<String>,
    /// Mend: without codes what is safe or was checked, with codes these
    #[arg(
        long,
        value_name = "CODE,…",
        num_args = 0..=1,
        require_equals = true,
        value_delimiter = ',',
        default_missing_value = "safe"
    )]
    fix: Option<Vec<String>>,
    /// With --fix: show the diff, and write nothing
    #[arg(long, requires = "fix")]
    dry_run: bool,
    /// With --fix: write without asking
    #[arg(long, short, requires = "fix")]
    yes: bool,
    /// Only these rules
    #[arg(long, value_name = "CODE,…", value_delimiter = ',')]
    only: Vec<String>,
    /// Without these rules
    #[arg(long, value_name = "CODE,…", value_delimiter = ',')]
    skip: Vec<String>,
    /// Findings that are known already: they are counted, and do not fail
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Write what is found now as a baseline
    #[arg(long, value_name = "FILE", conflicts_with = "baseline")]
    write_baseline: Option<PathBuf>,
    /// Judge standard input as if it were this file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["fix", "paths"])]
    stdin: Option<PathBuf>,
    /// Fail from this severity on
    #[arg(long, value_enum, default_value_t = FailOn::Error)]
    fail_on: FailOn,
    /// Show findings from this severity on
    #[arg(long, value_enum, default_value_t = Level::Advice)]
    level: Level,
    /// CPUs of the machine, for numbers that follow from it: 4
    #[arg(long, value_name = "CPUS", value_parser = |text: &str| sized("deploy.cpus", text))]
    cpus: Option<String>,
    /// Memory of the machine: 8GiB
    #[arg(long, value_name = "SIZE", value_parser = |text: &str| sized("deploy.memory", text))]
    memory: Option<String>,
    /// How to report
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// A size of the machine as `--set` has it: `deploy.cpus=4`.
fn sized(key: &str, text: &str) -> Result<String, String> {
    let field = schema::find(key).expect("it is a key");
    field.kind.read(text).map(|_| format!("{key}={text}"))
}

/// Shape of the report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    Human,
    /// For programs
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Annotations of GitHub Actions
    Github,
    /// Code quality report of GitLab
    Gitlab,
}

/// From which severity on a run fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Nothing fails
    Never,
    /// Outages, leaks, lost data
    Error,
    /// What is slow, or will fail some day
    Warning,
    /// Everything but taste
    Advice,
    /// Everything
    Style,
}

impl FailOn {
    /// Whether a finding of this severity fails.
    #[must_use]
    pub fn fails(self, severity: Severity) -> bool {
        match self {
            Self::Never => false,
            Self::Error => severity >= Severity::Error,
            Self::Warning => severity >= Severity::Warning,
            Self::Advice => severity >= Severity::Advice,
            Self::Style => true,
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

/// Judges directories.
///
/// # Errors
/// Findings that fail, a rule that is not there, directories that cannot be read.
pub fn run(audit: &Audit) -> Result<(), Error> {
    if let Some(word) = &audit.explain {
        return reporting::print(&match word.as_str() {
            "all" => explain::list(),
            word => explain::page(named(word, "--explain")?),
        });
    }
    let text = audit.stdin.as_ref().map(|_| standard_input()).transpose()?;
    let request = Request {
        rules: chosen(audit)?,
        level: audit.level.severity(),
        today: project::today(),
        text,
        machine: audit.cpus.iter().chain(&audit.memory).cloned().collect(),
    };
    let paths = if audit.stdin.is_some() { &[][..] } else { &audit.paths };
    let targets = target::all(paths, audit.stdin.as_deref());
    if let Some(codes) = &audit.fix {
        return fix::run(audit, &request, &targets, codes);
    }
    let mut done = each(&targets, |target| judging::judge(target, &request));
    let mut outcomes: Vec<&mut Outcome> =
        done.iter_mut().filter_map(|own| own.result.as_mut().ok()).collect();
    if outcomes.len() > 1 {
        judging::count_once(&mut outcomes);
    }
    let mut gone = 0;
    if let Some(file) = &audit.baseline {
        gone = baseline::mark(file, &mut done)?;
    }
    if let Some(file) = &audit.write_baseline {
        let count = baseline::write(file, &done)?;
        let noun = if count == 1 { "finding" } else { "findings" };
        eprintln!("{} holds {count} {noun}", file.display());
        return failed(&done);
    }
    let code = many::worst(&done, |own| u8::from(own.failing(audit.fail_on) > 0));
    match audit.format {
        Format::Human => reporting::print(&human::text(&done, audit.fail_on, gone))?,
        Format::Json => reporting::json(&json::value(&done, audit.fail_on))?,
        format => others(&done, format, code)?,
    }
    ended(done, audit.fail_on, code)
}

/// What is found in the forms that other programs take.
fn others(done: &[Done<Outcome>], format: Format, code: u8) -> Result<(), Error> {
    let (items, failed) = (items::of(done), items::failed(done));
    match format {
        Format::Github => {
            let notes: String =
                items::notes(done).iter().map(|note| github::notice(note)).collect();
            reporting::print(&(github::of(&items, &failed) + &notes))
        }
        Format::Gitlab => reporting::json(&gitlab::of(&items)),
        _ => {
            let mut report = sarif::of(&items, &items::rules(&items), &failed, code);
            sarif::note(&mut report, &items::notes(done));
            reporting::json(&report)
        }
    }
}

fn standard_input() -> Result<String, Error> {
    let mut text = String::new();
    let read = std::io::stdin().read_to_string(&mut text);
    let failed = |source| Error::Io { action: "read", path: "standard input".into(), source };
    read.map_err(failed).map(|_| text)
}

/// Does the same with every target.
fn each(
    targets: &[Target],
    work: impl Fn(Target) -> Result<Outcome, Error> + Sync,
) -> Vec<Done<Outcome>> {
    let names: Vec<PathBuf> = targets.iter().map(|own| own.name.clone()).collect();
    many::each(&names, "judging", |name| {
        let target = targets.iter().find(|own| own.name == name).expect("it is one of them");
        work(target.clone())
    })
}

/// The rules that `--only` and `--skip` leave.
fn chosen(audit: &Audit) -> Result<Vec<&'static Rule>, Error> {
    let codes = |words: &[String], flag: &str| -> Result<Vec<&'static str>, Error> {
        words.iter().map(|word| named(word, flag).map(|rule| rule.code)).collect()
    };
    let (only, skip) = (codes(&audit.only, "--only")?, codes(&audit.skip, "--skip")?);
    let wanted = |rule: &&&Rule| {
        (only.is_empty() || only.contains(&rule.code)) && !skip.contains(&rule.code)
    };
    Ok(rules::ALL.iter().filter(wanted).copied().collect())
}

fn named(word: &str, flag: &str) -> Result<&'static Rule, Error> {
    rule::find(word).ok_or_else(|| {
        let names = rules::ALL.iter().flat_map(|rule| [rule.code, rule.name]);
        let help = match nearest(word, names) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`dockwright audit --explain all` lists every rule".to_owned(),
        };
        Error::input(Problem::new(format!("there is no rule `{word}`")).at(flag).help(help))
    })
}

/// What could not be read at all.
fn failed(done: &[Done<Outcome>]) -> Result<(), Error> {
    let errors: Vec<&Error> = done.iter().filter_map(|own| own.result.as_ref().err()).collect();
    errors.iter().for_each(|error| reporting::error(error));
    match errors.iter().map(|error| error.exit_code()).max() {
        None => Ok(()),
        Some(code) => {
            Err(Error::Ended { code, message: format!("{} could not be judged", errors.len()) })
        }
    }
}

fn ended(mut done: Vec<Done<Outcome>>, fail_on: FailOn, code: u8) -> Result<(), Error> {
    if code == 0 {
        return Ok(());
    }
    if done.len() == 1 && done[0].result.is_err() {
        return done.remove(0).result.map(|_| ());
    }
    for own in &done {
        if let Err(error) = &own.result {
            reporting::error(error);
        }
    }
    let outcomes = done.iter().filter_map(|own| own.result.as_ref().ok());
    let count: usize = outcomes.map(|own| own.failing(fail_on)).sum();
    let noun = if count == 1 { "finding fails" } else { "findings fail" };
    Err(Error::Ended { code, message: format!("{count} {noun} the audit") })
}
