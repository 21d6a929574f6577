//! The code that production imports: reached from the application, the
//! settings and Celery, module by module.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Expr, Stmt, StmtClassDef, StmtFunctionDef};

use crate::detect::python::{Imports, Module, assignments, string};
use crate::detect::scope;
use crate::detect::services::Context;
use crate::detect::services::branch::{When, branches, is_for_another_environment};

/// More modules than this are followed only where they hold a marker.
const MOST_MODULES: usize = 4000;

/// Text without which a file of an installed application says nothing about
/// services, variables or paths.
const TELLING: [&str; 37] = [
    "environ",
    "getenv",
    "env(",
    "env.",
    "config(",
    "config[",
    "config.",
    "redis",
    "Redis",
    "elery",
    "://",
    "open(",
    "mkdir",
    "makedirs",
    "write_text",
    "write_bytes",
    "UPLOAD",
    "Settings",
    "create_engine",
    "create_async_engine",
    "beat",
    "roker",
    "cache_dir",
    "FileHandler",
    "uvicorn",
    "port=",
    "Database(",
    "MongoClient",
    "MotorClient",
    "connect(",
    "memcache",
    "valkey",
    "uey",
    "basicConfig",
    "periodic_task",
    "urlpatterns",
    "import_",
];

static TELLING_FINDER: LazyLock<AhoCorasick> =
    LazyLock::new(|| AhoCorasick::new(TELLING).expect("the words are plain text"));

/// Whether a file may say something about services, variables or paths.
#[must_use]
pub fn tells(text: &str) -> bool {
    TELLING_FINDER.is_match(text)
}

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

/// What production imports.
pub struct Project<'a> {
    /// What everything was found out from.
    pub context: Context<'a>,
    /// Its modules, in the order they were reached.
    pub modules: Vec<&'a Module>,
    /// Paths of the settings module and what it takes its names from.
    pub settings: Vec<&'a Module>,
    imports: RefCell<BTreeMap<&'a str, Rc<Imports>>>,
    names: RefCell<BTreeMap<&'a str, Rc<Names<'a>>>>,
    definitions: RefCell<BTreeMap<&'a str, Rc<Definitions<'a>>>>,
}

impl<'a> Project<'a> {
    /// Follows the imports of what starts.
    #[must_use]
    pub fn new(context: Context<'a>) -> Self {
        let mut project = Self {
            context,
            modules: Vec::new(),
            settings: Vec::new(),
            imports: RefCell::default(),
            names: RefCell::default(),
            definitions: RefCell::default(),
        };
        project.settings = project.settings_chain();
        let mut entries = project.entries();
        entries.extend(project.settings.iter().copied());
        project.modules = if entries.is_empty() {
            let root = context.startup.root();
            let below: BTreeSet<&str> = context.tree.below(root).collect();
            context.tree.modules().filter(|module| below.contains(module.path.as_str())).collect()
        } else {
            project.reach(entries)
        };
        project
    }

