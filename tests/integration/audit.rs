//! `dockwright audit` from the outside: what it prints, what it lets pass and
//! why, and what it writes. What each rule finds is in `rules.rs`.

use std::fs;
use std::path::Path;
use std::process::Output;

use assert_fs::TempDir;
use serde_json::Value;

use crate::support::dockwright;

pub(super) const ROOT: &str = "FROM python:3.14-slim\nENV PYTHONUNBUFFERED=1\nCMD [\"gunicorn\", \"--bind\", \"0.0.0.0:8000\", \"app:app\"]\n";

pub(super) fn with(files: &[(&str, &str)]) -> TempDir {
    let dir = TempDir::new().unwrap();
    for (path, text) in files {
        let target = dir.path().join(path);
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::write(target, text).unwrap();
    }
    dir
}

#[track_caller]
pub(super) fn audit(dir: &Path, arguments: &[&str], code: i32) -> Output {
    let output = dockwright().current_dir(dir).arg("audit").args(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    output
}

pub(super) fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn json(dir: &Path, arguments: &[&str], code: i32) -> Value {
    let arguments = [&["--only", "DF101", "--format", "json"], arguments].concat();
    serde_json::from_slice(&audit(dir, &arguments, code).stdout).unwrap()
}

fn codes(report: &Value) -> Vec<&str> {
    let findings = report["paths"][0]["findings"].as_array().unwrap();
    findings.iter().map(|own| own["code"].as_str().unwrap()).collect()
}

#[test]
fn a_finding_has_its_line_and_what_to_write() {
    let dir = with(&[("Dockerfile", ROOT)]);
    let text = out(&audit(dir.path(), &["--only", "root-user"], 0));
    assert!(text.starts_with("Dockerfile:1:1: warning DF101 root-user\n"), "{text}");
    assert!(text.contains("   1 | FROM python:3.14-slim\n"), "{text}");
    assert!(text.contains("→ "), "{text}");
    let report = json(dir.path(), &["--fail-on", "warning"], 1);
    assert_eq!(codes(&report), ["DF101"]);
    assert_eq!(report["code"], 1);
    assert_eq!(report["paths"][0]["findings"][0]["fails"], true);
}

#[test]
fn a_comment_with_a_reason_allows_and_one_that_matches_nothing_is_a_finding() {
    let ignored = format!("# dockwright: ignore DF101 it is a test\n{ROOT}");
    let dir = with(&[("Dockerfile", &ignored)]);
    let report = json(dir.path(), &["--fail-on", "advice"], 0);
    assert_eq!(codes(&report), Vec::<&str>::new());
    assert_eq!(report["paths"][0]["allowed"][0]["allowed"], "it is a test");

    for (comment, code) in [
        ("# dockwright: ignore DF101", "AU101"),
        ("# dockwright: ignore DF999 because", "AU103"),
        ("# dockwright: ignore", "AU103"),
        ("# dockwright: ignore DF101 -", "AU101"),
        ("# dockwright: ignore DF101 ...", "AU101"),
        ("# dockwright: ignroe DF101 because", "AU103"),
        ("# dockwright: Ignore DF101 because", "AU103"),
        ("# dockwright ignore DF101 because", "AU103"),
        ("# dockwright: ignore DF103 DF101 because", "AU103"),
    ] {
        let dir = with(&[("Dockerfile", &format!("{comment}\n{ROOT}"))]);
        let report = json(dir.path(), &[], 0);
        assert!(codes(&report).contains(&code), "{comment}: {report}");
        assert!(codes(&report).contains(&"DF101"), "{comment}");
    }

    // Blanks between the codes are no reason, and other comments are nobody's business.
    let blanks = format!("# dockwright wrote this\n# dockwright: ignore DF110, DF101 why\n{ROOT}");
    let report = json(with(&[("Dockerfile", &blanks)]).path(), &[], 0);
    assert_eq!(codes(&report), Vec::<&str>::new());

    let right = ROOT.replace("CMD", "# dockwright: ignore root-user no more\nUSER 10001\nCMD");
    let report = json(with(&[("Dockerfile", &right)]).path(), &[], 0);
    assert_eq!(codes(&report), ["AU102"]);

    let whole = format!("{ROOT}# dockwright: ignore-file DF101 all of it\n");
    let report = json(with(&[("Dockerfile", &whole)]).path(), &[], 0);
    assert_eq!(codes(&report), Vec::<&str>::new());
}

/// What a program reads as a value allows nothing, whatever stands in it.
#[test]
fn an_ignore_in_a_value_is_none() {
    for own in [
        "ENV A=\"x # dockwright: ignore-file DF101 hidden\"\n",
        "LABEL a='# dockwright: ignore-file DF101 hidden'\n",
        "HEALTHCHECK CMD [\"a\", \"# dockwright: ignore-file DF101 hidden\"]\n",
        "COPY <<E /a\n# dockwright: ignore-file DF101 hidden\nE\n",
    ] {
        let report = json(with(&[("Dockerfile", &format!("{ROOT}{own}"))]).path(), &[], 0);
        assert_eq!(codes(&report), ["DF101"], "{own}");
    }
    let service = "services:\n  web:\n    image: acme/web:1\n    privileged: true\n";
    for own in [
        "    labels: {a: \"# dockwright: ignore-file CO113 hidden\"}\n",
        "    labels:\n      a: |\n        # dockwright: ignore-file CO113 hidden\n",
    ] {
        let dir = with(&[("compose.yaml", &format!("{service}{own}"))]);
        let report = json(dir.path(), &["--only", "CO113"], 1);
        assert_eq!(codes(&report), ["CO113"], "{own}");
    }
}

#[test]
fn a_waiver_allows_until_its_day() {
    let waiver = |rule: &str, until: &str| {
        format!("[[waiver]]\nrule = \"{rule}\"\nreason = \"why\"\nuntil = \"{until}\"\n")
    };
    for (text, expected) in [
        (waiver("DF101", "2999-01-01"), vec![]),
        (waiver("root-user", "2999-01-01"), vec![]),
        (waiver("DF101", "2000-01-01"), vec!["DF101", "AU104"]),
        (waiver("XF112", "2999-01-01"), vec!["DF101", "AU102"]),
        (waiver("DF199", "2999-01-01"), vec!["DF101", "AU103"]),
        (waiver("root-uses", "2999-01-01"), vec!["DF101", "AU103"]),
        // What `check` asks for is not known here, nor whether a rule that was not
        // asked finds something.
        (waiver("deploy.hardening", "2999-01-01"), vec!["DF101"]),
        (waiver("DF104", "2999-01-01"), vec!["DF101"]),
    ] {
        let dir = with(&[("Dockerfile", ROOT), ("dockwright.toml", &text)]);
        let report = json(dir.path(), &["--only", "XF112"], 0);
        assert_eq!(codes(&report), expected, "{text}");
        for own in expected.iter().filter(|code| code.starts_with("AU")) {
            for format in ["human", "sarif", "github", "gitlab"] {
                let said = audit(dir.path(), &["--only", "DF101,XF112", "--format", format], 0);
                assert!(out(&said).contains(own), "{format}: {text}");
            }
        }
    }
}

#[test]
fn a_baseline_lets_known_findings_pass_and_new_ones_fail() {
    let dir = with(&[("Dockerfile", ROOT)]);
    let only = ["--only", "DF101", "--fail-on", "warning"];
    audit(dir.path(), &[&only[..], &["--write-baseline", "b.json"]].concat(), 0);
    let known = [&only[..], &["--baseline", "b.json"]].concat();
    assert!(out(&audit(dir.path(), &known, 0)).contains("1 known from the baseline"));
    // Its line moves: it is the same one.
    fs::write(dir.path().join("Dockerfile"), format!("# one line more\n\n{ROOT}")).unwrap();
    audit(dir.path(), &known, 0);
    // Another one is new.
    fs::write(dir.path().join("web.Dockerfile"), ROOT).unwrap();
    audit(dir.path(), &known, 1);
    fs::remove_file(dir.path().join("web.Dockerfile")).unwrap();
    fs::write(dir.path().join("Dockerfile"), ROOT.replace("CMD", "USER 10001\nCMD")).unwrap();
    let text = out(&audit(dir.path(), &known, 0));
    assert!(text.contains("1 finding is in the baseline and no longer there"), "{text}");
    fs::write(dir.path().join("b.json"), "[]").unwrap();
    audit(dir.path(), &known, 2);
}

#[test]
fn a_fingerprint_survives_moved_lines_and_other_paths_come_from_where_it_was_typed() {
    let dir = with(&[("shop/Dockerfile", ROOT)]);
    let print = || {
        let arguments = ["--only", "DF101", "--format", "sarif", "shop"];
        let report: Value =
            serde_json::from_slice(&audit(dir.path(), &arguments, 0).stdout).unwrap();
        let result = &report["runs"][0]["results"][0];
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "shop/Dockerfile");
        let rule = &report["runs"][0]["tool"]["driver"]["rules"][0];
        assert_eq!(rule["id"], result["ruleId"]);
        result["partialFingerprints"]["dockwright/v2"].clone()
    };
    let before = print();
    assert!(before.is_string());
    fs::write(dir.path().join("shop/Dockerfile"), format!("# more\n\n\n{ROOT}")).unwrap();
    assert_eq!(print(), before);
}

