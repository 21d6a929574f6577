//! Every way to stop: nothing is left on disk, and the terminal is as it was.

use crate::answers::up_to_the_summary;
use crate::start::Start;
use crate::terminal::{CTRL_C, ENTER, Terminal};

/// Stops at a place, and expects what has to hold wherever that is.
fn interrupted(go: impl Fn(&Terminal)) {
    let mut terminal = Start::new(&["shop"]).through_shell().open();
    go(&terminal);
    terminal.press(CTRL_C).sees("ended with 130");
    assert_eq!(terminal.code(), 0);
    let screen = terminal.screen();
    assert_eq!(screen.matches("interrupted; nothing was written").count(), 1, "{screen}");
    assert!(terminal.shows_cursor(), "{screen}");
    assert_sane(&screen);
    assert_eq!(terminal.left(), [""; 0]);
}

/// `stty -a` says that the terminal edits lines and echoes.
fn assert_sane(screen: &str) {
    let words: Vec<&str> = screen.split([' ', '\n', ';']).collect();
    for mode in ["echo", "icanon", "isig", "icrnl", "opost"] {
        assert!(words.contains(&mode), "{mode} is off:\n{screen}");
    }
}

#[test]
fn ctrl_c_at_the_first_question() {
    interrupted(|terminal| {
        terminal.at("Service name");
    });
}

#[test]
fn ctrl_c_in_the_middle_of_a_name() {
    interrupted(|terminal| {
        terminal.at("Service name").press("sho").at("Service name [shop]: sho");
    });
}

#[test]
fn ctrl_c_in_a_menu() {
    interrupted(|terminal| {
        terminal
            .at("Service name")
            .press(ENTER)
            .at_menu("Stack")
            .press("j")
            .sees("> fastapi-gunicorn");
    });
}

#[test]
fn ctrl_c_at_the_summary() {
    interrupted(|terminal| {
        up_to_the_summary(terminal, "celery-postgres-redis");
    });
}

#[test]
fn ctrl_c_in_the_changes() {
    interrupted(|terminal| {
        up_to_the_summary(terminal, "django-nginx");
        terminal
            .choose("Change something")
            .at_menu("Change")
            .choose("database")
            .at_menu("Database");
    });
}

#[test]
fn cancel_writes_nothing() {
    let mut terminal = Start::new(&["shop"]).through_shell().open();
    up_to_the_summary(&terminal, "fastapi-uvicorn");
    terminal.choose("Cancel").sees("ended with 130");
    assert_eq!(terminal.code(), 0);
    let screen = terminal.screen();
    assert!(screen.contains("cancelled; nothing was written"), "{screen}");
    assert!(terminal.shows_cursor());
    assert_sane(&screen);
    assert_eq!(terminal.left(), [""; 0]);
}

#[test]
fn the_terminal_is_as_it_was_after_writing() {
    let mut terminal = Start::new(&["shop"]).through_shell().open();
    up_to_the_summary(&terminal, "fastapi-uvicorn");
    terminal.choose("Write").sees("ended with 0");
    assert_eq!(terminal.code(), 0);
    assert!(terminal.shows_cursor());
    assert_sane(&terminal.screen());
}

#[test]
fn a_signal_from_outside_ends_the_questions() {
    for name in ["INT", "TERM", "HUP"] {
        let mut terminal = Start::new(&["shop"]).open();
        terminal.at("Service name").press(ENTER).at_menu("Stack").signal(name);
        assert_eq!(terminal.code(), 130, "{name}");
        let screen = terminal.screen();
        assert_eq!(
            screen.matches("interrupted; nothing was written").count(),
            1,
            "{name}: {screen}"
        );
        assert!(terminal.shows_cursor(), "{name}");
        assert_eq!(terminal.left(), [""; 0], "{name}");
    }
}

#[test]
fn a_terminal_that_is_closed_ends_the_questions() {
    for text in ["Service name", "What now"] {
        let mut terminal = Start::new(&["shop"]).close_at(text).open();
        if text == "What now" {
            terminal.press("\r\r\r");
        }
        assert_eq!(terminal.code_after_close(), 130, "{text}");
        assert_eq!(terminal.left(), [""; 0], "{text}");
    }
}
