//! `dockwright preset test`: the golden cases of presets, rendered and
//! compared; every preset is held against itself as well.

mod report;
mod review;

use std::path::{Path, PathBuf};

use clap::Args;

use crate::apply::change::{Action, Change};
use crate::apply::commit::commit;
use crate::apply::disk;
use crate::cli::many::{self, Done};
use crate::cli::{Format, input, report as reporting};
use crate::error::{Error, Problem};
use crate::preset::{self, Preset, Reference};
use crate::preset_test::cases::{self, Difference};
use crate::preset_test::validate;
use crate::project;

/// How a case is laid out, for `--help`.
pub const LAYOUT: &str = "A case is a directory below cases/:
  cases/NAME/answers.toml   keys of dockwright.toml, without preset
  cases/NAME/files/…        every file these lead to, but .env and dockwright.toml
  cases/NAME/refused.txt    instead of files/: the message, for answers to be refused
A preset without cases is tested with its defaults alone.

Examples:
  dockwright preset test .
  dockwright preset test presets/* --format json
  dockwright preset test . --review         look at each difference and accept it or not
  dockwright preset test . --review --yes   accept everything";

/// What `dockwright preset test` takes.
#[derive(Debug, Args)]
pub struct Test {
    /// Directories of presets
    #[arg(required = true, value_name = "DIR")]
    dirs: Vec<PathBuf>,
    /// Ask for each difference whether it is meant, and write those that are
    #[arg(long)]
    review: bool,
    /// With --review: accept every difference
    #[arg(long, short, requires = "review")]
    yes: bool,
    /// How to report
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What came of one preset.
struct Tested {
    preset: Preset,
    /// What is wrong with the preset itself.
    problems: Vec<Problem>,
    cases: Vec<CaseTested>,
    /// Files that were accepted and written.
    accepted: Vec<String>,
}

/// What came of one case.
struct CaseTested {
    name: String,
    /// Rules on files that its render breaks, and answers that are refused.
    problems: Vec<Problem>,
    differences: Vec<Difference>,
    notes: Vec<String>,
}

impl Tested {
    fn holds(&self) -> bool {
        self.problems.is_empty()
            && self.cases.iter().all(|c| c.problems.is_empty() && c.differences.is_empty())
    }
}

/// Tests the presets.
///
/// # Errors
/// A preset that cannot be read; differences, and demands that do not hold.
pub fn run(test: &Test) -> Result<(), Error> {
    let asks = test.review && !test.yes;
    if asks && !crate::cli::report::can_ask() {
        return Err(Error::input(
            Problem::new("there is no terminal to review in")
                .help("--review --yes accepts everything; without --review nothing is written"),
        ));
    }
    let mut done = many::each(&test.dirs, "testing", of);
    if test.review {
        for done in &mut done {
            if let Ok(tested) = &mut done.result {
                review::accept(&done.dir, tested, asks)?;
            }
        }
    }
    match test.format {
        Format::Human => reporting::print(&report::human(&done))?,
        Format::Json => reporting::json(&report::json(&done))?,
    }
    verdict(done)
}

/// Tests one preset.
fn of(dir: &Path) -> Result<Tested, Error> {
    let reference = Reference::Path(dir.display().to_string());
    let preset = preset::open(&reference, &project::places(Path::new(""), None))?;
    let problems = validate::problems(&preset)?;
    let mut tested = Vec::new();
    for case in cases::all(dir)? {
        let mut result = CaseTested {
            name: case.name.clone(),
            problems: Vec::new(),
            differences: Vec::new(),
            notes: Vec::new(),
        };
        match cases::make(&preset, &case) {
            Ok(made) => {
                result.problems = validate::broken_by(&preset, &made);
                result.differences = cases::compare(&case.name, &case.golden, &made.outcome);
                result.notes = made.notes;
            }
            Err(Error::Input(problems)) => result.problems = problems,
            Err(error) => return Err(error),
        }
        tested.push(result);
    }
    Ok(Tested { preset, problems, cases: tested, accepted: Vec::new() })
}

/// Writes accepted differences: all of them or none.
fn write(dir: &Path, accepted: &[Difference]) -> Result<Vec<String>, Error> {
    let held = input::hold(dir)?;
    let changes = accepted.iter().map(|difference| {
        let expect = disk::look(dir, &difference.path)?;
        Ok(match &difference.made {
            Some(golden) => {
                let mode = if golden.executable == Some(true) { 0o755 } else { 0o644 };
                Change::write(difference.path.clone(), expect, golden.bytes.clone(), mode)
                    .with_mode(mode)
            }
            None => Change {
                action: Action::Remove,
                ..Change::keep(difference.path.clone(), expect, "")
            },
        })
    });
    commit(&held, &changes.collect::<Result<Vec<_>, Error>>()?)
}

fn verdict(done: Vec<Done<Tested>>) -> Result<(), Error> {
    let count = done.len();
    let failing = done.iter().filter(|d| d.result.as_ref().is_ok_and(|t| !t.holds())).count();
    let wrong = done.iter().filter(|done| done.result.is_err()).count();
    let worst = many::worst(&done, |tested| u8::from(!tested.holds()));
    if worst == 0 {
        return Ok(());
    }
    let message = match (count, wrong) {
        (1, 0) => "the preset does not pass its test".to_owned(),
        (1, _) => "the preset is wrong, and was not tested".to_owned(),
        _ => format!("of {count} presets, {failing} do not pass their tests and {wrong} are wrong"),
    };
    Err(Error::Ended { code: worst, message })
}
