//! From facts to answers: what detection found becomes values of keys, between
//! the preset's and those of `dockwright.toml`.

use crate::answers::adopted::Derived;
use crate::answers::brought;
use crate::answers::draft::Draft;
use crate::answers::limits;
use crate::answers::source::Origin;
use crate::answers::start;
use crate::catalog::{Framework, Manager, Program, Protocol, Server};
use crate::detect::facts::{Existing, Facts, InProcess, Interface, Meaning, Python};
use crate::detect::startup::framework;
use crate::detect::{Evidence, Fact};
use crate::schema::writable::{HOME, HOME_OF_IMAGE, Writable};
use crate::schema::{self, RUNTIMES, Role};

impl Draft {
    /// Takes what was found in a repository. Facts that are ambiguous are left
    /// to the caller, who asks. Returns what a person should know: where a
    /// fact has no exact answer among the keys.
    pub(super) fn adopt(&mut self, facts: &Facts, takes_numbers: bool) -> Vec<String> {
        let mut adoption = Adoption { draft: self, facts, notes: Vec::new() };
        adoption.project();
        adoption.framework();
        adoption.stores();
        adoption.tasks();
        adoption.compose();
        adoption.model();
        adoption.dotenv();
        if takes_numbers {
            adoption.numbers();
        }
        adoption.notes
    }
}

/// Servers that are not written for, by program and package.
const OTHER_SERVERS: [(&str, &str); 5] = [
    ("daphne", "daphne"),
    ("granian", "granian"),
    ("hypercorn", "hypercorn"),
    ("uwsgi", "uwsgi"),
    ("waitress-serve", "waitress"),
];

struct Adoption<'a> {
    draft: &'a mut Draft,
    facts: &'a Facts,
    notes: Vec<String>,
}

