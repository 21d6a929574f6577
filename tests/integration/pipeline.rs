//! `images.repository` and `deploy.ci`: what the image is called, which files there are, and that
//! they stay what they should through an update. The steps themselves run in `tests/live/pipeline`.

use std::fs;
use std::path::Path;
use std::process::Command;

use assert_fs::TempDir;
use dockwright::answers::{Draft, Origin};
use dockwright::plan::{Bundle, Plan};
use dockwright::{plan, preset, render};

use crate::support::{directory, dockwright};

const PRESETS: [&str; 5] =
    ["fastapi-uvicorn", "fastapi-gunicorn", "django-nginx", "ml-server", "celery-postgres-redis"];
const REPOSITORY: &str = "images.repository=registry.example.com/team/shop";

fn planned(name: &str, set: &[(&str, &str)], only: &[Bundle]) -> (Plan, Draft) {
    let preset = preset::find(name).unwrap();
    let mut draft = Draft::of_preset(&preset).unwrap();
    draft.set("project.name", "shop", Origin::Flag).unwrap();
    for (key, text) in set {
        draft.set(key, text, Origin::Flag).unwrap();
    }
    let only = only.iter().copied().collect();
    (plan::plan(&draft.resolve().unwrap(), &only).unwrap(), draft)
}

/// The paths of the pipeline's files, and the text of a file.
fn files(plan: &Plan, draft: &Draft) -> Vec<(String, String)> {
    let rendered = render::render(plan, draft).unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    rendered.into_iter().map(|one| (one.output.path.to_string(), text(one.bytes))).collect()
}

fn read(files: &[(String, String)], path: &str) -> String {
    let found = files.iter().find(|(own, _)| own == path);
    found.unwrap_or_else(|| panic!("there is no {path}")).1.clone()
}

