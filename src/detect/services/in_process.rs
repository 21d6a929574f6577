//! What one process of the application keeps to itself, and whether it holds
//! WebSockets open.

use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{Expr, ExprCall, Stmt, StmtClassDef, StmtFunctionDef};
use ruff_text_size::{Ranged, TextRange};

use crate::detect::fact::{Evidence, Fact};
use crate::detect::facts::InProcess;
use crate::detect::python::{Imports, Module, dotted};
use crate::detect::services::Evidences;

/// Calls that keep something in the process, by the beginning of their full
/// name; the argument that moves it out of the process; what it is.
const CALLS: [(&str, &str, InProcess); 11] = [
    ("apscheduler.schedulers.", "", InProcess::Scheduler),
    ("flask_apscheduler.APScheduler", "", InProcess::Scheduler),
    ("fastapi_utils.tasks.repeat_every", "", InProcess::Scheduler),
    ("rocketry.Rocketry", "", InProcess::Scheduler),
    ("aiocron.crontab", "", InProcess::Scheduler),
    ("flask_socketio.SocketIO", "message_queue", InProcess::SocketIo),
    ("socketio.AsyncServer", "client_manager", InProcess::SocketIo),
    ("socketio.Server", "client_manager", InProcess::SocketIo),
    ("fastapi_socketio.SocketManager", "client_manager", InProcess::SocketIo),
    ("gradio.mount_gradio_app", "", InProcess::Sessions),
    ("nicegui.ui.run_with", "", InProcess::Sessions),
];

/// Packages whose parts are called after WebSockets where they hold some.
const FRAMEWORKS: [&str; 9] = [
    "blacksheep",
    "esmerald",
    "falcon",
    "fastapi",
    "litestar",
    "quart",
    "ravyn",
    "sanic",
    "starlette",
];

/// What is imported for WebSockets alone; a name that is empty is any.
const FOR_WEBSOCKETS: [(&str, &str); 7] = [
    ("channels.routing", "ProtocolTypeRouter"),
    ("fastapi_socketio", ""),
    ("flask_socketio", ""),
    ("flask_sock", ""),
    ("nicegui", ""),
    ("simple_websocket", ""),
    ("socketio", ""),
];

/// Every piece of state, with its line.
pub(super) fn find(evidences: &Evidences<'_, '_>) -> Vec<(InProcess, Evidence)> {
    let mut all = Vec::new();
    for module in &evidences.project.modules {
        let imports = evidences.project.graph.imports(module);
        let endless = endless(&module.ast.body);
        let mut finder = Finder {
            imports: &imports,
            endless: &endless,
            depth: 0,
            starts: false,
            found: Vec::new(),
        };
        finder.visit_body(&module.ast.body);
        let found = finder.found.into_iter();
        let shared = found.filter(|(state, _)| *state != InProcess::Scheduler || !is_led(module));
        all.extend(shared.map(|(state, range)| (state, module.evidence(&range))));
    }
    all.extend(channel_layer(evidences));
    all
}

/// Whether one of the processes runs the jobs for all: they choose which one.
fn is_led(module: &Module) -> bool {
    const WORDS: [&str; 7] =
        ["fcntl", "filelock", "leader", "paused=true", "process_lock", "redlock", "scheduler_lock"];
    let text = module.text().to_ascii_lowercase();
    WORDS.iter().any(|word| text.contains(word))
}

/// Channels' layer that no other process reaches.
fn channel_layer(evidences: &Evidences<'_, '_>) -> Option<(InProcess, Evidence)> {
    let line = layer(evidences, |backend| backend == "channels.layers.InMemoryChannelLayer")?;
    Some((InProcess::ChannelLayer, line))
}

/// Whether Channels' layer is in Redis.
pub(super) fn layer_in_redis(evidences: &Evidences<'_, '_>) -> bool {
    layer(evidences, |backend| backend.starts_with("channels_redis.")).is_some()
}

/// Where the settings name a layer of Channels.
fn layer(evidences: &Evidences<'_, '_>, wanted: fn(&str) -> bool) -> Option<Evidence> {
    let binding = evidences.live().find(|binding| {
        binding.in_settings
            && binding.first() == "CHANNEL_LAYERS"
            && binding.value.text().is_some_and(|text| wanted(&text))
    })?;
    Some(binding.evidence.clone())
}

/// Whether anything is imported that only WebSockets need.
pub(super) fn websockets(evidences: &Evidences<'_, '_>) -> Fact<bool> {
    let mut modules = evidences.project.modules.iter();
    let found = modules.find_map(|module| {
        let imports = evidences.project.graph.imports(module);
        let (_, import) = imports.iter().find(|(_, import)| {
            import.level == 0 && is_for_websockets(&import.module, &import.name)
        })?;
        let (from, name) = (&import.module, &import.name);
        let tree = evidences.context.tree;
        let line = tree.find_line(&module.path, |line| {
            line.contains("import") && line.contains(from) && line.contains(name)
        });
        Some(line.unwrap_or_else(|| Evidence::file(&module.path)))
    });
    found.map_or(Fact::Unknown, |line| Fact::known(true, line))
}

