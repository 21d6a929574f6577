//! Dockerfiles.

use std::collections::BTreeSet;

use super::twice;
use crate::source::dockerfile::{Dockerfile, Keyword};
use crate::source::text::Text;

/// Stages of one name, and instructions of which only the last one of a stage
/// counts. A stage that is copied from and is not there is no repeat, but
/// comes about in the same way: one side renames what the other uses.
pub fn examine(text: &str) -> Result<BTreeSet<String>, String> {
    let file = Dockerfile::read(text);
    if let Some(fault) = file.faults.first() {
        let line = Text::new("", text).line(fault.span.start);
        return Err(format!("line {line}: {}", fault.message));
    }
    let names = (0..file.stages.len()).filter_map(|stage| name(&file, stage));
    let mut repeats: BTreeSet<String> =
        twice(names).map(|name| format!("two stages are named {name}")).collect();
    for number in 0..file.stages.len() {
        let of = name(&file, number).unwrap_or_else(|| number.to_string());
        let counted = file.of_stage(number).filter_map(|(_, own)| {
            let counts =
                matches!(own.keyword, Keyword::Cmd | Keyword::Entrypoint | Keyword::Healthcheck);
            counts.then(|| own.keyword.word())
        });
        repeats.extend(twice(counted).map(|word| format!("{word} is twice in the stage {of}")));
    }
    repeats.extend(dangling(&file).map(|name| format!("there is no stage {name} to copy from")));
    Ok(repeats)
}

/// Names are told apart without their case.
fn name(file: &Dockerfile, stage: usize) -> Option<String> {
    file.stages[stage].name.as_ref().map(|name| name.to_ascii_lowercase())
}

/// What is copied from that looks like a stage: an image of such a name would
/// have a tag or a registry.
fn dangling(file: &Dockerfile) -> impl Iterator<Item = String> + '_ {
    (0..file.stages.len()).flat_map(move |number| {
        let sources = file
            .of_stage(number)
            .filter(|(_, own)| own.keyword == Keyword::Copy)
            .filter_map(|(_, own)| Some(own.flag("from")?.to_ascii_lowercase()));
        let is_stage = |name: &String| !name.contains(['/', ':', '@', '$', '.']);
        let missing: Vec<String> = sources
            .filter(is_stage)
            .filter(|name| file.stage_named(name, number).is_none())
            .collect();
        missing
    })
}
