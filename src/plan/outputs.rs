//! Which files a stack has. The table is data: a row names an output, its
//! template, and the flags under which it exists. The code of a new service
//! is `skeleton`'s.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::answers::document;
use crate::answers::{FilePolicy, LayerFile};
use crate::error::Problem;
use crate::plan::extra;
use crate::plan::flags::Flags;
use crate::plan::shape::Shape;
use crate::plan::skeleton;
use crate::relpath::RelPath;
use crate::schema::Ownership;

/// Files that belong together and are written or left out together.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Bundle {
    /// Dockerfile and .dockerignore.
    Image,
    /// gunicorn.conf.py and entrypoint.sh.
    Server,
    /// The compose files.
    Compose,
    /// nginx.
    Proxy,
    /// .env, .env.example and .gitignore.
    Env,
    /// Manifests for Kubernetes.
    Kubernetes,
    /// Task definitions and the template for ECS.
    Ecs,
    /// The run-book.
    Docs,
    /// Requirement files and their like.
    Package,
    /// The application's code and tests.
    Skeleton,
    /// dockwright.toml.
    Intent,
    /// The pipeline.
    Ci,
    /// What the preset's layers add.
    Preset,
}

impl Bundle {
    /// The words `--only` takes.
    pub const WORDS: [(&'static str, Self); 13] = [
        ("image", Self::Image),
        ("server", Self::Server),
        ("compose", Self::Compose),
        ("proxy", Self::Proxy),
        ("env", Self::Env),
        ("kubernetes", Self::Kubernetes),
        ("ecs", Self::Ecs),
        ("docs", Self::Docs),
        ("package", Self::Package),
        ("skeleton", Self::Skeleton),
        ("intent", Self::Intent),
        ("ci", Self::Ci),
        ("preset", Self::Preset),
    ];

    /// What `--only` calls it.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, bundle)| *bundle == self).map_or("", |(word, _)| word)
    }

    /// Whether its files stand in the directory that the image is built from,
    /// and not at the top of the repository.
    const fn is_in_context(self) -> bool {
        matches!(self, Self::Image | Self::Server | Self::Proxy)
    }

    /// The bundle of a word.
    ///
    /// # Errors
    /// An unknown word, with the ones there are.
    pub fn parse(word: &str) -> Result<Self, String> {
        Self::WORDS
            .iter()
            .find(|(name, _)| *name == word)
            .map(|(_, bundle)| *bundle)
            .ok_or_else(|| format!("there are {}", Self::WORDS.map(|(name, _)| name).join(", ")))
    }
}

/// The language of a file, by which a merged result is parsed again.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Syntax {
    Dockerfile,
    Yaml,
    Toml,
    Python,
    Nginx,
    Shell,
    Dotenv,
    Ignore,
    Markdown,
    Text,
    Binary,
    Ini,
    Json,
}

/// What fills a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A template below `templates/`, rendered when its name ends in `.tera`,
    /// otherwise copied.
    Template(String),
    /// `.env`, which `apply` fills with secrets.
    Secrets,
    /// `dockwright.toml`.
    Intent,
}

/// One file of the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// The path that it usually has, which templates, presets and people call
    /// it by.
    pub usual: RelPath,
    /// Where it goes in this repository.
    pub path: RelPath,
    /// With what it belongs together.
    pub bundle: Bundle,
    /// Whose it is afterwards.
    pub ownership: Ownership,
    /// Permission bits.
    pub mode: u32,
    /// Its language.
    pub syntax: Syntax,
    /// What fills it.
    pub content: Content,
}

impl Output {
    /// Whether a path that a person or a preset wrote is this file's.
    #[must_use]
    pub fn is(&self, path: &RelPath) -> bool {
        self.path == *path || self.usual == *path
    }
}

#[derive(Deserialize)]
struct Table {
    output: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    path: String,
    template: String,
    bundle: Bundle,
    ownership: Ownership,
    #[serde(default)]
    mode: Option<String>,
    syntax: Syntax,
    #[serde(default)]
    when: Vec<String>,
}

