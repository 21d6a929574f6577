//! The run-book's own backup, restored into an empty volume.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use bollard::query_parameters::RemoveVolumeOptions;
use serde_json::{Value, json};
use tokio::process::Command;
use tokio::time::{Instant, timeout};

use super::changed;
use crate::lint::subject::Kind;
use crate::verify::model::{LABEL, Model};
use crate::verify::owner;
use crate::verify::record::{Finding, Unit};
use crate::verify::run::Run;
use crate::verify::store::Store;
use crate::verify::trouble::{Outcome, Trouble};

const CHECK: &str = "data.backup";
/// Longest that a backup or a restore of next to nothing takes.
const LIMIT: Duration = Duration::from_secs(120);
/// What a volume of the restored data is called, before its own name.
const PREFIX: &str = "verify-restored-";
/// A file beside those of the application, in volumes that are saved as files.
const FILE: &str = "dockwright-verify";

/// How data of a service is saved.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Way {
    service: String,
    save: String,
    restore: String,
    /// Whether what uses the data is stopped first.
    stops: bool,
    /// The directory that it saves the files of.
    files: Option<String>,
}

/// The ways of the run-book, else that of the database's own tools; whether they are
/// the run-book's.
fn ways(run: &Run<'_>, store: &Store) -> (Vec<Way>, bool) {
    let planned: Vec<Way> = run
        .case
        .plan
        .iter()
        .flat_map(|plan| &plan.topology.services)
        .filter(|service| run.case.service(&service.id).is_some())
        .flat_map(|service| {
            service.runbook.backups.iter().map(|own| Way {
                service: service.id.clone(),
                save: own.save.clone(),
                restore: own.restore.clone(),
                stops: own.stops,
                files: files_of(&own.save),
            })
        })
        .collect();
    if planned.iter().any(|own| own.service == store.service) {
        return (planned, true);
    }
    let own = |save: String, restore: String| Way {
        service: store.service.clone(),
        save,
        restore,
        stops: true,
        files: None,
    };
    let way = match store.kind {
        Kind::Postgres => {
            let login = format!("-U '{}' -d '{}'", store.user, store.database);
            own(
                format!("pg_dump --format=custom {login}"),
                format!("pg_restore --clean --if-exists --single-transaction --no-owner {login}"),
            )
        }
        _ => own(
            mysql("mariadb-dump", "mysqldump", "--single-transaction --databases"),
            mysql("mariadb", "mysql", ""),
        ),
    };
    (planned.into_iter().chain([way]).collect(), false)
}

fn mysql(tool: &str, older: &str, options: &str) -> String {
    let database = if options.is_empty() { "" } else { "\"${MYSQL_DATABASE:-$MARIADB_DATABASE}\"" };
    format!(
        "MYSQL_PWD=\"${{MYSQL_ROOT_PASSWORD:-$MARIADB_ROOT_PASSWORD}}\" \"$(command -v {tool} || command -v {older})\" -h 127.0.0.1 -u root {options} {database}"
    )
}

/// The directory that `tar -C DIRECTORY` saves.
fn files_of(save: &str) -> Option<String> {
    let mut words = save.split_whitespace();
    (words.next()? == "tar" && words.next()? == "-C").then(|| words.next().map(str::to_owned))?
}

/// Removes the volumes of the restored data, when nothing runs.
pub async fn forget(run: &Run<'_>) {
    let names: Vec<String> = run.stack.model.0["volumes"]
        .as_object()
        .into_iter()
        .flat_map(|own| own.keys().cloned())
        .collect();
    for volume in names {
        let name = format!("{}_{PREFIX}{volume}", run.stack.model.name());
        let _ = run.engine.api().remove_volume(&name, None::<RemoveVolumeOptions>).await;
    }
}

