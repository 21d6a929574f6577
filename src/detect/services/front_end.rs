//! Directories that the code serves and that the repository does not hold,
//! because a front end's own build makes them.

use serde_json::Value as Json;

use crate::detect::fact::{Evidence, Fact};
use crate::detect::facts::FrontEnd;
use crate::detect::path;
use crate::detect::python::{Value, below};
use crate::detect::services::Evidences;
use crate::detect::services::binding::{Binding, MADE};
use crate::detect::tree::Tree;

/// Files that say where a build puts what it makes.
const CONFIGURATIONS: [&str; 12] = [
    "package.json",
    "vite.config.js",
    "vite.config.ts",
    "vite.config.mjs",
    "webpack.config.js",
    "rollup.config.js",
    "rollup.config.mjs",
    "svelte.config.js",
    "vue.config.js",
    "angular.json",
    "astro.config.mjs",
    "next.config.js",
];

/// Locks, and the installer that takes each as it stands.
const LOCKS: [(&str, &str); 6] = [
    ("package-lock.json", "npm"),
    ("npm-shrinkwrap.json", "npm"),
    ("pnpm-lock.yaml", "pnpm"),
    ("yarn.lock", "yarn"),
    ("bun.lock", "bun"),
    ("bun.lockb", "bun"),
];

/// Further files beside `package.json` that an install or a build reads.
const READ: [&str; 9] = [
    "bunfig.toml",
    ".npmrc",
    ".yarnrc",
    ".yarnrc.yml",
    "pnpm-workspace.yaml",
    ".nvmrc",
    ".node-version",
    ".env.production",
    ".pnpmfile.cjs",
];

/// The front end that makes what the code serves. A directory that nothing makes is
/// a front end without a directory of its own: a gap that is said.
pub(super) fn find(evidences: &Evidences<'_, '_>) -> Fact<FrontEnd> {
    let tree = evidences.context.tree;
    let mut served = served(evidences);
    if served.is_empty() {
        return Fact::Unknown;
    }
    let packages: Vec<Package> = tree
        .counted()
        .filter(|own| path::file_name(own) == "package.json" && !own.contains("node_modules/"))
        .filter_map(|own| Package::read(tree, own))
        .collect();
    if packages.is_empty() {
        return Fact::Unknown;
    }
    let maker = |directory: &str| {
        let told = packages.iter().find(|own| own.makes(tree, directory));
        let above = packages.iter().filter(|own| path::is_below(directory, &own.directory));
        told.or_else(|| above.max_by_key(|own| own.directory.len()))
    };
    // Flask starts without: unless a package makes it, it is missed by nobody.
    served.retain(|own| !own.is_optional || maker(&own.directory).is_some());
    if served.is_empty() {
        return Fact::Unknown;
    }
    let made: Vec<(&String, &Evidence, Option<&Package>)> =
        served.iter().map(|own| (&own.directory, &own.line, maker(&own.directory))).collect();
    let lines = made.iter().map(|(_, line, _)| (*line).clone()).collect();
    let Some(package) = made.iter().find_map(|(_, _, package)| *package) else {
        let outputs = served.iter().map(|own| own.directory.clone()).collect();
        return Fact::Known(FrontEnd { outputs, ..FrontEnd::default() }, lines);
    };
    let others =
        made.iter().filter(|(_, _, own)| own.is_none_or(|own| own.directory != package.directory));
    let missing = others.map(|(directory, _, _)| (*directory).clone()).collect();
    let own =
        made.iter().filter(|(_, _, own)| own.is_some_and(|own| own.directory == package.directory));
    let outputs = own.map(|(directory, _, _)| (*directory).clone()).collect();
    Fact::Known(package.front_end(tree, outputs, missing), lines)
}

/// A directory that the code opens to serve.
struct Served {
    directory: String,
    /// Whether Flask starts without it.
    is_optional: bool,
    line: Evidence,
}

