//! Commands a README shows: in code blocks, indented, or between backticks.

use super::Place;
use super::paths::{name, parent};
use super::walker::{Setting, Walker};
use crate::detect::fact::Evidence;

/// Programs that start something. Everything else a README shows is advice on
/// installing.
const STARTERS: [&str; 24] = [
    "uvicorn",
    "gunicorn",
    "hypercorn",
    "daphne",
    "granian",
    "fastapi",
    "flask",
    "uwsgi",
    "waitress-serve",
    "python",
    "python3",
    "celery",
    "rq",
    "arq",
    "dramatiq",
    "taskiq",
    "huey",
    "django-admin",
    "sanic",
    "litestar",
    "quart",
    "cd",
    "export",
    "robyn",
];

/// Reads every README.
pub fn read(walker: &mut Walker<'_>) {
    let tree = walker.tree;
    for path in tree.counted() {
        if name(path).to_ascii_lowercase().starts_with("readme") {
            read_one(walker, path);
        }
    }
}

fn read_one(walker: &mut Walker<'_>, path: &str) {
    let tree = walker.tree;
    let Some(text) = tree.text(path) else { return };
    let mut setting = fresh(path);
    let mut fenced = false;
    let lines: Vec<&str> = text.lines().collect();
    for (at, line) in lines.iter().enumerate() {
        let trimmed = line.trim();
        if trimmed.starts_with("```") || trimmed.starts_with("~~~") {
            fenced = !fenced;
            setting = fresh(path);
            continue;
        }
        let evidence = || Evidence::line(path, at + 1, line);
        if fenced || line.starts_with("    ") || line.starts_with('\t') {
            // A directory that a line of a block changes to holds for the rest.
            let line = without_prompt(trimmed);
            if is_start(line) {
                walker.text_within(Place::Readme, &mut setting, line, &evidence());
            }
        } else {
            setting = fresh(path);
            for span in trimmed.split('`').skip(1).step_by(2) {
                let span = without_prompt(span);
                if span.contains(' ') && is_start(span) {
                    walker.text(Place::Readme, &setting, span, &evidence());
                }
            }
        }
    }
}

fn fresh(path: &str) -> Setting<'static> {
    Setting { directory: Some(parent(path).to_owned()), ..Setting::default() }
}

/// `$ `, `> `, `% `, `(venv) $ ` fall away.
fn without_prompt(line: &str) -> &str {
    let line = match line.strip_prefix('(').and_then(|rest| rest.split_once(") ")) {
        Some((_, rest)) => rest,
        None => line,
    };
    line.trim_start_matches(['$', '>', '%', '#']).trim_start()
}

/// Whether a line holds a command that starts something, wherever in it.
fn is_start(line: &str) -> bool {
    line.split(|c: char| c.is_whitespace() || c == ';' || c == '&')
        .any(|word| STARTERS.contains(&word.rsplit('/').next().unwrap_or(word)))
}
