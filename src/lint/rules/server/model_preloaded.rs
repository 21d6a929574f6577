//! A model that is loaded before the workers are forked.

use ruff_python_ast::Stmt;
use ruff_text_size::Ranged as _;

use crate::detect::python;
use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::server::options;
use crate::lint::subject::{Container, Program, Subject};

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

/// Ends of the full names of what builds a model.
const LOADERS: [&str; 10] = [
    "InferenceSession",
    "ultralytics.YOLO",
    "torch.load",
    "torch.jit.load",
    "torch.hub.load",
    "from_pretrained",
    "transformers.pipeline",
    "SentenceTransformer",
    "load_model",
    "saved_model.load",
];

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
        let Some(loaded) = loaded(subject, container, &ml.framework) else { continue };
        let finding = findings.add(
            at,
            format!(
                "{}: {} is imported before the workers are forked",
                container.name, ml.framework
            ),
        );
        finding.about(&container.name).help(if options::is_in_file(subject, server, at) {
            "preload_app = False"
        } else {
            "Take --preload out."
        });
        if !loaded.has_model {
            finding.severity(Severity::Advice);
        }
        if let Some(at) = subject.line_of(&loaded.path, loaded.line) {
            finding.related(at, format!("{} is imported here", ml.framework));
        }
    }
}

/// An import of the runtime that the start of the application reaches.
struct Loaded {
    path: String,
    line: usize,
    /// Whether a model is built while modules are imported.
    has_model: bool,
}

/// Modules are followed this far.
const MOST: usize = 200;

fn loaded(subject: &Subject, container: &Container, framework: &str) -> Option<Loaded> {
    let root = subject.facts.root.value()?;
    let app = container.server.as_ref()?.app.as_deref().or(subject
        .facts
        .app
        .value()
        .map(String::as_str))?;
    let mut open = vec![subject.tree.module_path(root, app.split(':').next()?)?];
    let mut seen: Vec<String> = Vec::new();
    let mut found: Option<(String, usize)> = None;
    let mut has_model = false;
    while let Some(path) = open.pop() {
        if seen.contains(&path) || seen.len() > MOST {
            continue;
        }
        let Some(module) = subject.tree.python(&path) else { continue };
        seen.push(path.clone());
        let imports = module.imports();
        for statement in module.top_level() {
            let line = module.line(statement.start());
            for name in imported(statement, root, &path) {
                if name.split('.').next() == Some(framework) && found.is_none() {
                    found = Some((path.clone(), line));
                }
                open.extend(subject.tree.module_path(root, &name));
            }
            let is_definition = matches!(statement, Stmt::FunctionDef(_) | Stmt::ClassDef(_));
            has_model |= !is_definition
                && python::calls(std::slice::from_ref(statement)).iter().any(|call| {
                    imports
                        .resolve(&call.func)
                        .is_some_and(|name| LOADERS.iter().any(|end| name.ends_with(end)))
                });
        }
    }
    let (path, line) = found?;
    Some(Loaded { path, line, has_model })
}

/// The modules that a statement imports, by their whole names; what is taken
/// from a package may be a module as well.
fn imported(statement: &Stmt, root: &str, path: &str) -> Vec<String> {
    match statement {
        Stmt::Import(own) => own.names.iter().map(|alias| alias.name.to_string()).collect(),
        Stmt::ImportFrom(own) => {
            let base = own.module.as_ref().map(ToString::to_string).unwrap_or_default();
            let base = if own.level == 0 {
                base
            } else {
                let below =
                    if root == "." { path } else { path.get(root.len() + 1..).unwrap_or(path) };
                let mut parts: Vec<&str> = below.split('/').collect();
                let up = own.level as usize;
                parts.truncate(parts.len().saturating_sub(up));
                parts.extend((!base.is_empty()).then_some(base.as_str()));
                parts.join(".")
            };
            let inside = own.names.iter().map(|alias| format!("{base}.{}", alias.name));
            std::iter::once(base.clone()).chain(inside).collect()
        }
        _ => Vec::new(),
    }
}
