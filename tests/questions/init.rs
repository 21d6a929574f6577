//! The questions of `dockwright init`: only what could not be found out, and
//! what becomes of the files that are there.

use crate::start::Start;
use crate::terminal::{CTRL_C, ENTER, ESC, Terminal};

const CODE: (&str, &str) = ("main.py", "from fastapi import FastAPI\n\napp = FastAPI()\n");
const PACKAGES: (&str, &str) = ("requirements.txt", "fastapi==0.115.0\nuvicorn==0.30.0\n");
const DOCKERFILE: (&str, &str) =
    ("Dockerfile", "FROM python:3.9\nCOPY . .\nCMD [\"uvicorn\", \"main:app\"]\n");
const COMPOSE: (&str, &str) = ("docker-compose.yml", "services:\n  app:\n    build: .\n");

const NAMED: [&str; 2] = ["--set", "project.name=shop"];

fn start(files: &[(&str, &str)]) -> Start {
    Start::init(&NAMED, files)
}

/// Says that the files are not to be improved.
fn file_by_file(terminal: &mut Terminal) {
    terminal.at_menu("Your container files").choose("Keep them as they are, or take");
}

fn finish(mut terminal: Terminal) -> Terminal {
    terminal.at_menu("What now").choose("Write these files");
    assert_eq!(terminal.code(), 0, "{}", terminal.screen());
    terminal
}

#[test]
fn where_everything_is_clear_only_the_summary_is_asked() {
    let terminal = start(&[CODE, PACKAGES]).open();
    terminal.sees("Container files for the code in .").sees("main:app");
    let terminal = finish(terminal);
    assert!(terminal.screen().contains("Next: docker compose up --build --wait"));
    assert!(terminal.file("Dockerfile").contains("AS runtime"));
    assert_eq!(terminal.file("main.py"), CODE.1);
}

#[test]
fn a_name_that_the_directory_does_not_give_is_asked() {
    let code = ("2024/main.py", CODE.1);
    let terminal = Start::init(&["2024"], &[code, ("2024/requirements.txt", PACKAGES.1)]).open();
    terminal.at("Service name").press("shop").press(ENTER);
    let terminal = finish(terminal);
    assert!(terminal.file("2024/dockwright.toml").contains("name = \"shop\""));
}

#[test]
fn a_python_without_an_image_is_asked() {
    let code = ("main.py", "from flask import Flask\n\napp = Flask(__name__)\n");
    let packages = ("requirements.txt", "flask==1.0.2\n");
    let terminal = start(&[code, packages, ("runtime.txt", "python-3.5.10\n")]).open();
    terminal.at_menu("Which Python").sees("wants Python 3.5").choose("3.9");
    let terminal = finish(terminal);
    assert!(terminal.file("Dockerfile").contains("python:3.9-slim-trixie"));
}

#[test]
fn enter_keeps_what_is_there() {
    let mut terminal = start(&[CODE, PACKAGES, DOCKERFILE]).open();
    file_by_file(&mut terminal);
    terminal.at_menu("Dockerfile").sees("-FROM python:3.9").press(ENTER);
    terminal.sees("kept as they are");
    let terminal = finish(terminal);
    assert_eq!(terminal.file("Dockerfile"), DOCKERFILE.1);
    assert!(terminal.file(".dockwright/lock.toml").contains("kept, not adopted"));
    assert!(!terminal.left().contains(&"compose.yaml".to_owned()));
}

#[test]
fn what_is_taken_leaves_a_copy_where_there_is_no_git() {
    let mut terminal = start(&[CODE, PACKAGES, DOCKERFILE]).open();
    file_by_file(&mut terminal);
    terminal.at_menu("Dockerfile").choose("Take dockwright's; a copy of yours stays");
    let terminal = finish(terminal);
    assert!(terminal.file("Dockerfile").contains("AS runtime"));
    assert_eq!(terminal.file("Dockerfile.before-dockwright"), DOCKERFILE.1);
    assert!(terminal.file("compose.yaml").contains("name: shop"));
}

