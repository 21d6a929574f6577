//! The database's connections, looked at while load goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::lint::subject::Kind;
use crate::verify::engine::{Container, Engine};
use crate::verify::record::{Finding, Unit};
use crate::verify::run::Run;

const ID: &str = "load.connections";
/// Between two looks.
const EVERY: Duration = Duration::from_millis(500);
/// Longest look.
const LOOK: Duration = Duration::from_secs(10);

/// What a database said.
#[derive(Clone, Debug)]
pub struct Sample {
    service: String,
    /// Connections that were taken at most, and how many there are; else why that is
    /// not known.
    seen: Result<(u64, u64), String>,
}

/// Looks until it is asked.
#[derive(Debug)]
pub struct Sampler {
    stop: Arc<AtomicBool>,
    tasks: Vec<JoinHandle<Sample>>,
}

impl Sampler {
    /// Begins to look at every database.
    #[must_use]
    pub fn start(run: &Run<'_>, containers: &[Container]) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let mut tasks = Vec::new();
        for container in containers.iter().filter(|own| own.is_running()) {
            let Some(kind) = run.case.service(&container.service).map(|own| own.kind) else {
                continue;
            };
            let Some(words) = question(kind, container) else { continue };
            let (engine, container) = (run.engine.clone(), container.clone());
            tasks.push(tokio::spawn(watch(engine, container, words, Arc::clone(&stop))));
        }
        Self { stop, tasks }
    }

    /// What was seen.
    pub async fn finish(self) -> Vec<Sample> {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = Vec::new();
        for task in self.tasks {
            if let Ok(sample) = task.await {
                all.push(sample);
            }
        }
        all
    }
}

/// What asks a database how many connections are taken, and how many there are.
fn question(kind: Kind, container: &Container) -> Option<Vec<String>> {
    let words: Vec<String> = match kind {
        Kind::Postgres => {
            let user = variable(container, "POSTGRES_USER").unwrap_or("postgres");
            let database = variable(container, "POSTGRES_DB").unwrap_or(user);
            let query = "select (select count(*) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()), current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int";
            ["psql", "-X", "-U", user, "-d", database, "-A", "-t", "-F", " ", "-c", query]
                .map(str::to_owned)
                .to_vec()
        }
        Kind::Mysql => {
            let query = "select (select variable_value from performance_schema.global_status where variable_name = 'Threads_connected') - 1, @@max_connections";
            let maria = "select (select variable_value from information_schema.global_status where variable_name = 'THREADS_CONNECTED') - 1, @@max_connections";
            let line = format!(
                "p=\"${{MYSQL_ROOT_PASSWORD:-$MARIADB_ROOT_PASSWORD}}\"; if command -v mariadb >/dev/null; then MYSQL_PWD=\"$p\" exec mariadb -uroot -Nse \"{maria}\"; else MYSQL_PWD=\"$p\" exec mysql -uroot -Nse \"{query}\"; fi"
            );
            ["sh".to_owned(), "-c".to_owned(), line].to_vec()
        }
        _ => return None,
    };
    Some(words)
}

fn variable<'c>(container: &'c Container, name: &str) -> Option<&'c str> {
    let all = container.fact("/Config/Env").as_array()?;
    all.iter()
        .filter_map(|own| own.as_str()?.split_once('='))
        .find_map(|(own, value)| (own == name && !value.is_empty()).then_some(value))
}

async fn watch(
    engine: Engine,
    container: Container,
    words: Vec<String>,
    stop: Arc<AtomicBool>,
) -> Sample {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut seen = Err("it was not asked".to_owned());
    while !stop.load(Ordering::Relaxed) {
        match engine.exec(&container.id, None, &words, LOOK).await {
            Ok(ran) => match numbers(&ran.output).filter(|_| ran.is_ok()) {
                Some((taken, most)) => {
                    let before = seen.as_ref().map_or(0, |(before, _)| *before);
                    seen = Ok((taken.max(before), most));
                }
                None if seen.is_err() => {
                    let line = ran.output.lines().next().unwrap_or("nothing").to_owned();
                    seen = Err(format!("it does not say how many: {line}"));
                }
                None => {}
            },
            Err(_) if seen.is_err() => seen = Err("it cannot be asked".to_owned()),
            Err(_) => {}
        }
        sleep(EVERY).await;
    }
    Sample { service: container.service, seen }
}

/// Two numbers of a line.
fn numbers(text: &str) -> Option<(u64, u64)> {
    let mut words = text.split_whitespace();
    let mut number = || words.next()?.parse().ok();
    Some((number()?, number()?))
}

/// Judges what was seen.
pub fn judge(run: &mut Run<'_>, seen: Vec<Sample>) {
    if seen.is_empty() {
        run.record(Finding::skipped(ID, "no PostgreSQL or MySQL in the stack"));
    }
    let most = run.case.limits.count("verify.connections") as f64;
    for (service, seen) in seen.into_iter().map(|own| (own.service, own.seen)) {
        let finding = match seen {
            Err(why) => Finding::skipped(ID, why),
            Ok((taken, all)) => {
                let part = taken as f64 * 100.0 / all.max(1) as f64;
                let said = format!("{taken} at most of {all} connections, {part:.0} %");
                let finding = Finding::judged(ID, part <= most, said)
                    .measured("connections", taken as f64, Unit::Count)
                    .measured("part", part, Unit::Percent)
                    .by(run.limit("verify.connections"));
                match part <= most {
                    true => finding,
                    false => finding.help("smaller pools, fewer processes, or a higher max_connections with the memory that it takes"),
                }
            }
        };
        run.record(finding.of(service));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_two_numbers_or_is_an_error() {
        assert_eq!(numbers("7 17\n"), Some((7, 17)));
        assert_eq!(numbers("3\t151\n"), Some((3, 151)));
        assert_eq!(numbers("psql: error: connection refused\n"), None);
    }
}
