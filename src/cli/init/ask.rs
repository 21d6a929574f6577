//! The questions of `init`: what could not be found out, and what becomes of
//! the files that are there. Everything is shown on standard error, and
//! nothing is written.

use console::style;

use crate::apply::settle::{Choice, Choices, Group, conflicts};
use crate::cli::detect as shown;
use crate::cli::fates;
use crate::cli::init::improved::{self, Wanted};
use crate::cli::init::layers::Layers;
use crate::cli::init::work::{Proposal, Work};
use crate::cli::init::{Init, ambiguity, existing, git, refusal, report};
use crate::cli::wizard::asker::{Asker, Reply};
use crate::cli::wizard::key::KeyQuestion;
use crate::cli::wizard::session::{Outcome, Session};
use crate::cli::wizard::{change, summary};
use crate::error::Error;

const KEYS: &str = "Enter takes what is offered. Esc goes back. Ctrl-C stops. Nothing is written \
                    before you say so, and nothing of yours is replaced unless you choose it.";

/// Asks until the person agrees with the summary.
///
/// # Errors
/// No web application; wrong flags; cancelled or interrupted.
pub fn run(
    asker: &mut Asker,
    layers: &mut Layers,
    init: &Init,
    git: &git::State,
) -> Result<Work, Error> {
    refusal::check(layers)?;
    refusal::unreadable(layers)?;
    let title = format!("Container files for the code in {}", layers.dir.display());
    asker.say(&style(title).for_stderr().bold().to_string())?;
    asker.remark(KEYS)?;
    // A compose file that stays has its own screen.
    let aside = if init.rewrite { "" } else { "compose" };
    asker.say(&format!("\n{}", shown::found_but(&layers.facts, aside)))?;
    let asked = layers.answers.len();
    settle_doubts(asker, layers)?;
    if layers.answers.len() > asked {
        asker.say(&format!("\n{}", shown::found_but(&layers.facts, aside)))?;
    }
    if init.apply_safe {
        layers.add_what_is_safe()?;
    }
    let mut session = Session::of_layers(layers)?;
    if session.draft()?.text("project.name").is_empty() {
        let question = KeyQuestion::of("project.name", "Service name");
        while question.ask(asker, &mut session)? == Reply::Back {
            asker.remark("A name is needed: it names the image and the Compose project.")?;
        }
    }
    agree(asker, layers, &mut session, init, git)
}

