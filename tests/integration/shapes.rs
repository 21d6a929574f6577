//! `docs/json.md` shows the keys that reports have.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::others::{LARGE, SMALL};
use crate::team::Team;

/// The document that the page shows below a heading.
pub fn shown(heading: &str) -> Value {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/json.md");
    let page = fs::read_to_string(page).unwrap();
    let part = page.split(&format!("## {heading}\n")).nth(1).unwrap_or_else(|| panic!("{heading}"));
    let block = part.split("```json\n").nth(1).unwrap().split("```").next().unwrap();
    serde_json::from_str(block).unwrap()
}

/// Lists that all hold findings.
const FINDINGS: [&str; 6] = ["drift", "conflicts", "policy", "outdated", "waived", "notes"];

/// Every key with the keys above it; those of findings are the same in all
/// of their lists.
fn keys(value: &Value, above: &str, findings: bool, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(entries) => {
            for (key, value) in entries {
                found.insert(format!("{above}.{key}"));
                let below = match findings && FINDINGS.contains(&key.as_str()) {
                    true => format!("{above}.finding"),
                    false => format!("{above}.{key}"),
                };
                keys(value, &below, findings, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| keys(item, above, findings, found)),
        _ => {}
    }
}

pub fn keys_of(value: &Value, findings: bool) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    keys(value, "", findings, &mut found);
    found
}

fn report(team: &Team, arguments: &[&str], code: i32) -> Value {
    serde_json::from_slice(&team.run(arguments, code).stdout).unwrap()
}

#[test]
fn the_report_of_an_update_has_the_keys_of_its_page() {
    let team = Team::with_shop(SMALL);
    team.edit("compose.yaml", "memory: 1792M", "memory: 999M");
    team.release("2.0.0", LARGE);
    let said = report(&team, &["update", "shop", "--format", "json"], 1);
    assert_eq!(keys_of(&said, false), keys_of(&shown("`dockwright update --format json`"), false));
    let failed = report(&team, &["update", "nowhere", "--format", "json"], 2);
    let failed = keys_of(&failed["repositories"], false);
    assert_eq!(Vec::from_iter(failed), [".code", ".directory", ".error", ".result"]);
}

#[test]
fn the_report_of_a_check_has_the_keys_of_its_page() {
    let demands = "[locked]\ndeploy.hardening = \"strict\"\n[[rule]]\nfile = \"compose.yaml\"\n\
         forbid = \"edge\"\nmessage = \"no edge\"\n[files.\"DEPLOY.md\"]\nownership = \"managed\"\n";
    let team = Team::new(SMALL);
    team.run(&["new", "shop", "--preset", "./team", "--yes"], 0);
    team.release("1.1.0", &format!("{SMALL}{demands}"));
    team.update(&[], 0);
    team.edit("DEPLOY.md", "# ", "# My ");
    team.edit("Dockerfile", "USER 10001:10001", "USER root");
    fs::remove_file(team.shop().join("gunicorn.conf.py")).unwrap();
    team.edit("compose.yaml", "networks:\n  edge: {}", "networks:\n  edge:\n    x-note: mine");
    let said = report(&team, &["check", "shop", "--format", "json"], 1);
    let mut page = shown("`dockwright check --format json`");
    // Those of `--fetch` are held to the page beside an index.
    page["repositories"][0]["pins"] = Value::Null;
    assert_eq!(keys_of(&said, true), keys_of(&page, true));
}
