//! From the first question to the files.

use crate::start::Start;
use crate::terminal::{ENTER, ESC, Terminal};

/// Takes every default up to the summary of a preset.
pub fn up_to_the_summary(terminal: &Terminal, preset: &str) {
    terminal.at("Service name").press(ENTER);
    terminal.at_menu("Stack").choose(preset);
    if preset == "ml-server" {
        terminal.at_menu("Model runtime").press(ENTER);
    }
    terminal.at_menu("Where will it run").press(ENTER);
    if preset == "django-nginx" {
        terminal.at("Domain").press(ENTER);
    }
    terminal.at_menu("What now");
}

/// The lines of a document that say something, sorted.
fn said(document: &str) -> Vec<&str> {
    let is_said = |line: &&str| line.contains('=') && !line.starts_with('#');
    let mut lines: Vec<&str> = document.lines().filter(is_said).collect();
    lines.sort_unstable();
    lines
}

fn written_with_enter_alone(preset: &str, file: &str) {
    let mut terminal = Start::new(&["shop"]).open();
    up_to_the_summary(&terminal, preset);
    terminal.choose("Write these files");
    assert_eq!(terminal.code(), 0, "{}", terminal.screen());
    assert!(terminal.screen().contains("Next: cd shop && docker compose up --build --wait"));
    let intent = terminal.file("shop/dockwright.toml");
    assert_eq!(said(&intent), ["name = \"shop\"", &format!("preset = \"{preset}\"")], "{intent}");
    assert!(terminal.file(file).contains("shop"), "{file}");
    assert_eq!(terminal.left(), ["shop"]);
}

#[test]
fn enter_alone_writes_fastapi_uvicorn() {
    written_with_enter_alone("fastapi-uvicorn", "shop/compose.yaml");
}

#[test]
fn enter_alone_writes_fastapi_gunicorn() {
    written_with_enter_alone("fastapi-gunicorn", "shop/compose.yaml");
}

#[test]
fn enter_alone_writes_django_nginx() {
    written_with_enter_alone("django-nginx", "shop/compose.yaml");
}

#[test]
fn enter_alone_writes_ml_server() {
    written_with_enter_alone("ml-server", "shop/compose.yaml");
}

#[test]
fn enter_alone_writes_celery_postgres_redis() {
    written_with_enter_alone("celery-postgres-redis", "shop/compose.yaml");
}

#[test]
fn what_was_chosen_is_written_and_nothing_else() {
    let mut terminal = Start::new(&["shop"]).open();
    terminal.at("Service name").press("store\r");
    terminal.at_menu("Stack").choose("django-nginx");
    terminal.at_menu("Where will it run").choose("1 CPU, 2 GB");
    terminal.at("Domain").press("Store.example.com\r");
    terminal.at_menu("What now").sees("127.0.0.1:8000, store.example.com").choose("Write");
    assert_eq!(terminal.code(), 0);
    let intent = terminal.file("shop/dockwright.toml");
    let expected = [
        "cpus = 1",
        "domain = \"store.example.com\"",
        "memory = \"2GiB\"",
        "name = \"store\"",
        "preset = \"django-nginx\"",
    ];
    assert_eq!(said(&intent), expected, "{intent}");
}

#[test]
fn another_size_is_asked_for_number_by_number() {
    let mut terminal = Start::new(&["shop", "--preset", "fastapi-uvicorn"]).open();
    terminal.at("Service name").press(ENTER);
    terminal.at_menu("Where will it run").choose("another size");
    terminal.at("CPUs").press("3\r");
    terminal.at("Memory").press("3\r").sees("`3` is no amount of memory");
    terminal.press("3gb\r");
    terminal.at_menu("Host or task").choose("task");
    terminal.at_menu("What now").sees("3 CPUs, 3GiB, task").choose("Write");
    assert_eq!(terminal.code(), 0);
    let intent = terminal.file("shop/dockwright.toml");
    for line in ["budget = \"task\"", "cpus = 3", "memory = \"3GiB\""] {
        assert!(said(&intent).contains(&line), "{intent}");
    }
}

#[test]
fn esc_and_a_typed_less_than_go_back() {
    let mut terminal = Start::new(&["shop"]).open();
    terminal.at("Service name").press("first\r");
    terminal.at_menu("Stack").press(ESC);
    terminal.at("Service name [first]").press("second\r");
    terminal.at_menu("Stack").choose("django-nginx");
    terminal.at_menu("Where will it run").choose("4 CPUs, 8 GB");
    terminal.at("Domain").press("<\r");
    terminal.at_menu("Where will it run").press(ESC);
    terminal.at_menu("Stack").choose("fastapi-uvicorn");
    terminal.at_menu("Where will it run").press(ENTER);
    terminal.at_menu("What now");
    let screen = terminal.screen();
    for prompt in ["Service name:", "Stack:", "Where will it run:"] {
        assert_eq!(screen.matches(prompt).count(), 1, "{screen}");
    }
    terminal.choose("Write");
    assert_eq!(terminal.code(), 0);
    let intent = terminal.file("shop/dockwright.toml");
    assert!(intent.contains("name = \"second\"") && intent.contains("cpus = 4"), "{intent}");
    assert!(intent.contains("preset = \"fastapi-uvicorn\""), "{intent}");
}

