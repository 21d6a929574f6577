//! What `docs/verify.md` and the README show of a run is what a run prints: its steps and how
//! each check comes out, not the figures, which are another machine's.
//! `UPDATE_EXAMPLES=1 tests/live/run.sh page` writes them anew.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::support::docker;
use crate::support::stack::{Stack, dockwright};

/// Before a block that shows a run.
const RUN: &str = "<!-- a run: dockwright verify --quick -->\n```text\n";

fn pages() -> [PathBuf; 2] {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    [project.join("docs/verify.md"), project.join("README.md")]
}

/// Steps, and how each check came out: what a check says beside that has figures of the machine,
/// by which its lines break and its services are grouped.
fn outcomes(text: &str) -> Vec<String> {
    let outcome = |line: &str| {
        let mut words = line.split_whitespace();
        let first = words.next()?;
        match line.starts_with("  ") {
            // Under its step: `passed`, and the check.
            true => ["passed", "failed", "skipped"]
                .contains(&first)
                .then(|| format!("{first} {}", words.next().unwrap_or_default())),
            false => Some(first.trim_matches(char::is_numeric).to_owned()),
        }
    };
    text.lines().filter_map(outcome).filter(|own| !own.is_empty()).collect()
}

#[test]
fn a_run_prints_what_is_shown() {
    let stack = Stack::of("django-nginx").create();
    let mut verify = dockwright();
    verify.arg("verify").arg(stack.path("")).arg("--quick").env("COLUMNS", "100");
    let printed = docker::run(&mut verify, Duration::from_secs(300)).expect_success();
    for path in pages() {
        let text = fs::read_to_string(&path).expect("a page");
        let (before, rest) = text.split_once(RUN).expect("a block that shows a run");
        let (shown, after) = rest.split_once("```\n").expect("its end");
        if std::env::var_os("UPDATE_EXAMPLES").is_some() {
            fs::write(&path, format!("{before}{RUN}{printed}\n```\n{after}")).expect("written");
        } else {
            assert_eq!(outcomes(&printed), outcomes(shown), "{}", path.display());
        }
    }
}
