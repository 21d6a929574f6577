//! A Dockerfile, as far as it is judged: its stages, who they run as, what
//! they start, and the images they are made from.

use parse_dockerfile::{Command, Instruction};

use crate::check::disk::scene::Text;
use crate::detect::commands::{expand, without_run};
use crate::source::compose::interpolate;

/// An image that a file names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The reference, its variables replaced where they are known.
    pub reference: String,
    /// The line.
    pub line: usize,
}

/// A stage.
#[derive(Clone, Debug, Default)]
pub struct Stage {
    /// Its name; its number where it has none.
    pub name: String,
    /// The line of its FROM.
    pub line: usize,
    /// The stage that it is built on, by its position.
    pub on: Option<usize>,
    /// The last USER and its line.
    pub user: Option<(String, usize)>,
    /// The words of the last CMD, and its line.
    pub command: Option<(Vec<String>, usize)>,
    /// What ENV sets, in order, and the line of the instruction.
    pub variables: Vec<(String, String, usize)>,
}

/// A Dockerfile.
#[derive(Clone, Debug, Default)]
pub struct Dockerfile {
    /// Where it is.
    pub path: String,
    /// Its stages, in their order.
    pub stages: Vec<Stage>,
    /// The images it takes from outside.
    pub images: Vec<Named>,
}

impl Dockerfile {
    /// Reads one.
    ///
    /// # Errors
    /// What the parser says.
    pub fn read(text: &Text) -> Result<Self, String> {
        let plain = without_run(&text.text);
        let parsed = parse_dockerfile::parse(&plain).map_err(|error| error.to_string())?;
        let mut reader = Reader { text: &plain, file: Self::default(), known: Vec::new() };
        reader.file.path.clone_from(&text.path);
        if let Some(frontend) = &parsed.parser_directives.syntax {
            let (reference, at) = (frontend.value.value, frontend.value.span.start);
            reader.image(reference, at);
        }
        for instruction in &parsed.instructions {
            reader.take(instruction);
        }
        reader.mounts(&text.text);
        reader.file.images.sort_by_key(|image| image.line);
        Ok(reader.file)
    }

    /// Who a stage runs as, and the line that says so; a stage without a USER
    /// has that of the stage it is built on.
    #[must_use]
    pub fn user(&self, stage: usize) -> Option<&(String, usize)> {
        let own = &self.stages[stage];
        own.user.as_ref().or_else(|| self.user(own.on?))
    }

    /// What a stage starts.
    #[must_use]
    pub fn command(&self, stage: usize) -> Option<&(Vec<String>, usize)> {
        let own = &self.stages[stage];
        own.command.as_ref().or_else(|| self.command(own.on?))
    }

    /// The value of a variable in a stage, and the line of its ENV.
    #[must_use]
    pub fn variable(&self, stage: usize, name: &str) -> Option<(&str, usize)> {
        let own = &self.stages[stage];
        let set = own.variables.iter().rfind(|(known, ..)| known == name);
        set.map(|(_, value, line)| (value.as_str(), *line)).or_else(|| self.variable(own.on?, name))
    }

    /// The stage of a name or number; the last one for none.
    #[must_use]
    pub fn stage(&self, target: &str) -> Option<usize> {
        if target.is_empty() {
            return self.stages.len().checked_sub(1);
        }
        let named = |stage: &Stage| stage.name.eq_ignore_ascii_case(target);
        self.stages.iter().rposition(named)
    }
}

struct Reader<'a> {
    text: &'a str,
    file: Dockerfile,
    /// ARG before the first FROM, then what the stage sets.
    known: Vec<(String, String)>,
}

