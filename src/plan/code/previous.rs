//! What the files that ours replace did, as ours do it: options of commands, steps
//! before the start, what the image was given.

use serde::Serialize;

use crate::answers::Answers;
use crate::answers::adopted::{Adopted, Derived, TOP};
use crate::answers::start::{self, Fate, Taken};
use crate::catalog::Program;
use crate::detect::previous::{Image, Launch, Previous};
use crate::plan::carry::{Carry, is_development};
use crate::plan::code::{Command, Place, in_image};
use crate::plan::shape::Shape;
use crate::source::shell;

/// Something that ours do in another way, or not at all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Left {
    /// Where it stands: `Dockerfile:6`.
    pub place: String,
    /// What it is.
    pub what: String,
    /// Why.
    pub why: String,
    /// Whether nothing does it any more.
    pub is_lost: bool,
}

impl Left {
    /// For people.
    #[must_use]
    pub fn sentence(&self) -> String {
        format!("{}: `{}` is not carried on: {}", self.place, self.what, self.why)
    }
}

/// A copy in the image, beside the code.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Copied {
    /// In the build context.
    pub source: String,
    /// In the image.
    pub target: String,
}

/// What goes on of what was there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Kept {
    /// Options at the end of the server's command, as lines of its exec form.
    pub options: Vec<String>,
    /// Options of Celery's worker.
    pub worker: Vec<Vec<String>>,
    /// The name that the worker has; empty for its own.
    pub worker_name: String,
    /// Whether the worker's pool is one of processes.
    pub pool_of_processes: bool,
    /// Options of Celery's beat.
    pub beat: Vec<Vec<String>>,
    /// Beat's scheduler; empty where none was named.
    pub scheduler: String,
    /// Further lines of gunicorn's configuration.
    pub hooks: String,
    /// The file those were in.
    pub hooks_from: String,
    /// Variables of the image, quoted.
    pub env: Vec<String>,
    /// Files beside the code.
    pub copied: Vec<Copied>,
    /// Models that the build fetches: the address, and the file in the image.
    pub fetched: Vec<Copied>,
    /// What is run in the image once packages and code are there.
    pub runs: Vec<String>,
    /// Commands of Django that make files of the code, before static files are collected.
    pub compiles: Vec<String>,
    /// Commands of Django after static files are collected.
    pub compresses: Vec<String>,
    /// The Dockerfile that these are of.
    pub dockerfile: String,
    /// The port of the old image; 0 for none.
    pub port: u16,
    /// What runs once before the start, beside the migration: shell commands.
    #[serde(skip)]
    pub steps: Vec<String>,
    /// How many of the steps come before the migration.
    #[serde(skip)]
    pub steps_before: usize,
    /// Where the steps stand that only `python` of that file got to.
    #[serde(skip)]
    pub prepares: Vec<String>,
    /// What does not go on.
    pub left: Vec<Left>,
}

/// What only waits for another service.
const WAITS: [&str; 14] = [
    "nc",
    "ncat",
    "wait-for-it.sh",
    "wait-for-it",
    "wait-for",
    "wait-for.sh",
    "dockerize",
    "pg_isready",
    "mysqladmin",
    "curl",
    "wget",
    "redis-cli",
    "ping",
    "psql",
];
/// What only prepares the container that it runs in.
const PREPARES_CONTAINER: [&str; 14] = [
    "chown", "chmod", "mkdir", "rm", "touch", "[", "test", "set", "cd", "export", "id", "install",
    "gosu", "su-exec",
];
/// What puts files where others read them.
const COPIES: [&str; 4] = ["cp", "mv", "ln", "rsync"];
/// Commands of Flask's extensions that make files of others for what serves them.
const FLASK_BUILDS: [&str; 2] = ["digest", "assets"];
/// What installs packages, which ours do in their own way.
const INSTALLS: [&str; 26] = [
    "apt-get",
    "apt",
    "apk",
    "pip",
    "pip3",
    "poetry",
    "uv",
    "pipenv",
    "pdm",
    "conda",
    "useradd",
    "adduser",
    "groupadd",
    "addgroup",
    "sed",
    "find",
    "ldconfig",
    "dos2unix",
    "echo",
    "mv",
    "update-ca-certificates",
    "locale-gen",
    "true",
    "usermod",
    "groupmod",
    "printf",
];
/// Variables that say how an image is built, or that ours set.
const OF_THE_BUILD: [&str; 17] = [
    "PATH",
    "HOME",
    "PYTHONPATH",
    "PYTHONUNBUFFERED",
    "PYTHONDONTWRITEBYTECODE",
    "VIRTUAL_ENV",
    "DEBIAN_FRONTEND",
    "DJANGO_SETTINGS_MODULE",
    "WEB_CONCURRENCY",
    "XDG_CACHE_HOME",
    "APP_HOME",
    "WORKDIR",
    "USER",
    "LD_PRELOAD",
    "PYTHONHOME",
    "PYTHONPYCACHEPREFIX",
    "GUNICORN_CMD_ARGS",
];
const OF_TOOLS: [&str; 8] =
    ["PIP_", "POETRY_", "UV_", "PDM_", "PIPENV_", "NODE_", "npm_", "CONDA_"];

