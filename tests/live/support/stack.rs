//! A generated stack: written by `dockwright new`, started by Compose, removed at the end.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use assert_fs::TempDir;
use assert_fs::fixture::{ChildPath, PathCopy as _};
use serde_json::Value;

use crate::support::container::Container;
use crate::support::docker::{self, Output};
use crate::support::http::{Connection, Failure, Request, Response};

/// From no cache at all: an image with a model runtime takes a minute or two.
pub const BUILD_LIMIT: Duration = Duration::from_secs(420);
const HEALTHY_WITHIN: &str = "120";
const COMMAND_LIMIT: Duration = Duration::from_secs(150);

/// Longest that a test waits for one answer.
pub const ANSWER_LIMIT: Duration = Duration::from_secs(15);

/// What `dockwright new` is told.
pub struct Blueprint {
    preset: &'static str,
    arguments: Vec<String>,
    path: Option<PathBuf>,
}

impl Blueprint {
    pub fn set(mut self, key: &str, value: &str) -> Self {
        self.arguments.extend(["--set".into(), format!("{key}={value}")]);
        self
    }

    /// Writes only the files of a bundle.
    pub fn only(mut self, bundle: &str) -> Self {
        self.arguments.extend(["--only".into(), bundle.into()]);
        self
    }

    /// Takes the least memory that the plan accepts for this stack.
    pub fn in_the_least_memory(self) -> Self {
        docker::require_engine();
        let mut plan = dockwright();
        plan.args(["plan", "--preset", self.preset]).args(&self.arguments);
        plan.args(["--set", "deploy.memory=1MiB"]);
        let refusal = docker::run(&mut plan, COMMAND_LIMIT).stderr;
        let advice = refusal.split("--set deploy.memory=").nth(1);
        let least = advice.and_then(|rest| rest.split([';', '\n', ' ']).next());
        let least = least.unwrap_or_else(|| panic!("no smallest budget in: {refusal}")).to_owned();
        self.set("deploy.memory", &least)
    }

    /// Puts a directory of tools in front of the search path.
    pub fn with_tools(mut self, directory: PathBuf) -> Self {
        self.path = Some(directory);
        self
    }

    /// Writes the stack.
    pub fn create(self) -> Stack {
        docker::require_engine();
        let port = free_port();
        let name = format!("live-{}-{port}", self.preset);
        let parent = TempDir::new().expect("a temporary directory");
        let directory = parent.path().join(&name);
        let mut new = dockwright();
        new.arg("new")
            .arg(&directory)
            .args(["--yes", "--preset", self.preset])
            .args(&self.arguments);
        new.args([
            "--set",
            &format!("project.name={name}"),
            "--set",
            &format!("project.port={port}"),
        ]);
        if let Some(tools) = &self.path {
            let path = std::env::var("PATH").unwrap_or_default();
            new.env("PATH", format!("{}:{path}", tools.display()));
        }
        docker::run(&mut new, COMMAND_LIMIT).expect_success();
        Stack {
            name,
            port,
            directory,
            overlays: Vec::new(),
            plan: OnceCell::new(),
            _parent: parent,
        }
    }

    /// Writes the stack, builds it and waits until every service is healthy.
    pub fn start(self) -> Stack {
        let stack = self.create();
        stack.up();
        stack
    }
}

/// A written stack, perhaps running.
pub struct Stack {
    pub name: String,
    pub port: u16,
    directory: PathBuf,
    overlays: Vec<&'static str>,
    plan: OnceCell<BTreeMap<String, Value>>,
    _parent: TempDir,
}

impl Stack {
    /// Files of a repository that `dockwright init` writes container files
    /// for; `prepare` is run in it first.
    pub fn adopted(
        label: &str,
        files: &[(&str, &str)],
        prepare: impl FnOnce(&Path),
        arguments: &[&str],
    ) -> Self {
        docker::require_engine();
        let port = free_port();
        let name = format!("live-adopted-{label}-{port}");
        let parent = TempDir::new().expect("a temporary directory");
        let directory = parent.path().join(&name);
        for (path, text) in files {
            let path = directory.join(path);
            fs::create_dir_all(path.parent().expect("inside")).expect("a directory");
            fs::write(path, text).expect("a file");
        }
        prepare(&directory);
        let mut init = dockwright();
        init.arg("init").arg(&directory).arg("--yes").args(arguments);
        init.args(["--set", &format!("project.name={name}")]);
        init.args(["--set", &format!("project.port={port}")]);
        docker::run(&mut init, COMMAND_LIMIT).expect_success();
        Self { name, port, directory, overlays: Vec::new(), plan: OnceCell::new(), _parent: parent }
    }

