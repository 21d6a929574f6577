//! Reads everything that a subject holds.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::container::{self, Container, Kind, Variable};
use super::deployment::{self, Group};
use super::{
    Build, Config, Deployment, EnvFile, Ignored, Proxy, Purpose, Recipe, Subject, Unread, launch,
    settings,
};
use crate::detect::compose::files::{directory_of, file_name};
use crate::detect::tree::Tree;
use crate::detect::{self, Facts, Wishes, scope};
use crate::error::Error;
use crate::lint::diagnostic::At;
use crate::source::compose::project::Project;
use crate::source::compose::yaml::Node;
use crate::source::compose::{Item, Service, yaml};
use crate::source::dockerfile::{Arguments, Command, Dockerfile};
use crate::source::text::Text;
use crate::source::{dotenv, nginx};

/// Largest container file that is read, in bytes.
const CAP: u64 = 4 << 20;

impl Subject {
    /// Reads a directory.
    ///
    /// # Errors
    /// When the directory itself cannot be read.
    pub fn read(directory: &Path) -> Result<Self, Error> {
        Self::with(directory, BTreeMap::new())
    }

    /// Reads the container files of a directory alone, as if some of its files held
    /// other texts; what the code in it is stays open.
    ///
    /// # Errors
    /// When the directory itself cannot be read.
    pub fn files(directory: &Path, overlay: BTreeMap<String, String>) -> Result<Self, Error> {
        let mut tree = Tree::list(directory)?;
        for (path, text) in &overlay {
            tree.put(path, text);
        }
        Ok(Loader::new(tree, Facts::default(), overlay).load())
    }

    /// Reads a directory as if some of its files held other texts.
    ///
    /// # Errors
    /// When the directory itself cannot be read.
    pub fn with(directory: &Path, overlay: BTreeMap<String, String>) -> Result<Self, Error> {
        let mut tree = Tree::read(directory)?;
        for (path, text) in &overlay {
            tree.put(path, text);
        }
        let facts = detect::of_tree(&tree, &Wishes::default());
        Ok(Loader::new(tree, facts, overlay).load())
    }
}

/// Whether a file's name is a Dockerfile's.
#[must_use]
pub fn is_dockerfile(path: &str) -> bool {
    let name = file_name(path).to_ascii_lowercase();
    let stem = ["dockerfile", "containerfile"];
    let is = |name: &str| {
        stem.iter().any(|stem| {
            name == *stem
                || name.strip_prefix(stem).is_some_and(|rest| rest.starts_with(['.', '-', '_']))
                || name.strip_suffix(stem).is_some_and(|rest| rest.ends_with(['.', '-', '_']))
        })
    };
    is(&name)
        && ![
            ".dockerignore",
            ".md",
            ".j2",
            ".jinja",
            ".jinja2",
            ".tera",
            ".tmpl",
            ".tpl",
            ".txt",
            ".py",
            ".sh",
            ".js",
            ".ts",
            ".json",
            ".yml",
            ".yaml",
            ".html",
        ]
        .iter()
        .any(|suffix| name.ends_with(suffix))
}

struct Loader {
    subject: Subject,
    /// Texts that stand for those on disk.
    overlay: BTreeMap<String, String>,
}

impl Loader {
    fn new(tree: Tree, facts: Facts, overlay: BTreeMap<String, String>) -> Self {
        Self {
            overlay,
            subject: Subject {
                tree,
                texts: Vec::new(),
                recipes: Vec::new(),
                builds: Vec::new(),
                deployments: Vec::new(),
                containers: Vec::new(),
                proxies: Vec::new(),
                env_files: Vec::new(),
                ignored: BTreeMap::new(),
                gunicorn: Vec::new(),
                settings: Vec::new(),
                celery: Vec::new(),
                facts,
                unread: Vec::new(),
            },
        }
    }

