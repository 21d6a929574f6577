//! `dockwright check` judges the files on disk, not only the answers.

use serde_json::Value;

use crate::check::{found, line_of};
use crate::team::Team;

const DJANGO: &str = "extends = [\"django-nginx\"]\n";

fn strict() -> Team {
    Team::with_shop(&format!("{DJANGO}[locked]\ndeploy.hardening = \"strict\"\n"))
}

/// What a policy from outside finds.
fn by(team: &Team, policy: &str, code: i32) -> Value {
    team.release("9.0.0", policy);
    team.checked(&["--policy", "./team"], code)
}

fn messages(report: &Value, kind: &str) -> String {
    let findings = report[kind].as_array().unwrap();
    let messages: Vec<&str> = findings.iter().map(|f| f["message"].as_str().unwrap()).collect();
    messages.join("\n")
}

#[test]
fn a_hand_written_user_root_is_found_with_file_line_and_layer() {
    let team = strict();
    let text = team.read("Dockerfile");
    let last = text.rfind("USER 10001:10001").unwrap();
    team.write("Dockerfile", &format!("{}USER root{}", &text[..last], &text[last + 16..]));
    let line = line_of(&team, "Dockerfile", "USER root");
    let report = team.checked(&[], 1);
    assert_eq!(found(&report, "policy"), [format!("deploy.hardening Dockerfile:{line}")]);
    assert_eq!(report["policy"][0]["layer"], "acme 1.0.0");
    let text = team.check(&[], 1);
    for part in [format!("shop/Dockerfile:{line}"), "USER root".into(), "acme 1.0.0".into()] {
        assert!(text.contains(&part), "{part} in {text}");
    }
    // A waiver of the lock is one of its findings on disk.
    let text = team.read("dockwright.toml");
    let waiver =
        "[[waiver]]\nrule = \"deploy.hardening\"\nreason = \"x\"\nuntil = \"2999-01-01\"\n";
    team.write("dockwright.toml", &format!("{text}{waiver}"));
    assert_eq!(found(&team.checked(&[], 0), "waived").len(), 1);
}

#[test]
fn root_between_is_fine_and_the_last_user_of_what_is_run_counts() {
    let team = strict();
    let text = team.read("Dockerfile");
    let last = text.rfind("USER 10001:10001").unwrap();
    let (before, after) = text.split_at(last);
    team.write("Dockerfile", &format!("{before}USER root\nRUN true\n{after}"));
    assert!(found(&team.checked(&[], 0), "policy").is_empty());
    // The proxy is no last stage, and is run.
    team.write("Dockerfile", &text.replace("USER 101:101", "USER 0"));
    let line = line_of(&team, "Dockerfile", "USER 0");
    let report = team.checked(&[], 1);
    assert_eq!(found(&report, "policy"), [format!("deploy.hardening Dockerfile:{line}")]);
    // None at all is root as well.
    team.write("Dockerfile", &text.replace("USER 101:101\n", ""));
    assert!(messages(&team.checked(&[], 1), "policy").contains("sets no USER"));
    team.write("Dockerfile", &text.replace("USER 101:101\n", "USER $WHO\n"));
    assert!(messages(&team.checked(&[], 0), "notes").contains("cannot be told"));
}

#[test]
fn services_that_may_more_than_they_were_written_with_are_found() {
    let team = strict();
    let original = team.read("compose.yaml");
    for (from, to, what) in [
        ("    user: \"999:999\"", "    user: root", "db: user: root"),
        ("    user: \"999:999\"", "    user: \"0:0\"", "db: user: 0:0"),
        ("    user: \"999:999\"", "    privileged: true", "db: privileged"),
        ("    user: \"999:999\"", "    cap_add: [SYS_ADMIN]", "db: cap_add: SYS_ADMIN"),
        ("    user: \"999:999\"", "    network_mode: host", "db: network_mode: host"),
        ("    user: \"999:999\"", "    pid: host", "db: pid: host"),
        ("    user: \"999:999\"", "    security_opt: [\"seccomp:unconfined\"]", "unconfined"),
        ("    user: \"999:999\"", "    x: y", "its user is gone"),
        (
            "      - db-data:/var/lib/postgresql",
            "      - /var/run/docker.sock:/var/run/docker.sock",
            "docker.sock is mounted",
        ),
        ("  read_only: true\n", "", "no longer read_only"),
        ("  cap_drop: [ALL]\n", "", "cap_drop: [ALL] is gone"),
        ("  security_opt: [\"no-new-privileges:true\"]\n", "", "no-new-privileges:true is gone"),
    ] {
        assert!(original.contains(from), "{from}");
        team.write("compose.yaml", &original.replacen(from, to, 1));
        let report = team.checked(&[], 1);
        assert!(messages(&report, "policy").contains(what), "{what}: {report:#}");
        if !to.is_empty() && !to.contains("x: y") {
            let line = line_of(&team, "compose.yaml", to.trim());
            let wanted = format!("deploy.hardening compose.yaml:{line}");
            assert!(found(&report, "policy").contains(&wanted), "{what}: {report:#}");
        }
    }
}