#[test]
fn code_hosts_get_annotations_and_code_quality() {
    let dir = with(&[("Dockerfile", ROOT)]);
    let text = out(&audit(dir.path(), &["--only", "DF101", "--format", "github"], 0));
    assert!(text.starts_with("::warning file=Dockerfile,line=1,title=DF101 root-user::"), "{text}");
    let text = out(&audit(dir.path(), &["--only", "DF101", "--format", "gitlab"], 0));
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(report[0]["check_name"], "DF101");
    assert_eq!(report[0]["location"]["lines"]["begin"], 1);
}

#[test]
fn an_editor_gives_a_file_that_is_not_saved_yet() {
    let dir = with(&[("Dockerfile", &ROOT.replace("CMD", "USER 10001\nCMD"))]);
    let mut command = dockwright();
    command.current_dir(dir.path()).args(["audit", "--only", "DF101", "--stdin", "Dockerfile"]);
    let output = command.write_stdin(ROOT).output().unwrap();
    assert!(out(&output).contains("DF101"), "{output:?}");
    // A single file is judged in its directory, and the others are not told.
    fs::write(dir.path().join("other.Dockerfile"), ROOT).unwrap();
    let text = out(&audit(dir.path(), &["--only", "DF101", "Dockerfile"], 0));
    assert!(text.contains("No finding"), "{text}");
}

