//! `ci/release/install.sh`, on machines that are made up, from releases that are.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use assert_fs::TempDir;
use sha2::{Digest as _, Sha256};

use crate::support::directory;
use crate::team::said;

/// All that the installer calls but for the sum, which macOS may make by another program.
const TOOLS: [&str; 12] =
    ["awk", "cat", "chmod", "cp", "curl", "cut", "gzip", "mkdir", "mktemp", "mv", "rm", "tar"];
const SUMS: [&str; 2] = ["sha256sum", "shasum"];

/// A release below `release`, and a machine whose only commands are below `bin`.
struct Machine {
    top: TempDir,
}

impl Machine {
    /// Says of itself what `uname -s`, `uname -m` and `getconf GNU_LIBC_VERSION` say.
    fn new(system: &str, processor: &str, libc: Option<&str>) -> Self {
        let machine = Self { top: directory() };
        for part in ["bin", "home", "release"] {
            fs::create_dir(machine.path(part)).unwrap();
        }
        let sum = SUMS.into_iter().find(|tool| place(tool).is_some());
        for tool in TOOLS.into_iter().chain([sum.expect("sha256sum or shasum")]) {
            let place = place(tool).unwrap_or_else(|| panic!("{tool} is not on PATH"));
            symlink(place, machine.path("bin").join(tool)).unwrap();
        }
        machine.command("uname", &format!("[ $1 = -s ] && echo {system} || echo {processor}"));
        let libc = libc.map_or("exit 1".to_owned(), |version| format!("echo {version}"));
        machine.command("getconf", &libc);
        machine
    }

    fn path(&self, below: &str) -> PathBuf {
        self.top.path().join(below)
    }

    fn command(&self, name: &str, script: &str) {
        executable(&self.path("bin").join(name), script);
    }

    /// Puts an archive of this target into the release; its binary is a script.
    fn releases(&self, target: &str, script: &str) {
        let name = format!("dockwright-{target}");
        let packed = self.path(&name);
        fs::create_dir(&packed).unwrap();
        executable(&packed.join("dockwright"), script);
        let archive = self.path("release").join(format!("{name}.tar.gz"));
        let mut tar = Command::new("tar");
        tar.arg("-czf").arg(&archive).arg("-C").arg(self.top.path()).arg(&name);
        assert!(tar.status().unwrap().success());
        let digest = Sha256::digest(fs::read(&archive).unwrap());
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut sums = fs::read_to_string(self.path("release/SHA256SUMS")).unwrap_or_default();
        sums.push_str(&format!("{digest}  {name}.tar.gz\n"));
        fs::write(self.path("release/SHA256SUMS"), sums).unwrap();
    }

    fn install(&self) -> Output {
        self.run(&script())
    }

    /// As `curl … | sh` does.
    fn run(&self, script: &str) -> Output {
        let file = self.path("install.sh");
        fs::write(&file, script).unwrap();
        Command::new("/bin/sh")
            .stdin(fs::File::open(file).unwrap())
            .env_clear()
            .env("PATH", self.path("bin"))
            .env("HOME", self.path("home"))
            .env("TMPDIR", self.top.path())
            .env("DOCKWRIGHT_DOWNLOAD_URL", format!("file://{}", self.path("release").display()))
            .output()
            .unwrap()
    }

    /// What the binary that is installed says; nothing where there is none.
    fn installed(&self) -> Option<String> {
        let binary = self.path("home/.local/bin/dockwright");
        let said = binary.exists().then(|| Command::new(binary).output().unwrap().stdout)?;
        Some(String::from_utf8(said).unwrap().trim_end().to_owned())
    }

    /// Nothing that was only needed on the way is left.
    fn is_clean(&self) -> bool {
        let names = |path: &Path| -> Vec<String> {
            let entries = fs::read_dir(path).into_iter().flatten();
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
        };
        let bin = names(&self.path("home/.local/bin"));
        bin.iter().all(|name| name == "dockwright")
            && !names(self.top.path()).iter().any(|name| name.starts_with("tmp."))
    }
}

/// Where a command is, if it is on PATH.
fn place(tool: &str) -> Option<String> {
    let found = Command::new("sh").args(["-c", &format!("command -v {tool}")]).output().unwrap();
    found.status.success().then(|| String::from_utf8(found.stdout).unwrap().trim_end().to_owned())
}