#[test]
fn a_service_of_the_users_own_and_an_override_are_judged_too() {
    let team = strict();
    let text = team.read("compose.yaml");
    let own = "services:\n  shell:\n    image: busybox:1\n    privileged: true\n";
    team.write("compose.yaml", &text.replacen("services:\n", own, 1));
    assert!(messages(&team.checked(&[], 1), "policy").contains("shell: privileged"));
    team.write("compose.yaml", &text);
    team.write("compose.override.yaml", "services:\n  web:\n    privileged: true\n");
    let report = team.checked(&[], 1);
    assert_eq!(found(&report, "policy"), ["deploy.hardening compose.override.yaml:3"]);
}

#[test]
fn a_file_that_cannot_be_read_is_a_note_and_no_silence() {
    let team = strict();
    team.write("compose.yaml", "services: [\n");
    team.write("Dockerfile", "FROM\n");
    let report = team.checked(&[], 0);
    assert_eq!(found(&report, "notes"), ["unread Dockerfile:1", "unread compose.yaml:1"]);
}

#[test]
fn the_python_of_every_stage_is_held_to_locks_floors_and_rules() {
    let team = Team::with_shop(DJANGO);
    team.edit(
        "Dockerfile",
        "FROM python:3.14-slim-trixie AS builder",
        "FROM python:3.9 AS builder",
    );
    let line = line_of(&team, "Dockerfile", "python:3.9");
    for (policy, id) in [
        ("[floors]\npython = \"3.12\"\n", "python"),
        ("[locked]\nproject.python = \"3.14\"\n", "project.python"),
        (
            "[[rule]]\nkey = \"project.python\"\nmin = \"3.10\"\nid = \"new\"\nmessage = \"x\"\n",
            "new",
        ),
    ] {
        let report = by(&team, policy, 1);
        assert_eq!(found(&report, "policy"), [format!("{id} Dockerfile:{line}")], "{policy}");
    }
    by(&team, "[floors]\npython = \"3.9\"\n", 0);
    team.edit("Dockerfile", "FROM python:3.9 AS builder", "FROM python:latest AS builder");
    let report = by(&team, "[floors]\npython = \"3.12\"\n", 1);
    assert!(messages(&report, "policy").contains("python:latest"), "{report:#}");
}

#[test]
fn images_are_held_to_their_locks_and_floors_in_every_file() {
    let team = Team::with_shop(DJANGO);
    team.edit("compose.yaml", "image: postgres:18-trixie", "image: postgres:16");
    let line = line_of(&team, "compose.yaml", "postgres:16");
    for policy in [
        "[floors]\nimages.postgres = \"17\"\n",
        "[locked]\nimages.postgres = \"postgres:18-trixie\"\n",
    ] {
        let report = by(&team, policy, 1);
        let wanted = format!("images.postgres compose.yaml:{line}");
        assert!(found(&report, "policy").contains(&wanted), "{policy}: {report:#}");
    }
    // Another image under the database's service is no way out.
    team.edit("compose.yaml", "image: postgres:16", "image: pgvector/pgvector:pg15");
    let report = by(&team, "[floors]\nimages.postgres = \"17\"\n", 1);
    assert!(messages(&report, "policy").contains("pgvector"), "{report:#}");
    // A digest of the same tag is the same.
    team.edit("compose.yaml", "pgvector/pgvector:pg15", "postgres:18-trixie@sha256:abc");
    by(&team, "[locked]\nimages.postgres = \"postgres:18-trixie\"\n", 0);
}

#[test]
fn a_locked_registry_stands_before_every_image() {
    let lock = "[locked]\nimages.registry = \"registry.example.com/mirror\"\n";
    let team = Team::with_shop(&format!("{DJANGO}{lock}"));
    assert!(found(&team.checked(&[], 0), "policy").is_empty());
    team.edit("Dockerfile", "FROM registry.example.com/mirror/python", "FROM python");
    team.edit("compose.yaml", "services:\n", "services:\n  mail:\n    image: mailer/mail:3\n");
    let wanted = [
        format!("images.registry Dockerfile:{}", line_of(&team, "Dockerfile", "FROM python")),
        format!("images.registry compose.yaml:{}", line_of(&team, "compose.yaml", "mailer/mail")),
    ];
    assert_eq!(found(&team.checked(&[], 1), "policy"), wanted);
}