    fn load(mut self) -> Subject {
        let paths: Vec<String> = self.subject.tree.paths().map(str::to_owned).collect();
        for path in &paths {
            self.file(path);
        }
        self.env_file(".env");
        self.examples(&paths);
        self.deployments();
        for number in 0..self.subject.deployments.len() {
            self.services(number);
        }
        for number in 0..self.subject.deployments.len() {
            let is_developed = self.subject.finds_developed(number);
            self.subject.deployments[number].is_developed = is_developed;
        }
        self.lone_images();
        self.contexts();
        self.code();
        self.subject
    }

    /// A text, read once; its number.
    fn text(&mut self, path: &str) -> Option<usize> {
        if let Some(known) = self.subject.text_of(path) {
            return Some(known);
        }
        match read(self.subject.tree.base(), &self.overlay, path) {
            Ok(Some(text)) => {
                self.subject.texts.push(Text::new(path, text));
                Some(self.subject.texts.len() - 1)
            }
            Ok(None) => None,
            Err(why) => {
                self.subject.unread.push(Unread { path: path.to_owned(), line: 1, why });
                None
            }
        }
    }

    /// A file that is read for what its name says.
    fn file(&mut self, path: &str) {
        let name = file_name(path);
        if is_dockerfile(path) {
            self.recipe(path);
        } else if name.ends_with(".py") && name.contains("gunicorn") {
            if let Some(text) = self.text(path) {
                let config = Config::read(text, &self.subject.texts[text]);
                self.subject.gunicorn.push(config);
            }
        } else if is_nginx(path, &self.subject.tree) {
            self.proxy(path);
        } else if is_env(name) {
            self.env_file(path);
        }
    }

    fn recipe(&mut self, path: &str) {
        if path.contains("{{") {
            return;
        }
        let Some(text) = self.text(path) else { return };
        let file = Dockerfile::read(&self.subject.texts[text].text);
        for fault in &file.faults {
            self.subject.unread.push(Unread {
                path: path.to_owned(),
                line: self.subject.texts[text].line(fault.span.start),
                why: fault.message.clone(),
            });
        }
        let purpose = deployment::stated(path).unwrap_or(Purpose::Production);
        self.subject.recipes.push(Recipe { text, file, purpose });
    }

    fn proxy(&mut self, path: &str) {
        let Some(text) = self.text(path) else { return };
        match nginx::read(&self.subject.texts[text].text) {
            Ok(directives) => self.subject.proxies.push(Proxy { text, directives }),
            Err((why, at)) => {
                let line = self.subject.texts[text].line(at);
                self.subject.unread.push(Unread { path: path.to_owned(), line, why });
            }
        }
    }

    fn env_file(&mut self, path: &str) -> Option<usize> {
        let text = self.text(path)?;
        let known = self.subject.env_files.iter().position(|own| own.text == text);
        Some(known.unwrap_or_else(|| {
            let entries = dotenv::read(&self.subject.texts[text].text);
            let is_example = is_example(path);
            self.subject.env_files.push(EnvFile { text, entries, is_example });
            self.subject.env_files.len() - 1
        }))
    }

    /// Examples of env files beside compose files: many a `.gitignore` has
    /// `.env*` in it, and git has the example all the same.
    fn examples(&mut self, paths: &[String]) {
        let mut directories: Vec<&str> = paths
            .iter()
            .filter(|path| crate::detect::compose::files::is_compose(file_name(path)))
            .map(|path| directory_of(path))
            .chain(["."])
            .collect();
        directories.sort_unstable();
        directories.dedup();
        for directory in directories {
            let Ok(entries) = fs::read_dir(self.subject.tree.base().join(directory)) else {
                continue;
            };
            let mut names: Vec<String> = entries
                .flatten()
                .filter_map(|entry| entry.file_name().into_string().ok())
                .filter(|name| is_env(name) && is_example(name))
                .collect();
            names.sort_unstable();
            for name in names {
                if let Some(path) = crate::detect::path::join(directory, &name) {
                    self.env_file(&path);
                }
            }
        }
    }