/// Directories that the code opens to serve and that the repository lacks.
fn served(evidences: &Evidences<'_, '_>) -> Vec<Served> {
    let context = evidences.context;
    let mut served: Vec<Served> = Vec::new();
    // What the code makes itself is there when it is served.
    let made: Vec<String> = evidences
        .live()
        .filter(|own| own.called() == MADE)
        .filter_map(|own| own.value.path(context.working_directory()))
        .collect();
    for binding in evidences.live() {
        let Some(base) = base(binding, context.working_directory()) else { continue };
        for directory in directories(&binding.value, base) {
            let is_there = context.tree.has_directory(&directory) || context.tree.has(&directory);
            let known = served.iter().any(|own| path::is_below(&directory, &own.directory));
            let is_made = made.iter().any(|own| path::is_below(own, &directory));
            if directory != "." && !is_there && !is_made && !known {
                served.retain(|own| !path::is_below(&own.directory, &directory));
                // One that Flask looks for by its usual name is empty, and git keeps no
                // empty directory.
                let is_usual = matches!(binding.last(), "static_folder" | "template_folder")
                    && ["static", "templates"].contains(&path::file_name(&directory));
                let is_of_blueprint =
                    binding.last() == "template_folder" && binding.called().ends_with("Blueprint");
                // Django starts without, and many projects name one that is not there:
                // only what a build usually writes is one that it makes.
                let is_templates = binding.first() == "TEMPLATES";
                let is_output = ["build", "dist", "out"].contains(&path::file_name(&directory));
                if is_templates && !is_output {
                    continue;
                }
                let is_optional = is_usual || is_of_blueprint || is_templates;
                served.push(Served { directory, is_optional, line: binding.evidence.clone() });
            }
        }
    }
    served
}

