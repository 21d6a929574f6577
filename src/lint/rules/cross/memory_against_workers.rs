//! Workers that do not fit into the memory of their container.

use crate::catalog::{Framework, MEMORY};
use crate::lint::diagnostic::{At, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Container, Program, Subject};

pub static RULE: Rule = Rule {
    code: "XF101",
    name: "memory-against-workers",
    severity: Severity::Error,
    summary: "a container's memory limit holds its workers",
    why: "Where the processes need more than the limit, the kernel kills one of them, or all: requests end in 502, and the container starts over. A process of Django takes 55 MiB under load before it holds anything of the application's own, one of FastAPI 60.",
    example: "deploy:\n  resources:\n    limits:\n      memory: 512M",
    source: "measured, per framework: resident sets of server processes under load",
    fix: None,
    check,
};

/// Library files that processes of one image share, in MiB: the least that a
/// resident set counts twice.
const SHARED: u64 = 25;

/// What processes take, in MiB.
struct Need {
    processes: u64,
    /// What they are called.
    word: &'static str,
    /// Below this nothing runs.
    certain: u64,
    /// With what the application is known to import.
    likely: u64,
    at: At,
}

fn check(subject: &Subject, findings: &mut Findings) {
    for container in subject.production_containers() {
        let Some((limit, at)) = subject.memory_limit(container) else { continue };
        let Some(need) = need(subject, container) else { continue };
        let limit = limit >> 20;
        let over = need.certain > limit;
        if !over && need.likely <= limit {
            continue;
        }
        let Need { processes, word, certain, likely, .. } = need;
        let message = if over {
            format!(
                "{}: {processes} {word} take at least {certain} MiB, and it may take {limit} MiB",
                container.name
            )
        } else {
            format!(
                "{}: {processes} {word} take about {likely} MiB under load, and it may take {limit} MiB",
                container.name
            )
        };
        let wanted = (likely.max(certain) * 5 / 4).div_ceil(64) * 64;
        findings
            .add(at, message)
            .about(&container.name)
            .severity(if over { Severity::Error } else { Severity::Warning })
            .related(need.at, format!("{processes} {word}"))
            .help(format!(
                "memory: {wanted}M, which is what they take and a quarter more, or fewer {word}"
            ));
    }
}

fn need(subject: &Subject, container: &Container) -> Option<Need> {
    let server = container.server.as_ref()?;
    let facts = &subject.facts;
    if !subject.runs_detected(container) {
        return None;
    }
    let figures = Framework::find(facts.framework.value()?)?.memory;
    let ml = facts.ml.value().map(|ml| ml.framework.as_str());
    let of = |table: &std::collections::BTreeMap<String, u32>| {
        ml.and_then(|name| table.get(name)).copied().map_or(0, u64::from)
    };
    let count = |name: &str| match server.get(name) {
        Some((value, at)) => value.int().and_then(|n| u64::try_from(n).ok()).map(|n| (n, at)),
        None => Some((1, server.at)),
    };
    let (processes, at, word, main, each) = match server.program {
        Program::Gunicorn | Program::Uvicorn | Program::FastapiRun => {
            let (workers, at) = count("workers")?;
            // A process that was imported before the fork is shared for a part.
            if server.get("preload").is_some_and(|(value, _)| value.truth() != Some(false)) {
                return None;
            }
            let main = match server.program {
                Program::Gunicorn => u64::from(MEMORY.process["gunicorn"]),
                _ if workers > 1 => u64::from(MEMORY.process["uvicorn"]),
                _ => 0,
            };
            (workers, at, "workers", main, u64::from(figures.process))
        }
        Program::CeleryWorker => {
            let prefork =
                server.get("pool").is_none_or(|(v, _)| v.text().as_deref() == Some("prefork"));
            let (children, at) = count("concurrency").filter(|_| prefork)?;
            server.get("concurrency")?;
            (
                children,
                at,
                "children",
                u64::from(figures.celery_main),
                u64::from(figures.celery_child),
            )
        }
        _ => return None,
    };
    // A worker's tasks need not import what the server loads.
    let library = if word == "workers" { of(&MEMORY.process) } else { 0 };
    Some(Need {
        processes,
        word,
        certain: (main * 2 / 3) + processes * (each.saturating_sub(SHARED) + library / 2),
        // What a model's runtime takes differs too much to say more.
        likely: if ml.is_some() { 0 } else { main + processes * each },
        at,
    })
}
