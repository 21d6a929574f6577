//! A Python file as a syntax tree. The parser is error-tolerant: what it
//! could read of a broken file is there.

use std::collections::BTreeMap;
use std::sync::Arc;

use ruff_python_ast::token::TokenKind;
use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Expr, ExprCall, ModModule, PySourceType, Stmt};
use ruff_python_parser::parse_unchecked_source;
use ruff_text_size::{Ranged, TextSize};

use crate::detect::fact::Evidence;

/// A parsed Python file.
#[derive(Debug)]
pub struct Module {
    /// Where it is, relative to the directory that was read.
    pub path: String,
    /// Its statements.
    pub ast: ModModule,
    /// Whether the parser met mistakes.
    pub broken: bool,
    text: Arc<str>,
    line_starts: Vec<u32>,
}

/// Whether a place of a text is in one of its comments.
#[must_use]
pub fn is_comment(text: &str, at: usize) -> bool {
    let parsed = parse_unchecked_source(text, PySourceType::Python);
    parsed.tokens().iter().any(|own| {
        own.kind() == TokenKind::Comment
            && (own.start().to_usize()..own.end().to_usize()).contains(&at)
    })
}

impl Module {
    /// Parses `text`.
    #[must_use]
    pub fn parse(path: &str, text: Arc<str>) -> Self {
        let parsed = parse_unchecked_source(&text, PySourceType::Python);
        let broken = !parsed.errors().is_empty();
        let ast = parsed.into_syntax();
        let newlines = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let line_starts = std::iter::once(0).chain(newlines.map(|(at, _)| at as u32 + 1)).collect();
        Self { path: path.to_owned(), ast, broken, text, line_starts }
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Line of an offset, from 1.
    #[must_use]
    pub fn line(&self, at: TextSize) -> usize {
        self.line_starts.partition_point(|start| *start <= at.to_u32())
    }

    /// The line on which a node begins, as evidence.
    #[must_use]
    pub fn evidence(&self, node: &impl Ranged) -> Evidence {
        let line = self.line(node.start());
        let start = self.line_starts.get(line - 1).map_or(0, |start| *start as usize);
        let end = self.line_starts.get(line).map_or(self.text.len(), |end| *end as usize);
        Evidence::line(&self.path, line, self.text.get(start..end).unwrap_or_default())
    }

    /// The source of a node.
    #[must_use]
    pub fn source(&self, node: &impl Ranged) -> &str {
        &self.text[node.range()]
    }

    /// Statements of the top level, and those inside blocks of it, in order:
    /// what importing the file may run.
    #[must_use]
    pub fn top_level(&self) -> Vec<&Stmt> {
        let mut statements = Vec::new();
        flatten(&self.ast.body, &mut statements);
        statements
    }

    /// What each imported name stands for, over the whole file.
    #[must_use]
    pub fn imports(&self) -> Imports {
        let mut imports = Imports::default();
        collect_imports(&self.ast.body, &mut imports);
        imports
    }
}

/// Statements of a body and those inside its `if`, `try`, `with`, loop and
/// `match` blocks, in order; not those of functions and classes in it.
pub fn flatten<'a>(body: &'a [Stmt], into: &mut Vec<&'a Stmt>) {
    for statement in body {
        into.push(statement);
        match statement {
            Stmt::If(block) => {
                flatten(&block.body, into);
                block.elif_else_clauses.iter().for_each(|clause| flatten(&clause.body, into));
            }
            Stmt::Try(block) => {
                flatten(&block.body, into);
                for handler in &block.handlers {
                    let ruff_python_ast::ExceptHandler::ExceptHandler(handler) = handler;
                    flatten(&handler.body, into);
                }
                flatten(&block.orelse, into);
                flatten(&block.finalbody, into);
            }
            Stmt::With(block) => flatten(&block.body, into),
            Stmt::For(block) => flatten(&block.body, into),
            Stmt::While(block) => flatten(&block.body, into),
            Stmt::Match(block) => {
                block.cases.iter().for_each(|case| flatten(&case.body, into));
            }
            _ => {}
        }
    }
}

/// What an imported name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// Dots before the module: 0 absolute, 1 the same package.
    pub level: u32,
    /// The module's dotted name; empty in `from . import x`.
    pub module: String,
    /// The name taken from it; empty for `import module`.
    pub name: String,
}

impl Import {
    /// The name with its module before it, without the dots of a relative one.
    #[must_use]
    pub fn whole(&self) -> String {
        join(&self.module, &self.name)
    }
}

/// `a` and `b` with a dot between them, where both are there.
#[must_use]
pub fn join(one: &str, other: &str) -> String {
    match (one, other) {
        ("", other) => other.to_owned(),
        (one, "") => one.to_owned(),
        (one, other) => format!("{one}.{other}"),
    }
}

/// Imported names of a file; a later import of a name wins.
#[derive(Clone, Debug, Default)]
pub struct Imports {
    names: BTreeMap<String, Import>,
    /// Modules whose every name was imported (`from x import *`), in order.
    pub stars: Vec<Import>,
}