    /// A module of the repository by its dotted name, as `from` would import
    /// it.
    #[must_use]
    pub fn locate(&self, from: &str, level: u32, dotted: &str) -> Option<&'a Module> {
        let directory = from.rsplit_once('/').map_or("", |(directory, _)| directory);
        if level > 0 {
            let mut base = directory;
            for _ in 1..level {
                base = base.rsplit_once('/').map_or("", |(above, _)| above);
            }
            return self.module_in(base, dotted);
        }
        let root = match self.context.startup.root() {
            "." => "",
            root => root,
        };
        let mut bases = vec![root, ""];
        let mut above = directory;
        while !above.is_empty() {
            bases.push(above);
            above = above.rsplit_once('/').map_or("", |(above, _)| above);
        }
        bases.into_iter().find_map(|base| self.module_in(base, dotted))
    }

    fn module_in(&self, base: &str, dotted: &str) -> Option<&'a Module> {
        let last = dotted.rsplit(['.', '/']).find(|part| !part.is_empty());
        if last.is_some_and(|last| !self.context.tree.names_module(last)) {
            return None;
        }
        let mut path = base.to_owned();
        for part in dotted.split('.').filter(|part| !part.is_empty()) {
            if !path.is_empty() {
                path.push('/');
            }
            path.push_str(part);
        }
        let package =
            if path.is_empty() { "__init__.py".into() } else { format!("{path}/__init__.py") };
        let tree = self.context.tree;
        tree.python(&format!("{path}.py")).or_else(|| tree.python(&package))
    }

    /// The imports of a module.
    #[must_use]
    pub fn imports(&self, module: &'a Module) -> Rc<Imports> {
        let mut cache = self.imports.borrow_mut();
        Rc::clone(cache.entry(&module.path).or_insert_with(|| Rc::new(module.imports())))
    }

    /// The names that importing a module gives a value.
    #[must_use]
    pub fn names(&self, module: &'a Module) -> Rc<Names<'a>> {
        let mut cache = self.names.borrow_mut();
        let names = cache.entry(&module.path).or_insert_with(|| Rc::new(names(&module.ast.body)));
        Rc::clone(names)
    }

    /// The classes and functions of a module.
    #[must_use]
    pub fn definitions(&self, module: &'a Module) -> Rc<Definitions<'a>> {
        let mut cache = self.definitions.borrow_mut();
        let definitions = cache.entry(&module.path).or_insert_with(|| {
            let mut found = Definitions::default();
            for statement in module.top_level() {
                match statement {
                    Stmt::ClassDef(class) => {
                        found.classes.entry(&class.name).or_insert(class);
                    }
                    // The last one counts; those before it may be overloads.
                    Stmt::FunctionDef(function) => {
                        found.functions.insert(&function.name, function);
                    }
                    _ => {}
                }
            }
            Rc::new(found)
        });
        Rc::clone(definitions)
    }

    /// A class by the name an expression gives it.
    #[must_use]
    pub fn class(&self, module: &'a Module, name: &str) -> Option<(&'a Module, &'a StmtClassDef)> {
        self.class_within(module, name, 6)
    }

    fn class_within(
        &self,
        module: &'a Module,
        name: &str,
        depth: u8,
    ) -> Option<(&'a Module, &'a StmtClassDef)> {
        let depth = depth.checked_sub(1)?;
        let (first, rest) = name.split_once('.').unwrap_or((name, ""));
        let own = || self.definitions(module).classes.get(name).copied();
        if let Some(class) = rest.is_empty().then(own).flatten() {
            return Some((module, class));
        }
        let imports = self.imports(module);
        if let Some(import) = imports.get(first) {
            if rest.is_empty() {
                let source = self.locate(&module.path, import.level, &import.module)?;
                return self.class_within(source, &import.name, depth);
            }
            let dotted = join(&import.module, &import.name);
            let source = self.locate(&module.path, import.level, &dotted)?;
            return self.class_within(source, rest, depth);
        }
        imports.stars.iter().find_map(|star| {
            let source = self.locate(&module.path, star.level, &star.module)?;
            self.class_within(source, name, depth)
        })
    }

    /// The settings module, and those whose names it takes with `*`: nearest
    /// first.
    fn settings_chain(&self) -> Vec<&'a Module> {
        let mut chain: Vec<&'a Module> = Vec::new();
        let Some(name) = self.context.startup.settings.value() else { return chain };
        let Some(first) = self.locate("", 0, name) else { return chain };
        let mut open = VecDeque::from([first]);
        while let Some(module) = open.pop_front() {
            if chain.iter().any(|known| known.path == module.path) {
                continue;
            }
            chain.push(module);
            for (when, star) in stars(&module.ast.body, When::Always) {
                let skipped = when == When::Never
                    || (when == When::Maybe && is_for_another_environment(&star.1));
                if !skipped && let Some(next) = self.locate(&module.path, star.0, &star.1) {
                    open.push_back(next);
                }
            }
        }
        chain
    }

    /// The application's module and Celery's.
    fn entries(&self) -> Vec<&'a Module> {
        let startup = self.context.startup;
        let known = startup.app.value().into_iter();
        let candidates = startup.app.candidates().iter().map(|(app, _)| app);
        let mut entries: Vec<&'a Module> = known
            .chain(candidates)
            .filter_map(|app| self.locate("", 0, app.split(':').next().unwrap_or(app)))
            .collect();
        if !entries.is_empty() {
            let root = startup.root();
            let below: BTreeSet<&str> = self.context.tree.below(root).collect();
            let workers = self.context.tree.modules().filter(|module| {
                below.contains(module.path.as_str()) && module.text().contains("Celery(")
            });
            entries.extend(workers);
        }
        entries
    }

    fn reach(&self, entries: Vec<&'a Module>) -> Vec<&'a Module> {
        let mut reached: Vec<&'a Module> = Vec::new();
        let mut seen: BTreeSet<&'a str> = BTreeSet::new();
        let mut open: VecDeque<&'a Module> = entries.into();
        let settings: BTreeSet<&str> =
            self.settings.iter().map(|module| module.path.as_str()).collect();
        while let Some(module) = open.pop_front() {
            if reached.len() >= MOST_MODULES || !seen.insert(&module.path) {
                continue;
            }
            reached.push(module);
            let mut links = Links { when: When::Always, found: BTreeMap::new() };
            links.visit_body(&module.ast.body);
            for ((level, dotted, text), when) in links.found {
                if when == When::Never || (text && !dotted.contains('.')) {
                    continue;
                }
                let other = is_for_another_environment(&dotted) && dotted.contains("settings");
                for found in self.packages(&module.path, level, &dotted) {
                    let skipped = other && !settings.contains(found.path.as_str()) && text;
                    if !skipped && found.path != module.path {
                        open.push_back(found);
                    }
                }
            }
            if settings.contains(module.path.as_str()) {
                open.extend(self.installed_apps(module));
            }
        }
        reached
    }

    /// `a.b.c` is `a/__init__.py`, `a/b/__init__.py` and `a/b/c.py`, as far as
    /// they are modules; what follows may be a name in the last of them.
    fn packages(&self, from: &str, level: u32, dotted: &str) -> Vec<&'a Module> {
        if level > 0 && dotted.is_empty() {
            return self.locate(from, level, "").into_iter().collect();
        }
        let ends = dotted.match_indices('.').map(|(at, _)| at).chain([dotted.len()]);
        ends.filter_map(|end| self.locate(from, level, &dotted[..end])).collect()
    }

    /// Every module of the applications that Django's settings install.
    fn installed_apps(&self, settings: &'a Module) -> Vec<&'a Module> {
        let mut found = Vec::new();
        for name in strings_of_lists(&settings.ast.body) {
            let mut dotted = name;
            while self.locate(&settings.path, 0, dotted).is_none() {
                let Some((above, _)) = dotted.rsplit_once('.') else { break };
                dotted = above;
            }
            let Some(module) = self.locate(&settings.path, 0, dotted) else { continue };
            let Some(package) = module.path.strip_suffix("/__init__.py") else { continue };
            for path in self.context.tree.below(package) {
                let code = path.ends_with(".py") && is_application_code(&path[package.len() + 1..]);
                if code && self.context.tree.text(path).is_some_and(tells) {
                    found.extend(self.context.tree.python(path));
                }
            }
        }
        found
    }
}

