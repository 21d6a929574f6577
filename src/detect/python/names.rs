//! The names that a body gives a value, and which of its statements production
//! reaches.

use std::collections::BTreeMap;

use ruff_python_ast::{Expr, Stmt, StmtClassDef, StmtFunctionDef};

use super::branch::{When, branches};
use super::syntax::assignments;

/// A name that a module or a class gives a value.
pub type Names<'a> = BTreeMap<&'a str, Vec<(When, &'a Expr)>>;

/// Classes and functions of a module's top level.
#[derive(Default)]
pub struct Definitions<'a> {
    /// Classes by name.
    pub classes: BTreeMap<&'a str, &'a StmtClassDef>,
    /// Functions by name.
    pub functions: BTreeMap<&'a str, &'a StmtFunctionDef>,
}

/// `name = value` in a body and the blocks in it, each with whether
/// production reaches it; the last comes last.
#[must_use]
pub fn names(body: &[Stmt]) -> Names<'_> {
    let mut names = Names::new();
    for (when, statement) in reached(body, When::Always) {
        for (name, value) in assignments(statement) {
            names.entry(name).or_default().push((when, value));
        }
        // `if value := os.getenv("X"):`.
        if let Stmt::If(block) = statement
            && let Expr::Named(named) = &*block.test
            && let Expr::Name(name) = &*named.target
        {
            names.entry(name.id.as_str()).or_default().push((when, &*named.value));
        }
    }
    names
}

/// The statements of a body and of the blocks in it, without those of
/// functions and classes.
#[must_use]
pub fn reached(body: &[Stmt], outer: When) -> Vec<(When, &Stmt)> {
    let mut found = Vec::new();
    reach_into(body, outer, &mut found);
    found
}

fn reach_into<'a>(body: &'a [Stmt], outer: When, found: &mut Vec<(When, &'a Stmt)>) {
    for statement in body {
        found.push((outer, statement));
        match statement {
            Stmt::If(block) => {
                let (mut taken, mut rest) = branches(&block.test);
                reach_into(&block.body, taken.within(outer), found);
                for clause in &block.elif_else_clauses {
                    let before = rest;
                    if let Some(test) = &clause.test {
                        (taken, rest) = branches(test);
                        // What an earlier branch leaves open stays open.
                        rest = rest.within(before);
                    } else {
                        taken = When::Always;
                    }
                    reach_into(&clause.body, taken.within(before).within(outer), found);
                }
            }
            Stmt::Try(block) => {
                reach_into(&block.body, outer, found);
                for handler in &block.handlers {
                    let ruff_python_ast::ExceptHandler::ExceptHandler(handler) = handler;
                    reach_into(&handler.body, When::Maybe.within(outer), found);
                }
                reach_into(&block.orelse, outer, found);
                reach_into(&block.finalbody, outer, found);
            }
            Stmt::With(block) => reach_into(&block.body, outer, found),
            Stmt::For(block) => reach_into(&block.body, When::Maybe.within(outer), found),
            Stmt::While(block) => reach_into(&block.body, When::Maybe.within(outer), found),
            _ => {}
        }
    }
}