static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let text = include_str!("data/outputs.containers.toml");
    toml::from_str::<Table>(text).expect("a unit test reads it").output
});

/// Files that others name, by the names that templates have for them.
const NAMED: [(&str, &str); 6] = [
    ("dockerfile", "Dockerfile"),
    ("entrypoint", "entrypoint.sh"),
    ("gunicorn", "gunicorn.conf.py"),
    ("nginx", "nginx/nginx.conf"),
    ("compose", "compose.yaml"),
    ("development", "compose.dev.yaml"),
];

/// What files call each other: those of the image by their path in the build
/// context, the others by their name. Empty for one that the stack does not
/// have.
fn names(outputs: &[Output], context: Option<&RelPath>) -> BTreeMap<&'static str, String> {
    let name = |output: &Output| {
        let path = output.path.as_str();
        let below = context.filter(|_| output.bundle.is_in_context());
        match below.and_then(|context| path.strip_prefix(context.as_str())?.strip_prefix('/')) {
            Some(inside) => inside.to_owned(),
            None if output.bundle.is_in_context() => path.to_owned(),
            None => path.rsplit('/').next().unwrap_or(path).to_owned(),
        }
    };
    NAMED
        .into_iter()
        .map(|(word, usual)| (word, find(outputs, usual).map_or_else(String::new, name)))
        .collect()
}

/// The files of a stack.
#[derive(Clone, Debug, Default)]
pub struct Files {
    /// The ones that are written, sorted by path.
    pub outputs: Vec<Output>,
    /// What they call each other, whether they are written this time or not.
    pub names: BTreeMap<&'static str, String>,
    /// What `--only` leaves out of what those that are written name.
    pub awaited: Vec<Awaited>,
}

/// A file that is named by one that is written, and that has to be there.
#[derive(Clone, Debug)]
pub struct Awaited {
    /// Where it has to be.
    pub path: RelPath,
    /// What names it.
    pub by: RelPath,
    /// What that does with it: `builds from`.
    pub why: &'static str,
}

fn find<'a>(outputs: &'a [Output], usual: &str) -> Option<&'a Output> {
    outputs.iter().find(|output| output.usual.as_str() == usual)
}

