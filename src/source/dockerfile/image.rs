//! What the instructions of a stage, and of those it is built on, add up to.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::{Command, Dockerfile, Expanded, Instruction, Keyword, expand};
use crate::relpath;
use crate::source::text::Span;

/// Values of build arguments from outside, by name. A name that is there and
/// has no value was given one that is not known.
pub type Arguments = BTreeMap<String, Option<String>>;

/// What is set, and by which instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting<T> {
    /// What.
    pub value: T,
    /// The number of the instruction.
    pub at: usize,
}

/// HEALTHCHECK.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Healthcheck {
    /// `NONE`: that of the base image does not count.
    Off,
    /// `CMD`.
    Test(Command),
}

/// An image of a stage: what a container of it starts with.
#[derive(Clone, Debug, Default)]
pub struct Image {
    /// The stages it is made of: the one that starts from outside first.
    pub stages: Vec<usize>,
    /// The image it starts from.
    pub base: Expanded,
    /// USER.
    pub user: Option<Setting<Expanded>>,
    /// WORKDIR, absolute where a base image's need not be known.
    pub workdir: Option<Setting<Expanded>>,
    /// ENTRYPOINT.
    pub entrypoint: Option<Setting<Command>>,
    /// CMD.
    pub cmd: Option<Setting<Command>>,
    /// HEALTHCHECK.
    pub healthcheck: Option<Setting<Healthcheck>>,
    /// STOPSIGNAL.
    pub stop_signal: Option<Setting<Expanded>>,
    /// ENV, the last of each name.
    pub env: BTreeMap<String, Setting<Expanded>>,
    /// Build arguments in the last stage.
    pub args: BTreeMap<String, Setting<Expanded>>,
    /// EXPOSE.
    pub ports: Vec<Setting<Expanded>>,
    /// VOLUME.
    pub volumes: Vec<Setting<Expanded>>,
}

impl Image {
    /// The value of a variable, where it is known.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.env.get(name)?.value.known()
    }

    /// What it runs: the words of ENTRYPOINT, then those of CMD.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let of = |set: &Option<Setting<Command>>| set.as_ref().map(|set| set.value.words());
        match &self.entrypoint {
            // A shell's text takes no CMD.
            Some(Setting { value: Command::Shell(_), .. }) => of(&self.entrypoint),
            _ => Some(
                [of(&self.entrypoint), of(&self.cmd)].into_iter().flatten().flatten().collect(),
            ),
        }
        .unwrap_or_default()
    }
}

/// What a stage is built on, without what their instructions add up to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chain {
    /// The stages, itself last: the one that starts from outside first.
    pub stages: Vec<usize>,
    /// The image that one starts from.
    pub base: Expanded,
}

/// What FROM names, and the stage of that name; `None` for an image from outside.
type Base = (Expanded, Option<usize>);

/// What holds for every stage where no build argument is given: rules ask for it
/// stage by stage.
#[derive(Clone, Debug)]
pub(super) struct Plain {
    globals: BTreeMap<String, Expanded>,
    bases: Vec<Base>,
}

impl Dockerfile {
    /// The image of a stage with these build arguments.
    #[must_use]
    pub fn image(&self, stage: usize, arguments: &Arguments) -> Image {
        if stage < self.stages.len() {
            self.builder(arguments).image(stage)
        } else {
            Image::default()
        }
    }

    /// What a stage is built on with these build arguments. It costs far less than
    /// the image.
    #[must_use]
    pub fn chain(&self, stage: usize, arguments: &Arguments) -> Chain {
        if stage < self.stages.len() {
            self.builder(arguments).chain(stage)
        } else {
            Chain::default()
        }
    }

    fn builder<'a>(&'a self, arguments: &'a Arguments) -> Builder<'a> {
        let (globals, bases) = if arguments.is_empty() {
            let plain = self.plain.get_or_init(|| {
                let globals = self.globals(arguments);
                let of = |stage| self.base(stage, &globals);
                let bases = (0..self.stages.len()).map(of).collect();
                Plain { globals, bases }
            });
            (Cow::Borrowed(&plain.globals), Some(plain.bases.as_slice()))
        } else {
            (Cow::Owned(self.globals(arguments)), None)
        };
        Builder { file: self, arguments, globals, bases }
    }

