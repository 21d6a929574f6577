//! What in gunicorn's settings may set one in a way that is not a plain
//! assignment: then nobody knows what it is worth without running it.

use std::sync::{Arc, LazyLock};

use regex::Regex;
use ruff_python_ast::{Expr, Stmt};
use ruff_text_size::Ranged as _;

use crate::detect::python::{self, Module};
use crate::source::text::{Span, Text};

/// A statement whose effect on settings is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// The setting; `None` for any of them.
    pub setting: Option<String>,
    /// The statement.
    pub span: Span,
}

/// Names through which everything of a module can be set, and the environment.
static REACHES: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r"\b(?:globals|vars|locals|exec|eval|setattr|__import__|putenv|import_module)\s*\(|__dict__|sys\.modules|environ\s*\.\s*(?:update|setdefault|pop|clear|__setitem__)|environ\s*\[[^\]]*\]\s*(?:[-+*/|]?=[^=])|:=";
    Regex::new(pattern).expect("a unit test compiles it")
});

/// What in a function changes the server that it is given: an attribute, an item,
/// its settings; and handing the server itself on.
static CHANGES: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r"(?m)^\s*(?:global|nonlocal|del)\b|\.cfg\b|\bnum_workers\b|^\s*[\w.]+(?:\.\w+|\[[^\]]*\])\s*[-+*/|]?=[^=]|[(,]\s*(?:server|arbiter)\s*[,)]";
    Regex::new(pattern).expect("a unit test compiles it")
});

/// What a hook that is handed the server does to it, whatever it calls it.
static ACTS: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r"\.(?:ttin|ttou|reload|setup|spawn_workers?|manage_workers|kill_workers?|num_workers|cfg)\b|\bos\s*\.\s*kill\b|\bSIG(?:TTIN|TTOU|HUP|USR2)\b|\b(?:_getframe|currentframe|f_globals)\b";
    Regex::new(pattern).expect("a unit test compiles it")
});

/// Hooks of gunicorn that are handed the server first.
const HOOKS: [&str; 10] = [
    "on_starting",
    "on_reload",
    "when_ready",
    "pre_fork",
    "post_fork",
    "pre_exec",
    "child_exit",
    "worker_exit",
    "nworkers_changed",
    "on_exit",
];

/// Whether a function may change the server: by what it calls, or, of one that is
/// handed the server, by handing it on.
fn acts(body: &str, server: Option<&str>) -> bool {
    let is_handed = |server: &str| {
        let name = regex::escape(server);
        let pattern =
            format!(r"(?m)(?:[=(,\[{{:]|\b(?:return|yield|in))\s*{name}\s*(?:[)\],}};]|$)");
        Regex::new(&pattern).is_ok_and(|own| own.is_match(body))
    };
    ACTS.is_match(body) || server.is_some_and(is_handed)
}

/// The doubts about a file. `known` tells of a statement that it would be
/// written there, `is_own` of a module that it is the repository's.
#[must_use]
pub fn doubts(
    text: &Text,
    known: &dyn Fn(&str) -> bool,
    is_own: &dyn Fn(&str) -> bool,
) -> Vec<Doubt> {
    let module = Module::parse(&text.path, Arc::from(text.text.as_str()));
    let mut doubts = Vec::new();
    for statement in module.top_level() {
        let range = statement.range();
        let span = Span::new(range.start().to_usize(), range.end().to_usize());
        let said = text.slice(span);
        if known(said) {
            continue;
        }
        let is_nested = text.slice(text.line_span(text.line(span.start))).starts_with([' ', '\t']);
        let settings = match of_statement(statement, said, is_own) {
            // A text by itself does nothing.
            Some(_) if !matches!(statement, Stmt::Expr(_)) && REACHES.is_match(said) => None,
            Some(settings) if is_nested => {
                let assigned = python::assignments(statement).into_iter();
                Some(assigned.map(|(name, _)| name.to_owned()).chain(settings).collect())
            }
            settings => settings,
        };
        match settings {
            None => doubts.push(Doubt { setting: None, span }),
            Some(names) => {
                doubts.extend(names.into_iter().map(|name| Doubt { setting: Some(name), span }))
            }
        }
    }
    doubts
}

