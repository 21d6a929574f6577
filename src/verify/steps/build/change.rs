//! A changed line of code: what is built again for it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use tokio::fs;
use tokio::time::Instant;

use super::files::Files;
use super::{context, log};
use crate::verify::compose::Output;
use crate::verify::record::{Finding, Unit};
use crate::verify::run::Run;
use crate::verify::trouble::{Outcome, Trouble};

/// Files whose change is a change of more than code.
const SPECIAL: [&str; 6] =
    ["setup.py", "conftest.py", "__init__.py", "noxfile.py", "manage.py", "gunicorn.conf.py"];

/// A file with what it said.
struct Changed {
    path: PathBuf,
    shown: String,
    before: Vec<u8>,
}

/// Changes a file of each context that is in an image, builds, and changes it back.
pub async fn judge(run: &mut Run<'_>, images: &BTreeMap<String, Files>) -> Outcome {
    let mut changed: Vec<Changed> = Vec::new();
    for (context, _) in context::of(&run.stack.model) {
        let directory = context.directory.clone();
        let read = tokio::task::spawn_blocking(move || context::read(&context)).await;
        let files = read.map(|own| own.files).unwrap_or_default();
        let Some(file) = pick(files.keys().map(String::as_str), images) else { continue };
        let path = directory.join(file);
        if changed.iter().any(|own| own.path == path) {
            continue;
        }
        if let Ok(before) = crate::source::text::bytes(&path) {
            changed.push(Changed { path, shown: file.to_owned(), before });
        }
    }
    if changed.is_empty() {
        let why = "no Python file of the repository is in an image";
        run.record(Finding::skipped("build.change", why));
        return Ok(());
    }
    let shown: Vec<&str> = changed.iter().map(|own| own.shown.as_str()).collect();
    let shown = shown.join(" and ");
    run.doing(format!("building with a changed line in {shown}"));
    // Another build without a cache at the same moment makes steps run that are cached:
    // what is red is looked at twice.
    for attempt in 0..2 {
        let begun = Instant::now();
        let built = built(run, &changed, attempt).await;
        let took = begun.elapsed().as_secs_f64();
        put(&changed, |own| own.before.clone()).await?;
        let output = built?;
        if !output.is_ok() {
            let said = format!("with a comment at the end of {shown} nothing builds any more");
            run.record(Finding::failed("build.change", said).log(output.tail(20)));
            return Ok(());
        }
        let finding = judged(&log::read(&output.stdout), &shown, took);
        if !finding.is_failed() || attempt == 1 {
            run.record(finding);
            break;
        }
    }
    Ok(())
}

/// Builds with a line at the end of each file; another one each time: what an earlier
/// run built is no cache for it.
async fn built(run: &Run<'_>, changed: &[Changed], attempt: usize) -> Outcome<Output> {
    let line = format!("\n# {} {attempt}\n", run.stack.compose.name);
    put(changed, |own| [&own.before, line.as_bytes()].concat()).await?;
    run.stack.compose(&["build"], run.seconds("verify.build-cold")).await
}

/// Writes the files.
async fn put(changed: &[Changed], content: impl Fn(&Changed) -> Vec<u8>) -> Outcome {
    for own in changed {
        let written = fs::write(&own.path, content(own)).await;
        written.map_err(|error| Trouble::Engine(format!("the run's own copy: {error}")))?;
    }
    Ok(())
}

fn judged(log: &log::Log, shown: &str, took: f64) -> Finding {
    let again = log.again().count();
    let installed: Vec<&log::Step> = log.reinstalled().collect();
    let time = Unit::Seconds.show(took);
    let finding = if !installed.is_empty() {
        let lines: Vec<String> = installed
            .iter()
            .map(|own| format!("{} ({})", own.line(), Unit::Seconds.show(own.seconds)))
            .collect();
        let said = format!(
            "a changed line in {shown} installs packages again: {} of {} steps ran, in {time}",
            again,
            log.steps.len()
        );
        Finding::failed("build.change", said)
            .help(
                "copy what names the packages, install them, and copy the code after that (DF112)",
            )
            .log(lines)
    } else if again == 0 {
        Finding::skipped("build.change", format!("a changed line in {shown} reached no step"))
    } else {
        let said = format!(
            "a changed line in {shown} was built in {time}: {again} of {} steps ran again, and no package was installed",
            log.steps.len()
        );
        Finding::passed("build.change", said)
    };
    finding.measured("took", took, Unit::Seconds).measured("again", again as f64, Unit::Count)
}

/// A Python file of a context that is in one of the images, the nearest to its top.
fn pick<'p>(
    paths: impl Iterator<Item = &'p str>,
    images: &BTreeMap<String, Files>,
) -> Option<&'p str> {
    let is_code = |path: &&str| {
        let name = path.rsplit('/').next().unwrap_or_default();
        path.ends_with(".py") && !SPECIAL.contains(&name) && super::clean::is_test(path).is_none()
    };
    let mut code: Vec<&str> = paths.filter(is_code).collect();
    code.sort_by_key(|path| (path.contains("migrations/"), path.matches('/').count(), *path));
    code.into_iter().find(|path| {
        let bare = path.strip_prefix("src/").unwrap_or(path);
        images.values().any(|files| files.ends_with(path) || files.ends_with(bare))
    })
}
