//! Dockerfiles: what an image runs, and which directory of the repository each
//! of its directories is a copy of.

use std::collections::BTreeMap;

use super::Place;
use super::paths::{self, join, parent};
use super::walker::{Setting, Walker};
use crate::detect::compose::files::documents;
use crate::detect::tree::Tree;
use crate::relpath::absolute;
use crate::source::dockerfile::{
    self, Command, Dockerfile, Expanded, Instruction, Keyword, Transfer, is_dockerfile,
};
use crate::source::text::Text;

/// What CMD or ENTRYPOINT says.
#[derive(Clone, Debug)]
pub enum Line {
    /// The exec form.
    Words(Vec<String>, usize),
    /// The shell form.
    Shell(String, usize),
}

/// One stage as an image.
#[derive(Clone, Debug, Default)]
pub struct Image {
    /// The Dockerfile.
    pub path: String,
    /// The directory it is built from.
    pub context: String,
    /// The stage's name; empty for none.
    pub stage: String,
    /// WORKDIR.
    pub workdir: String,
    /// ENV, and ARG with a value.
    pub env: Vec<(String, String)>,
    /// ENTRYPOINT.
    pub entrypoint: Option<Line>,
    /// CMD.
    pub cmd: Option<Line>,
    /// Paths of the image and what of the repository stands there, the latest
    /// last.
    placed: Vec<(String, String)>,
}

impl Image {
    /// Says that `source` of the repository stands at `target`.
    pub fn place(&mut self, target: &str, source: &str) {
        let target = self.absolute(target);
        self.placed.push((target, source.to_owned()));
    }

    /// The words of an ENTRYPOINT in exec form, behind which the container's arguments
    /// come.
    pub fn entry_words(&self) -> Option<Vec<String>> {
        match &self.entrypoint {
            Some(Line::Words(words, _)) => Some(words.clone()),
            _ => None,
        }
    }

    fn absolute(&self, path: &str) -> String {
        absolute(&self.workdir, path)
    }

    /// What stands at a path of the image, by the longest path placed there.
    fn source(&self, path: &str, exists: impl Fn(&str) -> bool) -> Option<String> {
        let path = self.absolute(path);
        let mut placed: Vec<&(String, String)> = self.placed.iter().collect();
        // The latest first, among those the one nearest to the path.
        placed.reverse();
        placed.sort_by_key(|(target, _)| std::cmp::Reverse(target.len()));
        placed.into_iter().find_map(|(target, source)| {
            let rest = path.strip_prefix(target.trim_end_matches('/'))?;
            if !(rest.is_empty() || rest.starts_with('/')) {
                return None;
            }
            join(source, rest.trim_start_matches('/')).filter(|path| exists(path))
        })
    }

    /// The file of the repository that a path of the image is; a bare name is
    /// looked for in WORKDIR and where programs are.
    pub fn file(&self, path: &str, tree: &Tree) -> Option<String> {
        let has = |path: &str| tree.has(path);
        if path.contains('/') {
            return self.source(path, has);
        }
        ["", "/usr/local/bin/", "/usr/bin/", "/bin/", "/"]
            .iter()
            .find_map(|directory| self.source(&format!("{directory}{path}"), has))
    }

    /// The directory of the repository that a directory of the image is.
    pub fn directory(&self, path: &str, tree: &Tree) -> Option<String> {
        let has = |path: &str| tree.has_directory(path);
        if let Some(found) = self.source(path, has) {
            return Some(found);
        }
        // `COPY app /code/app` with WORKDIR /code: the parent of `app`.
        let prefix = format!("{}/", self.absolute(path).trim_end_matches('/'));
        self.placed.iter().rev().find_map(|(target, source)| {
            let rest = target.strip_prefix(&prefix)?;
            let base = source.strip_suffix(rest)?;
            (base.is_empty() || base.ends_with('/')).then(|| match base.trim_end_matches('/') {
                "" => ".".to_owned(),
                base => base.to_owned(),
            })
        })
    }
}

/// The stages of every Dockerfile, by its path, in order.
#[derive(Debug, Default)]
pub struct Images(BTreeMap<String, Vec<Image>>);

impl Images {
    /// The stage of a Dockerfile: the one named, otherwise the last.
    pub fn get(&self, path: &str, target: &str) -> Option<&Image> {
        let stages = self.0.get(path)?;
        let named = stages.iter().find(|own| !target.is_empty() && own.stage == target);
        named.or_else(|| stages.last())
    }
}

