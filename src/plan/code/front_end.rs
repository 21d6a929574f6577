//! The front end that the code serves: a stage of its own, by its own tools.

use serde::Serialize;

use crate::answers::adopted::Adopted;
use crate::detect::path;
use crate::plan::code::in_image;

/// How a front end is built. Everything stands in the stage where it stands in the
/// repository, so that what its build writes beside itself is where the code looks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FrontEnd {
    /// Where packages are installed.
    pub root: String,
    /// That directory in the build context.
    pub source: String,
    /// Where its `package.json` is.
    pub directory: String,
    /// Files that are copied before the rest; none where an install reads more.
    pub files: Vec<String>,
    /// Those of its files that keep values for the build, which an ignore list takes
    /// for secrets.
    pub values: Vec<String>,
    /// What installs.
    pub install: String,
    /// Where the installer keeps what it fetched.
    pub cache: String,
    /// What builds.
    pub build: String,
    /// Arguments and values of the build: `ARG VITE_API_URL`.
    pub arguments: Vec<String>,
    /// The directories that the code serves; none where nothing is built.
    pub outputs: Vec<String>,
}

impl FrontEnd {
    pub(super) fn of(adopted: &Adopted) -> Self {
        let Some(found) = &adopted.derived.front_end else { return Self::default() };
        let Some(directory) = &found.directory else { return Self::default() };
        let inside = |path| within(adopted, path);
        let (Some(directory), Some(root)) = (inside(directory), inside(&found.root)) else {
            return Self::default();
        };
        let (install, cache) = match (found.manager.as_str(), found.lock) {
            ("pnpm", true) => ("corepack enable && pnpm install --frozen-lockfile", PNPM),
            ("pnpm", false) => ("corepack enable && pnpm install", PNPM),
            ("yarn", true) if found.is_modern_yarn => {
                ("corepack enable && yarn install --immutable", YARN)
            }
            ("yarn", true) => ("yarn install --frozen-lockfile", YARN),
            ("yarn", false) => ("yarn install", YARN),
            ("bun", true) => ("bun install --frozen-lockfile", BUN),
            ("bun", false) => ("bun install", BUN),
            (_, true) => ("npm ci", NPM),
            (_, false) => ("npm install", NPM),
        };
        // The image has no bun, whose releases are on npm's registry.
        let install = match (found.manager.as_str(), found.version.as_str()) {
            ("bun", "") => format!("npm install --global bun@1 && {install}"),
            ("bun", version) => format!("npm install --global bun@{version} && {install}"),
            _ => install.to_owned(),
        };
        let build = match found.manager.as_str() {
            "pnpm" => "pnpm run build",
            "yarn" => "yarn run build",
            "bun" => "bun run build",
            _ => "npm run build",
        };
        let values = found.files.iter().filter(|file| file.ends_with(".env.production"));
        let files = found.files.iter().filter(|_| !found.needs_code);
        Self {
            root: in_image(adopted.top(), root),
            source: if root.is_empty() { ".".to_owned() } else { root.to_owned() },
            directory: in_image(adopted.top(), directory),
            files: files.filter_map(|file| inside(file)).map(str::to_owned).collect(),
            values: values.filter_map(|file| inside(file)).map(str::to_owned).collect(),
            install,
            cache: cache.to_owned(),
            build: build.to_owned(),
            arguments: found.arguments.clone(),
            outputs: found
                .outputs
                .iter()
                .filter_map(|path| inside(path))
                .map(|path| in_image(adopted.top(), path))
                .collect(),
        }
    }
}

/// A path of the repository in the build context; empty for its top.
fn within<'a>(adopted: &Adopted, path: &'a str) -> Option<&'a str> {
    match path {
        "." => adopted.context.is_none().then_some(""),
        path => adopted.within(path),
    }
}

const NPM: &str = "/root/.npm";
const PNPM: &str = "/root/.local/share/pnpm/store";
const BUN: &str = "/root/.bun/install/cache";
const YARN: &str = "/usr/local/share/.cache/yarn";

/// What the image takes from a stage of the Dockerfile that was there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct OldCopy {
    /// The stage, what is copied, and where to: the words of a `COPY --from`.
    pub words: String,
    /// Whether it is among the code.
    pub in_code: bool,
}

/// The stages of the Dockerfile that was there which build in another language, as
/// they stood, and what the image takes from them.
pub(super) fn old(adopted: &Adopted) -> (Vec<String>, Vec<OldCopy>) {
    let stages = &adopted.derived.old_stages;
    let copies = stages.iter().flat_map(|stage| &stage.copies).map(|copy| {
        let in_code = !copy.target.starts_with('/');
        let target = match in_code {
            true => in_image(adopted.top(), &copy.target),
            false => copy.target.clone(),
        };
        OldCopy { words: format!("{} {} {target}", copy.from, copy.sources.join(" ")), in_code }
    });
    (stages.iter().map(|stage| stage.text.clone()).collect(), copies.collect())
}

/// What of the Dockerfile that was there is kept.
pub(super) fn kept(adopted: &Adopted) -> Option<String> {
    let copies = adopted.derived.old_stages.iter().flat_map(|stage| &stage.copies);
    let names: Vec<&str> = copies.map(|copy| copy.from.as_str()).collect();
    (!names.is_empty() && adopted.image().is_none()).then(|| {
        format!(
            "what stage {} of the Dockerfile that was there builds is built as it was: the stage is kept as it stands",
            names.join(", ")
        )
    })
}

/// What is built, and how.
pub(super) fn notice(adopted: &Adopted) -> Option<String> {
    let built = FrontEnd::of(adopted);
    let found = adopted.derived.front_end.as_ref()?;
    if built.outputs.is_empty() || adopted.image().is_some() {
        return None;
    }
    let unlocked = match found.lock {
        true => "",
        false => "; it has no lock, so each build takes the packages of its day",
    };
    Some(format!(
        "{} is served and not in the repository: a stage of its own builds it by `{}` in {}{unlocked}",
        found.outputs.join(", "),
        built.build,
        found.directory.as_deref().unwrap_or_default(),
    ))
}

/// What the code serves and no stage makes.
#[must_use]
pub fn gap(adopted: &Adopted) -> Option<String> {
    let found = adopted.derived.front_end.as_ref()?;
    let made = FrontEnd::of(adopted).outputs;
    let (_, copies) = old(adopted);
    let is_made = |path: &&String| {
        let inside = adopted.within(path).map(|path| in_image(adopted.top(), path));
        let copied = |path: &str| {
            copies.iter().any(|own| {
                let target = own.words.rsplit(' ').next().unwrap_or_default();
                path::is_below(path, target.trim_end_matches('/'))
            })
        };
        inside.is_some_and(|path| made.contains(&path) || copied(&path))
    };
    let served: Vec<&str> = found
        .outputs
        .iter()
        .filter(|path| !is_made(path))
        .chain(found.missing.iter().filter(|path| !is_made(path)))
        .map(String::as_str)
        .collect();
    if served.is_empty() {
        return None;
    }
    let why = "no package.json with a build script says that it makes them";
    Some(format!(
        "the code serves {}, which the repository does not hold: {why}. The image lacks them: let the repository hold what is built, or name the directory in the build's own configuration (outDir)",
        served.join(", ")
    ))
}
