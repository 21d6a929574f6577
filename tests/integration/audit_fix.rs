//! `dockwright audit --fix`: what it writes, what it says of what it left, and what
//! it does not touch.

use std::fs;

use serde_json::Value;

use crate::audit::{audit, out, with};

const APT: &str = "FROM python:3.14-slim\nRUN apt-get update && apt-get install -y curl\nUSER 10001\nCMD [\"gunicorn\", \"app:app\"]\n";

fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn what_was_mended_and_what_is_left_is_said_for_people_and_as_data() {
    // What nobody wrote a default for is left to a person, and fails.
    let broken = APT.replace("\"app:app\"", "\"--bind\", \"127.0.0.1:8000\", \"app:app\"");
    let dir = with(&[("Dockerfile", &broken)]);
    let only = ["--only", "DF114,DF137", "--fix"];
    let text = out(&audit(dir.path(), &[&only[..], &["--dry-run"]].concat(), 1));
    assert!(
        text.contains("Would mend 1 finding; nothing was written. 1 left, 1 of them fail"),
        "{text}"
    );
    assert!(text.contains("--fix=CODE makes it (DF137)"), "{text}");
    assert_eq!(fs::read_to_string(dir.path().join("Dockerfile")).unwrap(), broken);

    let report = value(&out(&audit(
        dir.path(),
        &[&only[..], &["--format", "json", "--dry-run"]].concat(),
        1,
    )));
    let own = &report["paths"][0];
    assert_eq!((&report["code"], &own["written"]), (&Value::from(1), &Value::Array(vec![])));
    assert_eq!(own["made"][0]["code"], "DF114");
    assert_eq!(own["made"][0]["grade"], "safe");
    let edit = &own["made"][0]["edits"][0];
    assert_eq!((&edit["path"], &edit["line"]), (&Value::from("Dockerfile"), &Value::from(2)));
    assert!(edit["text"].as_str().unwrap().contains("rm -rf"), "{edit}");
    assert_eq!(own["left"][0]["code"], "DF137");
    assert!(own["left"][0]["left"].as_str().unwrap().contains("--fix=DF137"), "{own}");

    let text = out(&audit(dir.path(), &only, 1));
    assert!(text.contains("Mended 1 finding. Written: Dockerfile"), "{text}");
    assert!(text.contains("nobody could be asked; --dry-run only shows"), "{text}");
    // What was not asked for does not fail where rules are named.
    let text = out(&audit(dir.path(), &["--only", "DF114,DF137", "--fix=DF114"], 0));
    assert!(text.contains("nothing to mend. 1 left"), "{text}");
    // Other programs are told what is left.
    let sarif = value(&out(&audit(dir.path(), &[&only[..], &["--format", "sarif"]].concat(), 1)));
    assert_eq!(sarif["runs"][0]["results"].as_array().unwrap().len(), 1, "{sarif}");
}

#[test]
fn a_finding_says_to_programs_what_would_mend_it() {
    let dir = with(&[("Dockerfile", APT)]);
    let report = value(&out(&audit(dir.path(), &["--only", "DF114", "--format", "json"], 0)));
    let edit = &report["paths"][0]["findings"][0]["fix"]["edits"][0];
    let sarif = value(&out(&audit(dir.path(), &["--only", "DF114", "--format", "sarif"], 0)));
    let change = &sarif["runs"][0]["results"][0]["fixes"][0]["artifactChanges"][0];
    assert_eq!(change["artifactLocation"]["uri"], "Dockerfile");
    let replacement = &change["replacements"][0];
    assert_eq!(replacement["insertedContent"]["text"], edit["text"]);
    assert_eq!(replacement["deletedRegion"]["startLine"], edit["line"]);
    // Put in where it says, it is what `--fix` writes.
    let (line, column) = (edit["line"].as_u64().unwrap(), edit["column"].as_u64().unwrap());
    assert_eq!((&edit["end_line"], &edit["end_column"]), (&edit["line"], &edit["column"]));
    let mut lines: Vec<String> = APT.lines().map(str::to_owned).collect();
    lines[line as usize - 1].insert_str(column as usize - 1, edit["text"].as_str().unwrap());
    audit(dir.path(), &["--only", "DF114", "--fix"], 0);
    let written = fs::read_to_string(dir.path().join("Dockerfile")).unwrap();
    assert_eq!(written, lines.join("\n") + "\n");
}

