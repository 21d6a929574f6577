//! What the kernel says of the processes of containers: `/proc/*/status`.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;

use crate::verify::engine::Container;
use crate::verify::run::Run;
use crate::verify::trouble::Outcome;

/// Longest that a look into a container takes.
const LOOK: Duration = Duration::from_secs(20);

/// A process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Its name.
    pub name: String,
    /// Its number in the container.
    pub pid: u32,
    parent: u32,
    /// Its users: real, effective, saved, of files.
    pub users: Vec<u32>,
    /// Its groups, in the same order.
    pub groups: Vec<u32>,
    /// Its sets of capabilities by name; those that are not empty.
    pub capabilities: BTreeMap<String, u64>,
    /// Whether it can gain no privilege; `None` where the kernel does not say.
    pub no_new_privileges: Option<bool>,
}

/// The processes of each container by its id, as far as they could be read: what an
/// image brings no program to read them with has none here.
pub type Read = BTreeMap<String, Vec<Status>>;

/// Reads those of all containers that run.
pub async fn read(run: &Run<'_>, containers: &[Container]) -> Outcome<Read> {
    let of_one = async |container: &Container| {
        // Every process of the host would be among them.
        let shared = container.text("/HostConfig/PidMode");
        if !container.is_running() || !matches!(shared, "" | "private") {
            return Ok((container.id.clone(), Vec::new()));
        }
        let engine = &run.engine;
        let words = ["sh", "-c", "cat /proc/[0-9]*/status 2>/dev/null"];
        let mut all = parse(&engine.exec(&container.id, None, &words, LOOK).await?.output);
        if all.is_empty() {
            let words = ["cat", "/proc/1/status"];
            all = parse(&engine.exec(&container.id, None, &words, LOOK).await?.output);
        }
        Ok::<_, crate::verify::trouble::Trouble>((container.id.clone(), own(all)))
    };
    join_all(containers.iter().map(of_one)).await.into_iter().collect()
}

/// Those of the container itself: what was started beside them, such as this look or
/// a health check, has no parent there.
fn own(all: Vec<Status>) -> Vec<Status> {
    let parents: BTreeMap<u32, u32> = all.iter().map(|own| (own.pid, own.parent)).collect();
    let is_own = |status: &Status| {
        let mut pid = status.pid;
        for _ in 0..parents.len() {
            match parents.get(&pid) {
                Some(0) | None => break,
                Some(parent) => pid = *parent,
            }
        }
        pid == 1
    };
    all.iter().filter(|own| is_own(own)).cloned().collect()
}

fn parse(text: &str) -> Vec<Status> {
    let mut all: Vec<Status> = Vec::new();
    for line in text.lines() {
        let Some((key, value)) = line.split_once(':') else { continue };
        let value = value.trim();
        if key == "Name" {
            all.push(Status { name: value.to_owned(), ..Status::default() });
            continue;
        }
        let Some(last) = all.last_mut() else { continue };
        let numbers = || value.split_whitespace().filter_map(|own| own.parse().ok()).collect();
        match key {
            "Pid" => last.pid = value.parse().unwrap_or_default(),
            "PPid" => last.parent = value.parse().unwrap_or_default(),
            "Uid" => last.users = numbers(),
            "Gid" => last.groups = numbers(),
            "NoNewPrivs" => last.no_new_privileges = Some(value == "1"),
            _ if key.starts_with("Cap") => {
                if let Ok(set @ 1..) = u64::from_str_radix(value, 16) {
                    last.capabilities.insert(key.to_owned(), set);
                }
            }
            _ => {}
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(pid: u32, parent: u32, user: u32, bounding: &str) -> String {
        format!(
            "Name:\tp{pid}\nPid:\t{pid}\nPPid:\t{parent}\nUid:\t{user}\t{user}\t{user}\t{user}\nGid:\t0\t0\t0\t0\nCapEff:\t0000000000000000\nCapBnd:\t{bounding}\nNoNewPrivs:\t1\n"
        )
    }

    #[test]
    fn the_look_itself_is_none_of_the_containers_processes() {
        let text = [
            status(1, 0, 999, "0000000000000000"),
            status(20, 1, 999, "00000000a80425fb"),
            status(31, 0, 0, "00000000a80425fb"),
            status(32, 31, 0, "00000000a80425fb"),
        ]
        .concat();
        let all = own(parse(&text));
        let pids: Vec<u32> = all.iter().map(|own| own.pid).collect();
        assert_eq!(pids, [1, 20]);
        assert!(all[0].capabilities.is_empty());
        assert_eq!(all[1].capabilities["CapBnd"], 0xa804_25fb);
        assert_eq!((all[1].users[0], all[1].no_new_privileges), (999, Some(true)));
    }
}
