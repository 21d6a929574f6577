//! Containers beside those of the stack: they look at an image, or at a network
//! from inside, and are gone with the look.

use std::collections::HashMap;
use std::time::Duration;

use bollard::models::{ContainerCreateBody, HostConfig};
use bollard::query_parameters as query;
use futures_util::StreamExt as _;
use tokio::time::timeout;

use super::archive::{self, Entry};
use super::engine::Ran;
use super::leftovers;
use super::model::LABEL;
use super::run::Run;
use super::trouble::{Outcome, Trouble};

/// Longest that an image's files take to be read.
const READ: Duration = Duration::from_secs(120);

/// A container that is no service's. Whoever makes it ends it with
/// [`Beside::remove`]; what an interruption leaves goes with the stack.
#[derive(Debug)]
pub struct Beside {
    id: String,
}

impl Beside {
    /// Makes one of an image: with a command in place of the image's own, in a
    /// network or in none.
    ///
    /// # Errors
    /// When there is no such image, or the engine does not answer.
    pub async fn create(
        run: &Run<'_>,
        image: &str,
        words: &[&str],
        network: Option<&str>,
    ) -> Outcome<Self> {
        Self::with(run, image, words, network, None).await
    }

    /// The same, with an environment.
    ///
    /// # Errors
    /// As above.
    pub async fn with(
        run: &Run<'_>,
        image: &str,
        words: &[&str],
        network: Option<&str>,
        env: Option<Vec<String>>,
    ) -> Outcome<Self> {
        let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let labels = HashMap::from([
            (LABEL.to_owned(), super::owner()),
            (leftovers::OF.to_owned(), run.stack.compose.name.clone()),
            ("com.docker.compose.project".to_owned(), run.stack.compose.name.clone()),
            ("com.docker.compose.oneoff".to_owned(), "True".to_owned()),
        ]);
        let host = HostConfig {
            network_mode: Some(network.unwrap_or("none").to_owned()),
            cap_drop: Some(vec!["ALL".to_owned()]),
            ..Default::default()
        };
        let body = ContainerCreateBody {
            image: Some(image.to_owned()),
            entrypoint: Some(owned(words)),
            cmd: Some(Vec::new()),
            env,
            labels: Some(labels),
            host_config: Some(host),
            ..Default::default()
        };
        let options: Option<query::CreateContainerOptions> = None;
        let made = run.engine.api().create_container(options, body).await?;
        Ok(Self { id: made.id })
    }

    /// Removes it, running or not, with what it has made.
    pub async fn remove(self, run: &Run<'_>) {
        run.engine.remove(&self.id).await;
    }

    /// The files of a path, `None` where there is nothing, at most so many entries.
    ///
    /// # Errors
    /// When the engine does not answer.
    pub async fn below(
        &self,
        run: &Run<'_>,
        path: &str,
        most: usize,
    ) -> Outcome<Option<Vec<Entry>>> {
        let options = query::DownloadFromContainerOptions { path: path.to_owned() };
        let stream = run.engine.api().download_from_container(&self.id, Some(options));
        let mut entries = Vec::new();
        let reading = archive::read(stream, 0, |own| {
            entries.push(own);
            entries.len() < most
        });
        match timeout(READ, reading).await.map_err(|_| Trouble::TooLong)? {
            Ok(()) => Ok(Some(entries)),
            Err(error) if super::engine::is_missing(&error) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Every file of it, one after the other; files of at most `keep` bytes with
    /// their content.
    ///
    /// # Errors
    /// When the engine does not answer.
    pub async fn all(&self, run: &Run<'_>, keep: u64, mut found: impl FnMut(Entry)) -> Outcome {
        let stream = run.engine.api().export_container(&self.id);
        let reading = archive::read(stream, keep, |own| {
            found(own);
            true
        });
        Ok(timeout(READ, reading).await.map_err(|_| Trouble::TooLong)??)
    }

    /// Starts it, and waits for its end; both its outputs.
    ///
    /// # Errors
    /// When the engine does not answer.
    pub async fn end(&self, run: &Run<'_>, limit: Duration) -> Outcome<Ran> {
        let api = run.engine.api();
        let started = api.start_container(&self.id, None::<query::StartContainerOptions>).await;
        match started {
            Ok(()) => {}
            // A program that the image does not have.
            Err(bollard::errors::Error::DockerResponseServerError { message, .. }) => {
                return Ok(Ran { code: Some(127), output: message });
            }
            Err(error) => return Err(error.into()),
        }
        let mut waiting =
            Box::pin(api.wait_container(&self.id, None::<query::WaitContainerOptions>));
        let code = match timeout(limit, waiting.next()).await {
            Ok(Some(Ok(ended))) => Some(ended.status_code),
            Ok(Some(Err(bollard::errors::Error::DockerContainerWaitError { code, .. }))) => {
                Some(code)
            }
            Ok(Some(Err(error))) => return Err(error.into()),
            Ok(None) | Err(_) => None,
        };
        let output = run.engine.logs(&self.id, 50).await?.join("\n");
        Ok(Ran { code, output })
    }
}
