//! The scheduled job keeps one request per repository, on both hosts.

use std::path::Path;

use super::host::{Host, Kind};
use crate::others::{LARGE, SMALL, commit_all, git};
use crate::team::said;

const HUGE: &str = "extends = [\"fastapi-gunicorn\"]\n[defaults]\ndeploy.memory = \"8GiB\"\ntune.web.memory = \"5528MiB\"\n";

fn on_both(test: impl Fn(Host, &str)) {
    test(Host::new(Kind::GitHub, SMALL), "PATCH");
    test(Host::new(Kind::GitLab, SMALL), "PUT");
}

#[test]
fn a_new_version_opens_a_request_and_a_second_run_does_nothing() {
    on_both(|host, _| {
        assert_eq!(host.changes(), [""; 0]);
        host.release("2.0.0", LARGE);
        assert_eq!(host.changes(), ["POST"]);
        assert_eq!(host.opened()["title"], "dockwright: acme 1.0.0 → 2.0.0");
        assert!(host.text().contains("    compose.yaml     updated"), "{}", host.text());
        assert!(host.branch("compose.yaml").unwrap().contains("3680M"));
        assert!(host.branch("dockwright.toml").unwrap().contains("v2.0.0"));
        let tip = host.tip();
        assert_eq!(host.changes(), [""; 0]);
        assert_eq!(host.tip(), tip);
    });
}

#[test]
fn what_is_newer_refreshes_the_same_request() {
    on_both(|host, change| {
        host.release("2.0.0", LARGE);
        host.changes();
        host.release("3.0.0", HUGE);
        assert_eq!(host.changes(), [format!("{change} 1")]);
        let last = host.requests().pop().unwrap();
        assert_eq!(last["body"]["title"], "dockwright: acme 1.0.0 → 3.0.0");
        assert!(host.branch("compose.yaml").unwrap().contains("5528M"));
        // One commit on the newest main.
        host.team.write("NOTES.md", "ours\n");
        host.commit("notes");
        assert_eq!(host.changes(), [format!("{change} 1")]);
        assert_eq!(host.branch("NOTES.md").unwrap(), "ours\n");
        assert_eq!(host.changes(), [""; 0]);
    });
}

#[test]
fn after_a_merge_the_branch_goes_and_the_next_version_opens_another() {
    on_both(|host, _| {
        host.release("2.0.0", LARGE);
        host.changes();
        host.merge(1);
        assert_eq!(host.changes(), [""; 0]);
        assert_eq!(host.branch("compose.yaml"), None);
        host.release("3.0.0", HUGE);
        assert_eq!(host.changes(), ["POST"]);
        assert_eq!(host.opened()["title"], "dockwright: acme 2.0.0 → 3.0.0");
    });
}

#[test]
fn a_merged_branch_that_nobody_removed_is_used_again() {
    let host = Host::new(Kind::GitLab, SMALL);
    host.release("2.0.0", LARGE);
    host.changes();
    host.merge(1);
    host.release("3.0.0", HUGE);
    assert_eq!(host.changes(), ["POST"]);
    assert!(host.branch("compose.yaml").unwrap().contains("5528M"));
}

#[test]
fn a_request_for_what_main_has_by_now_is_closed() {
    on_both(|host, change| {
        host.release("2.0.0", LARGE);
        host.changes();
        host.team.update(&["--latest"], 0);
        host.commit("by hand");
        assert_eq!(host.changes(), [format!("{change} 1")]);
        assert_eq!(host.branch("compose.yaml"), None);
        let last = host.requests().pop().unwrap()["body"].to_string();
        assert!(last.contains("close") && last.contains("main is up to date"), "{last}");
    });
}

#[test]
fn a_request_that_people_closed_is_not_opened_again_for_the_same_change() {
    on_both(|host, _| {
        host.release("2.0.0", LARGE);
        host.changes();
        host.people("1/close");
        assert_eq!(host.changes(), [""; 0]);
        host.team.write("NOTES.md", "main has moved\n");
        host.commit("notes");
        assert_eq!(host.changes(), [""; 0]);
        host.release("3.0.0", HUGE);
        assert_eq!(host.changes(), ["POST"]);
    });
}

#[test]
fn commits_of_people_on_the_branch_are_never_lost() {
    let host = Host::new(Kind::GitHub, SMALL);
    host.release("2.0.0", LARGE);
    host.changes();
    let shop = host.team.shop();
    git(&shop, &["fetch", "--quiet", "origin"]);
    git(&shop, &["checkout", "--quiet", "-b", "mine", "origin/dockwright/update"]);
    host.team.write("NOTES.md", "mine\n");
    commit_all(&shop, "mine");
    git(&shop, &["push", "--quiet", "origin", "HEAD:dockwright/update"]);
    let tip = host.tip();
    host.release("3.0.0", HUGE);
    assert_eq!(host.changes(), [""; 0]);
    assert_eq!(host.tip(), tip);
}

