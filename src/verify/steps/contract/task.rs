//! A queued task is run, and its result comes back.

use tokio::time::{Instant, sleep};

use crate::verify::record::{Finding, Unit};
use crate::verify::run::Run;
use crate::verify::tasks::Tasks;
use crate::verify::trouble::Outcome;

const CHECK: &str = "contract.task";

/// Queues a nap of no length, and waits for it.
///
/// # Errors
/// When the engine does not answer.
pub async fn run(run: &mut Run<'_>) -> Outcome {
    let tasks = match Tasks::of(run) {
        Ok(tasks) => tasks,
        Err(why) => {
            run.record(Finding::skipped(CHECK, why));
            return Ok(());
        }
    };
    run.doing("queuing a task");
    let limit = run.seconds("verify.task");
    let begun = Instant::now();
    let queued = match tasks.queue(run, 1, 0.0, limit).await? {
        Ok(queued) => queued,
        Err(why) => {
            let said = format!("a task could not be queued: {why}");
            run.record(Finding::failed(CHECK, said).of(&tasks.service));
            return Ok(());
        }
    };
    // Without a backend the log alone tells.
    let ran = loop {
        let marks = tasks.marks(run, &queued.ids).await?;
        if marks.iter().any(|own| own.word == "end") {
            break true;
        }
        if begun.elapsed() > limit {
            break false;
        }
        sleep(std::time::Duration::from_millis(100)).await;
    };
    let took = begun.elapsed().as_secs_f64();
    let result = queued.results.first().map_or("", String::as_str);
    let state = queued.states.first().map_or("", String::as_str);
    let finding = match (ran, queued.has_backend) {
        (true, true) if result == "rested" => Finding::passed(
            CHECK,
            format!(
                "a task was queued and run, and its result was back after {}",
                Unit::Seconds.show(took)
            ),
        ),
        (true, true) => Finding::failed(
            CHECK,
            format!("a task was run, and its result did not come back: its state is {state}"),
        )
        .help("worker and application have to name the same result backend"),
        (true, false) => Finding::passed(
            CHECK,
            format!(
                "a task was queued and run within {}; no backend keeps results",
                Unit::Seconds.show(took)
            ),
        ),
        (false, _) => Finding::failed(
            CHECK,
            format!("a task was queued, and {} has not run it after {took:.0} s", tasks.service),
        )
        .help("worker and application have to name the same broker and the same queue"),
    };
    let log = match finding.is_failed() {
        true => log(run, &tasks.service).await?,
        false => Vec::new(),
    };
    let finding = finding.of(&tasks.service).measured("took", took, Unit::Seconds).log(log);
    run.record(finding.by(run.limit("verify.task")));
    Ok(())
}

/// The last lines of a service.
async fn log(run: &Run<'_>, service: &str) -> Outcome<Vec<String>> {
    match run.container(service).await? {
        Some(container) => run.engine.logs(&container.id, 10).await,
        None => Ok(Vec::new()),
    }
}
