//! What starts the application today, and what its image is given: what has to go
//! on where the files that say so are replaced.

mod image;
mod main_block;
mod proxy;
mod settings;
mod unreached;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::catalog::Program;
use crate::detect::commands::{Command, Place};
use crate::detect::facts::Facts;
use crate::detect::secret;
use crate::detect::tree::Tree;
use crate::relpath::join;
use crate::schema::Role;
pub use image::{Copied, Image, Run};
pub use proxy::{Level, Piece};

/// A command that runs today.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Launch {
    /// Its words; a secret that stood in them is the variable that holds it.
    pub argv: Vec<String>,
    /// Where it stands: `Procfile:2`.
    pub place: String,
    /// The directory it runs in, relative to the repository.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub directory: Option<String>,
    /// Whether what started it goes on where it fails: `… || true`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub may_fail: bool,
    /// Words of it that are files, and which of the repository.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, String>,
}

/// What runs the application today.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Previous {
    /// The server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub web: Option<Launch>,
    /// gunicorn's settings, as the options that say the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config: Option<Launch>,
    /// What else stands in that file: hooks, and settings that no option says.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub hooks: String,
    /// Celery's workers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub workers: Vec<Launch>,
    /// Celery's beat.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beat: Option<Launch>,
    /// What runs to its end before the server starts, in its order: of a release, of
    /// an entry script.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Launch>,
    /// Statements that only `python app.py` gets to, before it serves: those that
    /// prepare a store as a command, and others as they stand.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub prepares: Vec<Launch>,
    /// Statements of that place that prepare nothing, each with its place.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unreached: Vec<String>,
    /// The configuration of the nginx in front of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub proxy: Vec<Piece>,
    /// Variables that an entry script sets: their names, each with its place.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exports: Vec<(String, String)>,
    /// The image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<Image>,
}

impl Previous {
    /// Files of the repository that its commands name.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        let launches = self.web.iter().chain(&self.workers).chain(&self.beat).chain(&self.steps);
        // Variables are given to a container, and are no part of an image.
        let is_env = |path: &&str| path.rsplit('/').next().is_some_and(|own| own.contains(".env"));
        launches
            .flat_map(|own| own.files.values())
            .map(String::as_str)
            .filter(move |path| !is_env(path))
    }

    /// Whether nothing is known of it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What runs the application of these facts.
#[must_use]
pub fn find(tree: &Tree, commands: &[Command], facts: &Facts) -> Previous {
    let finder = Finder { tree, commands, facts };
    let web = finder.web();
    let served = web.is_some();
    let (mut prepares, unreached) = match served {
        true => (Vec::new(), Vec::new()),
        false => main_block::find(tree, facts),
    };
    let steps = finder.steps(web);
    if steps.is_empty() && prepares.is_empty() {
        prepares = unreached::find(tree, facts);
    }
    let web_launch = match web {
        Some(own) => Some(finder.launch(own)),
        None => main_block::served(tree, facts),
    };
    let settings = web_launch.as_ref().and_then(|own| settings::find(tree, own));
    let (config, hooks) = settings.map_or((None, String::new()), |own| (Some(own.0), own.1));
    Previous {
        steps,
        exports: web.map(|own| finder.exports(own)).unwrap_or_default(),
        workers: finder.celery(Program::CeleryWorker, Role::Worker),
        beat: finder.celery(Program::CeleryBeat, Role::Beat).into_iter().next(),
        web: web_launch,
        config,
        hooks,
        prepares,
        unreached,
        proxy: proxy::find(tree, facts),
        image: image::find(tree, facts),
    }
}

struct Finder<'a> {
    tree: &'a Tree,
    commands: &'a [Command],
    facts: &'a Facts,
}