#[test]
fn ours_beside_theirs_works_together() {
    let mut terminal = start(&[CODE, PACKAGES, DOCKERFILE, COMPOSE]).open();
    file_by_file(&mut terminal);
    terminal.at_menu("Dockerfile").choose("Keep yours, and write dockwright's as Dockerfile");
    terminal.at_menu("docker-compose.yml").choose("Keep yours, and write dockwright's as docker");
    let terminal = finish(terminal);
    assert_eq!(terminal.file("Dockerfile"), DOCKERFILE.1);
    assert_eq!(terminal.file("docker-compose.yml"), COMPOSE.1);
    assert!(terminal.file("Dockerfile.dockwright").contains("AS runtime"));
    let compose = terminal.file("docker-compose.dockwright.yml");
    assert!(compose.contains("dockerfile: Dockerfile.dockwright\n"), "{compose}");
    assert!(terminal.file("Dockerfile.dockwright.dockerignore").contains(".git"));
    assert!(!terminal.left().contains(&".dockerignore".to_owned()), "theirs builds without one");
    let next = "docker compose --file docker-compose.dockwright.yml up";
    assert!(terminal.screen().contains(next), "{}", terminal.screen());
}

#[test]
fn the_whole_difference_is_shown_when_it_is_asked_for() {
    let mut terminal = start(&[CODE, PACKAGES, DOCKERFILE]).sized(24, 80).open();
    file_by_file(&mut terminal);
    terminal.at_menu("Dockerfile").sees("more lines").choose("Show the whole difference");
    terminal.sees("+CMD [").at_menu("Dockerfile").choose("Keep yours, and write nothing");
    finish(terminal);
}

#[test]
fn the_files_can_be_decided_again() {
    let mut terminal = start(&[CODE, PACKAGES, DOCKERFILE]).open();
    file_by_file(&mut terminal);
    terminal.at_menu("Dockerfile").press(ENTER);
    terminal.at_menu("What now").press(ESC);
    file_by_file(&mut terminal);
    terminal.at_menu("Dockerfile").choose("Take");
    let terminal = finish(terminal);
    assert!(terminal.file("Dockerfile").contains("AS runtime"));
}

#[test]
fn cancel_and_ctrl_c_leave_everything_as_it_was() {
    for stop in [None, Some(CTRL_C)] {
        let mut terminal = start(&[CODE, PACKAGES, DOCKERFILE]).open();
        file_by_file(&mut terminal);
        terminal.at_menu("Dockerfile").choose("Take");
        terminal.at_menu("What now");
        match stop {
            Some(key) => terminal.press(key),
            None => terminal.choose("Cancel"),
        };
        assert_eq!(terminal.code(), 130, "{}", terminal.screen());
        let mut left = terminal.left();
        left.sort();
        assert_eq!(left, ["Dockerfile", "main.py", "requirements.txt"]);
        assert_eq!(terminal.file("Dockerfile"), DOCKERFILE.1);
        assert!(terminal.shows_cursor());
    }
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    for columns in [60, 80] {
        let mut terminal = start(&[CODE, PACKAGES, DOCKERFILE, COMPOSE]).sized(60, columns).open();
        file_by_file(&mut terminal);
        terminal.at_menu("Dockerfile").choose("Take");
        terminal.at_menu("docker-compose.yml");
        assert_eq!(terminal.wrapped(), [""; 0], "{}", terminal.screen());
        terminal.choose("Take");
        terminal.at_menu("What now");
        assert_eq!(terminal.wrapped(), [""; 0], "{}", terminal.screen());
        finish(terminal);
    }
}

#[test]
fn two_applications_are_asked_for_and_esc_goes_back() {
    let orders = [("orders/main.py", CODE.1), ("orders/requirements.txt", PACKAGES.1)];
    let billing = [("billing/main.py", CODE.1), ("billing/requirements.txt", PACKAGES.1)];
    let terminal = start(&[orders, billing].concat()).open();
    terminal.at_menu("Which application").sees("orders/main.py:3").press(ESC);
    terminal.sees("This is the first question").at_menu("Which application").choose("orders");
    let terminal = finish(terminal);
    assert!(terminal.file("dockwright.toml").contains("root = \"orders\""));
}