#[test]
fn what_cannot_be_read_is_said_and_the_rest_is_judged() {
    let dir = with(&[
        ("Dockerfile", ROOT),
        ("compose.yaml", "services:\n  web: [\n"),
        (
            "deploy/Dockerfile",
            "FORM python:3.14\nFROM python:3.14-slim\nCMD [\"gunicorn\", \"app:app\"]\n",
        ),
    ]);
    fs::write(dir.path().join("prod.Dockerfile"), b"FROM \xff\n").unwrap();
    let large = format!("apiVersion: v1\nkind: ConfigMap\n{}", "# more\n".repeat(700_000));
    fs::write(dir.path().join("large.yaml"), large).unwrap();
    let report = json(dir.path(), &[], 0);
    let found = codes(&report);
    assert_eq!(found.iter().filter(|code| **code == "AU100").count(), 4, "{report}");
    assert_eq!(found.iter().filter(|code| **code == "DF101").count(), 2, "{report}");
    assert_eq!(report["paths"][0]["unread"].as_array().unwrap().len(), 4);
    let text = out(&audit(dir.path(), &["--only", "DF101"], 0));
    assert_eq!(text.matches("prod.Dockerfile").count(), 1, "{text}");
    assert!(text.contains("not judged: it is not UTF-8"), "{text}");
}

