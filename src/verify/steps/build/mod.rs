//! `build`: the images build, in time, and hold what they should and nothing else.

mod arms;
mod change;
mod clean;
mod context;
mod files;
pub(super) mod log;
mod same;
mod size;

use std::collections::BTreeMap;

use futures_util::future::join_all;
use tokio::time::Instant;

pub use arms::ARMS;

use crate::verify::record::{Finding, Unit};
use crate::verify::run::Run;
use crate::verify::trouble::{Outcome, Trouble};
use files::Files;

/// An image that is built here.
#[derive(Clone, Debug)]
struct Built {
    /// The service that builds it; the first where several do.
    service: String,
    /// The name that it has in this run.
    name: String,
    /// Its id at the engine, as the unchanged code gives it.
    id: String,
}

/// Runs the step. The builds come in the order in which the fewest are needed: the
/// ordinary one, the same again, one of changed code, one without a layer.
pub async fn run(run: &mut Run<'_>) -> Outcome {
    if run.stack.model.built().is_empty() {
        for check in crate::verify::check::Step::Build.checks() {
            run.record(Finding::skipped(check.id, "nothing is built here"));
        }
        return Ok(());
    }
    run.build().await?;
    warm(run).await?;
    let images = built(run).await?;
    context::judge(run).await;
    let all = files(run, &images).await?;
    for image in &images {
        size::judge(run, image).await?;
        clean::judge(run, image, &all[&image.name]);
    }
    size::platform(run, &images).await?;
    if run.is_quick() {
        return Ok(());
    }
    let changed = change::judge(run, &all).await;
    restore(run, &images).await?;
    changed?;
    if cold(run).await? {
        let again = same::judge(run, &images, &all).await;
        restore(run, &images).await?;
        again?;
    }
    Ok(())
}

/// The images that are built here, each once.
async fn built(run: &Run<'_>) -> Outcome<Vec<Built>> {
    let model = &run.stack.model;
    let mut images: Vec<Built> = Vec::new();
    for service in model.built() {
        let name = model.image(service).to_owned();
        if images.iter().any(|own| own.name == name) {
            continue;
        }
        let facts = run.engine.image(&name).await?;
        let id = facts["Id"].as_str().unwrap_or_default().to_owned();
        images.push(Built { service: service.to_owned(), name, id });
    }
    Ok(images)
}

/// The files of every image, by its name.
async fn files(run: &Run<'_>, images: &[Built]) -> Outcome<BTreeMap<String, Files>> {
    run.doing("reading the files of the images");
    let of_one = async |image: &Built| {
        Ok::<_, Trouble>((image.name.clone(), Files::of(run, &image.name).await?))
    };
    join_all(images.iter().map(of_one)).await.into_iter().collect()
}

/// The same build once more; and again where something ran, which another build
/// without a cache at the same moment makes it do.
async fn warm(run: &mut Run<'_>) -> Outcome {
    run.doing("building again, with every layer cached");
    let limit = run.seconds("verify.build-cold");
    let mut took = 0.0;
    let mut log = log::Log::default();
    for _ in 0..2 {
        let begun = Instant::now();
        let output = run.stack.compose(&["build"], limit).await?;
        took = begun.elapsed().as_secs_f64();
        if !output.is_ok() {
            let said = "the images were built, and a second time they were not";
            run.record(Finding::failed("build.warm", said).log(output.tail(20)));
            return Ok(());
        }
        log = log::read(&output.stdout);
        if !log.again().any(log::Step::is_run) {
            break;
        }
    }
    let again: Vec<String> = log.again().map(log::Step::line).collect();
    // A file that is copied again costs nothing; what is run again has no cache.
    let is_run = log.again().any(log::Step::is_run);
    let most = run.seconds("verify.build-warm").as_secs_f64();
    let cached = log.steps.iter().filter(|own| own.is_cached).count();
    let said = match again.len() {
        0 => format!("{} with all {cached} steps from the cache", Unit::Seconds.show(took)),
        many => format!(
            "{}; {many} of {} steps ran again without a change",
            Unit::Seconds.show(took),
            many + cached
        ),
    };
    let holds = took <= most && !is_run;
    let finding = Finding::judged("build.warm", holds, said)
        .measured("took", took, Unit::Seconds)
        .measured("again", again.len() as f64, Unit::Count)
        .by(run.limit("verify.build-warm"));
    run.record(match holds {
        true => finding,
        false => finding
            .help("a step that runs again each time reads what always differs: a date, a URL, a file that every build writes")
            .log(again),
    });
    Ok(())
}

/// A build without a cached layer; whether there is one.
async fn cold(run: &mut Run<'_>) -> Outcome<bool> {
    run.doing("building without a cached layer");
    let begun = Instant::now();
    let limit = run.seconds("verify.build-cold");
    let output = run.stack.compose(&["build", "--no-cache"], limit).await?;
    let took = begun.elapsed().as_secs_f64();
    let limit = run.limit("verify.build-cold");
    if !output.is_ok() {
        let said = match output.code {
            None => format!("not built after {}", Unit::Seconds.show(took)),
            Some(code) => format!(
                "it builds from cached layers alone: without them it ended with {code} after {}",
                Unit::Seconds.show(took)
            ),
        };
        run.record(
            Finding::failed("build.cold", said)
                .help("what a step fetches is gone or has changed: pin versions, and keep to what is still served")
                .by(limit)
                .log(output.tail(20)),
        );
        run.record(Finding::skipped("build.same", "there is no second build to compare with"));
        return Ok(false);
    }
    let log = log::read(&output.stdout);
    let slowest = log.slowest().map_or_else(String::new, |own| {
        format!("; longest: {} ({})", own.line(), Unit::Seconds.show(own.seconds))
    });
    let said = format!("{} without a layer from the cache{slowest}", Unit::Seconds.show(took));
    run.record(Finding::passed("build.cold", said).measured("took", took, Unit::Seconds).by(limit));
    Ok(true)
}

/// Gives the names back to the images of the unchanged code, and removes the others.
async fn restore(run: &Run<'_>, images: &[Built]) -> Outcome {
    let api = run.engine.api();
    for image in images {
        let facts = run.engine.image(&image.name).await?;
        let now = facts["Id"].as_str().unwrap_or_default().to_owned();
        if now == image.id {
            continue;
        }
        let (repo, tag) = image.name.rsplit_once(':').unwrap_or((&image.name, "latest"));
        let options = bollard::query_parameters::TagImageOptions {
            repo: Some(repo.to_owned()),
            tag: Some(tag.to_owned()),
        };
        api.tag_image(&image.id, Some(options)).await?;
        // Its layers are the cache's; what still uses them keeps them.
        let options = bollard::query_parameters::RemoveImageOptions {
            force: false,
            noprune: false,
            ..Default::default()
        };
        let _ = api.remove_image(&now, Some(options), None).await;
    }
    Ok(())
}
