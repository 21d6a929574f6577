//! The templates of one render: dockwright's own that the plan needs, and
//! those of the preset's layers on top.
//!
//! A layer's template that is called like one below it holds blocks alone,
//! and overrides that one's: each is registered under a name of its own and
//! extends the one below; the topmost has the plain name.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use include_dir::{Dir, DirEntry};
use serde_json::Value;

use crate::catalog::templates::TEMPLATES;
use crate::error::{Problem, nearest};
use crate::plan::Plan;
use crate::plan::outputs::Content;
use crate::preset::{Layer, Source};
use crate::relpath::file_name;
use crate::render::PARTIALS;
use crate::render::fault::Fault;
use crate::render::names;

/// Largest template of a layer, in bytes.
const LARGEST: usize = 256 << 10;
/// Most that the templates of all layers come to, in bytes.
const MOST: usize = 4 << 20;
/// Most that the files come to that are copied as they are, in bytes.
const MOST_COPIED: usize = 16 << 20;
/// How the names of templates end that are rendered and not copied.
const RENDERED: &str = ".tera";

/// One template, as the engine gets it.
#[derive(Debug)]
pub struct Template<'a> {
    /// Its name in the engine.
    pub name: String,
    /// Its text.
    pub text: Cow<'a, str>,
    /// The layer it is of, and its path; `None` for one of dockwright's own.
    pub origin: Option<Origin>,
}

/// Where a layer's template comes from.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The layer, as people know it.
    pub layer: String,
    /// Its path below `templates/`.
    pub path: String,
    /// Characters that stand before its first line in the engine.
    pub shift: usize,
}

/// The templates of one render.
#[derive(Debug, Default)]
pub struct Set<'a> {
    /// What the engine gets.
    pub templates: Vec<Template<'a>>,
    /// What layers have to be copied as it is, by path, with the layer.
    copied: BTreeMap<&'a str, (String, &'a [u8])>,
}

impl<'a> Set<'a> {
    /// The templates that a plan needs, and all that the layers have.
    ///
    /// # Errors
    /// Templates of layers that are too large, not UTF-8 or called almost
    /// like one of dockwright's own.
    pub fn of(plan: &'a Plan, layers: &'a [Layer]) -> Result<Self, Vec<Problem>> {
        let mut set = Self::default();
        let mut problems = Vec::new();
        let mut chains: BTreeMap<&str, Vec<(&Layer, Cow<str>)>> = BTreeMap::new();
        for layer in layers.iter().filter(|layer| layer.source != Source::Builtin) {
            for (path, bytes) in layer.templates() {
                if !path.ends_with(RENDERED) {
                    set.copied.insert(path, (layer.label(), bytes));
                    continue;
                }
                match read(path, bytes) {
                    Ok(text) => chains.entry(path).or_default().push((layer, text)),
                    Err(problem) => problems.push(problem.at(shown(&layer.label(), path))),
                }
            }
        }
        let size: usize = chains.values().flatten().map(|(_, text)| text.len()).sum();
        if size > MOST {
            let message = format!("the preset's templates have more than {} MiB", MOST >> 20);
            problems.push(Problem::new(message));
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        for name in needed(plan, &chains) {
            let overridden = chains.keys().any(|path| *path == name);
            let name = if overridden { numbered(0, name) } else { name.to_owned() };
            set.templates.extend(own(&name).map(|text| Template { name, text, origin: None }));
        }
        for (path, chain) in chains {
            set.add_chain(path, chain);
        }
        Ok(set)
    }

    fn add_chain(&mut self, path: &str, chain: Vec<(&Layer, Cow<'a, str>)>) {
        let is_own = source(path).is_some();
        let last = chain.len() - 1;
        for (index, (layer, text)) in chain.into_iter().enumerate() {
            let (number, below) = (index + 1, index);
            let extends = match below {
                0 if !is_own => String::new(),
                below => format!("{{% extends \"{}\" %}}", numbered(below, path)),
            };
            self.templates.push(Template {
                name: if index == last { path.to_owned() } else { numbered(number, path) },
                origin: Some(Origin {
                    layer: layer.label(),
                    path: path.to_owned(),
                    shift: extends.len(),
                }),
                text: if extends.is_empty() { text } else { format!("{extends}{text}").into() },
            });
        }
    }

    /// What the engine gets: texts by name.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.templates.iter().map(|one| (one.name.as_str(), one.text.as_ref()))
    }

    /// Whether any of it comes from a layer that is not built in.
    #[must_use]
    pub fn has_layers(&self) -> bool {
        self.templates.iter().any(|template| template.origin.is_some())
    }

    /// The layer that a file is copied from as it is.
    #[must_use]
    pub fn copied_from(&self, name: &str) -> Option<&str> {
        self.copied.get(name).map(|(layer, _)| layer.as_str())
    }

    /// The bytes of a file that is copied as it is.
    #[must_use]
    pub fn copied(&self, name: &str) -> Option<&'a [u8]> {
        self.copied.get(name).map(|(_, bytes)| *bytes).or_else(|| source(name))
    }

    /// Whether the files that are copied come to too much.
    #[must_use]
    pub fn excess(&self, plan: &Plan) -> Option<Problem> {
        let copied = plan.outputs.iter().filter_map(|output| match &output.content {
            Content::Template(name) => self.copied.get(name.as_str()),
            _ => None,
        });
        let size: usize = copied.map(|(_, bytes)| bytes.len()).sum();
        let message = format!("the preset's files come to more than {} MiB", MOST_COPIED >> 20);
        (size > MOST_COPIED).then(|| Problem::new(message))
    }

