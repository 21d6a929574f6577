//! The image that the repository's own Dockerfile makes of the application.

use serde::{Deserialize, Serialize};

use crate::catalog::installers::TOOLS;
use crate::detect::commands;
use crate::detect::compose::published::build_of;
use crate::detect::compose::role::image_of;
use crate::detect::deps::installs;
use crate::detect::facts::{Facts, SystemPackages};
use crate::detect::secret;
use crate::detect::tree::Tree;
use crate::relpath::join;
use crate::schema::Role;
use crate::source::compose::service::Build;
use crate::source::dockerfile::{Dockerfile, Image as Made, Keyword, Transfer};
use crate::source::text::Text;

/// What containers of the old image have, beside the code and its packages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Image {
    /// Its Dockerfile.
    pub path: String,
    /// The directory that its processes start in.
    pub workdir: String,
    /// The directory of the repository that stands there; empty where that cannot be told.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub code: String,
    /// Whether something beside the code names that directory.
    pub is_named: bool,
    /// Python packages that it installs by name, beside the project's own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub packages: Vec<String>,
    /// Packages of the system that these need.
    pub system: SystemPackages,
    /// The port that it says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// Its variables, in the order of their names; none of a secret.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<(String, String)>,
    /// Names of variables whose values are secrets.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<String>,
    /// What it copies to a place outside of the code.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub copied: Vec<Copied>,
    /// What it runs while it is built.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub runs: Vec<Run>,
}

/// A file or a directory that an image has a copy of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Copied {
    /// In the repository.
    pub source: String,
    /// In the image.
    pub target: String,
    /// Where it says so.
    pub place: String,
}

/// A step of a build.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Run {
    /// What a shell is given.
    pub text: String,
    /// Where it stands.
    pub place: String,
}

/// Tools for who works on the code.
const OF_DEVELOPERS: [&str; 12] = [
    "debugpy",
    "ipdb",
    "ipython",
    "watchdog",
    "watchfiles",
    "pytest",
    "coverage",
    "black",
    "flake8",
    "mypy",
    "ruff",
    "pre-commit",
];

/// A Dockerfile, read.
pub(super) struct Read {
    path: String,
    context: String,
    file: Dockerfile,
    pub(super) image: Made,
}

/// The Dockerfile that makes the application's image: the one that the web service
/// is built by, else the one of the build context.
pub(super) fn dockerfile(tree: &Tree, facts: &Facts) -> Option<Read> {
    let carried = facts.carried.value();
    let of_service = carried.and_then(|carried| {
        let web = carried.roles.get(&Role::Web)?;
        let document = carried.document();
        let service = document.services().into_iter().find(|own| own.name == *web)?;
        let build = build_of(tree, &carried.file, &document.services(), &service)?;
        Some((carried.directory().to_owned(), build))
    });
    let context = facts.build_context.value().map_or(".", String::as_str).to_owned();
    let (directory, build) = of_service.unwrap_or_else(|| (context, Build::default()));
    let build = match build.context.as_str() {
        "" => Build { context: ".".to_owned(), ..build },
        _ => build,
    };
    let (context, path) = build.paths(&directory)?;
    let (file, image) = image_of(tree, &directory, &build)?;
    Some(Read { path, context, file, image })
}

/// What containers of that image have.
pub(super) fn find(tree: &Tree, facts: &Facts) -> Option<Image> {
    let Read { path, context, file, image } = dockerfile(tree, facts)?;
    let text = Text::new(path.as_str(), tree.text(&path).unwrap_or_default());
    let place = |at: usize| format!("{path}:{}", text.line(file.instructions[at].span.start));
    let workdir = image.workdir.as_ref().and_then(|own| own.value.known()).unwrap_or("/");
    let known = image.env.iter().filter_map(|(name, own)| Some((name, own.value.known()?)));
    let (secrets, env): (Vec<_>, Vec<_>) =
        known.partition(|(name, _)| secret::is_name(name, &["KEY", "DATABASE_URL"]));
    let number = |text: &str| text.split('/').next().and_then(|own| own.parse().ok());
    let port = image.ports.iter().find_map(|own| number(&own.value.text));
    let (mut copied, mut runs, mut packages) = (Vec::new(), Vec::new(), Vec::new());
    let reached = file.reached(&image.stages);
    let is_known =
        |name: &str| facts.packages.iter().any(|own| own.split('[').next() == Some(name));
    for (at, own) in file.instructions.iter().enumerate() {
        if own.keyword == Keyword::Run
            && file.stage_of(at).is_some_and(|stage| reached.contains(&stage))
        {
            let named = installs::named(own, &text.text).into_iter();
            let is_tool = |name: &str| TOOLS.contains(&name) || OF_DEVELOPERS.contains(&name);
            let named = named.filter(|one| !is_tool(&one.name));
            packages.extend(named.filter(|one| !is_known(&one.name)).map(|one| one.to_string()));
        }
        if !file.stage_of(at).is_some_and(|stage| image.stages.contains(&stage)) {
            continue;
        }
        match own.keyword {
            Keyword::Run => {
                // Each word as it is: what is in quotes is one.
                let commands = own.commands(&text.text);
                runs.extend(commands.iter().map(|command| Run {
                    text: shell_words::join(&command.words),
                    place: place(at),
                }));
            }
            Keyword::Copy | Keyword::Add if own.flag("from").is_none() => {
                let Some(Transfer { sources, target }) = Transfer::of(own, file.escape) else {
                    continue;
                };
                // Below the directory that processes start in is the code.
                if !target.starts_with('/') || is_below(&target, workdir) {
                    continue;
                }
                for source in sources {
                    let Some(found) = join(&context, source.trim_start_matches('/')) else {
                        continue;
                    };
                    let is_file = tree.has(&found);
                    if !is_file && (!tree.has_directory(&found) || found == context) {
                        continue;
                    }
                    let name = found.rsplit('/').next().unwrap_or_default();
                    let target = match is_file && target.ends_with('/') {
                        true => format!("{target}{name}"),
                        false => target.clone(),
                    };
                    copied.push(Copied { source: found, target, place: place(at) });
                }
            }
            _ => {}
        }
    }
    packages.dedup();
    let code = commands::images(tree)
        .get(&path, file.stages.get(*image.stages.last()?)?.name.as_deref().unwrap_or(""))
        .and_then(|own| own.directory(workdir, tree))
        .unwrap_or_default();
    // `cd /code` of a script that is no part of the code.
    let names = |text: &str| workdir.len() > 1 && text.contains(workdir);
    let is_named = copied.iter().any(|own: &Copied| {
        let below = tree.below(&own.source).any(|path| tree.text(path).is_some_and(names));
        below || tree.text(&own.source).is_some_and(names)
    });
    Some(Image {
        code,
        is_named,
        packages,
        system: SystemPackages::default(),
        workdir: workdir.to_owned(),
        port,
        env: env.into_iter().map(|(name, value)| (name.clone(), value.to_owned())).collect(),
        secrets: secrets.into_iter().map(|(name, _)| name.clone()).collect(),
        copied,
        runs,
        path,
    })
}

fn is_below(path: &str, directory: &str) -> bool {
    let path = path.trim_end_matches('/');
    let directory = directory.trim_end_matches('/');
    !directory.is_empty()
        && path.strip_prefix(directory).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
