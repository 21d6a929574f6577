//! Stages and instructions of Dockerfiles, and what installs name.

use super::{Found, Judge, usual};
use crate::inventory::reasons::{self, Glue};
use crate::inventory::{Fate, Item, Kind, Weight};
use crate::lint::subject::Build;
use crate::relpath::parent;
use crate::source::compose::image;

impl Judge<'_, '_> {
    pub(super) fn image(&self, item: &Item) -> Found {
        if self.new.recipes.is_empty() {
            return usual(Fate::dropped("no image is built here any more"));
        }
        match item.kind {
            Kind::Stage => self.stage(item),
            Kind::Run => self.run(item),
            Kind::Package => self.package(item),
            Kind::Extra if self.new_of(Kind::Extra).any(|own| own.name == item.name) => {
                usual(Fate::Kept)
            }
            Kind::Extra => {
                let reason = "the install of dockwright's Dockerfile does not ask for it";
                usual(Fate::dropped(reason))
            }
            Kind::Copy => self.copy(item),
            Kind::HealthCheck => match self.final_builds().find_map(|own| {
                own.image
                    .healthcheck
                    .as_ref()
                    .map(|set| self.new.subject.slice(self.new.subject.instruction(own, set.at)))
            }) {
                Some(own) => {
                    let by = own.split_whitespace().collect::<Vec<_>>().join(" ");
                    usual(Fate::replaced(by, "the probe that was planned for the application"))
                }
                None => usual(Fate::dropped("dockwright's image has no health check of its own")),
            },
            Kind::BuildArgument => {
                let name = item.name.as_str();
                match reasons::variable(name) {
                    Some((reason, weight)) => (Fate::dropped(reason), Some(weight)),
                    None => usual(Fate::dropped("dockwright's Dockerfile has no such argument")),
                }
            }
            Kind::Label => usual(Fate::dropped("dockwright's image says its title alone")),
            _ => self.instruction(item),
        }
    }

    /// The images that go on for those of a Dockerfile.
    fn final_builds(&self) -> impl Iterator<Item = &Build> {
        let builds = self.new.containers.iter().filter_map(|own| self.new.subject.build_of(own));
        builds.filter(|own| own.is_python)
    }

    fn stage(&self, item: &Item) -> Found {
        let found = self.stage_by_itself(item);
        let Some(reader) = self.still_asked_for(item) else { return found };
        let reason = format!(
            "{reader} names {} as its target, and no stage is called so: Compose builds nothing with that file",
            item.name
        );
        let fate = match found.0 {
            Fate::Dropped { .. } => Fate::dropped(reason),
            _ => Fate::replaced("a stage of another name", reason),
        };
        (fate, Some(Weight::Behaviour))
    }

    fn stage_by_itself(&self, item: &Item) -> Found {
        let stages =
            || self.new.recipes.iter().flat_map(|own| &self.new.subject.recipes[*own].file.stages);
        if !self.is_used(item) {
            let reason = "no image of the deployment was built from it";
            return (Fate::dropped(reason), Some(Weight::Form));
        }
        let is_own = self.old.items.iter().any(|own| {
            own.kind == Kind::Stage
                && own.path == item.path
                && own.name.eq_ignore_ascii_case(&item.value)
        });
        if is_own {
            return usual(Fate::merged("the stages of dockwright's Dockerfile"));
        }
        let name = |reference: &str| {
            let (repository, _) = image::parts(reference);
            repository.rsplit('/').next().unwrap_or(repository).to_owned()
        };
        let family = name(&item.value);
        let planned = stages().rev().find(|own| name(&own.from) == family);
        if let Some(own) = planned {
            let reason = match family.as_str() {
                "python" => {
                    "the Python that the project states, on the Debian that dockwright builds on"
                }
                _ => "the version that dockwright pins",
            };
            return (Fate::replaced(own.from.clone(), reason), Some(Weight::Operation));
        }
        let is_python = self.old.containers.iter().any(|own| {
            let build = self.old.subject.build_of(own);
            build.is_some_and(|build| {
                let recipe = &self.old.subject.recipes[build.recipe];
                self.old.subject.path(recipe.text) == item.path
                    && build.is_python
                    && build.image.stages.iter().any(|stage| {
                        let own = &recipe.file.stages[*stage];
                        own.from == item.value
                    })
            })
        });
        if is_python && let Some(own) = stages().rev().find(|own| name(&own.from) == "python") {
            let reason = "Python's own image, of the version that the project states";
            return (Fate::replaced(own.from.clone(), reason), Some(Weight::Behaviour));
        }
        usual(Fate::dropped("dockwright's Dockerfile has no stage from this image"))
    }

