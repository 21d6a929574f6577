//! Made-up repositories for tests.

use assert_fs::TempDir;
use assert_fs::prelude::*;

use crate::detect::commands::{Command, Place};
use crate::detect::deps::{Dependencies, Requirement, Source};
use crate::detect::fact::{Evidence, Fact};
use crate::detect::facts::Facts;
use crate::detect::services::{Context, find};
use crate::detect::startup::Startup;
use crate::detect::tree::Tree;

/// A repository in the making.
pub struct Repository {
    directory: TempDir,
    startup: Startup,
    dependencies: Dependencies,
    commands: Vec<Command>,
}

fn known(text: &str) -> Fact<String> {
    Fact::known(text.to_owned(), Evidence::file("made-up"))
}

impl Repository {
    /// With files, and nothing that starts.
    pub fn new(files: &[(&str, &str)]) -> Self {
        let directory = TempDir::new().unwrap();
        for (path, text) in files {
            directory.child(path).write_str(text).unwrap();
        }
        let startup = Startup { root: known("."), ..Startup::default() };
        Self { directory, startup, dependencies: Dependencies::default(), commands: Vec::new() }
    }

    /// A Django project whose settings are `config/settings.py`.
    pub fn django(settings: &str, more: &[(&str, &str)]) -> Self {
        let mut files = vec![("config/__init__.py", ""), ("config/settings.py", settings)];
        files.extend(more);
        Self::new(&files).starts("django", "config.wsgi:application").settings("config.settings")
    }

    /// A FastAPI application in `main.py`.
    pub fn fastapi(main: &str, more: &[(&str, &str)]) -> Self {
        let mut files = vec![("main.py", main)];
        files.extend(more);
        Self::new(&files).starts("fastapi", "main:app")
    }

    pub fn starts(mut self, framework: &str, app: &str) -> Self {
        self.startup.framework = known(framework);
        self.startup.app = known(app);
        self
    }

    pub fn settings(mut self, module: &str) -> Self {
        self.startup.settings = known(module);
        self
    }

    pub fn root(mut self, root: &str) -> Self {
        self.startup.root = known(root);
        self
    }

    /// What owns the dependencies.
    pub fn manager(mut self, manager: &str) -> Self {
        self.dependencies.manager = known(manager);
        self
    }

    /// Declares production dependencies: `celery[redis]`.
    pub fn installs(mut self, requirements: &[&str]) -> Self {
        for requirement in requirements {
            let (name, extras) = requirement.split_once('[').unwrap_or((requirement, ""));
            self.dependencies.declared.push(Requirement {
                name: name.to_owned(),
                extras: extras
                    .trim_end_matches(']')
                    .split(',')
                    .filter(|it| !it.is_empty())
                    .map(str::to_owned)
                    .collect(),
                specifiers: None,
                source: Source::Index,
                evidence: Evidence::line("requirements.txt", 1, requirement),
            });
        }
        self
    }

    pub fn runs(mut self, command: &str) -> Self {
        self.commands.push(Command {
            place: Place::Procfile,
            process: String::new(),
            directory: None,
            argv: shell_words::split(command).unwrap(),
            variables: Vec::new(),
            may_fail: false,
            evidence: Evidence::line("Procfile", 1, command),
        });
        self
    }

    pub fn find(&self) -> Facts {
        let tree = Tree::read(self.directory.path()).unwrap();
        find(Context {
            tree: &tree,
            commands: &self.commands,
            dependencies: &self.dependencies,
            startup: &self.startup,
        })
    }
}

/// The known value of a fact of text.
pub fn value(fact: &Fact<String>) -> Option<&str> {
    fact.value().map(String::as_str)
}