fn is_for_websockets(module: &str, name: &str) -> bool {
    let first = module.split('.').next().unwrap_or_default();
    let called = name.to_ascii_lowercase().contains("websocket");
    FRAMEWORKS.contains(&first) && called
        || FOR_WEBSOCKETS.iter().any(|(own, part)| {
            (module == *own || part.is_empty() && first == *own)
                && (part.is_empty() || name == *part)
        })
}

struct Finder<'a> {
    imports: &'a Imports,
    /// Functions that never come back.
    endless: &'a [&'a str],
    /// Whether it is in a function that runs once, when the application starts.
    starts: bool,
    /// How many functions and classes are around.
    depth: usize,
    found: Vec<(InProcess, TextRange)>,
}

impl Finder<'_> {
    fn call(&mut self, call: &ExprCall) {
        let Some(name) = self.imports.resolve(&call.func) else { return };
        // A program of its own that does nothing else.
        if name.ends_with("BlockingScheduler") {
            return;
        }
        if (self.depth == 0 || self.starts) && self.is_loop(call, &name) {
            self.found.push((InProcess::Scheduler, call.range()));
            return;
        }
        let known = CALLS.iter().find(|(start, ..)| match start.ends_with('.') {
            true => name.starts_with(start),
            false => name == *start,
        });
        let Some((_, shared, state)) = known else { return };
        if shared.is_empty() || call.arguments.find_keyword(shared).is_none() {
            self.found.push((*state, call.range()));
        }
    }

    /// Whether a call starts a function that never comes back, in a thread or a task.
    fn is_loop(&self, call: &ExprCall, name: &str) -> bool {
        let run = match name {
            "threading.Thread" => call.arguments.find_argument_value("target", 1),
            "asyncio.create_task" | "asyncio.ensure_future" => call.arguments.args.first(),
            _ => None,
        };
        let run = match run {
            Some(Expr::Call(inner)) => Some(&*inner.func),
            other => other,
        };
        run.and_then(Expr::as_name_expr).is_some_and(|own| self.endless.contains(&own.id.as_str()))
    }

    fn knows_sockets(&self) -> bool {
        self.imports.iter().any(|(_, import)| import.name.eq_ignore_ascii_case("websocket"))
    }
}

impl<'a> Visitor<'a> for Finder<'_> {
    fn visit_expr(&mut self, expr: &'a Expr) {
        if let Expr::Call(call) = expr {
            self.call(call);
        }
        walk_expr(self, expr);
    }

    fn visit_stmt(&mut self, statement: &'a Stmt) {
        let keeps = match statement {
            Stmt::ClassDef(class) => holds_sockets(class),
            // A name of a function is gone with it; one of a module stays.
            other => self.depth == 0 && keeps_sockets(other),
        };
        if keeps && self.knows_sockets() {
            self.found.push((InProcess::Sockets, statement.range()));
        }
        if is_main(statement) {
            return;
        }
        let inner = matches!(statement, Stmt::ClassDef(_) | Stmt::FunctionDef(_));
        let around = self.starts;
        self.starts = match statement {
            Stmt::FunctionDef(function) => runs_at_start(function),
            _ => around,
        };
        self.depth += usize::from(inner);
        walk_stmt(self, statement);
        self.depth -= usize::from(inner);
        self.starts = around;
    }
}

/// Whether a server that imports the module never gets to a statement.
fn is_main(statement: &Stmt) -> bool {
    let Stmt::If(block) = statement else { return false };
    let left = block.test.as_compare_expr().and_then(|own| own.left.as_name_expr());
    left.is_some_and(|own| own.id == "__name__")
}

/// Whether a function runs when the application starts: a lifespan, a handler of that
/// event, a factory.
fn runs_at_start(function: &StmtFunctionDef) -> bool {
    const DECORATORS: [&str; 4] =
        ["on_event", "before_serving", "before_server_start", "on_startup"];
    let name = function.name.as_str();
    let decorated = function.decorator_list.iter().any(|own| {
        let named = match &own.expression {
            Expr::Call(call) => dotted(&call.func),
            other => dotted(other),
        };
        let last = named.as_deref().and_then(|own| own.rsplit('.').next());
        last.is_some_and(|own| DECORATORS.contains(&own))
    });
    decorated
        || name.contains("lifespan")
        || name.contains("startup")
        || matches!(name, "create_app" | "make_app")
}

/// Functions of a module that loop for ever.
fn endless(body: &[Stmt]) -> Vec<&str> {
    let functions = body.iter().filter_map(|statement| match statement {
        Stmt::FunctionDef(function) => Some(function),
        _ => None,
    });
    let loops = functions.filter(|function| {
        function.body.iter().any(|own| match own {
            Stmt::While(block) => block.test.as_boolean_literal_expr().is_some_and(|own| own.value),
            _ => false,
        })
    });
    loops.map(|function| function.name.as_str()).collect()
}

