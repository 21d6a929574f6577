//! Stages of an existing Dockerfile that build in another language what the
//! image holds in the end: bundled scripts and styles, a program in Go. The
//! Dockerfile that takes its place has them as they stand, where it can.

use std::collections::BTreeSet;

use crate::detect::commands::join;
use crate::detect::facts::{Doubt, OldCopy, OldStage};
use crate::detect::path;
use crate::detect::tree::Tree;
use crate::source::dockerfile::{Dockerfile, Instruction, Keyword, Transfer, is_dockerfile};
use crate::source::text::Text;

/// Names of images that build in another language.
const BUILDERS: [&str; 14] = [
    "node",
    "bun",
    "deno",
    "golang",
    "rust",
    "ruby",
    "php",
    "composer",
    "maven",
    "gradle",
    "openjdk",
    "eclipse-temurin",
    "sdk",
    "elm",
];

/// A stage: its name, its base, and what it takes from other stages.
#[derive(Default)]
struct Stage {
    name: String,
    base: String,
    copies: Vec<Copy>,
}

/// A `COPY --from`.
struct Copy {
    from: String,
    sources: Vec<String>,
    target: String,
    line: usize,
}

/// What becomes of stages in other languages.
#[derive(Debug, Default)]
pub struct Found {
    /// Those that a Dockerfile of ours has as well.
    pub kept: Vec<OldStage>,
    /// Those that are lost with the Dockerfile that ours takes the place of.
    pub doubts: Vec<Doubt>,
    /// What the stages declared that one of ours takes the place of.
    pub arguments: Vec<String>,
}

/// Reads the Dockerfile of a build context. What the code serves and its own front
/// end's `package.json` makes has a stage of ours.
#[must_use]
pub fn find(tree: &Tree, context: &str, root: &str, front_end: Option<&str>) -> Found {
    let mut found = Found::default();
    let Some(path) = dockerfile(tree, context) else { return found };
    let text = Text::new(path, tree.text(path).unwrap_or_default());
    let file = Dockerfile::read(&text.text);
    let stages = stages(&text, &file);
    let mut kept: BTreeSet<usize> = BTreeSet::new();
    let mut copies: Vec<OldCopy> = Vec::new();
    for (copy, number) in lost(&stages) {
        let builder = &stages[number];
        let closure = closure(&stages, number);
        if front_end.is_some() && matches!(base_name(builder).as_str(), "node" | "bun") {
            for own in &closure {
                found.arguments.extend(declared(&file, *own));
            }
            continue;
        }
        let target = target(&file, context, root, copy);
        match target.filter(|_| closure.iter().all(|own| stands_alone(&file, *own))) {
            Some(mut target) => {
                // Into a directory, and not as a file of that name.
                if copy.target.ends_with('/') {
                    target.push('/');
                }
                kept.extend(closure);
                let (from, sources) = (copy.from.clone(), copy.sources.clone());
                copies.push(OldCopy { from, sources, target });
            }
            None => found.doubts.push(doubt(path, copy, builder)),
        }
    }
    if !copies.is_empty() {
        let texts: Vec<&str> = kept.iter().map(|number| text_of(&text, &file, *number)).collect();
        found.kept.push(OldStage { text: texts.join("\n\n"), copies });
    }
    found
}

/// The Dockerfile of a context: the one in it, else the only one that is about
/// Python, wherever it is.
fn dockerfile<'a>(tree: &'a Tree, context: &str) -> Option<&'a str> {
    let own = join(context, "Dockerfile")?;
    let mut about = tree.counted().filter(|path| is_dockerfile(path)).filter(|path| {
        let file = Dockerfile::read(tree.text(path).unwrap_or_default());
        file.stages.last().is_some_and(|last| last.from.contains("python"))
    });
    match tree.counted().find(|path| *path == own) {
        Some(own) => Some(own),
        None => about.next().filter(|_| about.next().is_none()),
    }
}