impl Kept {
    /// What goes on of what the answers know; nothing where the image stays.
    pub(super) fn of(shape: &Shape, adopted: &Adopted, workdir: &str) -> Self {
        let previous = &adopted.derived.previous;
        let mut kept = Self { pool_of_processes: true, ..Self::default() };
        if adopted.image().is_some() {
            return kept;
        }
        let paths = Paths { adopted, workdir };
        for fate in start::web(previous, shape.application().server) {
            if let Some(words) = kept.take(fate, &paths) {
                kept.options.push(json(&words));
            }
        }
        let celery = shape.application().celery;
        if celery.is_some()
            && let Some(worker) = previous.workers.first()
        {
            for fate in start::celery(worker) {
                let (name, said) = (fate.name, fate.said.clone());
                if fate.name == "hostname" {
                    kept.name_worker(fate);
                } else if let Some(words) = kept.take(fate, &paths) {
                    kept.worker.push(words);
                }
                kept.pool_of_processes &= name != "pool" || said.ends_with("prefork");
            }
            for other in &previous.workers[1..] {
                let said = other.argv.join(" ");
                match (kept.take_queues(worker, other), lost_options(worker, other)) {
                    (Some(queues), lost) if lost.is_empty() => kept.replace(
                        &other.place,
                        &said,
                        &format!("one service of workers is written, which takes {queues} as well"),
                    ),
                    (Some(queues), lost) => kept.lose(
                        &other.place,
                        &said,
                        &format!(
                            "one service of workers is written, which takes {queues} as well, without its {}: add one for this where that matters",
                            lost.join(", ")
                        ),
                    ),
                    (None, _) => kept.lose(
                        &other.place,
                        &said,
                        "one service of workers is written: add one for this, or let the first take its queues as well",
                    ),
                }
            }
        }
        if celery.is_some_and(|celery| celery.beat)
            && let Some(beat) = &previous.beat
        {
            for fate in start::celery(beat) {
                let name = fate.name;
                let Some(words) = kept.take(fate, &paths) else { continue };
                match name {
                    "scheduler" => kept.scheduler = value_of(&words),
                    _ => kept.beat.push(words),
                }
            }
        }
        if shape.application().server.is_gunicorn() && !previous.hooks.is_empty() {
            kept.hooks.clone_from(&previous.hooks);
            kept.hooks_from =
                previous.config.as_ref().map(|own| own.place.clone()).unwrap_or_default();
        }
        kept.steps(shape, previous, &paths);
        kept.image(shape, previous, &paths);
        // Without its list every page fails, whether an old file made it or not.
        let files = adopted.derived.static_files.as_ref();
        if files.is_some_and(|own| own.collectstatic && own.compressed)
            && kept.compresses.is_empty()
        {
            kept.compress(Vec::new());
        }
        for (name, place) in &previous.exports {
            if !OF_THE_BUILD.contains(&name.as_str()) {
                kept.lose(
                    place,
                    &format!("export {name}=…"),
                    "no script of ours sets it: give it to the service, in its environment",
                );
            }
        }
        for line in &previous.unreached {
            let (place, what) = line.split_once(": ").unwrap_or(("", line));
            kept.lose(
                place,
                what.trim_matches('`'),
                "only `python` of that file gets there, and a server imports it: move it to where the application is made",
            );
        }
        kept
    }