impl Imports {
    /// What a local name stands for.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Import> {
        self.names.get(name)
    }

    /// Every imported name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Import)> {
        self.names.iter().map(|(name, import)| (name.as_str(), import))
    }

    /// The full dotted name an expression refers to, through the imports:
    /// `fa.FastAPI` after `import fastapi as fa` is `fastapi.FastAPI`. A name
    /// that was not imported stays as it is; relative imports keep their dots.
    #[must_use]
    pub fn resolve(&self, expr: &Expr) -> Option<String> {
        let dotted = dotted(expr)?;
        let (first, rest) = dotted.split_once('.').unwrap_or((&dotted, ""));
        let mut full = String::with_capacity(dotted.len());
        match self.get(first) {
            None => full.push_str(first),
            Some(import) => {
                full.extend((0..import.level).map(|_| '.'));
                full.push_str(&import.module);
                if !import.module.is_empty() && !import.name.is_empty() {
                    full.push('.');
                }
                full.push_str(&import.name);
            }
        }
        if !rest.is_empty() {
            full.push('.');
            full.push_str(rest);
        }
        Some(full)
    }
}

fn collect_imports(body: &[Stmt], imports: &mut Imports) {
    let mut every = Vec::new();
    flatten(body, &mut every);
    for statement in every {
        match statement {
            Stmt::Import(import) => {
                for alias in &import.names {
                    let module = alias.name.as_str();
                    // `import a.b` binds `a`; `import a.b as c` binds the whole.
                    let (local, module) = match &alias.asname {
                        Some(name) => (name.as_str(), module),
                        None => {
                            let first = module.split('.').next().unwrap_or(module);
                            (first, first)
                        }
                    };
                    let import = Import { level: 0, module: module.into(), name: String::new() };
                    imports.names.insert(local.into(), import);
                }
            }
            Stmt::ImportFrom(import) => {
                let module = import.module.as_ref().map_or("", |name| name.as_str());
                for alias in &import.names {
                    let name = alias.name.as_str();
                    let import =
                        Import { level: import.level, module: module.into(), name: name.into() };
                    if name == "*" {
                        imports.stars.push(Import { name: String::new(), ..import });
                    } else {
                        let local = alias.asname.as_ref().unwrap_or(&alias.name);
                        imports.names.insert(local.as_str().into(), import);
                    }
                }
            }
            // Imports inside functions count as well: factories have them.
            Stmt::FunctionDef(function) => collect_imports(&function.body, imports),
            _ => {}
        }
    }
}

/// `a.b.c` as text, for names and attributes of names.
#[must_use]
pub fn dotted(expr: &Expr) -> Option<String> {
    fn write(expr: &Expr, into: &mut String) -> Option<()> {
        match expr {
            Expr::Name(name) => into.push_str(&name.id),
            Expr::Attribute(attribute) => {
                write(&attribute.value, into)?;
                into.push('.');
                into.push_str(&attribute.attr);
            }
            _ => return None,
        }
        Some(())
    }
    let mut text = String::new();
    write(expr, &mut text)?;
    Some(text)
}

/// The value of a string literal (implicit concatenation included).
#[must_use]
pub fn string(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::StringLiteral(literal) => Some(literal.value.to_str()),
        _ => None,
    }
}

/// `name = value` and `name: type = value` of a statement; chained targets
/// (`a = b = value`) give each name. Targets that are no plain names are left
/// out.
#[must_use]
pub fn assignments(statement: &Stmt) -> Vec<(&str, &Expr)> {
    match statement {
        Stmt::Assign(assign) => assign
            .targets
            .iter()
            .filter_map(|target| match target {
                Expr::Name(name) => Some((name.id.as_str(), &*assign.value)),
                _ => None,
            })
            .collect(),
        Stmt::AnnAssign(assign) => match (&*assign.target, &assign.value) {
            (Expr::Name(name), Some(value)) => vec![(name.id.as_str(), &**value)],
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// Every call in a body, those inside functions and classes included.
#[must_use]
pub fn calls(body: &[Stmt]) -> Vec<&ExprCall> {
    struct Calls<'a>(Vec<&'a ExprCall>);
    impl<'a> Visitor<'a> for Calls<'a> {
        fn visit_expr(&mut self, expr: &'a Expr) {
            if let Expr::Call(call) = expr {
                self.0.push(call);
            }
            visitor::walk_expr(self, expr);
        }
    }
    let mut calls = Calls(Vec::new());
    calls.visit_body(body);
    calls.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_resolved_through_imports() {
        let text = "import fastapi as fa\nfrom .core import app as application\nimport a.b\nx = fa.FastAPI()\ny = application\nz = a.b.c\n";
        let module = Module::parse("m.py", text.into());
        let imports = module.imports();
        let resolved: Vec<String> = module
            .top_level()
            .iter()
            .flat_map(|statement| assignments(statement))
            .filter_map(|(_, value)| match value {
                Expr::Call(call) => imports.resolve(&call.func),
                other => imports.resolve(other),
            })
            .collect();
        assert_eq!(resolved, ["fastapi.FastAPI", ".core.app", "a.b.c"]);
    }

    #[test]
    fn a_broken_file_gives_what_could_be_read() {
        let module = Module::parse("m.py", "app = FastAPI()\ndef broken(:\n  pass\n".into());
        assert!(module.broken);
        let names: Vec<&str> =
            module.top_level().iter().flat_map(|s| assignments(s)).map(|(name, _)| name).collect();
        assert_eq!(names, ["app"]);
    }
}
