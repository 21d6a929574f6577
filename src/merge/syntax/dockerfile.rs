//! Dockerfiles.

use std::collections::BTreeSet;

use parse_dockerfile::{Dockerfile, Instruction, Stage};

use super::twice;

/// Stages of one name, and instructions of which only the last one of a stage
/// counts. A stage that is copied from and is not there is no repeat, but
/// comes about in the same way: one side renames what the other uses.
pub fn examine(text: &str) -> Result<BTreeSet<String>, String> {
    let file = parse_dockerfile::parse(text).map_err(|error| error.to_string())?;
    let names = file.stages().filter_map(|stage| name(&stage));
    let mut repeats: BTreeSet<String> =
        twice(names).map(|name| format!("two stages are named {name}")).collect();
    for (number, stage) in file.stages().enumerate() {
        let of = name(&stage).unwrap_or_else(|| number.to_string());
        let counted = stage.instructions.iter().filter_map(|instruction| match instruction {
            Instruction::Cmd(_) => Some("CMD"),
            Instruction::Entrypoint(_) => Some("ENTRYPOINT"),
            Instruction::Healthcheck(_) => Some("HEALTHCHECK"),
            _ => None,
        });
        repeats.extend(twice(counted).map(|word| format!("{word} is twice in the stage {of}")));
    }
    repeats.extend(dangling(&file).map(|name| format!("there is no stage {name} to copy from")));
    Ok(repeats)
}

/// Names are told apart without their case.
fn name(stage: &Stage<'_, '_>) -> Option<String> {
    stage.from.as_.as_ref().map(|(_, name)| name.value.to_ascii_lowercase())
}

/// What is copied from that looks like a stage: an image of such a name would
/// have a tag or a registry.
fn dangling<'a>(file: &'a Dockerfile<'_>) -> impl Iterator<Item = String> + 'a {
    let mut before = BTreeSet::new();
    file.stages().enumerate().flat_map(move |(number, stage)| {
        let sources = stage.instructions.iter().filter_map(|instruction| match instruction {
            Instruction::Copy(copy) => {
                let from = copy.options.iter().find(|flag| flag.name.value == "from")?;
                Some(from.value.as_ref()?.value.to_ascii_lowercase())
            }
            _ => None,
        });
        let is_stage = |name: &String| !name.contains(['/', ':', '@', '$', '.']);
        let missing: Vec<String> =
            sources.filter(is_stage).filter(|name| !before.contains(name)).collect();
        before.insert(number.to_string());
        before.extend(name(&stage));
        missing
    })
}
