//! How jobs of hosts come to have dockwright: what is there, its wheel, or cargo's build.
#![cfg(unix)]

use std::fs;
use std::process::{Command, Output};

use super::files::{gitlab, project};
use crate::support::directory;
use crate::team::said;

/// A machine for the action: its commands, and where the job collects what later steps have on PATH.
struct Runner {
    top: assert_fs::TempDir,
}

impl Runner {
    /// Has what any runner has, and these commands as scripts.
    fn new(commands: &[(&str, &str)]) -> Self {
        let top = directory();
        for (name, script) in commands {
            let path = top.path().join(name);
            fs::write(&path, format!("#!/bin/bash\n{script}\n")).unwrap();
            let chmod = Command::new("chmod").arg("+x").arg(path).status();
            assert!(chmod.unwrap().success());
        }
        for tool in ["bash", "sed", "head", "dirname", "mkdir", "cat", "chmod", "env"] {
            let place = Command::new("sh").args(["-c", &format!("command -v {tool}")]).output();
            let place = String::from_utf8(place.unwrap().stdout).unwrap();
            let mut link = Command::new("ln");
            link.arg("-s").arg(place.trim()).arg(top.path().join(tool));
            assert!(link.status().unwrap().success(), "{tool}");
        }
        Self { top }
    }

    fn run(&self, script: &str) -> Output {
        Command::new("bash")
            .args(["-e", "-c", script])
            .env_clear()
            .env("PATH", self.top.path())
            .env("RUNNER_TEMP", self.top.path())
            .env("GITHUB_PATH", self.top.path().join("path"))
            .env("DOCKWRIGHT_VERSION", env!("CARGO_PKG_VERSION"))
            .output()
            .unwrap()
    }

    /// How the action's step ends, and what it puts on the PATH of later ones.
    fn step(&self) -> (Output, String) {
        let path = self.top.path().join("path");
        let output = self.run(&project().join("ci/github/install.sh").display().to_string());
        let added = fs::read_to_string(path).unwrap_or_default();
        (output, added.replace(&self.top.path().display().to_string(), "TEMP"))
    }
}

/// A Python whose environments have a pip that says what it is asked for, and ends like this.
fn python(pip: &str) -> String {
    format!(
        "mkdir -p \"$3/bin\" && printf '#!/bin/bash\\necho \"$@\"\\n{pip}\\n' >\"$3/bin/python\" \
         && chmod +x \"$3/bin/python\""
    )
}

#[test]
fn the_action_installs_the_wheel_of_its_own_version() {
    let taken = python("exit 0");
    let runner = Runner::new(&[("python3", &taken), ("cargo", "echo cargo \"$@\"")]);
    let (output, added) = runner.step();
    assert!(output.status.success(), "{}", said(&output));
    let version = env!("CARGO_PKG_VERSION");
    assert!(said(&output).contains(&format!("dockwright=={version}\n")), "{}", said(&output));
    assert_eq!(added, "TEMP/dockwright/bin\n");
    assert!(!said(&output).contains("cargo"), "{}", said(&output));
    // What is there already is what is used.
    let runner = Runner::new(&[("python3", &taken), ("dockwright", "exit 0")]);
    let (output, added) = runner.step();
    assert!(output.status.success() && added.is_empty(), "{}", said(&output));
}

#[test]
fn the_action_builds_what_no_index_has_and_says_so() {
    let refused = python("echo no such version >&2; exit 1");
    let commands = [("python3", refused.as_str()), ("cargo", "echo cargo \"$@\"")];
    for commands in [&commands[..], &commands[1..]] {
        let (output, added) = Runner::new(commands).step();
        assert!(output.status.success(), "{}", said(&output));
        let path = format!("--path {}", project().display());
        assert!(said(&output).contains("::notice ") && said(&output).contains(&path));
        assert_eq!(added, "TEMP/dockwright-built/bin\n");
    }
    let (output, added) = Runner::new(&commands[..1]).step();
    assert_eq!(output.status.code(), Some(3));
    assert!(said(&output).contains("::error ") && said(&output).contains("no such version"));
    assert!(added.is_empty());
}

#[test]
fn the_jobs_of_gitlab_install_the_wheel_where_dockwright_is_not_there() {
    let environment = "mkdir -p \"$3/bin\" && for name in pip dockwright; do \
                       printf '#!/bin/bash\\necho '$name' \"$@\"\\n' >\"$3/bin/$name\"; \
                       chmod +x \"$3/bin/$name\"; done";
    let runner = Runner::new(&[("python3", environment)]);
    let place = runner.top.path().join("place").display().to_string();
    let output = runner.run(&gitlab("dockwright-check", &place));
    assert!(output.status.success(), "{}", said(&output));
    let version = env!("CARGO_PKG_VERSION");
    let words = format!("pip install --quiet --only-binary :all: dockwright=={version}\n");
    assert!(said(&output).contains(&words), "{}", said(&output));
    assert!(said(&output).contains("dockwright check\n"), "{}", said(&output));
}
