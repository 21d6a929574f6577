//! Dockerfiles: stages and every instruction, a RUN by its commands, an install by
//! what it names.

use super::{Items, Value};
use crate::inventory::{Kind, joined};
use crate::lint::At;
use crate::source::dockerfile::{Dockerfile, Instruction, Keyword};
use crate::source::text::Span;

impl Items<'_, '_> {
    pub(super) fn dockerfiles(&mut self) {
        for recipe in self.scope.recipes.clone() {
            let own = &self.scope.subject.recipes[recipe];
            self.dockerfile(own.text, &own.file);
        }
    }

    fn dockerfile(&mut self, text: usize, file: &Dockerfile) {
        let mut stage = None;
        let mut name = String::new();
        for (number, own) in file.instructions.iter().enumerate() {
            let at = At::new(text, own.span);
            let line = own.arguments.text.split_whitespace().collect::<Vec<_>>().join(" ");
            if own.keyword == Keyword::From {
                let index = file.stage_of(number).unwrap_or(0);
                let of = &file.stages[index];
                name = of.name.clone().unwrap_or_else(|| index.to_string());
                stage = Some(self.push(Kind::Stage, at, &name, &name, Value::of(&of.from)));
                continue;
            }
            let flags: Vec<&str> =
                own.flags.iter().map(|flag| self.slice(text, flag.span)).collect();
            let flags = flags.join(" ");
            let mut note = |kind: Kind, at: At, own: &str, value: Value| match stage {
                Some(stage) => self.part(stage, kind, at, &name, own, value),
                None => self.push(kind, at, "", own, value),
            };
            match own.keyword {
                Keyword::From => {}
                Keyword::Env | Keyword::Arg | Keyword::Label => {
                    let kind = match own.keyword {
                        Keyword::Env => Kind::Environment,
                        Keyword::Arg => Kind::BuildArgument,
                        _ => Kind::Label,
                    };
                    for (key, value, span) in own.pairs(file.escape) {
                        let value = value.unwrap_or_default();
                        let value = value.trim_matches(['"', '\'']).to_owned();
                        note(kind, At::new(text, span), &key, Value::of(value));
                    }
                }
                Keyword::Run => self.run(text, own, at, stage, &name),
                Keyword::Copy | Keyword::Add => {
                    let written = format!("{flags} {line}").trim().to_owned();
                    note(Kind::Copy, at, &line, Value::both(line.clone(), written));
                }
                Keyword::Cmd | Keyword::Entrypoint => {
                    let command = own.command().line();
                    note(Kind::Command, at, own.keyword.word(), Value::both(command, line));
                }
                Keyword::Healthcheck => {
                    note(Kind::HealthCheck, at, "HEALTHCHECK", Value::of(line));
                }
                keyword => {
                    note(Kind::Instruction, at, keyword.word(), Value::of(line));
                }
            }
        }
    }

    fn slice(&self, text: usize, span: Span) -> &str {
        self.scope.subject.slice(At::new(text, span))
    }

    fn run(&mut self, text: usize, own: &Instruction, at: At, stage: Option<usize>, name: &str) {
        let commands = own.commands(&self.scope.subject.texts[text].text);
        if commands.is_empty() {
            // A here-document that no shell reads, or nothing but redirections.
            let line = own.arguments.text.split_whitespace().collect::<Vec<_>>().join(" ");
            let item = self.push(Kind::Run, at, name, "RUN", Value::of(line));
            self.found[item].part_of = stage;
        }
        let mut set: Vec<(String, String)> = Vec::new();
        for command in commands {
            if let [word] = command.words.as_slice()
                && let Some((name, value)) = word.split_once('=')
            {
                set.push((name.to_owned(), value.to_owned()));
            }
            let line = joined(&command.words);
            let first = command.words.first().cloned().unwrap_or_default();
            let item = self.push(Kind::Run, at, name, &first, Value::of(line));
            self.found[item].part_of = stage;
            for named in named(&expanded(&command.words, &set)) {
                let (kind, own) = match named {
                    Named::Package(name) => (Kind::Package, name),
                    Named::Extra(name) => (Kind::Extra, name),
                };
                let of_first = first.clone();
                let item = self.push(kind, at, name, &own, Value::both("", of_first));
                self.found[item].part_of = stage;
            }
        }
    }
}

