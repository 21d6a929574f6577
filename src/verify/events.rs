//! What the engine reports of a project while a run goes on.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use bollard::query_parameters::EventsOptions;
use futures_util::StreamExt as _;
use serde::Serialize;
use tokio::task::JoinHandle;

use super::engine::Engine;

/// Something that happened to a container.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Event {
    /// When, as seconds of Unix time.
    pub time: f64,
    /// Its service.
    pub service: String,
    /// Its container.
    pub container: String,
    /// `start`, `die`, `oom`, `health_status: healthy`.
    pub action: String,
    /// The exit code of what died.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i64>,
}

/// Listens until it is dropped.
#[derive(Debug)]
pub struct Events {
    seen: Arc<Mutex<Vec<Event>>>,
    task: JoinHandle<()>,
}

impl Events {
    /// Begins to listen for a project.
    #[must_use]
    pub fn listen(engine: &Engine, project: &str) -> Self {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let filters = HashMap::from([
            ("type".to_owned(), vec!["container".to_owned()]),
            ("label".to_owned(), vec![format!("com.docker.compose.project={project}")]),
        ]);
        let engine = engine.clone();
        let into = Arc::clone(&seen);
        let task = tokio::spawn(async move {
            let options = EventsOptions { filters: Some(filters), ..Default::default() };
            let mut stream = engine.api().events(Some(options));
            while let Some(Ok(message)) = stream.next().await {
                let action = message.action.unwrap_or_default();
                // Health checks and this program's own looks are no news.
                if action.starts_with("exec_") || action == "top" {
                    continue;
                }
                let actor = message.actor.unwrap_or_default();
                let attributes = actor.attributes.unwrap_or_default();
                let event = Event {
                    time: message.time_nano.map_or(0.0, |nanos| nanos as f64 / 1e9),
                    service: attributes
                        .get("com.docker.compose.service")
                        .cloned()
                        .unwrap_or_default(),
                    container: actor.id.unwrap_or_default(),
                    exit_code: attributes.get("exitCode").and_then(|code| code.parse().ok()),
                    action,
                };
                into.lock().expect("no holder panics").push(event);
            }
        });
        Self { seen, task }
    }

    /// What was seen until now, in order.
    ///
    /// # Panics
    /// Never: nobody panics while it is held.
    #[must_use]
    pub fn all(&self) -> Vec<Event> {
        self.seen.lock().expect("no holder panics").clone()
    }

    /// What was seen since a moment of Unix time.
    #[must_use]
    pub fn since(&self, time: f64) -> Vec<Event> {
        self.all().into_iter().filter(|own| own.time >= time).collect()
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Now, as seconds of Unix time.
#[must_use]
pub fn now() -> f64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0.0, |since| since.as_secs_f64())
}
