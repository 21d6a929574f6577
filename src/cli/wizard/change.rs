//! The menu in which any line can be changed.

use console::{Alignment, pad_str};

use crate::cli::wizard::asker::{Asker, Reply};
use crate::cli::wizard::key::{KeyQuestion, said_as};
use crate::cli::wizard::session::{Outcome, Session, remedies};
use crate::cli::wizard::{families, questions, summary};
use crate::error::Error;
use crate::schema;

/// Keys with a line of their own, and what people call them; the others are in
/// a family.
const LABELS: [(&str, &str); 42] = [
    ("project.name", "name"),
    ("project.python", "Python"),
    ("project.package-manager", "package manager"),
    ("project.app", "application"),
    ("project.factory", "factory"),
    ("project.root", "import root"),
    ("project.build-context", "build context"),
    ("project.settings", "settings module"),
    ("project.dependency-files", "dependency files"),
    ("project.packages-until", "packages until"),
    ("project.health", "health route"),
    ("project.ready", "readiness route"),
    ("project.tests", "tests"),
    ("project.writable", "writable paths"),
    ("stack.framework", "framework"),
    ("stack.server", "server"),
    ("stack.proxy", "proxy"),
    ("stack.database", "database"),
    ("stack.migrations", "migrations"),
    ("stack.cache", "cache"),
    ("stack.worker", "worker"),
    ("stack.celery-app", "Celery app"),
    ("stack.broker", "broker"),
    ("stack.beat", "beat"),
    ("model.runtime", "model runtime"),
    ("model.path", "model path"),
    ("model.delivery", "model delivery"),
    ("deploy.cpus", "CPUs"),
    ("deploy.memory", "memory"),
    ("deploy.budget", "host or task"),
    ("deploy.domain", "domain"),
    ("project.port", "port"),
    ("deploy.bind", "bind address"),
    ("deploy.trusted-proxies", "trusted proxies"),
    ("deploy.hardening", "hardening"),
    ("deploy.target", "target"),
    ("deploy.load", "requests a second"),
    ("deploy.pod-cpus", "CPU of a pod"),
    ("deploy.pod-memory", "memory of a pod"),
    ("deploy.architecture", "processor"),
    ("deploy.ci", "pipeline"),
    ("images.registry", "image registry"),
];

/// One line of the menu.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Line {
    Done,
    Remedy(String, String),
    Preset,
    Key(String),
    Family(families::Family),
}

/// What people call a key.
#[must_use]
pub fn label(key: &str) -> &str {
    LABELS.iter().find(|(name, _)| *name == key).map_or(key, |(_, label)| label)
}

/// A key's label as a prompt.
fn title(key: &str) -> String {
    let label = label(key);
    let first = label.chars().next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(label.chars().skip(1)).collect()
}

/// Shows the lines until none shall change any more.
///
/// # Errors
/// Interrupted, or problems of the flags.
pub fn menu(asker: &mut Asker, session: &mut Session) -> Result<(), Error> {
    let mut default = None;
    loop {
        let outcome = session.outcome()?;
        let lines = lines(&outcome);
        let items: Vec<String> = lines.iter().map(|line| item(line, session, &outcome)).collect();
        if let Err(problems) = &outcome.plan {
            asker.say(&format!("\n{}", summary::problems(problems, asker.width())))?;
        }
        // Enter mends what is wrong, or goes on after a change.
        let start = match default {
            None if outcome.plan.is_ok() => 1,
            _ => 0,
        };
        let why = "Enter takes a line, Esc goes back to the summary, left and right turn a page.";
        let line = match asker.select("Change", why, &items, start)? {
            Reply::Given(chosen) => &lines[chosen],
            Reply::Back => return Ok(()),
        };
        if let Reply::Given(()) = change(line, asker, session, &outcome)? {
            default = Some(());
        }
        if *line == Line::Done {
            return Ok(());
        }
    }
}

fn lines(outcome: &Outcome) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Err(problems) = &outcome.plan {
        lines.extend(remedies(problems).into_iter().map(|(key, text)| Line::Remedy(key, text)));
    }
    lines.push(Line::Done);
    for (key, _) in LABELS {
        let served = outcome.draft.text("model.runtime") != "none";
        if schema::is_for_adopted(key) && !outcome.draft.is_adopted() {
            continue;
        }
        if served || !matches!(key, "model.path" | "model.delivery") {
            lines.push(Line::Key(key.to_owned()));
        }
        if lines.last() == Some(&Line::Key("project.name".into())) {
            lines.push(Line::Preset);
        }
    }
    lines.extend(families::Family::ALL.into_iter().map(Line::Family));
    lines
}

fn item(line: &Line, session: &Session, outcome: &Outcome) -> String {
    let (label, value) = match line {
        Line::Done => return "Done, back to the summary".into(),
        Line::Remedy(key, text) => {
            return format!("Set {} to {}", label(key), said_as(text));
        }
        Line::Preset => ("stack", session.preset().name().to_owned()),
        Line::Key(key) => (label(key), outcome.draft.text(key)),
        Line::Family(family) => (family.label(), family.said(&outcome.draft)),
    };
    let value = if value.is_empty() { "none" } else { said_as(&value) };
    format!("{}  {value}", pad_str(label, 16, Alignment::Left, None))
}

fn change(
    line: &Line,
    asker: &mut Asker,
    session: &mut Session,
    outcome: &Outcome,
) -> Result<Reply<()>, Error> {
    match line {
        Line::Done => Ok(Reply::Back),
        Line::Remedy(key, text) => {
            session.answer(key, text);
            asker.answered(&title(key), said_as(text))?;
            Ok(Reply::Given(()))
        }
        Line::Preset => questions::ask_stack(asker, session),
        Line::Key(key) => KeyQuestion::of(key, &title(key)).ask(asker, session),
        Line::Family(family) => family.ask(asker, session, outcome),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::cli::{Choices, Format};

    fn session(set: &[&str]) -> Session {
        let choices = Choices {
            preset: None,
            set: set.iter().map(|flag| (*flag).to_owned()).collect(),
            only: Vec::new(),
            format: Format::Human,
        };
        Session::new(Path::new("shop"), &choices).unwrap()
    }

    #[test]
    fn every_key_of_the_schema_can_be_reached() {
        let adopted = ["model.runtime=torch", "project.app=shop:app"];
        let lines = lines(&session(&adopted).outcome().unwrap());
        let every = schema::fields().chain(schema::service_fields()).chain(schema::tune_fields());
        for key in every.map(|field| field.name) {
            let family = families::of(&key).map(Line::Family);
            let reached = lines
                .iter()
                .any(|line| *line == Line::Key(key.clone()) || Some(line) == family.as_ref());
            assert!(reached, "{key}");
        }
    }

    #[test]
    fn a_new_service_is_not_asked_about_code_that_is_there() {
        let lines = lines(&session(&[]).outcome().unwrap());
        assert!(!lines.contains(&Line::Key("project.app".into())));
    }

    #[test]
    fn what_mends_a_problem_stands_first() {
        let outcome = session(&["stack.broker=redis"]).outcome().unwrap();
        assert_eq!(
            lines(&outcome)[..3],
            [
                Line::Remedy("stack.worker".into(), "celery".into()),
                Line::Remedy("stack.broker".into(), "none".into()),
                Line::Done
            ]
        );
    }
}