    fn deployments(&mut self) {
        let base = self.subject.tree.base().to_owned();
        let overlay = self.overlay.clone();
        let complete = |path: &str| {
            let Ok(Some(text)) = read(&base, &overlay, path) else { return true };
            let Ok(root) = yaml::read(&text) else { return true };
            let has = |item: &Item, key: &str| item.get(key).is_some();
            root.get("services").is_none_or(|services| {
                services
                    .entries()
                    .all(|(_, own)| has(own, "image") || has(own, "build") || has(own, "extends"))
            })
        };
        let groups = deployment::find(&self.subject.tree, &complete);
        for Group { directory, paths, purpose, by_itself } in groups {
            if paths.iter().any(|path| path.contains("{{")) {
                continue;
            }
            let project = Project::load(&directory, &paths, &|path| read(&base, &overlay, path));
            let texts = project
                .files
                .iter()
                .map(|file| match self.subject.text_of(&file.path) {
                    Some(known) => known,
                    None => {
                        self.subject.texts.push(file.clone());
                        self.subject.texts.len() - 1
                    }
                })
                .collect();
            for fault in &project.faults {
                let path = project.files.get(fault.file).map_or(&paths[0], |file| &file.path);
                let why = fault.message.clone();
                let unread = Unread { path: path.clone(), line: fault.line, why };
                if !self.subject.unread.contains(&unread) {
                    self.subject.unread.push(unread);
                }
            }
            let services = project.services();
            // Something else that happens to be named like one.
            if services.is_empty() && project.faults.is_empty() {
                continue;
            }
            if project.files.is_empty() {
                continue;
            }
            self.subject.deployments.push(Deployment {
                project,
                texts,
                purpose,
                by_itself,
                is_developed: false,
                services,
            });
        }
    }

    fn services(&mut self, number: usize) {
        for at in 0..self.subject.deployments[number].services.len() {
            let service = self.subject.deployments[number].services[at].clone();
            let container = self.container(number, at, &service);
            self.subject.containers.push(container);
        }
    }

    fn container(&mut self, number: usize, at: usize, service: &Service) -> Container {
        let purpose = self.subject.deployments[number].purpose;
        let build = self.build(number, service);
        let image = service.image();
        // A service that runs what another one builds.
        let build = build.or_else(|| {
            let wanted = image.as_ref()?;
            let others = &self.subject.deployments[number].services;
            let builder = others
                .iter()
                .find(|own| own.build().is_some() && own.image().as_ref() == Some(wanted))?
                .clone();
            self.build(number, &builder)
        });
        // The service of tests, or of an image that is for development.
        let of_development = deployment::is_for_developers(&service.name)
            || build
                .is_some_and(|build| self.subject.builds[build].purpose == Purpose::Development);
        let purpose = if of_development { Purpose::Development } else { purpose };
        let (env, missing_env_files) = self.environment(number, service, build);
        let place = {
            let deployment = &self.subject.deployments[number];
            let key = service.item.get("command").or_else(|| service.item.get("entrypoint"));
            match key {
                Some(item) => self.subject.item(deployment, item),
                None => self.subject.service(deployment, service),
            }
        };
        let steps = self.steps_of(service, build, place);
        let is_python = build.is_some_and(|build| self.subject.builds[build].is_python);
        let of_image = image.as_deref().filter(|_| build.is_none()).map(container::of_image);
        let kind = match of_image {
            Some(Kind::Other) | None => {
                container::of_steps(&steps, Some(service), is_python || build.is_none())
            }
            Some(kind) => kind,
        };
        let kind = match (kind, build) {
            // Built here, on top of a known image: nginx with a configuration.
            (Kind::Other, Some(build)) => {
                let base = self.subject.builds[build].image.base.text.clone();
                container::of_image(&base)
            }
            (Kind::Web | Kind::Own | Kind::OneShot, None)
                if steps.iter().all(|s| s.program == super::Program::Other) =>
            {
                Kind::Other
            }
            (kind, _) => kind,
        };
        // A script that happens to have the name of one in somebody else's image.
        let server = launch::server(&steps, &env, &self.subject.gunicorn, &self.subject.texts)
            .filter(|_| kind.is_application());
        Container {
            name: service.name.clone(),
            purpose,
            service: Some((number, at)),
            build,
            image: image.filter(|_| build.is_none()),
            kind,
            steps,
            server,
            env,
            missing_env_files,
        }
    }