    /// The compose file that stays and builds a stage which is not there any more.
    pub(super) fn still_asked_for(&self, item: &Item) -> Option<String> {
        let subject = self.new.subject;
        let is_it = |name: &str| name.eq_ignore_ascii_case(&item.name);
        let mut recipes = subject.recipes.iter().filter(|own| subject.path(own.text) == item.path);
        let is_there = recipes.any(|own| {
            own.file.stages.iter().any(|stage| stage.name.as_deref().is_some_and(is_it))
        });
        let all = subject.deployments.iter().filter(|_| item.kind == Kind::Stage && !is_there);
        all.flat_map(|own| own.services.iter().map(move |service| (own, service))).find_map(
            |(own, service)| {
                let target = service.item.get("build")?.get("target")?;
                let directory = parent(subject.path(own.texts[0]));
                let (_, dockerfile) = service.build()?.paths(directory)?;
                let is_its = is_it(&target.scalar()?) && dockerfile == item.path;
                let path = subject.path(*own.texts.get(target.file)?);
                is_its.then(|| format!("{path} ({})", service.name))
            },
        )
    }

    /// Whether an image of the deployment is made of a stage, or copies from it.
    fn is_used(&self, item: &Item) -> bool {
        let subject = self.old.subject;
        self.old.containers.iter().filter_map(|own| subject.build_of(own)).any(|build| {
            let recipe = &subject.recipes[build.recipe];
            if subject.path(recipe.text) != item.path {
                return false;
            }
            let file = &recipe.file;
            let used = file.reached(&build.image.stages);
            used.iter().any(|stage| {
                let name = file.stages[*stage].name.clone().unwrap_or_else(|| stage.to_string());
                name == item.name
            })
        })
    }

    fn run(&self, item: &Item) -> Found {
        let words = shell_words::split(&item.value).unwrap_or_default();
        let told: Vec<&str> = words.iter().map(String::as_str).collect();
        if told.contains(&"collectstatic") {
            return match self.builds(&["collectstatic"]) {
                true => usual(Fate::merged("a step of the image's build")),
                false => {
                    usual(Fate::dropped("dockwright's Dockerfile does not collect static files"))
                }
            };
        }
        if reasons::installs(&told) {
            let new = self.new_of(Kind::Run).find(|own| {
                let words = shell_words::split(&own.value).unwrap_or_default();
                let words: Vec<&str> = words.iter().map(String::as_str).collect();
                reasons::installs(&words) && words.first() == Some(&"uv")
            });
            if let Some(path) = reasons::local_package(&told) {
                return (
                    Fate::dropped(format!(
                        "no dependency file names {path}, and only these are installed: name it in one, by its path in the repository"
                    )),
                    Some(Weight::Behaviour),
                );
            }
            if let Some(own) = new {
                let reason = "uv installs what the dependency files and the lock say; packages that the command named itself are listed each";
                return (Fate::replaced(own.value.clone(), reason), Some(Weight::Operation));
            }
        }
        let address = told.iter().find(|word| word.starts_with("http"));
        if address.is_some_and(|own| self.new_of(Kind::Copy).any(|copy| copy.value.contains(own))) {
            return usual(Fate::merged("an ADD of the image's build"));
        }
        // The same words with others around them.
        if told.len() > 1 && self.builds(&told) {
            return usual(Fate::merged("a step of the image's build"));
        }
        match reasons::run(&told) {
            Some(Glue::Merged(into)) => (Fate::merged(into), Some(Weight::Form)),
            Some(Glue::Dropped(reason, weight)) => (Fate::dropped(reason), Some(weight)),
            None => usual(Fate::dropped("dockwright's Dockerfile does not run it")),
        }
    }

