//! Code that brings a server of its own: Streamlit, Gradio, Tornado and their
//! like are started as they are, not given to another server.

use super::started::{self, Started};
use super::{Startup, choice, roots};
use crate::detect::Wishes;
use crate::detect::commands::Command;
use crate::detect::fact::{Evidence, Fact};
use crate::detect::facts::OwnServer;
use crate::detect::path::parent;
use crate::detect::python::modules::{Modules, dotted};

/// How code of a framework is started.
struct Row {
    framework: &'static str,
    title: &'static str,
    /// What the started file holds beside the import; empty for anything.
    calls: &'static [&'static str],
    command: &'static [&'static str],
    environment: &'static [(&'static str, &'static str)],
    /// Where it listens unless the code says otherwise; none where it is told.
    port: Option<u16>,
    health: &'static str,
    /// Whether what a user has entered is kept in the process.
    sessions: bool,
}

const PYTHON: &[&str] = &["python", "{file}"];

/// The frameworks. The last row is for any other code.
const ROWS: [Row; 9] = [
    Row {
        framework: "streamlit",
        title: "Streamlit",
        calls: &[],
        command: &[
            "streamlit",
            "run",
            "{file}",
            "--server.address=0.0.0.0",
            "--server.port={port}",
            "--server.headless=true",
            "--server.fileWatcherType=none",
        ],
        environment: &[],
        port: None,
        health: "/_stcore/health",
        sessions: true,
    },
    Row {
        framework: "gradio",
        title: "Gradio",
        calls: &[".launch("],
        command: PYTHON,
        environment: &[("GRADIO_SERVER_NAME", "0.0.0.0"), ("GRADIO_SERVER_PORT", "{port}")],
        port: None,
        health: "/",
        sessions: true,
    },
    Row {
        framework: "nicegui",
        title: "NiceGUI",
        calls: &["ui.run("],
        command: PYTHON,
        environment: &[],
        port: Some(8080),
        health: "/",
        sessions: true,
    },
    Row {
        framework: "panel",
        title: "Panel",
        calls: &[".servable("],
        command: &[
            "panel",
            "serve",
            "{file}",
            "--address=0.0.0.0",
            "--port={port}",
            "--allow-websocket-origin=*",
        ],
        environment: &[],
        port: None,
        health: "/",
        sessions: true,
    },
    Row {
        framework: "chainlit",
        title: "Chainlit",
        calls: &[],
        command: &["chainlit", "run", "{file}", "--host=0.0.0.0", "--port={port}", "--headless"],
        environment: &[],
        port: None,
        health: "/",
        sessions: true,
    },
    Row {
        framework: "robyn",
        title: "Robyn",
        calls: &[".start("],
        command: PYTHON,
        environment: &[("ROBYN_HOST", "0.0.0.0"), ("ROBYN_PORT", "{port}")],
        port: None,
        health: "",
        sessions: false,
    },
    Row {
        framework: "tornado",
        title: "Tornado",
        calls: &[".listen(", ".bind("],
        command: PYTHON,
        environment: &[],
        port: Some(8888),
        health: "",
        sessions: false,
    },
    Row {
        framework: "aiohttp",
        title: "aiohttp",
        calls: &["run_app(", "AppRunner("],
        command: PYTHON,
        environment: &[],
        port: Some(8080),
        health: "",
        sessions: false,
    },
    Row {
        framework: "",
        title: "the code",
        calls: &[],
        command: PYTHON,
        environment: &[],
        port: None,
        health: "",
        sessions: false,
    },
];

/// File names of applications that are started by their file, likeliest first.
const NAMES: [&str; 10] = [
    "streamlit_app",
    "app",
    "main",
    "Home",
    "home",
    "run",
    "server",
    "index",
    "dashboard",
    "webui",
];

/// The object that stands for a file that is run.
pub const MAIN: &str = "__main__";

/// What is said of code with a server of its own.
#[derive(Clone, Debug)]
pub struct Own {
    row: &'static Row,
    file: String,
    evidence: Vec<Evidence>,
    /// Whether a command starts it.
    pub is_started: bool,
}

impl std::fmt::Debug for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.framework)
    }
}

