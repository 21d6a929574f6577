//! Liveness, readiness, and the model.

use serde_json::Value;

use super::{log, shown};
use crate::lint::subject::Kind;
use crate::verify::case::Case;
use crate::verify::client::{Answer, Door, Failure};
use crate::verify::record::{Finding, Unit};
use crate::verify::run::Run;
use crate::verify::trouble::Outcome;

/// Liveness.
pub async fn live(run: &mut Run<'_>, door: &Door) -> Outcome {
    let Some(path) = run.case.live.clone() else {
        let why = "no liveness route is known; project.health in dockwright.toml names one";
        run.record(Finding::skipped("contract.live", why));
        return Ok(());
    };
    let result = door.get(&path, run.seconds("verify.answer")).await;
    let finding = judged("contract.live", &path, &result, run.case.plan.is_some());
    record(run, finding).await
}

/// Readiness, and what it says of a model.
pub async fn ready(run: &mut Run<'_>, door: &Door) -> Outcome {
    let Some(path) = run.case.ready.clone() else {
        let why = "no readiness route is known; project.ready in dockwright.toml names one";
        run.record(Finding::skipped("contract.ready", why));
        run.record(Finding::skipped("contract.model", "nothing says whether a model is loaded"));
        return Ok(());
    };
    let result = door.get(&path, run.seconds("verify.answer")).await;
    let mut finding = judged("contract.ready", &path, &result, run.case.plan.is_some());
    let body = result.as_ref().map(Answer::json).unwrap_or_default();
    if !finding.is_failed()
        && let Some(checks) = body["checks"].as_object()
    {
        let list = checks.iter().map(|(name, value)| format!("{name} {}", word(value)));
        finding.said.push_str(&format!(": {}", list.collect::<Vec<_>>().join(", ")));
        let ignored = ignored(run.case, checks);
        if !ignored.is_empty() {
            let said = format!("GET {path} is answered without a look at {}", ignored.join(", "));
            finding = Finding::failed("contract.ready", said).help(
                "readiness asks everything that the service cannot work without, so that no traffic comes while it is away",
            );
        }
    }
    record(run, finding).await?;
    let finding = model(run.case, &body);
    record(run, finding).await
}

async fn record(run: &mut Run<'_>, finding: Finding) -> Outcome {
    let finding = match finding.is_failed() {
        true => finding.log(log(run).await?),
        false => finding,
    };
    run.record(finding);
    Ok(())
}

/// What an answer of a health route means. One that is not there was not planned, or
/// is somebody else's path.
fn judged(id: &str, path: &str, result: &Result<Answer, Failure>, planned: bool) -> Finding {
    match result {
        Err(failure) => Finding::failed(id, format!("GET {path}: {failure}")),
        Ok(answer) => {
            let took = answer.took.as_secs_f64() * 1000.0;
            let said =
                format!("GET {path}: {} after {}", answer.status, Unit::Milliseconds.show(took));
            let finding = match answer.status {
                200..=399 => Finding::passed(id, said),
                404 if !planned => Finding::skipped(
                    id,
                    format!(
                        "GET {path} is not served here (404); project.health and project.ready in dockwright.toml name the routes"
                    ),
                ),
                401 | 403 if !planned => Finding::skipped(
                    id,
                    format!("GET {path} asks who is there ({})", answer.status),
                ),
                status => {
                    let body = shown(&answer.text());
                    Finding::failed(id, format!("GET {path}: {status} {body}"))
                }
            };
            finding.measured("answer", took, Unit::Milliseconds)
        }
    }
}

/// Stores that the skeletons ask in readiness, by their names there, and that this
/// answer says nothing of.
fn ignored(case: &Case, checks: &serde_json::Map<String, Value>) -> Vec<&'static str> {
    if !case.is_new() {
        return Vec::new();
    }
    let has = |is: &dyn Fn(Kind) -> bool| case.services.iter().any(|own| is(own.kind));
    let stores = [("database", has(&Kind::is_database))];
    stores
        .into_iter()
        .filter(|(name, there)| *there && !checks.contains_key(*name))
        .map(|(name, _)| name)
        .collect()
}

/// Whether a model is served, as far as files say.
pub fn has_model(case: &Case) -> bool {
    case.web().is_some_and(|web| {
        let environment = case.model.environment(&web.name);
        environment.keys().any(|name| *name == "MODEL_PATH")
    })
}

fn model(case: &Case, body: &Value) -> Finding {
    let id = "contract.model";
    match (&body["model_loaded"], &body["checks"]["model"]) {
        (Value::Bool(loaded), _) => Finding::judged(
            id,
            *loaded,
            if *loaded { "the model is loaded" } else { "no model is loaded" },
        ),
        (_, Value::String(said)) => {
            Finding::judged(id, said == "ok", format!("the model is {said}"))
        }
        _ if has_model(case) => Finding::failed(
            id,
            "a model is served, and readiness does not say whether it is loaded",
        ),
        _ => Finding::skipped(id, "readiness speaks of no model"),
    }
}

/// A value of a check, for people.
fn word(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::verify::record::Verdict;

    fn answer(status: u16) -> Result<Answer, Failure> {
        let took = Duration::from_millis(3);
        Ok(Answer { status, headers: Vec::new(), body: "{}".into(), took })
    }

    #[test]
    fn a_route_that_nobody_planned_may_be_elsewhere() {
        let verdict =
            |status, planned| judged("contract.live", "/h", &answer(status), planned).verdict;
        assert_eq!(verdict(200, false), Verdict::Passed);
        assert_eq!(verdict(404, false), Verdict::Skipped);
        assert_eq!(verdict(404, true), Verdict::Failed);
        assert_eq!(verdict(503, false), Verdict::Failed);
    }
}
