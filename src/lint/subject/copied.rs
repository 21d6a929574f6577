//! What COPY and ADD bring into an image from its context, and where it is then.

use std::collections::BTreeMap;

use super::place::{known, tidy};
use super::{Build, Subject};
use crate::relpath::absolute;
use crate::source::dockerfile::{Arguments, Keyword, Transfer};

/// COPY or ADD from the context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// The number of the instruction.
    pub at: usize,
    /// The stage it stands in.
    pub stage: usize,
    /// What is copied, without `./` and `/` around it: `.` for everything.
    pub sources: Vec<String>,
    /// Where to, absolute, with the `/` at its end that it is written with.
    pub target: String,
}

/// A source without the `..` that leads above the context, where nothing is: the
/// engine cuts it off.
fn within_context(source: &str) -> &str {
    let mut rest = source;
    while let Some(next) =
        rest.strip_prefix("..").filter(|own| own.is_empty() || own.starts_with('/'))
    {
        rest = next.trim_start_matches('/');
    }
    rest
}

impl Copied {
    /// Whether all of the context is copied.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.sources.iter().any(|source| source == ".")
    }
}

impl Subject {
    /// Every COPY and ADD from the context of the stages that are built. Those
    /// whose sources hold variables are left out.
    #[must_use]
    pub fn copied(&self, build: &Build) -> Vec<Copied> {
        let file = self.file(build);
        let mut found: Vec<Copied> = Vec::new();
        for stage in self.stages(build) {
            for own in self.copied_in(build, stage) {
                if file.stage_of(own.at) == Some(stage) {
                    found.push(own);
                }
            }
        }
        found.sort_by_key(|own| own.at);
        found
    }

    /// COPY and ADD of a stage and of those below it.
    fn copied_in(&self, build: &Build, stage: usize) -> Vec<Copied> {
        let file = self.file(build);
        let image = file.image(stage, &Arguments::new());
        let mut workdir = String::from("/");
        let mut found = Vec::new();
        for below in &image.stages {
            for (at, own) in file.of_stage(*below) {
                match own.keyword {
                    Keyword::Workdir => {
                        let text = known(&image, own.arguments.text.trim().trim_matches('"'));
                        workdir = absolute(&workdir, &text.unwrap_or_default());
                    }
                    Keyword::Copy | Keyword::Add if own.flag("from").is_none() => {
                        let Some(own) = Transfer::of(own, file.escape) else { continue };
                        let Some(target) = known(&image, &own.target) else { continue };
                        let sources: Option<Vec<String>> = own
                            .sources
                            .iter()
                            .map(|word| known(&image, word))
                            .map(|word| word.map(|word| tidy(within_context(&word))))
                            .collect();
                        let Some(sources) = sources.filter(|own| !own.is_empty()) else { continue };
                        let slash = target.ends_with('/') || matches!(target.as_str(), "." | "./");
                        let mut target = absolute(&workdir, &target);
                        if slash && !target.ends_with('/') {
                            target.push('/');
                        }
                        found.push(Copied { at, stage: *below, sources, target });
                    }
                    _ => {}
                }
            }
        }
        found
    }

    /// Where a file or directory of the context is in the image; `None` where
    /// it is not copied into it.
    #[must_use]
    pub fn in_image(&self, build: &Build, path: &str) -> Option<String> {
        let relative = if build.context == "." {
            path
        } else {
            path.strip_prefix(&build.context)?.strip_prefix('/')?
        };
        self.placed(build, build.stage, relative, &mut BTreeMap::new())
    }

    /// Where it is in the image of a stage; `asked` holds the stages that were
    /// asked, as many of them copy from the same.
    fn placed(
        &self,
        build: &Build,
        stage: usize,
        path: &str,
        asked: &mut BTreeMap<usize, Option<String>>,
    ) -> Option<String> {
        if let Some(known) = asked.get(&stage) {
            return known.clone();
        }
        let found = self.copied_to(build, stage, path, asked);
        asked.insert(stage, found.clone());
        found
    }

    fn copied_to(
        &self,
        build: &Build,
        stage: usize,
        path: &str,
        asked: &mut BTreeMap<usize, Option<String>>,
    ) -> Option<String> {
        let file = self.file(build);
        let own: Vec<Copied> = self.copied_in(build, stage);
        let from_context = own.iter().rev().find_map(|own| {
            own.sources.iter().find_map(|source| {
                let target = own.target.trim_end_matches('/');
                if source == "." {
                    return Some(format!("{target}/{path}"));
                }
                if source == path {
                    // A directory's content, or a file under the target's name.
                    let name = path.rsplit('/').next().unwrap_or(path);
                    let below = own.target.ends_with('/')
                        && !self.tree.has_directory(&within(build, source));
                    return Some(if below {
                        format!("{target}/{name}")
                    } else {
                        target.to_owned()
                    });
                }
                let rest = path.strip_prefix(source.as_str())?.strip_prefix('/')?;
                Some(format!("{target}/{rest}"))
            })
        });
        if from_context.is_some() {
            return from_context;
        }
        let image = file.image(stage, &Arguments::new());
        let mut workdir = String::from("/");
        let mut found = None;
        for below in &image.stages {
            for (_, own) in file.of_stage(*below) {
                if own.keyword == Keyword::Workdir {
                    let text = known(&image, own.arguments.text.trim()).unwrap_or_default();
                    workdir = absolute(&workdir, &text);
                }
                let Some(other) = own.flag("from").filter(|_| own.keyword == Keyword::Copy) else {
                    continue;
                };
                let Some(other) = file.stage_named(other, *below) else { continue };
                let Some(there) = self.placed(build, other, path, asked) else { continue };
                let Some(own) = Transfer::of(own, file.escape) else { continue };
                let Some(target) = known(&image, &own.target) else { continue };
                let target = absolute(&workdir, &target);
                for source in own.sources.iter().filter_map(|word| known(&image, word)) {
                    let source = absolute("/", &source);
                    if let Some(rest) = there.strip_prefix(source.trim_end_matches('/'))
                        && (rest.is_empty() || rest.starts_with('/'))
                    {
                        found = Some(format!("{}{rest}", target.trim_end_matches('/')));
                    }
                }
            }
        }
        found
    }
}

/// A path of a context, from the directory that was read.
#[must_use]
pub fn within(build: &Build, path: &str) -> String {
    crate::relpath::join(&build.context, path).unwrap_or_else(|| path.to_owned())
}