/// The files of a stack.
///
/// # Errors
/// Policies for files this stack does not have; outputs that a preset may not
/// write.
pub fn files(shape: &Shape, flags: &Flags, only: &BTreeSet<Bundle>) -> Result<Files, Vec<Problem>> {
    let adopted = shape.answers.adopted.as_ref();
    // Code that is there brings its own packages and its own code.
    let written =
        |bundle: Bundle| adopted.is_none() || !matches!(bundle, Bundle::Package | Bundle::Skeleton);
    // Beside a Dockerfile that stays there is no other, and what people work with is
    // theirs.
    let stays = shape.answers.own_image().is_some();
    let is_built = |row: &Row| {
        let image = matches!(row.bundle, Bundle::Image | Bundle::Server | Bundle::Proxy);
        !(image || row.bundle == Bundle::Docs || row.path == "compose.dev.yaml")
    };
    let model = shape.application().model.as_ref();
    // The sample model and its checksum go where the answers expect the model.
    let at_the_model = |path: &str| {
        let rest = path.strip_prefix(model?.runtime.usual_path())?;
        Some(format!("{}{rest}", model?.path))
    };
    let mut outputs: Vec<Output> = ROWS
        .iter()
        .filter(|row| !stays || is_built(row))
        .filter(|row| written(row.bundle) && flags.all(row.when.iter().map(String::as_str)))
        .map(|row| {
            let moved = at_the_model(&row.path);
            let context = adopted.and_then(|adopted| adopted.context.as_ref());
            let moved = match context {
                Some(context) if row.bundle.is_in_context() => {
                    Some(format!("{context}/{}", row.path))
                }
                _ => moved,
            };
            let carried = adopted.and_then(|adopted| adopted.derived.carried.as_ref());
            let moved = carried.and_then(|carried| carried.place(&row.path)).or(moved);
            let path = RelPath::new(moved.as_ref().unwrap_or(&row.path));
            Output {
                usual: RelPath::new(&row.path).expect("a unit test checks the table"),
                path: path.expect("a unit test checks the table, the answers their path"),
                bundle: row.bundle,
                ownership: row.ownership,
                mode: mode(row),
                syntax: row.syntax,
                content: Content::Template(row.template.clone()),
            }
        })
        .collect();
    let carried = adopted.and_then(|adopted| adopted.derived.carried.as_ref());
    let env = carried.and_then(|carried| carried.place(".env"));
    let own = |path: &str, usual: &str, bundle, ownership, mode, syntax, content| Output {
        usual: RelPath::new(usual).expect("a constant, or a template's path"),
        path: RelPath::new(path)
            .expect("a constant, a template's path, or beside a file that was read"),
        bundle,
        ownership,
        mode,
        syntax,
        content,
    };
    let dotenv = own(
        env.as_deref().unwrap_or(".env"),
        ".env",
        Bundle::Env,
        Ownership::Append,
        0o600,
        Syntax::Dotenv,
        Content::Secrets,
    );
    // What only Compose reads.
    outputs.extend(flags.is("compose").then_some(dotenv));
    outputs.push(own(
        document::FILE,
        document::FILE,
        Bundle::Intent,
        Ownership::Seed,
        0o644,
        Syntax::Toml,
        Content::Intent,
    ));
    let code = match adopted {
        Some(_) => Vec::new(),
        None => skeleton::files(shape.application().framework, flags),
    };
    outputs.extend(code.into_iter().map(|file| {
        own(
            at_the_model(&file.path).as_ref().unwrap_or(&file.path),
            &file.path,
            Bundle::Skeleton,
            Ownership::Seed,
            file.mode,
            file.syntax,
            Content::Template(file.template),
        )
    }));
    for output in &mut outputs {
        if let Some(alternate) = shape.answers.alternates.get(&output.path) {
            output.path = alternate.clone();
        }
    }
    let all: Vec<Output> = outputs.clone();
    let mut outputs = extra::apply(&shape.answers.layer_files, outputs)?;
    apply_policies(shape, &mut outputs, only)?;
    let context = adopted.and_then(|adopted| adopted.context.as_ref());
    let names = names(&outputs, context);
    // A new service has nothing yet that its image could be made of, and
    // without its answers no other command knows it again.
    let image_only = flags.is("image_only");
    let with = |bundle: Bundle| match bundle {
        Bundle::Intent => true,
        Bundle::Skeleton | Bundle::Package => image_only || only.contains(&bundle),
        bundle => only.contains(&bundle),
    };
    let (mut outputs, left_out): (Vec<_>, Vec<_>) =
        outputs.into_iter().partition(|output| only.is_empty() || with(output.bundle));
    let missing = missing(shape, &all, &outputs);
    if !missing.is_empty() {
        return Err(missing);
    }
    outputs.sort_by(|one, other| one.path.cmp(&other.path));
    let awaited = left_out.iter().flat_map(|gone| {
        let namers = named_by(gone).into_iter().chain(named_as_well(gone));
        let written = namers.filter_map(|(usual, why)| Some((find(&outputs, usual)?, why)));
        written.map(|(by, why)| Awaited { path: gone.path.clone(), by: by.path.clone(), why })
    });
    let awaited = awaited.chain(mounted(flags, &outputs, &left_out)).collect();
    Ok(Files { outputs, names, awaited })
}

/// What names a file only while it is there, and is written as if it were.
fn named_as_well(output: &Output) -> Option<(&'static str, &'static str)> {
    match output.usual.as_str() {
        "entrypoint.sh" | "gunicorn.conf.py" => Some(("Dockerfile", "starts with")),
        ".env" => Some(("compose.yaml", "reads")),
        _ => None,
    }
}

/// The directory of the model, where it is mounted and its sample is left out.
fn mounted(flags: &Flags, outputs: &[Output], left_out: &[Output]) -> Option<Awaited> {
    let compose = find(outputs, "compose.yaml").filter(|_| flags.is("model_mount"))?;
    let model = left_out.iter().find(|output| output.usual.as_str().starts_with("models/"))?;
    let (directory, _) = model.path.as_str().rsplit_once('/')?;
    let path = RelPath::new(directory).ok()?;
    Some(Awaited { path, by: compose.path.clone(), why: "mounts" })
}

