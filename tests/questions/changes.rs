//! The summary, in which any line can be changed.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::answers::up_to_the_summary;
use crate::start::Start;
use crate::terminal::{ENTER, ESC, Terminal};

fn at_the_changes(flags: &[&str], preset: &str) -> Terminal {
    let terminal = Start::new(&[&["shop"], flags].concat()).open();
    up_to_the_summary(&terminal, preset);
    terminal.choose("Change something").at_menu("Change");
    terminal
}

fn write(terminal: &mut Terminal) -> String {
    terminal.at_menu("Change").choose("Done").at_menu("What now").choose("Write these files");
    assert_eq!(terminal.code(), 0, "{}", terminal.screen());
    terminal.file("shop/dockwright.toml")
}

#[test]
fn the_database_is_changed_in_the_summary() {
    let mut terminal = at_the_changes(&[], "fastapi-uvicorn");
    terminal.choose("database").at_menu("Database").choose("postgres");
    terminal.at_menu("Change").choose("Done").at_menu("What now");
    let screen = terminal.screen();
    let row = screen.lines().rfind(|line| line.trim_start().starts_with("database"));
    assert!(
        row.is_some_and(|row| row.contains("postgres") && row.contains("answered")),
        "{screen}"
    );
    assert!(screen.contains("db.shared-buffers"), "{screen}");
    terminal.choose("Change something");
    let intent = write(&mut terminal);
    assert!(intent.contains("[stack]\ndatabase = \"postgres\""), "{intent}");
    assert!(terminal.file("shop/compose.yaml").contains("postgres:"));
}

#[test]
fn a_budget_that_is_too_small_is_shown_and_mended() {
    let mut terminal = Start::new(&["shop"]).open();
    terminal.at("Service name").press(ENTER);
    terminal.at_menu("Stack").choose("celery-postgres-redis");
    terminal.at_menu("Where will it run").choose("another size");
    terminal.at("CPUs").press(ENTER);
    terminal.at("Memory").press("200MiB\r");
    terminal.at_menu("Host or task").press(ENTER);
    terminal
        .at_menu("What now")
        .sees("200 MiB cannot hold this stack")
        .sees("help: the smallest budget");
    assert!(!terminal.screen().contains("Write these files"), "{}", terminal.screen());
    terminal.choose("Change something").at_menu("Change").choose("memory");
    terminal.at("Memory [200MiB]").press("300MiB\r");
    terminal.sees("300 MiB cannot hold this stack").at_menu("Change").choose("Set memory to");
    let intent = write(&mut terminal);
    let memory = intent.lines().find(|line| line.starts_with("memory")).expect("memory was chosen");
    assert!(!memory.contains("300MiB"), "{intent}");
}

#[test]
fn an_impossible_combination_is_shown_and_mended() {
    let mut terminal = at_the_changes(&[], "fastapi-uvicorn");
    terminal.choose("framework").at_menu("Framework").sees("but then: uvicorn speaks ASGI");
    terminal.choose("flask");
    terminal.sees("error: uvicorn speaks ASGI, and Flask is a WSGI framework");
    terminal
        .at_menu("Change")
        .choose("Done")
        .at_menu("What now")
        .sees("help: --set stack.server=gunicorn");
    assert!(!terminal.screen().contains("Write these files"), "{}", terminal.screen());
    terminal.choose("Change something").at_menu("Change").choose("Set server to gunicorn");
    let intent = write(&mut terminal);
    assert!(
        intent.contains("framework = \"flask\"") && intent.contains("server = \"gunicorn\""),
        "{intent}"
    );
}

#[test]
fn all_problems_are_shown_together() {
    let mut terminal = at_the_changes(&[], "celery-postgres-redis");
    terminal.choose("worker").at_menu("Worker").choose("none");
    terminal
        .sees("error: beat schedules tasks for Celery")
        .sees("error: a broker without a worker");
    terminal
        .at_menu("Change")
        .choose("Set broker to none")
        .at_menu("Change")
        .choose("Set beat to no");
    let intent = write(&mut terminal);
    for line in ["worker = \"none\"", "broker = \"none\"", "beat = false"] {
        assert!(intent.contains(line), "{intent}");
    }
}

#[test]
fn a_changed_default_that_is_changed_back_is_not_written() {
    let mut terminal = at_the_changes(&[], "fastapi-uvicorn");
    terminal.choose("Python").at_menu("Python").choose("3.12");
    terminal.at_menu("Change").choose("port").at("Port [8000]").press("8080\r");
    terminal.at_menu("Change").choose("Python").at_menu("Python").choose("3.14");
    terminal.at_menu("Change").choose("cache").at_menu("Cache").press(ENTER);
    let intent = write(&mut terminal);
    assert!(intent.contains("port = 8080"), "{intent}");
    assert!(!intent.contains("python") && !intent.contains("cache"), "{intent}");
}

