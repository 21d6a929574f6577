//! What the README shows is what the commands print.

use std::fs;
use std::path::Path;

use crate::support::{directory, dockwright};

/// Every `$ dockwright …` of the README's console blocks with the lines that
/// follow it.
fn transcripts() -> Vec<(String, String)> {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let text = fs::read_to_string(readme).unwrap();
    text.split("```console\n")
        .skip(1)
        .map(|block| block.split("```").next().unwrap())
        .map(|block| {
            let (command, output) = block.split_once('\n').unwrap();
            (command.strip_prefix("$ dockwright ").unwrap().to_owned(), output.to_owned())
        })
        .collect()
}

#[test]
fn the_readme_shows_what_the_commands_print() {
    let transcripts = transcripts();
    assert_eq!(transcripts.len(), 2);
    for (command, shown) in transcripts {
        let directory = directory();
        let output =
            dockwright().current_dir(&directory).args(command.split(' ')).output().unwrap();
        assert!(output.status.success(), "{command}");
        assert_eq!(String::from_utf8(output.stdout).unwrap(), shown, "{command}");
    }
}