/// Files that were left out and that one of the others names: what would be
/// built or started from them would not be there.
fn missing(shape: &Shape, all: &[Output], outputs: &[Output]) -> Vec<Problem> {
    let off = |output: &&Output| {
        let policy =
            |(path, policy): (&RelPath, &FilePolicy)| output.is(path) && *policy == FilePolicy::Off;
        let layer = |(path, file): (&RelPath, &LayerFile)| output.is(path) && file.rule.off;
        shape.answers.files.iter().any(policy) || shape.answers.layer_files.iter().any(layer)
    };
    let mut problems = Vec::new();
    for gone in all.iter().filter(off) {
        if gone.usual.as_str() == ".gitignore" && find(outputs, ".env").is_some() {
            let message = "files..gitignore = off: .env, with its passwords, would be committed";
            let help = "leave out .env as well (files..env = off), or keep .gitignore: lines are only added";
            problems.push(Problem::new(message).help(help));
        }
        for (other, why) in named_by(gone) {
            let Some(other) = find(outputs, other) else { continue };
            let message = format!("files.{} = off: {} {why} it", gone.path, other.path);
            let help = match gone.bundle {
                Bundle::Skeleton => "change the code once it is there".to_owned(),
                Bundle::Proxy => {
                    format!(
                        "stack.proxy = none goes without the proxy; or leave out {} as well",
                        other.path
                    )
                }
                _ => format!("leave out {} as well: files.{} = off", other.path, other.path),
            };
            problems.push(Problem::new(message).help(help));
        }
    }
    problems
}

/// The files that name this one, and cannot be written without it. Others do
/// without: the image has no entry point then, or gunicorn its options on the
/// command line.
fn named_by(output: &Output) -> Vec<(&'static str, &'static str)> {
    match output.usual.as_str() {
        "Dockerfile" => vec![("compose.yaml", "builds from")],
        "nginx/nginx.conf" => vec![("Dockerfile", "copies")],
        "compose.yaml" => vec![("compose.dev.yaml", "lies on"), ("DEPLOY.md", "describes")],
        // Tests and pages are nothing that runs.
        path if output.bundle == Bundle::Skeleton
            && !path.starts_with("tests/")
            && !path.ends_with(".md")
            && !path.starts_with("requirements-dev")
            && !matches!(path, "requirements.in" | ".python-version") =>
        {
            vec![("Dockerfile", "builds the image from")]
        }
        _ => Vec::new(),
    }
}

fn mode(row: &Row) -> u32 {
    row.mode
        .as_deref()
        .map_or(0o644, |mode| u32::from_str_radix(mode, 8).expect("a unit test checks the table"))
}

fn apply_policies(
    shape: &Shape,
    outputs: &mut Vec<Output>,
    only: &BTreeSet<Bundle>,
) -> Result<(), Vec<Problem>> {
    let mut problems = Vec::new();
    for (path, policy) in &shape.answers.files {
        let Some(index) = outputs.iter().position(|output| output.is(path)) else {
            // A Dockerfile alone lacks files that the whole stack has.
            if !only.is_empty() {
                continue;
            }
            let names: Vec<&str> = outputs.iter().map(|output| output.path.as_str()).collect();
            let help = match crate::error::nearest(path.as_str(), names) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`dockwright plan` lists the files".into(),
            };
            let message = format!("files.{path}: this stack has no such file");
            problems.push(Problem::new(message).help(help));
            continue;
        };
        match policy {
            FilePolicy::Off => drop(outputs.remove(index)),
            FilePolicy::Ownership(ownership) => outputs[index].ownership = *ownership,
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_a_good_path_and_mode() {
        for row in ROWS.iter() {
            RelPath::new(&row.path).unwrap();
            assert!([0o644, 0o755].contains(&mode(row)), "{}", row.path);
        }
    }
}