    /// What a stage starts from, global arguments put in.
    fn base(&self, stage: usize, globals: &BTreeMap<String, Expanded>) -> Base {
        let lookup = |name: &str| globals.get(name).cloned();
        let base = expand(&self.stages[stage].from, self.escape, &lookup);
        // A number is no stage after FROM.
        let name = base.known().filter(|name| name.parse::<usize>().is_err());
        let below = name.and_then(|name| self.stage_named(name, stage));
        (base, below)
    }

    /// Every image that is taken from outside, with the place that names it:
    /// `# syntax`, FROM, `COPY --from`, `RUN --mount=…,from=`. A name with a
    /// variable of unknown value stands as it is written.
    #[must_use]
    pub fn taken(&self, arguments: Option<&Arguments>) -> Vec<(String, Span)> {
        let none = Arguments::new();
        let arguments = arguments.unwrap_or(&none);
        let mut taken: Vec<(String, Span)> = self.syntax.iter().cloned().collect();
        for (number, stage) in self.stages.iter().enumerate() {
            let chain = self.chain(number, arguments);
            // Built on another stage, its base is that one's.
            if chain.stages.len() == 1 && chain.base.text != "scratch" {
                taken.push((chain.base.text, stage.from_span));
            }
            for (_, own) in self.of_stage(number) {
                let outside = |name: &str| {
                    !name.is_empty() && self.stage_named(name, self.stages.len()).is_none()
                };
                let named = own.sources().filter(|(name, _)| outside(name));
                taken.extend(named.map(|(name, flag)| (name.to_owned(), flag.span)));
                for later in triggered(own) {
                    let named = later.sources().filter(|(name, _)| outside(name));
                    taken.extend(named.map(|(name, _)| (name.to_owned(), own.span)));
                }
            }
        }
        taken.sort_by_key(|(_, span)| span.start);
        taken
    }

    /// ARG before the first FROM.
    fn globals(&self, arguments: &Arguments) -> BTreeMap<String, Expanded> {
        let mut known: BTreeMap<String, Expanded> = BTreeMap::new();
        let first = self.stages.first().map_or(self.instructions.len(), |stage| stage.first);
        for argument in &self.instructions[..first] {
            for (name, default, _) in argument.pairs(self.escape) {
                let value = given(arguments, &name).or_else(|| {
                    let lookup = |name: &str| known.get(name).cloned();
                    Some(expand(&default?, self.escape, &lookup))
                });
                if let Some(value) = value {
                    known.insert(name, value);
                }
            }
        }
        known
    }
}

/// What ONBUILD puts off.
fn triggered(instruction: &Instruction) -> Vec<Instruction> {
    if instruction.keyword != Keyword::Onbuild {
        return Vec::new();
    }
    let text = format!("FROM scratch\n{}\n", instruction.arguments.text.trim());
    Dockerfile::read(&text).instructions.split_off(1)
}

/// A build argument from outside.
fn given(arguments: &Arguments, name: &str) -> Option<Expanded> {
    let value = arguments.get(name)?;
    Some(match value {
        Some(value) => Expanded { text: value.clone(), unknown: Vec::new() },
        None => Expanded { text: format!("${name}"), unknown: vec![name.to_owned()] },
    })
}

struct Builder<'a> {
    file: &'a Dockerfile,
    arguments: &'a Arguments,
    globals: Cow<'a, BTreeMap<String, Expanded>>,
    /// What every stage starts from, where that is known already.
    bases: Option<&'a [Base]>,
}