    fn lose(&mut self, place: &str, what: &str, why: &str) {
        self.left.push(Left {
            place: place.into(),
            what: what.into(),
            why: why.into(),
            is_lost: true,
        });
    }

    fn replace(&mut self, place: &str, what: &str, why: &str) {
        self.left.push(Left {
            place: place.into(),
            what: what.into(),
            why: why.into(),
            is_lost: false,
        });
    }

    /// The words of an option that is written again, its files where they are now.
    fn take(&mut self, fate: Fate, paths: &Paths<'_>) -> Option<Vec<String>> {
        match fate.taken {
            Taken::Option(words) => {
                let previous = &paths.adopted.derived.previous;
                let mut launches =
                    previous.web.iter().chain(&previous.config).chain(&previous.workers);
                let found = |word: &String| {
                    let own = launches.find_map(|own| own.files.get(word))?;
                    paths.file(own)
                };
                let last = words.last().and_then(found);
                let mut words = words;
                if let (Some(path), Some(word)) = (last, words.last_mut()) {
                    *word = path;
                }
                Some(words)
            }
            Taken::Number { .. } => None,
            Taken::Replaced(why) => {
                self.replace(&fate.place, &fate.said, &why);
                None
            }
            Taken::Dropped(why) => {
                self.lose(&fate.place, &fate.said, &why);
                None
            }
        }
    }

    /// The queues of another worker of the same application, added to those that the
    /// first one names: one that names none takes the default's, whatever that is called.
    fn take_queues(&mut self, first: &Launch, other: &Launch) -> Option<String> {
        let said = |launch: &Launch, name: &str| {
            start::celery(launch).into_iter().find(|own| own.name == name)
        };
        let value = |fate: Fate| match fate.taken {
            Taken::Option(words) => Some(value_of(&words)),
            _ => None,
        };
        let last = |text: &str| text.rsplit(' ').next().map(str::to_owned);
        let app = |launch| said(launch, "app").and_then(|own| last(&own.said));
        let more = said(other, "queues").and_then(value).filter(|_| app(first) == app(other))?;
        let own = said(first, "queues").and_then(value)?;
        let words = self.worker.iter_mut().find(|words| value_of(words) == own)?;
        let mut all: Vec<&str> = own.split(',').collect();
        let new = more.split(',').filter(|queue| !own.split(',').any(|known| known == *queue));
        all.extend(new);
        *words = vec![format!("--queues={}", all.join(","))];
        Some(more)
    }

    /// The name of a worker, by which its health check asks for it.
    fn name_worker(&mut self, fate: Fate) {
        let Taken::Option(words) = fate.taken else { return };
        let name = value_of(&words);
        let name = if name.contains('@') { name } else { format!("{name}@%h") };
        if name.replace("%h", "").contains('%') {
            let why = "the health check asks the worker by a name that has to be known";
            self.lose(&fate.place, &fate.said, why);
        } else {
            self.worker.push(vec![format!("--hostname={name}")]);
            self.worker_name = name.replace("%h", "$HOSTNAME");
        }
    }