#[test]
fn limits_on_disk_are_held_to_rules_and_locks() {
    let team = Team::with_shop(DJANGO);
    let rule = "[[rule]]\nkey = \"db.memory\"\nmax = \"8GiB\"\nmessage = \"no more than that\"\n";
    by(&team, rule, 0);
    let text = team.read("compose.yaml");
    let at = text.find("\n  db:").unwrap();
    let old = text[at..].lines().find(|line| line.contains("memory:")).unwrap().to_owned();
    let with = |new: &str| format!("{}{}", &text[..at], text[at..].replacen(&old, new, 1));
    team.write("compose.yaml", &with("          memory: 9000M"));
    let line = line_of(&team, "compose.yaml", "9000M");
    let report = by(&team, rule, 1);
    assert_eq!(found(&report, "policy"), [format!("db.memory compose.yaml:{line}")]);
    assert!(messages(&report, "policy").starts_with("no more than that: db: memory is 9000M"));
    team.write("compose.yaml", &with("          x: y"));
    assert!(messages(&by(&team, rule, 1), "policy").contains("limit of memory is gone"));
    team.write("compose.yaml", &with("          memory: lots"));
    assert!(messages(&by(&team, rule, 1), "policy").contains("lots"));
}

#[test]
fn worker_counts_are_found_in_settings_commands_and_variables() {
    let team = Team::with_shop(DJANGO);
    let rule = "[[rule]]\nkey = \"web.workers\"\nmax = 16\nmessage = \"few\"\n";
    by(&team, rule, 0);
    let text = team.read("gunicorn.conf.py");
    let old = text.lines().find(|line| line.starts_with("workers = ")).unwrap().to_owned();
    team.edit("gunicorn.conf.py", &old, "workers = 64");
    let line = line_of(&team, "gunicorn.conf.py", "workers = 64");
    let report = by(&team, rule, 1);
    assert_eq!(found(&report, "policy"), [format!("web.workers gunicorn.conf.py:{line}")]);
    let preferred = "workers = int(os.environ.get(\"WEB_CONCURRENCY\") or 65)";
    team.edit("gunicorn.conf.py", "workers = 64", preferred);
    assert!(messages(&by(&team, rule, 1), "policy").contains("web.workers is 65"));
    team.edit("gunicorn.conf.py", preferred, "workers = 2 * cpus()");
    assert!(messages(&by(&team, rule, 1), "policy").contains("2 * cpus()"));

    team.write("gunicorn.conf.py", &text);
    team.edit(
        "compose.yaml",
        "\n  web:\n",
        "\n  web:\n    command: gunicorn --workers 32 config.wsgi\n",
    );
    let line = line_of(&team, "compose.yaml", "--workers 32");
    let report = by(&team, rule, 1);
    assert_eq!(found(&report, "policy"), [format!("web.workers compose.yaml:{line}")]);
}

#[test]
fn a_locked_bind_holds_for_every_published_port() {
    let team = Team::with_shop(&format!("{DJANGO}[locked]\ndeploy.bind = \"127.0.0.1\"\n"));
    team.edit("compose.yaml", "\"127.0.0.1:8000:8080\"", "\"8000:8080\"");
    team.edit("compose.yaml", "\n  db:\n", "\n  db:\n    ports: [\"5432:5432\"]\n");
    let report = team.checked(&[], 1);
    let wanted = [
        line_of(&team, "compose.yaml", "\"8000:8080\""),
        line_of(&team, "compose.yaml", "5432:5432"),
    ]
    .map(|line| format!("deploy.bind compose.yaml:{line}"));
    assert_eq!(found(&report, "policy"), wanted);
    assert!(messages(&report, "policy").contains("0.0.0.0"));
}

