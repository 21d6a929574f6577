//! Dockerfiles of a run's copy, changed on purpose.

use std::fs;
use std::path::Path;

use crate::source::dockerfile::{Dockerfile, Keyword};
use crate::verify::model::Model;

use super::build::log;

/// Puts lines behind the FROM of every stage that an image is made of at the end,
/// with its name for `%TARGET%`; whether there is one. BuildKit's own checks are switched off: what is put in is
/// meant to be wrong.
pub fn begin_with(model: &Model, copy: &Path, lines: &str) -> bool {
    change(model, copy, |text, target| {
        let file = Dockerfile::read(text);
        let stage = file.stages.get(file.stage(target)?)?;
        let from = &file.instructions[stage.first];
        let lines = lines.replace("%TARGET%", target.unwrap_or("last"));
        Some(vec![(from.span.end, format!("\n{lines}"))])
    })
}

/// Copies the whole context before the first step of each stage that installs
/// packages; whether there is one.
pub fn copy_before_packages(model: &Model, copy: &Path) -> bool {
    change(model, copy, |text, _| {
        let file = Dockerfile::read(text);
        let mut edits = Vec::new();
        for stage in 0..file.stages.len() {
            let first = file.of_stage(stage).find(|(_, own)| {
                let line = text[own.span.start..own.span.end].replace("\\\n", " ");
                let step = log::Step { instruction: line, ..log::Step::default() };
                own.keyword == Keyword::Run && step.installs()
            });
            if let Some((_, run)) = first {
                edits.push((run.span.start, "COPY . /dockwright-verify\n".to_owned()));
            }
        }
        (!edits.is_empty()).then_some(edits)
    })
}

/// Changes the Dockerfiles of everything that is built, each once.
fn change(
    model: &Model,
    copy: &Path,
    edits: impl Fn(&str, Option<&str>) -> Option<Vec<(usize, String)>>,
) -> bool {
    let mut done: Vec<(String, String)> = Vec::new();
    let mut any = false;
    for service in model.built() {
        let build = &model.service(service)["build"];
        let context = Path::new(build["context"].as_str().unwrap_or_default());
        let path = context.join(build["dockerfile"].as_str().unwrap_or("Dockerfile"));
        let target = build["target"].as_str();
        let key = (path.display().to_string(), target.unwrap_or_default().to_owned());
        // The copy alone is changed.
        if !path.starts_with(copy) || done.contains(&key) {
            continue;
        }
        done.push(key);
        let Some(text) = crate::source::text::of_file(&path) else { continue };
        let Some(mut edits) = edits(&text, target) else { continue };
        edits.sort();
        let mut changed = text;
        for (at, with) in edits.into_iter().rev() {
            changed.insert_str(at, &with);
        }
        let changed: Vec<&str> =
            changed.lines().filter(|line| !line.replace(' ', "").starts_with("#check=")).collect();
        any |= fs::write(&path, changed.join("\n") + "\n").is_ok();
    }
    any
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const FILE: &str = "\
# check=error=true
FROM python:3.14-slim AS builder
COPY requirements.txt .
RUN pip install \\
    -r requirements.txt
FROM python:3.14-slim AS runtime
COPY . .
";

    fn changed(change: impl Fn(&Model, &Path) -> bool) -> String {
        let top = tempfile::tempdir().unwrap();
        let file = top.path().join("Dockerfile");
        fs::write(&file, FILE).unwrap();
        let build = json!({ "context": top.path(), "target": "runtime" });
        let model = Model(json!({ "services": { "web": { "build": build } } }));
        assert!(change(&model, top.path()));
        fs::read_to_string(file).unwrap()
    }

    #[test]
    fn lines_stand_behind_the_from_of_the_image() {
        let text = changed(|model, copy| begin_with(model, copy, "RUN touch /x"));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "FROM python:3.14-slim AS builder");
        assert_eq!(lines[5], "RUN touch /x");
    }

    #[test]
    fn code_is_copied_before_packages() {
        let text = changed(copy_before_packages);
        assert!(text.contains("COPY . /dockwright-verify\nRUN pip install"), "{text}");
    }
}
