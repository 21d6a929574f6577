//! What people who run a service need to know of it: what it does, which
//! commands help, what its data is saved with, what can go wrong. DEPLOY.md
//! is written from this; texts are Markdown.

use crate::answers::stack::Database;
use crate::catalog::frameworks::Orm;
use crate::plan::Plan;
use crate::plan::topology::{EnvValue, Mount, Service};
use crate::schema::Role;
use crate::source::compose::{Service as Existing, interpolate};

/// What is known of one service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Runbook {
    /// What it does.
    pub does: String,
    /// What its limits are divided by: processes, connections; empty for
    /// nothing.
    pub scale: String,
    /// On what it gives up, and after how long; empty for nothing.
    pub gives_up: String,
    /// What becomes of its work when it is stopped; empty where nothing is
    /// lost.
    pub on_stop: String,
    /// Commands that help.
    pub tasks: Vec<Task>,
    /// What its data is saved with.
    pub backups: Vec<Backup>,
    /// What can go wrong.
    pub troubles: Vec<Trouble>,
}

/// When a command helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Once, after the first start.
    FirstStart,
    /// At any time.
    DayToDay,
    /// In development, in a container of its own.
    Development,
}

/// A command that runs in a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// When.
    pub moment: Moment,
    /// As a shell reads it.
    pub command: String,
    /// What it is for; empty where it says so itself.
    pub about: &'static str,
}

/// How data of a service is saved and put back: by commands that run in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    /// The end of the file's name.
    pub suffix: String,
    /// Writes the data to its output.
    pub save: String,
    /// Reads it from its input.
    pub restore: String,
    /// Whether the services that use the data have to be stopped first.
    pub stops: bool,
}

/// Something that can go wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// How it shows.
    pub symptom: &'static str,
    /// What it means and what to do.
    pub advice: String,
}

/// What is known of a service of a plan.
pub(super) fn of(plan: &Plan, service: &Service) -> Runbook {
    let writer = Writer { plan, service };
    match service.kind {
        Some(Role::Nginx) => writer.proxy(),
        Some(Role::Web) => writer.web(),
        Some(Role::Migrate) => writer.migrate(),
        Some(Role::Worker) => writer.worker(),
        Some(Role::Beat) => writer.beat(),
        Some(Role::Db) => writer.database(),
        Some(Role::Redis) => writer.broker(),
        Some(Role::Cache) => writer.cache(),
        None => service.runbook.clone(),
    }
}

/// What a service that is passed through does, as far as its file says.
pub(super) fn passed_through(service: &Existing, own_image: bool, brought: bool) -> Runbook {
    let command = service.command();
    let does = match (own_image, service.image(), service.build()) {
        (true, ..) if command.is_empty() => "The application's image, as it was run.".to_owned(),
        (true, ..) => format!("The application's image, as it was run: `{command}`."),
        (false, Some(image), _) if brought => format!("A store that the code needs: `{image}`."),
        (false, Some(image), _) => format!("As it was: `{image}`."),
        (false, None, Some(build)) => format!("As it was, built from `{}`.", build.context),
        (false, None, None) => "As it was.".to_owned(),
    };
    Runbook { does, ..Runbook::default() }
}

/// One service of a plan.
struct Writer<'a> {
    plan: &'a Plan,
    service: &'a Service,
}

