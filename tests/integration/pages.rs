//! The pages of `docs/` show what the commands print: each page is a session
//! that runs from its first line to its last, in one directory.
//!
//! - `$ command` of a `console` block is run, and what follows is what it has
//!   to print; a line `…` stands for any lines. `console exit=1` says with
//!   which code the last command ends.
//! - `<!-- file: PATH -->` before a block writes the block to that file.
//! - A `diff` block is applied.
//! - `<!-- run: command -->` is run and not shown; `$PROJECT` is this project,
//!   and `$HOME/host` what `ssh://git@git.example.com` leads to.
//!
//! `UPDATE_EXAMPLES=1 cargo test pages` writes the output into the pages anew.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use assert_fs::TempDir;

use crate::support::directory;

fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A shell that remembers its directory.
struct Session {
    top: TempDir,
    at: PathBuf,
}

impl Session {
    fn new() -> Self {
        let top = directory();
        // Presets of the pages live at an address; it leads to this directory.
        let settings = format!(
            "[user]\nname = Ada\nemail = ada@example.com\n[init]\ndefaultBranch = main\n\
             [advice]\ndetachedHead = false\n[core]\nautocrlf = false\n\
             [url \"file://{0}/host/\"]\ninsteadOf = ssh://git@git.example.com/\n",
            top.path().display()
        );
        fs::write(top.path().join("gitconfig"), settings).unwrap();
        fs::create_dir_all(top.path().join("work")).unwrap();
        let at = top.path().join("work");
        Self { top, at }
    }

    /// Runs a command and gives what it printed and its exit code.
    fn run(&mut self, command: &str) -> (String, i32) {
        let top = self.top.path();
        let binary = Path::new(env!("CARGO_BIN_EXE_dockwright")).parent().unwrap();
        let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
        let whole = format!("{command}\ncode=$?\npwd >\"$HOME/at\"\nexit $code");
        let output = Command::new("sh")
            .args(["-c", &format!("exec 2>&1\n{whole}")])
            .current_dir(&self.at)
            .env("PATH", path)
            .env("HOME", top)
            .env("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
            .env("PROJECT", project())
            .env("GIT_CONFIG_GLOBAL", top.join("gitconfig"))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_AUTHOR_DATE", "2026-01-01T00:00:00Z")
            .env("GIT_COMMITTER_DATE", "2026-01-01T00:00:00Z")
            .env("DOCKWRIGHT_CACHE", top.join("cache"))
            .env("DOCKWRIGHT_NO_DOCKER", "1")
            .env("NO_COLOR", "1")
            .env_remove("CLICOLOR_FORCE")
            .output()
            .unwrap();
        if let Ok(at) = fs::read_to_string(top.join("at")) {
            self.at = at.trim_end().into();
        }
        let code = output.status.code().unwrap_or(-1);
        (String::from_utf8(output.stdout).unwrap(), code)
    }

    fn must(&mut self, command: &str) {
        let (said, code) = self.run(command);
        assert_eq!(code, 0, "{command}\n{said}");
    }
}

/// Whether lines are as shown, where `…` stands for any.
fn matches(said: &[&str], shown: &[&str]) -> bool {
    match shown {
        [] => said.is_empty(),
        ["…", rest @ ..] => (0..=said.len()).any(|skip| matches(&said[skip..], rest)),
        [first, rest @ ..] => said.first() == Some(first) && matches(&said[1..], rest),
    }
}

/// Runs a block of commands; gives it with what they print now.
fn console(session: &mut Session, block: &[&str], wanted: i32) -> Vec<String> {
    let mut now = Vec::new();
    let mut lines = block.iter().copied().peekable();
    while let Some(line) = lines.next() {
        let mut command =
            line.strip_prefix("$ ").unwrap_or_else(|| panic!("no command: {line}")).to_owned();
        now.push(line.to_owned());
        while command.ends_with('\\') {
            let more = lines.next().unwrap();
            now.push(more.to_owned());
            command = format!("{command}\n{}", more.strip_prefix("> ").unwrap_or(more));
        }
        let mut shown = Vec::new();
        while let Some(line) = lines.next_if(|line| !line.starts_with("$ ")) {
            shown.push(line);
        }
        let (said, code) = session.run(&command);
        let wanted = if lines.peek().is_none() { wanted } else { 0 };
        assert_eq!(code, wanted, "$ {command}\n{said}");
        let said: Vec<&str> = said.lines().map(str::trim_end).collect();
        let kept = if matches(&said, &shown) { &shown } else { &said };
        now.extend(kept.iter().map(|line| (*line).to_owned()));
    }
    now
}

/// Runs a page; gives it with what its commands print now.
fn run(page: &str) -> String {
    let mut session = Session::new();
    let mut now: Vec<String> = Vec::new();
    let mut lines = page.lines();
    let mut file = None;
    while let Some(line) = lines.next() {
        now.push(line.to_owned());
        let directive = |name: &str| {
            Some(line.strip_prefix("<!-- ")?.strip_prefix(name)?.strip_suffix(" -->")?.trim())
        };
        if let Some(command) = directive("run:") {
            session.must(&format!("({command})"));
        } else if let Some(path) = directive("file:") {
            file = Some(path.to_owned());
        }
        let Some(kind) = line.strip_prefix("```").filter(|kind| !kind.is_empty()) else { continue };
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        let text = format!("{}\n", block.join("\n"));
        if let Some(path) = file.take() {
            let path = session.at.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, &text).unwrap();
        } else if kind == "diff" {
            fs::write(session.top.path().join("diff"), &text).unwrap();
            session.must("git apply --unidiff-zero --whitespace=nowarn \"$HOME/diff\"");
        } else if let Some(code) = kind.strip_prefix("console") {
            let code = code.trim().strip_prefix("exit=").map_or(0, |code| code.parse().unwrap());
            now.extend(console(&mut session, &block, code));
            now.push("```".into());
            continue;
        }
        now.extend(block.into_iter().map(str::to_owned));
        now.push("```".into());
    }
    now.join("\n") + "\n"
}

