//! What the application is given by what was there before: by `environment`
//! and environment files of its services, by the ENV of its image. A name that
//! it gets has a value that works, so that it is neither generated nor asked
//! for nor blanked; whoever gives the application a variable asks here.

use crate::answers::Answers;
use crate::detect::compose::carried::{Carried, Told};
use crate::plan::carry::is_development;
use crate::plan::env::{EnvKind, EnvVar};
use crate::schema::Role;
use crate::source::compose::{Service, interpolate};

/// What one or several services of the application are given.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// What `environment` says, the first service first.
    environment: Vec<(String, Option<String>)>,
    /// What files and the image say.
    told: Vec<String>,
    /// Whether there is an environment file that nobody has seen.
    open: bool,
}

impl Given {
    /// What every service of the application that was there is given. Code that
    /// was started without a variable needs it in none of its processes.
    #[must_use]
    pub fn to_any(answers: &Answers) -> Self {
        let Some(adopted) = &answers.adopted else { return Self::default() };
        let mut given = Self { told: adopted.derived.image_env.clone(), ..Self::default() };
        let Some(carried) = &adopted.derived.carried else { return given };
        let services = carried.document().services();
        let roles = Role::ALL.into_iter().filter(|role| role.runs_application());
        let names: Vec<&String> = roles.filter_map(|role| answers.services.get(&role)).collect();
        for service in services.iter().filter(|service| names.contains(&&service.name)) {
            given.add(carried, service);
        }
        given
    }

    /// What one service is given.
    #[must_use]
    pub fn to(answers: &Answers, service: Option<&Service>) -> Self {
        let Some(adopted) = &answers.adopted else { return Self::default() };
        let mut given = Self { told: adopted.derived.image_env.clone(), ..Self::default() };
        if let (Some(carried), Some(service)) = (&adopted.derived.carried, service) {
            given.add(carried, service);
        }
        given
    }

    fn add(&mut self, carried: &Carried, service: &Service) {
        // What would take production back to development does not go on.
        let goes_on = |(name, value): &(String, Option<String>)| {
            !is_development(name, value.as_deref().unwrap_or_default())
        };
        self.environment.extend(service.environment().into_iter().filter(goes_on));
        if let Some(Told { names, absent, .. }) = carried.told.get(&service.name) {
            self.told.extend(names.iter().cloned());
            self.open |= !absent.is_empty();
        }
    }

    /// Whether a file or the image says something of a name: `environment`,
    /// which Compose puts before both, must not.
    #[must_use]
    pub fn tells(&self, name: &str) -> bool {
        self.told.iter().any(|told| told == name)
    }

    /// Whether a name has a value, or may have one in a file that nobody has
    /// seen.
    #[must_use]
    pub fn gives(&self, name: &str) -> bool {
        self.open || self.tells(name) || self.environment.iter().any(|(own, _)| own == name)
    }

    /// Whether a name certainly has a value.
    #[must_use]
    pub fn surely_gives(&self, name: &str) -> bool {
        self.tells(name) || self.environment.iter().any(|(own, _)| own == name)
    }

    /// Variables of `.env` without what the application gets anyway, and with
    /// what its `environment` refers to in their stead: `A: ${B}` asks for B.
    #[must_use]
    pub fn without(&self, variables: Vec<EnvVar>) -> Vec<EnvVar> {
        let of_application = |variable: &EnvVar| {
            let services = &variable.services;
            !services.is_empty() && services.iter().all(|role| role.runs_application())
        };
        let (given, mut kept): (Vec<EnvVar>, Vec<EnvVar>) = variables
            .into_iter()
            .partition(|variable| of_application(variable) && self.gives(&variable.name));
        for variable in &given {
            for asked in self.asked(variable) {
                if kept.iter().all(|known| known.name != asked.name) {
                    kept.push(asked);
                }
            }
        }
        kept
    }

    /// What has to stand in `.env` so that a variable has its value.
    fn asked(&self, variable: &EnvVar) -> Vec<EnvVar> {
        let own = self.environment.iter().find(|(name, _)| *name == variable.name);
        let Some((_, value)) = own else { return Vec::new() };
        // Without a value the variable is handed on.
        let Some(value) = value else {
            return vec![EnvVar { services: Vec::new(), ..variable.clone() }];
        };
        let (names, rest) = open_references(value);
        let is_whole = rest.is_empty() && names.len() == 1;
        let ask = |name: String| EnvVar {
            kind: if is_whole { variable.kind.clone() } else { EnvKind::Required },
            doc: match name == variable.name {
                true => variable.doc.clone(),
                false => format!("{} is made of it. {}", variable.name, variable.doc),
            },
            name,
            services: Vec::new(),
        };
        names.into_iter().map(ask).collect()
    }
}

/// The variables without a default that a value refers to, and what stays of
/// it without them.
#[must_use]
pub fn open_references(value: &str) -> (Vec<String>, String) {
    let mut names: Vec<String> = Vec::new();
    let rest = interpolate::replace(value, &mut |reference| {
        let is_open = reference.default.is_none() && !reference.alternative;
        if is_open && !names.iter().any(|name| name == reference.name) {
            names.push(reference.name.to_owned());
        }
        None
    });
    (names, rest)
}