impl Writer<'_> {
    /// A number with its unit.
    ///
    /// # Panics
    /// Where it was not decided.
    fn number(&self, key: &str) -> String {
        self.find(key).unwrap_or_else(|| panic!("{key} is not decided"))
    }

    fn find(&self, key: &str) -> Option<String> {
        self.plan.decision(key).map(|decision| decision.value.to_string())
    }

    /// A number with what it counts.
    fn count(&self, key: &str, one: &str) -> String {
        match self.number(key).as_str() {
            "1" => format!("1 {one}"),
            number if one.ends_with("child") => format!("{number} {one}ren"),
            number if one.ends_with("process") => format!("{number} {one}es"),
            number => format!("{number} {one}s"),
        }
    }

    fn name(&self, role: Role) -> &str {
        &self.plan.answers.services[&role]
    }

    fn has(&self, role: Role) -> bool {
        self.plan.services.contains(&role)
    }

    fn is(&self, flag: &str) -> bool {
        self.plan.flags.is(flag)
    }

    fn is_new(&self) -> bool {
        self.plan.answers.adopted.is_none()
    }

    /// Whether the existing compose file ran this already.
    fn goes_on(&self) -> bool {
        let role = self.service.kind;
        self.plan.carry.as_ref().is_some_and(|carry| role.is_some_and(|role| carry.has(role)))
    }

    fn proxy(&self) -> Runbook {
        let web = self.name(Role::Web);
        let does = match self.is("static") {
            true => format!("nginx: serves static files and passes the rest on to `{web}`."),
            false => format!("nginx: passes every request on to `{web}`."),
        };
        let wait = self.number("nginx.read-timeout");
        let mut advice = format!(
            "**502**: `{web}` is not running or not ready. **504**: it took longer than {wait}. \
             **413**: the body is over {}.",
            self.body_size()
        );
        if let Some(uploads) = self.find("nginx.uploads") {
            advice += &format!(" **503**: more than {uploads} uploads at a time.");
        }
        let domain = &self.plan.answers.deploy.domain;
        if !domain.is_empty() {
            advice += &format!(" **421**: the request was for another name than {domain}.");
        }
        Runbook {
            does,
            scale: self.count("nginx.worker-processes", "process"),
            gives_up: format!("an answer: {wait}"),
            troubles: vec![Trouble { symptom: "nginx answers by itself", advice }],
            ..Runbook::default()
        }
    }

    fn body_size(&self) -> String {
        self.number("web.body-size")
    }

    /// Django's commands, as they are typed.
    fn manage(&self) -> String {
        match self.is_new() {
            true => "python manage.py".to_owned(),
            false => self.plan.code.manage.join(" "),
        }
    }

    fn web(&self) -> Runbook {
        let application = self.plan.answers.stack.application();
        let own = &self.plan.code.own;
        let server = match (application.server.is_gunicorn(), application.server.is_asgi()) {
            (true, true) if !application.server.serves.is_empty() => {
                "gunicorn with aiohttp's workers"
            }
            (true, true) => "gunicorn with uvicorn workers",
            (true, false) => "gunicorn",
            (false, _) => "uvicorn",
        };
        let mut does = match own.command.is_empty() {
            true => format!("{server} serving `{}`", self.plan.app()),
            false => format!("{} by its own server, `{}`", own.title, own.command.join(" ")),
        };
        if let Some(model) = application.model.as_ref().filter(|_| self.is_new()) {
            does += &format!(", with the model `/models/{}`", model.path.file_name());
        }
        let mut scale = self.count("web.workers", "process");
        if let Some(threads) = self.find("web.threads").filter(|threads| threads != "1") {
            scale += &format!(" × {threads} threads");
        }
        let mut gives_up = Vec::new();
        if self.is_new() && self.is("asgi") {
            gives_up.push(format!("a request: {}", self.number("web.request-timeout")));
        }
        if self.is("gunicorn") {
            gives_up.push(format!("a silent worker: {}", self.number("web.gunicorn-timeout")));
        }
        let mut tasks = Vec::new();
        if self.is("django") {
            let task = |moment, command: &str, about| Task {
                moment,
                command: format!("{} {command}", self.manage()),
                about,
            };
            tasks.push(task(Moment::FirstStart, "createsuperuser", "the first administrator"));
            tasks.push(task(Moment::DayToDay, "shell", ""));
            tasks.push(task(Moment::Development, "makemigrations", "after a change of the models"));
        }
        Runbook {
            does: does + ".",
            scale,
            gives_up: gives_up.join(", "),
            on_stop: format!(
                "requests have {} to finish and are cut off after {}",
                self.number("web.graceful-timeout"),
                self.number("web.stop-grace-period")
            ),
            tasks,
            backups: self.volumes(),
            troubles: self.troubles_of_web(),
        }
    }

    /// What the application's own volumes are saved with.
    fn volumes(&self) -> Vec<Backup> {
        let mounts = self.service.mounts.iter();
        let named = mounts.filter_map(|mount| Some((mount.named_volume()?, mount.target())));
        // What is fetched again where it is missing needs no backup.
        named
            .filter(|(_, target)| *target != crate::plan::code::CACHES)
            .map(|(name, target)| Backup {
                suffix: format!("{name}.tar"),
                save: format!("tar -C {target} -cf - ."),
                restore: format!("tar -C {target} -xf -"),
                stops: false,
            })
            .collect()
    }

    fn troubles_of_web(&self) -> Vec<Trouble> {
        let stack = &self.plan.answers.stack;
        let mut troubles = Vec::new();
        let mut add = |symptom, advice| troubles.push(Trouble { symptom, advice });
        let mut slow = format!(
            "`{}` has {} before failed checks count",
            self.service.id,
            self.number("web.start-period")
        );
        if self.has(Role::Migrate) {
            let migrate = self.name(Role::Migrate);
            slow += &format!(
                ", and starts only after `{migrate}` ended: `docker compose logs {migrate}`"
            );
        }
        slow.push('.');
        if self.is("model") && self.is_new() {
            slow += " The model loads in the background: `/ready` is 503 until it is there, and names \
                     the reason when it cannot be loaded. A larger one needs a larger \
                     `web.start-period`.";
        }
        add("Slow start", slow);
        if stack.application().framework.allowed_hosts && self.is_new() {
            let advice =
                "The first name in `ALLOWED_HOSTS` is not one that the application allows.";
            add("The health check gets a 400", advice.to_owned());
        }
        if let Some(limit) = self.find("web.limit-concurrency").filter(|_| self.is("uvicorn")) {
            let advice = format!(
                "More than {limit} connections, idle ones included, met `--limit-concurrency`. Add a \
                 replica or raise it, with the memory it takes."
            );
            add("503 under load while the process is well", advice);
        }
        if self.is("read_only") {
            let places = match self.plan.code.storage.volumes.is_empty() {
                true => "",
                false => "beside the places above ",
            };
            let advice = format!(
                "On purpose: {places}only `/tmp` is writable, and it is memory. Write there, or give \
                 the path a volume."
            );
            add("\"Read-only file system\"", advice);
        }
        if stack.database == Database::External {
            let advice = format!(
                "{} The managed database's own limit has to be above the sum over everything that \
                 connects to it.",
                self.connections()
            );
            add("\"too many connections\"", advice);
        }
        troubles
    }

    /// Who opens how many connections to the database.
    fn connections(&self) -> String {
        let opens = if self.is_new() { "may open" } else { "is assumed to open at most" };
        let each = |role: Role, processes: &str| {
            let key = |name: &str| format!("{}.{name}", role.name());
            let (processes, pool) = (self.number(&key(processes)), self.number(&key("pool-size")));
            format!("`{}` {opens} {processes} × {pool}", self.name(role))
        };
        let mut text = each(Role::Web, "workers");
        if self.has(Role::Worker) {
            text += &format!(", {}", each(Role::Worker, "concurrency"));
        }
        text + "; a second replica doubles that."
    }

    fn migrate(&self) -> Runbook {
        let before = self.name(Role::Web);
        let orm = self.plan.answers.stack.application().framework.orm;
        let alembic = self.is_new() && orm == Orm::Sqlalchemy;
        let task = Task {
            moment: Moment::Development,
            command: "alembic revision --autogenerate -m \"what changes\"".to_owned(),
            about: "after a change of the models",
        };
        Runbook {
            does: format!(
                "Brings the database's schema up to date, then ends; `{before}` waits for it."
            ),
            tasks: if alembic { vec![task] } else { Vec::new() },
            ..Runbook::default()
        }
    }

    fn worker(&self) -> Runbook {
        let app = self.plan.celery_app();
        let limit = self.number("worker.time-limit");
        let twice = match self.find("worker.visibility-timeout") {
            Some(timeout) => {
                let place = match self.is_new() {
                    true => "",
                    false => {
                        ", the former as `visibility_timeout` in the code's \
                         `broker_transport_options`"
                    }
                };
                format!(
                    "It took longer than the visibility time-out ({timeout}), or its worker was \
                     stopped. The time limit ({limit}) is below the former on purpose: raise both \
                     together{place}."
                )
            }
            None => String::new(),
        };
        let on_stop = match self.find("worker.soft-shutdown-timeout").filter(|_| self.is_new()) {
            Some(timeout) => format!(
                "running tasks have {timeout} to finish; what is left goes back to the queue and runs \
                 again, so tasks must bear being run twice. So does the task of a process that was \
                 killed, for using too much memory for instance: at most five times, then it has \
                 failed (`TooManyDeliveriesError`)"
            ),
            None => format!(
                "running tasks have {} to finish; whether one that is then killed runs again depends \
                 on the code (`acks_late`)",
                self.number("worker.stop-grace-period")
            ),
        };
        let troubles = match twice.as_str() {
            "" => Vec::new(),
            _ => vec![Trouble { symptom: "A task ran twice", advice: twice }],
        };
        Runbook {
            does: "Runs Celery's tasks.".to_owned(),
            scale: self.count("worker.concurrency", "child"),
            gives_up: format!("a task: {limit}"),
            on_stop,
            tasks: vec![day_to_day(format!("celery --app={app} inspect active"), "tasks that run")],
            troubles,
            ..Runbook::default()
        }
    }

    fn beat(&self) -> Runbook {
        Runbook {
            does: "Queues the scheduled tasks. Runs exactly once: never scale it.".to_owned(),
            ..Runbook::default()
        }
    }

    fn database(&self) -> Runbook {
        let login = Login::of(self.service);
        let limit = self.number("db.max-connections");
        let statement = self.find("web.statement-timeout").filter(|_| self.is_new());
        let asked = "\"select usename, application_name, state, count(*) from pg_stat_activity \
                     group by 1, 2, 3 order by 4 desc\"";
        let advice = format!(
            "The database allows {limit}. {} Who holds them: `docker compose exec {} {}`",
            self.connections(),
            self.service.id,
            login.runs("psql", &["-c", asked]),
        );
        Runbook {
            does: format!("PostgreSQL{}.", self.data()),
            scale: self.count("db.max-connections", "connection"),
            gives_up: statement
                .map(|time| format!("a statement of `{}`: {time}", self.name(Role::Web)))
                .unwrap_or_default(),
            tasks: vec![day_to_day(login.runs("psql", &[]), "")],
            backups: vec![Backup {
                suffix: "dump".to_owned(),
                save: login.runs("pg_dump --format=custom", &[]),
                restore: login.restores(),
                stops: true,
            }],
            troubles: vec![Trouble {
                symptom: "\"too many connections\", \"remaining connection slots are reserved\"",
                advice,
            }],
            ..Runbook::default()
        }
    }

    /// Where its data is.
    fn data(&self) -> String {
        let mut volumes = self.service.mounts.iter().filter_map(Mount::named_volume);
        let volume = volumes.next().map(|name| format!(", its data in the volume `{name}`"));
        volume.unwrap_or_default()
    }

    fn broker(&self) -> Runbook {
        let id = &self.service.id;
        let most = self.find("redis.maxmemory").unwrap_or_default();
        let eviction = if self.goes_on() { "" } else { ". Never evicts" };
        let advice = format!(
            "The broker is full, and says so instead of evicting: an evicted key would be a lost task. \
             Either nothing takes tasks off, or results pile up, or `redis.maxmemory` ({most}) is too \
             small: `docker compose exec {id} redis-cli info memory`. `evicted_keys` in `info stats` \
             must be 0."
        );
        // Where each keeps what waits.
        let waits = match &self.plan.answers.adopted {
            Some(own) if self.plan.answers.stack.application().celery.is_none() => {
                let queues = &own.derived.queues;
                [("arq", "zcard arq:queue"), ("rq", "llen rq:queue:default")]
                    .into_iter()
                    .find(|(name, _)| queues.iter().any(|own| own == name))
                    .map(|(_, command)| command)
            }
            _ => Some("llen celery"),
        };
        let waits = waits.map(|own| day_to_day(format!("redis-cli {own}"), "tasks that wait"));
        Runbook {
            does: format!("Redis as the broker{}{eviction}.", self.data()),
            scale: format!("{most} of data"),
            tasks: waits.into_iter().collect(),
            troubles: vec![Trouble {
                symptom: "\"OOM command not allowed when used memory > 'maxmemory'\"",
                advice,
            }],
            ..Runbook::default()
        }
    }

    fn cache(&self) -> Runbook {
        let id = &self.service.id;
        let most = self.number("cache.maxmemory");
        let keeps = if self.goes_on() { "" } else { ". Keeps nothing across a restart" };
        if super::stores::carries_messages(self.plan) {
            return Runbook {
                does: format!("Redis for the messages of Channels{keeps}."),
                scale: format!("{most} of data"),
                ..Runbook::default()
            };
        }
        let advice = format!(
            "That is its work when it is full ({most}). If `evicted_keys` grows while `keyspace_hits` \
             does not, raise `cache.memory`: `docker compose exec {id} redis-cli info stats`."
        );
        Runbook {
            does: format!("Redis as the cache{keeps}."),
            scale: format!("{most} of data"),
            troubles: vec![Trouble { symptom: "The cache forgets early", advice }],
            ..Runbook::default()
        }
    }
}