#[test]
fn a_conflict_is_a_draft_with_files_and_lines_until_it_is_none() {
    on_both(|host, change| {
        host.team.edit("compose.yaml", "memory: 1792M", "memory: 999M");
        host.commit("less memory");
        host.release("2.0.0", LARGE);
        assert_eq!(host.changes(), ["POST"]);
        let opened = host.opened();
        let title = opened["title"].as_str().unwrap();
        match host.kind {
            Kind::GitHub => assert_eq!(opened["draft"], true),
            Kind::GitLab => assert!(title.starts_with("Draft: "), "{title}"),
        }
        assert!(title.contains("with conflicts"), "{title}");
        let text = host.text();
        assert!(
            text.contains("    compose.yaml:") && text.contains("| ") && text.contains("999M"),
            "{text}"
        );
        let marked = host.branch("compose.yaml").unwrap();
        assert!(marked.contains("<<<<<<< ") && marked.contains("memory: 999M"), "{marked}");
        assert_eq!(host.changes(), [""; 0]);

        // main goes back to the preset's value: the draft makes place for a request.
        host.team.edit("compose.yaml", "memory: 999M", "memory: 1792M");
        host.commit("as it was");
        let changes = host.changes();
        match host.kind {
            Kind::GitHub => assert_eq!(changes, [format!("{change} 1"), "POST".into()]),
            Kind::GitLab => assert_eq!(changes, [format!("{change} 1")]),
        }
        let last = host.requests().pop().unwrap();
        assert_eq!(last["body"]["title"], "dockwright: acme 1.0.0 → 2.0.0");
        assert_eq!(host.changes(), [""; 0]);
    });
}

#[test]
fn where_the_host_has_no_drafts_a_conflict_is_a_request() {
    let host = Host::new(Kind::GitHub, SMALL);
    host.people("drafts/off");
    host.team.edit("compose.yaml", "memory: 1792M", "memory: 999M");
    host.commit("less memory");
    host.release("2.0.0", LARGE);
    assert_eq!(host.changes(), ["POST", "POST"]);
    assert_eq!(host.opened()["draft"], false);
    assert!(host.opened()["title"].as_str().unwrap().contains("with conflicts"));
    assert_eq!(host.changes(), [""; 0]);
}

#[test]
fn a_host_that_refuses_and_an_update_that_fails_end_the_job() {
    on_both(|host, _| {
        host.release("2.0.0", LARGE);
        let wrong = [("GITHUB_TOKEN", "wrong"), ("GITLAB_TOKEN", "wrong")];
        let output = host.job_with(&wrong);
        assert!(!output.status.success() && said(&output).contains("401"), "{}", said(&output));
        assert_eq!(host.branch("compose.yaml"), None);
        let output = host.job_with(&[("DOCKWRIGHT_UPDATE_FLAGS", "--preset no-such")]);
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert_eq!(host.branch("compose.yaml"), None);
        assert!(host.requests().iter().all(|request| request["method"] == "GET"));
    });
}

#[test]
fn several_directories_of_a_repository_are_one_request() {
    let host = Host::new(Kind::GitLab, SMALL);
    let preset = format!("git+file://{}#v1.0.0", host.team.top.path().join("team").display());
    host.team.run(&["new", "shop/services/mail", "--preset", &preset, "--yes"], 0);
    host.commit("mail");
    host.release("2.0.0", LARGE);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("ci/update-request.sh");
    let output = host.job_of("sh", &format!("{} . services/mail", script.display()), &[]);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(host.opened()["title"], "dockwright: 2 directories");
    for path in ["compose.yaml", "services/mail/compose.yaml"] {
        assert!(host.branch(path).unwrap().contains("3680M"), "{path}");
    }
}

#[test]
fn the_job_does_nothing_on_its_own_branch() {
    on_both(|host, _| {
        host.release("2.0.0", LARGE);
        let here =
            [("GITHUB_REF_NAME", "dockwright/update"), ("CI_COMMIT_REF_NAME", "dockwright/update")];
        assert!(host.job_with(&here).status.success());
        assert!(host.requests().is_empty());
    });
}

#[cfg(unix)]
#[test]
fn no_hook_runs() {
    use std::os::unix::fs::PermissionsExt as _;

    let host = Host::new(Kind::GitHub, SMALL);
    host.release("2.0.0", LARGE);
    let top = host.team.top.path();
    std::fs::create_dir(top.join("hooks")).unwrap();
    for name in ["post-checkout", "pre-commit", "commit-msg", "pre-push", "post-commit"] {
        let hook = top.join("hooks").join(name);
        std::fs::write(&hook, format!("#!/bin/sh\ntouch '{}/ran'\nexit 1\n", top.display()))
            .unwrap();
        std::fs::set_permissions(hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let settings = top.join("gitconfig");
    std::fs::write(&settings, format!("[core]\nhooksPath = {}/hooks\n", top.display())).unwrap();
    let output = host.job_with(&[("GIT_CONFIG_GLOBAL", &settings.display().to_string())]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(host.branch("compose.yaml").is_some() && !top.join("ran").exists());
}

#[test]
fn the_token_is_shown_nowhere() {
    on_both(|host, _| {
        host.release("2.0.0", LARGE);
        let output = host.job_with(&[("GIT_TRACE", "1")]);
        assert!(output.status.success(), "{}", said(&output));
        assert!(!said(&output).contains("the-token"), "{}", said(&output));
        assert!(!host.text().contains("the-token"));
    });
}
