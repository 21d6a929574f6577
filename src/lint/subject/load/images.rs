//! What is built: by the services of projects, and by nobody.

use std::collections::BTreeMap;

use super::{Loader, published};
use crate::detect::compose::files::directory_of;
use crate::lint::subject::container::{self, Container, Kind};
use crate::lint::subject::deployment;
use crate::lint::subject::{Build, Purpose, Recipe, Unread, server};
use crate::source::compose::{Item, Service};
use crate::source::dockerfile::{Arguments, Command, Keyword, Transfer};

impl Loader {
    /// The image that a service builds; its number.
    pub(super) fn build(&mut self, number: usize, service: &Service) -> Option<usize> {
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
        // Laid over a file of another directory, `.` is that one, and who wrote
        // `${SRC:-.}` sets the variable to his own.
        let of_file = |part: &Item| deployment.project.files.get(part.file);
        let moves = item.get("context").into_iter().chain([item]).any(|part| {
            part.scalar().is_some()
                && of_file(part)
                    .is_some_and(|file| directory_of(&file.path) != deployment.project.directory)
                && self.subject.slice(self.subject.item(deployment, part)).contains('$')
        });
        let why = match inline {
            Some(_) => Some("dockerfile_inline is not read".to_owned()),
            None if open => Some("what it builds is out of reach: a variable has no value".into()),
            None if moves => Some("what it builds is out of reach: a variable says where".into()),
            None if context.is_none() => Some("its build context is out of reach".to_owned()),
            None => None,
        };
        if let Some(why) = why {
            self.unbuilt(number, service, item, &why);
            return None;
        }
        let context = context?;
        let name = if written.dockerfile.is_empty() { "Dockerfile" } else { &written.dockerfile };
        let Some(mut path) = crate::relpath::join(&context, name) else {
            self.unbuilt(number, service, item, &format!("{name} is out of reach"));
            return None;
        };
        // BuildKit takes the lower case where the usual name is not there.
        if name == "Dockerfile" && !self.subject.tree.has(&path) {
            let lower = crate::relpath::join(&context, "dockerfile");
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
        let Some(stage) = self.subject.recipes[recipe].file.stage(target) else {
            let stage = target.unwrap_or("stage");
            self.unbuilt(number, service, item, &format!("{path} has no {stage}"));
            return None;
        };
        Some(self.add(recipe, stage, &arguments, &context, purpose, true))
    }

    /// Says of a service that what it builds cannot be judged.
    pub(super) fn unbuilt(&mut self, number: usize, service: &Service, item: &Item, why: &str) {
        let file = self.subject.deployments[number].project.files.get(item.file);
        let path = file.map(|file| file.path.clone()).unwrap_or_default();
        let unread = Unread { path, line: item.line, why: format!("{}: {why}", service.name) };
        if !self.subject.unread.contains(&unread) {
            self.subject.unread.push(unread);
        }
    }

    pub(super) fn add(
        &mut self,
        recipe: usize,
        stage: usize,
        arguments: &Arguments,
        context: &str,
        purpose: Purpose,
        is_composed: bool,
    ) -> usize {
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
        let image = self.subject.recipes[recipe].file.image(stage, arguments);
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

    pub(super) fn is_python(&self, build: &Build) -> bool {
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

    /// Dockerfiles that no project of production builds: what CI or a person
    /// builds of them is what users get.
    pub(super) fn lone_images(&mut self) {
        let published = published::find(&self.subject.tree);
        for recipe in 0..self.subject.recipes.len() {
            let builds = self.subject.builds.iter().filter(|own| own.recipe == recipe);
            if builds.clone().any(|own| own.purpose == Purpose::Production) {
                continue;
            }
            let developed = builds.map(|own| own.context.clone()).next();
            let own = &self.subject.recipes[recipe];
            // Its name says that it is for who works on it, and it is built for them.
            if developed.is_some() && own.purpose == Purpose::Development {
                continue;
            }
            let path = self.subject.texts[own.text].path.clone();
            if developed.is_some() && self.has_one_for_production(&path) {
                continue;
            }
            let of_ci = published.iter().filter(|own| own.dockerfile == path);
            let of_ci = of_ci.filter_map(|one| own.file.stage(one.target.as_deref()));
            let is_developed = |stage: &usize| {
                own.file.stages[*stage].name.as_deref().and_then(deployment::stated)
                    == Some(Purpose::Development)
            };
            // One that starts nothing is built for its tests.
            let starts = |stage: &usize| {
                let image = own.file.image(*stage, &Arguments::new());
                image.cmd.is_some()
                    || image.entrypoint.is_some()
                    || own.file.stage(None) == Some(*stage)
            };
            let stage = of_ci.filter(|stage| !is_developed(stage)).rfind(starts);
            let is_published = stage.is_some();
            let stage = stage.map(|stage| (stage, own.purpose));
            let Some((stage, purpose)) = stage.or_else(|| stage_of_production(own)) else {
                continue;
            };
            let is_tried = developed.is_some()
                && !is_published
                && (purpose == Purpose::Development || self.is_developed_image(recipe, stage));
            if is_tried {
                continue;
            }
            let context = developed.unwrap_or_else(|| self.context_of(recipe, directory_of(&path)));
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
            // Whoever starts it may set other variables.
            let steps = self.steps(entry, command, Some(build), at, &BTreeMap::new());
            let is_python = self.subject.builds[build].is_python;
            let kind = match container::of_steps(&steps, None, is_python) {
                Kind::Other => container::of_image(&self.subject.builds[build].image.base.text),
                kind => kind,
            };
            let server = server::server(&steps, &env, &self.subject.gunicorn, &self.subject.texts);
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
    pub(super) fn context_of(&self, recipe: usize, directory: &str) -> String {
        let file = &self.subject.recipes[recipe].file;
        let sources: Vec<String> = file
            .instructions
            .iter()
            .filter(|own| own.keyword == Keyword::Copy && own.flag("from").is_none())
            .filter_map(|own| Transfer::of(own, file.escape))
            .flat_map(|own| own.sources)
            .map(|source| source.trim_start_matches("./").trim_end_matches('/').to_owned())
            .filter(|source| {
                !source.is_empty() && !source.contains(['$', '*', '[', '<']) && source != "."
            })
            .collect();
        let there = |base: &str| {
            sources
                .iter()
                .filter(|source| {
                    crate::relpath::join(base, source).is_some_and(|path| {
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
}

/// The stage that a Dockerfile without a target is judged by, and what it is for:
/// the last one, unless its name says that it is for who works on the service;
/// then the last one before it that is called for production, or starts something.
pub(super) fn stage_of_production(recipe: &Recipe) -> Option<(usize, Purpose)> {
    let last = recipe.file.stage(None)?;
    let stated =
        |stage: usize| recipe.file.stages[stage].name.as_deref().and_then(deployment::stated);
    if stated(last) != Some(Purpose::Development) {
        return Some((last, recipe.purpose));
    }
    let starts = |stage: usize| {
        let image = recipe.file.image(stage, &Arguments::new());
        image.cmd.is_some() || image.entrypoint.is_some()
    };
    let named = (0..last).rev().find(|stage| stated(*stage) == Some(Purpose::Production));
    let named = named.or_else(|| {
        (0..last).rev().find(|stage| stated(*stage) != Some(Purpose::Development) && starts(*stage))
    });
    Some(named.map_or((last, Purpose::Development), |stage| (stage, recipe.purpose)))
}

/// Build arguments of a service.
pub(super) fn arguments(build: &Item) -> Arguments {
    let args = build.get("args").into_iter().flat_map(Item::assignments);
    args.map(|(name, value, _)| (name, value)).collect()
}