    /// Outputs whose template nobody has, with the nearest name.
    #[must_use]
    pub fn missing(&self, plan: &Plan) -> Vec<Problem> {
        let mut problems = Vec::new();
        for output in &plan.outputs {
            let Content::Template(name) = &output.content else { continue };
            let rendered = self.templates.iter().any(|template| template.name == *name);
            if rendered || !name.ends_with(RENDERED) && self.copied(name).is_some() {
                continue;
            }
            let of_layers = self.templates.iter().filter(|template| template.origin.is_some());
            let names = of_layers.map(|template| template.name.as_str());
            let help = match nearest(name, names.chain(self.copied.keys().copied())) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "templates stand in the preset's templates/".to_owned(),
            };
            let layer = plan.answers.layer_files.get(&output.path).map(|file| file.layer.as_str());
            problems.push(
                Problem::new(format!("no layer of the preset has the template `{name}`"))
                    .at(format!("{}, [files.\"{}\"]", layer.unwrap_or("preset"), output.path))
                    .help(help),
            );
        }
        problems
    }

    /// The template of a name in the engine.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Template<'a>> {
        self.templates.iter().find(|template| template.name == name)
    }

    /// Names that the layers' templates read and that nobody gives.
    #[must_use]
    pub fn unknown_names(&self, context: &Value) -> Vec<Fault> {
        let made = names::made(self.texts().map(|(_, text)| text));
        let of_layers = self.templates.iter().filter(|template| template.origin.is_some());
        of_layers
            .flat_map(|one| names::faults(&one.name, &one.text, context, &made))
            .take(names::MOST)
            .collect()
    }
}

/// `LAYER, templates/PATH`.
pub(super) fn shown(layer: &str, path: &str) -> String {
    format!("{layer}, templates/{path}")
}

/// A name that no file can have.
fn numbered(number: usize, path: &str) -> String {
    format!("{number}:{path}")
}

/// A template of a layer as text, with LF line ends.
fn read<'a>(path: &str, bytes: &'a [u8]) -> Result<Cow<'a, str>, Problem> {
    if bytes.len() > LARGEST {
        return Err(Problem::new(format!("the template has more than {} KiB", LARGEST >> 10)));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| {
        Problem::new("the template is not UTF-8")
            .help("a file not ending in .tera is copied as it is")
    })?;
    let own = all().find(|own| *own != path && own.eq_ignore_ascii_case(path));
    if let Some(own) = own {
        return Err(Problem::new(format!("dockwright's own template is called `{own}`"))
            .help("give it the same name to override its blocks, or another name"));
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    Ok(if text.contains("\r\n") { text.replace("\r\n", "\n").into() } else { text.into() })
}

/// Dockwright's own templates that the plan or a layer needs. Parsing all of
/// them would cost more than rendering.
fn needed<'a>(
    plan: &'a Plan,
    chains: &BTreeMap<&str, Vec<(&Layer, Cow<str>)>>,
) -> BTreeSet<&'a str> {
    let used = plan.outputs.iter().filter_map(|output| match &output.content {
        Content::Template(name) if name.ends_with(RENDERED) => Some(name.as_str()),
        _ => None,
    });
    let partials = TEMPLATES
        .get_dir(PARTIALS)
        .into_iter()
        .flat_map(Dir::files)
        .filter_map(|file| file.path().to_str());
    let mut names: BTreeSet<&'a str> = used.collect();
    // The pieces of a target, `kubernetes.tera` for one, are for the templates in its
    // directory.
    let of_target = |partial: &str| {
        let name = file_name(partial).trim_end_matches(RENDERED);
        TEMPLATES.get_dir(name).is_some().then(|| format!("{name}/"))
    };
    let is_needed = |partial: &&str| {
        of_target(partial).is_none_or(|directory| {
            !chains.is_empty() || names.iter().any(|name| name.starts_with(&directory))
        })
    };
    let partials: Vec<&str> = partials.filter(is_needed).collect();
    names.extend(partials);
    if !chains.is_empty() {
        let texts = || chains.values().flatten().map(|(_, text)| text);
        for name in all() {
            if chains.keys().any(|path| *path == name) || texts().any(|text| text.contains(name)) {
                names.insert(name);
            }
        }
    }
    names
}

/// The names of dockwright's own templates.
fn all() -> impl Iterator<Item = &'static str> {
    fn collect(dir: &'static Dir<'static>, names: &mut Vec<&'static str>) {
        for entry in dir.entries() {
            match entry {
                DirEntry::Dir(dir) => collect(dir, names),
                DirEntry::File(file) => names.extend(file.path().to_str()),
            }
        }
    }
    let mut names = Vec::new();
    collect(&TEMPLATES, &mut names);
    names.into_iter().filter(|name| name.ends_with(RENDERED))
}

/// The bytes of one of dockwright's own.
fn source(name: &str) -> Option<&'static [u8]> {
    TEMPLATES.get_file(name).map(include_dir::File::contents)
}

/// The text of one of dockwright's own.
fn own(name: &str) -> Option<Cow<'static, str>> {
    let name = name.split_once(':').map_or(name, |(_, path)| path);
    std::str::from_utf8(source(name)?).ok().map(Cow::Borrowed)
}
