//! Takes the text of commands apart and follows the scripts they run.

use std::collections::BTreeMap;

use super::dockerfile::Image;
use super::paths::{expand, join, name, parent};
use super::variables::with_options;
use super::wrapper::{self, Unwrapped};
use super::{Command, Place};
use crate::detect::fact::Evidence;
use crate::detect::tree::Tree;
use crate::source::shell;

/// How deep scripts that run scripts are followed.
const DEEPEST: usize = 6;
/// Longest script that is read, in bytes.
const LONGEST: usize = 64 * 1024;

/// Words of a shell that start nothing.
const IDLE: [&str; 27] = [
    "echo", "set", "true", "false", "exit", "return", "shift", "source", ".", "trap", "wait",
    "unset", "test", "[", "[[", "printf", "read", "fi", "done", "esac", "}", "sleep", "case",
    "for", "local", "declare", ":",
];

/// What is known about a command line besides its text.
#[derive(Clone, Debug, Default)]
pub struct Setting<'a> {
    /// Name of the process, service or target.
    pub process: String,
    /// The directory it runs in.
    pub directory: Option<String>,
    /// Variables set for it.
    pub variables: Vec<(String, String)>,
    /// The image it runs in.
    pub image: Option<&'a Image>,
    /// Whether what comes behind it runs as well where it fails.
    pub may_fail: bool,
}

/// A task by name: its text, the directory it runs in, where it stands.
#[derive(Clone, Debug)]
pub struct Task {
    /// What it runs, one command or several lines.
    pub text: String,
    /// The directory of its file.
    pub directory: String,
    /// Its line.
    pub evidence: Evidence,
}

/// Collects commands.
pub struct Walker<'a> {
    /// The repository.
    pub tree: &'a Tree,
    /// What was found so far.
    pub commands: Vec<Command>,
    tasks: BTreeMap<String, Task>,
}

impl<'a> Walker<'a> {
    /// Begins with the tasks that commands may name.
    pub const fn new(tree: &'a Tree, tasks: BTreeMap<String, Task>) -> Self {
        Self { tree, commands: Vec::new(), tasks }
    }

    /// Takes one line, or several, of shell text that stand at `evidence`.
    pub fn text(&mut self, place: Place, setting: &Setting<'_>, text: &str, evidence: &Evidence) {
        self.lines(place, setting.clone(), text, &|_| evidence.clone(), 0);
    }

    /// As `text`, and what the lines change in the setting stays changed.
    pub fn text_within(
        &mut self,
        place: Place,
        setting: &mut Setting<'_>,
        text: &str,
        evidence: &Evidence,
    ) {
        for simple in shell::split(text) {
            self.simple(place, setting, &simple.words, &|_| evidence.clone(), 0, 0);
        }
    }

    /// Takes a command that is already split into words.
    pub fn words(
        &mut self,
        place: Place,
        setting: &Setting<'_>,
        words: &[String],
        evidence: &Evidence,
    ) {
        let mut setting = setting.clone();
        self.simple(place, &mut setting, words, &|_| evidence.clone(), 0, 0);
    }

    /// Takes a whole script of the repository; its lines are the evidence.
    pub fn script(&mut self, place: Place, setting: &Setting<'_>, path: &str, depth: usize) {
        let Some(text) = self.tree.text(path).filter(|text| text.len() <= LONGEST) else { return };
        let tree = self.tree;
        let evidence = |line: usize| tree.evidence(path, line + 1);
        self.lines(place, setting.clone(), text, &evidence, depth);
    }

    /// The shell script a word names, as a file of the repository.
    pub fn find_script(&self, setting: &Setting<'_>, word: &str) -> Option<String> {
        let last = name(word);
        if last.is_empty() || last.ends_with(".py") || word.contains('$') {
            return None;
        }
        if let Some(path) = setting.image.and_then(|image| image.file(word, self.tree)) {
            return self.is_script(&path).then_some(path);
        }
        let direct = [setting.directory.as_deref().unwrap_or("."), "."];
        let direct = direct.iter().filter_map(|base| join(base, word));
        if let Some(path) = direct.into_iter().find(|path| self.is_script(path)) {
            return Some(path);
        }
        if !(word.contains('/') || last.ends_with(".sh")) {
            return None;
        }
        // Its place in the image is unknown: a name that only one file has.
        let mut named = self.tree.paths().filter(|path| name(path) == last);
        let path = named.next().filter(|path| self.is_script(path))?;
        named.next().is_none().then(|| path.to_owned())
    }

    fn is_script(&self, path: &str) -> bool {
        if path.ends_with(".py") || !self.tree.has(path) {
            return false;
        }
        let shebang = self.tree.text(path).and_then(|text| text.lines().next()).unwrap_or("");
        path.ends_with(".sh") || (shebang.starts_with("#!") && shebang.contains("sh"))
    }

    fn lines(
        &mut self,
        place: Place,
        mut setting: Setting<'_>,
        text: &str,
        evidence: &dyn Fn(usize) -> Evidence,
        depth: usize,
    ) {
        let stops = stops_at_errors(text);
        let around = setting.may_fail;
        for simple in shell::split(text) {
            setting.may_fail = around || goes_on(text, simple.line, stops);
            self.simple(place, &mut setting, &simple.words, evidence, simple.line, depth);
        }
    }