    /// What runs once before the start.
    fn steps(&mut self, shape: &Shape, previous: &Previous, paths: &Paths<'_>) {
        let collects = adopted_collects(paths.adopted);
        let mut before = None;
        for launch in previous.steps.iter().chain(&previous.prepares) {
            let text = launch.argv.join(" ");
            let name = program(launch);
            if name.is_empty() {
                continue;
            }
            match Program::of(&launch.argv) {
                Program::Migrate if paths.adopted.migrations != "none" => {
                    before = before.or(Some(self.steps.len()));
                    self.replace(&launch.place, &text, "a service of its own migrates, once");
                    continue;
                }
                Program::Collectstatic if collects => {
                    self.replace(&launch.place, &text, "the image is built with its static files");
                    continue;
                }
                _ => {}
            }
            if let Some(command) = django_command(launch) {
                let arguments = arguments_behind(launch, command);
                match command {
                    "compilemessages" => {
                        self.compile(arguments);
                        self.replace(
                            &launch.place,
                            &text,
                            "it runs once, while the image is built",
                        );
                        continue;
                    }
                    "compress" if collects => {
                        self.compress(arguments);
                        self.replace(
                            &launch.place,
                            &text,
                            "it runs once, while the image is built",
                        );
                        continue;
                    }
                    _ => {}
                }
            }
            if WAITS.contains(&name) || name.starts_with("wait") {
                self.replace(
                    &launch.place,
                    &text,
                    "services wait for the health of what they need",
                );
            } else if COPIES.contains(&name) {
                self.copy_at_start(launch, &text, paths);
            } else if PREPARES_CONTAINER.contains(&name) {
                self.replace(&launch.place, &text, "the image is built with what its user needs");
            } else if is_ours_to_run(launch, name) {
                self.steps.push(paths.step(launch));
                if previous.prepares.contains(launch) {
                    self.prepares.push(launch.place.clone());
                }
            } else {
                self.lose(&launch.place, &text, "the new image has no such program");
            }
        }
        self.steps_before = before.unwrap_or(0);
        let carry = Carry::of(shape.answers, &shape.roles);
        if collects && carry.is_some_and(|carry| carry.shares_static()) {
            let manage = Place::of(shape, paths.adopted).manage(paths.adopted);
            let words = ["collectstatic", "--no-input"].map(str::to_owned);
            self.steps.push(shell_words::join(manage.into_iter().chain(words)));
        }
    }

    /// A copy at every start: of what a stage built it is made once, in the image.
    fn copy_at_start(&mut self, launch: &Launch, text: &str, paths: &Paths<'_>) {
        let words: Vec<&str> = launch
            .argv
            .iter()
            .skip(1)
            .map(String::as_str)
            .filter(|own| !own.starts_with('-'))
            .collect();
        let Some((target, sources)) = words.split_last().filter(|own| !own.1.is_empty()) else {
            return;
        };
        let built: Vec<&str> = paths
            .adopted
            .derived
            .old_stages
            .iter()
            .flat_map(|stage| &stage.copies)
            .map(|copy| copy.target.trim_end_matches('/'))
            .filter(|target| target.starts_with('/'))
            .collect();
        let below = |path: &str| {
            built.iter().any(|own| {
                path.strip_prefix(own).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            })
        };
        if sources.iter().all(|own| below(own)) && !text.contains('$') {
            self.runs.push(shell_words::join(&launch.argv));
            self.replace(&launch.place, text, "it is copied once, while the image is built");
        } else {
            let why = format!(
                "no start of ours copies it, so what is served or read at {target} is not there: let the image hold it"
            );
            self.lose(&launch.place, text, &why);
        }
    }

    fn compile(&mut self, arguments: Vec<String>) {
        let command = words(&["django-admin", "compilemessages"], arguments);
        if !self.compiles.contains(&command) {
            self.compiles.push(command);
        }
    }

    fn compress(&mut self, arguments: Vec<String>) {
        let command = words(&["compress"], arguments);
        if !self.compresses.contains(&command) {
            self.compresses.push(command);
        }
    }