fn day_to_day(command: String, about: &'static str) -> Task {
    Task { moment: Moment::DayToDay, command, about }
}

/// As whom, and to which database, PostgreSQL's own programs connect.
enum Login {
    /// As the compose file says.
    Known {
        /// The user.
        user: String,
        /// The database.
        database: String,
    },
    /// As the container is told: its file does not say it by itself.
    InContainer,
}

impl Login {
    fn of(database: &Service) -> Self {
        let kept = database.kept.as_ref();
        let by_file = kept.is_some_and(|kept| kept.keys.iter().any(|(key, _)| key == "env_file"));
        let file_names = ["POSTGRES_USER_FILE", "POSTGRES_DB_FILE"];
        let told = |name: &str| database.env.iter().find(|variable| variable.name == name);
        if by_file || file_names.iter().any(|name| told(name).is_some()) {
            return Self::InContainer;
        }
        let value = |name: &str| match told(name).map(|variable| &variable.value) {
            None => Some(None),
            Some(EnvValue::Literal(text)) => Some(Some(text.clone())),
            Some(EnvValue::Kept(Some(text))) if !interpolate::has_variable(text) => {
                Some(Some(text.clone()))
            }
            Some(_) => None,
        };
        match (value("POSTGRES_USER"), value("POSTGRES_DB")) {
            (Some(user), Some(database)) => {
                // What the image does without them.
                let user = user.unwrap_or_else(|| "postgres".to_owned());
                Self::Known { database: database.unwrap_or_else(|| user.clone()), user }
            }
            _ => Self::InContainer,
        }
    }

    /// A program with its options, that connects.
    fn runs(&self, program: &str, further: &[&str]) -> String {
        let further: String = further.iter().map(|word| format!(" {word}")).collect();
        match self {
            Self::Known { user, database } => {
                let quote = |text| shell_words::quote(text).into_owned();
                format!("{program} -U {} -d {}{further}", quote(user), quote(database))
            }
            Self::InContainer => format!("sh -c '{program} {IN_CONTAINER}{further}'"),
        }
    }

    /// All of the dump, or nothing of it.
    fn restores(&self) -> String {
        self.runs("pg_restore --clean --if-exists --single-transaction", &[])
    }
}

/// What the image does with the variables that it is told.
const IN_CONTAINER: &str = "-U \"${POSTGRES_USER:-postgres}\" -d \
                            \"${POSTGRES_DB:-${POSTGRES_USER:-postgres}}\"";
