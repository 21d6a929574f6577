//! Working on many repositories at once: as many threads as there are CPUs, a
//! progress bar, and no end at the first failure.

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::thread;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::error::Error;
use crate::parallel;

/// One repository and what came of it.
pub struct Done<T> {
    /// Its directory, as it was named.
    pub dir: PathBuf,
    /// What came of it.
    pub result: Result<T, Error>,
}

/// Does the same in every directory; gives the results in the order the
/// directories were named. `word` is what the bar says: `checking`.
pub fn each<T: Send>(
    dirs: &[PathBuf],
    word: &'static str,
    work: impl Fn(&Path) -> Result<T, Error> + Sync,
) -> Vec<Done<T>> {
    let bar = bar(dirs.len(), word);
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let done = parallel::each(dirs, threads, |dir| {
        let result = work(dir);
        bar.inc(1);
        Done { dir: dir.clone(), result }
    });
    bar.finish_and_clear();
    done
}

/// The exit code of many repositories: the highest.
pub fn worst<T>(done: &[Done<T>], code: impl Fn(&T) -> u8) -> u8 {
    let code = |done: &Done<T>| done.result.as_ref().map_or_else(Error::exit_code, &code);
    done.iter().map(code).max().unwrap_or(0)
}

/// On a terminal's standard error, and only for several repositories.
fn bar(count: usize, word: &'static str) -> ProgressBar {
    let target = match count {
        0 | 1 => ProgressDrawTarget::hidden(),
        _ => ProgressDrawTarget::stderr(),
    };
    let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len}");
    let bar = ProgressBar::with_draw_target(Some(count as u64), target).with_message(word);
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