impl<'a> Finder<'a> {
    /// The service of a role in the compose file.
    fn service(&self, role: Role) -> Option<&'a str> {
        self.facts.carried.value()?.roles.get(&role).map(String::as_str)
    }

    /// How well a command says what is deployed, the best first: the service of the
    /// role, the image, then a platform's and a machine's.
    fn rank(&self, command: &Command, role: Role) -> u8 {
        let is_service = self.service(role).is_some_and(|name| command.process == name);
        match command.place {
            Place::Compose if is_service => 0,
            Place::Dockerfile => 1,
            Place::Procfile => 2,
            Place::Platform => 3,
            Place::Compose => 4,
            Place::Unit => 5,
            Place::Stated => 6,
            Place::Script => 7,
            Place::Makefile => 8,
            Place::Readme => 9,
        }
    }

    /// The command that serves.
    fn web(&self) -> Option<&'a Command> {
        let lines = self.facts.app.evidence();
        let app = self.facts.app.value().map_or("", String::as_str);
        let module = app.split(':').next().unwrap_or_default();
        // The same module, from another directory of the path perhaps.
        let is_module = |word: &String| {
            let own = word.trim_end_matches("()").split([':', '(']).next().unwrap_or_default();
            let ends = |long: &str, short: &str| {
                !short.is_empty()
                    && long
                        .strip_suffix(short)
                        .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            };
            ends(own, module) || own.contains('.') && ends(module, own)
        };
        let is_web = |own: &&Command| {
            let program = Program::of(&own.argv);
            let serves = program.serves() && !program.is_development();
            let names_it = lines.contains(&own.evidence) || own.argv.iter().skip(1).any(is_module);
            // What people type while they work says nothing of production.
            let typed = own.place >= Place::Script && own.flag(&["--reload"]).is_some();
            let typed = typed
                || own.argv.iter().any(|word| word == "--reload") && own.place >= Place::Script;
            let is_service = own.place != Place::Compose
                || self.service(Role::Web).is_none_or(|name| own.process == name);
            serves && names_it && !typed && is_service
        };
        self.commands.iter().filter(is_web).min_by_key(|own| self.rank(own, Role::Web))
    }

    /// Celery's processes of a kind, of the best place that names one.
    fn celery(&self, program: Program, role: Role) -> Vec<Launch> {
        let of_kind = |own: &&Command| {
            let is_service = own.place != Place::Compose
                || self.service(role).is_none_or(|name| own.process == name);
            Program::of(&own.argv) == program && own.place < Place::Makefile && is_service
        };
        let found: Vec<&Command> = self.commands.iter().filter(of_kind).collect();
        let best = found.iter().map(|own| self.rank(own, role)).min();
        let mut launches: Vec<Launch> = Vec::new();
        for own in found.into_iter().filter(|own| Some(self.rank(own, role)) == best) {
            let launch = self.launch(own);
            if !launches.iter().any(|known| known.argv == launch.argv) {
                launches.push(launch);
            }
        }
        launches
    }

    /// What runs before the server starts, to its end.
    fn steps(&self, web: Option<&Command>) -> Vec<Launch> {
        // A platform's release is none of a project that Compose runs.
        let is_composed = self.service(Role::Web).is_some();
        let released = self.commands.iter().filter(|own| {
            matches!(own.place, Place::Procfile | Place::Platform)
                && own.process == "release"
                && !is_composed
        });
        let mut steps: Vec<&Command> = released.collect();
        if let Some(web) = web.filter(|web| web.place < Place::Script) {
            let entry = self.entry_scripts(web);
            let before = self.commands.iter().filter(|own| {
                let same = own.place == web.place && own.process == web.process;
                let own_line = own.evidence == web.evidence;
                let in_script = own.evidence.path == web.evidence.path
                    && own.evidence.line < web.evidence.line
                    && !matches!(web.place, Place::Procfile)
                    && (web.evidence.path.ends_with(".sh")
                        || !own.evidence.path.contains("ockerfile"));
                same && (own_line || in_script || entry.contains(&own.evidence.path))
            });
            let before = before.take_while(|own| !std::ptr::eq(*own, web));
            steps.extend(before);
            // Those of an entry script that stands deeper come behind it in the list; the
            // image of a service with a command of its own may come anywhere.
            let at = self.commands.iter().position(|own| std::ptr::eq(own, web)).unwrap_or(0);
            let start = if web.place == Place::Compose { 0 } else { at + 1 };
            let deeper = self.commands[start..].iter();
            steps.extend(deeper.filter(|own| {
                own.place == Place::Dockerfile
                    && web.place <= Place::Compose
                    && entry.contains(&own.evidence.path)
                    && own.evidence.path != web.evidence.path
            }));
        }
        let mut launches: Vec<Launch> = Vec::new();
        for own in steps {
            let launch = self.launch(own);
            let is_step = !Program::of(&own.argv).serves()
                && !matches!(Program::of(&own.argv), Program::CeleryWorker | Program::CeleryBeat);
            if is_step && !launches.iter().any(|known| known.argv == launch.argv) {
                launches.push(launch);
            }
        }
        launches
    }

    /// The scripts that the server's container enters by.
    fn entry_scripts(&self, web: &Command) -> Vec<String> {
        if !matches!(web.place, Place::Dockerfile | Place::Compose) {
            return Vec::new();
        }
        let image = image::dockerfile(self.tree, self.facts);
        let set = image.iter().flat_map(|own| [&own.image.entrypoint, &own.image.cmd]).flatten();
        let of_service = self.facts.carried.value().and_then(|carried| {
            let name = carried.roles.get(&Role::Web)?;
            let document = carried.document();
            Some(document.services().into_iter().find(|own| own.name == *name)?.command())
        });
        let words = set.flat_map(|own| own.value.words()).chain(of_service);
        let names: Vec<String> = words
            .flat_map(|word| word.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
            .filter_map(|word| word.rsplit('/').next().map(str::to_owned))
            .filter(|name| {
                name.ends_with(".sh") || name.contains("entrypoint") || name.contains("start")
            })
            .collect();
        self.tree
            .paths()
            .filter(|path| {
                path.rsplit('/').next().is_some_and(|name| names.iter().any(|own| own == name))
            })
            .map(str::to_owned)
            .collect()
    }

    /// Variables that those scripts set for what they start.
    fn exports(&self, web: &Command) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for path in self.entry_scripts(web) {
            let text = self.tree.text(&path).unwrap_or_default();
            for (at, line) in text.lines().enumerate() {
                let set =
                    line.trim_start().strip_prefix("export ").and_then(|own| own.split_once('='));
                let name = set.map(|(name, _)| name.trim().to_owned());
                found.extend(name.map(|name| (name, format!("{path}:{}", at + 1))));
            }
        }
        found
    }

    fn launch(&self, command: &Command) -> Launch {
        let mut argv = command.argv.clone();
        for (name, value) in &command.variables {
            if secret::is_name(name, &["KEY", "DATABASE_URL"]) && value.len() > 2 {
                for word in argv.iter_mut().filter(|word| word.contains(value.as_str())) {
                    *word = word.replace(value.as_str(), &format!("${name}"));
                }
            }
        }
        let directory = command.directory.as_deref();
        let values = argv.iter().skip(1);
        let values = values.map(|word| match word.split_once('=') {
            Some((flag, value)) if flag.starts_with('-') => value,
            _ => word,
        });
        let files = values.filter_map(|word| Some((word.to_owned(), self.file(directory, word)?)));
        Launch {
            files: files.collect(),
            place: command.evidence.place(),
            directory: command.directory.clone(),
            may_fail: command.may_fail || self.may_fail(command),
            argv,
        }
    }

    /// Whether the line of a script ends in what makes its failure none.
    fn may_fail(&self, command: &Command) -> bool {
        let text = self.tree.text(&command.evidence.path).unwrap_or_default();
        let lines = text.lines().skip(command.evidence.line.saturating_sub(1));
        let mut whole = String::new();
        for line in lines {
            let line = line.trim_end();
            whole.push_str(line.trim_end_matches('\\'));
            whole.push(' ');
            if !line.ends_with('\\') {
                break;
            }
        }
        let behind = whole.rsplit_once("||").map(|(_, behind)| behind.trim());
        let first = behind.and_then(|own| own.split_whitespace().next());
        matches!(first, Some("true" | ":" | "echo" | "printf"))
    }

    /// The file of the repository that a word is; of a path of the image the longest
    /// end that is there.
    fn file(&self, directory: Option<&str>, word: &str) -> Option<String> {
        if word.starts_with('-') || word.contains('$') || !word.contains(['.', '/']) {
            return None;
        }
        let parts: Vec<&str> = word.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
        let depth = if word.starts_with('/') { parts.len() } else { 1 };
        (0..depth).find_map(|at| {
            let end = parts[at..].join("/");
            let bases = [directory.unwrap_or("."), "."];
            bases.iter().filter_map(|base| join(base, &end)).find(|path| self.tree.has(path))
        })
    }
}