impl Builder<'_> {
    fn image(&self, stage: usize) -> Image {
        let Chain { stages, base } = self.chain(stage);
        let mut image = Image { base, ..Image::default() };
        for stage in stages {
            self.lay(&mut image, stage);
        }
        image
    }

    fn chain(&self, stage: usize) -> Chain {
        // A stage can only be built on an earlier one, so this ends.
        let mut stages = vec![stage];
        loop {
            let stage = stages[stages.len() - 1];
            let base = match self.bases {
                Some(bases) => Cow::Borrowed(&bases[stage]),
                None => Cow::Owned(self.file.base(stage, &self.globals)),
            };
            if let Some(below) = base.1 {
                stages.push(below);
                continue;
            }
            stages.reverse();
            return Chain { stages, base: base.into_owned().0 };
        }
    }

    /// A stage on top of what it is built on.
    fn lay(&self, image: &mut Image, stage: usize) {
        image.args.clear();
        image.stages.push(stage);
        let inherited_cmd = image.cmd.is_some();
        let mut own_cmd = false;
        for (at, instruction) in self.file.of_stage(stage) {
            own_cmd |= instruction.keyword == Keyword::Cmd;
            if instruction.keyword == Keyword::Entrypoint && inherited_cmd && !own_cmd {
                image.cmd = None;
            }
            self.take(image, instruction, at);
        }
    }

    fn expanded(&self, image: &Image, word: &str) -> Expanded {
        expand(word, self.file.escape, &|name| {
            let set = image.env.get(name).or_else(|| image.args.get(name));
            set.map(|set| set.value.clone())
        })
    }

    fn take(&self, image: &mut Image, instruction: &Instruction, at: usize) {
        let text = instruction.arguments.text.trim();
        let escape = self.file.escape;
        match instruction.keyword {
            Keyword::Env => {
                // All of an instruction's values see what was set before it.
                let pairs: Vec<(String, Expanded)> = instruction
                    .pairs(escape)
                    .into_iter()
                    .map(|(name, value, _)| {
                        (name, self.expanded(image, &value.unwrap_or_default()))
                    })
                    .collect();
                for (name, value) in pairs {
                    image.env.insert(name, Setting { value, at });
                }
            }
            Keyword::Arg => {
                for (name, default, _) in instruction.pairs(escape) {
                    let value = given(self.arguments, &name)
                        .or_else(|| Some(self.expanded(image, &default?)))
                        .or_else(|| self.globals.get(&name).cloned());
                    let value = value.unwrap_or_default();
                    image.args.insert(name, Setting { value, at });
                }
            }
            Keyword::User => {
                image.user = Some(Setting { value: self.expanded(image, text), at });
            }
            Keyword::Workdir => {
                let mut value = self.expanded(image, text);
                if !value.text.starts_with('/') && !value.text.starts_with('$') {
                    let base = image.workdir.as_ref().map_or("", |own| own.value.text.as_str());
                    value.text = relpath::absolute(base, &value.text);
                }
                image.workdir = Some(Setting { value, at });
            }
            Keyword::Entrypoint => {
                image.entrypoint = Some(Setting { value: instruction.command(), at });
            }
            Keyword::Cmd => image.cmd = Some(Setting { value: instruction.command(), at }),
            Keyword::Healthcheck => {
                image.healthcheck = healthcheck(text).map(|value| Setting { value, at });
            }
            Keyword::Stopsignal => {
                image.stop_signal = Some(Setting { value: self.expanded(image, text), at });
            }
            Keyword::Expose => {
                for (start, end) in instruction.arguments.words(escape) {
                    let value = self.expanded(image, &instruction.arguments.text[start..end]);
                    image.ports.push(Setting { value, at });
                }
            }
            Keyword::Volume => {
                let words = match &instruction.json {
                    Some(words) => words.clone(),
                    None => text.split_whitespace().map(str::to_owned).collect(),
                };
                for word in words {
                    let value = self.expanded(image, &word);
                    image.volumes.push(Setting { value, at });
                }
            }
            _ => {}
        }
    }
}

fn healthcheck(text: &str) -> Option<Healthcheck> {
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    if word.eq_ignore_ascii_case("none") {
        return Some(Healthcheck::Off);
    }
    let rest = rest.trim();
    word.eq_ignore_ascii_case("cmd").then(|| {
        Healthcheck::Test(match serde_json::from_str::<Vec<String>>(rest) {
            Ok(words) if rest.starts_with('[') => Command::Exec(words),
            _ => Command::Shell(rest.to_owned()),
        })
    })
}
