//! Whether a health check can fail: its service is frozen, and the check is run as
//! the engine runs it.

use std::time::Duration;

use bollard::query_parameters::TopOptions;
use tokio::time::{Instant, sleep};

use crate::lint::subject::Kind;
use crate::verify::beside::Beside;
use crate::verify::engine::{Container, Engine, Ran};
use crate::verify::record::{Finding, Unit};
use crate::verify::run::Run;
use crate::verify::trouble::Outcome;

const ID: &str = "start.probe";
/// Longest that freezing and what undoes it take.
const SIGNAL: Duration = Duration::from_secs(10);
/// Time of a test that says none: the engine's.
const USUAL: Duration = Duration::from_secs(30);
/// Longest that one test is waited for.
const LONGEST: Duration = Duration::from_secs(60);
/// What a health check has to be.
const HELP: &str =
    "ask what only the working service answers, with no `|| true` and no mere connection (DF125)";
/// Between two looks at what is awaited.
const LOOK: Duration = Duration::from_millis(300);

/// A frozen container; thawed when it is dropped, if not before.
struct Frozen {
    engine: Engine,
    id: String,
    is_thawed: bool,
}

impl Frozen {
    /// Stops every process of a container; `None` where its image has no program to
    /// do it with.
    async fn freeze(run: &Run<'_>, id: &str) -> Outcome<Option<Self>> {
        let frozen = Self { engine: run.engine.clone(), id: id.to_owned(), is_thawed: false };
        // The first process takes no such signal from inside.
        run.engine.kill(id, "STOP").await?;
        signal(&run.engine, id, "STOP").await?;
        for _ in 0..5 {
            if is_stopped(&run.engine, id).await? {
                return Ok(Some(frozen));
            }
            sleep(LOOK).await;
        }
        frozen.thaw().await?;
        Ok(None)
    }

    async fn thaw(mut self) -> Outcome {
        self.is_thawed = true;
        thaw(&self.engine, &self.id).await
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        if !self.is_thawed {
            let (engine, id) = (self.engine.clone(), self.id.clone());
            tokio::spawn(async move {
                let _ = thaw(&engine, &id).await;
            });
        }
    }
}

async fn thaw(engine: &Engine, id: &str) -> Outcome {
    engine.kill(id, "CONT").await?;
    signal(engine, id, "CONT").await.map(drop)
}

/// Sends a signal to every process of a container but its first and the sender.
async fn signal(engine: &Engine, id: &str, name: &str) -> Outcome<Ran> {
    let script = format!("kill -{name} -1");
    engine.exec(id, None, &["sh", "-c", &script], SIGNAL).await
}

/// Whether every process of a container is stopped; those that were started beside
/// them, such as a health check, are none of it.
async fn is_stopped(engine: &Engine, id: &str) -> Outcome<bool> {
    let first = engine.inspect(id).await?.fact("/State/Pid").as_u64().unwrap_or_default();
    let options = TopOptions { ps_args: "-eo pid,ppid,stat".into() };
    let top = engine.api().top_processes(id, Some(options)).await?;
    let rows: Vec<(u64, u64, bool)> = top
        .processes
        .iter()
        .flatten()
        .filter_map(|row| {
            let number = |at: usize| row.get(at)?.trim().parse().ok();
            Some((number(0)?, number(1)?, row.get(2)?.starts_with(['T', 'Z'])))
        })
        .collect();
    let mut own = vec![first];
    let mut at = 0;
    while let Some(pid) = own.get(at).copied() {
        own.extend(rows.iter().filter(|(_, parent, _)| *parent == pid).map(|(pid, ..)| *pid));
        at += 1;
    }
    Ok(rows.iter().filter(|(pid, ..)| own.contains(pid)).all(|(.., is_stopped)| *is_stopped))
}

/// Whether its processes are its own alone: in the host's namespace every process of
/// the host would be stopped.
fn is_apart(container: &Container) -> bool {
    matches!(container.text("/HostConfig/PidMode"), "" | "private")
}

/// Freezes one after the other: a check that asks another service has to be seen.
pub async fn judge(run: &mut Run<'_>, containers: &[Container]) -> Outcome {
    let mut count = 0;
    for container in containers.iter().filter(|own| own.is_running() && own.number == 1) {
        let kind = run.case.service(&container.service).map(|own| own.kind);
        let is_meant = kind.is_some_and(|own| {
            matches!(own, Kind::Web | Kind::Nginx | Kind::Proxy) || own.is_store()
        });
        if !is_meant {
            continue;
        }
        count += 1;
        let finding = match test(container) {
            None => Finding::skipped(ID, "it has no health check"),
            Some(_) if !is_apart(container) => Finding::skipped(
                ID,
                "it shares its processes with others: they would be stopped too",
            ),
            Some(test) => {
                run.doing(format!("freezing {}", container.service));
                of_one(run, container, &test).await?
            }
        };
        run.record(finding.of(&container.service));
    }
    if count == 0 {
        run.record(Finding::skipped(ID, "nothing serves HTTP or keeps data"));
    }
    Ok(())
}

