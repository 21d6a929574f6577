//! As whom processes run, what they may do, and whether they can gain more.

use super::status::{Read, Status};
use super::{Judged, planned};
use crate::verify::engine::Container;
use crate::verify::record::counted;
use crate::verify::run::Run;

/// Capabilities by their bits, as far as Docker gives or a plan gives them back.
const CAPABILITIES: [(u32, &str); 16] = [
    (0, "CHOWN"),
    (1, "DAC_OVERRIDE"),
    (3, "FOWNER"),
    (4, "FSETID"),
    (5, "KILL"),
    (6, "SETGID"),
    (7, "SETUID"),
    (8, "SETPCAP"),
    (10, "NET_BIND_SERVICE"),
    (12, "NET_ADMIN"),
    (13, "NET_RAW"),
    (18, "SYS_CHROOT"),
    (19, "SYS_PTRACE"),
    (21, "SYS_ADMIN"),
    (27, "MKNOD"),
    (29, "AUDIT_WRITE"),
];

const NO_ROOT: &str = "USER 10001:10001 in the Dockerfile, or user: \"10001:10001\" in the compose file (DF101, CO143)";

const NO_PRIVILEGES: &str =
    "security_opt: [\"no-new-privileges:true\"], and no privileged (CO103, CO113)";

/// Judges as whom processes run.
pub fn user(run: &mut Run<'_>, containers: &[Container], read: &Read) {
    let mut judged = Judged::of("isolation.user");
    for container in containers {
        let own = container.text("/Config/User");
        let processes = read.get(&container.id).map_or(&[][..], Vec::as_slice);
        let root: Vec<&Status> = processes.iter().filter(|own| own.users.contains(&0)).collect();
        let is_planned = planned(run, &container.service).is_some_and(|own| {
            own.user.is_none() && (own.keeps_capabilities || !own.cap_add.is_empty())
        });
        let (user, group) = own.split_once(':').unwrap_or((own, ""));
        let is_numeric = user.parse::<u32>().is_ok_and(|own| own > 0)
            && (group.is_empty() || group.parse::<u32>().is_ok());
        // A group that was named is the one that processes are to have.
        let wrong = group.parse::<u32>().ok().and_then(|group| {
            processes.iter().find(|own| own.groups.iter().any(|own| *own != group))
        });
        if is_numeric && root.is_empty() && wrong.is_none() {
            judged.holds();
        } else if is_planned {
            let why =
                "its image changes the user by itself, and none is known that it can start as";
            Judged::planned(run, judged.check, &container.service, why);
        } else {
            let named = match own {
                "" => "no user is set: it starts as root".to_owned(),
                own if user.parse::<u32>().is_err() => format!("its user is {own}, and no number"),
                own => format!("its user is {own}"),
            };
            let said = match (root.first(), wrong) {
                (Some(first), _) => format!(
                    "{} of its {} processes run as root ({}); {named}",
                    root.len(),
                    processes.len(),
                    first.name
                ),
                (None, Some(own)) => {
                    format!("{named}, and {} has group {:?}", own.name, own.groups)
                }
                (None, None) => match processes.first() {
                    Some(first) => format!(
                        "{named}, and its processes run as {}",
                        first.users.first().copied().unwrap_or_default()
                    ),
                    None => named,
                },
            };
            let is_application =
                run.case.service(&container.service).is_some_and(|own| own.is_application());
            match root.is_empty() || !is_application {
                true => judged.lacks(run, container, said, NO_ROOT),
                false => judged.fails(run, container, said, NO_ROOT),
            }
        }
    }
    judged.end(run, |count| format!("a number above 0 in {}", counted(count, "container")));
}

