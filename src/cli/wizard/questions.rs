//! The few questions, in their order, and the way back through them.

use crate::answers::Draft;
use crate::cli::layout::wrap;
use crate::cli::wizard::asker::{Asker, Reply};
use crate::cli::wizard::key::{KeyQuestion, Usual};
use crate::cli::wizard::place;
use crate::cli::wizard::session::Session;
use crate::error::Error;
use crate::preset;
use crate::schema::value;

#[derive(Clone, Copy, Debug)]
enum Step {
    Name,
    Stack,
    Runtime,
    Place,
    Cpus,
    Memory,
    Budget,
    Domain,
}

const STEPS: [Step; 8] = [
    Step::Name,
    Step::Stack,
    Step::Runtime,
    Step::Place,
    Step::Cpus,
    Step::Memory,
    Step::Budget,
    Step::Domain,
];

/// How far the questions have come.
#[derive(Debug, Default)]
pub struct Questions {
    next: usize,
    /// The steps that were asked, for the way back.
    asked: Vec<usize>,
}

impl Questions {
    /// Asks what is left to ask.
    ///
    /// # Errors
    /// Interrupted, or problems of the flags.
    pub fn ask(&mut self, asker: &mut Asker, session: &mut Session) -> Result<(), Error> {
        while let Some(step) = STEPS.get(self.next) {
            if !step.applies(session)? {
                self.next += 1;
                continue;
            }
            match step.ask(asker, session)? {
                Reply::Given(()) => {
                    self.asked.push(self.next);
                    self.next += 1;
                }
                Reply::Back if self.back() => asker.forget()?,
                Reply::Back => asker.remark("This is the first question.")?,
            }
        }
        Ok(())
    }

    /// Goes back to the last question that was asked; false where there is
    /// none.
    pub fn back(&mut self) -> bool {
        match self.asked.pop() {
            Some(last) => {
                self.next = last;
                true
            }
            None => false,
        }
    }
}

impl Step {
    /// Whether the question matters, and no flag has answered it.
    fn applies(self, session: &Session) -> Result<bool, Error> {
        let flagged = |key: &str| session.is_flagged(key) || session.preset().locks(key);
        let (cpus, memory) = (flagged("deploy.cpus"), flagged("deploy.memory"));
        let one_by_one = session.own_size && !cpus && !memory || cpus != memory;
        Ok(match self {
            Self::Name => !flagged("project.name"),
            Self::Stack => session.preset_origin() != &crate::answers::Origin::Flag,
            Self::Runtime => {
                !flagged("model.runtime") && session.preset().default("model.runtime").is_some()
            }
            Self::Place => !cpus && !memory,
            Self::Cpus => one_by_one && !cpus,
            Self::Memory => one_by_one && !memory,
            Self::Budget => one_by_one && !flagged("deploy.budget"),
            Self::Domain => !flagged("deploy.domain") && answers_to_a_domain(&session.draft()?),
        })
    }

    fn ask(self, asker: &mut Asker, session: &mut Session) -> Result<Reply<()>, Error> {
        let question = match self {
            Self::Name => KeyQuestion {
                usual: Usual::Suggested(
                    crate::project::directory_name(session.directory())
                        .and_then(|name| value::label_near(&name)),
                ),
                ..KeyQuestion::of("project.name", "Service name")
            },
            Self::Stack => return ask_stack(asker, session),
            Self::Runtime => KeyQuestion {
                hidden: &["none"],
                ..KeyQuestion::of("model.runtime", "Model runtime")
            },
            Self::Place => return place::ask(asker, session),
            Self::Cpus => KeyQuestion::of("deploy.cpus", "CPUs"),
            Self::Memory => KeyQuestion::of("deploy.memory", "Memory"),
            Self::Budget => KeyQuestion::of("deploy.budget", "Host or task"),
            Self::Domain => KeyQuestion {
                why: "The public host name; other names are refused. Empty is fine for now.",
                ..KeyQuestion::of("deploy.domain", "Domain")
            },
        };
        question.ask(asker, session)
    }
}

fn answers_to_a_domain(draft: &Draft) -> bool {
    draft.text("stack.proxy") == "nginx" || draft.framework().allowed_hosts
}

/// Asks for the preset.
///
/// # Errors
/// Interrupted.
pub fn ask_stack(asker: &mut Asker, session: &mut Session) -> Result<Reply<()>, Error> {
    const PROMPT: &str = "Stack";
    let presets = preset::builtin();
    let room = asker.width().saturating_sub(8);
    let items: Vec<String> = presets
        .iter()
        .map(|preset| {
            let lines = wrap(preset.description(), room);
            format!("{}\n    {}", preset.name(), lines.join("\n    "))
        })
        .collect();
    let now = presets.iter().position(|preset| preset == session.preset()).unwrap_or(0);
    let why = "Sets the parts and their defaults; every part can be changed at the end.";
    match asker.select(PROMPT, why, &items, now)? {
        Reply::Given(chosen) => {
            let preset = presets[chosen].clone();
            asker.answered(PROMPT, preset.name())?;
            session.choose_preset(preset);
            Ok(Reply::Given(()))
        }
        Reply::Back => Ok(Reply::Back),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::cli::{Choices, Format};

    fn asked(preset: Option<&str>, set: &[&str], own_size: bool) -> Vec<String> {
        let choices = Choices {
            preset: preset.map(str::to_owned),
            set: set.iter().map(|flag| (*flag).to_owned()).collect(),
            only: Vec::new(),
            format: Format::Human,
        };
        let mut session = Session::new(Path::new("shop"), &choices).unwrap();
        session.own_size = own_size;
        let applies = |step: &&Step| step.applies(&session).unwrap();
        STEPS.iter().filter(applies).map(|step| format!("{step:?}")).collect()
    }

    #[test]
    fn only_what_matters_is_asked() {
        assert_eq!(asked(None, &[], false), ["Name", "Stack", "Place"]);
        assert_eq!(asked(Some("ml-server"), &[], false), ["Name", "Runtime", "Place"]);
        assert_eq!(asked(Some("django-nginx"), &[], false), ["Name", "Place", "Domain"]);
        assert_eq!(asked(None, &[], true), ["Name", "Stack", "Place", "Cpus", "Memory", "Budget"]);
    }

    #[test]
    fn what_a_flag_said_is_not_asked() {
        let all = ["project.name=a", "deploy.cpus=1", "deploy.memory=2GiB", "deploy.domain=a.b"];
        assert!(asked(Some("django-nginx"), &all, false).is_empty());
        assert_eq!(
            asked(None, &["deploy.memory=2GiB"], false),
            ["Name", "Stack", "Cpus", "Budget"]
        );
    }
}
