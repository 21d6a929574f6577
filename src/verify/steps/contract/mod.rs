//! `contract`: what clients ask for is answered.

mod health;
mod pages;
mod requests;
mod task;

use crate::lint::subject::Kind;
use crate::verify::arm::{Arm, How};
use crate::verify::asked;
use crate::verify::record::Finding;
use crate::verify::run::Run;
use crate::verify::stub::{Wrong, stands_in};
use crate::verify::tasks::STRANGE;
use crate::verify::trouble::Outcome;

/// How what this step watches is broken on purpose.
pub const ARMS: &[Arm] = &[
    Arm {
        check: "contract.live",
        breaks: "a server that answers everything with 503 stands for the application",
        how: How::Project(|case, model| {
            case.live.is_some() && stands_in(case, model, Wrong::Refuses)
        }),
        alone: true,
    },
    Arm {
        check: "contract.ready",
        breaks: "a server that answers everything with 503 stands for the application",
        how: How::Project(|case, model| {
            case.ready.is_some() && stands_in(case, model, Wrong::Refuses)
        }),
        alone: true,
    },
    Arm {
        check: "contract.model",
        breaks: "readiness says that no model is loaded",
        how: How::Project(|case, model| {
            health::has_model(case) && stands_in(case, model, Wrong::NoModel)
        }),
        alone: true,
    },
    Arm {
        check: "contract.requests",
        breaks: "a server that answers everything with 503 stands for the application",
        how: How::Project(|case, model| {
            !case.requests.is_empty() && stands_in(case, model, Wrong::Refuses)
        }),
        alone: true,
    },
    Arm {
        check: "contract.routes",
        breaks: "a server that answers everything with 503 stands for the application",
        how: How::Project(|case, model| stands_in(case, model, Wrong::Refuses)),
        alone: true,
    },
    Arm {
        check: "contract.static",
        breaks: "the page names a style sheet that is not there",
        how: How::Project(|case, model| stands_in(case, model, Wrong::NoStyle)),
        alone: true,
    },
    Arm {
        check: "contract.task",
        breaks: "the worker does not know the task",
        how: How::Project(|case, model| {
            let Some(worker) = case.first(Kind::Worker) else { return false };
            model.service_mut(&worker.name)["environment"][STRANGE] = serde_json::json!("1");
            true
        }),
        alone: true,
    },
];

/// The checks that need a way in.
const BY_HTTP: [&str; 6] = [
    "contract.live",
    "contract.ready",
    "contract.model",
    "contract.requests",
    "contract.routes",
    "contract.static",
];

/// Runs the step.
pub async fn run(run: &mut Run<'_>) -> Outcome {
    run.up().await?;
    match run.door().await? {
        None => {
            for id in BY_HTTP {
                run.record(Finding::skipped(id, "nothing that serves HTTP publishes a port"));
            }
        }
        Some(door) => {
            run.doing("asking for health, requests and routes");
            health::live(run, &door).await?;
            health::ready(run, &door).await?;
            requests::all(run, &door).await?;
            let paths = asked::routes(run, &door).await;
            let visited = asked::visit(&door, paths, run.seconds("verify.answer")).await;
            pages::routes(run, &visited).await?;
            pages::static_files(run, &door, &visited).await?;
        }
    }
    task::run(run).await
}

/// The last lines of the application's log, those of errors before others.
async fn log(run: &Run<'_>) -> Outcome<Vec<String>> {
    let Some(web) = run.case.web() else { return Ok(Vec::new()) };
    let Some(container) = run.container(&web.name).await? else { return Ok(Vec::new()) };
    let lines = run.engine.logs(&container.id, 60).await?;
    let is_bad = |line: &&String| {
        let line = line.to_ascii_lowercase();
        ["error", "exception", "traceback", "critical"].iter().any(|word| line.contains(word))
    };
    let bad: Vec<String> = lines.iter().filter(is_bad).cloned().collect();
    let lines = if bad.is_empty() { lines } else { bad };
    Ok(lines[lines.len().saturating_sub(6)..].to_vec())
}

/// The beginning of a body, on one line.
fn shown(text: &str) -> String {
    const MOST: usize = 200;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}