fn new(dir: &Path, set: &[&str], code: i32) -> String {
    let mut command = dockwright();
    command.arg("new").arg(dir).args(["--yes", "--preset", "django-nginx"]);
    command.args(["--set", "project.name=shop"]);
    for set in set {
        command.args(["--set", set]);
    }
    let output = command.output().unwrap();
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(output.status.code(), Some(code), "{said}");
    // Lines end where the terminal does.
    said.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn run(dir: &Path, arguments: &[&str], code: i32) -> String {
    let output = dockwright().args(arguments).arg(dir).output().unwrap();
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    said
}

#[test]
fn every_stack_has_the_files_of_its_pipeline_and_no_others() {
    let scripts = ["deploy/ci/pipeline.sh", "deploy/ci/release.sh"];
    let wanted = |ci: &str| -> Vec<&str> {
        match ci {
            "github" => vec![".github/workflows/dockwright.yml", scripts[0], scripts[1]],
            "gitlab" => {
                vec![".gitlab-ci.yml", "deploy/ci/dockwright.gitlab-ci.yml", scripts[0], scripts[1]]
            }
            _ => Vec::new(),
        }
    };
    for preset in PRESETS {
        for ci in ["none", "github", "gitlab"] {
            let set = [("images.repository", "registry.example.com/team/shop"), ("deploy.ci", ci)];
            let (plan, draft) = planned(preset, &set, &[]);
            let own = plan.outputs.iter().filter(|output| output.bundle == Bundle::Ci);
            let own: Vec<&str> = own.map(|output| output.path.as_str()).collect();
            assert_eq!(own, wanted(ci), "{preset}, {ci}");

            let files = files(&plan, &draft);
            let deploy = read(&files, "DEPLOY.md");
            assert_eq!(deploy.contains("cosign verify"), ci != "none", "{preset}, {ci}");
            assert!(deploy.contains("docker compose push"), "{preset}, {ci}");
            if ci == "none" {
                continue;
            }
            // Each image that compose builds is built by the pipeline under the same name.
            let compose = read(&files, "compose.yaml");
            let pipeline = read(&files, scripts[0]);
            let mut names: Vec<&str> =
                compose.lines().filter_map(|line| line.trim().strip_prefix("image: ")).collect();
            names.retain(|name| name.contains("team/shop"));
            names.dedup();
            assert!(!names.is_empty(), "{preset}");
            for name in &names {
                let name = name.strip_suffix(":${TAG:-local}").unwrap();
                let call = format!("\n  \"$@\" {name} --file Dockerfile --target ");
                assert!(pipeline.contains(&call), "{preset}: {name}\n{pipeline}");
            }
            let calls = pipeline.matches("\n  \"$@\" ").count();
            assert_eq!(calls, names.len(), "{preset}: {names:?}");
        }
    }
}

#[test]
fn an_image_from_a_registry_is_pulled_where_it_is_not_there() {
    for (set, image, policy) in [
        (vec![], "shop", "never"),
        (
            vec![("images.repository", "registry.example.com:5000/team/shop")],
            "registry.example.com:5000/team/shop",
            "missing",
        ),
    ] {
        let (plan, draft) = planned("django-nginx", &set, &[]);
        let files = files(&plan, &draft);
        let compose = read(&files, "compose.yaml");
        for name in [image.to_owned(), format!("{image}-nginx")] {
            let line = format!("image: {name}:${{TAG:-local}}\n");
            let (_, rest) = compose.split_once(&line).unwrap_or_else(|| panic!("{compose}"));
            let next = rest.lines().next().unwrap().trim();
            assert!(next.starts_with(&format!("pull_policy: {policy}")), "{name}: {next}");
        }
        // What is kept of old releases is looked for by the same names.
        let deploy = read(&files, "DEPLOY.md");
        assert!(deploy.contains(&format!("for image in {image}-nginx {image}; do")), "{deploy}");
    }
}

#[test]
fn names_that_are_no_repository_are_refused_with_their_reason() {
    let top = directory();
    for (value, reason) in [
        ("registry.example.com/team/shop:1.0", "has a tag; a repository has none"),
        ("registry.example.com/team/shop@sha256:0000", "has no login in it"),
        ("https://registry.example.com/team/shop", "without a scheme"),
        ("user:secret@registry.example.com/shop", "has no login in it"),
        ("registry.example.com/Team/shop", "is no image's name"),
        ("registry.example.com/team/shop/", "is no image's name"),
        ("registry.example.com:port/shop", "is no image's name"),
        ("team/shop;id", "no image reference"),
        ("team//shop", "is no image's name"),
        ("-team/shop", "is no image's name"),
    ] {
        let said = new(&top.path().join("shop"), &[&format!("images.repository={value}")], 2);
        assert!(said.contains("images.repository:") && said.contains(reason), "{value}: {said}");
        assert!(!said.contains("secret@"), "{said}");
    }
    let said = new(&top.path().join("shop"), &["deploy.ci=github"], 2);
    assert!(said.contains("images.repository names no place for it"), "{said}");
    let said = new(&top.path().join("shop"), &["deploy.ci=jenkins", REPOSITORY], 2);
    assert!(said.contains("none of none, github, gitlab"), "{said}");
    for value in ["shop", "team/shop", "localhost:5000/shop", "ghcr.io/team/shop.api_v2"] {
        let (plan, _) = planned("fastapi-uvicorn", &[("images.repository", value)], &[]);
        assert_eq!(plan.answers.repository(), value);
    }
}

#[test]
fn what_is_deployed_to_follows_the_targets() {
    for (targets, steps) in [
        ("compose", vec!["deploy-host"]),
        ("kubernetes", vec!["deploy-kubernetes"]),
        ("compose,ecs", vec!["deploy-ecs"]),
        ("compose,kubernetes,ecs", vec!["deploy-kubernetes", "deploy-ecs"]),
    ] {
        for (ci, path) in [
            ("github", ".github/workflows/dockwright.yml"),
            ("gitlab", "deploy/ci/dockwright.gitlab-ci.yml"),
        ] {
            let set = [
                ("images.repository", "registry.example.com/team/shop"),
                ("deploy.ci", ci),
                ("deploy.target", targets),
            ];
            let (plan, draft) = planned("celery-postgres-redis", &set, &[]);
            let files = files(&plan, &draft);
            let pipeline = read(&files, "deploy/ci/pipeline.sh");
            let service = read(&files, path);
            for step in ["deploy-host", "deploy-kubernetes", "deploy-ecs"] {
                let wanted = steps.contains(&step);
                let case = format!("\n  {step}:?*) ");
                assert_eq!(pipeline.contains(&case), wanted, "{targets}, {ci}: {step}");
                let call = format!("deploy/ci/pipeline.sh {step} ");
                assert_eq!(service.contains(&call), wanted, "{targets}, {ci}: {step}");
            }
            // Compose beside a cluster is for development, and goes to no host.
            let sends = files.iter().any(|(path, _)| path == "deploy/ci/release.sh");
            assert_eq!(sends, targets == "compose", "{targets}");
        }
    }
}

#[test]
fn amazons_registry_is_logged_in_to_by_a_role() {
    let repository = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop";
    let set = [("images.repository", repository), ("deploy.ci", "github")];
    let (plan, draft) = planned("fastapi-uvicorn", &set, &[]);
    let workflow = read(&files(&plan, &draft), ".github/workflows/dockwright.yml");
    assert!(!workflow.contains("REGISTRY_PASSWORD"), "{workflow}");
    assert_eq!(workflow.matches("aws-region: eu-central-1").count(), 2, "{workflow}");
}

#[test]
fn only_the_pipeline_is_written_where_that_is_asked() {
    let set = [("images.repository", "team/shop"), ("deploy.ci", "github")];
    let (plan, _) = planned("django-nginx", &set, &[Bundle::Ci]);
    let own: Vec<&str> = plan.outputs.iter().map(|output| output.path.as_str()).collect();
    let wanted = [
        ".github/workflows/dockwright.yml",
        "deploy/ci/pipeline.sh",
        "deploy/ci/release.sh",
        "dockwright.toml",
    ];
    assert_eq!(own, wanted);
}

/// A service with a pipeline, and the text of one of its files.
fn shop(set: &[&str]) -> TempDir {
    let top = directory();
    new(&top.path().join("shop"), set, 0);
    top
}

#[test]
fn an_update_adds_the_pipeline_and_keeps_what_was_edited_in_it() {
    let top = shop(&[]);
    let dir = top.path().join("shop");
    let workflow = dir.join(".github/workflows/dockwright.yml");
    assert!(!workflow.exists());
    // Somebody else's workflows are nobody's business.
    fs::create_dir_all(dir.join(".github/workflows")).unwrap();
    fs::write(dir.join(".github/workflows/ci.yml"), "name: theirs\n").unwrap();

    run(&dir, &["update", "--set", REPOSITORY, "--set", "deploy.ci=github"], 0);
    run(&dir, &["check"], 0);
    let first = fs::read_to_string(&workflow).unwrap();
    fs::write(&workflow, first.replace("timeout-minutes: 45", "timeout-minutes: 90")).unwrap();
    run(&dir, &["check"], 0);
    let moved = "images.repository=registry.example.com/other/shop";
    run(&dir, &["update", "--set", moved], 0);
    let text = fs::read_to_string(&workflow).unwrap();
    assert!(text.contains("timeout-minutes: 90"), "{text}");
    let pipeline = fs::read_to_string(dir.join("deploy/ci/pipeline.sh")).unwrap();
    assert!(pipeline.contains("registry.example.com/other/shop-nginx"), "{pipeline}");
    assert_eq!(fs::read_to_string(dir.join(".github/workflows/ci.yml")).unwrap(), "name: theirs\n");

    // Another service, and none: what is no longer written is taken away, and asked about where it
    // was edited.
    let said = run(&dir, &["update", "--set", "deploy.ci=gitlab"], 1);
    assert!(said.contains("it is no output any more, and you edited it"), "{said}");
    let keep = ["--keep", ".github/workflows/dockwright.yml"];
    run(&dir, &[&["update", "--set", "deploy.ci=gitlab"], &keep[..]].concat(), 0);
    assert!(dir.join("deploy/ci/dockwright.gitlab-ci.yml").exists());
    assert!(dir.join(".gitlab-ci.yml").exists());
    assert!(workflow.exists(), "it has an edit");
    run(&dir, &["update", "--set", "deploy.ci=none"], 0);
    assert!(!dir.join("deploy/ci/pipeline.sh").exists());
}

#[cfg(unix)]
#[test]
fn scripts_are_for_any_shell_and_say_what_they_take() {
    use std::os::unix::fs::PermissionsExt;
    let top = shop(&[REPOSITORY, "deploy.ci=github"]);
    let dir = top.path().join("shop");
    for script in ["deploy/ci/pipeline.sh", "deploy/ci/release.sh"] {
        let path = dir.join(script);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o111, 0o111, "{script}");
        let status = Command::new("sh").arg("-n").arg(&path).status().unwrap();
        assert!(status.success(), "{script}");
    }
    for arguments in [vec![], vec!["merge"], vec!["nothing"], vec!["build", "r1"]] {
        let output = Command::new("sh")
            .arg(dir.join("deploy/ci/pipeline.sh"))
            .args(&arguments)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains("deploy/ci/pipeline.sh merge TAG"), "{arguments:?}: {said}");
        assert!(!said.contains("set -eu"), "{said}");
    }
}

