//! A database of a few megabytes, in memory: two migrations at once on an empty
//! one, and then no space left.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::clients::{LOOK, Site};
use super::container::{Migrates, is_migration, keeps_running};
use crate::lint::subject::{Kind, Program};
use crate::verify::leftovers;
use crate::verify::model::{LABEL, Model};
use crate::verify::owner;
use crate::verify::record::Finding;
use crate::verify::run::Run;
use crate::verify::store::Store;
use crate::verify::trouble::Outcome;

const MIGRATIONS: &str = "break.migrations";
const DISK: &str = "break.disk";

/// The volume that stands for the database's own.
const VOLUME: &str = "verify-small";
/// Its size: an empty database and a log, and some room.
const SIZE: &str = "192m";
/// Where the helper sees it.
pub const PLACE: &str = "/verify-small";

/// Judges both; the stack runs on its own database again afterwards.
///
/// # Errors
/// When the engine does not answer, or the stack does not come back.
pub async fn run(run: &mut Run<'_>, site: &Site, seen: &Migrates) -> Outcome {
    let store = match Store::of(run) {
        Ok(store) => store,
        Err(why) => {
            run.record(Finding::skipped(DISK, why.clone()));
            let finding = replicas(run, seen).unwrap_or_else(|| Finding::skipped(MIGRATIONS, why));
            run.record(finding);
            return Ok(());
        }
    };
    let mount = run.stack.model.mounts(&store.service).into_iter().find(|own| own.kind == "volume");
    let Some(mount) = mount.filter(|_| store.kind == Kind::Postgres) else {
        let why = match store.kind {
            Kind::Postgres => format!("{} has no volume", store.service),
            kind => format!(
                "only PostgreSQL is given a small disk; {} is {}",
                store.service,
                kind.word()
            ),
        };
        run.record(Finding::skipped(DISK, why.clone()));
        let finding = replicas(run, seen).unwrap_or_else(|| Finding::skipped(MIGRATIONS, why));
        run.record(finding);
        return Ok(());
    };
    run.doing("giving the database a small disk");
    let own = run.stack.clone();
    let changed = own.changed("small", |model| shrink(model, &store, &mount.target));
    let small =
        changed.map_err(|error| crate::verify::trouble::Trouble::Engine(error.to_string()))?;
    run.stack = small;
    let judged = on_small(run, site, &store, seen).await;
    let holder = format!("{}-holder", own.compose.name);
    run.engine.remove(&holder).await;
    run.stack = own;
    let back = run.up().await;
    let volume = run.stack.model.name().to_owned() + "_" + VOLUME;
    let _ = run
        .engine
        .api()
        .remove_volume(&volume, None::<bollard::query_parameters::RemoveVolumeOptions>)
        .await;
    judged?;
    back
}

/// Puts a disk in memory in the place of the database's.
fn shrink(model: &mut Model, store: &Store, target: &str) {
    let user = model.service(&store.service)["user"].as_str().unwrap_or_default().to_owned();
    let mut options = format!("size={SIZE}");
    // Who has no right to change owners gets it as it has to be.
    let mut ids = user.split(':');
    if let Some(uid) = ids.next().and_then(|own| own.parse::<u32>().ok()) {
        let gid = ids.next().and_then(|own| own.parse::<u32>().ok()).unwrap_or(uid);
        options += &format!(",uid={uid},gid={gid},mode=0700");
    }
    model.0["volumes"][VOLUME] = json!({
        "labels": { LABEL: owner() },
        "driver_opts": { "type": "tmpfs", "device": "tmpfs", "o": options },
    });
    let mounts = model.service_mut(&store.service).get_mut("volumes").and_then(Value::as_array_mut);
    for mount in mounts.into_iter().flatten().filter(|own| own["target"] == target) {
        mount["source"] = json!(VOLUME);
    }
}

async fn on_small(run: &mut Run<'_>, site: &Site, store: &Store, seen: &Migrates) -> Outcome {
    let limit = run.seconds("verify.healthy");
    let words = ["up", "--detach", "--no-build", "--no-deps", store.service.as_str()];
    let output = run.stack.compose(&words, limit).await?;
    if !output.is_ok() {
        return skip(run, seen, "a volume in memory cannot be made here", output.tail(4));
    }
    // It is there only as long as somebody has it.
    hold(run, store).await?;
    if !healthy(run, &store.service, limit).await? || !store.answers_within(run, limit).await? {
        let log = match run.container(&store.service).await? {
            Some(own) => run.engine.logs(&own.id, 8).await?,
            None => Vec::new(),
        };
        return skip(run, seen, "the database does not start on a small volume", log);
    }
    let finding = match replicas(run, seen) {
        Some(finding) => finding,
        None => migrations(run, store).await?,
    };
    run.record(finding);
    run.doing("waiting for health");
    if let Err(not_up) = run.stack.up(&run.one_shots(), limit).await? {
        let said = format!(
            "the stack does not start on an empty database: {} {}",
            not_up.service, not_up.said
        );
        run.record(Finding::failed(DISK, said).log(not_up.log));
        return Ok(());
    }
    let finding = super::disk::filled(run, site, store).await?;
    run.record(finding);
    Ok(())
}