fn doubt(path: &str, copy: &Copy, builder: &Stage) -> Doubt {
    Doubt {
        key: "existing_files".to_owned(),
        message: format!(
            "{path}:{}: {} comes from stage `{}` (FROM {}), which a generated Dockerfile does not have: {} would be missing",
            copy.line,
            copy.sources.join(", "),
            copy.from,
            builder.base,
            copy.target,
        ),
        help: "copy that stage and the COPY line into the new Dockerfile (later runs keep your edits), or let the repository hold what it builds".to_owned(),
    }
}

/// Arguments and values that a stage gives what it builds; those of the file above it
/// have their default from there.
fn declared(file: &Dockerfile, number: usize) -> Vec<String> {
    const OF_THE_STAGE: [&str; 6] =
        ["NODE_ENV", "NODE_VERSION", "PATH", "PNPM_HOME", "BUN_INSTALL", "CI"];
    let above = &file.instructions[..file.stages.first().map_or(0, |own| own.first)];
    let name = |own: &Instruction| {
        let text = own.arguments.text.trim();
        text.split(['=', ' ']).next().unwrap_or_default().to_owned()
    };
    let stage = file.of_stage(number).map(|(_, own)| own);
    let given = stage.filter(|own| matches!(own.keyword, Keyword::Arg | Keyword::Env));
    let lines = given.filter_map(|own| {
        let text = own.arguments.text.trim();
        let is_of_the_stage = |name: &str| OF_THE_STAGE.contains(&name);
        if own.keyword == Keyword::Arg {
            let global = above.iter().find(|other| {
                !text.contains('=') && other.keyword == Keyword::Arg && name(other) == text
            });
            let text = global.map_or(text, |other| other.arguments.text.trim());
            return (!is_of_the_stage(&name(own))).then(|| format!("ARG {text}"));
        }
        // Several values of a line, of which some are the stage's own.
        let words = shell_words::split(text).ok()?;
        if !words.first()?.contains('=') {
            return (!is_of_the_stage(&name(own))).then(|| format!("ENV {text}"));
        }
        let kept = words.iter().filter_map(|word| {
            let (name, value) = word.split_once('=').filter(|(name, _)| !is_of_the_stage(name))?;
            let is_plain = !value.contains(char::is_whitespace);
            Some(if is_plain { word.clone() } else { format!("{name}=\"{value}\"") })
        });
        let kept: Vec<String> = kept.collect();
        (!kept.is_empty()).then(|| format!("ENV {}", kept.join(" ")))
    });
    lines.collect()
}

/// A stage, those that it is built on, and those that it copies from.
fn closure(stages: &[Stage], number: usize) -> BTreeSet<usize> {
    let mut all = BTreeSet::new();
    let mut open = vec![number];
    while let Some(own) = open.pop() {
        if all.insert(own) {
            let stage = &stages[own];
            let of = stage.copies.iter().map(|copy| copy.from.clone());
            let named = of.chain([stage.base.to_lowercase()]);
            open.extend(named.filter_map(|name| at(stages, &name)).filter(|other| *other < own));
        }
    }
    all
}

/// Whether a stage can stand in another file as it is: with a name that none of
/// ours has, and without arguments of the file above it.
fn stands_alone(file: &Dockerfile, number: usize) -> bool {
    const OURS: [&str; 9] =
        ["uv", "builder", "code", "static", "proxy", "model", "runtime", "frontend", "packages"];
    let stage = &file.stages[number];
    let name = stage.name.as_deref().unwrap_or_default().to_lowercase();
    let above = file.instructions[..file.stages.first().map_or(0, |own| own.first)].iter();
    let arguments: Vec<&str> = above
        .filter(|own| own.keyword == Keyword::Arg)
        .filter_map(|own| own.arguments.text.split('=').next())
        .collect();
    let takes = |own: &Instruction| {
        own.keyword == Keyword::Arg && arguments.contains(&own.arguments.text.trim())
    };
    !name.is_empty()
        && !OURS.contains(&name.as_str())
        && !stage.from.contains('$')
        && !file.of_stage(number).any(|(_, own)| takes(own))
}

fn text_of<'a>(text: &'a Text, file: &Dockerfile, number: usize) -> &'a str {
    let stage = &file.stages[number];
    let from = file.instructions[stage.first].span.start;
    let to = file.instructions[stage.end - 1].span.end;
    text.text[from..to].trim_end()
}

