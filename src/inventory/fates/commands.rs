//! What containers start: steps, options of servers and workers, gunicorn's settings.

use super::{Found, Judge, usual};
use crate::inventory::reasons::{self, Glue};
use crate::inventory::{Fate, Item, Kind, Weight, joined, shown};
use crate::lint::subject::{Container, Kind as Of, Program, Server};
use crate::schema::Role;

impl<'s> Judge<'_, 's> {
    pub(super) fn command(&self, item: &Item) -> Found {
        match item.kind {
            Kind::Command => self.whole(item),
            Kind::Step => self.step(item),
            Kind::Option => {
                let of = self.old.container(&item.subject);
                if let Some(store) = of.filter(|own| own.kind.is_store()) {
                    return self.of_store(item, store);
                }
                let is_read = || of.and_then(|own| own.server.as_ref()?.config).is_some();
                if item.name == "config" && !is_read() {
                    let reason = "its numbers and hooks go on; what else it sets is not told here";
                    return (Fate::dropped(reason), Some(Weight::Behaviour));
                }
                let other = of.and_then(|own| self.goes_on(own));
                self.option(item, other.as_ref().map(|own| (own.0, own.1)))
            }
            _ => {
                let serving =
                    self.old.containers.iter().find(|own| {
                        own.server.as_ref().is_some_and(|server| server.config.is_some())
                    });
                let other = serving.and_then(|own| self.goes_on(own));
                let found = self.option(item, other.as_ref().map(|own| (own.0, own.1)));
                self.with_variables(item, found)
            }
        }
    }

    /// A setting that followed variables which nothing reads any more.
    pub(super) fn with_variables(&self, item: &Item, (fate, weight): Found) -> Found {
        let read = |text: &str, name: &str| {
            text.contains(&format!("\"{name}\"")) || text.contains(&format!("'{name}'"))
        };
        let is_ours = |name: &str| {
            let configs = self.new.subject.gunicorn.iter();
            configs.into_iter().any(|own| {
                let text = &self.new.subject.texts[own.text];
                text.path != item.path && read(&text.text, name)
            })
        };
        // Quotes stand in quotes: `f"…{getenv('PORT')}"`.
        let quoted = item.written.split(['"', '\'']).skip(1);
        let is_name = |text: &&str| {
            text.len() > 1
                && text.starts_with(|c: char| c.is_ascii_uppercase())
                && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
        };
        let reads = item.written.contains("env");
        let gone: Vec<&str> =
            quoted.filter(|_| reads).filter(is_name).filter(|own| !is_ours(own)).collect();
        if gone.is_empty() {
            return (fate, weight);
        }
        let is_set = |name: &&str| {
            let all = self.old.containers.iter().chain(&self.new.containers);
            all.into_iter().any(|own| own.env.contains_key(*name))
        };
        let weight = match gone.iter().any(is_set) {
            true => Weight::Behaviour,
            false => weight.unwrap_or(Weight::Operation),
        };
        let names = gone.join(", ");
        let verb = if gone.len() == 1 { "is" } else { "are" };
        let lost = format!("{names} {verb} read no longer");
        let fate = match fate {
            Fate::Kept => Fate::replaced(item.value.clone(), lost),
            Fate::Merged { into } => Fate::replaced(into, format!("the value is kept; {lost}")),
            Fate::Replaced { by, reason } => {
                Fate::Replaced { by, reason: format!("{reason}; {lost}") }
            }
            Fate::Dropped { reason } => Fate::Dropped { reason: format!("{reason}; {lost}") },
        };
        (fate, Some(weight))
    }

    /// The container and its server that go on for one of the old.
    fn goes_on(&self, own: &Container) -> Option<(&'s Container, &'s Server)> {
        let other = self.other(&own.name)?;
        Some((other, other.server.as_ref()?))
    }

    /// All of a command: what its steps come to is known later.
    fn whole(&self, item: &Item) -> Found {
        let other = match self.is_of_recipe(item) {
            true => self.built_from(&item.path).find_map(|own| self.other(&own.name)),
            false => self.other(&item.subject),
        };
        let started =
            self.old.items.iter().any(|own| {
                own.kind == Kind::Step && (&own.path, own.line) == (&item.path, item.line)
            });
        let by = other.map(line).filter(|line| !line.is_empty());
        let by = by.unwrap_or_else(|| "what the image starts".to_owned());
        if self.is_of_recipe(item) && !started {
            let reason = "no service started it as it stands: it had another command";
            return (Fate::replaced(by, reason), Some(Weight::Form));
        }
        match other {
            Some(_) => usual(Fate::replaced(by, "dockwright's own command")),
            None => usual(Fate::dropped(super::variables::no_service(&item.subject))),
        }
    }

    fn step(&self, item: &Item) -> Found {
        let words = shell_words::split(&item.value).unwrap_or_default();
        let program = Program::of(&words);
        let other = self.other(&item.subject);
        if program.serves() || matches!(program, Program::CeleryWorker | Program::CeleryBeat) {
            return self.server(item, program, other);
        }
        let all = || {
            self.new.containers.iter().flat_map(|own| own.steps.iter().map(move |step| (own, step)))
        };
        let by =
            |own: &Container| match Some(own.name.as_str()) == other.map(|own| own.name.as_str()) {
                true => format!("another place of {}'s start", own.name),
                false => format!("the service {}", own.name),
            };
        if let Some((own, _)) = all().find(|(_, step)| step.argv == words) {
            return usual(Fate::merged(by(own)));
        }
        let same = |wanted: Program| all().find(move |(_, step)| step.program == wanted);
        match program {
            Program::Migrate => {
                if let Some((own, step)) = same(program) {
                    let line = joined(&step.argv);
                    return usual(Fate::merged(format!("`{line}` of {}", by(own))));
                }
            }
            Program::Collectstatic => {
                if let Some((own, _)) = same(program) {
                    return usual(Fate::merged(by(own)));
                }
                if self.builds(&["collectstatic"]) {
                    return usual(Fate::merged("a step of the image's build"));
                }
            }
            _ => {}
        }
        let told: Vec<&str> = words.iter().map(String::as_str).collect();
        // The same program: its options are told one by one.
        let store = self.old.container(&item.subject).filter(|own| own.kind.is_store());
        if let (Some(_), Some(other)) = (store, other) {
            let same = other.steps.iter().find(|step| step.argv.first() == words.first());
            return usual(match same {
                Some(step) => Fate::merged(joined(&step.argv)),
                None => Fate::replaced(line(other), "the command that is planned for it"),
            });
        }
        // Scripts that are followed no further, and text that another shell gets.
        let has = |text: &str| text.contains(&item.value) || text.contains(&told.join(" "));
        let in_command = self
            .new
            .containers
            .iter()
            .find(|own| own.steps.iter().any(|step| step.argv.iter().any(|word| has(word))));
        if let Some(own) = in_command.filter(|_| told.len() > 1) {
            return usual(Fate::merged(by(own)));
        }
        let scripts = self.new.scripts.iter().map(|text| &self.new.subject.texts[*text]);
        if let Some(script) = scripts.clone().find(|own| has(&own.text)).filter(|_| told.len() > 1)
        {
            return usual(Fate::merged(format!("a line of {}", script.path)));
        }
        if told.len() > 1 && self.builds(&told) {
            return usual(Fate::merged("a step of the image's build"));
        }
        let defined = format!("{}()", told.first().copied().unwrap_or_default());
        let scripts = self.old.scripts.iter().map(|text| &self.old.subject.texts[*text]);
        if scripts.into_iter().any(|own| own.text.replace(" (", "(").contains(&defined)) {
            let reason = "a function of the script, whose lines are told one by one";
            return (Fate::dropped(reason), Some(Weight::Form));
        }
        if let (Some("export"), Some((name, value))) =
            (told.first().copied(), told.get(1).and_then(|word| word.split_once('=')))
            && let Some(own) = other.and_then(|own| own.env.get(name))
        {
            let now = own.value.clone().unwrap_or_default();
            return usual(match now == value {
                true => Fate::merged(format!("the variable {name}")),
                false => Fate::replaced(
                    format!("{name}={}", shown(name, &now)),
                    "dockwright's files give it their own value",
                ),
            });
        }
        // The file that is the application, started by hand.
        let was_serving = self.old.container(&item.subject).is_some_and(|own| {
            own.server.is_none()
                && own.kind == Of::Web
                && own.steps.last().is_some_and(|step| step.argv == words)
        });
        let serves =
            other.and_then(|own| own.server.as_ref().and_then(|server| own.steps.get(server.step)));
        if let (true, Program::Python | Program::Other, Some(step)) = (was_serving, program, serves)
        {
            let by = joined(&step.argv);
            // What it did before serving is a program of its own that imports it.
            let file = told.last().copied().unwrap_or_default();
            let module = file.trim_start_matches("./").trim_end_matches(".py").replace('/', ".");
            let starts = format!("from {module} import ");
            let prepares = all().any(|(_, step)| {
                step.argv.iter().any(|word| word.lines().any(|own| own.starts_with(&starts)))
            });
            if prepares {
                let reason = "a server of its own serves the application; what prepares a store before that is a step of its own, and what else is not done is named";
                return (Fate::replaced(by, reason), Some(Weight::Form));
            }
            let reason = "a server of its own serves the application; what only its own start does is not done";
            return usual(Fate::replaced(by, reason));
        }
        match reasons::glue(&told) {
            Some(Glue::Merged(into)) => (Fate::merged(into), Some(Weight::Form)),
            Some(Glue::Dropped(reason, weight)) => (Fate::dropped(reason), Some(weight)),
            None => usual(Fate::dropped("nothing in dockwright's files runs it")),
        }
    }

    /// An option of a store's command.
    fn of_store(&self, item: &Item, store: &Container) -> Found {
        let new = self.at_place(Kind::Option, &store.name, &item.name);
        let row = item.name.trim_start_matches('-').replace('_', "-");
        let planned = self.counterpart(&store.name).and_then(|name| self.number(name, &row));
        match (new, planned) {
            (Some(own), Some(planned)) => {
                usual(Fate::replaced(own.written.clone(), planned.reason()))
            }
            (Some(own), None) => {
                usual(Fate::replaced(own.written.clone(), "dockwright's own setting"))
            }
            (None, _) => usual(Fate::dropped(format!(
                "the command of {} does not say it in dockwright's compose file",
                store.name
            ))),
        }
    }

    /// Whether some RUN has all of these words.
    pub(super) fn builds(&self, words: &[&str]) -> bool {
        // Django's commands are the same whichever program starts them.
        let starts = |word: &&str| word.ends_with("manage.py") || word.ends_with("django-admin");
        let words = match words.iter().position(starts) {
            Some(at) if at + 1 < words.len() => &words[at + 1..],
            _ => words,
        };
        self.new_of(Kind::Run).any(|own| {
            let run = shell_words::split(&own.value).unwrap_or_default();
            words.iter().all(|word| run.iter().any(|own| own == word))
        })
    }

    fn server(&self, item: &Item, program: Program, other: Option<&Container>) -> Found {
        let Some(other) = other else {
            return usual(Fate::dropped(super::variables::no_service(&item.subject)));
        };
        // A script that starts one thing or another by its argument.
        let started = self.old.container(&item.subject).and_then(|own| {
            let step = own.server.as_ref()?.step;
            Some(joined(&own.steps.get(step)?.argv))
        });
        if started.is_some_and(|line| line != item.value) {
            let same = self
                .new
                .containers
                .iter()
                .find(|own| own.steps.iter().any(|step| step.program == program));
            return usual(match same {
                Some(own) => Fate::merged(format!("the service {}", own.name)),
                None => Fate::dropped("another command of the same script is what is started"),
            });
        }
        let new = other.server.as_ref().and_then(|own| other.steps.get(own.step));
        let Some(new) = new else {
            let now = line(other);
            let by = if now.is_empty() { "what its image starts".to_owned() } else { now };
            return usual(Fate::replaced(by, "dockwright's own command"));
        };
        let by = joined(&new.argv);
        match new.program == program {
            true => usual(Fate::merged(by)),
            false => {
                let reason = reasons::server(program, new.program);
                let adopted = self.known.plan.answers.adopted.as_ref();
                let serves_static = program == Program::DjangoDevelopment
                    && adopted.is_some_and(|own| own.derived.static_files.is_none());
                match serves_static && self.known.plan.code.static_root.is_empty() {
                    true => {
                        let reason = format!(
                            "{reason}; it served static files as well, which nothing does now: the settings have no STATIC_ROOT to collect them in"
                        );
                        (Fate::replaced(by, reason), Some(Weight::Behaviour))
                    }
                    false => (Fate::replaced(by, reason), Some(Weight::Operation)),
                }
            }
        }
    }

    /// An option or a setting against the server that goes on.
    fn option(&self, item: &Item, other: Option<(&Container, &Server)>) -> Found {
        let name = item.name.as_str();
        let Some((container, server)) = other else {
            return usual(Fate::dropped("nothing starts it any more"));
        };
        let listens = matches!(name, "bind" | "host" | "port" | "uds");
        let new = server.all().find(|(own, ..)| *own == name);
        let Some((_, value, at)) = new else {
            if listens {
                return self.listening(item, server);
            }
            if name == "app" {
                // The first argument of others.
                let is_same = server.app.as_deref() == Some(item.value.as_str());
                let by = server.app.clone().unwrap_or_default();
                return usual(match is_same {
                    true => Fate::merged(by),
                    false => Fate::replaced(by, "the application that was found"),
                });
            }
            let set = self.new_of(Kind::Setting).find(|own| own.name == name);
            return match (set, reasons::option(name)) {
                (Some(own), _) => {
                    let by = format!("{name} = {}", own.written);
                    usual(Fate::replaced(by, "dockwright's own gunicorn.conf.py"))
                }
                (None, Some((reason, weight))) => (Fate::dropped(reason), Some(weight)),
                (None, None) if item.kind == Kind::Setting => {
                    usual(Fate::dropped("dockwright's gunicorn.conf.py does not set it"))
                }
                (None, None) => {
                    let reason = match self.unused(container, name) {
                        Some(reason) => reason,
                        None => format!(
                            "the start of {} has no such option in dockwright's files",
                            container.name
                        ),
                    };
                    usual(Fate::dropped(reason))
                }
            };
        };
        let path = self.new.subject.path(at.text);
        let known = value.text().or_else(|| value.truth().map(|own| own.to_string()));
        let shown = known.clone().unwrap_or_else(|| {
            self.new.subject.slice(at).split_whitespace().collect::<Vec<_>>().join(" ")
        });
        // `-A shop` finds what `-A shop:celery` names.
        let is_found = name == "app"
            && known
                .as_deref()
                .and_then(|own| own.strip_prefix(item.value.as_str()))
                .is_some_and(|rest| rest.starts_with([':', '.']));
        if known.as_deref() == Some(item.value.as_str()) || is_found {
            return usual(Fate::merged(format!("{name} = {shown}, in {path}")));
        }
        if listens {
            return self.listening(item, server);
        }
        let row = reasons::row_of_option(name);
        let role = match server.program {
            Program::CeleryWorker => Role::Worker,
            Program::CeleryBeat => Role::Beat,
            _ => Role::Web,
        };
        let decided = row.and_then(|row| self.decision(role, row));
        let by = format!("{name} = {shown}");
        match decided {
            Some(own) => (Fate::replaced(by, own.reason()), Some(reasons::weight_of_number(name))),
            None => match reasons::option(name) {
                Some((reason, weight)) => (Fate::replaced(by, reason), Some(weight)),
                None => usual(Fate::replaced(by, "dockwright's own setting")),
            },
        }
    }

    /// Why a server has no place for an option.
    fn unused(&self, container: &Container, name: &str) -> Option<String> {
        let row = reasons::row_of_option(name)?;
        let planned = self.number(&container.name, row)?;
        Some(format!(
            "the plan has {} = {}, and the new command does not say it",
            planned.key.name(),
            planned.value
        ))
    }

    /// Where it listens.
    fn listening(&self, item: &Item, server: &Server) -> Found {
        let wanted = match item.name.as_str() {
            "host" | "uds" => None,
            _ => item.value.rsplit(':').next().and_then(|port| port.parse::<u16>().ok()),
        };
        let address = server.address().unwrap_or_default();
        let port = server.port();
        let by = match port {
            Some(port) => format!("{address}:{port}"),
            None => address.clone(),
        };
        let is_same = match item.name.as_str() {
            "host" => item.value == address,
            "port" => wanted == port,
            _ => wanted.is_some() && wanted == port,
        };
        match is_same {
            true => usual(Fate::merged(format!("it listens on {by}"))),
            false => {
                let reason = "the port in the container; the other services and the published port follow it";
                (Fate::replaced(by, reason), Some(Weight::Operation))
            }
        }
    }
}

/// What a container starts, in one line.
fn line(own: &Container) -> String {
    let lines: Vec<String> = own.steps.iter().map(|step| joined(&step.argv)).collect();
    lines.join(" && ")
}
