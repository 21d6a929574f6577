//! How the binary is started in a pseudo-terminal.

use std::fs;

use assert_fs::TempDir;
use pty_process::Size;
use pty_process::blocking::{Command, open};

use crate::terminal::Terminal;

/// How a binary is started.
pub struct Start {
    command: &'static str,
    args: Vec<String>,
    files: Vec<(String, String)>,
    rows: u16,
    columns: u16,
    env: Vec<(String, String)>,
    through_shell: bool,
    stdout_in_file: bool,
    close_at: Option<String>,
    below: &'static str,
}

impl Start {
    /// `dockwright new` with these arguments, on a plain terminal of 80
    /// columns.
    pub fn new(args: &[&str]) -> Self {
        Self {
            command: "new",
            files: Vec::new(),
            args: args.iter().map(|arg| (*arg).to_owned()).collect(),
            rows: 60,
            columns: 80,
            env: vec![("NO_COLOR".into(), "1".into()), ("DOCKWRIGHT_NO_DOCKER".into(), "1".into())],
            through_shell: false,
            stdout_in_file: false,
            close_at: None,
            below: "",
        }
    }

    /// `dockwright init` with these arguments, where these files are.
    pub fn init(args: &[&str], files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
        Self { command: "init", files: files.collect(), ..Self::new(args) }
    }

    pub fn sized(mut self, rows: u16, columns: u16) -> Self {
        (self.rows, self.columns) = (rows, columns);
        self
    }

    pub fn coloured(mut self) -> Self {
        self.env.retain(|(name, _)| name != "NO_COLOR");
        self
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// In a shell that says the terminal's mode and the exit code afterwards:
    /// the terminal of a process that leads its session is reset with it, so
    /// that only a shell sees what was left.
    pub fn through_shell(mut self) -> Self {
        self.through_shell = true;
        self
    }

    /// With standard output in the file `report`.
    pub fn stdout_in_file(mut self) -> Self {
        self.stdout_in_file = true;
        self
    }

    /// In this directory below the one that has the files.
    pub fn below(mut self, directory: &'static str) -> Self {
        self.below = directory;
        self
    }

    /// On a terminal that is closed when this text has appeared.
    pub fn close_at(mut self, text: &str) -> Self {
        self.close_at = Some(text.into());
        self
    }

    pub fn open(self) -> Terminal {
        let parent = TempDir::new().expect("a temporary directory");
        for (path, text) in &self.files {
            let path = parent.path().join(path);
            fs::create_dir_all(path.parent().expect("below the directory")).expect("a directory");
            fs::write(path, text).expect("a file");
        }
        let (pty, pts) = open().expect("a pseudo-terminal");
        pty.resize(Size::new(self.rows, self.columns)).expect("a size");
        let binary = env!("CARGO_BIN_EXE_dockwright");
        let mut command = if self.through_shell {
            let script = r#"trap : INT; "$@"; code=$?; stty -a; echo "ended with $code""#;
            Command::new("sh").args(["-c", script, "sh", binary])
        } else {
            Command::new(binary)
        };
        command = command
            .arg(self.command)
            .args(&self.args)
            .current_dir(parent.path().join(self.below))
            .env("TERM", "xterm-256color")
            .env_remove("NO_COLOR")
            .env_remove("CLICOLOR")
            .env_remove("CLICOLOR_FORCE");
        for (name, value) in &self.env {
            command = command.env(name, value);
        }
        let outside = TempDir::new().expect("a temporary directory");
        if self.stdout_in_file {
            let file = fs::File::create(outside.path().join("report")).expect("a file");
            command = command.stdout(file);
        }
        let child = command.spawn(pts).expect("the binary starts");
        Terminal::new(parent, outside, pty, child, (self.rows, self.columns), self.close_at)
    }
}