#[test]
fn who_has_no_container_files_is_told_what_init_would_do() {
    let dir = with(&[
        ("pyproject.toml", "[project]\nname = \"x\"\ndependencies = [\"fastapi\"]\n"),
        ("main.py", "from fastapi import FastAPI\napp = FastAPI()\n"),
    ]);
    let text = out(&audit(dir.path(), &[], 0));
    assert!(text.contains("dockwright init"), "{text}");
    assert!(!out(&audit(TempDir::new().unwrap().path(), &[], 0)).contains("dockwright init ."));
}

#[test]
fn every_rule_has_a_page_and_a_line_in_the_list() {
    let dir = TempDir::new().unwrap();
    let list = out(&audit(dir.path(), &["--explain", "all"], 0));
    for rule in dockwright::lint::rules::ALL.iter() {
        assert!(list.contains(rule.code), "{}", rule.code);
        let page = out(&audit(dir.path(), &["--explain", rule.code], 0));
        for part in [rule.name, rule.source, rule.severity.word()] {
            assert!(page.contains(part), "{}: {part}: {page}", rule.code);
        }
    }
    let output = audit(dir.path(), &["--explain", "DF11"], 2);
    assert!(String::from_utf8_lossy(&output.stderr).contains("there is no rule `DF11`"));
}

/// `UPDATE_EXAMPLES=1 cargo test audit::` writes them anew.
#[test]
fn every_rule_has_its_page_in_the_docs() {
    use dockwright::cli::audit::explain;
    use dockwright::lint::{ignores, rules};
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules");
    let mut pages: Vec<(String, String)> =
        vec![("README.md".to_owned(), explain::markdown_index())];
    for rule in rules::ALL.iter().chain(ignores::META) {
        pages.push((format!("{}.md", rule.code), explain::markdown(rule)));
    }
    if std::env::var_os("UPDATE_EXAMPLES").is_some() {
        let _ = fs::remove_dir_all(&docs);
        fs::create_dir_all(&docs).unwrap();
        for (name, text) in &pages {
            fs::write(docs.join(name), text).unwrap();
        }
    }
    for (name, text) in &pages {
        let there = fs::read_to_string(docs.join(name)).unwrap_or_default();
        assert_eq!(there, *text, "docs/rules/{name}: UPDATE_EXAMPLES=1 writes it anew");
    }
    assert_eq!(fs::read_dir(&docs).unwrap().count(), pages.len(), "a page without its rule");
}

/// What dockwright writes is what it asks of others.
#[test]
fn the_examples_have_no_finding() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    for entry in fs::read_dir(examples).unwrap() {
        let path = entry.unwrap().path();
        let output = audit(&path, &["--level", "style", "--fail-on", "style"], 0);
        assert!(out(&output).contains("No finding"), "{}: {}", path.display(), out(&output));
    }
}

#[test]
fn a_fix_is_shown_then_written_and_what_is_allowed_stays_as_it_is() {
    let apt = "FROM python:3.14-slim\nRUN apt-get update && apt-get install -y curl\nUSER 10001\nCMD [\"gunicorn\", \"app:app\"]\n";
    let dir = with(&[("Dockerfile", apt)]);
    let read = || fs::read_to_string(dir.path().join("Dockerfile")).unwrap();
    let text = out(&audit(dir.path(), &["--only", "DF114", "--fix", "--dry-run"], 0));
    assert!(text.contains("+++ b/Dockerfile") && text.contains("DF114 Dockerfile"), "{text}");
    assert_eq!(read(), apt);
    let text = out(&audit(dir.path(), &["--only", "DF114", "--fix"], 0));
    assert!(text.contains("Written: Dockerfile"), "{text}");
    assert!(read().contains("rm -rf /var/lib/apt/lists"), "{}", read());
    let mended = read();
    assert!(out(&audit(dir.path(), &["--fix=DF114"], 0)).contains("nothing to mend"));
    assert_eq!(read(), mended);

    let allowed = apt.replace("RUN", "# dockwright: ignore DF114 the next stage takes them\nRUN");
    let waiver = "[[waiver]]\nrule = \"DF114\"\nreason = \"why\"\nuntil = \"2999-01-01\"\n";
    for files in [
        vec![("Dockerfile", allowed.as_str())],
        vec![("Dockerfile", apt), ("dockwright.toml", waiver)],
    ] {
        let dir = with(&files);
        let text = out(&audit(dir.path(), &["--fix=DF114"], 0));
        assert!(text.contains("nothing to mend"), "{text}");
    }
}