    /// The image that a service builds; its number.
    fn build(&mut self, number: usize, service: &Service) -> Option<usize> {
        let written = service.build()?;
        let item = service.item.get("build")?;
        let deployment = &self.subject.deployments[number];
        let context = deployment.project.path(&written.context);
        let inline = item.get("dockerfile_inline");
        let parts = ["context", "dockerfile", "target"].iter().filter_map(|key| item.get(key));
        let open = parts.chain([item]).any(|part| {
            let unset = &deployment.project.unset;
            part.scalar().is_some()
                && unset.iter().any(|own| (own.file, own.line) == (part.file, part.line))
        });
        let why = match inline {
            Some(_) => Some("dockerfile_inline is not read".to_owned()),
            None if open => Some("what it builds is out of reach: a variable has no value".into()),
            None if context.is_none() => Some("its build context is out of reach".to_owned()),
            None => None,
        };
        if let Some(why) = why {
            self.unbuilt(number, service, item, &why);
            return None;
        }
        let context = context?;
        let name = if written.dockerfile.is_empty() { "Dockerfile" } else { &written.dockerfile };
        let mut path = crate::detect::path::join(&context, name)?;
        // BuildKit takes the lower case where the usual name is not there.
        if name == "Dockerfile" && !self.subject.tree.has(&path) {
            let lower = crate::detect::path::join(&context, "dockerfile");
            path = lower.filter(|lower| self.subject.tree.has(lower)).unwrap_or(path);
        }
        let arguments = arguments(item);
        let purpose = deployment.purpose;
        if self.subject.recipes.iter().all(|own| self.subject.texts[own.text].path != path) {
            self.recipe(&path);
        }
        let known = |own: &Recipe| self.subject.texts[own.text].path == path;
        let Some(recipe) = self.subject.recipes.iter().position(known) else {
            self.unbuilt(number, service, item, &format!("there is no {path}"));
            return None;
        };
        let target = Some(written.target.as_str()).filter(|target| !target.is_empty());
        // What is built for who works on it is not what users get, whatever the
        // file is called that builds it.
        let says = |name: &str| deployment::stated(name) == Some(Purpose::Development);
        let purpose =
            if says(&path) || target.is_some_and(says) { Purpose::Development } else { purpose };
        let stage = self.subject.recipes[recipe].file.stage(target)?;
        Some(self.add(recipe, stage, &arguments, &context, purpose, true))
    }

    /// Says of a service that what it builds cannot be judged.
    fn unbuilt(&mut self, number: usize, service: &Service, item: &Item, why: &str) {
        let file = self.subject.deployments[number].project.files.get(item.file);
        let path = file.map(|file| file.path.clone()).unwrap_or_default();
        let unread = Unread { path, line: item.line, why: format!("{}: {why}", service.name) };
        if !self.subject.unread.contains(&unread) {
            self.subject.unread.push(unread);
        }
    }

    fn add(
        &mut self,
        recipe: usize,
        stage: usize,
        arguments: &Arguments,
        context: &str,
        purpose: Purpose,
        is_composed: bool,
    ) -> usize {
        let image = self.subject.recipes[recipe].file.image(stage, arguments);
        let same = self.subject.builds.iter().position(|own| {
            (own.recipe, own.stage) == (recipe, stage)
                && own.context == context
                && own.arguments == *arguments
        });
        if let Some(known) = same {
            if purpose == Purpose::Production {
                self.subject.builds[known].purpose = purpose;
            }
            return known;
        }
        let mut build = Build {
            recipe,
            stage,
            image,
            arguments: arguments.clone(),
            context: context.to_owned(),
            purpose,
            is_python: false,
            is_composed,
        };
        build.is_python = self.is_python(&build);
        self.subject.builds.push(build);
        self.subject.builds.len() - 1
    }

