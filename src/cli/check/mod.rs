//! `dockwright check`: whether repositories follow their presets.

mod human;
mod items;
mod json;
mod pins;

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::check::{self, FailOn, Kind, Options, Remotes, Report};
use crate::cli::findings::{github, gitlab, sarif};
use crate::cli::many::{self, Done};
use crate::cli::report as reporting;
use crate::error::Error;
use crate::preset::{self, Places, Preset, Reference};
use crate::project;

/// Examples for `--help`.
pub const EXAMPLES: &str = "Examples:
  dockwright check                           drift, conflicts, policy and manifests fail
  dockwright check --fail-on policy services/*
  dockwright check --policy git+ssh://git@example.com/platform/presets#v3:django
  dockwright check --fetch --fail-on drift,conflict,policy,outdated
  dockwright check --format sarif > dockwright.sarif
Nothing is written, and without --fetch no network is asked.";

/// What `dockwright check` takes.
#[derive(Clone, Debug, Args)]
pub struct Check {
    /// Repositories
    #[arg(default_value = ".")]
    dirs: Vec<PathBuf>,
    /// A preset that is judged as well; the repository's waivers do not count
    #[arg(long, value_name = "REF")]
    policy: Option<String>,
    /// What makes the check fail
    #[arg(
        long,
        value_name = "WHAT",
        value_enum,
        value_delimiter = ',',
        default_value = "drift,conflict,policy,manifests"
    )]
    fail_on: Vec<Fails>,
    /// Ask repositories of presets for newer versions, and the index of packages and
    /// registries of images for newer patch releases of what is pinned
    #[arg(long)]
    fetch: bool,
    /// How to report
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What makes a check fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Fails {
    /// A managed file, a base or a kept preset was edited
    Drift,
    /// An update is open, or markers are left
    Conflict,
    /// A lock, a floor or a rule does not hold
    Policy,
    /// What a cluster would be told does not fit together
    Manifests,
    /// There is something newer
    Outdated,
    /// Nothing
    None,
}

/// Shape of a report on standard output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
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

impl Check {
    fn kinds(&self) -> FailOn {
        let kind = |fails: &Fails| match fails {
            Fails::Drift => Some(Kind::Drift),
            Fails::Conflict => Some(Kind::Conflict),
            Fails::Policy => Some(Kind::Policy),
            Fails::Manifests => Some(Kind::Manifests),
            Fails::Outdated => Some(Kind::Outdated),
            Fails::None => None,
        };
        self.fail_on.iter().filter_map(kind).collect()
    }
}

/// What came of the check, and how it is told.
struct Outcome<'a> {
    done: &'a [Done<Report>],
    fail_on: FailOn,
}

impl Outcome<'_> {
    fn code_of(&self, done: &Done<Report>) -> u8 {
        match &done.result {
            Ok(report) => u8::from(report.failures(&self.fail_on) > 0),
            Err(error) => error.exit_code(),
        }
    }

    fn code(&self) -> u8 {
        self.done.iter().map(|done| self.code_of(done)).max().unwrap_or(0)
    }
}

/// Checks the repositories.
///
/// # Errors
/// What does not hold, wrong input, a preset that cannot be had; of several
/// repositories the highest exit code.
pub fn run(check: &Check) -> Result<(), Error> {
    let options = Options {
        policy: check.policy.as_deref().map(outside).transpose()?,
        today: project::today(),
        remotes: check.fetch.then(Remotes::default),
    };
    let done = many::each(&check.dirs, "checking", |dir| check::check(dir, &options));
    let outcome = Outcome { done: &done, fail_on: check.kinds() };
    match check.format {
        Format::Human => human::print(&outcome)?,
        Format::Json => reporting::json(&json::of(&outcome))?,
        Format::Sarif => {
            let (items, failed) = (items::of(&outcome), items::failed(&outcome));
            let code = outcome.code();
            reporting::json(&sarif::of(&items, &items::rules(&outcome), &failed, code))?;
        }
        Format::Github => {
            reporting::print(&github::of(&items::of(&outcome), &items::failed(&outcome)))?
        }
        Format::Gitlab => reporting::json(&gitlab::of(&items::of(&outcome)))?,
    }
    let code = outcome.code();
    if code == 0 {
        return Ok(());
    }
    if done.len() > 1 {
        return Err(Error::Ended { code, message: of_many(&outcome) });
    }
    done.into_iter().try_for_each(|done| {
        let name = name(&done.dir);
        let report = done.result?;
        Err(Error::Ended { code, message: sentence(&name, &report, &check.kinds()) })
    })
}

/// The preset from outside; a path is seen from where it was typed.
fn outside(text: &str) -> Result<Preset, Error> {
    let at = |problem: crate::error::Problem| Error::input(problem.at("--policy"));
    let reference = Reference::parse(text).map_err(at)?;
    if let Reference::Builtin(name) = &reference {
        return preset::find(name).map_err(at);
    }
    let cache = preset::git::usual_cache();
    preset::open(&reference, &Places { base: ".".into(), cache, ..Places::default() })
}

/// `shop: 2 findings fail: 1 drift, 1 policy`.
fn sentence(name: &str, report: &Report, fail_on: &FailOn) -> String {
    let kinds = [Kind::Drift, Kind::Conflict, Kind::Policy, Kind::Manifests, Kind::Outdated];
    let counted = kinds.iter().filter_map(|kind| {
        let fails = |found: &&check::Finding| Report::level(found, fail_on) == check::Level::Error;
        let count = report.of(*kind).filter(fails).count();
        (count > 0).then(|| format!("{count} {}", kind.word()))
    });
    let counted: Vec<String> = counted.collect();
    format!("{name} does not follow {}: {}", report.label(), counted.join(", "))
}

fn of_many(outcome: &Outcome) -> String {
    let count = |code: u8| outcome.done.iter().filter(|d| outcome.code_of(d) == code).count();
    let failed = outcome.done.iter().filter(|done| done.result.is_err()).count();
    let all = outcome.done.len();
    let do_not = count(1);
    let noun = if all == 1 { "repository" } else { "repositories" };
    format!(
        "of {all} {noun}, {do_not} do not follow their preset and {failed} could not be checked"
    )
}

/// What a repository is called.
fn name(dir: &Path) -> String {
    let called = if dir == Path::new(".") { crate::project::directory_name(dir) } else { None };
    called.unwrap_or_else(|| dir.display().to_string())
}
