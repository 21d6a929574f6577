//! Commands of existing services that go on: what they run, where its files are now.

use crate::catalog::Program;
use crate::detect::commands::unwrap;
use crate::plan::Plan;
use crate::plan::carry::Carry;
use crate::plan::topology::{Command, Word};
use crate::source::compose::Service as Existing;
use crate::source::compose::yaml::{Item, Node};
use crate::source::shell;

/// Words that start nothing, or only wait for another service.
const IDLE: [&str; 20] = [
    "echo",
    "set",
    "sleep",
    "cd",
    "exit",
    "true",
    "export",
    "test",
    "[",
    "nc",
    "wait-for-it",
    "wait-for-it.sh",
    "wait-for",
    "pg_isready",
    "dockerize",
    "done",
    "fi",
    "printf",
    "exec",
    "curl",
];

/// The command of a service that migrates, where it does more than that, and the
/// directory it runs in.
pub(super) fn once(plan: &Plan, carry: &Carry, service: &Existing) -> Option<(Command, String)> {
    let collects = plan.flags.is("static") || plan.flags.is("whitenoise");
    let does_more = simple(&service.command()).iter().any(|argv| match Program::of(argv) {
        Program::Migrate => false,
        Program::Collectstatic => !collects,
        _ => {
            let name = argv.first().map_or("", |word| word.rsplit('/').next().unwrap_or(word));
            !IDLE.contains(&name) && !name.is_empty()
        }
    });
    if !does_more {
        return None;
    }
    let words: Vec<String> = ["entrypoint", "command"]
        .iter()
        .filter_map(|key| service.item.get(key))
        .flat_map(words_of)
        .map(|word| moved(carry, &word))
        .collect();
    let own = service.text("working_dir").map(|path| moved(carry, &path));
    let directory = own.or_else(|| (plan.code.workdir != CODE).then(|| CODE.to_owned()));
    // What an entry script of the image did before it, where it does not do that itself.
    let whole = shell_words::join(&words);
    let more = plan.code.kept.steps.iter().filter(|step| !whole.contains(step.as_str()));
    let more: Vec<String> = more.map(|step| step.replace('$', "$$")).collect();
    let words = match more.is_empty() {
        true => words,
        false => vec!["sh".into(), "-c".into(), format!("{whole} && {}", more.join(" && "))],
    };
    let command = Command(words.into_iter().map(|word| vec![Word::Kept(word)]).collect());
    Some((command, directory.unwrap_or_default()))
}

/// The words of a command, a list or text as a shell divides it.
fn words_of(item: &Item) -> Vec<String> {
    match item.scalar() {
        Some(text) => shell_words::split(&text).unwrap_or_default(),
        None => item.scalars(),
    }
}

/// What a service of the user's own image runs in place of what the image does.
pub fn of_service(service: &Existing, key: &str) -> Option<Command> {
    let words = words_of(service.item.get(key)?);
    let command = Command(words.into_iter().map(|word| vec![Word::Kept(word)]).collect());
    (!command.0.is_empty()).then_some(command)
}

/// Where the build context is in the image.
const CODE: &str = "/app";

/// Every program that a command runs, shells taken off.
fn simple(command: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for own in shell::split(command) {
        let unwrapped = unwrap(&own.words);
        match unwrapped.shell {
            Some(text) if text != command => found.extend(simple(&text)),
            _ => found.push(unwrapped.argv),
        }
    }
    found
}

/// Text with the paths of the old image's code where that is now.
fn moved(carry: &Carry, text: &str) -> String {
    let code = carry.carried.code.as_str();
    if code.len() < 2 || carry.moved(code) == code {
        return text.to_owned();
    }
    if text == code {
        return CODE.to_owned();
    }
    text.replace(&format!("{code}/"), &format!("{CODE}/"))
}

/// A value with such paths in it.
pub(super) fn moved_item(carry: &Carry, item: &Item) -> Item {
    let node = match &item.node {
        Node::Text(text) => Node::Text(moved(carry, text)),
        Node::List(items) => Node::List(items.iter().map(|own| moved_item(carry, own)).collect()),
        Node::Map(entries) => Node::Map(
            entries.iter().map(|(key, own)| (key.clone(), moved_item(carry, own))).collect(),
        ),
        other => other.clone(),
    };
    Item { node, ..item.clone() }
}

/// Whether a service that restarts by no word of its file runs to its end: nothing
/// that it starts is known to stay.
pub(super) fn ends(service: &Existing) -> bool {
    let deploys = service.item.get("deploy").is_some_and(|own| own.get("restart_policy").is_some());
    let stays = |argv: &Vec<String>| {
        let program = Program::of(argv);
        let runner = ["rq", "rqworker", "dramatiq", "arq", "huey_consumer", "taskiq", "streamlit"];
        let name = argv.first().map_or("", |word| word.rsplit('/').next().unwrap_or(word));
        program.serves()
            || matches!(program, Program::CeleryWorker | Program::CeleryBeat | Program::Flower)
            || runner.iter().any(|own| name.starts_with(own))
    };
    let command = service.command();
    let has_command = service.item.get("command").is_some();
    service.item.get("restart").is_none()
        && !deploys
        && has_command
        && service.ports().is_empty()
        && !simple(&command).iter().any(stays)
}