    fn is_python(&self, build: &Build) -> bool {
        let base = build.image.base.text.to_ascii_lowercase();
        let tools = ["pip", "pip3", "uv", "poetry", "pipenv", "pdm", "conda", "python", "python3"];
        let named = ["python", "uvicorn-gunicorn", "django", "fastapi", "flask", "miniconda", "uv"];
        let name = base.rsplit('/').next().unwrap_or(&base);
        named.iter().any(|part| name.contains(part) || base.contains("tiangolo"))
            || self.subject.runs(build).iter().any(|run| {
                run.commands.iter().any(|own| {
                    own.words.first().is_some_and(|word| {
                        tools.contains(&word.rsplit('/').next().unwrap_or(word))
                    })
                })
            })
            || build.image.words().iter().any(|word| {
                let name = word.rsplit('/').next().unwrap_or(word);
                ["gunicorn", "uvicorn", "celery"].contains(&name) || name.starts_with("python")
            })
    }

    fn environment(
        &mut self,
        number: usize,
        service: &Service,
        build: Option<usize>,
    ) -> (BTreeMap<String, Variable>, Vec<(String, At)>) {
        let mut env = BTreeMap::new();
        let mut missing = Vec::new();
        if let Some(build) = build {
            self.of_image(build, &mut env);
        }
        let files = service.env_files();
        let items: Vec<Item> = match service.item.get("env_file") {
            Some(item) if item.items().is_empty() => vec![item.clone()],
            Some(item) => item.items().to_vec(),
            None => Vec::new(),
        };
        for (written, item) in files.iter().zip(&items) {
            let Some(path) = self.subject.deployments[number].project.path(written) else {
                continue;
            };
            match self.env_file(&path) {
                Some(file) => {
                    let own = &self.subject.env_files[file];
                    for entry in &own.entries {
                        let at = At::new(own.text, entry.span);
                        let value = Some(entry.value.clone());
                        env.insert(entry.name.clone(), Variable { value, at });
                    }
                }
                None => {
                    let optional = item.get("required").and_then(Item::scalar);
                    if optional.as_deref() != Some("false") {
                        let at = self.subject.item(&self.subject.deployments[number], item);
                        missing.push((path, at));
                    }
                }
            }
        }
        let deployment = &self.subject.deployments[number];
        if let Some(item) = service.item.get("environment") {
            let places: Vec<At> = match &item.node {
                Node::List(items) => {
                    items.iter().map(|own| self.subject.item(deployment, own)).collect()
                }
                _ => item
                    .entries()
                    .map(|(name, value)| {
                        let whole = if value.line > 0 { value } else { name };
                        self.subject.item(deployment, whole)
                    })
                    .collect(),
            };
            for ((name, value), at) in service.environment().into_iter().zip(places) {
                env.insert(name, Variable { value, at });
            }
        }
        (env, missing)
    }

    fn of_image(&self, build: usize, env: &mut BTreeMap<String, Variable>) {
        let build = &self.subject.builds[build];
        for (name, setting) in &build.image.env {
            let value = setting.value.known().map(str::to_owned);
            let at = self.subject.instruction(build, setting.at);
            env.insert(name.clone(), Variable { value, at });
        }
    }

    /// What a service runs: its own entry point and command, else the image's.
    fn steps_of(&mut self, service: &Service, build: Option<usize>, at: At) -> Vec<super::Step> {
        let own = |key: &str| {
            let item = service.item.get(key)?;
            Some(match item.scalar() {
                // Compose splits it into words; no shell is there.
                Some(text) => Command::Exec(shell_words::split(&text).ok()?),
                None => Command::Exec(item.scalars()),
            })
        };
        let (entrypoint, command) = (own("entrypoint"), own("command"));
        let image = build.map(|build| &self.subject.builds[build].image);
        let of_image = |set: &Option<crate::source::dockerfile::Setting<Command>>| {
            set.as_ref().map(|set| set.value.clone())
        };
        let clears = entrypoint.is_some();
        let entry = entrypoint.or_else(|| of_image(&image?.entrypoint));
        let own_command = command.is_some();
        let command = command.or_else(|| if clears { None } else { of_image(&image?.cmd) });
        let at = match (build, own_command || clears) {
            (Some(number), false) => {
                let own = &self.subject.builds[number];
                let set = own.image.cmd.as_ref().or(own.image.entrypoint.as_ref());
                set.map_or(at, |set| self.subject.instruction(own, set.at))
            }
            _ => at,
        };
        self.steps(entry, command, build, at)
    }