/// Whether a file of an installed application runs in production.
fn is_application_code(path: &str) -> bool {
    scope::counts(path)
        && !path.split('/').any(|part| {
            matches!(part, "management" | "scripts" | "settings")
                || part.starts_with("settings_")
                || part == "settings.py"
        })
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

/// `from x import *` of a body: level and module.
fn stars(body: &[Stmt], outer: When) -> Vec<(When, (u32, String))> {
    let mut found = Vec::new();
    for (when, statement) in reached(body, outer) {
        if let Stmt::ImportFrom(import) = statement
            && import.names.iter().any(|alias| alias.name.as_str() == "*")
        {
            let module = import.module.as_ref().map_or("", |name| name.as_str());
            found.push((when, (import.level, module.to_owned())));
        }
    }
    found
}

/// Strings in lists and tuples that a body assigns to or adds to names ending
/// in `APPS`.
fn strings_of_lists(body: &[Stmt]) -> Vec<&str> {
    struct Strings<'a>(Vec<&'a str>);
    impl<'a> Visitor<'a> for Strings<'a> {
        fn visit_expr(&mut self, expr: &'a Expr) {
            if let Some(text) = string(expr) {
                self.0.push(text);
            }
            visitor::walk_expr(self, expr);
        }
    }
    let mut strings = Strings(Vec::new());
    for (when, statement) in reached(body, When::Always) {
        let named = |expr: &Expr| matches!(expr, Expr::Name(name) if name.id.ends_with("APPS"));
        let apps = match statement {
            Stmt::Assign(assign) => assign.targets.iter().any(named),
            Stmt::AnnAssign(assign) => named(&assign.target),
            Stmt::AugAssign(assign) => named(&assign.target),
            Stmt::Expr(expr) => match &*expr.value {
                Expr::Call(call) => match &*call.func {
                    Expr::Attribute(attribute) => named(&attribute.value),
                    _ => false,
                },
                _ => false,
            },
            _ => false,
        };
        if apps && when != When::Never {
            strings.visit_stmt(statement);
        }
    }
    strings.0
}

/// Modules a module names: level, dotted name, and whether only a string does.
struct Links {
    when: When,
    found: BTreeMap<(u32, String, bool), When>,
}

impl Links {
    fn note(&mut self, level: u32, dotted: String, text: bool) {
        let when = self.when;
        let known = self.found.entry((level, dotted, text)).or_insert(when);
        *known = (*known).min(when);
    }
}

impl<'a> Visitor<'a> for Links {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::Import(import) => {
                for alias in &import.names {
                    self.note(0, alias.name.to_string(), false);
                }
            }
            Stmt::ImportFrom(import) => {
                let module = import.module.as_ref().map_or("", |name| name.as_str());
                for alias in &import.names {
                    let name = if alias.name.as_str() == "*" { "" } else { alias.name.as_str() };
                    self.note(import.level, join(module, name), false);
                }
            }
            Stmt::If(block) => {
                let outer = self.when;
                let (taken, rest) = branches(&block.test);
                self.when = taken.within(outer);
                self.visit_body(&block.body);
                self.when = rest.within(outer);
                for clause in &block.elif_else_clauses {
                    self.visit_body(&clause.body);
                }
                self.when = outer;
            }
            _ => visitor::walk_stmt(self, statement),
        }
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        if let Expr::Call(call) = expr
            && call.arguments.args.iter().any(|it| string(it) == Some("DJANGO_SETTINGS_MODULE"))
        {
            return;
        }
        if let Some(text) = string(expr) {
            let dotted = text.split(':').next().unwrap_or(text);
            let part = |part: &str| {
                !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || c == '_')
            };
            if dotted.len() < 200 && dotted.split('.').all(part) {
                self.note(0, dotted.to_owned(), true);
            }
        }
        visitor::walk_expr(self, expr);
    }
}
