//! What `docs/verify.md` and the README show of a run is what a run prints: the words, not the
//! figures, which are another machine's. `UPDATE_EXAMPLES=1 tests/live/run.sh page` writes them
//! anew.

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

/// Words alone: figures are other ones on each machine, and lines break elsewhere by them.
fn words(text: &str) -> String {
    let mut words = String::new();
    for word in text.split_whitespace() {
        let masked: String = word.chars().filter(|c| !c.is_ascii_digit() && *c != '.').collect();
        // `480 MiB` may be `1.2 GiB`, and the slowest of several is now this one, now that one.
        let is_unit = ["B", "KiB", "MiB", "GiB", "s", "ms"]
            .contains(&masked.trim_end_matches([';', ',', ')']));
        if !masked.is_empty() && !is_unit {
            words.push_str(&masked);
            words.push(' ');
        }
    }
    words
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
            assert_eq!(words(&printed), words(shown), "{}", path.display());
        }
    }
}