    fn steps(
        &mut self,
        entry: Option<Command>,
        command: Option<Command>,
        build: Option<usize>,
        at: At,
    ) -> Vec<super::Step> {
        let whole = match (entry, command) {
            (Some(Command::Shell(text)), _) => Command::Shell(text),
            (Some(Command::Exec(mut words)), Some(command)) => {
                match command {
                    Command::Exec(more) => words.extend(more),
                    Command::Shell(text) => words.extend(["sh".into(), "-c".into(), text]),
                }
                Command::Exec(words)
            }
            (Some(entry), None) => entry,
            (None, Some(command)) => command,
            (None, None) => return Vec::new(),
        };
        let context =
            build.map_or_else(|| ".".to_owned(), |b| self.subject.builds[b].context.clone());
        let mut find = |path: &str| self.script(path, &context, build);
        launch::steps(&whole, at, &mut find)
    }

    /// A script of the repository, by the path that it has in an image.
    fn script(
        &mut self,
        path: &str,
        context: &str,
        build: Option<usize>,
    ) -> Option<(usize, String)> {
        let wanted = path.trim_start_matches("./").trim_start_matches('/');
        let name = file_name(wanted);
        if name.is_empty() || path.contains('$') {
            return None;
        }
        let tree = &self.subject.tree;
        let candidates: Vec<String> = tree
            .below(context)
            .filter(|own| file_name(own) == name)
            .filter(|own| !own.ends_with(".py") && scope::counts(own))
            .map(str::to_owned)
            .collect();
        let fits = |own: &&String| wanted.ends_with(own.as_str()) || own.ends_with(wanted);
        let copied =
            build.and_then(|build| self.subject.source_of(&self.subject.builds[build], path));
        // Where COPY does not say which, only one may be meant.
        let mut fitting = candidates.iter().filter(fits);
        let best = match (&copied, fitting.next(), fitting.next()) {
            (Some(copied), ..) => copied,
            (None, Some(only), None) => only,
            (None, None, _) if candidates.len() == 1 => &candidates[0],
            _ => return None,
        };
        let text = tree.text(best)?.to_owned();
        if !(text.starts_with("#!") && text.lines().next().is_some_and(|line| line.contains("sh"))
            || best.ends_with(".sh"))
        {
            return None;
        }
        let best = best.clone();
        Some((self.text(&best)?, text))
    }

    /// Dockerfiles that no project builds.
    fn lone_images(&mut self) {
        for recipe in 0..self.subject.recipes.len() {
            if self.subject.builds.iter().any(|own| own.recipe == recipe) {
                continue;
            }
            let own = &self.subject.recipes[recipe];
            let Some((stage, purpose)) = stage_of_production(own) else { continue };
            let path = self.subject.texts[own.text].path.clone();
            let context = self.context_of(recipe, directory_of(&path));
            let build = self.add(recipe, stage, &Arguments::new(), &context, purpose, false);
            let mut env = BTreeMap::new();
            self.of_image(build, &mut env);
            let image = &self.subject.builds[build].image;
            let of = |set: &Option<crate::source::dockerfile::Setting<Command>>| {
                set.as_ref().map(|set| set.value.clone())
            };
            let (entry, command) = (of(&image.entrypoint), of(&image.cmd));
            let set = image.cmd.as_ref().or(image.entrypoint.as_ref());
            let at = match set {
                Some(set) => self.subject.instruction(&self.subject.builds[build], set.at),
                None => self.subject.from_of(&self.subject.builds[build]),
            };
            let steps = self.steps(entry, command, Some(build), at);
            let is_python = self.subject.builds[build].is_python;
            let kind = match container::of_steps(&steps, None, is_python) {
                Kind::Other => container::of_image(&self.subject.builds[build].image.base.text),
                kind => kind,
            };
            let server = launch::server(&steps, &env, &self.subject.gunicorn, &self.subject.texts);
            self.subject.containers.push(Container {
                name: "image".to_owned(),
                purpose,
                service: None,
                build: Some(build),
                image: None,
                kind,
                steps,
                server,
                env,
                missing_env_files: Vec::new(),
            });
        }
    }