    fn package(&self, item: &Item) -> Found {
        let is_system = reasons::is_of_system(&item.written);
        // Another release, or another distribution, has another number: libpq5.
        let stem = |name: &str| {
            name.trim_end_matches("-dev")
                .trim_end_matches(|c: char| c.is_ascii_digit() || c == '.' || c == '-')
                .to_owned()
        };
        let own = stem(&item.name);
        let other = self
            .new_of(Kind::Package)
            .find(|other| reasons::is_of_system(&other.written) && stem(&other.name) == own);
        if let Some(other) = other.filter(|_| is_system && item.name.starts_with("lib")) {
            return usual(Fate::merged(format!("the package {}", other.name)));
        }
        if !is_system {
            let bare = |name: &str| name.to_ascii_lowercase().replace(['_', '.'], "-");
            let is_named = self.known.packages.iter().any(|own| bare(own) == bare(&item.name));
            if is_named {
                return usual(Fate::merged("among the project's own packages"));
            }
            let installs = self.new_of(Kind::Run).any(|own| {
                let words = shell_words::split(&own.value).unwrap_or_default();
                words.iter().any(|word| {
                    word.split(['=', '[', '<', '>']).next().map(bare) == Some(bare(&item.name))
                })
            });
            if installs {
                return usual(Fate::merged("installed beside the project's own packages"));
            }
        }
        match reasons::package(&item.name, is_system) {
            Some((reason, weight)) => (Fate::dropped(reason), Some(weight)),
            None if is_system => usual(Fate::dropped(
                "dockwright installs the system packages that the project's dependencies are known to need",
            )),
            None => usual(Fate::dropped(
                "no dependency file names it: dockwright installs what they name",
            )),
        }
    }

    fn copy(&self, item: &Item) -> Found {
        // `--from=stage` stands in what is written alone.
        let flags = item.written.split_whitespace().take_while(|word| word.starts_with("--"));
        let from = flags.filter_map(|word| word.strip_prefix("--from=")).next();
        let words: Vec<&str> = item.value.split_whitespace().collect();
        let Some((target, sources)) = words.split_last() else {
            return usual(Fate::dropped("it copies nothing"));
        };
        let bare = |text: &str| {
            text.trim_matches(['"', '\'', '[', ']', ',']).trim_end_matches('/').to_owned()
        };
        let target = bare(target);
        if let Some(from) = from {
            let stage = self.old.items.iter().find(|own| {
                own.kind == Kind::Stage
                    && own.path == item.path
                    && own.name.eq_ignore_ascii_case(from)
            });
            let base = stage.map_or(from, |own| own.value.as_str());
            let is_own =
                stage.is_some_and(|own| !matches!(self.stage(own).0, Fate::Dropped { .. }));
            let tools = ["uv", "poetry"];
            let name =
                base.split([':', '@']).next().unwrap_or(base).rsplit('/').next().unwrap_or(base);
            return match is_own || tools.contains(&name) {
                true => {
                    let reason = "dockwright's own stages bring what was installed and the code";
                    (Fate::replaced("its own COPY --from", reason), Some(Weight::Operation))
                }
                false => usual(Fate::dropped("what it comes from is not there any more")),
            };
        }
        // `ADD` of what is elsewhere.
        if sources.iter().any(|own| own.contains("://") || own.starts_with("git@")) {
            let reason =
                "dockwright's Dockerfile downloads nothing by itself: the image does not have it";
            return (Fate::dropped(reason), Some(Weight::Behaviour));
        }
        let copies = |own: &&Item| own.kind == Kind::Copy && !own.written.contains("--from=");
        let all: Vec<&Item> = self.new.items.iter().filter(copies).collect();
        let same_target = all
            .iter()
            .find(|own| own.value.split_whitespace().last().map(bare) == Some(target.clone()));
        if let Some(own) = same_target.filter(|_| target.starts_with('/')) {
            let by = format!("COPY {}", own.value);
            return usual(Fate::merged(by));
        }
        let takes_all = all.iter().any(|own| {
            let mut words = own.value.split_whitespace();
            matches!(words.next().map(bare).as_deref(), Some("." | "./." | ""))
        });
        let inside = |path: &str| !path.starts_with('/') || self.is_code(item, path);
        // The new image has it at the same place, whatever directory was the code's.
        let is_there = |source: &&str| {
            let whole = format!("/app/{}", bare(source).trim_start_matches("./"));
            whole == target
                || whole
                    == format!("{target}/{}", bare(source).rsplit('/').next().unwrap_or_default())
        };
        if sources.iter().any(|source| bare(source).trim_start_matches("./") == ".git") {
            return usual(Fate::dropped(".dockerignore leaves the history out of the image"));
        }
        if takes_all && (inside(&target) || sources.iter().all(is_there)) {
            return usual(Fate::merged("COPY . /app: the code with all that belongs to it"));
        }
        if target.contains("/nginx") && !self.new.proxies.is_empty() {
            let reason =
                "nginx's image holds its configuration; what the old one said is told line by line";
            return (
                Fate::replaced("the configuration in nginx's image", reason),
                Some(Weight::Operation),
            );
        }
        if !sources.is_empty() && sources.iter().all(|own| reasons::is_of_install(&bare(own))) {
            return usual(Fate::merged("the install reads it from the build context"));
        }
        let of_script = |source: &&str| {
            let name = bare(source);
            let name = name.rsplit('/').next().unwrap_or_default().to_owned();
            let scripts = self.old.scripts.iter().map(|text| self.old.subject.path(*text));
            let is_told = || {
                let mut settings = self.old.items.iter().filter(|own| own.kind == Kind::Setting);
                settings.any(|own| own.path.rsplit('/').next() == Some(name.as_str()))
            };
            name.contains("gunicorn") && name.ends_with(".py") && is_told()
                || !name.is_empty()
                    && scripts
                        .into_iter()
                        .any(|path| path.rsplit('/').next() == Some(name.as_str()))
        };
        if takes_all && !sources.is_empty() && sources.iter().all(of_script) {
            let reason = "what the file says is told line by line";
            return (Fate::replaced("dockwright's own start", reason), Some(Weight::Operation));
        }
        // One file of the repository that something else of ours takes.
        let is_taken = sources.iter().all(|source| {
            let source = bare(source);
            all.iter().any(|own| own.value.split_whitespace().any(|word| bare(word) == source))
        });
        if is_taken && !sources.is_empty() {
            return usual(Fate::merged("a COPY of dockwright's Dockerfile"));
        }
        if takes_all {
            let reason = "the image has it below /app alone, with the rest of the code";
            return usual(Fate::replaced("COPY . /app", reason));
        }
        usual(Fate::dropped("dockwright's Dockerfile does not copy it"))
    }