/// Where lines go on behind another character, fixes write that one.
#[test]
fn lines_go_on_as_the_dockerfile_has_it() {
    let text = "# escape=`\nFROM python:3.14-slim\nWORKDIR /app\nCOPY . .\nRUN apt-get update `\n    && apt-get install -y curl\nRUN pip install -r requirements.txt\nCMD [\"gunicorn\", \"--bind\", \"0.0.0.0:8000\", \"app:app\"]\n";
    let dir = with(&[
        ("Dockerfile", text),
        ("requirements.txt", "flask==3.1.2\ngunicorn==27.0.1\n"),
        ("app.py", "from flask import Flask\napp = Flask(__name__)\n"),
    ]);
    audit(dir.path(), &["--fix", "--fail-on", "never"], 0);
    let written = fs::read_to_string(dir.path().join("Dockerfile")).unwrap();
    assert!(written.starts_with("# escape=`\n"), "{written}");
    assert!(!written.contains("\\\n"), "{written}");
    assert!(written.contains("rm -rf /var/lib/apt/lists"), "{written}");
    let report = value(&out(&audit(dir.path(), &["--format", "json", "--fail-on", "never"], 0)));
    assert_eq!(report["paths"][0]["unread"].as_array().unwrap().len(), 0, "{report}");
}

#[cfg(unix)]
#[test]
fn a_link_stays_one_and_what_it_leads_to_is_mended_once() {
    use std::os::unix::fs::symlink;
    let dir = with(&[("docker/Dockerfile", APT), ("app/prod", APT)]);
    symlink("docker/Dockerfile", dir.path().join("Dockerfile")).unwrap();
    symlink("prod", dir.path().join("app/Dockerfile")).unwrap();
    audit(dir.path(), &["--only", "DF114", "--fix"], 0);
    for (link, file) in [("Dockerfile", "docker/Dockerfile"), ("app/Dockerfile", "app/prod")] {
        assert!(fs::symlink_metadata(dir.path().join(link)).unwrap().is_symlink(), "{link}");
        let text = fs::read_to_string(dir.path().join(file)).unwrap();
        assert_eq!(text.matches("rm -rf").count(), 1, "{file}: {text}");
    }
    // What leads out of the repository is said, and never written through.
    let (outside, dir) = (with(&[("Dockerfile", APT)]), with(&[("app.py", "")]));
    symlink(outside.path().join("Dockerfile"), dir.path().join("Dockerfile")).unwrap();
    symlink("nowhere", dir.path().join(".dockerignore")).unwrap();
    fs::write(dir.path().join("web.Dockerfile"), "FROM python:3.14-slim\nWORKDIR /app\nCOPY . .\nRUN apt-get update && apt-get install -y curl\nCMD [\"gunicorn\", \"app:app\"]\n").unwrap();
    let text = out(&audit(dir.path(), &["--only", "DF114,XF109", "--fix"], 0));
    assert_eq!(fs::read_to_string(outside.path().join("Dockerfile")).unwrap(), APT);
    assert!(!dir.path().join("nowhere").exists(), "{text}");
    assert!(text.contains("Written: web.Dockerfile"), "{text}");
    assert!(!text.contains("--set"), "{text}");
}

#[cfg(unix)]
#[test]
fn what_may_not_be_written_is_said_and_nothing_is_half_written() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = with(&[("Dockerfile", APT), ("web.Dockerfile", APT)]);
    let path = dir.path().join("web.Dockerfile");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
    let output = audit(dir.path(), &["--only", "DF114", "--fix"], 3);
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("web.Dockerfile: it is read-only"),
        "{output:?}"
    );
    for name in ["Dockerfile", "web.Dockerfile"] {
        assert_eq!(fs::read_to_string(dir.path().join(name)).unwrap(), APT);
    }
    let names = fs::read_dir(dir.path()).unwrap().flatten();
    assert_eq!(names.count(), 2);
}

#[cfg(unix)]
#[test]
fn what_a_killed_run_left_is_removed_by_the_next() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = with(&[("Dockerfile", APT), (".dockwright-killed/0.new", "FROM x\n")]);
    let left = dir.path().join(".dockwright-killed");
    fs::set_permissions(&left, fs::Permissions::from_mode(0o700)).unwrap();
    audit(dir.path(), &["--only", "DF114", "--fix"], 0);
    assert!(!left.exists());
}