/// A command with the variables that commands before it set: `apt-get install $DEPS`.
fn expanded(words: &[String], set: &[(String, String)]) -> Vec<String> {
    let value = |word: &str| {
        let name = word.strip_prefix('$')?.trim_matches(['{', '}']);
        let (_, value) = set.iter().rev().find(|(own, _)| own == name)?;
        Some(value.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    };
    words.iter().flat_map(|word| value(word).unwrap_or_else(|| vec![word.clone()])).collect()
}

enum Named {
    Package(String),
    Extra(String),
}

/// What an install names: packages of the system and of Python, extras and groups.
fn named(words: &[String]) -> Vec<Named> {
    let name = |word: &str| word.rsplit('/').next().unwrap_or(word).to_owned();
    let mut rest = words.iter().map(String::as_str).skip_while(|word| {
        word.contains('=') && !word.starts_with('-') || matches!(*word, "sudo" | "exec")
    });
    let Some(program) = rest.next().map(name) else { return Vec::new() };
    let words: Vec<&str> = rest.collect();
    let is_install = |word: &&str| matches!(*word, "install" | "add" | "sync" | "export");
    let Some(verb) = words.iter().position(is_install) else { return Vec::new() };
    let after = &words[verb + 1..];
    match program.as_str() {
        "apt-get" | "apt" | "apk" | "dnf" | "yum" | "microdnf" => {
            let plain = after.iter().filter(|word| {
                !word.starts_with('-') && !word.starts_with('$') && !word.starts_with('.')
            });
            plain
                .map(|word| word.split(['=', '<', '>', '~']).next().unwrap_or(word).to_owned())
                .filter(|word| !word.is_empty())
                .map(Named::Package)
                .collect()
        }
        "pip" | "pip3" | "uv" | "uvx" | "poetry" | "pdm" | "pipenv" | "python" | "python3" => {
            let mut found = Vec::new();
            let mut words = after.iter();
            while let Some(word) = words.next() {
                let (flag, attached) = match word.split_once('=') {
                    Some((flag, value)) if flag.starts_with("--") => (flag, Some(value)),
                    _ => (*word, None),
                };
                match flag {
                    "--extra" | "-E" | "--extras" | "--group" | "--with" | "-G" => {
                        let value = attached.or_else(|| words.next().copied()).unwrap_or_default();
                        let names = value.split([',', ' ']).filter(|name| !name.is_empty());
                        found.extend(names.map(|name| Named::Extra(name.to_owned())));
                    }
                    "--all-extras" | "--all-groups" | "--all-packages" => {
                        found.push(Named::Extra(flag.to_owned()));
                    }
                    "-r" | "--requirement" | "-c" | "--constraint" | "-i" | "--index-url"
                    | "--extra-index-url" | "--target" | "-t" | "--prefix" | "-f"
                    | "--find-links" | "--python" | "--directory" | "--format" | "-o"
                    | "--output" | "--without" | "--only" | "--no-group" | "--root"
                    | "--timeout" | "--default-timeout" | "--retries" | "--trusted-host"
                    | "--package" | "--no-binary" | "--only-binary" | "--cache-dir"
                    | "--project" | "--link-mode" | "--progress-bar" | "--proxy" => {
                        if attached.is_none() {
                            words.next();
                        }
                    }
                    _ if flag.starts_with(['-', '$', '/']) || flag.contains("://") => {}
                    _ => found.extend(of_python(word)),
                }
            }
            found
        }
        _ => Vec::new(),
    }
}

/// A requirement on a command line: its package, or the extras of a directory's.
fn of_python(word: &str) -> Vec<Named> {
    let (base, extras) = match word.split_once('[') {
        Some((base, rest)) => (base, rest.split(']').next().unwrap_or_default()),
        None => (word, ""),
    };
    let is_path = base.starts_with('.') || base.contains('/') || base.ends_with(".whl");
    if is_path {
        let extras = extras.split(',').map(str::trim).filter(|name| !name.is_empty());
        return extras.map(|name| Named::Extra(name.to_owned())).collect();
    }
    let end = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    let name = base.split(end).next().unwrap_or_default();
    match name.is_empty() || name.ends_with(".txt") || name.ends_with(".toml") {
        true => Vec::new(),
        false => vec![Named::Package(name.to_ascii_lowercase().replace('_', "-"))],
    }
}