    pub fn of(preset: &'static str) -> Blueprint {
        Blueprint { preset, arguments: Vec::new(), path: None }
    }

    /// A repository with these files and a project name of its own; `@PORT@` in
    /// a file is a free port.
    pub fn of_repository(kind: &str, files: &[(&str, &str)]) -> Self {
        docker::require_engine();
        let port = free_port();
        let name = format!("live-{kind}-{port}");
        let parent = TempDir::new().expect("a temporary directory");
        let directory = parent.path().join(&name);
        for (path, text) in files {
            let path = directory.join(path);
            fs::create_dir_all(path.parent().expect("below the directory")).expect("a directory");
            fs::write(&path, text.replace("@PORT@", &port.to_string())).expect("a file");
        }
        let overlays = Vec::new();
        Self { name, port, directory, overlays, plan: OnceCell::new(), _parent: parent }
    }

    /// A copy of a repository of `tests/cases/whole`, committed, with what its README says to
    /// copy first: a sample of an env file. `published` is a port of its compose file that has to
    /// be another one here.
    pub fn of_whole(case: &str, published: Option<&str>) -> Self {
        let stack = Self::of_case(&format!("whole/{case}"));
        if let Some(published) = published {
            let port = stack.port.to_string();
            stack.edit("docker-compose.yml", |text| text.replace(published, &port));
        }
        for words in [&["init", "--quiet"][..], &["add", "--all"]] {
            git(&stack.directory, words);
        }
        git(&stack.directory, &["commit", "--quiet", "--message", "As it is"]);
        if stack.path(".env.example").exists() {
            fs::copy(stack.path(".env.example"), stack.path(".env")).expect("a copy");
        }
        stack
    }

    /// A copy of a directory of `tests/cases`.
    pub fn of_case(case: &str) -> Self {
        docker::require_engine();
        let port = free_port();
        let name = format!("live-{}-{port}", case.rsplit('/').next().unwrap_or(case));
        let parent = TempDir::new().expect("a temporary directory");
        let directory = parent.path().join(&name);
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(case);
        ChildPath::new(&directory).copy_from(&from, &["**"]).expect("a copy");
        Self { name, port, directory, overlays: Vec::new(), plan: OnceCell::new(), _parent: parent }
    }

    /// `dockwright init` without questions; what it says.
    pub fn init(&self, arguments: &[&str]) -> String {
        let mut init = dockwright();
        init.current_dir(&self.directory).args(["init", "--yes"]).args(arguments);
        docker::run(&mut init, COMMAND_LIMIT).expect_success()
    }

    /// Adds a compose file to those that every later command names.
    pub fn with_overlay(mut self, file: &'static str) -> Self {
        if self.overlays.is_empty() {
            self.overlays.push("compose.yaml");
        }
        self.overlays.push(file);
        self
    }

    pub fn path(&self, relative: &str) -> PathBuf {
        self.directory.join(relative)
    }

    /// Changes one of the stack's files.
    pub fn edit(&self, relative: &str, change: impl FnOnce(String) -> String) {
        let path = self.path(relative);
        let before = read(&path);
        let after = change(before.clone());
        assert_ne!(before, after, "{relative} has nothing to change");
        fs::write(&path, after).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    /// `docker compose`; its output.
    pub fn compose(&self, arguments: &[&str]) -> String {
        self.try_compose(arguments, COMMAND_LIMIT).expect_success()
    }

    pub fn try_compose(&self, arguments: &[&str], limit: Duration) -> Output {
        docker::run(&mut self.compose_command(arguments), limit)
    }

    pub fn compose_command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("docker");
        command.current_dir(&self.directory).args(["compose", "--progress", "quiet"]);
        for file in &self.overlays {
            command.args(["--file", file]);
        }
        command.args(arguments);
        command
    }

    pub fn up(&self) {
        let arguments = ["up", "--build", "--wait", "--wait-timeout", HEALTHY_WITHIN];
        self.try_compose(&arguments, BUILD_LIMIT).expect_success();
    }

