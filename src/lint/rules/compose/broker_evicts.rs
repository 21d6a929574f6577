//! A broker that throws tasks away when it is full.

use std::slice;

use super::redis;
use crate::lint::diagnostic::{At, Fix, Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::Subject;
use crate::source::text::Span;

pub static RULE: Rule = Rule {
    code: "CO117",
    name: "broker-evicts",
    severity: Severity::Error,
    summary: "the Redis that is Celery's broker does not evict",
    why: "With allkeys-* a full Redis deletes what it likes: queues with all tasks in them, and `_kombu.binding.*`, without which new tasks go nowhere. Nothing is logged. A broker that is full has to say so.",
    example: "command: [redis-server, --maxmemory-policy, noeviction]",
    source: "Celery, Using Redis: Key eviction; Redis, Key eviction",
    fix: Some(Grade::Suggested),
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for members in subject.production_members() {
        let Some(own) = redis::broker(&members) else { continue };
        let Some(settings) = redis::settings(own) else { continue };
        let Some(policy) =
            settings.get("maxmemory-policy").filter(|own| own.starts_with("allkeys"))
        else {
            continue;
        };
        let message =
            format!("{} is Celery's broker and has {policy}: full, it deletes tasks", own.name());
        // The word of the command that says it.
        let command = own.service.item.get("command");
        let words = command
            .map(|own| if own.items().is_empty() { slice::from_ref(own) } else { own.items() });
        let at = words.into_iter().flatten().find_map(|word| {
            let whole = own.place(word);
            let start = whole.span.start + subject.slice(whole).find(policy.as_str())?;
            Some(At::new(whole.text, Span::new(start, start + policy.len())))
        });
        let finding = findings.add(at.unwrap_or_else(|| own.at()), message);
        finding
            .about(own.name())
            .help("--maxmemory-policy noeviction; a cache that evicts is a second Redis service");
        if let Some(at) = at {
            let fix = Fix::new(Grade::Suggested, "refuses new tasks instead of deleting old ones");
            finding.fix(fix.edit(at, "noeviction"));
        }
    }
}
