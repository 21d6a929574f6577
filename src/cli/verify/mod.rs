//! `dockwright verify`: a stack is built, run, broken and judged.

mod human;
mod junit;
mod live;
pub mod shape;
mod tune;

use std::path::PathBuf;

use clap::Args;

use crate::cli::{Format, input, report};
use crate::error::Error;
use crate::verify::arm::Alarm;
use crate::verify::check::Step;
use crate::verify::record::Verdict;
use crate::verify::{self, Armed, Ask, Options};

/// Shown below `--help`.
pub const EXAMPLES: &str = "Examples:
  dockwright verify                                  everything, in minutes
  dockwright verify --quick                          what a pull request should wait for
  dockwright verify --only build,start --set verify.image-size=400MiB
  dockwright verify --list                           every check and what it proves
  dockwright verify --arm --only isolation           break what each check watches, and see it go red
  dockwright verify --only load --tune               let load decide the planned numbers
  dockwright verify --quick --junit verify.xml       for a pipeline
Exit codes: 0 everything holds, 1 something does not, 2 the input is wrong, 3 no engine, 130 interrupted.";

/// Arguments of `verify`.
#[derive(Clone, Debug, Args)]
pub struct Verify {
    /// Directory with a compose file, whoever wrote it
    #[arg(default_value = ".")]
    pub dir: PathBuf,
    /// Compose file, as `docker compose --file` takes it; more are laid over it
    #[arg(long, value_name = "FILE")]
    pub file: Vec<PathBuf>,
    /// Judge only these steps
    #[arg(long, value_enum, value_name = "STEP", value_delimiter = ',')]
    pub only: Vec<Step>,
    /// Do not judge these steps
    #[arg(long, value_enum, value_name = "STEP", value_delimiter = ',')]
    pub skip: Vec<Step>,
    /// Only what takes moments: no load, nothing is broken
    #[arg(long)]
    pub quick: bool,
    /// Set a threshold, or any key of dockwright.toml
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Leave the stack running, and say how to remove it
    #[arg(long)]
    pub keep: bool,
    /// Say every check, what it proves and what it is judged by; run nothing
    #[arg(long)]
    pub list: bool,
    /// Directory for logs, inspections and events when something does not hold
    #[arg(long, value_name = "DIR")]
    pub evidence: Option<PathBuf>,
    /// Tag of the image that ran before: it has to work after the new migrations
    #[arg(long, value_name = "TAG")]
    pub previous: Option<String>,
    /// Break on purpose what each check watches, and see it go red
    #[arg(long, conflicts_with_all = ["list", "keep", "tune", "junit"])]
    pub arm: bool,
    /// Write the values that load speaks for into dockwright.toml, and show the difference
    #[arg(long)]
    pub tune: bool,
    /// Write the results as JUnit XML as well
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// How to report; `dockwright schema verify` says what JSON holds
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// Verifies a directory and says what holds.
///
/// # Errors
/// Wrong input, no engine, an interruption; 1 when something does not hold.
pub fn run(verify: &Verify) -> Result<(), Error> {
    if verify.list {
        return report::print(&human::list(usize::from(report::width())));
    }
    input::check_directory(&verify.dir)?;
    if let Some(path) = &verify.junit {
        // Minutes later would be too late to hear of it.
        junit::check(path)?;
    }
    let options = Options {
        ask: Ask {
            directory: verify.dir.clone(),
            files: verify.file.clone(),
            set: verify.set.clone(),
            previous: verify.previous.clone(),
        },
        only: verify.only.clone(),
        skip: verify.skip.clone(),
        quick: verify.quick,
        keep: verify.keep,
        evidence: verify.evidence.clone(),
    };
    let view = live::View::new();
    if verify.arm {
        let armed = verify::arm(&options, &view);
        view.finish();
        return alarms(&armed?, verify.format);
    }
    let report = verify::verify(&options, &view);
    view.finish();
    let report = report?;
    match verify.format {
        Format::Json => report::json(&shape::of(&report))?,
        Format::Human => report::print(&human::report(&report, usize::from(report::width())))?,
    }
    if let Some(path) = &verify.junit {
        junit::write(&report, path)?;
    }
    if let Some(cut) = report.cut {
        return Err(cut);
    }
    if verify.tune {
        tune::write(&report, &verify.dir)?;
    }
    match report.count(Verdict::Failed) {
        0 => Ok(()),
        1 => Err(ended("one check does not hold".into())),
        many => Err(ended(format!("{many} checks do not hold"))),
    }
}

fn ended(message: String) -> Error {
    Error::Ended { code: 1, message }
}

/// Says which checks went red.
fn alarms(armed: &[Armed], format: Format) -> Result<(), Error> {
    match format {
        Format::Json => report::json(&shape::of_armed(armed))?,
        Format::Human => report::print(&human::alarms(armed, usize::from(report::width())))?,
    }
    match armed.iter().filter(|own| own.alarm == Alarm::Silent).count() {
        0 => Ok(()),
        1 => Err(ended("one check did not go red".into())),
        many => Err(ended(format!("{many} checks did not go red"))),
    }
}
