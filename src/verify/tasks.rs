//! Tasks of Celery, without a task of the user's being run: the worker of a run
//! knows one more, a nap, which says in the log when it begins and ends.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::case::Case;
use super::engine::Ran;
use super::model::Model;
use super::run::Run;
use super::trouble::Outcome;
use crate::error::Error;
use crate::lint::subject::{Kind, Program};

const MODULE: &str = include_str!("tasks/sitecustomize.py");
const QUEUE: &str = include_str!("tasks/queue.py");
const FULL: &str = include_str!("tasks/full.py");
/// Where the module is mounted.
const PLACE: &str = "/dockwright-verify";
/// The variable with which a worker acknowledges a nap before it has been run.
pub const EARLY: &str = "DOCKWRIGHT_VERIFY_EARLY";
/// The variable with which a worker does not know the nap.
pub const STRANGE: &str = "DOCKWRIGHT_VERIFY_STRANGE";
/// What a line of the nap begins with.
const MARK: &str = "dockwright-verify ";

/// The worker that is asked, and what of its command line tells how.
#[derive(Clone, Debug)]
pub struct Tasks {
    /// The worker's service.
    pub service: String,
    /// What `celery -A` is given.
    app: String,
    /// The first queue it takes from; empty for Celery's own.
    queue: String,
    /// How it runs tasks: `prefork`, `solo`, `threads`, `gevent`, `eventlet`.
    pub pool: String,
}

/// What came of queuing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Queued {
    /// The tasks.
    pub ids: Vec<String>,
    /// Whether a task is acknowledged only after it has ended.
    pub acks_late: bool,
    /// Whether a task goes back to the queue when its process dies.
    pub rejects: bool,
    /// The host of the broker, as the application calls it.
    pub broker: String,
    /// Whether results are kept.
    pub has_backend: bool,
    /// Their states, where they were waited for.
    pub states: Vec<String>,
    /// Their results, the same.
    pub results: Vec<String>,
}

/// What a nap said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// `begin` or `end`.
    pub word: String,
    /// The task.
    pub id: String,
    /// The process, as its container numbers it.
    pub pid: u32,
}

/// Gives every Celery worker of a run's project the nap; gives what a reader should
/// know of.
///
/// # Errors
/// When the module cannot be written.
pub fn inject(case: &Case, model: &mut Model, top: &Path) -> Result<Vec<String>, Error> {
    let mut notes = Vec::new();
    let directory = top.join("tasks");
    for service in case.of(|own| own.kind == Kind::Worker) {
        if !directory.exists() {
            let file = directory.join("sitecustomize.py");
            let written = std::fs::create_dir_all(&directory)
                .and_then(|()| std::fs::write(&file, MODULE))
                .and_then(|()| readable(&directory, &file));
            written.map_err(|source| Error::Io { action: "write", path: file, source })?;
        }
        model.python_path(&service.name, PLACE);
        let mount = json!({ "type": "bind", "source": directory, "target": PLACE,
            "read_only": true, "bind": { "selinux": "z" } });
        model.mount(&service.name, mount);
        notes.push(format!(
            "{}: it knows one more task, dockwright.verify.nap, so that none of yours has to be run",
            service.name
        ));
    }
    Ok(notes)
}

/// For every user of a container.
fn readable(directory: &Path, file: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(directory, std::fs::Permissions::from_mode(0o755))?;
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o644))?;
    }
    let _ = (directory, file);
    Ok(())
}

/// Programs that take tasks from a queue and are not Celery.
const OTHERS: [&str; 5] = ["rq", "dramatiq", "arq", "huey_consumer", "taskiq"];

