//! One Redis that is broker and cache.

use crate::detect::facts::Meaning;
use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Container, Kind, Subject};

pub static RULE: Rule = Rule {
    code: "XF113",
    name: "broker-and-cache-share",
    severity: Severity::Error,
    summary: "broker and cache are two Redis services where the cache may evict",
    why: "A cache forgets what was used longest ago when it is full, a broker must never: an evicted queue or binding is tasks that are lost without a word. And a cache without a limit fills the memory that the broker needs.",
    example: "redis:\n  command: redis-server --appendonly yes --maxmemory-policy noeviction\ncache:\n  command: redis-server --maxmemory 256mb --maxmemory-policy allkeys-lru",
    source: "Redis, Key eviction; Celery, Using Redis: key eviction",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for redis in subject.production_containers().filter(|own| own.kind == Kind::Redis) {
        let Some((deployment, service)) = subject.composed(redis) else { continue };
        let (mut broker, mut cache) = (None, None);
        for container in subject.containers_of(deployment).filter(|own| own.kind.is_application()) {
            for address in container.addresses() {
                let is_it = address.kinds == [Kind::Redis]
                    && subject
                        .named(deployment, &address.host)
                        .is_some_and(|own| std::ptr::eq(own, redis));
                if is_it && is_broker(subject, container, &address.variable) {
                    broker.get_or_insert((address.at, address.variable.clone()));
                }
                if is_it && is_cache(subject, container, &address.variable) {
                    cache.get_or_insert((address.at, address.variable.clone()));
                }
            }
        }
        let (Some((broker_at, broker)), Some((cache_at, cache))) = (broker, cache) else {
            continue;
        };
        let command = service.command();
        let evicts = policy(&command).filter(|policy| policy.starts_with("allkeys"));
        let at = match subject.key(redis, &["command"]) {
            Some((_, at)) if evicts.is_some() => at,
            _ => subject.service(deployment, service),
        };
        let message = match &evicts {
            Some(policy) => format!(
                "{}: the broker of {broker} is the cache of {cache}, and {policy} evicts its queues",
                redis.name
            ),
            None => format!(
                "{}: broker and cache are one Redis: what the cache takes the queues cannot have",
                redis.name
            ),
        };
        let finding = findings.add(at, message);
        finding
            .about(&redis.name)
            .severity(match &evicts {
                Some(_) => Severity::Error,
                None if deployment.is_developed => Severity::Style,
                None => Severity::Advice,
            })
            .help("a second service for the cache, with allkeys-lru and maxmemory; noeviction for the broker")
            .related(broker_at, format!("{broker} is the broker"));
        if cache_at != broker_at {
            finding.related(cache_at, format!("{cache} is the cache"));
        }
    }
}

fn means(subject: &Subject, variable: &str, wanted: &Meaning) -> bool {
    subject.facts.connections.iter().any(|(own, _)| own.name == variable && own.meaning == *wanted)
}

/// Whether a variable is the broker's: its name says so, or the code reads it
/// as that where no name does.
fn is_broker(subject: &Subject, container: &Container, variable: &str) -> bool {
    let named = container.env.keys().any(|own| own.contains("BROKER"));
    variable.contains("BROKER") || !named && means(subject, variable, &Meaning::BrokerUrl)
}

fn is_cache(subject: &Subject, container: &Container, variable: &str) -> bool {
    let named = container.env.keys().any(|own| own.contains("CACHE"));
    variable.contains("CACHE") || !named && means(subject, variable, &Meaning::CacheUrl)
}

/// The eviction policy of a command line.
fn policy(command: &str) -> Option<String> {
    let (_, rest) = command.split_once("maxmemory-policy")?;
    let word = rest.trim_start_matches([' ', '=', '\'', '"']);
    let end = word.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).unwrap_or(word.len());
    Some(word[..end].to_owned())
}