    /// What the image was given.
    fn image(&mut self, shape: &Shape, previous: &Previous, paths: &Paths<'_>) {
        let Some(image) = &previous.image else { return };
        self.dockerfile.clone_from(&image.path);
        self.port = image.port.filter(|port| *port >= 1024).unwrap_or_default();
        let has_model = shape.application().model.is_some();
        let caches = ["HF_HOME", "MPLCONFIGDIR", "NLTK_DATA", "TORCH_HOME", "YOLO_CONFIG_DIR"];
        // A cache that is on a volume stays there.
        let mounts = paths.adopted.derived.carried.as_ref();
        let is_mounted =
            |path: &str| mounts.is_some_and(|own| own.text.contains(&format!(":{path}")));
        for (name, value) in &image.env {
            let is_ours = OF_THE_BUILD.contains(&name.as_str())
                || OF_TOOLS.iter().any(|own| name.starts_with(own))
                || has_model && caches.contains(&name.as_str()) && !is_mounted(value);
            let what = format!("ENV {name}={value}");
            if is_ours {
                self.replace(
                    &image.path,
                    &what,
                    "it is of how that image is built, or ours sets it",
                );
            } else if is_development(name, value) {
                self.lose(&image.path, &what, "it turns development on");
            } else {
                let value = paths.moved(value, image);
                self.env.push(format!("{name}={}", quoted(&value)));
            }
        }
        for name in &image.secrets {
            self.lose(
                &image.path,
                &format!("ENV {name}=…"),
                "a secret does not belong into an image, whoever has it reads it: put it into .env",
            );
        }
        let named = self.named(paths);
        for own in &image.copied {
            let source = paths.adopted.within(&own.source).unwrap_or(&own.source).to_owned();
            let what = format!("COPY {} {}", own.source, own.target);
            let target = own.target.trim_end_matches('/');
            if named.contains(target) {
                self.copied.push(Copied { source, target: own.target.clone() });
            } else {
                self.replace(&own.place, &what, "nothing that goes on names it");
            }
        }
        for run in &image.runs {
            self.built(&run.text, &run.place, paths);
        }
        self.link(image, paths);
    }

    /// The old directory of the code, for what is no part of it and names it.
    fn link(&mut self, image: &Image, paths: &Paths<'_>) {
        let old = image.workdir.trim_end_matches('/');
        let new = paths.code(image);
        // Directories that the system has, which a link cannot take the place of.
        const THERE: [&str; 10] =
            ["/", "/home", "/opt", "/srv", "/usr", "/usr/src", "/var", "/tmp", "/root", "/mnt"];
        let is_free = old.starts_with('/') && !THERE.contains(&old);
        let is_apart = old != TOP && !old.starts_with("/app/");
        if is_free && is_apart && image.is_named && !self.copied.is_empty() {
            let above = old.rsplit_once('/').map_or("", |(above, _)| above);
            let made = match above {
                "" => String::new(),
                above => format!("mkdir --parents {above} && "),
            };
            self.runs.push(format!("{made}ln --symbolic {new} {old}"));
        }
    }

    /// Everything that goes on and may name a file of the image.
    fn named(&self, paths: &Paths<'_>) -> String {
        let derived = &paths.adopted.derived;
        let mut text = derived.carried.as_ref().map(|own| own.text.clone()).unwrap_or_default();
        for more in self.steps.iter().chain(&self.options).chain(&self.env) {
            text.push('\n');
            text.push_str(more);
        }
        text
    }