/// Saves, restores into empty volumes, and looks for what was written.
///
/// # Errors
/// When the engine does not answer, or the stack does not come back.
pub async fn run(run: &mut Run<'_>, store: &Store, mark: &str) -> Outcome<Finding> {
    let (ways, is_runbook) = ways(run, store);
    let whose =
        if is_runbook { "the run-book's backup" } else { "a dump by the database's own tool" };
    run.doing("saving the data");
    let begun = Instant::now();
    let directory = run.stack.top().join("backups");
    tokio::fs::create_dir_all(&directory)
        .await
        .map_err(|error| Trouble::Engine(error.to_string()))?;
    let mut size = 0;
    for (number, way) in ways.iter().enumerate() {
        if let Some(place) = &way.files {
            let script = format!("printf %s '{mark}' > '{place}/{FILE}'");
            if let Err(why) = in_service(run, way, &script, None, None).await? {
                return Ok(Finding::skipped(
                    CHECK,
                    format!("nothing can be written to {place}: {why}"),
                )
                .of(&way.service));
            }
        }
        let file = file(&directory, number);
        if let Err(why) = in_service(run, way, &way.save, None, Some(&file)).await? {
            return Ok(Finding::failed(CHECK, format!("{whose} failed: `{}`: {why}", way.save))
                .of(&way.service));
        }
        size += tokio::fs::metadata(&file).await.map_or(0, |own| own.len());
    }
    let volumes = volumes(&run.stack.model, &ways, store);
    if volumes.is_empty() {
        let why = format!("{} has no named volume that could be an empty one", store.service);
        return Ok(Finding::skipped(CHECK, why).of(&store.service));
    }
    let own = run.stack.clone();
    run.stack = changed(run, "restored", |model| replace(model, &volumes))?;
    let judged = restored(run, store, &ways, &directory, mark, whose).await;
    // Its containers are on the other volumes until the next `up`.
    run.stack = own;
    let finding = judged?;
    let took = begun.elapsed().as_secs_f64();
    Ok(finding.of(&store.service).measured("took", took, Unit::Seconds).measured(
        "size",
        size as f64,
        Unit::Bytes,
    ))
}

fn file(directory: &Path, number: usize) -> PathBuf {
    directory.join(number.to_string())
}

/// The named volumes of the services that are saved.
fn volumes(model: &Model, ways: &[Way], store: &Store) -> Vec<String> {
    let mut found = Vec::new();
    for way in ways {
        for mount in model.mounts(&way.service) {
            let is_saved =
                way.service == store.service || way.files.as_ref() == Some(&mount.target);
            if mount.kind == "volume"
                && !mount.source.is_empty()
                && is_saved
                && !found.contains(&mount.source)
            {
                found.push(mount.source);
            }
        }
    }
    found
}

/// Empty volumes in the place of these, wherever they are mounted.
fn replace(model: &mut Model, volumes: &[String]) {
    for volume in volumes {
        let name = format!("{PREFIX}{volume}");
        model.0["volumes"][name] = json!({ "labels": { LABEL: owner() } });
    }
    let services: Vec<String> = model.services().into_iter().map(str::to_owned).collect();
    for service in services {
        let mounts = model.service_mut(&service).get_mut("volumes").and_then(Value::as_array_mut);
        for mount in mounts.into_iter().flatten() {
            let source = mount["source"].as_str().unwrap_or_default().to_owned();
            if volumes.contains(&source) {
                mount["source"] = json!(format!("{PREFIX}{source}"));
            }
        }
    }
}

async fn restored(
    run: &mut Run<'_>,
    store: &Store,
    ways: &[Way],
    directory: &Path,
    mark: &str,
    whose: &str,
) -> Outcome<Finding> {
    run.doing("restoring into empty volumes");
    let limit = run.seconds("verify.healthy");
    let application: Vec<String> = run
        .case
        .of(|own| own.is_application() && !own.one_shot)
        .map(|own| own.name.clone())
        .collect();
    // First the stack on its empty volumes, as on a new machine; without what is
    // stopped anyway.
    if ways.iter().all(|own| own.stops) {
        stop(run, &application).await?;
        let words = ["up", "--detach", "--no-build", "--no-deps", store.service.as_str()];
        let output = run.stack.compose(&words, limit).await?;
        if !output.is_ok() || !store.answers_within(run, limit).await? {
            return Ok(Finding::failed(
                CHECK,
                format!("{} does not start on an empty volume", store.service),
            )
            .log(output.tail(8)));
        }
        // While a new database is made it answers for a moment, and ends.
        settled(run, store, limit).await?;
    } else if let Err(not_up) = run.stack.up(&run.one_shots(), limit).await? {
        return Ok(Finding::failed(
            CHECK,
            format!(
                "the stack does not start on empty volumes: {} {}",
                not_up.service, not_up.said
            ),
        )
        .log(not_up.log));
    }
    if store.count(run, mark).await?.is_ok_and(|count| count > 0) {
        return Ok(Finding::skipped(CHECK, "the volume was not empty: the data is somewhere else"));
    }
    for (number, way) in ways.iter().enumerate().filter(|(_, own)| !own.stops) {
        if let Err(why) =
            in_service(run, way, &way.restore, Some(&file(directory, number)), None).await?
        {
            return Ok(Finding::failed(
                CHECK,
                format!("the restore failed: `{}`: {why}", way.restore),
            ));
        }
    }
    if ways.iter().any(|own| own.stops) {
        stop(run, &application).await?;
    }
    for (number, way) in ways.iter().enumerate().filter(|(_, own)| own.stops) {
        if let Err(why) =
            in_service(run, way, &way.restore, Some(&file(directory, number)), None).await?
        {
            return Ok(Finding::failed(
                CHECK,
                format!("the restore failed: `{}`: {why}", way.restore),
            ));
        }
    }
    if let Err(not_up) = run.stack.up(&run.one_shots(), limit).await? {
        return Ok(Finding::failed(
            CHECK,
            format!(
                "after the restore the stack does not start: {} {}",
                not_up.service, not_up.said
            ),
        )
        .log(not_up.log));
    }
    let row = store.count(run, mark).await?;
    let mut lost = Vec::new();
    match row {
        Ok(1) => {}
        Ok(count) => lost.push(format!("a row is there {count} times")),
        Err(why) => lost.push(format!("a row is gone ({why})")),
    }
    for way in ways {
        let Some(place) = &way.files else { continue };
        let script = format!("grep -q '{mark}' '{place}/{FILE}' && rm '{place}/{FILE}'");
        if in_service(run, way, &script, None, None).await?.is_err() {
            lost.push(format!("a file in {place} is gone"));
        }
    }
    let places = ways.iter().filter(|own| own.files.is_some()).count();
    let files = if places > 0 { " and files" } else { "" };
    Ok(match lost.is_empty() {
        true => Finding::passed(
            CHECK,
            format!(
                "{whose} was restored into empty volumes; rows{files} are there, and the stack is healthy on them"
            ),
        ),
        false => Finding::failed(
            CHECK,
            format!("{whose} was restored into empty volumes, and {}", lost.join(", ")),
        ),
    })
}