    /// The directory that a Dockerfile is built from, where nothing says it:
    /// its own, or the top where what it copies is only there.
    fn context_of(&self, recipe: usize, directory: &str) -> String {
        use crate::source::dockerfile::Keyword;
        let file = &self.subject.recipes[recipe].file;
        let sources: Vec<String> = file
            .instructions
            .iter()
            .filter(|own| own.keyword == Keyword::Copy && own.flag("from").is_none())
            .flat_map(|own| {
                let text = &own.arguments.text;
                let words = own.arguments.words(file.escape);
                let all: Vec<String> =
                    words.iter().map(|(start, end)| text[*start..*end].to_owned()).collect();
                all[..all.len().saturating_sub(1)].to_vec()
            })
            .map(|source| source.trim_start_matches("./").trim_end_matches('/').to_owned())
            .filter(|source| {
                !source.is_empty() && !source.contains(['$', '*', '[', '<']) && source != "."
            })
            .collect();
        let there = |base: &str| {
            sources
                .iter()
                .filter(|source| {
                    crate::detect::path::join(base, source).is_some_and(|path| {
                        self.subject.tree.has(&path) || self.subject.tree.has_directory(&path)
                    })
                })
                .count()
        };
        if directory != "." && there(".") > there(directory) {
            ".".to_owned()
        } else {
            directory.to_owned()
        }
    }

    /// The code that rules ask about: settings, and the lines that facts rest on.
    fn code(&mut self) {
        let facts = &self.subject.facts;
        let chain: Vec<String> = detect::readiness::settings_chain(&self.subject.tree, facts)
            .iter()
            .map(|module| module.path.clone())
            .collect();
        let root = facts.root.value().map_or(".", String::as_str);
        let celery = facts.celery.value().and_then(|own| {
            let module = own.app.split(':').next().unwrap_or(&own.app);
            self.subject.tree.module_path(root, module)
        });
        let lines = facts.writable.iter().map(|(_, lines)| lines);
        let lines = lines.chain(facts.required_env.iter().map(|(_, lines)| lines)).flatten();
        let lines = lines.chain(facts.database.evidence()).chain(facts.python.evidence());
        let mut paths: Vec<String> = lines.map(|own| own.path.clone()).collect();
        let says = |text: &str| {
            ["create_engine(", "create_async_engine(", "MAX_CONTENT_LENGTH"]
                .iter()
                .any(|word| text.contains(word))
        };
        let modules = self.subject.tree.modules().filter(|own| says(own.text()));
        paths.extend(modules.map(|own| own.path.clone()));
        paths.extend(facts.readiness.iter().map(|own| own.path.clone()));
        paths.extend(facts.dependency_files.value().into_iter().flatten().cloned());
        let stated = ["pyproject.toml", ".python-version"];
        paths.extend(stated.iter().filter_map(|name| detect::path::join(root, name)));
        for path in &chain {
            let Some(number) = self.quiet(path) else { continue };
            let text = &self.subject.texts[number];
            let (settings, celery) =
                (Config::of_settings(number, text), settings::celery(number, text));
            self.subject.settings.push(settings);
            // What is nearer is looked up last.
            self.subject.celery.splice(0..0, celery);
        }
        if let Some(number) = celery.as_deref().and_then(|path| self.quiet(path)) {
            let own = settings::celery(number, &self.subject.texts[number]);
            self.subject.celery.extend(own);
        }
        for path in paths {
            self.quiet(&path);
        }
    }

    /// A text that is not judged itself: one that cannot be read is left out.
    fn quiet(&mut self, path: &str) -> Option<usize> {
        if let Some(known) = self.subject.text_of(path) {
            return Some(known);
        }
        let text = read(self.subject.tree.base(), &self.overlay, path).ok().flatten()?;
        self.subject.texts.push(Text::new(path, text));
        Some(self.subject.texts.len() - 1)
    }