#[test]
fn limits_are_written_for_a_machine_that_is_named_and_a_guess_is_only_shown() {
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules/CO101/fails-planned");
    let dir = crate::rules::copied(&case);
    let limits =
        || fs::read_to_string(dir.path().join("compose.yaml")).unwrap().contains("limits:");
    let text = out(&audit(dir.path(), &["--only", "CO101"], 0)).replace("\n      ", " ");
    assert!(text.contains("which is a guess: --cpus and --memory"), "{text}");
    let text = out(&audit(dir.path(), &["--only", "CO101", "--fix"], 0));
    assert!(text.contains("nothing to mend") && !limits(), "{text}");
    let named = ["--only", "CO101", "--fix", "--cpus", "2", "--memory", "4GiB"];
    let text = out(&audit(dir.path(), &named, 0)).replace("\n  ", " ");
    assert!(text.contains("a machine of 2 CPU and 4 GiB (checked") && limits(), "{text}");
    let refused = audit(dir.path(), &["--memory", "much"], 2);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("memory"));
}

/// A fix that moves a line and one that ends it do not meet in one round.
#[test]
fn fixes_of_one_line_are_made_one_after_the_other() {
    let dir = with(&[
        (
            "Dockerfile",
            "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nRUN apt-get update && apt-get install -y gcc && pip install -r requirements.txt\nUSER app\nCMD [\"uvicorn\", \"main:app\"]\n",
        ),
        ("requirements.txt", "fastapi==0.115.0\nuvicorn==0.32.0\n"),
        ("main.py", "from fastapi import FastAPI\napp = FastAPI()\n"),
    ]);
    audit(dir.path(), &["--fix=DF112,DF114", "-y"], 0);
    let text = fs::read_to_string(dir.path().join("Dockerfile")).unwrap();
    assert!(!text.contains("COPY . . &&"), "{text}");
    assert_eq!(text.matches("rm -rf /var/lib/apt/lists").count(), 1, "{text}");
}

#[test]
fn a_baseline_is_written_over_no_other_file() {
    let text = "FROM python:3.12-slim\nCMD [\"python\", \"app.py\"]\n";
    let dir = with(&[("Dockerfile", text)]);
    audit(dir.path(), &["--write-baseline", "Dockerfile"], 2);
    assert_eq!(fs::read_to_string(dir.path().join("Dockerfile")).unwrap(), text);
    audit(dir.path(), &["--write-baseline", "audit.json"], 0);
    audit(dir.path(), &["--write-baseline", "audit.json"], 0);
}

#[test]
fn a_compose_file_that_is_no_text_is_said_in_every_format() {
    let text = "services: # \u{e9}\n  web:\n    image: a\n    privileged: true\n";
    let latin: Vec<u8> = text.chars().map(|c| c as u8).collect();
    let wide: Vec<u8> =
        format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    for bytes in [latin, wide] {
        let dir = TempDir::new().unwrap();
        fs::write(dir.path().join("compose.yaml"), bytes).unwrap();
        for format in ["human", "json", "sarif", "github", "gitlab"] {
            let text = out(&audit(dir.path(), &["--fail-on", "warning", "--format", format], 1));
            assert!(text.contains("AU100") && text.contains("not UTF-8"), "{format}: {text}");
        }
    }
}

