//! State that a container or a second worker would lose: secrets in the
//! code, SQLite, models loaded at import, memory shared by requests.

use ruff_python_ast::visitor::{Visitor, walk_expr};
use ruff_python_ast::{Expr, Stmt};
use ruff_text_size::Ranged;

use crate::detect::fact::Evidence;
use crate::detect::facts::{Facts, InProcess};
use crate::detect::python::{Module, assignments, string};
use crate::detect::readiness::{Lack, application, django};
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

/// Calls that make the tables of a database.
const MAKERS: [&str; 3] = ["create_all", "create_tables", "init_db"];

/// Tables that only `python app.py` makes: a server imports the module, and the
/// block under `__main__` never runs.
pub fn tables(tree: &Tree, facts: &Facts) -> Option<Lack> {
    if facts.migrates() || !facts.database.is_known() {
        return None;
    }
    let (path, _) = application(tree, facts)?;
    let module = tree.python(&path)?;
    let (elsewhere, main): (Vec<&Stmt>, Vec<&Stmt>) =
        module.ast.body.iter().partition(|statement| !is_main(statement));
    let made = |statements: &[&Stmt]| statements.iter().any(|own| makes_tables(own));
    // A function of that name is one until it is called.
    let elsewhere: Vec<&Stmt> =
        elsewhere.into_iter().filter(|own| !own.is_function_def_stmt()).collect();
    if made(&elsewhere) {
        return None;
    }
    let block = main.first().and_then(|own| own.as_if_stmt())?;
    let making: Vec<&Stmt> = block.body.iter().filter(|own| makes_tables(own)).collect();
    let first = making.first()?;
    let lines: Vec<String> = making.iter().flat_map(|own| dedented(module, own)).collect();
    let line = module.line(first.start());
    // What a step of its own can do is done, and lacks nothing.
    let place = format!("{path}:{line}");
    if facts.previous.prepares.iter().any(|own| own.place == place) {
        return None;
    }
    let above = module.line(block.start()).saturating_sub(1);
    let message = format!(
        "the tables are made under `__main__` alone (line {line}), where a server never comes: every query fails until these lines stand above that block, or have run once"
    );
    Some(Lack::new("tables-not-made", &path, above, message).adding(lines))
}

fn is_main(statement: &Stmt) -> bool {
    let Some(block) = statement.as_if_stmt() else { return false };
    let Some(test) = block.test.as_compare_expr() else { return false };
    let sides = [Some(&*test.left), test.comparators.first()];
    let named = |expr: &Expr| expr.as_name_expr().is_some_and(|own| own.id == "__name__");
    sides.iter().flatten().any(|side| named(side))
        && sides.iter().flatten().any(|side| string(side) == Some("__main__"))
}

fn makes_tables(statement: &Stmt) -> bool {
    struct Calls(bool);
    impl<'a> Visitor<'a> for Calls {
        fn visit_expr(&mut self, expr: &'a Expr) {
            if let Expr::Call(call) = expr {
                let name = match &*call.func {
                    Expr::Attribute(own) => own.attr.as_str(),
                    Expr::Name(own) => own.id.as_str(),
                    _ => "",
                };
                self.0 |= MAKERS.contains(&name);
            }
            walk_expr(self, expr);
        }
    }
    let mut calls = Calls(false);
    calls.visit_stmt(statement);
    calls.0
}

/// The lines of a statement, without the indentation of the block it is in.
fn dedented(module: &Module, statement: &Stmt) -> Vec<String> {
    let (from, to) = (module.line(statement.start()), module.line(statement.end()));
    let lines: Vec<&str> = module.text().lines().skip(from - 1).take(to + 1 - from).collect();
    let indent = lines.first().map_or(0, |own| own.len() - own.trim_start().len());
    lines.iter().map(|own| own.get(indent..).unwrap_or(own.trim_start()).to_owned()).collect()
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
