//! What becomes of container files that are there: their difference to
//! dockwright's, and a choice for those that belong together.

use console::{Term, style};

use crate::apply::alternate;
use crate::apply::compare::Look;
use crate::apply::disk::DiskState;
use crate::apply::settle::{Choice, Choices, Group, conflicts};
use crate::cli::init::layers::Layers;
use crate::cli::init::work::Proposal;
use crate::cli::init::{Init, ask, git};
use crate::cli::wizard::asker::{Asker, Reply};
use crate::cli::{diff, fates};
use crate::error::Error;

/// Lines of a difference that are shown before the question, at least.
const LEAST: usize = 6;

/// Lines that prompt, choices and headings take on a screen.
const AROUND: usize = 12;

/// Asks for each group in which something is there; `None` where somebody goes back to
/// the question before, where there is one.
///
/// # Errors
/// Interrupted.
pub fn ask(
    asker: &mut Asker,
    proposal: &Proposal,
    layers: &Layers,
    init: &Init,
    git: &git::State,
    can_go_back: bool,
) -> Result<Option<Choices>, Error> {
    let mut choices = proposal.usual(init.rewrite, layers.lock.as_ref());
    let everything = proposal.usual(true, layers.lock.as_ref());
    let is_asked = !init.rewrite
        && [Group::Image, Group::Compose]
            .iter()
            .any(|group| conflicts(&proposal.looks, *group).next().is_some());
    if is_asked && let Ok(work) = proposal.finish(layers, &everything, git) {
        // What it would be where dockwright's are taken.
        asker.say(&fates::text(&work.fates, &work.news, asker.width()))?;
    }
    for group in [Group::Image, Group::Compose] {
        let there: Vec<&Look> = conflicts(&proposal.looks, group).collect();
        if there.is_empty() || init.rewrite {
            continue;
        }
        // Without our Dockerfile our compose file has nothing to build.
        let image = conflicts(&proposal.looks, Group::Image).next().is_some();
        if group == Group::Compose && image && choices.get(&Group::Image) == Some(&Choice::Keep) {
            choices.insert(group, Choice::Keep);
            asker.remark(&format!(
                "{} stays as well: dockwright's needs its Dockerfile.",
                named(&there)
            ))?;
            continue;
        }
        let usual = choices.get(&group).copied().unwrap_or(Choice::Keep);
        match one(asker, &there, usual, git, can_go_back)? {
            Some(choice) => choices.insert(group, choice),
            None => return Ok(None),
        };
    }
    Ok(Some(choices))
}

fn one(
    asker: &mut Asker,
    there: &[&Look],
    usual: Choice,
    git: &git::State,
    can_go_back: bool,
) -> Result<Option<Choice>, Error> {
    let names = named(there);
    let text = differences(there);
    let lines: Vec<&str> = text.lines().collect();
    let room = usize::from(Term::stderr().size().0).saturating_sub(AROUND).max(LEAST);
    let clipped = lines.len() > room;
    let shown = if clipped { &lines[..room] } else { &lines[..] };
    let heading = format!("\nYours (-) and dockwright's (+): {names}");
    asker.say(&style(heading).for_stderr().bold().to_string())?;
    asker.say(&cut(&shown.join("\n"), asker.width()))?;
    if clipped {
        asker.remark(&format!("… {} more lines", lines.len() - room))?;
    }
    let mut items: Vec<(Option<Choice>, String)> =
        vec![(Some(Choice::Keep), "Keep yours, and write nothing that needs dockwright's".into())];
    // What cannot be written to is not offered.
    if there.iter().all(|look| look.disk.bytes().is_some()) {
        items.push((Some(Choice::Take), take(there, git)));
    }
    if let Some(names) = other_names(there) {
        items
            .push((Some(Choice::Beside), format!("Keep yours, and write dockwright's as {names}")));
    }
    if clipped {
        items.push((None, "Show the whole difference".into()));
    }
    let texts: Vec<String> = items.iter().map(|(_, text)| text.clone()).collect();
    let why = "They belong together, so they are taken or kept together.";
    let why = if there.len() > 1 { why } else { "" };
    let mut default = items.iter().position(|(choice, _)| *choice == Some(usual)).unwrap_or(0);
    loop {
        match asker.select(&names, why, &texts, default)? {
            Reply::Given(chosen) => match items[chosen].0 {
                Some(choice) => {
                    asker.answered(&names, ask::word(choice))?;
                    return Ok(Some(choice));
                }
                None => {
                    asker.say(&cut(&text, asker.width()))?;
                    default = 0;
                }
            },
            Reply::Back if can_go_back => return Ok(None),
            Reply::Back => asker.remark("Choose one: nothing is written before the summary.")?,
        }
    }
}

fn named(there: &[&Look]) -> String {
    let names: Vec<&str> = there.iter().map(|look| look.file.output.path.as_str()).collect();
    names.join(", ")
}

fn differences(there: &[&Look]) -> String {
    let mut text = String::new();
    for look in there {
        let path = look.file.output.path.as_str();
        match &look.disk {
            DiskState::Obstructed(obstacle) => text.push_str(&format!("{path} {obstacle}\n")),
            disk => {
                let there = disk.bytes().unwrap_or_default();
                let diff = diff::between(path, there, &look.file.bytes);
                text.push_str(&diff::coloured(&diff, true));
            }
        }
    }
    text
}

/// Long lines are cut: a line that wraps would push the rest off the screen.
fn cut(text: &str, width: usize) -> String {
    let lines: Vec<String> =
        text.lines().map(|line| console::truncate_str(line, width - 1, "…").into_owned()).collect();
    lines.join("\n")
}

fn take(there: &[&Look], git: &git::State) -> String {
    let lost = there.iter().any(|look| !git.has(look.file.output.path.as_str()));
    if lost {
        "Take dockwright's; a copy of yours stays beside it".into()
    } else {
        "Take dockwright's; git diff then shows what changed".into()
    }
}

fn other_names(there: &[&Look]) -> Option<String> {
    let names: Option<Vec<String>> = there
        .iter()
        .map(|look| Some(alternate::path(&look.file.output.path)?.to_string()))
        .collect();
    names.map(|names| names.join(", "))
}
