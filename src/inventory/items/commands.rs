//! What containers start: every command with its options, those of scripts that are
//! not followed, and gunicorn's settings.

use std::collections::BTreeSet;

use super::{Items, Value};
use crate::inventory::{Kind, joined};
use crate::lint::At;
use crate::lint::subject::{Container, Step, given};
use crate::source::shell;

impl Items<'_, '_> {
    pub(super) fn commands(&mut self) {
        let mut seen: BTreeSet<(usize, usize)> = BTreeSet::new();
        let containers = self.scope.containers.clone();
        let ours = self.scope.own().len();
        for (place, own) in containers.iter().enumerate() {
            for (number, step) in own.steps.iter().enumerate() {
                let text = step.at.text;
                let line = (text, self.scope.subject.line(step.at));
                // Of another project: what it says itself goes on as it is.
                if place >= ours && (!self.is_read(text) || seen.contains(&line)) {
                    continue;
                }
                seen.insert(line);
                self.step(own, number, step);
            }
        }
        for script in self.scope.scripts.clone() {
            if !runs_tasks(&self.scope.subject.texts[script].text) {
                self.others(script, &seen);
            }
        }
        self.settings();
    }

    /// Whether a text is one of a Dockerfile or a script of the deployment.
    fn is_read(&self, text: usize) -> bool {
        self.scope.scripts.contains(&text)
            || self
                .scope
                .recipes
                .iter()
                .any(|recipe| self.scope.subject.recipes[*recipe].text == text)
    }

    fn step(&mut self, own: &Container, number: usize, step: &Step) {
        let line = joined(&step.argv);
        let name = step.argv.first().map(String::as_str).unwrap_or_default();
        let item = self.push(Kind::Step, step.at, &own.name, name, Value::of(line));
        let runs = own.server.as_ref().is_some_and(|server| server.step == number);
        if !runs && !own.kind.is_store() {
            return;
        }
        for mut option in given(step.program, &step.argv) {
            let mut named_as =
                option.row.map_or_else(|| option.flag.clone(), |row| row.name.into());
            // PostgreSQL's `-c name=value`.
            let named = option.value.clone().filter(|_| option.flag == "-c" && !runs);
            if let Some((name, value)) = named.as_deref().and_then(|value| value.split_once('=')) {
                option.flag = format!("-c {name}");
                (named_as, option.value) = (name.to_owned(), Some(value.to_owned()));
            }
            let written = match &option.value {
                Some(value) => format!("{} {value}", option.flag),
                None => option.flag.clone(),
            };
            let known = option.value.unwrap_or_else(|| "true".to_owned());
            let value = Value::both(known, written);
            self.part(item, Kind::Option, step.at, &own.name, &named_as, value);
        }
    }

    /// Commands of a script that no container is known to come to: they follow an
    /// argument, or hand over to the command.
    fn others(&mut self, script: usize, seen: &BTreeSet<(usize, usize)>) {
        let text = &self.scope.subject.texts[script];
        let path = text.path.clone();
        for simple in shell::split(&text.text) {
            let at = self.scope.subject.line_at(script, simple.line + 1);
            if seen.contains(&(script, simple.line + 1)) {
                continue;
            }
            let name = simple.words.first().cloned().unwrap_or_default();
            let line = simple.words.join(" ");
            self.push(Kind::Step, at, &path, &name, Value::of(line));
        }
    }

    fn settings(&mut self) {
        let subject = self.scope.subject;
        let configs: BTreeSet<usize> =
            self.scope.containers.iter().filter_map(|own| own.server.as_ref()?.config).collect();
        for config in configs {
            for (name, value, at) in &subject.gunicorn[config].settings {
                let written = subject.slice(*at);
                let written = written.split_once('=').map_or(written, |(_, value)| value.trim());
                let known = value.text().unwrap_or_else(|| written.to_owned());
                let value = Value::both(known, written);
                self.push(Kind::Setting, At::new(at.text, at.span), "gunicorn", name, value);
            }
        }
    }
}

/// Whether a script is a developer's: many functions, of which its first argument names
/// the one that is run.
fn runs_tasks(text: &str) -> bool {
    const LEAST: usize = 5;
    let is_function = |line: &&str| {
        let line = line.trim_end();
        let is_headed = line.ends_with('{') && line.contains("()") || line.starts_with("function ");
        is_headed && !line.starts_with([' ', '\t'])
    };
    let hands_over = ["\"$@\"", "${@", "\"$1\"", "$@"].iter().any(|own| text.contains(own));
    hands_over && text.lines().filter(is_function).count() >= LEAST
}
