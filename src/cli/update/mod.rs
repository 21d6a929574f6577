//! `dockwright update`: a newer preset, tool or answers, carried into one
//! repository or many.

mod ask;
mod report;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};

use crate::apply::commit::commit;
use crate::apply::records;
use crate::cli::many::{self, Done};
use crate::cli::{Format, input, report as reporting};
use crate::error::{Error, Problem};
use crate::preset::Reference;
use crate::remote::registry::Registry;
use crate::update::{Options, Resolution, Update as Work, Wanted};

/// Examples for `--help`.
pub const EXAMPLES: &str = "Examples:
  dockwright update --dry-run              what would change, as diffs
  dockwright update --preset git+ssh://git@example.com/platform/presets#v3:django
  dockwright update --latest services/*    many repositories, to the newest tag
  dockwright update --conflict markers     write conflicts into the files
  dockwright update --set images.postgres=postgres:19-trixie";

/// What `dockwright update` takes.
#[derive(Clone, Debug, Args)]
pub struct Update {
    /// Repositories
    #[arg(default_value = ".")]
    dirs: Vec<PathBuf>,
    /// Another preset, or another version of it
    #[arg(long, value_name = "REF", conflicts_with_all = ["fetch", "latest"])]
    preset: Option<String>,
    /// Ask the preset's repository again what its revision names, and registries for
    /// the digests of images where images.digests wants them
    #[arg(long, conflicts_with = "latest")]
    fetch: bool,
    /// Go to the newest version tag of the preset's repository
    #[arg(long)]
    latest: bool,
    /// Set any key of dockwright.toml, such as deploy.memory=4GiB
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// What becomes of a file that both sides changed in the same place
    #[arg(long, value_enum, default_value_t)]
    conflict: OnConflict,
    /// Keep this file as it is where it conflicts
    #[arg(long, value_name = "PATH")]
    keep: Vec<String>,
    /// Take the new one for this file where it conflicts
    #[arg(long, value_name = "PATH")]
    take: Vec<String>,
    /// Bring back a file that was deleted
    #[arg(long, value_name = "PATH")]
    restore: Vec<String>,
    /// Replace managed files that were edited
    #[arg(long)]
    force: bool,
    /// Ask nothing
    #[arg(long, short)]
    yes: bool,
    /// Show every change as a diff, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// How to report
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What becomes of a file that both sides changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum OnConflict {
    /// Nothing is written
    #[default]
    Fail,
    /// Both sides are written with diff3 markers
    Markers,
}

/// What came of one repository.
struct Outcome {
    update: Work,
    written: bool,
}

impl Outcome {
    fn code(&self) -> u8 {
        u8::from(self.update.conflicts().next().is_some())
    }
}

/// Updates the repositories.
///
/// # Errors
/// Wrong input, conflicts, a preset that cannot be had; of several
/// repositories the highest exit code.
pub fn run(update: &Update) -> Result<(), Error> {
    let asks =
        update.dirs.len() == 1 && !update.yes && !update.dry_run && crate::cli::report::can_ask();
    // One for all, so that an image that many of them have is asked for once.
    let registry = update.fetch.then(Arc::<Registry>::default);
    let done = many::each(&update.dirs, "updating", |dir| one(dir, update, asks, &registry));
    let done: Vec<Done<Outcome>> = done;
    if let [only] = done.as_slice()
        && update.format == Format::Human
    {
        return match &only.result {
            Ok(outcome) => report::one(&only.dir, outcome, update.dry_run),
            Err(_) => {
                done.into_iter().map(|done| done.result).find_map(Result::err).map_or(Ok(()), Err)
            }
        };
    }
    match update.format {
        Format::Human => report::many(&done, update.dry_run)?,
        Format::Json => reporting::json(&report::json(&done, update.dry_run))?,
    }
    report::verdict(&done)
}

fn one(
    dir: &Path,
    update: &Update,
    asks: bool,
    registry: &Option<Arc<Registry>>,
) -> Result<Outcome, Error> {
    input::check_directory(dir)?;
    let held = input::hold(dir)?;
    let mut options = Options { registry: registry.clone(), ..options(dir, update)? };
    let mut work = Work::of(dir, &options)?;
    check_paths(&work, update)?;
    if asks && work.conflicts().next().is_some() && options.conflict.is_none() {
        for (path, resolution) in ask::each(&work)? {
            options.resolved.insert(path, resolution);
        }
        work = Work::of(dir, &options)?;
    }
    let writes =
        options.conflict.is_some() || work.files.iter().all(|file| is_settled(file, &options));
    let written = writes && !update.dry_run && !work.is_nothing();
    if written {
        commit(&held, &work.changes)?;
        records::tidy(dir, &work.changes);
    }
    Ok(Outcome { update: work, written })
}

/// Whether somebody said what becomes of a file, if it needs that.
fn is_settled(file: &crate::update::FileUpdate, options: &Options) -> bool {
    !matches!(file.what, crate::update::What::Conflict(_))
        || options.resolved.get(&file.path) == Some(&Resolution::Markers)
}

fn options(dir: &Path, update: &Update) -> Result<Options, Error> {
    let wanted = match &update.preset {
        Some(text) => {
            let reference = Reference::parse(text).map_err(|p| Error::input(p.at("--preset")))?;
            Wanted::Other(reference.seen_from(dir))
        }
        None if update.fetch => Wanted::Fetched,
        None if update.latest => Wanted::Latest,
        None => Wanted::Named,
    };
    let kept = update.keep.iter().map(|path| (path.clone(), Resolution::Keep));
    let taken = update.take.iter().map(|path| (path.clone(), Resolution::Take));
    Ok(Options {
        wanted,
        set: update.set.clone(),
        conflict: (update.conflict == OnConflict::Markers).then_some(Resolution::Markers),
        resolved: kept.chain(taken).collect(),
        restore: update.restore.iter().cloned().collect(),
        force: update.force,
        registry: None,
    })
}

/// Refuses a path that no file of the stack has, of a single repository.
fn check_paths(work: &Work, update: &Update) -> Result<(), Error> {
    if update.dirs.len() > 1 {
        return Ok(());
    }
    let known: BTreeSet<&str> = work.files.iter().map(|file| file.path.as_str()).collect();
    let flags =
        [("--keep", &update.keep), ("--take", &update.take), ("--restore", &update.restore)];
    let problems: Vec<Problem> = flags
        .iter()
        .flat_map(|(flag, paths)| paths.iter().map(move |path| (flag, path)))
        .filter(|(_, path)| !known.contains(path.as_str()))
        .map(|(flag, path)| {
            let problem = Problem::new(format!("`{path}` is no file of this stack"));
            let near = crate::error::nearest(path, known.iter().copied());
            problem.at(format!("{flag} {path}")).help(match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`dockwright plan` lists the files".to_owned(),
            })
        })
        .collect();
    if problems.is_empty() { Ok(()) } else { Err(Error::Input(problems)) }
}