/// Judges what processes may do.
pub fn capabilities(run: &mut Run<'_>, containers: &[Container], read: &Read) {
    let mut judged = Judged::of("isolation.capabilities");
    for container in containers {
        let security = planned(run, &container.service);
        let given: u64 =
            security.map_or(&[][..], |own| &own.cap_add).iter().map(|own| bit(own)).sum();
        let is_kept = security.is_some_and(|own| own.keeps_capabilities);
        let processes = read.get(&container.id).map_or(&[][..], Vec::as_slice);
        // What has ended, or cannot be read, is judged by what the engine was told.
        let found = if processes.is_empty() {
            configured(container).map(|set| (String::from("its configuration"), set))
        } else {
            processes.iter().find_map(|own| {
                let set = own.capabilities.values().fold(0, |all, set| all | set) & !given;
                (set != 0).then(|| (own.name.clone(), set))
            })
        };
        match found {
            None => judged.holds(),
            Some((_, set)) if is_kept => {
                let why =
                    format!("its image starts as root and may need them: it keeps {}", names(set));
                Judged::planned(run, judged.check, &container.service, &why);
            }
            Some((who, set)) => {
                let said = format!("{who} has {}", names(set));
                judged.lacks(
                    run,
                    container,
                    said,
                    "cap_drop: [ALL], and cap_add for what it cannot start without (CO103)",
                );
            }
        }
    }
    judged.end(run, |count| format!("none in {}, in no set", counted(count, "container")));
}

/// What the engine gives a container, where that is anything.
fn configured(container: &Container) -> Option<u64> {
    let list = |pointer: &str| -> Vec<String> {
        let all = container.fact(pointer).as_array().into_iter().flatten();
        all.filter_map(|own| own.as_str())
            .map(|own| own.to_ascii_uppercase().trim_start_matches("CAP_").to_owned())
            .collect()
    };
    let dropped = list("/HostConfig/CapDrop");
    let given = list("/HostConfig/CapAdd");
    if container.fact("/HostConfig/Privileged") == true {
        return Some(u64::MAX);
    }
    let usual: u64 = 0xa804_25fb;
    let kept = match dropped.iter().any(|own| own == "ALL") {
        true => 0,
        false => dropped.iter().fold(usual, |all, own| all & !bit(own)),
    };
    Some(given.iter().fold(kept, |all, own| all | bit(own))).filter(|set| *set != 0)
}

fn bit(name: &str) -> u64 {
    let name = name.trim_start_matches("CAP_");
    CAPABILITIES.iter().find(|(_, own)| *own == name).map_or(0, |(bit, _)| 1 << bit)
}

/// A set of capabilities, for people.
fn names(set: u64) -> String {
    let count = set.count_ones();
    let known: Vec<&str> = CAPABILITIES
        .iter()
        .filter(|(bit, _)| set & (1 << bit) != 0)
        .map(|(_, name)| *name)
        .take(4)
        .collect();
    match count as usize {
        many if many > known.len() => {
            format!("{many} capabilities, {} among them", known.join(", "))
        }
        _ => known.join(", "),
    }
}

/// Judges whether processes can gain privileges.
pub fn privileges(run: &mut Run<'_>, containers: &[Container], read: &Read) {
    let mut judged = Judged::of("isolation.privileges");
    for container in containers {
        let options: Vec<String> = container
            .fact("/HostConfig/SecurityOpt")
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|own| own.as_str().map(str::to_owned))
            .collect();
        let is_told = options.iter().any(|own| {
            own.strip_prefix("no-new-privileges").is_some_and(|rest| !rest.ends_with("false"))
        });
        let processes = read.get(&container.id).map_or(&[][..], Vec::as_slice);
        let gains = processes.iter().find(|own| own.no_new_privileges == Some(false));
        let open = options.iter().find(|own| own.ends_with("unconfined"));
        let exposed = if container.fact("/HostConfig/Privileged") == true {
            Some("it is privileged: it is root on the host".to_owned())
        } else {
            open.map(|open| format!("{open}: what the engine forbids every container is allowed"))
        };
        let lacks = if let Some(own) = gains {
            Some(format!("{} may gain privileges through a program that is setuid", own.name))
        } else if !is_told {
            Some("nothing says that it may gain no privilege".to_owned())
        } else {
            None
        };
        match (exposed, lacks) {
            (None, None) => judged.holds(),
            (Some(said), _) => judged.fails(run, container, said, NO_PRIVILEGES),
            (None, Some(said)) => judged.lacks(run, container, said, NO_PRIVILEGES),
        }
    }
    judged.end(run, |count| format!("none can be gained in {}", counted(count, "container")));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_told_by_names_and_number() {
        assert_eq!(names(bit("CHOWN") | bit("CAP_SETUID")), "CHOWN, SETUID");
        assert_eq!(
            names(0xa804_25fb),
            "14 capabilities, CHOWN, DAC_OVERRIDE, FOWNER, FSETID among them"
        );
    }
}