impl Adoption<'_> {
    /// A value that no key accepts is no reason to stop: it is noted, and left
    /// out.
    fn set(&mut self, key: &str, text: &str, evidence: &[Evidence]) {
        let origin = Origin::Detected(evidence.to_vec());
        if let Err(problem) = self.draft.set(key, text, origin) {
            let at = evidence.first().map(|line| format!(" ({})", line.place()));
            let at = at.unwrap_or_default();
            self.notes
                .push(format!("found {key} = {text}{at}, and left it out: {}", problem.message));
        }
    }

    fn set_known<T: ToString>(&mut self, key: &str, fact: &Fact<T>) {
        if let Fact::Known(value, evidence) = fact {
            self.set(key, &value.to_string(), evidence);
        }
    }

    /// A directory has the name of the file that Compose reads: it passes over
    /// that, and takes another file where one is named.
    fn dotenv(&mut self) {
        let is_directory = |own: &&Existing| own.path == ".env" && own.kind == "directory";
        if self.facts.existing_files.iter().any(|own| is_directory(&own)) {
            self.set("files..env", "off", &[Evidence::file(".env")]);
            self.notes.push(
                ".env is a directory, so values stand in a file that is named: cp .env.example compose.env, fill it in, and say docker compose --env-file compose.env".into(),
            );
        }
    }

    fn project(&mut self) {
        let facts = self.facts;
        self.set_known("project.root", &facts.root);
        self.set_known("project.build-context", &facts.build_context);
        self.set_known("project.app", &facts.app);
        if facts.factory.value() == Some(&true) {
            self.set("project.factory", "true", facts.factory.evidence());
        }
        self.set_known("project.settings", &facts.settings);
        self.set_known("project.package-manager", &facts.package_manager);
        if let Fact::Known(files, evidence) = &facts.dependency_files {
            self.set("project.dependency-files", &files.join(","), evidence);
        }
        if let Fact::Known(python, evidence) = &facts.python {
            self.python(python, evidence);
        }
        self.set_known("project.packages-until", &facts.packages_until);
        self.set_known("project.health", &facts.health);
        self.set_known("project.ready", &facts.ready);
        self.set_known("project.tests", &facts.tests);
        // A port that only root may open is the proxy's, not the project's.
        if let Fact::Known(port, evidence) = &facts.port
            && *port >= 1024
        {
            self.set("project.port", &port.to_string(), evidence);
        }
        self.writable();
    }

    fn python(&mut self, python: &Python, evidence: &[Evidence]) {
        let version = python.version.as_str();
        if let Some(taken) = python_for(python) {
            self.set("project.python", taken, evidence);
            if taken != version {
                self.notes.push(format!(
                    "{} speaks of Python {version}, which no image has any more: {taken} takes its place, and packages the code pins may not install on it",
                    evidence.first().map(Evidence::place).unwrap_or_default()
                ));
            }
        } else {
            let at = evidence.first().map(|line| format!(" ({})", line.place()));
            self.notes.push(format!(
                "the code wants Python {version}{}, for which there is no supported base image: on the one that project.python names instead, packages it pins may not install",
                at.unwrap_or_default()
            ));
        }
    }

    fn writable(&mut self) {
        let facts = self.facts;
        let mut items = Vec::new();
        let mut evidence = Vec::new();
        for (path, lines) in &facts.writable {
            let place = match path.path.as_str() {
                HOME => HOME_OF_IMAGE.to_owned(),
                other => other.to_owned(),
            };
            let found = Writable { path: place, file: path.file, keep: path.keep };
            let text = found.to_string();
            if Writable::read(&text).is_ok() && !path.path.contains(',') {
                items.push(text);
                evidence.extend(lines.iter().cloned());
            } else {
                self.notes.push(format!(
                    "the code writes to {}, which no directory of its own can be made for: let it write below one, like /data",
                    path.path
                ));
            }
        }
        if !items.is_empty() {
            self.set("project.writable", &items.join(","), &evidence);
        }
    }

    fn framework(&mut self) {
        let facts = self.facts;
        let Fact::Known(name, evidence) = &facts.framework else { return };
        let interface = facts.interface.value().copied();
        if let Fact::Known(own, lines) = &facts.own_server {
            let framework = Framework::standing_for("", Protocol::Asgi);
            let at = lines.first().map(|line| format!(" ({})", line.place())).unwrap_or_default();
            self.notes.push(format!(
                "{} brings its own server{at}: it is started as it is, in one process, with the memory of {framework} until yours is measured",
                own.title
            ));
            let is_told = own.command.iter().chain(own.environment.values());
            if own.port.is_none() && !is_told.into_iter().any(|it| it.contains("{port}")) {
                self.notes.push(
                    "nothing says on which port the code listens: it has to be 8000, on all addresses".into(),
                );
            }
            self.set("stack.framework", framework.word(), evidence);
            self.set("stack.server", "own", lines);
            return;
        }
        let protocol = match interface.or_else(|| framework::interface(name)) {
            Some(Interface::Wsgi) => Protocol::Wsgi,
            _ => Protocol::Asgi,
        };
        let served_as = Framework::standing_for(name, protocol);
        let own_worker = Server::all().find(|server| server.serves == *name);
        match own_worker.and_then(|server| server.row().worker_class.as_ref()) {
            Some(class) => self.notes.push(format!(
                "{name} is served by gunicorn's {}, with the figures of {served_as}",
                class.name
            )),
            None if served_as.word() != name => self.notes.push(format!(
                "{name} is served as {}, with the figures of {served_as}",
                protocol.title()
            )),
            None => {}
        }
        self.set("stack.framework", served_as.word(), evidence);
        let evidence =
            if facts.interface.is_known() { facts.interface.evidence() } else { evidence };
        self.server(protocol, evidence);
    }

    /// The server that the project has; otherwise the preset's where it speaks
    /// the application's protocol.
    fn server(&mut self, protocol: Protocol, evidence: &[Evidence]) {
        let named = self.facts.framework.value();
        if let Some(own) = Server::all().find(|own| Some(&own.serves) == named) {
            self.set("stack.server", own.word(), evidence);
            return;
        }
        // What starts it today goes on, with its options, whatever else is installed.
        let starts = self.facts.previous.web.as_ref().map(|own| Program::of(&own.argv));
        let by_uvicorn = protocol == Protocol::Asgi
            && matches!(starts, Some(Program::Uvicorn | Program::FastapiRun));
        let gunicorn = Derived::of(self.facts).installs("gunicorn") && !by_uvicorn;
        let preset = self.draft.sourced("stack.server").map(|said| Server::of(&said.value.text()));
        let server = match preset {
            Some(server) if server.protocol == protocol && !gunicorn => server,
            _ if gunicorn => Server::for_protocol(protocol, Manager::Gunicorn),
            _ => Framework::standing_for("", protocol).default_server(),
        };
        self.set("stack.server", server.word(), evidence);
        self.replaced(server);
    }

    /// Another server that starts the application today.
    fn replaced(&mut self, server: Server) {
        let facts = self.facts;
        let names = |line: &Evidence, program: &str| {
            let mut words = line.text.split([' ', '"', '\'', ',', '[', ']', '=']);
            words.any(|word| word.rsplit('/').next() == Some(program))
        };
        let lacks = server.packages.iter().any(|package| !facts.installs(package));
        for (program, package) in OTHER_SERVERS {
            let line = facts.app.evidence().iter().find(|line| names(line, program));
            let at = match line {
                Some(line) => format!("starts the application today ({})", line.place()),
                None if lacks && facts.installs(package) => "is installed".to_owned(),
                None => continue,
            };
            self.notes.push(format!(
                "{program} {at}: {server} takes its place, whose processes, time-outs and signals the plan's numbers are for"
            ));
        }
    }

    /// Numbers that the commands say which start it today, its services, and its proxy.
    fn numbers(&mut self) {
        let Some(server) = self.draft.sourced("stack.server") else { return };
        let server = Server::of(&server.value.text());
        self.numbers_of_services();
        for (key, value, place, said) in start::numbers(&self.facts.previous, server) {
            let (path, line) = place.rsplit_once(':').unwrap_or((&place, "0"));
            let line = Evidence::line(path, line.parse().unwrap_or_default(), &said);
            self.set(&key, &value, &[line]);
        }
    }

    /// Those of the services and of the proxy that a compose file has.
    fn numbers_of_services(&mut self) {
        let Fact::Known(carried, _) = &self.facts.carried else { return };
        for (key, value, place, said) in limits::of_proxy(&self.facts.previous.proxy) {
            let (path, line) = place.rsplit_once(':').unwrap_or((&place, "0"));
            let line = Evidence::line(path, line.parse().unwrap_or_default(), &said);
            self.set(key, &value, &[line]);
        }
        let document = carried.document();
        for service in document.services() {
            let is_it = |role: &&Role| {
                self.draft.text(&format!("services.{}", role.name())) == service.name
            };
            let Some(role) = carried.roles.keys().find(is_it).copied() else { continue };
            for (key, line, value) in limits::of(&service, role) {
                let line = Evidence::line(&carried.file, line, &format!("{key}: {value}"));
                self.set(&format!("tune.{}.{key}", role.name()), &value, &[line]);
            }
        }
    }

    fn stores(&mut self) {
        let facts = self.facts;
        match &facts.database {
            Fact::Known(kind, evidence) => {
                let word = match kind.as_str() {
                    "postgres" | "postgresql" => "postgres",
                    "sqlite" | "none" => "none",
                    other => {
                        let image = self.brings(brought::database(other));
                        let image = image.filter(|_| self.finds_database());
                        self.store(other, image, |image| match image {
                            Some(image) => format!(
                                "the code speaks {other}, which nothing here runs: a container of {image} is written for it, without backups; for one elsewhere --set stack.database=external"
                            ),
                            None => format!(
                                "the code uses {other}: no container is written for it, its address has to be in .env"
                            ),
                        })
                    }
                };
                let word = match self.database_elsewhere(word) {
                    Some(note) => {
                        self.notes.push(note);
                        "external"
                    }
                    None => word,
                };
                self.set("stack.database", word, evidence);
            }
            Fact::Unknown => self.set("stack.database", "none", &[]),
            Fact::Ambiguous(_) => {}
        }
        match &facts.migrations {
            Fact::Known(kind, evidence) if facts.migrates() => {
                self.set("stack.migrations", kind, evidence);
            }
            Fact::Known(..) | Fact::Unknown => self.set("stack.migrations", "none", &[]),
            Fact::Ambiguous(_) => {}
        }
        match &facts.cache {
            Fact::Known(kind, evidence) if self.is_redis(kind) => {
                if self.broker_is_the_cache() {
                    self.notes.push(
                        "one variable names both cache and broker: one Redis serves both, and never evicts".into(),
                    );
                    self.set("stack.cache", "none", evidence);
                } else {
                    self.set("stack.cache", "redis", evidence);
                }
            }
            Fact::Known(kind, evidence) => {
                self.notes.push(format!("no container is written for the cache, {kind}"));
                self.set("stack.cache", "none", evidence);
            }
            Fact::Unknown => self.set("stack.cache", "none", &[]),
            Fact::Ambiguous(_) => {}
        }
    }

    /// Whether a variable says where the database is: to one that is brought nothing else
    /// leads.
    fn finds_database(&self) -> bool {
        let is_place =
            |own: &Meaning| matches!(own, Meaning::DatabaseUrl { .. } | Meaning::DatabaseHost);
        self.facts.connections.iter().any(|(own, _)| is_place(&own.meaning))
    }

    /// A store that is brought, where no compose file says what runs.
    fn brings(&self, image: Option<&'static str>) -> Option<&'static str> {
        image.filter(|_| self.facts.carried.value().is_none_or(|carried| carried.brought))
    }

    /// Where a store is of a kind that dockwright plans none of, in the word of its key:
    /// it goes on, is brought as a container of `image`, or is somewhere else. `says` has
    /// the note of the last two.
    fn store(
        &mut self,
        kind: &str,
        image: Option<&'static str>,
        says: impl Fn(Option<&str>) -> String,
    ) -> &'static str {
        let (note, word) = match (self.carried_store(kind), image) {
            (Some(note), _) => (note, "external"),
            (None, Some(image)) => (says(Some(image)), "container"),
            (None, None) => (says(None), "external"),
        };
        self.notes.push(note);
        word
    }

    /// What becomes of a store of a kind that dockwright plans none of, where
    /// the compose file that is carried on runs one.
    fn carried_store(&self, kind: &str) -> Option<String> {
        let carried = self.facts.carried.value().filter(|carried| !carried.brought)?;
        let kind = if kind == "mariadb" { "mysql" } else { kind };
        let (name, _) = carried.stores.iter().find(|(_, own)| *own == kind)?;
        Some(format!(
            "{name} goes on as {} has it, and the application keeps what it was told of it",
            carried.file
        ))
    }

    /// An application that was told of a database which none of its compose
    /// file's services is has it elsewhere: a new one would stand beside it,
    /// empty.
    fn database_elsewhere(&self, word: &str) -> Option<String> {
        let carried = self.facts.carried.value().filter(|_| word == "postgres")?;
        let web = carried.roles.get(&Role::Web)?;
        if carried.roles.contains_key(&Role::Db) || carried.stores.values().any(|own| own == word) {
            return None;
        }
        let services = carried.document().services();
        let web = services.iter().find(|service| service.name == *web)?;
        let mut known = self.facts.connections.iter().filter(|(known, _)| {
            matches!(known.meaning, Meaning::DatabaseUrl { .. } | Meaning::DatabaseHost)
        });
        let told = |name: &str| {
            let told = carried.told.get(&web.name);
            let by_file = told.is_some_and(|told| told.names.iter().any(|own| own == name));
            by_file || web.variable(name).is_some_and(|value| !value.is_empty())
        };
        let (known, _) = known.find(|(known, _)| told(&known.name))?;
        Some(format!(
            "{} of {} names a database that {} does not run: it stays where it is, and no container is written for one",
            known.name, web.name, carried.file
        ))
    }

    fn is_redis(&self, kind: &str) -> bool {
        matches!(kind, "redis" | "valkey")
    }

    /// Whether the code finds cache and broker by the same variable: then they
    /// cannot be two servers.
    fn broker_is_the_cache(&self) -> bool {
        let names = |wanted: fn(&Meaning) -> bool| -> Vec<&str> {
            let told = self.facts.connections.iter().filter(|(known, _)| wanted(&known.meaning));
            told.map(|(known, _)| known.name.as_str()).collect()
        };
        let cache = names(|meaning| matches!(meaning, Meaning::CacheUrl | Meaning::CacheHost));
        let broker = names(|meaning| {
            matches!(meaning, Meaning::BrokerUrl | Meaning::ResultUrl | Meaning::BrokerHost)
        });
        cache.iter().any(|name| broker.contains(name))
    }

    fn tasks(&mut self) {
        let facts = self.facts;
        let celery = match &facts.celery {
            Fact::Known(celery, evidence) => {
                self.set("stack.worker", "celery", evidence);
                self.set("stack.celery-app", &celery.app, evidence);
                self.set("stack.beat", if celery.beat { "true" } else { "false" }, evidence);
                true
            }
            Fact::Unknown => {
                self.set("stack.worker", "none", &[]);
                self.set("stack.beat", "false", &[]);
                false
            }
            Fact::Ambiguous(_) => false,
        };
        match &facts.broker {
            Fact::Known(kind, evidence) if self.is_redis(kind) => {
                self.set("stack.broker", "redis", evidence);
            }
            Fact::Known(kind, evidence) => {
                let image = self.brings(brought::broker(kind));
                let word = self.store(kind, image, |image| match image {
                    Some(image) => format!(
                        "tasks go through {kind}, which nothing here runs: a container of {image} is written for it; for one elsewhere --set stack.broker=external"
                    ),
                    None => format!(
                        "tasks go through {kind}: no container is written for it, its address has to be in .env"
                    ),
                });
                self.set("stack.broker", word, evidence);
            }
            Fact::Unknown if celery && !Derived::of(facts).installs("redis") => {
                self.set("stack.broker", "external", &[]);
            }
            Fact::Unknown if celery => self.set("stack.broker", "redis", &[]),
            Fact::Unknown => self.set("stack.broker", "none", &[]),
            Fact::Ambiguous(_) => {}
        }
        if let Fact::Known(queues, _) = &facts.queues {
            // Its scheduler runs inside of the application.
            let inside = |queue: &str| {
                let mut states = facts.in_process.iter();
                queue == "apscheduler" && states.any(|(it, _)| *it == InProcess::Scheduler)
            };
            let services = facts.carried.value().map(|own| own.document().services());
            // A service of the compose file runs it, and goes on.
            let is_run = |queue: &str| {
                services.iter().flatten().any(|own| {
                    let command = own.command();
                    let mut words = command.split(|c: char| c.is_whitespace() || c == '/');
                    words.any(|word| word == queue || word.starts_with(&format!("{queue}_")))
                })
            };
            for queue in queues.iter().filter(|queue| !inside(queue) && !is_run(queue)) {
                self.notes.push(format!(
                    "{queue} runs tasks: no worker is written for it, add one to the compose file"
                ));
            }
        }
    }

    /// Services keep the names an existing compose file gave them.
    fn compose(&mut self) {
        let Fact::Known(carried, evidence) = &self.facts.carried else { return };
        let redis_is_both = !carried.roles.contains_key(&Role::Cache);
        if let Some(redis) = carried.roles.get(&Role::Redis)
            && redis_is_both
            && self.draft.text("stack.cache") == "redis"
        {
            if self.draft.text("stack.broker") == "redis" {
                let document = carried.document();
                let own = document.services().into_iter().find(|own| own.name == *redis);
                let said = own.map(|own| own.command()).unwrap_or_default();
                let evicts = said
                    .split_once("--maxmemory-policy")
                    .map(|(_, rest)| rest.trim_start_matches(['=', ' ', '\'', '"']))
                    .filter(|rest| !rest.is_empty() && !rest.starts_with("noeviction"));
                self.notes.push(match evicts {
                    Some(rest) => format!(
                        "{redis} is both cache and broker: it stays one Redis, and evicts as its command says ({}): queued tasks may go with the rest; --maxmemory-policy noeviction keeps them",
                        rest.split(['\'', '"', ' ']).next().unwrap_or_default()
                    ),
                    None => format!(
                        "{redis} is both cache and broker: it stays one Redis, and never evicts"
                    ),
                });
                self.set("stack.cache", "none", evidence);
            } else {
                self.set("services.cache", redis, evidence);
            }
        }
        if carried.roles.contains_key(&Role::Nginx) {
            self.set("stack.proxy", "nginx", evidence);
        } else if !carried.front.is_empty() {
            self.notes.push(format!(
                "{} stands in front already and stays as it is: no nginx is written beside it",
                carried.front
            ));
            self.set("stack.proxy", "none", evidence);
        }
        let is_cache = |name: &str| self.draft.text("services.cache") == name;
        let roles: Vec<(Role, String)> = carried
            .roles
            .iter()
            .map(|(role, name)| match role {
                // The Redis that is there is the cache; a broker would be another.
                Role::Redis if is_cache(name) => (*role, format!("{name}-broker")),
                _ => (*role, name.clone()),
            })
            .collect();
        for (role, name) in &roles {
            self.set(&format!("services.{}", role.name()), name, evidence);
        }
        for (role, name) in carried.free_names() {
            self.set(&format!("services.{}", role.name()), &name, evidence);
        }
    }

    fn model(&mut self) {
        let facts = self.facts;
        let Fact::Known(ml, evidence) = &facts.ml else {
            self.set("model.runtime", "none", &[]);
            return;
        };
        if !RUNTIMES.contains(&ml.framework.as_str()) {
            self.notes.push(format!(
                "there are no memory figures for {}: pin tune.web.process-memory once you have measured it",
                ml.framework
            ));
            self.set("model.runtime", "none", evidence);
            return;
        }
        self.set("model.runtime", &ml.framework, evidence);
        if let [path] = ml.models.as_slice() {
            self.set("model.path", path, evidence);
        }
    }
}