/// Docker follows a link that leads out of the directory; it is not followed here.
#[cfg(unix)]
#[test]
fn a_container_file_that_is_a_link_out_is_said() {
    use std::os::unix::fs::symlink;
    let dir = with(&[("shared/Dockerfile", ROOT), ("shop/.keep", "")]);
    let shop = dir.path().join("shop");
    symlink("../shared/Dockerfile", shop.join("Dockerfile")).unwrap();
    symlink("gone.yaml", shop.join("compose.yaml")).unwrap();
    fs::remove_file(shop.join(".keep")).unwrap();
    let report = json(&shop, &[], 0);
    assert_eq!(codes(&report), ["AU100", "AU100"], "{report:#}");
    let text = out(&audit(&shop, &[], 0));
    assert!(text.contains("a link out of the directory"), "{text}");
    assert!(text.contains("a link to nothing") && !text.contains("empty"), "{text}");
}

#[test]
fn a_dockerfile_that_is_no_text_is_said_and_not_passed_over() {
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("Dockerfile"), b"FROM python:3.12-slim # \xe9\n").unwrap();
    let text = out(&audit(dir.path(), &["--fail-on", "warning"], 1));
    assert!(text.contains("AU100") && text.contains("not UTF-8"), "{text}");
    assert!(!text.contains("There are no container files"), "{text}");
}

/// What is right where it is used is no fault of a file: a template of one, a part
/// of one, one for another frontend, one that is laid over a file above it.
#[test]
fn what_is_no_fault_of_a_file_is_not_reported() {
    let dir = with(&[
        ("Dockerfile", "FROM python:3.14-slim\nUSER 10001\nCMD [\"python\", \"-m\", \"shop\"]\n"),
        (
            "template/Dockerfile",
            "FROM python:3.14-slim\n{% if debug %}\nRUN pip install x\n{% endif %}\n",
        ),
        (
            "template/compose.yaml",
            "services:\n  web:\n    image: <%= image %>\n  <% if db %>\n  db: [\n",
        ),
        ("made/docker-compose.yml", "services:\n{{ services | indent(2) }}\n  web: {\n"),
        ("empty/Dockerfile", "# to come\n"),
        ("parts/common.Dockerfile", "RUN pip install shop\n"),
        (
            "windows/Dockerfile",
            "# escape=`\nFROM mcr.microsoft.com/windows/servercore:ltsc2022\nPOWERSHELL x\n",
        ),
        ("other/Dockerfile", "# syntax=acme/frontend:1\nINCLUDE base\n"),
        ("archive/docker-compose.yml", "services:\n  web: {build: ./gone}\n"),
        (
            "conf/compose.with-debug.yml",
            "services:\n  web:\n    build: {context: ., dockerfile: images/Dockerfile}\n",
        ),
        (
            "images/Dockerfile",
            "FROM python:3.14-slim\nUSER 10001\nCMD [\"python\", \"-m\", \"shop\"]\n",
        ),
        ("here/compose.yaml", "services:\n  web:\n    build: {context: \"${PWD}/image\"}\n"),
        (
            "here/image/Dockerfile",
            "FROM python:3.14-slim\nUSER 10001\nCMD [\"python\", \"-m\", \"shop\"]\n",
        ),
        (".env/sample", "A=b\n"),
    ]);
    let report = json(dir.path(), &[], 0);
    assert!(!codes(&report).contains(&"AU100"), "{report:#}");
    // A file that nothing makes or takes in is a finding all the same.
    let wrong = [
        ("Dockerfile", "FORM python:3.14-slim\nRUN pip install shop\n"),
        ("base.Dockerfile", "FROM python:3.14-slim\nRUM pip install shop\n"),
        ("compose.yaml", "services:\n  web:\n    build: {dockerfile: parts/Dockerfile}\n"),
    ];
    for (path, text) in wrong {
        let report = json(with(&[(path, text)]).path(), &[], 0);
        assert!(codes(&report).contains(&"AU100"), "{path}: {report:#}");
    }
}
