//! Stages of an existing Dockerfile that build in another language what the
//! image holds in the end: bundled scripts and styles, a program in Go. The
//! Dockerfile that takes its place has no such stage.

use std::collections::BTreeSet;

use parse_dockerfile::{Dockerfile, Instruction, Source};

use crate::detect::commands::{join, without_run};
use crate::detect::facts::Doubt;
use crate::detect::tree::Tree;

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
    let text = without_run(tree.text(&path).unwrap_or_default());
    let Ok(file) = parse_dockerfile::parse(&text) else { return Vec::new() };
    let stages = stages(&text, &file);
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

fn stages(text: &str, file: &Dockerfile<'_>) -> Vec<Stage> {
    let line = |at: usize| text[..at.min(text.len())].matches('\n').count() + 1;
    let mut stages: Vec<Stage> = Vec::new();
    for instruction in &file.instructions {
        match instruction {
            Instruction::From(from) => stages.push(Stage {
                name: from.as_.as_ref().map_or_else(
                    || stages.len().to_string(),
                    |(_, name)| name.value.to_lowercase(),
                ),
                base: from.image.value.to_string(),
                copies: Vec::new(),
            }),
            Instruction::Copy(copy) => {
                let from = copy.options.iter().find(|flag| flag.name.value == "from");
                let from = from.and_then(|flag| flag.value.as_ref());
                let (Some(stage), Some(from)) = (stages.last_mut(), from) else { continue };
                let sources = copy.src.iter().filter_map(|source| match source {
                    Source::Path(path) => Some(path.value.to_string()),
                    _ => None,
                });
                stage.copies.push(Copy {
                    from: from.value.to_lowercase(),
                    sources: sources.collect(),
                    target: copy.dest.value.to_string(),
                    line: line(copy.copy.span.start),
                });
            }
            _ => {}
        }
    }
    stages
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