#[test]
fn what_deploys_sees_no_login_of_the_registry_and_pull_requests_see_nothing() {
    let set = [("images.repository", "registry.example.com/shop"), ("deploy.ci", "github")];
    let (plan, draft) = planned("django-nginx", &set, &[]);
    let workflow = read(&files(&plan, &draft), ".github/workflows/dockwright.yml");
    let job = |name: &str| {
        let (_, rest) = workflow.split_once(&format!("\n  {name}:\n")).unwrap();
        let lines = rest.lines().take_while(|line| line.is_empty() || line.starts_with("   "));
        lines.collect::<Vec<_>>().join("\n")
    };
    for name in ["test", "check", "build"] {
        assert!(!job(name).contains("secrets."), "{name}");
        assert!(!job(name).contains(": write"), "{name}");
    }
    assert!(!job("deploy-host").contains("REGISTRY_PASSWORD"));
    assert!(!job("push").contains("DEPLOY_KEY"));
    assert!(job("publish").contains("id-token: write"));
    assert!(!job("push").contains("id-token"));
    // Every action by its commit.
    for line in workflow.lines().filter_map(|line| line.trim().strip_prefix("uses: ")) {
        let (_, commit) = line.split_once('@').unwrap();
        let (commit, version) = commit.split_once(" # v").unwrap();
        assert!(commit.len() == 40 && !version.is_empty(), "{line}");
    }

    // GitHub's own registry has the job's token.
    let set = [("images.repository", "ghcr.io/team/shop"), ("deploy.ci", "github")];
    let (plan, draft) = planned("django-nginx", &set, &[]);
    let workflow = read(&files(&plan, &draft), ".github/workflows/dockwright.yml");
    assert!(!workflow.contains("REGISTRY_PASSWORD: ${{ secrets."), "{workflow}");
    assert_eq!(workflow.matches("packages: write").count(), 2, "{workflow}");
}