/// The file that starts its own server: of one framework, or of any.
pub fn find(
    modules: &Modules<'_>,
    commands: &[Command],
    started: &[Started<'_>],
    wishes: &Wishes,
    framework: Option<&str>,
) -> Option<Own> {
    let wished = wishes.app.as_deref();
    if let Some(module) = wished.and_then(|app| app.strip_suffix(":__main__")) {
        let roots: Vec<String> = wishes.root.iter().cloned().chain([".".to_owned()]).collect();
        let (file, _) = started::resolve(modules, module, &roots)?;
        let mut rows = ROWS.iter();
        let row = rows.find(|row| row.framework.is_empty() || uses(modules, row, &file))?;
        let evidence = vec![Evidence::file(&file)];
        return Some(Own { row, file, evidence, is_started: true });
    }
    if wished.is_some() && framework.is_none() {
        return None;
    }
    let rows = ROWS.iter().filter(|row| match framework {
        Some(name) => row.framework == name,
        None => !row.framework.is_empty(),
    });
    let rows: Vec<&'static Row> = rows.collect();
    let runs = named(modules, commands, started);
    let mut best: Option<(Key, Own)> = None;
    for file in modules.tree.counted().filter(|path| path.ends_with(".py")) {
        let Some(row) = rows.iter().find(|row| uses(modules, row, file)) else { continue };
        let place = runs.iter().position(|(run, _)| run == file);
        let name = file.rsplit('/').next().unwrap_or(file).trim_end_matches(".py");
        let key = (
            place.unwrap_or(usize::MAX),
            choice::is_aside(file) || file.split('/').any(|part| part == "pages"),
            NAMES.iter().position(|known| *known == name).unwrap_or(NAMES.len()),
            file.matches('/').count(),
        );
        // A tool of a project that does something else.
        if place.is_none() && key.1 || best.as_ref().is_some_and(|(known, _)| *known <= key) {
            continue;
        }
        let line = modules.tree.find_line(file, |line| {
            let called = row.calls.iter().any(|call| line.contains(call));
            called || row.calls.is_empty() && line.contains(row.framework)
        });
        let run = place.map(|at| runs[at].1.clone());
        let evidence = run.into_iter().chain(line).collect();
        let own = Own { row, file: file.to_owned(), evidence, is_started: place.is_some() };
        best = Some((key, own));
    }
    best.map(|(_, own)| own)
}

/// Where a command that starts it stands, whether it is a tool, its name, its
/// depth.
type Key = (usize, bool, usize, usize);

/// Whether a file imports a framework and starts its server.
fn uses(modules: &Modules<'_>, row: &Row, file: &str) -> bool {
    let holds = |text: &str| {
        text.contains(row.framework)
            && (row.calls.is_empty() || row.calls.iter().any(|call| text.contains(call)))
    };
    modules.tree.text(file).is_some_and(holds)
        && modules.module(file).is_some_and(|module| {
            modules.imports(module).iter().any(|(_, import)| {
                import.level == 0 && import.whole().split('.').next() == Some(row.framework)
            })
        })
}

/// Files that commands start, the best evidence first.
fn named(
    modules: &Modules<'_>,
    commands: &[Command],
    started: &[Started<'_>],
) -> Vec<(String, Evidence)> {
    let mut found: Vec<(String, Evidence)> = Vec::new();
    for command in commands {
        let words = command.argv.iter().map(String::as_str);
        let words: Vec<&str> = words.filter(|word| word.ends_with(".py")).collect();
        let program = command.argv.iter().take(3).any(|word| {
            ROWS.iter().any(|row| row.command[0] != "python" && word.ends_with(row.command[0]))
        });
        for word in words.into_iter().filter(|_| program) {
            let directory = command.directory.as_deref().unwrap_or(".");
            let here = crate::detect::path::join(directory, word.trim_start_matches("./"));
            if let Some(file) = here.filter(|file| modules.tree.has(file)) {
                found.push((file, command.evidence.clone()));
            }
        }
    }
    let runs = started.iter().filter(|each| each.command.program().starts_with("python"));
    found.extend(runs.map(|each| (each.file.clone(), each.command.evidence.clone())));
    found
}

impl Own {
    /// Whether its server keeps sessions in its process.
    pub const fn keeps_sessions(&self) -> bool {
        self.row.sessions
    }

    /// The facts of it. What the service was taken for otherwise stays where
    /// this says nothing.
    pub fn startup(self, modules: &Modules<'_>, taken: Option<Startup>) -> Option<Startup> {
        let Self { row, file, evidence, .. } = self;
        let root = roots::of(modules, &file, &[parent(&file).to_owned()]).directory;
        let module = dotted(&root, &file)?;
        let known = |text: String| Fact::Known(text, evidence.clone());
        let own_server = OwnServer {
            title: row.title.to_owned(),
            command: row.command.iter().map(|word| (*word).to_owned()).collect(),
            environment: row
                .environment
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            health: row.health.to_owned(),
            port: row.port,
            file,
        };
        let name = if row.framework.is_empty() { "other" } else { row.framework };
        Some(Startup {
            root: known(root),
            framework: known(name.to_owned()),
            app: known(format!("{module}:{MAIN}")),
            factory: Fact::Known(false, evidence.clone()),
            keeps_sessions: row.sessions,
            own_server: Fact::Known(own_server, evidence.clone()),
            instead: None,
            ..taken.unwrap_or_default()
        })
    }
}