/// Reads every Dockerfile.
pub fn images(tree: &Tree) -> Images {
    let contexts = contexts(tree);
    let mut images = BTreeMap::new();
    for path in tree.counted().filter(|path| is_dockerfile(path)) {
        let Some(text) = tree.text(path) else { continue };
        let text = Text::new(path, text);
        let file = Dockerfile::read(&text.text);
        let (context, given) = contexts
            .get(path)
            .cloned()
            .unwrap_or_else(|| (likely_context(tree, path, &file), Vec::new()));
        images.insert(path.to_owned(), stages(&context, &given, &text, &file, tree));
    }
    Images(images)
}

/// Arguments of a build, with their values.
pub type Given = Vec<(String, String)>;

/// The build contexts that compose files name, and the arguments they give, by
/// Dockerfile.
pub fn contexts(tree: &Tree) -> BTreeMap<String, (String, Given)> {
    let mut contexts = BTreeMap::new();
    for (path, document) in documents(tree) {
        for build in document.services().into_iter().filter_map(|service| service.build()) {
            let Some((context, dockerfile)) = build.paths(parent(path)) else { continue };
            contexts.entry(dockerfile).or_insert((context, build.args));
        }
    }
    contexts
}

/// The directory in which most of what is copied exists: that of the
/// Dockerfile or one above it.
pub fn likely_context(tree: &Tree, path: &str, file: &Dockerfile) -> String {
    let copies = file.instructions.iter().filter(|own| own.flag("from").is_none());
    let sources: Vec<String> = copies
        .filter_map(|own| Transfer::of(own, file.escape))
        .flat_map(|own| own.sources)
        .collect();
    let mut candidates = vec![parent(path)];
    while let Some(last) = candidates.last()
        && *last != "."
    {
        candidates.push(parent(last));
    }
    let exists = |context: &str, source: &str| {
        let source = source.split('*').next().unwrap_or(source);
        match join(context, source.trim_start_matches('/')) {
            // Everything is copied: it should hold code.
            Some(whole) if whole == context => {
                tree.below(context).any(|path| path.ends_with(".py"))
            }
            Some(path) => tree.has(&path) || tree.has_directory(&path),
            None => false,
        }
    };
    let score = |context: &str| sources.iter().filter(|source| exists(context, source)).count();
    let best = candidates.iter().map(|context| score(context)).max().unwrap_or(0);
    let found = candidates.iter().find(|context| score(context) == best);
    found.map_or_else(|| ".".to_owned(), |context| (*context).to_owned())
}

fn stages(
    context: &str,
    given: &[(String, String)],
    text: &Text,
    file: &Dockerfile,
    tree: &Tree,
) -> Vec<Image> {
    let mut stages: Vec<Image> = Vec::new();
    let mut arguments: Vec<(String, String)> = Vec::new();
    let line = |own: &Instruction| text.line(own.span.start);
    for (number, own) in file.instructions.iter().enumerate() {
        if own.keyword == Keyword::From {
            let Some(stage) = file.stage_of(number).map(|at| &file.stages[at]) else { continue };
            let base = stages.iter().find(|image| image.stage == stage.from).cloned();
            let image = base.unwrap_or_else(|| Image {
                path: text.path.clone(),
                context: context.to_owned(),
                workdir: "/".to_owned(),
                env: arguments.clone(),
                ..Image::default()
            });
            stages.push(Image { stage: stage.name.clone().unwrap_or_default(), ..image });
            continue;
        }
        let Some((image, before)) = stages.split_last_mut() else {
            if own.keyword == Keyword::Arg {
                arguments.extend(pairs(own, file.escape, &arguments, given));
            }
            continue;
        };
        match own.keyword {
            Keyword::Env | Keyword::Arg => {
                image.env.extend(pairs(own, file.escape, &image.env, given));
            }
            Keyword::Workdir => {
                let to = word(own.arguments.text.trim(), file.escape, &image.env);
                image.workdir = image.absolute(&to);
            }
            Keyword::Cmd => image.cmd = Some(run(own, line(own))),
            Keyword::Entrypoint => {
                image.entrypoint = Some(run(own, line(own)));
                // An ENTRYPOINT drops the CMD of the image it is built on.
                if image.stage.is_empty() && before.is_empty() {
                    image.cmd = None;
                }
            }
            Keyword::Copy | Keyword::Add => copy(image, before, own, file.escape, tree),
            _ => {}
        }
    }
    stages
}

fn run(own: &Instruction, line: usize) -> Line {
    match own.command() {
        Command::Exec(words) => Line::Words(words, line),
        Command::Shell(text) => Line::Shell(text, line),
    }
}

/// A word without its quotes, known variables put in; others stay as they are.
fn word(text: &str, escape: char, known: &[(String, String)]) -> String {
    let value = |name: &str| {
        let found = known.iter().rev().find(|(own, _)| own == name);
        found.map(|(_, value)| Expanded { text: value.clone(), unknown: Vec::new() })
    };
    dockerfile::expand(text, escape, &value).text
}