#[test]
fn another_stack_keeps_the_other_answers() {
    let mut terminal = at_the_changes(&["--set", "project.port=9000"], "fastapi-uvicorn");
    terminal.choose("stack").at_menu("Stack").choose("django-nginx");
    terminal.at_menu("Change").choose("domain").at("Domain").press("shop.example.com\r");
    let intent = write(&mut terminal);
    for line in ["preset = \"django-nginx\"", "port = 9000", "domain = \"shop.example.com\""] {
        assert!(intent.contains(line), "{intent}");
    }
    assert!(terminal.parent().join("shop/nginx/nginx.conf").is_file());
}

#[test]
fn a_planned_number_is_pinned_and_held_against_the_others() {
    let mut terminal = at_the_changes(&[], "fastapi-uvicorn");
    terminal.choose("numbers").at_menu("Of which service").choose("web");
    terminal.at_menu("Which number").choose("workers").at("web.workers [2]").press("2000\r");
    terminal.sees("error:").at_menu("Change").choose("numbers");
    terminal.at_menu("Of which service").choose("web");
    terminal.at_menu("Which number").choose("workers").at("web.workers [2000]").press("3\r");
    let intent = write(&mut terminal);
    assert!(intent.contains("[tune.web]\nworkers = 3"), "{intent}");
}

#[test]
fn enter_on_a_planned_number_does_not_pin_it() {
    let mut terminal = at_the_changes(&[], "fastapi-uvicorn");
    terminal.choose("numbers").at_menu("Of which service").choose("web");
    terminal.at_menu("Which number").choose("workers").at("web.workers [2]").press(ENTER);
    let intent = write(&mut terminal);
    assert!(!intent.contains("tune"), "{intent}");
}

#[test]
fn a_pin_from_a_flag_is_taken_back() {
    let mut terminal = at_the_changes(&["--set", "tune.web.workers=3"], "fastapi-uvicorn");
    terminal.choose("numbers").at_menu("Of which service").choose("web");
    terminal.at_menu("Which number").choose("workers").sees("Type - to take the choice back");
    terminal.at("web.workers [3]").press("-\r");
    let intent = write(&mut terminal);
    assert!(!intent.contains("tune"), "{intent}");
}

#[test]
fn a_file_can_be_left_out_and_a_service_and_an_image_changed() {
    let mut terminal = at_the_changes(&[], "fastapi-uvicorn");
    terminal.choose("files").at_menu("Which file").choose("DEPLOY.md");
    terminal.at_menu("DEPLOY.md").choose("off");
    terminal.at_menu("Change").choose("service names").at_menu("Which service").choose("web");
    terminal.at("web [web]").press("front\r");
    terminal.at_menu("Change").choose("images").at_menu("Which image").choose("uv");
    terminal.at("uv").press("uv:latest\r").sees("has no tag that pins it");
    terminal.press("<\r").at_menu("Change");
    let intent = write(&mut terminal);
    assert!(
        intent.contains("\"DEPLOY.md\" = \"off\"") && intent.contains("web = \"front\""),
        "{intent}"
    );
    assert!(!intent.contains("[images]"), "{intent}");
    assert!(!terminal.parent().join("shop/DEPLOY.md").exists());
}

#[test]
fn only_package_managers_that_are_installed_are_offered() {
    let tools = assert_fs::TempDir::new().unwrap();
    let tool = tools.path().join("poetry");
    fs::write(&tool, "#!/bin/sh\n").unwrap();
    fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).unwrap();
    let path = tools.path().to_str().unwrap();
    let mut terminal =
        Start::new(&["shop", "--preset", "fastapi-uvicorn"]).env("PATH", path).open();
    terminal.at("Service name").press(ENTER).at_menu("Where will it run").press(ENTER);
    terminal.at_menu("What now").choose("Change something");
    terminal
        .at_menu("Change")
        .choose("package manager")
        .at_menu("Package manager")
        .sees("  poetry");
    let screen = terminal.screen();
    for absent in ["  uv\n", "  pdm\n", "  pipenv\n"] {
        assert!(!screen.contains(absent), "{screen}");
    }
    terminal.press(ESC).at_menu("Change").press(ESC).at_menu("What now").choose("Cancel");
    assert_eq!(terminal.code(), 130);
}

#[test]
fn a_proxy_brings_up_a_domain_to_change() {
    let mut terminal = at_the_changes(&[], "fastapi-uvicorn");
    terminal.choose("proxy").at_menu("Proxy").choose("nginx");
    terminal.at_menu("Change").choose("domain").at("Domain").press("https://a.de\r");
    terminal.sees("`https://a.de` is no host name").press("a.de\r");
    terminal.at_menu("Change").choose("domain").at("Domain [a.de]").press("-\r");
    let intent = write(&mut terminal);
    assert!(intent.contains("proxy = \"nginx\"") && !intent.contains("domain"), "{intent}");
}
