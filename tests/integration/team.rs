//! A team's preset beside a repository that follows it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use assert_fs::TempDir;

use crate::support::{directory, dockwright};

/// A directory with `team/preset.toml` and the repository `shop`.
pub struct Team {
    pub top: TempDir,
}

impl Team {
    /// A preset of this body, and nothing that follows it yet.
    pub fn new(body: &str) -> Self {
        let team = Self { top: directory() };
        team.release("1.0.0", body);
        team
    }

    /// The same with a repository made from it.
    pub fn with_shop(body: &str) -> Self {
        let team = Self::new(body);
        team.run(&["new", "shop", "--preset", "./team", "--yes"], 0);
        team
    }

    /// Another version of the preset.
    pub fn release(&self, version: &str, body: &str) {
        let text = format!("name = \"acme\"\nversion = \"{version}\"\n{body}");
        fs::create_dir_all(self.top.path().join("team")).unwrap();
        fs::write(self.top.path().join("team/preset.toml"), text).unwrap();
    }

    pub fn shop(&self) -> PathBuf {
        self.top.path().join("shop")
    }

    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.shop().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
    }

    pub fn write(&self, path: &str, text: &str) {
        fs::write(self.shop().join(path), text).unwrap();
    }

    /// Changes a file of the repository; the text must be in it.
    pub fn edit(&self, path: &str, from: &str, to: &str) {
        let text = self.read(path);
        assert!(text.contains(from), "{path} has no `{from}`:\n{text}");
        self.write(path, &text.replacen(from, to, 1));
    }

    /// Runs a command above the repository.
    pub fn run(&self, arguments: &[&str], code: i32) -> Output {
        let output = dockwright()
            .current_dir(&self.top)
            .env("DOCKWRIGHT_CACHE", self.top.path().join("cache"))
            .args(arguments)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{}", said(&output));
        output
    }

    /// Runs `dockwright update shop` and gives everything it said.
    pub fn update(&self, flags: &[&str], code: i32) -> String {
        let arguments: Vec<&str> = ["update", "shop"].iter().chain(flags).copied().collect();
        said(&self.run(&arguments, code))
    }

    /// Every file of the repository with its content and mode.
    pub fn tree(&self) -> Vec<(String, Vec<u8>, u32)> {
        tree(&self.shop())
    }
}

pub fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// Every file below a directory with its content and mode.
pub fn tree(top: &Path) -> Vec<(String, Vec<u8>, u32)> {
    let mut files = Vec::new();
    let mut open = vec![top.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let metadata = fs::symlink_metadata(&path).unwrap();
            if metadata.is_dir() {
                open.push(path);
                continue;
            }
            let name = path.strip_prefix(top).unwrap().display().to_string();
            files.push((name, fs::read(&path).unwrap(), mode(&metadata)));
        }
    }
    files.sort();
    files
}

#[cfg(unix)]
fn mode(metadata: &fs::Metadata) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o777
}

#[cfg(not(unix))]
fn mode(_: &fs::Metadata) -> u32 {
    0
}