fn skip(run: &mut Run<'_>, seen: &Migrates, why: &str, log: Vec<String>) -> Outcome {
    run.record(Finding::skipped(DISK, why).log(log));
    let finding = replicas(run, seen).unwrap_or_else(|| Finding::skipped(MIGRATIONS, why));
    run.record(finding);
    Ok(())
}

/// Whether something that is kept running migrates when it starts.
fn replicas(run: &Run<'_>, seen: &Migrates) -> Option<Finding> {
    let written = || {
        run.case.services.iter().filter(|own| keeps_running(run, &own.name)).find_map(|own| {
            let service = run.stack.model.service(&own.name);
            let words = |key: &str| service[key].as_array().into_iter().flatten();
            let words: Vec<&str> = words("entrypoint")
                .chain(words("command"))
                .filter_map(|own| own.as_str())
                .collect();
            let split = words.iter().flat_map(|word| word.split(['&', ';', '\n', '|']));
            let own_words = words.join(" ");
            let mut all = split.chain([own_words.as_str()]);
            let found = all.find(|text| is_migration(text.trim()))?;
            Some((own.name.clone(), found.trim().to_owned()))
        })
    };
    let seen = seen.iter().next().map(|(name, command)| (name.clone(), command.clone()));
    let (name, command) = seen.or_else(written)?;
    let said = format!(
        "a migration in every replica: each start of {name} runs `{command}`, and two that start together alter the same tables at once"
    );
    Some(Finding::failed(MIGRATIONS, said).of(name).help("a service of its own that migrates once, with restart: \"no\"; the server waits for it with condition: service_completed_successfully"))
}

/// The one-shots that migrate.
pub fn one_shots(run: &Run<'_>) -> Vec<String> {
    let migrates = |name: &str| {
        let own = run.case.subject.containers.iter().filter(|own| own.name == name);
        own.flat_map(|own| &own.steps).any(|step| step.program == Program::Migrate)
    };
    let all = run.case.of(|own| own.one_shot && (own.kind == Kind::OneShot || migrates(&own.name)));
    all.map(|own| own.name.clone()).collect()
}

/// Two at once on an empty database, and one more.
async fn migrations(run: &Run<'_>, store: &Store) -> Outcome<Finding> {
    let names = one_shots(run);
    let Some(name) = names.first() else {
        return Ok(Finding::skipped(MIGRATIONS, "no service migrates the database"));
    };
    run.doing("running two migrations at once");
    let limit = run.seconds("verify.healthy");
    let words = ["run", "--rm", "--no-deps", "-T", name.as_str()];
    let (first, second) =
        tokio::join!(run.stack.compose(&words, limit), run.stack.compose(&words, limit));
    let (first, second) = (first?, second?);
    let before = store.schema(run).await?;
    let third = run.stack.compose(&words, limit).await?;
    let after = store.schema(run).await?;
    let code = |code: Option<i32>| {
        code.map_or_else(|| "was given up".to_owned(), |own| format!("ended with {own}"))
    };
    let both = match (first.is_ok(), second.is_ok()) {
        (true, true) => "two at once both ended with 0".to_owned(),
        (true, false) | (false, true) => {
            let lost = if first.is_ok() { &second } else { &first };
            let last = lost.tail(1).pop().unwrap_or_default();
            format!("of two at once one {} ({last})", code(lost.code))
        }
        (false, false) => "two at once both failed".to_owned(),
    };
    let finding = match (third.is_ok(), before, after) {
        (false, ..) => Finding::failed(
            MIGRATIONS,
            format!("{both}, and a further one {}: the schema is not whole", code(third.code)),
        )
        .help("run migrations in a transaction, or with a lock of the database around them")
        .log(third.tail(8)),
        (true, Ok(before), Ok(after)) if before == after => Finding::passed(
            MIGRATIONS,
            format!("{both}; a further one ended with 0 and changed nothing; no replica migrates"),
        ),
        (true, Ok(_), Ok(_)) => Finding::failed(
            MIGRATIONS,
            format!("{both}, and left a schema that a further one had to complete"),
        )
        .help("run migrations in a transaction, or with a lock of the database around them"),
        (true, Err(why), _) | (true, _, Err(why)) => Finding::passed(
            MIGRATIONS,
            format!("{both}; a further one ended with 0; the schema was not compared: {why}"),
        ),
    };
    Ok(finding.of(name.clone()))
}

/// Keeps the small disk while the database is restarted, and can fill it.
async fn hold(run: &Run<'_>, store: &Store) -> Outcome {
    let name = format!("{}-holder", run.stack.compose.name);
    let mut command = leftovers::helper(&run.stack.compose.name);
    command.args(["--detach", "--init", "--name", &name]);
    command.args(["--volume", &format!("{}_{VOLUME}:{PLACE}", run.stack.model.name())]);
    command.args(["--entrypoint", "sleep", run.stack.model.image(&store.service), "900"]);
    crate::verify::compose::run(&mut command, Duration::from_secs(60)).await.map(drop)
}

async fn healthy(run: &Run<'_>, service: &str, limit: Duration) -> Outcome<bool> {
    let begun = Instant::now();
    loop {
        let own = run.container(service).await?;
        if own.is_some_and(|own| own.is_running() && matches!(own.health(), "" | "healthy")) {
            return Ok(true);
        }
        if begun.elapsed() > limit {
            return Ok(false);
        }
        sleep(LOOK).await;
    }
}
