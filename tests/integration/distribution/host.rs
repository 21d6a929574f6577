//! A repository on a host, and its scheduled job.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

use crate::others::{commit_all, git};
use crate::team::Team;

/// Which host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    GitHub,
    GitLab,
}

/// The repository `acme/shop`, made from version 1.0.0 of a preset in git.
pub struct Host {
    pub kind: Kind,
    pub team: Team,
    server: Child,
    port: String,
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

impl Host {
    pub fn new(kind: Kind, preset: &str) -> Self {
        let team = Team::new(preset);
        let top = team.top.path().to_owned();
        commit_all(&top.join("team"), "one");
        git(&top.join("team"), &["tag", "v1.0.0"]);
        let url = format!("git+file://{}#v1.0.0", top.join("team").display());
        team.run(&["new", "shop", "--preset", &url, "--yes"], 0);
        commit_all(&team.shop(), "shop");
        let bare = top.join("acme/shop.git");
        fs::create_dir(top.join("acme")).unwrap();
        git(&top, &["clone", "--quiet", "--bare", "shop", &bare.display().to_string()]);
        git(&team.shop(), &["remote", "add", "origin", &bare.display().to_string()]);

        let script =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/integration/distribution/host.py");
        let mut server = Command::new("python3")
            .arg(script)
            .arg(&top)
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 is there");
        let mut port = String::new();
        BufReader::new(server.stdout.as_mut().unwrap()).read_line(&mut port).unwrap();
        Self { kind, team, server, port: port.trim().to_owned() }
    }

    fn top(&self) -> PathBuf {
        self.team.top.path().to_owned()
    }

    /// Another version of the preset, with its tag.
    pub fn release(&self, version: &str, preset: &str) {
        self.team.release(version, preset);
        commit_all(&self.top().join("team"), version);
        git(&self.top().join("team"), &["tag", &format!("v{version}")]);
    }

    /// What is in the main branch of the repository from now on.
    pub fn commit(&self, message: &str) {
        commit_all(&self.team.shop(), message);
        git(&self.team.shop(), &["push", "--quiet", "origin", "HEAD:main"]);
    }

    /// Runs the job in a fresh shallow checkout, as the hosts make it.
    pub fn job(&self) -> Output {
        self.job_with(&[])
    }

    pub fn job_with(&self, environment: &[(&str, &str)]) -> Output {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("ci/update-request.sh");
        self.job_of("sh", &script.display().to_string(), environment)
    }

    /// Runs another script in such a checkout.
    pub fn job_of(&self, shell: &str, script: &str, environment: &[(&str, &str)]) -> Output {
        let top = self.top();
        let job = top.join("job");
        let _ = fs::remove_dir_all(&job);
        let address = format!("file://{}/acme/shop", top.display());
        git(&top, &["clone", "--quiet", "--depth", "1", "--branch", "main", &address, "job"]);
        let binary = Path::new(env!("CARGO_BIN_EXE_dockwright")).parent().unwrap();
        let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
        let mut command = Command::new(shell);
        command.args(["-c", script]).current_dir(&job).env("PATH", path).env("NO_COLOR", "1");
        for name in ["CI_API_V4_URL", "GITHUB_API_URL", "GITHUB_TOKEN", "GITLAB_TOKEN"] {
            command.env_remove(name);
        }
        command.env("DOCKWRIGHT_CACHE", top.join("cache"));
        let server = format!("file://{}", top.display());
        let api = format!("http://127.0.0.1:{}", self.port);
        match self.kind {
            Kind::GitHub => command
                .env("GITHUB_API_URL", format!("{api}/github"))
                .env("GITHUB_SERVER_URL", server)
                .env("GITHUB_REPOSITORY", "acme/shop")
                .env("GITHUB_REF_NAME", "main")
                .env("GITHUB_TOKEN", "the-token"),
            Kind::GitLab => command
                .env("CI_API_V4_URL", format!("{api}/gitlab"))
                .env("CI_SERVER_URL", &server)
                .env("CI_PROJECT_URL", format!("{server}/acme/shop"))
                .env("CI_PROJECT_ID", "7")
                .env("CI_COMMIT_REF_NAME", "main")
                .env("GITLAB_TOKEN", "the-token"),
        };
        let output = command.envs(environment.iter().copied()).output().unwrap();
        // The checkout is as it was.
        assert_eq!(git(&job, &["status", "--porcelain"]), "");
        assert_eq!(git(&job, &["worktree", "list"]).lines().count(), 1);
        assert_eq!(git(&job, &["for-each-ref", "refs/dockwright"]), "");
        output
    }

    /// Runs the job, which has to end well, and gives what changed at the
    /// host: `POST`, `PATCH`, `PUT` with the request's number.
    pub fn changes(&self) -> Vec<String> {
        let before = self.requests().len();
        let output = self.job();
        assert!(output.status.success(), "{}", crate::team::said(&output));
        self.requests()[before..]
            .iter()
            .filter(|request| request["method"] != "GET")
            .map(|request| {
                let path = request["path"].as_str().unwrap();
                let number = path.rsplit('/').next().unwrap().parse::<u32>();
                let method = request["method"].as_str().unwrap();
                number.map_or_else(|_| method.to_owned(), |number| format!("{method} {number}"))
            })
            .collect()
    }

    /// Every request that the host was sent, as it wrote them down.
    pub fn requests(&self) -> Vec<Value> {
        let log = fs::read_to_string(self.top().join("requests.jsonl")).unwrap_or_default();
        log.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The content of the last request that opened something.
    pub fn opened(&self) -> Value {
        let requests = self.requests();
        requests.iter().rfind(|request| request["method"] == "POST").unwrap()["body"].clone()
    }

    /// The text of the last opened request.
    pub fn text(&self) -> String {
        let key = if self.kind == Kind::GitHub { "body" } else { "description" };
        self.opened()[key].as_str().unwrap().to_owned()
    }

    /// What people do to a request: `1/merge`, `1/close`, `drafts/off`.
    pub fn people(&self, what: &str) {
        let url = format!("http://127.0.0.1:{}/test/{what}", self.port);
        let done =
            Command::new("curl").args(["--silent", "--fail", "--request", "POST", &url]).output();
        assert!(done.unwrap().status.success());
    }

    /// A file on the branch of the request; `None` where there is no branch.
    pub fn branch(&self, path: &str) -> Option<String> {
        let bare = self.top().join("acme/shop.git");
        let there = Command::new("git")
            .arg("-C")
            .arg(&bare)
            .args(["show", &format!("dockwright/update:{path}")])
            .output()
            .unwrap();
        there.status.success().then(|| String::from_utf8(there.stdout).unwrap())
    }

    /// The commit of the branch of the request.
    pub fn tip(&self) -> String {
        git(&self.top().join("acme/shop.git"), &["rev-parse", "dockwright/update"])
    }

    /// Somebody squashes the branch into main; the branch stays.
    pub fn merge(&self, number: u32) {
        let shop = self.team.shop();
        git(&shop, &["fetch", "--quiet", "origin"]);
        git(&shop, &["merge", "--quiet", "--squash", "origin/dockwright/update"]);
        self.commit("update");
        self.people(&format!("{number}/merge"));
    }
}