/// A health check: what is run, and its time.
#[derive(Debug, PartialEq, Eq)]
struct Test {
    words: Vec<String>,
    limit: Duration,
}

fn test(container: &Container) -> Option<Test> {
    let own = container.fact("/Config/Healthcheck");
    let words: Vec<String> =
        own["Test"].as_array()?.iter().filter_map(|own| own.as_str().map(str::to_owned)).collect();
    let words = match words.split_first()? {
        (form, rest) if form == "CMD" => rest.to_vec(),
        (form, rest) if form == "CMD-SHELL" => {
            let shell = container.fact("/Config/Shell").as_array();
            let mut shell: Vec<String> = shell
                .into_iter()
                .flatten()
                .filter_map(|own| own.as_str().map(str::to_owned))
                .collect();
            if shell.is_empty() {
                shell = vec!["/bin/sh".into(), "-c".into()];
            }
            shell.extend(rest.iter().cloned());
            shell
        }
        _ => return None,
    };
    let limit = match own["Timeout"].as_u64().unwrap_or_default() {
        0 => USUAL,
        nanos => Duration::from_nanos(nanos),
    };
    (!words.is_empty()).then(|| Test { words, limit: limit.min(LONGEST) })
}

async fn of_one(run: &Run<'_>, container: &Container, test: &Test) -> Outcome<Finding> {
    let id = container.id.as_str();
    let words: Vec<&str> = test.words.iter().map(String::as_str).collect();
    if is_blind(run, container, test).await? {
        let said = format!(
            "in a container in which nothing else runs its health check says yes: `{}`",
            shown(&test.words)
        );
        return Ok(Finding::failed(ID, said).help(HELP));
    }
    let Some(frozen) = Frozen::freeze(run, id).await? else {
        return Ok(Finding::skipped(
            ID,
            "not all of its processes could be stopped: its image has no shell, or they are of several users",
        ));
    };
    let begun = Instant::now();
    let ran = run.engine.exec(id, None, &words, test.limit).await;
    let took = begun.elapsed().as_secs_f64();
    frozen.thaw().await?;
    let ran = ran?;
    let back = recovers(run, id, &words, test.limit).await?;
    let time = Unit::Seconds.show(took);
    let finding = match (ran.code, back) {
        (Some(0), _) => Finding::failed(
            ID,
            format!(
                "every process of it was stopped, and its health check said yes after {time}: `{}`",
                shown(&test.words)
            ),
        )
        .help(HELP),
        (_, None) => Finding::failed(
            ID,
            format!("it was stopped for {time} and went on, and is not healthy again"),
        )
        .log(run.engine.logs(id, 10).await?),
        (Some(code), Some(back)) => Finding::passed(
            ID,
            format!(
                "frozen, its check failed with {code} after {time}; healthy again after {}",
                Unit::Seconds.show(back)
            ),
        )
        .measured("recovered", back, Unit::Seconds),
        (None, Some(back)) => Finding::passed(
            ID,
            format!(
                "frozen, its check did not answer in its {time}; healthy again after {}",
                Unit::Seconds.show(back)
            ),
        )
        .measured("recovered", back, Unit::Seconds),
    };
    Ok(finding.measured("failed", took, Unit::Seconds))
}

/// Whether a check says yes where its service is not there at all: beside it, in a
/// container of its image and environment without a network.
async fn is_blind(run: &Run<'_>, container: &Container, test: &Test) -> Outcome<bool> {
    let env = container.fact("/Config/Env").as_array().into_iter().flatten();
    let env = env.filter_map(|own| own.as_str().map(str::to_owned)).collect();
    let words: Vec<&str> = test.words.iter().map(String::as_str).collect();
    let beside = Beside::with(run, container.text("/Image"), &words, None, Some(env)).await?;
    let ran = beside.end(run, test.limit).await;
    beside.remove(run).await;
    Ok(ran?.is_ok())
}

/// Seconds until the check holds again and the engine says so; `None` where that does
/// not come.
async fn recovers(
    run: &Run<'_>,
    id: &str,
    words: &[&str],
    limit: Duration,
) -> Outcome<Option<f64>> {
    let begun = Instant::now();
    let most = run.seconds("verify.healthy");
    while begun.elapsed() < most {
        let ran = run.engine.exec(id, None, words, limit).await?;
        if ran.is_ok() && run.engine.inspect(id).await?.health() == "healthy" {
            return Ok(Some(begun.elapsed().as_secs_f64()));
        }
        sleep(LOOK).await;
    }
    Ok(None)
}

/// A command, for people.
fn shown(words: &[String]) -> String {
    let line = words.join(" ");
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(90) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}
