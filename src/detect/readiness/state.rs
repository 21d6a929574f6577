//! State that a container or a second worker would lose: secrets in the
//! code, SQLite, models loaded at import, memory shared by requests.

use ruff_python_ast::Expr;
use ruff_text_size::Ranged;

use crate::detect::fact::Evidence;
use crate::detect::facts::{Facts, InProcess};
use crate::detect::python::{Module, assignments, string};
use crate::detect::readiness::{Lack, django};
use crate::detect::tree::Tree;

/// Names whose literal value is a secret in the code.
const SECRETS: [&str; 5] = ["SECRET_KEY", "JWT_SECRET", "JWT_SECRET_KEY", "SECRET", "API_SECRET"];

/// Calls that load a model.
const LOADERS: [&str; 9] = [
    "joblib.load",
    "pickle.load",
    "onnxruntime.InferenceSession",
    "torch.load",
    "torch.jit.load",
    "torch.hub.load",
    "ultralytics.YOLO",
    "sentence_transformers.SentenceTransformer",
    "transformers.pipeline",
];

/// Signing keys that stand in the code as literals.
pub fn secrets(tree: &Tree, facts: &Facts) -> Vec<Lack> {
    let chain = django::chain(tree, facts);
    let modules: Vec<&Module> = if chain.is_empty() { tree.modules().collect() } else { chain };
    let mut lacks = Vec::new();
    for module in modules {
        for (name, value) in module.top_level().into_iter().flat_map(assignments) {
            if SECRETS.contains(&name) && string(value).is_some_and(|text| text.len() >= 8) {
                let mut lines = django::import_os(module);
                lines.push(format!("{name} = os.environ[\"{name}\"]"));
                let message = format!(
                    "{name} stands in the code: everybody who can read the repository can sign with it"
                );
                let line = module.line(value.end());
                lacks.push(
                    Lack::new("secret-in-settings", &module.path, line, message).adding(lines),
                );
            }
        }
    }
    lacks
}

/// SQLite as production's database.
pub fn sqlite(facts: &Facts) -> Option<Lack> {
    if facts.database.value()? != "sqlite" {
        return None;
    }
    let evidence = facts.database.evidence().first()?;
    let message = "SQLite lets one process write at a time, and its file is lost without a volume: the compose file gives it one";
    Some(Lack::new("sqlite", &evidence.path, evidence.line, message))
}

/// Models that importing the code loads: every worker waits for them, and
/// liveness cannot be told from readiness.
pub fn models(tree: &Tree) -> Vec<Lack> {
    let mut lacks = Vec::new();
    for module in tree.modules() {
        let imports = module.imports();
        let loads = |expr: &Expr| {
            let Expr::Call(call) = expr else { return false };
            let Some(name) = imports.resolve(&call.func) else { return false };
            LOADERS.contains(&name.as_str()) || name.ends_with(".from_pretrained")
        };
        let found =
            module.top_level().into_iter().flat_map(assignments).find(|(_, value)| loads(value));
        if let Some((name, value)) = found {
            let message = format!(
                "the model `{name}` is loaded while the code is imported: the server answers nothing until it is there, in each worker; load it in the lifespan or on the first request"
            );
            lacks.push(Lack::new(
                "model-at-import",
                &module.path,
                module.line(value.start()),
                message,
            ));
        }
    }
    lacks
}

/// State in memory that two workers would not share.
pub fn in_process(facts: &Facts) -> Vec<Lack> {
    let lack = |(state, line): &(InProcess, Evidence)| {
        let message = format!("{}; one process is planned. {}", state.why(), state.instead());
        Lack::new("in-process-state", &line.path, line.line, message)
    };
    // A framework that keeps sessions lacks nothing by that.
    let states = facts.in_process.iter().filter(|(state, _)| *state != InProcess::Sessions);
    states.map(lack).collect()
}
