//! Caches of installers: whether a RUN keeps what it downloaded, and the edit
//! that mounts a cache, which later builds read and no layer holds.

use crate::lint::diagnostic::{At, Edit, Grade};
use crate::lint::rules::dockerfile::support;
use crate::lint::subject::{Build, Run, Subject};
use crate::source::dockerfile::Keyword;
use crate::source::text::Span;

/// Whether a cache is mounted in a RUN, or taken away at its end.
pub(super) fn is_kept_out(subject: &Subject, build: &Build, run: &Run) -> bool {
    let is_mounted = subject.file(build).instructions[run.at].flags.iter().any(|flag| {
        let value = flag.value.as_deref().unwrap_or_default();
        flag.name == "mount" && (value.contains("type=cache") || value.contains("type=tmpfs"))
    });
    is_mounted
        || run.commands.iter().any(|own| {
            let words = support::bare(own);
            let is_cache = |word: &String| word.to_ascii_lowercase().contains("cache");
            match support::program(words) {
                "rm" => words.iter().any(|word| is_cache(word) || word.starts_with("/root")),
                "uv" | "poetry" | "pdm" => words.get(1).is_some_and(is_cache),
                _ => support::after_pip(own, "cache").is_some(),
            }
        })
}

/// The edit that mounts a cache in a RUN; `None` where it does not run as root,
/// who owns what is mounted, or is written in another way.
pub(super) fn mount(subject: &Subject, build: &Build, run: &Run, target: &str) -> Option<Edit> {
    let recipe = &subject.recipes[build.recipe];
    let own = &recipe.file.instructions[run.at];
    let is_other =
        subject.instructions(build).any(|(at, own)| at < run.at && own.keyword == Keyword::User);
    let plain = own.json.is_none() && own.heredocs.is_empty() && !is_other;
    let at = At::new(recipe.text, Span::new(own.word.end, own.word.end));
    plain.then(|| Edit { at, text: format!(" --mount=type=cache,target={target}") })
}

/// What a mount is worth: checked where the file is built by BuildKit alone as
/// it is, which other builders stop at.
pub(super) fn grade(subject: &Subject, build: &Build) -> Grade {
    let recipe = &subject.recipes[build.recipe];
    let needs = recipe.file.instructions.iter().any(|own| {
        own.flags.iter().any(|flag| matches!(flag.name.as_str(), "mount" | "link"))
            || !own.heredocs.is_empty()
    });
    let names = subject.texts[recipe.text].text.trim_start().starts_with("# syntax=");
    if needs || names { Grade::Checked } else { Grade::Suggested }
}

/// The condition of a checked one.
pub(super) const CONDITION: &str = "the file needs BuildKit already, and the RUN is root's";