    /// A step of the old build.
    fn built(&mut self, text: &str, place: &str, paths: &Paths<'_>) {
        for simple in shell::split(text) {
            // A variable of the commands behind it.
            if simple.words.len() == 1 && simple.words[0].contains('=') {
                continue;
            }
            let argv = crate::detect::commands::unwrap(&simple.words).argv;
            let launch = Launch { argv, place: place.to_owned(), ..Launch::default() };
            let name = program(&launch);
            let what = launch.argv.join(" ");
            let image = paths.adopted.derived.previous.image.as_ref();
            let workdir = image.map_or("/", |own| own.workdir.as_str());
            if matches!(name, "wget" | "curl")
                && let Some(fetched) = fetched(&launch.argv, workdir)
            {
                let target = image.map_or_else(
                    || fetched.target.clone(),
                    |own| paths.moved(&fetched.target, own),
                );
                self.fetched.push(Copied { target, ..fetched });
                self.replace(
                    place,
                    &what,
                    "ADD fetches it while the image is built, without a checksum as before",
                );
                continue;
            }
            if name.is_empty()
                || INSTALLS.contains(&name)
                || PREPARES_CONTAINER.contains(&name)
                || COPIES.contains(&name)
                || name.starts_with("python") && what.contains(" -c import ")
                || what.starts_with("python -m pip")
                || what.starts_with("python -m venv")
                || what.starts_with("python3 -m venv")
            {
                continue;
            }
            match (django_command(&launch), Program::of(&launch.argv)) {
                // Each has a step or a service of its own.
                (_, Program::Collectstatic | Program::Migrate) => {}
                (Some("compilemessages"), _) => {
                    let arguments = arguments_behind(&launch, "compilemessages");
                    self.compile(arguments);
                }
                (Some("compress"), _) if adopted_collects(paths.adopted) => {
                    let arguments = arguments_behind(&launch, "compress");
                    self.compress(arguments);
                }
                _ if name == "flask"
                    && launch.argv.get(1).is_some_and(|own| FLASK_BUILDS.contains(&own.as_str())) =>
                {
                    // With the variables in front of it.
                    let words = simple.words.iter().map(|word| match word.split_once('=') {
                        Some((name, value)) if !name.starts_with('-') => {
                            format!("{name}={}", shell_words::quote(value))
                        }
                        _ => shell_words::quote(word).into_owned(),
                    });
                    self.runs.push(words.collect::<Vec<_>>().join(" "));
                }
                _ if what.contains("nltk") && name.starts_with("python") => {
                    // As root, where it is found whoever asks.
                    self.runs.push(format!(
                        "mkdir -p /usr/local/share/nltk_data && {}",
                        shell_words::join(&launch.argv)
                    ));
                }
                _ => self.lose(
                    place,
                    &what,
                    "nothing says what the image has of it: where the application needs it, write it into the new Dockerfile, and later runs keep that",
                ),
            }
        }
    }
}

/// Where things are in the new image.
struct Paths<'a> {
    adopted: &'a Adopted,
    workdir: &'a str,
}

impl Paths<'_> {
    /// A file of the repository, as a process of the new image names it.
    fn file(&self, path: &str) -> Option<String> {
        let whole = in_image(TOP, self.adopted.within(path)?);
        let below = whole.strip_prefix(self.workdir).and_then(|rest| rest.strip_prefix('/'));
        Some(below.map_or(whole.clone(), str::to_owned))
    }

    /// Where the new image has what the old one had in the directory of its code.
    fn code(&self, image: &Image) -> String {
        let from = match image.code.as_str() {
            "" | "." => "",
            from => self.adopted.within(from).unwrap_or_default(),
        };
        in_image(TOP, from)
    }

    /// A path of the old image.
    fn moved(&self, text: &str, image: &Image) -> String {
        let old = image.workdir.trim_end_matches('/');
        let new = self.code(image);
        let is_code = !old.is_empty() && (new != TOP || old != TOP && !old.starts_with("/app/"));
        match text.strip_prefix(old) {
            Some(rest) if is_code && (rest.is_empty() || rest.starts_with('/')) => {
                format!("{new}{rest}")
            }
            _ => text.to_owned(),
        }
    }

    /// A step as a shell runs it.
    fn step(&self, launch: &Launch) -> String {
        let argv: Vec<String> = launch
            .argv
            .iter()
            .map(|word| match launch.files.get(word) {
                Some(path) if word.starts_with('/') => {
                    self.adopted.within(path).map_or(word.clone(), |own| in_image(TOP, own))
                }
                _ => word.clone(),
            })
            .collect();
        let quoted: Vec<String> = argv
            .iter()
            .map(|word| match word.contains('$') {
                // A variable of the container.
                true => format!("\"{}\"", word.replace('"', "\\\"")),
                false => shell_words::quote(word).into_owned(),
            })
            .collect();
        let command = quoted.join(" ");
        let directory = launch.directory.as_deref().and_then(|own| match own {
            "." => self.adopted.within("").map(str::to_owned).or(Some(String::new())),
            own => self.adopted.within(own).map(str::to_owned),
        });
        let command = match directory.map(|own| in_image(TOP, &own)) {
            Some(own) if own != self.workdir => format!("cd {own} && {command}"),
            _ => command,
        };
        match launch.may_fail {
            true => format!("{{ {command} || true; }}"),
            false => command,
        }
    }
}