impl Tasks {
    /// The worker of a stack.
    ///
    /// # Errors
    /// Why none can be asked.
    pub fn of(run: &Run<'_>) -> Result<Self, String> {
        let case = run.case;
        let Some(worker) = case.first(Kind::Worker) else {
            let other = case.subject.containers.iter().find_map(|own| {
                let step = own.steps.iter().find_map(|step| {
                    let word = step.argv.first()?.rsplit('/').next()?;
                    OTHERS.iter().find(|other| **other == word)
                })?;
                case.service(&own.name)?;
                Some(format!("{} runs tasks with {step}: only Celery's are queued", own.name))
            });
            return Err(other.unwrap_or_else(|| "nothing here runs tasks of Celery".into()));
        };
        let server = case
            .subject
            .containers
            .iter()
            .filter(|own| own.name == worker.name)
            .find_map(|own| own.server.as_ref())
            .filter(|own| own.program == Program::CeleryWorker);
        let said = |name: &str| server.and_then(|own| own.get(name)?.0.text());
        let words = words(run.stack.model.service(&worker.name));
        let app = said("app")
            .or_else(|| server?.app.clone())
            .or_else(|| option(&words, "-A", "--app"))
            .or_else(|| {
                Some(
                    run.stack
                        .model
                        .environment(&worker.name)
                        .get("CELERY_APP")?
                        .as_ref()?
                        .to_string(),
                )
            })
            .ok_or_else(|| {
                format!("{}: its command does not say which application it is", worker.name)
            })?;
        let queue = said("queues").or_else(|| option(&words, "-Q", "--queues")).unwrap_or_default();
        let pool = said("pool").or_else(|| option(&words, "-P", "--pool")).unwrap_or_default();
        Ok(Self {
            service: worker.name.clone(),
            app,
            queue: queue.split(',').next().unwrap_or_default().to_owned(),
            pool: if pool.is_empty() { "prefork".into() } else { pool },
        })
    }

    /// Whether each task has a process that can be killed under it.
    #[must_use]
    pub fn forks(&self) -> bool {
        matches!(self.pool.as_str(), "prefork" | "processes")
    }

    /// Queues naps in the worker's container, and waits for their results where
    /// there are any; why that did not work.
    ///
    /// # Errors
    /// When the engine does not answer.
    pub async fn queue(
        &self,
        run: &Run<'_>,
        count: usize,
        seconds: f64,
        wait: Duration,
    ) -> Outcome<Result<Queued, String>> {
        let arguments = self.arguments(count, seconds, wait);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let limit = wait + Duration::from_secs(30);
        Ok(self.script(run, QUEUE, &arguments, limit).await?.and_then(|ran| queued(&ran)))
    }

    /// The same while the worker is stopped: in a container of its own.
    ///
    /// # Errors
    /// When `docker` cannot be started.
    pub async fn queue_aside(
        &self,
        run: &Run<'_>,
        count: usize,
    ) -> Outcome<Result<Queued, String>> {
        let arguments = self.arguments(count, 0.0, Duration::ZERO);
        let mut words = vec!["run", "--rm", "--no-deps", "-T", "--entrypoint", "python"];
        words.extend([self.service.as_str(), "-c", QUEUE]);
        words.extend(arguments.iter().map(String::as_str));
        let output = run.stack.compose(&words, Duration::from_secs(60)).await?;
        let code = output.code.map(i64::from);
        let said = if output.is_ok() { output.stdout.clone() } else { output.tail(3).join(" ") };
        Ok(queued(&Ran { code, output: said }))
    }

    /// Fills the broker; what it said.
    ///
    /// # Errors
    /// When the engine does not answer.
    pub async fn fill(&self, run: &Run<'_>) -> Outcome<Result<Value, String>> {
        let ran = self.script(run, FULL, &[&self.app], Duration::from_secs(60)).await?;
        Ok(ran.and_then(|ran| said(&ran)))
    }

    fn arguments(&self, count: usize, seconds: f64, wait: Duration) -> Vec<String> {
        vec![
            self.app.clone(),
            count.to_string(),
            seconds.to_string(),
            self.queue.clone(),
            wait.as_secs_f64().to_string(),
        ]
    }

    async fn script(
        &self,
        run: &Run<'_>,
        script: &str,
        arguments: &[&str],
        limit: Duration,
    ) -> Outcome<Result<Ran, String>> {
        let Some(container) = run.container(&self.service).await?.filter(|own| own.is_running())
        else {
            return Ok(Err(format!("{} does not run", self.service)));
        };
        // The one that runs the worker: another may lack its packages.
        let processes = run.engine.processes(&container.id).await?;
        let python = processes.iter().find_map(|own| {
            let first = own.command.split_whitespace().next()?;
            let name = first.rsplit('/').next()?;
            (first.starts_with('/') && name.starts_with("python")).then(|| first.to_owned())
        });
        let python = python.unwrap_or_else(|| "python".into());
        let mut words = vec![python.as_str(), "-c", script];
        words.extend(arguments);
        Ok(Ok(run.engine.exec(&container.id, None, &words, limit).await?))
    }

