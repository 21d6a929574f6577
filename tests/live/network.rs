//! A corporate network: a package index behind a login, with a certificate of an authority that
//! nobody else knows, and a proxy that leads nowhere.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;
use std::time::Duration;

use assert_fs::TempDir;

use crate::support::docker::{self, docker};
use crate::support::stack::Stack;
use crate::support::wait;

const IMAGE: &str = "python:3.14-slim-trixie";
const USER: &str = "robot";
/// In no other file of an image.
const PASSWORD: &str = "correct-horse-7f3a9c-battery-staple";

const INDEX: &str = include_str!("support/index.py");

/// The index in a container of its own; ended with the test.
struct Index {
    container: String,
    address: String,
    authority: String,
}

impl Index {
    fn start() -> Self {
        docker::require_engine();
        let user = format!("USER_NAME={USER}");
        let password = format!("PASSWORD={PASSWORD}");
        let container = docker(&[
            "run", "--detach", "--rm", "--env", &user, "--env", &password, IMAGE, "python", "-c",
            INDEX,
        ]);
        let mut index = Self { container, address: String::new(), authority: String::new() };
        index.authority = wait::until("the index", Duration::from_secs(20), || {
            let mut read = Command::new("docker");
            read.args(["exec", &index.container, "cat", "/tmp/ca.pem"]);
            let output = docker::run(&mut read, Duration::from_secs(10));
            output.status.success().then_some(output.stdout)
        });
        let format = "{{.NetworkSettings.Networks.bridge.IPAddress}}";
        index.address = docker(&["inspect", "--format", format, &index.container]);
        index
    }

    /// The kinds of answers it gave to those who asked for packages.
    fn answers(&self) -> Vec<String> {
        let mut read = Command::new("docker");
        read.args(["logs", &self.container]);
        let log = docker::run(&mut read, Duration::from_secs(30)).stderr;
        let asked = log.lines().filter_map(|line| line.split_once("\"GET /simple/"));
        let status = asked.filter_map(|(_, rest)| rest.split("\" ").nth(1)?.split(' ').next());
        let answers: BTreeSet<String> = status.map(str::to_owned).collect();
        answers.into_iter().collect()
    }
}

impl Drop for Index {
    fn drop(&mut self) {
        let mut remove = Command::new("docker");
        remove.args(["rm", "--force", &self.container]);
        let _ = docker::try_run(&mut remove, Duration::from_secs(30));
    }
}

#[test]
fn packages_come_from_an_index_whose_login_no_layer_holds() {
    let index = Index::start();
    let Index { address, authority, .. } = &index;
    let stack = Stack::of("fastapi-uvicorn")
        .set("network.index", &format!("https://{address}:8443/simple"))
        .set("network.index-auth", "secret")
        .set("network.ca", "certs/authority.pem")
        .set("network.https-proxy", "http://127.0.0.1:9")
        .set("network.http-proxy", "http://127.0.0.1:9")
        .set("network.no-proxy", address)
        .create();
    fs::create_dir(stack.path("certs")).unwrap();
    fs::write(stack.path("certs/authority.pem"), authority).unwrap();
    let outside = TempDir::new().unwrap();
    let netrc = outside.path().join("netrc");
    stack.edit(".env", |text| {
        text.replace("INDEX_NETRC=~/.netrc", &format!("INDEX_NETRC={}", netrc.display()))
    });

    // With a wrong login there are no packages.
    fs::write(&netrc, format!("machine {address} login {USER} password wrong\n")).unwrap();
    let refused = stack.try_compose(&["build"], Duration::from_secs(120));
    assert!(!refused.status.success(), "a wrong password built an image");
    assert_eq!(index.answers(), ["401"], "{}", refused.stderr);

    // Healthy although the proxy that its environment names leads nowhere.
    fs::write(&netrc, format!("machine {address} login {USER} password {PASSWORD}\n")).unwrap();
    stack.up();
    stack.get("/ready").expect(200);
    assert_eq!(index.answers(), ["200", "401"], "the build took its packages here");
    let said = stack.exec("web", &["printenv", "HTTPS_PROXY", "NO_PROXY"]);
    assert_eq!(said, format!("http://127.0.0.1:9\nlocalhost,127.0.0.1,::1,web,{address}"));

    let image = format!("{}:local", stack.name);
    trusts_the_authority(&image, address);
    holds_no_login(&image);
}

/// Python trusts it in the image that was built, and nowhere else.
fn trusts_the_authority(image: &str, address: &str) {
    let ask = format!(
        "import urllib.request; print(urllib.request.urlopen('https://{address}:8443/open').read().decode())"
    );
    assert_eq!(docker(&["run", "--rm", image, "python", "-c", &ask]), "open");
    let mut elsewhere = Command::new("docker");
    elsewhere.args(["run", "--rm", IMAGE, "python", "-c", &ask]);
    let refused = docker::run(&mut elsewhere, Duration::from_secs(60));
    assert!(refused.stderr.contains("CERTIFICATE_VERIFY_FAILED"), "{}", refused.stderr);
}

/// Looks through everything that the image consists of; what it certainly holds is found.
fn holds_no_login(image: &str) {
    const SEARCH: &str = r#"
set -eu
docker save "$1" | tar --extract --directory "$2"
docker history --no-trunc "$1" > "$2/history"
find "$2" -type f | while read -r file; do zcat --force "$file"; done | grep --text --only-matching --extended-regexp "$3" | sort -u
"#;
    let unpacked = TempDir::new().unwrap();
    let words = format!("{PASSWORD}|login {USER}|def create_app");
    let mut search = Command::new("sh");
    search.args(["-c", SEARCH, "sh", image]).arg(unpacked.path()).arg(words);
    let found = docker::run(&mut search, Duration::from_secs(60)).expect_success();
    assert_eq!(found, "def create_app");
}
