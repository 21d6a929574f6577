//! Machine learning: the framework that loads a model, and the model files.

use std::collections::BTreeMap;

use ruff_python_ast::visitor::{Visitor, walk_expr};
use ruff_python_ast::{Expr, ExprCall};

use crate::detect::deps::{Dependencies, path};
use crate::detect::fact::{Evidence, Fact};
use crate::detect::facts::Ml;
use crate::detect::python::{Imports, Module, string};
use crate::detect::scope;
use crate::detect::tree::Tree;

/// Frameworks by the packages that bring them; where several are installed
/// and no code decides, the first.
const PACKAGES: [(&str, &str); 12] = [
    ("ultralytics", "ultralytics"),
    ("onnxruntime", "onnxruntime"),
    ("onnxruntime-gpu", "onnxruntime"),
    ("transformers", "transformers"),
    ("sentence-transformers", "transformers"),
    ("diffusers", "transformers"),
    ("torch", "torch"),
    ("torchvision", "torch"),
    ("tensorflow", "tensorflow"),
    ("tensorflow-cpu", "tensorflow"),
    ("keras", "tensorflow"),
    ("scikit-learn", "scikit-learn"),
];

/// Ends of the full names of functions that load a model.
const LOADERS: [(&str, &str); 15] = [
    ("InferenceSession", "onnxruntime"),
    ("ultralytics.YOLO", "ultralytics"),
    ("torch.load", "torch"),
    ("torch.jit.load", "torch"),
    ("torch.hub.load", "torch"),
    ("torchvision.models", "torch"),
    ("from_pretrained", "transformers"),
    ("transformers.pipeline", "transformers"),
    ("SentenceTransformer", "transformers"),
    ("load_model", "tensorflow"),
    ("joblib.load", "scikit-learn"),
    ("pickle.load", "scikit-learn"),
    ("dill.load", "scikit-learn"),
    ("cloudpickle.load", "scikit-learn"),
    ("skops.io.load", "scikit-learn"),
];

/// Ends of the names of model files.
const MODEL_FILES: [&str; 12] = [
    ".onnx",
    ".pt",
    ".pth",
    ".joblib",
    ".pkl",
    ".pickle",
    ".h5",
    ".keras",
    ".safetensors",
    ".tflite",
    ".cbm",
    ".skops",
];

/// Finds the framework and its models.
#[must_use]
pub fn find(tree: &Tree, dependencies: &Dependencies, root: &str) -> Fact<Ml> {
    let installed: Vec<(&str, &str)> =
        PACKAGES.into_iter().filter(|(name, _)| dependencies.installs(name)).collect();
    let Some((package, framework)) = installed.first().copied() else {
        return Fact::Unknown;
    };
    let loads = loads(tree, root, &installed);
    let mut evidence = Vec::new();
    let chosen = most_named(&loads, &installed).unwrap_or(framework);
    let from = installed.iter().find(|(_, name)| *name == chosen).map_or(package, |(name, _)| name);
    evidence.extend(dependencies.get(from).map(|one| one.evidence.clone()));
    evidence.extend(
        loads
            .iter()
            .filter(|load| load.framework == chosen)
            .map(|load| load.evidence.clone())
            .take(3),
    );
    // scikit-learn is often there for a metric or a split alone.
    let models = models(tree, &loads);
    if chosen == "scikit-learn" && loads.is_empty() && models.is_empty() {
        return Fact::Unknown;
    }
    if evidence.is_empty() {
        evidence.extend(dependencies.files.first().map(|file| Evidence::file(file)));
    }
    let ml = Ml { framework: chosen.to_owned(), models };
    Fact::Known(ml, evidence)
}

/// A call that loads a model.
struct Load {
    framework: &'static str,
    /// The path or name it is given, as written.
    named: Option<String>,
    file: String,
    evidence: Evidence,
}

/// Files that may load a model are read only where a framework is installed.
fn loads(tree: &Tree, root: &str, installed: &[(&str, &str)]) -> Vec<Load> {
    let mut found = Vec::new();
    let python = tree.below(root).filter(|path| path.ends_with(".py") && scope::counts(path));
    for path in python {
        let text = tree.text(path).unwrap_or_default();
        let marked =
            LOADERS.iter().any(|(name, _)| text.contains(name.rsplit('.').next().unwrap_or(name)));
        let Some(module) = marked.then(|| tree.python(path)).flatten() else { continue };
        let mut finder = Finder { module, imports: module.imports(), found: Vec::new() };
        finder.visit_body(&module.ast.body);
        found.extend(finder.found);
    }
    let is_installed = |load: &Load| installed.iter().any(|(_, name)| *name == load.framework);
    found.retain(is_installed);
    found
}

struct Finder<'a> {
    module: &'a Module,
    imports: Imports,
    found: Vec<Load>,
}