/// The directories that a value names: itself, the items of a list, those that an
/// engine of templates looks in.
fn directories(value: &Value, base: &str) -> Vec<String> {
    match (value.path(base), value) {
        (Some(path), _) => vec![path],
        (None, Value::List(items)) => items.iter().flat_map(|own| directories(own, base)).collect(),
        (None, engine @ Value::Dict(_)) => {
            engine.get("DIRS").map(|own| directories(own, base)).unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

/// What a served directory is relative to; `None` where the binding names none.
fn base<'a>(binding: &'a Binding, working_directory: &'a str) -> Option<&'a str> {
    let called = binding.called();
    let is = |end: &str| called == end || called.ends_with(&format!(".{end}"));
    let first = matches!(binding.last(), "0" | "directory");
    if is("StaticFiles") || is("Jinja2Templates") {
        return (first || binding.last() == "directory").then_some(working_directory);
    }
    // Flask's are beside the module.
    if (is("Flask") || is("Blueprint"))
        && matches!(binding.last(), "static_folder" | "template_folder")
    {
        return Some(path::parent(&binding.evidence.path));
    }
    if is("send_from_directory") && first {
        return Some(path::parent(&binding.evidence.path));
    }
    // The page itself may be a template that a build makes.
    let settings = ["STATICFILES_DIRS", "WHITENOISE_ROOT", "TEMPLATES"];
    let setting = settings.contains(&binding.first());
    (binding.in_settings && setting).then_some(working_directory)
}

/// A `package.json` with a script called `build`.
struct Package {
    directory: String,
    json: Json,
}

impl Package {
    fn read(tree: &Tree, file: &str) -> Option<Self> {
        let json: Json = serde_json::from_str(tree.text(file)?).ok()?;
        json.get("scripts")?.get("build")?.as_str()?;
        Some(Self { directory: path::parent(file).to_owned(), json })
    }

    /// Whether its configuration names a directory as what it writes.
    fn makes(&self, tree: &Tree, directory: &str) -> bool {
        CONFIGURATIONS.iter().filter_map(|name| tree.text(&path::join(&self.directory, name)?)).any(
            |text| {
                text.split(['"', '\'', '`', ' ']).any(|word| {
                    word.starts_with("..")
                        && below(&self.directory, word)
                            .is_some_and(|to| path::is_below(directory, &to))
                })
            },
        )
    }

    fn front_end(&self, tree: &Tree, outputs: Vec<String>, missing: Vec<String>) -> FrontEnd {
        // The lock of a workspace is above its packages.
        let above = path::upwards(&self.directory);
        let locked = above.flat_map(|directory| {
            LOCKS.iter().filter_map(move |(name, manager)| {
                let lock = path::join(directory, name)?;
                Some((directory.to_owned(), lock, *manager))
            })
        });
        let locked = locked.into_iter().find(|(_, lock, _)| tree.has(lock));
        let stated = self.json.get("packageManager").and_then(Json::as_str).unwrap_or_default();
        let (root, lock, manager) = match locked {
            Some((root, lock, manager)) => (root, Some(lock), manager.to_owned()),
            None => {
                let name = stated.split('@').next().filter(|name| !name.is_empty());
                (self.directory.clone(), None, name.unwrap_or("npm").to_owned())
            }
        };
        let beside = |name: &str| path::join(&root, name).filter(|file| tree.has(file));
        let mut files: Vec<String> =
            beside("package.json").into_iter().chain(lock.clone()).collect();
        files.extend(READ.iter().filter_map(|name| beside(name)));
        let runs = ["preinstall", "install", "postinstall", "prepare"];
        let scripts = self.json.get("scripts");
        FrontEnd {
            directory: Some(self.directory.clone()),
            is_modern_yarn: beside(".yarnrc.yml").is_some(),
            needs_code: root != self.directory
                || self.json.get("workspaces").is_some()
                || runs.iter().any(|name| scripts.and_then(|own| own.get(name)).is_some()),
            node: self.node(tree),
            root,
            lock: lock.is_some(),
            version: stated
                .strip_prefix("bun@")
                .map(|own| own.split('+').next().unwrap_or(own).to_owned())
                .unwrap_or_default(),
            manager,
            arguments: Vec::new(),
            files,
            outputs,
            missing,
        }
    }

    /// The major version of Node.js that it asks for: one that it pins, or the least
    /// one where that is newer than what an image would have anyway.
    fn node(&self, tree: &Tree) -> Option<u32> {
        let of =
            |keys: [&str; 2]| self.json.get(keys[0])?.get(keys[1])?.as_str().map(str::to_owned);
        let file = |name: &str| {
            path::upwards(&self.directory)
                .find_map(|own| tree.text(&path::join(own, name)?))
                .map(str::to_owned)
        };
        let pinned =
            of(["volta", "node"]).or_else(|| file(".nvmrc")).or_else(|| file(".node-version"));
        let text = pinned.or_else(|| of(["engines", "node"]))?;
        let newest = crate::catalog::VERSIONS.node();
        let majors = text.split("||").filter_map(|one| {
            let one = one.trim();
            let digits: String = one
                .chars()
                .skip_while(|own| !own.is_ascii_digit())
                .take_while(char::is_ascii_digit)
                .collect();
            let major: u32 = digits.parse().ok()?;
            let is_open = one.starts_with('>') && !one.contains('<');
            Some(if is_open { major.max(newest) } else { major })
        });
        majors.max()
    }
}

/// The narrowest directory that holds a build context and what a front end needs
/// beside it.
#[must_use]
pub fn context(context: &str, front_end: &FrontEnd) -> String {
    let Some(directory) = &front_end.directory else { return context.to_owned() };
    let of_outputs = front_end.outputs.iter().map(|own| path::parent(own));
    let wider = [directory.as_str(), &front_end.root].into_iter().chain(of_outputs);
    wider.fold(context, |wide, own| path::common(wide, own)).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::services::fixture::Repository;

    const PACKAGE: &str = r#"{"scripts": {"build": "vite build"}, "engines": {"node": "20.x"}}"#;

    #[test]
    fn what_is_served_and_missing_is_made_by_the_package_above_it_or_the_one_that_says_so() {
        for (main, files, directory, outputs) in [
            (
                "from fastapi import FastAPI\nfrom fastapi.staticfiles import StaticFiles\napp = FastAPI()\napp.mount('/', StaticFiles(directory='web/dist', html=True))\n",
                vec![("web/package.json", PACKAGE), ("web/package-lock.json", "{}")],
                "web",
                "web/dist",
            ),
            (
                "from flask import Flask\napp = Flask(__name__, static_folder='static/app')\n",
                vec![
                    ("ui/package.json", PACKAGE),
                    ("ui/vite.config.ts", "build: { outDir: '../static/app' }"),
                ],
                "ui",
                "static/app",
            ),
        ] {
            let found = Repository::fastapi(main, &files).find().front_end;
            let found = found.value().unwrap();
            assert_eq!(found.directory.as_deref(), Some(directory));
            assert_eq!(found.outputs, [outputs]);
            assert_eq!(found.node, Some(20));
            assert_eq!(context(".", found), ".");
        }
    }

    #[test]
    fn what_is_there_or_is_made_by_nobody_is_no_front_end() {
        let main = "from fastapi import FastAPI\nfrom fastapi.staticfiles import StaticFiles\napp = FastAPI()\napp.mount('/', StaticFiles(directory='static'))\n";
        let there = [("static/a.css", ""), ("web/package.json", PACKAGE)];
        assert!(Repository::fastapi(main, &there).find().front_end.value().is_none());
        assert!(Repository::fastapi(main, &[]).find().front_end.value().is_none());
        let blueprint = "from flask import Blueprint, Flask\nup = Blueprint('up', __name__, template_folder='pages')\napp = Flask(__name__)\n";
        let flask = Repository::new(&[("main.py", blueprint), ("web/package.json", PACKAGE)]);
        assert!(flask.starts("flask", "main:app").find().front_end.value().is_none());
        let elsewhere =
            Repository::fastapi(main, &[("web/package.json", PACKAGE)]).find().front_end;
        assert_eq!(elsewhere.value().unwrap().directory, None, "nothing says that it makes it");
    }
}
