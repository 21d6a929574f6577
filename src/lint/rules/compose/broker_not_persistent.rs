//! Tasks that are gone when Redis restarts.

use super::{append_only, redis};
use crate::lint::diagnostic::{Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::Subject;

pub static RULE: Rule = Rule {
    code: "CO116",
    name: "broker-not-persistent",
    severity: Severity::Warning,
    summary: "the Redis that is Celery's broker keeps its queue",
    why: "Tasks that wait, and those with a countdown, are in Redis alone. Without a volume they are gone with the container; with snapshots alone a crash loses what came since the last one, up to an hour at the default `save 3600 1 300 100 60 10000`.",
    example: "command: [redis-server, --appendonly, \"yes\", --maxmemory-policy, noeviction]\nvolumes: [\"redis-data:/data\"]",
    source: "Redis, Persistence; Celery, Using Redis: Caveats",
    fix: Some(Grade::Suggested),
    check,
};

const AT_END: &str = "--appendonly yes  # at the end of what redis-server is started with";

fn check(subject: &Subject, findings: &mut Findings) {
    for members in subject.production_members() {
        let Some(own) = redis::broker(&members) else { continue };
        let Some(settings) = redis::settings(own) else { continue };
        let is_kept = own.service.item.get("volumes_from").is_some()
            || own.service.mounts().iter().any(|mount| {
                (mount.volume().is_some() || mount.bind().is_some())
                    && !mount.target.ends_with(".conf")
            });
        let appends = settings.get("appendonly").is_some_and(|value| value == "yes");
        let saves =
            settings.get("save").is_none_or(|value| !value.trim_matches(['"', '\'']).is_empty());
        let (message, severity) = match (is_kept, appends, saves) {
            (true, true, _) => continue,
            (false, ..) => {
                ("it has no volume: tasks that wait are gone with its container", Severity::Warning)
            }
            (true, false, false) => (
                "it writes nothing to its volume: tasks that wait are gone with its process",
                Severity::Warning,
            ),
            (true, false, true) => (
                "it keeps snapshots alone: a crash loses the tasks since the last one",
                Severity::Advice,
            ),
        };
        let finding =
            findings.add(own.at(), format!("{} is Celery's broker, and {message}", own.name()));
        // What it is told already stays.
        let command = own.service.command();
        let item = own.service.item.get("command");
        // What a variable stands for is the host's affair: the text keeps its name.
        let has_variable = item.is_some_and(|item| !own.is_literal(item));
        let line = if has_variable {
            AT_END.to_owned()
        } else if command.is_empty() {
            "command: [redis-server, --appendonly, \"yes\"]".to_owned()
        } else if appends {
            format!("command: {command}")
        } else if item.is_some_and(|item| item.items().is_empty())
            && !command.contains(['\n', '\''])
            && !command.contains("sh -c")
        {
            format!("command: {command} --appendonly yes")
        } else {
            AT_END.to_owned()
        };
        let volume = if is_kept { "" } else { "\nvolumes:\n  - redis-data:/data" };
        // A volume that the file does not name at its end is refused.
        let is_named = own.deployment.project.root.get("volumes").is_some_and(|volumes| {
            volumes.entries().any(|(name, _)| name.scalar().as_deref() == Some("redis-data"))
        });
        let note = if is_kept || is_named {
            ""
        } else {
            "; `redis-data:` goes below the top-level volumes"
        };
        finding.about(own.name()).severity(severity).help(format!(
            "{line}{volume}  # on a running Redis first: redis-cli CONFIG SET appendonly yes{note}"
        ));
        if let Some(fix) = append_only::fix(own, is_kept, appends) {
            finding.fix(fix);
        }
    }
}