fn executable(path: &Path, script: &str) {
    fs::write(path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

fn script() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("ci/release/install.sh");
    fs::read_to_string(path).unwrap()
}

#[test]
fn the_installer_takes_what_is_for_this_machine() {
    for (system, processor, libc, target) in [
        ("Linux", "x86_64", Some("glibc 2.17"), "x86_64-unknown-linux-gnu"),
        ("Linux", "aarch64", Some("glibc 2.41"), "aarch64-unknown-linux-gnu"),
        ("Linux", "x86_64", Some("glibc 2.12"), "x86_64-unknown-linux-musl"),
        ("Linux", "x86_64", None, "x86_64-unknown-linux-musl"),
        ("Darwin", "arm64", None, "aarch64-apple-darwin"),
        ("Darwin", "x86_64", None, "x86_64-apple-darwin"),
    ] {
        let machine = Machine::new(system, processor, libc);
        for other in ["x86_64", "aarch64"] {
            for of in ["unknown-linux-gnu", "unknown-linux-musl", "apple-darwin"] {
                machine.releases(&format!("{other}-{of}"), &format!("echo {other}-{of}"));
            }
        }
        let output = machine.install();
        assert!(output.status.success(), "{target}: {}", said(&output));
        assert_eq!(machine.installed().as_deref(), Some(target), "{system} {processor} {libc:?}");
        assert!(said(&output).contains("is not on your PATH"), "{}", said(&output));
        assert!(machine.is_clean());
    }
}

#[test]
fn the_installer_replaces_an_older_one_and_needs_no_curl() {
    let machine = Machine::new("Darwin", "x86_64", None);
    // Under Rosetta a shell takes the machine for another than it is.
    machine.command("sysctl", "echo 1");
    machine.releases("aarch64-apple-darwin", "echo new");
    fs::create_dir_all(machine.path("home/.local/bin")).unwrap();
    executable(&machine.path("home/.local/bin/dockwright"), "echo old");
    fs::remove_file(machine.path("bin/curl")).unwrap();
    machine.command("wget", "[ $1$2 = -q-O ] && cp \"${4#file://}\" \"$3\"");
    let output = machine.install();
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(machine.installed().as_deref(), Some("new"));
}

#[test]
fn the_installer_refuses_what_is_not_the_release_s() {
    let machine = Machine::new("Linux", "x86_64", Some("glibc 2.36"));
    machine.releases("x86_64-unknown-linux-gnu", "echo new");
    fs::create_dir_all(machine.path("home/.local/bin")).unwrap();
    executable(&machine.path("home/.local/bin/dockwright"), "echo old");
    let archive = machine.path("release/dockwright-x86_64-unknown-linux-gnu.tar.gz");
    let mut bytes = fs::read(&archive).unwrap();
    bytes.push(0);
    fs::write(&archive, bytes).unwrap();
    let output = machine.install();
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains("is not what the release has"), "{}", said(&output));
    // One that is not there at all.
    fs::remove_file(&archive).unwrap();
    let output = machine.install();
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains("cannot be fetched"), "{}", said(&output));
    assert_eq!(machine.installed().as_deref(), Some("old"));
    assert!(machine.is_clean());
}

#[test]
fn the_installer_refuses_a_machine_that_a_release_has_nothing_for() {
    for (system, processor) in
        [("FreeBSD", "amd64"), ("Linux", "riscv64"), ("MINGW64_NT", "x86_64")]
    {
        let machine = Machine::new(system, processor, None);
        machine.releases("x86_64-unknown-linux-musl", "echo new");
        let output = machine.install();
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        let words = format!("there is no artefact for {system} on {processor}");
        assert!(said(&output).contains(&words), "{}", said(&output));
        assert!(!machine.path("home/.local").exists());
    }
    let machine = Machine::new("Linux", "aarch64", None);
    machine.releases("x86_64-unknown-linux-musl", "echo new");
    let output = machine.install();
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("has nothing for aarch64-unknown-linux-musl"));
    assert!(!machine.path("home/.local").exists() && machine.is_clean());
}

#[test]
fn the_installer_leaves_nothing_where_the_binary_does_not_run() {
    let machine = Machine::new("Linux", "x86_64", Some("glibc 2.36"));
    machine.releases("x86_64-unknown-linux-gnu", "exit 1");
    let output = machine.install();
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains("does not run here"), "{}", said(&output));
    assert!(machine.installed().is_none() && machine.is_clean());
}

/// A connection that breaks hands `sh` the first part of the script.
#[test]
fn half_an_installer_does_nothing() {
    let whole = script();
    let machine = Machine::new("Linux", "x86_64", Some("glibc 2.36"));
    machine.releases("x86_64-unknown-linux-gnu", "echo new");
    let lines: Vec<&str> = whole.lines().collect();
    for end in (1..lines.len()).step_by(4).chain([lines.len() - 1]) {
        machine.run(&lines[..end].join("\n"));
        assert!(!machine.path("home/.local").exists(), "{end} of {} lines", lines.len());
    }
    assert!(machine.run(&whole).status.success());
}
