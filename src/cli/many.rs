//! Working on many repositories at once: as many threads as there are CPUs, a
//! progress bar, and no end at the first failure.

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::error::Error;

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
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, Result<T, Error>)>> = Mutex::new(Vec::new());
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(dirs.len());
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some((number, dir)) = take(&next, dirs) {
                    let result = work(dir);
                    done.lock().expect("no holder panics").push((number, result));
                    bar.inc(1);
                }
            });
        }
    });
    bar.finish_and_clear();
    let mut done = done.into_inner().expect("no holder panics");
    done.sort_by_key(|(number, _)| *number);
    done.into_iter().map(|(number, result)| Done { dir: dirs[number].clone(), result }).collect()
}

/// The exit code of many repositories: the highest.
pub fn worst<T>(done: &[Done<T>], code: impl Fn(&T) -> u8) -> u8 {
    let code = |done: &Done<T>| done.result.as_ref().map_or_else(Error::exit_code, &code);
    done.iter().map(code).max().unwrap_or(0)
}

fn take<'a>(next: &AtomicUsize, dirs: &'a [PathBuf]) -> Option<(usize, &'a PathBuf)> {
    let number = next.fetch_add(1, Ordering::Relaxed);
    Some((number, dirs.get(number)?))
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
