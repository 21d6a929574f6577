//! Logs that grow until the disk is full.

use super::together;
use crate::lint::diagnostic::{Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Kind, Member, Subject};
use crate::source::compose::Item;

pub static RULE: Rule = Rule {
    code: "CO102",
    name: "no-log-rotation",
    severity: Severity::Advice,
    summary: "the logs of every service that stays are rotated",
    why: "Docker's default driver, json-file, keeps every line for as long as the container is there. The disk fills up, and the database on it stops first.",
    example: "logging:\n  driver: local\n  options:\n    max-size: 10m\n    max-file: \"5\"",
    source: "Docker, Configure logging drivers: json-file has no limit by default",
    fix: Some(Grade::Safe),
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for members in subject.production_members() {
        // What reads log files of the host reads those of json-file.
        let is_collected = members.iter().any(|own| {
            own.service
                .mounts()
                .iter()
                .any(|mount| mount.bind().is_some_and(|path| path.starts_with("/var/lib/docker")))
        });
        let driver = if is_collected { "json-file" } else { "local" };
        let without: Vec<Member<'_>> =
            members.into_iter().filter(|own| own.stays() && grows(own)).collect();
        for without in findings.apart(subject, without, Member::at) {
            let verb = if without.len() == 1 { "keeps" } else { "keep" };
            let lacks = format!("{verb} every log line for ever");
            let Some(finding) = together::lack(findings, &without, &lacks) else { continue };
            let value = format!("\ndriver: {driver}\noptions:\n  max-size: 10m\n  max-file: \"5\"");
            finding
                .help(format!("logging:{}  # 50 MB of each service", value.replace('\n', "\n  ")));
            let what = "rotates the logs at 5 files of 10 MB";
            let fix = together::fix(&without, Grade::Safe, what, |own| {
                own.service.item.get("logging").is_none().then(|| own.put(&["logging"], &value))?
            });
            if let Some(fix) = fix {
                finding.fix(fix);
            }
        }
    }
}

/// Whether its log has no end: json-file, as the default or by its name,
/// without a size.
fn grows(member: &Member<'_>) -> bool {
    // nginx's image sends its two files there to the terminal; a mount takes their place.
    let to_files = member.kind() == Kind::Nginx
        && member
            .service
            .mounts()
            .iter()
            .any(|mount| mount.target.trim_end_matches('/') == "/var/log/nginx");
    if to_files {
        return false;
    }
    let Some(logging) = member.service.item.get("logging") else { return true };
    let driver = logging.get("driver").and_then(Item::scalar);
    let has_size = logging.get("options").is_some_and(|own| own.get("max-size").is_some());
    driver.is_none_or(|driver| driver == "json-file") && !has_size
}