#[test]
fn rules_on_lines_name_each_line_that_breaks_them() {
    let team = Team::with_shop(DJANGO);
    let rule =
        |test: &str| format!("[[rule]]\nfile = \"Dockerfile\"\n{test}\nmessage = \"no wget\"\n");
    let text = team.read("Dockerfile");
    team.write("Dockerfile", &format!("{text}RUN wget a\nRUN b\nRUN wget c\n"));
    let lines = text.lines().count();
    let report = by(&team, &rule("forbid = '\\bwget\\b'"), 1);
    let wanted = [1, 3].map(|more| format!("Dockerfile Dockerfile:{}", lines + more));
    assert_eq!(found(&report, "policy"), wanted);
    assert_eq!(report["policy"][0]["message"], "no wget");
    by(&team, &rule("require = '^LABEL acme'"), 1);
    by(&team, &rule("require = '^FROM '"), 0);
    // A file that was deleted does not follow what has to be in it.
    std::fs::remove_file(team.shop().join("Dockerfile")).unwrap();
    assert!(messages(&by(&team, &rule("require = '^FROM '"), 1), "policy").contains("not there"));
    team.write("Dockerfile", &text);
    let other = "[[rule]]\nfile = \"no/such\"\nrequire = 'x'\nmessage = \"y\"\n";
    assert_eq!(found(&by(&team, other, 0), "notes"), ["no/such no/such"]);
}

#[test]
fn a_rule_on_disk_only_warns_until_its_day() {
    let team = Team::with_shop(DJANGO);
    let rule = "[[rule]]\nfile = \"Dockerfile\"\nforbid = '^FROM'\nmessage = \"x\"\n\
                warn-until = \"2999-01-01\"\n";
    let report = by(&team, rule, 0);
    assert_eq!(report["policy"][0]["level"], "warning");
}

#[test]
fn files_in_the_other_line_end_are_judged_by_the_same_lines() {
    let team = strict();
    let text = team.read("Dockerfile");
    let last = text.rfind("USER 10001:10001").unwrap();
    let text = format!("{}USER root{}", &text[..last], &text[last + 16..]);
    team.write("Dockerfile", &text.replace('\n', "\r\n"));
    let compose = team.read("compose.yaml").replace("    user: \"999:999\"", "    user: root");
    team.write("compose.yaml", &compose.replace('\n', "\r\n"));
    let wanted = [
        format!("deploy.hardening Dockerfile:{}", line_of(&team, "Dockerfile", "USER root")),
        format!("deploy.hardening compose.yaml:{}", line_of(&team, "compose.yaml", "user: root")),
    ];
    assert_eq!(found(&team.checked(&[], 1), "policy"), wanted);
}

#[test]
fn a_locked_index_is_the_only_one_and_no_login_stands_in_an_address() {
    let lock = "[locked]\nnetwork.index = \"https://own.example.com/simple\"\n";
    let team = Team::with_shop(&format!("{DJANGO}{lock}"));
    assert!(found(&team.checked(&[], 0), "policy").is_empty());
    let text = team.read("Dockerfile");
    team.write("Dockerfile", &text.replace("https://own.example.com", "https://other.example.com"));
    let report = team.checked(&[], 1);
    let line = line_of(&team, "Dockerfile", "https://other.example.com");
    let wanted = format!("network.index Dockerfile:{line}");
    assert!(found(&report, "policy").contains(&wanted), "{report:#}");
    assert!(messages(&report, "policy").contains("is gone"), "{report:#}");

    let login = "RUN pip install --index-url https://me:hunter2@own.example.com/simple x\n";
    team.write("Dockerfile", &format!("{text}{login}"));
    let report = by(&team, "[locked]\nnetwork.index-auth = \"none\"\n", 1);
    assert!(messages(&report, "policy").contains("a login in an address"), "{report:#}");
    assert!(!report.to_string().contains("hunter2"), "{report:#}");
}

#[test]
fn a_file_that_was_kept_is_judged_like_one_that_was_written() {
    let team =
        Team::new("extends = [\"fastapi-uvicorn\"]\n[locked]\ndeploy.hardening = \"strict\"\n");
    std::fs::create_dir(team.shop()).unwrap();
    team.write("main.py", "from fastapi import FastAPI\n\napp = FastAPI()\n");
    team.write("requirements.txt", "fastapi==0.115.0\nuvicorn==0.30.0\n");
    team.write("Dockerfile", "FROM python:3.14\nCOPY . .\nUSER root\nCMD uvicorn main:app\n");
    team.run(&["init", "shop", "--preset", "./team", "--yes"], 0);
    let report = team.checked(&[], 1);
    assert_eq!(found(&report, "policy"), ["deploy.hardening Dockerfile:3"]);
    let kept = report["kept"].as_array().unwrap();
    assert!(
        kept.iter().any(|out| out["path"] == "Dockerfile" && out["why"] == "kept, not adopted")
    );
}