#[test]
fn a_repository_without_an_application_is_refused_without_a_question() {
    let mut terminal = start(&[("go.mod", "module x\n"), ("main.go", "package main\n")]).open();
    terminal.sees("no web application");
    assert_eq!(terminal.code(), 2);
}

#[test]
fn with_their_dockerfile_kept_their_compose_file_stays_without_a_question() {
    let mut terminal = start(&[CODE, PACKAGES, DOCKERFILE, COMPOSE]).open();
    file_by_file(&mut terminal);
    terminal.at_menu("Dockerfile").press(ENTER);
    terminal.sees("docker-compose.yml stays as well");
    let terminal = finish(terminal);
    assert_eq!(terminal.file("docker-compose.yml"), COMPOSE.1);
}

#[test]
fn enter_improves_what_is_there() {
    let terminal = start(&[CODE, PACKAGES, DOCKERFILE]).open();
    terminal.at_menu("Your container files").sees("DF101").press(ENTER);
    let terminal = finish(terminal);
    let dockerfile = terminal.file("Dockerfile");
    assert!(dockerfile.starts_with("FROM python:3.9\n"), "{dockerfile}");
    assert_ne!(dockerfile, DOCKERFILE.1);
    assert!(terminal.file(".dockwright/lock.toml").contains("[[edit]]"));
}

#[test]
fn an_edit_that_is_left_out_stays_out() {
    let terminal = start(&[CODE, PACKAGES, DOCKERFILE]).open();
    terminal.at_menu("Your container files").choose("Decide about each edit");
    terminal.at_menu("DF101 (1 of 3)").choose("Leave it out");
    terminal.at_menu("XF109 (2 of 3)").press(ENTER);
    terminal.at_menu("DF102 (3 of 3)").press(ENTER);
    let terminal = finish(terminal);
    let lock = terminal.file(".dockwright/lock.toml");
    assert!(lock.contains("[[edit]]"), "{lock}");
    let dockerfile = terminal.file("Dockerfile");
    assert!(dockerfile.contains("HEALTHCHECK") && !dockerfile.contains("USER"), "{dockerfile}");
}

#[test]
fn escape_goes_back_from_the_first_edit_and_from_the_files() {
    let terminal = start(&[CODE, PACKAGES, DOCKERFILE]).open();
    terminal.at_menu("Your container files").choose("Decide about each edit");
    terminal.at_menu("DF101 (1 of 3)").press(ESC);
    terminal.at_menu("Your container files").choose("Keep them as they are, or take");
    terminal.at_menu("Dockerfile").press(ESC);
    terminal.at_menu("Your container files").choose("Decide about each edit");
    terminal.at_menu("DF101 (1 of 3)").choose("Leave it out, and all that follow");
    let terminal = finish(terminal);
    assert_eq!(terminal.file("Dockerfile"), DOCKERFILE.1);
}

#[test]
fn what_was_improved_is_offered_to_stay() {
    let terminal = start(&[CODE, PACKAGES, DOCKERFILE]).open();
    terminal.at_menu("Your container files").press(ENTER);
    let terminal = finish(terminal);
    let paths = ["Dockerfile", ".dockerignore", "dockwright.toml", ".dockwright/lock.toml"];
    let texts = paths.map(|path| terminal.file(path));
    let improved = paths.iter().zip(&texts).map(|(path, text)| (*path, text.as_str()));
    let files: Vec<(&str, &str)> = [CODE, PACKAGES].into_iter().chain(improved).collect();
    let terminal = start(&files).open();
    terminal.at_menu("Your container files").sees("edits stand").press(ENTER);
    let terminal = finish(terminal);
    assert_eq!(terminal.file("Dockerfile"), texts[0]);
}