/// Asks what is ambiguous, one after the other: an answer can open or close
/// the next question.
fn settle_doubts(asker: &mut Asker, layers: &mut Layers) -> Result<(), Error> {
    loop {
        let open = ambiguity::open(layers);
        let Some(question) = open.first() else { return Ok(()) };
        let items: Vec<String> = question
            .candidates
            .iter()
            .map(|(value, evidence)| match evidence.first() {
                Some(line) => format!("{value}  ({}: {})", line.place(), line.text),
                None => value.clone(),
            })
            .collect();
        let why = format!("{}. As a flag: --set {}=…", sentence(&question.why), question.key);
        match asker.select(question.question, &why, &items, 0)? {
            Reply::Given(chosen) => {
                let value = question.candidates[chosen].0.clone();
                asker.answered(question.question, &value)?;
                layers.answer(question.key, &value)?;
            }
            Reply::Back if layers.forget()? => asker.forget()?,
            Reply::Back => asker.remark("This is the first question.")?,
        }
    }
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// Shows what would be written until it is agreed with.
fn agree(
    asker: &mut Asker,
    layers: &Layers,
    session: &mut Session,
    init: &Init,
    git: &git::State,
) -> Result<Work, Error> {
    const CHANGE: &str = "Change something";
    const FILES: &str = "Decide again about the files that are there";
    const CANCEL: &str = "Cancel";
    let write = if init.dry_run { "Show what would be written" } else { "Write these files" };
    let mut decided: Option<(Wanted, Choices)> = None;
    let mut is_shown = false;
    loop {
        let Outcome { draft, plan, unfitting } = session.outcome()?;
        if let Err(problems) = &plan {
            asker.say(&summary::choices(session, &draft, asker.width()))?;
            asker.say(&summary::problems(problems, asker.width()))?;
            let items = [CHANGE, CANCEL].map(str::to_owned);
            match asker.select("What now", "", &items, 0)? {
                Reply::Given(1) => return Err(Error::Cancelled),
                Reply::Given(_) => change::menu(asker, session)?,
                Reply::Back => {}
            }
            continue;
        }
        let mut notes = layers.assemble(session.preset())?.notes;
        notes.extend(unfitting);
        let ready = |wanted: &Wanted| -> Result<Proposal, Error> {
            let (preset, notes) = (session.preset(), notes.clone());
            match wanted {
                Wanted::Improved(left) => Proposal::improving(layers, preset, &draft, notes, left),
                Wanted::Others => Proposal::of(layers, preset, &draft, notes),
            }
        };
        let (proposal, choices) = match &decided {
            Some((wanted, choices)) => (ready(wanted)?, choices.clone()),
            None => {
                let offered = match init.rewrite {
                    true => None,
                    false => Some(ready(&Wanted::Improved(Vec::new()))?),
                };
                let wanted = match offered.as_ref().and_then(|own| own.improvement.as_ref()) {
                    Some(own) => improved::ask(asker, own, &mut is_shown)?,
                    None => Wanted::Others,
                };
                let is_asked = offered.as_ref().is_some_and(|own| own.improvement.is_some());
                let proposal = match (offered, &wanted) {
                    (Some(offered), Wanted::Improved(left)) if left.is_empty() => offered,
                    (Some(offered), Wanted::Improved(left)) => {
                        let proposal = ready(&wanted)?;
                        let both = offered.improvement.as_ref().zip(proposal.improvement.as_ref());
                        let said = both.map(|(shown, own)| improved::others(shown, own, left));
                        asker.say(&said.unwrap_or_default())?;
                        proposal
                    }
                    _ => ready(&wanted)?,
                };
                let choices = match wanted {
                    Wanted::Improved(_) => proposal.adopting(layers.lock.as_ref()),
                    Wanted::Others => {
                        match existing::ask(asker, &proposal, layers, init, git, is_asked)? {
                            Some(choices) => choices,
                            None => continue,
                        }
                    }
                };
                decided = Some((wanted, choices.clone()));
                (proposal, choices)
            }
        };
        let work = proposal.finish(layers, &choices, git)?;
        let width = asker.width();
        // Choices and numbers of files that are not written are nothing to agree with.
        if !work.runs_by_itself() {
            asker.say(&summary::choices(session, &draft, width))?;
            asker.say(&summary::numbers(&work.plan, width))?;
        }
        asker.say(&format!("{}\n", report::files(&work, true, width)))?;
        asker.say(&improved::text(&work, true, width))?;
        if init.rewrite {
            asker.say(&fates::text(&work.fates, &work.news, width))?;
        }
        let mut items = vec![write.to_owned(), CHANGE.to_owned()];
        let in_the_way = work.improvement.is_some()
            || [Group::Image, Group::Compose]
                .iter()
                .any(|group| conflicts(&work.looks, *group).next().is_some());
        if in_the_way {
            items.push(FILES.to_owned());
        }
        items.push(CANCEL.to_owned());
        match asker.select("What now", "", &items, 0)? {
            Reply::Given(chosen) if items[chosen] == CHANGE => change::menu(asker, session)?,
            Reply::Given(chosen) if items[chosen] == FILES => decided = None,
            Reply::Given(chosen) if items[chosen] == CANCEL => return Err(Error::Cancelled),
            Reply::Given(_) => return Ok(work),
            Reply::Back if in_the_way => decided = None,
            Reply::Back => {}
        }
    }
}

/// The word of a choice, for the line that is left behind.
#[must_use]
pub const fn word(choice: Choice) -> &'static str {
    match choice {
        Choice::Keep => "kept as they are",
        Choice::Take => "replaced by dockwright's",
        Choice::Beside => "kept, dockwright's written beside",
    }
}
