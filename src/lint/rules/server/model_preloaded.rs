//! A model that is loaded before the workers are forked.

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Program, Subject};

pub static RULE: Rule = Rule {
    code: "PY106",
    name: "model-preloaded",
    severity: Severity::Warning,
    summary: "no model runtime is loaded before gunicorn forks",
    why: "Threads do not survive a fork and CUDA cannot be initialised again after it: the first prediction in a worker hangs until gunicorn kills it, or ends with `Cannot re-initialize CUDA in forked subprocess`.",
    example: "preload_app = False",
    source: "PyTorch, Multiprocessing best practices: poison fork; ONNX Runtime issue 7846",
    fix: None,
    check,
};

const RUNTIMES: [&str; 5] = ["torch", "tensorflow", "onnxruntime", "transformers", "ultralytics"];

fn check(subject: &Subject, findings: &mut Findings) {
    let Some(ml) = subject.facts.ml.value() else { return };
    if !RUNTIMES.contains(&ml.framework.as_str()) {
        return;
    }
    for container in subject.production_containers() {
        let Some(server) = container.server.as_ref().filter(|own| own.program == Program::Gunicorn)
        else {
            continue;
        };
        let Some((value, at)) = server.get("preload") else { continue };
        if value.truth() != Some(true) || !subject.runs_detected(container) {
            continue;
        }
        let finding = findings.add(
            at,
            format!(
                "{}: {} is imported before the workers are forked",
                container.name, ml.framework
            ),
        );
        finding.about(&container.name).help("preload_app = False");
        let evidence = subject.facts.ml.evidence().first();
        if let Some(at) = evidence.and_then(|own| subject.line_of(&own.path, own.line)) {
            finding.related(at, format!("{} is used here", ml.framework));
        }
    }
}
