//! The README's first screen is what a terminal shows.
//! `UPDATE_EXAMPLES=1 cargo test --test questions readme` writes it anew.

use std::fs;
use std::path::{Path, PathBuf};

use crate::start::Start;
use crate::terminal::Terminal;

const MARK: &str = "<!-- a terminal: dockwright init --dry-run, in notes -->\n```text\n";

/// The repository that the README looks at, as in tests/integration/readme.rs.
const NOTES: [(&str, &str); 3] = [
    (
        "notes/app/main.py",
        "import os\n\nfrom fastapi import FastAPI\nfrom sqlalchemy import create_engine\n\n\
         engine = create_engine(os.environ[\"DATABASE_URL\"])\napp = FastAPI()\n\n\n\
         @app.get(\"/health\")\ndef health() -> dict[str, str]:\n    return {\"status\": \"ok\"}\n",
    ),
    (
        "notes/requirements.txt",
        "fastapi==0.115.0\nuvicorn==0.32.0\nSQLAlchemy==2.0.36\npsycopg[binary]==3.2.3\n",
    ),
    ("notes/.python-version", "3.12\n"),
];

fn readme() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")
}

/// The lines of the screen down to the question, without those at its end that are empty.
fn shown(terminal: &Terminal) -> String {
    let screen = terminal.screen();
    let lines: Vec<&str> = screen.lines().map(str::trim_end).collect();
    let end = lines.iter().rposition(|line| !line.is_empty()).unwrap();
    lines[..=end].join("\n") + "\n"
}

/// Whether lines are as shown, where `…` stands for any.
fn matches(said: &[&str], shown: &[&str]) -> bool {
    match shown {
        [] => said.is_empty(),
        ["…", rest @ ..] => (0..=said.len()).any(|skip| matches(&said[skip..], rest)),
        [first, rest @ ..] => said.first() == Some(first) && matches(&said[1..], rest),
    }
}

#[test]
fn the_readme_shows_the_first_command_as_a_terminal_does_and_it_writes_nothing() {
    let mut terminal = Start::init(&["--dry-run"], &NOTES).below("notes").sized(80, 90).open();
    terminal.at_menu("What now").sees("Show what would be written");
    let now = shown(&terminal);
    let text = fs::read_to_string(readme()).unwrap();
    let (before, rest) = text.split_once(MARK).expect("the README has the first command's screen");
    let (block, after) = rest.split_once("```").unwrap();
    let said: Vec<&str> = now.lines().collect();
    let block: Vec<&str> = block.lines().collect();
    if !matches(&said, &block) {
        assert!(
            std::env::var_os("UPDATE_EXAMPLES").is_some(),
            "README.md: UPDATE_EXAMPLES=1 cargo test --test questions readme\n{now}"
        );
        fs::write(readme(), format!("{before}{MARK}{now}```{after}")).unwrap();
    }
    // It comes first of all, with the other one.
    assert!(
        before.contains("uvx dockwright init --dry-run")
            && before.contains("uvx dockwright new shop")
    );
    assert!(before.lines().count() < 20, "{before}");

    terminal.choose("Show what would be written");
    assert_eq!(terminal.code(), 0, "{}", terminal.screen());
    assert!(terminal.screen().contains("+++ b/") || terminal.screen().contains("dockwright init"));
    let entries = fs::read_dir(terminal.parent().join("notes")).unwrap();
    let mut left: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
    left.sort_unstable();
    assert_eq!(left, [".python-version", "app", "requirements.txt"]);
}