/// The settings that a statement may set otherwise than by assigning; `None`
/// where that may be any.
fn of_statement(
    statement: &Stmt,
    said: &str,
    is_own: &dyn Fn(&str) -> bool,
) -> Option<Vec<String>> {
    match statement {
        Stmt::Assign(own) => {
            let names = own.targets.iter().all(|target| matches!(target, Expr::Name(_)));
            let is_hook = |target: &Expr| matches!(target, Expr::Name(name) if HOOKS.contains(&name.id.as_str()));
            // What a function of another name does with the server is not followed.
            let hooks = own.targets.iter().any(is_hook) && !own.value.is_none_literal_expr();
            (names && !hooks && !acts(said, None)).then(Vec::new)
        }
        Stmt::AnnAssign(own) => matches!(*own.target, Expr::Name(_)).then(Vec::new),
        Stmt::AugAssign(own) => match &*own.target {
            Expr::Name(name) => Some(vec![name.id.to_string()]),
            _ => None,
        },
        Stmt::Import(own) => {
            let top = |name: &str| name.split('.').next().unwrap_or(name).to_owned();
            let others = own.names.iter().any(|alias| is_own(&top(&alias.name)));
            let bound = own.names.iter().map(|alias| match &alias.asname {
                Some(name) => name.to_string(),
                None => top(&alias.name),
            });
            (!others).then(|| bound.collect())
        }
        Stmt::ImportFrom(own) => {
            let module = own.module.as_ref().map_or("", |name| name.as_str());
            let top = module.split('.').next().unwrap_or(module);
            let others = own.level > 0 || is_own(top);
            let star = own.names.iter().any(|alias| alias.name.as_str() == "*");
            let bound = own.names.iter().map(|alias| alias.asname.as_ref().unwrap_or(&alias.name));
            (!others && !star).then(|| bound.map(ToString::to_string).collect())
        }
        Stmt::Expr(own) => matches!(
            *own.value,
            Expr::StringLiteral(_) | Expr::EllipsisLiteral(_) | Expr::NumberLiteral(_)
        )
        .then(Vec::new),
        Stmt::FunctionDef(own) => {
            let name = vec![own.name.to_string()];
            let first = own.body.first().map_or(0, |first| {
                first.range().start().to_usize() - own.range().start().to_usize()
            });
            let body = said.get(first..).unwrap_or(said);
            let server = HOOKS.contains(&own.name.as_str()).then(|| own.parameters.iter().next());
            let server = server.flatten().map(|own| own.name().as_str());
            let is_plain =
                own.decorator_list.is_empty() && !CHANGES.is_match(body) && !acts(body, server);
            is_plain.then_some(name)
        }
        // What is in them comes by itself.
        Stmt::If(_) | Stmt::Try(_) | Stmt::Pass(_) | Stmt::Assert(_) | Stmt::Raise(_) => {
            Some(Vec::new())
        }
        Stmt::With(own) => own.items.iter().all(|item| item.optional_vars.is_none()).then(Vec::new),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<Option<String>> {
        let text = Text::new("gunicorn.conf.py", text);
        let own = |name: &str| name == "app";
        let known = |said: &str| said == "from app import logs";
        doubts(&text, &known, &own).into_iter().map(|own| own.setting).collect()
    }

    #[test]
    fn whatever_is_no_plain_assignment_leaves_a_doubt() {
        for text in [
            "globals()[\"workers\"] = 64",
            "exec(\"workers = 64\")",
            "from app.g import *",
            "import app.boot",
            "workers, x = 64, 1",
            "for workers in (64,): pass",
            "(workers := 64)",
            "match 64:\n    case workers: pass",
            "import sys; setattr(sys.modules[__name__], 'workers', 64)",
            "os.environ[\"WEB_CONCURRENCY\"] = \"64\"",
            "os.environ.setdefault(\"WEB_CONCURRENCY\", \"64\")",
            "x = globals().update(workers=64)",
            "def f():\n    global workers\n    workers = 64",
            "def on_starting(server):\n    server.cfg.set('workers', 64)",
            "def when_ready(server):\n    server.num_workers = 64",
            "def when_ready(server):\n    boot(server)",
            "def when_ready(s):\n    s.ttin()",
            "def when_ready(s):\n    x = s\n    x.y = 1",
            "def when_ready(s):\n    os.kill(os.getpid(), signal.SIGTTIN)",
            "on_starting = lambda server: server.cfg.set('workers', 64)",
            "when_ready = boot",
            "x = sys._getframe().f_globals",
        ] {
            assert!(of(text).contains(&None), "{text}");
        }
        let workers = [Some("workers".to_owned())];
        assert_eq!(of("workers += 60"), workers);
        assert_eq!(of("from gevent import WORKERS as workers"), workers);
        assert_eq!(of("if x:\n    workers = 64"), workers);
    }

    #[test]
    fn what_is_written_and_what_looks_alike_leaves_none() {
        let text = "\"\"\"workers := 1\"\"\"\nimport os\nfrom app import logs\nworkers = 3\n\
                    bind: str = 'x'\nlogconfig_dict = logs.configuration(1)\n\
                    def post_fork(server, worker):\n    server.log.info('forked')\n\
                    def child_exit(server, worker):\n    mark_process_dead(worker.pid)\n";
        assert!(
            of(text).iter().all(|own| {
                own.as_deref().is_some_and(|name| ["os", "post_fork", "child_exit"].contains(&name))
            }),
            "{:?}",
            of(text)
        );
    }
}