#[test]
fn code_without_a_known_test_command_is_said_to_have_none() {
    let top = directory();
    let dir = top.path();
    fs::write(dir.join("requirements.txt"), "fastapi==0.115.0\nuvicorn==0.34.0\n").unwrap();
    fs::write(dir.join("main.py"), "from fastapi import FastAPI\n\napp = FastAPI()\n").unwrap();
    let set = ["--set", REPOSITORY, "--set", "deploy.ci=github", "--yes"];
    run(dir, &[&["init"], &set[..]].concat(), 0);
    let script = || fs::read_to_string(dir.join("deploy/ci/pipeline.sh")).unwrap();
    assert!(script().contains("No command is known that runs the tests"), "{}", script());
    run(dir, &["update", "--set", "project.tests=make test"], 0);
    assert!(script().contains("\ntest_code() {\n  make test\n}"), "{}", script());
}

/// The lines of a job of GitLab's.
fn job<'a>(text: &'a str, name: &str) -> &'a str {
    let (_, rest) = text.split_once(&format!("\n{name}:\n")).unwrap_or_else(|| panic!("{text}"));
    rest.split("\n\n").next().unwrap()
}

#[test]
fn gitlabs_check_has_what_builds_overlays_and_what_alpine_brings_is_said_to_be_pinned() {
    for (targets, builds) in [("compose", false), ("kubernetes", true), ("kubernetes,ecs", true)] {
        let set = [
            ("images.repository", "123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop"),
            ("deploy.ci", "gitlab"),
            ("deploy.target", targets),
        ];
        let (plan, draft) = planned("celery-postgres-redis", &set, &[]);
        let files = files(&plan, &draft);
        let gitlab = read(&files, "deploy/ci/dockwright.gitlab-ci.yml");
        let check = job(&gitlab, "dockwright-check");
        assert_eq!(check.contains("--no-install-recommends kubectl"), builds, "{check}");
        // The release that has a kubectl which knows components.
        assert!(check.contains("-slim-trixie\n"), "{check}");
        let lines: Vec<&str> = gitlab.lines().collect();
        let added = lines
            .windows(2)
            .filter(|pair| pair[1].contains("apk add") && !pair[1].trim_start().starts_with('#'));
        let mut seen = 0;
        for pair in added {
            seen += 1;
            assert!(pair[0].contains("# Alpine's, by the image's tag"), "{}", pair[1]);
        }
        assert_eq!(seen, 3 + usize::from(targets.contains("ecs")), "{gitlab}");
    }
}

