//! Compose projects of odd shapes, and runs that end in odd ways: `dockwright verify` says what
//! holds, leaves nothing behind, and touches nothing that runs.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::docker;
use crate::support::stack::{Stack, dockwright};
use crate::verified::Verified;

const IMAGE: &str = "python:3.14-slim-trixie";
const SERVER: &str = "import http.server, signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
http.server.ThreadingHTTPServer(('', 8000), http.server.SimpleHTTPRequestHandler).serve_forever()
";
const LIMIT: Duration = Duration::from_secs(120);

/// A service that serves the directory of its own code.
fn web(site: &str, rest: &str) -> String {
    format!(
        "services:\n  web:\n    image: {IMAGE}\n    user: \"10001:10001\"\n    working_dir: /srv\n    command: [python, serve.py]\n    volumes: [\"{site}:/srv:ro\"]\n{rest}"
    )
}

/// A project that holds as it is: one file server.
fn site() -> Stack {
    let compose = web("./site", "    ports: [\"127.0.0.1:@PORT@:8000\"]\n");
    Stack::of_repository("odd", &[("compose.yaml", &compose), ("site/serve.py", SERVER)])
}

/// The containers, images, networks and volumes of a run that are there now.
fn left(run: &str) -> String {
    let filter = format!("label=com.docker.compose.project={run}");
    let kinds = [["ps", "--all"].as_slice(), &["network", "ls"], &["volume", "ls"]];
    let of = |words: &[&str]| {
        let mut list = Command::new("docker");
        list.args(words).args(["--quiet", "--filter", &filter]);
        docker::run(&mut list, LIMIT).expect_success()
    };
    kinds.into_iter().map(of).collect()
}

#[test]
fn a_compose_file_in_a_subdirectory() {
    let compose = web("../site", "    ports: [\"127.0.0.1:@PORT@:8000\"]\n");
    let files = [("deploy/compose.yaml", compose.as_str()), ("site/serve.py", SERVER)];
    let stack = Stack::of_repository("odd", &files);
    let arguments = ["--file", "deploy/compose.yaml", "--only", "start,contract,stop"];
    let verified = Verified::of(&stack, &arguments);
    verified.holds();
    verified.judges("start.ports");
}

#[test]
fn replicas_that_publish_a_range() {
    let ports = "    ports: [\"127.0.0.1:21080-21089:8000\"]\n    deploy:\n      replicas: 2\n";
    let compose = web("./site", ports);
    let files = [("compose.yaml", compose.as_str()), ("site/serve.py", SERVER)];
    let stack = Stack::of_repository("odd", &files);
    Verified::of(&stack, &["--only", "start,contract,stop"]).holds();
}

#[test]
fn a_port_that_speaks_no_http() {
    let compose = format!(
        "services:\n  feed:\n    image: {IMAGE}\n    command: [python, -u, -m, feed]\n    working_dir: /srv\n    volumes: [\"./:/srv:ro\"]\n    ports: [\"127.0.0.1:@PORT@:6000\"]\n"
    );
    let feed = "import signal, socket, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
listening = socket.create_server(('', 6000))
while True:
    client, _ = listening.accept()
    client.sendall(b'+OK ready\\r\\n')
    client.close()
";
    let files = [("compose.yaml", compose.as_str()), ("feed.py", feed)];
    let stack = Stack::of_repository("odd", &files);
    let verified = Verified::of(&stack, &["--only", "start,contract,load"]);
    verified.holds();
    verified.judges("start.healthy");
}

#[test]
fn a_tool_that_ends_well() {
    let compose = format!(
        "services:\n  report:\n    image: {IMAGE}\n    command: [python, -c, \"print('done')\"]\n"
    );
    let stack = Stack::of_repository("odd", &[("compose.yaml", &compose)]);
    Verified::of(&stack, &["--only", "start,contract,isolation"]).holds();
}

#[test]
fn a_service_that_crashes_again_and_again_is_not_waited_for() {
    let compose = format!(
        "services:\n  web:\n    image: {IMAGE}\n    command: [python, -c, \"raise SystemExit('no database')\"]\n    restart: always\n    ports: [\"127.0.0.1:@PORT@:8000\"]\n"
    );
    let stack = Stack::of_repository("odd", &[("compose.yaml", &compose)]);
    let verified = Verified::of(&stack, &["--set", "verify.healthy=600"]);
    let said = verified.finds("start.healthy");
    assert!(said.contains("restarted") && said.contains("exit code 1"), "{said}");
    assert!(said.contains("no database"), "its last line is shown: {said}");
}

#[test]
fn the_image_that_ran_before() {
    let stack = site();
    // Another name of the same image.
    docker::run(Command::new("docker").args(["tag", IMAGE, "python:odd-before"]), LIMIT);
    let verified = Verified::of(&stack, &["--only", "data", "--previous", "odd-before"]);
    docker::run(Command::new("docker").args(["rmi", "python:odd-before"]), LIMIT);
    verified.holds();
    verified.judges("data.previous");
    Verified::of(&stack, &["--only", "data", "--previous", "never"]).finds("data.previous");
}

#[test]
fn a_kept_stack_survives_the_next_run_and_goes_by_the_command_that_was_named() {
    let stack = site();
    let first = Verified::of(&stack, &["--only", "start", "--keep"]);
    let kept = first.kept();
    let (project, remove) = (kept["project"].as_str(), kept["remove"].as_str());
    let (project, remove) = (project.expect("a name"), remove.expect("a command"));
    Verified::of(&stack, &["--only", "start"]).holds();
    assert_ne!(left(project), "", "the next run has removed it");
    docker::run(Command::new("sh").args(["-c", remove]), LIMIT).expect_success();
    assert_eq!(left(project), "");
}

#[test]
fn an_interrupted_run_reports_what_it_has_judged_and_leaves_nothing() {
    let stack = site();
    let mut verify = dockwright();
    verify.arg("verify").arg(stack.path("")).args(["--format", "json"]);
    verify.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = verify.spawn().expect("dockwright starts");
    let mut lines = BufReader::new(child.stderr.take().expect("piped"));
    let begun = Instant::now();
    let mut line = String::new();
    while !line.starts_with("load:") {
        line.clear();
        assert!(lines.read_line(&mut line).expect("text") > 0, "it ended before load");
        assert!(begun.elapsed() < LIMIT, "load did not begin");
    }
    let id = child.id().to_string();
    docker::run(Command::new("kill").args(["-INT", &id]), LIMIT).expect_success();
    let mut rest = String::new();
    lines.read_to_string(&mut rest).expect("text");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130), "{rest}");
    let report: Value = serde_json::from_slice(&output.stdout).expect("a report");
    let verified = Verified::read(report);
    verified.judges("start.ports");
    verified.skips("data.restart", "the run ended before");
    assert!(verified.cut().contains("interrupted"), "{rest}");
    let own = format!("-{id}");
    let mut all = Command::new("docker");
    all.args(["ps", "--all", "--format", "{{.Label \"com.docker.compose.project\"}}"]);
    let all = docker::run(&mut all, LIMIT).expect_success();
    assert!(all.lines().all(|project| !project.ends_with(&own)), "{all}");
}
