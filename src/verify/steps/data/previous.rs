//! The image that ran before, on what the new migrations made.

use serde_json::json;

use super::changed;
use crate::verify::record::{Finding, Unit};
use crate::verify::run::Run;
use crate::verify::trouble::Outcome;

const CHECK: &str = "data.previous";

/// Starts the application's earlier image on the migrated database.
///
/// # Errors
/// When the engine does not answer, or the stack does not come back.
pub async fn run(run: &mut Run<'_>) -> Outcome {
    let Some(image) = run.case.previous.clone() else {
        let why = match run.options.ask.previous {
            None => "no earlier image is named: --previous TAG",
            Some(_) => "no service is known to serve the application",
        };
        run.record(Finding::skipped(CHECK, why));
        return Ok(());
    };
    let Some(web) = run.case.web().map(|own| own.name.clone()) else {
        run.record(Finding::skipped(CHECK, "no service is known to serve the application"));
        return Ok(());
    };
    if run.engine.image(&image).await.is_err() {
        let said = format!("there is no image {image} here");
        run.record(Finding::failed(CHECK, said).of(web).help("build or pull it first"));
        return Ok(());
    }
    run.doing(format!("running {image}"));
    let own = run.stack.clone();
    run.stack = changed(run, "previous", |model| {
        let service = model.service_mut(&web);
        service["image"] = json!(image);
        service["pull_policy"] = json!("never");
        if let Some(service) = service.as_object_mut() {
            service.remove("build");
        }
    })?;
    let judged = judge(run, &image).await;
    run.stack = own;
    let back = run.up().await;
    let finding = judged?;
    run.record(finding.of(web));
    back
}

async fn judge(run: &mut Run<'_>, image: &str) -> Outcome<Finding> {
    let limit = run.seconds("verify.healthy");
    if let Err(not_up) = run.stack.up(&run.one_shots(), limit).await? {
        return Ok(Finding::failed(CHECK, format!("{image} does not start on the migrated database: {} {}", not_up.service, not_up.said))
            .log(not_up.log)
            .help("a change of the schema that the earlier code cannot live with is deployed in two steps"));
    }
    let Some(door) = run.door().await? else {
        return Ok(Finding::passed(CHECK, format!("{image} is healthy on the migrated database")));
    };
    let paths: Vec<String> = run.case.live.iter().chain(&run.case.ready).cloned().collect();
    let wait = run.seconds("verify.answer");
    let mut slowest = 0.0_f64;
    for path in &paths {
        match door.get(path, wait).await {
            Ok(answer) if answer.is_fine() => slowest = slowest.max(answer.took.as_secs_f64()),
            Ok(answer) => {
                return Ok(Finding::failed(
                    CHECK,
                    format!(
                        "{image} answers {path} with {} on the migrated database",
                        answer.status
                    ),
                ));
            }
            Err(failure) => {
                return Ok(Finding::failed(
                    CHECK,
                    format!("{path} of {image} was {failure} on the migrated database"),
                ));
            }
        }
    }
    let asked = if paths.is_empty() {
        "is healthy".to_owned()
    } else {
        format!("answers {}", paths.join(" and "))
    };
    Ok(Finding::passed(CHECK, format!("{image} {asked} on the migrated database")).measured(
        "slowest",
        slowest * 1000.0,
        Unit::Milliseconds,
    ))
}