#[cfg(unix)]
#[test]
fn a_check_without_kubectl_fails_where_there_are_overlays() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    for (target, code) in [("compose", 0), ("kubernetes", 1)] {
        let top = shop(&[REPOSITORY, "deploy.ci=gitlab", &format!("deploy.target={target}")]);
        let bin = top.path().join("bin");
        fs::create_dir(&bin).unwrap();
        for program in ["dirname", "mktemp", "rm", "sh"] {
            let from = ["/usr/bin", "/bin"].map(|place| Path::new(place).join(program));
            symlink(from.iter().find(|path| path.exists()).unwrap(), bin.join(program)).unwrap();
        }
        fs::write(bin.join("uvx"), "#!/bin/sh\n").unwrap();
        fs::set_permissions(bin.join("uvx"), fs::Permissions::from_mode(0o755)).unwrap();
        let run = || {
            let script = top.path().join("shop/deploy/ci/pipeline.sh");
            Command::new("/bin/sh").arg(script).arg("check").env("PATH", &bin).output().unwrap()
        };
        let output = run();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{target}: {said}");
        assert_eq!(said.contains("overlays would not be built"), code == 1, "{target}: {said}");
        symlink(bin.join("uvx"), bin.join("kubectl")).unwrap();
        assert_eq!(run().status.code(), Some(0), "{target}");
    }
}

/// A repository whose own compose file runs the application; `service` are lines of its service.
fn own_project(service: &str, branch: &str) -> TempDir {
    let top = directory();
    let dir = top.path();
    fs::write(dir.join("requirements.txt"), "fastapi==0.115.0\nuvicorn==0.34.0\n").unwrap();
    fs::write(dir.join("main.py"), "from fastapi import FastAPI\n\napp = FastAPI()\n").unwrap();
    let dockerfile = "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\nCMD [\"uvicorn\", \"main:app\", \"--host\", \"0.0.0.0\"]\n";
    fs::write(dir.join("Dockerfile"), dockerfile).unwrap();
    let compose = format!("services:\n  api:\n{service}    ports: [\"8000:8000\"]\n");
    fs::write(dir.join("compose.yaml"), compose).unwrap();
    let made = Command::new("git").args(["init", "--quiet", "-b", branch]).arg(dir).status();
    assert!(made.unwrap().success());
    top
}