/// The variables that ENV or ARG sets: an ARG the value that the build is given, and
/// none where it has none either.
pub fn pairs(
    own: &Instruction,
    escape: char,
    known: &[(String, String)],
    given: &[(String, String)],
) -> Vec<(String, String)> {
    let of_build = |name: &str| {
        let found = given.iter().find(|(each, _)| each == name);
        found.filter(|_| own.keyword == Keyword::Arg).map(|(_, value)| value.clone())
    };
    let set = own.pairs(escape).into_iter().filter_map(|(name, value, _)| {
        let value = of_build(&name).or_else(|| Some(word(&value?, escape, known)))?;
        Some((name, value))
    });
    set.collect()
}

fn copy(image: &mut Image, before: &[Image], own: &Instruction, escape: char, tree: &Tree) {
    let Some(Transfer { sources, target }) = Transfer::of(own, escape) else { return };
    let to = word(&target, escape, &image.env);
    let target = image.absolute(&to);
    let sources: Vec<String> =
        sources.iter().map(|source| word(source, escape, &image.env)).collect();
    if let Some(name) = own.flag("from") {
        let base = before
            .iter()
            .enumerate()
            .find(|(at, image)| image.stage == name || at.to_string() == name);
        let Some((_, base)) = base else { return };
        for source in &sources {
            let taken = copied_from(base, source, &target);
            image.placed.extend(taken);
        }
        return;
    }
    let into_directory = to.ends_with('/') || sources.len() > 1;
    for source in sources {
        // A pattern stands for its directory.
        let source = match source.split_once('*') {
            Some((before, _)) => parent(&format!("{before}x")).to_owned(),
            None => source,
        };
        let Some(path) = join(&image.context, source.trim_start_matches('/')) else { continue };
        let is_file = tree.has(&path);
        let target = if is_file && (into_directory || target == image.workdir) {
            format!("{}/{}", target.trim_end_matches('/'), paths::name(&path))
        } else {
            target.clone()
        };
        image.placed.push((target, path));
    }
}

/// What a stage has at `source`, now at `target`.
fn copied_from(base: &Image, source: &str, target: &str) -> Vec<(String, String)> {
    let source = base.absolute(source);
    let mut taken = Vec::new();
    for (placed, path) in &base.placed {
        if let Some(rest) = placed.strip_prefix(&source)
            && (rest.is_empty() || rest.starts_with('/'))
        {
            taken.push((format!("{target}{rest}"), path.clone()));
        } else if let Some(rest) = source.strip_prefix(placed.trim_end_matches('/'))
            && rest.starts_with('/')
            && let Some(path) = join(path, &rest[1..])
        {
            taken.push((target.to_owned(), path));
        }
    }
    taken
}

/// Reads what the images run: the last stage first, then the others.
pub fn read(walker: &mut Walker<'_>, images: &Images) {
    for stages in images.0.values() {
        for (at, image) in stages.iter().enumerate().rev() {
            let process = if at + 1 == stages.len() { String::new() } else { image.stage.clone() };
            let directory = image.directory(&image.workdir, walker.tree);
            let variables = image.env.clone();
            let setting =
                Setting { process, directory, variables, image: Some(image), may_fail: false };
            read_image(walker, Place::Dockerfile, &setting, image);
        }
    }
}

/// Reads what an image runs, in a container that is given a setting.
pub fn read_image(walker: &mut Walker<'_>, place: Place, setting: &Setting<'_>, image: &Image) {
    let evidence = |line: usize| walker.tree.evidence(&image.path, line);
    match (&image.entrypoint, &image.cmd) {
        (Some(Line::Words(entry, line)), Some(Line::Words(cmd, _)))
            if !is_entry_script(entry.last()) =>
        {
            let evidence = evidence(*line);
            let words: Vec<String> = entry.iter().chain(cmd).cloned().collect();
            walker.words(place, setting, &words, &evidence);
        }
        (entry, cmd) => {
            for line in [entry, cmd].into_iter().flatten() {
                match line {
                    Line::Words(words, line) => {
                        let evidence = walker.tree.evidence(&image.path, *line);
                        walker.words(place, setting, words, &evidence);
                    }
                    Line::Shell(text, line) => {
                        let evidence = walker.tree.evidence(&image.path, *line);
                        walker.text(place, setting, text, &evidence);
                    }
                }
            }
        }
    }
}

/// Whether an entry point is a script that runs the command it is given,
/// rather than a program whose arguments the command holds.
pub fn is_entry_script(last: Option<&String>) -> bool {
    last.is_some_and(|word| {
        let name = paths::name(word);
        name.ends_with(".sh")
            || name.contains("entrypoint")
            || (word.starts_with('/')
                && !word.starts_with("/usr/bin/")
                && !name.contains("tini")
                && !name.contains("dumb-init")
                && !name.contains("python"))
    })
}