/// A model that `wget` or `curl` fetches, by the ending of its file; `None` for anything
/// else, and for what needs an account or a variable of the build.
fn fetched(argv: &[String], workdir: &str) -> Option<Copied> {
    const MODELS: [&str; 16] = [
        "onnx",
        "pt",
        "pth",
        "bin",
        "safetensors",
        "gguf",
        "ggml",
        "h5",
        "keras",
        "pkl",
        "joblib",
        "tflite",
        "task",
        "pb",
        "caffemodel",
        "npz",
    ];
    let mut addresses = argv.iter().filter(|word| word.starts_with("http"));
    let (address, None) = (addresses.next()?, addresses.next()) else { return None };
    let asks = |word: &String| {
        word.contains('$') || word.starts_with("--header") || matches!(word.as_str(), "-H" | "-u")
    };
    if argv.iter().any(asks) {
        return None;
    }
    let file = address.split(['?', '#']).next()?.rsplit('/').next()?;
    let value = |names: &[&str]| {
        argv.iter().enumerate().find_map(|(at, word)| {
            let glued = |name: &&str| word.strip_prefix(*name)?.strip_prefix('=');
            match names.contains(&word.as_str()) {
                true => argv.get(at + 1).map(String::as_str),
                false => names.iter().find_map(glued),
            }
        })
    };
    let is_wget = argv.first().is_some_and(|own| own.ends_with("wget"));
    let (to, into): (&[&str], &[&str]) = match is_wget {
        true => (&["-O", "-qO", "-nvO", "--output-document"], &["-P", "--directory-prefix"]),
        false => (&["-o", "-Lo", "-sLo", "-fLo", "-fsSLo", "-sSLo", "--output"], &["--output-dir"]),
    };
    let place = match (value(to), value(into)) {
        (Some(file), _) => file.to_owned(),
        (None, Some(directory)) => format!("{}/{file}", directory.trim_end_matches('/')),
        (None, None) => file.to_owned(),
    };
    let target = match place.starts_with('/') {
        true => place,
        false => format!("{}/{place}", workdir.trim_end_matches('/')),
    };
    let ending = target.rsplit('.').next()?.to_ascii_lowercase();
    MODELS.contains(&ending.as_str()).then(|| Copied { source: address.clone(), target })
}

/// Options of a second worker that the first one does not have as well. How many of them
/// there are is a number of the plan, and a name tells them apart.
fn lost_options(first: &Launch, other: &Launch) -> Vec<String> {
    let of = |launch| start::celery(launch).into_iter();
    let own: Vec<String> = of(first).map(|fate| fate.said).collect();
    let others = of(other).filter(|fate| {
        !matches!(fate.name, "app" | "queues" | "concurrency" | "hostname" | "loglevel")
            && !own.contains(&fate.said)
    });
    others.map(|fate| fate.said).collect()
}

fn adopted_collects(adopted: &Adopted) -> bool {
    adopted.derived.static_files.as_ref().is_some_and(|files| files.collectstatic)
}

/// Whether the new image has what a step starts.
fn is_ours_to_run(launch: &Launch, name: &str) -> bool {
    const OF_PACKAGES: [&str; 14] = [
        "flask",
        "alembic",
        "aerich",
        "django-admin",
        "manage.py",
        "prisma",
        "tortoise",
        "yoyo",
        "piccolo",
        "invoke",
        "dbmate",
        "fastapi",
        "celery",
        "airflow",
    ];
    let first = launch.argv.first().map_or("", String::as_str);
    name.starts_with("python")
        || OF_PACKAGES.contains(&name)
        || launch.files.contains_key(first)
        || matches!(name, "sh" | "bash")
            && launch.argv.iter().any(|word| launch.files.contains_key(word))
}

/// The name of the program that a line starts; empty for what is no name of one:
/// the end of a block, a piece of a sum.
fn program(launch: &Launch) -> &str {
    const OF_THE_SHELL: [&str; 14] = [
        "fi", "done", "esac", "else", "exit", "return", "case", "for", "function", "break",
        "continue", "yes", "seq", "printf",
    ];
    let first = launch.argv.first().map_or("", String::as_str);
    let name = first.rsplit('/').next().unwrap_or(first);
    let is_name = first.starts_with(|c: char| c.is_ascii_alphanumeric() || "./_".contains(c))
        && !first.contains([')', '(', '=']);
    if is_name && !OF_THE_SHELL.contains(&name) { name } else { "" }
}