/// A report with its lines put together.
fn flat(said: &str) -> String {
    said.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn what_an_own_compose_file_builds_is_released_as_that_says() {
    let service = "    image: registry.example.com/team/shop:${TAG:-local}\n    build:\n      context: .\n      args:\n        UID: ${UID:-1000}\n        TOKEN: ${TOKEN}\n        WORDS: a ${OTHER} b\n";
    let top = own_project(service, "trunk");
    let dir = top.path();
    for adopt in [&["--adopt"][..], &[]] {
        let set = ["--set", REPOSITORY, "--set", "deploy.ci=github", "--yes"];
        let said = flat(&run(dir, &[&["init"], &set[..], adopt].concat(), 0));
        let pipeline = fs::read_to_string(dir.join("deploy/ci/pipeline.sh")).unwrap();
        let call = "\n  \"$@\" registry.example.com/team/shop --file Dockerfile --build-arg 'UID=1000' --build-arg TOKEN --build-arg WORDS='a '\"${OTHER:-}\"' b' .\n";
        assert!(pipeline.contains(call), "{adopt:?}: {pipeline}");
        assert!(said.contains("takes TOKEN, OTHER from the environment"), "{adopt:?}: {said}");
        // The default branch is git's.
        let workflow = fs::read_to_string(dir.join(".github/workflows/dockwright.yml")).unwrap();
        assert!(workflow.contains("\n    branches: [trunk]\n"), "{workflow}");
        assert!(
            said.contains("what is pushed to trunk, the default branch, is released"),
            "{said}"
        );
        // What was found is kept, and nothing is asked of the repository again.
        run(dir, &["update"], 0);
        assert_eq!(fs::read_to_string(dir.join("deploy/ci/pipeline.sh")).unwrap(), pipeline);
        run(dir, &["check"], 0);
        fs::remove_dir_all(dir.join(".dockwright")).unwrap();
        fs::remove_dir_all(dir.join("deploy")).unwrap();
        fs::remove_dir_all(dir.join(".github")).unwrap();
        fs::remove_file(dir.join("dockwright.toml")).unwrap();
    }
}

#[test]
fn an_own_image_that_no_release_can_name_is_refused() {
    for (service, why) in [
        ("    build: .\n", "compose.yaml builds api without a name for its image"),
        (
            "    build: .\n    image: registry.example.com/team/shop:1.0\n",
            "without ${TAG} as its tag",
        ),
        (
            "    build: .\n    image: other:${TAG:-local}\n",
            "which is not registry.example.com/team/shop",
        ),
    ] {
        let top = own_project(service, "main");
        for adopt in [&["--adopt"][..], &[]] {
            let set = ["--set", REPOSITORY, "--set", "deploy.ci=github", "--yes"];
            let said = flat(&run(top.path(), &[&["init"], &set[..], adopt].concat(), 2));
            assert!(said.contains(why), "{said}");
            let help =
                "write `image: registry.example.com/team/shop:${TAG:-local}` beside `build` of api";
            assert!(said.contains(help), "{said}");
            assert!(!top.path().join("dockwright.toml").exists());
        }
        // Without a pipeline it is nobody's business.
        run(top.path(), &["init", "--yes", "--adopt"], 0);
    }
}

#[test]
fn a_pipeline_of_a_dockerfile_that_is_not_written_is_not_written() {
    let top = own_project("    build: .\n", "main");
    fs::remove_file(top.path().join("compose.yaml")).unwrap();
    let set = ["init", "--yes", "--set", REPOSITORY, "--set", "deploy.ci=gitlab"];
    let said = flat(&run(top.path(), &set, 0));
    assert!(said.contains("it releases dockwright's Dockerfile and compose file"), "{said}");
    assert!(!said.contains("GitLab reads"), "{said}");
    assert!(!top.path().join("deploy").exists());
}

#[test]
fn the_branch_of_the_remote_comes_first_and_gitlab_needs_a_line() {
    let top = own_project("    build: .\n    image: team/shop:${TAG:-local}\n", "feature");
    let dir = top.path();
    let git = |arguments: &[&str]| {
        let done = Command::new("git").arg("-C").arg(dir).args(arguments).output().unwrap();
        assert!(done.status.success(), "{arguments:?}: {done:?}");
    };
    git(&["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/release/1.x"]);
    let set = ["init", "--yes", "--adopt", "--set", "images.repository=team/shop", "--set"];
    let said = flat(&run(dir, &[&set[..], &["deploy.ci=github"]].concat(), 0));
    assert!(said.contains("what is pushed to release/1.x, the default branch"), "{said}");
    let line = "GitLab reads .gitlab-ci.yml alone, which has to hold: include: [{ local: deploy/ci/dockwright.gitlab-ci.yml }]";
    fs::write(dir.join(".gitlab-ci.yml"), "test:\n  script: [make]\n").unwrap();
    let said = flat(&run(dir, &["update", "--set", "deploy.ci=gitlab"], 0));
    assert!(said.contains(line), "{said}");
    let own = "include: [{ local: deploy/ci/dockwright.gitlab-ci.yml }]\n";
    fs::write(dir.join(".gitlab-ci.yml"), own).unwrap();
    let said = flat(&run(dir, &["update"], 0));
    assert!(!said.contains("GitLab reads"), "{said}");
}

#[test]
fn without_git_both_usual_branches_are_released_and_that_is_said() {
    let top = directory();
    let said = new(&top.path().join("shop"), &[REPOSITORY, "deploy.ci=github"], 0);
    assert!(said.contains("what is pushed to main or master is released"), "{said}");
}
