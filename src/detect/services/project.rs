//! The code that production imports: reached from the application, the
//! settings and Celery, module by module.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Expr, Stmt};

use crate::detect::python::{Module, Modules, Project, When, branches, join, reached, string};
use crate::detect::scope;
use crate::detect::services::Context;
use crate::environments::is_for_another;

/// More modules than this are followed only where they hold a marker.
const MOST_MODULES: usize = 4000;

/// Text without which a file of an installed application says nothing about
/// services, variables or paths.
const TELLING: [&str; 52] = [
    ".listen(",
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
    "UploadFile",
    "_SIZE",
    "StaticFiles",
    "Jinja2Templates",
    "static_folder",
    "send_from_directory",
    "_DIRS",
    "from_pretrained",
    "Transformer",
    "pipeline(",
    "load_model",
    "hub",
    "nltk",
    "tiktoken",
];

static TELLING_FINDER: LazyLock<AhoCorasick> =
    LazyLock::new(|| AhoCorasick::new(TELLING).expect("the words are plain text"));

/// Whether a file may say something about services, variables or paths.
#[must_use]
pub fn tells(text: &str) -> bool {
    TELLING_FINDER.is_match(text)
}

/// What production imports: follows the imports of what starts.
#[must_use]
pub fn of<'p, 'a>(context: Context<'a>, graph: &'p Modules<'a>) -> Project<'p, 'a> {
    let search = Search { context, graph };
    let settings = search.settings_chain();
    let mut entries = search.entries();
    entries.extend(settings.iter().copied());
    let modules = if entries.is_empty() {
        let root = context.startup.root();
        let below: BTreeSet<&str> = context.tree.below(root).collect();
        context.tree.modules().filter(|module| below.contains(module.path.as_str())).collect()
    } else {
        search.reach(entries, &settings)
    };
    Project { graph, modules, settings }
}

struct Search<'p, 'a> {
    context: Context<'a>,
    graph: &'p Modules<'a>,
}

impl<'a> Search<'_, 'a> {
    /// The settings module, and those whose names it takes with `*`: nearest
    /// first.
    fn settings_chain(&self) -> Vec<&'a Module> {
        let mut chain: Vec<&'a Module> = Vec::new();
        let Some(name) = self.context.startup.settings.value() else { return chain };
        let Some(first) = self.graph.locate("", 0, name) else { return chain };
        let mut open = VecDeque::from([first]);
        while let Some(module) = open.pop_front() {
            if chain.iter().any(|known| known.path == module.path) {
                continue;
            }
            chain.push(module);
            for (when, star) in stars(&module.ast.body, When::Always) {
                let skipped =
                    when == When::Never || (when == When::Maybe && is_for_another(&star.1));
                if !skipped && let Some(next) = self.graph.locate(&module.path, star.0, &star.1) {
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
            .filter_map(|app| self.graph.locate("", 0, app.split(':').next().unwrap_or(app)))
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

    fn reach(&self, entries: Vec<&'a Module>, settings: &[&'a Module]) -> Vec<&'a Module> {
        let mut reached: Vec<&'a Module> = Vec::new();
        let mut seen: BTreeSet<&'a str> = BTreeSet::new();
        let mut open: VecDeque<&'a Module> = entries.into();
        let settings: BTreeSet<&str> = settings.iter().map(|module| module.path.as_str()).collect();
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
                let other = is_for_another(&dotted) && dotted.contains("settings");
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
            return self.graph.locate(from, level, "").into_iter().collect();
        }
        let ends = dotted.match_indices('.').map(|(at, _)| at).chain([dotted.len()]);
        ends.filter_map(|end| self.graph.locate(from, level, &dotted[..end])).collect()
    }

    /// Every module of the applications that Django's settings install.
    fn installed_apps(&self, settings: &'a Module) -> Vec<&'a Module> {
        let mut found = Vec::new();
        for name in strings_of_lists(&settings.ast.body) {
            let mut dotted = name;
            while self.graph.locate(&settings.path, 0, dotted).is_none() {
                let Some((above, _)) = dotted.rsplit_once('.') else { break };
                dotted = above;
            }
            let Some(module) = self.graph.locate(&settings.path, 0, dotted) else { continue };
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
