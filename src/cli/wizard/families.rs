//! Keys that come in families: planned numbers, images, the network, service names, files.
//! Each is chosen by name before it is asked.

use crate::answers::Draft;
use crate::cli::wizard::asker::{Asker, Reply};
use crate::cli::wizard::key::{KeyQuestion, Usual};
use crate::cli::wizard::session::{Outcome, Session};
use crate::error::Error;
use crate::schema;
use crate::schema::Role;
use crate::schema::numbers::{self, PlanKey};
use crate::schema::quantity::Quantity;
use crate::units::{KiB, MiB, MilliCpu};

/// A family of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// `tune.*`
    Numbers,
    /// `images.*`
    Images,
    /// `network.*`
    Network,
    /// `services.*`
    Services,
    /// `files.*`
    Files,
    /// `verify.*`
    Thresholds,
}

/// The family a key belongs to, unless it is asked on a line of its own.
#[must_use]
pub fn of(key: &str) -> Option<Family> {
    let family = |family: &Family| key.starts_with(family.prefix());
    Family::ALL.into_iter().find(family).filter(|_| key != "images.registry")
}

impl Family {
    /// Every family.
    pub const ALL: [Self; 6] =
        [Self::Numbers, Self::Images, Self::Network, Self::Services, Self::Files, Self::Thresholds];

    const fn prefix(self) -> &'static str {
        match self {
            Self::Numbers => "tune.",
            Self::Images => "images.",
            Self::Network => "network.",
            Self::Services => "services.",
            Self::Files => "files.",
            Self::Thresholds => "verify.",
        }
    }

    /// What people call it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Numbers => "numbers …",
            Self::Images => "images …",
            Self::Network => "network …",
            Self::Services => "service names …",
            Self::Files => "files …",
            Self::Thresholds => "what verify judges by …",
        }
    }

    /// The members that were given a value.
    #[must_use]
    pub fn said(self, draft: &Draft) -> String {
        let short = |(key, _)| {
            of(key).filter(|family| *family == self).map(|_| &key[self.prefix().len()..])
        };
        let said: Vec<&str> = draft.all_sourced().filter_map(short).collect();
        if said.is_empty() { "as planned".into() } else { said.join(", ") }
    }

    /// Asks which member, then for its value.
    ///
    /// # Errors
    /// Interrupted, or problems of the flags.
    pub fn ask(
        self,
        asker: &mut Asker,
        session: &mut Session,
        outcome: &Outcome,
    ) -> Result<Reply<()>, Error> {
        let Outcome { draft, plan, .. } = outcome;
        match self {
            Self::Numbers => ask_number(asker, session, outcome),
            Self::Images => {
                let shown = |key: &str| match draft.text(key) {
                    said if said.is_empty() => plan
                        .as_ref()
                        .ok()
                        .and_then(|plan| plan.images.get(&key[self.prefix().len()..]).cloned())
                        .unwrap_or_default(),
                    said => said,
                };
                let members: Vec<(String, String)> = schema::fields()
                    .filter(|field| of(&field.name) == Some(self))
                    .map(|field| (shown(&field.name), field.name))
                    .map(|(shown, key)| (key, shown))
                    .collect();
                one_of(asker, session, "Which image", &members)
            }
            Self::Network | Self::Thresholds => {
                let prompt = match self {
                    Self::Network => "Which of the network",
                    _ => "Which threshold",
                };
                let members: Vec<(String, String)> = schema::fields()
                    .filter(|field| of(&field.name) == Some(self))
                    .map(|field| (field.name.clone(), draft.text(&field.name)))
                    .collect();
                one_of(asker, session, prompt, &members)
            }
            Self::Services => {
                let members: Vec<(String, String)> = roles(outcome)
                    .into_iter()
                    .map(|role| format!("services.{}", role.name()))
                    .map(|key| (key.clone(), draft.text(&key)))
                    .collect();
                one_of(asker, session, "Which service", &members)
            }
            Self::Files => {
                let mut members: Vec<(String, String)> = plan
                    .iter()
                    .flat_map(|plan| &plan.outputs)
                    .map(|output| {
                        (format!("files.{}", output.path), output.ownership.word().to_owned())
                    })
                    .collect();
                for (key, sourced) in draft.all_sourced().filter(|(key, _)| of(key) == Some(self)) {
                    members.retain(|(other, _)| other != key);
                    members.push((key.to_owned(), sourced.value.to_string()));
                }
                one_of(asker, session, "Which file", &members)
            }
        }
    }
}