    /// Whether a path was the code's own directory in the old image.
    fn is_code(&self, item: &Item, path: &str) -> bool {
        let workdirs = self.built_from(&item.path).filter_map(|own| {
            let build = self.old.subject.build_of(own)?;
            let workdir = build.image.workdir.as_ref()?.value.known()?;
            Some(workdir.trim_end_matches('/').to_owned())
        });
        let mut workdirs: Vec<String> = workdirs.collect();
        let carried = self.known.plan.carry.as_ref().map(|own| own.carried.code.clone());
        workdirs.extend(carried.filter(|own| !own.is_empty()));
        workdirs.iter().any(|own| {
            path == own || path.strip_prefix(own.as_str()).is_some_and(|rest| rest.starts_with('/'))
        })
    }

    fn instruction(&self, item: &Item) -> Found {
        let new = |name: &str| {
            let all = self.new_of(Kind::Instruction).filter(|own| own.name == name);
            all.last().map(|own| format!("{name} {}", own.value))
        };
        let replaced = |name: &str, reason: &str, weight: Weight| match new(name) {
            Some(by) => (Fate::replaced(by, reason), Some(weight)),
            None => (Fate::dropped(reason), Some(weight)),
        };
        match item.name.as_str() {
            "WORKDIR" => {
                replaced("WORKDIR", "dockwright's images have the code in /app", Weight::Form)
            }
            "USER" => replaced(
                "USER",
                "a user of its own, without a name on the host and without rights",
                Weight::Operation,
            ),
            "EXPOSE" => replaced(
                "EXPOSE",
                "EXPOSE says the port that the application listens on, and opens none",
                Weight::Form,
            ),
            "VOLUME" => {
                let target = item.value.trim_matches(['[', ']', '"']).to_owned();
                let mounts = self.new_of(Kind::Volume).any(|own| own.name == target);
                match mounts {
                    true => usual(Fate::merged("a volume of the compose file")),
                    false => (
                        Fate::dropped(
                            "volumes are the compose file's to name: one of the image is lost with its container",
                        ),
                        Some(Weight::Behaviour),
                    ),
                }
            }
            "SHELL" => (
                Fate::dropped("the instructions that it was for are not there"),
                Some(Weight::Form),
            ),
            "MAINTAINER" => (Fate::dropped("Docker has given it up"), Some(Weight::Form)),
            "STOPSIGNAL" => (
                Fate::dropped("the server ends by SIGTERM, and the grace period follows it"),
                Some(Weight::Operation),
            ),
            _ => usual(Fate::dropped("dockwright's Dockerfile has no such instruction")),
        }
    }
}
