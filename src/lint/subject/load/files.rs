//! What a file is by its name, and reading it as that.

use std::fs;

use super::Loader;
use crate::detect::compose::files::{directory_of, file_name};
use crate::detect::tree::Tree;
use crate::lint::subject::deployment;
use crate::lint::subject::{Config, EnvFile, Ignored, Proxy, Purpose, Recipe, Unread};
use crate::source::dockerfile::{Dockerfile, is_dockerfile};
use crate::source::{dotenv, nginx};

impl Loader {
    /// A file that is read for what its name says.
    pub(super) fn file(&mut self, path: &str) {
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
        } else {
            self.manifest(path);
        }
    }

    pub(super) fn recipe(&mut self, path: &str) {
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

    /// Says once that container files below `{{…}}` are templates.
    pub(super) fn templates(&mut self, paths: &[String]) {
        let is_container_file = |path: &&String| {
            path.contains("{{")
                && (is_dockerfile(path) || crate::source::compose::is_compose(file_name(path)))
        };
        let mut found = paths.iter().filter(is_container_file);
        let Some(first) = found.next() else { return };
        let others = match found.count() {
            0 => String::new(),
            1 => ", like one file more".to_owned(),
            others => format!(", like {others} files more"),
        };
        self.text(first);
        let why = format!("it is a template of what is made from it{others}");
        self.subject.unread.push(Unread { path: first.clone(), line: 1, why });
    }

    pub(super) fn proxy(&mut self, path: &str) {
        let Some(text) = self.text(path) else { return };
        match nginx::read(&self.subject.texts[text].text) {
            Ok(directives) => self.subject.proxies.push(Proxy { text, directives }),
            Err((why, at)) => {
                let line = self.subject.texts[text].line(at);
                self.subject.unread.push(Unread { path: path.to_owned(), line, why });
            }
        }
    }

    pub(super) fn env_file(&mut self, path: &str) -> Option<usize> {
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
    pub(super) fn examples(&mut self, paths: &[String]) {
        let mut directories: Vec<&str> = paths
            .iter()
            .filter(|path| crate::source::compose::is_compose(path))
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
                if let Some(path) = crate::relpath::join(directory, &name) {
                    self.env_file(&path);
                }
            }
        }
    }

    pub(super) fn contexts(&mut self) {
        let contexts: Vec<String> =
            self.subject.builds.iter().map(|own| own.context.clone()).collect();
        for context in contexts {
            // Podman's own name for it comes first with Podman, and says the same.
            let text = [".dockerignore", ".containerignore"]
                .iter()
                .find_map(|name| self.text(&crate::relpath::join(&context, name)?));
            if let Some(text) = text {
                let ignored = Ignored::read(text, &self.subject.texts[text]);
                self.subject.ignored.insert(context, ignored);
            }
        }
    }
}

/// Whether an env file is an example that is filled in elsewhere.
pub(super) fn is_example(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let words = ["example", "sample", "template", "dist", "tmpl", "tpl", "default"];
    words.iter().any(|word| lower.contains(word))
}

pub(super) fn is_env(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    // `env-example`, `sample.env`: nothing but the two words.
    let mut words = lower.split(['.', '-', '_']).filter(|word| !word.is_empty());
    if is_example(&lower)
        && words.clone().any(|word| word == "env")
        && words.all(|word| word == "env" || is_example(word))
    {
        return true;
    }
    lower == ".env"
        || [".env.", ".env-", ".env_"].iter().any(|start| lower.starts_with(start))
        || (lower.ends_with(".env") && !lower.contains("venv"))
}

/// A configuration of nginx: by its name, or its directory, and what is in it.
pub(super) fn is_nginx(path: &str, tree: &Tree) -> bool {
    let lower = path.to_ascii_lowercase();
    if !(lower.ends_with(".conf") || lower.ends_with(".conf.template") || lower.ends_with("nginx"))
    {
        return false;
    }
    let is_env_file = file_name(&lower).starts_with(".env");
    let others = ["uwsgi", "supervisor", "logrotate"];
    if is_env_file || others.iter().any(|other| lower.contains(other)) {
        return false;
    }
    let is_template = |text: &str| ["{{", "{%"].iter().any(|mark| text.contains(mark));
    let Some(text) = tree.text(path).filter(|text| !is_template(text)) else { return false };
    lower.contains("nginx")
        && ["server", "location", "upstream", "http"].iter().any(|word| text.contains(word))
        || (text.contains("proxy_pass") && text.contains("location"))
}
