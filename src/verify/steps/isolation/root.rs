//! Root file systems: read-only, and code that nobody can change.

use std::time::Duration;

use super::{Judged, planned};
use crate::verify::engine::Container;
use crate::verify::record::counted;
use crate::verify::run::Run;
use crate::verify::trouble::Outcome;

/// Longest that a try to write takes.
const TRY: Duration = Duration::from_secs(10);
/// Places where programs and settings are.
const PLACES: [&str; 5] = ["/etc", "/usr/local/bin", "/usr/local/lib", "/opt", "/"];
/// The file that is tried.
const PLANTED: &str = ".dockwright-verify";

/// Judges every container; those of the application are tried as well.
pub async fn judge(run: &mut Run<'_>, containers: &[Container]) -> Outcome {
    let mut judged = Judged::of("isolation.root");
    let mut tried = 0;
    for container in containers {
        let is_read_only = container.fact("/HostConfig/ReadonlyRootfs") == true;
        let is_application =
            run.case.service(&container.service).is_some_and(|own| own.is_application());
        let written = match is_application && container.is_running() {
            true => written(run, container).await?,
            false => Some(Vec::new()),
        };
        tried += usize::from(is_application && written.is_some() && container.is_running());
        let written = written.unwrap_or_default();
        let reason = planned(run, &container.service).and_then(|own| own.writable);
        match (is_read_only, reason) {
            (true, _) if written.is_empty() => judged.holds(),
            (false, Some(why)) => {
                let why = format!("its root file system can be written to: {why}");
                Judged::planned(run, judged.check, &container.service, &why);
            }
            (is_read_only, _) => {
                let what = match is_read_only {
                    true => "its root file system is read-only",
                    false => "its root file system can be written to",
                };
                let where_to = match written.is_empty() {
                    true => String::new(),
                    false => format!("; a file could be made in {}", written.join(", ")),
                };
                judged.lacks(
                    run,
                    container,
                    format!("{what}{where_to}"),
                    "read_only: true, and tmpfs: [/tmp] or a volume for what it writes (CO103)",
                );
            }
        }
    }
    judged.end(run, |count| {
        let containers = counted(count, "container");
        format!("read-only in {containers}; a file beside the code was tried in {tried}, in vain")
    });
    Ok(())
}

/// The places in which its user could make a file; `None` where the image has no
/// program to try with.
async fn written(run: &Run<'_>, container: &Container) -> Outcome<Option<Vec<String>>> {
    let work = container.text("/Config/WorkingDir").trim_end_matches('/');
    let mounts: Vec<&str> = container
        .fact("/Mounts")
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|own| own["Destination"].as_str())
        .collect();
    let tmpfs = container.fact("/HostConfig/Tmpfs").as_object();
    let is_mount =
        |place: &str| mounts.contains(&place) || tmpfs.is_some_and(|own| own.contains_key(place));
    let mut places: Vec<String> = PLACES.iter().map(|own| (*own).to_owned()).collect();
    if !work.is_empty() {
        places.push(work.to_owned());
    }
    let own = container.fact("/Config/Env").as_array().into_iter().flatten();
    let environment = own
        .filter_map(|own| own.as_str()?.strip_prefix("VIRTUAL_ENV="))
        .map(|place| place.trim_end_matches('/').to_owned());
    places.extend(environment);
    places.retain(|place| !is_mount(place));
    places.sort();
    places.dedup();
    let script = format!(
        "for place do if [ -d \"$place\" ] && touch \"$place/{PLANTED}\" 2>/dev/null; then echo \"$place\"; rm -f \"$place/{PLANTED}\"; fi; done; echo done"
    );
    let mut words = vec!["sh", "-c", &script, "sh"];
    words.extend(places.iter().map(String::as_str));
    let ran = run.engine.exec(&container.id, None, &words, TRY).await?;
    let mut lines: Vec<String> = ran.output.lines().map(str::to_owned).collect();
    Ok(match lines.pop() {
        Some(last) if last == "done" => Some(lines),
        _ => None,
    })
}