    /// Stops it: a project of its own is verified, and wants the machine for itself.
    pub fn stop(&self) {
        self.compose(&["stop", "--timeout", "5"]);
    }

    /// Runs a command in a service's container; its output.
    pub fn exec(&self, service: &str, command: &[&str]) -> String {
        self.compose(&[&["exec", "--no-TTY", service], command].concat())
    }

    /// Every container there is, those that have ended included.
    pub fn containers(&self) -> Vec<Container> {
        let ids = self.compose(&["ps", "--all", "--quiet", "--no-trunc"]);
        let ids: Vec<&str> = ids.lines().collect();
        if ids.is_empty() { Vec::new() } else { Container::inspect(&ids) }
    }

    pub fn container(&self, service: &str) -> Container {
        let found = self.containers().into_iter().find(|container| container.service == service);
        found.unwrap_or_else(|| panic!("there is no container of {service}"))
    }

    /// A planned number, such as `web.memory`, in the unit of `dockwright plan`.
    pub fn planned(&self, key: &str) -> f64 {
        let plan = self.plan.get_or_init(|| self.read_plan());
        let number = plan.get(key).and_then(Value::as_f64);
        number.unwrap_or_else(|| panic!("the plan has no number {key}"))
    }

    fn read_plan(&self) -> BTreeMap<String, Value> {
        let mut plan = dockwright();
        plan.arg("plan").arg(&self.directory).args(["--format", "json"]);
        let text = docker::run(&mut plan, COMMAND_LIMIT).expect_success();
        let plan: Value = serde_json::from_str(&text).expect("a plan is JSON");
        let decisions = plan["decisions"].as_array().expect("a plan has decisions");
        decisions
            .iter()
            .map(|decision| {
                (decision["key"].as_str().unwrap_or_default().to_owned(), decision["value"].clone())
            })
            .collect()
    }

    /// Sends a request on a connection of its own.
    pub fn try_request(&self, request: &Request) -> Result<Response, Failure> {
        Connection::open(self.port, ANSWER_LIMIT)?.exchange(request)
    }

    /// The answer to a request.
    #[track_caller]
    pub fn request(&self, request: &Request) -> Response {
        self.try_request(request)
            .unwrap_or_else(|failure| panic!("{} {}: {failure}", request.method, request.path))
    }

    #[track_caller]
    pub fn get(&self, path: &str) -> Response {
        self.request(&Request::get(path))
    }

    #[track_caller]
    pub fn post(&self, path: &str, body: &Value) -> Response {
        self.request(&Request::post(path, body))
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for arguments in [["ps", "--all"], ["logs", "--tail=40"]] {
                let output = docker::try_run(&mut self.compose_command(&arguments), COMMAND_LIMIT);
                match output {
                    Ok(output) => eprintln!("{}\n{}{}", output.line, output.stdout, output.stderr),
                    Err(problem) => eprintln!("{problem}"),
                }
            }
        }
        let down = ["down", "--volumes", "--remove-orphans", "--rmi", "local", "--timeout", "5"];
        let mut commands = vec![self.compose_command(&down)];
        // The images carry names of their own, which `down --rmi local` leaves alone.
        for image in [format!("{}:local", self.name), format!("{}-nginx:local", self.name)] {
            let mut remove = Command::new("docker");
            remove.args(["image", "rm", &image]);
            commands.push(remove);
        }
        for mut command in commands {
            let _ = docker::try_run(&mut command, COMMAND_LIMIT);
        }
    }
}

fn git(directory: &Path, words: &[&str]) {
    let mut git = Command::new("git");
    git.current_dir(directory).args(["-c", "user.name=live", "-c", "user.email=live@example.org"]);
    // Packages are taken as of a commit's date: the same one each time leaves them to the
    // build cache. No package that a case pins may be newer.
    for kind in ["GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"] {
        git.env(kind, "2026-11-29T00:00:00Z");
    }
    docker::run(git.args(words), COMMAND_LIMIT).expect_success();
}

/// The command under test.
pub fn dockwright() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dockwright"));
    command.env("NO_COLOR", "1").env_remove("CLICOLOR_FORCE");
    command
}

pub fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A port nobody listens on, below those that outgoing connections are given.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 20_000 + (std::process::id() % 1000) as u16 * 10;
    loop {
        let port = first + NEXT.fetch_add(1, Ordering::Relaxed);
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}