/// Whether a class keeps connections in a collection of its own.
fn holds_sockets(class: &StmtClassDef) -> bool {
    class.body.iter().any(|statement| match statement {
        Stmt::FunctionDef(function) => function.body.iter().any(keeps_sockets),
        other => keeps_sockets(other),
    })
}

/// Whether a statement makes a list, set or dictionary of connections.
fn keeps_sockets(statement: &Stmt) -> bool {
    let (target, value) = match statement {
        Stmt::Assign(assign) => (assign.targets.first(), Some(&*assign.value)),
        Stmt::AnnAssign(assign) => (Some(&*assign.target), assign.value.as_deref()),
        _ => return false,
    };
    let name = match target {
        Some(Expr::Attribute(attribute)) => attribute.attr.as_str(),
        Some(Expr::Name(name)) => name.id.as_str(),
        _ => return false,
    };
    let collection =
        matches!(value, Some(Expr::List(_) | Expr::Dict(_) | Expr::Set(_) | Expr::Call(_)));
    collection
        && ["connections", "clients", "sockets", "rooms"].iter().any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::services::fixture::Repository;

    fn states(lines: &str) -> Vec<(InProcess, usize)> {
        let main = format!("from fastapi import FastAPI, WebSocket\n{lines}\napp = FastAPI()\n");
        let found = Repository::fastapi(&main, &[]).find().in_process;
        found.into_iter().map(|(state, line)| (state, line.line)).collect()
    }

    #[test]
    fn what_one_process_keeps_is_found_with_its_line() {
        for (lines, expected) in [
            (
                "from apscheduler.schedulers.asyncio import AsyncIOScheduler\ns = AsyncIOScheduler()",
                InProcess::Scheduler,
            ),
            ("import socketio\ns = socketio.AsyncServer(async_mode='asgi')", InProcess::SocketIo),
            ("from flask_socketio import SocketIO\ns = SocketIO()", InProcess::SocketIo),
            ("\nclients: list[WebSocket] = []", InProcess::Sockets),
            (
                "\nclass Hub:\n    def __init__(self):\n        self.active_connections = []",
                InProcess::Sockets,
            ),
            (
                "import gradio as gr\napp = gr.mount_gradio_app(app, demo, path='/')",
                InProcess::Sessions,
            ),
            (
                "import asyncio\nasync def lifespan(app): asyncio.create_task(poll())\nasync def poll():\n    while True: ...",
                InProcess::Scheduler,
            ),
            (
                "import threading\nthreading.Thread(target=poll, daemon=True).start()\ndef poll():\n    while True: ...",
                InProcess::Scheduler,
            ),
        ] {
            assert_eq!(states(lines), [(expected, 3)], "{lines}");
        }
    }

    #[test]
    fn what_other_processes_share_or_nobody_keeps_is_none() {
        for lines in [
            "from apscheduler.schedulers.blocking import BlockingScheduler\ns = BlockingScheduler()",
            "from apscheduler.schedulers.background import BackgroundScheduler\ns = BackgroundScheduler()\nif leader: s.start()",
            "import socketio\ns = socketio.AsyncServer(client_manager=socketio.AsyncRedisManager('redis://r'))",
            "from flask_socketio import SocketIO\ns = SocketIO(message_queue='redis://r')",
            "def f():\n    clients = []",
            "limits = []",
            // For each request, or by a program of its own.
            "import asyncio\nasync def get(): asyncio.create_task(poll())\nasync def poll():\n    while True: ...",
            "import threading\ndef poll():\n    while True: ...\nif __name__ == '__main__':\n    threading.Thread(target=poll).start()",
            "import threading\ndef load(): ...\nthreading.Thread(target=load).start()",
        ] {
            assert_eq!(states(lines), [], "{lines}");
        }
    }

    #[test]
    fn channels_layer_counts_where_it_is_in_memory() {
        for (backend, expected) in [
            ("channels.layers.InMemoryChannelLayer", 1),
            ("channels_redis.core.RedisChannelLayer", 0),
        ] {
            let settings = format!("CHANNEL_LAYERS = {{'default': {{'BACKEND': '{backend}'}}}}\n");
            let found = Repository::django(&settings, &[]).find().in_process;
            assert_eq!(found.len(), expected, "{backend}");
        }
    }

    #[test]
    fn websockets_are_spoken_where_something_is_imported_for_them() {
        for (line, expected) in [
            ("from starlette.websockets import WebSocketDisconnect", true),
            ("from starlette.routing import WebSocketRoute", true),
            ("from channels.routing import ProtocolTypeRouter", true),
            ("from litestar.handlers import websocket_listener", true),
            ("import socketio", true),
            ("from flask_sock import Sock", true),
            ("from channels.layers import get_channel_layer", false),
            ("import websocket", false),
        ] {
            let main = format!("from fastapi import FastAPI\n{line}\napp = FastAPI()\n");
            let found = Repository::fastapi(&main, &[]).find();
            assert_eq!(found.websockets.is_known(), expected, "{line}");
        }
    }
}
