//! Hooks, the action, templates of jobs: they parse, and what they run runs.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use regex::Regex;
use serde_json::Value;

use super::host::{Host, Kind};
use crate::others::{LARGE, SMALL, commit_all, git};
use crate::support::dockwright;
use crate::team::{Team, said};

pub fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn text(path: &str) -> String {
    fs::read_to_string(project().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn yaml(path: &str) -> Value {
    serde_saphyr::from_str(&text(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Runs lines of a job as the host does.
fn shell(directory: &Path, script: &str, environment: &[(&str, &str)]) -> Output {
    let binary = Path::new(env!("CARGO_BIN_EXE_dockwright")).parent().unwrap();
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
    Command::new("bash")
        .args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script])
        .current_dir(directory)
        .env("PATH", path)
        .env("NO_COLOR", "1")
        .envs(environment.iter().copied())
        .output()
        .unwrap()
}

/// The step of the action with this name.
fn step(name: &str) -> String {
    let action = yaml("action.yml");
    let steps = action["runs"]["steps"].as_array().unwrap();
    let step = steps.iter().find(|step| step["name"] == name).unwrap();
    step["run"].as_str().unwrap().to_owned()
}

/// A managed file of this repository was edited.
fn drifted() -> Team {
    let managed = format!("{SMALL}[files.\"DEPLOY.md\"]\nownership = \"managed\"\n");
    let team = Team::with_shop(&managed);
    team.edit("DEPLOY.md", "# ", "# My ");
    team
}

#[test]
fn the_action_checks_with_annotations_or_sarif() {
    let team = drifted();
    let check = step("Check");
    let run = |directories: &str, fail_on: &str, sarif: &str| {
        let environment = [("DIRECTORIES", directories), ("FAIL_ON", fail_on), ("SARIF", sarif)];
        let others = [("POLICY", ""), ("FETCH", "false")];
        shell(team.top.path(), &check, &[environment.as_slice(), &others].concat())
    };
    let output = run("shop", "", "");
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(shown.contains("::error ") && shown.contains("DEPLOY.md"), "{shown}");
    assert_eq!(run("shop", "conflict,policy", "").status.code(), Some(0));
    assert_eq!(run("shop", "", "found.sarif").status.code(), Some(1));
    let sarif = fs::read_to_string(team.top.path().join("found.sarif")).unwrap();
    let sarif: Value = serde_json::from_str(&sarif).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
    // Against a preset from outside, asking for something newer.
    let outside = [("DIRECTORIES", "shop"), ("FAIL_ON", "none"), ("SARIF", "")];
    let others = [("POLICY", "./team"), ("FETCH", "true")];
    let output = shell(team.top.path(), &check, &[outside.as_slice(), &others].concat());
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
}

#[test]
fn every_input_of_the_action_is_described_and_used() {
    let action = text("action.yml");
    for (name, input) in yaml("action.yml")["inputs"].as_object().unwrap() {
        assert!(input["description"].is_string() && !input["default"].is_null(), "{name}");
        assert!(action.contains(&format!("inputs.{name}")), "{name} is used nowhere");
    }
    let example = yaml("ci/github/dockwright.yml");
    let inputs = yaml("action.yml")["inputs"].clone();
    for job in example["jobs"].as_object().unwrap().values() {
        let steps = job["steps"].as_array().unwrap().iter();
        let ours =
            |step: &&Value| step["uses"].as_str().is_some_and(|own| own.contains("/dockwright@"));
        for step in steps.filter(ours) {
            for name in step["with"].as_object().into_iter().flatten().map(|(name, _)| name) {
                assert!(inputs.get(name).is_some(), "the action has no input `{name}`");
            }
        }
    }
}

#[test]
fn the_action_keeps_a_pull_request() {
    let host = Host::new(Kind::GitHub, SMALL);
    host.release("2.0.0", LARGE);
    let source = project().display().to_string();
    let environment = [
        ("SOURCE", source.as_str()),
        ("DIRECTORIES", "."),
        ("DOCKWRIGHT_UPDATE_FLAGS", "--latest"),
    ];
    let output = host.job_of("bash", &step("Update"), &environment);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(host.opened()["title"], "dockwright: acme 1.0.0 → 2.0.0");
}

/// Everything a job of the template runs, with another place for its clone.
pub fn gitlab(job: &str, place: &str) -> String {
    let template = yaml("ci/gitlab/dockwright.yml");
    let lines = |job: &Value, key: &str| -> Vec<String> {
        let lines = job[key].as_array().unwrap();
        lines.iter().map(|line| line.as_str().unwrap().to_owned()).collect()
    };
    let mut all = lines(&template[template[job]["extends"].as_str().unwrap()], "before_script");
    all.extend(lines(&template[job], "script"));
    all.join("\n").replace("/tmp/dockwright", place)
}

#[test]
fn the_jobs_of_gitlab_check_and_keep_a_merge_request() {
    let host = Host::new(Kind::GitLab, SMALL);
    host.release("2.0.0", LARGE);
    let top = host.team.top.path().to_owned();
    let source = top.join("dockwright");
    fs::create_dir_all(source.join("ci")).unwrap();
    fs::copy(project().join("ci/update-request.sh"), source.join("ci/update-request.sh")).unwrap();
    commit_all(&source, "dockwright");
    git(&source, &["tag", concat!("v", env!("CARGO_PKG_VERSION"))]);
    let place = top.join("clone").display().to_string();
    let address = format!("file://{}", source.display());
    let template = yaml("ci/gitlab/dockwright.yml");
    let mut environment = vec![("DOCKWRIGHT_SOURCE", address.as_str())];
    for (name, value) in template[".dockwright"]["variables"].as_object().unwrap() {
        environment.push((name, value.as_str().unwrap()));
    }
    let output = shell(&host.team.shop(), &gitlab("dockwright-check", &place), &environment);
    assert!(output.status.success(), "{}", said(&output));
    assert!(!Path::new(&place).exists(), "a check needs nothing of dockwright's repository");
    let output = host.job_of("sh", &gitlab("dockwright-update", &place), &environment);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(host.opened()["title"], "dockwright: acme 1.0.0 → 2.0.0");
    // One runs on a schedule, the other runs otherwise.
    let rule = |job: &str| template[job]["rules"][0]["if"].as_str().unwrap().to_owned();
    assert!(rule("dockwright-update").contains("== \"schedule\""));
    assert!(rule("dockwright-check").contains("!= \"schedule\""));
}

#[test]
fn the_hook_runs_the_check_for_what_dockwright_writes() {
    let hooks = yaml(".pre-commit-hooks.yaml");
    let hooks = hooks.as_array().unwrap();
    let ids: Vec<&str> = hooks.iter().map(|hook| hook["id"].as_str().unwrap()).collect();
    let [check, audit] = ["check", "audit"].map(|name| format!("dockwright-{name}"));
    assert_eq!(ids, [&check, &format!("{check}-system"), &audit, &format!("{audit}-system")]);
    let hooks = &hooks[..2];
    let team = drifted();
    for hook in hooks {
        let pattern = Regex::new(hook["files"].as_str().unwrap().trim()).unwrap();
        for example in ["django-nginx", "fastapi-gunicorn", "celery-postgres-redis", "ml-server"] {
            let example = project().join("examples").join(example);
            for name in [
                "Dockerfile",
                ".dockerignore",
                "compose.yaml",
                "compose.dev.yaml",
                "gunicorn.conf.py",
                "entrypoint.sh",
                "nginx/nginx.conf",
                ".env.example",
                ".gitignore",
                "DEPLOY.md",
                "dockwright.toml",
            ] {
                if example.join(name).exists() {
                    assert!(pattern.is_match(name), "{name}");
                    assert!(pattern.is_match(&format!("services/shop/{name}")), "{name}");
                }
            }
        }
        assert!(pattern.is_match(".dockwright/lock.toml"));
        for other in ["app/main.py", "README.md", "docs/nginx.md", "tests/test_compose.py"] {
            assert!(!pattern.is_match(other), "{other}");
        }
        assert_eq!(hook["pass_filenames"], false);
        let output = shell(&team.shop(), hook["entry"].as_str().unwrap(), &[]);
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    }
}

#[test]
fn the_hook_of_the_audit_runs_for_container_files_and_judges() {
    let hooks = yaml(".pre-commit-hooks.yaml");
    for hook in &hooks.as_array().unwrap()[2..] {
        let pattern = Regex::new(hook["files"].as_str().unwrap().trim()).unwrap();
        for name in [
            "Dockerfile",
            "docker/web.Dockerfile",
            "Dockerfile.prod",
            ".dockerignore",
            "docker-compose.prod.yml",
            "local-compose.yaml",
            "gunicorn.conf.py",
            "entrypoint.sh",
            "nginx/nginx.conf",
            ".env.example",
        ] {
            assert!(pattern.is_match(name), "{name}");
        }
        for other in ["app/main.py", "README.md", "tests/test_compose.py"] {
            assert!(!pattern.is_match(other), "{other}");
        }
        assert_eq!(hook["pass_filenames"], false);
        let dir = assert_fs::TempDir::new().unwrap();
        let text = "services:\n  web:\n    image: x:1\n    privileged: true\n";
        fs::write(dir.path().join("compose.yaml"), text).unwrap();
        let output = shell(dir.path(), hook["entry"].as_str().unwrap(), &[]);
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    }
}

/// What a command's `--help` prints, by its words: `preset show`.
fn help(command: &str) -> Option<String> {
    let words: Vec<&str> = command.split(' ').chain(["--help"]).collect();
    let output = dockwright().args(words).output().unwrap();
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
}

/// Every command and flag that these texts name is there.
#[test]
fn commands_and_flags_that_are_written_about_are_there() {
    let mut files: Vec<String> = ["README.md", "action.yml", ".pre-commit-hooks.yaml"]
        .into_iter()
        .chain(["ci/update-request.sh", "ci/gitlab/dockwright.yml", "ci/github/dockwright.yml"])
        .chain(["examples/team/README.md"])
        .map(str::to_owned)
        .collect();
    for page in fs::read_dir(project().join("docs")).unwrap() {
        let page = page.unwrap();
        if page.path().is_file() {
            files.push(format!("docs/{}", page.file_name().into_string().unwrap()));
        }
    }
    let call =
        Regex::new(r"(?:^|[`$(\s])dockwright ((?:preset |schema )?[a-z]+)\b([^\n`|;]*)").unwrap();
    let flag = Regex::new(r"--[a-z][a-z-]*").unwrap();
    let mut seen = BTreeSet::new();
    for path in &files {
        let text = text(path).replace("\\\n", " ");
        for found in call.captures_iter(&text) {
            // Prose: "dockwright is", "what dockwright writes".
            let (command, rest) = (&found[1], &found[2]);
            let is_code =
                found[0].starts_with(['`', '$', '(']) || !rest.is_empty() && flag.is_match(rest);
            let Some(help) = help(command) else {
                assert!(!is_code, "{path}: there is no `dockwright {command}`");
                continue;
            };
            seen.insert(command.to_owned());
            for flag in flag.find_iter(rest) {
                let there = Regex::new(&format!(r"{}\b", flag.as_str())).unwrap().is_match(&help);
                assert!(there, "{path}: `dockwright {command}` has no {}", flag.as_str());
            }
        }
    }
    for command in
        ["new", "init", "detect", "plan", "update", "check", "preset list", "preset show"]
    {
        assert!(seen.contains(command), "{command} is written about nowhere");
    }
}

/// Whoever copies these has this version.
#[test]
fn the_version_that_is_written_about_is_this_one() {
    let version = env!("CARGO_PKG_VERSION");
    let pattern =
        Regex::new(r"(?:dockwright(?:==|@v)|DOCKWRIGHT_VERSION: )([0-9][0-9a-z.-]*)").unwrap();
    for path in
        ["ci/gitlab/dockwright.yml", "ci/github/dockwright.yml", "docs/receive.md", "docs/audit.md"]
    {
        let text = text(path);
        let named: Vec<&str> =
            pattern.captures_iter(&text).map(|found| found.get(1).unwrap().as_str()).collect();
        assert!(named.iter().all(|named| *named == version), "{path}: {named:?}");
        assert!(!named.is_empty() || path == "docs/audit.md", "{path} names none");
    }
}

/// The scripts are sh, and shellcheck says nothing of them where it is there.
#[test]
fn scripts_are_plain_sh() {
    let run = |tool: &str, arguments: &[&str]| {
        Command::new(tool).args(arguments).current_dir(project()).output()
    };
    for script in ["ci/update-request.sh", "ci/release/install.sh"] {
        assert!(text(script).starts_with("#!/bin/sh\n"), "{script}");
        assert!(run("sh", &["-n", script]).unwrap().status.success(), "{script}");
        if let Ok(output) = run("shellcheck", &[script]) {
            assert!(output.status.success(), "{}", said(&output));
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(project().join(script)).unwrap().permissions();
            assert_eq!(mode.mode() & 0o111, 0o111, "{script}");
        }
    }
}
