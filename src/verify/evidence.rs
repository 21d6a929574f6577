//! What is kept of a run that did not hold: logs, inspections, events, the project.

use std::fs;
use std::path::{Path, PathBuf};

use super::run::Run;

/// Lines that are kept of one container.
const LINES: usize = 5_000;

/// Writes everything; where it is. What cannot be had any more is left out.
pub async fn keep(run: &Run<'_>, asked: Option<&Path>) -> Option<PathBuf> {
    let directory = match asked {
        Some(asked) => asked.to_owned(),
        None => std::env::temp_dir()
            .join(format!("dockwright-verify-evidence-{}", run.stack.compose.name)),
    };
    fs::create_dir_all(&directory).ok()?;
    let write = |name: String, text: String| {
        let _ = fs::write(directory.join(name), text);
    };
    let events: Vec<String> =
        run.events.all().iter().filter_map(|own| serde_json::to_string(own).ok()).collect();
    write("events.jsonl".into(), events.join("\n") + "\n");
    for container in run.stack.containers().await.unwrap_or_default() {
        let name = format!("{}-{}", container.service, container.number);
        if let Ok(lines) = run.engine.logs(&container.id, LINES).await {
            write(format!("{name}.log"), lines.join("\n") + "\n");
        }
        // What it is told may be secret.
        let mut facts = container.facts().clone();
        if let Some(env) = facts.pointer_mut("/Config/Env").and_then(|own| own.as_array_mut()) {
            for variable in env {
                let name = variable
                    .as_str()
                    .unwrap_or_default()
                    .split('=')
                    .next()
                    .unwrap_or_default()
                    .to_owned();
                *variable = serde_json::json!(format!("{name}=…"));
            }
        }
        write(format!("{name}.json"), format!("{facts:#}\n"));
    }
    Some(directory)
}
