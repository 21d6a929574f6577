//! What an image is built from besides its own stages: those it copies from,
//! and the images it starts from outside.

use std::collections::BTreeSet;

use super::{Build, Container, Run, Subject};
use crate::lint::diagnostic::At;
use crate::source::dockerfile::{Arguments, Instruction, Transfer};

/// An image from outside that a build takes something from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outside {
    /// The number of the instruction: FROM, COPY or RUN.
    pub at: usize,
    /// The image, variables replaced.
    pub reference: String,
    /// Where it is written.
    pub place: At,
    /// Whether it is written as it is: no variable, no quotes.
    pub is_literal: bool,
}

impl Subject {
    /// Every stage that is built for an image, in order: those it is made of,
    /// and those that these copy or mount something from.
    #[must_use]
    pub fn stages(&self, build: &Build) -> Vec<usize> {
        let file = self.file(build);
        let mut open = build.image.stages.clone();
        let mut found = BTreeSet::new();
        while let Some(stage) = open.pop() {
            if !found.insert(stage) {
                continue;
            }
            open.extend(file.chain(stage, &Arguments::new()).stages.into_iter().rev().nth(1));
            for (_, instruction) in file.of_stage(stage) {
                let named = instruction.sources();
                open.extend(named.filter_map(|(name, _)| file.stage_named(name, stage)));
            }
        }
        found.into_iter().collect()
    }