    /// What naps have said in the worker's log, of these tasks.
    ///
    /// # Errors
    /// When the engine does not answer.
    pub async fn marks(&self, run: &Run<'_>, ids: &[String]) -> Outcome<Vec<Mark>> {
        let mut marks = Vec::new();
        let containers = run.containers().await?;
        for container in containers.iter().filter(|own| own.service == self.service) {
            marks.extend(marks_of(&run.engine.logs(&container.id, 2000).await?));
        }
        marks.retain(|own| ids.contains(&own.id));
        Ok(marks)
    }
}

/// The words of a command, as far as a project says them.
fn words(service: &Value) -> Vec<String> {
    let list = ["entrypoint", "command"];
    let words = list.iter().filter_map(|key| service[key].as_array()).flatten();
    words.filter_map(Value::as_str).flat_map(str::split_whitespace).map(str::to_owned).collect()
}

/// The value of an option among words.
fn option(words: &[String], short: &str, long: &str) -> Option<String> {
    let next = words.iter().position(|own| own == short || own == long);
    let next = next.and_then(|at| words.get(at + 1)).cloned();
    let own = |word: &String| word.strip_prefix(long)?.strip_prefix('=').map(str::to_owned);
    next.or_else(|| words.iter().find_map(own))
}

/// The JSON that a script ends with.
fn said(ran: &Ran) -> Result<Value, String> {
    let last = ran.output.lines().rev().find(|line| line.starts_with('{'));
    match (ran.is_ok(), last.and_then(|line| serde_json::from_str(line).ok())) {
        (true, Some(said)) => Ok(said),
        _ if ran.code.is_none() => Err("the application did not answer in time".into()),
        _ => {
            let line = ran.output.lines().rev().find(|line| !line.trim().is_empty());
            Err(line.unwrap_or("it said nothing").trim().to_owned())
        }
    }
}

fn queued(ran: &Ran) -> Result<Queued, String> {
    let said = said(ran)?;
    let texts = |key: &str| {
        let own = said[key].as_array().into_iter().flatten();
        own.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    Ok(Queued {
        ids: texts("ids"),
        acks_late: said["acks_late"] == true,
        rejects: said["rejects"] == true,
        broker: said["broker"].as_str().unwrap_or_default().to_owned(),
        has_backend: said["backend"] == true,
        states: texts("states"),
        results: texts("results"),
    })
}

fn marks_of(lines: &[String]) -> Vec<Mark> {
    let mark = |line: &String| {
        let mut words = line[line.find(MARK)? + MARK.len()..].split_whitespace();
        let (word, id, pid) = (words.next()?, words.next()?, words.next()?);
        matches!(word, "begin" | "end").then_some(())?;
        Some(Mark { word: word.into(), id: id.into(), pid: pid.parse().ok()? })
    };
    lines.iter().filter_map(mark).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_tells_which_nap_began_and_ended() {
        let lines =
            ["ready.", "dockwright-verify begin a-1 17 0", "dockwright-verify end a-1 17 0"];
        let marks = marks_of(&lines.map(str::to_owned));
        assert_eq!(marks.len(), 2);
        assert_eq!(marks[0], Mark { word: "begin".into(), id: "a-1".into(), pid: 17 });
    }

    #[test]
    fn an_option_is_found_in_both_spellings() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let of = |text| option(&words(text), "-A", "--app");
        assert_eq!(of("celery -A shop worker").as_deref(), Some("shop"));
        assert_eq!(of("celery --app=shop.celery worker").as_deref(), Some("shop.celery"));
        assert_eq!(of("celery worker"), None);
    }

    #[test]
    fn what_a_script_says_is_its_last_line_of_json() {
        let ran = |code, output: &str| Ran { code, output: output.into() };
        let text = "a warning\n\n{\"ids\": [\"a\"], \"acks_late\": true, \"backend\": true}\n";
        let found = queued(&ran(Some(0), text)).unwrap();
        assert_eq!(
            (found.ids, found.acks_late, found.rejects),
            (vec!["a".to_owned()], true, false)
        );
        let error = queued(&ran(Some(1), "Traceback\nKeyError: 'X'\n")).unwrap_err();
        assert_eq!(error, "KeyError: 'X'");
    }
}
