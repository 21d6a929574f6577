//! `--only image`: what an image is made of, for a team with its own deployment.

use std::process::Command;
use std::time::Duration;

use crate::support::container::Container;
use crate::support::docker::{self, docker};
use crate::support::stack::{Blueprint, Stack};
use crate::support::wait;

const SECRET: &str = "SECRET_KEY=of-nothing-but-this-test";

#[test]
fn fastapi_on_uvicorn() {
    builds_and_runs(|| Stack::of("fastapi-uvicorn"), &[]);
}

#[test]
fn flask_on_gunicorn() {
    let flask = || {
        Stack::of("fastapi-gunicorn")
            .set("stack.framework", "flask")
            .set("stack.server", "gunicorn")
    };
    builds_and_runs(flask, &[SECRET]);
}

#[test]
fn django_without_its_proxy() {
    let settings = [SECRET, "ALLOWED_HOSTS=localhost", "DATABASE_URL=postgresql://127.0.0.1/none"];
    builds_and_runs(|| Stack::of("django-nginx"), &settings);
}

/// Writes the image's files alone, builds, runs and stops.
#[track_caller]
fn builds_and_runs(blueprint: impl Fn() -> Blueprint, environment: &[&str]) {
    let application = blueprint().only("image").create();
    assert!(!application.path("compose.yaml").exists(), "nothing else was written");

    let tag = format!("{}:local", application.name);
    let mut build = Command::new("docker");
    build.current_dir(application.path("")).args(["build", "--quiet", "--tag", &tag, "."]);
    docker::run(&mut build, Duration::from_secs(300)).expect_success();

    let published = format!("127.0.0.1:{}:8000", application.port);
    let mut arguments =
        vec!["run", "--detach", "--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL"];
    arguments.extend(["--publish", &published]);
    arguments.extend(environment.iter().flat_map(|setting| ["--env", setting]));
    arguments.push(&tag);
    let running = Running(docker(&arguments));
    wait::until("the image's own health check", Duration::from_secs(30), || {
        (running.inspect().fact("/State/Health/Status") == "healthy").then_some(())
    });
    application.get("/health").expect(200);
    docker(&["stop", &running.0]);
    assert_eq!(running.inspect().exit_code(), 0);
}

/// A container that no Compose knows.
struct Running(String);

impl Running {
    fn inspect(&self) -> Container {
        Container::inspect(&[&self.0]).remove(0)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let logs = docker::try_run(
                Command::new("docker").args(["logs", &self.0]),
                Duration::from_secs(30),
            );
            eprintln!(
                "{}",
                logs.map_or_else(|problem| problem, |output| output.stdout + &output.stderr)
            );
        }
        let mut remove = Command::new("docker");
        let _ = docker::try_run(remove.args(["rm", "--force", &self.0]), Duration::from_secs(30));
    }
}
