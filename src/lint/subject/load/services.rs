//! Compose projects, and what their services are and run.

use std::collections::BTreeMap;

use super::{Loader, read};
use crate::detect::compose::files::{directory_of, file_name};
use crate::detect::scope;
use crate::lint::diagnostic::At;
use crate::lint::subject::container::{self, Container, Kind, Variable};
use crate::lint::subject::deployment::{self, Group};
use crate::lint::subject::{Deployment, Purpose, Unread, branch, ending, launch, server};
use crate::source::compose::project::Project;
use crate::source::compose::{Item, Service, yaml};
use crate::source::dockerfile::Command;

impl Loader {
    pub(super) fn deployments(&mut self) {
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
        let mut groups = deployment::find(&self.subject.tree, &complete);
        groups.extend(self.stacks.drain(..).map(|path| Group {
            directory: directory_of(&path).to_owned(),
            purpose: deployment::stated(&path).unwrap_or(Purpose::Production),
            paths: vec![path],
            by_itself: false,
        }));
        let mut without_services: Vec<String> = Vec::new();
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
                without_services.extend(paths.into_iter().filter(|_| by_itself).take(1));
                continue;
            }
            if project.files.is_empty() {
                continue;
            }
            self.subject.deployments.push(Deployment {
                project,
                paths,
                texts,
                purpose,
                by_itself,
                is_developed: false,
                developed: "",
                services,
            });
        }
        // Compose refuses one alone; under others it may be a part of them.
        for path in without_services {
            let is_part = self.subject.text_of(&path).is_some_and(|text| {
                self.subject.deployments.iter().any(|own| own.texts.contains(&text))
            });
            if !is_part && self.text(&path).is_some() {
                // Files of the first format have them at the top.
                let is_old = self.text(&path).is_some_and(|number| {
                    self.subject.texts[number].text.lines().any(|line| {
                        line.starts_with(' ')
                            && ["image:", "build:"].iter().any(|key| line.trim().starts_with(key))
                    })
                });
                let mut why = "it has no services, and Compose refuses it".to_owned();
                if is_old {
                    why.push_str(": what starts here belongs under a line `services:`");
                }
                self.subject.unread.push(Unread { path, line: 1, why });
            }
        }
    }

    pub(super) fn services(&mut self, number: usize) {
        for at in 0..self.subject.deployments[number].services.len() {
            let service = self.subject.deployments[number].services[at].clone();
            let container = self.container(number, at, &service);
            self.subject.containers.push(container);
        }
    }

    pub(super) fn container(&mut self, number: usize, at: usize, service: &Service) -> Container {
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
        // A file that is not here may set any of them.
        let known = if missing_env_files.is_empty() { env.clone() } else { BTreeMap::new() };
        let steps = self.steps_of(service, build, place, &known);
        let is_python = build.is_some_and(|build| self.subject.builds[build].is_python);
        let of_image = image.as_deref().filter(|_| build.is_none()).map(container::of_image);
        let kind = match of_image {
            Some(Kind::Other) | None => {
                container::of_steps(&steps, Some(service), is_python || build.is_none())
            }
            Some(kind) if kind.is_store() && ending::is_another(&steps) => Kind::Other,
            Some(kind) => kind,
        };
        let kind = match (kind, build) {
            // Built here, on top of a known image: nginx with a configuration.
            (Kind::Other, Some(build)) => {
                let base = self.subject.builds[build].image.base.text.clone();
                container::of_image(&base)
            }
            (Kind::Web | Kind::Own | Kind::OneShot, None)
                if steps.iter().all(|s| s.program == crate::lint::subject::Program::Other) =>
            {
                Kind::Other
            }
            (kind, _) => kind,
        };
        // A script that happens to have the name of one in somebody else's image.
        let server = server::server(&steps, &env, &self.subject.gunicorn, &self.subject.texts)
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

    pub(super) fn environment(
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
                    let required = item.get("required").and_then(Item::truth);
                    if required != Some(false) {
                        let at = self.subject.item(&self.subject.deployments[number], item);
                        missing.push((path, at));
                    }
                }
            }
        }
        let deployment = &self.subject.deployments[number];
        for (name, value, item) in service.variables() {
            // Without a value it is handed through, and `.env` counts as well.
            let value = value.or_else(|| deployment.project.env.get(&name).cloned());
            env.insert(name, Variable { value, at: self.subject.item(deployment, item) });
        }
        (env, missing)
    }

    pub(super) fn of_image(&self, build: usize, env: &mut BTreeMap<String, Variable>) {
        let build = &self.subject.builds[build];
        for (name, setting) in &build.image.env {
            let value = setting.value.known().map(str::to_owned);
            let at = self.subject.instruction(build, setting.at);
            env.insert(name.clone(), Variable { value, at });
        }
    }

    /// What a service runs: its own entry point and command, else the image's.
    pub(super) fn steps_of(
        &mut self,
        service: &Service,
        build: Option<usize>,
        at: At,
        env: &BTreeMap<String, Variable>,
    ) -> Vec<crate::lint::subject::Step> {
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
        self.steps(entry, command, build, at, env)
    }

    pub(super) fn steps(
        &mut self,
        entry: Option<Command>,
        command: Option<Command>,
        build: Option<usize>,
        at: At,
        env: &BTreeMap<String, Variable>,
    ) -> Vec<crate::lint::subject::Step> {
        let whole = match (entry, command) {
            (Some(Command::Shell(text)), command) => match (taking_all(&text), command) {
                (Some(mut words), Some(Command::Exec(more))) => {
                    words.extend(more);
                    Command::Exec(words)
                }
                _ => Command::Shell(text),
            },
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
        let value = |name: &str| env.get(name)?.value.clone();
        let mut find = |path: &str| {
            let (number, text) = self.script(path, &context, build)?;
            let taken = branch::decided(&text, value);
            Some((number, taken.unwrap_or(text)))
        };
        launch::steps(&whole, at, &mut find)
    }

    /// A script of the repository, by the path that it has in an image.
    pub(super) fn script(
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
}

impl Loader {
    /// What a Procfile starts: where no image is built, that is what is deployed.
    pub(super) fn processes(&mut self) {
        let Some(text) =
            self.subject.tree.has("Procfile").then(|| self.quiet("Procfile")).flatten()
        else {
            return;
        };
        let lines: Vec<(usize, String, String)> = self.subject.texts[text]
            .text
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.trim_start().starts_with('#'))
            .filter_map(|(at, line)| {
                let (name, command) = line.split_once(':')?;
                Some((at + 1, name.trim().to_owned(), command.trim().to_owned()))
            })
            .collect();
        for (line, name, command) in lines {
            let at = self.subject.line_at(text, line);
            let env = BTreeMap::new();
            let steps = self.steps(None, Some(Command::Shell(command)), None, at, &env);
            let server = server::server(&steps, &env, &self.subject.gunicorn, &self.subject.texts);
            self.subject.processes.push(Container {
                name,
                purpose: Purpose::Production,
                service: None,
                build: None,
                image: None,
                kind: container::of_steps(&steps, None, true),
                steps,
                server,
                env,
                missing_env_files: Vec::new(),
            });
        }
    }
}

/// The words before `$0 $@` at the end of an entry point in shell form: the command's
/// words are those of the shell, the first one its own name.
fn taking_all(text: &str) -> Option<Vec<String>> {
    let text = text.trim_end();
    let before = text.strip_suffix("$0 $@").or_else(|| text.strip_suffix("\"$0\" \"$@\""))?;
    shell_words::split(before.trim_end()).ok().filter(|words| !words.is_empty())
}