    fn simple(
        &mut self,
        place: Place,
        setting: &mut Setting<'_>,
        words: &[String],
        evidence: &dyn Fn(usize) -> Evidence,
        line: usize,
        depth: usize,
    ) {
        if depth > DEEPEST {
            return;
        }
        let words: Vec<String> =
            words.iter().map(|word| expand(word, &setting.variables)).collect();
        if note(setting, &words) {
            return;
        }
        let Unwrapped { argv, variables, directory, shell } = wrapper::unwrap(&words);
        if let Some(text) = shell {
            let mut inner = setting.clone();
            inner.variables.extend(variables);
            self.lines(place, inner, &text, &|_| evidence(line), depth + 1);
            return;
        }
        let Some(program) = argv.first() else {
            setting.variables.extend(variables);
            return;
        };
        if IDLE.contains(&program.as_str()) {
            return;
        }
        match program.as_str() {
            "cd" | "pushd" => {
                let to = argv.get(1).map_or("", String::as_str);
                let path = evidence(line).path;
                setting.directory = self.change(setting, to, &path);
                return;
            }
            "export" => {
                let set = argv[1..].iter().filter_map(|word| wrapper::assignment(word));
                setting.variables.extend(set.map(|(name, value)| (name.into(), value.into())));
                return;
            }
            _ => {}
        }
        let mut inner = setting.clone();
        inner.variables.extend(variables);
        if let Some(to) = directory {
            inner.directory = join(inner.directory.as_deref().unwrap_or("."), &to);
        }
        // Every script is read for itself; only those of deployment files are
        // followed as well.
        if place < Place::Script
            && let Some(path) = self.find_script(&inner, program)
        {
            if evidence(line).path == path {
                return;
            }
            // What a script is given it usually runs: `exec "$@"`.
            self.script(place, &inner, &path, depth + 1);
            if argv.len() > 1 {
                self.simple(place, &mut inner, &argv[1..], evidence, line, depth + 1);
            }
            return;
        }
        if self.task(place, &inner, &argv, depth) {
            return;
        }
        let Setting { process, directory, variables, may_fail, .. } = inner;
        let evidence = evidence(line);
        let argv = with_options(argv, &variables);
        self.commands.push(Command {
            place,
            process,
            directory,
            argv,
            variables,
            may_fail,
            evidence,
        });
    }

    /// Follows `make serve`, `poe serve`, `just serve`, or a script of the
    /// package manager, where a deployment file runs it.
    fn task(&mut self, place: Place, setting: &Setting<'_>, argv: &[String], depth: usize) -> bool {
        if place >= Place::Script {
            return false;
        }
        let named = match name(&argv[0]) {
            "make" | "just" | "poe" | "task" => {
                argv[1..].iter().find(|word| !word.starts_with('-'))
            }
            program if !program.contains('.') => Some(&argv[0]),
            _ => None,
        };
        let Some(task) = named.and_then(|name| self.tasks.get(name)).cloned() else {
            return false;
        };
        let mut inner = setting.clone();
        inner.directory = Some(task.directory);
        self.lines(place, inner, &task.text, &|_| task.evidence.clone(), depth + 1);
        true
    }

    /// Where `cd to` leads.
    fn change(&self, setting: &Setting<'_>, to: &str, script: &str) -> Option<String> {
        if let Some(image) = setting.image
            && to.starts_with('/')
        {
            return image.directory(to, self.tree);
        }
        // `cd "$(dirname "$0")/.."` and its like begin at the script.
        if to.contains("dirname") {
            let rest = to.rsplit([')', '`']).next().unwrap_or("").trim_start_matches('/');
            return join(parent(script), rest);
        }
        let here = setting.directory.as_deref().unwrap_or(".");
        let to = to.trim_end_matches('/');
        [here, parent(script)]
            .iter()
            .filter_map(|base| join(base, to))
            .find(|directory| self.tree.has_directory(directory))
    }
}

/// Whether a script ends where one of its commands fails.
fn stops_at_errors(text: &str) -> bool {
    text.lines().any(|line| {
        let line = line.trim();
        let mut words = line.split_whitespace();
        let sets = matches!(words.next(), Some("set" | "#!/bin/sh" | "#!/bin/bash"));
        sets && words.any(|word| {
            let flags = word.strip_prefix('-').filter(|own| !own.starts_with('-'));
            word == "errexit" || flags.is_some_and(|own| own.contains('e'))
        })
    })
}

/// Whether what stands behind a line of a script runs also where that line fails.
fn goes_on(text: &str, line: usize, stops: bool) -> bool {
    let Some(own) = text.lines().nth(line) else { return false };
    let otherwise = own.rsplit_once("||").map(|(_, rest)| rest.trim_start());
    let is_excused =
        otherwise.is_some_and(|rest| rest.starts_with("true") || rest.starts_with(':'));
    let is_chained = own.contains("&&") || own.trim_end().ends_with('\\');
    let is_alone = !own.contains(';') && text.trim().lines().count() < 2;
    is_excused || !stops && !is_chained && !is_alone
}

/// Takes a line that only sets variables; whether it was one.
fn note(setting: &mut Setting<'_>, words: &[String]) -> bool {
    let all: Option<Vec<_>> = words.iter().map(|word| wrapper::assignment(word)).collect();
    let Some(all) = all else { return false };
    setting.variables.extend(all.into_iter().map(|(name, value)| (name.into(), value.into())));
    true
}
