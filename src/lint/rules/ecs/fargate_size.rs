//! Sizes that Fargate does not have.

use super::support::{add, is_fargate};
use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::Subject;
use crate::plan::workloads::sizes::fargate;
use crate::units::MilliCpu;

pub static RULE: Rule = Rule {
    code: "EC101",
    name: "fargate-size",
    severity: Severity::Error,
    summary: "CPU and memory of a task are a pair that Fargate has",
    why: "Fargate has seven sizes of CPU, each with its own range of memory. Another pair is refused when the definition is registered: the release ends there.",
    example: "\"cpu\": \"512\",\n\"memory\": \"1024\"",
    source: "Amazon ECS, Fargate task definition considerations: task CPU and memory",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for own in subject.task_definitions().into_iter().filter(|own| is_fargate(*own)) {
        let field = own.field();
        let said = |key: &str| field.text(&[key]).filter(|own_text| !own.refers(own_text));
        if field.is_open(&["cpu"]) || field.is_open(&["memory"]) {
            continue;
        }
        let (cpu, memory) = (field.text(&["cpu"]), field.text(&["memory"]));
        let (Some(_), Some(_)) = (&cpu, &memory) else {
            let missing = if cpu.is_none() { "cpu" } else { "memory" };
            let message = format!("{} says no {missing}, which Fargate asks for", own.name());
            add(findings, subject, own, field.near(&["cpu"]), message)
                .help("\"cpu\": \"512\", \"memory\": \"1024\"");
            continue;
        };
        // What a parameter brings is not known.
        let (Some(cpu), Some(memory)) = (said("cpu"), said("memory")) else { continue };
        let (Some(units), Some(size)) = (units(&cpu), mebibytes(&memory)) else { continue };
        let row = u32::try_from(units * 1000 / 1024).ok().and_then(|own| fargate(MilliCpu(own)));
        let (place, message, help) = match row {
            None => (
                "cpu",
                format!("{}: Fargate has no {cpu} units of CPU", own.name()),
                "256, 512, 1024, 2048, 4096, 8192 or 16384".to_owned(),
            ),
            Some((_, least, most, step)) => {
                let (least, most, step) =
                    (u64::from(least.0), u64::from(most.0), u64::from(step.0));
                let is_step = size % step == 0 || size == least;
                if (least..=most).contains(&size) && is_step {
                    continue;
                }
                (
                    "memory",
                    format!("{}: Fargate has no {cpu} CPU with {memory} MiB", own.name()),
                    format!("from {least} to {most} MiB in steps of {step}"),
                )
            }
        };
        add(findings, subject, own, field.near(&[place]), message).help(help);
    }
}

/// Units of CPU: `512`, `0.5 vCPU`.
fn units(text: &str) -> Option<u64> {
    let lower = text.to_ascii_lowercase();
    match lower.strip_suffix("vcpu") {
        Some(cores) => {
            let cores: f64 = cores.trim().parse().ok()?;
            [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0]
                .iter()
                .zip([256, 512, 1024, 2048, 4096, 8192, 16_384])
                .find(|(size, _)| (cores - **size).abs() < 0.001)
                .map_or(Some(1), |(_, units)| Some(units))
        }
        None => lower.trim().parse().ok(),
    }
}

/// Memory in MiB: `1024`, `1 GB`.
fn mebibytes(text: &str) -> Option<u64> {
    let lower = text.to_ascii_lowercase();
    match lower.strip_suffix("gb") {
        Some(whole) => whole.trim().parse::<u64>().ok().map(|own| own * 1024),
        None => lower.trim().parse().ok(),
    }
}