/// Where a copy of the last stage goes: relative to the context where the code is
/// copied from there, absolute elsewhere; `None` where that is not known.
fn target(file: &Dockerfile, context: &str, root: &str, copy: &Copy) -> Option<String> {
    let mut workdir = "/".to_owned();
    let absolute = |workdir: &str, path: &str| match path.strip_prefix('/') {
        Some(below) => crate::detect::python::below(".", below),
        None => crate::detect::python::below(workdir.trim_start_matches('/'), path),
    };
    // The directory of the context that the code's place in the image stands for.
    let mut code: Option<(String, String)> = None;
    let mut goes = None;
    for (_, own) in file.of_stage(file.stages.len().checked_sub(1)?) {
        match own.keyword {
            Keyword::Workdir => {
                workdir = format!("/{}", absolute(&workdir, own.arguments.text.trim())?);
            }
            Keyword::Copy => {
                let Some(Transfer { sources, target }) = Transfer::of(own, file.escape) else {
                    continue;
                };
                let place = absolute(&workdir, &target)?;
                if own.flag("from").is_some() {
                    if sources == copy.sources && target == copy.target {
                        goes = Some(place);
                    }
                } else if let [source] = sources.as_slice()
                    && let Some(inside) = join(context, source)
                    && path::is_below(root, &inside)
                {
                    let source = source.trim_start_matches("./").trim_end_matches('/');
                    code = Some((place, if source == "." { String::new() } else { source.into() }));
                }
            }
            _ => {}
        }
    }
    let goes = goes?;
    let (place, source) = code?;
    if !path::is_below(&goes, &place) {
        return Some(format!("/{goes}"));
    }
    let below = match place.as_str() {
        "." => goes.as_str(),
        place => goes.strip_prefix(place).unwrap_or_default().trim_start_matches('/'),
    };
    let joined = format!("{source}/{below}");
    Some(joined.trim_matches('/').to_owned()).filter(|own| !own.is_empty())
}

fn stages(text: &Text, file: &Dockerfile) -> Vec<Stage> {
    let of = |number: usize| {
        let copies = file.of_stage(number).filter(|(_, own)| own.keyword == Keyword::Copy);
        let stage = &file.stages[number];
        Stage {
            name: stage.name.as_ref().map_or_else(|| number.to_string(), |own| own.to_lowercase()),
            base: stage.from.clone(),
            copies: copies
                .filter_map(|(_, own)| {
                    let Transfer { sources, target } = Transfer::of(own, file.escape)?;
                    let from = own.flag("from")?.to_lowercase();
                    Some(Copy { from, sources, target, line: text.line(own.span.start) })
                })
                .collect(),
        }
    };
    (0..file.stages.len()).map(of).collect()
}

/// The stage of a name or a number.
fn at(stages: &[Stage], name: &str) -> Option<usize> {
    let by_number = name.parse().ok().filter(|number| *number < stages.len());
    by_number.or_else(|| stages.iter().position(|stage| stage.name == name))
}

/// What the last stage takes from a builder of another language, by itself or
/// through other stages.
fn lost(stages: &[Stage]) -> Vec<(&Copy, usize)> {
    let at = |name: &str| at(stages, name);
    let mut seen = BTreeSet::new();
    let mut open: Vec<usize> = stages.len().checked_sub(1).into_iter().collect();
    let mut lost = Vec::new();
    while let Some(number) = open.pop() {
        if !seen.insert(number) {
            continue;
        }
        let stage = &stages[number];
        open.extend(at(&stage.base.to_lowercase()).filter(|base| *base < number));
        for copy in &stage.copies {
            let Some(from) = at(&copy.from).filter(|from| *from < number) else { continue };
            if is_builder(stages, from) {
                lost.push((copy, from));
            } else {
                open.push(from);
            }
        }
    }
    lost.sort_by_key(|(copy, _)| copy.line);
    lost
}

/// Whether a stage, or one that it is built on, begins with such an image.
fn is_builder(stages: &[Stage], number: usize) -> bool {
    let base = &stages[number].base;
    let above = stages[..number].iter().position(|stage| stage.name == base.to_lowercase());
    if let Some(above) = above {
        return is_builder(stages, above);
    }
    BUILDERS.contains(&base_name(&stages[number]).as_str())
}