impl Reader<'_> {
    fn line(&self, at: usize) -> usize {
        self.text.as_bytes()[..at.min(self.text.len())].iter().filter(|b| **b == b'\n').count() + 1
    }

    fn take(&mut self, instruction: &Instruction<'_>) {
        match instruction {
            Instruction::Arg(argument) => {
                let words = shell_words::split(&argument.arguments.value).unwrap_or_default();
                self.set(words.iter().filter_map(|word| word.split_once('=')));
            }
            Instruction::Env(env) => {
                let line = self.line(env.env.span.start);
                let words = shell_words::split(&env.arguments.value).unwrap_or_default();
                let first = self.known.len();
                self.set(words.iter().filter_map(|word| word.split_once('=')));
                if let Some(stage) = self.file.stages.last_mut() {
                    let set = self.known[first..].iter().cloned();
                    stage.variables.extend(set.map(|(name, value)| (name, value, line)));
                }
            }
            Instruction::From(from) => {
                let base = self.expanded(&from.image.value);
                let line = self.line(from.from.span.start);
                let on = self.file.stage(&base).filter(|_| !base.is_empty());
                let number = self.file.stages.len().to_string();
                let name = from.as_.as_ref().map_or(number, |(_, name)| name.value.to_string());
                if on.is_none() && base != "scratch" {
                    self.file.images.push(Named { reference: base, line });
                }
                self.file.stages.push(Stage { name, line, on, ..Stage::default() });
            }
            Instruction::Copy(copy) => {
                let from = copy.options.iter().find(|flag| flag.name.value == "from");
                if let Some(from) = from.and_then(|flag| flag.value.as_ref()) {
                    self.from(&from.value, self.line(copy.copy.span.start));
                }
            }
            Instruction::User(user) => {
                let line = self.line(user.user.span.start);
                let name = self.expanded(user.arguments.value.trim());
                if let Some(stage) = self.file.stages.last_mut() {
                    stage.user = Some((name, line));
                }
            }
            Instruction::Cmd(cmd) => {
                let line = self.line(cmd.cmd.span.start);
                let words = match &cmd.arguments {
                    Command::Exec(words) => {
                        words.value.iter().map(|word| word.value.to_string()).collect()
                    }
                    Command::Shell(text) => shell_words::split(text.value).unwrap_or_default(),
                    _ => Vec::new(),
                };
                if let Some(stage) = self.file.stages.last_mut() {
                    stage.command = Some((words, line));
                }
            }
            _ => {}
        }
    }

    fn set<'w>(&mut self, pairs: impl Iterator<Item = (&'w str, &'w str)>) {
        let pairs: Vec<(String, String)> =
            pairs.map(|(name, value)| (name.to_owned(), expand(value, &self.known))).collect();
        self.known.extend(pairs);
    }

    /// Known variables replaced, others by their defaults.
    fn expanded(&self, text: &str) -> String {
        let text = expand(text, &self.known);
        if text.contains(":-") { interpolate::defaults(&text) } else { text }
    }

    fn image(&mut self, reference: &str, at: usize) {
        let line = self.line(at);
        self.file.images.push(Named { reference: reference.trim().to_owned(), line });
    }

    /// `--from`: an image unless a stage has the name.
    fn from(&mut self, name: &str, line: usize) {
        let name = self.expanded(name);
        let stages = &self.file.stages;
        let is_stage = name.parse::<usize>().is_ok_and(|number| number < stages.len())
            || stages.iter().any(|stage| stage.name.eq_ignore_ascii_case(&name));
        if !is_stage && !name.is_empty() {
            self.file.images.push(Named { reference: name, line });
        }
    }

    /// `RUN --mount=type=bind,from=IMAGE`; RUN itself is left out above.
    fn mounts(&mut self, whole: &str) {
        for (number, line) in whole.lines().enumerate() {
            if line.trim_start().starts_with('#') {
                continue;
            }
            for mount in line.split_whitespace().filter_map(|w| w.strip_prefix("--mount=")) {
                let from = mount.split(',').find_map(|part| part.strip_prefix("from="));
                if let Some(from) = from {
                    self.from(from, number + 1);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Dockerfile {
        Dockerfile::read(&Text { path: "Dockerfile".into(), text: text.into(), pristine: None })
            .unwrap()
    }

    #[test]
    fn stages_users_and_images_have_their_lines() {
        let file = read(
            "# syntax=docker/dockerfile:1\nARG V=3.12\nFROM tools/uv:1 AS uv\n\
             FROM python:${V}-slim AS base\nRUN --mount=type=bind,from=mirror/x:2,target=/x \\\n\
             \x20 <<EOF cat\nUSER root\nEOF\nUSER 10001:10001\n\
             FROM base AS runtime\nCOPY --from=uv /uv /bin/\nCOPY --from=busybox:1 /a /b\n\
             ENV A=1 \\\n  WEB_CONCURRENCY=3\nCMD [\"gunicorn\", \"--workers\", \"3\"]\n",
        );
        let images: Vec<(&str, usize)> =
            file.images.iter().map(|image| (image.reference.as_str(), image.line)).collect();
        assert_eq!(
            images,
            [
                ("docker/dockerfile:1", 1),
                ("tools/uv:1", 3),
                ("python:3.12-slim", 4),
                ("mirror/x:2", 5),
                ("busybox:1", 12)
            ]
        );
        let last = file.stage("").unwrap();
        assert_eq!(file.user(last), Some(&("10001:10001".to_owned(), 9)));
        assert_eq!(file.command(last).unwrap().0, ["gunicorn", "--workers", "3"]);
        assert_eq!(file.stage("RUNTIME"), Some(last));
        assert_eq!(file.variable(last, "WEB_CONCURRENCY"), Some(("3", 13)));
    }
}