#[test]
fn the_summary_leads_back_to_the_last_question() {
    let mut terminal = Start::new(&["shop"]).open();
    up_to_the_summary(&terminal, "fastapi-uvicorn");
    terminal.press(ESC).at_menu("Where will it run").choose("4 CPUs, 8 GB");
    terminal.at_menu("What now").sees("4 CPUs, 8GiB, host").choose("Write");
    assert_eq!(terminal.code(), 0);
}

#[test]
fn before_the_first_question_there_is_none() {
    let mut terminal = Start::new(&["shop"]).open();
    terminal.at("Service name").press("<\r").sees("This is the first question.");
    up_to_the_summary(&terminal, "fastapi-uvicorn");
    terminal.choose("Write");
    assert_eq!(terminal.code(), 0);
}

#[test]
fn a_wrong_name_says_what_would_do_and_asks_again() {
    let mut terminal = Start::new(&["shop"]).open();
    terminal.at("Service name").press("My Shop!\r");
    terminal.sees("`My Shop!` is no usable name").sees("`my-shop` would do");
    terminal.at("Service name").press("my-shop\r");
    terminal.at_menu("Stack");
    let screen = terminal.screen();
    assert!(!screen.contains("no usable name"), "the message stayed:\n{screen}");
    up_to_the_summary_from_stack(&terminal);
    terminal.choose("Write");
    assert_eq!(terminal.code(), 0);
    assert!(terminal.file("shop/dockwright.toml").contains("name = \"my-shop\""));
}

fn up_to_the_summary_from_stack(terminal: &Terminal) {
    terminal.at_menu("Stack").press(ENTER);
    terminal.at_menu("Where will it run").press(ENTER);
    terminal.at_menu("What now");
}

#[test]
fn a_directory_that_is_no_service_name_suggests_one() {
    let mut terminal = Start::new(&["My Shop"]).open();
    terminal.at("Service name [my-shop]").press(ENTER);
    up_to_the_summary_from_stack(&terminal);
    terminal.choose("Write");
    assert_eq!(terminal.code(), 0);
    assert!(terminal.file("My Shop/dockwright.toml").contains("name = \"my-shop\""));
}

#[test]
fn what_a_flag_said_is_shown_and_not_asked() {
    let flags = ["shop", "--preset", "django-nginx", "--set", "project.name=store"];
    let more =
        ["--set", "deploy.cpus=1", "--set", "deploy.memory=3GiB", "--set", "deploy.domain=a.de"];
    let mut terminal = Start::new(&[&flags[..], &more[..]].concat()).open();
    terminal.at_menu("What now");
    let screen = terminal.screen();
    for prompt in ["Service name:", "Stack:", "Where will it run:", "Domain:"] {
        assert!(!screen.contains(prompt), "{screen}");
    }
    for (label, value, origin) in [
        ("name", "store", "--set"),
        ("stack", "django-nginx", "--preset"),
        ("runs on", "1 CPU, 3GiB, host", "--set"),
        ("reached at", "127.0.0.1:8000, a.de", "--set"),
        ("database", "postgres", "preset"),
    ] {
        let row = screen.lines().find(|line| line.trim_start().starts_with(label)).expect(label);
        assert!(row.contains(value) && row.trim_end().ends_with(origin), "{row}");
    }
    terminal.choose("Write");
    assert_eq!(terminal.code(), 0);
}

#[test]
fn one_number_of_the_size_leaves_the_other_to_be_asked() {
    let flags = ["shop", "--preset", "fastapi-uvicorn", "--set", "deploy.memory=3GiB"];
    let mut terminal = Start::new(&flags).open();
    terminal.at("Service name").press(ENTER);
    terminal.at("CPUs [2]").press("1.5\r");
    terminal.at_menu("Host or task").press(ENTER);
    terminal.at_menu("What now").sees("1.5 CPUs, 3GiB, host").choose("Write");
    assert_eq!(terminal.code(), 0);
}

#[test]
fn wrong_flags_fail_before_anything_is_asked() {
    let mut terminal =
        Start::new(&["shop", "--set", "stack.databse=postgres", "--set", "deploy.cpus=two"]).open();
    assert_eq!(terminal.code(), 2);
    let screen = terminal.screen();
    assert!(
        screen.contains("unknown key `stack.databse`") && screen.contains("`two` is no"),
        "{screen}"
    );
    assert!(!screen.contains("Service name"), "{screen}");
    assert_eq!(terminal.left(), [""; 0]);
}

#[test]
fn questions_go_to_standard_error_and_the_report_to_standard_output() {
    let mut terminal = Start::new(&["shop"]).stdout_in_file().open();
    up_to_the_summary(&terminal, "fastapi-uvicorn");
    terminal.choose("Write");
    assert_eq!(terminal.code(), 0);
    let report = terminal.report();
    assert!(report.contains("Wrote ") && report.contains("Next: cd shop"), "{report}");
    assert!(!report.contains("Service name"), "{report}");
    assert!(!terminal.screen().contains("Next:"), "{}", terminal.screen());
}

#[test]
fn a_dry_run_says_that_it_only_shows() {
    let mut terminal = Start::new(&["shop", "--dry-run"]).open();
    up_to_the_summary(&terminal, "fastapi-uvicorn");
    terminal.choose("Show what would be written");
    assert_eq!(terminal.code(), 0);
    assert!(terminal.screen().contains("Would write"), "{}", terminal.screen());
    assert_eq!(terminal.left(), [""; 0]);
}