/// The name of a stage's base image, without its registry and tag.
fn base_name(stage: &Stage) -> String {
    let image = stage.base.rsplit('/').next().unwrap_or(&stage.base);
    image.split([':', '@']).next().unwrap_or(image).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doubts(dockerfile: &str) -> Vec<String> {
        let directory = assert_fs::TempDir::new().unwrap();
        std::fs::write(directory.path().join("Dockerfile"), dockerfile).unwrap();
        let tree = Tree::read(directory.path()).unwrap();
        let found = find(&tree, ".", ".", None);
        found.doubts.into_iter().map(|doubt| doubt.message).collect()
    }

    fn kept(dockerfile: &str) -> OldStage {
        let directory = assert_fs::TempDir::new().unwrap();
        std::fs::write(directory.path().join("Dockerfile"), dockerfile).unwrap();
        let tree = Tree::read(directory.path()).unwrap();
        let found = find(&tree, ".", ".", None);
        assert!(found.doubts.is_empty(), "{:?}", found.doubts);
        found.kept.into_iter().next().unwrap()
    }

    #[test]
    fn a_stage_that_can_stand_alone_is_kept_with_what_the_image_takes_from_it() {
        let own = kept(
            "FROM node:22-alpine AS assets\nWORKDIR /web\nCOPY web .\nRUN npm ci && npm run build\n\n\
             # The server.\nFROM python:3.13-slim\nWORKDIR /srv\nCOPY . .\n\
             COPY --from=assets /web/dist ./public\nCMD [\"python\", \"shop.py\"]\n",
        );
        assert!(own.text.starts_with("FROM node:22-alpine AS assets"), "{}", own.text);
        assert!(own.text.ends_with("npm run build"), "{}", own.text);
        assert_eq!(own.copies[0].target, "public");
        let tool = kept(
            "FROM golang:1.25 AS go\nFROM go AS tool\nRUN go build\n\
             FROM python:3.13\nCOPY . /srv\nCOPY --from=tool /tool /usr/bin/\n",
        );
        assert!(tool.text.contains("golang:1.25") && tool.text.contains("FROM go AS tool"));
        assert_eq!(tool.copies[0].target, "/usr/bin/");
    }

    #[test]
    fn files_of_a_stage_in_another_language_are_named_with_their_line() {
        let found = doubts(
            "ARG NODE=22\nFROM node:$NODE-alpine AS Assets\nRUN <<EOF\nnpm run build\nEOF\n\
             FROM python:3.13-slim\nWORKDIR /srv\nCOPY . .\n\
             COPY --from=assets /web/dist ./public\nCMD [\"python\", \"shop.py\"]\n",
        );
        assert_eq!(found.len(), 1, "{found:?}");
        for part in ["Dockerfile:9:", "/web/dist", "`assets`", "FROM node:$NODE-alpine", "./public"]
        {
            assert!(found[0].contains(part), "{part} in {}", found[0]);
        }
    }

    #[test]
    fn other_stages_between_hide_nothing() {
        let found = doubts(
            "FROM docker.io/library/golang:1.25 AS go\nFROM go AS tool\nRUN go build\n\
             FROM python:3.13 AS base\nCOPY --from=tool /tool /usr/bin/tool\n\
             FROM base AS build\nCOPY . .\n\
             FROM python:3.13\nCOPY --from=build /srv /srv\n",
        );
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("/usr/bin/tool"), "{}", found[0]);
    }

    #[test]
    fn python_stages_images_and_unused_stages_lose_nothing() {
        let found = doubts(
            "FROM node:22 AS lint\nFROM ghcr.io/astral-sh/uv:0.9 AS uv\n\
             FROM python:3.13 AS build\nCOPY --from=uv /uv /bin/\n\
             FROM python:3.13\nCOPY --from=build /venv /venv\n\
             COPY --from=busybox:1 /bin/nc /bin/nc\n",
        );
        assert!(found.is_empty(), "{found:?}");
    }
}
