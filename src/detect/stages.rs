//! Stages of an existing Dockerfile that build in another language what the
//! image holds in the end: bundled scripts and styles, a program in Go. The
//! Dockerfile that takes its place has no such stage.

use std::collections::BTreeSet;

use crate::detect::commands::join;
use crate::detect::facts::Doubt;
use crate::detect::tree::Tree;
use crate::source::dockerfile::{Dockerfile, Keyword, Transfer};
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

/// What is lost with the Dockerfile that ours takes the place of.
#[must_use]
pub fn find(tree: &Tree, context: &str) -> Vec<Doubt> {
    let Some(path) = join(context, "Dockerfile") else { return Vec::new() };
    let text = Text::new(path.as_str(), tree.text(&path).unwrap_or_default());
    let stages = stages(&text, &Dockerfile::read(&text.text));
    lost(&stages)
        .into_iter()
        .map(|(copy, builder)| Doubt {
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
        })
        .collect()
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

/// What the last stage takes from a builder of another language, by itself or
/// through other stages.
fn lost(stages: &[Stage]) -> Vec<(&Copy, &Stage)> {
    let at = |name: &str| {
        let by_number = name.parse().ok().filter(|number| *number < stages.len());
        by_number.or_else(|| stages.iter().position(|stage| stage.name == name))
    };
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
                lost.push((copy, &stages[from]));
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
    let image = base.rsplit('/').next().unwrap_or(base);
    let name = image.split([':', '@']).next().unwrap_or(image);
    BUILDERS.contains(&name.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doubts(dockerfile: &str) -> Vec<String> {
        let directory = assert_fs::TempDir::new().unwrap();
        std::fs::write(directory.path().join("Dockerfile"), dockerfile).unwrap();
        let tree = Tree::read(directory.path()).unwrap();
        find(&tree, ".").into_iter().map(|doubt| doubt.message).collect()
    }

    #[test]
    fn files_of_a_stage_in_another_language_are_named_with_their_line() {
        let found = doubts(
            "FROM node:22-alpine AS Assets\nRUN <<EOF\nnpm run build\nEOF\n\
             FROM python:3.13-slim\nWORKDIR /srv\nCOPY . .\n\
             COPY --from=assets /web/dist ./public\nCMD [\"python\", \"shop.py\"]\n",
        );
        assert_eq!(found.len(), 1, "{found:?}");
        for part in ["Dockerfile:8:", "/web/dist", "`assets`", "FROM node:22-alpine", "./public"] {
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
