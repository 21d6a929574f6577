//! nginx's directives, by the block they stand in.

use super::{Found, Judge, usual};
use crate::inventory::reasons;
use crate::inventory::{Fate, Item, Kind, Weight};
use crate::lint::subject::amount;

impl Judge<'_, '_> {
    pub(super) fn directive(&self, item: &Item) -> Found {
        if self.new.proxies.is_empty() {
            return usual(Fate::dropped("dockwright's files have no nginx here"));
        }
        if item.kind == Kind::Location {
            return self.location(item);
        }
        let all = || self.new_of(Kind::Directive).filter(|own| own.name == item.name);
        // In a block of the same name, in the one that passes requests on, or around.
        let passes = self.passing();
        let mut there: Vec<&Item> = all().filter(|own| own.subject == item.subject).collect();
        if there.is_empty() {
            there = all()
                .filter(|own| own.subject.is_empty() || Some(&own.subject) == passes.as_ref())
                .collect();
        }
        if let Some(own) = there.iter().find(|own| self.is_same(item, own)) {
            let place = match own.subject.as_str() {
                "" => "the server".to_owned(),
                block => block.to_owned(),
            };
            return usual(Fate::merged(format!(
                "{} {}, in {place} of {}",
                own.name, own.value, own.path
            )));
        }
        if item.name == "listen" && item.value.contains("ssl") {
            let reason =
                "dockwright's nginx speaks plain HTTP here: what ends TLS stands before it";
            return usual(Fate::dropped(reason));
        }
        let planned = reasons::row_of_directive(bare(&item.name))
            .and_then(|(role, row)| self.decision(role, row));
        match there.as_slice() {
            [] => match reasons::directive(bare(&item.name)) {
                Some((reason, weight)) => (Fate::dropped(reason), weight),
                None => usual(Fate::dropped("dockwright's nginx configuration does not say it")),
            },
            [first, ..] => {
                let by = format!("{} {}", first.name, first.value);
                match (planned, reasons::directive(bare(&item.name))) {
                    (Some(own), _) => (
                        Fate::replaced(by, own.reason()),
                        Some(reasons::weight_of_number(&item.name)),
                    ),
                    (None, Some((reason, weight))) => (Fate::replaced(by, reason), weight),
                    (None, None) => {
                        usual(Fate::replaced(by, "dockwright's own nginx configuration"))
                    }
                }
            }
        }
    }

    fn is_same(&self, item: &Item, own: &Item) -> bool {
        let bare = |text: &str| text.to_ascii_lowercase();
        let times = (amount::seconds(&item.value), amount::seconds(&own.value));
        bare(&item.value) == bare(&own.value)
            || item.name.contains("timeout") && times.0.is_some() && times.0 == times.1
            || item.name == "client_max_body_size"
                && crate::units::bytes(&item.value).is_some()
                && crate::units::bytes(&item.value) == crate::units::bytes(&own.value)
    }

    /// The block that passes requests on to the application.
    fn passing(&self) -> Option<String> {
        let own = self.new_of(Kind::Directive).find(|own| own.name == "proxy_pass")?;
        Some(own.subject.clone())
    }

    fn location(&self, item: &Item) -> Found {
        let path = |own: &Item| {
            own.value
                .rsplit(' ')
                .next()
                .unwrap_or_default()
                .trim_start_matches('^')
                .trim_end_matches('/')
                .to_owned()
        };
        let wanted = path(item);
        let same = self.new_of(Kind::Location).find(|own| path(own) == wanted);
        if let Some(own) = same {
            return usual(Fate::merged(format!("location {} of {}", own.value, own.path)));
        }
        // What passes on to the application is what `/` does.
        let passes = self.old.items.iter().any(|own| {
            own.name == "proxy_pass" && own.subject == format!("location {}", item.value)
        });
        if (wanted.is_empty() || passes)
            && let Some(own) = self.passing()
        {
            return usual(Fate::merged(format!("{own}, which passes on to the application")));
        }
        let is_static = wanted.contains("static");
        match is_static && self.known.plan.flags.is("whitenoise") {
            true => (
                Fate::replaced(
                    "the application",
                    "it serves its static files itself, with WhiteNoise",
                ),
                Some(Weight::Operation),
            ),
            false => usual(Fate::dropped("dockwright's nginx configuration has no such location")),
        }
    }
}

/// A directive's own name: `proxy_set_header` of `proxy_set_header Host`.
fn bare(name: &str) -> &str {
    name.split(' ').next().unwrap_or(name)
}