/// The roles of the stack; all of them while there is no plan.
fn roles(outcome: &Outcome) -> Vec<Role> {
    match &outcome.plan {
        Ok(plan) => plan.services.clone(),
        Err(_) => Role::ALL.to_vec(),
    }
}

fn one_of(
    asker: &mut Asker,
    session: &mut Session,
    prompt: &str,
    members: &[(String, String)],
) -> Result<Reply<()>, Error> {
    let short = |key: &str| key.split_once('.').map_or(key, |(_, short)| short).to_owned();
    let items = aligned(members.iter().map(|(key, value)| (short(key), value.clone())));
    if items.is_empty() {
        asker.remark("There are none while the stack cannot be planned.")?;
        return Ok(Reply::Back);
    }
    match asker.select(prompt, "", &items, 0)? {
        Reply::Given(chosen) => {
            let key = &members[chosen].0;
            KeyQuestion::of(key, &short(key)).ask(asker, session)
        }
        Reply::Back => Ok(Reply::Back),
    }
}

fn ask_number(
    asker: &mut Asker,
    session: &mut Session,
    outcome: &Outcome,
) -> Result<Reply<()>, Error> {
    let roles = roles(outcome);
    let items: Vec<String> = roles.iter().map(|role| role.name().to_owned()).collect();
    let why = "A number you pin here stays; it is still held against all the others.";
    let Reply::Given(chosen) = asker.select("Of which service", why, &items, 0)? else {
        return Ok(Reply::Back);
    };
    let planned = |key: PlanKey| {
        let plan = outcome.plan.as_ref().ok()?;
        plan.decision(&key.name()).map(|decision| decision.value.clone())
    };
    // A plan has only the numbers that its stack needs.
    let keys: Vec<PlanKey> = numbers::all()
        .filter(|key| key.role == roles[chosen])
        .filter(|key| outcome.plan.is_err() || planned(*key).is_some())
        .collect();
    let items = aligned(keys.iter().map(|key| {
        (key.row.name.to_owned(), planned(*key).map(|value| value.to_string()).unwrap_or_default())
    }));
    let Reply::Given(chosen) = asker.select("Which number", "", &items, 0)? else {
        return Ok(Reply::Back);
    };
    let name = keys[chosen].name();
    let question = KeyQuestion {
        usual: Usual::Planned(planned(keys[chosen]).and_then(|value| typed(&value))),
        ..KeyQuestion::of("", &name)
    };
    KeyQuestion { key: &format!("tune.{name}"), ..question }.ask(asker, session)
}

/// A planned number as it would be typed; `None` where no unit fits.
fn typed(value: &Quantity) -> Option<String> {
    match value {
        Quantity::MiB(MiB(mebibytes)) => Some(format!("{mebibytes}MiB")),
        Quantity::KiB(KiB(kibibytes)) => {
            kibibytes.is_multiple_of(1024).then(|| format!("{}MiB", kibibytes / 1024))
        }
        Quantity::MilliCpu(MilliCpu(milli)) => Some(format!("{}", f64::from(*milli) / 1000.0)),
        Quantity::Word(word) => Some(word.clone()),
        other => Some(other.number().to_string()),
    }
}

fn aligned(rows: impl Iterator<Item = (String, String)>) -> Vec<String> {
    let rows: Vec<_> = rows.collect();
    let widest = rows.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    rows.into_iter()
        .map(|(name, value)| format!("{name:widest$}  {value}").trim_end().to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{Milliseconds, Seconds};

    #[test]
    fn a_planned_number_is_shown_as_it_can_be_typed() {
        let quantities = [
            Quantity::Count(3),
            Quantity::Seconds(Seconds(30)),
            Quantity::Milliseconds(Milliseconds(25000)),
            Quantity::MiB(MiB(512)),
            Quantity::KiB(KiB(4096)),
            Quantity::MilliCpu(MilliCpu(250)),
        ];
        let typed: Vec<String> = quantities.iter().filter_map(typed).collect();
        assert_eq!(typed, ["3", "30", "25000", "512MiB", "4MiB", "0.25"]);
    }
}
