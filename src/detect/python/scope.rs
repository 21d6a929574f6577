//! Where an expression stands, and what names of the repository lead to.

use ruff_python_ast::{Stmt, StmtClassDef, StmtFunctionDef};
use ruff_text_size::{Ranged, TextRange};

use super::modules::Found;
use super::syntax::{Module, flatten};

/// Where an expression stands.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    /// The file.
    pub module: &'a Module,
    /// The class around it.
    pub class: Option<&'a StmtClassDef>,
    /// The function around it.
    pub function: Option<&'a StmtFunctionDef>,
}

impl<'a> Scope<'a> {
    /// The top level of a file.
    #[must_use]
    pub const fn top(module: &'a Module) -> Self {
        Self { module, class: None, function: None }
    }

    /// Where a node of a file stands.
    #[must_use]
    pub fn around(module: &'a Module, node: &impl Ranged) -> Self {
        fn enter<'a>(scope: &mut Scope<'a>, body: &'a [Stmt], range: TextRange) {
            let mut statements = Vec::new();
            flatten(body, &mut statements);
            for statement in statements.into_iter().filter(|it| it.range().contains_range(range)) {
                match statement {
                    Stmt::FunctionDef(function) => {
                        scope.function = Some(function);
                        return enter(scope, &function.body, range);
                    }
                    Stmt::ClassDef(class) => {
                        (scope.class, scope.function) = (Some(class), None);
                        return enter(scope, &class.body, range);
                    }
                    _ => {}
                }
            }
        }
        let mut scope = Self::top(module);
        enter(&mut scope, &module.ast.body, node.range());
        scope
    }
}

/// What a name of the repository leads to.
#[derive(Clone)]
pub enum Defined<'a> {
    /// A function, and where it stands; its own is the scope's.
    Function(Scope<'a>),
    /// A class.
    Class(&'a Module, &'a StmtClassDef),
    /// A module or package.
    Module(Found),
}