fn holds(name: &str) {
    let path = project().join("docs").join(name);
    let page = fs::read_to_string(&path).unwrap();
    let now = run(&page);
    if std::env::var_os("UPDATE_EXAMPLES").is_some() {
        fs::write(path, now).unwrap();
    } else {
        assert_eq!(now, page, "docs/{name}: UPDATE_EXAMPLES=1 cargo test pages");
    }
}

#[test]
fn the_page_of_the_audit_shows_what_happens() {
    holds("audit.md");
}

#[test]
fn the_page_of_targets_shows_what_happens() {
    holds("targets.md");
}

#[test]
fn the_page_of_the_pipeline_shows_what_happens() {
    holds("pipeline.md");
}

#[test]
fn the_page_of_verify_shows_what_happens() {
    holds("verify.md");
}

#[test]
fn the_page_of_a_rewrite_shows_what_happens() {
    holds("rewrite.md");
}

#[test]
fn the_page_for_those_who_receive_shows_what_happens() {
    holds("receive.md");
}

#[test]
fn the_page_for_those_who_distribute_shows_what_happens() {
    holds("distribute.md");
}

#[test]
fn the_page_for_agents_shows_what_happens() {
    holds("skills/dockwright/SKILL.md");
}

/// All of the reference's parts are one file.
#[test]
fn the_reference_of_preset_toml_is_read() {
    let page = fs::read_to_string(project().join("docs/preset.md")).unwrap();
    let parts = page.split("```toml\n").skip(1).map(|part| part.split("```").next().unwrap());
    let whole: String = parts.collect();
    let manifest = dockwright::preset::manifest::read("docs/preset.md", &whole)
        .unwrap_or_else(|problems| panic!("{problems:#?}\n{whole}"));
    assert_eq!((manifest.rules.len(), manifest.files.len(), manifest.migrations.len()), (2, 3, 3));
    // Every key that there is has its example.
    for key in ["requires", "extends", "[defaults]", "[locked]", "[floors]", "one-of", "warn-until"]
    {
        assert!(page.contains(key), "{key}");
    }
}

/// `docs/blocks.md` is made of the data file.
#[test]
fn the_page_of_blocks_lists_every_block() {
    let data = fs::read_to_string(project().join("templates/blocks.toml")).unwrap();
    let data: toml::Table = toml::from_str(&data).unwrap();
    let mut page = String::from(
        "# Blocks of the templates\n\nWhat a preset's `templates/` may override. The names are a contract: renaming one is a \
         breaking change.\nMade of `templates/blocks.toml` by `UPDATE_EXAMPLES=1 cargo test pages`.\n",
    );
    let mut template = "";
    for block in data["block"].as_array().unwrap() {
        let text = |key: &str| block.get(key).and_then(toml::Value::as_str).unwrap_or_default();
        if text("template") != template {
            template = text("template");
            page.push_str(&format!(
                "\n## `{template}`\n\n| Block | What stands in it |\n| --- | --- |\n"
            ));
        }
        let keep = block.get("keep").is_some_and(|keep| keep.as_bool() == Some(true));
        let keep =
            if keep { " The file refers to it: an override may not leave it out." } else { "" };
        page.push_str(&format!(
            "| `{}` | {}{keep} |\n",
            text("name"),
            text("doc").replace('|', "\\|")
        ));
    }
    let path = project().join("docs/blocks.md");
    if std::env::var_os("UPDATE_EXAMPLES").is_some() {
        fs::write(path, page).unwrap();
    } else {
        assert_eq!(fs::read_to_string(path).unwrap(), page);
    }
}

/// Each line about other tools names tests that are there.
#[test]
fn the_page_about_other_tools_names_tests() {
    let page = fs::read_to_string(project().join("docs/others.md")).unwrap();
    let mut sources = String::new();
    for directory in ["tests/integration", "tests/integration/others", "tests/questions"] {
        for entry in fs::read_dir(project().join(directory)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|kind| kind == "rs") {
                sources.push_str(&fs::read_to_string(path).unwrap());
            }
        }
    }
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| ")).skip(2).collect();
    assert!(rows.len() > 20, "{rows:?}");
    for row in rows {
        let tests = row.trim_end_matches('|').rsplit('|').next().unwrap();
        let names: Vec<&str> = tests.split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "{row}");
        for name in names.iter().filter(|name| !name.contains('/')) {
            assert!(sources.contains(&format!("fn {name}()")), "there is no test {name}");
        }
    }
}
