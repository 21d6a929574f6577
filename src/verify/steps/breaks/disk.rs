//! No space is left for the database.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::clients::{LOOK, Site};
use super::small::PLACE;
use crate::verify::engine::Container;
use crate::verify::record::{Finding, Unit};
use crate::verify::run::Run;
use crate::verify::store::Store;
use crate::verify::trouble::Outcome;

const CHECK: &str = "break.disk";

/// Rows until there is no space, or two megabytes.
const WRITE: &str = "insert into dockwright_verify select md5(random()::text) || md5(random()::text) from generate_series(1, 20000)";

/// Fills the disk, and gives the space back.
pub async fn filled(run: &Run<'_>, site: &Site, store: &Store) -> Outcome<Finding> {
    run.doing("filling the disk of the database");
    if site.fine_within(Duration::from_secs(15)).await.is_none() {
        let why = "on an empty database the application does not answer as before: what a full disk does to it cannot be told";
        return Ok(Finding::skipped(CHECK, why).of(store.service.clone()));
    }
    let holder = format!("{}-holder", run.stack.compose.name);
    if let Err(why) = store.mark(run, "before").await? {
        return Ok(Finding::skipped(
            CHECK,
            format!("nothing can be written to {}: {why}", store.service),
        ));
    }
    let Some(before) = run.container(&store.service).await? else {
        return Ok(Finding::skipped(CHECK, format!("{} does not run", store.service)));
    };
    let web = run.case.web().map(|own| own.name.clone());
    let life = life(run, web.as_deref()).await?;
    let fill = format!("dd if=/dev/zero of={PLACE}/verify-fill bs=1M; true");
    let ran =
        run.engine.exec(&holder, Some("0"), &["sh", "-c", &fill], Duration::from_secs(60)).await?;
    if !ran.is_ok() {
        return Ok(Finding::skipped(
            CHECK,
            format!("the volume cannot be filled: {}", ran.output.trim()),
        ));
    }
    let clients = site.clients();
    let mut refused = None;
    for _ in 0..4 {
        if let Err(why) = store.sql(run, WRITE).await? {
            refused = Some(why);
            break;
        }
    }
    let limit = run.seconds("verify.alive");
    let mut wrong = Vec::new();
    if let Some(path) = &site.live {
        for _ in 0..3 {
            let answer = site.status(path, limit).await;
            if answer.is_none_or(|own| own >= 400) {
                let got = answer.map_or_else(|| "nothing".to_owned(), |own| own.to_string());
                wrong.push(format!(
                    "liveness answered {got} while the disk of the database was full"
                ));
                break;
            }
        }
    }
    let remove = format!("rm -f {PLACE}/verify-fill");
    run.engine.exec(&holder, Some("0"), &["sh", "-c", &remove], Duration::from_secs(30)).await?;
    let begun = Instant::now();
    let recovery = run.seconds("verify.recovery");
    let writes = loop {
        if store.mark(run, "after").await?.is_ok() {
            break true;
        }
        if begun.elapsed() > recovery {
            break false;
        }
        sleep(LOOK).await;
    };
    let fine = site.fine_within(recovery.saturating_sub(begun.elapsed())).await;
    let took = begun.elapsed().as_secs_f64();
    let heard = clients.finish().await?;
    if !writes {
        wrong.push(format!(
            "with space again, nothing could be written for {} s",
            recovery.as_secs()
        ));
    } else if store.count(run, "before").await? != Ok(1) {
        wrong.push("a row of before is gone".to_owned());
    }
    if fine.is_none() {
        wrong.push("with space again, the stack does not answer as before".to_owned());
    }
    if life != self::life(run, web.as_deref()).await? {
        wrong.push("the application was restarted for it".to_owned());
    }
    let now = run.container(&store.service).await?;
    let restarts = now.as_ref().map_or(0, |own| own.restarts() - before.restarts());
    if restarts > 3 {
        wrong.push(format!("{} was restarted {restarts} times", store.service));
    }
    let Some(refused) = refused else {
        return Ok(Finding::skipped(
            CHECK,
            "the disk was filled, and the database still wrote: it had room of its own",
        ));
    };
    let what = format!("no space left for {}: writes failed ({refused})", store.service);
    let finding = match wrong.is_empty() {
        true => Finding::passed(CHECK, format!("{what}, liveness stayed; with space again all was as before after {}; {}", Unit::Seconds.show(took), heard.say())),
        false => Finding::failed(CHECK, format!("{what}; {}; {}", wrong.join("; "), heard.say()))
            .log(run.engine.logs(&before.id, 8).await?)
            .help("nothing but requests that write may fail for a full disk: no health check of the application asks for it"),
    };
    let finding = finding.of(store.service.clone()).measured("recovery", took, Unit::Seconds);
    Ok(finding.measured("restarts", restarts as f64, Unit::Count).by(run.limit("verify.recovery")))
}

async fn life(run: &Run<'_>, service: Option<&str>) -> Outcome<Option<(String, String, i64)>> {
    let Some(service) = service else { return Ok(None) };
    Ok(run.container(service).await?.as_ref().map(Container::life))
}