    /// Every instruction of every stage that is built for an image, with its number.
    pub fn built<'s>(
        &'s self,
        build: &'s Build,
    ) -> impl Iterator<Item = (usize, &'s Instruction)> + 's {
        let file = self.file(build);
        self.stages(build).into_iter().flat_map(move |stage| file.of_stage(stage))
    }

    /// Every RUN of every stage that is built for an image.
    #[must_use]
    pub fn built_runs(&self, build: &Build) -> Vec<Run> {
        self.built(build).filter_map(|(at, _)| self.run(build, at)).collect()
    }

    /// The images from outside that a build starts from, or copies from. One
    /// that depends on a build argument of unknown value is left out.
    #[must_use]
    pub fn outside(&self, build: &Build) -> Vec<Outside> {
        let recipe = &self.recipes[build.recipe];
        let file = &recipe.file;
        let mut found = Vec::new();
        for stage in self.stages(build) {
            let own = &file.stages[stage];
            let is_written = !own.from.contains(['$', '"', '\'']);
            let chain = file.chain(stage, &Arguments::new());
            let is_below = chain.stages.len() == 1;
            let reference = if build.image.stages.first() == Some(&stage) {
                build.image.base.known().map(str::to_owned)
            } else if is_written || !build.is_composed {
                chain.base.known().map(str::to_owned)
            } else {
                None
            };
            if let (true, Some(reference)) = (is_below, reference) {
                let place = At::new(recipe.text, own.from_span);
                found.push(Outside { at: own.first, reference, place, is_literal: is_written });
            }
            for (at, instruction) in file.of_stage(stage) {
                for (name, flag) in instruction.sources() {
                    let is_stage =
                        file.stage_named(name, stage).is_some() || name.parse::<usize>().is_ok();
                    if !is_stage && !name.contains('$') {
                        let place = At::new(recipe.text, flag.span);
                        let reference = name.to_owned();
                        found.push(Outside { at, reference, place, is_literal: true });
                    }
                }
            }
        }
        found
    }

    /// The file of the repository that an image has at a path, where COPY or
    /// ADD says so.
    #[must_use]
    pub fn source_of(&self, build: &Build, path: &str) -> Option<String> {
        let workdir = build.image.workdir.as_ref().and_then(|own| own.value.known()).unwrap_or("/");
        let absolute = |path: &str| match path.trim_start_matches("./") {
            "" | "." => workdir.trim_end_matches('/').to_owned(),
            own if own.starts_with('/') => own.trim_end_matches('/').to_owned(),
            own => format!("{}/{}", workdir.trim_end_matches('/'), own.trim_end_matches('/')),
        };
        let wanted = absolute(path);
        let there = |path: &str| {
            let own = crate::relpath::join(&build.context, path.trim_start_matches('/'))?;
            self.tree.has(&own).then_some(own)
        };
        let escape = self.file(build).escape;
        let copies = self.instructions(build).filter(|(_, own)| own.flag("from").is_none());
        // The last one is what is there.
        let mut found = None;
        for copied in copies.filter_map(|(_, own)| Transfer::of(own, escape)) {
            let target = absolute(&copied.target);
            for source in &copied.sources {
                let bare = source.trim_start_matches("./").trim_end_matches('/');
                let name = bare.rsplit('/').next().unwrap_or(bare);
                let below = wanted.strip_prefix(&target).and_then(|own| own.strip_prefix('/'));
                let own = match below {
                    None if wanted == target => there(bare),
                    None => None,
                    Some(rest) if rest == name => {
                        there(bare).or_else(|| there(&format!("{bare}/{rest}")))
                    }
                    Some(rest) if matches!(bare, "" | ".") => there(rest),
                    Some(rest) => there(&format!("{bare}/{rest}")),
                };
                found = own.or(found);
            }
        }
        found
    }

    /// The containers that run an image.
    pub fn containers_with<'s>(
        &'s self,
        build: &'s Build,
    ) -> impl Iterator<Item = &'s Container> + 's {
        self.containers
            .iter()
            .filter(move |own| self.build_of(own).is_some_and(|b| std::ptr::eq(b, build)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(text: &str) -> (assert_fs::TempDir, Subject) {
        let directory = assert_fs::TempDir::new().unwrap();
        std::fs::write(directory.path().join("Dockerfile"), text).unwrap();
        let subject = Subject::read(directory.path()).unwrap();
        (directory, subject)
    }

    #[test]
    fn a_stage_counts_where_the_image_needs_it_and_an_image_where_it_is_from_outside() {
        let (_kept, subject) = subject(
            "ARG V=3.14\nFROM python:$V AS base\nFROM base AS tests\nRUN pytest\n\
             FROM base AS builder\nCOPY --from=acme/uv:1 /uv /bin/\n\
             FROM base\nRUN --mount=type=bind,from=builder,target=/x pip install x\n",
        );
        let build = &subject.builds[0];
        assert_eq!(subject.stages(build), [0, 2, 3]);
        let outside: Vec<String> =
            subject.outside(build).into_iter().map(|own| own.reference).collect();
        assert_eq!(outside, ["python:3.14", "acme/uv:1"]);
        assert_eq!(subject.built_runs(build).len(), 1);
        assert_eq!(subject.containers_with(build).count(), 1);
    }

    #[test]
    fn a_file_of_an_image_is_the_one_that_was_copied_there() {
        let (directory, _) = subject("FROM x\n");
        let base = directory.path();
        for path in ["a/start", "b/start", "x.sh"] {
            let path = base.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "#!/bin/sh\n").unwrap();
        }
        std::fs::write(
            base.join("Dockerfile"),
            "FROM x\nWORKDIR /app\nCOPY ./b/start /start\nCOPY . .\nCOPY x.sh a/start /bin/\n",
        )
        .unwrap();
        let subject = Subject::read(base).unwrap();
        let of = |path: &str| subject.source_of(&subject.builds[0], path);
        assert_eq!(of("/start").as_deref(), Some("b/start"));
        assert_eq!(of("./a/start").as_deref(), Some("a/start"));
        assert_eq!(of("/bin/start").as_deref(), Some("a/start"));
        assert_eq!(of("/app/x.sh").as_deref(), Some("x.sh"));
        assert_eq!(of("/other"), None);
    }

    #[test]
    fn what_is_copied_is_read_in_both_forms() {
        let file = crate::source::dockerfile::Dockerfile::read(
            "FROM x\nCOPY [\"a b\", \"/x/\"]\nADD . /app\nCOPY <<EOF /etc/x\ny\nEOF\n",
        );
        let copied: Vec<Transfer> =
            file.instructions.iter().filter_map(|own| Transfer::of(own, '\\')).collect();
        assert_eq!(copied[0], Transfer { sources: vec!["a b".into()], target: "/x/".into() });
        assert!(copied[1].takes_all());
        assert!(copied[2].sources.is_empty());
    }
}