async fn stop(run: &Run<'_>, services: &[String]) -> Outcome {
    if services.is_empty() {
        return Ok(());
    }
    let mut words = vec!["stop"];
    words.extend(services.iter().map(String::as_str));
    run.stack.compose(&words, LIMIT).await.map(drop)
}

/// Waits until the database is healthy, where it has a health check.
async fn settled(run: &Run<'_>, store: &Store, limit: Duration) -> Outcome {
    let end = Instant::now() + limit;
    while Instant::now() < end {
        let own = run.container(&store.service).await?;
        if own.is_some_and(|own| own.is_running() && matches!(own.health(), "" | "healthy")) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(())
}

/// Runs a command in a service as the run-book does, with a file as its input or its
/// output; the last line it said where it fails.
async fn in_service(
    run: &Run<'_>,
    way: &Way,
    script: &str,
    input: Option<&Path>,
    output: Option<&Path>,
) -> Outcome<Result<(), String>> {
    let trouble = |error: std::io::Error| Trouble::Engine(error.to_string());
    let mut command: Command =
        run.stack.compose.command(&["exec", "-T", &way.service, "sh", "-c", script]);
    let stdin = match input {
        Some(path) => Stdio::from(crate::source::text::open(path).map_err(trouble)?),
        None => Stdio::null(),
    };
    let stdout = match output {
        Some(path) => {
            Stdio::from(tokio::fs::File::create(path).await.map_err(trouble)?.into_std().await)
        }
        None => Stdio::null(),
    };
    command.stdin(stdin).stdout(stdout).stderr(Stdio::piped()).kill_on_drop(true);
    let child = command.spawn().map_err(trouble)?;
    match timeout(LIMIT, child.wait_with_output()).await {
        Err(_) => Ok(Err(format!("it had not ended after {} s", LIMIT.as_secs()))),
        Ok(Err(error)) => Err(trouble(error)),
        Ok(Ok(ended)) if ended.status.success() => Ok(Ok(())),
        Ok(Ok(ended)) => {
            let said = String::from_utf8_lossy(&ended.stderr).into_owned();
            let last = said.lines().rev().find(|line| !line.trim().is_empty()).map(str::to_owned);
            Ok(Err(last.unwrap_or_else(|| format!("it ended with {}", ended.status))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_directory_of_a_tar_is_known() {
        assert_eq!(files_of("tar -C /app/media -cf - .").as_deref(), Some("/app/media"));
        assert_eq!(files_of("pg_dump --format=custom -U app -d app"), None);
    }

    #[test]
    fn empty_volumes_stand_wherever_the_others_did() {
        let volume = |name: &str| json!({ "type": "volume", "source": name, "target": "/data" });
        let mut model = Model(json!({ "services": {
            "web": { "volumes": [volume("media")] }, "nginx": { "volumes": [volume("media"), volume("other")] },
        }, "volumes": { "media": {}, "other": {} } }));
        replace(&mut model, &["media".to_owned()]);
        let of =
            |name: &str| model.mounts(name).into_iter().map(|own| own.source).collect::<Vec<_>>();
        assert_eq!(of("web"), ["verify-restored-media"]);
        assert_eq!(of("nginx"), ["verify-restored-media", "other"]);
    }
}
