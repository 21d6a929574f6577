//! `stop`: SIGTERM under load loses no request, and the application can be replaced.
//!
//! In flight is a request that had been sent before the stop was asked for. It has to
//! be answered completely, with its usual status. A request that is sent later may find
//! nobody there any more: refused, or closed without a byte of an answer, which tells a
//! client that it can send it again. No answer may be an error or break off in the
//! middle, whenever it was asked for.
//!
//! The proof does not rest on luck: some requests send half of their body, and the
//! other half only when new ones have been seen to go unanswered.

mod ending;
mod flight;
mod rolling;

use serde_json::json;

use crate::lint::subject::Kind;
use crate::verify::arm::{Arm, How};
use crate::verify::model::Model;
use crate::verify::run::Run;
use crate::verify::stub::{Wrong, stands_in};
use crate::verify::trouble::Outcome;

/// A signal that nothing ends by.
const IGNORED: &str = "SIGCONT";

/// How what this step watches is broken on purpose.
pub const ARMS: &[Arm] = &[
    Arm {
        check: "stop.in-flight",
        breaks: "what answers requests is killed when it is stopped",
        how: How::Project(|case, model| {
            let Some(edge) = case.edge() else { return false };
            let web = case.web().map(|own| own.name.as_str());
            for name in std::iter::once(edge.service.as_str()).chain(web) {
                model.service_mut(name)["stop_signal"] = json!("SIGKILL");
            }
            true
        }),
        alone: true,
    },
    Arm {
        check: "stop.exit",
        breaks: "the application is told to stop by a signal that it ignores",
        how: How::Project(|case, model| deaf(first(case), model, "3s")),
        alone: true,
    },
    Arm {
        check: "stop.grace",
        breaks: "the application ignores that it is to stop, and is killed a second later",
        how: How::Project(|case, model| deaf(first(case), model, "1s")),
        alone: true,
    },
    Arm {
        check: "stop.rolling",
        breaks: "the application's second container fails, and its health check does not see it",
        how: How::Project(|case, model| {
            rolling::obstacle(case, model).is_none() && stands_in(case, model, Wrong::Second)
        }),
        alone: true,
    },
];

/// A service that is judged strictly: the application, else any.
fn first(case: &crate::verify::case::Case) -> Option<String> {
    let ours = |own: &&crate::verify::case::Service| own.is_application() && !own.one_shot;
    let web = case.web().or_else(|| case.services.iter().find(ours));
    web.or_else(|| case.services.iter().find(|own| !own.one_shot)).map(|own| own.name.clone())
}

/// Lets a service be stopped by a signal that it ignores.
fn deaf(name: Option<String>, model: &mut Model, grace: &str) -> bool {
    let Some(name) = name else { return false };
    let service = model.service_mut(&name);
    service["stop_signal"] = json!(IGNORED);
    service["stop_grace_period"] = json!(grace);
    true
}

/// Runs the step.
pub async fn run(run: &mut Run<'_>) -> Outcome {
    run.up().await?;
    let door = run.door().await?;
    if !run.is_quick() {
        rolling::judge(run, door.as_ref()).await?;
    }
    let before: Vec<_> =
        run.containers().await?.into_iter().filter(|own| own.is_running()).collect();
    let commands = ending::commands(run, &before).await?;
    let begun = crate::verify::events::now();
    flight::judge(run, door.as_ref(), &before).await?;
    ending::judge(run, &before, &commands, begun).await
}

/// Whether a service stands between clients and the application.
const fn is_proxy(kind: Kind) -> bool {
    matches!(kind, Kind::Nginx | Kind::Proxy)
}
