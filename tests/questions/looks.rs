//! What the questions look like, on terminals of several kinds.

use crate::answers::up_to_the_summary;
use crate::start::Start;
use crate::terminal::{ENTER, ESC};

#[test]
fn every_question_says_why_and_every_stack_what_it_is() {
    let terminal = Start::new(&["shop"]).open();
    terminal.at("Service name").sees("Esc goes back, or < where you type");
    terminal.sees("Names the Compose project").press(ENTER);
    terminal.at_menu("Stack").sees("every part can be changed at the end");
    for text in [
        "least moving parts",
        "one that hangs or dies",
        "behind nginx",
        "Model server",
        "never evicts",
    ] {
        terminal.sees(text);
    }
    terminal.choose("ml-server");
    terminal.at_menu("Model runtime").sees("What loads and runs the model.").press(ENTER);
    terminal.at_menu("Where will it run").sees("Every number follows from it");
}

#[test]
fn a_size_says_what_it_means_for_the_stack() {
    let flags = ["shop", "--preset", "django-nginx", "--set", "tune.db.memory=1GiB"];
    let terminal = Start::new(&flags).open();
    terminal.at("Service name").press(ENTER).at_menu("Where will it run");
    terminal.sees("0.5 CPU, 1 GB  task     too small for this stack");
    let screen = terminal.screen();
    let row = screen.lines().find(|line| line.contains("4 CPUs, 8 GB")).expect("a size");
    assert!(row.contains("server process"), "{row}");
}

#[test]
fn arrows_move_in_a_menu() {
    let terminal = Start::new(&["shop"]).open();
    terminal.at("Service name").press(ENTER).at_menu("Stack");
    terminal.press("\x1b[B").sees("> fastapi-gunicorn").press("\x1b[A").sees("> fastapi-uvicorn");
}

#[test]
fn no_line_is_longer_than_a_narrow_terminal() {
    for preset in ["fastapi-gunicorn", "django-nginx", "ml-server", "celery-postgres-redis"] {
        let mut terminal = Start::new(&["shop"]).sized(100, 60).open();
        up_to_the_summary(&terminal, preset);
        terminal.choose("Change something").at_menu("Change");
        assert_eq!(terminal.wrapped(), [""; 0], "{}", terminal.screen());
        terminal.press(ESC).at_menu("What now").choose("Cancel");
        assert_eq!(terminal.code(), 130);
    }
}

#[test]
fn a_low_terminal_shows_the_prompt_of_every_menu() {
    let mut terminal = Start::new(&["shop"]).sized(14, 60).open();
    terminal.at("Service name").press(ENTER);
    terminal.at_menu("Stack").choose("celery-postgres-redis");
    terminal.at_menu("Where will it run").press(ENTER);
    terminal.at_menu("What now").choose("Change something");
    terminal.at_menu("Change").sees("[Page 1/").choose("host or task");
    terminal.at_menu("Host or task").choose("task");
    terminal.at_menu("Change").choose("Done");
    terminal.at_menu("What now").choose("Write");
    assert_eq!(terminal.code(), 0);
    assert!(terminal.file("shop/dockwright.toml").contains("budget = \"task\""));
}

#[test]
fn colours_are_used_unless_no_color_is_set() {
    let coloured = |start: Start| {
        let terminal = start.open();
        terminal.sees("Service name").press(ENTER).sees("fastapi-gunicorn");
        let bytes = terminal.bytes();
        bytes.windows(3).any(|window| window == b"\x1b[3")
    };
    assert!(coloured(Start::new(&["shop"]).coloured()));
    assert!(!coloured(Start::new(&["shop"])));
}