impl Finder<'_> {
    fn call(&mut self, call: &ExprCall) {
        let name = self.imports.resolve(&call.func).or_else(|| match &*call.func {
            Expr::Attribute(attribute) => Some(attribute.attr.to_string()),
            _ => None,
        });
        let Some(name) = name else { return };
        let ends = |end: &str| {
            name.strip_suffix(end).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        let Some((_, framework)) = LOADERS.iter().find(|(end, _)| ends(end)) else { return };
        let first = call.arguments.args.first();
        let named = first.and_then(|value| self.path_in(value, 0));
        self.found.push(Load {
            framework,
            named,
            file: self.module.path.clone(),
            evidence: self.module.evidence(call),
        });
    }

    /// The file an expression names: a string, a name of one, `open("…")`,
    /// `Path("…")`, `os.path.join(…, "…")`, `BASE / "…"`.
    fn path_in(&self, value: &Expr, depth: usize) -> Option<String> {
        /// Names may refer to each other in a circle.
        const DEEPEST: usize = 4;
        if depth > DEEPEST {
            return None;
        }
        match value {
            Expr::StringLiteral(_) => string(value).map(ToOwned::to_owned),
            Expr::Call(call) => {
                let mut parts = call.arguments.args.iter();
                let file = parts.rfind(|part| {
                    self.path_in(part, depth + 1).is_some_and(|text| text.contains('.'))
                });
                file.and_then(|part| self.path_in(part, depth + 1))
            }
            Expr::BinOp(division) => {
                let right = self.path_in(&division.right, depth + 1)?;
                match self.path_in(&division.left, depth + 1) {
                    Some(left) => Some(format!("{left}/{right}")),
                    None => Some(right),
                }
            }
            Expr::Name(name) => {
                let statements = self.module.top_level();
                let assigned =
                    statements.iter().flat_map(|one| crate::detect::python::assignments(one));
                let mut values = assigned.filter(|(target, _)| *target == name.id.as_str());
                let (_, value) = values.next()?;
                self.path_in(value, depth + 1)
            }
            _ => None,
        }
    }
}

impl<'a> Visitor<'a> for Finder<'_> {
    fn visit_expr(&mut self, expr: &'a Expr) {
        if let Expr::Call(call) = expr {
            self.call(call);
        }
        walk_expr(self, expr);
    }
}

/// The framework most calls load with; of equal ones the first in rank.
fn most_named(loads: &[Load], installed: &[(&str, &'static str)]) -> Option<&'static str> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for load in loads {
        *counts.entry(load.framework).or_default() += 1;
    }
    let count = |name: &str| counts.get(name).copied().unwrap_or_default();
    let most = installed.iter().map(|(_, name)| count(name)).max().filter(|most| *most > 0)?;
    installed.iter().find(|(_, name)| count(name) == most).map(|(_, name)| *name)
}

/// Model files in the tree, and those that code names but the tree has not.
fn models(tree: &Tree, loads: &[Load]) -> Vec<String> {
    let is_model = |file: &str| {
        let lower = file.to_ascii_lowercase();
        MODEL_FILES.iter().any(|end| lower.ends_with(end))
    };
    let mut models: Vec<String> = tree
        .paths()
        .filter(|file| is_model(file) && scope::counts(file))
        .map(ToOwned::to_owned)
        .collect();
    for load in loads {
        let Some(named) =
            load.named.as_deref().filter(|named| is_model(named) || named.starts_with("./"))
        else {
            continue;
        };
        let beside = path::upwards(path::parent(&load.file))
            .filter_map(|directory| path::join(directory, named))
            .find(|file| tree.has(file) || tree.has_directory(file));
        let name = path::file_name(named);
        let known = models.iter().any(|model| path::file_name(model) == name);
        let absent = || path::join(".", named).filter(|_| !known);
        if let Some(file) = beside.or_else(absent)
            && !models.contains(&file)
        {
            models.push(file);
        }
    }
    models
}

#[cfg(test)]
mod tests {
    use assert_fs::TempDir;
    use assert_fs::prelude::*;

    use super::*;

    fn ml(files: &[(&str, &str)]) -> Option<Ml> {
        let directory = TempDir::new().unwrap();
        for (path, text) in files {
            directory.child(path).write_str(text).unwrap();
        }
        let tree = Tree::read(directory.path()).unwrap();
        let dependencies = Dependencies::of(&tree, ".");
        find(&tree, &dependencies, ".").value().cloned()
    }

    #[test]
    fn what_the_code_loads_with_decides_between_frameworks() {
        let code = "import onnxruntime as rt\nsession = rt.InferenceSession('weights/net.onnx')\n";
        let found = ml(&[
            ("requirements.txt", "torch\ntransformers\nonnxruntime\n"),
            ("svc/main.py", code),
        ]);
        let found = found.unwrap();
        assert_eq!(
            (found.framework.as_str(), found.models),
            ("onnxruntime", vec!["weights/net.onnx".to_owned()])
        );
    }

    #[test]
    fn models_in_the_tree_are_found_through_names_and_joins() {
        let code = "import os, joblib\nPATH = os.path.join(os.path.dirname(__file__), 'clf.joblib')\nmodel = joblib.load(PATH)\n";
        let found = ml(&[
            ("requirements.txt", "scikit-learn\n"),
            ("svc/main.py", code),
            ("svc/clf.joblib", "x"),
            ("tests/other.pkl", "x"),
        ]);
        assert_eq!(found.unwrap().models, ["svc/clf.joblib"]);
    }

    #[test]
    fn a_package_for_a_metric_alone_is_no_model_server() {
        assert!(ml(&[("requirements.txt", "scikit-learn\n")]).is_none());
    }
}