/// The Python that is taken where this one is found; `None` where it is for people to
/// say. A text for people tells what somebody had, not what the code needs: the oldest
/// that there are images of is close to one that is a few years older.
#[must_use]
pub fn python_for(python: &Python) -> Option<&'static str> {
    let minor = |version: &str| version.strip_prefix("3.")?.parse::<u64>().ok();
    let known = schema::ADOPTED_PYTHONS.into_iter().find(|own| *own == python.version);
    known.or_else(|| {
        let oldest = schema::ADOPTED_PYTHONS[0];
        let is_close = python.source == "README" && minor(&python.version)? < minor(oldest)?;
        is_close.then_some(oldest)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answers::stack::{Broker, Database, Hardening};
    use crate::answers::{Sources, document};
    use crate::detect::facts::{self, Celery, Connection, Python};
    use crate::preset;

    fn line(path: &str) -> Evidence {
        Evidence::line(path, 3, "a line")
    }

    fn known<T>(value: T, path: &str) -> Fact<T> {
        Fact::known(value, line(path))
    }

    fn facts() -> Facts {
        Facts {
            root: known("backend".to_owned(), "backend/manage.py"),
            app: known("shop.wsgi:application".to_owned(), "backend/shop/settings.py"),
            framework: known("django".to_owned(), "backend/manage.py"),
            interface: known(Interface::Wsgi, "backend/shop/settings.py"),
            package_manager: known("uv".to_owned(), "uv.lock"),
            python: known(
                Python {
                    version: "3.9".into(),
                    constraint: None,
                    source: "requires-python".into(),
                },
                "pyproject.toml",
            ),
            database: known("postgres".to_owned(), "backend/shop/settings.py"),
            migrations: known("django".to_owned(), "backend/manage.py"),
            ..Facts::default()
        }
    }

    fn adopted(facts: &Facts, preset: &str) -> (Draft, Vec<String>) {
        let preset = preset::find(preset).unwrap();
        let set = ["project.name=shop".to_owned()];
        let sources = Sources { facts: Some(facts), set: &set, ..Sources::of(&preset) };
        let assembled = sources.assemble().unwrap();
        (assembled.draft, assembled.notes)
    }

    #[test]
    fn what_was_found_beats_the_preset_and_stands_in_the_document() {
        let (draft, notes) = adopted(&facts(), "fastapi-uvicorn");
        assert!(notes.is_empty(), "{notes:?}");
        let answers = draft.resolve().unwrap();
        assert_eq!(answers.stack.application().framework.word(), "django");
        assert_eq!(answers.stack.application().server.word(), "gunicorn");
        assert_eq!(answers.deploy.hardening, Hardening::Safe);
        assert_eq!(answers.python, "3.9");
        let text = document::write(&draft);
        for found in ["app = \"shop.wsgi:application\"", "root = \"backend\"", "python = \"3.9\""] {
            assert!(text.contains(found), "{text}");
        }
        assert!(!text.contains("hardening"), "a default is not written: {text}");
        let origin = draft.sourced("project.app").unwrap().origin.to_string();
        assert_eq!(origin, "found in backend/shop/settings.py:3");
    }

    #[test]
    fn a_flag_wins_over_what_was_found() {
        let (mut draft, _) = adopted(&facts(), "fastapi-uvicorn");
        draft.set("project.root", "backend/src", Origin::Flag).unwrap();
        let root = draft.resolve().unwrap().adopted.unwrap().root.unwrap();
        assert_eq!(root.as_str(), "backend/src");
    }

    #[test]
    fn an_unknown_database_is_none_even_where_the_preset_has_one() {
        let found = Facts { database: Fact::Unknown, migrations: Fact::Unknown, ..facts() };
        let (draft, _) = adopted(&found, "django-nginx");
        assert_eq!(draft.resolve().unwrap().stack.database, Database::None);
    }

    #[test]
    fn another_kind_of_database_or_broker_is_brought_or_managed_elsewhere_and_said() {
        let host = Connection { name: "DB_HOST".into(), meaning: Meaning::DatabaseHost };
        for (database, broker, where_they_are) in [
            ("mysql", "rabbitmq", (Database::Container, Broker::Container)),
            ("mssql", "sqs", (Database::External, Broker::External)),
        ] {
            let found = Facts {
                database: known(database.to_owned(), "backend/shop/settings.py"),
                connections: vec![(host.clone(), Vec::new())],
                broker: known(broker.to_owned(), "backend/shop/celery.py"),
                celery: known(Celery { app: "shop".into(), beat: true }, "backend/shop/celery.py"),
                ..facts()
            };
            let (draft, notes) = adopted(&found, "django-nginx");
            let stack = draft.resolve().unwrap().stack;
            assert_eq!((stack.database, stack.broker), where_they_are);
            assert!(stack.application().celery.unwrap().beat);
            assert_eq!(notes.len(), 2, "{notes:?}");
        }
    }

    #[test]
    fn another_framework_is_served_by_its_protocol() {
        for (name, interface, server) in
            [("quart", Interface::Asgi, "uvicorn"), ("bottle", Interface::Wsgi, "gunicorn")]
        {
            let found = Facts {
                framework: known(name.to_owned(), "app.py"),
                interface: known(interface, "app.py"),
                ..facts()
            };
            let (draft, notes) = adopted(&found, "fastapi-uvicorn");
            assert_eq!(
                draft.resolve().unwrap().stack.application().server.word(),
                server,
                "{name}"
            );
            assert!(notes[0].contains(name), "{notes:?}");
        }
    }

    #[test]
    fn a_framework_of_the_catalog_is_served_as_itself() {
        for name in ["starlette", "litestar"] {
            let found = Facts {
                framework: known(name.to_owned(), "app.py"),
                interface: known(Interface::Asgi, "app.py"),
                ..facts()
            };
            let (draft, notes) = adopted(&found, "fastapi-uvicorn");
            let stack = draft.resolve().unwrap().stack;
            let application = stack.application();
            assert_eq!(application.framework.word(), name);
            assert_eq!(application.server.word(), "uvicorn", "{name}");
            assert!(notes.is_empty(), "{notes:?}");
        }
    }

    #[test]
    fn the_projects_own_gunicorn_is_kept() {
        let found = Facts {
            interface: known(Interface::Asgi, "a.py"),
            packages: vec!["gunicorn[gevent]".into()],
            ..facts()
        };
        let (draft, _) = adopted(&found, "fastapi-uvicorn");
        let server = draft.resolve().unwrap().stack.application().server;
        assert_eq!(server.word(), "gunicorn-uvicorn");
    }

    #[test]
    fn one_variable_for_cache_and_broker_means_one_redis() {
        let told = |meaning| (Connection { name: "REDIS_URL".into(), meaning }, Vec::new());
        let found = Facts {
            cache: known("redis".to_owned(), "s.py"),
            broker: known("redis".to_owned(), "s.py"),
            celery: known(Celery { app: "shop".into(), beat: false }, "c.py"),
            connections: vec![told(Meaning::CacheUrl), told(Meaning::BrokerUrl)],
            ..facts()
        };
        let (draft, notes) = adopted(&found, "django-nginx");
        let stack = draft.resolve().unwrap().stack;
        assert!(!stack.cache && stack.broker == Broker::Redis);
        assert_eq!(notes.len(), 1);
    }

    #[test]
    fn a_path_of_the_system_and_a_python_without_an_image_are_noted_and_left_out() {
        let writable = |path: &str, keep| {
            let purpose = "media".to_owned();
            let found = facts::Writable { path: path.into(), purpose, file: false, keep };
            (found, vec![line("s.py")])
        };
        let found = Facts {
            writable: vec![writable("media", true), writable("/etc/x", true), writable("c", false)],
            python: known(
                Python { version: "2.7".into(), constraint: None, source: "runtime.txt".into() },
                "runtime.txt",
            ),
            ..facts()
        };
        let (draft, notes) = adopted(&found, "django-nginx");
        assert_eq!(draft.text("project.writable"), "media,c:tmpfs");
        assert_eq!(notes.len(), 2, "{notes:?}");
        assert!(draft.resolve().is_ok());
    }

    #[test]
    fn the_root_has_to_be_in_the_build_context() {
        let (mut draft, _) = adopted(&facts(), "django-nginx");
        draft.set("project.build-context", "web", Origin::Flag).unwrap();
        let problems = draft.resolve().unwrap_err();
        assert!(problems[0].message.contains("project.root = backend"), "{problems:?}");
    }

    #[test]
    fn derived_facts_come_back_from_a_lock() {
        let (draft, _) = adopted(
            &Facts {
                connections: vec![
                    (
                        Connection {
                            name: "DB".into(),
                            meaning: Meaning::DatabaseUrl { scheme: "postgresql+asyncpg".into() },
                        },
                        Vec::new(),
                    ),
                    (
                        Connection { name: "DB_HOST".into(), meaning: Meaning::DatabaseHost },
                        Vec::new(),
                    ),
                ],
                packages: vec!["django".into()],
                ..facts()
            },
            "django-nginx",
        );
        #[derive(serde::Serialize)]
        struct Lock<'a> {
            version: u32,
            derived: &'a Derived,
        }
        #[derive(serde::Deserialize)]
        struct Read {
            derived: Derived,
        }
        let text = toml::to_string(&Lock { version: 1, derived: &draft.derived }).unwrap();
        let read: Read = toml::from_str(&text).unwrap();
        assert_eq!(read.derived, draft.derived, "{text}");
    }
}
