//! What the README shows is what the commands print.
//! `UPDATE_EXAMPLES=1 cargo test readme` writes what they print into it anew.

use std::fs;
use std::path::{Path, PathBuf};

use dockwright::render::blocks::Need;
use dockwright::render::{Block, blocks};

use crate::support::{directory, dockwright};

fn readme() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")
}

/// The README with what the `$ dockwright …` of each console block prints now.
fn renewed(text: &str) -> String {
    let mut parts = text.split("```console\n");
    let mut renewed = parts.next().unwrap().to_owned();
    for part in parts {
        let (block, rest) = part.split_once("```").unwrap();
        let (command, _) = block.split_once('\n').unwrap();
        let directory = directory();
        notes(directory.path());
        let arguments = command.strip_prefix("$ dockwright ").unwrap().split(' ');
        let output = dockwright().current_dir(&directory).args(arguments).output().unwrap();
        assert!(output.status.success(), "{command}");
        let printed = String::from_utf8(output.stdout).unwrap();
        renewed.push_str(&format!("```console\n{command}\n{printed}```{rest}"));
    }
    renewed
}

/// The repository that the README looks at.
fn notes(directory: &Path) {
    let code = "import os\n\nfrom fastapi import FastAPI\nfrom sqlalchemy import create_engine\n\n\
        engine = create_engine(os.environ[\"DATABASE_URL\"])\napp = FastAPI()\n\n\n\
        @app.get(\"/health\")\ndef health() -> dict[str, str]:\n    return {\"status\": \"ok\"}\n";
    let requirements =
        "fastapi==0.115.0\nuvicorn==0.32.0\nSQLAlchemy==2.0.36\npsycopg[binary]==3.2.3\n";
    fs::create_dir_all(directory.join("notes/app")).unwrap();
    fs::write(directory.join("notes/app/main.py"), code).unwrap();
    fs::write(directory.join("notes/requirements.txt"), requirements).unwrap();
    fs::write(directory.join("notes/.python-version"), "3.12\n").unwrap();
}

#[test]
fn the_readme_shows_what_the_commands_print() {
    let text = fs::read_to_string(readme()).unwrap();
    assert_eq!(text.matches("```console\n").count(), 4);
    let renewed = renewed(&text);
    if std::env::var_os("UPDATE_EXAMPLES").is_some() {
        fs::write(readme(), renewed).unwrap();
    } else {
        assert_eq!(renewed, text, "README.md: UPDATE_EXAMPLES=1 cargo test readme");
    }
}

/// One row of the README's table: a need and the blocks that serve it.
fn row(need: Need) -> String {
    let serving: Vec<&Block> = blocks().iter().filter(|block| block.need == Some(need)).collect();
    let mut cell = String::new();
    for (at, block) in serving.iter().enumerate() {
        let file = block.template.trim_end_matches(".tera");
        match at > 0 && serving[at - 1].template == block.template {
            true => cell.push_str(", "),
            false if at > 0 => cell.push_str(&format!("; `{file}`: ")),
            false => cell.push_str(&format!("`{file}`: ")),
        }
        cell.push_str(&format!("`{}`", block.name));
    }
    let need = serde_json::to_value(need).unwrap();
    format!("| {} | {cell} |\n", need.as_str().unwrap())
}

#[test]
fn the_readme_names_the_blocks_that_serve_each_need() {
    let text = fs::read_to_string(readme()).unwrap();
    let table: String = Need::ALL.into_iter().map(row).collect();
    assert!(text.contains(&format!("| --- | --- |\n{table}\n")), "it should say:\n{table}");
}

/// The `[network]` that the README shows is accepted as it stands.
#[test]
fn the_network_that_the_readme_shows_is_one() {
    let text = fs::read_to_string(readme()).unwrap();
    let shown = text.split("## Corporate networks\n\n```toml\n").nth(1).unwrap();
    let directory = directory();
    let file = format!(
        "preset = \"django-nginx\"\n[project]\nname = \"shop\"\n{}",
        shown.split("```").next().unwrap()
    );
    fs::write(directory.path().join("dockwright.toml"), file).unwrap();
    dockwright().current_dir(&directory).arg("plan").assert().success();
}