/// The command of Django that a line runs.
fn django_command(launch: &Launch) -> Option<&str> {
    let at = launch.argv.iter().position(|word| {
        word.ends_with("manage.py") || word.ends_with("django-admin") || word == "django"
    })?;
    launch.argv.get(at + 1).map(String::as_str)
}

fn arguments_behind(launch: &Launch, command: &str) -> Vec<String> {
    launch.argv.iter().skip_while(|word| *word != command).skip(1).cloned().collect()
}

fn words(first: &[&str], rest: Vec<String>) -> String {
    let all = first.iter().map(|word| (*word).to_owned()).chain(rest);
    shell_words::join(all)
}

/// The value of an option: `--scheduler=x`, or the word behind it.
fn value_of(words: &[String]) -> String {
    let last = words.last().map_or("", String::as_str);
    match (words.len(), last.split_once('=')) {
        (1, Some((_, value))) => value.to_owned(),
        _ => last.to_owned(),
    }
}

/// Words as a piece of a JSON array.
fn json(words: &[String]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
    quoted.join(", ")
}

/// A value as ENV reads it.
fn quoted(value: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:,@+%".contains(c);
    match !value.is_empty() && value.chars().all(plain) {
        true => value.to_owned(),
        false => {
            format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"").replace('$', "\\$"))
        }
    }
}

/// The port that the old image's server listens on; only root may open lower ones.
#[must_use]
pub fn port(answers: &Answers) -> Option<u16> {
    let previous = &answers.adopted.as_ref()?.derived.previous;
    let image = previous.image.as_ref()?;
    let said = previous.web.as_ref().and_then(|web| {
        let server = answers.stack.application().server;
        start::web(previous, server).into_iter().rev().find_map(|own| {
            let is_port = own.place == web.place && matches!(own.name, "port" | "bind");
            let number = own.said.rsplit([':', ' ']).next().filter(|_| is_port)?;
            number.trim_end_matches('}').rsplit('-').next()?.parse().ok()
        })
    });
    said.or(image.port).filter(|port| *port >= 1024)
}

/// Whether something runs once before the start, beside a migration.
#[must_use]
pub fn runs_once(shape: &Shape, adopted: &Adopted) -> bool {
    !Kept::of(shape, adopted, TOP).steps.is_empty()
}

/// Whether messages are compiled while the image is built, which takes a program.
#[must_use]
pub fn compiles_messages(derived: &Derived) -> bool {
    let previous = &derived.previous;
    let says = |text: &str| text.contains("compilemessages");
    previous.image.iter().flat_map(|own| &own.runs).any(|own| says(&own.text))
        || previous.steps.iter().any(|own| own.argv.iter().any(|word| says(word)))
}

/// The command that runs once: the migration among the other steps.
pub(super) fn once(kept: &Kept, migrate: Command) -> Command {
    if kept.steps.is_empty() {
        return migrate;
    }
    let own = shell_words::join(&migrate.words);
    let own = match (migrate.words.is_empty(), migrate.directory.is_empty()) {
        (true, _) => None,
        (false, true) => Some(own),
        (false, false) => Some(format!("(cd {} && {own})", migrate.directory)),
    };
    let in_own = |step: &String| match step.starts_with("cd ") || step.ends_with(" || true") {
        true => format!("({step})"),
        false => step.clone(),
    };
    let (before, behind) = kept.steps.split_at(kept.steps_before.min(kept.steps.len()));
    let all: Vec<String> =
        before.iter().map(in_own).chain(own).chain(behind.iter().map(in_own)).collect();
    match all.as_slice() {
        // One program needs no shell.
        [one] if !one.contains('$') && !one.starts_with(['(', '{']) => {
            Command { words: shell_words::split(one).unwrap_or_default(), directory: String::new() }
        }
        _ => Command {
            words: vec!["sh".to_owned(), "-c".to_owned(), all.join(" && ")],
            directory: String::new(),
        },
    }
}