    fn contexts(&mut self) {
        let contexts: Vec<String> =
            self.subject.builds.iter().map(|own| own.context.clone()).collect();
        for context in contexts {
            let Some(path) = crate::detect::path::join(&context, ".dockerignore") else { continue };
            if let Some(text) = self.text(&path) {
                let ignored = Ignored::read(text, &self.subject.texts[text]);
                self.subject.ignored.insert(context, ignored);
            }
        }
    }
}

/// The stage that a Dockerfile without a target is judged by, and what it is for:
/// the last one, unless its name says that it is for who works on the service.
fn stage_of_production(recipe: &Recipe) -> Option<(usize, Purpose)> {
    let last = recipe.file.stage(None)?;
    let stated =
        |stage: usize| recipe.file.stages[stage].name.as_deref().and_then(deployment::stated);
    if stated(last) != Some(Purpose::Development) {
        return Some((last, recipe.purpose));
    }
    let named = (0..last).rev().find(|stage| stated(*stage) == Some(Purpose::Production));
    Some(named.map_or((last, Purpose::Development), |stage| (stage, recipe.purpose)))
}

/// Build arguments of a service.
fn arguments(build: &Item) -> Arguments {
    let Some(args) = build.get("args") else { return Arguments::new() };
    match &args.node {
        Node::List(items) => items
            .iter()
            .filter_map(Item::scalar)
            .map(|text| match text.split_once('=') {
                Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                None => (text, None),
            })
            .collect(),
        _ => args
            .entries()
            .filter_map(|(name, value)| Some((name.scalar()?, value.scalar())))
            .collect(),
    }
}

/// A file's text. Only plain files are read, and never through a link out.
fn read(
    base: &Path,
    overlay: &BTreeMap<String, String>,
    path: &str,
) -> Result<Option<String>, String> {
    if let Some(text) = overlay.get(path) {
        return Ok(Some(text.clone()));
    }
    let whole = base.join(path);
    let Ok(metadata) = fs::metadata(&whole) else { return Ok(None) };
    if !metadata.is_file() {
        return Err("it is no plain file".to_owned());
    }
    if metadata.len() > CAP {
        return Err("it is larger than 4 MiB".to_owned());
    }
    let inside = fs::canonicalize(&whole).is_ok_and(|real| real.starts_with(base));
    if !inside {
        return Err("it is a link out of the directory".to_owned());
    }
    let bytes = fs::read(&whole).map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map(Some).map_err(|_| "it is not UTF-8".to_owned())
}

/// Whether an env file is an example that is filled in elsewhere.
fn is_example(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let words = ["example", "sample", "template", "dist", "tmpl", "tpl", "default"];
    words.iter().any(|word| lower.contains(word))
}

fn is_env(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    if [".example_env", ".env-example", ".env_example", ".env_examples", ".env-template"]
        .iter()
        .chain(&[".env_template", ".env-sample", ".env_sample", "env.sample", "example.env"])
        .any(|name| lower == *name)
    {
        return true;
    }
    lower == ".env"
        || lower.starts_with(".env.")
        || (lower.ends_with(".env") && !lower.contains("venv"))
        || lower == "env.example"
}

/// A configuration of nginx: by its name, or its directory, and what is in it.
fn is_nginx(path: &str, tree: &Tree) -> bool {
    let lower = path.to_ascii_lowercase();
    if !(lower.ends_with(".conf") || lower.ends_with(".conf.template") || lower.ends_with("nginx"))
    {
        return false;
    }
    let is_env_file = file_name(&lower).starts_with(".env");
    if is_env_file || lower.contains("uwsgi") || lower.contains("supervisor") {
        return false;
    }
    let Some(text) = tree.text(path).filter(|text| !text.contains("{{")) else { return false };
    lower.contains("nginx")
        && ["server", "location", "upstream", "http"].iter().any(|word| text.contains(word))
        || (text.contains("proxy_pass") && text.contains("location"))
}
